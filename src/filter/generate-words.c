/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Primitives that are a keyword, with or without a value.
 */
#include <string.h>

#include <arpa/inet.h>
#include <linux/filter.h>

#include <pcap.h>

#include "filter/layers.h"

/* The first byte of an IPv4 multicast address is at least 224 (RFC 5771), that of an IPv6 one 255 (RFC 4291). */
#define IP_DESTINATION 16
#define IP_MULTICAST 224
#define IPV6_DESTINATION 24
#define IPV6_MULTICAST 255

/* The group bit of a 48-bit address (IEEE 802). */
#define GROUP_BIT 0x01

static struct block *less(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	(void)layout;
	return test(g, TEST_GT, ir_len(g->ir), node->value, turned(ways));
}

static struct block *greater(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	(void)layout;
	return test(g, TEST_GE, ir_len(g->ir), node->value, ways);
}

static struct block *byte(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	const struct value *value = load_at(g, layout->link, node->offset, 1);

	return compare(g, value, node->comparison, ir_const(g->ir, node->value), ways);
}

static struct block *link_broadcast(struct generator *g, const struct layout *layout, struct ways ways)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct addresses *addresses = layout->linktype->addresses;
	struct target target = {.kind = TARGET_MAC, .protocol = PROTO_LINK, .direction = DIR_DST};

	if (addresses == NULL && layout->linktype->address == NULL)
		return not_there(g, layout, "broadcast");
	if (addresses != NULL && addresses->size == 1) {
		const struct value *to = load_at(g, layout->link, addresses->destination, 1);
		return test(g, TEST_EQ, to, addresses->broadcast, ways);
	}
	return add_mac(g, &target, all) ? link_addresses(g, &target, layout, ways) : NULL;
}

/* All bits of the host's part of the address are set, or none. */
static struct block *ip_broadcast(struct generator *g, const struct layout *layout, struct ways ways)
{
	uint32_t netmask = g->filter->input.netmask;
	const struct value *to = load_at(g, network_place(layout), IP_DESTINATION, 4);

	if (netmask == PCAP_NETMASK_UNKNOWN)
		return fail(g, "'ip broadcast' needs the network's mask, which is not known here");
	uint32_t host = ~ntohl(netmask);
	ways.yes = test_masked(g, to, host, 0, ways_to(ways.yes, test_masked(g, to, host, host, ways)));
	return link_protocol(g, layout, LINK_PROTO_IP, ways);
}

static struct block *broadcast(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	switch (node->qualifiers.protocol) {
	case PROTO_NONE:
	case PROTO_LINK:
		return link_broadcast(g, layout, ways);
	case PROTO_IP:
		return ip_broadcast(g, layout, ways);
	default:
		return NULL;
	}
}

static struct block *link_multicast(struct generator *g, const struct layout *layout, struct ways ways)
{
	const struct addresses *addresses = layout->linktype->addresses;

	if (layout->linktype->multicast != NULL)
		return layout->linktype->multicast(g, layout, ways);
	if (addresses == NULL)
		return not_there(g, layout, "multicast");
	const struct value *to = load_at(g, layout->link, addresses->destination, 1);
	if (addresses->size == 1)
		return test(g, TEST_EQ, to, addresses->broadcast, ways);
	return test(g, TEST_SET, to, GROUP_BIT, ways);
}

static struct block *multicast(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	struct place network = network_place(layout);

	switch (node->qualifiers.protocol) {
	case PROTO_NONE:
	case PROTO_LINK:
		return link_multicast(g, layout, ways);
	case PROTO_IP:
		ways.yes = test(g, TEST_GE, load_at(g, network, IP_DESTINATION, 1), IP_MULTICAST, ways);
		return link_protocol(g, layout, LINK_PROTO_IP, ways);
	case PROTO_IPV6:
		ways.yes = test(g, TEST_EQ, load_at(g, network, IPV6_DESTINATION, 1), IPV6_MULTICAST, ways);
		return link_protocol(g, layout, LINK_PROTO_IPV6, ways);
	default:
		return NULL;
	}
}

