/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Places in a packet, and the layout at the start of an expression.
 */
#include "filter/layout.h"

#include "filter/generate.h"

struct place place_add(struct place place, uint32_t k)
{
	place.constant += k;
	return place;
}

const struct value *load_at(struct generator *g, struct place place, uint32_t offset, int size)
{
	return ir_load(g->ir, size, place.variable, place.constant + offset);
}

struct place network_place(const struct layout *layout)
{
	return place_add(layout->payload, layout->network);
}

struct place network_nosnap_place(const struct layout *layout)
{
	return place_add(layout->payload, layout->network_nosnap);
}

struct place ipv4_payload(struct generator *g, const struct layout *layout)
{
	struct place network = network_place(layout);
	struct ir *ir = g->ir;

	if (network.variable == NULL)
		return (struct place){ir_msh(ir, network.constant), network.constant};
	const struct value *words = ir_alu(ir, BPF_AND, load_at(g, network, 0, 1), ir_const(ir, 0xf));
	const struct value *length = ir_alu(ir, BPF_LSH, words, ir_const(ir, 2));
	return place_move(g, network, length);
}

struct place place_move(struct generator *g, struct place place, const struct value *by)
{
	place.variable = place.variable != NULL ? ir_alu(g->ir, BPF_ADD, by, place.variable) : by;
	return place;
}

struct layout *layout_copy(struct generator *g, const struct layout *layout)
{
	struct layout *copy = arena_alloc(&g->filter->arena, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *layout;
	copy->asserted = ASSERTED_NONE;
	copy->chain = (struct chain){0};
	return copy;
}

struct layout *layout_behind(
	struct generator *g, const struct layout *layout, const struct linktype *row, struct place link)
{
	struct layout *next = layout_copy(g, layout);

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

static bool same_place(struct place a, struct place b)
{
	return a.variable == b.variable && a.constant == b.constant;
}

bool same_chain(struct chain a, struct chain b)
{
	return a.asked == b.asked && a.version == b.version && a.protocol == b.protocol;
}

bool same_layout(const struct layout *a, const struct layout *b)
{
	return a == b || (a->linktype == b->linktype && same_place(a->link, b->link) &&
				 same_place(a->tunnel_type, b->tunnel_type) && same_place(a->type, b->type) &&
				 same_place(a->payload, b->payload) && a->network == b->network &&
				 a->network_nosnap == b->network_nosnap && a->tell == b->tell &&
				 same_chain(a->chain, b->chain) && a->tagged == b->tagged &&
				 a->labelled == b->labelled && a->tunnelled == b->tunnelled);
}

const struct layout *first_layout(struct generator *g)
{
	const struct linktype *row = g->linktype;
	struct layout *layout = arena_alloc(&g->filter->arena, sizeof(*layout));

	if (layout == NULL)
		return NULL;
	*layout = (struct layout){.linktype = row,
		.link = {NULL, row->link},
		.type = {NULL, row->link + row->type},
		.payload = {NULL, row->link + row->payload},
		.network = row->network,
		.network_nosnap = row->network_nosnap,
		.tell = row->tell};
	if (row->start != NULL)
		row->start(g, layout);
	return layout;
}
