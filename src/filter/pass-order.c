/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In a row of tests of which each can lead to the same place (as they do that must all succeed, or of which one is
 * enough), tests of the same value come together, and
 * first those of the value that is at hand; a row of many numbers becomes a search. Needs: any graph. Keeps: what the
 * program accepts, but for packets that end before a value that is now loaded later: a test only moves to a place
 * where its value has been loaded already. Lowers: the loads on the ways through the row.
 */
#include "filter/ir-private.h"

/* What is known of the ways into a block. */
struct way_in {
	const struct value *value; /* that all the tests which lead here have loaded; NULL if they differ */
	uint32_t edges;
};

static void note_edge(struct way_in *in, const struct block *from)
{
	const struct value *value = from->kind == BLOCK_TEST ? from->value : NULL;

	in->value = in->edges == 0 || in->value == value ? value : NULL;
	in->edges++;
}

struct row_test {
	struct block *block;
	bool out_by; /* the outcome that leads out of the row */
};

/* A row: each test is reached from the one before alone, and one of its ways leads out of the row, for all the same. */
struct row {
	struct ir *ir;
	bool wide;              /* what is known on the ways out may be put in, so that more of them are the same */
	bool widened;           /* that was needed */
	struct row_test *tests; /* in order */
	size_t count;
	struct block *way_out;
	struct block *out;  /* the same, made anew */
	struct block *rest; /* where the last leads otherwise, made anew */
};

/* So many tests on the way out are passed by for what the last so many of the row have told. */
#define FARTHEST 4

static struct block *way(const struct block *b, bool outcome)
{
	return outcome ? b->yes : b->no;
}

/* What comes of a test after another that had an outcome: 1, 0, or -1 if that does not tell. */
static int told(const struct block *test, const struct block *passed, bool outcome)
{
	if (test->kind != BLOCK_TEST || passed->op != TEST_EQ || test->value != passed->value ||
		test->operand->kind != VALUE_CONST || passed->operand->kind != VALUE_CONST)
		return -1;
	if (outcome)
		return ir_outcome(test->op, passed->operand->k, test->operand->k);
	return test->op == TEST_EQ && test->operand == passed->operand ? 0 : -1;
}

/* Whether a test that comes next leads to where the row leads out, past tests whose outcome is known then. */
static bool leads_out(struct row *row, const struct block *next, bool outcome)
{
	struct block *out = row->way_out;

	if (out == way(next, outcome) || !row->wide)
		return out == way(next, outcome);
	for (int i = 0; i <= FARTHEST && out != way(next, outcome); i++) {
		int known = told(out, next, outcome);
		for (size_t j = row->count; known < 0 && j > 0 && row->count - j < FARTHEST; j--)
			known = told(out, row->tests[j - 1].block, !row->tests[j - 1].out_by);
		if (known < 0)
			return false;
		out = way(out, known);
	}
	row->widened |= out == way(next, outcome);
	return out == way(next, outcome);
}

/* Adds the test that comes next; false if there is none. */
static bool add_next(struct row *row, const struct way_in *in)
{
	const struct row_test *last = &row->tests[row->count - 1];
	struct block *next = way(last->block, !last->out_by);

	if (next->kind != BLOCK_TEST || in[next->number].edges != 1)
		return false;
	struct row_test test = {next, leads_out(row, next, true)};
	if (!test.out_by && !leads_out(row, next, false))
		return false;
	row->tests[row->count++] = test;
	return true;
}

static void find_row(struct row *row, struct block *first, const struct way_in *in)
{
	for (int out_by = 1; out_by >= 0; out_by--) {
		row->way_out = way(first, out_by);
		row->tests[0] = (struct row_test){first, out_by};
		row->count = 1;
		row->widened = false;
		while (add_next(row, in))
			;
		if (row->count > 1)
			return;
	}
}

/* Where tests of a row go: into groups, which come one after the other. */
struct grouping {
	const struct value *held;
	uint32_t *of_value; /* by value number: the group of its tests; 0: none yet */
	uint32_t count;
	uint32_t last[2]; /* group with a test for a number, by the outcome that leads out */
};

/*
 * The group of the next test: that of its value, the first if that is at hand. One against another value may need both
 * registers, and stays alone. Few packets have a number that is asked for: so a test for one that leads out does not
 * come before those that lead out without theirs, nor the other way round.
 */
static uint32_t group_of(struct grouping *g, const struct row_test *test)
{
	const struct block *b = test->block;
	uint32_t *of_value = &g->of_value[b->value->number], group = *of_value;
	bool in_first = group == 0 && b->value == g->held;

	if (b->operand->kind != VALUE_CONST)
		return g->count++;
	if ((group == 0 && !in_first) || (b->op == TEST_EQ && g->last[!test->out_by] > group))
		group = *of_value = g->count++;
	if (b->op == TEST_EQ && group > g->last[test->out_by])
		g->last[test->out_by] = group;
	return group;
}

/* Brings tests of one value together, in the order of their first. */
static bool sort_row(struct row *row, const struct value *held, struct row_test *sorted, uint32_t *group_of_value)
{
	struct arena *scratch = row->ir->scratch;
	struct grouping grouping = {.held = held, .of_value = group_of_value, .count = 1};
	uint32_t *group = arena_alloc_raw(scratch, row->count * sizeof(*group));
	size_t *start = arena_alloc(scratch, (row->count + 2) * sizeof(*start));
	bool changed = false;

	if (ir_failed(row->ir))
		return false;
	for (size_t i = 0; i < row->count; i++)
		group[i] = group_of(&grouping, &row->tests[i]);
	for (size_t i = 0; i < row->count; i++) {
		group_of_value[row->tests[i].block->value->number] = 0;
		start[group[i] + 1]++;
		changed |= i > 0 && group[i] < group[i - 1];
	}
	for (uint32_t g = 1; g <= grouping.count; g++)
		start[g] += start[g - 1];
	for (size_t i = 0; i < row->count; i++)
		sorted[start[group[i]]++] = row->tests[i];
	return changed;
}

