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

#include <math.h>
#include <string.h>

/* Effort is bounded: this is for filters that a person wrote, and not for lists. */
#define MOST_BLOCKS 200
#define MOST_FACTS 20000
#define MOST_TRIALS 4000
#define MOST_NEW_BLOCKS 20000

/* How much longer a program may become for one instruction less on a packet. */
#define RUN_WEIGHT 1

/* Of a block that tests what no other block tests: nothing that is known tells its outcome. */
#define ALONE UINT32_MAX

/*
 * A variable is a value that is tested against constants, or a test of another kind, which is 0 or 1; only those that
 * more than one block tests are followed. What one can be is carried from the root through the graph, narrowed by each
 * test of it and joined where ways meet.
 */
struct graph {
	struct ir *ir;
	struct block **order;
	size_t count;
	size_t variables;
	uint32_t *position; /* by block number */
	uint32_t *variable; /* by position: of its test */
	uint64_t *below;    /* by position: the variables tested there or further down, a bit each (see bit()) */
	uint64_t others;    /* variables that are not tested against constants, a bit each */
	uint32_t *edges;    /* by position: that lead there */
	uint64_t *known;    /* by position: the variables of which something is known there */
	const struct possible **first; /* by variable: what it can be if nothing is known */
	const struct possible **at;    /* by position, a row of variables each */
	bool *reached;                 /* by position: some way leads there */
	struct block **entered; /* by position: the first block that is left of that, as it is in the graph */
	struct block **left;    /* by position: what is left of a block */
	/* Of a part of the graph, by position: */
	bool *marked;
	int8_t *outcome;
	uint32_t followed[2]; /* variables; or ALONE */
	const struct possible **inside[2];
};

/* Variables can share a bit: it then tells of any of them. */
static uint64_t bit(uint32_t variable)
{
	return variable != ALONE ? UINT64_C(1) << variable % 64 : 0;
}

static bool is_against_constant(const struct block *b)
{
	return b->kind == BLOCK_TEST && b->operand->kind == VALUE_CONST;
}

/* Whether two tests are of the same variable. */
static bool same_variable(const struct block *a, const struct block *b)
{
	if (a->value != b->value || is_against_constant(a) != is_against_constant(b))
		return false;
	return is_against_constant(a) ||
	       (a->kind == b->kind && a->op == b->op && a->operand == b->operand && a->k == b->k &&
		       a->ipv6 == b->ipv6 && a->protocol == b->protocol && a->end == b->end);
}

/* Numbers the variables that more than one block tests. */
static bool find_variables(struct graph *g)
{
	const struct block *tests[MOST_BLOCKS];
	uint32_t number[MOST_BLOCKS], found = 0;

	for (size_t i = 0; i < g->count; i++) {
		uint32_t v = 0;
		g->variable[i] = ALONE;
		if (g->order[i]->yes == NULL)
			continue;
		while (v < found && !same_variable(tests[v], g->order[i]))
			v++;
		if (v == found) {
			tests[found] = g->order[i];
			number[found++] = ALONE;
		} else if (number[v] == ALONE) {
			number[v] = g->variables++;
		}
		g->variable[i] = v;
	}
	g->first = arena_alloc_raw(g->ir->scratch, (g->variables + 1) * sizeof(*g->first));
	if (g->first == NULL)
		return false;
	for (uint32_t v = 0; v < found; v++) {
		if (number[v] == ALONE)
			continue;
		if (!is_against_constant(tests[v]))
			g->others |= bit(number[v]);
		g->first[number[v]] = is_against_constant(tests[v])
					      ? possible_at_first(g->ir->scratch, tests[v]->value)
					      : possible_bit(g->ir->scratch);
	}
	for (size_t i = 0; i < g->count; i++)
		if (g->variable[i] != ALONE)
			g->variable[i] = number[g->variable[i]];
	return g->variables > 0 && !ir_failed(g->ir);
}

static const struct possible *narrowed(
	const struct graph *g, const struct possible *p, const struct block *b, bool outcome)
{
	return is_against_constant(b) ? possible_narrowed(g->ir->scratch, p, b, outcome)
				      : possible_number(g->ir->scratch, outcome);
}

static int outcome_of(const struct possible *p, const struct block *b)
{
	if (p == NULL)
		return -1;
	if (is_against_constant(b))
		return possible_outcome(p, b);
	return p->ranges[0].low == p->ranges[0].high ? (int)p->ranges[0].low : -1;
}

static const struct possible **facts_at(const struct graph *g, size_t position)
{
	return g->at + position * g->variables;
}

static bool is_reached(const struct graph *g, size_t position)
{
	return g->reached[position];
}

