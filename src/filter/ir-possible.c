/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a value can be: ranges, and bits that are known. Where there are more ranges than there is room for, those next
 * to each other become one: what is known may be less than what is so, but never more.
 */
#include "filter/ir-possible.h"

#include <string.h>

static struct possible *between(struct arena *scratch, uint32_t low, uint32_t high)
{
	struct possible *p = arena_alloc_raw(scratch, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->count = 1;
	p->zero_bits = p->one_bits = p->some_bits = 0;
	p->ranges[0] = (struct range){low, high};
	return p;
}

const struct possible *possible_at_first(struct arena *scratch, const struct value *value)
{
	struct possible *p = between(scratch, 0, value->largest);

	if (p != NULL)
		p->zero_bits = ~value->bits;
	return p;
}

const struct possible *possible_bit(struct arena *scratch)
{
	return between(scratch, 0, 1);
}

const struct possible *possible_number(struct arena *scratch, uint32_t number)
{
	return between(scratch, number, number);
}

/* Makes room: joins the two ranges with the smallest gap between them. */
static void join_nearest(struct range *ranges, uint32_t *count)
{
	uint32_t nearest = 0;

	for (uint32_t i = 1; i + 1 < *count; i++)
		if (ranges[i + 1].low - ranges[i].high < ranges[nearest + 1].low - ranges[nearest].high)
			nearest = i;
	ranges[nearest].high = ranges[nearest + 1].high;
	for (uint32_t i = nearest + 1; i + 1 < *count; i++)
		ranges[i] = ranges[i + 1];
	--*count;
}

/* Adds a range at the end, where low does not lie before those that are there. */
static void append(struct range *ranges, uint32_t *count, uint32_t low, uint32_t high)
{
	struct range *last = &ranges[*count - 1];

	if (*count > 0 && (last->high == UINT32_MAX || low <= last->high + 1)) {
		if (high > last->high)
			last->high = high;
		return;
	}
	ranges[(*count)++] = (struct range){low, high};
}

/* Takes out what lies between low and high. */
static void take_out(struct possible *p, uint32_t low, uint32_t high)
{
	struct range left[MOST_RANGES + 1];
	uint32_t first = 0, count = 0, last;

	while (first < p->count && p->ranges[first].high < low)
		first++;
	for (last = first; last < p->count && p->ranges[last].low <= high; last++) {
		struct range r = p->ranges[last];
		if (r.low < low)
			left[count++] = (struct range){r.low, low - 1};
		if (r.high > high)
			left[count++] = (struct range){high + 1, r.high};
	}
	if (first == last)
		return;
	while (last < p->count)
		left[count++] = p->ranges[last++];
	if (first + count > MOST_RANGES) {
		memmove(left + first, left, count * sizeof(*left));
		memcpy(left, p->ranges, first * sizeof(*left));
		count += first;
		first = 0;
		join_nearest(left, &count);
	}
	memcpy(p->ranges + first, left, count * sizeof(*left));
	p->count = first + count;
}

static void keep_between(struct possible *p, uint32_t low, uint32_t high)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		struct range r = p->ranges[i];
		if (r.high < low || r.low > high)
			continue;
		p->ranges[kept++] = (struct range){r.low > low ? r.low : low, r.high < high ? r.high : high};
	}
	p->count = kept;
}

/* Whether a number has the bits that are known. */
static bool fits(const struct possible *p, uint32_t k)
{
	return (k & p->zero_bits) == 0 && (p->one_bits & ~k) == 0 && (p->some_bits == 0 || (p->some_bits & k) != 0);
}

static bool can_be(const struct possible *p, uint32_t k)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->ranges[i].low <= k && k <= p->ranges[i].high)
			return fits(p, k);
	return false;
}

/* Takes out single numbers whose bits are not as they are known to be, or for which the test has another outcome. */
static void check_numbers(struct possible *p, const struct block *test, bool outcome)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t k = p->ranges[i].low;
		if (k != p->ranges[i].high || (fits(p, k) && ir_outcome(test->op, k, test->operand->k) == outcome))
			p->ranges[kept++] = p->ranges[i];
	}
	p->count = kept;
}

