/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The filters of a group that test the same value: which ranges of it they tell apart, where each goes on, and blocks
 * that search for the range and answer what is special there. See set-combine.c.
 */
#include "bpf/set-combine.h"

#include <stdlib.h>

/* ---- Ranges of a value ---- */

/* From "low" on, up to where the next one begins. */
struct range {
	uint64_t low;
	uint32_t list;   /* the members for which it is special, at where they go on */
	uint32_t target; /* the block for it */
	bool together;   /* the list has all that is left to be answered */
};

/* In a range of the group, a member goes on elsewhere than usual. */
struct deviation {
	uint32_t range;
	uint32_t member;
	uint32_t node;
};

struct group {
	struct member *members;
	uint32_t member_count;
	uint32_t value;
	struct range *ranges;
	uint32_t range_count;
	uint32_t range_room;
	struct deviation *deviations;
	uint32_t deviation_count;
	uint32_t deviation_room;
	uint32_t others; /* the list of those for which a range is not special */
	uint32_t other_count;
	uint32_t others_block;
};

#define END_OF_VALUES (1ull << 32)

static int compare_numbers(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
	return (first > second) - (first < second);
}

struct numbers {
	uint64_t *list;
	uint32_t count;
	uint32_t room;
};

static void add_number(struct combiner *combiner, struct numbers *numbers, uint64_t number)
{
	if (numbers->count == numbers->room) {
		uint32_t room = numbers->room * 2 + 16;
		uint64_t *list = realloc(numbers->list, room * sizeof(*list));
		if (list == NULL) {
			combiner->graph->failed = true;
			return;
		}
		numbers->list = list;
		numbers->room = room;
	}
	numbers->list[numbers->count++] = number;
}

static void sort_numbers(struct numbers *numbers)
{
	uint32_t kept = 0;

	qsort(numbers->list, numbers->count, sizeof(*numbers->list), compare_numbers);
	for (uint32_t i = 0; i < numbers->count; i++)
		if (kept == 0 || numbers->list[i] != numbers->list[kept - 1])
			numbers->list[kept++] = numbers->list[i];
	numbers->count = kept;
}

static bool tests_value(const struct set_graph *graph, uint32_t node, uint32_t value)
{
	return pcapint_set_tests_range(graph, node) && set_node(graph, node)->value == value;
}

/*
 * Where ranges begin that a member's tests of the value tell apart, 0 included. Its nodes are visited as a stack, which
 * a set of those seen keeps small.
 */
static void find_boundaries(struct combiner *combiner, uint32_t node, uint32_t value, struct numbers *boundaries)
{
	const struct set_graph *graph = combiner->graph;
	struct interner seen = {.record_size = sizeof(node)};

	add_number(combiner, boundaries, 0);
	pcapint_intern(&seen, &node);
	for (uint32_t i = 0; i < seen.count && !combiner->graph->failed; i++) {
		const struct set_node *record = set_node(graph, ((uint32_t *)seen.records)[i]);
		uint64_t k = set_value(graph, record->operand)->k;
		if (record->op != BPF_JGT)
			add_number(combiner, boundaries, k);
		if (record->op != BPF_JGE && k + 1 < END_OF_VALUES)
			add_number(combiner, boundaries, k + 1);
		if (tests_value(graph, record->yes, value) && pcapint_intern(&seen, &record->yes) == NOT_INTERNED)
			combiner->graph->failed = true;
		if (tests_value(graph, record->no, value) && pcapint_intern(&seen, &record->no) == NOT_INTERNED)
			combiner->graph->failed = true;
	}
	pcapint_free_interner(&seen);
	sort_numbers(boundaries);
}

/* Where a member goes on if the value is that. */
static uint32_t way_on(const struct set_graph *graph, uint32_t node, uint32_t value, uint32_t number)
{
	while (tests_value(graph, node, value))
		node = pcapint_set_outcome(graph, set_node(graph, node), number);
	return node;
}

static uint64_t end_of(const struct numbers *boundaries, uint32_t i)
{
	return i + 1 < boundaries->count ? boundaries->list[i + 1] : END_OF_VALUES;
}

