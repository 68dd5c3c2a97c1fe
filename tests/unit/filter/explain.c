/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters told in words: the fields have their names, wherever a link type and tags put them, and only where it is
 * known what they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pcap/weir.h>

#include "random-expressions.h"

/* Each text must be in the explanation, in this order. */
static const struct {
	int linktype;
	const char *expression;
	const char *texts[6];
} rows[] = {
	{DLT_EN10MB, "ip", {"1. If the Ethernet type is IPv4 (0x800), accept; otherwise reject.\n"}},
	{DLT_EN10MB, "not ip", {"1. If the Ethernet type is IPv4 (0x800), reject; otherwise accept.\n"}},
	{DLT_EN10MB, "ip6 and tcp dst port 80",
		{"the Ethernet type is IPv6 (0x86dd), go on", "the IPv6 next header is TCP (6)",
			"the destination port is 80, accept; otherwise reject"}},
	{DLT_EN10MB, "ip and udp src port 53",
		{"the IPv4 protocol is UDP (17)", "the IPv4 fragment offset is not 0, reject",
			"the source port is 53, accept"}},
	{DLT_EN10MB, "ip src host 10.0.0.1", {"the IPv4 source address is 10.0.0.1, accept"}},
	{DLT_EN10MB, "arp dst host 10.0.0.1", {"the ARP target's address is 10.0.0.1, accept"}},
	{DLT_EN10MB, "ip6 src host 2001:db8::5",
		{"bytes 0 to 3 of the IPv6 source address are 2001:db8",
			"bytes 12 to 15 of the IPv6 source address are 0:5"}},
	{DLT_EN10MB, "ether dst 1:2:3:4:5:6",
		{"bytes 2 to 5 of the link layer's destination address are 03:04:05:06",
			"bytes 0 to 1 of the link layer's destination address are 01:02"}},
	{DLT_EN10MB, "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", {"the byte of TCP flags has FIN or SYN, accept"}},
	{DLT_EN10MB, "tcp[tcpflags] = tcp-syn|tcp-ack", {"the byte of TCP flags is 0x12 (SYN and ACK), accept"}},
	{DLT_EN10MB, "icmp[icmptype] = 8", {"the ICMP type is 8"}},
	{DLT_EN10MB, "vlan 5 and ip src host 10.0.0.1",
		{"the Ethernet type is a VLAN tag (0x8100)", "the VLAN ID is 5",
			"the Ethernet type is IPv4 (0x800)", "the IPv4 source address is 10.0.0.1"}},
	{DLT_EN10MB, "pppoes 7 and ip src host 10.0.0.1",
		{"the Ethernet type is a PPPoE session (0x8864)", "the PPPoE session ID is 7",
			"the PPP protocol is IPv4 (0x21)", "the IPv4 source address is 10.0.0.1"}},
	{DLT_EN10MB, "mpls and mpls and ip src host 10.0.0.1",
		{"the MPLS bottom-of-stack bit is not 0, reject", "the MPLS bottom-of-stack bit is not 0, go on",
			"the IP version is 4", "the IPv4 source address is 10.0.0.1"}},
	{DLT_EN10MB, "len - 5 > ip[2:2]", {"the packet's length - 5 is above the IPv4 total length"}},
	{DLT_EN10MB, "ip6 protochain 6", {"the chain of IPv6 headers holds TCP (6)"}},
	{DLT_EN10MB, "ip6 protochain 6 and dst port 80 and tcp[tcpflags] & tcp-syn != 0",
		{"the chain of IPv6 headers holds TCP (6)", "the chain's TCP header is in another fragment, reject",
			"the destination port is 80", "the byte of TCP flags has SYN"}},
	{DLT_EN10MB, "ip6 protochain 17 and vxlan and ip6",
		{"the destination port is 4789",
			"the 2 bytes at (the offset of the chain's UDP header) + 28 are 0x86dd"}},
	/* What is not known has no name. */
	{DLT_EN10MB, "link[26:4] = 0x0a000001", {"1. If the 4 bytes at 26 are 0xa000001, accept"}},
	{DLT_PPP, "ip src host 10.0.0.1",
		{"the PPP protocol is IPv4 (0x21)", "the IPv4 source address is 10.0.0.1"}},
	{DLT_RAW, "ip6 and tcp src port 80", {"the IP version is 6", "the source port is 80"}},
	{DLT_LOOP, "ip and tcp src port 80", {"the address family is IPv4 (2)", "the source port is 80"}},
	{DLT_IEEE802_11, "wlan addr2 1:2:3:4:5:6", {"bytes 2 to 5 of the second 802.11 address are 03:04:05:06"}},
	{DLT_IEEE802_11, "subtype beacon", {"the 802.11 frame type with its subtype is beacon, accept"}},
	{DLT_IEEE802_11_RADIO, "ip and tcp src port 80",
		{"the Ethernet type is IPv4 (0x800)", "the IPv4 protocol is TCP (6)", "the source port is 80"}},
	/* Long values, and those that stand in many tests, are told once. */
	{DLT_EN10MB, "geneve 5 and udp",
		{"A is 40 if the Ethernet type is IPv6 (0x86dd), otherwise the length of the IPv4 header at 14.\n",
			"B is (((the byte at A + 22) & 0x3f) << 2) + A.\n",
			"Geneve's VNI with a reserved byte >> 8 is 5", "If the 2 bytes at A + 24 are 0x6558"}},
	{DLT_EN10MB, "ip6 and vxlan", {"the byte of VXLAN's flags has the bit 0x8"}},
	{DLT_PFLOG, "on em0 and action scrub and reason short and rnr 5",
		{"bytes 0 to 3 of the interface's name are \"em0\\0\"", "the PF action is scrub",
			"the PF reason is short", "the rule's number is 5"}},
	{DLT_SUNATM, "vpi 1 and vci > 5 and llc",
		{"the VPI is 1", "the VCI is above 5", "the kind of ATM traffic is 2"}},
	{DLT_MTP2, "msu and sio 3", {"the length indicator is above 2", "the service information octet is 3"}},
	{DLT_MTP2, "hmsu and hsio 3 and hdpc 1",
		{"the length indicator of a high-speed link with seven spare bits is at least 0x180",
			"the byte at 6 is 3", "bytes 0 to 1 of the MTP3 routing label of a high-speed link"}},
	{DLT_EN10MB, "llc ui", {"the Ethernet type is above 0x5dc, reject", "the LLC control field & 0xef is 3"}},
	{DLT_EN10MB, "vlan and lsp",
		{"the pair of LLC service access points is 0xfefe", "the OSI protocol identifier is 0x83",
			"the IS-IS PDU type is 18"}},
	{DLT_EN10MB, "pppoes and isis", {"the PPP protocol is OSI (0x23)", "the byte at 22 is 0x83"}},
	{DLT_EN10MB, "link[14] = 5 or tcp", {"1. If the byte at 14 is 5"}},
	{DLT_IEEE802_11, "stp", {"byte 0 of the pair of LLC service access points is 0x42"}},
	{DLT_LINUX_SLL, "stp",
		{"the Ethernet type is 4", "byte 0 of the pair of LLC service access points is 0x42"}},
	{DLT_C_HDLC, "lsp", {"the OSI protocol identifier is 0x83", "the IS-IS PDU type is 18"}},
	{DLT_PPP, "lsp", {"the PPP protocol is OSI (0x23)", "the IS-IS PDU type is 18"}},
	{DLT_EN10MB, "decnet src 10.123",
		{"the Ethernet type is DECnet (0x6003)", "the byte of DECnet flags & 7 is 2"}},
	{DLT_FRELAY, "ip and udp src port 53",
		{"the control byte with the NLPID is IPv4 (0x3cc)", "the IPv4 protocol is UDP (17)",
			"the source port is 53"}},
	{DLT_ARCNET, "arp src host 10.0.0.1",
		{"the ARCnet protocol is ARP (0xd5)", "the ARP sender's address is 10.0.0.1"}},
	{DLT_PPP_BSDOS, "ip src host 10.0.0.1",
		{"the PPP protocol is IPv4 (0x21)", "the IPv4 source address is 10.0.0.1"}},
	{DLT_EN10MB, "5 > 4", {"Accept every packet.\n"}},
};

