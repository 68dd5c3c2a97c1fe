/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turns a program into a decision graph: it is run with values instead of numbers, both ways at each test. What comes
 * at an op with the same values in all registers that matter is looked at once.
 */
#include "bpf/set-graph.h"

#include "bpf/opcodes.h"
#include "bpf/program.h"

#include <stdlib.h>
#include <string.h>

/* Longer programs, and such that come to many places with many values, are not worth it. */
#define MOST_OPS 4096
#define MOST_PLACES(ops) (4 * (ops) + 256)

/* Tests of different values, one after the other; each is a level of recursion later. */
#define DEEPEST 250

/* Values with more parts take long to find again, and to compute. */
#define MOST_COST 64

/* Loads whose values have not been tested yet. */
#define MOST_PENDING 4

/* What registers and scratch words hold; NO_VALUE if that does not matter. */
struct registers {
	uint32_t a, x;
	uint32_t scratch[BPF_MEMWORDS];
	uint32_t pending[MOST_PENDING];
};

/* An op that is come to with these values; and what was found there. Records are interned by the first two members. */
struct place {
	uint32_t op;
	struct registers registers;
};

struct found {
	struct set_node node; /* yes and no are places */
	uint32_t required[MOST_PENDING];
	bool is_end;
	uint32_t end;    /* SET_REJECT or SET_ACCEPT */
	uint32_t result; /* the node */
	uint32_t depth;
};

struct decoder {
	struct set_graph *graph;
	struct bpf_ops ops; /* of which the last two are returns: */
	uint32_t reject, accept;
	struct interner places;
	struct found *found; /* by place */
	bool too_large;
};

/* ---- Values ---- */

static uint32_t make_value(struct set_graph *graph, struct set_value value)
{
	value.cost = 1;
	if (value.left != NO_VALUE)
		value.cost += set_value(graph, value.left)->cost;
	if (value.right != NO_VALUE)
		value.cost += set_value(graph, value.right)->cost;
	uint32_t number = graph->failed ? NOT_INTERNED : pcapint_intern(&graph->values, &value);
	if (number == NOT_INTERNED)
		graph->failed = true;
	return number;
}

static uint32_t make_const(struct set_graph *graph, uint32_t k)
{
	return make_value(graph, (struct set_value){SET_CONST, 0, k, NO_VALUE, NO_VALUE, 0});
}

static bool is_const(const struct set_graph *graph, uint32_t value, uint32_t *k)
{
	if (graph->failed || set_value(graph, value)->kind != SET_CONST)
		return false;
	*k = set_value(graph, value)->k;
	return true;
}

/* The interpreter knows what comes out. */
static uint32_t fold(uint16_t code, uint32_t left, uint32_t right)
{
	const struct bpf_insn insns[] = {BPF_STMT(BPF_LDX | BPF_IMM, right), BPF_STMT(BPF_LD | BPF_IMM, left),
		BPF_STMT(code, 0), BPF_STMT(BPF_RET | BPF_A, 0)};

	return bpf_filter(insns, NULL, 0, 0);
}

static uint32_t make_alu(struct set_graph *graph, uint32_t op, uint32_t left, uint32_t right)
{
	uint32_t a, b;

	if (op == BPF_NEG)
		return is_const(graph, left, &a)
			       ? make_const(graph, -a)
			       : make_value(graph, (struct set_value){SET_ALU, op, 0, left, NO_VALUE, 0});
	if (is_const(graph, left, &a) && is_const(graph, right, &b))
		return make_const(graph, fold((uint16_t)(BPF_ALU | op | BPF_X), a, b));
	return make_value(graph, (struct set_value){SET_ALU, op, 0, left, right, 0});
}

static uint32_t make_load(struct set_graph *graph, u_int size, uint32_t index, uint32_t k)
{
	uint32_t at;

	/* Beyond that an offset has another meaning, or none. */
	if (index != NO_VALUE && is_const(graph, index, &at) && at + k <= INT32_MAX - 4) {
		index = NO_VALUE;
		k += at;
	}
	return make_value(graph, (struct set_value){SET_LOAD, size, k, index, NO_VALUE, 0});
}

/* Whether a value is computed from another one. */
static bool has_part(const struct set_graph *graph, uint32_t value, uint32_t part)
{
	while (value != NO_VALUE && value >= part) { /* what a value is made from has a lower number */
		if (value == part)
			return true;
		const struct set_value *record = set_value(graph, value);
		if (record->right != NO_VALUE && has_part(graph, record->right, part))
			return true;
		value = record->left;
	}
	return false;
}

/* ---- Running a program on values ---- */

static void add_pending(struct decoder *decoder, struct registers *registers, uint32_t value)
{
	for (u_int i = 0; i < MOST_PENDING; i++)
		if (registers->pending[i] == NO_VALUE || registers->pending[i] == value) {
			registers->pending[i] = value;
			return;
		}
	decoder->too_large = true;
}

