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

/* What is known of a block of the graph. */
struct place {
	uint64_t shape;
	const struct value *held; /* by all that lead there; NULL if they test different ones */
	uint32_t edges;
};

struct places {
	struct place *of; /* by block number, of those in order */
	struct block **order;
	size_t count;
};

static void note_edge(struct place *to, const struct block *from)
{
	const struct value *value = from->kind == BLOCK_TEST ? from->value : NULL;

	to->held = to->edges == 0 || to->held == value ? value : NULL;
	to->edges++;
}

static void find_places(struct ir *ir, struct places *places)
{
	places->order = ir_order(ir, &places->count);
	places->of = arena_alloc(ir->scratch, (ir->block_count + 1) * sizeof(*places->of));
	for (size_t i = ir_failed(ir) ? 0 : places->count; i-- > 0;) {
		const struct block *b = places->order[i];
		struct place *place = &places->of[b->number];
		place->shape = b->kind;
		if (b->yes == NULL)
			continue;
		place->shape = shape(b, places->of[b->yes->number].shape, places->of[b->no->number].shape);
		note_edge(&places->of[b->yes->number], b);
		note_edge(&places->of[b->no->number], b);
	}
}

/*
 * Whether a test of a value that is at hand can have its code in common with one in the graph. If it is read through an
 * index, its code can be that of another value, read through another index.
 */
static bool can_share(const struct places *places, uint64_t shape, const struct value *value)
{
	for (size_t i = 0; i < places->count; i++) {
		const struct block *b = places->order[i];
		const struct place *place = &places->of[b->number];
		if (place->shape == shape && (value->indexed || b->value == value || b->value == place->held))
			return true;
	}
	return false;
}

/*
 * Whether a change of places can make the program shorter: there is code that the first test could share when it
 * follows the second, or the second is reached from elsewhere, too, so that its value is not at hand.
 */
static bool can_gain(const struct block *b, const struct block *next, const struct places *places)
{
	const struct place *of = places->of;

	return of[next->number].edges > 1 ||
	       can_share(places, shape(b, of[b->yes->number].shape, of[next->no->number].shape), b->value);
}

static bool can_swap(const struct block *b)
{
	return is_number(b) && is_number(b->no) && b->value == b->no->value && b->operand != b->no->operand;
}

/* The block in the place of b, with the test that follows it first, for ways on that were made anew. */
static struct block *swapped(
	struct ir *ir, struct block *b, struct block *yes, struct block *next_yes, struct block *no)
{
	struct block *second = ir_rebuild(ir, b, yes, no);

	return second != NULL ? ir_rebuild(ir, b->no, next_yes, second) : NULL;
}

/* The graph's root with the tests of b changed round; or those of all blocks that are like it, which share code. */
static struct block *swap_at(struct ir *ir, const struct places *places, const struct block *b, bool all)
{
	struct block **made = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*made));
	uint64_t wanted = places->of[b->number].shape;

	for (size_t i = made != NULL ? places->count : 0; i-- > 0;) {
		struct block *at = places->order[i], *next = at->no;
		made[at->number] = at;
		if (at->yes == NULL)
			continue;
		struct block *yes = made[at->yes->number], *no = made[next->number];
		if (at == b || (all && places->of[at->number].shape == wanted && can_swap(at)))
			made[at->number] = swapped(ir, at, yes, made[next->yes->number], made[next->no->number]);
		else if (yes != at->yes || no != next)
			made[at->number] = ir_rebuild(ir, at, yes, no);
		if (made[at->number] == NULL)
			return NULL;
	}
	return made != NULL ? made[places->order[0]->number] : NULL;
}

static bool is_shorter(struct ir *ir, const struct cost *a, const struct cost *b)
{
	(void)ir;
	return a->length < b->length;
}

static bool try_swap(struct ir *ir, const struct places *places, const struct block *b, bool all)
{
	uint32_t blocks = ir->block_count;
	struct scratch_mark mark = ir_scratch_mark(ir);
	struct cost cost;
	bool kept = ir_measure(ir, &cost) && ir_try(ir, swap_at(ir, places, b, all), &cost, is_shorter);

	ir_scratch_release(ir, &mark);
	if (!kept)
		ir_forget(ir, blocks);
	return kept;
}

/* Whether a block is like another, so that they may share their code. */
static bool has_alike(const struct places *places, const struct block *b)
{
	size_t found = 0;

	for (size_t i = 0; i < places->count; i++)
		found += places->of[places->order[i]->number].shape == places->of[b->number].shape;
	return found > 1;
}

int pass_swap(struct ir *ir)
{
	struct places places;
	bool changed = false;

	find_places(ir, &places);
	if (ir_failed(ir) || places.count > MOST_BLOCKS)
		return ir_failed(ir) ? -1 : 0;
	for (size_t i = 0, trials = 0; i < places.count && trials < MOST_TRIALS && !ir_failed(ir); i++) {
		struct block *b = places.order[i];
		if (b->yes == NULL || !can_swap(b) || !can_gain(b, b->no, &places))
			continue;
		trials++;
		if (try_swap(ir, &places, b, false) || (has_alike(&places, b) && try_swap(ir, &places, b, true))) {
			changed = true;
			find_places(ir, &places);
			i = (size_t)-1;
		}
	}
	return ir_failed(ir) ? -1 : changed;
}
