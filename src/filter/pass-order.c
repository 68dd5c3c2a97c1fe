/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In a row of tests that must all succeed (or of which one is enough), tests of the same value come together, and
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

/* A row: each test is reached from the one before alone, and all have one way out in common. */
struct row {
	struct ir *ir;
	bool any;             /* one that succeeds is enough: the way out is "yes"; otherwise it is "no" */
	struct block **tests; /* in order */
	size_t count;
	struct block *out;  /* the common way out, made anew */
	struct block *rest; /* where the last leads otherwise, made anew */
};

/* So many tests on the way out are passed by for what the last so many of the row have told. */
#define FARTHEST 4

/* What comes of a test after one of the row that was passed: 1, 0, or -1 if that does not tell. */
static int told(const struct block *test, const struct block *passed, bool any)
{
	if (test->kind != BLOCK_TEST || passed->op != TEST_EQ || test->value != passed->value ||
		test->operand->kind != VALUE_CONST || passed->operand->kind != VALUE_CONST)
		return -1;
	if (!any)
		return ir_outcome(test->op, passed->operand->k, test->operand->k);
	return test->op == TEST_EQ && test->operand == passed->operand ? 0 : -1;
}

/* Whether the row's way out leads to a block, past tests whose outcome those of the row tell that were passed. */
static bool leads_out(const struct row *row, struct block *out, const struct block *to)
{
	for (int i = 0; i <= FARTHEST && out != to; i++) {
		int outcome = -1;
		for (size_t j = row->count; outcome < 0 && j > 0 && row->count - j < FARTHEST; j--)
			outcome = told(out, row->tests[j - 1], row->any);
		if (outcome < 0)
			return false;
		out = outcome ? out->yes : out->no;
	}
	return out == to;
}

static struct block *way_out(const struct block *b, bool any)
{
	return any ? b->yes : b->no;
}

/* The test that comes after those of the row; NULL: none. */
static struct block *next_in_row(const struct row *row, const struct way_in *in)
{
	const struct block *last = row->tests[row->count - 1];
	struct block *next = row->any ? last->no : last->yes;

	if (next->kind != BLOCK_TEST || in[next->number].edges != 1)
		return NULL;
	return leads_out(row, way_out(row->tests[0], row->any), way_out(next, row->any)) ? next : NULL;
}

static void find_row(struct row *row, struct block *first, const struct way_in *in)
{
	row->tests[0] = first;
	for (int any = 1; any >= 0; any--) {
		struct block *next;
		row->any = any;
		row->count = 1;
		while ((next = next_in_row(row, in)) != NULL)
			row->tests[row->count++] = next;
		if (row->count > 1)
			return;
	}
}

/* Whether two tests can stand together; one against another value may need both registers, and stays alone. */
static bool belong_together(const struct block *a, const struct block *b)
{
	return a->value == b->value && a->operand->kind == VALUE_CONST && b->operand->kind == VALUE_CONST;
}

/* Brings tests of one value together, in the order of their first; groups[] tells each test's group. */
static bool sort_row(struct row *row, const struct value *held, struct block **sorted, uint32_t *group_of_value)
{
	struct arena *scratch = row->ir->scratch;
	uint32_t *group = arena_alloc(scratch, row->count * sizeof(*group));
	size_t *start = arena_alloc(scratch, (row->count + 2) * sizeof(*start));
	uint32_t groups = 1; /* 0 is for the value at hand */
	bool changed = false;

	if (ir_failed(row->ir))
		return false;
	for (size_t i = 0; i < row->count; i++) {
		const struct block *b = row->tests[i];
		uint32_t *known = &group_of_value[b->value->number];
		if (b->operand->kind != VALUE_CONST)
			group[i] = groups++;
		else if (b->value == held)
			group[i] = 0;
		else
			group[i] = *known != 0 ? *known : (*known = groups++);
	}
	for (size_t i = 0; i < row->count; i++) {
		group_of_value[row->tests[i]->value->number] = 0;
		start[group[i] + 1]++;
		changed |= i > 0 && group[i] < group[i - 1];
	}
	for (uint32_t g = 1; g <= groups; g++)
		start[g] += start[g - 1];
	for (size_t i = 0; i < row->count; i++)
		sorted[start[group[i]]++] = row->tests[i];
	return changed;
}

static bool is_number(const struct row *row, const struct block *b)
{
	return row->any && b->op == TEST_EQ && b->operand->kind == VALUE_CONST;
}

/* The tests from first on, up to count, that look for numbers of one value. */
static size_t count_numbers(const struct row *row, size_t first)
{
	size_t end = first;

	while (end < row->count && is_number(row, row->tests[end]) &&
		belong_together(row->tests[first], row->tests[end]))
		end++;
	return end - first;
}

static struct block *make_search(struct row *row, size_t first, size_t count, struct block *next)
{
	struct range *ranges = arena_alloc(row->ir->scratch, count * sizeof(*ranges));

	if (ranges == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		ranges[i].low = ranges[i].high = row->tests[first + i]->operand->k;
	return ir_in_ranges(row->ir, row->tests[first]->value, ranges, count, row->out, next);
}

/* Makes the tests from first on, and what follows them. */
static struct block *make_row(struct row *row)
{
	struct block *next = row->rest;

	for (size_t end = row->count; end > 0 && next != NULL;) {
		size_t first = end - 1;
		while (first > 0 && is_number(row, row->tests[first]) && is_number(row, row->tests[first - 1]) &&
			belong_together(row->tests[first], row->tests[first - 1]))
			first--;
		if (end - first > IR_FEW_NUMBERS) {
			next = make_search(row, first, end - first, next);
			end = first;
			continue;
		}
		struct block *b = row->tests[--end];
		next = row->any ? ir_rebuild(row->ir, b, row->out, next) : ir_rebuild(row->ir, b, next, row->out);
	}
	return next;
}

static bool has_search(const struct row *row)
{
	for (size_t i = 0; i < row->count;) {
		size_t numbers = count_numbers(row, i);
		if (numbers > IR_FEW_NUMBERS)
			return true;
		i += numbers > 0 ? numbers : 1;
	}
	return false;
}

struct reordering {
	struct ir *ir;
	struct way_in *in;
	struct block **made; /* by block number */
	struct block **row;  /* room for a row, and for it sorted */
	struct block **sorted;
	uint32_t *group_of_value; /* by value number; all 0 between rows */
	bool *inside;             /* by block number: in a row, and not its first */
};

/* The row that begins with a block, sorted; whether it gains anything by being made anew. */
static bool find_gain(struct reordering *r, struct block *b, struct row *row)
{
	*row = (struct row){.ir = r->ir, .tests = r->row};
	find_row(row, b, r->in);
	if (row->count < 2)
		return false;
	bool sorted = sort_row(row, r->in[b->number].value, r->sorted, r->group_of_value);
	row->tests = r->sorted;
	return !ir_failed(r->ir) && (sorted || has_search(row));
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
			r->inside[r->row[j]->number] = true;
	}
	return any;
}

/* Makes the row that begins with a block anew, if that gains anything; otherwise the block alone. */
static struct block *remake(struct reordering *r, struct block *b)
{
	struct row row;

	if (b->kind == BLOCK_TEST && !r->inside[b->number] && find_gain(r, b, &row)) {
		const struct block *last = r->row[row.count - 1];
		row.out = r->made[(row.any ? b->yes : b->no)->number];
		row.rest = r->made[(row.any ? last->no : last->yes)->number];
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
