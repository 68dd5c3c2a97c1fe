/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the graph to instructions: brings each test's value into A (and its operand into X), and leaves out whatever a
 * register or a scratch word holds already on every way to the block.
 */
#include "filter/lower.h"

#include <pcap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void code_jump(struct code *code, uint16_t opcode, uint32_t k, uint8_t yes, uint8_t no)
{
	struct block_code *block = code->current;

	if (block->count == block->size) {
		uint32_t size = block->size != 0 ? 2 * block->size : 8;
		struct bpf_insn *insns = arena_alloc_raw(code->ir->scratch, size * sizeof(*insns));
		if (insns == NULL) {
			code->failed = true;
			return;
		}
		if (block->count > 0)
			memcpy(insns, block->insns, block->count * sizeof(*insns));
		block->insns = insns;
		block->size = size;
	}
	block->insns[block->count++] = (struct bpf_insn){opcode, yes, no, k};
}

void code_emit(struct code *code, uint16_t opcode, uint32_t k)
{
	code_jump(code, opcode, k, 0, 0);
}

static uint16_t size_code(int size)
{
	return size == 1 ? BPF_B : size == 2 ? BPF_H : BPF_W;
}

/* The scratch word that holds a value now, or -1. */
static int in_memory(struct code *code, const struct value *value)
{
	int slot = code->slot[value->number] - 1;
	return slot >= 0 && code->machine.memory[slot] == value ? slot : -1;
}

/* After a value was computed into a register: keeps it where it has been given a scratch word. */
static void keep(struct code *code, const struct value *value, uint16_t store)
{
	int slot = code->slot[value->number] - 1;

	code->computed[value->number]++;
	if (slot < 0 || code->machine.memory[slot] == value)
		return;
	code_emit(code, store, slot);
	code->machine.memory[slot] = value;
}

/* Whether X gets a value by one instruction that leaves A alone. */
static bool loads_into_x(struct code *code, const struct value *value)
{
	return code->machine.x == value || code->machine.a == value || value->kind == VALUE_CONST ||
	       value->kind == VALUE_LEN || value->kind == VALUE_MSH || in_memory(code, value) >= 0;
}

/* Whether computing a value into A leaves X alone. */
static bool leaves_x(struct code *code, const struct value *value)
{
	if (code->machine.a == value || in_memory(code, value) >= 0)
		return true;
	switch (value->kind) {
	case VALUE_CONST:
	case VALUE_LEN:
	case VALUE_ANCILLARY:
		return true;
	case VALUE_LOAD:
		return value->left == NULL || code->machine.x == value->left;
	case VALUE_ALU:
		return (value->right == NULL || value->right->kind == VALUE_CONST) && leaves_x(code, value->left);
	default:
		return false;
	}
}

/* Whether it will after another value was brought into X, which that may have passed through A. */
static bool leaves_x_behind(struct code *code, const struct value *value, const struct value *x)
{
	struct machine before = code->machine;

	if (!loads_into_x(code, x))
		code->machine.a = x;
	code->machine.x = x;
	bool leaves = leaves_x(code, value);
	code->machine = before;
	return leaves;
}

/* left into A and right into X, in the order in which the second does not destroy the first. */
static void load_both(struct code *code, const struct value *left, const struct value *right)
{
	if (code->machine.x == right && leaves_x(code, left)) {
		code_load_a(code, left);
		return;
	}
	if (loads_into_x(code, right) && (code->machine.a != right || code->machine.x == right)) {
		code_load_a(code, left);
		if (loads_into_x(code, right)) {
			code_load_x(code, right);
			return;
		}
	}
	if (leaves_x_behind(code, left, right)) {
		code_load_x(code, right);
		code_load_a(code, left);
		return;
	}
	/* Both need A and X: the right one waits in memory. */
	int word = SCRATCH_VALUES + code->waiting;
	if (word >= SCRATCH_CHAIN) {
		code->too_deep = true;
		return;
	}
	code_load_a(code, right);
	code_emit(code, BPF_ST, word);
	code->waiting++;
	code_load_a(code, left);
	code->waiting--;
	code_emit(code, BPF_LDX | BPF_W | BPF_MEM, word);
	code->machine.x = right;
}

static void compute_alu(struct code *code, const struct value *value)
{
	if (value->right == NULL) {
		code_load_a(code, value->left);
		code_emit(code, BPF_ALU | value->op, 0);
	} else if (value->right->kind == VALUE_CONST) {
		code_load_a(code, value->left);
		code_emit(code, BPF_ALU | value->op | BPF_K, value->right->k);
	} else {
		load_both(code, value->left, value->right);
		code_emit(code, BPF_ALU | value->op | BPF_X, 0);
	}
}

/* Linux: ancillary data stands at this offset (linux/filter.h, SKF_AD_OFF). */
#define ANCILLARY_OFFSET 0xfffff000U

