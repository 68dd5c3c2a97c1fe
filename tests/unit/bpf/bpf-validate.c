/* SPDX-License-Identifier: BSD-3-Clause */
/* The validator, where the case files don't reach: lengths, missing programs, and no program that it passes is unsafe. */
#include "bpf-test.h"

#include <limits.h>

static const struct bpf_insn accept_all[] = {BPF_STMT(BPF_RET | BPF_K, 1)};

static void test_nothing_is_not_valid(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	assert_int_equal(bpf_validate(NULL, 0), 0);
	assert_int_equal(bpf_validate(NULL, 1), 0);
	assert_int_equal(bpf_validate(accept_all, 0), 0);
	/* Nothing is read past the one instruction that there is. */
	const struct bpf_insn *last = (const void *)guarded(accept_all, sizeof(accept_all));
	assert_int_equal(bpf_validate(last, -1), 0);
	assert_int_equal(bpf_validate(last, INT_MIN), 0);
	assert_true(bpf_validate(accept_all, 1));
	assert_int_equal(pcapint_validate_filter(NULL, 1, BPF_TARGET_USERLAND, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "the program is empty");
	assert_int_equal(pcapint_validate_filter(accept_all, 0, BPF_TARGET_KERNEL, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "the program is empty");
}

static void test_errbuf_may_be_missing(void **state _U_)
{
	const struct bpf_insn bad = BPF_STMT(0xffff, 0);

	assert_int_equal(pcapint_validate_filter(&bad, 1, BPF_TARGET_USERLAND, NULL), PCAP_ERROR);
	assert_int_equal(pcapint_validate_filter(accept_all, 1, BPF_TARGET_USERLAND, NULL), 0);
}

static void test_only_the_kernel_has_a_limit(void **state _U_)
{
	enum { LEN = 100000 };
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	struct bpf_insn *insns = calloc(LEN, sizeof(*insns));

	assert_non_null(insns);
	for (u_int i = 0; i < LEN; i++)
		insns[i] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1);
	insns[LEN - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_A, 0);
	assert_true(bpf_validate(insns, LEN));
	assert_int_equal(bpf_filter(insns, NULL, 0, 0), LEN - 1);
	assert_int_equal(pcapint_validate_filter(insns, LEN, BPF_TARGET_KERNEL, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "the program has 100000 instructions; the kernel takes at most 4096");
	assert_int_equal(pcapint_validate_filter(insns + LEN - 4096, 4096, BPF_TARGET_KERNEL, errbuf), 0);
	assert_int_equal(pcapint_validate_filter(insns + LEN - 4097, 4097, BPF_TARGET_KERNEL, errbuf), PCAP_ERROR);
	free(insns);
}

/* Long jumps, and the largest k of each sign. */
static void test_long_jumps(void **state _U_)
{
	enum { LEN = 70000 };
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	struct bpf_insn *insns = calloc(LEN, sizeof(*insns));

	assert_non_null(insns);
	for (u_int i = 0; i < LEN; i++)
		insns[i] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, i);
	insns[0] = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, LEN - 2);
	assert_true(bpf_validate(insns, LEN));
	assert_int_equal(bpf_filter(insns, NULL, 0, 0), LEN - 1);
	insns[0].k = 0x7fffffff;
	assert_int_equal(pcapint_validate_filter(insns, LEN, BPF_TARGET_USERLAND, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "instruction 0: jump to 2147483648 is past the end (70000 instructions)");
	insns[0].k = 0x80000000;
	assert_int_equal(pcapint_validate_filter(insns, LEN, BPF_TARGET_USERLAND, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "instruction 0: jump to -2147483647 is before the first instruction");
	free(insns);
}

static void test_every_opcode_in_and_out_of_the_table(void **state _U_)
{
	for (u_int code = 0; code <= UINT16_MAX; code++) {
		const struct bpf_insn insns[] = {
			BPF_STMT(code, 1), BPF_STMT(BPF_RET | BPF_K, 1), BPF_STMT(BPF_RET | BPF_K, 1)};
		assert_int_equal(bpf_validate(insns, 3), pcapint_bpf_opcode(code) != NULL);
	}
}

/* Whatever bytes: what passes can be run on a packet without leaving packet, program and scratch memory, and ends. */
static void test_what_passes_is_safe(void **state _U_)
{
	uint64_t random = 8;
	u_int passed = 0;

	for (int i = 0; i < 200000; i++) {
		struct bpf_insn insns[24];
		u_int len = 1 + random_below(&random, LENGTH(insns));
		u_char packet[64] = {0};

		random_program(&random, insns, len, 0);
		for (u_int faults = random_below(&random, 3); faults != 0; faults--) {
			u_int at = random_below(&random, len);
			insns[at].k =
				random_below(&random, 2) ? random_number(&random) : -random_below(&random, len);
			insns[at].code = (u_short)random_below(&random, BPF_OPCODES);
		}
		/* The program, too, ends where memory ends. */
		if (!bpf_validate(insns, (int)len))
			continue;
		passed++;
		struct bpf_insn *copy = (struct bpf_insn *)guarded(insns, len * sizeof(*insns));
		bpf_filter(copy, packet, sizeof(packet), random_below(&random, sizeof(packet) + 1));
	}
	assert_true(passed > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_not_valid),
		cmocka_unit_test(test_errbuf_may_be_missing),
		cmocka_unit_test(test_only_the_kernel_has_a_limit),
		cmocka_unit_test(test_long_jumps),
		cmocka_unit_test(test_every_opcode_in_and_out_of_the_table),
		cmocka_unit_test(test_what_passes_is_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
