/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random programs for tests that compare: mostly valid, with loads that mostly hit the packet, and operands at the
 * edges of what is possible.
 */
#include "random-programs.h"

#include <stdbool.h>

#include "bpf/opcodes.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Chosen as often as random values. */
static const bpf_u_int32 edges[] = {0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x7fffffff,
	0x80000000, 0xfffffff0, 0xffffffff};

static bpf_u_int32 random_value(uint64_t *state)
{
	return random_below(state, 2) ? edges[random_below(state, LENGTH(edges))] : random_number(state);
}

static u_int random_legal_code(uint64_t *state)
{
	for (;;) {
		u_int code = random_below(state, BPF_OPCODES);
		if (pcapint_bpf_opcode(code) != NULL)
			return code;
	}
}

/* libpcap makes 0 of a shift by 32 or more in X. */
static bool differs_in_peer(u_int code)
{
	return code == (BPF_ALU | BPF_LSH | BPF_X) || code == (BPF_ALU | BPF_RSH | BPF_X);
}

/* A packet's offset: most often a small one. */
static bpf_u_int32 random_offset(uint64_t *state, u_int flags)
{
	/* proto, type, mark, queue, rxhash, xor_x, vlan_tci, vlanp, vlan_tpid: 0 on both sides, where they are loads */
	static const u_char same_as_kernel[] = {0, 4, 20, 24, 32, 40, 44, 48, 60};
	u_int kind = random_below(state, 16);

	if (kind == 0)
		return random_below(state, 0x80000000);
	if (kind == 1 && !(flags & SAME_AS_PEER)) {
		if (flags & SAME_AS_KERNEL)
			return BPF_ANCILLARY_OFFSET + same_as_kernel[random_below(state, LENGTH(same_as_kernel))];
		return random_value(state);
	}
	return random_below(state, 70);
}

/* What X is added to: libpcap rejects a packet where the sum is above 2^32, so there it is nothing. */
static bpf_u_int32 random_distance(uint64_t *state, u_int flags)
{
	if (flags & SAME_AS_PEER)
		return 0;
	return random_below(state, 2) ? random_below(state, 70) : -random_below(state, 70);
}

static bpf_u_int32 random_k(uint64_t *state, enum bpf_operand operand, u_int left, u_int flags)
{
	bpf_u_int32 divisor;

	switch (operand) {
	case BPF_OPERAND_PACKET:
		return random_offset(state, flags);
	case BPF_OPERAND_INDIRECT:
		return random_distance(state, flags);
	case BPF_OPERAND_HEADER_LENGTH:
		return random_below(state, 70);
	case BPF_OPERAND_SCRATCH:
		return random_below(state, BPF_MEMWORDS);
	case BPF_OPERAND_SHIFT:
		return random_below(state, 32);
	case BPF_OPERAND_TARGET:
		return left < 2 ? 0 : random_below(state, left);
	case BPF_OPERAND_DIVISOR:
		divisor = random_value(state);
		return divisor != 0 ? divisor : 3;
	default:
		return random_value(state);
	}
}

void random_program(uint64_t *state, struct bpf_insn *insns, u_int len, u_int flags)
{
	for (u_int i = 0; i < len - 1; i++) {
		u_int left = len - 1 - i; /* instructions after this one */
		u_int code = random_legal_code(state);
		while (((flags & SAME_AS_PEER) && differs_in_peer(code)) ||
			/* A ret or a loop in the middle would often leave little to compare. */
			(BPF_CLASS(code) == BPF_RET && random_below(state, 8) != 0))
			code = random_legal_code(state);
		insns[i] = (struct bpf_insn){(u_short)code, (u_char)random_below(state, left < 256 ? left : 256),
			(u_char)random_below(state, left < 256 ? left : 256),
			random_k(state, pcapint_bpf_opcodes[code].operand, left, flags)};
	}
	insns[len - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_A, 0);
	if (random_below(state, 8) == 0)
		insns[len - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, random_value(state));
}