/* A test of a value requires its parts. */
static void remove_pending(const struct set_graph *graph, struct registers *registers, uint32_t value)
{
	u_int kept = 0;

	for (u_int i = 0; i < MOST_PENDING; i++) {
		uint32_t pending = registers->pending[i];
		registers->pending[i] = NO_VALUE;
		if (pending != NO_VALUE && !has_part(graph, value, pending))
			registers->pending[kept++] = pending;
	}
}

static uint32_t *written_by(struct registers *registers, const struct bpf_op *op)
{
	switch (pcapint_op_writes(op)) {
	case LIVE_A:
		return &registers->a;
	case LIVE_X:
		return &registers->x;
	default:
		return &registers->scratch[op->k];
	}
}

static uint32_t value_of_load(struct set_graph *graph, const struct registers *registers, const struct bpf_op *op)
{
	switch (BPF_MODE(op->code)) {
	case BPF_IMM:
		return make_const(graph, op->k);
	case BPF_ABS:
		return make_load(graph, pcapint_op_load_size(op), NO_VALUE, op->k);
	case BPF_IND:
		return make_load(graph, pcapint_op_load_size(op), registers->x, op->k);
	case BPF_MEM:
		return registers->scratch[op->k];
	case BPF_LEN:
		return make_value(graph, (struct set_value){SET_WIRE_LENGTH, 0, 0, NO_VALUE, NO_VALUE, 0});
	default:
		return make_value(graph, (struct set_value){SET_HEADER, 0, op->k, NO_VALUE, NO_VALUE, 0});
	}
}

static uint32_t operand_of(struct set_graph *graph, const struct registers *registers, const struct bpf_op *op)
{
	return BPF_SRC(op->code) == BPF_X ? registers->x : make_const(graph, op->k);
}

/* What an op that is no test and no end writes. */
static uint32_t value_of(struct set_graph *graph, const struct registers *registers, const struct bpf_op *op)
{
	if (op->code >= OP_GO) /* there is nothing beside a packet */
		return make_const(graph, 0);
	switch (BPF_CLASS(op->code)) {
	case BPF_LD:
	case BPF_LDX:
		return value_of_load(graph, registers, op);
	case BPF_ST:
		return registers->a;
	case BPF_STX:
		return registers->x;
	case BPF_ALU:
		return make_alu(graph, BPF_OP(op->code), registers->a,
			BPF_OP(op->code) == BPF_NEG ? NO_VALUE : operand_of(graph, registers, op));
	default:
		return BPF_MISCOP(op->code) == BPF_TAX ? registers->a : registers->x;
	}
}

/* ---- Places ---- */

/* The number of the place; what does not matter there any more is forgotten. */
static uint32_t make_place(struct decoder *decoder, uint32_t op, const struct registers *registers)
{
	struct place place = {.op = op, .registers = *registers};
	uint32_t live = decoder->ops.facts[op].live;

	if (!(live & LIVE_A))
		place.registers.a = NO_VALUE;
	if (!(live & LIVE_X))
		place.registers.x = NO_VALUE;
	for (u_int word = 0; word < BPF_MEMWORDS; word++)
		if (!(live & LIVE_SCRATCH(word)))
			place.registers.scratch[word] = NO_VALUE;
	uint32_t number = pcapint_intern(&decoder->places, &place);
	if (number == NOT_INTERNED)
		decoder->graph->failed = true;
	return number;
}

static void find_end(struct found *found, const struct bpf_op *op, const struct registers *registers)
{
	found->is_end = true;
	found->end = op->k != 0 ? SET_ACCEPT : SET_REJECT;
	if (found->end == SET_ACCEPT)
		memcpy(found->required, registers->pending, sizeof(found->required));
}

/* A test, whose outcome may be known; the places it leads to. */
static void find_test(struct decoder *decoder, struct found *found, uint32_t op, uint32_t value, uint32_t operand,
	uint32_t yes, uint32_t no, struct registers *registers)
{
	uint32_t a, b;

	if (is_const(decoder->graph, value, &a) && is_const(decoder->graph, operand, &b)) {
		bool holds = op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : (a & b) != 0;
		yes = no = holds ? yes : no;
	} else {
		remove_pending(decoder->graph, registers, value);
		remove_pending(decoder->graph, registers, operand);
	}
	found->node = (struct set_node){
		op, value, operand, make_place(decoder, yes, registers), make_place(decoder, no, registers)};
}

