/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `weir capture` writes into savefiles beside the packets: who captured, on which devices, and the losses.
 */
#ifndef WEIR_CAPTURE_FILE_H
#define WEIR_CAPTURE_FILE_H

#include "capture-loop.h"

/* Opens the savefile and describes the devices in it. False if that can't be, with the reason in the sink's error. */
bool capture_file_open(struct capture_loop *loop);

/* Writes a packet that the source's handle has just given. */
void capture_file_packet(
	struct sink *sink, const struct source *source, const struct pcap_pkthdr *header, const u_char *bytes);

/* Notes what the source has lost so far, for the end of the file. */
void capture_file_statistics(struct sink *sink, const struct source *source);

#endif
