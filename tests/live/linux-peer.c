/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same traffic captured by this library and by the system's libpcap at the same time: the same packets come out,
 * in the same order, with the same bytes. Skipped where the system has no libpcap.
 */
#include <pcap/pcap.h>

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_ether.h>

#include "capture.h"
#include "live.h"

/* The system's libpcap's calls, by the types of ours. */
static struct {
	void *library;
	pcap_t *(*create)(const char *, char *);
	int (*set_snaplen)(pcap_t *, int);
	int (*set_timeout)(pcap_t *, int);
	int (*set_immediate_mode)(pcap_t *, int);
	int (*set_buffer_size)(pcap_t *, int);
	int (*setnonblock)(pcap_t *, int, char *);
	int (*activate)(pcap_t *);
	int (*datalink)(pcap_t *);
	int (*set_datalink)(pcap_t *, int);
	int (*dispatch)(pcap_t *, int, pcap_handler, u_char *);
	int (*setdirection)(pcap_t *, pcap_direction_t);
	int (*setfilter)(pcap_t *, struct bpf_program *);
	int (*compile)(pcap_t *, struct bpf_program *, const char *, int, bpf_u_int32);
	void (*freecode)(struct bpf_program *);
	char *(*geterr)(pcap_t *);
	void (*close)(pcap_t *);
} peer;

static int find_peer(void **state)
{
	static const struct {
		const char *name;
		void *where;
	} calls[] = {{"pcap_create", &peer.create}, {"pcap_set_snaplen", &peer.set_snaplen},
		{"pcap_set_timeout", &peer.set_timeout}, {"pcap_set_immediate_mode", &peer.set_immediate_mode},
		{"pcap_set_buffer_size", &peer.set_buffer_size}, {"pcap_activate", &peer.activate},
		{"pcap_setnonblock", &peer.setnonblock}, {"pcap_datalink", &peer.datalink},
		{"pcap_set_datalink", &peer.set_datalink}, {"pcap_dispatch", &peer.dispatch},
		{"pcap_setdirection", &peer.setdirection}, {"pcap_setfilter", &peer.setfilter},
		{"pcap_compile", &peer.compile}, {"pcap_freecode", &peer.freecode}, {"pcap_geterr", &peer.geterr},
		{"pcap_close", &peer.close}};

	(void)state;
	peer.library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; peer.library != NULL && i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *call = dlsym(peer.library, calls[i].name);
		if (call == NULL)
			return -1;
		memcpy(calls[i].where, &call, sizeof(call));
	}
	return 0;
}

/* What to capture, with both. */
struct setting {
	const char *device;
	int dlt; /* -1: what the device begins with */
	int snaplen;
	bool immediate;
	pcap_direction_t direction;
	const char *filter; /* the peer compiles it, and both run it; or NULL */
};

static struct captured ours, theirs;

static pcap_t *open_theirs(const struct setting *setting)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = peer.create(setting->device, errbuf);

	assert_non_null(p);
	assert_int_equal(peer.set_snaplen(p, setting->snaplen), 0);
	assert_int_equal(peer.set_timeout(p, 20), 0);
	assert_int_equal(peer.set_immediate_mode(p, setting->immediate), 0);
	/* Its own is too small for the traffic in immediate mode, as it has room for snaplen bytes a packet. */
	assert_int_equal(peer.set_buffer_size(p, 128 << 20), 0);
	assert_int_equal(peer.activate(p), 0);
	assert_int_equal(peer.setnonblock(p, 1, errbuf), 0);
	if (setting->dlt != -1)
		assert_int_equal(peer.set_datalink(p, setting->dlt), 0);
	assert_int_equal(peer.setdirection(p, setting->direction), 0);
	return p;
}

static pcap_t *open_ours(const struct setting *setting)
{
	pcap_t *p = capture_open(&(struct capture_options){.device = setting->device,
		.snaplen = setting->snaplen,
		.timeout = 20,
		.nonblock = true,
		.immediate = setting->immediate});

	if (setting->dlt != -1)
		assert_int_equal(pcap_set_datalink(p, setting->dlt), 0);
	assert_int_equal(pcap_setdirection(p, setting->direction), 0);
	return p;
}

/*
 * Frames of several protocols and lengths, some with a VLAN tag, from both ends of the wire and on loopback. No more
 * than the smallest ring holds, which is that of immediate mode without the privilege to enlarge the socket's queue.
 */
static void send_traffic(void)
{
	static const uint16_t types[] = {ETH_P_IP, ETH_P_IP, ETH_P_ARP, ETH_P_IPV6, 0x88b5, 40};
	static const size_t lengths[] = {60, 61, 100, 590, 1514};
	int senders[] = {live_open_sender(live_interface()), live_open_sender(live_peer_interface()),
		live_open_sender("lo")};
	uint8_t frame[2000];

	for (unsigned i = 0; i < 540; i++) {
		size_t length = lengths[i / 2 % 5];
		uint16_t type = types[i / 3 % 6];
		live_make_udp(frame, length, i);
		frame[12] = type >> 8;
		frame[13] = type & 0xff;
		if (i % 7 == 3) {
			memmove(frame + 16, frame + 12, length - 12);
			memcpy(frame + 12, i % 2 ? "\x81\x00\x20\x05" : "\x88\xa8\x00\x07", 4);
			length += length < 1514 ? 4 : 0;
		}
		live_send(senders[i % 3], frame, length);
	}
	for (int i = 0; i < 3; i++)
		close(senders[i]);
}

