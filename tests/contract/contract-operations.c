/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module contract's rules on the other operations (I, F, S, D, N, T, B, K) and on the helpers, a test a rule.
 */
#include "test.h"

#include <errno.h>
#include <limits.h>

static char errbuf[PCAP_ERRBUF_SIZE];

struct last {
	int count;
	u_int len;
	u_char first;
};

static void keep_last(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct last *last = (struct last *)user;
	last->count++;
	last->len = header->len;
	last->first = data[0];
}

static void I1_inject_returns_the_bytes_sent(void **state _U_)
{
	u_char packet[60] = {0xaa};
	struct last last = {0};
	pcap_t *p = pcap_open_live("null0:count=1", 0, 0, 10, errbuf);
	assert_int_equal(pcap_inject(p, packet, sizeof(packet)), 60);
	assert_int_equal(pcap_sendpacket(p, packet, 20), 0);
	assert_int_equal(pcap_setdirection(p, PCAP_D_OUT), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep_last, (u_char *)&last), 2);
	assert_int_equal(last.len, 20);
	assert_int_equal(last.first, 0xaa);
	assert_int_equal(pcap_inject(p, packet, 0), PCAP_ERROR);
	assert_int_equal(pcap_inject(p, packet, (size_t)INT_MAX + 1), PCAP_ERROR);
	assert_int_equal(pcap_sendpacket(p, packet, -1), PCAP_ERROR);
	assert_int_equal(pcap_inject(p, packet, 70000), PCAP_ERROR);
	assert_string_not_equal(pcap_geterr(p), "");
	pcap_close(p);
}

static void I1_a_device_that_cannot_send_says_so(void **state _U_)
{
	pcap_t *p = pcap_open_live("scripted0", 0, 0, 10, errbuf);
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "scripted devices can't send");
	pcap_close(p);
}

static void F1_and_F3_a_program_is_checked_and_copied(void **state _U_)
{
	struct bpf_insn accept[] = {BPF_STMT(BPF_RET | BPF_K, 100)};
	struct bpf_insn broken[] = {BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0)};
	struct bpf_program program = {1, accept};
	struct last last = {0};
	pcap_t *p = pcap_open_live("null0:count=4", 0, 0, 10, errbuf);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	accept[0].k = 0; /* the module has a copy */
	assert_int_equal(pcap_dispatch(p, 2, keep_last, (u_char *)&last), 2);
	program.bf_insns = broken;
	assert_int_equal(pcap_setfilter(p, &program), PCAP_ERROR);
	assert_string_not_equal(pcap_geterr(p), "");
	assert_int_equal(pcap_setfilter(p, NULL), PCAP_ERROR);
	/* The filter that was there is still there. */
	assert_int_equal(pcap_dispatch(p, 2, keep_last, (u_char *)&last), 2);
	pcap_close(p);
}

static void F2_queued_packets_do_not_leak_past_a_new_filter(void **state _U_)
{
	u_char packet[60] = {0};
	struct bpf_insn reject[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct bpf_program program = {1, reject};
	struct last last = {0};
	pcap_t *p = pcap_open_live("null0:rate=1,count=1", 0, 0, 10, errbuf);
	assert_int_equal(pcap_inject(p, packet, sizeof(packet)), 60);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep_last, (u_char *)&last), 0);
	assert_int_equal(last.count, 0);
	pcap_close(p);
}

static void S1_a_direction_that_cannot_be_set(void **state _U_)
{
	pcap_t *p = pcap_open_live("scripted0", 0, 0, 10, errbuf);
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "scripted0: the direction can't be set on this device");
	pcap_close(p);
	p = pcap_open_live("null0:count=2", 0, 0, 10, errbuf);
	assert_int_equal(pcap_setdirection(p, (pcap_direction_t)9), PCAP_ERROR);
	struct last last = {0};
	assert_int_equal(pcap_setdirection(p, PCAP_D_OUT), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep_last, (u_char *)&last), 0);
	pcap_close(p);
}

