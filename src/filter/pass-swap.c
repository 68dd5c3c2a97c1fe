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

/* What a block's code is like, whatever value is tested: two with different shapes never share it. */
static uint64_t shape(const struct block *b, uint64_t yes, uint64_t no)
{
	uint64_t hash = b->kind * 8 + b->op;

	if (b->operand != NULL && b->operand->kind == VALUE_CONST)
		hash = (hash << 32) + b->operand->k + 1;
	hash = hash * 0x9e3779b97f4a7c15 + yes;
	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9 + no;
	return hash ^ hash >> 32;
}

struct shapes {
	uint64_t *of;   /* by block number, of those in order */
	uint8_t *edges; /* by block number: how many ways lead there, up to 2 */
	struct block **order;
	size_t count;
};

static void note_edge(uint8_t *edges)
{
	*edges += *edges < 2;
}

static void find_shapes(struct ir *ir, struct shapes *shapes)
{
	shapes->order = ir_order(ir, &shapes->count);
	shapes->of = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*shapes->of));
	shapes->edges = arena_alloc(ir->scratch, ir->block_count + 1);
	for (size_t i = ir_failed(ir) ? 0 : shapes->count; i-- > 0;) {
		const struct block *b = shapes->order[i];
		shapes->of[b->number] = b->kind;
		if (b->yes == NULL)
			continue;
		shapes->of[b->number] = shape(b, shapes->of[b->yes->number], shapes->of[b->no->number]);
		note_edge(&shapes->edges[b->yes->number]);
		note_edge(&shapes->edges[b->no->number]);
	}
}

static bool has_shape(const struct shapes *shapes, uint64_t wanted)
{
	for (size_t i = 0; i < shapes->count; i++)
		if (shapes->of[shapes->order[i]->number] == wanted)
			return true;
	return false;
}

/*
 * Whether a change of places can make the program shorter: there is code that either test could share then, or the
 * second is reached from elsewhere, too, so that its value is not at hand.
 */
static bool can_gain(const struct block *b, const struct block *next, const struct shapes *shapes)
{
	const uint64_t *of = shapes->of;
	uint64_t second = shape(b, of[b->yes->number], of[next->no->number]);

	return shapes->edges[next->number] > 1 || has_shape(shapes, second) ||
	       has_shape(shapes, shape(next, of[next->yes->number], second));
}

/* The block in the place of b, with the test that follows it first; NULL if they cannot change places, or need not. */
static struct block *swapped(struct ir *ir, struct block *b, const struct shapes *shapes)
{
	struct block *next = b->no;

	if (!is_number(b) || !is_number(next) || b->value != next->value || b->operand == next->operand ||
		!can_gain(b, next, shapes))
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
	struct shapes shapes;
	bool changed = false;

	find_shapes(ir, &shapes);
	if (ir_failed(ir) || shapes.count > MOST_BLOCKS)
		return ir_failed(ir) ? -1 : 0;
	for (size_t i = 0, trials = 0; i < shapes.count && trials < MOST_TRIALS && !ir_failed(ir); i++) {
		uint32_t blocks = ir->block_count;
		struct scratch_mark mark = ir_scratch_mark(ir);
		struct block *first = swapped(ir, shapes.order[i], &shapes);
		struct cost cost;
		if (first == NULL)
			continue;
		trials++;
		bool kept = ir_measure(ir, &cost) &&
			    ir_try(ir, ir_replaced(ir, shapes.order, i, first), &cost, is_shorter);
		ir_scratch_release(ir, &mark);
		if (kept) {
			changed = true;
			find_shapes(ir, &shapes);
			i = (size_t)-1;
		} else {
			ir_forget(ir, blocks);
		}
	}
	return ir_failed(ir) ? -1 : changed;
}
