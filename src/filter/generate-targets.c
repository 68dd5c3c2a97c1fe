/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of whether a packet is from or to one of a set of addresses or ports, or of one of a set of protocols.
 */
#include <netinet/in.h>

#include <pcap/namedb.h>

#include "filter/layers.h"
#include "filter/proto-rows.h"
#include "filter/targets.h"

/* In the headers of TCP, UDP and SCTP alike. */
#define PORT_SOURCE 0
#define PORT_DESTINATION 2

typedef struct block *in_function(
	struct generator *g, const struct target *target, struct place place, struct ways ways);

/* What the target's direction asks of the two fields of a header. */
static struct block *by_direction(struct generator *g, const struct target *target, in_function *in,
	struct place source, struct place destination, struct ways ways)
{
	switch (target->direction) {
	case DIR_SRC:
		return in(g, target, source, ways);
	case DIR_DST:
		return in(g, target, destination, ways);
	case DIR_SRC_AND_DST:
		ways.yes = in(g, target, destination, ways);
		return in(g, target, source, ways);
	default:
		ways.no = in(g, target, destination, ways);
		return in(g, target, source, ways);
	}
}

/* The next family is asked for only where the link layer can't tell them apart. */
static struct block *otherwise(const struct layout *layout, struct block *next, struct block *no)
{
	return (layout->linktype->has & LINK_VAGUE) != 0 ? next : no;
}

/*
 * The protocols whose headers have addresses of hosts: RFC 791, RFC 826 and 903 over Ethernet, RFC 8200. They are tried
 * in this order, but for IPv6 where the expression names it first.
 */