static char *explained(pcap_t *p, const char *expression)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	int status = pcap_explain_filter(p, expression, NULL, 0, PCAP_EXPLAIN_WORDS, out);
	assert_int_equal(fclose(out), 0);
	if (status == 0)
		return text;
	free(text);
	return NULL;
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pcap_t *p = pcap_open_dead(rows[i].linktype, 65535);
		assert_non_null(p);
		char *text = explained(p, rows[i].expression);
		if (text == NULL)
			fail_msg("%s: %s", rows[i].expression, pcap_geterr(p));
		const char *at = text;
		for (size_t j = 0; j < sizeof(rows[i].texts) / sizeof(char *) && rows[i].texts[j] != NULL; j++) {
			at = strstr(at, rows[i].texts[j]);
			if (at == NULL)
				fail_msg("%s: \"%s\" is not in\n%s", rows[i].expression, rows[i].texts[j], text);
			at += strlen(rows[i].texts[j]);
		}
		free(text);
		pcap_close(p);
	}
}

/* Values that have a letter come first. Then every line is a sentence, and leads to one that there is, further down. */
static void check_lines(const char *expression, const char *text)
{
	size_t lines = 0;

	for (char letter = 'A'; text[0] == letter && strncmp(text + 1, " is ", 4) == 0; letter++)
		text = strchr(text, '\n') + 1;

	for (const char *at = text; *at != '\0'; at = strchr(at, '\n') + 1)
		lines++;
	for (size_t line = 1; line <= lines; line++) {
		char *end;
		if (strtoul(text, &end, 10) != line || strncmp(end, ". If ", 5) != 0)
			fail_msg("%s: line %zu is no sentence: %s", expression, line, text);
		const char *newline = strchr(text, '\n');
		for (const char *at = strstr(text, "go to "); at != NULL && at < newline;
			at = strstr(at, "go to ")) {
			at += strlen("go to ");
			size_t target = strtoul(at, NULL, 10);
			if (target <= line + 1 || target > lines)
				fail_msg("%s: line %zu leads to %zu of %zu", expression, line, target, lines);
		}
		text = newline + 1;
	}
}

