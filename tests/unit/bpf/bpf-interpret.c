/* SPDX-License-Identifier: BSD-3-Clause */
/* The interpreter, where the case files don't reach: memory's end, the bound on jumps back, and bad programs. */
#include "bpf-test.h"

#include <limits.h>

static void test_no_program_accepts_all(void **state _U_)
{
	assert_int_equal(bpf_filter(NULL, NULL, 0, 0), UINT_MAX);
	assert_int_equal(pcapint_filter(NULL, NULL, 0, 0), UINT_MAX);
	assert_int_equal(pcapint_filter_with_aux_data(NULL, NULL, 0, 0, NULL), UINT_MAX);
}

/* Each load reads its bytes if all of them are there, and none otherwise. */
static void test_loads_stay_in_the_packet(void **state _U_)
{
	static const struct {
		u_short code;
		u_int size;
	} loads[] = {{BPF_LD | BPF_W | BPF_ABS, 4}, {BPF_LD | BPF_H | BPF_ABS, 2}, {BPF_LD | BPF_B | BPF_ABS, 1},
		{BPF_LD | BPF_W | BPF_IND, 4}, {BPF_LD | BPF_H | BPF_IND, 2}, {BPF_LD | BPF_B | BPF_IND, 1}};
	static const bpf_u_int32 far[] = {0x7ffffffc, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
	u_char bytes[9];

	for (u_int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u_char)(0xf0 + i);
	for (size_t i = 0; i < LENGTH(loads); i++)
		for (u_int buflen = 0; buflen <= sizeof(bytes); buflen++)
			for (bpf_u_int32 offset = 0; offset < 12 + LENGTH(far); offset++) {
				bpf_u_int32 k = offset < 12 ? offset : far[offset - 12];
				const struct bpf_insn insns[] = {
					BPF_STMT(loads[i].code, k), BPF_STMT(BPF_RET | BPF_A, 0)};
				u_int expected = 0;
				if (k < 12 && k + loads[i].size <= buflen)
					for (u_int j = 0; j < loads[i].size; j++)
						expected = expected << 8 | bytes[k + j];
				assert_int_equal(bpf_filter(insns, guarded(bytes, buflen), 1500, buflen), expected);
			}
}

/* A packet can't be so large that its bytes take the place of ancillary loads. */
static void test_huge_packets(void **state _U_)
{
	const struct pcap_bpf_aux_data aux = {.mark = 77};
	struct bpf_program program = assemble("ld [mark]\n ret");

	assert_int_equal(pcapint_filter_with_aux_data(program.bf_insns, NULL, UINT_MAX, UINT_MAX, &aux), 77);
	pcap_freecode(&program);
	program = assemble("ldx #0xfffffffe\n ldb [x + 1]\n ret #1");
	assert_int_equal(bpf_filter(program.bf_insns, NULL, UINT_MAX, UINT_MAX), 0);
	pcap_freecode(&program);
	program = assemble("ldb [-1048576]\n ret #1");
	assert_int_equal(bpf_filter(program.bf_insns, NULL, UINT_MAX, UINT_MAX), 0);
	pcap_freecode(&program);
}

/* Each ancillary load has the member that is meant for it. */
static void test_aux_members(void **state _U_)
{
	const struct pcap_bpf_aux_data aux = {.vlan_tag_present = 1,
		.vlan_tag = 0x2002,
		.vlan_proto = 0x8100,
		.protocol = 0x86dd,
		.pkt_type = 0x10000005,
		.ifindex = 0x10000006,
		.hatype = 0x10000007,
		.mark = 0x10000008,
		.rxhash = 0x10000009,
		.queue = 0x1000000a,
		.cpu = 0x1000000b};
	static const struct {
		const char *text;
		u_int value;
	} loads[] = {{"ld [vlanp]\n ret", 1}, {"ld [vlan_tci]\n ret", 0x2002}, {"ld [vlan_tpid]\n ret", 0x8100},
		{"ld [proto]\n ret", 0x86dd}, {"ld [type]\n ret", 0x10000005}, {"ld [ifidx]\n ret", 0x10000006},
		{"ld [hatype]\n ret", 0x10000007}, {"ld [mark]\n ret", 0x10000008},
		{"ld [rxhash]\n ret", 0x10000009}, {"ld [queue]\n ret", 0x1000000a},
		{"ld [cpu]\n ret", 0x1000000b}};

	for (size_t i = 0; i < LENGTH(loads); i++) {
		struct bpf_program program = assemble(loads[i].text);
		assert_int_equal(pcapint_filter_with_aux_data(program.bf_insns, NULL, 0, 0, &aux), loads[i].value);
		pcap_freecode(&program);
	}
}

/* Goes back over 4 instructions, rounds times, then accepts. */
static u_int go_back(u_int rounds, u_int buflen)
{
	struct bpf_insn insns[] = {
		BPF_STMT(BPF_JMP | BPF_JA, 2),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rounds, 1, 0),
		BPF_STMT(BPF_JMP | BPF_JA, (bpf_u_int32)-4),
		BPF_STMT(BPF_RET | BPF_K, 1),
	};
	static const u_char packet[4000];

	assert_true(bpf_validate(insns, LENGTH(insns)));
	return bpf_filter(insns, packet, buflen, buflen);
}