static const struct family {
	enum protocol protocol;
	uint32_t number;
	uint32_t source;
	uint32_t destination;
} families[] = {
	{PROTO_IP, LINK_PROTO_IP, 12, 16},
	{PROTO_ARP, LINK_PROTO_ARP, 14, 24},
	{PROTO_RARP, LINK_PROTO_RARP, 14, 24},
	{PROTO_IPV6, LINK_PROTO_IPV6, 8, 24},
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static const struct family *family_tried(const struct target *target, size_t i)
{
	return &families[target->ipv6_first ? (i + FAMILIES - 1) % FAMILIES : i];
}

/* Whether the target can be of that family. */
static bool may_be(const struct target *target, const struct layout *layout, const struct family *f)
{
	if (f->protocol == PROTO_IPV6)
		return target->prefix_count > 0;
	if (target->ranges.count + target->masked_count == 0)
		return false;
	if (target->protocol != PROTO_NONE)
		return target->protocol == f->protocol;
	return f->protocol == PROTO_IP || ((layout->linktype->has & LINK_ARP) != 0 && !layout->labelled);
}

static struct block *family_in(struct generator *g, const struct target *target, const struct layout *layout,
	const struct family *f, struct ways ways)
{
	struct place network = network_place(layout);

	return by_direction(g, target, f->protocol == PROTO_IPV6 ? ipv6_in : ipv4_in, place_add(network, f->source),
		place_add(network, f->destination), ways);
}

/*
 * From so many addresses on, IPv4 and ARP share one search. It costs two or three instructions more on the way, and
 * makes the program half as long.
 */
#define SHARED_FROM 9

/* The test by which the link layer tells IPv4, if that is one test. */
static const struct block *one_test_for_ipv4(struct generator *g, const struct layout *layout)
{
	const struct block *b = link_protocol(g, layout, LINK_PROTO_IP, ways_to(g->ir->accept, g->ir->reject));

	return b != NULL && b->kind == BLOCK_TEST && b->op == TEST_EQ && b->operand->kind == VALUE_CONST &&
			       b->yes == g->ir->accept && b->no == g->ir->reject
		       ? b
		       : NULL;
}

static bool can_share(const struct target *target, const struct layout *layout)
{
	return target->ranges.count >= SHARED_FROM && target->masked_count == 0 &&
	       (layout->linktype->has & LINK_VAGUE) == 0 && may_be(target, layout, &families[0]) &&
	       may_be(target, layout, &families[1]);
}

/* IPv4, ARP and RARP: the address is loaded from where the packet's protocol has it, and looked for in one place. */
static struct block *shared_families_in(struct generator *g, const struct target *target,
	const struct layout *layout, const struct block *ipv4, struct ways ways)
{
	struct place network = network_place(layout);
	const struct family *ip = &families[0], *arp = &families[1];
	const struct value *source = ir_select(g->ir, TEST_EQ, ipv4->value, ipv4->operand->k,
		load_at(g, network, ip->source, 4), load_at(g, network, arp->source, 4));
	const struct value *destination = ir_select(g->ir, TEST_EQ, ipv4->value, ipv4->operand->k,
		load_at(g, network, ip->destination, 4), load_at(g, network, arp->destination, 4));
	struct ways second = ways;

	if (target->direction == DIR_SRC)
		return in_set(g, source, &target->ranges, ways);
	struct block *in = in_set(g, destination, &target->ranges, ways);
	if (target->direction == DIR_DST)
		return in;
	if (target->direction == DIR_SRC_AND_DST)
		second.yes = in;
	else
		second.no = in;
	return in_set(g, source, &target->ranges, second);
}

static struct block *generate_addresses(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	const struct block *ipv4 = can_share(target, layout) ? one_test_for_ipv4(g, layout) : NULL;
	struct block *no = ways.no, *shared = NULL;

	if (ipv4 != NULL)
		shared = shared_families_in(g, target, layout, ipv4, ways);
	for (size_t i = FAMILIES; i-- > 0 && ways.no != NULL;) {
		const struct family *f = family_tried(target, i);
		if (!may_be(target, layout, f))
			continue;
		struct ways inner = {ways.yes, otherwise(layout, ways.no, no)};
		struct block *in = shared != NULL && f->protocol != PROTO_IPV6
					   ? shared
					   : family_in(g, target, layout, f, inner);
		ways.no = link_protocol(g, layout, f->number, ways_to(in, ways.no));
	}
	return ways.no;
}

/* ---- Link-layer addresses ---- */

static struct block *one_byte_in(
	struct generator *g, const struct target *target, struct place place, struct ways ways)
{
	return in_set(g, load_at(g, place, 0, 1), &target->ranges, ways);
}

static const char *const wlan_directions[] = {"ra", "ta", "addr1", "addr2", "addr3", "addr4"};

static struct block *addresses_in(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	const struct addresses *addresses = layout->linktype->addresses;
	bool one_byte = target->kind == TARGET_ARCNET;

	if (layout->linktype->address != NULL && !one_byte)
		return layout->linktype->address(g, target, layout, ways);
	if (target->direction >= DIR_RA)
		return not_there(g, layout, wlan_directions[target->direction - DIR_RA]);
	if (addresses == NULL || one_byte != (addresses->size == 1))
		return not_there(g, layout, one_byte ? "addresses of one byte" : "addresses of six bytes");
	return by_direction(g, target, one_byte ? one_byte_in : mac_in, place_add(layout->link, addresses->source),
		place_add(layout->link, addresses->destination), ways);
}

struct block *link_addresses(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	return behind_guard(g, layout, addresses_in(g, target, layout, ways), ways.no);
}

/* ---- Ports ---- */

/* Its place may have a constant for a variable, which is the index then. */
static struct block *half_in(struct generator *g, const struct target *target, struct place place, struct ways ways)
{
	const struct value *port = place.variable != NULL && place.variable->kind == VALUE_CONST
					   ? ir_load_behind(g->ir, 2, place.variable->k, place.constant)
					   : load_at(g, place, 0, 2);

	return in_set(g, port, &target->ranges, ways);
}

static struct block *ports_at(
	struct generator *g, const struct target *target, struct place transport, struct ways ways)
{
	return by_direction(g, target, half_in, place_add(transport, PORT_SOURCE),
		place_add(transport, PORT_DESTINATION), ways);
}

/*
 * Where the ports are in IPv6. Of many ports the same search serves IPv4, where the header's length is in the index
 * register, as IPv6, with its constant length there.
 */
static struct place ipv6_ports(struct generator *g, const struct target *target, const struct layout *layout)
{
	struct place network = network_place(layout);

	if (network.variable != NULL || target->ranges.count <= IR_FEW_NUMBERS)
		return place_add(network, IPV6_HEADER);
	return (struct place){ir_const(g->ir, IPV6_HEADER), network.constant};
}

/* Whether the number of an IP protocol is that of the ports that are asked for. */
static struct block *has_ports(
	struct generator *g, const struct target *target, const struct value *protocol, struct ways ways)
{
	if (target->transport != PROTO_UNDEF)
		return test(g, TEST_EQ, protocol, target->transport, ways);
	ways.no = test(g, TEST_EQ, protocol, IPPROTO_UDP, ways);
	ways.no = test(g, TEST_EQ, protocol, IPPROTO_TCP, ways);
	return test(g, TEST_EQ, protocol, IPPROTO_SCTP, ways);
}

static struct block *ports_behind_chain(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	const struct value *protocol = ir_const(g->ir, layout->chain.protocol);
	struct block *has = has_ports(g, target, protocol, ways_to(g->ir->accept, g->ir->reject));

	if (has != g->ir->accept)
		return ways.no;
	struct block *in = ports_at(g, target, chain_end(g, layout), ways);
	return chain_has_header(g, layout, ways_to(in, ways.no));
}

static struct block *generate_ports(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	struct place network = network_place(layout);
	struct block *no = ways.no;

	if (layout->chain.asked)
		return ports_behind_chain(g, target, layout, ways);

	struct block *in = ports_at(g, target, ipv4_payload(g, layout), ways);
	in = not_fragment(g, layout, ways_to(in, no));
	in = has_ports(g, target, load_at(g, network, IP_PROTOCOL, 1), ways_to(in, no));
	ways.no = link_protocol(g, layout, LINK_PROTO_IP, ways_to(in, no));
	struct ways inner = {ways.yes, otherwise(layout, ways.no, no)};
	in = ports_at(g, target, ipv6_ports(g, target, layout), inner);
	in = has_ports(g, target, load_at(g, network, IPV6_NEXT_HEADER, 1), ways_to(in, inner.no));
	return link_protocol(g, layout, LINK_PROTO_IPV6, ways_to(in, ways.no));
}

/* ---- DECnet ---- */

/* The formats of a header (DECnet Phase IV routing layer): short or long, behind a byte of padding or not. */
static struct block *generate_decnet(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	static const struct format {
		uint8_t size; /* of the flags, with the padding before them */
		uint16_t mask;
		uint16_t flags;
		uint8_t source;
		uint8_t destination;
	} formats[] = {
		{1, 0x07, 0x02, 5, 3},
		{2, 0xff07, 0x8102, 6, 4},
		{1, 0x07, 0x06, 17, 9},
		{2, 0xff07, 0x8106, 18, 10},
	};
	struct place network = network_place(layout);
	struct block *no = ways.no;

	for (size_t i = sizeof(formats) / sizeof(formats[0]); i-- > 0;) {
		const struct format *f = &formats[i];
		struct block *in = by_direction(g, target, half_in, place_add(network, f->source),
			place_add(network, f->destination), ways_to(ways.yes, no));
		ways.no = test_masked(g, load_at(g, network, 2, f->size), f->mask, f->flags, ways_to(in, ways.no));
	}
	return link_protocol(g, layout, LINK_PROTO_DECNET, ways_to(ways.no, no));
}

/* ---- Gateways ---- */

/* To or from the gateway's own link-layer address, but neither from nor to its own address of the network layer. */
static struct block *generate_gateway(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	struct block *no = ways.no;

	if (layout->labelled || layout->tunnelled)
		return fail(g, "'gateway' cannot be asked of what MPLS, Geneve or VXLAN carry");
	for (size_t i = FAMILIES; i-- > 0 && ways.no != NULL;) {
		const struct family *f = &families[i];
		if (!may_be(target, layout, f))
			continue;
		struct block *in = family_in(g, target, layout, f, ways_to(no, ways.yes));
		ways.no = link_protocol(g, layout, f->number, ways_to(in, ways.no));
	}
	return link_addresses(g, target, layout, ways_to(ways.no, no));
}

struct block *generate_target(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	g->span = target->span;
	switch (target->kind) {
	case TARGET_ADDRESS:
		return generate_addresses(g, target, layout, ways);
	case TARGET_MAC:
	case TARGET_ARCNET:
		return link_addresses(g, target, layout, ways);
	case TARGET_PORT:
		return generate_ports(g, target, layout, ways);
	case TARGET_PROTO:
		return generate_protocols(g, target, layout, ways);
	case TARGET_CHAIN:
		return generate_chain(g, target, layout, ways);
	case TARGET_TAG:
		return generate_tag(g, target, layout, ways);
	case TARGET_DECNET:
		return generate_decnet(g, target, layout, ways);
	case TARGET_GATEWAY:
		return generate_gateway(g, target, layout, ways);
	}
	return NULL;
}
