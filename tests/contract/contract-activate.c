/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module contract's rules on activation (A), a test a rule.
 */
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

static void A1_activate_reads_what_was_set(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_set_snaplen(p, 123), 0);
	assert_int_equal(pcap_set_timeout(p, 456), 0);
	assert_int_equal(pcap_set_buffer_size(p, 789000), 0);
	assert_int_equal(pcap_set_promisc(p, 2), 0);
	assert_int_equal(pcap_set_rfmon(p, 1), 0);
	assert_int_equal(pcap_set_immediate_mode(p, 1), 0);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_set_tstamp_type(p, PCAP_TSTAMP_ADAPTER), 0);
	assert_int_equal(pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_MICRO), 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(scripted.snapshot, 123);
	assert_int_equal(scripted.opt.timeout, 456);
	assert_int_equal(scripted.opt.buffer_size, 789000);
	assert_int_equal(scripted.opt.promisc, 1);
	assert_int_equal(scripted.opt.rfmon, 1);
	assert_int_equal(scripted.opt.immediate, 1);
	assert_int_equal(scripted.opt.nonblock, 1);
	assert_int_equal(scripted.opt.tstamp_type, PCAP_TSTAMP_ADAPTER);
	assert_int_equal(scripted.opt.tstamp_precision, PCAP_TSTAMP_PRECISION_MICRO);
	pcap_close(p);
}

static void A1_defaults(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_set_buffer_size(p, -1), 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(scripted.snapshot, MAXIMUM_SNAPLEN);
	assert_int_equal(scripted.opt.timeout, 0);
	assert_int_equal(scripted.opt.buffer_size, 0);
	assert_int_equal(scripted.opt.promisc, 0);
	assert_int_equal(scripted.opt.tstamp_type, -1);
	pcap_close(p);
}

static void A1_setters_are_refused_after_activation(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_set_snaplen(p, 1), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_timeout(p, 1), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_buffer_size(p, 1), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_promisc(p, 1), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_rfmon(p, 1), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_immediate_mode(p, 1), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_tstamp_type(p, 0), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_tstamp_precision(p, 0), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_set_protocol_linux(p, 0), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_ACTIVATED);
	assert_string_not_equal(pcap_geterr(p), "");
	assert_int_equal(scripted.activate_calls, 1);
	pcap_close(p);
}

static void A2_snapshot_lengths_out_of_range_become_the_maximum(void **state _U_)
{
	static const int wanted[] = {0, -1, MAXIMUM_SNAPLEN + 1, 0x7fffffff};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		pcap_t *p = pcap_open_live("null0", wanted[i], 0, 10, errbuf);
		assert_non_null(p);
		assert_int_equal(pcap_snapshot(p), MAXIMUM_SNAPLEN);
		pcap_close(p);
	}
}

static void A3_statuses_and_their_texts(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	scripted.activate_status = PCAP_ERROR_NO_SUCH_DEVICE;
	assert_int_equal(pcap_activate(p), PCAP_ERROR_NO_SUCH_DEVICE);
	/* The module left errbuf empty: the status's own text stands there. */
	assert_non_null(strstr(pcap_geterr(p), pcap_statustostr(PCAP_ERROR_NO_SUCH_DEVICE)));
	scripted.activate_status = PCAP_ERROR_PERM_DENIED;
	scripted.activate_text = "scripted0: only for root";
	assert_int_equal(pcap_activate(p), PCAP_ERROR_PERM_DENIED);
	assert_string_equal(pcap_geterr(p), "scripted0: only for root");
	scripted.activate_status = PCAP_WARNING;
	scripted.activate_text = "scripted0: slower than it could be";
	assert_int_equal(pcap_activate(p), PCAP_WARNING);
	assert_string_equal(pcap_geterr(p), "scripted0: slower than it could be");
	assert_int_equal(pcap_datalink(p), DLT_USER0);
	pcap_close(p);
}

static void A3_open_live_tells_errors_and_warnings(void **state _U_)
{
	scripted.activate_status = PCAP_ERROR;
	scripted.activate_text = "the card is on fire";
	assert_null(pcap_open_live("scripted0", 100, 0, 0, errbuf));
	assert_string_equal(errbuf, "scripted0: the card is on fire");
	scripted.activate_status = PCAP_WARNING;
	scripted.activate_text = "scripted0: warm";
	pcap_t *p = pcap_open_live("scripted0", 100, 0, 0, errbuf);
	assert_non_null(p);
	assert_string_equal(errbuf, "scripted0: warm");
	pcap_close(p);
}

