/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A source string, taken apart. For the calls that take one.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "core/core.h"

/* A piece of the string it was found in; not terminated. */
struct source_part {
	const char *start;
	size_t length; /* less than PCAP_BUF_SIZE */
};

struct source {
	int type; /* PCAP_SRC_ */
	struct source_part host;
	struct source_part port;
	struct source_part name; /* of the device or file; it goes on to the string's end */
};

/* 0, or PCAP_ERROR with errbuf filled. The parts point into source. */
int pcapint_parse_source(const char *source, struct source *parsed, char *errbuf);

#endif
