/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capturing from a Linux interface: every packet once, in order and whole, however it is read; waiting, breaking,
 * limits; in buffered and in immediate mode.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture.h"
#include "live.h"
#include "modes.h"

#define COUNT 3000

/*
 * No more than that is sent without being read in immediate mode: a process that may not enlarge the socket's queue, as
 * in a user namespace, has a ring of few and large slots.
 */
#define FEW 300

static pcap_t *open_usual(void)
{
	return capture_open(&(struct capture_options){.timeout = 50, .immediate = immediate});
}

static unsigned at_once(unsigned most)
{
	return immediate && most > FEW ? FEW : most;
}

/* Sends packets and captures them all. */
static void exchange(pcap_t *p, unsigned first, unsigned count, size_t length)
{
	captured.count = 0;
	while (captured.count < count) {
		unsigned sent = captured.count, some = at_once(count - sent);
		capture_send(live_peer_interface(), first + sent, some, length);
		capture_until(p, &captured, sent + some);
	}
	capture_check(&captured, 0, first, count, length, length);
}

static void each_packet_comes_once_and_in_order(void **state)
{
	static const size_t lengths[] = {LIVE_UDP_MIN, 60, 577, 1514};
	pcap_t *p = open_usual();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		exchange(p, 1, COUNT, lengths[i]);
	captured.count = 0;
	capture_all(p, &captured, live_peer_interface());
	assert_int_equal(captured.count, 0);
	pcap_close(p);
}

/* As loopback has, and interfaces that put segments together: larger than a slot of the ring in immediate mode. */
static void large_packets_come_whole(void **state)
{
	static const size_t lengths[] = {9000, 15000, 17000, 40000, 65000, 65549};
	pcap_t *p = capture_open(&(struct capture_options){.device = "lo", .timeout = 20, .immediate = immediate});
	struct pcap_pkthdr *header;
	static uint8_t frame[65549];
	const u_char *data;
	int status;

	(void)state;
	for (unsigned i = 0; i < 5 * sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t length = lengths[i / 5];
		capture_send("lo", i, 1, length);
		/* With small ones in between, so that each goes with its own. */
		capture_send("lo", 1000 + i, 1, 100);
		for (int small = 0; small < 2; small++) {
			do
				status = pcap_next_ex(p, &header, &data);
			while (status == 0);
			assert_int_equal(status, 1);
			assert_int_equal(header->len, small ? 100 : length);
			assert_int_equal(header->caplen, small ? 100 : length);
			live_make_udp(frame, header->len, small ? 1000 + i : i);
			assert_memory_equal(data, frame, header->len);
		}
	}
	pcap_close(p);
}

static void a_count_leaves_the_rest_for_the_next_call(void **state)
{
	pcap_t *p = open_usual();
	unsigned count = at_once(1000);
	int n;

	(void)state;
	capture_send(live_peer_interface(), 0, count, 100);
	while (captured.count < count) {
		n = pcap_dispatch(p, 7, capture_keep, (u_char *)&captured);
		assert_in_range(n, 0, 7);
	}
	capture_check(&captured, 0, 0, count, 100, 100);
	pcap_close(p);
}

static void pcap_next_ex_hands_out_packets_that_last_until_the_next_read(void **state)
{
	pcap_t *p = open_usual();
	struct pcap_pkthdr *header;
	const u_char *data;
	uint8_t expected[200];
	unsigned count = at_once(500), got = 0;
	int status;

	(void)state;
	capture_send(live_peer_interface(), 0, count, sizeof(expected));
	while (got < count) {
		status = pcap_next_ex(p, &header, &data);
		assert_in_range(status, 0, 1);
		if (status == 0)
			continue;
		/* More traffic does not change it. */
		if (got == count - 1)
			capture_send(live_peer_interface(), 1000, 300, 1400);
		live_make_udp(expected, sizeof(expected), got++);
		assert_int_equal(header->caplen, sizeof(expected));
		assert_memory_equal(data, expected, sizeof(expected));
	}
	capture_until(p, &captured, 300);
	capture_check(&captured, 0, 1000, 300, 1400, 1400);
	pcap_close(p);
}

static bool is_readable(pcap_t *p, int timeout)
{
	struct pollfd fd = {.fd = pcap_get_selectable_fd(p), .events = POLLIN};
	int ready = poll(&fd, 1, timeout);

	assert_in_range(ready, 0, 1);
	return ready == 1;
}