/* Where most numbers lead. */
static uint32_t find_usual(struct combiner *combiner, const uint32_t *ways, const struct numbers *boundaries)
{
	struct interner nodes = {.record_size = sizeof(*ways)};
	uint64_t *widths = pcapint_set_allocate(combiner, boundaries->count, sizeof(*widths));
	uint32_t best = 0;

	for (uint32_t i = 0; i < boundaries->count && widths != NULL; i++) {
		uint32_t number = pcapint_intern(&nodes, &ways[i]);
		if (number == NOT_INTERNED) {
			combiner->graph->failed = true;
			break;
		}
		widths[number] += end_of(boundaries, i) - boundaries->list[i];
		if (widths[number] > widths[best])
			best = number;
	}
	uint32_t usual = nodes.count != 0 ? ((uint32_t *)nodes.records)[best] : SET_REJECT;
	pcapint_free_interner(&nodes);
	free(widths);
	return usual;
}

static void add_deviation(struct combiner *combiner, struct group *group, struct deviation deviation)
{
	if (group->deviation_count == group->deviation_room) {
		uint32_t room = group->deviation_room * 2 + 16;
		struct deviation *more = realloc(group->deviations, room * sizeof(*more));
		if (more == NULL) {
			combiner->graph->failed = true;
			return;
		}
		group->deviations = more;
		group->deviation_room = room;
	}
	group->deviations[group->deviation_count++] = deviation;
}

/* The group's range that begins there. */
static uint32_t range_at(const struct group *group, uint64_t low)
{
	uint32_t from = 0, to = group->range_count;

	while (to - from > 1) {
		uint32_t middle = from + (to - from) / 2;
		if (group->ranges[middle].low <= low)
			from = middle;
		else
			to = middle;
	}
	return from;
}

/* Finds the usual way of a member, and the ranges in which it takes another. */
static void find_deviations(struct combiner *combiner, struct group *group, uint32_t member)
{
	struct numbers boundaries = {0};
	uint32_t node = group->members[member].cell.node;

	find_boundaries(combiner, node, group->value, &boundaries);
	uint32_t *ways = pcapint_set_allocate(combiner, boundaries.count, sizeof(*ways));
	for (uint32_t i = 0; i < boundaries.count && ways != NULL; i++)
		ways[i] = way_on(combiner->graph, node, group->value, (uint32_t)boundaries.list[i]);
	if (!combiner_has_failed(combiner))
		group->members[member].usual = find_usual(combiner, ways, &boundaries);
	for (uint32_t i = 0; i < boundaries.count && !combiner_has_failed(combiner); i++) {
		if (ways[i] == group->members[member].usual)
			continue;
		uint32_t range = range_at(group, boundaries.list[i]);
		for (; range < group->range_count && group->ranges[range].low < end_of(&boundaries, i); range++)
			add_deviation(combiner, group, (struct deviation){range, member, ways[i]});
	}
	free(ways);
	free(boundaries.list);
}

/* The ranges that any member tells apart. */
static void find_ranges(struct combiner *combiner, struct group *group)
{
	struct numbers all = {0};

	for (uint32_t i = 0; i < group->member_count && !combiner_has_failed(combiner); i++) {
		struct numbers own = {0};
		find_boundaries(combiner, group->members[i].cell.node, group->value, &own);
		for (uint32_t j = 0; j < own.count; j++)
			add_number(combiner, &all, own.list[j]);
		free(own.list);
	}
	if (!combiner_has_failed(combiner))
		sort_numbers(&all);
	group->ranges = pcapint_set_allocate(combiner, all.count, sizeof(*group->ranges));
	for (uint32_t i = 0; i < all.count && group->ranges != NULL; i++)
		group->ranges[i] = (struct range){.low = all.list[i], .list = NO_LIST};
	group->range_count = all.count;
	free(all.list);
}

/* ---- What is answered where ---- */

static int by_range_then_member(const void *a, const void *b)
{
	const struct deviation *first = a, *second = b;

	if (first->range != second->range)
		return first->range < second->range ? -1 : 1;
	/* From the last to the first, as lists are made. */
	return first->member < second->member ? 1 : -1;
}

