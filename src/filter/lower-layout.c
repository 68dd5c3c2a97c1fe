/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the blocks' code one after the other and the jumps into reach. A conditional jump reaches 255 instructions:
 * a target further away is reached through an unconditional jump on the way, or, where it is a return, through
 * another return. Works from the end, where every target's place is known already.
 */
#include "filter/lower.h"

#include <stdlib.h>
#include <string.h>

#define REACH 255

/* Addresses count instructions from the program's end, so that they do not move while it grows at its start. */
struct layout {
	struct bpf_insn *insns; /* backwards: the last instruction first */
	uint32_t count;
	uint32_t size;
	uint32_t *address; /* by block number: where its code starts */
	uint32_t *
		nearest; /* by block number: the latest place from which it can be reached, itself or a jump to it */
	uint32_t snaplen;
};

static int put(struct layout *layout, struct bpf_insn insn)
{
	if (layout->count == layout->size) {
		uint32_t size = layout->size != 0 ? 2 * layout->size : 64;
		struct bpf_insn *insns = realloc(layout->insns, size * sizeof(*insns));
		if (insns == NULL)
			return -1;
		layout->insns = insns;
		layout->size = size;
	}
	layout->insns[layout->count++] = insn;
	return 0;
}

/* From an instruction whose address will be from: how many instructions a jump there has to pass over. */
static uint32_t distance(uint32_t from, uint32_t to)
{
	return from - to - 1;
}

/*
 * Makes sure that target can be reached from a jump that comes next but for at most one more instruction. What is put
 * here is passed by: the code that follows it is reached by jumps alone.
 */
static int bring_near(struct layout *layout, const struct block *target)
{
	struct bpf_insn insn;

	if (distance(layout->count + 2, layout->nearest[target->number]) <= REACH)
		return 0;
	if (target->kind == BLOCK_ACCEPT || target->kind == BLOCK_REJECT)
		insn = (struct bpf_insn)BPF_STMT(
			BPF_RET | BPF_K, target->kind == BLOCK_ACCEPT ? layout->snaplen : 0);
	else
		insn = (struct bpf_insn)BPF_STMT(
			BPF_JMP | BPF_JA, distance(layout->count + 1, layout->address[target->number]));
	if (put(layout, insn) < 0)
		return -1;
	layout->nearest[target->number] = layout->count;
	return 0;
}

static int put_block(struct layout *layout, const struct block_code *code)
{
	const struct block *block = code->block;
	struct bpf_insn jump = BPF_STMT(code->jump, code->k);

	if (block->yes != NULL) {
		if (bring_near(layout, block->yes) < 0 || bring_near(layout, block->no) < 0)
			return -1;
		uint32_t here = layout->count + 1;
		jump.jt = distance(here, layout->nearest[block->yes->number]);
		jump.jf = distance(here, layout->nearest[block->no->number]);
	}
	if (put(layout, jump) < 0)
		return -1;
	for (uint32_t i = code->count; i-- > 0;)
		if (put(layout, code->insns[i]) < 0)
			return -1;
	layout->address[block->number] = layout->nearest[block->number] = layout->count;
	return 0;
}

int code_layout(
	struct ir *ir, const struct block_code *blocks, size_t count, uint32_t snaplen, struct bpf_program *program)
{
	struct layout layout = {.snaplen = snaplen,
		.address = arena_alloc(ir->arena, (ir->block_count + 1) * sizeof(*layout.address)),
		.nearest = arena_alloc(ir->arena, (ir->block_count + 1) * sizeof(*layout.nearest))};
	int status = ir->arena->failed ? -1 : 0;

	for (size_t i = count; i-- > 0 && status == 0;)
		status = put_block(&layout, &blocks[i]);
	if (status == 0) {
		for (uint32_t i = 0; i < layout.count / 2; i++) {
			struct bpf_insn swap = layout.insns[i];
			layout.insns[i] = layout.insns[layout.count - 1 - i];
			layout.insns[layout.count - 1 - i] = swap;
		}
		program->bf_len = layout.count;
		program->bf_insns = layout.insns;
		return 0;
	}
	free(layout.insns);
	return -1;
}
