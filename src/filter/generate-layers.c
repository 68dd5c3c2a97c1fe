/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers between the link layer and the network layer: VLAN tags, MPLS labels and PPPoE. Each is asked for by a word
 * that moves the layout for what stands after it with "and".
 */
#include "filter/layers.h"

/* A VLAN tag (IEEE 802.1Q): the identifier stands in 12 bits of its first half, the type follows. */
#define VLAN_TAG 4
#define VLAN_ID 0xfff

/* An MPLS label stack entry (RFC 3032): 20 bits of label, 3, the bottom of the stack, 8. */
#define MPLS_ENTRY 4
#define MPLS_LABEL_SHIFT 12
#define MPLS_BOTTOM 2
#define MPLS_BOTTOM_BIT 0x01

/* PPPoE (RFC 2516): a header of six bytes, the session in the third and fourth; then the PPP protocol. */
#define PPPOE_HEADER 6
#define PPPOE_SESSION 2

static struct block *generate_vlan(
	struct generator *g, const struct range_list *tags, const struct layout *layout, struct ways ways)
{
	static const uint16_t types[] = {LINK_PROTO_VLAN, LINK_PROTO_QINQ, LINK_PROTO_VLAN_9100};

	if ((layout->linktype->has & LINK_VLAN) == 0 || layout->labelled)
		return not_there(g, layout, "vlan");
	if (tags != NULL) {
		const struct value *tag = load_at(g, network_place(layout), 0, 2);
		tag = ir_alu(g->ir, BPF_AND, tag, ir_const(g->ir, VLAN_ID));
		ways.yes = in_set(g, tag, tags, ways);
	}
	for (size_t i = sizeof(types) / sizeof(types[0]); i-- > 0 && ways.no != NULL;)
		ways.no = link_protocol(g, layout, types[i], ways);
	return ways.no;
}

static struct block *generate_mpls(
	struct generator *g, const struct range_list *tags, const struct layout *layout, struct ways ways)
{
	struct place entry = network_place(layout);

	if (layout->linktype->mpls == 0 && !layout->labelled)
		return not_there(g, layout, "mpls");
	if (tags != NULL) {
		const struct value *label = load_at(g, entry, 0, 4);
		label = ir_alu(g->ir, BPF_RSH, label, ir_const(g->ir, MPLS_LABEL_SHIFT));
		ways.yes = in_set(g, label, tags, ways);
	}
	if (!layout->labelled)
		return link_protocol(g, layout, layout->linktype->mpls, ways);
	/* Another entry follows where the last one was not the bottom of the stack. */
	entry.constant -= MPLS_ENTRY;
	return test(g, TEST_SET, load_at(g, entry, MPLS_BOTTOM, 1), MPLS_BOTTOM_BIT, turned(ways));
}

/* Behind the labels stands IPv4 or IPv6, and nothing tells which but its version. */
static struct block *tell_mpls(
	struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	struct place entry = network_place(layout);

	if (protocol != LINK_PROTO_IP && protocol != LINK_PROTO_IPV6)
		return fail(g, "behind MPLS labels only ip and ip6 can be told");
	entry.constant -= MPLS_ENTRY;
	ways.yes = ip_version(g, layout, protocol, ways);
	return test(g, TEST_SET, load_at(g, entry, MPLS_BOTTOM, 1), MPLS_BOTTOM_BIT, ways);
}

static struct block *generate_pppoes(
	struct generator *g, const struct range_list *tags, const struct layout *layout, struct ways ways)
{
	if ((layout->linktype->has & LINK_PPPOE) == 0 || layout->labelled)
		return not_there(g, layout, "pppoes");
	if (tags != NULL)
		ways.yes = in_set(g, load_at(g, network_place(layout), PPPOE_SESSION, 2), tags, ways);
	return link_protocol(g, layout, LINK_PROTO_PPPOES, ways);
}

struct block *generate_layer(struct generator *g, enum word word, const struct range_list *tags,
	const struct layout *layout, struct ways ways)
{
	switch (word) {
	case WORD_VLAN:
		return generate_vlan(g, tags, layout, ways);
	case WORD_MPLS:
		return generate_mpls(g, tags, layout, ways);
	case WORD_PPPOES:
		return generate_pppoes(g, tags, layout, ways);
	default:
		return fail(g, "not yet");
	}
}

struct block *generate_tag(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	return generate_layer(g, target->word, &target->ranges, layout, ways);
}

/* A copy to change, in which no network protocol has been asked for. */
static struct layout *next_layer(struct generator *g, const struct layout *layout)
{
	struct layout *next = arena_alloc(&g->filter->arena, sizeof(*next));

	if (next == NULL)
		return NULL;
	*next = *layout;
	next->asserted = ASSERTED_NONE;
	return next;
}

static const struct layout *inside_vlan(struct generator *g, const struct layout *layout)
{
	struct layout *next = next_layer(g, layout);

	if (next == NULL)
		return NULL;
	next->type.constant += VLAN_TAG;
	next->payload.constant += VLAN_TAG;
	next->tagged = true;
	return next;
}

/* The link-layer header stays, with its addresses. */
static const struct layout *inside_mpls(struct generator *g, const struct layout *layout)
{
	struct layout *next = next_layer(g, layout);

	if (next == NULL)
		return NULL;
	next->payload.constant += MPLS_ENTRY;
	next->tell = tell_mpls;
	next->labelled = true;
	return next;
}

/* From here on the packet has another link-layer header. */
static const struct layout *inside_link(
	struct generator *g, const struct layout *layout, const struct linktype *row, struct place link)
{
	struct layout *next = next_layer(g, layout);

	if (next == NULL)
		return NULL;
	next->linktype = row;
	next->tell = row->tell;
	next->link = link;
	next->type = place_add(link, row->type);
	next->payload = place_add(link, row->payload);
	next->network = row->network;
	next->network_nosnap = row->network_nosnap;
	next->tagged = next->labelled = false;
	return next;
}

/* SunATM's header, and the LAN emulation client's number. */
#define LANE_ETHERNET 6

const struct layout *layer_inside(struct generator *g, enum word word, const struct layout *layout)
{
	switch (word) {
	case WORD_VLAN:
		return inside_vlan(g, layout);
	case WORD_MPLS:
		return inside_mpls(g, layout);
	case WORD_PPPOES:
		return inside_link(
			g, layout, &linktype_pppoe_session, place_add(network_place(layout), PPPOE_HEADER));
	case WORD_ATM_LANE:
		return inside_link(g, layout, &linktype_lane, (struct place){NULL, LANE_ETHERNET});
	default:
		return layout;
	}
}
