/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `weir info` finds in a savefile, and how it is told.
 */
#ifndef WEIR_INFO_H
#define WEIR_INFO_H

#include <stddef.h>

#include <pcap/pcapng.h>

#include "instant.h"

/* Comments that are kept, and what of a comment or another text. */
#define COMMENTS_MAX 100
#define TEXT_KEPT 400

/* Text from a file: any bytes. */
struct kept_text {
	char *bytes; /* NULL: there is none */
	size_t size;
};

struct info_interface {
	uint64_t section;
	uint32_t number;
	struct kept_text name, description, filter;
	int dlt;
	uint32_t snaplen;
	uint8_t tsresol;
	uint64_t packets;
	uint64_t bytes;
	uint64_t dropped; /* by its statistics, the last that there are */
	bool dropped_known;
};

/* Blocks other than sections, interfaces, packets and comments, in the order of INFO_BLOCK_NAMES. */
enum info_block {
	INFO_NAMES,
	INFO_STATISTICS,
	INFO_SECRETS,
	INFO_JOURNAL,
	INFO_CUSTOM,
	INFO_UNKNOWN,
	INFO_BLOCK_COUNT
};
#define INFO_BLOCK_NAMES                                                                                           \
	{                                                                                                          \
		"name_resolution", "statistics", "decryption_secrets", "systemd_journal", "custom", "unknown"      \
	}

struct file_info {
	const char *name;
	const char *compression; /* NULL: there is none */
	uint64_t size;           /* bytes of the file itself; 0: not known */
	bool pcapng;
	uint64_t sections;
	struct kept_text application, os, hardware; /* of the first section that tells it */
	struct info_interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
	size_t section_start; /* index of the section's first interface */
	uint64_t blocks[INFO_BLOCK_COUNT];
	uint64_t packets;
	uint64_t captured; /* bytes */
	uint64_t bytes;    /* on the wire */
	struct instant first, last;
	uint64_t timed;     /* packets with a time */
	uint64_t backwards; /* packets that are earlier than the one before */
	struct instant previous;
	uint64_t comment_count;
	struct kept_text comments[COMMENTS_MAX];
	char damage[PCAP_ERRBUF_SIZE]; /* empty: there is none */
};

/* To standard output, as lines or as a JSON object. */
void info_print(const struct file_info *info);
void info_print_json(const struct file_info *info);

#endif
