/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the blocks' code one after the other and the jumps into reach. A conditional jump reaches 255 instructions:
 * a target further away is reached through an unconditional jump on the way, or, where it is a return, through
 * another return. Works from the end, where every target's place is known already; code that is there already, with
 * the same ways on, is not put a second time.
 */
#include "filter/lower.h"

#include <string.h>

#define REACH 255

/* Addresses count instructions from the program's end, so that they do not move while it grows at its start. */
struct layout {
	struct arena *scratch;
	struct bpf_insn *insns; /* backwards: the last instruction first */
	uint32_t count;
	uint32_t size;
	uint32_t *address; /* by block number: where its code starts */
	uint32_t *
		nearest; /* by block number: the latest place from which it can be reached, itself or a jump to it */
	const struct block_code **placed; /* by block number: the code that stands for the block */
	const struct block_code **table;  /* the code that is there, by what it is; a power of two of places */
	size_t places;
	uint32_t snaplen;
};

static int put(struct layout *layout, struct bpf_insn insn)
{
	if (layout->count == layout->size) {
		uint32_t size = 2 * layout->size;
		struct bpf_insn *insns = arena_alloc_raw(layout->scratch, size * sizeof(*insns));
		if (insns == NULL)
			return -1;
		layout->insns = memcpy(insns, layout->insns, layout->count * sizeof(*insns));
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

/* The block that stands for a way on. */
static const struct block *way(const struct layout *layout, const struct block *block)
{
	return block != NULL ? layout->placed[block->number]->block : NULL;
}

static bool same_code(const struct layout *layout, const struct block_code *a, const struct block_code *b)
{
	return a->jump == b->jump && a->k == b->k && a->count == b->count &&
	       way(layout, a->block->yes) == way(layout, b->block->yes) &&
	       way(layout, a->block->no) == way(layout, b->block->no) &&
	       (a->count == 0 || memcmp(a->insns, b->insns, a->count * sizeof(*a->insns)) == 0);
}

static size_t hash_code(const struct layout *layout, const struct block_code *code)
{
	size_t hash = code->jump * 31 + code->count;

	hash = hash * 0x9e3779b1 + code->k;
	for (uint32_t i = 0; i < code->count; i++)
		hash = hash * 0x9e3779b1 + code->insns[i].code * 7 + code->insns[i].k;
	if (code->block->yes != NULL) {
		hash = hash * 0x9e3779b1 + way(layout, code->block->yes)->number;
		hash = hash * 0x9e3779b1 + way(layout, code->block->no)->number;
	}
	return hash ^ hash >> 15;
}

/* Whether the same code stands already, reached with other values in the registers; it then stands for this too. */
static bool is_placed(struct layout *layout, const struct block_code *code)
{
	size_t at = hash_code(layout, code) & (layout->places - 1);

	for (; layout->table[at] != NULL; at = (at + 1) & (layout->places - 1))
		if (same_code(layout, layout->table[at], code)) {
			layout->placed[code->block->number] = layout->table[at];
			return true;
		}
	layout->table[at] = code;
	layout->placed[code->block->number] = code;
	return false;
}

static int put_block(struct layout *layout, const struct block_code *code)
{
	struct bpf_insn jump = BPF_STMT(code->jump, code->k);

	if (is_placed(layout, code))
		return 0;
	if (code->block->yes != NULL) {
		const struct block *yes = way(layout, code->block->yes), *no = way(layout, code->block->no);
		if (bring_near(layout, yes) < 0 || bring_near(layout, no) < 0)
			return -1;
		uint32_t here = layout->count + 1;
		jump.jt = distance(here, layout->nearest[yes->number]);
		jump.jf = distance(here, layout->nearest[no->number]);
	}
	if (put(layout, jump) < 0)
		return -1;
	for (uint32_t i = code->count; i-- > 0;)
		if (put(layout, code->insns[i]) < 0)
			return -1;
	layout->address[code->block->number] = layout->nearest[code->block->number] = layout->count;
	return 0;
}

/* So many jumps to far targets have room without growing. */
#define FEW_JUMPS 16

int code_layout(
	struct ir *ir, const struct block_code *blocks, size_t count, uint32_t snaplen, struct bpf_program *program)
{
	struct layout layout = {.scratch = ir->scratch,
		.snaplen = snaplen,
		.size = FEW_JUMPS,
		.address = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*layout.address)),
		.nearest = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*layout.nearest)),
		.placed = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*layout.placed)),
		.places = 16};

	for (size_t i = 0; i < count; i++)
		layout.size += blocks[i].count + 1;
	while (layout.places < 2 * count)
		layout.places *= 2;
	layout.insns = arena_alloc_raw(ir->scratch, layout.size * sizeof(*layout.insns));
	layout.table = arena_alloc(ir->scratch, layout.places * sizeof(*layout.table));
	if (ir_failed(ir))
		return -1;
	for (size_t i = count; i-- > 0;)
		if (put_block(&layout, &blocks[i]) < 0)
			return -1;
	for (uint32_t i = 0; i < layout.count / 2; i++) {
		struct bpf_insn swap = layout.insns[i];
		layout.insns[i] = layout.insns[layout.count - 1 - i];
		layout.insns[layout.count - 1 - i] = swap;
	}
	program->bf_len = layout.count;
	program->bf_insns = layout.insns;
	return 0;
}
