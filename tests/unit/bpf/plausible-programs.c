/* SPDX-License-Identifier: BSD-3-Clause */
/* Random programs as compilers write them. */
#include "plausible-programs.h"

#include <stdbool.h>

void plausible_packet(uint64_t *state, uint8_t packet[PLAUSIBLE_PACKET])
{
	static const uint8_t bytes[] = {0, 0, 1, 2, 6, 8, 0x45, 0x80, 0xff};

	for (u_int i = 0; i < PLAUSIBLE_PACKET; i++)
		packet[i] = random_below(state, 8) ? bytes[random_below(state, sizeof(bytes))]
						   : (uint8_t)random_number(state);
}

static uint32_t random_offset(uint64_t *state)
{
	return random_below(state, 8) == 0 ? random_below(state, 200) : random_below(state, 40);
}

static uint32_t operate(u_short operation, uint32_t value, uint32_t k)
{
	const struct bpf_insn insns[] = {BPF_STMT(BPF_LD | BPF_IMM, value),
		BPF_STMT(BPF_ALU | operation | BPF_K, k), BPF_STMT(BPF_RET | BPF_A, 0)};
	return bpf_filter(insns, NULL, 0, 0);
}

static uint32_t value_at(const uint8_t *packet, uint32_t offset, u_int size)
{
	uint32_t value = 0;

	for (u_int i = 0; i < size; i++)
		value = value << 8 | (offset + i < PLAUSIBLE_PACKET ? packet[offset + i] : 0);
	return value;
}

/* So that tests are not always false. */
static uint32_t value_or_near(uint64_t *state, uint32_t value)
{
	u_int change = random_below(state, 8);
	return change == 0 ? value + 1 : change == 1 ? value - 1 : change == 2 ? random_number(state) : value;
}

/* A load, perhaps an operation on bits, and a test: as many instructions as there is room for. Their number. */
static u_int make_block(uint64_t *state, struct bpf_insn *at, const uint8_t *packet)
{
	static const u_short sizes[] = {BPF_W, BPF_W, BPF_H, BPF_H, BPF_B};
	static const u_short operations[] = {BPF_AND, BPF_AND, BPF_OR, BPF_XOR, BPF_ADD, BPF_RSH, BPF_LSH};
	static const u_short tests[] = {BPF_JEQ, BPF_JEQ, BPF_JEQ, BPF_JSET, BPF_JGT, BPF_JGE};
	u_short code = sizes[random_below(state, 5)], test = tests[random_below(state, 6)];
	u_int count = 0, size = code == BPF_W ? 4 : code == BPF_H ? 2 : 1;
	uint32_t offset = random_offset(state), value = value_at(packet, offset, size);

	if (random_below(state, 6) == 0)
		at[count++] = (struct bpf_insn)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, random_offset(state));
	if (random_below(state, 16) == 0)
		at[count++] = (struct bpf_insn)BPF_STMT(
			random_below(state, 2) ? BPF_ST : BPF_LD | BPF_MEM, random_below(state, 3));
	else if (random_below(state, 6) != 0)
		at[count++] = (struct bpf_insn)BPF_STMT(
			BPF_LD | code | (random_below(state, 4) == 0 ? BPF_IND : BPF_ABS), offset);
	if (random_below(state, 16) == 0)
		at[count++] = (struct bpf_insn)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	if (random_below(state, 3) == 0) {
		u_short operation = operations[random_below(state, 7)];
		bool shifts = operation == BPF_RSH || operation == BPF_LSH;
		uint32_t k = random_number(state) >> random_below(state, 32);
		k = shifts ? k % 32 : k;
		at[count++] = (struct bpf_insn)BPF_STMT(BPF_ALU | operation | BPF_K, k);
		value = operate(operation, value, k);
	}
	at[count++] = (struct bpf_insn)BPF_STMT(BPF_JMP | test | BPF_K, value_or_near(state, value));
	return count;
}

/* From a test to one of the two ends, or to somewhere before them. */
static u_char random_distance(uint64_t *state, u_int from, u_int len)
{
	u_int left = len - 3 - from, kind = random_below(state, 6); /* to the first end */

	if (kind < 2 || left == 0)
		return (u_char)(left + kind % 2);
	return (u_char)random_below(state, left < 8 ? left : 8);
}

/* Blocks whose tests lead to later ones, or to one of two ends. */
u_int plausible_program(uint64_t *state, struct bpf_insn *insns, const uint8_t *packet)
{
	u_int count = 0, blocks = 1 + random_below(state, 12);

	while (blocks-- != 0)
		count += make_block(state, insns + count, packet);
	insns[count++] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, random_below(state, 8) == 0 ? 0 : 100);
	insns[count++] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
	for (u_int i = 0; i < count; i++)
		if (BPF_CLASS(insns[i].code) == BPF_JMP) {
			insns[i].jt = random_distance(state, i, count);
			insns[i].jf = random_distance(state, i, count);
		}
	return count;
}
