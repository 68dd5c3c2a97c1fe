/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets go: to standard output as lines or JSON, or to a savefile. It counts them, and keeps the first
 * error.
 */
#ifndef WEIR_SINK_H
#define WEIR_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "print.h"

struct sink {
	struct printer printer;
	pcap_dumper_t *dumper; /* of a savefile */
	const char *path;      /* of the savefile, "-" for standard output; NULL: packets are printed */
	char *buffer;          /* the stream's, until it is closed; NULL: it has one of its own */
	uint64_t packets;      /* that were taken */
	bool failed;           /* nothing more can be written */
	bool reader_gone;      /* it failed since the other end of a pipe was closed */
	char error[PCAP_ERRBUF_SIZE];
};

/* For lines, or JSON, on standard output. */
void sink_print(struct sink *sink, bool json, bool nanoseconds, bool show_interfaces);
/*
 * For a savefile of packets as handle has them. input is the descriptor of the file that is read from, which must
 * not be written over, or -1. False if the file can't be opened, with the reason in error.
 */
bool sink_open_file(struct sink *sink, const char *path, pcap_t *handle, int input);

void sink_packet(struct sink *sink, const char *interface, int linktype, const struct pcap_pkthdr *header,
	const u_char *bytes);
/* Hands on what is buffered. */
void sink_flush(struct sink *sink);
/*
 * Flushes and closes. The exit status: STATUS_ERROR if not all was written, and it is said why and what is there. A
 * reader of lines who went away has what he wanted.
 */
int sink_close(struct sink *sink);

/* What messages call the savefile. */
const char *sink_name(const struct sink *sink);

#endif
