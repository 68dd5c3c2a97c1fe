/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets go: to standard output as lines or JSON, or to savefiles. It counts them, and keeps the first error.
 */
#ifndef WEIR_SINK_H
#define WEIR_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcapng.h>

#include "output-options.h"
#include "print.h"

struct sink {
	struct printer printer;
	pcap_writer_t *writer;                /* of savefiles */
	const struct output_settings *output; /* of savefiles; NULL: packets are printed */
	char *buffer;                         /* the stream's, until it is closed; NULL: it has one of its own */
	uint64_t packets;                     /* that were taken */
	uint64_t files;                       /* that were written */
	bool failed;                          /* nothing more can be written */
	bool reader_gone;                     /* it failed since the other end of a pipe was closed */
	char error[PCAP_ERRBUF_SIZE];
};

/* For lines, or JSON, on standard output. */
void sink_print(struct sink *sink, bool json, bool show_interfaces);
/* For savefiles; settings stay there. False if the first can't be opened, with the reason in error. */
bool sink_write(
	struct sink *sink, const struct output_settings *settings, const struct pcap_writer_options *options);

/* Prints a packet. */
void sink_show(struct sink *sink, const struct shown_packet *packet);
/* Writes any block. */
void sink_block(struct sink *sink, const struct pcapng_block *block);
/* Hands on what is buffered. */
void sink_flush(struct sink *sink);
/*
 * Flushes and closes. The exit status: STATUS_ERROR if not all was written, and it is said why and what is there. A
 * reader of lines who went away has what he wanted.
 */
int sink_close(struct sink *sink);

/* Keeps an error that the writer had, if it is the first. */
void sink_fail(struct sink *sink, const char *text);

/* What messages call the savefile. */
const char *sink_name(const struct sink *sink);

#endif
