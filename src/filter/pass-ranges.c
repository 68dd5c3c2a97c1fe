/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test is passed by where what is known of its value on one edge decides it. Needs: any graph. Keeps: what the
 * program accepts, but for packets too short for a test that is left out.
 *
 * Beyond pass-implied.c it knows what different ways to a block have in common: where ARP and RARP meet, the Ethernet
 * type is one of two and so not that of IPv6. For one value at a time, what it can be is carried from the root
 * through the graph, narrowed by each test of it and joined where ways meet.
 */
#include "filter/ir-possible.h"

/* Effort is bounded: values times blocks of a program that no person wrote. */
#define MOST_WORK (1u << 24)

struct graph {
	struct ir *ir;
	struct block **order;
	size_t count;
	struct block **yes; /* by position in order: the ways on as they are found */
	struct block **no;
	uint32_t *position;  /* by block number */
	struct possible *at; /* by position, for the value at hand */
	bool changed;
};

static bool tests_value(const struct block *b, const struct value *value)
{
	return b->kind == BLOCK_TEST && b->value == value && b->operand->kind == VALUE_CONST;
}

/* Follows an edge past all tests of the value that are decided on it. */
static struct block *follow(struct graph *g, const struct value *value, const struct possible *p, struct block *to)
{
	int outcome;

	while (tests_value(to, value) && (outcome = possible_outcome(p, to)) >= 0) {
		uint32_t position = g->position[to->number];
		to = outcome ? g->yes[position] : g->no[position];
		g->changed = true;
	}
	return to;
}

static void carry(struct graph *g, const struct value *value)
{
	struct possible yes, no;

	for (size_t i = 0; i < g->count; i++)
		g->at[i].count = 0;
	possible_at_first(&g->at[0], value);
	for (size_t i = 0; i < g->count; i++) {
		struct block *b = g->order[i];
		if (b->yes == NULL || g->at[i].count == 0)
			continue;
		possible_copy(&yes, &g->at[i]);
		possible_copy(&no, &g->at[i]);
		if (tests_value(b, value)) {
			possible_narrow(&yes, b, true);
			possible_narrow(&no, b, false);
		}
		g->yes[i] = follow(g, value, &yes, g->yes[i]);
		g->no[i] = follow(g, value, &no, g->no[i]);
		possible_join(&g->at[g->position[g->yes[i]->number]], &yes);
		possible_join(&g->at[g->position[g->no[i]->number]], &no);
	}
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