static void the_descriptor_is_readable_as_long_as_there_are_packets(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p = open_usual();
	int i;

	(void)state;
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_false(is_readable(p, 0));
	capture_send(live_peer_interface(), 0, 20, 100);
	for (i = 0; i < 20; i++) {
		assert_true(is_readable(p, 30000));
		if (i % 2 == 0)
			assert_int_equal(pcap_dispatch(p, 1, capture_keep, (u_char *)&captured), 1);
		else
			assert_int_equal(pcap_next_ex(p, &header, &data), 1);
	}
	assert_false(is_readable(p, 0));
	assert_int_equal(pcap_next_ex(p, &header, &data), 0);
	pcap_close(p);
}

static void a_read_ends_with_the_timeout(void **state)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p = open_usual();

	(void)state;
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(pcap_next_ex(p, &header, &data), 0);
	assert_null(pcap_next(p, &captured.packets[0].header));
	pcap_close(p);
}

static void a_nonblocking_read_returns_at_once(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = capture_open(
		&(struct capture_options){.timeout = 1000000000, .immediate = immediate, .nonblock = true});

	(void)state;
	assert_int_equal(pcap_getnonblock(p, errbuf), 1);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	if (immediate) {
		capture_send(live_peer_interface(), 0, 3, 100);
		assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 3);
	}
	assert_int_equal(pcap_setnonblock(p, 0, errbuf), 0);
	assert_int_equal(pcap_getnonblock(p, errbuf), 0);
	pcap_close(p);
}

/* ---- Breaking a wait ---- */

static pcap_t *waiting;

static void *break_it(void *user)
{
	(void)user;
	usleep(50000);
	pcap_breakloop(waiting);
	return NULL;
}

static void another_thread_wakes_a_read_that_waits_for_ever(void **state)
{
	pthread_t thread;
	int i;

	(void)state;
	waiting = capture_open(&(struct capture_options){.timeout = 0, .immediate = immediate});
	for (i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&thread, NULL, break_it, NULL), 0);
		assert_int_equal(pcap_loop(waiting, -1, capture_keep, (u_char *)&captured), PCAP_ERROR_BREAK);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	pcap_close(waiting);
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static void a_storm_of_signals_loses_nothing(void **state)
{
	struct sigaction action = {.sa_handler = count_signal}, former;
	struct itimerval timer = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
	pcap_t *p = open_usual();

	(void)state;
	signals = 0;
	assert_return_code(sigaction(SIGALRM, &action, &former), errno);
	assert_return_code(setitimer(ITIMER_REAL, &timer, NULL), errno);
	while (signals < 20)
		assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	exchange(p, 0, COUNT, 100);
	assert_return_code(setitimer(ITIMER_REAL, &off, NULL), errno);
	assert_return_code(sigaction(SIGALRM, &former, NULL), errno);
	pcap_close(p);
}

static void break_in_handler(int number)
{
	(void)number;
	/* The first ones mean nothing to the capture. */
	if (++signals >= 3)
		pcap_breakloop(waiting);
}

static void a_signal_wakes_a_read_if_it_breaks_the_loop(void **state)
{
	struct sigaction action = {.sa_handler = break_in_handler}, former;
	struct itimerval timer = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}};

	(void)state;
	signals = 0;
	waiting = capture_open(&(struct capture_options){.timeout = 0, .immediate = immediate});
	assert_return_code(sigaction(SIGALRM, &action, &former), errno);
	assert_return_code(setitimer(ITIMER_REAL, &timer, NULL), errno);
	assert_int_equal(pcap_loop(waiting, -1, capture_keep, (u_char *)&captured), PCAP_ERROR_BREAK);
	assert_in_range(signals, 3, INT32_MAX);
	assert_return_code(setitimer(ITIMER_REAL, &off, NULL), errno);
	assert_return_code(sigaction(SIGALRM, &former, NULL), errno);
	pcap_close(waiting);
}

static void break_after_two(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	capture_keep(user, header, data);
	if (((struct captured *)user)->count == 2)
		pcap_breakloop(waiting);
}

static void a_callback_ends_the_read_and_the_next_one_goes_on(void **state)
{
	int delivered = 0, n;

	(void)state;
	waiting = open_usual();
	capture_send(live_peer_interface(), 0, 10, 100);
	while (delivered < 2) {
		n = pcap_dispatch(waiting, -1, break_after_two, (u_char *)&captured);
		assert_in_range(n, 0, 2 - delivered);
		delivered += n;
	}
	assert_int_equal(pcap_dispatch(waiting, -1, break_after_two, (u_char *)&captured), PCAP_ERROR_BREAK);
	assert_int_equal(captured.count, 2);
	capture_until(waiting, &captured, 10);
	capture_check(&captured, 0, 0, 10, 100, 100);
	pcap_close(waiting);
}

static void close_the_other(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	capture_keep(user, header, data);
	if (((struct captured *)user)->count == 3) {
		pcap_close(waiting);
		waiting = NULL;
	}
}

