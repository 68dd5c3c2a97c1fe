/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test is passed by where what is known of its value on one edge decides it. Needs: any graph. Keeps: what the
 * program accepts, but for packets too short for a test that is left out.
 *
 * Beyond pass-implied.c it knows what different ways to a block have in common: where ARP and RARP meet, the Ethernet
 * type is one of two and so not that of IPv6. For one value at a time, what it can be is carried from the root
 * through the graph, narrowed by each test of it and joined where ways meet.
 */
#include <string.h>

#include "filter/ir-possible.h"

/* Effort is bounded: values times blocks of a program that no person wrote. */
#define MOST_WORK (1u << 24)

struct graph {
	struct ir *ir;
	struct block **order;
	size_t count;
	struct block **yes; /* by position in order: the ways on as they are found */
	struct block **no;
	uint32_t *position;         /* by block number */
	const struct possible **at; /* by position, for the value at hand */
	size_t last;                /* position that tests this value */
	bool changed;
};

static bool tests_value(const struct block *b, const struct value *value)
{
	return b->kind == BLOCK_TEST && b->value == value && b->operand->kind == VALUE_CONST;
}

/* Follows the edge from a block with an outcome past all tests of the value that are decided on it. */
static struct block *follow(struct graph *g, const struct value *value, size_t from, bool outcome, struct block *to)
{
	const struct possible *p = g->at[from];
	int decided;

	/* Nothing further down wants to know. */
	if (g->position[to->number] > g->last)
		return to;

	if (tests_value(g->order[from], value))
		p = possible_narrowed(g->ir->scratch, p, g->order[from], outcome);
	if (p == NULL)
		return to;
	while (tests_value(to, value) && (decided = possible_outcome(p, to)) >= 0) {
		uint32_t position = g->position[to->number];
		to = decided ? g->yes[position] : g->no[position];
		g->changed = true;
	}
	if (g->position[to->number] > g->last)
		return to;
	const struct possible **there = &g->at[g->position[to->number]];
	*there = possible_joined(g->ir->scratch, *there, p);
	return to;
}

static void carry(struct graph *g, const struct value *value)
{
	struct scratch_mark mark = ir_scratch_mark(g->ir);

	g->last = g->count - 1;
	while (g->last > 0 && !tests_value(g->order[g->last], value))
		g->last--;
	memset(g->at, 0, (g->last + 1) * sizeof(*g->at));
	g->at[0] = possible_at_first(g->ir->scratch, value);
	for (size_t i = 0; i <= g->last; i++) {
		if (g->order[i]->yes == NULL || g->at[i] == NULL)
			continue;
		g->yes[i] = follow(g, value, i, true, g->yes[i]);
		g->no[i] = follow(g, value, i, false, g->no[i]);
	}
	ir_scratch_release(g->ir, &mark);
}

/* The values that are tested more than once, each once; by value number. */
static size_t find_values(struct graph *g, const struct value **values)
{
	uint8_t *seen = arena_alloc(g->ir->scratch, g->ir->value_count + 1);
	size_t found = 0;

	for (size_t i = 0; seen != NULL && i < g->count; i++) {
		const struct block *b = g->order[i];
		if (b->kind != BLOCK_TEST || b->operand->kind != VALUE_CONST || seen[b->value->number] == 2)
			continue;
		if (++seen[b->value->number] == 2)
			values[found++] = b->value;
	}
	return found;
}

int pass_ranges(struct ir *ir)
{
	struct graph g = {.ir = ir};
	const struct value **values = arena_alloc_raw(ir->scratch, ((size_t)ir->value_count + 1) * sizeof(*values));

	g.order = ir_order(ir, &g.count);
	size_t found = ir_failed(ir) ? 0 : find_values(&g, values);
	if (found == 0)
		return ir_failed(ir) ? -1 : 0;
	g.yes = arena_alloc_raw(ir->scratch, (g.count + 1) * sizeof(*g.yes));
	g.no = arena_alloc_raw(ir->scratch, (g.count + 1) * sizeof(*g.no));
	g.position = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*g.position));
	g.at = arena_alloc_raw(ir->scratch, (g.count + 1) * sizeof(*g.at));
	if (ir_failed(ir))
		return -1;
	for (size_t i = 0; i < g.count; i++) {
		g.position[g.order[i]->number] = (uint32_t)i;
		g.yes[i] = g.order[i]->yes;
		g.no[i] = g.order[i]->no;
	}
	for (size_t i = 0; i < found && i * g.count < MOST_WORK; i++)
		carry(&g, values[i]);
	if (g.changed)
		ir_relink(ir, g.order, g.count, g.yes, g.no);
	return ir_failed(ir) ? -1 : g.changed;
}
