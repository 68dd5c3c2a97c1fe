/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a value can be at a place in the graph, as far as the tests on the ways there tell. For passes.
 */
#ifndef WEIR_FILTER_IR_POSSIBLE_H
#define WEIR_FILTER_IR_POSSIBLE_H

#include "filter/ir-private.h"

#define MOST_RANGES 10

/*
 * It lies in one of the ranges (sorted, not touching), these bits of it are 0, those 1, and of others some is 1.
 */
struct possible {
	uint32_t count;
	uint32_t zero_bits;
	uint32_t one_bits;
	uint32_t some_bits; /* 0: nothing is known */
	struct range ranges[MOST_RANGES];
};

/*
 * They are made in scratch memory and do not change, so that places where the same is known can share one. NULL: no way
 * here. Without memory, what is returned tells less than is known.
 */

/* What is known of a value from its own form; that it is 0 or 1. */
const struct possible *possible_at_first(struct arena *scratch, const struct value *value);
const struct possible *possible_bit(struct arena *scratch);
/* That it is this number. */
const struct possible *possible_number(struct arena *scratch, uint32_t number);
/* Narrowed by a test of the value against a constant, which had this outcome. */
const struct possible *possible_narrowed(
	struct arena *scratch, const struct possible *p, const struct block *test, bool outcome);
/* What it can be coming by either way. */
const struct possible *possible_joined(struct arena *scratch, const struct possible *a, const struct possible *b);
bool possible_same(const struct possible *a, const struct possible *b);
/* 1 if the test's outcome is yes whatever the value is, 0 if no, -1 if it can be either. */
int possible_outcome(const struct possible *p, const struct block *test);

#endif
