/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by the files that turn the graph into classic BPF: the code of each block, and what the registers hold.
 */
#ifndef WEIR_FILTER_LOWER_H
#define WEIR_FILTER_LOWER_H

#include "filter/ir-private.h"

/*
 * Scratch words: the first are for values that are used again, the next hold left operands while right ones that need
 * both registers are computed, as deep as an expression nests them, and the last is a protochain loop's.
 */
#define SCRATCH_VALUES 8
#define SCRATCH_CHAIN (BPF_MEMWORDS - 1)

/* What the machine's registers, and the scratch memory for values, are known to hold; NULL: anything. */
struct machine {
	const struct value *a;
	const struct value *x;
	const struct value *memory[SCRATCH_VALUES];
};

/* A block's instructions up to its jump, and the jump. */
struct block_code {
	const struct block *block;
	const struct value *early; /* computed at its start, into X; NULL: none */
	struct bpf_insn *insns;
	uint32_t count;
	uint32_t size;
	uint16_t jump; /* code of the conditional jump, or of the return */
	uint32_t k;
	uint32_t computes;      /* how often the value that is watched */
	bool machine_known;     /* some way here has been seen */
	struct machine machine; /* at its start */
	struct machine after;   /* at its jump */
};

struct code {
	struct ir *ir;
	struct block_code *current;
	struct machine machine;
	/* By value number: how often it was computed, the scratch word it has (plus 1), how often that was read. */
	uint32_t *computed;
	uint8_t *slot;
	uint32_t *read;
	const struct value *watched; /* see block_code; NULL: none */
	int slots;                   /* words that may have been given out */
	int chain_slots;             /* the first of them, for where chains of headers ended: */
	uint8_t *chain_end;          /* by value number: enum chain_end */
	uint32_t snaplen;
	int waiting;         /* scratch words that hold operands */
	bool too_deep;       /* there were not enough of them */
	bool failed;         /* there was no memory */
	const char *refusal; /* why there can be no program, where that is something else; NULL */
};

/* Whether a value is where a chain ended, which its block stores: unless nobody reads it, being at hand in X. */
enum chain_end {
	NO_CHAIN_END,
	CHAIN_END_READ,
	CHAIN_END_UNREAD,
};

void code_emit(struct code *code, uint16_t opcode, uint32_t k);
void code_jump(struct code *code, uint16_t opcode, uint32_t k, uint8_t yes, uint8_t no);
/* Brings a value into A or X; the other may be lost. */
void code_load_a(struct code *code, const struct value *value);
void code_load_x(struct code *code, const struct value *value);
/* What is known where two ways meet: what both agree on, into the first. */
void code_meet(const struct code *code, struct machine *machine, const struct machine *other);
/* Brings a value that is one of two into A (lower-select.c). */
void lower_select(struct code *code, const struct value *value);
/* Gives scratch words to the values that tell where chains ended (lower-chain.c); false if there are not enough. */
bool lower_chain_slots(struct code *code, const struct block_code *blocks, size_t count);
/* What the way "yes" of a chain's block tells. */
void lower_chain_found(struct code *code, const struct block *block);
/* One round over all blocks; how many instructions they have without their jumps. */
size_t lower_blocks(struct code *code, struct block_code *blocks, size_t count, const uint32_t *position);
/* Finds values to compute before the ways part that need them (lower-early.c). */
void lower_early(struct code *code, struct block_code *blocks, size_t count, const uint32_t *position);
/* Lays the blocks' code out, in order, with all jumps in reach; in scratch memory. 0 or -1 without memory. */
int code_layout(
	const struct code *code, const struct block_code *blocks, size_t count, struct bpf_program *program);
/*
 * From the graph to a program in scratch memory; early: with lower_early(). 0 or -1, then with why in *refusal, or NULL
 * where memory has run out.
 */
int lower_graph(struct ir *ir, uint32_t snaplen, bool early, struct bpf_program *program, const char **refusal);
/* What a program costs (lower-measure.c). */
void program_cost(const struct bpf_program *program, struct arena *scratch, struct cost *cost);

#endif
