/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What expressions mean on each kind of link type: packets and verdicts by the registry of link-layer header types and
 * the specifications that it names. And the errors of those that a link type cannot have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verdict.h"

#define TCP4 "45000028 0001 4000 40060000 0a000001 0a000002 c000 0050 00000001 00000000 5002 2000 00000000 "
#define TCP6                                                                                                       \
	"60000000 0014 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "                   \
	"c000 0050 00000001 00000000 5002 2000 00000000 "

struct row {
	int linktype;
	const char *expression;
	const char *packet;
	bool verdict;
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (matches(rows[i].linktype, rows[i].expression, rows[i].packet) != rows[i].verdict)
			fail_msg("%s: \"%s\" should %smatch %s", pcap_datalink_val_to_name(rows[i].linktype),
				rows[i].expression, rows[i].verdict ? "" : "not ", rows[i].packet);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]))

static void Ip_alone_is_told_by_its_version_or_a_family(void **state)
{
	static const struct row rows[] = {
		{DLT_RAW, "tcp port 80", TCP4, true},
		{DLT_RAW, "tcp port 80", TCP6, true},
		{DLT_RAW, "ip6", TCP4, false},
		{DLT_IPV4, "tcp port 80", TCP4, true},
		{DLT_IPV6, "ip6 and tcp[2:2] = 80", TCP6, true},
		{DLT_SLIP, "tcp port 80", "01 000000000000000000000000000000" TCP4, true},
		{DLT_SLIP, "outbound", "01 000000000000000000000000000000" TCP4, true},
		{DLT_SLIP, "inbound", "01 000000000000000000000000000000" TCP4, false},
		{DLT_SLIP, "outbound", "02 000000000000000000000000000000" TCP4, false},
		/* Families in the order of the host that wrote the file, and IPv6's numbers of its system. */
		{DLT_NULL, "ip", "00000002" TCP4, true},
		{DLT_NULL, "host 10.0.0.1", "02000000" TCP4, true},
		{DLT_NULL, "ip6", "18000000" TCP6, true},
		{DLT_NULL, "ip6", "0000001c" TCP6, true},
		{DLT_NULL, "tcp port 80", "0000001e" TCP6, true},
		{DLT_NULL, "ip6", "00000002" TCP4, false},
		{DLT_NULL, "ip6", "00000011" TCP4, false},
		{DLT_ENC, "tcp port 80", "02000000 00000000 00000000" TCP4, true},
		{DLT_ENC, "tcp port 80", "00000018 00000000 00000000" TCP6, true},
		{DLT_LOOP, "ip", "00000002" TCP4, true},
		{DLT_LOOP, "ip", "02000000" TCP4, false},
		{DLT_LOOP, "tcp port 80", "0000001e" TCP6, true},
		{DLT_IPNET, "ip and inbound", "01 02 0002 0000000000000000 0000000000000000 00000000" TCP4, true},
		{DLT_IPNET, "ip6 and outbound", "01 1a 0001 0000000000000000 0000000000000000 00000000" TCP6, true},
	};

	(void)state;
	CHECK(rows);
}

