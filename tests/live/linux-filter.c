/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters on Linux interfaces: that the kernel's answer and ours are the same, that what the kernel can't run is run
 * here, and that no packet which a former filter let pass is delivered after a change.
 */
#include <pcap/pcap.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <pcap/sll.h>

#include "capture.h"
#include "live.h"
#include "modes.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ANCILLARY(what) ((bpf_u_int32)(SKF_AD_OFF + (what)))

static pcap_t *open_on(const char *device)
{
	return capture_open(&(struct capture_options){.device = device, .timeout = 20, .immediate = immediate});
}

/* Passes frames whose sequence number has the bits that mask selects equal to value. */
static void filter_sequence(pcap_t *p, bpf_u_int32 mask, bpf_u_int32 value)
{
	const struct bpf_insn insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14 + 20 + 8),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 65535),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	capture_filter(p, insns, COUNT_OF(insns));
}

/* Sends 0 to 99 and checks that those which the filter passes come, and no others. */
static void check_one_of_four(pcap_t *p, unsigned value)
{
	captured.count = 0;
	capture_send(live_peer_interface(), 0, 100, 60);
	capture_until(p, &captured, 25);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(captured.count, 25);
	for (unsigned i = 0; i < 25; i++)
		assert_int_equal(live_udp_sequence(captured.packets[i].data, 60), 4 * i + value);
}

static void a_filter_passes_what_it_should(void **state)
{
	static const struct bpf_insn nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	static const struct bpf_insn everything[] = {BPF_STMT(BPF_RET | BPF_K, 1)};
	pcap_t *p = open_on(live_interface());

	(void)state;
	filter_sequence(p, 3, 1);
	check_one_of_four(p, 1);
	filter_sequence(p, 3, 2);
	check_one_of_four(p, 2);
	captured.count = 0;
	capture_filter(p, nothing, 1);
	capture_send(live_peer_interface(), 0, 100, 60);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	/* What it returns is not how much is delivered. */
	capture_filter(p, everything, 1);
	capture_send(live_peer_interface(), 0, 100, 60);
	capture_until(p, &captured, 100);
	capture_check(&captured, 0, 0, 100, 60, 60);
	pcap_close(p);
}

/* A program that leaves it to the packet's bytes how much to keep: 0 or more. */
static void a_filter_that_returns_a_register_passes_whole_packets(void **state)
{
	static const struct bpf_insn insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14 + 20 + 8),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	pcap_t *p = open_on(live_interface());

	(void)state;
	capture_filter(p, insns, COUNT_OF(insns));
	capture_send(live_peer_interface(), 0, 100, 60);
	capture_until(p, &captured, 50);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(captured.count, 50);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(captured.packets[i].header.caplen, 60);
		assert_int_equal(live_udp_sequence(captured.packets[i].data, 60), 2 * i + 1);
	}
	pcap_close(p);
}

static void an_invalid_filter_is_refused_and_the_former_stays(void **state)
{
	struct bpf_insn runs_off = BPF_STMT(BPF_LD | BPF_IMM, 0);
	struct bpf_program program = {1, &runs_off};
	pcap_t *p = open_on(live_interface());

	(void)state;
	filter_sequence(p, 3, 1);
	assert_int_equal(pcap_setfilter(p, &program), PCAP_ERROR);
	assert_string_not_equal(pcap_geterr(p), "");
	check_one_of_four(p, 1);
	pcap_close(p);
}

static void a_locked_filter_can_not_be_changed(void **state)
{
	static struct bpf_insn everything[] = {BPF_STMT(BPF_RET | BPF_K, 1)};
	struct bpf_program program = {1, everything};
	pcap_t *p = open_on(live_interface());
	int on = 1;

	(void)state;
	filter_sequence(p, 3, 1);
	assert_return_code(setsockopt(pcap_fileno(p), SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)), errno);
	assert_int_equal(pcap_setfilter(p, &program), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p),
		"weir0: the filter can't be changed, since the socket's filter is locked (SO_LOCK_FILTER)");
	check_one_of_four(p, 1);
	pcap_close(p);
}

/* ---- What the kernel can't run ---- */

