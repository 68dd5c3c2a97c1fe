/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the writer share. For src/savefile only.
 */
#ifndef WEIR_SAVEFILE_WRITER_H
#define WEIR_SAVEFILE_WRITER_H

#include "savefile/ng-write.h"
#include "savefile/output.h"

struct pcap_writer {
	struct output output;
	struct pcap_writer_options options;
	char *pattern;
	bool rotates;
	bool started; /* a file is open */
	bool failed;
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_writer_stats stats;

	/* The file at hand. */
	uint64_t file_bytes;
	uint64_t file_packets;
	uint64_t file_start; /* ns: its first packet's time */
	char **names;        /* of the last max_files files, a ring */

	/* The section at hand: what a new file begins with, and its interfaces. */
	u_char *head;
	size_t head_size;
	size_t head_capacity;
	struct ng_interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
};

/* The name of the file that begins now, with a packet of that time; NULL if there is no memory (writer-names.c). */
char *pcapint_writer_name(const char *pattern, bool rotates, uint64_t number, int64_t seconds);

#endif
