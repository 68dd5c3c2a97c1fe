/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the optimizer finds: expressions whose programs must be no longer than this, and such as are always true, or
 * never.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pcap.h>

static const struct row {
	int linktype;
	const char *expression;
	u_int longest;
} rows[] = {
	/* What is never asked need not be tested. */
	{DLT_EN10MB, "not port 53 or port 53", 1},
	{DLT_EN10MB, "not (ip[0] = 5 and udp) or (ip[0] = 5 and udp)", 1},
	{DLT_EN10MB, "not (len = ip[2:2]) or len = ip[2:2] or arp", 8},
	{DLT_EN10MB, "ip protochain 6 or not ip protochain 6", 1},
	/* Nor is the same chain followed again where it is known, or its end stored where it is at hand. */
	{DLT_EN10MB, "ip6 protochain 6 and port 80", 41},
	{DLT_EN10MB, "ip6 protochain 6 and (tcp and port 80 or (ip6 protochain 6 and port 81))", 43},
	{DLT_EN10MB, "not (net 10 and port 53 or icmp) or (net 10 and port 53 or icmp)", 1},
	/* A protocol that is refused at the end is not asked for its ports before. */
	{DLT_EN10MB, "host 10.1.0.255 and not port 20 and sctp", 17},
	{DLT_RAW, "ip6 proto 132 and port 65535 or 65535 or 81 and tcp src portrange 80-443", 32},
	{DLT_LINUX_SLL, "(src or dst portrange 80-443 or moprc) and udp src or dst portrange 443-80", 27},
	/* Numbers outside of a range are known to be outside of it further down. */
	{DLT_JUNIPER_MFR, "src or dst net 10.0.0 or 10.0.0", 17},
	{DLT_JUNIPER_PPP, "ip6[0:4] <= 0x45 and net 2001:db8::/64 or 10.0.0.0/24", 27},
	/* What was looked for behind a range is looked for alone, and what a later test tells is not asked before. */
	{DLT_APPLE_IP_OVER_IEEE1394, "ip net 224.0.0.0/4 and host ::ffff:a00:1 or 10.0.0.1", 14},
	{DLT_NETANALYZER, "not tcp port 53 or domain and not ether[20:2] > 0", 4},
	/* Of two addresses, that at hand is asked for first, also where the one that is not makes other tests needless. */
	{DLT_IP_OVER_FC, "host 172.16.3.4 and 224.0.0.1 or ip host 10.0.0.2", 23},
	{DLT_EN10MB, "(host 10.0.0.1 and host 10.0.0.2) or (host 192.168.0.1 and host 192.168.0.2)", 32},
	{DLT_ATM_RFC1483,
		"host 255.255.255.255 and 224.0.0.1 or decnet or src and dst host 10.1.0.255 or 224.0.0.1", 27},
	{DLT_IPNET,
		"host 192.168.1.5 and net 2001:db8::2/128 or 10.0.0.0 mask 255.0.0.255 and "
		"tcp port 20 or 1024 or 65535",
		38},
	/* Two tests change places in all lists that share their end. */
	{DLT_SYMANTEC_FIREWALL, "dst port 1024 or tcp dst port 80 or dst port 53", 28},
	/* A trial does not count as its own gain what other passes find at the same time. */
	{DLT_EN10MB,
		"ether host ff:ff:ff:ff:ff:ff and not aa:00:04:00:01:04 or src host ff02::1 or fe80::1 or "
		"src and dst host 10.0.0.0 or 10.0.0.0",
		40},
	/* Lists that end alike share their end. */
	{DLT_LOOP, "proto 51 or 17 or 58", 14},
	{DLT_EN10MB, "port 1000 or 1007 or 1014 or 1021 or 1028 or 1035 or 1042 or 1049 or 1056 or 1063", 43},
};

static void Programs_are_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bpf_program program;
		pcap_t *p = pcap_open_dead(rows[i].linktype, 65535);
		assert_non_null(p);
		assert_int_equal(pcap_compile(p, &program, rows[i].expression, 1, 0), 0);
		if (program.bf_len > rows[i].longest)
			fail_msg("%s: %u instructions, and not %u", rows[i].expression, program.bf_len,
				rows[i].longest);
		pcap_freecode(&program);
		pcap_close(p);
	}
}

static void What_no_packet_can_be_is_refused(void **state)
{
	static const char *const expressions[] = {
		"host 10.0.0.1 and not host 10.0.0.1",
		"len = ip[2:2] and not len = ip[2:2]",
		"ip protochain 6 and not ip protochain 6",
		"ip6 protochain 6 and udp",
		"protochain 17 and tcp port 80",
		"ip6 protochain 58 and tcp[0] = 0",
		"portrange 80-90 and not portrange 70-100",
		"ip[6:2] & 0x1fff != 0 and port 53 and ip",
	};
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		struct bpf_program program;
		if (pcap_compile(p, &program, expressions[i], 1, 0) == 0)
			fail_msg("%s: %u instructions", expressions[i], program.bf_len);
		assert_non_null(strstr(pcap_geterr(p), "expression rejects all packets"));
	}
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(Programs_are_short),
		cmocka_unit_test(What_no_packet_can_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
