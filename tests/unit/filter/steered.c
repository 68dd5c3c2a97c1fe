/* SPDX-License-Identifier: BSD-3-Clause */
/* An interpreter that knows from which bytes of the packet each register comes. */
#include <stddef.h>

#include "../../lib/random-numbers.h"
#include "steered.h"

/* Bytes of the packet, and what was done to them: masked, then shifted to the right. */
struct origin {
	bool known;
	uint32_t offset;
	int size;
	uint32_t mask;
	uint32_t shift;
};

struct word {
	uint32_t value;
	struct origin origin;
};

struct run {
	uint8_t *packet;
	uint32_t length;
	uint64_t *state;
	struct word a, x, memory[BPF_MEMWORDS];
};

/* Ancillary loads, which are of no packet, give 0. */
#define ANCILLARY 0xfffff000

static bool load(struct run *run, uint64_t offset, int size)
{
	if (offset >= ANCILLARY) {
		run->a = (struct word){0};
		return true;
	}
	if (offset + size > run->length)
		return false;
	run->a.value = 0;
	for (int i = 0; i < size; i++)
		run->a.value = run->a.value << 8 | run->packet[offset + i];
	run->a.origin = (struct origin){true, offset, size, UINT32_MAX, 0};
	return true;
}

static uint32_t compute(uint16_t op, uint32_t left, uint32_t right)
{
	switch (op) {
	case BPF_ADD:
		return left + right;
	case BPF_SUB:
		return left - right;
	case BPF_MUL:
		return left * right;
	case BPF_DIV:
		return left / right;
	case BPF_MOD:
		return left % right;
	case BPF_AND:
		return left & right;
	case BPF_OR:
		return left | right;
	case BPF_XOR:
		return left ^ right;
	case BPF_LSH:
		return right < 32 ? left << right : 0;
	case BPF_RSH:
		return right < 32 ? left >> right : 0;
	default:
		return -left;
	}
}

static bool alu(struct run *run, const struct bpf_insn *insn)
{
	uint16_t op = BPF_OP(insn->code);
	uint32_t right = BPF_SRC(insn->code) == BPF_X ? run->x.value : insn->k;
	struct origin *origin = &run->a.origin;

	if ((op == BPF_DIV || op == BPF_MOD) && right == 0)
		return false;
	run->a.value = compute(op, run->a.value, right);
	if (BPF_SRC(insn->code) == BPF_K && op == BPF_AND && origin->shift == 0)
		origin->mask &= right;
	else if (BPF_SRC(insn->code) == BPF_K && op == BPF_RSH)
		origin->shift += right;
	else
		origin->known = false;
	return true;
}

static bool outcome(uint16_t op, uint32_t value, uint32_t operand)
{
	switch (op) {
	case BPF_JEQ:
		return value == operand;
	case BPF_JGT:
		return value > operand;
	case BPF_JGE:
		return value >= operand;
	default:
		return (value & operand) != 0;
	}
}

/* Changes the bytes that A comes from, so that the comparison comes out one way or the other, close to its edge. */
static void steer(struct run *run, uint16_t op, uint32_t operand)
{
	const struct origin *origin = &run->a.origin;
	uint32_t wanted = operand, mask = origin->mask >> origin->shift << origin->shift, bytes = 0;

	if (op == BPF_JSET)
		wanted = random_below(run->state, 2) ? 0 : random_number(run->state);
	else if (op != BPF_JEQ)
		wanted = operand + random_below(run->state, 3) - 1;
	if (op == BPF_JSET)
		mask &= operand << origin->shift;
	wanted <<= origin->shift;
	for (int i = 0; i < origin->size; i++)
		bytes = bytes << 8 | run->packet[origin->offset + i];
	bytes = (bytes & ~mask) | (wanted & mask);
	if (origin->size < 4)
		bytes &= (UINT32_C(1) << 8 * origin->size) - 1;
	for (int i = 0; i < origin->size; i++)
		run->packet[origin->offset + i] = bytes >> 8 * (origin->size - 1 - i);
	run->a.value = (bytes & origin->mask) >> origin->shift;
}

/* Loads and stores; false if the packet ends before. */
static bool move(struct run *run, const struct bpf_insn *insn)
{
	int size = BPF_SIZE(insn->code) == BPF_W ? 4 : BPF_SIZE(insn->code) == BPF_H ? 2 : 1;
	struct word *to = BPF_CLASS(insn->code) == BPF_LDX ? &run->x : &run->a;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ST:
		run->memory[insn->k] = run->a;
		return true;
	case BPF_STX:
		run->memory[insn->k] = run->x;
		return true;
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			run->x = run->a;
		else
			run->a = run->x;
		return true;
	default:
		break;
	}
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return load(run, insn->k, size);
	case BPF_IND:
		return load(run, (uint64_t)run->x.value + insn->k, size);
	case BPF_MSH:
		if (insn->k >= run->length)
			return false;
		*to = (struct word){.value = 4 * (run->packet[insn->k] & 0xf)};
		return true;
	case BPF_MEM:
		*to = run->memory[insn->k];
		return true;
	default:
		*to = (struct word){.value = BPF_MODE(insn->code) == BPF_LEN ? run->length : insn->k};
		return true;
	}
}

uint32_t run_steered(
	const struct bpf_insn *program, uint8_t *packet, uint32_t length, uint64_t *state, unsigned *executed)
{
	struct run run = {.packet = packet, .length = length, .state = state};

	*executed = 0;
	for (const struct bpf_insn *insn = program; ++*executed < LONGEST_RUN; insn++) {
		uint16_t op = BPF_OP(insn->code);
		switch (BPF_CLASS(insn->code)) {
		case BPF_RET:
			return BPF_RVAL(insn->code) == BPF_A ? run.a.value : insn->k;
		case BPF_ALU:
			if (!alu(&run, insn))
				return 0;
			break;
		case BPF_JMP:
			if (op == BPF_JA) {
				insn += (int32_t)insn->k;
				break;
			}
			uint32_t operand = BPF_SRC(insn->code) == BPF_X ? run.x.value : insn->k;
			if (state != NULL && run.a.origin.known && random_below(state, 2))
				steer(&run, op, operand);
			insn += outcome(op, run.a.value, operand) ? insn->jt : insn->jf;
			break;
		default:
			if (!move(&run, insn))
				return 0;
			break;
		}
	}
	return 0;
}
