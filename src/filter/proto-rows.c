/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The facts about protocols: Ethernet types and IP protocol numbers (IANA), LLC service access points (IEEE 802.2),
 * ISO network layer protocol identifiers (ISO/IEC TR 9577), IS-IS PDU types (ISO/IEC 10589).
 */
#include "filter/proto-rows.h"

#include <string.h>

#include <netinet/in.h>
#include <pcap/namedb.h>

#include "filter/generate.h"

#define ISO_CLNP 0x81
#define ISO_ESIS 0x82
#define ISO_ISIS 0x83

#define LINK(number) .carrier = PROTO_LINK, .numbers = {number}, .count = 1
#define IP(number) .carrier = PROTO_IP, .numbers = {number}, .count = 1, .base = BASE_IPV4_PAYLOAD
#define EITHER(number) .carrier = PROTO_NONE, .numbers = {number}, .count = 1
#define ISIS(n, ...) .carrier = PROTO_ISIS, .count = n, .numbers = {__VA_ARGS__}

const struct proto_row proto_rows[] = {
	[PROTO_NONE] = {"IP"},
	[PROTO_LINK] = {"link", .base = BASE_LINK},
	[PROTO_IP] = {"ip", LINK(LINK_PROTO_IP), .base = BASE_NETWORK},
	[PROTO_ARP] = {"arp", LINK(LINK_PROTO_ARP), .base = BASE_NETWORK},
	[PROTO_RARP] = {"rarp", LINK(LINK_PROTO_RARP), .base = BASE_NETWORK},
	[PROTO_SCTP] = {"sctp", EITHER(IPPROTO_SCTP), .base = BASE_TRANSPORT},
	[PROTO_TCP] = {"tcp", EITHER(IPPROTO_TCP), .base = BASE_TRANSPORT},
	[PROTO_UDP] = {"udp", EITHER(IPPROTO_UDP), .base = BASE_TRANSPORT},
	[PROTO_ICMP] = {"icmp", IP(IPPROTO_ICMP)},
	[PROTO_IGMP] = {"igmp", IP(IPPROTO_IGMP)},
	[PROTO_IGRP] = {"igrp", IP(9)},
	[PROTO_ATALK] = {"atalk", LINK(LINK_PROTO_ATALK), .base = BASE_NETWORK},
	[PROTO_DECNET] = {"decnet", LINK(LINK_PROTO_DECNET), .base = BASE_NETWORK},
	[PROTO_LAT] = {"lat", LINK(0x6004), .base = BASE_NETWORK},
	[PROTO_SCA] = {"sca", LINK(0x6007), .base = BASE_NETWORK},
	[PROTO_MOPRC] = {"moprc", LINK(0x6002), .base = BASE_NETWORK},
	[PROTO_MOPDL] = {"mopdl", LINK(0x6001), .base = BASE_NETWORK},
	[PROTO_IPV6] = {"ip6", LINK(LINK_PROTO_IPV6), .base = BASE_NETWORK},
	[PROTO_ICMPV6] = {"icmp6", .carrier = PROTO_IPV6, .numbers = {IPPROTO_ICMPV6}, .count = 1,
		.base = BASE_IPV6_PAYLOAD},
	[PROTO_AH] = {"ah", EITHER(IPPROTO_AH)},
	[PROTO_ESP] = {"esp", EITHER(IPPROTO_ESP)},
	[PROTO_PIM] = {"pim", EITHER(IPPROTO_PIM), .base = BASE_IPV4_PAYLOAD},
	[PROTO_VRRP] = {"vrrp", IP(112)},
	[PROTO_CARP] = {"carp", IP(112)},
	[PROTO_AARP] = {"aarp", LINK(LINK_PROTO_AARP)},
	[PROTO_ISO] = {"iso", LINK(LINK_PROTO_ISO)},
	[PROTO_ESIS] = {"esis", .carrier = PROTO_ISO, .numbers = {ISO_ESIS}, .count = 1},
	[PROTO_ISIS] = {"isis", .carrier = PROTO_ISO, .numbers = {ISO_ISIS}, .count = 1},
	[PROTO_CLNP] = {"clnp", .carrier = PROTO_ISO, .numbers = {ISO_CLNP}, .count = 1},
	[PROTO_STP] = {"stp", LINK(LINK_PROTO_STP)},
	[PROTO_IPX] = {"ipx", LINK(LINK_PROTO_IPX)},
	[PROTO_NETBEUI] = {"netbeui", LINK(LINK_PROTO_NETBEUI)},
	[PROTO_RADIO] = {"radio", .base = BASE_RADIO},
	/* IIH: 15 and 16 on LANs (level 1 and 2), 17 point to point; LSP 18, 20; CSNP 24, 25; PSNP 26, 27. */
	[PROTO_ISIS_L1] = {"l1", ISIS(5, 15, 17, 18, 24, 26)},
	[PROTO_ISIS_L2] = {"l2", ISIS(5, 16, 17, 20, 25, 27)},
	[PROTO_ISIS_IIH] = {"iih", ISIS(3, 15, 16, 17)},
	[PROTO_ISIS_LSP] = {"lsp", ISIS(2, 18, 20)},
	[PROTO_ISIS_SNP] = {"snp", ISIS(4, 24, 25, 26, 27)},
	[PROTO_ISIS_CSNP] = {"csnp", ISIS(2, 24, 25)},
	[PROTO_ISIS_PSNP] = {"psnp", ISIS(2, 26, 27)},
};

int ip_protocol_number(const char *name)
{
	for (enum protocol p = PROTO_SCTP; p <= PROTO_CARP; p++) {
		const struct proto_row *row = &proto_rows[p];
		if (row->count == 1 && strcmp(row->name, name) == 0 &&
			(row->carrier == PROTO_NONE || row->carrier == PROTO_IP || row->carrier == PROTO_IPV6))
			return row->numbers[0];
	}
	return PROTO_UNDEF;
}

int iso_protocol_number(const char *name)
{
	for (enum protocol p = PROTO_ESIS; p <= PROTO_CLNP; p++)
		if (strcmp(proto_rows[p].name, name) == 0)
			return proto_rows[p].numbers[0];
	return PROTO_UNDEF;
}