static void Serial_lines_have_their_own_numbers(void **state)
{
	static const struct row rows[] = {
		{DLT_PPP, "tcp port 80", "ff03 0021" TCP4, true},
		{DLT_PPP, "ip6", "ff03 0057" TCP6, true},
		{DLT_PPP, "mpls 5 and ip", "ff03 0281 00005 1 40" TCP4, true},
		{DLT_PPP_SERIAL, "iso", "ff03 0023 83", true},
		{DLT_PPP_PPPD, "outbound and ip", "01 03 0021" TCP4, true},
		{DLT_PPP_PPPD, "inbound", "01 03 0021" TCP4, false},
		{DLT_PPP_ETHER, "tcp port 80", "1100 0001 002a 0021" TCP4, true},
		{DLT_C_HDLC, "tcp port 80", "0f00 0800" TCP4, true},
		{DLT_C_HDLC, "mpls 5 and tcp", "0f00 8847 00005 1 40" TCP4, true},
		/* A byte of padding, then the network layer protocol; the PDU type five bytes behind the padding. */
		{DLT_C_HDLC, "isis and lsp", "0f00 fefe 03 83 1b 01 00 14", true},
		{DLT_C_HDLC, "iih", "0f00 fefe 03 83 1b 01 00 14", false},
		/* RFC 2427: two bytes of address, a control byte, the network layer protocol. */
		{DLT_FRELAY, "tcp port 80", "1841 03 cc" TCP4, true},
		{DLT_FRELAY, "host 2001:db8::1", "1841 03 8e" TCP6, true},
		{DLT_FRELAY, "isis and lsp", "1841 03 83 1b 01 00 14", true},
		{DLT_FRELAY, "esis", "1841 03 83 1b 01 00 14", false},
	};

	(void)state;
	CHECK(rows);
}

static void Lans_have_addresses_and_llc(void **state)
{
	static const struct row rows[] = {
		{DLT_FDDI, "ether src 2:0:0:0:0:1", "57 020000000002 020000000001 aaaa03 000000 0800" TCP4, true},
		{DLT_FDDI, "tcp port 80", "57 020000000002 020000000001 aaaa03 000000 0800" TCP4, true},
		{DLT_FDDI, "stp", "57 020000000002 020000000001 424203", true},
		{DLT_IEEE802, "ether dst 2:0:0:0:0:2 and ip",
			"1040 020000000002 020000000001 aaaa03 000000 0800" TCP4, true},
		{DLT_IEEE802, "multicast", "1040 030000000002 020000000001 aaaa03 000000 0800" TCP4, true},
		{DLT_IP_OVER_FC, "ether src 2:0:0:0:0:1 and tcp",
			"1000020000000002 1000020000000001 aaaa03 000000 0800" TCP4, true},
		{DLT_ATM_RFC1483, "tcp port 80", "aaaa03 000000 0800" TCP4, true},
		{DLT_ATM_RFC1483, "iso", "fefe03 83", true},
		{DLT_ARCNET, "link src $12", "12 34 d4 00 0000" TCP4, true},
		{DLT_ARCNET, "link dst $12", "12 34 d4 00 0000" TCP4, false},
		{DLT_ARCNET, "link host $34 and tcp port 80", "12 34 d4 00 0000" TCP4, true},
		{DLT_ARCNET, "broadcast and arp", "12 00 d5 00 0000", true},
		/* RFC 1051's codes are of another format. */
		{DLT_ARCNET, "ip", "12 00 f0 00 0000", false},
		{DLT_ARCNET_LINUX, "tcp port 80", "12 34 0000 d4 00 0000" TCP4, true},
		{DLT_BACNET_MS_TP, "link src $05", "55ff 05 ff 05 0000 00", true},
		{DLT_BACNET_MS_TP, "link dst $05", "55ff 05 ff 05 0000 00", false},
		{DLT_BACNET_MS_TP, "broadcast", "55ff 05 ff 05 0000 00", true},
		{DLT_APPLE_IP_OVER_IEEE1394, "ip", "0000000000000000 0000000000000000 0800" TCP4, true},
		{DLT_IPOIB, "tcp port 80", "0800 0000" TCP4, true},
		{DLT_NETANALYZER, "ether src 2:0:0:0:0:1 and vlan 10 and tcp",
			"00000000 020000000002 020000000001 8100 000a 0800" TCP4, true},
		/* Marvell's tag: from the processor, to it; Broadcom's, behind the addresses and before them. */
		{DLT_DSA_TAG_DSA, "outbound and tcp port 80", "020000000002 020000000001 40000000 0800" TCP4, true},
		{DLT_DSA_TAG_DSA, "inbound", "020000000002 020000000001 00000000 0800" TCP4, true},
		{DLT_DSA_TAG_EDSA, "outbound and tcp", "020000000002 020000000001 dada0000 40000000 0800" TCP4,
			true},
		{DLT_DSA_TAG_BRCM, "outbound and tcp", "020000000002 020000000001 20000000 0800" TCP4, true},
		{DLT_DSA_TAG_BRCM_PREPEND, "inbound and ether src 2:0:0:0:0:1",
			"00000000 020000000002 020000000001 0800" TCP4, true},
	};

	(void)state;
	CHECK(rows);
}