static struct block *any_layer(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	return generate_layer(g, node->word, NULL, layout, ways);
}

static struct block *pppoed(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	(void)node;
	if ((layout->linktype->has & LINK_PPPOE) == 0)
		return not_there(g, layout, "pppoed");
	return link_protocol(g, layout, LINK_PROTO_PPPOED, ways);
}

/* ---- LLC frames (IEEE 802.2): the control field tells their kinds ---- */

#define LLC_CONTROL 2
#define LLC_NOT_I 0x01
#define LLC_FORMAT 0x03
#define LLC_FORMAT_S 0x01
#define LLC_FORMAT_U 0x03
#define LLC_S_BITS 0x0f
#define LLC_U_BITS 0xef

static struct block *llc(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	const struct value *control = load_at(g, layout->payload, LLC_CONTROL, 1);

	if (layout->linktype->llc == NULL || layout->labelled)
		return not_there(g, layout, "llc");
	switch (node->word) {
	case WORD_LLC_I:
		ways.yes = test(g, TEST_SET, control, LLC_NOT_I, turned(ways));
		break;
	case WORD_LLC_S:
		ways.yes = test_masked(g, control, LLC_FORMAT, LLC_FORMAT_S, ways);
		break;
	case WORD_LLC_U:
		ways.yes = test_masked(g, control, LLC_FORMAT, LLC_FORMAT_U, ways);
		break;
	case WORD_LLC_S_KIND:
		ways.yes = test_masked(g, control, LLC_S_BITS, node->value, ways);
		break;
	case WORD_LLC_U_KIND:
		ways.yes = test_masked(g, control, LLC_U_BITS, node->value, ways);
		break;
	default:
		break;
	}
	return layout->linktype->llc(g, layout, ways);
}

/* ---- What the capture tells beside the packet, or in a header of its own ---- */

/* linux/if_packet.h */
#define PACKET_OUTGOING 4

static struct block *direction(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	bool inbound = node->word == WORD_INBOUND;

	if (g->linktype->direction != NULL)
		return g->linktype->direction(g, g->first, inbound, ways);
	if (!g->filter->input.live)
		return not_there(g, layout, inbound ? "inbound" : "outbound");
	return test(
		g, TEST_EQ, ir_ancillary(g->ir, SKF_AD_PKTTYPE), PACKET_OUTGOING, inbound ? turned(ways) : ways);
}

static struct block *interface_index(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	if (g->linktype->ifindex != NULL)
		return g->linktype->ifindex(g, g->first, node->value, ways);
	if (!g->filter->input.live)
		return not_there(g, layout, "ifindex");
	return test(g, TEST_EQ, ir_ancillary(g->ir, SKF_AD_IFINDEX), node->value, ways);
}

typedef struct block *word_function(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways);

static word_function *const words[] = {
	[WORD_BROADCAST] = broadcast,
	[WORD_MULTICAST] = multicast,
	[WORD_LESS] = less,
	[WORD_GREATER] = greater,
	[WORD_INBOUND] = direction,
	[WORD_OUTBOUND] = direction,
	[WORD_IFINDEX] = interface_index,
	[WORD_VLAN] = any_layer,
	[WORD_MPLS] = any_layer,
	[WORD_PPPOED] = pppoed,
	[WORD_PPPOES] = any_layer,
	[WORD_GENEVE] = any_layer,
	[WORD_VXLAN] = any_layer,
	[WORD_LLC] = llc,
	[WORD_LLC_I] = llc,
	[WORD_LLC_S] = llc,
	[WORD_LLC_U] = llc,
	[WORD_LLC_S_KIND] = llc,
	[WORD_LLC_U_KIND] = llc,
	[WORD_BYTE] = byte,
};

struct block *generate_word(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	word_function *word = node->word < sizeof(words) / sizeof(words[0]) ? words[node->word] : NULL;

	if (word == NULL)
		return fail(g, "not yet");
	return word(g, node, layout, ways);
}