static void narrow(struct possible *p, const struct block *test, bool outcome)
{
	uint32_t k = test->operand->k;

	switch (test->op) {
	case TEST_EQ:
		if (outcome)
			keep_between(p, k, k);
		else
			take_out(p, k, k);
		break;
	case TEST_GT:
		if (!outcome)
			keep_between(p, 0, k);
		else if (k == UINT32_MAX)
			p->count = 0;
		else
			keep_between(p, k + 1, UINT32_MAX);
		break;
	case TEST_GE:
		if (outcome)
			keep_between(p, k, UINT32_MAX);
		else if (k == 0)
			p->count = 0;
		else
			keep_between(p, 0, k - 1);
		break;
	default:
		if (!outcome)
			p->zero_bits |= k;
		else if ((k & (k - 1)) == 0)
			p->one_bits |= k;
		else
			p->some_bits = k;
		break;
	}
	check_numbers(p, test, outcome);
}

const struct possible *possible_narrowed(
	struct arena *scratch, const struct possible *p, const struct block *test, bool outcome)
{
	struct possible *narrowed = arena_alloc_raw(scratch, sizeof(*narrowed));

	if (narrowed == NULL)
		return p;
	narrowed->count = p->count;
	narrowed->zero_bits = p->zero_bits;
	narrowed->one_bits = p->one_bits;
	narrowed->some_bits = p->some_bits;
	memcpy(narrowed->ranges, p->ranges, p->count * sizeof(p->ranges[0]));
	narrow(narrowed, test, outcome);
	return narrowed->count > 0 ? narrowed : NULL;
}

bool possible_same(const struct possible *a, const struct possible *b)
{
	if (a == b)
		return true;
	if (a->count != b->count || a->zero_bits != b->zero_bits || a->one_bits != b->one_bits ||
		a->some_bits != b->some_bits)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (a->ranges[i].low != b->ranges[i].low || a->ranges[i].high != b->ranges[i].high)
			return false;
	return true;
}

const struct possible *possible_joined(struct arena *scratch, const struct possible *a, const struct possible *b)
{
	struct range both[2 * MOST_RANGES];
	uint32_t count = 0, i = 0, j = 0;

	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	struct possible *joined = possible_same(a, b) ? NULL : arena_alloc_raw(scratch, sizeof(*joined));
	if (joined == NULL)
		return a;
	while (i < a->count || j < b->count) {
		bool first = j == b->count || (i < a->count && a->ranges[i].low <= b->ranges[j].low);
		const struct range *next = first ? &a->ranges[i++] : &b->ranges[j++];
		append(both, &count, next->low, next->high);
	}
	while (count > MOST_RANGES)
		join_nearest(both, &count);
	joined->count = count;
	joined->zero_bits = a->zero_bits & b->zero_bits;
	joined->one_bits = a->one_bits & b->one_bits;
	joined->some_bits = a->some_bits == b->some_bits ? a->some_bits : 0;
	memcpy(joined->ranges, both, count * sizeof(both[0]));
	return joined;
}

/* The outcome if all ranges are single numbers and have the same one; otherwise -1. */
static int outcome_of_numbers(const struct possible *p, const struct block *test)
{
	uint32_t yes = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		if (p->ranges[i].low != p->ranges[i].high)
			return -1;
		yes += ir_outcome(test->op, p->ranges[i].low, test->operand->k);
	}
	return yes == p->count ? 1 : yes == 0 ? 0 : -1;
}

int possible_outcome(const struct possible *p, const struct block *test)
{
	uint32_t k = test->operand->k;

	uint32_t low = p->ranges[0].low, high = p->ranges[p->count - 1].high;
	switch (test->op) {
	case TEST_EQ:
		return !can_be(p, k) ? 0 : low == high ? 1 : -1;
	case TEST_GT:
		return low > k ? 1 : high <= k ? 0 : -1;
	case TEST_GE:
		return low >= k ? 1 : high < k ? 0 : -1;
	default:
		if ((k & p->one_bits) != 0 || (p->some_bits != 0 && (p->some_bits & ~k) == 0))
			return 1;
		if ((k & ~p->zero_bits) == 0)
			return 0;
		return outcome_of_numbers(p, test);
	}
}