/* A program of any length that does what filter_sequence()'s does. */
static void filter_sequence_in(pcap_t *p, unsigned length, bpf_u_int32 value)
{
	struct bpf_insn *insns = calloc(length, sizeof(*insns));
	struct bpf_program program = {length, insns};

	assert_non_null(insns);
	for (unsigned i = 0; i < length - 5; i++)
		insns[i] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, i);
	insns[length - 5] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14 + 20 + 8);
	insns[length - 4] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3);
	insns[length - 3] = (struct bpf_insn)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	insns[length - 2] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 65535);
	insns[length - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
	if (pcap_setfilter(p, &program) != 0)
		fail_msg("%u instructions: %s", length, pcap_geterr(p));
	free(insns);
}

static void a_filter_too_long_for_the_kernel_is_run_here(void **state)
{
	static const unsigned lengths[] = {4090, 4093, 4094, 4096, 4097, 5000, 20000};
	pcap_t *p = open_on(live_interface());

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		filter_sequence_in(p, lengths[i], i % 4);
		check_one_of_four(p, i % 4);
	}
	/* And back again. */
	filter_sequence(p, 3, 1);
	check_one_of_four(p, 1);
	pcap_close(p);
}

/* The kernel has no loops; this one walks to the byte that the sequence number ends with. */
static void a_filter_with_a_loop_is_run_here(void **state)
{
	static const struct bpf_insn insns[] = {
		BPF_STMT(BPF_LDX | BPF_IMM, 0),
		BPF_STMT(BPF_MISC | BPF_TXA, 0),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 14 + 20 + 8 + 3, 1, 0),
		BPF_STMT(BPF_JMP | BPF_JA, (bpf_u_int32)-5),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 65535),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	pcap_t *p = open_on(live_interface());

	(void)state;
	capture_filter(p, insns, COUNT_OF(insns));
	check_one_of_four(p, 3);
	pcap_close(p);
}

static void a_filter_run_here_sees_more_than_the_snapshot_length(void **state)
{
	pcap_t *p = capture_open(&(struct capture_options){.timeout = 20, .immediate = immediate, .snaplen = 20});

	(void)state;
	for (int here = 0; here < 2; here++) {
		captured.count = 0;
		filter_sequence_in(p, here ? 5000 : 100, 2);
		capture_send(live_peer_interface(), 0, 100, 60);
		capture_until(p, &captured, 25);
		assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
		capture_check(&captured, 0, 0, 25, 60, 20);
		assert_int_equal(captured.count, 25);
	}
	pcap_close(p);
}

static void packets_rejected_here_are_not_counted(void **state)
{
	pcap_t *p = open_on(live_interface());
	struct pcap_stat stats;

	(void)state;
	filter_sequence_in(p, 5000, 2);
	check_one_of_four(p, 2);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, 25);
	assert_int_equal(stats.ps_drop, 0);
	pcap_close(p);
}

/* ---- Cooked captures: the same answer from both ---- */

/* Loads of what stands at an offset of SLL (16 bytes) and SLL2 (20 bytes), and of the packet behind it. */
static const struct {
	u_short code;
	int sll;
	int sll2; /* -1: not in that one */
	bpf_u_int32 value;
} loads[] = {
	{BPF_LD | BPF_H | BPF_ABS, 0, -1, PACKET_OUTGOING},
	{BPF_LD | BPF_B | BPF_ABS, 1, 10, PACKET_OUTGOING},
	{BPF_LD | BPF_H | BPF_ABS, 2, 8, ARPHRD_ETHER},
	{BPF_LD | BPF_H | BPF_ABS, 4, -1, 6},
	{BPF_LD | BPF_W | BPF_ABS, 6, 12, 0x02000000},
	{BPF_LD | BPF_H | BPF_ABS, 10, 16, 0x0002},
	{BPF_LD | BPF_H | BPF_ABS, 14, 0, ETH_P_IP},
	{BPF_LD | BPF_W | BPF_ABS, 14, -1, ETH_P_IP << 16 | 0x4500},
	{BPF_LD | BPF_B | BPF_ABS, 15, 1, ETH_P_IP & 0xff},
	{BPF_LD | BPF_W | BPF_ABS, 0, -1, PACKET_OUTGOING << 16 | ARPHRD_ETHER},
	{BPF_LD | BPF_W | BPF_ABS, -1, 0, ETH_P_IP << 16},
	{BPF_LD | BPF_B | BPF_ABS, 16, 20, 0x45},
	{BPF_LD | BPF_W | BPF_ABS, 28, 32, 0x0a4d0002},
	{BPF_LD | BPF_H | BPF_IND, 16, 20, 0x4500},
	{BPF_LD | BPF_H | BPF_IND, 14, 0, ETH_P_IP},
	{BPF_LD | BPF_W | BPF_LEN, 0, -1, 16 + 46},
	{BPF_LD | BPF_W | BPF_LEN, -1, 0, 20 + 46},
	{BPF_LD | BPF_H | BPF_ABS, (int)(SKF_AD_OFF + SKF_AD_PROTOCOL), (int)(SKF_AD_OFF + SKF_AD_PROTOCOL),
		ETH_P_IP},
};

