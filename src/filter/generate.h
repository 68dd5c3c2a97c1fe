/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the generator share. Every function that makes blocks gets the ways on, made before, and returns
 * the block to enter: NULL after an error, or when memory has run out.
 */
#ifndef WEIR_FILTER_GENERATE_H
#define WEIR_FILTER_GENERATE_H

#include "filter/filter.h"
#include "filter/layout.h"

struct generator {
	struct filter *filter;
	struct ir *ir;
	const struct linktype *linktype; /* of the capture */
	const struct layout *first;      /* at the start of the expression */
	struct span span;                /* of the primitive at work, for messages */
	bool follows_chains;             /* "protochain" has told the layout of something */
};

/* Ethernet types (IEEE registry) and, below 1501, LLC service access points. */
enum {
	LINK_PROTO_ISO = 0xfe,
	LINK_PROTO_STP = 0x42,
	LINK_PROTO_IPX = 0xe0,
	LINK_PROTO_NETBEUI = 0xf0,
	LINK_PROTO_IP = 0x0800,
	LINK_PROTO_ARP = 0x0806,
	LINK_PROTO_DECNET = 0x6003,
	LINK_PROTO_TEB = 0x6558,
	LINK_PROTO_RARP = 0x8035,
	LINK_PROTO_ATALK = 0x809b,
	LINK_PROTO_AARP = 0x80f3,
	LINK_PROTO_VLAN = 0x8100,
	LINK_PROTO_IPX_TYPE = 0x8137,
	LINK_PROTO_IPV6 = 0x86dd,
	LINK_PROTO_MPLS = 0x8847,
	LINK_PROTO_PPPOED = 0x8863,
	LINK_PROTO_PPPOES = 0x8864,
	LINK_PROTO_QINQ = 0x88a8,
	LINK_PROTO_VLAN_9100 = 0x9100,
	LINK_PROTO_LENGTH_MAX = 1500, /* up to here the field of an Ethernet header is a length */
};

static inline struct ways turned(struct ways ways)
{
	return (struct ways){ways.no, ways.yes};
}

static inline struct ways ways_to(struct block *yes, struct block *no)
{
	return (struct ways){yes, no};
}

/* value op k; value & mask == k; the low bits of value in one place of a header. */
struct block *test(struct generator *g, enum test_op op, const struct value *value, uint32_t k, struct ways ways);
struct block *test_masked(
	struct generator *g, const struct value *value, uint32_t mask, uint32_t k, struct ways ways);
/* An error at the primitive at work. */
struct block *fail(struct generator *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "what" is not to be had with this link type; tells what is. */
struct block *not_there(struct generator *g, const struct layout *layout, const char *what);

/* generate.c: a whole expression, and the layout of what follows it with "and". */
struct block *generate(struct generator *g, const struct node *node, const struct layout *layout, struct ways ways);

/* generate-link.c: yes, for packets that have the link-layer header at all; no for others. */
struct block *behind_guard(struct generator *g, const struct layout *layout, struct block *yes, struct block *no);
struct block *link_protocol(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways);

/* generate-words.c */
struct block *generate_word(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways);
/* generate-relations.c */
struct block *generate_relation(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways);
/* layout-after.c: what follows node with "and". */
const struct layout *layout_after(struct generator *g, const struct node *node, const struct layout *layout);

#endif
