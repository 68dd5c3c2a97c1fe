/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices over other devices: what passes through, and what the sampler and the fault injector do to packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pcap-int.h>

#define NUMBER_AT 42 /* where the packet generator puts a packet's number, 8 bytes, big-endian */
#define MOST_PACKETS 4096

static char errbuf[PCAP_ERRBUF_SIZE];

/* What a capture delivered. */
struct taken {
	pcap_t *p;
	int count;
	int break_after; /* pcap_breakloop() at this packet; 0: never */
	uint64_t numbers[MOST_PACKETS];
	u_int lengths[MOST_PACKETS];
};

static struct taken taken;

static void take(u_char *user _U_, const struct pcap_pkthdr *header, const u_char *data)
{
	uint64_t number = UINT64_MAX;

	assert_in_range(taken.count, 0, MOST_PACKETS - 1);
	if (header->caplen >= NUMBER_AT + 8) {
		number = 0;
		for (int i = 0; i < 8; i++)
			number = number << 8 | data[NUMBER_AT + i];
	}
	taken.lengths[taken.count] = header->caplen;
	taken.numbers[taken.count++] = number;
	if (taken.count == taken.break_after)
		pcap_breakloop(taken.p);
}

static pcap_t *open_device(const char *device)
{
	pcap_t *p = pcap_open_live(device, 0, 0, 10, errbuf);

	if (p == NULL)
		print_message("%s\n", errbuf);
	assert_non_null(p);
	memset(&taken, 0, sizeof(taken));
	taken.p = p;
	return p;
}

/* Reads until there is nothing for so long that there is nothing left. */
static void read_all(pcap_t *p)
{
	for (int idle = 0; idle < 3;) {
		int n = pcap_dispatch(p, -1, take, NULL);
		assert_true(n >= 0);
		idle = n == 0 ? idle + 1 : 0;
	}
}

static void sampler_delivers_one_of_many(void **state _U_)
{
	pcap_t *p = open_device("sample:7+null0:count=100");

	assert_string_equal(pcap_module_name(p), "sample");
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	read_all(p);
	assert_int_equal(taken.count, 14);
	for (int i = 0; i < taken.count; i++)
		assert_int_equal(taken.numbers[i], 7 * i + 6);
	pcap_close(p);
	p = open_device("sample+null0:count=100");
	read_all(p);
	assert_int_equal(taken.count, 10);
	pcap_close(p);
}

static void assert_received(pcap_t *p, u_int packets)
{
	struct pcap_stat stats;
	struct pcap_stats64 wide;

	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, packets);
	assert_int_equal(pcap_get_stats64(p, &wide, sizeof(wide)), 0);
	assert_int_equal(wide.recv, packets);
}

static void statistics_are_of_what_is_delivered(void **state _U_)
{
	pcap_t *p = open_device("sample:7+null0:count=100");

	read_all(p);
	assert_received(p, 14);
	pcap_close(p);
	p = open_device("faults:duplicate=100+null0:count=10");
	read_all(p);
	assert_int_equal(taken.count, 20);
	assert_received(p, 20);
	pcap_close(p);
}

static void duplicates_do_not_exceed_the_count(void **state _U_)
{
	pcap_t *p = open_device("faults:duplicate=50+null0");

	for (int cnt = 1; cnt < 100; cnt++) {
		int n = pcap_dispatch(p, 1 + cnt % 5, take, NULL);
		assert_true(n > 0 && n <= 1 + cnt % 5);
	}
	pcap_close(p);
}

static void counts_and_breaks_are_kept(void **state _U_)
{
	pcap_t *p = open_device("sample:3+null0");

	assert_int_equal(pcap_loop(p, 5, take, NULL), 0);
	assert_int_equal(taken.count, 5);
	taken.break_after = 7;
	assert_int_equal(pcap_loop(p, -1, take, NULL), PCAP_ERROR_BREAK);
	assert_int_equal(taken.count, 7);
	assert_int_equal(pcap_loop(p, 2, take, NULL), 0);
	assert_int_equal(taken.count, 9);
	for (int i = 0; i < taken.count; i++)
		assert_int_equal(taken.numbers[i], 3 * i + 2);
	pcap_breakloop(p);
	assert_int_equal(pcap_dispatch(p, 1, take, NULL), PCAP_ERROR_BREAK);
	assert_int_equal(pcap_dispatch(p, 1, take, NULL), 1);
	pcap_close(p);
}