static void Linux_cooked_headers_tell_all(void **state)
{
	static const struct row rows[] = {
		{DLT_LINUX_SLL, "tcp port 80 and inbound", "0000 0001 0006 0200000000010000 0800" TCP4, true},
		{DLT_LINUX_SLL, "outbound", "0004 0001 0006 0200000000010000 0800" TCP4, true},
		{DLT_LINUX_SLL, "stp", "0000 0001 0006 0200000000010000 0004 424203", true},
		{DLT_LINUX_SLL, "clnp", "0000 0001 0006 0200000000010000 0004 fefe03 81", true},
		{DLT_LINUX_SLL, "ipx", "0000 0001 0006 0200000000010000 0001 ffff", true},
		{DLT_LINUX_SLL2, "tcp port 80 and outbound", "0800 0000 00000003 0001 04 06 0200000000010000" TCP4,
			true},
		{DLT_LINUX_SLL2, "ifindex 3", "0800 0000 00000003 0001 04 06 0200000000010000" TCP4, true},
		{DLT_LINUX_SLL2, "stp", "0004 0000 00000003 0001 04 06 0200000000010000 424203", true},
	};

	(void)state;
	CHECK(rows);
}

#define RADIOTAP(present, fields) "0000 1000 " present " " fields
#define ADDRESSES "020000000001 020000000002 020000000003 "

