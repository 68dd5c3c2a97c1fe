/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a header starts is often needed on several ways, and computed on each. Here such a value is computed once,
 * before the ways part, if that makes the program shorter.
 */
#include <string.h>

#include <pcap.h>

#include "filter/lower.h"

/* Effort is bounded: each trial lowers the graph. This is for filters that a person wrote, and not for lists. */
#define MOST_BLOCKS 400
#define MOST_WORK 2000000 /* instructions made in trials */

struct early {
	struct code *code;
	struct block_code *blocks;
	size_t count;
	const uint32_t *position;
	bool *holds;         /* by value number, of those that are computed: whether it has the value in it */
	bool *needed;        /* by position: whether every way from a block that accepts computes the value */
	uint64_t *computing; /* by position: the blocks from there on that compute the value, a bit each */
	double cost;
	size_t work;
};

static bool holds(const struct early *e, const struct value *v)
{
	return v != NULL && e->holds[v->number];
}

/* Which values have another in them: operands come before what is made of them. */
static void find_holding(struct early *e, const struct value *value)
{
	const struct value *const *all = e->code->ir->values;

	memset(e->holds, 0, value->number);
	e->holds[value->number] = true;
	for (uint32_t i = value->number + 1; i < e->code->ir->value_count; i++)
		e->holds[i] = holds(e, all[i]->left) || holds(e, all[i]->right) || holds(e, all[i]->tested);
}

/* A packet too short for the value is refused where the value is computed: that must not be earlier than it would be. */
static void find_needed(struct early *e, const struct value *value)
{
	find_holding(e, value);
	for (size_t i = e->count; i-- > 0;) {
		const struct block *b = e->blocks[i].block;
		if (b->yes == NULL)
			e->needed[i] = b->kind == BLOCK_REJECT;
		else
			e->needed[i] =
				holds(e, b->value) || holds(e, b->operand) ||
				(e->needed[e->position[b->yes->number]] && e->needed[e->position[b->no->number]]);
	}
}

static bool is_safe(const struct early *e, size_t position, const struct value *value)
{
	const struct block *b = e->blocks[position].block;

	if (b->kind != BLOCK_TEST)
		return false;
	return e->needed[position] || value->reach <= (b->value->reach != UINT32_MAX ? b->value->reach : 0);
}

/* Finds the blocks that compute the value; false if they are too many. */
static bool find_computing(struct early *e, const struct value *value)
{
	uint32_t found = 0;

	e->code->watched = value;
	lower_blocks(e->code, e->blocks, e->count, e->position);
	e->code->watched = NULL;
	for (size_t i = e->count; i-- > 0;) {
		const struct block *b = e->blocks[i].block;
		e->computing[i] = 0;
		if (b->yes == NULL)
			continue;
		for (uint32_t n = e->blocks[i].computes; n > 0; n--)
			e->computing[i] |= UINT64_C(1) << (found++ % 64);
		e->computing[i] |= e->computing[e->position[b->yes->number]];
		e->computing[i] |= e->computing[e->position[b->no->number]];
	}
	return found <= 64;
}

/* Where a value is computed once only from there on, it is best computed where it is needed. */
static bool can_gain(const struct early *e, size_t position)
{
	return (e->computing[position] & (e->computing[position] - 1)) != 0;
}

static double cost_of(struct early *e)
{
	struct bpf_program program;
	struct cost cost = {.run = 1e9};

	/* The blocks keep what they have grown to. */
	e->work += e->count + lower_blocks(e->code, e->blocks, e->count, e->position);
	struct scratch_mark mark = ir_scratch_mark(e->code->ir);
	if (!e->code->too_deep && code_layout(e->code, e->blocks, e->count, &program) == 0)
		program_cost(&program, e->code->ir->scratch, &cost);
	ir_scratch_release(e->code->ir, &mark);
	return cost.length + cost.run;
}

/* Where a value is computed, and whether it is kept in a scratch word. */
struct choice {
	size_t position; /* at whose block's start; the count of blocks: where it is needed */
	uint8_t slot;
};

/* Lowers the blocks so, and makes it the best if it is. */
static void try_choice(struct early *e, const struct value *value, struct choice choice, struct choice *best)
{
	e->code->slot[value->number] = choice.slot;
	if (choice.position < e->count)
		e->blocks[choice.position].early = value;
	double cost = cost_of(e);
	if (choice.position < e->count)
		e->blocks[choice.position].early = NULL;
	if (cost >= e->cost - 1e-6)
		return;
	e->cost = cost;
	*best = choice;
}

/* Finds where the value is best computed, in the index register alone or with a scratch word. */
static void place_value(struct early *e, const struct value *value, int free_slot)
{
	uint8_t own_slot = e->code->slot[value->number];
	bool few = find_computing(e, value);
	struct choice best = {e->count, own_slot};

	if (own_slot == 0 && free_slot > 0) {
		e->code->slots = free_slot > e->code->slots ? free_slot : e->code->slots;
		try_choice(e, value, (struct choice){e->count, (uint8_t)free_slot}, &best);
	}
	for (size_t i = e->count; i-- > 0 && e->work < MOST_WORK;) {
		if (e->blocks[i].early != NULL || (few && !can_gain(e, i)) || !is_safe(e, i, value))
			continue;
		try_choice(e, value, (struct choice){i, own_slot}, &best);
		if (own_slot == 0 && free_slot > 0)
			try_choice(e, value, (struct choice){i, (uint8_t)free_slot}, &best);
	}
	e->code->slot[value->number] = best.slot;
	if (best.position < e->count)
		e->blocks[best.position].early = value;
}

static int find_free_slot(const struct code *code)
{
	int used = 0;

	for (uint32_t i = 0; i < code->ir->value_count; i++)
		used = code->slot[i] > used ? code->slot[i] : used;
	return used < SCRATCH_VALUES ? used + 1 : 0;
}

void lower_early(struct code *code, struct block_code *blocks, size_t count, const uint32_t *position)
{
	struct early e = {.code = code, .blocks = blocks, .count = count, .position = position};
	uint32_t *computed = NULL;

	if (count > MOST_BLOCKS)
		return;
	for (uint32_t v = code->ir->value_count; v-- > 0 && e.work < MOST_WORK && !ir_failed(code->ir);) {
		if ((computed != NULL ? computed : code->computed)[v] < 2 || code->ir->values[v]->cost < 3 ||
			code->ir->values[v]->behind_chain)
			continue;
		if (computed == NULL) {
			computed = arena_alloc_raw(code->ir->scratch, code->ir->value_count * sizeof(*computed));
			e.needed = arena_alloc_raw(code->ir->scratch, count + 1);
			e.computing = arena_alloc_raw(code->ir->scratch, (count + 1) * sizeof(*e.computing));
			e.holds = arena_alloc_raw(code->ir->scratch, code->ir->value_count);
			if (ir_failed(code->ir))
				return;
			memcpy(computed, code->computed, code->ir->value_count * sizeof(*computed));
			e.cost = cost_of(&e);
		}
		find_needed(&e, code->ir->values[v]);
		place_value(&e, code->ir->values[v], find_free_slot(code));
	}
	if (computed != NULL)
		lower_blocks(code, blocks, count, position);
}
