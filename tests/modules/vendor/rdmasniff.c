/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for RDMA devices over a stand-in for libibverbs, since there is no device whose driver can copy its traffic:
 * both kinds of ports, slots that come round, waiting on the completion channel, and refusals at each step.
 */
#include <pcap/pcap.h>

#include <pcap/weir.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "librdmasniff.h"

static char errbuf[PCAP_ERRBUF_SIZE];

struct seen {
	int count;
	struct pcap_pkthdr last;
	u_char check; /* each packet's bytes have its number's value */
	bool wrong;
};

static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct seen *seen = (struct seen *)user;

	for (u_int i = 0; i < header->caplen; i++)
		seen->wrong |= data[i] != seen->check;
	seen->check++;
	seen->count++;
	seen->last = *header;
}

static pcap_t *open_port(const char *device)
{
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	pcap_set_timeout(p, 20);
	pcap_set_buffer_size(p, 100000);
	if (pcap_activate(p) != 0)
		fail_msg("%s", pcap_geterr(p));
	return p;
}

static void receive(int port, u_char value, uint32_t length)
{
	u_char packet[10240];

	memset(packet, value, sizeof(packet));
	assert_int_equal(stand_in_receive(port, packet, length), 1);
}

static int open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static void devices_are_listed(void **state)
{
	pcap_if_t *list;
	int found = 0;

	(void)state;
	assert_int_equal(pcap_findalldevs(&list, errbuf), 0);
	for (pcap_if_t *device = list; device != NULL; device = device->next)
		found += strcmp(device->name, "rdma:test_0") == 0 || strcmp(device->name, "mlx5_1") == 0;
	pcap_freealldevs(list);
	assert_int_equal(found, 2);
	assert_int_equal(stand_in_objects(), 0);
}

static void packets_of_both_kinds_of_ports_are_captured(void **state)
{
	struct seen seen = {.check = 4};

	(void)state;
	pcap_t *first = open_port("rdma:test_0"), *second = open_port("rdma:test_0:2");
	assert_string_equal(pcap_module_name(first), "rdmasniff");
	assert_int_equal(pcap_datalink(first), DLT_INFINIBAND);
	assert_int_equal(pcap_datalink(second), DLT_EN10MB);
	receive(1, 4, 4200);
	receive(2, 5, 9000);
	assert_int_equal(pcap_dispatch(first, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(seen.last.len, 4200);
	assert_int_equal(pcap_dispatch(second, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(seen.last.len, 9000);
	assert_false(seen.wrong);
	pcap_close(first);
	pcap_close(second);
	assert_int_equal(stand_in_objects(), 0);
}

static void slots_come_round(void **state)
{
	struct seen seen = {.check = 0};
	u_char value = 0;

	(void)state;
	pcap_t *p = open_port("rdma:test_0");
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 13; i++)
			receive(1, value++, 100 + round);
		assert_int_equal(pcap_dispatch(p, 5, keep, (u_char *)&seen), 5);
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 8);
	}
	assert_false(seen.wrong);
	pcap_close(p);
}

/* The descriptor is readable when there is something, and not afterwards. */
static void the_descriptor_can_be_waited_on(void **state)
{
	struct seen seen = {.check = 1};

	(void)state;
	pcap_t *p = open_port("rdma:test_0");
	struct pollfd fd = {.fd = pcap_get_selectable_fd(p), .events = POLLIN};
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	for (int round = 0; round < 3; round++) {
		seen.check = 1;
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 0);
		assert_int_equal(poll(&fd, 1, 0), 0);
		receive(1, 1, 64);
		receive(1, 2, 64);
		assert_int_equal(poll(&fd, 1, 0), 1);
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 2);
	}
	assert_false(seen.wrong);
	pcap_close(p);
}

static void *send_later(void *unused)
{
	u_char packet[64] = {0};

	(void)unused;
	usleep(50000);
	stand_in_receive(1, packet, sizeof(packet));
	return NULL;
}

static void *break_later(void *p)
{
	usleep(50000);
	pcap_breakloop(p);
	return NULL;
}

static void reads_wait_and_loops_break(void **state)
{
	struct seen seen = {.check = 0};
	pthread_t thread;

	(void)state;
	pcap_t *p = pcap_create("rdma:test_0", errbuf);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pthread_create(&thread, NULL, send_later, NULL), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	pthread_join(thread, NULL);
	assert_int_equal(pthread_create(&thread, NULL, break_later, p), 0);
	assert_int_equal(pcap_loop(p, -1, keep, (u_char *)&seen), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	pcap_close(p);
}

static void an_error_of_the_device_comes_after_its_packets(void **state)
{
	struct seen seen = {.check = 1};

	(void)state;
	pcap_t *p = open_port("rdma:test_0");
	receive(1, 1, 64);
	stand_in_end_with(IBV_WC_LOC_LEN_ERR);
	receive(1, 2, 64);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "local length error"));
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR);
	pcap_close(p);
}

static void refusals_say_what_was_wrong_and_leave_nothing(void **state)
{
	static const struct {
		const char *device;
		int queue_error, flow_error, status;
		const char *text;
	} rows[] = {
		{"rdma:test_0", EPERM, 0, PCAP_ERROR_PERM_DENIED, "CAP_NET_RAW"},
		{"rdma:test_0", 0, EPERM, PCAP_ERROR_PERM_DENIED, "CAP_NET_RAW"},
		{"rdma:test_0", 0, EOPNOTSUPP, PCAP_ERROR, "can't copy the port's traffic"},
		{"rdma:mlx5_1", 0, 0, PCAP_ERROR, "can't copy the port's traffic"},
		{"rdma:test_0:3", 0, 0, PCAP_ERROR_NO_SUCH_DEVICE, "no such port"},
	};
	int before = open_files();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pcap_t *p = pcap_create(rows[i].device, errbuf);
		assert_non_null(p);
		stand_in_refuse_queues(rows[i].queue_error);
		stand_in_refuse_flows(rows[i].flow_error);
		assert_int_equal(pcap_activate(p), rows[i].status);
		assert_non_null(strstr(pcap_geterr(p), rows[i].text));
		pcap_close(p);
		assert_int_equal(stand_in_objects(), 0);
		assert_int_equal(open_files(), before);
	}
	stand_in_refuse_queues(0);
	stand_in_refuse_flows(0);
}

static void names_are_read_to_the_letter(void **state)
{
	static const char *const wrong[] = {"rdma:", "rdma::1", "rdma:test_0:", "rdma:test_0:0", "rdma:test_0:256",
		"rdma:test_0:01", "rdma:nothing_0"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(pcap_create(wrong[i], errbuf));
		assert_non_null(strstr(errbuf, "no such"));
	}
	/* Not an RDMA device: another module's turn. */
	assert_null(pcap_create("mlx5_7", errbuf));
	assert_null(strstr(errbuf, "RDMA"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_are_listed),
		cmocka_unit_test(packets_of_both_kinds_of_ports_are_captured),
		cmocka_unit_test(slots_come_round),
		cmocka_unit_test(the_descriptor_can_be_waited_on),
		cmocka_unit_test(reads_wait_and_loops_break),
		cmocka_unit_test(an_error_of_the_device_comes_after_its_packets),
		cmocka_unit_test(refusals_say_what_was_wrong_and_leave_nothing),
		cmocka_unit_test(names_are_read_to_the_letter),
	};

	return cmocka_run_group_tests_name("rdmasniff", tests, NULL, NULL);
}