static void make_range_lists(struct combiner *combiner, struct group *group)
{
	if (group->deviation_count != 0)
		qsort(group->deviations, group->deviation_count, sizeof(*group->deviations), by_range_then_member);
	for (uint32_t i = 0; i < group->deviation_count && !combiner_has_failed(combiner); i++) {
		const struct deviation *deviation = &group->deviations[i];
		struct range *range = &group->ranges[deviation->range];
		struct set_cell cell = group->members[deviation->member].cell;
		cell.node = deviation->node;
		range->list = pcapint_set_make_list(combiner, cell, range->list);
	}
}

/* Both in ascending order of filters; what both have is taken from the first. */
static uint32_t merge_lists(struct combiner *combiner, uint32_t first, uint32_t second)
{
	struct set_graph *graph = combiner->graph;
	struct numbers cells = {0};
	uint32_t merged = NO_LIST;

	while (first != NO_LIST || second != NO_LIST) {
		uint32_t filter = first != NO_LIST ? set_cell(graph, first)->filter : UINT32_MAX;
		uint32_t other = second != NO_LIST ? set_cell(graph, second)->filter : UINT32_MAX;
		add_number(combiner, &cells, filter <= other ? first : second);
		if (filter <= other)
			first = set_cell(graph, first)->rest;
		if (other <= filter)
			second = set_cell(graph, second)->rest;
	}
	while (cells.count != 0 && !combiner_has_failed(combiner))
		merged = pcapint_set_make_list(
			combiner, *set_cell(graph, (uint32_t)cells.list[--cells.count]), merged);
	free(cells.list);
	return merged;
}

/* How many of the others a range leaves to be answered, which are no more in its list. */
static uint32_t count_left(const struct combiner *combiner, const struct group *group, uint32_t list)
{
	const struct set_graph *graph = combiner->graph;
	uint32_t left = group->other_count, others = group->others;

	for (; list != NO_LIST; list = set_cell(graph, list)->rest) {
		uint32_t filter = set_cell(graph, list)->filter;
		while (others != NO_LIST && set_cell(graph, others)->filter < filter)
			others = set_cell(graph, others)->rest;
		left -= others != NO_LIST && set_cell(graph, others)->filter == filter;
	}
	return left;
}

/* The members that go on where they usually do, if that is not the end. */
static uint32_t make_others(struct combiner *combiner, struct group *group, const bool *may_be_done)
{
	uint32_t list = NO_LIST;

	group->other_count = 0;
	for (uint32_t i = group->member_count; i-- != 0 && !combiner_has_failed(combiner);) {
		struct set_cell cell = group->members[i].cell;
		if (group->members[i].usual == SET_REJECT)
			continue;
		cell.node = group->members[i].usual;
		cell.unless_done |= may_be_done != NULL && may_be_done[i];
		list = pcapint_set_make_list(combiner, cell, list);
		group->other_count++;
	}
	return list;
}

/* The list's filters that the others hold as well: they are marked as done after the list. */
static uint32_t after_list(struct combiner *combiner, const struct group *group, uint32_t list)
{
	const struct set_graph *graph = combiner->graph;
	uint32_t after = group->others_block, others = group->others;

	for (; list != NO_LIST && !combiner_has_failed(combiner); list = set_cell(graph, list)->rest) {
		uint32_t filter = set_cell(graph, list)->filter;
		while (others != NO_LIST && set_cell(graph, others)->filter < filter)
			others = set_cell(graph, others)->rest;
		/* One that was accepted may be accepted again. */
		if (others != NO_LIST && set_cell(graph, others)->filter == filter &&
			set_cell(graph, list)->node != SET_ACCEPT)
			after = pcapint_set_make_mark(combiner, SET_DONE, filter, after);
	}
	return after;
}

/*
 * For each range: whether its list and the others are answered together, by blocks of their own, or one after the
 * other, with the blocks of the others shared by all ranges. Together costs room, and saves asking again.
 */
