/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the tree to the graph. Each part of an expression is made with the ways on from it made before: of "A and B",
 * B comes first, and A's "yes" leads there. Every node is made once, so that the graph is no larger than the tree
 * allows. What A tells about the packet's layout goes to B by layout_after(), which makes no code.
 */
#include "filter/generate.h"

#include <stdarg.h>
#include <stdio.h>

#include "filter/targets.h"

struct block *test(struct generator *g, enum test_op op, const struct value *value, uint32_t k, struct ways ways)
{
	return ir_test(g->ir, op, value, ir_const(g->ir, k), ways.yes, ways.no);
}

struct block *test_masked(
	struct generator *g, const struct value *value, uint32_t mask, uint32_t k, struct ways ways)
{
	return test(g, TEST_EQ, ir_alu(g->ir, BPF_AND, value, ir_const(g->ir, mask)), k, ways);
}

struct block *fail(struct generator *g, const char *format, ...)
{
	char text[PCAP_ERRBUF_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return filter_error(g->filter, g->span, "%s", text);
}

static struct block *generate_alternative(
	struct generator *g, const struct alternative *alternative, const struct layout *layout, struct ways ways)
{
	if (alternative->target != NULL)
		return generate_target(g, alternative->target, layout, ways);
	return generate(g, alternative->node, layout, ways);
}

/* The alternatives have no order that matters: those under the same qualifiers are joined. */
static struct block *generate_or(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	struct alternatives list = {0};
	bool ok = true;

	for (uint32_t i = 0; i < node->operand_count && ok; i++) {
		const struct node *operand = node->operands[i];
		ok = is_target(operand) ? add_target(g, &list, operand)
					: add_alternative(g, &list, (struct alternative){.node = operand});
	}
	for (size_t i = list.count; i-- > 0 && ok;) {
		ways.no = generate_alternative(g, &list.items[i], layout, ways);
		ok = ways.no != NULL;
	}
	return ok ? ways.no : NULL;
}

/* An operand of "and", or a part of the exclusions under one layout. */
struct run {
	const struct layout *layout;
	const struct node *node;         /* one operand; NULL: */
	struct alternatives *exclusions; /* none of these, from first to last: "not host a and not host b" */
	size_t first;
	size_t last;
};

static bool is_exclusion(const struct node *node)
{
	return node->kind == NODE_NOT && is_target(node->operands[0]);
}

/* Left to right: what each operand is, and the layout under which it stands. An exclusion joins one of its kind. */
static struct run *runs_of(struct generator *g, const struct node *node, const struct layout *layout, size_t *count)
{
	struct arena *arena = &g->filter->arena;
	struct run *runs = arena_alloc(arena, node->operand_count * sizeof(*runs));
	struct alternatives *open = NULL; /* the exclusions under the layout at hand */

	*count = 0;
	for (uint32_t i = 0; i < node->operand_count && runs != NULL; i++) {
		const struct node *operand = node->operands[i];
		if (is_exclusion(operand)) {
			if (open == NULL)
				open = arena_alloc(arena, sizeof(*open));
			size_t before = open != NULL ? open->count : 0;
			if (open == NULL || !add_target(g, open, operand->operands[0]))
				return NULL;
			if (open->count > before)
				runs[(*count)++] = (struct run){layout, NULL, open, before, open->count};
			continue;
		}
		runs[(*count)++] = (struct run){.layout = layout, .node = operand};
		const struct layout *after = layout_after(g, operand, layout);
		if (after != layout)
			open = NULL;
		layout = after;
		if (layout == NULL)
			return NULL;
	}
	return runs;
}

static struct block *generate_and(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	size_t count;
	struct run *runs = runs_of(g, node, layout, &count);

	for (size_t i = count; i-- > 0 && runs != NULL && ways.yes != NULL;) {
		const struct run *run = &runs[i];
		if (run->node != NULL)
			ways.yes = generate(g, run->node, run->layout, ways);
		for (size_t j = run->last; j-- > run->first && ways.yes != NULL;)
			ways.yes = generate_target(g, run->exclusions->items[j].target, run->layout, turned(ways));
	}
	return runs != NULL ? ways.yes : NULL;
}

struct block *generate(struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	struct alternatives list = {0};

	switch (node->kind) {
	case NODE_AND:
		return generate_and(g, node, layout, ways);
	case NODE_OR:
		return generate_or(g, node, layout, ways);
	case NODE_NOT:
		return generate(g, node->operands[0], layout, turned(ways));
	default:
		break;
	}
	g->span = node->span;
	if (is_target(node)) {
		if (!add_target(g, &list, node))
			return NULL;
		for (size_t i = list.count; i-- > 0 && ways.no != NULL;)
			ways.no = generate_target(g, list.items[i].target, layout, ways);
		return ways.no;
	}
	return node->kind == NODE_RELATION ? generate_relation(g, node, layout, ways)
					   : generate_word(g, node, layout, ways);
}

bool filter_generate(struct filter *filter)
{
	struct generator g = {.filter = filter, .ir = &filter->ir};
	struct ways ways = {filter->ir.accept, filter->ir.reject};

	g.linktype = linktype_of(filter->input.linktype);
	if (filter->tree == NULL) {
		filter->ir.root = ways.yes;
		return true;
	}
	g.first = first_layout(&g);
	filter->ir.root = g.first != NULL ? generate(&g, filter->tree, g.first, ways) : NULL;
	return filter->ir.root != NULL;
}
