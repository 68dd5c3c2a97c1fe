/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What filter sets are made from: values, which are functions of the packet, and decision graphs over them, in which
 * parts that are equal are there once, whichever filter they come from. set-decode.c turns a program into a graph,
 * set-combine.c many graphs into blocks that answer all of them, set-emit.c blocks into ops. Where that grows too large,
 * set-concat.c puts the programs one after the other instead.
 *
 * Values, nodes, lists and blocks are numbers: those of their records. Records consist of 32-bit words.
 */
#ifndef WEIR_BPF_SET_GRAPH_H
#define WEIR_BPF_SET_GRAPH_H

#include "bpf/intern.h"
#include "bpf/ops.h"

enum set_value_kind {
	SET_CONST,       /* k */
	SET_WIRE_LENGTH, /* of the packet */
	SET_LOAD,        /* "op" bytes at left + k, at k if left is NO_VALUE */
	SET_HEADER,      /* 4 * (packet[k] & 0xf) */
	SET_ALU,         /* left op right; right is NO_VALUE for BPF_NEG */
};

#define NO_VALUE UINT32_MAX

struct set_value {
	uint32_t kind;
	uint32_t op;
	uint32_t k;
	uint32_t left, right;
	uint32_t cost; /* how many values it is computed from, itself included */
};

/* The nodes that every graph has. */
enum { SET_REJECT, SET_ACCEPT };

/* What a node asks, beside BPF_JEQ, BPF_JGT, BPF_JGE and BPF_JSET of value and operand: whether value is there at all. */
#define SET_REQUIRE 0x100

/*
 * A packet that is too short for one of a test's values is rejected. Since the outcome is the same, a load that is not
 * tested by itself is required no earlier than where the packet would be accepted.
 */
struct set_node {
	uint32_t op;
	uint32_t value, operand; /* operand is NO_VALUE for SET_REQUIRE */
	uint32_t yes, no;
};

/* A cell of a list: which filter is at which node. Filters come in ascending order. */
struct set_cell {
	uint32_t filter;
	uint32_t node;
	uint32_t unless_done; /* the filter may have been answered already */
	uint32_t rest;        /* the list after it; NO_LIST at the end */
};

#define NO_LIST UINT32_MAX

enum set_block_kind {
	SET_END,
	SET_GET,    /* value to A, and operand, if there is one, to X; to "no" if the packet is too short */
	SET_TEST,   /* A, which holds value, is compared with k by op */
	SET_TEST_X, /* with X */
	SET_MATCH,  /* filter k accepts the packet */
	SET_MATCH_UNLESS_DONE,
	SET_DONE, /* filter k is answered, and what comes after that has a say no more */
};

struct set_block {
	uint32_t kind;
	uint32_t op;
	uint32_t value, operand;
	uint32_t k;
	uint32_t yes, no; /* blocks; "yes" is the next where there is one way only */
};

struct set_graph {
	struct interner values, nodes, lists, blocks;
	bool failed; /* no memory */
};

void pcapint_set_graph_init(struct set_graph *graph);
void pcapint_set_graph_free(struct set_graph *graph);

static inline const struct set_value *set_value(const struct set_graph *graph, uint32_t value)
{
	return (const struct set_value *)graph->values.records + value;
}

static inline const struct set_node *set_node(const struct set_graph *graph, uint32_t node)
{
	return (const struct set_node *)graph->nodes.records + node;
}

static inline const struct set_cell *set_cell(const struct set_graph *graph, uint32_t list)
{
	return (const struct set_cell *)graph->lists.records + list;
}

static inline const struct set_block *set_block(const struct set_graph *graph, uint32_t block)
{
	return (const struct set_block *)graph->blocks.records + block;
}

/* Whether a test tells apart ranges of one value: not by bits, and not against another value. */
bool pcapint_set_tests_range(const struct set_graph *graph, uint32_t node);
/* Where it leads if its value is that. */
uint32_t pcapint_set_outcome(const struct set_graph *graph, const struct set_node *node, uint32_t value);

/*
 * The graph of a program: its first node. NOT_INTERNED where the program can't be part of a graph, since it has loops
 * or is too large or too deep, or without memory (graph->failed).
 */
uint32_t pcapint_set_decode(struct set_graph *graph, const struct bpf_insn *program, u_int len);

/* Whatever the filters of a list answer, as blocks: the first one. NOT_INTERNED where that grows too large. */
uint32_t pcapint_set_combine(struct set_graph *graph, uint32_t list);

/* The blocks from one on as ops, whose results are bits by filter. 0, or -1 without memory or if they can't be. */
int pcapint_set_emit(struct set_graph *graph, uint32_t block, uint32_t done_offset, struct bpf_ops *ops);

/*
 * Or loop-free programs one after the other, as ops with the same results, "most" at most; added[i]: whether program i
 * is among them. 0, or -1 without memory.
 */
int pcapint_set_concatenate(
	const struct bpf_program *programs, size_t count, uint32_t most, struct bpf_ops *ops, bool *added);

#endif