static void a_callback_may_close_another_handle(void **state)
{
	pcap_t *p = open_usual();

	(void)state;
	waiting = open_usual();
	capture_send(live_peer_interface(), 0, 10, 100);
	while (captured.count < 10)
		assert_in_range(pcap_dispatch(p, -1, close_the_other, (u_char *)&captured), 0, 10);
	assert_null(waiting);
	capture_check(&captured, 0, 0, 10, 100, 100);
	pcap_close(p);
}

/* ---- Sending ---- */

static void what_is_sent_arrives_at_the_other_end(void **state)
{
	pcap_t *p = capture_open(&(struct capture_options){.timeout = 20, .immediate = immediate});
	pcap_t *other = capture_open(
		&(struct capture_options){.device = live_peer_interface(), .timeout = 20, .immediate = immediate});
	uint8_t frame[9000];
	unsigned i;

	(void)state;
	for (i = 0; i < 100; i++) {
		live_make_udp(frame, 500, i);
		assert_int_equal(pcap_inject(p, frame, 500), 500);
	}
	live_make_udp(frame, 500, 100);
	assert_int_equal(pcap_sendpacket(p, frame, 500), 0);
	capture_until(other, &captured, 101);
	capture_check(&captured, 0, 0, 101, 500, 500);
	/* The handle that sends does not see it. */
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(pcap_inject(p, frame, sizeof(frame)), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p),
		"weir0: a packet of 9000 bytes is too long to be sent (the interface's MTU is 1500)");
	pcap_close(other);
	pcap_close(p);
}

/* ---- Many, and after a fork ---- */

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 2000; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void many_handles_capture_at_once(void **state)
{
	static pcap_t *handles[200];
	int count = immediate ? 30 : 200;
	unsigned before = open_descriptors();

	(void)state;
	for (int i = 0; i < count; i++)
		handles[i] = capture_open(&(struct capture_options){.timeout = 20, .immediate = immediate});
	capture_send(live_peer_interface(), 0, 50, 100);
	for (int i = 0; i < count; i++) {
		captured.count = 0;
		capture_until(handles[i], &captured, 50);
		capture_check(&captured, 0, 0, 50, 100, 100);
	}
	for (int i = 0; i < count; i++)
		pcap_close(handles[i]);
	assert_int_equal(open_descriptors(), before);
}

static void a_child_that_closes_its_copy_leaves_the_parents_capture(void **state)
{
	pcap_t *p =
		capture_open(&(struct capture_options){.timeout = 20, .immediate = immediate, .promiscuous = true});
	int status;
	pid_t child = fork();

	(void)state;
	assert_return_code(child, errno);
	if (child == 0) {
		pcap_close(p);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	live_run("ip -d link show %s | grep -q 'promiscuity 1'", live_interface());
	capture_send(live_peer_interface(), 0, 50, 100);
	capture_until(p, &captured, 50);
	capture_check(&captured, 0, 0, 50, 100, 100);
	pcap_close(p);
}

static void a_child_goes_on_with_its_parents_capture(void **state)
{
	pcap_t *p = open_usual();
	int status;
	pid_t child;

	(void)state;
	capture_send(live_peer_interface(), 0, 50, 100);
	child = fork();
	assert_return_code(child, errno);
	if (child == 0) {
		unsigned i, right = 0;
		while (captured.count < 50)
			if (pcap_dispatch(p, -1, capture_keep, (u_char *)&captured) < 0)
				_exit(1);
		for (i = 0; i < 50; i++)
			right += live_udp_sequence(captured.packets[i].data, 100) == i;
		pcap_close(p);
		_exit(right == 50 ? 0 : 2);
	}
	pcap_close(p);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
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
		CASE(each_packet_comes_once_and_in_order),
		CASE(large_packets_come_whole),
		CASE(a_count_leaves_the_rest_for_the_next_call),
		CASE(pcap_next_ex_hands_out_packets_that_last_until_the_next_read),
		CASE(the_descriptor_is_readable_as_long_as_there_are_packets),
		CASE(a_read_ends_with_the_timeout),
		CASE(a_nonblocking_read_returns_at_once),
		CASE(another_thread_wakes_a_read_that_waits_for_ever),
		CASE(a_signal_wakes_a_read_if_it_breaks_the_loop),
		CASE(a_storm_of_signals_loses_nothing),
		CASE(a_callback_ends_the_read_and_the_next_one_goes_on),
		CASE(a_callback_may_close_another_handle),
		CASE(what_is_sent_arrives_at_the_other_end),
		CASE(many_handles_capture_at_once),
		CASE(a_child_that_closes_its_copy_leaves_the_parents_capture),
		CASE(a_child_goes_on_with_its_parents_capture),
	};

	return cmocka_run_group_tests_name("capture from a Linux interface", tests, NULL, NULL);
}
