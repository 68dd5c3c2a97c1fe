/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two parts of the combiner share: set-combine.c for lists, set-ranges.c for the ranges of one value. */
#ifndef WEIR_BPF_SET_COMBINE_H
#define WEIR_BPF_SET_COMBINE_H

#include "bpf/set-graph.h"

struct combiner {
	struct set_graph *graph;
	struct interner tasks;
	uint32_t *first_blocks; /* by task */
	uint32_t task_room;
	uint32_t most_blocks;
};

/* A filter of a group. */
struct member {
	struct set_cell cell;
	uint32_t usual; /* where it goes on in most ranges */
	uint32_t key;   /* of its group */
	uint32_t position;
};

/* Nothing that is made after that counts; numbers may be NOT_INTERNED. */
static inline bool combiner_has_failed(const struct combiner *combiner)
{
	return combiner->graph->failed || combiner->graph->blocks.count > combiner->most_blocks;
}

uint32_t pcapint_set_make_block(struct combiner *combiner, struct set_block block);
/* SET_MATCH and the like. */
uint32_t pcapint_set_make_mark(struct combiner *combiner, uint32_t kind, uint32_t filter, uint32_t after);
uint32_t pcapint_set_make_list(struct combiner *combiner, struct set_cell cell, uint32_t rest);
uint32_t pcapint_set_length(const struct set_graph *graph, uint32_t list);
/* Zeroed, and not NULL for none. */
void *pcapint_set_allocate(struct combiner *combiner, size_t count, size_t size);

/* The first of the blocks that answer a list and then go on. */
uint32_t pcapint_set_answer(struct combiner *combiner, uint32_t list, uint32_t after);
/* The same for members that all test ranges of one value. */
uint32_t pcapint_set_answer_ranges(
	struct combiner *combiner, struct member *members, uint32_t count, uint32_t after);

#endif
