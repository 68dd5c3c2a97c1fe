/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What captured packets look like: VLAN tags put back, cooked headers, directions, and interfaces of other types than
 * Ethernet, which a tun device stands in for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>

#include <pcap/can_socketcan.h>
#include <pcap/sll.h>

#include "capture.h"
#include "live.h"
#include "modes.h"

static int tun = -1;

static int close_tun(void **state)
{
	(void)state;
	if (tun != -1)
		close(tun);
	tun = -1;
	return 0;
}

/* "any" can't be promiscuous and needs no more than that. */
static pcap_t *open_on(const char *device)
{
	return capture_open(&(struct capture_options){.device = device, .timeout = 20, .immediate = immediate});
}

/* ---- VLAN tags ---- */

/* A frame with tags between its addresses and the rest; its length. */
static size_t make_tagged(uint8_t *frame, size_t length, const uint16_t *tags, size_t count)
{
	live_make_udp(frame, length, 77);
	memmove(frame + 12 + 2 * count, frame + 12, length - 12);
	for (size_t i = 0; i < count; i++) {
		frame[12 + 2 * i] = tags[i] >> 8;
		frame[13 + 2 * i] = tags[i] & 0xff;
	}
	return length + 2 * count;
}

static const struct {
	const char *name;
	uint16_t words[4];
	size_t count;
} tag_rows[] = {
	{"802.1Q", {0x8100, 0x0005}, 2},
	{"802.1Q with priority and DEI", {0x8100, 0xffff}, 2},
	{"a priority tag", {0x8100, 0x0000}, 2},
	{"802.1ad", {0x88a8, 0x0123}, 2},
	{"802.1ad and 802.1Q", {0x88a8, 0x0123, 0x8100, 0x0005}, 4},
	{"802.1Q twice", {0x8100, 0x0064, 0x8100, 0x00c8}, 4},
};

#define TAG_ROWS (sizeof(tag_rows) / sizeof(tag_rows[0]))

static void tags_are_put_back(void **state)
{
	pcap_t *p = open_on(live_interface());
	uint8_t frame[200];

	(void)state;
	for (size_t i = 0; i < TAG_ROWS; i++) {
		size_t length = make_tagged(frame, 100, tag_rows[i].words, tag_rows[i].count);
		captured.count = 0;
		live_send_on(live_peer_interface(), frame, length, 2);
		capture_until(p, &captured, 2);
		for (int k = 0; k < 2; k++) {
			assert_int_equal(captured.packets[k].header.len, length);
			assert_int_equal(captured.packets[k].header.caplen, length);
			assert_memory_equal(captured.packets[k].data, frame, length);
		}
	}
	pcap_close(p);
}

static void a_tag_counts_for_the_snapshot_length(void **state)
{
	static const int snaplens[] = {1, 11, 12, 13, 15, 16, 17, 50};
	uint8_t frame[200];
	size_t length = make_tagged(frame, 100, tag_rows[0].words, 2);

	(void)state;
	for (size_t i = 0; i < sizeof(snaplens) / sizeof(snaplens[0]); i++) {
		pcap_t *p = capture_open(
			&(struct capture_options){.timeout = 20, .immediate = immediate, .snaplen = snaplens[i]});
		captured.count = 0;
		live_send_on(live_peer_interface(), frame, length, 1);
		capture_until(p, &captured, 1);
		assert_int_equal(captured.packets[0].header.caplen, snaplens[i]);
		/* Of a packet cut within its addresses, nobody can tell where the tag was. */
		if (snaplens[i] >= 12)
			assert_int_equal(captured.packets[0].header.len, length);
		assert_memory_equal(captured.packets[0].data, frame, snaplens[i]);
		pcap_close(p);
	}
}

/* ---- Cooked headers ---- */

