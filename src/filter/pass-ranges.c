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

#include "filter/ir-private.h"

#define MOST_NUMBERS 8

/* What a value can be: one of a few numbers, or anything in a range but a few numbers. None of 0 numbers: no way here. */
struct possible {
	bool reached;
	bool few;
	uint8_t count;
	uint32_t numbers[MOST_NUMBERS]; /* those that it can be, or those that it can't */
	uint32_t low;
	uint32_t high;
	uint32_t zero_bits;
};

/* Effort is bounded: values times blocks of a program that no person wrote. */
#define MOST_WORK (1u << 24)

static bool contains(const struct possible *p, uint32_t k)
{
	for (uint8_t i = 0; i < p->count; i++)
		if (p->numbers[i] == k)
			return true;
	return false;
}

static bool can_be(const struct possible *p, uint32_t k)
{
	if (p->few)
		return contains(p, k);
	return k >= p->low && k <= p->high && (k & p->zero_bits) == 0 && !contains(p, k);
}

/* Keeps of few numbers those for which the test has the outcome. */
static void select_numbers(struct possible *p, const struct block *test, bool outcome)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < p->count; i++)
		if (ir_outcome(test->op, p->numbers[i], test->operand->k) == outcome)
			p->numbers[kept++] = p->numbers[i];
	p->count = kept;
}

static void exclude(struct possible *p, uint32_t k)
{
	if (k == p->low && p->low < p->high)
		p->low++;
	else if (k == p->high && p->low < p->high)
		p->high--;
	else if (p->count < MOST_NUMBERS && !contains(p, k))
		p->numbers[p->count++] = k;
}

/* Narrows by a test of the value itself that had an outcome. */
static void narrow(struct possible *p, const struct block *test, bool outcome)
{
	uint32_t k = test->operand->k;

	if (p->few) {
		select_numbers(p, test, outcome);
		return;
	}
	switch (test->op) {
	case TEST_EQ:
		if (outcome) {
			bool possible = can_be(p, k);
			*p = (struct possible){.reached = true, .few = true, .count = possible, .numbers = {k}};
		} else {
			exclude(p, k);
		}
		break;
	case TEST_GT:
		if (outcome && k >= p->low)
			p->low = k + 1;
		if (!outcome && k < p->high)
			p->high = k;
		break;
	case TEST_GE:
		if (outcome && k > p->low)
			p->low = k;
		if (!outcome && k <= p->high)
			p->high = k - 1;
		break;
	default:
		if (!outcome)
			p->zero_bits |= k;
		break;
	}
}

/* Few numbers as a range; at least one. */
static void widen(struct possible *p)
{
	if (!p->few)
		return;
	p->low = UINT32_MAX;
	p->high = 0;
	p->zero_bits = UINT32_MAX;
	for (uint8_t i = 0; i < p->count; i++) {
		p->low = p->numbers[i] < p->low ? p->numbers[i] : p->low;
		p->high = p->numbers[i] > p->high ? p->numbers[i] : p->high;
		p->zero_bits &= ~p->numbers[i];
	}
	p->few = false;
	p->count = 0;
}

/* What it can be coming by either way. */
static void join(struct possible *at, const struct possible *other)
{
	struct possible both = *at, second = *other;

	if (!other->reached || (other->few && other->count == 0))
		return;
	if (!at->reached || (at->few && at->count == 0)) {
		*at = *other;
		return;
	}
	if (at->few && other->few) {
		for (uint8_t i = 0; i < other->count && both.count < MOST_NUMBERS; i++)
			if (!contains(&both, other->numbers[i]))
				both.numbers[both.count++] = other->numbers[i];
		bool all = true;
		for (uint8_t i = 0; i < other->count; i++)
			all &= contains(&both, other->numbers[i]);
		if (all) {
			*at = both;
			return;
		}
		both = *at;
	}
	widen(&both);
	widen(&second);
	*at = (struct possible){.reached = true,
		.low = both.low < second.low ? both.low : second.low,
		.high = both.high > second.high ? both.high : second.high,
		.zero_bits = both.zero_bits & second.zero_bits};
	/* What neither can be. */
	for (uint8_t i = 0; i < both.count; i++)
		if (!can_be(other, both.numbers[i]) && at->count < MOST_NUMBERS)
			at->numbers[at->count++] = both.numbers[i];
	for (uint8_t i = 0; i < second.count; i++)
		if (!contains(&both, second.numbers[i]) && !can_be(&both, second.numbers[i]) &&
			at->count < MOST_NUMBERS)
			at->numbers[at->count++] = second.numbers[i];
}