/* 65536 instructions and 16 for each captured byte can be run again. */
static void test_jumps_back_are_bounded(void **state _U_)
{
	assert_int_equal(go_back(0, 0), 1);
	assert_int_equal(go_back(65536 / 4, 0), 1);
	assert_int_equal(go_back(65536 / 4 + 1, 0), 0);
	assert_int_equal(go_back(65536 / 4 + 4000 * 16 / 4, 4000), 1);
	assert_int_equal(go_back(65536 / 4 + 4000 * 16 / 4 + 1, 4000), 0);
	assert_int_equal(go_back(UINT_MAX, 4000), 0);
}

/* A program that nobody validated ends within len instructions' memory, whatever it is. */
static void test_unvalidated_programs(void **state _U_)
{
	uint64_t random = 9;
	const u_char packet[64] = {1, 2, 3};

	for (int i = 0; i < 300000; i++) {
		struct bpf_insn insns[16];
		u_int len = random_below(&random, LENGTH(insns) + 1);

		for (u_int j = 0; j < LENGTH(insns); j++)
			insns[j] = (struct bpf_insn){(u_short)random_number(&random),
				(u_char)random_below(&random, 20), (u_char)random_below(&random, 20),
				random_below(&random, 2) ? random_number(&random) : random_below(&random, 40) - 20};
		const struct bpf_insn *copy = (const void *)guarded(insns, len * sizeof(*insns));
		pcapint_filter_unvalidated(copy, len, packet, sizeof(packet), random_below(&random, 65), NULL);
	}
}

static u_int run_raw(struct bpf_insn insn)
{
	const struct bpf_insn insns[] = {BPF_STMT(BPF_LD | BPF_IMM, 5), insn, BPF_STMT(BPF_RET | BPF_K, 7)};

	assert_false(bpf_validate(insns, LENGTH(insns)));
	assert_int_equal(
		pcapint_filter_unvalidated(insns, LENGTH(insns), NULL, 0, 0, NULL), bpf_filter(insns, NULL, 0, 0));
	return bpf_filter(insns, NULL, 0, 0);
}

static void test_bad_instructions_reject(void **state _U_)
{
	for (u_int code = 0; code < BPF_OPCODES; code++)
		if (pcapint_bpf_opcode(code) == NULL)
			assert_int_equal(run_raw((struct bpf_insn)BPF_STMT(code, 0)), 0);
	assert_int_equal(run_raw((struct bpf_insn)BPF_STMT(BPF_LD | BPF_MEM, 16)), 0);
	assert_int_equal(run_raw((struct bpf_insn)BPF_STMT(BPF_LDX | BPF_MEM, 0xffffffff)), 0);
	assert_int_equal(run_raw((struct bpf_insn)BPF_STMT(BPF_ST, 16)), 0);
	assert_int_equal(run_raw((struct bpf_insn)BPF_STMT(BPF_STX, 0x80000000)), 0);
	assert_int_equal(run_raw((struct bpf_insn)BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0)), 0);
	assert_int_equal(run_raw((struct bpf_insn)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_program_accepts_all),
		cmocka_unit_test(test_loads_stay_in_the_packet),
		cmocka_unit_test(test_huge_packets),
		cmocka_unit_test(test_aux_members),
		cmocka_unit_test(test_jumps_back_are_bounded),
		cmocka_unit_test(test_unvalidated_programs),
		cmocka_unit_test(test_bad_instructions_reject),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
