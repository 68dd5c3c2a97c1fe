/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The netlink module where there is no nlmon interface: what the kernel sends to a family's multicast groups, in a
 * network of the test's own.
 */
#include <pcap/pcap.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include <pcap-int.h>

#include "capture.h"
#include "live.h"

#define HEADER_SIZE 16 /* of LINKTYPE_NETLINK */

static struct captured captured;

static int forget(void **state)
{
	(void)state;
	memset(&captured, 0, sizeof(captured));
	return 0;
}

/* Not where the machine has another way: then the guest's tests are of that one. */
static pcap_t *open_route(const struct capture_options *options)
{
	struct capture_options wanted = *options;
	int status;

	if (if_nametoindex("nlmon0") != 0) {
		print_message("skipped: there is an nlmon interface\n");
		skip();
	}
	wanted.device = "netlink-route";
	pcap_t *p = capture_create(&wanted);
	status = pcap_activate(p);
	/* In a namespace, groups for the whole machine may be refused. */
	if (status != 0 && status != PCAP_WARNING)
		fail_msg("pcap_activate: %d: %s", status, pcap_geterr(p));
	if (status == PCAP_WARNING)
		assert_non_null(strstr(pcap_geterr(p), "multicast groups can't be joined"));
	return p;
}

/* Sets the MTU, of which the kernel tells in one message at least. */
static void set_mtu(int mtu)
{
	live_run("ip link set %s mtu %d", live_interface(), mtu);
}

/* The type of the message in a packet, whose header must be right. */
static unsigned message_type(unsigned i)
{
	static const uint8_t header[HEADER_SIZE] = {
		0, PACKET_MULTICAST, ARPHRD_NETLINK >> 8, ARPHRD_NETLINK & 0xff, [15] = NETLINK_ROUTE};
	struct nlmsghdr message;

	assert_in_range(captured.packets[i].header.caplen, HEADER_SIZE + sizeof(message), 65536);
	assert_memory_equal(captured.packets[i].data, header, HEADER_SIZE);
	memcpy(&message, captured.packets[i].data + HEADER_SIZE, sizeof(message));
	assert_in_range(message.nlmsg_len, sizeof(message), captured.packets[i].header.len - HEADER_SIZE);
	return message.nlmsg_type;
}

static void tells_what_changes(void **state)
{
	pcap_t *p = open_route(&(struct capture_options){.timeout = 20});
	unsigned links = 0, addresses = 0;

	(void)state;
	assert_int_equal(pcap_datalink(p), DLT_NETLINK);
	assert_string_equal(pcap_module_name(p), "netlink");
	set_mtu(1400);
	live_run("ip addr add 10.77.1.1/24 dev %s", live_interface());
	capture_until(p, &captured, 2);
	while (links == 0 || addresses == 0) {
		links = addresses = 0;
		for (unsigned i = 0; i < captured.count; i++) {
			links += message_type(i) == RTM_NEWLINK;
			addresses += message_type(i) == RTM_NEWADDR;
		}
		if (links == 0 || addresses == 0)
			capture_until(p, &captured, captured.count + 1);
	}
	pcap_close(p);
}

static void filters_and_truncates(void **state)
{
	pcap_t *p = open_route(&(struct capture_options){.timeout = 20, .snaplen = 40});
	struct bpf_program program;
	char expression[64];

	(void)state;
	/* Messages are in the host's byte order. */
	snprintf(expression, sizeof(expression), "link[20:2] = 0x%04x", htons(RTM_NEWADDR));
	set_mtu(1401);
	assert_int_equal(pcap_compile(p, &program, expression, 1, PCAP_NETMASK_UNKNOWN), 0);
	/* What was there before is filtered too. */
	assert_int_equal(pcap_setfilter(p, &program), 0);
	pcap_freecode(&program);
	live_run("ip addr add 10.77.2.1/24 dev %s", live_interface());
	set_mtu(1402);
	capture_until(p, &captured, 1);
	for (int quiet = 0; quiet < 5; quiet++)
		assert_true(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured) >= 0);
	for (unsigned i = 0; i < captured.count; i++) {
		assert_int_equal(message_type(i), RTM_NEWADDR);
		assert_int_equal(captured.packets[i].header.caplen, 40);
		assert_in_range(captured.packets[i].header.len, 41, 65536);
	}
	pcap_close(p);
}