/* 1 if the test's outcome is yes whatever the value is, 0 if no, -1 if it can be either. */
static int outcome_for(const struct possible *p, const struct block *test)
{
	uint32_t k = test->operand->k;
	uint8_t yes = 0;

	if (p->few) {
		for (uint8_t i = 0; i < p->count; i++)
			yes += ir_outcome(test->op, p->numbers[i], k);
		return p->count == 0 ? -1 : yes == p->count ? 1 : yes == 0 ? 0 : -1;
	}
	switch (test->op) {
	case TEST_EQ:
		return !can_be(p, k) ? 0 : p->low == p->high ? 1 : -1;
	case TEST_GT:
		return p->low > k ? 1 : p->high <= k ? 0 : -1;
	case TEST_GE:
		return p->low >= k ? 1 : p->high < k ? 0 : -1;
	default:
		return (k & ~p->zero_bits) == 0 ? 0 : -1;
	}
}

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

	while (tests_value(to, value) && (outcome = outcome_for(p, to)) >= 0) {
		uint32_t position = g->position[to->number];
		to = outcome ? g->yes[position] : g->no[position];
		g->changed = true;
	}
	return to;
}

static void carry(struct graph *g, const struct value *value)
{
	memset(g->at, 0, g->count * sizeof(*g->at));
	g->at[0] = (struct possible){
		.reached = true, .high = ir_largest(value), .zero_bits = ~ir_possible_bits(value)};
	for (size_t i = 0; i < g->count; i++) {
		struct block *b = g->order[i];
		if (b->yes == NULL || !g->at[i].reached)
			continue;
		struct possible yes = g->at[i], no = g->at[i];
		if (tests_value(b, value)) {
			narrow(&yes, b, true);
			narrow(&no, b, false);
		}
		g->yes[i] = follow(g, value, &yes, g->yes[i]);
		g->no[i] = follow(g, value, &no, g->no[i]);
		join(&g->at[g->position[g->yes[i]->number]], &yes);
		join(&g->at[g->position[g->no[i]->number]], &no);
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

	g.order = ir_order(ir, &g.count);
	g.yes = arena_alloc(ir->scratch, (g.count + 1) * sizeof(*g.yes));
	g.no = arena_alloc(ir->scratch, (g.count + 1) * sizeof(*g.no));
	g.position = arena_alloc(ir->scratch, (ir->block_count + 1) * sizeof(*g.position));
	g.at = arena_alloc(ir->scratch, (g.count + 1) * sizeof(*g.at));
	const struct value **values = arena_alloc(ir->scratch, (ir->value_count + 1) * sizeof(*values));
	if (ir_failed(ir))
		return -1;
	for (size_t i = 0; i < g.count; i++) {
		g.position[g.order[i]->number] = (uint32_t)i;
		g.yes[i] = g.order[i]->yes;
		g.no[i] = g.order[i]->no;
	}
	size_t found = find_values(&g, values);
	for (size_t i = 0; i < found && i * g.count < MOST_WORK; i++)
		carry(&g, values[i]);
	if (g.changed)
		ir_relink(ir, g.order, g.count, g.yes, g.no);
	return ir_failed(ir) ? -1 : g.changed;
}