static size_t target_of(const struct graph *g, size_t position, bool outcome)
{
	const struct block *b = g->order[position];

	return g->position[(outcome ? b->yes : b->no)->number];
}

/* What is known on the edge from the block at a position; false if it leads nowhere. */
static bool facts_on(const struct graph *g, size_t position, bool outcome, const struct possible **facts)
{
	const struct block *b = g->order[position];
	uint32_t own = g->variable[position];

	memcpy(facts, facts_at(g, position), g->variables * sizeof(*facts));
	if (own == ALONE)
		return true;
	int decided = outcome_of(facts[own], b);
	if (decided >= 0 && decided != outcome)
		return false;
	facts[own] = narrowed(g, facts[own], b, outcome);
	return facts[own] != NULL;
}

/* Takes what is known on an edge to the block that it leads to, as far as it is asked for from there on. */
static void carry_to(struct graph *g, size_t position, const struct possible **facts)
{
	const struct possible **at = facts_at(g, position);

	for (uint32_t v = 0; v < g->variables; v++)
		if ((g->below[position] & bit(v)) != 0)
			at[v] = possible_joined(g->ir->scratch, at[v], facts[v]);
	g->reached[position] = true;
}

static void carry(struct graph *g, const struct possible **facts)
{
	memcpy(g->at, g->first, g->variables * sizeof(*g->at));
	g->reached[0] = true;
	for (size_t i = 0; i < g->count; i++) {
		if (!g->reached[i] || g->below[i] == 0)
			continue;
		for (uint32_t v = 0; v < g->variables; v++)
			if ((g->below[i] & bit(v)) != 0 && !possible_same(facts_at(g, i)[v], g->first[v]))
				g->known[i] |= bit(v);
		for (int outcome = 0; outcome <= 1; outcome++)
			if (facts_on(g, i, outcome, facts))
				carry_to(g, target_of(g, i, outcome), facts);
	}
}

static void look_below(struct graph *g)
{
	for (size_t i = g->count; i-- > 0;) {
		g->below[i] = bit(g->variable[i]);
		if (g->order[i]->yes != NULL)
			g->below[i] |= g->below[target_of(g, i, true)] | g->below[target_of(g, i, false)];
	}
}

/*
 * Whether anything that is known on an edge can decide a test behind it: something must be known of what is tested
 * there, or the first test there must tell of another. This is quick to see, and mostly not so.
 */
static bool can_decide(const struct graph *g, size_t position, size_t target)
{
	if (g->order[target]->yes == NULL)
		return false;
	uint64_t known = g->known[position] | bit(g->variable[position]);
	uint64_t after = g->below[target_of(g, target, true)] | g->below[target_of(g, target, false)];
	return (known & g->below[target]) != 0 || (bit(g->variable[target]) & after) != 0;
}

/*
 * Whether as much may be known on an edge to this target as decides a test. Where it is the only edge there, no more is
 * known than in the graph as a whole, where the passes before have left nothing to decide, but for tests of other kinds
 * than against a constant.
 */
static bool can_tell_more(const struct graph *g, size_t target)
{
	return g->edges[target] > 1 || (g->others & g->below[target]) != 0;
}

/* Whether it could be that anything is found; known[] are the variables that are tested before, for now. */
static bool may_find(struct graph *g)
{
	bool may = false;

	for (size_t i = 0; i < g->count; i++)
		for (int outcome = 0; outcome <= 1 && g->order[i]->yes != NULL; outcome++) {
			size_t to = target_of(g, i, outcome);
			g->edges[to]++;
			g->known[to] |= g->known[i] | bit(g->variable[i]);
		}
	for (size_t i = 0; i < g->count && !may; i++)
		for (int outcome = 0; outcome <= 1 && g->order[i]->yes != NULL; outcome++) {
			size_t to = target_of(g, i, outcome);
			may |= can_tell_more(g, to) && can_decide(g, i, to);
		}
	memset(g->known, 0, g->count * sizeof(*g->known));
	return may;
}