/* The packets of an interface among all captured ones, which are SLL2 (they tell the interface). */
static unsigned of_interface(const char *interface, unsigned from)
{
	uint32_t index;

	for (; from < captured.count; from++) {
		memcpy(&index, captured.packets[from].data + offsetof(struct sll2_header, sll2_if_index), 4);
		if (ntohl(index) == if_nametoindex(interface))
			return from;
	}
	fail_msg("no packet of %s", interface);
	return 0;
}

static void check_sll2(
	const char *interface, unsigned pkttype, uint16_t protocol, const uint8_t *payload, size_t length)
{
	static const uint8_t sender[8] = {2, 0, 0, 0, 0, 2};
	struct sll2_header header;
	unsigned i = of_interface(interface, 0);

	memcpy(&header, captured.packets[i].data, sizeof(header));
	assert_int_equal(ntohs(header.sll2_protocol), protocol);
	assert_int_equal(header.sll2_reserved_mbz, 0);
	assert_int_equal(ntohs(header.sll2_hatype), ARPHRD_ETHER);
	assert_int_equal(header.sll2_pkttype, pkttype);
	assert_int_equal(header.sll2_halen, 6);
	assert_memory_equal(header.sll2_addr, sender, 6);
	assert_int_equal(captured.packets[i].header.len, SLL2_HDR_LEN + length);
	assert_int_equal(captured.packets[i].header.caplen, SLL2_HDR_LEN + length);
	assert_memory_equal(captured.packets[i].data + SLL2_HDR_LEN, payload, length);
}

static void any_tells_interface_and_direction_with_sll2(void **state)
{
	pcap_t *p = open_on("any");
	uint8_t frame[100];

	(void)state;
	assert_int_equal(pcap_datalink(p), DLT_LINUX_SLL);
	assert_int_equal(pcap_set_datalink(p, DLT_LINUX_SLL2), 0);
	assert_int_equal(pcap_datalink(p), DLT_LINUX_SLL2);
	assert_int_equal(pcap_set_datalink(p, DLT_EN10MB), PCAP_ERROR);
	live_make_udp(frame, sizeof(frame), 3);
	live_send_on(live_peer_interface(), frame, sizeof(frame), 1);
	capture_until(p, &captured, 2);
	check_sll2(live_peer_interface(), LINUX_SLL_OUTGOING, ETH_P_IP, frame + 14, sizeof(frame) - 14);
	check_sll2(live_interface(), LINUX_SLL_HOST, ETH_P_IP, frame + 14, sizeof(frame) - 14);
	pcap_close(p);
}

static void packet_types_are_told(void **state)
{
	static const struct {
		uint8_t destination[6];
		unsigned pkttype;
	} rows[] = {{{2, 0, 0, 0, 0, 1}, LINUX_SLL_HOST}, {{255, 255, 255, 255, 255, 255}, LINUX_SLL_BROADCAST},
		{{1, 0, 0x5e, 0, 0, 1}, LINUX_SLL_MULTICAST}, {{2, 0, 0, 0, 0, 9}, LINUX_SLL_OTHERHOST}};
	pcap_t *p = open_on("any");
	uint8_t frame[100];

	(void)state;
	assert_int_equal(pcap_set_datalink(p, DLT_LINUX_SLL2), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		captured.count = 0;
		live_make_udp(frame, sizeof(frame), 3);
		memcpy(frame, rows[i].destination, 6);
		live_send_on(live_peer_interface(), frame, sizeof(frame), 1);
		capture_until(p, &captured, 2);
		check_sll2(live_interface(), rows[i].pkttype, ETH_P_IP, frame + 14, sizeof(frame) - 14);
	}
	pcap_close(p);
}