static void D1_data_link_types(void **state _U_)
{
	pcap_t *p = pcap_open_live("scripted0", 0, 0, 10, errbuf);
	assert_int_equal(pcap_set_datalink(p, DLT_EN10MB), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p),
		"scripted0: EN10MB (1) is not one of its link-layer types (they are: USER0, USER1)");
	assert_int_equal(scripted.datalink_calls, 0);
	assert_int_equal(pcap_set_datalink(p, DLT_USER1), 0);
	assert_int_equal(scripted.datalink_calls, 1);
	assert_int_equal(pcap_datalink(p), DLT_USER1);
	scripted.datalink_status = -1;
	assert_int_equal(pcap_set_datalink(p, DLT_USER0), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "the device refused");
	assert_int_equal(pcap_datalink(p), DLT_USER1);
	pcap_close(p);
}

static void D1_the_type_changes_what_is_delivered(void **state _U_)
{
	struct last last = {0};
	pcap_t *p = pcap_open_live("null0:count=2", 0, 0, 10, errbuf);
	assert_int_equal(pcap_dispatch(p, 1, keep_last, (u_char *)&last), 1);
	assert_int_equal(last.len, 98);
	assert_int_equal(pcap_set_datalink(p, DLT_RAW), 0);
	assert_int_equal(pcap_dispatch(p, 1, keep_last, (u_char *)&last), 1);
	assert_int_equal(last.len, 84);
	assert_int_equal(last.first, 0x45);
	pcap_close(p);
}

static void N1_non_blocking_mode_by_the_descriptor(void **state _U_)
{
	pcap_t *p = pcap_open_live("scripted0", 0, 0, 10, errbuf);
	assert_int_equal(pcap_getnonblock(p, errbuf), 0);
	assert_int_equal(pcap_setnonblock(p, 5, errbuf), 0);
	assert_int_equal(pcap_getnonblock(p, errbuf), 1);
	assert_int_equal(pcap_setnonblock(p, 0, errbuf), 0);
	assert_int_equal(pcap_getnonblock(p, errbuf), 0);
	pcap_close(p);
}

static void T1_statistics_count_since_activation(void **state _U_)
{
	struct last last = {0};
	struct pcap_stat stats = {0};
	struct pcap_stats64 stats64;
	pcap_t *p = pcap_open_live("null0:count=30", 0, 0, 10, errbuf);
	assert_int_equal(pcap_dispatch(p, 20, keep_last, (u_char *)&last), 20);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, 20);
	assert_int_equal(stats.ps_drop, 0);
	assert_int_equal(pcap_get_stats64(p, &stats64, sizeof(stats64)), 0);
	assert_int_equal(stats64.available, PCAP_STATS64_RECV | PCAP_STATS64_DROP);
	assert_int_equal(stats64.recv, 20);
	/* A caller that knows less of the structure gets no more. */
	struct pcap_stats64 small = {.recv = 7, .drop = 7};
	assert_int_equal(pcap_get_stats64(p, &small, offsetof(struct pcap_stats64, drop)), 0);
	assert_int_equal(small.recv, 20);
	assert_int_equal(small.drop, 7);
	pcap_close(p);
}

static void T1_losses_are_counted(void **state _U_)
{
	struct last last = {0};
	struct pcap_stat stats = {0};
	/* Room for two packets; 1000 arrive before anyone reads. */
	pcap_t *p = pcap_create("null0:rate=100000000,count=1000", errbuf);
	assert_int_equal(pcap_set_buffer_size(p, 200), 0);
	assert_int_equal(pcap_activate(p), 0);
	while (last.count < 2 || stats.ps_recv < 1000) {
		assert_true(pcap_dispatch(p, -1, keep_last, (u_char *)&last) >= 0);
		assert_int_equal(pcap_stats(p, &stats), 0);
	}
	assert_int_equal(stats.ps_recv, 1000);
	assert_int_equal(stats.ps_drop + last.count, 1000);
	assert_true(stats.ps_drop > 0);
	pcap_close(p);
}

