/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one loop of the language: "protochain" follows the headers of an IP packet until it meets the protocol it looks
 * for, or a header that it can't pass. The jump back makes the program one that no kernel takes. Where the loop ended
 * is kept for the tests that read the header there.
 */
#include "filter/lower.h"

#include <netinet/in.h>

/* RFC 791: where the type of the next header stands, and the fragment offset. */
#define IPV4_PROTOCOL 9
#define IPV4_FRAGMENT 6
#define IPV4_FRAGMENT_OFFSET 0x1fff

/* RFC 8200: where the type of the next header stands, and where the header ends; the offset in a fragment header. */
#define IPV6_NEXT_HEADER 6
#define IPV6_HEADER_SIZE 40
#define FRAGMENT 2
#define FRAGMENT_OFFSET 0xfff8

/* Headers begin with the next one's type; their length is in units of 8 bytes, the first not counted (RFC 8200 4). */
static const uint8_t options[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/* Lets a jump that was emitted before its target lead here. */
static void lead_here(struct code *code, uint32_t jump, bool outcome)
{
	struct block_code *block = code->current;

	if (ir_failed(code->ir))
		return;
	if (outcome)
		block->insns[jump].jt = block->count - jump - 1;
	else
		block->insns[jump].jf = block->count - jump - 1;
}

static uint32_t emit_test(struct code *code, uint16_t op, uint32_t k)
{
	code_emit(code, BPF_JMP | op | BPF_K, k);
	return code->current->count - 1;
}

/* X = the offset of what follows the IPv6 header, A = its type. */
static void start_ipv6(struct code *code, const struct block *block)
{
	if (block->value == NULL) {
		code_emit(code, BPF_LDX | BPF_W | BPF_IMM, block->k + IPV6_HEADER_SIZE);
		code_emit(code, BPF_LD | BPF_B | BPF_ABS, block->k + IPV6_NEXT_HEADER);
		return;
	}
	code_load_x(code, block->value);
	code_emit(code, BPF_LD | BPF_B | BPF_IND, block->k + IPV6_NEXT_HEADER);
	code_emit(code, BPF_ST, SCRATCH_CHAIN);
	code_emit(code, BPF_MISC | BPF_TXA, 0);
	code_emit(code, BPF_ALU | BPF_ADD | BPF_K, block->k + IPV6_HEADER_SIZE);
	code_emit(code, BPF_MISC | BPF_TAX, 0);
	code_emit(code, BPF_LD | BPF_W | BPF_MEM, SCRATCH_CHAIN);
}

/* The same of IPv4; returns the jump that is taken in a fragment that is not the first, with A = the type. */
static uint32_t start_ipv4(struct code *code, const struct block *block)
{
	uint16_t mode = block->value == NULL ? BPF_ABS : BPF_IND;

	if (block->value != NULL)
		code_load_x(code, block->value);
	code_emit(code, BPF_LD | BPF_H | mode, block->k + IPV4_FRAGMENT);
	uint32_t fragment = emit_test(code, BPF_JSET, IPV4_FRAGMENT_OFFSET);
	if (block->value == NULL && block->k == 0) {
		code_emit(code, BPF_LDX | BPF_B | BPF_MSH, 0);
		code_emit(code, BPF_LD | BPF_B | BPF_ABS, IPV4_PROTOCOL);
		return fragment;
	}
	if (block->value == NULL) {
		code_emit(code, BPF_LDX | BPF_B | BPF_MSH, block->k);
		code_emit(code, BPF_MISC | BPF_TXA, 0);
	} else {
		code_emit(code, BPF_LD | BPF_B | BPF_IND, block->k + IPV4_PROTOCOL);
		code_emit(code, BPF_ST, SCRATCH_CHAIN);
		code_emit(code, BPF_LD | BPF_B | BPF_IND, block->k);
		code_emit(code, BPF_ALU | BPF_AND | BPF_K, 0xf);
		code_emit(code, BPF_ALU | BPF_LSH | BPF_K, 2);
		code_emit(code, BPF_ALU | BPF_ADD | BPF_X, 0);
	}
	code_emit(code, BPF_ALU | BPF_ADD | BPF_K, block->k);
	code_emit(code, BPF_MISC | BPF_TAX, 0);
	if (block->value == NULL)
		code_emit(code, BPF_LD | BPF_B | BPF_ABS, block->k + IPV4_PROTOCOL);
	else
		code_emit(code, BPF_LD | BPF_W | BPF_MEM, SCRATCH_CHAIN);
	return fragment;
}

/* X on to the next header and A its type: the length is (second byte + extra) << shift. */
static void step(struct code *code, uint32_t extra, uint32_t shift, uint32_t loop)
{
	code_emit(code, BPF_LD | BPF_B | BPF_IND, 0);
	code_emit(code, BPF_ST, SCRATCH_CHAIN);
	code_emit(code, BPF_LD | BPF_B | BPF_IND, 1);
	code_emit(code, BPF_ALU | BPF_ADD | BPF_K, extra);
	code_emit(code, BPF_ALU | BPF_LSH | BPF_K, shift);
	code_emit(code, BPF_ALU | BPF_ADD | BPF_X, 0);
	code_emit(code, BPF_MISC | BPF_TAX, 0);
	code_emit(code, BPF_LD | BPF_W | BPF_MEM, SCRATCH_CHAIN);
	code_emit(code, BPF_JMP | BPF_JA, loop - (code->current->count + 1));
}

/*
 * The loop over IPv6 headers, from the tests for those that can be passed on; returns the jump that is taken in a
 * fragment that is not the first. A fragment header's second byte is 0: it is passed as the others are.
 */
static uint32_t pass_ipv6(struct code *code, uint32_t loop, uint32_t *last)
{
	uint32_t tests[OPTIONS];

	for (size_t i = 0; i < OPTIONS; i++)
		tests[i] = emit_test(code, BPF_JEQ, options[i]);
	uint32_t is_fragment = emit_test(code, BPF_JEQ, IPPROTO_FRAGMENT);
	*last = emit_test(code, BPF_JEQ, IPPROTO_AH);
	/* An authentication header's length is in units of 4 bytes, less 2 (RFC 4302 2.2). */
	step(code, 2, 2, loop);
	lead_here(code, is_fragment, true);
	code_emit(code, BPF_LD | BPF_H | BPF_IND, FRAGMENT);
	uint32_t fragment = emit_test(code, BPF_JSET, FRAGMENT_OFFSET);
	for (size_t i = 0; i < OPTIONS; i++)
		lead_here(code, tests[i], true);
	step(code, 1, 3, loop);
	return fragment;
}

/* The scratch word in which where the chain ended is to be stored, or -1. */
static int slot_of_end(const struct code *code, const struct block *block)
{
	if (block->end == NULL || code->chain_end[block->end->number] != CHAIN_END_READ)
		return -1;
	return code->slot[block->end->number] - 1;
}

/*
 * What follows the header of a fragment but the first is no header, whatever type is told there: it is the last that
 * is looked at, and the offset of what has that type is 0.
 */
void lower_chain(struct code *code, const struct block *block)
{
	uint32_t fragment = 0, last;
	int slot = slot_of_end(code, block);
	bool told = block->end != NULL && code->chain_end[block->end->number] != NO_CHAIN_END;

	if (block->ipv6)
		start_ipv6(code, block);
	else
		fragment = start_ipv4(code, block);
	uint32_t loop = code->current->count, found = emit_test(code, BPF_JEQ, block->protocol), other = 0;
	if (block->ipv6) {
		fragment = pass_ipv6(code, loop, &last);
		lead_here(code, fragment, true);
		code_emit(code, BPF_LD | BPF_B | BPF_IND, 0);
	} else {
		last = emit_test(code, BPF_JEQ, IPPROTO_AH);
		step(code, 2, 2, loop);
		lead_here(code, fragment, true);
		code_emit(code, BPF_LD | BPF_B | (block->value == NULL ? BPF_ABS : BPF_IND),
			block->k + IPV4_PROTOCOL);
	}
	if (told)
		code_emit(code, BPF_LDX | BPF_W | BPF_IMM, 0);
	/* Only what has been found is stored: the word may have been told before. */
	if (slot >= 0)
		other = emit_test(code, BPF_JEQ, block->protocol);
	lead_here(code, found, true);
	if (slot >= 0) {
		code_emit(code, BPF_STX, slot);
		lead_here(code, other, false);
	}
	lead_here(code, last, false);
	code->machine.a = code->machine.x = NULL;
}

void lower_chain_found(struct code *code, const struct block *block)
{
	if (block->end == NULL || code->chain_end[block->end->number] == NO_CHAIN_END)
		return;
	code->machine.x = block->end;
	code->machine.memory[code->slot[block->end->number] - 1] = block->end;
}

/* ---- Scratch words for where chains ended ---- */

/* From the first block that tells such a value to the last that asks for it, or tells it: a word is free otherwise. */
struct spans {
	struct code *code;
	uint32_t *last;   /* by value number: that block's position, plus 1; 0: nobody asks */
	uint32_t *walked; /* by value number: the block for which it has been looked at, plus 1 */
};

static void note_use(struct spans *spans, const struct value *value, uint32_t position)
{
	if (value == NULL || !value->behind_chain || spans->walked[value->number] == position + 1)
		return;
	spans->walked[value->number] = position + 1;
	if (value->kind == VALUE_CHAIN_END) {
		spans->last[value->number] = position + 1;
		return;
	}
	note_use(spans, value->left, position);
	note_use(spans, value->right, position);
	note_use(spans, value->tested, position);
}

/* Gives a word to a value that is told at a position, one whose value nobody asks for from there on. */
static bool give_slot(struct spans *spans, const struct value *end, size_t position, uint32_t *busy)
{
	struct code *code = spans->code;
	int slot = 0;

	while (slot < SCRATCH_VALUES && busy[slot] > position + 1)
		slot++;
	if (slot == SCRATCH_VALUES) {
		code->refusal =
			"more than 8 \"protochain\" are waiting for what is asked of the headers behind them";
		return false;
	}
	busy[slot] = spans->last[end->number];
	code->slot[end->number] = slot + 1;
	code->chain_end[end->number] = CHAIN_END_READ;
	if (slot >= code->chain_slots)
		code->slots = code->chain_slots = slot + 1;
	return true;
}

_Static_assert(SCRATCH_VALUES == 8, "the message is wrong");

static bool has_chain_end(const struct block_code *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (blocks[i].block->kind == BLOCK_CHAIN && blocks[i].block->end != NULL)
			return true;
	return false;
}

bool lower_chain_slots(struct code *code, const struct block_code *blocks, size_t count)
{
	uint32_t values = code->ir->value_count, busy[SCRATCH_VALUES] = {0};
	struct spans spans = {.code = code};

	if (!has_chain_end(blocks, count))
		return true;
	spans.last = arena_alloc(code->ir->scratch, values * sizeof(*spans.last));
	spans.walked = arena_alloc(code->ir->scratch, values * sizeof(*spans.walked));
	if (ir_failed(code->ir))
		return false;
	for (size_t i = 0; i < count; i++) {
		note_use(&spans, blocks[i].block->value, (uint32_t)i);
		note_use(&spans, blocks[i].block->operand, (uint32_t)i);
	}
	for (size_t i = 0; i < count; i++) {
		const struct value *end = blocks[i].block->end;
		if (end != NULL && spans.last[end->number] != 0 && spans.last[end->number] <= i)
			spans.last[end->number] = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < count; i++) {
		const struct value *end = blocks[i].block->end;
		if (end == NULL || spans.last[end->number] == 0 || code->slot[end->number] != 0)
			continue;
		if (!give_slot(&spans, end, i, busy))
			return false;
	}
	return true;
}
