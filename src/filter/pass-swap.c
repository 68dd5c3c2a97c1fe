/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two tests of one value for different numbers can stand in either order. They stay in that in which they were asked
 * for, unless the other makes the program shorter: lists that end in the same way share their end. Needs: any graph.
 * Keeps: what the program accepts. Lowers: the program's length.
 */
#include "filter/ir-private.h"

/* Effort is bounded: this is for filters that a person wrote, and not for lists. */
#define MOST_BLOCKS 100
#define MOST_TRIALS 1000

static bool is_number(const struct block *b)
{
	return b->kind == BLOCK_TEST && b->op == TEST_EQ && b->operand->kind == VALUE_CONST;
}

/* The block in the place of b, with the test that follows it first; NULL if they cannot change places. */
static struct block *swapped(struct ir *ir, struct block *b)
{
	struct block *next = b->no;

	if (!is_number(b) || !is_number(next) || b->value != next->value || b->operand == next->operand)
		return NULL;
	struct block *second = ir_rebuild(ir, b, b->yes, next->no);
	return second != NULL ? ir_rebuild(ir, next, next->yes, second) : NULL;
}

static bool is_shorter(struct ir *ir, const struct cost *a, const struct cost *b)
{
	(void)ir;
	return a->length < b->length;
}

int pass_swap(struct ir *ir)
{
	size_t count;
	struct block **order = ir_order(ir, &count);
	struct cost cost;
	bool changed = false;

	if (order == NULL || count > MOST_BLOCKS || !ir_measure(ir, &cost))
		return ir_failed(ir) ? -1 : 0;
	for (size_t i = 0, trials = 0; i < count && trials < MOST_TRIALS; i++) {
		uint32_t blocks = ir->block_count;
		struct block *first = swapped(ir, order[i]);
		if (first == NULL)
			continue;
		trials++;
		if (ir_try(ir, ir_replaced(ir, order, i, first), &cost, is_shorter)) {
			changed = true;
			order = ir_order(ir, &count);
			i = (size_t)-1;
		} else {
			ir_forget(ir, blocks);
		}
	}
	return ir_failed(ir) ? -1 : changed;
}