static void what_is_asked_goes_below(void **state _U_)
{
	struct bpf_program none, all;
	struct pcap_stat stats;
	struct pcap_pkthdr *header;
	const u_char *data;
	int *types;
	pcap_t *p = pcap_create("sample:1+null0:count=20", errbuf);

	assert_non_null(p);
	assert_int_equal(pcap_set_snaplen(p, 60), 0);
	assert_int_equal(pcap_set_timeout(p, 10), 0);
	assert_int_equal(pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO), 0);
	assert_int_equal(pcap_can_set_rfmon(p), 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_ACTIVATED);
	assert_int_equal(pcap_snapshot(p), 60);
	assert_int_equal(pcap_list_datalinks(p, &types), 2);
	assert_int_equal(pcap_set_datalink(p, types[1]), 0);
	assert_int_equal(pcap_datalink(p), types[1]);
	assert_int_equal(pcap_set_datalink(p, types[0]), 0);
	pcap_free_datalinks(types);
	assert_true(pcap_get_selectable_fd(p) >= 0);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_getnonblock(p, errbuf), 1);
	assert_int_equal(pcap_compile(p, &none, "arp", 1, 0), 0);
	assert_int_equal(pcap_compile(p, &all, "udp", 1, 0), 0);
	assert_int_equal(pcap_setfilter(p, &none), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(pcap_next_ex(p, &header, &data), 0);
	assert_int_equal(pcap_setfilter(p, &all), 0);
	assert_int_equal(pcap_inject(p, "\377\377\377\377\377\377\2\0\0\0\0\1\22\64payload", 21), 21);
	assert_int_equal(pcap_stats(p, &stats), 0);
	pcap_freecode(&none);
	pcap_freecode(&all);
	pcap_close(p);
}

static void bad_names_are_told(void **state _U_)
{
	static const struct {
		const char *device, *error;
	} cases[] = {
		{"sample:0+null0", "one packet of so many"},
		{"sample:x+null0", "one packet of so many"},
		{"sample:5", "one packet of so many"},
		{"sample+nothing0", "nothing0: no such device"},
		{"sample+", ": no such device"},
		{"sample", "sample: no such device"},
		{"faults:drop+null0", "wrong at \"drop+null0\""},
		{"faults:drop=101+null0", "wrong at \"drop=101+null0\""},
		{"faults:drop=1;wait=2+null0", "wrong at \";wait=2+null0\""},
		{"faults:drop=1,+null0", "wrong at \"+null0\""},
		{"faults:drop=1", "wrong at"},
		{"faults+sample:x+null0", "one packet of so many"},
		{"sample+sample+sample+sample+sample+sample+sample+sample+sample+null0", "more than 8 devices"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(pcap_create(cases[i].device, errbuf));
		if (strstr(errbuf, cases[i].error) == NULL)
			fail_msg("%s: %s", cases[i].device, errbuf);
	}
}

static void failed_activation_can_be_tried_again(void **state _U_)
{
	pcap_t *p = pcap_create("sample:1+null0:count=5", errbuf);

	assert_non_null(p);
	assert_int_equal(pcap_set_rfmon(p, 1), 0);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_RFMON_NOTSUP);
	assert_int_equal(pcap_can_set_rfmon(p), 0);
	assert_int_equal(pcap_set_rfmon(p, 0), 0);
	assert_int_equal(pcap_set_timeout(p, 10), 0);
	assert_int_equal(pcap_activate(p), 0);
	memset(&taken, 0, sizeof(taken));
	read_all(p);
	assert_int_equal(taken.count, 5);
	pcap_close(p);
}

