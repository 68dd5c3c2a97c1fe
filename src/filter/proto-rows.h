/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A row for each protocol word: what carries the protocol, under which number, what it carries itself, and where the
 * bytes of "proto[x]" are.
 */
#ifndef WEIR_FILTER_PROTO_ROWS_H
#define WEIR_FILTER_PROTO_ROWS_H

#include "filter/tree.h"

/* From where the index of "proto[index]" counts. */
enum index_base {
	BASE_NONE, /* the protocol has no bytes that can be asked for */
	BASE_LINK,
	BASE_RADIO,
	BASE_NETWORK,
	BASE_IPV4_PAYLOAD,
	BASE_IPV6_PAYLOAD,
	BASE_TRANSPORT, /* behind the IP header of the version that was asked for */
};

#define PROTO_NUMBERS 5

struct proto_row {
	const char *name;
	enum protocol carrier;           /* PROTO_NONE: IPv4 and IPv6 */
	uint16_t numbers[PROTO_NUMBERS]; /* that it has there; how many: */
	uint8_t count;
	enum index_base base;
};

extern const struct proto_row proto_rows[];

/* The protocol over IPv4 or IPv6 that a word of the language stands for, or PROTO_UNDEF. */
int ip_protocol_number(const char *name);
/* The ISO network protocol of a name, or PROTO_UNDEF. */
int iso_protocol_number(const char *name);

#endif
