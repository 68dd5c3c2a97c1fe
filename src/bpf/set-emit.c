/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turns blocks into ops, in an order in which each comes before those it leads to. A value that is in its register
 * already, whichever way the packet came, is not computed again.
 */
#include "bpf/set-graph.h"

#include "bpf/program.h"

#include <stdlib.h>
#include <string.h>

/* As the target of an op: a block, until it is known where that begins. */
#define BLOCK_FLAG 0x80000000u

/* What A and X hold where a block begins; NO_VALUE if it depends. */
struct held {
	uint32_t a, x;
	bool arrived;
};

struct emission {
	const struct set_graph *graph;
	struct bpf_ops *ops;
	uint32_t *order; /* the blocks, those that lead to others first */
	uint32_t order_count;
	uint32_t *starts;  /* by block: its first op */
	struct held *held; /* by block */
	struct held now;
	uint32_t fail; /* where a load that is not in the packet goes */
	bool failed;   /* no memory, or not enough scratch words */
};

/* ---- The order ---- */

/* A block on the way, and how many of those it leads to have been looked at. */
struct visit {
	uint32_t block;
	uint32_t done;
};

/* Depth first, with a stack of our own; what is finished last comes first. */
static void walk(struct emission *emission, uint32_t first, struct visit *stack, bool *seen)
{
	uint32_t depth = 0, finished = 0;

	stack[depth++] = (struct visit){first, 0};
	seen[first] = true;
	while (depth != 0) {
		struct visit *top = &stack[depth - 1];
		const struct set_block *block = set_block(emission->graph, top->block);
		if (top->done == 2 || block->kind == SET_END) {
			emission->order[finished++] = top->block;
			depth--;
			continue;
		}
		uint32_t next = top->done++ == 0 ? block->yes : block->no;
		if (!seen[next]) {
			seen[next] = true;
			stack[depth++] = (struct visit){next, 0};
		}
	}
	for (uint32_t i = 0; i < finished / 2; i++) {
		uint32_t other = emission->order[i];
		emission->order[i] = emission->order[finished - 1 - i];
		emission->order[finished - 1 - i] = other;
	}
	emission->order_count = finished;
}

static void find_order(struct emission *emission, uint32_t first)
{
	uint32_t count = emission->graph->blocks.count;
	struct visit *stack = malloc(count * sizeof(*stack));
	bool *seen = calloc(count, sizeof(*seen));

	emission->order = malloc(count * sizeof(*emission->order));
	if (stack == NULL || seen == NULL || emission->order == NULL)
		emission->failed = true;
	else
		walk(emission, first, stack, seen);
	free(stack);
	free(seen);
}

/* ---- Values ---- */

/* Goes on with the op after it, and if it is a load that is not in the packet, elsewhere. */
static void append(struct emission *emission, u_int code, uint32_t k)
{
	struct bpf_op op = {(uint16_t)code, k, emission->ops->count + 1, emission->fail};

	if (pcapint_append_op(emission->ops, op) == UINT32_MAX)
		emission->failed = true;
}

static void get_a(struct emission *emission, uint32_t number, uint32_t word);

/* X without use of A; false for values that are computed. */
static bool get_x_alone(struct emission *emission, uint32_t number)
{
	const struct set_value *value = set_value(emission->graph, number);

	if (emission->now.x == number)
		return true;
	if (value->kind == SET_HEADER)
		append(emission, BPF_LDX | BPF_B | BPF_MSH, value->k);
	else if (value->kind == SET_CONST)
		append(emission, BPF_LDX | BPF_IMM, value->k);
	else if (value->kind == SET_WIRE_LENGTH)
		append(emission, BPF_LDX | BPF_W | BPF_LEN, 0);
	else
		return false;
	emission->now.x = number;
	return true;
}

static void get_x(struct emission *emission, uint32_t number, uint32_t word)
{
	if (get_x_alone(emission, number))
		return;
	get_a(emission, number, word);
	append(emission, BPF_MISC | BPF_TAX, 0);
	emission->now.x = number;
}

/* Left to A, right to X; the one with more parts is computed first, so that no more than a few words are needed. */
static void get_both(struct emission *emission, uint32_t left, uint32_t right, uint32_t word)
{
	const struct set_graph *graph = emission->graph;
	bool right_first = set_value(graph, right)->cost > set_value(graph, left)->cost;
	uint32_t first = right_first ? right : left, second = right_first ? left : right;

	if (set_value(graph, right)->kind <= SET_WIRE_LENGTH || set_value(graph, right)->kind == SET_HEADER) {
		get_a(emission, left, word);
		get_x_alone(emission, right);
		return;
	}
	if (word >= BPF_MEMWORDS) {
		emission->failed = true;
		return;
	}
	get_a(emission, first, word);
	append(emission, BPF_ST, word);
	get_a(emission, second, word + 1);
	if (right_first) {
		append(emission, BPF_LDX | BPF_MEM, word);
	} else {
		append(emission, BPF_MISC | BPF_TAX, 0);
		append(emission, BPF_LD | BPF_MEM, word);
	}
	emission->now.a = left;
	emission->now.x = right;
}

static void get_alu(struct emission *emission, const struct set_value *value, uint32_t word)
{
	const struct set_graph *graph = emission->graph;
	bool shifts = value->op == BPF_LSH || value->op == BPF_RSH;

	if (value->right == NO_VALUE) {
		get_a(emission, value->left, word);
		append(emission, BPF_ALU | value->op, 0);
	} else if (set_value(graph, value->right)->kind == SET_CONST) {
		uint32_t k = set_value(graph, value->right)->k;
		get_a(emission, value->left, word);
		append(emission, BPF_ALU | value->op | BPF_K, shifts ? k & 31 : k);
	} else {
		get_both(emission, value->left, value->right, word);
		append(emission, BPF_ALU | value->op | BPF_X, 0);
	}
}

