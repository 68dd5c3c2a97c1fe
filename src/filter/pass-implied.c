/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test whose outcome is known from the tests on every way to it is passed by. Needs: any graph. Keeps: what the
 * program accepts, but for packets too short for a test that is left out.
 *
 * What is known at a block is what the edges that dominate it tell: the outcomes of tests through which every way
 * from the root must have come. They form a tree; what is known where several edges meet is their nearest common
 * ancestor in it.
 */
#include <stddef.h>

#include "filter/ir-private.h"

struct fact {
	const struct fact *parent;
	const struct block *test;
	bool outcome;
	uint32_t depth;
};

static const struct fact *common(const struct fact *a, const struct fact *b)
{
	while (a != b) {
		if (a == NULL || b == NULL)
			return NULL;
		if (a->depth >= b->depth)
			a = a->parent;
		else
			b = b->parent;
	}
	return a;
}

/* What is known of one value. */
struct known {
	uint32_t low;
	uint32_t high;
	uint32_t zero_bits;
};

enum outcome { UNKNOWN, YES, NO };

static enum outcome of(bool outcome)
{
	return outcome ? YES : NO;
}

/* Adds what a test of the same value, with a known outcome, tells; decides the test in question if that alone can. */
static enum outcome learn(struct known *known, const struct block *test, const struct fact *fact)
{
	uint32_t k = fact->test->operand->k, asked = test->operand->k;

	switch (fact->test->op) {
	case TEST_EQ:
		if (fact->outcome)
			return of(ir_outcome(test->op, k, asked));
		return test->op == TEST_EQ && asked == k ? NO : UNKNOWN;
	case TEST_GT:
		if (fact->outcome && k + 1 > known->low)
			known->low = k + 1;
		if (!fact->outcome && k < known->high)
			known->high = k;
		return UNKNOWN;
	case TEST_GE:
		if (fact->outcome && k > known->low)
			known->low = k;
		if (!fact->outcome && k - 1 < known->high)
			known->high = k - 1;
		return UNKNOWN;
	default:
		if (!fact->outcome)
			known->zero_bits |= k;
		else if (test->op == TEST_SET && (k & ~asked) == 0)
			return YES;
		else if (test->op == TEST_EQ && (k & asked) == 0)
			return NO;
		return UNKNOWN;
	}
}

static enum outcome decide(const struct known *known, const struct block *test)
{
	uint32_t k = test->operand->k;

	switch (test->op) {
	case TEST_EQ:
		if (k < known->low || k > known->high || (k & known->zero_bits) != 0)
			return NO;
		return known->low == known->high ? YES : UNKNOWN;
	case TEST_GT:
		return known->low > k ? YES : known->high <= k ? NO : UNKNOWN;
	case TEST_GE:
		return known->low >= k ? YES : known->high < k ? NO : UNKNOWN;
	default:
		return (k & ~known->zero_bits) == 0 ? NO : UNKNOWN;
	}
}

/*
 * How many facts are looked at for a test, the nearest first: all of them would take time with the square of the
 * expression's length. What is forgotten so far back costs a test, which then is a near fact again.
 */
#define FACTS 256

static enum outcome implied(const struct fact *facts, const struct block *test)
{
	struct known known = {0, UINT32_MAX, 0};
	int left = FACTS;

	if (test->kind != BLOCK_TEST)
		return UNKNOWN;
	for (const struct fact *fact = facts; fact != NULL && left-- > 0; fact = fact->parent) {
		const struct block *seen = fact->test;
		enum outcome outcome = UNKNOWN;
		uint32_t number;
		if (seen->kind != BLOCK_TEST)
			continue;
		if (seen->op == test->op && seen->value == test->value && seen->operand == test->operand)
			return of(fact->outcome);
		if (test->operand->kind != VALUE_CONST || seen->operand->kind != VALUE_CONST)
			continue;
		if (seen->value == test->value)
			outcome = learn(&known, test, fact);
		else if (seen->op == TEST_EQ && fact->outcome && test->value->kind == VALUE_ALU &&
			 ir_follows(test->value, seen->value, seen->operand->k, &number))
			return of(ir_outcome(test->op, number, test->operand->k));
		if (outcome != UNKNOWN)
			return outcome;
	}
	return test->operand->kind == VALUE_CONST ? decide(&known, test) : UNKNOWN;
}

struct pass {
	struct ir *ir;
	const struct fact **facts; /* by block number; what is known at a block */
	bool *reached;
	bool changed;
};

/* Where an edge really leads: past the tests whose outcome is known on it. Notes what the edge tells its target. */
static struct block *thread(struct pass *pass, struct block *from, bool outcome)
{
	struct fact *fact = arena_alloc(pass->ir->scratch, sizeof(*fact));
	struct block *to = outcome ? from->yes : from->no;
	enum outcome known;

	if (fact == NULL)
		return to;
	fact->parent = pass->facts[from->number];
	fact->test = from;
	fact->outcome = outcome;
	fact->depth = fact->parent != NULL ? fact->parent->depth + 1 : 1;
	while ((known = implied(fact, to)) != UNKNOWN) {
		to = known == YES ? to->yes : to->no;
		pass->changed = true;
	}
	/* Where the filter ends, nothing is asked any more. */
	if (to->yes == NULL)
		return to;
	pass->facts[to->number] = pass->reached[to->number] ? common(pass->facts[to->number], fact) : fact;
	pass->reached[to->number] = true;
	return to;
}

int pass_implied(struct ir *ir)
{
	size_t count, blocks = ir->block_count + 1;
	struct block **order = ir_order(ir, &count);
	struct pass pass = {.ir = ir,
		.facts = arena_alloc(ir->scratch, blocks * sizeof(*pass.facts)),
		.reached = arena_alloc(ir->scratch, blocks)};
	struct block **yes = arena_alloc(ir->scratch, blocks * sizeof(*yes));
	struct block **no = arena_alloc(ir->scratch, blocks * sizeof(*no));

	if (ir_failed(ir))
		return -1;
	pass.reached[ir->root->number] = true;
	for (size_t i = 0; i < count; i++) {
		struct block *b = order[i];
		yes[i] = b->yes;
		no[i] = b->no;
		/* One that no edge leads to any more has nothing to tell. */
		if (b->yes == NULL || !pass.reached[b->number])
			continue;
		yes[i] = thread(&pass, b, true);
		no[i] = thread(&pass, b, false);
	}
	if (pass.changed)
		ir_relink(ir, order, count, yes, no);
	return ir_failed(ir) ? -1 : pass.changed;
}