static void any_has_sll_headers_at_first(void **state)
{
	static const uint8_t expected[SLL_HDR_LEN] = {
		0, LINUX_SLL_OUTGOING, 0, ARPHRD_ETHER, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 8, 0};
	pcap_t *p = open_on("any");
	uint8_t frame[100], *data;
	unsigned outgoing, i;

	(void)state;
	live_make_udp(frame, sizeof(frame), 3);
	live_send_on(live_peer_interface(), frame, sizeof(frame), 1);
	capture_until(p, &captured, 2);
	for (i = outgoing = 0; i < 2; i++) {
		data = captured.packets[i].data;
		assert_int_equal(captured.packets[i].header.len, SLL_HDR_LEN + sizeof(frame) - 14);
		/* Beyond the address's length there may be anything. */
		assert_memory_equal(data + 2, expected + 2, 10);
		assert_memory_equal(data + 14, expected + 14, 2);
		assert_memory_equal(data + SLL_HDR_LEN, frame + 14, sizeof(frame) - 14);
		outgoing += data[1] == LINUX_SLL_OUTGOING;
		assert_int_equal(data[0], 0);
	}
	assert_int_equal(outgoing, 1);
	pcap_close(p);
}

/* Ethernet's older forms have a length instead of a type. */
static void frames_with_a_length_have_a_protocol_of_their_own(void **state)
{
	pcap_t *p = open_on("any");
	uint8_t frame[100];

	(void)state;
	assert_int_equal(pcap_set_datalink(p, DLT_LINUX_SLL2), 0);
	live_make_udp(frame, sizeof(frame), 3);
	frame[12] = 0;
	frame[13] = 40;
	memcpy(frame + 14, "\x42\x42\x03", 3);
	live_send_on(live_peer_interface(), frame, sizeof(frame), 1);
	capture_until(p, &captured, 2);
	check_sll2(live_interface(), LINUX_SLL_HOST, LINUX_SLL_P_802_2, frame + 14, sizeof(frame) - 14);
	captured.count = 0;
	memcpy(frame + 14, "\xff\xff\x00", 3);
	live_send_on(live_peer_interface(), frame, sizeof(frame), 1);
	capture_until(p, &captured, 2);
	check_sll2(live_interface(), LINUX_SLL_HOST, LINUX_SLL_P_802_3, frame + 14, sizeof(frame) - 14);
	pcap_close(p);
}

static void tags_follow_a_cooked_header(void **state)
{
	uint8_t frame[200];

	(void)state;
	for (int version = 1; version <= 2; version++) {
		pcap_t *p = open_on("any");
		u_int header = version == 1 ? SLL_HDR_LEN : SLL2_HDR_LEN, protocol = version == 1 ? 14 : 0;
		assert_int_equal(pcap_set_datalink(p, version == 1 ? DLT_LINUX_SLL : DLT_LINUX_SLL2), 0);
		for (size_t i = 0; i < TAG_ROWS; i++) {
			/* Of two tags in packets without link-layer header, Linux tells but one. */
			if (tag_rows[i].count > 2)
				continue;
			size_t length = make_tagged(frame, 70, tag_rows[i].words, tag_rows[i].count);
			captured.count = 0;
			live_send_on(live_peer_interface(), frame, length, 1);
			capture_until(p, &captured, 2);
			for (unsigned k = 0; k < 2; k++) {
				assert_int_equal(captured.packets[k].header.len, header + length - 14);
				assert_int_equal(captured.packets[k].header.caplen, header + length - 14);
				assert_memory_equal(captured.packets[k].data + protocol, frame + 12, 2);
				assert_memory_equal(captured.packets[k].data + header, frame + 14, length - 14);
			}
		}
		pcap_close(p);
	}
}

/* ---- Directions ---- */

