/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many constants against one value: a balanced search instead of a list of comparisons. What makes a filter of
 * thousands of hosts, networks or ports cost a dozen comparisons a packet.
 */
#include "filter/ir.h"

#include <stdlib.h>

#include "filter/ir-private.h"

/*
 * Up to so many single values are compared one after the other: a comparison less in the program for each, for at
 * most one more on the way.
 */
#define BUCKET 7

struct search {
	struct ir *ir;
	const struct value *value;
	const struct case_range *cases;
	struct block *otherwise;
};

static struct block *test(const struct search *s, enum test_op op, uint32_t k, struct block *yes, struct block *no)
{
	return ir_test(s->ir, op, s->value, ir_const(s->ir, k), yes, no);
}

/* One case, where the value is known to lie between low and high. */
static struct block *one(
	const struct search *s, const struct case_range *c, uint32_t low, uint32_t high, struct block *otherwise)
{
	if (c->low == c->high && low < high)
		return test(s, TEST_EQ, c->low, c->target, otherwise);
	struct block *target = c->target;
	if (c->high < high)
		target = test(s, TEST_GT, c->high, otherwise, target);
	return c->low > low ? test(s, TEST_GE, c->low, target, otherwise) : target;
}

/* The cases first to last, where the value is known to lie between low and high. */
static struct block *between(const struct search *s, size_t first, size_t last, uint32_t low, uint32_t high)
{
	bool single = true;

	if (first == last)
		return one(s, &s->cases[first], low, high, s->otherwise);
	for (size_t i = first; i <= last && single && last - first < BUCKET; i++)
		single = s->cases[i].low == s->cases[i].high;
	if (last - first < BUCKET && single) {
		struct block *next = s->otherwise;
		for (size_t i = last + 1; i-- > first;)
			next = test(s, TEST_EQ, s->cases[i].low, s->cases[i].target, next);
		return next;
	}
	size_t middle = first + (last - first + 1) / 2;
	uint32_t pivot = s->cases[middle].low;
	struct block *right = between(s, middle, last, pivot, high);
	struct block *left = between(s, first, middle - 1, low, pivot - 1);
	return test(s, TEST_GE, pivot, right, left);
}

struct block *ir_search(struct ir *ir, const struct value *value, const struct case_range *cases, size_t count,
	struct block *otherwise)
{
	struct search search = {ir, value, cases, otherwise};

	if (value == NULL || otherwise == NULL)
		return NULL;
	return count == 0 ? otherwise : between(&search, 0, count - 1, 0, value->largest);
}

static int by_low(const void *left, const void *right)
{
	const struct range *a = left, *b = right;
	return a->low < b->low ? -1 : a->low > b->low;
}

/* Sorts ranges and joins those that overlap or touch; how many are left. */
static size_t merge_ranges(struct range *ranges, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(ranges, count, sizeof(*ranges), by_low);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 &&
			(ranges[kept - 1].high == UINT32_MAX || ranges[i].low <= ranges[kept - 1].high + 1)) {
			if (ranges[i].high > ranges[kept - 1].high)
				ranges[kept - 1].high = ranges[i].high;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	return kept;
}

/* Then they are asked for in the order in which they were given. */
static bool are_few_numbers(const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ranges[i].low != ranges[i].high)
			return false;
	return count <= IR_FEW_NUMBERS;
}

struct block *ir_in_ranges(struct ir *ir, const struct value *value, struct range *ranges, size_t count,
	struct block *yes, struct block *no)
{
	if (are_few_numbers(ranges, count)) {
		for (size_t i = count; i-- > 0;)
			no = ir_test(ir, TEST_EQ, value, ir_const(ir, ranges[i].low), yes, no);
		return no;
	}
	count = merge_ranges(ranges, count);
	struct case_range *cases = arena_alloc(ir->arena, (count + 1) * sizeof(*cases));
	if (cases == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		cases[i] = (struct case_range){ranges[i].low, ranges[i].high, yes};
	return ir_search(ir, value, cases, count, no);
}
