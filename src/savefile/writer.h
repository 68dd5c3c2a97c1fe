/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the writer share. For src/savefile only.
 */
#ifndef WEIR_SAVEFILE_WRITER_H
#define WEIR_SAVEFILE_WRITER_H

#include "savefile/ng-write.h"
#include "savefile/output.h"

/* An interface of the section that is written. */
struct writer_interface {
	struct ng_interface time; /* what its time stamps are, for names, limits, and pcap files */
	uint64_t packets;         /* of it that were taken */
	bool same_units;          /* its time stamps are counted as those of pcap_writer_packet() */
	bool has_statistics;      /* files end with the members below */
	uint64_t begun;           /* when it was added: ns since 1970 */
	uint64_t counted;         /* when stats was counted */
	struct pcap_stats64 stats;
};

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

	/* The section at hand: what a new file begins with, its interfaces, and the room for what a file ends with. */
	u_char *head;
	size_t head_size;
	size_t head_capacity;
	size_t tail_size;
	struct writer_interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
};

#define NANOSECONDS 1000000000

static inline bool writer_has_nanoseconds(const pcap_writer_t *writer)
{
	return writer->options.precision == PCAP_TSTAMP_PRECISION_NANO;
}

/* From then on nothing is written. PCAP_ERROR. */
int pcapint_writer_fail(pcap_writer_t *writer);
int pcapint_writer_no_memory(pcap_writer_t *writer);

/* The name of the file that begins now, with a packet of that time; NULL if there is no memory (writer-names.c). */
char *pcapint_writer_name(const char *pattern, bool rotates, uint64_t number, int64_t seconds);

/* ---- Files (writer-files.c) ---- */

/* Opens the next file, and begins it with what is known of the section; 0 or PCAP_ERROR. */
int pcapint_writer_begin_file(pcap_writer_t *writer, int64_t seconds);
/* Ends the file at hand with the statistics of its interfaces; 0 or PCAP_ERROR. */
int pcapint_writer_end_file(pcap_writer_t *writer);
/* Before a packet of that size and time: the file that it goes to; 0 or PCAP_ERROR. */
int pcapint_writer_prepare_file(pcap_writer_t *writer, size_t size, int64_t seconds, uint32_t nanoseconds);
static inline int writer_prepare_file(pcap_writer_t *writer, size_t size, int64_t seconds, uint32_t nanoseconds)
{
	if (__builtin_expect(writer->rotates || !writer->started || writer->file_packets == 0, 0))
		return pcapint_writer_prepare_file(writer, size, seconds, nanoseconds);
	writer->file_packets++;
	writer->stats.packets++;
	return 0;
}

/* Room in the file at hand, for output_commit(); NULL if there is no memory. */
static inline u_char *writer_reserve(pcap_writer_t *writer, size_t size)
{
	u_char *to = output_reserve(&writer->output, size);

	if (__builtin_expect(to == NULL, 0)) {
		pcapint_writer_no_memory(writer);
		return NULL;
	}
	writer->file_bytes += size;
	writer->stats.bytes += size;
	return to;
}
/* What every file of this section begins with. A file that is open gets it at once. */
int pcapint_writer_add_to_head(pcap_writer_t *writer, const u_char *bytes, size_t size);
/* Whether a file is one that can be gone on with; 0, or PCAP_ERROR with errbuf filled. */
int pcapint_writer_check_append(pcap_writer_t *writer, char *errbuf);

/* ---- What goes into them (writer-blocks.c) ---- */

/* A section of our own; 0 or PCAP_ERROR. */
int pcapint_writer_begin_section(pcap_writer_t *writer);
/* A block that is not a packet, into the file at hand; 0 or PCAP_ERROR. */
int pcapint_writer_put_block(pcap_writer_t *writer, const struct pcapng_block *block);

/* ---- Captures (writer-capture.c) ---- */

/* Statistics blocks for the interfaces that have statistics; 0 or PCAP_ERROR. */
int pcapint_writer_put_statistics(pcap_writer_t *writer);

#endif
