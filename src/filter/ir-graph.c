/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The graph as a whole: its blocks in order, the loop over the passes, and the check that keeps passes honest.
 */
#include "filter/ir.h"

#include "filter/ir-private.h"

/*
 * Depth first, each block after all that it leads to, then turned round; no recursion, since an expression can make a
 * graph of any depth. The way on for "no" is followed first, so that "yes" comes to stand right after its test.
 */
struct block **ir_order(struct ir *ir, size_t *count)
{
	enum { UNSEEN, SEEN, DONE };
	if (ir->order.root == ir->root && ir->root != NULL && !ir_failed(ir)) {
		*count = ir->order.count;
		return ir->order.blocks;
	}
	struct block **order = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*order));
	struct arena_mark mark = arena_mark(ir->scratch);
	struct block **stack = arena_alloc_raw(ir->scratch, (2 * (size_t)ir->block_count + 2) * sizeof(*stack));
	uint8_t *state = arena_alloc(ir->scratch, ir->block_count + 1);
	size_t depth = 0, n = 0;

	if (ir_failed(ir) || ir->root == NULL)
		return NULL;
	stack[depth++] = ir->root;
	while (depth > 0) {
		struct block *b = stack[depth - 1];
		if (state[b->number] == UNSEEN) {
			state[b->number] = SEEN;
			if (b->yes != NULL && state[b->yes->number] == UNSEEN)
				stack[depth++] = b->yes;
			if (b->no != NULL && state[b->no->number] == UNSEEN)
				stack[depth++] = b->no;
			continue;
		}
		depth--;
		if (state[b->number] != DONE) {
			state[b->number] = DONE;
			order[n++] = b;
		}
	}
	for (size_t i = 0; i < n / 2; i++) {
		struct block *swap = order[i];
		order[i] = order[n - 1 - i];
		order[n - 1 - i] = swap;
	}
	arena_rewind(ir->scratch, mark);
	ir->order = (struct order){ir->root, order, n};
	*count = n;
	return order;
}

struct scratch_mark ir_scratch_mark(const struct ir *ir)
{
	return (struct scratch_mark){arena_mark(ir->scratch), ir->order};
}

void ir_scratch_release(struct ir *ir, const struct scratch_mark *mark)
{
	arena_rewind(ir->scratch, mark->place);
	ir->order = mark->order;
}

/*
 * Makes the graph anew from its end, with the ways on that were found; made[] is by block number. A block that is
 * only led to by edges that now pass it by is simply not used again.
 */
void ir_relink(struct ir *ir, struct block **order, size_t count, struct block **yes, struct block **no)
{
	struct block **made = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*made));

	if (made == NULL)
		return;
	for (size_t i = count; i-- > 0;) {
		struct block *b = order[i];
		made[b->number] = b;
		if (b->yes != NULL && (made[yes[i]->number] != b->yes || made[no[i]->number] != b->no))
			made[b->number] = ir_rebuild(ir, b, made[yes[i]->number], made[no[i]->number]);
		if (made[b->number] == NULL)
			return;
	}
	ir->root = made[order[0]->number];
}

struct block *ir_replaced(struct ir *ir, struct block **order, size_t position, struct block *with)
{
	struct block **made = arena_alloc(ir->scratch, (ir->block_count + 1) * sizeof(*made));

	if (made == NULL || with == NULL)
		return NULL;
	made[order[position]->number] = with;
	for (size_t i = position; i-- > 0;) {
		struct block *b = order[i];
		struct block *yes = made[b->yes->number], *no = made[b->no->number];
		if (yes == NULL && no == NULL)
			continue;
		made[b->number] = ir_rebuild(ir, b, yes != NULL ? yes : b->yes, no != NULL ? no : b->no);
		if (made[b->number] == NULL)
			return NULL;
	}
	return made[order[0]->number];
}

struct pass {
	const char *name;
	int (*run)(struct ir *ir);
};

