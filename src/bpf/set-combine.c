/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Combines the graphs of many filters into blocks that answer all of them. What is to be answered is a list of filters,
 * each at a node of its graph. Those that test the same value next form a group: the value is taken once, a search finds
 * the range it lies in, and where that leads, the filters for which this range is special are answered. The others of
 * the group, whose tests have all failed alike, go on together after that; and after the group, the rest of the list.
 *
 * So a filter may be answered where a range is special to it, and must not be asked again with the others: SET_DONE.
 */
#include "bpf/set-combine.h"

#include <stdlib.h>

/* Blocks for each node of the filters, at most: beyond that something multiplies. */
#define MOST_BLOCKS(nodes) (16 * (nodes) + 4096)

/* A list that is to be answered, and the block after it. */
struct task {
	uint32_t list;
	uint32_t after;
};

uint32_t pcapint_set_make_block(struct combiner *combiner, struct set_block block)
{
	uint32_t number = pcapint_intern(&combiner->graph->blocks, &block);

	if (number == NOT_INTERNED)
		combiner->graph->failed = true;
	return number;
}

uint32_t pcapint_set_make_mark(struct combiner *combiner, uint32_t kind, uint32_t filter, uint32_t after)
{
	return pcapint_set_make_block(
		combiner, (struct set_block){kind, 0, NO_VALUE, NO_VALUE, filter, after, after});
}

uint32_t pcapint_set_make_list(struct combiner *combiner, struct set_cell cell, uint32_t rest)
{
	cell.rest = rest;
	uint32_t number = pcapint_intern(&combiner->graph->lists, &cell);
	if (number == NOT_INTERNED)
		combiner->graph->failed = true;
	return number;
}

void *pcapint_set_allocate(struct combiner *combiner, size_t count, size_t size)
{
	void *memory = calloc(count != 0 ? count : 1, size);

	if (memory == NULL)
		combiner->graph->failed = true;
	return memory;
}

uint32_t pcapint_set_length(const struct set_graph *graph, uint32_t list)
{
	uint32_t length = 0;

	for (; list != NO_LIST; list = set_cell(graph, list)->rest)
		length++;
	return length;
}

/* ---- Groups ---- */

/* All members ask the same, but where they go on. */
static uint32_t answer_test(struct combiner *combiner, const struct member *members, uint32_t count, uint32_t after)
{
	const struct set_graph *graph = combiner->graph;
	struct set_node node = *set_node(graph, members[0].cell.node);
	uint32_t yes_list = NO_LIST, no_list = NO_LIST, k = 0, operand = node.operand;

	for (uint32_t i = count; i-- != 0 && !combiner_has_failed(combiner);) {
		struct set_cell cell = members[i].cell;
		const struct set_node *own = set_node(graph, cell.node);
		uint32_t yes = own->yes, no = own->no;
		cell.node = yes;
		yes_list = pcapint_set_make_list(combiner, cell, yes_list);
		cell.node = no;
		no_list = pcapint_set_make_list(combiner, cell, no_list);
	}
	if (combiner_has_failed(combiner))
		return NOT_INTERNED;
	uint32_t block = pcapint_set_answer(combiner, yes_list, after);
	if (node.op != SET_REQUIRE) {
		uint32_t no = pcapint_set_answer(combiner, no_list, after);
		bool by_k = set_value(graph, operand)->kind == SET_CONST;
		k = by_k ? set_value(graph, operand)->k : 0;
		block = pcapint_set_make_block(
			combiner, (struct set_block){by_k ? SET_TEST : SET_TEST_X, node.op, node.value,
					  by_k ? NO_VALUE : operand, k, block, no});
		operand = by_k ? NO_VALUE : operand;
	}
	return pcapint_set_make_block(
		combiner, (struct set_block){SET_GET, 0, node.value, operand, 0, block, after});
}

/* ---- Lists ---- */

/* Members of one group have one key: their value, or what they ask of it where that is not ranges. */
static uint32_t key_of(struct combiner *combiner, struct interner *keys, uint32_t node)
{
	const struct set_node *record = set_node(combiner->graph, node);
	bool ranges = pcapint_set_tests_range(combiner->graph, node);
	struct set_node key = {ranges ? 0 : record->op, record->value, ranges ? NO_VALUE : record->operand, 0, 0};
	uint32_t number = pcapint_intern(keys, &key);

	if (number == NOT_INTERNED)
		combiner->graph->failed = true;
	return number;
}