static void faults_are_those_that_were_asked_for(void **state _U_)
{
	struct pcap_stat stats;
	int doubled = 0, cut = 0;
	pcap_t *p = open_device("faults:drop=100+null0:count=50");

	read_all(p);
	assert_int_equal(taken.count, 0);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_drop, 50);
	pcap_close(p);

	p = open_device("faults:duplicate=100+null0:count=50");
	read_all(p);
	assert_int_equal(taken.count, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(taken.numbers[i], i / 2);
	pcap_close(p);

	p = open_device("faults:truncate=100+null0:count=50,size=200");
	read_all(p);
	assert_int_equal(taken.count, 50);
	for (int i = 0; i < 50; i++)
		assert_in_range(taken.lengths[i], 0, 199);
	pcap_close(p);

	p = open_device("faults:drop=25,duplicate=25,truncate=25+null0:count=2000,size=200");
	read_all(p);
	for (int i = 0; i < taken.count; i++) {
		doubled += i > 0 && taken.numbers[i] != UINT64_MAX && taken.numbers[i] == taken.numbers[i - 1];
		cut += taken.lengths[i] < 200;
	}
	/* 2000 * 3/4 * 5/4 = 1875, and so on: far within what chance allows. */
	assert_in_range(taken.count, 1700, 2050);
	assert_in_range(doubled, 200, 500);
	assert_in_range(cut, 300, 650);
	pcap_close(p);
}

static void a_duplicate_is_left_for_the_next_call(void **state _U_)
{
	pcap_t *p = open_device("faults:duplicate=100+null0:count=10");

	for (int i = 0; i < 20; i++)
		assert_int_equal(pcap_dispatch(p, 1, take, NULL), 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(taken.numbers[i], i / 2);
	pcap_close(p);
}

static void late_packets_come_in_order(void **state _U_)
{
	pcap_t *p = open_device("faults:delay=50,wait=1+null0:count=40");

	for (int tries = 0; tries < 1000 && taken.count < 40; tries++)
		assert_true(pcap_dispatch(p, -1, take, NULL) >= 0);
	assert_int_equal(taken.count, 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(taken.numbers[i], i);
	pcap_close(p);
	/* Without blocking, a packet that is not due is not waited for, and not lost. */
	p = open_device("faults:delay=100,wait=60000+null0:count=1");
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pcap_dispatch(p, -1, take, NULL), 0);
	assert_non_null(pcap_get_required_select_timeout(p));
	pcap_breakloop(p);
	assert_int_equal(pcap_dispatch(p, -1, take, NULL), PCAP_ERROR_BREAK);
	pcap_close(p);
}

static void faults_are_the_same_in_every_run(void **state _U_)
{
	static struct taken first;
	static const char device[] = "faults:drop=10,duplicate=10,truncate=10,seed=7+null0:count=300";
	pcap_t *p = open_device(device);

	read_all(p);
	first = taken;
	pcap_close(p);
	p = open_device(device);
	read_all(p);
	assert_int_equal(taken.count, first.count);
	assert_memory_equal(taken.lengths, first.lengths, sizeof(first.lengths));
	pcap_close(p);
	p = open_device("faults:drop=10,duplicate=10,truncate=10,seed=8+null0:count=300");
	read_all(p);
	assert_memory_not_equal(taken.lengths, first.lengths, sizeof(first.lengths));
	pcap_close(p);
}

static void stacks_stack(void **state _U_)
{
	pcap_t *p = open_device("sample:2+faults:duplicate=100+sample:5+null0:count=100");

	read_all(p);
	assert_int_equal(taken.count, 20);
	for (int i = 0; i < taken.count; i++)
		assert_int_equal(taken.numbers[i], 5 * i + 4);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sampler_delivers_one_of_many),
		cmocka_unit_test(statistics_are_of_what_is_delivered),
		cmocka_unit_test(duplicates_do_not_exceed_the_count),
		cmocka_unit_test(counts_and_breaks_are_kept),
		cmocka_unit_test(what_is_asked_goes_below),
		cmocka_unit_test(bad_names_are_told),
		cmocka_unit_test(failed_activation_can_be_tried_again),
		cmocka_unit_test(faults_are_those_that_were_asked_for),
		cmocka_unit_test(a_duplicate_is_left_for_the_next_call),
		cmocka_unit_test(late_packets_come_in_order),
		cmocka_unit_test(faults_are_the_same_in_every_run),
		cmocka_unit_test(stacks_stack),
	};

	return cmocka_run_group_tests_name("stacks", tests, NULL, NULL);
}