/* Passes what the load finds equal to value; in longer than the kernel takes if here is set. */
static void filter_load(pcap_t *p, u_short code, bpf_u_int32 k, bpf_u_int32 value, bool here)
{
	static struct bpf_insn insns[5000];
	unsigned n = 0;

	while (here && n < 4990)
		insns[n++] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 0);
	insns[n++] = (struct bpf_insn)BPF_STMT(code, k);
	insns[n++] = (struct bpf_insn)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	insns[n++] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 65535);
	insns[n++] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
	capture_filter(p, insns, n);
}

static void cooked_filters_work_on_the_header_that_users_see(void **state)
{
	(void)state;
	for (int version = 1; version <= 2; version++) {
		pcap_t *p = open_on("any");
		assert_int_equal(pcap_set_datalink(p, version == 1 ? DLT_LINUX_SLL : DLT_LINUX_SLL2), 0);
		for (size_t i = 0; i < COUNT_OF(loads) * 2; i++) {
			int k = version == 1 ? loads[i / 2].sll : loads[i / 2].sll2;
			bpf_u_int32 value = loads[i / 2].value;
			bool both_ends = value != PACKET_OUTGOING && value >> 16 != PACKET_OUTGOING;
			if (k == -1)
				continue;
			captured.count = 0;
			filter_load(p, loads[i / 2].code, k, value, i % 2);
			capture_send(live_peer_interface(), 0, 3, 60);
			capture_until(p, &captured, both_ends ? 6 : 3);
			assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
			assert_int_equal(captured.count, both_ends ? 6 : 3);
			/* And no packet with another value. */
			captured.count = 0;
			filter_load(p, loads[i / 2].code, k, value + 1, i % 2);
			capture_send(live_peer_interface(), 0, 3, 60);
			assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
		}
		pcap_close(p);
	}
}

/* The tag is not in the packet that a filter sees, neither there nor here. */
static void filters_see_tags_beside_the_packet(void **state)
{
	static const struct {
		bpf_u_int32 k;
		bpf_u_int32 value;
	} rows[] = {{ANCILLARY(SKF_AD_VLAN_TAG_PRESENT), 1}, {ANCILLARY(SKF_AD_VLAN_TAG), 0x6123},
		{ANCILLARY(SKF_AD_VLAN_TPID), 0x88a8}, {12, ETH_P_IP}};
	pcap_t *p = open_on(live_interface());
	uint8_t frame[104];

	(void)state;
	live_make_udp(frame, 100, 1);
	memmove(frame + 16, frame + 12, 88);
	memcpy(frame + 12, "\x88\xa8\x61\x23", 4);
	for (size_t i = 0; i < COUNT_OF(rows) * 2; i++) {
		captured.count = 0;
		filter_load(p, BPF_LD | BPF_H | BPF_ABS, rows[i / 2].k, rows[i / 2].value, i % 2);
		live_send_on(live_peer_interface(), frame, sizeof(frame), 2);
		capture_until(p, &captured, 2);
		assert_memory_equal(captured.packets[0].data, frame, sizeof(frame));
		captured.count = 0;
		filter_load(p, BPF_LD | BPF_H | BPF_ABS, rows[i / 2].k, rows[i / 2].value ^ 1, i % 2);
		live_send_on(live_peer_interface(), frame, sizeof(frame), 2);
		assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	}
	pcap_close(p);
}

/* ---- Changing the filter while packets come ---- */

static atomic_bool stop;
static atomic_uint flood_sent;

static void *flood(void *user)
{
	int sender = live_open_sender(live_peer_interface());
	uint8_t frame[60];
	unsigned i;

	(void)user;
	for (i = 0; !stop; i++) {
		live_make_udp(frame, sizeof(frame), i);
		live_send(sender, frame, sizeof(frame));
		flood_sent = i;
	}
	close(sender);
	return NULL;
}

struct expectation {
	unsigned value;
	unsigned seen;
	unsigned wrong;
	bool in_order;
	unsigned last;
};