static void compute_a(struct code *code, const struct value *value)
{
	switch (value->kind) {
	case VALUE_CONST:
		code_emit(code, BPF_LD | BPF_IMM, value->k);
		break;
	case VALUE_LEN:
		code_emit(code, BPF_LD | BPF_W | BPF_LEN, 0);
		break;
	case VALUE_ANCILLARY:
		code_emit(code, BPF_LD | BPF_B | BPF_ABS, ANCILLARY_OFFSET + value->k);
		break;
	case VALUE_LOAD:
		if (value->left == NULL) {
			code_emit(code, BPF_LD | size_code(value->size) | BPF_ABS, value->k);
		} else {
			code_load_x(code, value->left);
			code_emit(code, BPF_LD | size_code(value->size) | BPF_IND, value->k);
		}
		break;
	case VALUE_MSH:
		code_load_x(code, value);
		code_emit(code, BPF_MISC | BPF_TXA, 0);
		break;
	case VALUE_ALU:
		compute_alu(code, value);
		break;
	case VALUE_SELECT:
		lower_select(code, value);
		break;
	case VALUE_CHAIN_END:
		/* It cannot be computed again; ir_verify() looks for graphs that would need that. */
		code->refusal = "a fault of the filter compiler: a header's place is not known where it is needed";
		break;
	}
}

void code_load_a(struct code *code, const struct value *value)
{
	int slot = in_memory(code, value);

	/* Without memory there is no end to it: a value can have the same part many times. */
	if (code->machine.a == value || code->failed)
		return;
	if (code->machine.x == value) {
		code_emit(code, BPF_MISC | BPF_TXA, 0);
	} else if (slot >= 0) {
		code_emit(code, BPF_LD | BPF_W | BPF_MEM, slot);
		code->read[value->number]++;
	} else {
		compute_a(code, value);
		code->machine.a = value;
		keep(code, value, BPF_ST);
	}
	code->machine.a = value;
}

void code_load_x(struct code *code, const struct value *value)
{
	int slot = in_memory(code, value);

	if (code->machine.x == value || code->failed)
		return;
	if (slot >= 0) {
		code_emit(code, BPF_LDX | BPF_W | BPF_MEM, slot);
		code->read[value->number]++;
	} else if (code->machine.a == value) {
		code_emit(code, BPF_MISC | BPF_TAX, 0);
	} else if (value->kind == VALUE_CONST) {
		code_emit(code, BPF_LDX | BPF_W | BPF_IMM, value->k);
	} else if (value->kind == VALUE_LEN) {
		code_emit(code, BPF_LDX | BPF_W | BPF_LEN, 0);
	} else if (value->kind == VALUE_MSH) {
		code_emit(code, BPF_LDX | BPF_B | BPF_MSH, value->k);
	} else {
		code_load_a(code, value);
		code_emit(code, BPF_MISC | BPF_TAX, 0);
	}
	code->machine.x = value;
}

void code_meet(const struct code *code, struct machine *machine, const struct machine *other)
{
	if (machine->a != other->a)
		machine->a = NULL;
	if (machine->x != other->x)
		machine->x = NULL;
	for (int i = 0; i < code->slots; i++)
		if (machine->memory[i] != other->memory[i])
			machine->memory[i] = NULL;
}

static void meet(const struct code *code, struct block_code *block)
{
	if (block->machine_known)
		code_meet(code, &block->machine, &code->machine);
	else
		block->machine = code->machine;
	block->machine_known = true;
}

static void lower_block(struct code *code, struct block_code *block_code)
{
	const struct block *block = block_code->block;

	code->current = block_code;
	code->machine = block_code->machine;
	block_code->count = 0;
	if (block_code->early != NULL)
		code_load_x(code, block_code->early);
	switch (block->kind) {
	case BLOCK_ACCEPT:
	case BLOCK_REJECT:
		block_code->jump = BPF_RET | BPF_K;
		block_code->k = block->kind == BLOCK_ACCEPT ? code->snaplen : 0;
		break;
	case BLOCK_CHAIN:
		lower_chain(code, block);
		block_code->jump = BPF_JMP | BPF_JEQ | BPF_K;
		block_code->k = block->protocol;
		break;
	case BLOCK_TEST:
		if (block->operand->kind == VALUE_CONST) {
			code_load_a(code, block->value);
			block_code->jump = BPF_JMP | block->op | BPF_K;
			block_code->k = block->operand->k;
		} else {
			load_both(code, block->value, block->operand);
			block_code->jump = BPF_JMP | block->op | BPF_X;
			block_code->k = 0;
		}
		break;
	}
}

size_t lower_blocks(struct code *code, struct block_code *blocks, size_t count, const uint32_t *position)
{
	const uint32_t *watched = code->watched != NULL ? &code->computed[code->watched->number] : NULL;
	size_t total = 0;

	memset(code->computed, 0, code->ir->value_count * sizeof(*code->computed));
	memset(code->read, 0, code->ir->value_count * sizeof(*code->read));
	for (size_t i = 0; i < count; i++)
		blocks[i].machine_known = false;
	blocks[0].machine_known = true;
	blocks[0].machine = (struct machine){0};
	for (size_t i = 0; i < count; i++) {
		uint32_t before = watched != NULL ? *watched : 0;
		lower_block(code, &blocks[i]);
		blocks[i].computes = watched != NULL ? *watched - before : 0;
		blocks[i].after = code->machine;
		total += blocks[i].count;
		if (blocks[i].block->yes == NULL)
			continue;
		meet(code, &blocks[position[blocks[i].block->no->number]]);
		if (blocks[i].block->kind == BLOCK_CHAIN)
			lower_chain_found(code, blocks[i].block);
		meet(code, &blocks[position[blocks[i].block->yes->number]]);
	}
	return total;
}

