/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of two tests that must both succeed (or of which one is enough), the one whose value is at hand comes first, which
 * saves loading it again. Needs: any graph. Keeps: what the program accepts, but for packets that end between the two
 * values. Lowers: the number of loads on the ways through the pair; so a pair is turned round once at most.
 */
#include "filter/ir-private.h"

/* What is known of a block's way in: the value that all the tests which lead to it have loaded. */
struct way_in {
	const struct value *value; /* NULL if they differ */
	uint32_t edges;
};

static void note_edge(struct way_in *in, const struct block *from)
{
	const struct value *value = from->kind == BLOCK_TEST ? from->value : NULL;

	in->value = in->edges == 0 || in->value == value ? value : NULL;
	in->edges++;
}

/* The second test of a pair: reached from the first alone, with the same end where either fails (or succeeds). */
static struct block *second_of_pair(const struct block *first, const struct way_in *in)
{
	struct block *second = first->yes->kind == BLOCK_TEST && first->yes->no == first->no   ? first->yes
			       : first->no->kind == BLOCK_TEST && first->no->yes == first->yes ? first->no
											       : NULL;

	if (second == NULL || in[second->number].edges != 1)
		return NULL;
	const struct value *held = in[first->number].value;
	return held != NULL && held == second->value && held != first->value ? second : NULL;
}

/* The pair the other way round; the ways on have been made already. */
static struct block *turn_round(struct ir *ir, struct block *first, struct block *second, struct block **made)
{
	struct block *yes = made[second->yes->number], *no = made[second->no->number];

	if (second == first->yes)
		return ir_rebuild(ir, second, ir_rebuild(ir, first, yes, no), no);
	return ir_rebuild(ir, second, yes, ir_rebuild(ir, first, yes, no));
}

int pass_order(struct ir *ir)
{
	size_t count;
	struct block **order = ir_order(ir, &count);
	struct way_in *in = arena_alloc(ir->arena, (ir->block_count + 1) * sizeof(*in));
	struct block **made = arena_alloc(ir->arena, (ir->block_count + 1) * sizeof(*made));
	bool changed = false;

	for (size_t i = 0; !ir->arena->failed && i < count; i++) {
		if (order[i]->yes == NULL)
			continue;
		note_edge(&in[order[i]->yes->number], order[i]);
		note_edge(&in[order[i]->no->number], order[i]);
	}
	for (size_t i = count; !ir->arena->failed && i-- > 0;) {
		struct block *b = order[i], *second = b->kind == BLOCK_TEST ? second_of_pair(b, in) : NULL;
		made[b->number] = b;
		if (second != NULL)
			made[b->number] = turn_round(ir, b, second, made);
		else if (b->yes != NULL)
			made[b->number] = ir_rebuild(ir, b, made[b->yes->number], made[b->no->number]);
		changed |= second != NULL;
	}
	if (ir->arena->failed)
		return -1;
	ir->root = made[order[0]->number];
	return changed;
}
