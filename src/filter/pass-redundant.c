/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test for one number is left out where the tests that follow it lead to the same place for that number. Needs: any
 * graph. Keeps: what the program accepts, but for packets too short for a test that is left out.
 *
 * So "arp or vlan" that ends in rejecting ARP does not ask for ARP first: asking for VLAN tells the same.
 */
#include "filter/ir-private.h"

/* How far the way is followed; the gain is one test, however long the way. */
#define FARTHEST 64

/* Where the way from a block ends if value is k: at the first block that tests something else. */
static struct block *end_of_way(struct block *block, const struct value *value, uint32_t k)
{
	for (int i = 0; i < FARTHEST; i++) {
		if (block->kind != BLOCK_TEST || block->value != value || block->operand->kind != VALUE_CONST)
			return block;
		block = ir_outcome(block->op, k, block->operand->k) ? block->yes : block->no;
	}
	return block;
}

static bool is_redundant(struct block *b)
{
	if (b->kind != BLOCK_TEST || b->op != TEST_EQ || b->operand->kind != VALUE_CONST)
		return false;
	return end_of_way(b->yes, b->value, b->operand->k) == end_of_way(b->no, b->value, b->operand->k);
}

int pass_redundant(struct ir *ir)
{
	size_t count;
	struct block **order = ir_order(ir, &count);
	struct block **yes = arena_alloc(ir->scratch, (ir->block_count + 1) * sizeof(*yes));
	struct block **no = arena_alloc(ir->scratch, (ir->block_count + 1) * sizeof(*no));
	bool changed = false;

	if (ir_failed(ir))
		return -1;
	/* A test whose ways on are the same is made into the way on. */
	for (size_t i = 0; i < count; i++) {
		bool redundant = is_redundant(order[i]);
		no[i] = order[i]->no;
		yes[i] = redundant ? order[i]->no : order[i]->yes;
		changed |= redundant;
	}
	if (changed)
		ir_relink(ir, order, count, yes, no);
	return ir_failed(ir) ? -1 : changed;
}