static void test_random_expressions(void **state)
{
	static const int linktypes[] = {
		DLT_EN10MB, DLT_IEEE802_11_RADIO, DLT_LINUX_SLL, DLT_NULL, DLT_PPP, DLT_PFLOG};
	unsigned explanations = 0;
	uint64_t random = 3;
	char expression[150];

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		pcap_t *p = pcap_open_dead(linktypes[i % (sizeof(linktypes) / sizeof(linktypes[0]))], 65535);
		assert_non_null(p);
		random_expression(&random, expression, sizeof(expression));
		char *text = explained(p, expression);
		if (text != NULL && strncmp(text, "Accept", 6) != 0) {
			check_lines(expression, text);
			explanations++;
		}
		free(text);
		pcap_close(p);
	}
	assert_true(explanations > 500);
}

/* What many values share is told once, however many there are. */
static void test_many_letters(void **state)
{
	char expression[400] = "geneve";
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < 19; i++)
		strcat(expression, " and geneve");
	char *text = explained(p, expression);
	assert_non_null(text);
	assert_non_null(strstr(text, "\nZ is "));
	assert_non_null(strstr(text, "\nA1 is "));
	assert_in_range(strlen(text), 10000, 50000);
	free(text);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_random_expressions),
		cmocka_unit_test(test_many_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