/* NULL if there is nothing to find. */
static struct graph *find_facts(struct ir *ir, const struct possible ***facts)
{
	struct graph *g = arena_alloc(ir->scratch, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->ir = ir;
	g->order = ir_order(ir, &g->count);
	g->position = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*g->position));
	g->variable = arena_alloc_raw(ir->scratch, (g->count + 1) * sizeof(*g->variable));
	if (ir_failed(ir) || g->count > MOST_BLOCKS || !find_variables(g) || g->variables * g->count > MOST_FACTS)
		return NULL;
	for (size_t i = 0; i < g->count; i++)
		g->position[g->order[i]->number] = (uint32_t)i;
	g->below = arena_alloc_raw(ir->scratch, (g->count + 1) * sizeof(*g->below));
	g->known = arena_alloc(ir->scratch, (g->count + 1) * sizeof(*g->known));
	g->edges = arena_alloc(ir->scratch, (g->count + 1) * sizeof(*g->edges));
	if (ir_failed(ir))
		return NULL;
	look_below(g);
	if (!may_find(g))
		return NULL;
	g->entered = arena_alloc_raw(ir->scratch, (g->count + 1) * sizeof(struct block *));
	g->left = arena_alloc_raw(ir->scratch, (g->count + 1) * sizeof(struct block *));
	g->reached = arena_alloc(ir->scratch, g->count + 1);
	g->marked = arena_alloc_raw(ir->scratch, g->count + 1);
	g->outcome = arena_alloc_raw(ir->scratch, (g->count + 1) * sizeof(*g->outcome));
	for (int i = 0; i < 2; i++)
		g->inside[i] = arena_alloc_raw(ir->scratch, (g->count + 1) * sizeof(*g->inside[i]));
	g->at = arena_alloc(ir->scratch, (g->variables * g->count + 1) * sizeof(*g->at));
	*facts = arena_alloc_raw(ir->scratch, (g->variables + 1) * sizeof(**facts));
	if (ir_failed(ir))
		return NULL;
	carry(g, *facts);
	return g;
}

/*
 * What a block's variable can be in a part of the graph that is entered with facts. Of two variables, that of the
 * part's first test and that of the test before, what the part's own tests tell is added.
 */
static const struct possible *facts_inside(
	const struct graph *g, size_t position, const struct possible *const *facts)
{
	for (int i = 0; i < 2; i++)
		if (g->variable[position] == g->followed[i])
			return g->inside[i][position];
	return facts[g->variable[position]];
}

static void enter(struct graph *g, size_t from, size_t position, int outcome)
{
	for (int i = 0; i < 2; i++) {
		const struct possible *p = g->inside[i][from];
		if (!g->marked[position])
			g->inside[i][position] = NULL;
		/* Only where it is tested further down does it matter. */
		if ((g->below[position] & bit(g->followed[i])) == 0)
			continue;
		if (p != NULL && g->variable[from] == g->followed[i])
			p = narrowed(g, p, g->order[from], outcome);
		g->inside[i][position] = possible_joined(g->ir->scratch, g->inside[i][position], p);
	}
	g->marked[position] = true;
}

/* Finds the blocks of the part, and notes where the outcome of a test is known; false if it is nowhere. */
static bool walk(struct graph *g, size_t from, const struct possible *const *facts)
{
	bool any = false;

	memset(g->marked + from, 0, g->count - from);
	g->marked[from] = true;
	for (int i = 0; i < 2; i++)
		if (g->followed[i] != ALONE)
			g->inside[i][from] = facts[g->followed[i]];
	for (size_t i = from; i < g->count; i++) {
		if (!g->marked[i] || g->order[i]->yes == NULL)
			continue;
		g->outcome[i] = -1;
		if (g->variable[i] != ALONE)
			g->outcome[i] = (int8_t)outcome_of(facts_inside(g, i, facts), g->order[i]);
		any |= g->outcome[i] >= 0;
		if (g->outcome[i] != 0)
			enter(g, i, target_of(g, i, true), 1);
		if (g->outcome[i] != 1)
			enter(g, i, target_of(g, i, false), 0);
	}
	return any;
}

/* What is left of a block where the facts hold; with it in g->entered: the block that is asked first there. */
static struct block *restricted(struct graph *g, struct block *target, const struct possible *const *facts)
{
	size_t from = g->position[target->number];

	g->entered[from] = target;
	if (!walk(g, from, facts))
		return target;
	for (size_t i = g->count; i-- > from;) {
		struct block *b = g->order[i];
		if (!g->marked[i])
			continue;
		g->left[i] = g->entered[i] = b;
		if (b->yes == NULL)
			continue;
		size_t to_yes = target_of(g, i, true), to_no = target_of(g, i, false);
		struct block *yes = g->left[to_yes], *no = g->left[to_no];
		if (g->outcome[i] >= 0) {
			g->left[i] = g->outcome[i] ? yes : no;
			g->entered[i] = g->entered[g->outcome[i] ? to_yes : to_no];
		} else if (yes != b->yes || no != b->no) {
			g->left[i] = ir_rebuild(g->ir, b, yes, no);
			if (yes == no && g->entered[to_yes] == g->entered[to_no])
				g->entered[i] = g->entered[to_yes];
		}
		if (g->left[i] == NULL)
			return NULL;
	}
	return g->left[from];
}

