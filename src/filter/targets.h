/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the ids of an expression come to: sets of addresses, ports or numbers. Alternatives under the same qualifiers
 * ("host a or host b …") are one set, so that a long list costs one search and not a comparison each.
 */
#ifndef WEIR_FILTER_TARGETS_H
#define WEIR_FILTER_TARGETS_H

#include "filter/generate.h"

enum target_kind {
	TARGET_ADDRESS, /* hosts and networks: ranges, masked and prefixes */
	TARGET_MAC,     /* macs */
	TARGET_ARCNET,  /* ranges: link-layer addresses of one byte */
	TARGET_DECNET,  /* ranges */
	TARGET_PORT,    /* ranges, and transport */
	TARGET_PROTO,   /* ranges: numbers of the protocols that protocol carries */
	TARGET_CHAIN,   /* ranges: the same, behind any IP headers */
	TARGET_GATEWAY, /* macs, and the hosts' own addresses in ranges and prefixes */
	TARGET_TAG,     /* ranges: tags, labels, sessions or network identifiers of word */
};

/* An IPv4 network whose mask has holes. */
struct masked {
	uint32_t mask;
	uint32_t bits;
};

struct prefix {
	uint32_t words[4]; /* of an IPv6 address, host byte order */
	uint32_t length;
	uint32_t order; /* in which it was given */
};

struct mac {
	uint32_t low; /* its last four bytes */
	uint16_t high;
};

struct range_list {
	struct range *items;
	size_t count;
	size_t size;
};

struct target {
	enum target_kind kind;
	enum protocol protocol;
	enum direction direction;
	enum word word;
	int transport;  /* of ports: the IP protocol that a name or a qualifier asks for, or PROTO_UNDEF */
	bool of_header; /* of protocols: as the IP header tells them, wherever a chain has ended */
	bool single;    /* takes no more: "src and dst" of two hosts would mean their mixture too */
	struct span span;
	struct range_list ranges;
	struct masked *masked;
	size_t masked_count;
	size_t masked_size;
	struct prefix *prefixes;
	size_t prefix_count;
	size_t prefix_size;
	bool ipv6_first; /* the first address is one of IPv6 */
	struct mac *macs;
	size_t mac_count;
	size_t mac_size;
};

/* The alternatives of an expression: sets, and what is none, in the order in which they were first written. */
struct alternative {
	const struct node *node; /* NULL: target */
	struct target *target;
};

struct alternatives {
	struct alternative *items;
	size_t count;
	size_t size;
};

/* Whether node is a set of its own, which can be joined with others. */
bool is_target(const struct node *node);
/* Adds what node comes to; false after an error. */
bool add_target(struct generator *g, struct alternatives *list, const struct node *node);
bool add_alternative(struct generator *g, struct alternatives *list, struct alternative alternative);
/* The number of a protocol that "proto" or "protochain" asks for, or PROTO_UNDEF. */
int protocol_number_of(const struct node *node);

/* targets.c: additions to a target; false when memory has run out. */
bool add_range(struct generator *g, struct target *target, uint32_t low, uint32_t high);
bool add_network(struct generator *g, struct target *target, uint32_t bits, uint32_t mask);
bool add_prefix(struct generator *g, struct target *target, const struct in6_addr *address, uint32_t length);
bool add_mac(struct generator *g, struct target *target, const uint8_t *mac);
/* The target of these qualifiers, new or there already. */
struct target *target_for(struct generator *g, struct alternatives *list, struct target wanted);

/* Tests of sets (generate-sets.c). The lists of target are sorted in place. */
struct block *in_set(
	struct generator *g, const struct value *value, const struct range_list *ranges, struct ways ways);
struct block *ipv4_in(struct generator *g, const struct target *target, struct place place, struct ways ways);
struct block *ipv6_in(struct generator *g, const struct target *target, struct place place, struct ways ways);
struct block *mac_in(struct generator *g, const struct target *target, struct place place, struct ways ways);

/* generate-targets.c: any target. */
struct block *generate_target(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways);

#endif
