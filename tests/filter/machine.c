/* SPDX-License-Identifier: BSD-3-Clause */
/* The counting machine of machine.h. Its programs are valid ones. */
#include "machine.h"

#include <stdlib.h>

/* No program that ends runs so many instructions on a packet of the size that tests have. */
#define ENDLESS 100000

struct registers {
	const uint8_t *data;
	uint32_t length;
	uint32_t wire_length;
	uint32_t a;
	uint32_t x;
	uint32_t memory[BPF_MEMWORDS];
	bool beyond;
};

static uint32_t bytes(struct registers *r, uint32_t at, uint32_t size)
{
	uint32_t value = 0;

	if (at > r->length || size > r->length - at) {
		r->beyond = true;
		return 0;
	}
	for (uint32_t i = 0; i < size; i++)
		value = value << 8 | r->data[at + i];
	return value;
}

static uint32_t size_of(uint16_t code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

static uint32_t load(struct registers *r, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		return insn->k;
	case BPF_LEN:
		return r->wire_length;
	case BPF_MEM:
		return r->memory[insn->k];
	case BPF_ABS:
		return bytes(r, insn->k, size_of(insn->code));
	case BPF_IND:
		/* An offset beyond 32 bits is beyond the packet, too. */
		if (insn->k > UINT32_MAX - r->x)
			r->beyond = true;
		return r->beyond ? 0 : bytes(r, r->x + insn->k, size_of(insn->code));
	default: /* BPF_MSH */
		return (bytes(r, insn->k, 1) & 0xf) << 2;
	}
}

static uint32_t calculate(struct registers *r, uint16_t op, uint32_t operand)
{
	switch (op) {
	case BPF_ADD:
		return r->a + operand;
	case BPF_SUB:
		return r->a - operand;
	case BPF_MUL:
		return r->a * operand;
	case BPF_DIV:
	case BPF_MOD:
		if (operand == 0) {
			r->beyond = true;
			return 0;
		}
		return op == BPF_DIV ? r->a / operand : r->a % operand;
	case BPF_AND:
		return r->a & operand;
	case BPF_OR:
		return r->a | operand;
	case BPF_XOR:
		return r->a ^ operand;
	case BPF_LSH:
		return operand < 32 ? r->a << operand : 0;
	case BPF_RSH:
		return operand < 32 ? r->a >> operand : 0;
	default: /* BPF_NEG */
		return 0 - r->a;
	}
}

static bool holds(uint16_t op, uint32_t a, uint32_t b)
{
	return op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : (a & b) != 0;
}

struct outcome run_counted(
	const struct bpf_program *program, const uint8_t *data, uint32_t length, uint32_t wire_length)
{
	struct registers r = {.data = data, .length = length, .wire_length = wire_length};
	uint32_t steps = 0, at = 0;

	while (!r.beyond && steps < ENDLESS) {
		const struct bpf_insn *insn = &program->bf_insns[at++];
		uint32_t operand = BPF_SRC(insn->code) == BPF_X ? r.x : insn->k;
		steps++;
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			r.a = load(&r, insn);
			break;
		case BPF_LDX:
			r.x = load(&r, insn);
			break;
		case BPF_ST:
			r.memory[insn->k] = r.a;
			break;
		case BPF_STX:
			r.memory[insn->k] = r.x;
			break;
		case BPF_ALU:
			r.a = calculate(&r, BPF_OP(insn->code), operand);
			break;
		case BPF_JMP:
			if (BPF_OP(insn->code) == BPF_JA)
				at += insn->k;
			else
				at += holds(BPF_OP(insn->code), r.a, operand) ? insn->jt : insn->jf;
			break;
		case BPF_RET:
			return (struct outcome){BPF_RVAL(insn->code) == BPF_A ? r.a : insn->k, steps, false, false};
		default:
			if (BPF_MISCOP(insn->code) == BPF_TAX)
				r.x = r.a;
			else
				r.a = r.x;
		}
	}
	return (struct outcome){0, steps, true, !r.beyond};
}