/* What an op that is no end and no test does; where it goes on, or the decoder's count of ops if that is for a test. */
static uint32_t step(struct decoder *decoder, uint32_t i, struct registers *registers, struct found *found)
{
	const struct bpf_op *op = &decoder->ops.ops[i];
	struct set_graph *graph = decoder->graph;
	uint32_t divisor = registers->x, k = 1;

	if (op->code == OP_GO)
		return op->yes;
	bool may_divide_by_0 = pcapint_op_load_size(op) == 0 && pcapint_op_can_fail(op);
	if (may_divide_by_0 && is_const(graph, divisor, &k) && k == 0)
		return op->no;
	uint32_t value = value_of(graph, registers, op);
	if (graph->failed)
		return i;
	decoder->too_large |= set_value(graph, value)->cost > MOST_COST;
	*written_by(registers, op) = value;
	if (pcapint_op_load_size(op) != 0)
		add_pending(decoder, registers, value);
	if (!may_divide_by_0 || is_const(graph, divisor, &k))
		return op->yes;
	find_test(decoder, found, BPF_JEQ, divisor, make_const(graph, 0), decoder->reject, op->yes, registers);
	return decoder->ops.count;
}

/* Goes on from a place to the next test or end. */
static void explore(struct decoder *decoder, const struct place *place, struct found *found)
{
	struct registers registers = place->registers;
	struct set_graph *graph = decoder->graph;
	uint32_t i = place->op;

	memset(found->required, 0xff, sizeof(found->required));
	while (i < decoder->ops.count && !graph->failed && !decoder->too_large) {
		const struct bpf_op *op = &decoder->ops.ops[i];
		bool is_return = op->code < OP_GO && BPF_CLASS(op->code) == BPF_RET;
		if (is_return && BPF_RVAL(op->code) == BPF_K) {
			find_end(found, op, &registers);
			return;
		}
		if (is_return) {
			find_test(decoder, found, BPF_JEQ, registers.a, make_const(graph, 0), decoder->reject,
				decoder->accept, &registers);
			return;
		}
		if (op_is_test(op)) {
			find_test(decoder, found, BPF_OP(op->code), registers.a, operand_of(graph, &registers, op),
				op->yes, op->no, &registers);
			return;
		}
		i = step(decoder, i, &registers, found);
	}
}

/* Finds all places that the program comes to; false where they are too many. */
static bool explore_all(struct decoder *decoder)
{
	uint32_t most = MOST_PLACES(decoder->ops.count), zero = make_const(decoder->graph, 0);
	struct registers start = {.a = zero, .x = zero};

	decoder->found = calloc(most, sizeof(*decoder->found));
	if (decoder->found == NULL)
		decoder->graph->failed = true;
	for (u_int word = 0; word < BPF_MEMWORDS; word++)
		start.scratch[word] = zero;
	memset(start.pending, 0xff, sizeof(start.pending));
	make_place(decoder, 0, &start);
	for (uint32_t i = 0; i < decoder->places.count && !decoder->graph->failed && !decoder->too_large; i++) {
		struct place place = ((struct place *)decoder->places.records)[i];
		if (i < most)
			explore(decoder, &place, &decoder->found[i]);
		else
			decoder->too_large = true;
	}
	return !decoder->graph->failed && !decoder->too_large;
}

/* ---- Nodes ---- */

static uint32_t make_node(struct set_graph *graph, struct set_node node)
{
	if (node.yes == node.no)
		return node.yes;
	uint32_t number = pcapint_intern(&graph->nodes, &node);
	if (number == NOT_INTERNED)
		graph->failed = true;
	return number;
}

/* Whether a packet can be too short for it. */
static bool is_of_packet(const struct set_graph *graph, uint32_t value)
{
	while (value != NO_VALUE) {
		const struct set_value *record = set_value(graph, value);
		if (record->kind == SET_LOAD || record->kind == SET_HEADER ||
			(record->right != NO_VALUE && is_of_packet(graph, record->right)))
			return true;
		value = record->left;
	}
	return false;
}

static uint32_t require(struct set_graph *graph, uint32_t value, uint32_t after)
{
	if (graph->failed || !is_of_packet(graph, value))
		return after;
	return make_node(graph, (struct set_node){SET_REQUIRE, value, NO_VALUE, after, SET_REJECT});
}

static bool is_range_test(const struct set_graph *graph, const struct set_node *node)
{
	return (node->op == BPF_JEQ || node->op == BPF_JGT || node->op == BPF_JGE) &&
	       set_value(graph, node->operand)->kind == SET_CONST;
}

bool pcapint_set_tests_range(const struct set_graph *graph, uint32_t node)
{
	return node > SET_ACCEPT && is_range_test(graph, set_node(graph, node));
}

uint32_t pcapint_set_outcome(const struct set_graph *graph, const struct set_node *node, uint32_t value)
{
	uint32_t k = set_value(graph, node->operand)->k;
	bool holds = node->op == BPF_JEQ ? value == k : node->op == BPF_JGT ? value > k : value >= k;

	return holds ? node->yes : node->no;
}

