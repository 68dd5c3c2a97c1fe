/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of the protocol that a header says it carries: "tcp", "ip proto 17", "isis".
 */
#include <netinet/in.h>

#include "filter/layers.h"
#include "filter/proto-rows.h"
#include "filter/targets.h"

/* The fragment offset of an IPv4 header (RFC 791). */
#define IP_FRAGMENT 6
#define IP_FRAGMENT_OFFSET 0x1fff

/* From the network layer protocol identifier of IS-IS to its PDU type, in the low five bits (ISO/IEC 10589). */
#define ISIS_TYPE 4
#define ISIS_TYPE_BITS 0x1f

struct block *not_fragment(struct generator *g, const struct layout *layout, struct ways ways)
{
	const struct value *fragment = load_at(g, network_place(layout), IP_FRAGMENT, 2);

	return test(g, TEST_SET, fragment, IP_FRAGMENT_OFFSET, turned(ways));
}

/* Under IPv4 and, for what carries both, IPv6; there behind a fragment header as well. */
static struct block *ip_protocols(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	struct place network = network_place(layout);
	struct block *no = ways.no, *ip = NULL;

	if (layout->chain.asked && !target->of_header)
		return chain_protocols(g, target, layout, ways);
	if (target->protocol != PROTO_IP) {
		struct block *fragment = in_set(g, load_at(g, network, IPV6_HEADER, 1), &target->ranges, ways);
		const struct value *next = load_at(g, network, IPV6_NEXT_HEADER, 1);
		fragment = test(g, TEST_EQ, next, IPPROTO_FRAGMENT, ways_to(fragment, no));
		struct block *in = in_set(g, next, &target->ranges, ways_to(ways.yes, fragment));
		ways.no = link_protocol(g, layout, LINK_PROTO_IPV6, ways_to(in, no));
	}
	if (target->protocol == PROTO_IPV6)
		return ways.no;
	ip = in_set(g, load_at(g, network, IP_PROTOCOL, 1), &target->ranges,
		ways_to(ways.yes, (layout->linktype->has & LINK_VAGUE) != 0 ? ways.no : no));
	return link_protocol(g, layout, LINK_PROTO_IP, ways_to(ip, ways.no));
}

static struct block *link_protocols(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	for (size_t i = target->ranges.count; i-- > 0 && ways.no != NULL;)
		ways.no = link_protocol(g, layout, target->ranges.items[i].low, ways);
	return ways.no;
}

struct block *generate_protocols(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	struct place iso = network_nosnap_place(layout);

	switch (target->protocol) {
	case PROTO_LINK:
		return link_protocols(g, target, layout, ways);
	case PROTO_ISIS: {
		const struct value *type =
			ir_alu(g->ir, BPF_AND, load_at(g, iso, ISIS_TYPE, 1), ir_const(g->ir, ISIS_TYPE_BITS));
		ways.yes = in_set(g, type, &target->ranges, ways);
		ways.yes = test(g, TEST_EQ, load_at(g, iso, 0, 1), proto_rows[PROTO_ISIS].numbers[0], ways);
		return link_protocol(g, layout, LINK_PROTO_ISO, ways);
	}
	case PROTO_ISO:
		ways.yes = in_set(g, load_at(g, iso, 0, 1), &target->ranges, ways);
		return link_protocol(g, layout, LINK_PROTO_ISO, ways);
	default:
		return ip_protocols(g, target, layout, ways);
	}
}