/*
 * Each pass needs a graph that ir_verify() accepts and leaves one. Each says that it changed something only when the
 * tests or, with as many tests, the loads on some path from the root have become fewer and on none more, or, of those
 * that try, when the measured cost has become less; so that the loop over them ends.
 */
static const struct pass passes[] = {
	{"implied", pass_implied},     /* a test whose outcome is known from all ways to it is passed by */
	{"ranges", pass_ranges},       /* the same, by what the ways to it have in common */
	{"redundant", pass_redundant}, /* a test that those after it make needless is left out */
	{"order", pass_order},         /* tests of one value come together, of the value at hand first */
};

/* When those find nothing more: what tries something compares it with what they leave. */
static const struct pass trying_passes[] = {
	{"restrict", pass_restrict}, /* an edge leads to what is left of its target by what is known on it */
};

/* Once after those, when nothing that would make a way for them is left to find. */
static const struct pass last_passes[] = {
	{"swap", pass_swap},         /* tests for two numbers of a value change places if that makes it shorter */
	{"restrict", pass_restrict}, /* as above */
	{"split", pass_split},       /* the same, where that makes it faster and a little longer */
};

/* A round of passes that leaves out less than this part of the blocks is the last. */
#define WORTHWHILE 64
/* The first round's gain may be no more than a better order, for the second to make use of. */
#define ROUNDS_AT_LEAST 3

/* What passes leave that try something can make way for the others, and so on; few graphs take more than two. */
#define MOST_TRYING_ROUNDS 8

/* Only such graphs are those that passes try things with, for which it matters how long the program was at first. */
#define SMALL 2000

static size_t reachable(struct ir *ir)
{
	size_t count = 0;

	ir_order(ir, &count);
	return count;
}

/* Between passes the scratch memory, which is empty at base, has the graph's order alone. */
static int run_passes(
	struct ir *ir, const struct scratch_mark *base, const struct pass *table, size_t count, bool *changed)
{
	for (size_t i = 0; i < count; i++) {
		struct scratch_mark mark = ir_scratch_mark(ir);
		int status = table[i].run(ir);
		if (status < 0)
			return -1;
		ir_scratch_release(ir, status > 0 ? base : &mark);
		reachable(ir);
		if (status > 0 && ir->watch != NULL)
			ir->watch(ir, table[i].name, ir->watch_context);
		*changed |= status > 0;
	}
	return 0;
}

/*
 * Rounds go on for as long as they gain something that is worth their time: so there are at most as many as it takes
 * to come down to one block by steps of 1/64, and the time is near to linear, also for an expression where each gain
 * makes way for the next.
 */
static int run_rounds(struct ir *ir, const struct scratch_mark *base)
{
	size_t before, after = reachable(ir);
	bool changed = true;

	for (int round = 1; changed; round++) {
		before = after;
		changed = false;
		if (run_passes(ir, base, passes, sizeof(passes) / sizeof(passes[0]), &changed) < 0)
			return -1;
		after = reachable(ir);
		changed &= round < ROUNDS_AT_LEAST || (before > after && (before - after) * WORTHWHILE >= before);
	}
	return 0;
}

static int run_all(struct ir *ir)
{
	struct scratch_mark base = ir_scratch_mark(ir);
	bool changed = true;

	ir->first = reachable(ir) <= SMALL ? ir->root : NULL;
	for (int round = 1; changed && round <= MOST_TRYING_ROUNDS; round++) {
		changed = false;
		if (run_rounds(ir, &base) < 0 ||
			run_passes(ir, &base, trying_passes, sizeof(trying_passes) / sizeof(trying_passes[0]),
				&changed) < 0)
			return -1;
	}
	return run_passes(ir, &base, last_passes, sizeof(last_passes) / sizeof(last_passes[0]), &changed);
}

int ir_optimize(struct ir *ir)
{
	struct arena scratch;

	arena_init(&scratch, ir->arena->limit);
	ir->scratch = &scratch;
	ir->order = (struct order){0};
	int status = run_all(ir);
	ir->arena->failed |= scratch.failed;
	ir->scratch = ir->arena;
	ir->order = (struct order){0};
	arena_free(&scratch);
	return ir->arena->failed ? -1 : status;
}

