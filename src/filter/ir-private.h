/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the intermediate form share with each other and with its passes, and nobody else needs.
 */
#ifndef WEIR_FILTER_IR_PRIVATE_H
#define WEIR_FILTER_IR_PRIVATE_H

#include "filter/ir.h"

/* left op right as the filter machine computes it; division by 0 and shifts out of range give 0. */
uint32_t ir_compute(uint16_t op, uint32_t left, uint32_t right);

/* Whether a value is base with constants applied to it; the number that it has if base is k. */
bool ir_follows(const struct value *value, const struct value *base, uint32_t k, uint32_t *number);

/* Whether memory has run out. */
static inline bool ir_failed(const struct ir *ir)
{
	return ir->arena->failed || ir->scratch->failed;
}

/* What a test comes to for two known numbers. */
bool ir_outcome(enum test_op op, uint32_t value, uint32_t operand);

/*
 * The reachable blocks, each before those that it leads to, in scratch memory and not to be changed; *count of them.
 * NULL without memory.
 */
struct block **ir_order(struct ir *ir, size_t *count);

/* A place in the scratch memory, to go back to: what was allocated after it is given back. */
struct scratch_mark {
	struct arena_mark place;
	struct order order;
};

struct scratch_mark ir_scratch_mark(const struct ir *ir);
void ir_scratch_release(struct ir *ir, const struct scratch_mark *mark);
/* A block's test made anew, with its ways on as they are now: folded, or the block that is there already. */
struct block *ir_rebuild(struct ir *ir, struct block *block, struct block *yes, struct block *no);

/*
 * Makes the graph anew with other ways on, by position in order: the block itself, or one that comes later in order.
 * Blocks that nothing leads to any more are left out.
 */
void ir_relink(struct ir *ir, struct block **order, size_t count, struct block **yes, struct block **no);

/* The graph's root with another block in place of the one at a position in order: one of those after it, or new. */
struct block *ir_replaced(struct ir *ir, struct block **order, size_t position, struct block *with);

/* Forgets the blocks that were made since there were count of them; nothing may lead to them any more. */
void ir_forget(struct ir *ir, uint32_t count);

/* A pass: finds what it is for and does it; 1 if the graph has changed, 0 if not, -1 when memory has run out. */
int pass_implied(struct ir *ir);
int pass_ranges(struct ir *ir);
int pass_redundant(struct ir *ir);
int pass_order(struct ir *ir);
int pass_restrict(struct ir *ir);
int pass_split(struct ir *ir);
int pass_swap(struct ir *ir);

/* Whether one cost is better than another, in a strict order: so that a pass that only goes to better ones ends. */
typedef bool better_function(struct ir *ir, const struct cost *a, const struct cost *b);

/* lower-measure.c: what the graph costs; false if it cannot be lowered, or is so long that nothing is to be tried. */
bool ir_measure(struct ir *ir, struct cost *cost);
/* The program may become so long where that makes it faster: as long as it was before the passes. */
uint32_t ir_longest(struct ir *ir);
/* Makes root the graph's, with what follows from that, if its cost is better than that given, which it becomes. */
bool ir_try(struct ir *ir, struct block *root, struct cost *cost, better_function *better);

/* Lowering a protochain loop (lower-chain.c); the registers hold nothing known after it. */
struct code;
void lower_chain(struct code *code, const struct block *block);

#endif