static void Wireless_headers_have_any_length(void **state)
{
	static const struct row rows[] = {
		{DLT_IEEE802_11, "tcp port 80", "0802 0000" ADDRESSES "0000 aaaa03 000000 0800" TCP4, true},
		/* A QoS frame. */
		{DLT_IEEE802_11, "tcp port 80", "8801 0000" ADDRESSES "0000 0000 aaaa03 000000 0800" TCP4, true},
		{DLT_IEEE802_11, "ip", "8000 0000" ADDRESSES "0000 aaaa03 000000 0800" TCP4, false},
		{DLT_IEEE802_11, "llc", "8000 0000" ADDRESSES "0000", false},
		{DLT_IEEE802_11, "type mgt subtype beacon", "8000 0000" ADDRESSES "0000", true},
		{DLT_IEEE802_11, "type data", "8000 0000" ADDRESSES "0000", false},
		{DLT_IEEE802_11, "dir tods", "0801 0000" ADDRESSES "0000", true},
		/* To an access point: BSSID, source, destination. */
		{DLT_IEEE802_11, "ether src 2:0:0:0:0:2", "0801 0000" ADDRESSES "0000", true},
		{DLT_IEEE802_11, "ether dst 2:0:0:0:0:3", "0801 0000" ADDRESSES "0000", true},
		{DLT_IEEE802_11, "ether dst 2:0:0:0:0:1", "0801 0000" ADDRESSES "0000", false},
		/* From one: destination, BSSID, source. */
		{DLT_IEEE802_11, "ether src 2:0:0:0:0:3 and ether dst 2:0:0:0:0:1", "0802 0000" ADDRESSES "0000",
			true},
		/* Between two: the source is the fourth. */
		{DLT_IEEE802_11, "ether src 2:0:0:0:0:4", "0803 0000" ADDRESSES "0000 020000000004", true},
		{DLT_IEEE802_11, "wlan addr4 2:0:0:0:0:4", "0803 0000" ADDRESSES "0000 020000000004", true},
		{DLT_IEEE802_11, "wlan addr4 2:0:0:0:0:4", "0802 0000" ADDRESSES "0000 020000000004", false},
		{DLT_IEEE802_11, "wlan addr3 2:0:0:0:0:3", "0802 0000" ADDRESSES "0000", true},
		/* An acknowledgement has the receiver's address only; it is no management frame. */
		{DLT_IEEE802_11, "wlan ra 2:0:0:0:0:1", "d400 0000 020000000001", true},
		{DLT_IEEE802_11, "wlan ra 2:0:0:0:0:1", "8000 0000" ADDRESSES, false},
		{DLT_IEEE802_11, "wlan ta 2:0:0:0:0:2", "b400 0000" ADDRESSES, true},
		{DLT_IEEE802_11, "wlan ta 2:0:0:0:0:2", "d400 0000" ADDRESSES, false},
		{DLT_IEEE802_11, "wlan addr2 2:0:0:0:0:2", "d400 0000" ADDRESSES, false},
		{DLT_IEEE802_11, "broadcast", "8000 0000 ffffffffffff 020000000002 020000000003 0000", true},
		{DLT_IEEE802_11, "multicast",
			"0801 0000"
			"020000000001 020000000002 030000000003 0000",
			true},
		{DLT_IEEE802_11, "ip6 protochain 6", "0802 0000" ADDRESSES "0000 aaaa03 000000 86dd" TCP6, true},
		{DLT_IEEE802_11_RADIO, "tcp port 80",
			RADIOTAP("00000000", "0000000000000000") "0802 0000" ADDRESSES
								 "0000 aaaa03 000000 0800" TCP4,
			true},
		/* The header is padded to 28 bytes: the flags are the first field, or stand behind the time. */
		{DLT_IEEE802_11_RADIO, "tcp port 80",
			RADIOTAP("02000000", "2000000000000000") "8802 0000" ADDRESSES
								 "0000 0000 0000 aaaa03 000000 0800" TCP4,
			true},
		{DLT_IEEE802_11_RADIO, "tcp port 80",
			"0000 1100 03000000 0000000000000000 20 8802 0000" ADDRESSES
			"0000 0000 0000 aaaa03 000000 0800" TCP4,
			true},
		{DLT_IEEE802_11_RADIO, "radio[2] = 16 and type data",
			RADIOTAP("00000000", "0000000000000000") "0802 0000" ADDRESSES, true},
		{DLT_IEEE802_11_RADIO, "wlan[0] = 8 and wlan host 2:0:0:0:0:1",
			RADIOTAP("00000000", "0000000000000000") "0802 0000" ADDRESSES, true},
		{DLT_IEEE802_11_RADIO_AVS, "tcp port 80",
			"80211001 00000010 0000000000000000 0802 0000" ADDRESSES "0000 aaaa03 000000 0800" TCP4,
			true},
		{DLT_PRISM_HEADER, "tcp port 80",
			"80211001 00000010 0000000000000000 0802 0000" ADDRESSES "0000 aaaa03 000000 0800" TCP4,
			true},
		{DLT_PPI, "tcp port 80", "0000 0800 69000000 0802 0000" ADDRESSES "0000 aaaa03 000000 0800" TCP4,
			true},
		{DLT_PPI, "type data and dir fromds", "0000 0800 69000000 0802 0000" ADDRESSES, true},
		/* Something else under PPI. */
		{DLT_PPI, "type data", "0000 0800 01000000 0802 0000" ADDRESSES, false},
		{DLT_PPI, "link[0] = 8", "0000 0800 01000000 0802 0000" ADDRESSES, false},
	};

	(void)state;
	CHECK(rows);
}