static void expect(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct expectation *expectation = (struct expectation *)user;
	unsigned sequence = live_udp_sequence(data, header->caplen);

	expectation->seen++;
	expectation->wrong += sequence % 8 != expectation->value;
	expectation->in_order &= expectation->last == 0 || sequence > expectation->last;
	expectation->last = sequence;
}

static void no_packet_of_the_former_filter_comes_after_the_new_one(void **state)
{
	struct expectation expectation = {.in_order = true};
	pcap_t *p = open_on(live_interface());
	pthread_t thread;

	(void)state;
	stop = false;
	assert_int_equal(pthread_create(&thread, NULL, flood, NULL), 0);
	for (unsigned i = 0; i < 150; i++) {
		/* Some are run here, some by the kernel; after some the ring is read empty, after some not. */
		if (i % 5 == 4) {
			static struct bpf_insn insns[5000];
			for (unsigned n = 0; n < 4995; n++)
				insns[n] = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, 4994 - n);
			insns[4995] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14 + 20 + 8);
			insns[4996] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 7);
			insns[4997] = (struct bpf_insn)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i % 8, 0, 1);
			insns[4998] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 65535);
			insns[4999] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
			capture_filter(p, insns, 5000);
		} else {
			filter_sequence(p, 7, i % 8);
		}
		expectation.value = i % 8;
		expectation.seen = 0;
		while (expectation.seen == 0 || (i % 3 == 0 && expectation.seen < 500))
			assert_in_range(pcap_dispatch(p, i % 3 == 1 ? 3 : -1, expect, (u_char *)&expectation), 0,
				INT32_MAX);
		assert_int_equal(expectation.wrong, 0);
	}
	stop = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(expectation.in_order);
	pcap_close(p);
}

/* Once all that came before the change has been read, the kernel's word is enough: not needlessly filtered twice. */
static void a_change_loses_no_packet_that_both_filters_pass(void **state)
{
	pcap_t *p = open_on(live_interface());

	(void)state;
	filter_sequence(p, 1, 1);
	capture_send(live_peer_interface(), 0, 100, 60);
	filter_sequence(p, 3, 1);
	capture_send(live_peer_interface(), 100, 100, 60);
	capture_until(p, &captured, 50);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(captured.count, 50);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(live_udp_sequence(captured.packets[i].data, 60), 4 * i + 1);
	/* Longer than packets can be on their way. */
	sleep(1);
	check_one_of_four(p, 1);
	check_one_of_four(p, 1);
	pcap_close(p);
}

/* It asks for something that only the kernel knows, so that here nobody can judge the packets from before it. */
static void packets_that_nobody_can_judge_are_left_out(void **state)
{
	static const struct bpf_insn insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ANCILLARY(SKF_AD_MARK)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 65535),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	pcap_t *p = open_on(live_interface());

	(void)state;
	capture_send(live_peer_interface(), 0, 100, 60);
	capture_filter(p, insns, COUNT_OF(insns));
	capture_send(live_peer_interface(), 100, 100, 60);
	capture_until(p, &captured, 100);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	capture_check(&captured, 0, 100, 100, 60, 60);
	assert_int_equal(captured.count, 100);
	pcap_close(p);
}

/* In both modes. */
#define CASE(name)                                                                                                 \
	{"buffered: " #name, name, buffered_mode, NULL, NULL},                                                     \
	{                                                                                                          \
		"immediate: " #name, name, immediate_mode, NULL, NULL                                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_filter_passes_what_it_should),
		CASE(a_filter_that_returns_a_register_passes_whole_packets),
		CASE(an_invalid_filter_is_refused_and_the_former_stays),
		CASE(a_locked_filter_can_not_be_changed),
		CASE(a_filter_too_long_for_the_kernel_is_run_here),
		CASE(a_filter_with_a_loop_is_run_here),
		CASE(a_filter_run_here_sees_more_than_the_snapshot_length),
		CASE(packets_rejected_here_are_not_counted),
		CASE(cooked_filters_work_on_the_header_that_users_see),
		CASE(filters_see_tags_beside_the_packet),
		CASE(no_packet_of_the_former_filter_comes_after_the_new_one),
		CASE(a_change_loses_no_packet_that_both_filters_pass),
		CASE(packets_that_nobody_can_judge_are_left_out),
	};

	return cmocka_run_group_tests_name("filters on Linux interfaces", tests, NULL, NULL);
}
