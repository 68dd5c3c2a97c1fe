/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of expressions cannot be in case files (tests/filter/): what the kernel tells of live captures, the mask of the
 * network, how often a program tests a thing, and that every link type takes expressions or says why not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "verdict.h"

/* TCP from 10.0.0.1 to 10.0.0.2, port 80. */
#define MACS "020000000002 020000000001 "
#define TCP4 "45000028 0001 4000 40 06 0000 0a000001 0a000002 c000 0050 00000001 00000000 5002 2000 00000000 "
#define FRAME(type, content) MACS type content
#define TAG(id) "8100 0" id

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
	static const struct {
		const char *packet;
		bool verdict;
	} rows[] = {
		{FRAME("0800", "45000028 0001 0000 40110000 0a000001 0a0000ff"), true},
		{FRAME("0800", "45000028 0001 0000 40110000 0a000001 0a000000"), true},
		{FRAME("0800", "45000028 0001 0000 40110000 0a000001 0a00007f"), false},
	};

	(void)state;
	assert_non_null(strstr(error_of(input), "needs the network's mask"));
	input.netmask = htonl(0xffffff00);
	struct bpf_program program = compile_for(input);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		u_char bytes[PACKET_MAX];
		unsigned length = packet_bytes(rows[i].packet, bytes);
		assert_int_equal(bpf_filter(program.bf_insns, bytes, length, length) != 0, rows[i].verdict);
	}
	pcap_freecode(&program);
}

/* In place of the library's own, which asks the system's database: localhost has one of the addresses of FRAME(). */
u_char *__wrap_pcap_ether_hostton(const char *name);
u_char *__wrap_pcap_ether_hostton(const char *name)
{
	u_char *address = strcmp(name, "localhost") == 0 ? malloc(6) : NULL;

	return address != NULL ? memcpy(address, "\x02\0\0\0\0\x01", 6) : NULL;
}

#define IP(source, destination) "45000028 0001 4000 40 06 0000 " source destination
#define ARP(source, target) "0001 0800 06 04 0001 020000000001 " source "000000000000 " target

static void A_gateway_passes_on_what_is_not_its_own(void **state)
{
	static const struct {
		const char *expression;
		const char *packet;
		bool verdict;
	} rows[] = {
		{"gateway localhost", FRAME("0800", IP("0a000001", "0a000002")), true},
		{"gateway localhost", "020000000001 020000000002 0800" IP("0a000001", "0a000002"), true},
		{"gateway localhost", "020000000003 020000000002 0800" IP("0a000001", "0a000002"), false},
		{"gateway localhost", FRAME("0800", IP("7f000001", "0a000002")), false},
		{"gateway localhost", FRAME("0800", IP("0a000001", "7f000001")), false},
		{"gateway localhost", FRAME("0806", ARP("0a000001", "0a000002")), true},
		{"gateway localhost", FRAME("0806", ARP("7f000001", "0a000002")), false},
		{"ip gateway localhost", FRAME("0800", IP("0a000001", "0a000002")), true},
		{"ip gateway localhost", FRAME("0806", ARP("0a000001", "0a000002")), false},
		{"arp gateway localhost", FRAME("0806", ARP("0a000001", "0a000002")), true},
		{"vlan and gateway localhost", MACS TAG("00a") "0800" IP("0a000001", "0a000002"), true},
		/* The hosts are excluded, not the protocol: what is of none is not passed on. */
		{"gateway localhost", FRAME("8137", "ffff"), false},
	};
	static const char *const refused[] = {
		"mpls and gateway localhost", "vxlan and gateway localhost", "geneve and gateway localhost"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (matches_live(DLT_EN10MB, rows[i].expression, rows[i].packet, NULL) != rows[i].verdict)
			fail_msg("\"%s\" should %smatch %s", rows[i].expression, rows[i].verdict ? "" : "not ",
				rows[i].packet);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_non_null(strstr(error_of((struct filter_input){.text = refused[i], .linktype = DLT_EN10MB}),
			"'gateway' cannot be asked of what MPLS, Geneve or VXLAN carry"));
}

static unsigned count_tests(const struct bpf_program *program, uint32_t k)
{
	unsigned count = 0;

	for (unsigned i = 0; i < program->bf_len; i++)
		count += program->bf_insns[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && program->bf_insns[i].k == k;
	return count;
}

/* Unoptimized, too: once a family, not once an address. */
static void The_protocol_is_tested_once_for_all_addresses(void **state)
{
	static const char *const expressions[] = {
		"host 10.0.0.1 or 10.0.0.2 or 10.0.0.3 or 2001:db8::1 or 2001:db8::2",
		"net 10 or net 192.168 or net 2001:db8::/32 or net 2001:db9::/32"};

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		for (int optimize = 0; optimize < 2; optimize++) {
			struct bpf_program program;
			pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
			assert_int_equal(pcap_compile(p, &program, expressions[i], optimize, 0), 0);
			assert_int_equal(count_tests(&program, 0x800), 1);
			assert_int_equal(count_tests(&program, 0x806), 1);
			assert_int_equal(count_tests(&program, 0x86dd), 1);
			pcap_freecode(&program);
			pcap_close(p);
		}
	}
}

/* Every link type takes what asks for bytes alone, and no type makes anything crash. */
static void Every_link_type_compiles_or_says_why(void **state)
{
	static const char *const expressions[] = {"link[0] = 1 and len > 60", "tcp port 80 and host 10.0.0.1",
		"ether host 2:0:0:0:0:1", "inbound", "vlan 5 and mpls 5 and ip6", "llc ui", "lsp", "pppoes and udp",
		"broadcast or multicast", "type mgt", "vxlan and arp", "geneve and vlan and tcp[0] = 1"};

	(void)state;
	for (int linktype = 0; linktype < 320; linktype++) {
		for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
			struct bpf_program program;
			pcap_t *p = pcap_open_dead(linktype, 65535);
			int status = pcap_compile(p, &program, expressions[i], 1, 0);
			if (status == 0)
				pcap_freecode(&program);
			else if (strlen(pcap_geterr(p)) < 20)
				fail_msg("%d, %s: %s", linktype, expressions[i], pcap_geterr(p));
			if (i == 0)
				assert_int_equal(status, 0);
			pcap_close(p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(Live_captures_have_tags_in_the_packet_or_beside_it),
		cmocka_unit_test(Live_captures_tell_direction_and_interface),
		cmocka_unit_test(Ip_broadcasts_need_the_mask),
		cmocka_unit_test(A_gateway_passes_on_what_is_not_its_own),
		cmocka_unit_test(The_protocol_is_tested_once_for_all_addresses),
		cmocka_unit_test(Every_link_type_compiles_or_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