/* Everything that is there: none has come for longer than the time-out. The peer's blocking reads have none. */
static void read_all(pcap_t *p, int (*dispatch)(pcap_t *, int, pcap_handler, u_char *), struct captured *captured)
{
	captured->count = 0;
	for (int idle = 0; idle < 2;) {
		int n = dispatch(p, -1, capture_keep, (u_char *)captured);
		assert_in_range(n, 0, INT32_MAX);
		idle = n == 0 ? idle + 1 : 0;
		if (n == 0)
			usleep(30000);
	}
}

static void compare(const struct setting *setting)
{
	pcap_t *p = open_ours(setting), *q = open_theirs(setting);
	struct bpf_program program;

	assert_int_equal(pcap_datalink(p), peer.datalink(q));
	if (setting->filter != NULL) {
		assert_int_equal(peer.compile(q, &program, setting->filter, 1, PCAP_NETMASK_UNKNOWN), 0);
		assert_int_equal(peer.setfilter(q, &program), 0);
		assert_int_equal(pcap_setfilter(p, &program), 0);
		peer.freecode(&program);
	}
	send_traffic();
	read_all(p, pcap_dispatch, &ours);
	read_all(q, peer.dispatch, &theirs);
	if (ours.count != theirs.count)
		fail_msg("%s, snaplen %d, %s, direction %d, filter '%s': %u packets, the peer has %u",
			setting->device, setting->snaplen, setting->immediate ? "immediate" : "buffered",
			setting->direction, setting->filter != NULL ? setting->filter : "", ours.count,
			theirs.count);
	assert_in_range(ours.count, setting->filter == NULL, CAPTURE_KEEP);
	for (unsigned i = 0; i < ours.count; i++) {
		u_int caplen = ours.packets[i].header.caplen;
		assert_int_equal(ours.packets[i].header.len, theirs.packets[i].header.len);
		assert_int_equal(caplen, theirs.packets[i].header.caplen);
		assert_memory_equal(ours.packets[i].data, theirs.packets[i].data,
			caplen < CAPTURE_BYTES ? caplen : CAPTURE_BYTES);
	}
	pcap_close(p);
	peer.close(q);
}

static void skip_without_peer(void)
{
	if (peer.library == NULL) {
		print_message("skipped: the system has no libpcap.so.0.8\n");
		skip();
	}
}

static void an_interface_gives_the_same_packets(void **state)
{
	static const int snaplens[] = {262144, 1514, 64, 15};

	(void)state;
	skip_without_peer();
	for (int immediate = 0; immediate < 2; immediate++)
		for (size_t i = 0; i < sizeof(snaplens) / sizeof(snaplens[0]); i++)
			for (int direction = PCAP_D_INOUT; direction <= (i == 0 ? PCAP_D_OUT : PCAP_D_INOUT);
				direction++)
				compare(&(struct setting){
					live_interface(), -1, snaplens[i], immediate, direction, NULL});
}

static void loopback_gives_the_same_packets(void **state)
{
	(void)state;
	skip_without_peer();
	for (int immediate = 0; immediate < 2; immediate++)
		compare(&(struct setting){"lo", -1, 262144, immediate, PCAP_D_INOUT, NULL});
}

/* With one exception: the peer has no outgoing packets of loopback, though they alone were asked for. */
static void all_interfaces_give_the_same_packets(void **state)
{
	(void)state;
	skip_without_peer();
	for (int immediate = 0; immediate < 2; immediate++)
		for (int direction = PCAP_D_INOUT; direction <= PCAP_D_IN; direction++)
			compare(&(struct setting){"any", DLT_LINUX_SLL, 2000, immediate, direction, NULL});
}

/* But for "inbound" and "outbound", where the peer rejects what the kernel passed until it has read its ring once. */
static void filters_pass_the_same_packets(void **state)
{
	static const char *const filters[] = {"", "ip", "arp", "ip6", "udp", "udp port 7777", "udp port 7778",
		"vlan", "vlan 5", "not vlan", "vlan and ip", "greater 500", "less 100", "ether proto 0x88b5",
		"host 10.77.0.9", "ether[13] = 6", "ip[2:2] > 80", "ether broadcast", "llc"};
	static const char *const cooked_filters[] = {"", "ip", "arp", "ip6", "udp", "udp port 7777",
		"udp port 7778", "host 10.77.0.9", "ip[2:2] > 80", "link[14:2] = 0x88b5", "link[0:2] = 4"};

	(void)state;
	skip_without_peer();
	/* Immediate mode has no part in filtering: a few are enough. */
	for (int immediate = 0; immediate < 2; immediate++) {
		for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i += immediate ? 5 : 1)
			compare(&(struct setting){
				live_interface(), -1, 262144, immediate, PCAP_D_INOUT, filters[i]});
		for (size_t i = 0; i < sizeof(cooked_filters) / sizeof(cooked_filters[0]); i += immediate ? 5 : 1)
			compare(&(struct setting){
				"any", DLT_LINUX_SLL, 2000, immediate, PCAP_D_INOUT, cooked_filters[i]});
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interface_gives_the_same_packets),
		cmocka_unit_test(loopback_gives_the_same_packets),
		cmocka_unit_test(all_interfaces_give_the_same_packets),
		cmocka_unit_test(filters_pass_the_same_packets),
	};

	return cmocka_run_group_tests_name("the same as the system's libpcap", tests, find_peer, NULL);
}
