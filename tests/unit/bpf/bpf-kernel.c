/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our validator and interpreter against the kernel's, through a filter attached to a socket: the same programs are
 * legal, and the same part of a packet is kept.
 */
#include "bpf-test.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LEN 48
#define PACKET_SIZE 64

/* sockets[1] gets what is sent to sockets[0], through the filter. */
static int sockets[2];

static int make_sockets(void **state _U_)
{
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, sockets);
}

static int close_sockets(void **state _U_)
{
	close(sockets[0]);
	close(sockets[1]);
	return 0;
}

static bool attach(const struct bpf_insn *insns, u_int len)
{
	/* struct sock_filter is struct bpf_insn by another name. */
	struct sock_fprog program = {(unsigned short)len, (struct sock_filter *)insns};

	if (setsockopt(sockets[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return true;
	if (errno == ENOMEM) {
		print_message("# the kernel's net.core.optmem_max allows no filter of %u instructions\n", len);
		skip();
	}
	assert_int_equal(errno, EINVAL);
	return false;
}

/* How much of the packet the kernel's filter keeps. */
static u_int run_in_kernel(const u_char *packet, u_int len)
{
	u_char received[PACKET_SIZE];

	assert_int_equal(send(sockets[0], packet, len, 0), len);
	ssize_t kept = recv(sockets[1], received, sizeof(received), 0);
	if (kept < 0)
		assert_int_equal(errno, EAGAIN);
	return kept < 0 ? 0 : (u_int)kept;
}

static void print_program(const struct bpf_insn *insns, u_int len)
{
	for (u_int i = 0; i < len; i++)
		print_message("# %s (0x%x %u %u 0x%x)\n", bpf_image(&insns[i], (int)i), insns[i].code, insns[i].jt,
			insns[i].jf, insns[i].k);
}

static void check_same_legality(const struct bpf_insn *insns, u_int len)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "legal";
	bool legal = pcapint_validate_filter(insns, len, BPF_TARGET_KERNEL, errbuf) == 0;

	if (attach(insns, len) != legal) {
		print_program(insns, len);
		fail_msg("we say: %s; the kernel does not", errbuf);
	}
}

static void test_every_opcode(void **state _U_)
{
	for (u_int code = 0; code <= UINT16_MAX; code++) {
		struct bpf_insn insns[] = {BPF_STMT(BPF_ST, 1), BPF_STMT(code, 1), BPF_STMT(BPF_RET | BPF_K, 1),
			BPF_STMT(BPF_RET | BPF_K, 1)};
		check_same_legality(insns, LENGTH(insns));
		if (code < BPF_OPCODES)
			check_same_legality(insns, 2);
	}
}

static void test_operands_at_the_edges(void **state _U_)
{
	static const bpf_u_int32 edges[] = {0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 0x7fffffff, 0x80000000,
		BPF_LINK_LAYER_OFFSET - 1, BPF_LINK_LAYER_OFFSET, BPF_NETWORK_OFFSET - 1, BPF_NETWORK_OFFSET,
		BPF_ANCILLARY_OFFSET - 1, 0xfffffffd, 0xfffffffe, 0xffffffff};

	for (u_int code = 0; code < BPF_OPCODES; code++) {
		if (pcapint_bpf_opcode(code) == NULL)
			continue;
		for (size_t i = 0; i < LENGTH(edges) + 72; i++) {
			bpf_u_int32 k = i < LENGTH(edges) ? edges[i]
							  : BPF_ANCILLARY_OFFSET + (bpf_u_int32)(i - LENGTH(edges));
			for (u_char distance = 0; distance < 4; distance++) {
				struct bpf_insn insns[] = {BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_ST, 1),
					{(u_short)code, distance, (u_char)(3 - distance), k},
					BPF_STMT(BPF_RET | BPF_A, 0), BPF_STMT(BPF_RET | BPF_K, 1)};
				check_same_legality(insns, LENGTH(insns));
			}
		}
	}
}

static void test_lengths(void **state _U_)
{
	static struct bpf_insn insns[BPF_MAXINSNS + 1];

	for (size_t i = 0; i < LENGTH(insns); i++)
		insns[i] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
	check_same_legality(insns, BPF_MAXINSNS);
	check_same_legality(insns, BPF_MAXINSNS + 1);
	check_same_legality(insns, 0);
}

/* With a fault put in now and then: both find it, or find that it does not matter. */
static void test_legality_of_random_programs(void **state _U_)
{
	uint64_t random = 1;
	u_int legal = 0;

	for (int i = 0; i < 60000; i++) {
		struct bpf_insn insns[MAX_LEN];
		u_int len = 1 + random_below(&random, MAX_LEN);

		random_program(&random, insns, len, 0);
		struct bpf_insn *victim = &insns[random_below(&random, len)];
		u_int fault = random_below(&random, 12);
		if (fault == 0)
			victim->code = (u_short)random_below(&random, 512);
		else if (fault == 1)
			victim->k = random_number(&random);
		else if (fault == 2)
			victim->jt = victim->jf = (u_char)random_number(&random);
		check_same_legality(insns, len);
		legal += pcapint_validate_filter(insns, len, BPF_TARGET_KERNEL, NULL) == 0;
	}
	assert_in_range(legal, 10000, 50000);
}

static void test_verdicts_of_random_programs(void **state _U_)
{
	uint64_t random = 2;
	u_int kept_some = 0;

	for (int i = 0; i < 60000; i++) {
		struct bpf_insn insns[MAX_LEN];
		u_int len = 1 + random_below(&random, MAX_LEN);
		u_char packet[PACKET_SIZE];

		random_program(&random, insns, len, SAME_AS_KERNEL);
		if (!attach(insns, len))
			continue;
		for (int j = 0; j < 4; j++) {
			u_int packet_len = random_below(&random, PACKET_SIZE + 1);
			for (u_int k = 0; k < packet_len; k++)
				packet[k] = (u_char)random_number(&random);
			u_int verdict = bpf_filter(insns, guarded(packet, packet_len), packet_len, packet_len);
			u_int ours = verdict < packet_len ? verdict : packet_len;
			u_int theirs = run_in_kernel(packet, packet_len);
			if (ours != theirs) {
				print_program(insns, len);
				fail_msg("of %u bytes we keep %u, the kernel %u", packet_len, ours, theirs);
			}
			kept_some += ours != 0;
		}
	}
	assert_true(kept_some > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_opcode),
		cmocka_unit_test(test_operands_at_the_edges),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_legality_of_random_programs),
		cmocka_unit_test(test_verdicts_of_random_programs),
	};
	return cmocka_run_group_tests(tests, make_sockets, close_sockets);
}
