/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the blocks' code one after the other and the jumps into reach. A conditional jump reaches 255 instructions:
 * a target further away is reached through an unconditional jump on the way, or, where it is a return, through
 * another return. Works from the end, where every target's place is known already; code that is there already, with
 * the same ways on, is not put a second time, and a jump passes by what loads a value that is at hand.
 */
#include "filter/lower.h"

#include <string.h>

#define REACH 255

/*
 * Where a block's code is. Addresses count instructions from the program's end, so that they do not move while it grows
 * at its start.
 */
struct place {
	uint32_t address; /* where its code starts */
	uint32_t test;    /* where its jump is */
	uint32_t nearest; /* the latest place from which it can be reached, itself or a jump to it */
	bool yes_at_test,
		no_at_test; /* its ways on lead to the test of the next block, past what loads the value */
	const struct block_code *code;   /* its own */
	const struct block_code *placed; /* that which stands for it */
};

struct layout {
	struct arena *scratch;
	struct bpf_insn *insns; /* backwards: the last instruction first */
	uint32_t count;
	uint32_t size;
	struct place *places; /* by block number */
	int slots;
	const struct block_code **table; /* the code that is there, by what it is; a power of two of buckets */
	size_t buckets;
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

static struct place *place_of(const struct layout *layout, const struct block *block)
{
	return &layout->places[block->number];
}

/* Whether one that is reached by a jump which comes next but for at most two more instructions is in reach. */
static bool is_near(const struct layout *layout, uint32_t address)
{
	return distance(layout->count + 3, address) <= REACH;
}

/*
 * Makes sure that target can be reached from a jump that comes next but for at most one more instruction. What is put
 * here is passed by: the code that follows it is reached by jumps alone.
 */
static int bring_near(struct layout *layout, const struct block *target)
{
	struct place *place = place_of(layout, target);
	struct bpf_insn insn;

	if (distance(layout->count + 2, place->nearest) <= REACH)
		return 0;
	if (target->kind == BLOCK_ACCEPT || target->kind == BLOCK_REJECT)
		insn = (struct bpf_insn)BPF_STMT(
			BPF_RET | BPF_K, target->kind == BLOCK_ACCEPT ? layout->snaplen : 0);
	else
		insn = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, distance(layout->count + 1, place->address));
	if (put(layout, insn) < 0)
		return -1;
	place->nearest = layout->count;
	return 0;
}

/* The block that stands for a way on. */
static const struct block *way(const struct layout *layout, const struct block *block)
{
	return block != NULL ? place_of(layout, block)->placed->block : NULL;
}

/*
 * Whether a way on can lead past the next block's loads, which are for those that come from elsewhere: its value is at
 * hand, and so is whatever else its code leaves for the blocks after it.
 */
static bool has_at_hand(const struct layout *layout, const struct block_code *from, const struct block *next)
{
	const struct machine *now = &from->after, *then = &place_of(layout, next)->code->after;

	if (next->kind != BLOCK_TEST || next->operand->kind != VALUE_CONST || now->a != next->value ||
		(then->x != NULL && then->x != now->x))
		return false;
	for (int i = 0; i < layout->slots; i++)
		if (then->memory[i] != NULL && then->memory[i] != now->memory[i])
			return false;
	return true;
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

/* Code that is to stand for another block, too, passes by no more loads than that can. */
static void join_ways(struct layout *layout, const struct block_code *placed, const struct block_code *code)
{
	struct place *place = place_of(layout, placed->block);
	struct bpf_insn *jump = &layout->insns[place->test - 1];

	if (place->yes_at_test && !has_at_hand(layout, code, code->block->yes)) {
		place->yes_at_test = false;
		jump->jt = distance(place->test, place_of(layout, way(layout, code->block->yes))->address);
	}
	if (place->no_at_test && !has_at_hand(layout, code, code->block->no)) {
		place->no_at_test = false;
		jump->jf = distance(place->test, place_of(layout, way(layout, code->block->no))->address);
	}
}

/* Whether the same code stands already, reached with other values in the registers; it then stands for this too. */
static bool is_placed(struct layout *layout, const struct block_code *code)
{
	struct place *place = place_of(layout, code->block);
	size_t at = hash_code(layout, code) & (layout->buckets - 1);

	place->code = code;
	for (; layout->table[at] != NULL; at = (at + 1) & (layout->buckets - 1))
		if (same_code(layout, layout->table[at], code)) {
			place->placed = layout->table[at];
			if (code->block->yes != NULL)
				join_ways(layout, place->placed, code);
			return true;
		}
	layout->table[at] = place->placed = code;
	return false;
}

/* Puts a conditional jump to both ways on. */
static int put_jump(struct layout *layout, const struct block_code *code)
{
	const struct block *block = code->block, *yes = way(layout, block->yes), *no = way(layout, block->no);
	struct place *place = place_of(layout, block), *to_yes = place_of(layout, yes),
		     *to_no = place_of(layout, no);

	place->yes_at_test = has_at_hand(layout, code, block->yes) && is_near(layout, to_yes->test);
	place->no_at_test = has_at_hand(layout, code, block->no) && is_near(layout, to_no->test);
	if ((!place->yes_at_test && bring_near(layout, yes) < 0) ||
		(!place->no_at_test && bring_near(layout, no) < 0))
		return -1;
	uint32_t here = layout->count + 1;
	struct bpf_insn jump =
		BPF_JUMP(code->jump, code->k, distance(here, place->yes_at_test ? to_yes->test : to_yes->nearest),
			distance(here, place->no_at_test ? to_no->test : to_no->nearest));
	return put(layout, jump);
}

static int put_block(struct layout *layout, const struct block_code *code)
{
	struct place *place = place_of(layout, code->block);

	if (is_placed(layout, code))
		return 0;
	if (code->block->yes != NULL ? put_jump(layout, code) < 0
				     : put(layout, (struct bpf_insn)BPF_STMT(code->jump, code->k)) < 0)
		return -1;
	place->test = layout->count;
	for (uint32_t i = code->count; i-- > 0;)
		if (put(layout, code->insns[i]) < 0)
			return -1;
	place->address = place->nearest = layout->count;
	return 0;
}

/* So many jumps to far targets have room without growing. */
#define FEW_JUMPS 16

int code_layout(const struct code *code, const struct block_code *blocks, size_t count, struct bpf_program *program)
{
	struct ir *ir = code->ir;
	struct layout layout = {.scratch = ir->scratch,
		.snaplen = code->snaplen,
		.slots = code->slots,
		.size = FEW_JUMPS,
		.places = arena_alloc_raw(ir->scratch, (ir->block_count + 1) * sizeof(*layout.places)),
		.buckets = 16};

	for (size_t i = 0; i < count; i++)
		layout.size += blocks[i].count + 1;
	while (layout.buckets < 2 * count)
		layout.buckets *= 2;
	layout.insns = arena_alloc_raw(ir->scratch, layout.size * sizeof(*layout.insns));
	layout.table = arena_alloc(ir->scratch, layout.buckets * sizeof(*layout.table));
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
