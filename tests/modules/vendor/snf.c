/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for Sniffer10G cards over a stand-in for the vendor's library, since there is no card: rings that wrap and
 * overflow, several programs on a port, merged ports, injection, and the errors the library documents.
 */
#include <pcap/pcap.h>

#include <pcap/weir.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libsnf.h"

static char errbuf[PCAP_ERRBUF_SIZE];

struct seen {
	int count;
	struct pcap_pkthdr last;
	u_char first_byte;
};

static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct seen *seen = (struct seen *)user;

	seen->count++;
	seen->last = *header;
	seen->first_byte = data[0];
}

static pcap_t *open_port(const char *device)
{
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	pcap_set_timeout(p, 20);
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	if (pcap_activate(p) != 0)
		fail_msg("%s", pcap_geterr(p));
	return p;
}

/* A packet of length bytes, all with that value. */
static void receive(int port, u_char value, uint32_t length)
{
	u_char packet[STAND_IN_PACKET_MAX];

	memset(packet, value, sizeof(packet));
	stand_in_receive(port, packet, length, 1700000000123456789);
}

static void ports_are_listed(void **state)
{
	pcap_if_t *devices;
	int found = 0;

	(void)state;
	assert_int_equal(pcap_findalldevs(&devices, errbuf), 0);
	for (pcap_if_t *device = devices; device != NULL; device = device->next)
		if (strncmp(device->name, "snf", 3) == 0) {
			found++;
			assert_non_null(strstr(device->description, "enp"));
		}
	pcap_freealldevs(devices);
	assert_int_equal(found, 2);
}

static void packets_come_with_the_card_s_time(void **state)
{
	struct seen seen = {0};

	(void)state;
	pcap_t *p = open_port("snf0");
	assert_string_equal(pcap_module_name(p), "snf");
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	assert_int_equal(pcap_get_selectable_fd(p), -1);
	assert_non_null(pcap_get_required_select_timeout(p));
	receive(0, 7, 60);
	receive(1, 8, 60);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(seen.first_byte, 7);
	assert_int_equal(seen.last.len, 60);
	assert_int_equal(seen.last.ts.tv_sec, 1700000000);
	assert_int_equal(seen.last.ts.tv_usec, 123456789);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 0);
	pcap_close(p);
}

static void rings_wrap_and_losses_are_counted(void **state)
{
	struct seen seen = {0};
	struct pcap_stat stats;

	(void)state;
	pcap_t *p = open_port("snf0");
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < STAND_IN_SLOTS - 3; i++)
			receive(0, i, 100);
		assert_int_equal(pcap_dispatch(p, 5, keep, (u_char *)&seen), 5);
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), STAND_IN_SLOTS - 8);
		assert_int_equal(seen.first_byte, STAND_IN_SLOTS - 4);
	}
	for (int i = 0; i < STAND_IN_SLOTS + 4; i++)
		receive(0, i, 100);
	stand_in_lose_at_the_card(0, 2, 1);
	seen.count = 0;
	while (pcap_dispatch(p, -1, keep, (u_char *)&seen) > 0)
		;
	assert_int_equal(pcap_stats(p, &stats), 0);
	/* The last packet that was handed out still has its slot. */
	assert_int_equal(seen.count + stats.ps_drop, STAND_IN_SLOTS + 4);
	assert_true(stats.ps_drop == 4 || stats.ps_drop == 5);
	assert_int_equal(stats.ps_recv, 5 * (STAND_IN_SLOTS - 3) + STAND_IN_SLOTS + 4);
	assert_int_equal(stats.ps_ifdrop, 3);
	pcap_close(p);
	/* The counts are since activation. */
	p = open_port("snf0");
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv + stats.ps_drop + stats.ps_ifdrop, 0);
	pcap_close(p);
}

static void several_programs_capture_on_a_port(void **state)
{
	struct seen seen = {0};

	(void)state;
	pcap_t *first = open_port("snf1"), *second = open_port("snf1");
	pcap_t *third = pcap_create("snf1", errbuf);
	assert_int_equal(pcap_activate(third), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(third), "SNF_NUM_RINGS"));
	receive(1, 9, 60);
	assert_int_equal(pcap_dispatch(first, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(pcap_dispatch(second, -1, keep, (u_char *)&seen), 1);
	pcap_close(first);
	assert_int_equal(pcap_activate(third), 0);
	pcap_close(second);
	pcap_close(third);
	assert_int_equal(stand_in_open_rings(), 0);
}

static void filters_and_snapshot_length_hold(void **state)
{
	struct bpf_program program;
	struct seen seen = {0};

	(void)state;
	pcap_t *p = pcap_create("snf0", errbuf);
	pcap_set_snaplen(p, 10);
	pcap_set_timeout(p, 20);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_compile(p, &program, "ether[50] = 3", 1, 0), 0);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	pcap_freecode(&program);
	receive(0, 2, 60);
	receive(0, 3, 60);
	receive(0, 3, 40);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(seen.last.caplen, 10);
	assert_int_equal(seen.last.len, 60);
	pcap_close(p);
}

static void what_is_sent_comes_in_on_the_other_port(void **state)
{
	struct seen seen = {0};
	u_char packet[300] = {5};

	(void)state;
	pcap_t *sender = open_port("snf0"), *receiver = open_port("snf1"), *both = open_port("snf:3");
	assert_int_equal(pcap_inject(sender, packet, 60), 60);
	assert_int_equal(pcap_dispatch(receiver, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(seen.first_byte, 5);
	assert_int_equal(pcap_inject(sender, packet, 300), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(sender), "can't send"));
	assert_int_equal(pcap_inject(both, packet, 60), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(both), "one port only"));
	pcap_close(sender);
	pcap_close(receiver);
	pcap_close(both);
}

static void *break_it(void *p)
{
	usleep(50000);
	pcap_breakloop(p);
	return NULL;
}

static void loops_break_and_errors_come_after_packets(void **state)
{
	struct seen seen = {0};
	pthread_t thread;

	(void)state;
	pcap_t *p = open_port("snf0");
	assert_int_equal(pthread_create(&thread, NULL, break_it, p), 0);
	assert_int_equal(pcap_loop(p, -1, keep, (u_char *)&seen), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 0);
	stand_in_fail_next_receive(EIO);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "can't read packets"));
	receive(0, 1, 60);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	pcap_close(p);
	assert_int_equal(stand_in_open_rings(), 0);
}

static void names_are_read_to_the_letter(void **state)
{
	static const char *const wrong[] = {"snf", "snf-1", "snf00", "snf01", "snf0x1", "snf:", "snf:0", "snf:-1",
		"snf: 1", "snf:0x1ffffffff", "snf:1x", "snf4294967296", "snf0 "};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(pcap_create(wrong[i], errbuf));
		assert_non_null(strstr(errbuf, "no such device"));
	}
	pcap_t *p = pcap_create("snf7", errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_NO_SUCH_DEVICE);
	assert_non_null(strstr(pcap_geterr(p), "no such port"));
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_listed),
		cmocka_unit_test(packets_come_with_the_card_s_time),
		cmocka_unit_test(rings_wrap_and_losses_are_counted),
		cmocka_unit_test(several_programs_capture_on_a_port),
		cmocka_unit_test(filters_and_snapshot_length_hold),
		cmocka_unit_test(what_is_sent_comes_in_on_the_other_port),
		cmocka_unit_test(loops_break_and_errors_come_after_packets),
		cmocka_unit_test(names_are_read_to_the_letter),
	};

	return cmocka_run_group_tests_name("snf", tests, NULL, NULL);
}
