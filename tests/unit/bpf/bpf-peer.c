/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our interpreter against that of the system's libpcap: the same verdict, but for what Linux does in another way than
 * libpcap (interpret.c), which random programs keep clear of and one test pins down.
 */
#include "bpf-test.h"

#define MAX_LEN 48
#define PACKET_SIZE 64

static void compare(const struct peer *peer, const struct bpf_insn *insns, u_int len, const u_char *packet,
	u_int wirelen, u_int buflen)
{
	const struct bpf_program program = {len, (struct bpf_insn *)insns};
	const struct pcap_pkthdr header = {.len = wirelen, .caplen = buflen};
	u_int theirs = peer->filter(insns, packet, wirelen, buflen);
	u_int ours = bpf_filter(insns, packet, wirelen, buflen);
	u_int offline = (u_int)pcap_offline_filter(&program, &header, packet);

	if (ours == theirs && offline == theirs)
		return;
	for (u_int i = 0; i < len; i++)
		print_message("# %s\n", bpf_image(&insns[i], (int)i));
	fail_msg("of %u bytes bpf_filter() makes %u, pcap_offline_filter() %u, libpcap %u", buflen, ours, offline,
		theirs);
}

static void test_verdicts_of_random_programs(void **state _U_)
{
	const struct peer *peer = peer_or_skip();
	uint64_t random = 3;
	u_int compared = 0;

	for (int i = 0; i < 100000; i++) {
		struct bpf_insn insns[MAX_LEN];
		u_int len = 1 + random_below(&random, MAX_LEN);
		u_char packet[PACKET_SIZE];

		random_program(&random, insns, len, SAME_AS_PEER);
		/* libpcap does not clear its scratch memory. */
		if (pcapint_validate_filter(insns, len, BPF_TARGET_KERNEL, NULL) != 0)
			continue;
		assert_true(peer->validate(insns, (int)len));
		for (int j = 0; j < 4; j++) {
			u_int buflen = random_below(&random, PACKET_SIZE + 1);
			for (u_int k = 0; k < buflen; k++)
				packet[k] = (u_char)random_number(&random);
			compare(peer, insns, len, guarded(packet, buflen), buflen + random_below(&random, 1500),
				buflen);
			compared++;
		}
	}
	assert_true(compared > 50000);
}

static void test_every_load_at_every_offset(void **state _U_)
{
	static const u_short loads[] = {BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_ABS,
		BPF_LD | BPF_B | BPF_ABS, BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND,
		BPF_LD | BPF_B | BPF_IND, BPF_LDX | BPF_B | BPF_MSH};
	const struct peer *peer = peer_or_skip();
	u_char packet[12];

	for (u_int i = 0; i < sizeof(packet); i++)
		packet[i] = (u_char)(0x81 + 17 * i);
	for (size_t i = 0; i < LENGTH(loads); i++)
		for (u_int buflen = 0; buflen <= sizeof(packet); buflen++)
			for (bpf_u_int32 x = 0; x < 16; x++)
				for (bpf_u_int32 k = 0; k < 16; k++) {
					const struct bpf_insn insns[] = {BPF_STMT(BPF_LDX | BPF_IMM, x),
						BPF_STMT(loads[i], k), BPF_STMT(BPF_MISC | BPF_TXA, 0),
						BPF_STMT(loads[i], k), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
						BPF_STMT(BPF_RET | BPF_A, 0)};
					compare(peer, insns, LENGTH(insns), guarded(packet, buflen), 1000, buflen);
				}
}

/* Where a filter on a savefile would otherwise not do what the same filter does in the kernel. */
static void test_differences(void **state _U_)
{
	const struct peer *peer = peer_or_skip();
	const struct {
		const char *text;
		u_int ours, theirs;
	} cases[] = {
		{"ld #1\n ldx #33\n lsh x\n ret", 2, 0},
		{"ld #4\n ldx #33\n rsh x\n ret", 2, 0},
		{"ldx #0xfffffffe\n ldb [x + 3]\n ret", 'b', 0},
		{"ldb [-2097150]\n ret", 'c', 0},
		{"ldb [vlanp]\n add #1\n ret", 1, 0},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bpf_program program = assemble(cases[i].text);
		const u_char *packet = guarded("abcd", 4);
		assert_int_equal(bpf_filter(program.bf_insns, packet, 4, 4), cases[i].ours);
		assert_int_equal(peer->filter(program.bf_insns, packet, 4, 4), cases[i].theirs);
		pcap_freecode(&program);
	}
}

/* What libpcap takes and we do not would make it abort, or is not the same everywhere. */
static void test_validators(void **state _U_)
{
	const struct peer *peer = peer_or_skip();
	uint64_t random = 4;

	for (int i = 0; i < 200000; i++) {
		struct bpf_insn insns[MAX_LEN];
		u_int len = 1 + random_below(&random, MAX_LEN);

		random_program(&random, insns, len, 0);
		struct bpf_insn *victim = &insns[random_below(&random, len)];
		u_int fault = random_below(&random, 4);
		if (fault == 0)
			victim->k = random_number(&random);
		else if (fault == 1)
			victim->jt = victim->jf = (u_char)random_number(&random);
		else if (fault == 2)
			victim->k = -random_below(&random, len + 2);
		bool legal = bpf_validate(insns, (int)len);
		if (victim->code != (BPF_ALU | BPF_LSH | BPF_K) && victim->code != (BPF_ALU | BPF_RSH | BPF_K))
			assert_int_equal(legal, peer->validate(insns, (int)len) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts_of_random_programs),
		cmocka_unit_test(test_every_load_at_every_offset),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_validators),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