static void Atm_has_circuits_and_lan_emulation(void **state)
{
	static const struct row rows[] = {
		{DLT_SUNATM, "vpi 1 and vci 100", "02 01 0064 aaaa03 000000 0800" TCP4, true},
		{DLT_SUNATM, "vci (99 or 100)", "02 01 0064 aaaa03 000000 0800" TCP4, true},
		{DLT_SUNATM, "vpi != 1", "02 01 0064 aaaa03 000000 0800" TCP4, false},
		{DLT_SUNATM, "vci > 99 and tcp port 80", "02 01 0064 aaaa03 000000 0800" TCP4, true},
		{DLT_SUNATM, "lane", "02 01 0064 aaaa03 000000 0800" TCP4, false},
		{DLT_SUNATM, "lane and tcp port 80", "01 01 0064 0001 020000000002 020000000001 0800" TCP4, true},
		{DLT_SUNATM, "lane and ether src 2:0:0:0:0:1",
			"01 01 0064 0001 020000000002 020000000001 0800" TCP4, true},
		/* A control frame, which has no Ethernet header. */
		{DLT_SUNATM, "lane and ether src 2:0:0:0:0:1",
			"01 01 0064 ff00 020000000002 020000000001 0800" TCP4, false},
		{DLT_SUNATM, "oam and oamf4", "04 00 0004", true},
		{DLT_SUNATM, "metac", "06 00 0001", true},
		{DLT_SUNATM, "ilmic", "05 01 0010", false},
		{DLT_SUNATM, "connectmsg", "06 00 0005 09 03 000001 05", true},
		{DLT_SUNATM, "connectmsg", "06 00 0005 09 03 000001 75", false},
	};

	(void)state;
	CHECK(rows);
}

/* OPC 12345 is 0x3039: its bits stand from the sixth of the fourth byte on, DPC 5 in the two bytes before. */
#define MTP3 "85 0540 0e5c "

static void Signal_units_and_point_codes_are_read(void **state)
{
	static const struct row rows[] = {
		{DLT_MTP2, "fisu", "0000 00", true},
		{DLT_MTP2, "lssu", "0000 02", true},
		{DLT_MTP2, "lssu", "0000 03", false},
		{DLT_MTP2, "msu", "0000 3f", true},
		{DLT_MTP2, "hmsu", "0000 0000 0180", true},
		{DLT_MTP2, "hlssu", "0000 0000 0100", true},
		{DLT_MTP2, "hfisu", "0000 0000 0000", true},
		{DLT_MTP2, "sio 0x85 and dpc 5 and opc 12345 and sls 5", "0000 3f" MTP3, true},
		{DLT_MTP2, "opc 12344", "0000 3f" MTP3, false},
		{DLT_MTP2, "opc > 12344 and opc < 12346 and dpc > 4 and dpc < 6", "0000 3f" MTP3, true},
		{DLT_MTP2, "opc != 12345 or dpc != 5 or sls != 5", "0000 3f" MTP3, false},
		{DLT_MTP2, "sls > 5", "0000 3f" MTP3, false},
		{DLT_MTP2, "hsio 0x85 and hdpc 5 and hopc 12345 and hsls 5", "0000 0000 1800" MTP3, true},
		{DLT_MTP2_WITH_PHDR, "msu and opc 12345", "00000000 0000 3f" MTP3, true},
		{DLT_ERF, "msu and dpc 5", "0000000000000000 05 00 0000 0000 0000 00000000 0000 3f" MTP3, true},
	};

	(void)state;
	CHECK(rows);
}

/* OpenBSD's header: length 61, IPv4, blocked, for a match, em0, no rule set, rules 4 and 5, inbound. */
#define PFLOG                                                                                                      \
	"3d 02 01 00 656d3000000000000000000000000000 666f6f00000000000000000000000000 00000004 00000005 "         \
	"00000000 00000000 00000000 00000000 01 000000 "