/* Tries the edge with another target; true if the graph is better now. */
static bool try_target(
	struct graph *g, size_t position, bool outcome, struct block *target, better_function *better)
{
	struct block *b = g->order[position];
	struct block *instead = ir_rebuild(g->ir, b, outcome ? target : b->yes, outcome ? b->no : target);
	struct cost cost;

	return ir_measure(g->ir, &cost) &&
	       ir_try(g->ir, ir_replaced(g->ir, g->order, position, instead), &cost, better);
}

/*
 * Tries to shorten the edge: to what is left of its target, or, where new blocks for that would make the program longer,
 * to the first block that still has something to ask.
 */
static bool try_edge(
	struct graph *g, size_t position, bool outcome, const struct possible **facts, better_function *better)
{
	size_t to = target_of(g, position, outcome);
	struct block *target = g->order[to];

	if (!facts_on(g, position, outcome, facts))
		return false;
	g->followed[0] = g->variable[position];
	g->followed[1] = g->variable[to];
	struct block *left = restricted(g, target, facts), *entered = g->entered[to];
	if (left == NULL || left == target)
		return false;
	return try_target(g, position, outcome, left, better) ||
	       (entered != target && entered != left && try_target(g, position, outcome, entered, better));
}

struct effort {
	uint32_t trials;
	uint32_t new_blocks; /* and forgotten again */
};

/* Whether a test behind some edge is decided by what is known there. */
static bool decides_any(struct graph *g, const struct possible **facts)
{
	for (size_t i = 0; i < 2 * g->count; i++) {
		if (g->order[i / 2]->yes == NULL || !is_reached(g, i / 2))
			continue;
		size_t to = target_of(g, i / 2, i % 2 == 0);
		if (!can_tell_more(g, to) || !can_decide(g, i / 2, to) || !facts_on(g, i / 2, i % 2 == 0, facts))
			continue;
		g->followed[0] = g->variable[i / 2];
		g->followed[1] = g->variable[to];
		if (walk(g, to, facts))
			return true;
	}
	return false;
}

/* Finds what is known and tries the edges, until one makes the graph better. */
static bool shorten_an_edge(struct ir *ir, better_function *better, struct effort *effort)
{
	const struct possible **facts;
	struct graph *g = find_facts(ir, &facts);

	bool any = g != NULL && decides_any(g, facts);

	ir->least = INFINITY;
	for (size_t i = 0; any && i < 2 * g->count; i++) {
		if (g->order[i / 2]->yes == NULL || !is_reached(g, i / 2) ||
			!can_decide(g, i / 2, target_of(g, i / 2, i % 2 == 0)))
			continue;
		if (effort->trials++ > MOST_TRIALS || effort->new_blocks > MOST_NEW_BLOCKS)
			return false;
		uint32_t blocks = ir->block_count;
		struct scratch_mark mark = ir_scratch_mark(ir);
		if (try_edge(g, i / 2, i % 2 == 0, facts, better))
			return true;
		ir_scratch_release(ir, &mark);
		effort->new_blocks += ir->block_count - blocks;
		ir_forget(ir, blocks);
	}
	ir->tried = ir->root;
	return false;
}

static int shorten_edges(struct ir *ir, better_function *better)
{
	struct effort effort = {0};
	struct scratch_mark mark = ir_scratch_mark(ir);
	bool changed = false;

	while (shorten_an_edge(ir, better, &effort)) {
		changed = true;
		ir_scratch_release(ir, &mark);
	}
	return ir_failed(ir) ? -1 : changed;
}

static double weighed(const struct cost *cost)
{
	return cost->length + RUN_WEIGHT * cost->run;
}

static bool is_shorter(struct ir *ir, const struct cost *a, const struct cost *b)
{
	if (weighed(a) < ir->least)
		ir->least = weighed(a);
	return a->length < b->length || (a->length == b->length && a->run < b->run - 1e-6);
}

int pass_restrict(struct ir *ir)
{
	if (ir->root == ir->tried)
		return 0;
	return shorten_edges(ir, is_shorter);
}

static bool is_faster(struct ir *ir, const struct cost *a, const struct cost *b)
{
	return weighed(a) < weighed(b) - 1e-6 && a->length <= ir_longest(ir);
}

int pass_split(struct ir *ir)
{
	struct cost cost;

	/* What was tried in vain for a shorter program need not be tried again if none of it was faster. */
	if (ir->root == ir->tried &&
		(ir->least == INFINITY || (ir_measure(ir, &cost) && ir->least >= weighed(&cost) - 1e-6)))
		return 0;
	int changed = shorten_edges(ir, is_faster);
	ir->tried = NULL; /* for a faster program, not for a shorter one */
	return changed;
}