/* Gives scratch words to values that were computed more than once and cost more than to store and load them again. */
static bool assign_slots(struct code *code)
{
	for (uint32_t i = 0; i < code->ir->value_count && code->slots < SCRATCH_VALUES; i++)
		if (code->computed[i] > 1 && code->ir->values[i]->cost > 2)
			code->slot[i] = ++code->slots;
	return code->slots > code->chain_slots;
}

/* Takes them back from those that were never read again. */
static bool drop_slots(struct code *code)
{
	bool dropped = false;

	for (uint32_t i = 0; i < code->ir->value_count; i++) {
		if (code->slot[i] == 0 || code->read[i] > 0 || code->chain_end[i] != NO_CHAIN_END)
			continue;
		code->slot[i] = 0;
		dropped = true;
	}
	return dropped;
}

/* Lowers the blocks without scratch words for values, and with them where that is shorter. */
static void lower_with_slots(struct code *code, struct block_code *blocks, size_t count, const uint32_t *position)
{
	size_t plain = lower_blocks(code, blocks, count, position);

	if (!assign_slots(code))
		return;
	size_t with_slots = lower_blocks(code, blocks, count, position);
	if (drop_slots(code))
		with_slots = lower_blocks(code, blocks, count, position);
	if (with_slots <= plain)
		return;
	for (uint32_t i = 0; i < code->ir->value_count; i++)
		if (code->chain_end[i] == NO_CHAIN_END)
			code->slot[i] = 0;
	lower_blocks(code, blocks, count, position);
}

/* Leaves out the stores of where chains ended that nobody reads. */
static void drop_chain_ends(struct code *code, struct block_code *blocks, size_t count, const uint32_t *position)
{
	bool dropped = false;

	for (uint32_t i = 0; code->chain_slots > 0 && i < code->ir->value_count; i++) {
		if (code->chain_end[i] != CHAIN_END_READ || code->read[i] > 0)
			continue;
		code->chain_end[i] = CHAIN_END_UNREAD;
		dropped = true;
	}
	if (dropped)
		lower_blocks(code, blocks, count, position);
}

static const char too_deep[] = "the arithmetic is too deep: more than 7 right operands wait for left ones";
_Static_assert(SCRATCH_CHAIN - SCRATCH_VALUES == 7, "the message is wrong");

int lower_graph(struct ir *ir, uint32_t snaplen, bool early, struct bpf_program *program, const char **refusal)
{
	size_t count = 0, values = ir->value_count + 1;
	struct block **order = ir_order(ir, &count);
	struct block_code *blocks = arena_alloc_raw(ir->scratch, (count + 1) * sizeof(*blocks));
	uint32_t *position = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*position));
	struct code code = {.ir = ir,
		.snaplen = snaplen,
		.computed = arena_alloc_raw(ir->scratch, values * sizeof(*code.computed)),
		.slot = arena_alloc(ir->scratch, values),
		.read = arena_alloc_raw(ir->scratch, values * sizeof(*code.read)),
		.chain_end = arena_alloc(ir->scratch, values)};

	*refusal = NULL;
	if (ir_failed(ir))
		return -1;
	for (size_t i = 0; i < count; i++) {
		blocks[i].block = order[i];
		blocks[i].early = NULL;
		blocks[i].insns = NULL;
		blocks[i].size = 0;
		position[order[i]->number] = (uint32_t)i;
	}
	if (lower_chain_slots(&code, blocks, count)) {
		lower_with_slots(&code, blocks, count, position);
		if (early)
			lower_early(&code, blocks, count, position);
		drop_chain_ends(&code, blocks, count, position);
	}
	*refusal = code.refusal != NULL ? code.refusal : code.too_deep ? too_deep : NULL;
	return *refusal != NULL || ir_failed(ir) ? -1 : code_layout(&code, blocks, count, program);
}

int ir_lower(struct ir *ir, uint32_t snaplen, struct bpf_program *program, char *errbuf)
{
	struct bpf_program made;
	const char *refusal;

	if (lower_graph(ir, snaplen, true, &made, &refusal) == 0) {
		struct bpf_insn *insns = malloc(made.bf_len * sizeof(*insns));
		if (insns != NULL) {
			program->bf_len = made.bf_len;
			program->bf_insns = memcpy(insns, made.bf_insns, made.bf_len * sizeof(*insns));
			return 0;
		}
	}
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s",
		refusal != NULL ? refusal : "the filter is too large: no memory for its program");
	return -1;
}
