/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes native code: it must give what the interpreter gives, and so must the ops that it is made from. An input is a
 * byte with the number of instructions, these as they are in memory, a byte that says what comes with the packet, and
 * the packet; it is run cut off at several lengths, each time at the end of readable memory.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/native.h"
#include "bpf/opcodes.h"
#include "bpf/program.h"

#include "../tests/lib/random-numbers.h"
#include "../tests/unit/bpf/random-programs.h"

#define WITH_AUX 0x1

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* A copy that ends where readable memory ends. */
static const u_char *at_the_end(const uint8_t *bytes, size_t size)
{
	static u_char *memory;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (FUZZ_INPUT_SIZE + page - 1) / page * page;

	if (memory == NULL) {
		u_char *all = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(all != MAP_FAILED && mprotect(all + page, room, PROT_READ | PROT_WRITE) == 0);
		memory = all + page;
	}
	if (size != 0)
		memcpy(memory + room - size, bytes, size);
	return memory + room - size;
}

static void check_packet(const struct bpf_insn *insns, const struct bpf_ops *ops, const struct bpf_native *native,
	const uint8_t *data, u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	const u_char *packet = at_the_end(data, buflen);
	u_int verdict = pcapint_filter_with_aux_data(insns, packet, buflen + 100, buflen, aux);

	must(pcapint_run_ops(ops, packet, buflen + 100, buflen, aux, NULL) == verdict);
	if (native->run == NULL)
		return;
	u_int natively = native->run(packet, buflen, buflen + 100, aux);
	if (natively == verdict)
		return;
	fprintf(stderr, "of a packet of %u bytes the interpreter keeps 0x%x, native code 0x%x\n", buflen, verdict,
		natively);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pcap_bpf_aux_data aux = {
		1, 0xa123, 0x8100, 0x0800, 4, 7, 772, 0x80000001, 0xdeadbeef, 3, 1};
	struct bpf_insn insns[256];
	struct bpf_ops ops;
	struct bpf_native native = {0};

	if (size < 2 || size > FUZZ_INPUT_SIZE)
		return 0;
	u_int len = data[0];
	if (size < 2 + len * sizeof(*insns))
		return 0;
	memcpy(insns, data + 1, len * sizeof(*insns));
	data += 1 + len * sizeof(*insns);
	size -= 1 + len * sizeof(*insns);
	uint8_t with = *data++;
	u_int buflen = (u_int)size - 1;
	if (!bpf_validate(insns, (int)len))
		return 0;
	must(pcapint_decode_ops(&ops, insns, len) == 0);
	bool made = pcapint_native_make(&native, &ops);
	must(made == pcapint_has_native);
	for (u_int cut = 0; cut <= buflen; cut += 1 + cut / 2)
		check_packet(insns, &ops, &native, data, buflen - cut, with & WITH_AUX ? &aux : NULL);
	if (made)
		pcapint_native_free(&native);
	pcapint_free_ops(&ops);
	return 0;
}

/* Lets some jumps go back. */
static void make_loops(uint64_t *state, struct bpf_insn *insns, u_int len)
{
	for (u_int i = 0; i < len; i++)
		if (insns[i].code == (BPF_JMP | BPF_JA) && random_below(state, 4) == 0)
			insns[i].k = -(1 + random_below(state, i + 1));
}

/* ---- Programs as compilers write them ---- */

#define MOST_PACKET 100

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
		value = value << 8 | (offset + i < MOST_PACKET ? packet[offset + i] : 0);
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
static u_int make_plausible(uint64_t *state, struct bpf_insn *insns, const uint8_t *packet)
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

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	static const uint8_t bytes[] = {0, 0, 1, 2, 6, 8, 0x45, 0x80, 0xff};
	struct bpf_insn insns[128];
	uint8_t packet[MOST_PACKET];
	u_int len = 1 + random_below(state, 64), buflen = random_below(state, MOST_PACKET + 1);
	uint8_t *at = data;

	for (u_int i = 0; i < MOST_PACKET; i++)
		packet[i] = random_below(state, 8) ? bytes[random_below(state, sizeof(bytes))]
						   : (uint8_t)random_number(state);
	if (random_below(state, 2))
		len = make_plausible(state, insns, packet);
	else
		random_program(state, insns, len, 0);
	if (random_below(state, 8) == 0)
		make_loops(state, insns, len);
	*at++ = (uint8_t)len;
	memcpy(at, insns, len * sizeof(insns[0]));
	at += len * sizeof(insns[0]);
	*at++ = (uint8_t)random_number(state);
	memcpy(at, packet, buflen);
	return (size_t)(at + buflen - data);
}
