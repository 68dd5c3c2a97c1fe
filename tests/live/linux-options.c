/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is set before activation, on a Linux interface: snapshot length, time stamps, protocol, promiscuous mode, and
 * where the buffer is; in buffered and in immediate mode.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_ether.h>

#include "capture.h"
#include "live.h"
#include "modes.h"

static void the_snapshot_length_cuts_packets(void **state)
{
	static const struct {
		int asked;
		size_t caplen;
	} rows[] = {{1, 1}, {13, 13}, {14, 14}, {64, 64}, {1399, 1399}, {1400, 1400}, {65535, 1400}, {262144, 1400},
		{-1, 1400}, {INT32_MAX, 1400}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pcap_t *p = capture_open(
			&(struct capture_options){.timeout = 20, .snaplen = rows[i].asked, .immediate = immediate});
		captured.count = 0;
		capture_send(live_peer_interface(), 5, 50, 1400);
		capture_until(p, &captured, 50);
		capture_check(&captured, 0, 5, 50, 1400, rows[i].caplen);
		pcap_close(p);
	}
}

static void a_snapshot_length_of_0_is_the_largest(void **state)
{
	pcap_t *p = capture_create(&(struct capture_options){.timeout = 20, .immediate = immediate});

	(void)state;
	assert_int_equal(pcap_set_snaplen(p, 0), 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_snapshot(p), 262144);
	capture_send(live_peer_interface(), 5, 5, 1400);
	capture_until(p, &captured, 5);
	capture_check(&captured, 0, 5, 5, 1400, 1400);
	pcap_close(p);
}

static void time_stamps_have_the_precision_asked_for(void **state)
{
	struct timespec before, after;
	bool finer = false;
	unsigned i;

	(void)state;
	for (int nano = 0; nano < 2; nano++) {
		pcap_t *p = capture_open(
			&(struct capture_options){.timeout = 20, .immediate = immediate, .nano = nano});
		int64_t unit = nano ? 1 : 1000, last = 0;
		captured.count = 0;
		clock_gettime(CLOCK_REALTIME, &before);
		capture_send(live_peer_interface(), 0, 200, 60);
		clock_gettime(CLOCK_REALTIME, &after);
		capture_until(p, &captured, 200);
		for (i = 0; i < 200; i++) {
			struct timeval ts = captured.packets[i].header.ts;
			int64_t ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_usec * unit;
			assert_in_range(ts.tv_usec, 0, 1000000000 / unit - 1);
			finer |= ts.tv_usec > 999999;
			assert_true(ns >= last);
			assert_true(ns + unit > (int64_t)before.tv_sec * 1000000000 + before.tv_nsec);
			assert_true(ns <= (int64_t)after.tv_sec * 1000000000 + after.tv_nsec);
			last = ns;
		}
		assert_int_equal(finer, nano);
		pcap_close(p);
	}
}

static void a_protocol_can_be_chosen(void **state)
{
	pcap_t *p = capture_open(
		&(struct capture_options){.timeout = 20, .immediate = immediate, .protocol = ETH_P_ARP});
	uint8_t arp[60];

	(void)state;
	live_make_udp(arp, sizeof(arp), 0);
	arp[12] = ETH_P_ARP >> 8;
	arp[13] = ETH_P_ARP & 0xff;
	capture_send(live_peer_interface(), 0, 20, 60);
	live_send_on(live_peer_interface(), arp, sizeof(arp), 3);
	capture_until(p, &captured, 3);
	assert_int_equal(captured.count, 3);
	assert_memory_equal(captured.packets[0].data, arp, sizeof(arp));
	pcap_close(p);
}

static void promiscuous_mode_is_on_while_the_capture_is(void **state)
{
	pcap_t *p = capture_open(&(struct capture_options){.immediate = immediate, .promiscuous = true});

	(void)state;
	live_run("ip -d link show %s | grep -q 'promiscuity 1'", live_interface());
	pcap_close(p);
	live_run("ip -d link show %s | grep -q 'promiscuity 0'", live_interface());
}

static void note_address(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	(void)header;
	*(uintptr_t *)user |= (uintptr_t)data;
}

#ifdef MAP_32BIT
#define CAN_MAP_LOW true
#else
#define CAN_MAP_LOW false
#endif

/* In a child, since it is for good. */
static void the_buffer_can_be_mapped_below_4_gib(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	uintptr_t addresses = 0;
	int status;
	pid_t child;

	(void)state;
	if (!CAN_MAP_LOW) {
		print_message("skipped: no way to ask for low addresses on this processor\n");
		skip();
	}
	child = fork();
	assert_return_code(child, errno);
	if (child == 0) {
		if (pcap_init(PCAP_CHAR_ENC_LOCAL | PCAP_MMAP_32BIT, errbuf) != 0)
			_exit(1);
		pcap_t *p = capture_open(&(struct capture_options){.timeout = 20, .immediate = immediate});
		capture_send(live_peer_interface(), 0, 3, 100);
		for (int n = 0; n < 3;)
			n += pcap_dispatch(p, 3, note_address, (u_char *)&addresses);
		pcap_close(p);
		_exit(addresses != 0 && (uint64_t)addresses >> 32 == 0 ? 0 : 2);
	}
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
		CASE(the_snapshot_length_cuts_packets),
		CASE(a_snapshot_length_of_0_is_the_largest),
		CASE(time_stamps_have_the_precision_asked_for),
		CASE(a_protocol_can_be_chosen),
		CASE(promiscuous_mode_is_on_while_the_capture_is),
		CASE(the_buffer_can_be_mapped_below_4_gib),
	};

	return cmocka_run_group_tests_name("options of a Linux interface", tests, NULL, NULL);
}