static void B1_the_default_sets_the_flag(void **state _U_)
{
	pcap_t *p = pcap_open_live("scripted0", 0, 0, 10, errbuf);
	assert_ptr_equal(p->breakloop_op, pcapint_breakloop_common);
	pcap_breakloop(p);
	assert_int_equal(p->break_loop, 1);
	pcap_close(p);
}

static void K1_cleanup_works_on_half_a_handle(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	p->cleanup_op(p);
	pcapint_cleanup_live_common(p);
	assert_int_equal(p->fd, -1);
	assert_null(p->buffer);
	assert_int_equal(pcap_activate(p), 0);
	pcap_close(p);
	assert_int_equal(scripted.cleanup_calls, 1);
}

static void Helpers_error_texts(void **state _U_)
{
	char small[12];
	pcapint_fmt_errmsg_for_errno(errbuf, sizeof(errbuf), ENOENT, "%s%d", "dev", 7);
	assert_string_equal(errbuf, "dev7: No such file or directory");
	pcapint_fmt_errmsg_for_errno(small, sizeof(small), ENOENT, "device %s", "mydevice0");
	assert_string_equal(small, "device myde");
	pcapint_fmt_errmsg_for_errno(small, sizeof(small), ENOENT, "dev7");
	assert_string_equal(small, "dev7: No su");
}

static void Helpers_decimal_numbers(void **state _U_)
{
	bpf_u_int32 value = 7;
	char *end;
	assert_int_equal(pcapint_get_decuint("4294967295", NULL, &value), 0);
	assert_int_equal(value, 4294967295U);
	assert_int_equal(pcapint_get_decuint("12ab", &end, &value), 0);
	assert_int_equal(value, 12);
	assert_string_equal(end, "ab");
	assert_int_equal(pcapint_get_decuint("12ab", NULL, &value), -1);
	assert_int_equal(pcapint_get_decuint("4294967296", NULL, &value), -1);
	assert_int_equal(pcapint_get_decuint("99999999999999999999999999", &end, &value), -1);
	assert_int_equal(pcapint_get_decuint("", NULL, &value), -1);
	assert_int_equal(pcapint_get_decuint("-1", NULL, &value), -1);
	assert_int_equal(pcapint_get_decuint("+1", NULL, &value), -1);
	assert_int_equal(pcapint_get_decuint(" 1", NULL, &value), -1);
	assert_int_equal(value, 12);
}

static void Helpers_packet_counts(void **state _U_)
{
	assert_true(PACKET_COUNT_IS_UNLIMITED(0));
	assert_true(PACKET_COUNT_IS_UNLIMITED(-1));
	assert_false(PACKET_COUNT_IS_UNLIMITED(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(I1_inject_returns_the_bytes_sent, reset),
		cmocka_unit_test_setup(I1_a_device_that_cannot_send_says_so, reset),
		cmocka_unit_test_setup(F1_and_F3_a_program_is_checked_and_copied, reset),
		cmocka_unit_test_setup(F2_queued_packets_do_not_leak_past_a_new_filter, reset),
		cmocka_unit_test_setup(S1_a_direction_that_cannot_be_set, reset),
		cmocka_unit_test_setup(D1_data_link_types, reset),
		cmocka_unit_test_setup(D1_the_type_changes_what_is_delivered, reset),
		cmocka_unit_test_setup(N1_non_blocking_mode_by_the_descriptor, reset),
		cmocka_unit_test_setup(T1_statistics_count_since_activation, reset),
		cmocka_unit_test_setup(T1_losses_are_counted, reset),
		cmocka_unit_test_setup(B1_the_default_sets_the_flag, reset),
		cmocka_unit_test_setup(K1_cleanup_works_on_half_a_handle, reset),
		cmocka_unit_test_setup(Helpers_error_texts, reset),
		cmocka_unit_test_setup(Helpers_decimal_numbers, reset),
		cmocka_unit_test_setup(Helpers_packet_counts, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