static void *break_it(void *handle)
{
	usleep(100000);
	pcap_breakloop(handle);
	return NULL;
}

static void ends_by_count_and_by_break(void **state)
{
	pcap_t *p = open_route(&(struct capture_options){.timeout = 0});
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 3; i++)
		set_mtu(1410 + i);
	assert_int_equal(pcap_loop(p, 1, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(captured.count, 1);
	assert_int_equal(pcap_loop(p, 2, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(captured.count, 3);
	assert_int_equal(pthread_create(&thread, NULL, break_it, p), 0);
	assert_int_equal(pcap_loop(p, -1, capture_keep, (u_char *)&captured), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	pcap_close(p);
}

static void does_not_block_and_can_be_selected(void **state)
{
	pcap_t *p = open_route(&(struct capture_options){.nonblock = true});
	struct timeval patience = {.tv_sec = 30};
	fd_set set;

	(void)state;
	while (pcap_dispatch(p, -1, capture_keep, (u_char *)&captured) > 0)
		continue;
	set_mtu(1420);
	FD_ZERO(&set);
	FD_SET(pcap_get_selectable_fd(p), &set);
	assert_int_equal(select(pcap_get_selectable_fd(p) + 1, &set, NULL, NULL, &patience), 1);
	captured.count = 0;
	assert_in_range(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 1, 100);
	pcap_close(p);
}

/* The buffer has room for few; what does not fit is counted, and is no error. */
static void counts_what_is_lost(void **state)
{
	pcap_t *p = open_route(&(struct capture_options){.timeout = 20, .buffer_size = 8192});
	struct pcap_stat stats;

	(void)state;
	live_run("(for i in $(seq 200); do echo address add 10.78.$i.1/32 dev %s; done) | ip -batch -",
		live_interface());
	capture_until(p, &captured, 1);
	for (int quiet = 0; quiet < 5; quiet++)
		assert_true(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured) >= 0);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_in_range(stats.ps_drop, 1, 100000);
	assert_int_equal(stats.ps_recv, captured.count + stats.ps_drop);
	/* It goes on. */
	captured.count = 0;
	set_mtu(1430);
	capture_until(p, &captured, 1);
	pcap_close(p);
}

static void names_and_requests_are_checked(void **state)
{
	static const char *const names[] = {
		"netlinkx", "netlink0", "nlmon", "nlmon0x", "nlmon00", "nlmon-1", "netlink_route"};
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_null(pcap_create(names[i], errbuf));
		assert_non_null(strstr(errbuf, "no such device"));
	}
	assert_null(pcap_create("netlink-", errbuf));
	assert_null(pcap_create("netlink-ROUTE", errbuf));
	assert_non_null(strstr(errbuf, "netlink-ROUTE: no such netlink family (they are: route, generic,"));
	p = open_route(&(struct capture_options){.timeout = 20});
	assert_int_equal(pcap_inject(p, errbuf, 20), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "netlink-route: packets can't be sent on this device");
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR);
	pcap_close(p);
	/* All families there are only on an interface. */
	p = capture_create(&(struct capture_options){.device = "netlink", .timeout = 20});
	assert_int_equal(pcap_activate(p), PCAP_ERROR_IFACE_NOT_UP);
	assert_non_null(strstr(pcap_geterr(p), "there is no nlmon interface that is up"));
	pcap_close(p);
}

/* An interface of that name is the one that is meant. */
static void an_interface_of_that_name_goes_first(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];

	(void)state;
	live_run("ip link add name netlink-route type veth peer name other0");
	pcap_t *p = pcap_create("netlink-route", errbuf);
	live_run("ip link del netlink-route");
	assert_non_null(p);
	assert_string_equal(pcap_module_name(p), "linux");
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_what_changes, forget),
		cmocka_unit_test_setup(filters_and_truncates, forget),
		cmocka_unit_test_setup(ends_by_count_and_by_break, forget),
		cmocka_unit_test_setup(does_not_block_and_can_be_selected, forget),
		cmocka_unit_test_setup(counts_what_is_lost, forget),
		cmocka_unit_test_setup(names_and_requests_are_checked, forget),
		cmocka_unit_test_setup(an_interface_of_that_name_goes_first, forget),
	};

	return cmocka_run_group_tests_name("netlink groups", tests, NULL, NULL);
}
