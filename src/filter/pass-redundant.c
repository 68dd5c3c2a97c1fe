/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test is left out where the tests that follow it on one of its ways lead to the same place as the other way. Needs:
 * any graph. Keeps: what the program accepts, but for packets too short for a test that is left out.
 *
 * So "arp or vlan" that ends in rejecting ARP does not ask for ARP first: asking for VLAN tells the same. Nor is there a
 * need to ask for "x >= 10" before "x = 5" if nothing else comes of it.
 */
#include "filter/ir-possible.h"

/* How far the way is followed for one number, which few packets have; the gain is one test, however long the way. */
#define FARTHEST 64

static bool tests_value(const struct block *b, const struct value *value)
{
	return b->kind == BLOCK_TEST && b->value == value && b->operand->kind == VALUE_CONST;
}

/* Where the way from a block ends if value is k: at the first block that tests something else. */
static struct block *end_of_way(struct block *block, const struct value *value, uint32_t k)
{
	uint32_t number;

	for (int i = 0; i < FARTHEST; i++) {
		if (block->kind != BLOCK_TEST || block->operand->kind != VALUE_CONST ||
			!ir_follows(block->value, value, k, &number))
			return block;
		block = ir_outcome(block->op, number, block->operand->k) ? block->yes : block->no;
	}
	return block;
}

/* Whether the first test on one way of a test leads to where the other way does, where that would have been taken. */
static bool leads_there(struct ir *ir, const struct block *test, bool other)
{
	struct block *next = other ? test->no : test->yes, *there = other ? test->yes : test->no;

	if (!tests_value(next, test->value) || (next->yes != there && next->no != there))
		return false;
	const struct possible *first = possible_at_first(ir->scratch, test->value);
	const struct possible *p = first != NULL ? possible_narrowed(ir->scratch, first, test, other) : NULL;
	return p != NULL && possible_outcome(p, next) == (next->yes == there);
}

/* The way on that is as good as the test; NULL if there is none. */
static struct block *instead_of(struct ir *ir, const struct block *b)
{
	if (b->kind != BLOCK_TEST || b->operand->kind != VALUE_CONST)
		return NULL;
	if (b->op == TEST_EQ &&
		end_of_way(b->yes, b->value, b->operand->k) == end_of_way(b->no, b->value, b->operand->k))
		return b->no;
	return leads_there(ir, b, true) ? b->no : leads_there(ir, b, false) ? b->yes : NULL;
}

int pass_redundant(struct ir *ir)
{
	size_t count;
	struct block **order = ir_order(ir, &count);
	struct block **yes = arena_alloc_raw(ir->scratch, (count + 1) * sizeof(*yes));
	struct block **no = arena_alloc_raw(ir->scratch, (count + 1) * sizeof(*no));
	bool changed = false;

	if (ir_failed(ir))
		return -1;
	/* A test whose ways on are the same is made into the way on. */
	for (size_t i = 0; i < count; i++) {
		struct block *instead = instead_of(ir, order[i]);
		yes[i] = instead != NULL ? instead : order[i]->yes;
		no[i] = instead != NULL ? instead : order[i]->no;
		changed |= instead != NULL;
	}
	if (changed)
		ir_relink(ir, order, count, yes, no);
	return ir_failed(ir) ? -1 : changed;
}
