/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the generator that make tests of one layer, and the offsets in headers that more than one of them
 * needs.
 */
#ifndef WEIR_FILTER_LAYERS_H
#define WEIR_FILTER_LAYERS_H

#include "filter/targets.h"

/* Offsets in the headers of IPv4 (RFC 791) and IPv6 (RFC 8200), and the length of the latter. */
#define IP_PROTOCOL 9
#define IPV6_NEXT_HEADER 6
#define IPV6_HEADER 40

/* generate-protocols.c */
struct block *not_fragment(struct generator *g, const struct layout *layout, struct ways ways);
struct block *generate_protocols(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways);

/* generate-chain.c: "protochain", and what is asked for behind it, in a layout whose chain has been asked for. */
struct block *generate_chain(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways);
enum ip_version version_of(enum protocol protocol);
/* Where the header behind the chain starts. */
struct place chain_end(struct generator *g, const struct layout *layout);
/* Whether it is in this packet, and not in another fragment. */
struct block *chain_has_header(struct generator *g, const struct layout *layout, struct ways ways);
/* Whether it has one of the protocols, over IPv4 or IPv6 if that is what carries them. */
struct block *chain_protocols(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways);
/* yes, if the chain is of what carries a protocol. */
struct block *chain_carried_by(
	struct generator *g, enum protocol carrier, const struct layout *layout, struct ways ways);

/* link-ip.c: by the version in the network header's first four bits. */
struct block *ip_version(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways);

/* generate-targets.c */
struct block *link_addresses(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways);
typedef struct block *word_function(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways);
/* generate-wlan.c, generate-pf.c, generate-atm.c, generate-ss7.c: the words of one kind of link type each. */
word_function wlan_word;
word_function pf_word;
word_function atm_word;
word_function ss7_word;
/* generate-relations.c */
struct block *compare(struct generator *g, const struct value *left, enum comparison comparison,
	const struct value *right, struct ways ways);

/* generate-layers.c: VLAN, MPLS, PPPoE, and what they carry. tags NULL: any. */
struct block *generate_tag(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways);
struct block *generate_layer(struct generator *g, enum word word, const struct range_list *tags,
	const struct layout *layout, struct ways ways);
/* generate-tunnels.c: Geneve and VXLAN. */
struct block *generate_tunnel(struct generator *g, enum word word, const struct range_list *tags,
	const struct layout *layout, struct ways ways);
const struct layout *inside_tunnel(struct generator *g, enum word word, const struct layout *layout);
/* The layout behind the header that word stands for; the same one if that can't be. */
const struct layout *layer_inside(struct generator *g, enum word word, const struct layout *layout);

#endif