static const char *verify_block(const struct ir *ir, const struct block *b, const size_t *position)
{
	if (b->kind == BLOCK_ACCEPT || b->kind == BLOCK_REJECT)
		return b == ir->accept || b == ir->reject ? NULL : "a return that is not the graph's own";
	if (b->yes == NULL || b->no == NULL)
		return "a test with one way on";
	if (b->yes == b->no)
		return "a test that decides nothing";
	if (position[b->yes->number] <= position[b->number] || position[b->no->number] <= position[b->number])
		return "a way back";
	if (b->kind == BLOCK_TEST && (b->value == NULL || b->operand == NULL))
		return "a test of nothing";
	if (b->kind == BLOCK_TEST && b->value->kind == VALUE_CONST && b->operand->kind == VALUE_CONST)
		return "a test of constants";
	return NULL;
}

/* For one value that tells where a chain ended: by block number, whether it is told on all ways there. */
struct told {
	const struct value *end;
	uint8_t *walked; /* by value number: 1 if end is no part of it */
	uint8_t *at;
};

enum { UNREACHED, UNTOLD, TOLD };

static bool asks_for_end(const struct told *told, const struct value *value)
{
	if (value == NULL || !value->behind_chain || told->walked[value->number])
		return false;
	told->walked[value->number] = 1;
	if (value->kind == VALUE_CHAIN_END) {
		told->walked[value->number] = value != told->end;
		return value == told->end;
	}
	bool asks = asks_for_end(told, value->left) || asks_for_end(told, value->right) ||
		    asks_for_end(told, value->tested);
	told->walked[value->number] = !asks;
	return asks;
}

static void tell(const struct told *told, const struct block *to, bool is_told)
{
	if (told->at[to->number] != UNTOLD)
		told->at[to->number] = is_told ? TOLD : UNTOLD;
}

static bool is_told(const struct told *told, struct block **order, size_t count)
{
	told->at[order[0]->number] = UNTOLD;
	for (size_t i = 0; i < count; i++) {
		const struct block *b = order[i];
		bool here = told->at[b->number] == TOLD;
		if (!here && (asks_for_end(told, b->value) || asks_for_end(told, b->operand)))
			return false;
		if (b->yes == NULL)
			continue;
		tell(told, b->yes, here || (b->kind == BLOCK_CHAIN && b->end == told->end));
		tell(told, b->no, here);
	}
	return true;
}

/* The values that tell where chains ended, each asked for only behind blocks that tell it. */
static bool verify_ends(const struct ir *ir, struct block **order, size_t count)
{
	for (size_t i = 0; i < ir->value_buckets; i++)
		for (const struct value *v = ir->value_table[i]; v != NULL; v = v->next_in_bucket) {
			if (v->kind != VALUE_CHAIN_END)
				continue;
			struct told told = {v, arena_alloc(ir->scratch, ir->value_count),
				arena_alloc(ir->scratch, ir->block_count)};
			if (told.walked != NULL && told.at != NULL && !is_told(&told, order, count))
				return false;
		}
	return true;
}

const char *ir_verify(const struct ir *ir)
{
	struct ir copy = *ir;
	size_t count;
	struct block **order = ir_order(&copy, &count);
	size_t *position = arena_alloc(ir->scratch, (ir->block_count + 1) * sizeof(*position));

	if (order == NULL || position == NULL)
		return NULL; /* no memory, which is told elsewhere */
	for (size_t i = 0; i < count; i++)
		position[order[i]->number] = i;
	for (size_t i = 0; i < count; i++) {
		const char *wrong = verify_block(ir, order[i], position);
		if (wrong != NULL)
			return wrong;
	}
	return verify_ends(ir, order, count) ? NULL : "a test of the end of a chain that has not been followed";
}
