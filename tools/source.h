/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices to capture on: opened by the user's settings, filtered, and what went wrong said in full.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>
#include <pcap/weir.h>

#include "output-options.h"

/* What a `weir capture` command line says. */
struct capture_settings {
	struct option_list devices;
	struct output_settings output;
	uint64_t count;       /* 0: no limit */
	uint64_t nanoseconds; /* to capture for; 0: no limit */
	int snaplen;          /* 0: the most there is */
	int direction;        /* pcap_direction_t */
	int linktype;         /* NOT_KNOWN: the device's default */
	int buffer_size;      /* 0: the device's default */
	int precision;        /* PCAP_TSTAMP_PRECISION_ */
	int tstamp_type;      /* NOT_KNOWN: the device's default */
	int timeout;          /* ms */
	bool json;
	bool no_promiscuous;
	bool immediate;
	char *expression; /* NULL: no filter */
};

/* A device that packets come from. */
struct source {
	const char *name;
	pcap_t *handle; /* NULL: it was closed */
	int linktype;
	int number;                  /* of its interface in the file that is written */
	uint64_t packets;            /* captured */
	uint64_t bytes;              /* of them, on the wire */
	bool waits;                  /* it has no non-blocking mode, and is the only one */
	bool readable;               /* its descriptor said so, and no read has found it empty since */
	bool more;                   /* packets may be left from the last read */
	bool done;                   /* the capture has ended, and a packet from after its end was seen */
	unsigned error_wakes;        /* polls that reported an error which no read found */
	struct pcap_stats64 stats;   /* when it was closed */
	struct pcap_pkthdr *pending; /* with several sources: the packet that is next */
	const u_char *pending_bytes;
};

/* Opens a device; STATUS_OK, or the exit status after it was said what is wrong. */
int source_open(struct source *source, const char *name, const struct capture_settings *settings);
/* Keeps the statistics and closes. */
void source_close(struct source *source);
/* "NAME: TEXT", or the text alone where it begins so already. */
void complain_of(const char *name, const char *text);
/* A text about the named device without "NAME: " at its beginning. */
const char *without_name(const char *name, const char *text);
/*
 * Compiles an expression and makes it the handle's filter; STATUS_OK, or an exit status after saying what is wrong.
 */
int set_filter(pcap_t *handle, const char *name, const char *expression, bpf_u_int32 netmask);
/* The words with a blank between two, to be freed; NULL if there are none. */
char *join_words(int count, char **words);

#endif