/* Everything that could be asked of a handle whose module set nothing but read_op. */
static void A4_operations_left_out_have_a_meaning(void **state _U_)
{
	struct pcap_stat stats = {1, 1, 1};
	struct pcap_stats64 stats64;
	struct bpf_insn reject = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program program = {1, &reject};

	scripted.bare = 1;
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "scripted0: packets can't be sent on this device");
	assert_int_equal(pcap_sendpacket(p, (const u_char *)"x", 1), PCAP_ERROR);
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR);
	assert_int_equal(pcap_set_datalink(p, DLT_USER0), 0);
	assert_int_equal(pcap_set_datalink(p, DLT_USER1), PCAP_ERROR);
	assert_int_equal(pcap_getnonblock(p, errbuf), 0);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_getnonblock(p, errbuf), 1);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv + stats.ps_drop + stats.ps_ifdrop, 0);
	assert_int_equal(pcap_get_stats64(p, &stats64, sizeof(stats64)), 0);
	assert_int_equal(stats64.available, 0);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(p->fcode.bf_len, 1);
	assert_int_equal(pcap_get_selectable_fd(p), -1);
	assert_null(pcap_get_required_select_timeout(p));
	pcap_breakloop(p);
	assert_int_equal(pcap_dispatch(p, -1, NULL, NULL), PCAP_ERROR_BREAK);
	pcap_close(p);
}

static void A4_nothing_works_before_activation(void **state _U_)
{
	struct pcap_stat stats;
	struct bpf_program program = {0, NULL};
	struct pcap_pkthdr header, *header_pointer;
	const u_char *data;
	int *list;
	pcap_t *p = pcap_create("scripted0", errbuf);

	assert_int_equal(pcap_dispatch(p, 1, NULL, NULL), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_loop(p, 1, NULL, NULL), PCAP_ERROR_NOT_ACTIVATED);
	assert_null(pcap_next(p, &header));
	assert_int_equal(pcap_next_ex(p, &header_pointer, &data), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_sendpacket(p, (const u_char *)"x", 1), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_setfilter(p, &program), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_datalink(p), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_datalink_ext(p), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_list_datalinks(p, &list), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_set_datalink(p, 0), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_getnonblock(p, errbuf), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_stats(p, &stats), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_snapshot(p), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_is_swapped(p), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_bufsize(p), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_fileno(p), PCAP_ERROR);
	assert_int_equal(pcap_compile(p, &program, "", 1, 0), PCAP_ERROR_NOT_ACTIVATED);
	assert_non_null(strstr(pcap_geterr(p), "pcap_compile"));
	pcap_close(p);
}

static void A5_selectable_descriptor(void **state _U_)
{
	pcap_t *p = pcap_open_live("null0", 100, 0, 10, errbuf);
	assert_true(pcap_get_selectable_fd(p) >= 0);
	assert_int_equal(pcap_get_selectable_fd(p), pcap_fileno(p));
	pcap_close(p);
}

/* The lowest descriptor that is free: the same before and after means that none leaked. */
static int lowest_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY);
	close(fd);
	return fd;
}

static void A6_a_failed_activation_is_cleaned_up_and_can_be_retried(void **state _U_)
{
	int before = lowest_descriptor();
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_set_tstamp_type(p, PCAP_TSTAMP_ADAPTER), 0);
	scripted.activate_status = PCAP_ERROR_PERM_DENIED;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(pcap_activate(p), PCAP_ERROR_PERM_DENIED);
		assert_int_equal(scripted.cleanup_calls, i);
		assert_int_equal(lowest_descriptor(), before);
		assert_int_equal(pcap_dispatch(p, 1, NULL, NULL), PCAP_ERROR_NOT_ACTIVATED);
	}
	/* The options can be changed, and what create offered is still offered. */
	assert_int_equal(pcap_set_snaplen(p, 77), 0);
	assert_int_equal(pcap_set_tstamp_type(p, PCAP_TSTAMP_ADAPTER), 0);
	scripted.activate_status = 0;
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(scripted.snapshot, 77);
	pcap_close(p);
	assert_int_equal(scripted.cleanup_calls, 4);
	assert_int_equal(lowest_descriptor(), before);
}

/* As modules for libpcap do it, whose cleanup is not always good for a second time. */
static void A6_what_has_cleaned_up_itself_is_not_cleaned_up_again(void **state _U_)
{
	int before = lowest_descriptor();
	pcap_t *p = pcap_create("scripted0", errbuf);
	scripted.activate_status = PCAP_ERROR_RFMON_NOTSUP;
	scripted.cleans_up_itself = 1;
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(pcap_activate(p), PCAP_ERROR_RFMON_NOTSUP);
		assert_int_equal(scripted.cleanup_calls, i);
		assert_int_equal(lowest_descriptor(), before);
	}
	/* What has cleaned up once is cleaned up after its next try all the same. */
	scripted.cleans_up_itself = 0;
	assert_int_equal(pcap_activate(p), PCAP_ERROR_RFMON_NOTSUP);
	assert_int_equal(scripted.cleanup_calls, 3);
	assert_int_equal(lowest_descriptor(), before);
	pcap_close(p);
}