static void a_direction_can_be_chosen(void **state)
{
	static const struct {
		pcap_direction_t direction;
		unsigned count;
	} rows[] = {{PCAP_D_IN, 20}, {PCAP_D_OUT, 30}, {PCAP_D_INOUT, 50}};
	uint8_t frame[100];
	struct pcap_stat stats;

	(void)state;
	for (int any = 0; any < 2; any++)
		for (size_t i = 0; i < 3; i++) {
			pcap_t *p = open_on(any ? "any" : live_interface());
			captured.count = 0;
			assert_int_equal(pcap_setdirection(p, rows[i].direction), 0);
			live_make_udp(frame, sizeof(frame), 1);
			live_send_on(live_interface(), frame, sizeof(frame), 30);
			live_send_on(live_peer_interface(), frame, sizeof(frame), 20);
			/* On "any" each is seen at both ends. */
			unsigned count = !any ? rows[i].count : i == 2 ? 100 : 50;
			capture_until(p, &captured, count);
			assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
			assert_int_equal(captured.count, count);
			assert_int_equal(pcap_stats(p, &stats), 0);
			assert_int_equal(stats.ps_recv, count);
			pcap_close(p);
		}
}

static void packets_from_before_the_direction_are_left_out(void **state)
{
	pcap_t *p = open_on(live_interface());
	uint8_t frame[100];

	(void)state;
	live_make_udp(frame, sizeof(frame), 1);
	live_send_on(live_interface(), frame, sizeof(frame), 30);
	live_send_on(live_peer_interface(), frame, sizeof(frame), 20);
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), 0);
	capture_until(p, &captured, 20);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	assert_int_equal(captured.count, 20);
	pcap_close(p);
}

/* The kernel shows them as sent and as received. */
static void packets_on_loopback_come_once(void **state)
{
	static const struct {
		const char *device;
		pcap_direction_t direction;
	} rows[] = {{"lo", PCAP_D_INOUT}, {"lo", PCAP_D_IN}, {"lo", PCAP_D_OUT}, {"any", PCAP_D_INOUT},
		{"any", PCAP_D_IN}, {"any", PCAP_D_OUT}};
	uint8_t frame[100];
	struct pcap_stat stats;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pcap_t *p = open_on(rows[i].device);
		captured.count = 0;
		assert_int_equal(pcap_setdirection(p, rows[i].direction), 0);
		live_make_udp(frame, sizeof(frame), 1);
		live_send_on("lo", frame, sizeof(frame), 20);
		capture_until(p, &captured, 20);
		assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
		assert_int_equal(captured.count, 20);
		assert_int_equal(pcap_stats(p, &stats), 0);
		assert_int_equal(stats.ps_recv, 20);
		pcap_close(p);
	}
}

static void all_at_once_can_not_send(void **state)
{
	pcap_t *p = open_on("any");

	(void)state;
	assert_int_equal(pcap_inject(p, "0123456789012345", 16), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "any: packets can't be sent on all interfaces at once");
	pcap_close(p);
}

static void all_at_once_can_not_be_promiscuous(void **state)
{
	pcap_t *p = capture_create(&(struct capture_options){.device = "any", .promiscuous = true});

	(void)state;
	assert_int_equal(pcap_activate(p), PCAP_WARNING_PROMISC_NOTSUP);
	pcap_close(p);
}

/* ---- Interfaces of other types ---- */

#define TUN "weirtun"

/* A tun device that says to be of an ARPHRD_ type, up; it exists until tun is closed. */
static void open_tun(unsigned hatype, bool packet_information)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | (packet_information ? 0 : IFF_NO_PI)};
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strcpy(request.ifr_name, TUN);
	if (tun == -1 || ioctl(tun, TUNSETIFF, &request) == -1) {
		print_message("skipped: no tun device: %s\n", strerror(errno));
		skip();
	}
	assert_return_code(ioctl(tun, TUNSETLINK, (unsigned long)hatype), errno);
	live_run("ip link set " TUN " up");
}

/* An IPv4 packet that nobody answers. */
static size_t make_ipv4(uint8_t *packet)
{
	uint8_t frame[100];

	live_make_udp(frame, sizeof(frame), 9);
	memcpy(packet, frame + 14, sizeof(frame) - 14);
	return sizeof(frame) - 14;
}

