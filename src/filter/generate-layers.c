/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers between the link layer and the network layer: VLAN tags, MPLS labels and PPPoE. Each is asked for by a word
 * that moves the layout for what stands after it with "and".
 */
#include <linux/filter.h>

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

/* Whether the outermost tag may stand beside the packet: Linux takes it out. */
static bool may_be_beside(const struct generator *g, const struct layout *layout)
{
	return g->filter->input.live && layout->linktype == g->linktype && !layout->tagged;
}

static struct block *has_tag(
	struct generator *g, const struct value *tag, const struct range_list *tags, struct ways ways)
{
	if (tags == NULL)
		return ways.yes;
	return in_set(g, ir_alu(g->ir, BPF_AND, tag, ir_const(g->ir, VLAN_ID)), tags, ways);
}

static struct block *generate_vlan(
	struct generator *g, const struct range_list *tags, const struct layout *layout, struct ways ways)
{
	static const uint16_t types[] = {LINK_PROTO_VLAN, LINK_PROTO_QINQ, LINK_PROTO_VLAN_9100};
	struct block *no = ways.no, *in, *beside;

	if ((layout->linktype->has & LINK_VLAN) == 0 || layout->labelled)
		return not_there(g, layout, "vlan");
	in = has_tag(g, load_at(g, network_place(layout), 0, 2), tags, ways);
	for (size_t i = sizeof(types) / sizeof(types[0]); i-- > 0 && ways.no != NULL;)
		ways.no = link_protocol(g, layout, types[i], ways_to(in, ways.no));
	if (!may_be_beside(g, layout))
		return ways.no;
	beside = has_tag(g, ir_ancillary(g->ir, SKF_AD_VLAN_TAG), tags, ways_to(ways.yes, no));
	return test(g, TEST_EQ, ir_ancillary(g->ir, SKF_AD_VLAN_TAG_PRESENT), 0, ways_to(ways.no, beside));
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
		return generate_tunnel(g, word, tags, layout, ways);
	}
}

struct block *generate_tag(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	return generate_layer(g, target->word, &target->ranges, layout, ways);
}

static const struct layout *inside_vlan(struct generator *g, const struct layout *layout)
{
	struct layout *next = layout_copy(g, layout);

	if (next == NULL)
		return NULL;
	next->tagged = true;
	if (layout->linktype->tell_tagged != NULL)
		next->tell = layout->linktype->tell_tagged;
	if (!may_be_beside(g, layout)) {
		next->type.constant += VLAN_TAG;
		next->payload.constant += VLAN_TAG;
		return next;
	}
	/* The tag's size, or 0 if it stands beside the packet: (present - 1) & 4. */
	const struct value *absent = ir_add(g->ir, ir_ancillary(g->ir, SKF_AD_VLAN_TAG_PRESENT), UINT32_MAX);
	const struct value *size = ir_alu(g->ir, BPF_AND, absent, ir_const(g->ir, VLAN_TAG));
	next->type = place_move(g, next->type, size);
	next->payload = place_move(g, next->payload, size);
	return next;
}

/* The link-layer header stays, with its addresses. */
static const struct layout *inside_mpls(struct generator *g, const struct layout *layout)
{
	struct layout *next = layout_copy(g, layout);

	if (next == NULL)
		return NULL;
	next->payload.constant += MPLS_ENTRY;
	next->tell = tell_mpls;
	next->labelled = true;
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
		return layout_behind(
			g, layout, &linktype_pppoe_session, place_add(network_place(layout), PPPOE_HEADER));
	case WORD_ATM_LANE:
		return layout_behind(g, layout, &linktype_lane, (struct place){NULL, LANE_ETHERNET});
	case WORD_GENEVE:
	case WORD_VXLAN:
		return inside_tunnel(g, word, layout);
	default:
		return layout;
	}
}
