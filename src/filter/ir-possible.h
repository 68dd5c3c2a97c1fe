/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a value can be at a place in the graph, as far as the tests on the ways there tell. For passes.
 */
#ifndef WEIR_FILTER_IR_POSSIBLE_H
#define WEIR_FILTER_IR_POSSIBLE_H

#include "filter/ir-private.h"

#define MOST_RANGES 10

/*
 * It lies in one of the ranges (sorted, not touching), these bits of it are 0, those 1, and of others some is 1. Without
 * ranges: no way here.
 */
struct possible {
	uint32_t count;
	uint32_t zero_bits;
	uint32_t one_bits;
	uint32_t some_bits; /* 0: nothing is known */
	struct range ranges[MOST_RANGES];
};

/* Copies no more than there is. */
static inline void possible_copy(struct possible *to, const struct possible *from)
{
	to->count = from->count;
	to->zero_bits = from->zero_bits;
	to->one_bits = from->one_bits;
	to->some_bits = from->some_bits;
	for (uint32_t i = 0; i < from->count; i++)
		to->ranges[i] = from->ranges[i];
}

/* What is known of a value from its own form. */
void possible_at_first(struct possible *p, const struct value *value);
/* One of the numbers from low to high. */
void possible_between(struct possible *p, uint32_t low, uint32_t high);
bool possible_same(const struct possible *a, const struct possible *b);
/* Narrows by a test of the value against a constant, which had this outcome. */
void possible_narrow(struct possible *p, const struct block *test, bool outcome);
/* What it can be coming by either way. */
void possible_join(struct possible *at, const struct possible *other);
/* 1 if the test's outcome is yes whatever the value is, 0 if no, -1 if it can be either or there is no way here. */
int possible_outcome(const struct possible *p, const struct block *test);

#endif