static void a_tunnel_has_packets_without_a_header(void **state)
{
	open_tun(ARPHRD_NONE, false);
	pcap_t *p = open_on(TUN);
	uint8_t packet[100], received[200];
	size_t length = make_ipv4(packet);

	(void)state;
	assert_int_equal(pcap_datalink(p), DLT_RAW);
	assert_int_equal(write(tun, packet, length), length);
	capture_until(p, &captured, 1);
	assert_int_equal(captured.packets[0].header.len, length);
	assert_memory_equal(captured.packets[0].data, packet, length);
	assert_int_equal(pcap_inject(p, packet, length), length);
	assert_int_equal(read(tun, received, sizeof(received)), length);
	assert_memory_equal(received, packet, length);
	assert_int_equal(pcap_inject(p, "\x10neither", 8), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), TUN ": only IPv4 and IPv6 packets can be sent here");
	pcap_close(p);
	close_tun(state);
}

static void cooked_types_have_a_header(void **state)
{
	static const struct {
		unsigned hatype;
		int dlt;
	} rows[] = {{ARPHRD_PPP, DLT_LINUX_SLL}, {ARPHRD_INFINIBAND, DLT_LINUX_SLL}, {ARPHRD_NETLINK, DLT_NETLINK},
		{ARPHRD_IRDA, DLT_LINUX_IRDA}, {8445, DLT_LINUX_LAPD}};
	uint8_t packet[100];
	size_t length = make_ipv4(packet);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_tun(rows[i].hatype, false);
		pcap_t *p = open_on(TUN);
		captured.count = 0;
		assert_int_equal(pcap_datalink(p), rows[i].dlt);
		assert_int_equal(write(tun, packet, length), length);
		capture_until(p, &captured, 1);
		assert_int_equal(captured.packets[0].header.len, SLL_HDR_LEN + length);
		const uint8_t *data = captured.packets[0].data;
		assert_int_equal(data[0] << 8 | data[1], LINUX_SLL_HOST);
		assert_int_equal(data[2] << 8 | data[3], rows[i].hatype);
		assert_int_equal(data[14] << 8 | data[15], ETH_P_IP);
		assert_memory_equal(data + SLL_HDR_LEN, packet, length);
		assert_int_equal(pcap_inject(p, packet, length), PCAP_ERROR);
		pcap_close(p);
		close_tun(state);
	}
}

static void an_unknown_type_is_cooked_with_a_warning(void **state)
{
	open_tun(9999, false);
	pcap_t *p = capture_create(&(struct capture_options){.device = TUN, .immediate = immediate});

	(void)state;
	assert_int_equal(pcap_activate(p), PCAP_WARNING);
	assert_string_equal(pcap_geterr(p),
		TUN ": its link-layer type (ARPHRD_ 9999) is not known; packets are captured "
		    "without their link-layer header");
	assert_int_equal(pcap_datalink(p), DLT_LINUX_SLL);
	pcap_close(p);
	close_tun(state);
}