/* Scratch words from "word" on are free. */
static void get_a(struct emission *emission, uint32_t number, uint32_t word)
{
	const struct set_value *value = set_value(emission->graph, number);
	u_int size;

	if (emission->now.a == number || emission->failed)
		return;
	switch (value->kind) {
	case SET_CONST:
		append(emission, BPF_LD | BPF_IMM, value->k);
		break;
	case SET_WIRE_LENGTH:
		append(emission, BPF_LD | BPF_W | BPF_LEN, 0);
		break;
	case SET_LOAD:
		size = value->op == 4 ? BPF_W : value->op == 2 ? BPF_H : BPF_B;
		if (value->left != NO_VALUE)
			get_x(emission, value->left, word);
		append(emission, BPF_LD | size | (value->left != NO_VALUE ? BPF_IND : BPF_ABS), value->k);
		break;
	case SET_HEADER:
		get_x_alone(emission, number);
		append(emission, BPF_MISC | BPF_TXA, 0);
		break;
	default:
		get_alu(emission, value, word);
	}
	emission->now.a = number;
}

/* ---- Blocks ---- */

/* What the block's ops leave in the registers, for a block that it leads to. */
static void arrive(struct emission *emission, uint32_t block, struct held held)
{
	struct held *there = &emission->held[block];

	if (!there->arrived) {
		*there = held;
		there->arrived = true;
		return;
	}
	if (there->a != held.a)
		there->a = NO_VALUE;
	if (there->x != held.x)
		there->x = NO_VALUE;
}

static void get_values(struct emission *emission, const struct set_block *block)
{
	if (block->operand == NO_VALUE)
		get_a(emission, block->value, 0);
	else if (emission->now.a != block->value || emission->now.x != block->operand)
		get_both(emission, block->value, block->operand, 0);
}

static void emit_block_ops(struct emission *emission, const struct set_block *block)
{
	switch (block->kind) {
	case SET_END:
		append(emission, BPF_RET | BPF_K, 0);
		break;
	case SET_GET:
		get_values(emission, block);
		break;
	case SET_TEST:
	case SET_TEST_X:
		append(emission, BPF_JMP | block->op | (block->kind == SET_TEST ? BPF_K : BPF_X), block->k);
		break;
	case SET_MATCH:
		append(emission, OP_MATCH, block->k);
		break;
	case SET_MATCH_UNLESS_DONE:
		append(emission, OP_MATCH_UNLESS_DONE, block->k);
		break;
	case SET_DONE:
		append(emission, OP_DONE, block->k);
		break;
	}
}

static void emit_block(struct emission *emission, uint32_t number)
{
	const struct set_block *block = set_block(emission->graph, number);
	struct bpf_ops *ops = emission->ops;
	bool is_test = block->kind == SET_TEST || block->kind == SET_TEST_X;

	emission->starts[number] = ops->count;
	emission->now = emission->held[number];
	emission->fail = BLOCK_FLAG | block->no;
	emit_block_ops(emission, block);
	if (emission->failed || block->kind == SET_END)
		return;
	if (ops->count == emission->starts[number])
		append(emission, OP_GO, 0);
	ops->ops[ops->count - 1].yes = BLOCK_FLAG | block->yes;
	arrive(emission, block->yes, emission->now);
	if (is_test)
		arrive(emission, block->no, emission->now);
	else if (block->kind == SET_GET) /* from somewhere on the way */
		arrive(emission, block->no, (struct held){NO_VALUE, NO_VALUE, true});
}

static uint32_t resolve(const struct emission *emission, uint32_t target)
{
	return target & BLOCK_FLAG ? emission->starts[target & ~BLOCK_FLAG] : target;
}

/* From the last op on, so that where an OP_GO leads is known. */
static void resolve_all(struct emission *emission)
{
	struct bpf_ops *ops = emission->ops;

	for (uint32_t i = ops->count; i-- != 0;) {
		struct bpf_op *op = &ops->ops[i];
		if (op->code < OP_GO && BPF_CLASS(op->code) == BPF_RET) {
			op->yes = op->no = i;
			continue;
		}
		op->yes = resolve(emission, op->yes);
		op->no = resolve(emission, op->no);
		if (ops->ops[op->yes].code == OP_GO)
			op->yes = ops->ops[op->yes].yes;
		if (ops->ops[op->no].code == OP_GO)
			op->no = ops->ops[op->no].yes;
	}
}

int pcapint_set_emit(struct set_graph *graph, uint32_t block, uint32_t done_offset, struct bpf_ops *ops)
{
	uint32_t count = graph->blocks.count;
	struct emission emission = {.graph = graph, .ops = ops};

	*ops = (struct bpf_ops){.done_offset = done_offset};
	emission.starts = malloc(count * sizeof(*emission.starts));
	emission.held = calloc(count, sizeof(*emission.held));
	emission.failed = emission.starts == NULL || emission.held == NULL;
	if (!emission.failed)
		find_order(&emission, block);
	if (!emission.failed)
		emission.held[block] = (struct held){NO_VALUE, NO_VALUE, true};
	for (uint32_t i = 0; i < emission.order_count && !emission.failed; i++)
		emit_block(&emission, emission.order[i]);
	if (!emission.failed)
		resolve_all(&emission);
	free(emission.order);
	free(emission.starts);
	free(emission.held);
	if (!emission.failed)
		return 0;
	pcapint_free_ops(ops);
	return -1;
}
