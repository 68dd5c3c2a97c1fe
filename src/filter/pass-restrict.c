/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An edge leads to what is left of its target when all that is known there is put in, down to the end: of "port 80 and
 * udp", a TCP packet need not be asked for its ports. Needs: any graph. Keeps: what the program accepts, but for
 * packets too short for a test that is left out. Lowers: the program's length, or with the same length the
 * instructions run on packets.
 *
 * What is left can be blocks that are there already, or new ones; whether that makes the program better is found by
 * trying.
 */
#include "filter/ir-possible.h"

#include <string.h>

/* Effort is bounded: this is for filters that a person wrote, and not for lists. */
#define MOST_BLOCKS 200
#define MOST_FACTS 20000
#define MOST_TRIALS 4000
#define MOST_NEW_BLOCKS 20000

/* How much longer a program may become for one instruction less on a packet. */
#define RUN_WEIGHT 1

/*
 * A variable is a value that is tested against constants, or a test of another kind, which is 0 or 1. What it can be
 * is carried from the root through the graph, narrowed by each test of it and joined where ways meet.
 */
struct graph {
	struct ir *ir;
	struct block **order;
	size_t count;
	size_t variables;
	uint32_t *position;  /* by block number */
	uint32_t *variable;  /* by position: of its test */
	struct possible *at; /* by position, a row of variables each */
	struct block **left; /* by position: what is left of a block */
	/* Of a part of the graph, by position: */
	bool *marked;
	int *outcome;
	uint32_t followed[2]; /* variables */
	struct possible *inside[2];
};

static bool is_against_constant(const struct block *b)
{
	return b->kind == BLOCK_TEST && b->operand->kind == VALUE_CONST;
}

/* Whether two tests are of the same variable. */
static bool same_variable(const struct block *a, const struct block *b)
{
	if (is_against_constant(a) || is_against_constant(b))
		return is_against_constant(a) && is_against_constant(b) && a->value == b->value;
	return a->kind == b->kind && a->op == b->op && a->value == b->value && a->operand == b->operand &&
	       a->k == b->k && a->ipv6 == b->ipv6 && a->protocol == b->protocol;
}

static void find_variables(struct graph *g)
{
	const struct block **first = arena_alloc(g->ir->scratch, (g->count + 1) * sizeof(*first));

	for (size_t i = 0; first != NULL && i < g->count; i++) {
		uint32_t v = 0;
		if (g->order[i]->yes == NULL)
			continue;
		while (v < g->variables && !same_variable(first[v], g->order[i]))
			v++;
		if (v == g->variables)
			first[g->variables++] = g->order[i];
		g->variable[i] = v;
	}
}

static void narrow(struct possible *p, const struct block *b, bool outcome)
{
	if (is_against_constant(b))
		possible_narrow(p, b, outcome);
	else
		*p = possible_between(outcome, outcome);
}

static int outcome_of(const struct possible *p, const struct block *b)
{
	if (is_against_constant(b))
		return possible_outcome(p, b);
	return p->ranges[0].low == p->ranges[0].high ? (int)p->ranges[0].low : -1;
}

static struct possible *facts_at(const struct graph *g, size_t position)
{
	return g->at + position * g->variables;
}

/* What is known on the edge from the block at a position; false if it leads nowhere. */
static bool facts_on(const struct graph *g, size_t position, bool outcome, struct possible *facts)
{
	const struct block *b = g->order[position];
	struct possible *own = &facts[g->variable[position]];

	memcpy(facts, facts_at(g, position), g->variables * sizeof(*facts));
	int decided = outcome_of(own, b);
	if (decided >= 0 && decided != outcome)
		return false;
	narrow(own, b, outcome);
	return own->count > 0;
}

static void carry(struct graph *g, struct possible *facts)
{
	for (size_t v = 0; v < g->variables; v++)
		for (size_t i = 0; i < g->count; i++)
			if (g->order[i]->yes != NULL && g->variable[i] == v) {
				g->at[v] = is_against_constant(g->order[i]) ? possible_at_first(g->order[i]->value)
									    : possible_between(0, 1);
				break;
			}
	for (size_t i = 0; i < g->count; i++) {
		struct block *b = g->order[i];
		if (b->yes == NULL || facts_at(g, i)->count == 0)
			continue;
		for (int outcome = 0; outcome <= 1; outcome++) {
			if (!facts_on(g, i, outcome, facts))
				continue;
			struct possible *to = facts_at(g, g->position[(outcome ? b->yes : b->no)->number]);
			for (size_t v = 0; v < g->variables; v++)
				possible_join(&to[v], &facts[v]);
		}
	}
}

