/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What expressions mean on Ethernet and behind tags, labels and tunnels: packets and verdicts by the protocols'
 * specifications.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "verdict.h"

#define MACS "020000000002 020000000001 "
/* 10.0.0.1 to 10.0.0.2. */
#define IP(protocol, fragment) "45000028 0001" fragment "40" protocol "0000 0a000001 0a000002 "
/* 2001:db8::1 to 2001:db8::2. */
#define IP6(next) "60000000 0014" next "40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define TCP_SYN "c000 0050 00000001 00000000 5002 2000 00000000 "
#define UDP_DNS "c000 0035 0010 0000 "

#define TCP4 IP("06", "4000") TCP_SYN
#define UDP4 IP("11", "0000") UDP_DNS
#define TCP6 IP6("06") TCP_SYN

#define FRAME(type, content) MACS type content

struct row {
	const char *expression;
	const char *packet;
	bool verdict;
};

static void check(int linktype, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (matches(linktype, rows[i].expression, rows[i].packet) != rows[i].verdict)
			fail_msg("\"%s\" should %smatch %s", rows[i].expression, rows[i].verdict ? "" : "not ",
				rows[i].packet);
}

#define CHECK(linktype, rows) check(linktype, rows, sizeof(rows) / sizeof(rows[0]))

static void Protocols_hosts_and_ports_are_told_apart(void **state)
{
	static const struct row rows[] = {
		{"ip", FRAME("0800", TCP4), true},
		{"ip6", FRAME("0800", TCP4), false},
		{"tcp", FRAME("0800", TCP4), true},
		{"tcp", FRAME("86dd", TCP6), true},
		{"udp", FRAME("0800", TCP4), false},
		{"tcp port 80", FRAME("0800", TCP4), true},
		{"tcp port 80", FRAME("86dd", TCP6), true},
		{"tcp src port 80", FRAME("0800", TCP4), false},
		{"port 53", FRAME("0800", UDP4), true},
		{"tcp port 53", FRAME("0800", UDP4), false},
		{"portrange 50-60", FRAME("0800", UDP4), true},
		{"portrange 60-50", FRAME("0800", UDP4), true},
		{"portrange 54-60", FRAME("0800", UDP4), false},
		{"host 10.0.0.1", FRAME("0800", TCP4), true},
		{"dst host 10.0.0.1", FRAME("0800", TCP4), false},
		{"src and dst net 10.0.0.0/30", FRAME("0800", TCP4), true},
		{"src and dst net 10.0.0.0/31", FRAME("0800", TCP4), false},
		{"net 10.0.0.0 mask 255.0.255.255", FRAME("0800", TCP4), false},
		{"net 10.0.0.1 mask 255.0.255.255", FRAME("0800", TCP4), true},
		{"host 2001:db8::2", FRAME("86dd", TCP6), true},
		{"src net 2001:db8::/33", FRAME("86dd", TCP6), true},
		{"net 2001:db9::/32", FRAME("86dd", TCP6), false},
		{"host 10.0.0.1", FRAME("0806", "0001080006040001 020000000001 0a000001 000000000000 0a000002"),
			true},
		{"arp src host 10.0.0.2",
			FRAME("0806", "0001080006040001 020000000001 0a000001 000000000000 0a000002"), false},
		{"ether src 2:0:0:0:0:1", FRAME("0800", TCP4), true},
		{"ether dst 2:0:0:0:0:1", FRAME("0800", TCP4), false},
		/* A later fragment has no ports. */
		{"port 53", FRAME("0800", IP("11", "0001") UDP_DNS), false},
		{"udp", FRAME("0800", IP("11", "0001") UDP_DNS), true},
		{"udp[2:2] = 53", FRAME("0800", IP("11", "0001") UDP_DNS), false},
		/* Behind an IPv6 fragment header. */
		{"udp", FRAME("86dd", IP6("2c") "1100000000000000" UDP_DNS), true},
		{"ip6 proto 17", FRAME("86dd", IP6("2c") "1100000000000000" UDP_DNS), true},
		{"ip6 proto 44", FRAME("86dd", IP6("2c") "1100000000000000" UDP_DNS), true},
		/* IPv4 options. */
		{"dst port 80", FRAME("0800", "4600002c 0001 4000 40060000 0a000001 0a000002 01010101" TCP_SYN),
			true},
		{"ip[0] & 0xf != 5",
			FRAME("0800", "4600002c 0001 4000 40060000 0a000001 0a000002 01010101" TCP_SYN), true},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

static void A_transport_header_is_read_of_the_ip_that_was_asked_for(void **state)
{
	static const struct row rows[] = {
		{"tcp[tcpflags] & tcp-syn != 0", FRAME("0800", TCP4), true},
		{"tcp[tcpflags] & tcp-syn != 0", FRAME("86dd", TCP6), false},
		{"ip6 and tcp[tcpflags] & tcp-syn != 0", FRAME("86dd", TCP6), true},
		{"ip6 and tcp[tcpflags] & tcp-syn != 0", FRAME("0800", TCP4), false},
		{"src host 2001:db8::1 and tcp[2:2] = 80", FRAME("86dd", TCP6), true},
		{"ip6 proto 6 and tcp[2:2] = 80", FRAME("86dd", TCP6), true},
		{"ip6[6] = 6 and tcp[2:2] = 80", FRAME("86dd", TCP6), true},
		{"ip and tcp[2:2] = 80", FRAME("0800", TCP4), true},
		{"(ip or ip6) and tcp[2:2] = 80", FRAME("86dd", TCP6), false},
		{"(ip or ip6) and tcp[2:2] = 80", FRAME("0800", TCP4), true},
		{"not ip6 and tcp[2:2] = 80", FRAME("0800", TCP4), true},
		{"(ip and tcp[2:2] = 80) or (ip6 and tcp[2:2] = 80)", FRAME("86dd", TCP6), true},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

#define TAG(id) "8100 0" id

static void Tags_move_what_stands_after_them_with_and(void **state)
{
	static const struct row rows[] = {
		{"vlan", MACS TAG("00a") "0800" TCP4, true},
		{"vlan 10", MACS TAG("00a") "0800" TCP4, true},
		{"vlan 10", MACS TAG("00b") "0800" TCP4, false},
		{"vlan 10 and tcp", MACS TAG("00a") "0800" TCP4, true},
		{"tcp and vlan 10", MACS TAG("00a") "0800" TCP4, false},
		/* Each alternative looks where it did before the other. */
		{"vlan 10 or vlan 11", MACS TAG("00b") "0800" TCP4, true},
		{"vlan 10 or tcp", FRAME("0800", TCP4), true},
		{"(vlan 10 and tcp) or tcp", FRAME("0800", TCP4), true},
		{"(vlan 10 and tcp) or tcp", MACS TAG("00a") "0800" TCP4, true},
		{"(vlan 10 and udp) or tcp", MACS TAG("00a") "0800" TCP4, false},
		/* Both leave the same. */
		{"(vlan 10 or vlan 11) and tcp", MACS TAG("00b") "0800" TCP4, true},
		{"(vlan 10 or vlan 11) and tcp", FRAME("0800", TCP4), false},
		/* They do not: as before. */
		{"(vlan 10 or arp or ip) and tcp", FRAME("0800", TCP4), true},
		{"(vlan 10 or arp or ip) and tcp", MACS TAG("00a") "0800" TCP4, false},
		/* Nothing moves behind not. */
		{"not vlan and tcp", FRAME("0800", TCP4), true},
		{"not (vlan and udp) and tcp", FRAME("0800", TCP4), true},
		{"not vlan 10 and not vlan 11", MACS TAG("00b") "0800" TCP4, false},
		{"not vlan 10 and not vlan 11", MACS TAG("00c") "0800" TCP4, true},
		{"vlan and not vlan and ip", MACS TAG("00a") "0800" TCP4, true},
		/* One in the other. */
		{"vlan 100 and vlan 200", MACS TAG("064") TAG("0c8") "0800" TCP4, true},
		{"vlan 200 and vlan 100", MACS TAG("064") TAG("0c8") "0800" TCP4, false},
		{"vlan and vlan 200 and ip and tcp port 80", MACS "88a8 0064" TAG("0c8") "0800" TCP4, true},
		{"vlan and ether src 2:0:0:0:0:1", MACS TAG("00a") "0800" TCP4, true},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

/* Label stack entries: 20 bits of label, three, the bottom of the stack, eight. */
#define MPLS(entries) MACS "8847" entries
#define PPPOE(session, protocol) MACS "8864 1100" session "0000" protocol

static void Labels_and_sessions_move_it_too(void **state)
{
	static const struct row rows[] = {
		{"mpls", MPLS("00400 1 40") TCP4, true},
		{"mpls 1024", MPLS("00400 1 40") TCP4, true},
		{"mpls 1025", MPLS("00400 1 40") TCP4, false},
		{"mpls and tcp port 80", MPLS("00400 1 40") TCP4, true},
		{"mpls and tcp port 80", MPLS("00400 1 40") TCP6, true},
		{"mpls and ip", MPLS("00400 1 40") TCP6, false},
		{"mpls and host 10.0.0.2", MPLS("00400 1 40") TCP4, true},
		{"mpls 5 and mpls 1024 and host 10.0.0.2", MPLS("00005 0 40 00400 1 40") TCP4, true},
		{"mpls and mpls", MPLS("00400 1 40") TCP4, false},
		/* What follows is another label. */
		{"mpls and ip", MPLS("00005 0 40 45400 1 40") TCP4, false},
		{"mpls and ether src 2:0:0:0:0:1", MPLS("00400 1 40") TCP4, true},
		{"pppoes", PPPOE("0027", "0021") TCP4, true},
		{"pppoed", PPPOE("0027", "0021") TCP4, false},
		{"pppoes 0x27 and ip", PPPOE("0027", "0021") TCP4, true},
		{"pppoes 0x28 and ip", PPPOE("0027", "0021") TCP4, false},
		{"pppoes and tcp dst port 80", PPPOE("0027", "0057") TCP6, true},
		{"pppoes and ip", PPPOE("0027", "0057") TCP6, false},
		{"vlan 10 and pppoes and udp port 53", MACS TAG("00a") "8864 1100 0001 0000 0021" UDP4, true},
		{"pppoes and mpls and tcp", PPPOE("0027", "0281") "00400 1 40" TCP4, true},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

#define GENEVE_IN4(header) FRAME("0800", IP("11", "0000") "c000 17c1 0040 0000" header)
#define GENEVE_IN6(header) FRAME("86dd", IP6("11") "c000 17c1 0040 0000" header)
#define VXLAN_IN6(header) FRAME("86dd", IP6("11") "c000 12b5 0040 0000" header)

static void Tunnels_are_looked_into(void **state)
{
	static const struct row rows[] = {
		{"geneve", GENEVE_IN4("0000 6558 00000b 00") FRAME("0800", TCP4), true},
		{"geneve 11", GENEVE_IN4("0000 6558 00000b 00") FRAME("0800", TCP4), true},
		{"geneve 12", GENEVE_IN4("0000 6558 00000b 00") FRAME("0800", TCP4), false},
		/* Of a version that is to come. */
		{"geneve", GENEVE_IN4("4000 6558 00000b 00") FRAME("0800", TCP4), false},
		{"udp port 80", GENEVE_IN4("0000 6558 00000b 00") FRAME("0800", TCP4), false},
		{"geneve and tcp port 80", GENEVE_IN4("0000 6558 00000b 00") FRAME("0800", TCP4), true},
		{"geneve and tcp port 80", GENEVE_IN6("0000 6558 00000b 00") FRAME("86dd", TCP6), true},
		/* Options, and no Ethernet header. */
		{"geneve and tcp port 80", GENEVE_IN6("0200 0800 00000b 00 0000000000000000") TCP4, true},
		{"geneve and ip6", GENEVE_IN6("0100 86dd 00000b 00 00000000") TCP6, true},
		{"geneve and ip", GENEVE_IN6("0100 86dd 00000b 00 00000000") TCP6, false},
		{"geneve and ether src 2:0:0:0:0:1", GENEVE_IN4("0100 6558 00000b 00 00000000") FRAME("0800", TCP4),
			true},
		{"geneve and ether src 2:0:0:0:0:1", GENEVE_IN4("0000 0800 00000b 00") FRAME("0800", TCP4), false},
		{"geneve and vlan 10 and ip", GENEVE_IN4("0000 6558 00000b 00") MACS TAG("00a") "0800" TCP4, true},
		{"ip6 and geneve and ip", GENEVE_IN6("0000 6558 00000b 00") FRAME("0800", TCP4), true},
		{"vxlan", VXLAN_IN6("08000000 000005 00") FRAME("0800", TCP4), true},
		{"vxlan 5 and host 10.0.0.1", VXLAN_IN6("08000000 000005 00") FRAME("0800", TCP4), true},
		{"vxlan 6", VXLAN_IN6("08000000 000005 00") FRAME("0800", TCP4), false},
		/* Without the flag there is no identifier. */
		{"vxlan", VXLAN_IN6("00000000 000005 00") FRAME("0800", TCP4), false},
		{"vxlan and vlan and tcp[2:2] = 80", VXLAN_IN6("08000000 000005 00") MACS TAG("00a") "0800" TCP4,
			true},
		{"(vxlan 5 or vxlan 6) and ip6", VXLAN_IN6("08000000 000006 00") FRAME("86dd", TCP6), true},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

static void Llc_and_what_stands_on_it_is_found(void **state)
{
	static const struct row rows[] = {
		{"stp", MACS "0026 4242 03", true},
		{"llc", MACS "0026 4242 03", true},
		{"llc ui", MACS "0026 4242 03", true},
		{"llc u", MACS "0026 4242 03", true},
		{"llc i", MACS "0026 4242 03", false},
		{"llc xid", MACS "0006 0001 bf", true},
		{"llc rr", MACS "0004 f0f0 01 00", true},
		{"llc s", MACS "0004 f0f0 05 00", true},
		{"netbeui", MACS "0004 f0f1 05 00", false},
		{"llc", MACS "0600 4242 03", false},
		/* NetWare without LLC. */
		{"llc", MACS "0026 ffff 0026", false},
		{"ipx", MACS "0026 ffff 0026", true},
		{"ipx", MACS "8137 ffff", true},
		{"ipx", MACS "0026 e0e0 03", true},
		{"ipx", MACS "0026 aaaa 03 000000 8137", true},
		{"atalk", MACS "0026 aaaa 03 080007 809b", true},
		{"atalk", MACS "0026 aaaa 03 000000 809b", false},
		{"aarp", MACS "0026 aaaa 03 000000 80f3", true},
		{"isis", MACS "0026 fefe 03 83", true},
		{"esis", MACS "0026 fefe 03 83", false},
		/* A link state PDU of level 2, with the reserved bits set. */
		{"lsp", MACS "0026 fefe 03 83 1b 01 00 f4", true},
		{"l2 and lsp and isis proto 20", MACS "0026 fefe 03 83 1b 01 00 14", true},
		{"csnp or l1", MACS "0026 fefe 03 83 1b 01 00 14", false},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

static void Decnet_addresses_are_in_all_four_formats(void **state)
{
	/* 10.5 is 0x2805, the low byte first; 1.2 is 0x0402. */
	static const struct row rows[] = {
		{"decnet src 10.5", MACS "6003 0000 02 0204 0528", true},
		{"decnet dst 10.5", MACS "6003 0000 02 0204 0528", false},
		{"decnet host 1.2", MACS "6003 0000 02 0204 0528", true},
		{"decnet src 10.5", MACS "6003 0000 81 02 0204 0528", true},
		{"decnet dst 10.5", MACS "6003 0000 06 0000 aa000400 0528 0000 aa000400 0204", true},
		{"decnet src 1.2", MACS "6003 0000 06 0000 aa000400 0528 0000 aa000400 0204", true},
		{"decnet src 1.2", MACS "6003 0000 81 06 0000 aa000400 0528 0000 aa000400 0204", true},
		{"decnet host 1.2", MACS "6004 0000 02 0204 0528", false},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

static void Ip_protocols_are_found_behind_other_headers(void **state)
{
	static const struct row rows[] = {
		{"ip6 protochain 17", FRAME("86dd", IP6("00") "3c00000000000000 1100000000000000" UDP_DNS), true},
		{"udp", FRAME("86dd", IP6("00") "3c00000000000000 1100000000000000" UDP_DNS), false},
		/* An authentication header of 24 bytes. */
		{"protochain 17",
			FRAME("86dd", IP6("33") "1104000000000000 0000000000000000 0000000000000000" UDP_DNS),
			true},
		{"ip protochain 17",
			FRAME("0800", IP("33", "0000") "1104000000000000 0000000000000000 0000000000000000"), true},
		{"ip protochain 6",
			FRAME("0800", IP("33", "0000") "1104000000000000 0000000000000000 0000000000000000"),
			false},
		{"protochain 6", FRAME("0800", TCP4), true},
		{"vlan and protochain 6", MACS TAG("00a") "0800" TCP4, true},
	};

	(void)state;
	CHECK(DLT_EN10MB, rows);
}

/* ---- What the kernel tells ---- */

static void Live_captures_have_tags_in_the_packet_or_beside_it(void **state)
{
	struct pcap_bpf_aux_data none = {0};
	struct pcap_bpf_aux_data tag = {.vlan_tag_present = 1, .vlan_tag = 0x200a};
	const char *inside = MACS TAG("00a") "0800" TCP4, *outside = FRAME("0800", TCP4);

	(void)state;
	assert_true(matches_live(DLT_EN10MB, "vlan 10", inside, &none));
	assert_true(matches_live(DLT_EN10MB, "vlan 10", outside, &tag));
	assert_false(matches_live(DLT_EN10MB, "vlan 11", outside, &tag));
	assert_false(matches_live(DLT_EN10MB, "vlan", outside, &none));
	assert_true(matches_live(DLT_EN10MB, "vlan 10 and tcp port 80", inside, &none));
	assert_true(matches_live(DLT_EN10MB, "vlan 10 and tcp port 80", outside, &tag));
	assert_true(matches_live(DLT_EN10MB, "(vlan 9 or vlan 10) and ip", outside, &tag));
	assert_true(matches_live(DLT_EN10MB, "vlan and vlan 10 and ip", inside, &tag));
	assert_false(matches_live(DLT_EN10MB, "vlan and vlan 10", inside, &none));
	assert_true(matches_live(DLT_EN10MB, "not vlan 11 and not vlan 12", outside, &tag));
}

static void Live_captures_tell_direction_and_interface(void **state)
{
	struct pcap_bpf_aux_data received = {.pkt_type = 0, .ifindex = 3}, sent = {.pkt_type = 4, .ifindex = 2};
	const char *packet = FRAME("0800", TCP4);

	(void)state;
	assert_true(matches_live(DLT_EN10MB, "inbound", packet, &received));
	assert_false(matches_live(DLT_EN10MB, "outbound", packet, &received));
	assert_true(matches_live(DLT_EN10MB, "outbound and tcp", packet, &sent));
	assert_true(matches_live(DLT_EN10MB, "ifindex 3", packet, &received));
	assert_false(matches_live(DLT_EN10MB, "ifindex 3", packet, &sent));
	assert_non_null(strstr(error_of((struct filter_input){.text = "inbound", .linktype = DLT_EN10MB}),
		"'inbound' of EN10MB packets is told by a live capture on Linux only"));
	assert_non_null(strstr(error_of((struct filter_input){.text = "ifindex 3", .linktype = DLT_EN10MB}),
		"'ifindex' of EN10MB packets is told by a live capture on Linux only"));
}

static void Ip_broadcasts_need_the_mask(void **state)
{
	struct filter_input input = {
		.text = "ip broadcast", .linktype = DLT_EN10MB, .netmask = PCAP_NETMASK_UNKNOWN};
	static const struct row rows[] = {
		{FRAME("0800", "45000028 0001 0000 40110000 0a000001 0a0000ff"), NULL, true},
		{FRAME("0800", "45000028 0001 0000 40110000 0a000001 0a000000"), NULL, true},
		{FRAME("0800", "45000028 0001 0000 40110000 0a000001 0a00007f"), NULL, false},
	};

	(void)state;
	assert_non_null(strstr(error_of(input), "needs the network's mask"));
	input.netmask = htonl(0xffffff00);
	struct bpf_program program = compile_for(input);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		u_char bytes[PACKET_MAX];
		unsigned length = packet_bytes(rows[i].expression, bytes);
		assert_int_equal(bpf_filter(program.bf_insns, bytes, length, length) != 0, rows[i].verdict);
	}
	pcap_freecode(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(Protocols_hosts_and_ports_are_told_apart),
		cmocka_unit_test(A_transport_header_is_read_of_the_ip_that_was_asked_for),
		cmocka_unit_test(Tags_move_what_stands_after_them_with_and),
		cmocka_unit_test(Labels_and_sessions_move_it_too),
		cmocka_unit_test(Tunnels_are_looked_into),
		cmocka_unit_test(Llc_and_what_stands_on_it_is_found),
		cmocka_unit_test(Decnet_addresses_are_in_all_four_formats),
		cmocka_unit_test(Ip_protocols_are_found_behind_other_headers),
		cmocka_unit_test(Live_captures_have_tags_in_the_packet_or_beside_it),
		cmocka_unit_test(Live_captures_tell_direction_and_interface),
		cmocka_unit_test(Ip_broadcasts_need_the_mask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