static void types_have_their_link_layer_types(void **state)
{
	static const struct {
		unsigned hatype;
		int count;
		int dlts[3];
	} rows[] = {
		{ARPHRD_ETHER, 2, {DLT_EN10MB, DLT_DOCSIS}},
		{ARPHRD_AX25, 1, {DLT_AX25_KISS}},
		{ARPHRD_ARCNET, 1, {DLT_ARCNET_LINUX}},
		{ARPHRD_ATM, 2, {DLT_LINUX_SLL, DLT_LINUX_SLL2}},
		{ARPHRD_IEEE1394, 2, {DLT_LINUX_SLL, DLT_LINUX_SLL2}},
		{ARPHRD_PPP, 2, {DLT_LINUX_SLL, DLT_LINUX_SLL2}},
		{ARPHRD_CISCO, 1, {DLT_C_HDLC}},
		{ARPHRD_FRAD, 1, {DLT_FRELAY}},
		{ARPHRD_SIT, 1, {DLT_RAW}},
		{ARPHRD_FCFABRIC, 3, {DLT_FC_2, DLT_FC_2_WITH_FRAME_DELIMS, DLT_IP_OVER_FC}},
		{ARPHRD_IEEE80211, 1, {DLT_IEEE802_11}},
		{ARPHRD_IEEE80211_PRISM, 1, {DLT_PRISM_HEADER}},
		{ARPHRD_IEEE80211_RADIOTAP, 1, {DLT_IEEE802_11_RADIO}},
		{ARPHRD_IEEE802154, 1, {DLT_IEEE802_15_4_NOFCS}},
		{ARPHRD_VSOCKMON, 1, {DLT_VSOCK}},
		{ARPHRD_CAN, 1, {DLT_CAN_SOCKETCAN}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int *dlts;
		open_tun(rows[i].hatype, false);
		pcap_t *p = open_on(TUN);
		assert_int_equal(pcap_datalink(p), rows[i].dlts[0]);
		assert_int_equal(pcap_list_datalinks(p, &dlts), rows[i].count);
		for (int k = 0; k < rows[i].count; k++) {
			assert_int_equal(dlts[k], rows[i].dlts[k]);
			assert_int_equal(pcap_set_datalink(p, dlts[k]), 0);
			assert_int_equal(pcap_datalink(p), dlts[k]);
		}
		pcap_free_datalinks(dlts);
		pcap_close(p);
		close_tun(state);
	}
}

/* CAN headers are in network byte order, and tell CAN FD; the kernel has them in the host's. */
static void can_frames_are_in_network_byte_order(void **state)
{
	static const uint16_t protocols[] = {LINUX_SLL_P_CAN, LINUX_SLL_P_CANFD};
	open_tun(ARPHRD_CAN, true);
	pcap_t *p = open_on(TUN);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct {
			struct tun_pi information;
			uint32_t id;
			uint8_t rest[12];
		} written = {{0, htons(protocols[i])}, 0x80001234, {3, 0, 0, 0, 'a', 'b', 'c'}};
		pcap_can_socketcan_hdr header;
		captured.count = 0;
		assert_int_equal(write(tun, &written, sizeof(written)), sizeof(written));
		capture_until(p, &captured, 1);
		assert_int_equal(captured.packets[0].header.len, 16);
		memcpy(&header, captured.packets[0].data, sizeof(header));
		assert_int_equal(ntohl(header.can_id), 0x80001234);
		assert_int_equal(header.payload_length, 3);
		assert_int_equal(header.fd_flags, i == 1 ? CANFD_FDF : 0);
		assert_memory_equal(captured.packets[0].data + sizeof(header), "abc", 3);
	}
	pcap_close(p);
	close_tun(state);
}

/* In both modes. */
#define CASE(name)                                                                                                 \
	{"buffered: " #name, name, buffered_mode, close_tun, NULL},                                                \
	{                                                                                                          \
		"immediate: " #name, name, immediate_mode, NULL, NULL                                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tags_are_put_back),
		CASE(a_tag_counts_for_the_snapshot_length),
		CASE(any_tells_interface_and_direction_with_sll2),
		CASE(packet_types_are_told),
		CASE(any_has_sll_headers_at_first),
		CASE(frames_with_a_length_have_a_protocol_of_their_own),
		CASE(tags_follow_a_cooked_header),
		CASE(a_direction_can_be_chosen),
		CASE(packets_from_before_the_direction_are_left_out),
		CASE(packets_on_loopback_come_once),
		CASE(all_at_once_can_not_send),
		CASE(all_at_once_can_not_be_promiscuous),
		CASE(a_tunnel_has_packets_without_a_header),
		CASE(cooked_types_have_a_header),
		CASE(an_unknown_type_is_cooked_with_a_warning),
		CASE(types_have_their_link_layer_types),
		CASE(can_frames_are_in_network_byte_order),
	};

	return cmocka_run_group_tests_name("packets of Linux interfaces", tests, NULL, NULL);
}