static bool is_number(const struct row_test *test)
{
	return test->out_by && test->block->op == TEST_EQ && test->block->operand->kind == VALUE_CONST;
}

/* Whether two tests that follow each other look for numbers of one value. */
static bool are_numbers(const struct row_test *tests)
{
	return is_number(&tests[0]) && is_number(&tests[1]) && tests[0].block->value == tests[1].block->value;
}

static struct block *make_search(struct row *row, size_t first, size_t count, struct block *next)
{
	struct range *ranges = arena_alloc(row->ir->scratch, count * sizeof(*ranges));

	if (ranges == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		ranges[i].low = ranges[i].high = row->tests[first + i].block->operand->k;
	return ir_in_ranges(row->ir, row->tests[first].block->value, ranges, count, row->out, next);
}

/* Makes the tests of the row, and what follows them. */
static struct block *make_row(struct row *row)
{
	struct block *next = row->rest;

	for (size_t end = row->count; end > 0 && next != NULL;) {
		size_t first = end - 1;
		while (first > 0 && are_numbers(&row->tests[first - 1]))
			first--;
		if (end - first > IR_FEW_NUMBERS) {
			next = make_search(row, first, end - first, next);
			end = first;
			continue;
		}
		const struct row_test *test = &row->tests[--end];
		next = ir_rebuild(
			row->ir, test->block, test->out_by ? row->out : next, test->out_by ? next : row->out);
	}
	return next;
}

static bool has_search(const struct row *row)
{
	size_t numbers = 1;

	for (size_t i = 1; i < row->count && numbers <= IR_FEW_NUMBERS; i++)
		numbers = are_numbers(&row->tests[i - 1]) ? numbers + 1 : 1;
	return numbers > IR_FEW_NUMBERS;
}

struct reordering {
	struct ir *ir;
	struct way_in *in;
	struct block **made;  /* by block number */
	struct row_test *row; /* room for a row, and for it sorted */
	struct row_test *sorted;
	uint32_t *group_of_value; /* by value number; all 0 between rows */
	bool *inside;             /* by block number: in a row, and not its first */
};

/*
 * The row that begins with a block, sorted; whether it gains anything by being made anew. A wide one loses what was
 * known on its ways out, and gains only if its value at hand comes first for it.
 */
static bool find_gain(struct reordering *r, struct block *b, struct row *row)
{
	const struct value *held = r->in[b->number].value;

	for (int wide = 1; wide >= 0; wide--) {
		*row = (struct row){.ir = r->ir, .wide = wide, .tests = r->row};
		find_row(row, b, r->in);
		if (row->count < 2)
			return false;
		bool sorted = sort_row(row, held, r->sorted, r->group_of_value);
		if (row->widened &&
			(!sorted || r->row[0].block->value == held || r->sorted[0].block->value != held))
			continue;
		row->tests = r->sorted;
		return !ir_failed(r->ir) && (sorted || has_search(row));
	}
	return false;
}

/* Notes which tests are in a row, and not its first; whether any row gains by being made anew. */
static bool find_rows(struct reordering *r, struct block **order, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (order[i]->yes == NULL)
			continue;
		note_edge(&r->in[order[i]->yes->number], order[i]);
		note_edge(&r->in[order[i]->no->number], order[i]);
	}
	for (size_t i = 0; i < count; i++) {
		struct row row;
		if (order[i]->kind != BLOCK_TEST || r->inside[order[i]->number])
			continue;
		any |= find_gain(r, order[i], &row);
		for (size_t j = 1; j < row.count; j++)
			r->inside[r->row[j].block->number] = true;
	}
	return any;
}

/* Makes the row that begins with a block anew, if that gains anything; otherwise the block alone. */
static struct block *remake(struct reordering *r, struct block *b)
{
	struct row row;

	if (b->kind == BLOCK_TEST && !r->inside[b->number] && find_gain(r, b, &row)) {
		const struct row_test *last = &r->row[row.count - 1];
		row.out = r->made[row.way_out->number];
		row.rest = r->made[way(last->block, !last->out_by)->number];
		return make_row(&row);
	}
	if (b->yes == NULL || (r->made[b->yes->number] == b->yes && r->made[b->no->number] == b->no))
		return b;
	return ir_rebuild(r->ir, b, r->made[b->yes->number], r->made[b->no->number]);
}

int pass_order(struct ir *ir)
{
	size_t count, blocks = ir->block_count + 1;
	struct block **order = ir_order(ir, &count);
	struct reordering r = {.ir = ir,
		.in = arena_alloc(ir->scratch, blocks * sizeof(*r.in)),
		.made = arena_alloc_raw(ir->scratch, blocks * sizeof(*r.made)),
		.row = arena_alloc_raw(ir->scratch, blocks * sizeof(*r.row)),
		.sorted = arena_alloc_raw(ir->scratch, blocks * sizeof(*r.sorted)),
		.group_of_value = arena_alloc(ir->scratch, (ir->value_count + 1) * sizeof(*r.group_of_value)),
		.inside = arena_alloc(ir->scratch, blocks)};

	if (ir_failed(ir))
		return -1;
	if (!find_rows(&r, order, count))
		return ir_failed(ir) ? -1 : 0;
	for (size_t i = count; !ir_failed(ir) && i-- > 0;)
		r.made[order[i]->number] = remake(&r, order[i]);
	if (ir_failed(ir))
		return -1;
	ir->root = r.made[order[0]->number];
	return 1;
}
