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
	struct block *in = compare(g, value, node->comparison, ir_const(g->ir, node->value), ways);

	return behind_guard(g, layout, in, ways.no);
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
		return behind_guard(g, layout, test(g, TEST_EQ, to, addresses->broadcast, ways), ways.no);
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
		return behind_guard(g, layout, layout->linktype->multicast(g, layout, ways), ways.no);
	if (addresses == NULL)
		return not_there(g, layout, "multicast");
	const struct value *to = load_at(g, layout->link, addresses->destination, 1);
	if (addresses->size == 1)
		return test(g, TEST_EQ, to, addresses->broadcast, ways);
	return behind_guard(g, layout, test(g, TEST_SET, to, GROUP_BIT, ways), ways.no);
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
	return behind_guard(g, layout, layout->linktype->llc(g, layout, ways), ways.no);
}

/* ---- What the capture tells beside the packet, or in a header of its own ---- */

/* linux/if_packet.h */
#define PACKET_OUTGOING 4

static struct block *only_live(struct generator *g, const char *what)
{
	const char *name = pcap_datalink_val_to_name(g->filter->input.linktype);

	return fail(g, "'%s' of %s packets is told by a live capture on Linux only, not by the packets", what,
		name != NULL ? name : "such");
}

static struct block *direction(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	bool inbound = node->word == WORD_INBOUND;
	const struct direction_field *d = g->linktype->direction;

	(void)layout;
	if (d == NULL && !g->filter->input.live)
		return only_live(g, inbound ? "inbound" : "outbound");
	if (d == NULL)
		return test(g, TEST_EQ, ir_ancillary(g->ir, SKF_AD_PKTTYPE), PACKET_OUTGOING,
			inbound ? turned(ways) : ways);
	const struct value *field = ir_load(g->ir, d->size, NULL, d->offset);
	uint32_t mask = d->mask != 0 ? d->mask : UINT32_MAX;
	if (inbound && !d->rest)
		return test_masked(g, field, mask, d->received, ways);
	return test_masked(g, field, mask, d->sent, inbound ? turned(ways) : ways);
}

static struct block *interface_index(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	const struct value *index;

	(void)layout;
	if (g->linktype->ifindex != 0)
		index = ir_load(g->ir, 4, NULL, g->linktype->ifindex);
	else if (g->filter->input.live)
		index = ir_ancillary(g->ir, SKF_AD_IFINDEX);
	else
		return only_live(g, "ifindex");
	return test(g, TEST_EQ, index, node->value, ways);
}

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
	[WORD_WLAN_TYPE] = wlan_word,
	[WORD_WLAN_DIR] = wlan_word,
	[WORD_PF_IFNAME] = pf_word,
	[WORD_PF_RULESET] = pf_word,
	[WORD_PF_RNR] = pf_word,
	[WORD_PF_SRNR] = pf_word,
	[WORD_PF_REASON] = pf_word,
	[WORD_PF_ACTION] = pf_word,
	[WORD_ATM_LANE] = atm_word,
	[WORD_ATM_METAC] = atm_word,
	[WORD_ATM_BCC] = atm_word,
	[WORD_ATM_OAMF4SC] = atm_word,
	[WORD_ATM_OAMF4EC] = atm_word,
	[WORD_ATM_SC] = atm_word,
	[WORD_ATM_ILMIC] = atm_word,
	[WORD_ATM_OAM] = atm_word,
	[WORD_ATM_OAMF4] = atm_word,
	[WORD_ATM_CONNECTMSG] = atm_word,
	[WORD_ATM_METACONNECT] = atm_word,
	[WORD_ATM_FIELD] = atm_word,
	[WORD_MTP2_FISU] = ss7_word,
	[WORD_MTP2_LSSU] = ss7_word,
	[WORD_MTP2_MSU] = ss7_word,
	[WORD_MTP2_HFISU] = ss7_word,
	[WORD_MTP2_HLSSU] = ss7_word,
	[WORD_MTP2_HMSU] = ss7_word,
	[WORD_MTP3_FIELD] = ss7_word,
	[WORD_BYTE] = byte,
};

struct block *generate_word(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	return words[node->word](g, node, layout, ways);
}