static void N1_non_blocking_mode_is_kept_for_activation(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(scripted.nonblock_calls, 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(scripted.nonblock_calls, 1);
	assert_int_equal(scripted.nonblock, 1);
	assert_int_equal(pcap_getnonblock(p, errbuf), 1);
	pcap_close(p);
	/* What was not asked for is not set. */
	p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(scripted.nonblock_calls, 1);
	pcap_close(p);
}

static void N1_activation_fails_if_the_device_always_waits(void **state _U_)
{
	int before = lowest_descriptor();
	pcap_t *p = pcap_create("scripted0", errbuf);
	scripted.nonblock_status = PCAP_ERROR;
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_activate(p), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "scripted devices always wait");
	assert_int_equal(scripted.cleanup_calls, 1);
	assert_int_equal(lowest_descriptor(), before);
	pcap_close(p);
	/* A module that can tell so before says it to who asks. */
	scripted.nonblock_at_create = 1;
	p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "scripted devices always wait");
	assert_int_equal(pcap_activate(p), 0);
	pcap_close(p);
}

static void A6_a_break_before_activation_is_kept(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	pcap_breakloop(p);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_dispatch(p, -1, NULL, NULL), PCAP_ERROR_BREAK);
	pcap_close(p);
}

static void A6_close_after_a_failure_does_not_clean_up_twice(void **state _U_)
{
	pcap_t *p = pcap_create("scripted0", errbuf);
	scripted.activate_status = PCAP_ERROR;
	scripted.activate_text = "no";
	assert_int_equal(pcap_activate(p), PCAP_ERROR);
	pcap_close(p);
	assert_int_equal(scripted.cleanup_calls, 1);
	/* And one that was never activated has nothing to clean up. */
	p = pcap_create("scripted0", errbuf);
	pcap_close(p);
	assert_int_equal(scripted.cleanup_calls, 1);
}

static void A7_lists_to_choose_from(void **state _U_)
{
	int *list;
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_list_tstamp_types(p, &list), 2);
	assert_int_equal(list[0], PCAP_TSTAMP_HOST);
	assert_int_equal(list[1], PCAP_TSTAMP_ADAPTER);
	pcap_free_tstamp_types(list);
	assert_int_equal(pcap_set_tstamp_type(p, PCAP_TSTAMP_HOST_LOWPREC), PCAP_WARNING_TSTAMP_TYPE_NOTSUP);
	assert_int_equal(pcap_set_tstamp_type(p, -1), PCAP_WARNING_TSTAMP_TYPE_NOTSUP);
	assert_int_equal(
		pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO), PCAP_ERROR_TSTAMP_PRECISION_NOTSUP);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_list_datalinks(p, &list), 2);
	assert_int_equal(list[1], DLT_USER1);
	pcap_free_datalinks(list);
	pcap_close(p);

	/* A list that create made is there for the next activation too. */
	scripted.dlts_at_create = 1;
	p = pcap_create("scripted0", errbuf);
	scripted.bare = 1;
	scripted.activate_status = PCAP_ERROR_PERM_DENIED;
	assert_int_equal(pcap_activate(p), PCAP_ERROR_PERM_DENIED);
	scripted.activate_status = 0;
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_list_datalinks(p, &list), 2);
	pcap_free_datalinks(list);
	pcap_close(p);

	p = pcap_create("null0", errbuf);
	assert_int_equal(pcap_list_tstamp_types(p, &list), 1);
	assert_int_equal(list[0], PCAP_TSTAMP_HOST);
	pcap_free_tstamp_types(list);
	assert_int_equal(pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO), 0);
	assert_int_equal(pcap_get_tstamp_precision(p), PCAP_TSTAMP_PRECISION_NANO);
	assert_int_equal(pcap_set_tstamp_precision(p, 7), PCAP_ERROR_TSTAMP_PRECISION_NOTSUP);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(A1_activate_reads_what_was_set, reset),
		cmocka_unit_test_setup(A1_defaults, reset),
		cmocka_unit_test_setup(A1_setters_are_refused_after_activation, reset),
		cmocka_unit_test_setup(A2_snapshot_lengths_out_of_range_become_the_maximum, reset),
		cmocka_unit_test_setup(A3_statuses_and_their_texts, reset),
		cmocka_unit_test_setup(A3_open_live_tells_errors_and_warnings, reset),
		cmocka_unit_test_setup(A4_operations_left_out_have_a_meaning, reset),
		cmocka_unit_test_setup(A4_nothing_works_before_activation, reset),
		cmocka_unit_test_setup(A5_selectable_descriptor, reset),
		cmocka_unit_test_setup(A6_a_failed_activation_is_cleaned_up_and_can_be_retried, reset),
		cmocka_unit_test_setup(A6_what_has_cleaned_up_itself_is_not_cleaned_up_again, reset),
		cmocka_unit_test_setup(A6_a_break_before_activation_is_kept, reset),
		cmocka_unit_test_setup(A6_close_after_a_failure_does_not_clean_up_twice, reset),
		cmocka_unit_test_setup(A7_lists_to_choose_from, reset),
		cmocka_unit_test_setup(N1_non_blocking_mode_is_kept_for_activation, reset),
		cmocka_unit_test_setup(N1_activation_fails_if_the_device_always_waits, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
