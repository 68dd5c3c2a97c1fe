/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Geneve and VXLAN: tunnels over UDP, behind whose headers the layout starts anew with Ethernet or, in Geneve, with any
 * protocol that has an Ethernet type.
 */
#include <netinet/in.h>

#include "filter/link.h"

#define UDP_DESTINATION 2
#define UDP_HEADER 8

/* RFC 8926: two bits of version, six of the options' length in words; type; identifier; options. */
#define GENEVE_PORT 6081
#define GENEVE_VERSION 0xc0
#define GENEVE_OPTIONS 0x3f
#define GENEVE_TYPE 2
#define GENEVE_HEADER 8

/* RFC 7348: a flag says that there is an identifier. */
#define VXLAN_PORT 4789
#define VXLAN_IDENTIFIED 0x08
#define VXLAN_HEADER 8

/* In both headers the identifier stands in the first three bytes of the second word. */
#define IDENTIFIER 4
#define IDENTIFIER_SHIFT 8

/* Set in the first byte of an IPv6 header, and not in that of an IPv4 one. */
#define IS_IPV6 0x20

/* UDP, to the tunnel's port, with its header behind it. */
static struct block *is_tunnel(
	struct generator *g, enum word word, const struct range_list *tags, struct place udp, struct ways ways)
{
	struct place header = place_add(udp, UDP_HEADER);
	const struct value *first = load_at(g, header, 0, 1);

	if (tags != NULL) {
		const struct value *identifier = load_at(g, header, IDENTIFIER, 4);
		identifier = ir_alu(g->ir, BPF_RSH, identifier, ir_const(g->ir, IDENTIFIER_SHIFT));
		ways.yes = in_set(g, identifier, tags, ways);
	}
	if (word == WORD_GENEVE)
		ways.yes = test_masked(g, first, GENEVE_VERSION, 0, ways);
	else
		ways.yes = test(g, TEST_SET, first, VXLAN_IDENTIFIED, ways);
	return test(g, TEST_EQ, load_at(g, udp, UDP_DESTINATION, 2), word == WORD_GENEVE ? GENEVE_PORT : VXLAN_PORT,
		ways);
}

struct block *generate_tunnel(struct generator *g, enum word word, const struct range_list *tags,
	const struct layout *layout, struct ways ways)
{
	struct place network = network_place(layout);
	struct block *no = ways.no, *in;

	if (layout->chain.asked) {
		if (layout->chain.protocol != IPPROTO_UDP)
			return no;
		in = is_tunnel(g, word, tags, chain_end(g, layout), ways);
		return chain_has_header(g, layout, ways_to(in, no));
	}
	in = is_tunnel(g, word, tags, place_add(network, IPV6_HEADER), ways);
	in = test(g, TEST_EQ, load_at(g, network, IPV6_NEXT_HEADER, 1), IPPROTO_UDP, ways_to(in, no));
	ways.no = link_protocol(g, layout, LINK_PROTO_IPV6, ways_to(in, no));
	if ((layout->linktype->has & LINK_VAGUE) != 0)
		no = ways.no;
	in = is_tunnel(g, word, tags, ipv4_payload(g, layout), ways_to(ways.yes, no));
	in = not_fragment(g, layout, ways_to(in, no));
	in = test(g, TEST_EQ, load_at(g, network, IP_PROTOCOL, 1), IPPROTO_UDP, ways_to(in, no));
	return link_protocol(g, layout, LINK_PROTO_IP, ways_to(in, ways.no));
}

/* Whether layout says IPv6 or IPv4, as a choice of values: by the type where there is one, or else by the version. */
static const struct value *by_version(
	struct generator *g, const struct layout *layout, const struct value *ipv6, const struct value *ipv4)
{
	if (told_by_type(layout))
		return ir_select(g->ir, TEST_EQ, load_at(g, layout->type, 0, 2), LINK_PROTO_IPV6, ipv6, ipv4);
	return ir_select(g->ir, TEST_SET, load_at(g, network_place(layout), 0, 1), IS_IPV6, ipv6, ipv4);
}

/* Where the UDP header is. */
static struct place udp_place(struct generator *g, const struct layout *layout)
{
	struct place network = network_place(layout), ipv4 = ipv4_payload(g, layout);

	if (layout->chain.asked && layout->chain.protocol == IPPROTO_UDP)
		return chain_end(g, layout);
	if (layout->asserted == ASSERTED_IP)
		return ipv4;
	if (layout->asserted == ASSERTED_IPV6)
		return place_add(network, IPV6_HEADER);
	const struct value *ipv6 = ir_const(g->ir, IPV6_HEADER);
	if (network.variable != NULL)
		ipv6 = ir_alu(g->ir, BPF_ADD, network.variable, ipv6);
	network.variable = by_version(g, layout, ipv6, ipv4.variable);
	return network;
}

/* Behind the options stands an Ethernet header, or what the type in Geneve's own header tells. */
static const struct layout *inside_geneve(struct generator *g, const struct layout *layout, struct place header)
{
	const struct linktype *row = &linktype_geneve;
	struct place link = place_add(header, GENEVE_HEADER);
	const struct value *options =
		ir_alu(g->ir, BPF_AND, load_at(g, header, 0, 1), ir_const(g->ir, GENEVE_OPTIONS));

	link = place_move(g, link, ir_alu(g->ir, BPF_LSH, options, ir_const(g->ir, 2)));
	struct layout *next = layout_behind(g, layout, row, link);
	if (next == NULL)
		return NULL;
	next->tunnelled = true;
	next->tunnel_type = place_add(header, GENEVE_TYPE);
	next->payload = link;
	next->payload.variable = ir_select(g->ir, TEST_EQ, load_at(g, next->tunnel_type, 0, 2), LINK_PROTO_TEB,
		ir_add(g->ir, link.variable, row->payload), link.variable);
	/* Of use behind a VLAN tag alone: see tell_geneve(). */
	next->type = place_add(next->payload, row->type - row->payload);
	return next;
}

/* Each in its own way, and not by a type whose place is chosen: that costs less. */
struct block *tell_geneve(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *type = load_at(g, layout->tunnel_type, 0, 2);
	struct layout ethernet = *layout;
	struct block *other = ways.no;

	ethernet.type = place_add(layout->link, layout->linktype->type);
	ethernet.payload = place_add(layout->link, layout->linktype->payload);
	if (protocol > LINK_PROTO_LENGTH_MAX)
		other = test(g, TEST_EQ, type, protocol, ways);
	return test(g, TEST_EQ, type, LINK_PROTO_TEB, ways_to(tell_ethernet(g, &ethernet, protocol, ways), other));
}

struct block *is_geneve_ethernet(struct generator *g, const struct layout *layout, struct ways ways)
{
	return test(g, TEST_EQ, load_at(g, layout->tunnel_type, 0, 2), LINK_PROTO_TEB, ways);
}

const struct layout *inside_tunnel(struct generator *g, enum word word, const struct layout *layout)
{
	struct place header = place_add(udp_place(g, layout), UDP_HEADER);

	if (word == WORD_GENEVE)
		return inside_geneve(g, layout, header);
	struct layout *next = layout_behind(g, layout, &linktype_vxlan, place_add(header, VXLAN_HEADER));
	if (next != NULL)
		next->tunnelled = true;
	return next;
}
