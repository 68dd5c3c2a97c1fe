/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the decoder share: the cursor over a packet's bytes, and the routine that each has for others.
 */
#ifndef WEIR_DECODE_PARTS_H
#define WEIR_DECODE_PARTS_H

#include "decode.h"

/*
 * A place in a packet. Lengths that the packet itself claims only ever lower these two, by limit(); so a routine
 * may read what has(), and nothing else.
 */
struct cursor {
	const uint8_t *at;
	size_t captured; /* bytes that are there */
	size_t wire;     /* bytes that there were, as far as the headers before tell; not less than captured */
};

static inline bool has(const struct cursor *cursor, size_t size)
{
	return cursor->captured >= size;
}

/* Steps over a header; not behind the end. */
static inline void skip(struct cursor *cursor, size_t size)
{
	size_t captured = size < cursor->captured ? size : cursor->captured;

	cursor->at += captured;
	cursor->captured -= captured;
	cursor->wire -= size < cursor->wire ? size : cursor->wire;
}

/* Takes from the end what a length field says is not part of it. */
static inline void limit(struct cursor *cursor, size_t wire)
{
	if (wire < cursor->wire)
		cursor->wire = wire;
	if (cursor->captured > cursor->wire)
		cursor->captured = cursor->wire;
}

static inline uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* Names for numbers, sorted by number. */
struct number_name {
	unsigned number;
	const char *name;
};
const char *find_name(const struct number_name *names, size_t count, unsigned number);
#define NAME_OF(names, number) find_name(names, sizeof(names) / sizeof((names)[0]), number)

/* A word, with a blank before it unless it is the first. */
void word(struct decoded *d, const char *string);
/* The same, with a number after it: "len 20". */
void word_number(struct decoded *d, const char *string, uint64_t number);
void word_hex(struct decoded *d, const char *string, uint64_t number, unsigned width);
void word_mac(struct decoded *d, const char *string, const uint8_t *address, size_t size);
/* A network address, of 4 bytes or of 16. */
void word_ipv4(struct decoded *d, const char *string, const uint8_t *address);
void word_ipv6(struct decoded *d, const char *string, const uint8_t *address);
void word_length(struct decoded *d, const struct cursor *cursor);
/* Marks that a header is not all there; what is known of it stands before. */
void truncated(struct decoded *d);
/* "10.0.0.1:53 > 10.0.0.2:4000 UDP"; without the ports where they are not known. */
void endpoints(struct decoded *d, const char *protocol);

/* Nothing is known yet; what is found out is written behind text. */
void begin_decoding(struct decoded *d, struct text text, bool quoted);

typedef void (*decode_routine)(struct decoded *d, struct cursor cursor);

/* The link layer: Ethernet and all that has a row of its own (decode-link.c). */
void decode_link(struct decoded *d, int linktype, struct cursor cursor);

void decode_arp(struct decoded *d, struct cursor cursor);
void decode_ipv4(struct decoded *d, struct cursor cursor);
void decode_ipv6(struct decoded *d, struct cursor cursor);
/* IPv4 or IPv6, by the version in the first byte. */
void decode_ip(struct decoded *d, struct cursor cursor);
/* What d->protocol says comes after IP's headers; first is false for a fragment that is not the first. */
void decode_transport(struct decoded *d, struct cursor cursor, bool first);

void decode_icmp(struct decoded *d, struct cursor cursor);
void decode_icmpv6(struct decoded *d, struct cursor cursor);

#endif