/* How many tests may come after this one, where those of ranges of one value count as one. */
static uint32_t depth_after(const struct decoder *decoder, uint32_t place, const struct set_node *before)
{
	const struct found *found = &decoder->found[place];

	if (found->is_end)
		return 0;
	bool same = found->node.value == before->value && is_range_test(decoder->graph, before) &&
		    is_range_test(decoder->graph, &found->node);
	return found->depth + !same;
}

/* Makes the node of a place, those after it being made. */
static void make_found(struct decoder *decoder, struct found *found)
{
	struct set_graph *graph = decoder->graph;
	struct set_node node = found->node;

	if (found->is_end) {
		found->result = found->end;
		for (u_int i = 0; i < MOST_PENDING && found->required[i] != NO_VALUE; i++)
			found->result = require(graph, found->required[i], found->result);
		return;
	}
	found->depth = depth_after(decoder, node.yes, &node);
	uint32_t no_depth = depth_after(decoder, node.no, &node);
	if (no_depth > found->depth)
		found->depth = no_depth;
	decoder->too_large |= found->depth > DEEPEST;
	node.yes = decoder->found[node.yes].result;
	node.no = decoder->found[node.no].result;
	found->result = make_node(graph, node);
	/* A test that does not matter still wants its values. */
	if (node.yes == node.no)
		found->result = require(graph, node.operand, require(graph, node.value, node.yes));
}

/* Tests lead to later ops only, so that nodes can be made from the last op on. */
static uint32_t make_nodes(struct decoder *decoder)
{
	const struct place *places = (const struct place *)decoder->places.records;
	uint32_t count = decoder->places.count, *first = calloc(decoder->ops.count, sizeof(*first));
	uint32_t *next = malloc(count * sizeof(*next)), result = NOT_INTERNED;

	if (first != NULL && next != NULL) {
		/* Lists by op; a place's number is 1 more in them, and 0 the end. */
		for (uint32_t i = 0; i < count; i++) {
			next[i] = first[places[i].op];
			first[places[i].op] = i + 1;
		}
		for (uint32_t op = decoder->ops.count; op-- != 0;)
			for (uint32_t i = first[op]; i != 0; i = next[i - 1])
				make_found(decoder, &decoder->found[i - 1]);
		result = decoder->found[0].result;
	} else {
		decoder->graph->failed = true;
	}
	free(first);
	free(next);
	return decoder->graph->failed || decoder->too_large ? NOT_INTERNED : result;
}

/* ---- A program ---- */

static bool decode_ops(struct decoder *decoder, const struct bpf_insn *program, u_int len)
{
	if (pcapint_decode_ops(&decoder->ops, program, len) != 0) {
		decoder->graph->failed = true;
		return false;
	}
	decoder->reject = decoder->ops.count - 1;
	decoder->accept = pcapint_append_op(&decoder->ops, (struct bpf_op){BPF_RET | BPF_K, 1, 0, 0});
	if (decoder->accept == UINT32_MAX || pcapint_find_facts(&decoder->ops) != 0)
		decoder->graph->failed = true;
	return !decoder->graph->failed && !decoder->ops.has_loops;
}

uint32_t pcapint_set_decode(struct set_graph *graph, const struct bpf_insn *program, u_int len)
{
	struct decoder decoder = {.graph = graph, .places = {.record_size = sizeof(struct place)}};
	uint32_t node = NOT_INTERNED;

	if (len <= MOST_OPS && decode_ops(&decoder, program, len) && explore_all(&decoder))
		node = make_nodes(&decoder);
	pcapint_free_ops(&decoder.ops);
	pcapint_free_interner(&decoder.places);
	free(decoder.found);
	return node;
}

/* ---- A graph ---- */

void pcapint_set_graph_init(struct set_graph *graph)
{
	*graph = (struct set_graph){
		.values = {.record_size = sizeof(struct set_value)},
		.nodes = {.record_size = sizeof(struct set_node)},
		.lists = {.record_size = sizeof(struct set_cell)},
		.blocks = {.record_size = sizeof(struct set_block)},
	};
	/* SET_REJECT and SET_ACCEPT: two records that are like no test. */
	for (uint32_t end = SET_REJECT; end <= SET_ACCEPT; end++)
		if (pcapint_intern(&graph->nodes, &(struct set_node){UINT32_MAX, NO_VALUE, NO_VALUE, end, end}) !=
			end)
			graph->failed = true;
}

void pcapint_set_graph_free(struct set_graph *graph)
{
	pcapint_free_interner(&graph->values);
	pcapint_free_interner(&graph->nodes);
	pcapint_free_interner(&graph->lists);
	pcapint_free_interner(&graph->blocks);
}
