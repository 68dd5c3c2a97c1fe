/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an expression tells about the layout of the packets that it holds for, for what stands after it with "and":
 * after "A and B", what B leaves; after "not A", what was before; after "A or B", what both leave where they leave
 * the same, otherwise what was before.
 */
#include <pcap/namedb.h>

#include "filter/layers.h"
#include "filter/proto-rows.h"

/* The layout, with a network protocol and a chain asked for. */
static const struct layout *telling(
	struct generator *g, const struct layout *layout, enum asserted asserted, struct chain chain)
{
	if (layout->asserted == asserted && same_chain(layout->chain, chain))
		return layout;
	struct layout *next = arena_alloc(&g->filter->arena, sizeof(*next));
	if (next == NULL)
		return NULL;
	*next = *layout;
	next->asserted = asserted;
	next->chain = chain;
	return next;
}

/* The layout, with a network protocol asked for. */
static const struct layout *asserting(struct generator *g, const struct layout *layout, enum asserted asserted)
{
	return telling(g, layout, asserted != ASSERTED_NONE ? asserted : layout->asserted, layout->chain);
}

/* The network protocol that a packet must have if it has this protocol. */
static enum asserted network_of(enum protocol protocol)
{
	if (protocol == PROTO_IP || (protocol != PROTO_NONE && proto_rows[protocol].carrier == PROTO_IP))
		return ASSERTED_IP;
	if (protocol == PROTO_IPV6 || (protocol != PROTO_NONE && proto_rows[protocol].carrier == PROTO_IPV6))
		return ASSERTED_IPV6;
	return ASSERTED_NONE;
}

static enum asserted network_of_id(const struct node *node)
{
	enum protocol protocol = node->qualifiers.protocol;
	enum id_type type = node->qualifiers.type;

	if (protocol != PROTO_NONE)
		return network_of(protocol);
	return node->id.form == ID_IPV6 && (type == TYPE_HOST || type == TYPE_NET || type == TYPE_DEFAULT)
		       ? ASSERTED_IPV6
		       : ASSERTED_NONE;
}

/* By the bytes that a relation reads: ip[0] is read of IPv4 packets only. */
static enum asserted network_of_arith(const struct arith *arith)
{
	enum asserted asserted = ASSERTED_NONE;

	if (arith == NULL)
		return ASSERTED_NONE;
	if (arith->kind == ARITH_LOAD) {
		asserted = proto_rows[arith->protocol].base == BASE_IPV4_PAYLOAD ? ASSERTED_IP
										 : network_of(arith->protocol);
		if (asserted != ASSERTED_NONE)
			return asserted;
	}
	asserted = network_of_arith(arith->left);
	return asserted != ASSERTED_NONE ? asserted : network_of_arith(arith->right);
}

static const struct layout *after_chain(struct generator *g, const struct node *node, const struct layout *layout)
{
	enum asserted asserted = network_of_id(node);
	int number = protocol_number_of(node);

	/* What is wrong with the name is told where the test is made. */
	if (number == PROTO_UNDEF)
		return layout;
	g->follows_chains = true;
	return telling(g, layout, asserted != ASSERTED_NONE ? asserted : layout->asserted,
		(struct chain){true, version_of(node->qualifiers.protocol), (uint8_t)number});
}

static const struct layout *after_or(struct generator *g, const struct node *node, const struct layout *layout)
{
	const struct layout *first = layout_after(g, node->operands[0], layout);
	enum asserted asserted;

	/* What the first leaves as it was, all together do. */
	if (first == NULL || first == layout)
		return first;
	asserted = first->asserted;
	for (uint32_t i = 1; i < node->operand_count; i++) {
		const struct layout *other = layout_after(g, node->operands[i], layout);
		if (other == NULL || !same_layout(first, other))
			return other == NULL ? NULL : layout;
		if (other->asserted != asserted)
			asserted = ASSERTED_NONE;
	}
	if (asserted == ASSERTED_NONE && same_layout(first, layout))
		return layout;
	return telling(g, first, asserted, first->chain);
}

const struct layout *layout_after(struct generator *g, const struct node *node, const struct layout *layout)
{
	enum asserted asserted;

	switch (node->kind) {
	case NODE_AND:
		for (uint32_t i = 0; i < node->operand_count && layout != NULL; i++)
			layout = layout_after(g, node->operands[i], layout);
		return layout;
	case NODE_OR:
		return after_or(g, node, layout);
	case NODE_NOT:
		return layout;
	case NODE_ID:
		if (node->qualifiers.type == TYPE_PROTOCHAIN)
			return after_chain(g, node, layout);
		return asserting(g, layout, network_of_id(node));
	case NODE_PROTOCOL:
		return asserting(g, layout, network_of(node->qualifiers.protocol));
	case NODE_RELATION:
		asserted = network_of_arith(node->left);
		if (asserted == ASSERTED_NONE)
			asserted = network_of_arith(node->right);
		return asserting(g, layout, asserted);
	case NODE_WORD:
		if (node->word == WORD_BROADCAST || node->word == WORD_MULTICAST)
			return asserting(g, layout, network_of(node->qualifiers.protocol));
		return layer_inside(g, node->word, layout);
	}
	return layout;
}