static void choose_together(struct combiner *combiner, struct group *group, bool *may_be_done)
{
	const struct set_graph *graph = combiner->graph;

	for (uint32_t i = 0; i < group->range_count; i++) {
		struct range *range = &group->ranges[i];
		uint32_t left = count_left(combiner, group, range->list);
		range->together = range->list != NO_LIST &&
				  (left == 0 || pcapint_set_length(graph, range->list) >= group->other_count);
	}
	for (uint32_t i = 0; i < group->deviation_count; i++)
		if (!group->ranges[group->deviations[i].range].together)
			may_be_done[group->deviations[i].member] = true;
}

static void make_targets(struct combiner *combiner, struct group *group, uint32_t after)
{
	uint32_t plain = group->others;
	bool *may_be_done = pcapint_set_allocate(combiner, group->member_count, sizeof(*may_be_done));

	if (may_be_done == NULL)
		return;
	choose_together(combiner, group, may_be_done);
	group->others = make_others(combiner, group, may_be_done);
	group->others_block =
		combiner_has_failed(combiner) ? NOT_INTERNED : pcapint_set_answer(combiner, group->others, after);
	for (uint32_t i = 0; i < group->range_count && !combiner_has_failed(combiner); i++) {
		struct range *range = &group->ranges[i];
		if (range->list == NO_LIST)
			range->target = group->others_block;
		else if (range->together)
			range->target =
				pcapint_set_answer(combiner, merge_lists(combiner, range->list, plain), after);
		else
			range->target =
				pcapint_set_answer(combiner, range->list, after_list(combiner, group, range->list));
	}
	free(may_be_done);
}

/* Neighbours with one target become one. */
static void join_ranges(struct group *group)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < group->range_count; i++)
		if (kept == 0 || group->ranges[i].target != group->ranges[kept - 1].target)
			group->ranges[kept++] = group->ranges[i];
	group->range_count = kept;
}

/* A search among the ranges from one on, up to another. */
static uint32_t make_search(struct combiner *combiner, const struct group *group, uint32_t from, uint32_t to)
{
	const struct range *ranges = group->ranges;
	struct set_block block = {SET_TEST, BPF_JGE, group->value, NO_VALUE, 0, 0, 0};

	if (combiner_has_failed(combiner))
		return NOT_INTERNED;
	if (to - from == 1)
		return ranges[from].target;
	if (to - from == 3 && ranges[from].target == ranges[from + 2].target &&
		ranges[from + 2].low == ranges[from + 1].low + 1) {
		block.op = BPF_JEQ;
		block.k = (uint32_t)ranges[from + 1].low;
		block.yes = ranges[from + 1].target;
		block.no = ranges[from].target;
		return pcapint_set_make_block(combiner, block);
	}
	uint32_t middle = from + (to - from) / 2;
	block.k = (uint32_t)ranges[middle].low;
	block.yes = make_search(combiner, group, middle, to);
	block.no = make_search(combiner, group, from, middle);
	return pcapint_set_make_block(combiner, block);
}

/* ---- A group ---- */

uint32_t pcapint_set_answer_ranges(
	struct combiner *combiner, struct member *members, uint32_t count, uint32_t after)
{
	struct group group = {.members = members, .member_count = count, .others_block = NOT_INTERNED};
	uint32_t block = NOT_INTERNED;

	group.value = set_node(combiner->graph, members[0].cell.node)->value;
	find_ranges(combiner, &group);
	for (uint32_t i = 0; i < count && !combiner_has_failed(combiner); i++)
		find_deviations(combiner, &group, i);
	if (!combiner_has_failed(combiner)) {
		make_range_lists(combiner, &group);
		group.others = make_others(combiner, &group, NULL);
		make_targets(combiner, &group, after);
	}
	if (!combiner_has_failed(combiner)) {
		join_ranges(&group);
		block = make_search(combiner, &group, 0, group.range_count);
		block = pcapint_set_make_block(
			combiner, (struct set_block){SET_GET, 0, group.value, NO_VALUE, 0, block, after});
	}
	free(group.ranges);
	free(group.deviations);
	return block;
}