static void Packet_filter_logs_and_juniper_headers_are_read(void **state)
{
	static const struct row rows[] = {
		{DLT_PFLOG, "tcp port 80", PFLOG TCP4, true},
		{DLT_PFLOG, "ifname em0 and rset foo and rnr 4 and srnr 5", PFLOG TCP4, true},
		{DLT_PFLOG, "ifname em", PFLOG TCP4, false},
		{DLT_PFLOG, "ifname em00", PFLOG TCP4, false},
		{DLT_PFLOG, "action block and reason match and inbound", PFLOG TCP4, true},
		{DLT_PFLOG, "outbound", PFLOG TCP4, false},
		{DLT_JUNIPER_ETHER, "inbound and tcp port 80",
			"4d4743 81 0000000000000000000000000000 000000000000 000000000000 0800" TCP4, true},
		{DLT_JUNIPER_MLPPP, "outbound and tcp port 80", "4d4743 80" TCP4, true},
		{DLT_JUNIPER_MLPPP, "tcp", "4d4744 80" TCP4, false},
	};

	(void)state;
	CHECK(rows);
}

static void What_cannot_be_asked_is_said_with_what_can(void **state)
{
	static const struct {
		int linktype;
		const char *expression;
		const char *text;
	} rows[] = {
		{DLT_RAW, "vlan 5",
			"'vlan' cannot be asked of RAW packets; there are: protocols, hosts, nets, ports, "},
		{DLT_RAW, "ip and ether host 2:0:0:0:0:1", "cannot be asked of RAW packets"},
		{DLT_USB_LINUX, "tcp",
			"'a network protocol' cannot be asked of USB_LINUX packets; there are: link[offset:size], "
			"len"},
		{DLT_EN10MB, "type mgt", "'type' cannot be asked of EN10MB packets; there are: "},
		{DLT_EN10MB, "wlan ra 2:0:0:0:0:1", "'ra' cannot be asked"},
		{DLT_EN10MB, "vpi 5", "'an ATM circuit' cannot be asked of EN10MB packets"},
		{DLT_EN10MB, "opc 5", "'a signal unit of MTP2' cannot be asked"},
		{DLT_EN10MB, "ifname em0", "'ifname' cannot be asked"},
		{DLT_EN10MB, "radio[0] = 1", "'radio' cannot be asked"},
		{DLT_EN10MB, "link host $12", "'an address of one byte' cannot be asked"},
		{DLT_ARCNET, "ether host 2:0:0:0:0:1",
			"'an address of six bytes' cannot be asked of ARCNET packets"},
		{DLT_EN10MB, "pppoes and vlan", "'vlan' cannot be asked of PPP packets"},
		{DLT_EN10MB, "mpls and arp", "only ip and ip6 can be told"},
		{DLT_EN10MB, "tcp[0] / 0 = 1", "division by zero"},
		{DLT_EN10MB, "1 << 32 = 1", "a shift by 32 bits"},
		{DLT_EN10MB, "host no-such-host.invalid", "unknown host \"no-such-host.invalid\""},
		{DLT_EN10MB, "port no-such-port", "unknown port \"no-such-port\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *error =
			error_of((struct filter_input){.text = rows[i].expression, .linktype = rows[i].linktype});
		if (strstr(error, rows[i].text) == NULL)
			fail_msg("\"%s\" gives: %s", rows[i].expression, error);
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
		cmocka_unit_test(Ip_alone_is_told_by_its_version_or_a_family),
		cmocka_unit_test(Serial_lines_have_their_own_numbers),
		cmocka_unit_test(Lans_have_addresses_and_llc),
		cmocka_unit_test(Linux_cooked_headers_tell_all),
		cmocka_unit_test(Wireless_headers_have_any_length),
		cmocka_unit_test(Atm_has_circuits_and_lan_emulation),
		cmocka_unit_test(Signal_units_and_point_codes_are_read),
		cmocka_unit_test(Packet_filter_logs_and_juniper_headers_are_read),
		cmocka_unit_test(What_cannot_be_asked_is_said_with_what_can),
		cmocka_unit_test(Every_link_type_compiles_or_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