static struct graph *find_facts(struct ir *ir, struct possible **facts)
{
	struct graph *g = arena_alloc(ir->scratch, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->ir = ir;
	g->order = ir_order(ir, &g->count);
	g->position = arena_alloc(ir->scratch, (ir->block_count + 1) * sizeof(*g->position));
	g->variable = arena_alloc(ir->scratch, (g->count + 1) * sizeof(*g->variable));
	g->left = arena_alloc(ir->scratch, (g->count + 1) * sizeof(struct block *));
	g->marked = arena_alloc(ir->scratch, g->count + 1);
	g->outcome = arena_alloc(ir->scratch, (g->count + 1) * sizeof(*g->outcome));
	for (int i = 0; i < 2; i++)
		g->inside[i] = arena_alloc(ir->scratch, (g->count + 1) * sizeof(*g->inside[i]));
	if (ir_failed(ir) || g->count > MOST_BLOCKS)
		return NULL;
	for (size_t i = 0; i < g->count; i++)
		g->position[g->order[i]->number] = (uint32_t)i;
	find_variables(g);
	if (g->variables * g->count > MOST_FACTS)
		return NULL;
	g->at = arena_alloc(ir->scratch, (g->variables * g->count + 1) * sizeof(*g->at));
	*facts = arena_alloc(ir->scratch, (g->variables + 1) * sizeof(**facts));
	if (ir_failed(ir))
		return NULL;
	carry(g, *facts);
	return g;
}

/*
 * What a block's variable can be in a part of the graph that is entered with facts. Of two variables, that of the
 * part's first test and that of the test before, what the part's own tests tell is added.
 */
static const struct possible *facts_inside(const struct graph *g, size_t position, const struct possible *facts)
{
	for (int i = 0; i < 2; i++)
		if (g->variable[position] == g->followed[i])
			return &g->inside[i][position];
	return &facts[g->variable[position]];
}

static void enter(struct graph *g, size_t from, size_t position, int outcome)
{
	const struct block *b = g->order[from];

	for (int i = 0; i < 2; i++) {
		struct possible p = g->inside[i][from];
		if (!g->marked[position])
			g->inside[i][position].count = 0;
		if (g->variable[from] == g->followed[i])
			narrow(&p, b, outcome);
		possible_join(&g->inside[i][position], &p);
	}
	g->marked[position] = true;
}

/* Finds the blocks of the part, and notes where the outcome of a test is known. */
static void walk(struct graph *g, size_t from, const struct possible *facts)
{
	memset(g->marked, 0, g->count);
	g->marked[from] = true;
	for (int i = 0; i < 2; i++)
		g->inside[i][from] = facts[g->followed[i]];
	for (size_t i = from; i < g->count; i++) {
		struct block *b = g->order[i];
		if (!g->marked[i] || b->yes == NULL)
			continue;
		g->outcome[i] = outcome_of(facts_inside(g, i, facts), b);
		if (g->outcome[i] != 0)
			enter(g, i, g->position[b->yes->number], 1);
		if (g->outcome[i] != 1)
			enter(g, i, g->position[b->no->number], 0);
	}
}

/* What is left of a block where the facts hold. */
static struct block *restricted(struct graph *g, struct block *target, const struct possible *facts)
{
	size_t from = g->position[target->number];

	walk(g, from, facts);
	for (size_t i = g->count; i-- > from;) {
		struct block *b = g->order[i];
		if (!g->marked[i])
			continue;
		g->left[i] = b;
		if (b->yes == NULL)
			continue;
		struct block *yes = g->left[g->position[b->yes->number]], *no = g->left[g->position[b->no->number]];
		if (g->outcome[i] >= 0)
			g->left[i] = g->outcome[i] ? yes : no;
		else if (yes != b->yes || no != b->no)
			g->left[i] = ir_rebuild(g->ir, b, yes, no);
		if (g->left[i] == NULL)
			return NULL;
	}
	return g->left[from];
}

/* Tries to shorten the edge; true if the graph is better now. */
static bool try_edge(struct graph *g, size_t position, bool outcome, struct possible *facts,
	better_function *better, struct cost *cost)
{
	struct block *b = g->order[position], *target = outcome ? b->yes : b->no;

	if (!facts_on(g, position, outcome, facts))
		return false;
	if (target->yes == NULL)
		return false;
	g->followed[0] = g->variable[position];
	g->followed[1] = g->variable[g->position[target->number]];
	struct block *left = restricted(g, target, facts);
	if (left == NULL || left == target)
		return false;
	struct block *instead = ir_rebuild(g->ir, b, outcome ? left : b->yes, outcome ? b->no : left);
	return ir_try(g->ir, ir_replaced(g->ir, g->order, position, instead), cost, better);
}

struct effort {
	uint32_t trials;
	uint32_t new_blocks; /* and forgotten again */
	struct cost cost;    /* of the graph */
};

/* Finds what is known and tries the edges, until one makes the graph better. */
static bool shorten_an_edge(struct ir *ir, better_function *better, struct effort *effort)
{
	struct possible *facts;
	struct graph *g = find_facts(ir, &facts);

	for (size_t i = 0; g != NULL && i < 2 * g->count; i++) {
		if (g->order[i / 2]->yes == NULL || facts_at(g, i / 2)->count == 0)
			continue;
		if (effort->trials++ > MOST_TRIALS || effort->new_blocks > MOST_NEW_BLOCKS)
			return false;
		uint32_t blocks = ir->block_count;
		if (try_edge(g, i / 2, i % 2 == 0, facts, better, &effort->cost))
			return true;
		effort->new_blocks += ir->block_count - blocks;
		ir_forget(ir, blocks);
	}
	return false;
}

static int shorten_edges(struct ir *ir, better_function *better)
{
	struct effort effort = {0};
	struct arena *outer = ir->scratch;
	bool changed = false, more = ir_measure(ir, &effort.cost);

	while (more) {
		struct arena scratch;
		arena_init(&scratch, ir->arena->limit);
		ir->scratch = &scratch;
		more = shorten_an_edge(ir, better, &effort);
		changed |= more;
		arena_free(&scratch);
	}
	ir->scratch = outer;
	return ir_failed(ir) ? -1 : changed;
}

static bool is_shorter(const struct ir *ir, const struct cost *a, const struct cost *b)
{
	(void)ir;
	return a->length < b->length || (a->length == b->length && a->run < b->run - 1e-6);
}

int pass_restrict(struct ir *ir)
{
	return shorten_edges(ir, is_shorter);
}

static bool is_faster(const struct ir *ir, const struct cost *a, const struct cost *b)
{
	return a->length <= ir->longest && a->length + RUN_WEIGHT * a->run < b->length + RUN_WEIGHT * b->run - 1e-6;
}

int pass_split(struct ir *ir)
{
	return shorten_edges(ir, is_faster);
}