static int by_key_then_position(const void *a, const void *b)
{
	const struct member *first = a, *second = b;

	if (first->key != second->key)
		return first->key < second->key ? -1 : 1;
	return first->position < second->position ? -1 : 1;
}

/* The groups of a list one after the other, made from the last on, since each has to know what comes after it. */
static uint32_t answer_groups(struct combiner *combiner, struct member *members, uint32_t count, uint32_t after)
{
	qsort(members, count, sizeof(*members), by_key_then_position);
	while (count != 0 && !combiner_has_failed(combiner)) {
		uint32_t first = count - 1;
		while (first != 0 && members[first - 1].key == members[count - 1].key)
			first--;
		bool ranges = pcapint_set_tests_range(combiner->graph, members[first].cell.node);
		after = ranges ? pcapint_set_answer_ranges(combiner, &members[first], count - first, after)
			       : answer_test(combiner, &members[first], count - first, after);
		count = first;
	}
	return after;
}

static uint32_t answer_anew(struct combiner *combiner, uint32_t list, uint32_t after)
{
	const struct set_graph *graph = combiner->graph;
	uint32_t count = pcapint_set_length(graph, list), groups = 0, accepted = 0;
	struct member *members = pcapint_set_allocate(combiner, count, sizeof(*members));
	struct interner keys = {.record_size = sizeof(struct set_node)};

	if (members == NULL)
		return NOT_INTERNED;
	/* Those that are answered stand at the end, from there on. */
	for (; list != NO_LIST && !combiner_has_failed(combiner); list = set_cell(graph, list)->rest) {
		struct set_cell cell = *set_cell(graph, list);
		if (cell.node == SET_ACCEPT)
			members[count - ++accepted].cell = cell;
		else if (cell.node != SET_REJECT)
			members[groups] = (struct member){.cell = cell,
				.key = key_of(combiner, &keys, cell.node),
				.position = groups},
			groups++;
	}
	uint32_t block =
		combiner_has_failed(combiner) ? NOT_INTERNED : answer_groups(combiner, members, groups, after);
	for (; accepted != 0 && !combiner_has_failed(combiner); accepted--) {
		const struct set_cell *cell = &members[count - accepted].cell;
		block = pcapint_set_make_mark(
			combiner, cell->unless_done ? SET_MATCH_UNLESS_DONE : SET_MATCH, cell->filter, block);
	}
	pcapint_free_interner(&keys);
	free(members);
	return block;
}

/* The first of the blocks that answer a list and then go on. */
uint32_t pcapint_set_answer(struct combiner *combiner, uint32_t list, uint32_t after)
{
	struct task task = {list, after};

	if (list == NO_LIST || combiner_has_failed(combiner))
		return after;
	uint32_t known = combiner->tasks.count, number = pcapint_intern(&combiner->tasks, &task);
	if (number == NOT_INTERNED) {
		combiner->graph->failed = true;
		return NOT_INTERNED;
	}
	if (number < known)
		return combiner->first_blocks[number];
	if (number >= combiner->task_room) {
		uint32_t room = combiner->task_room * 2 + 64;
		uint32_t *more = realloc(combiner->first_blocks, room * sizeof(*more));
		if (more == NULL) {
			combiner->graph->failed = true;
			return NOT_INTERNED;
		}
		combiner->first_blocks = more;
		combiner->task_room = room;
	}
	/* A list's nodes lie before those of the lists that it leads to, so that no task comes to need itself. */
	uint32_t block = answer_anew(combiner, list, after);
	combiner->first_blocks[number] = block;
	return block;
}

uint32_t pcapint_set_combine(struct set_graph *graph, uint32_t list)
{
	struct combiner combiner = {.graph = graph, .tasks = {.record_size = sizeof(struct task)}};

	combiner.most_blocks = MOST_BLOCKS(graph->nodes.count);
	uint32_t end =
		pcapint_set_make_block(&combiner, (struct set_block){SET_END, 0, NO_VALUE, NO_VALUE, 0, 0, 0});
	uint32_t block = pcapint_set_answer(&combiner, list, end);
	if (combiner_has_failed(&combiner))
		block = NOT_INTERNED;
	pcapint_free_interner(&combiner.tasks);
	free(combiner.first_blocks);
	return block;
}
