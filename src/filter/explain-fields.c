/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the bytes of a packet are called, by what is known of it: rows of header fields. For explaining filters in
 * words.
 */
#include <linux/filter.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "filter/explain.h"
#include "filter/generate.h"
#include "filter/link.h"
#include "filter/scan.h"

enum header {
	HEADER_IPV4,
	HEADER_IPV6,
	HEADER_FRAGMENT,
	HEADER_ARP,
	HEADER_PORTS,
	HEADER_TCP,
	HEADER_UDP,
	HEADER_ICMP,
	HEADER_ICMPV6,
	HEADER_VLAN,
	HEADER_PPPOE,
	HEADER_MPLS,
	HEADER_WLAN,
	HEADER_GENEVE,
	HEADER_VXLAN,
	HEADER_LLC,
	HEADER_OSI,
	HEADER_DECNET,
};

/* RFC 791, 8200, 826, 9293, 768, 792 and 4443; IEEE 802.1Q, 802.2 and 802.11; RFC 2516, 8926 and 7348; ISO 10589. */
static const struct field_row {
	enum header header;
	uint8_t offset;
	uint8_t size;
	uint32_t mask; /* 0: all */
	const char *name;
	enum field_format format;
} rows[] = {
	{HEADER_IPV4, 0, 1, 0xf0, "the IP version", FORMAT_UPPER},
	{HEADER_IPV4, 0, 1, 0x0f, "the IPv4 header length in words", FORMAT_NUMBER},
	{HEADER_IPV4, 0, 1, 0, "the byte of IPv4 version and header length", FORMAT_HEX},
	{HEADER_IPV4, 1, 1, 0, "the IPv4 type of service", FORMAT_HEX},
	{HEADER_IPV4, 2, 2, 0, "the IPv4 total length", FORMAT_NUMBER},
	{HEADER_IPV4, 4, 2, 0, "the IPv4 identification", FORMAT_NUMBER},
	{HEADER_IPV4, 6, 2, 0x1fff, "the IPv4 fragment offset", FORMAT_NUMBER},
	{HEADER_IPV4, 6, 2, 0, "the IPv4 fragment offset with its flags", FORMAT_HEX},
	{HEADER_IPV4, 8, 1, 0, "the IPv4 time to live", FORMAT_NUMBER},
	{HEADER_IPV4, 9, 1, 0, "the IPv4 protocol", FORMAT_PROTOCOL},
	{HEADER_IPV4, 10, 2, 0, "the IPv4 checksum", FORMAT_HEX},
	{HEADER_IPV4, 12, 4, 0, "the IPv4 source address", FORMAT_IPV4},
	{HEADER_IPV4, 16, 4, 0, "the IPv4 destination address", FORMAT_IPV4},
	{HEADER_IPV6, 0, 1, 0xf0, "the IP version", FORMAT_UPPER},
	{HEADER_IPV6, 4, 2, 0, "the IPv6 payload length", FORMAT_NUMBER},
	{HEADER_IPV6, 6, 1, 0, "the IPv6 next header", FORMAT_PROTOCOL},
	{HEADER_IPV6, 7, 1, 0, "the IPv6 hop limit", FORMAT_NUMBER},
	{HEADER_IPV6, 8, 16, 0, "the IPv6 source address", FORMAT_IPV6},
	{HEADER_IPV6, 24, 16, 0, "the IPv6 destination address", FORMAT_IPV6},
	{HEADER_FRAGMENT, 0, 1, 0, "the next header of the IPv6 fragment", FORMAT_PROTOCOL},
	{HEADER_ARP, 6, 2, 0, "the ARP operation", FORMAT_NUMBER},
	{HEADER_ARP, 8, 6, 0, "the ARP sender's hardware address", FORMAT_MAC},
	{HEADER_ARP, 14, 4, 0, "the ARP sender's address", FORMAT_IPV4},
	{HEADER_ARP, 18, 6, 0, "the ARP target's hardware address", FORMAT_MAC},
	{HEADER_ARP, 24, 4, 0, "the ARP target's address", FORMAT_IPV4},
	{HEADER_PORTS, 0, 2, 0, "the source port", FORMAT_NUMBER},
	{HEADER_PORTS, 2, 2, 0, "the destination port", FORMAT_NUMBER},
	{HEADER_TCP, 4, 4, 0, "the TCP sequence number", FORMAT_NUMBER},
	{HEADER_TCP, 8, 4, 0, "the TCP acknowledgement number", FORMAT_NUMBER},
	{HEADER_TCP, 12, 1, 0xf0, "the TCP header length in words", FORMAT_UPPER},
	{HEADER_TCP, 12, 1, 0, "the byte of the TCP header length", FORMAT_HEX},
	{HEADER_TCP, 13, 1, 0, "the byte of TCP flags", FORMAT_TCP_FLAGS},
	{HEADER_TCP, 14, 2, 0, "the TCP window", FORMAT_NUMBER},
	{HEADER_UDP, 4, 2, 0, "the UDP length", FORMAT_NUMBER},
	{HEADER_UDP, 6, 2, 0, "the UDP checksum", FORMAT_HEX},
	{HEADER_ICMP, 0, 1, 0, "the ICMP type", FORMAT_NUMBER},
	{HEADER_ICMP, 1, 1, 0, "the ICMP code", FORMAT_NUMBER},
	{HEADER_ICMPV6, 0, 1, 0, "the ICMPv6 type", FORMAT_NUMBER},
	{HEADER_ICMPV6, 1, 1, 0, "the ICMPv6 code", FORMAT_NUMBER},
	{HEADER_VLAN, 0, 2, 0x0fff, "the VLAN ID", FORMAT_NUMBER},
	{HEADER_VLAN, 0, 2, 0, "the VLAN tag", FORMAT_HEX},
	{HEADER_PPPOE, 2, 2, 0, "the PPPoE session ID", FORMAT_NUMBER},
	{HEADER_MPLS, 2, 1, 0x01, "the MPLS bottom-of-stack bit", FORMAT_NUMBER},
	{HEADER_MPLS, 0, 4, 0, "the MPLS stack entry", FORMAT_HEX},
	{HEADER_GENEVE, 0, 1, 0x3f, "the length of Geneve's options in words", FORMAT_NUMBER},
	{HEADER_GENEVE, 0, 1, 0, "the byte of Geneve's version", FORMAT_HEX},
	{HEADER_GENEVE, 2, 2, 0, "the protocol type in Geneve", FORMAT_TYPE},
	{HEADER_GENEVE, 4, 4, 0, "Geneve's VNI with a reserved byte", FORMAT_HEX},
	{HEADER_VXLAN, 0, 1, 0, "the byte of VXLAN's flags", FORMAT_HEX},
	{HEADER_VXLAN, 4, 4, 0, "VXLAN's VNI with a reserved byte", FORMAT_HEX},
	{HEADER_LLC, 0, 2, 0, "the pair of LLC service access points", FORMAT_HEX},
	{HEADER_LLC, 2, 1, 0, "the LLC control field", FORMAT_HEX},
	{HEADER_LLC, 0, 4, 0, "the start of the LLC and SNAP headers", FORMAT_HEX},
	{HEADER_LLC, 4, 4, 0, "the end of the SNAP header", FORMAT_HEX},
	{HEADER_OSI, 0, 1, 0, "the OSI protocol identifier", FORMAT_HEX},
	{HEADER_OSI, 4, 1, 0x1f, "the IS-IS PDU type", FORMAT_NUMBER},
	{HEADER_DECNET, 2, 1, 0, "the byte of DECnet flags", FORMAT_HEX},
	{HEADER_DECNET, 2, 2, 0, "the bytes of DECnet padding and flags", FORMAT_HEX},
	{HEADER_WLAN, 0, 1, 0x0c, "the 802.11 frame type", FORMAT_WLAN_TYPE},
	{HEADER_WLAN, 0, 1, 0xfc, "the 802.11 frame type with its subtype", FORMAT_WLAN_SUBTYPE},
	{HEADER_WLAN, 0, 1, 0, "the byte of 802.11 frame type and subtype", FORMAT_HEX},
	{HEADER_WLAN, 1, 1, 0x03, "the 802.11 direction", FORMAT_WLAN_DIRECTION},
	{HEADER_WLAN, 1, 1, 0, "the byte of 802.11 flags", FORMAT_HEX},
	{HEADER_WLAN, 4, 6, 0, "the first 802.11 address", FORMAT_MAC},
	{HEADER_WLAN, 10, 6, 0, "the second 802.11 address", FORMAT_MAC},
	{HEADER_WLAN, 16, 6, 0, "the third 802.11 address", FORMAT_MAC},
	{HEADER_WLAN, 24, 6, 0, "the fourth 802.11 address", FORMAT_MAC},
};

/* Fields that some link types have at fixed places. */
static const struct link_row {
	int linktype;
	uint8_t offset;
	uint8_t size;
	uint32_t mask; /* 0: all */
	const char *name;
	enum field_format format;
} link_rows[] = {
	{DLT_LINUX_SLL, 0, 2, 0, "the packet type", FORMAT_NUMBER},
	{DLT_LINUX_SLL2, 10, 1, 0, "the packet type", FORMAT_NUMBER},
	{DLT_LINUX_SLL2, 4, 4, 0, "the interface's index", FORMAT_NUMBER},
	{DLT_SLIP, 0, 1, 0, "the direction", FORMAT_NUMBER},
	{DLT_PPP_PPPD, 0, 1, 0, "the direction", FORMAT_NUMBER},
	{DLT_IPNET, 2, 2, 0, "the direction", FORMAT_NUMBER},
	{DLT_PPI, 4, 4, 0, "the link type that PPI carries", FORMAT_HEX},
	{DLT_PFLOG, 2, 1, 0, "the PF action", FORMAT_PF_ACTION},
	{DLT_PFLOG, 3, 1, 0, "the PF reason", FORMAT_PF_REASON},
	{DLT_PFLOG, 4, 16, 0, "the interface's name", FORMAT_TEXT},
	{DLT_PFLOG, 20, 16, 0, "the rule set's name", FORMAT_TEXT},
	{DLT_PFLOG, 36, 4, 0, "the rule's number", FORMAT_NUMBER},
	{DLT_PFLOG, 40, 4, 0, "the rule's number in its set", FORMAT_NUMBER},
	{DLT_PFLOG, 60, 1, 0, "the direction", FORMAT_NUMBER},
	{DLT_SUNATM, 0, 1, 0x0f, "the kind of ATM traffic", FORMAT_NUMBER},
	{DLT_SUNATM, 1, 1, 0, "the VPI", FORMAT_NUMBER},
	{DLT_SUNATM, 2, 2, 0, "the VCI", FORMAT_NUMBER},
	/* The byte in the middle of the label is the service information octet of high-speed links. */
	{DLT_MTP2, 2, 1, 0x3f, "the length indicator", FORMAT_NUMBER},
	{DLT_MTP2, 3, 1, 0, "the service information octet", FORMAT_HEX},
	{DLT_MTP2, 4, 2, UINT32_MAX, "the length indicator of a high-speed link with seven spare bits", FORMAT_HEX},
	{DLT_MTP2, 6, 1, 0, "the byte at 6", FORMAT_HEX},
	{DLT_MTP2, 4, 4, 0, "the MTP3 routing label", FORMAT_HEX},
	{DLT_MTP2, 7, 4, 0, "the MTP3 routing label of a high-speed link", FORMAT_HEX},
	{DLT_MTP2_WITH_PHDR, 6, 1, 0x3f, "the length indicator", FORMAT_NUMBER},
	{DLT_MTP2_WITH_PHDR, 7, 1, 0, "the service information octet", FORMAT_HEX},
	{DLT_MTP2_WITH_PHDR, 8, 2, UINT32_MAX, "the length indicator of a high-speed link with seven spare bits",
		FORMAT_HEX},
	{DLT_MTP2_WITH_PHDR, 10, 1, 0, "the byte at 10", FORMAT_HEX},
	{DLT_MTP2_WITH_PHDR, 8, 4, 0, "the MTP3 routing label", FORMAT_HEX},
	{DLT_MTP2_WITH_PHDR, 11, 4, 0, "the MTP3 routing label of a high-speed link", FORMAT_HEX},
	{DLT_DSA_TAG_DSA, 12, 1, 0, "the first byte of the DSA tag", FORMAT_HEX},
	{DLT_DSA_TAG_EDSA, 16, 1, 0, "the first byte of the DSA tag", FORMAT_HEX},
	{DLT_DSA_TAG_BRCM, 12, 1, 0, "the first byte of the switch's tag", FORMAT_HEX},
	{DLT_DSA_TAG_BRCM_PREPEND, 0, 1, 0, "the first byte of the switch's tag", FORMAT_HEX},
};

/* What the numbers of a field are called; of those that tell the network protocol, its Ethernet type as well. */
static const struct name_row {
	enum field_format format;
	uint32_t number;
	const char *name;
	uint32_t protocol;
} names[] = {
	{FORMAT_PROTOCOL, IPPROTO_ICMP, "ICMP", 0},
	{FORMAT_PROTOCOL, IPPROTO_IGMP, "IGMP", 0},
	{FORMAT_PROTOCOL, IPPROTO_TCP, "TCP", 0},
	{FORMAT_PROTOCOL, IPPROTO_UDP, "UDP", 0},
	{FORMAT_PROTOCOL, IPPROTO_GRE, "GRE", 0},
	{FORMAT_PROTOCOL, IPPROTO_ESP, "ESP", 0},
	{FORMAT_PROTOCOL, IPPROTO_AH, "AH", 0},
	{FORMAT_PROTOCOL, IPPROTO_ICMPV6, "ICMPv6", 0},
	{FORMAT_PROTOCOL, IPPROTO_FRAGMENT, "an IPv6 fragment", 0},
	{FORMAT_PROTOCOL, IPPROTO_PIM, "PIM", 0},
	{FORMAT_PROTOCOL, IPPROTO_SCTP, "SCTP", 0},
	{FORMAT_TYPE, LINK_PROTO_IP, "IPv4", 0},
	{FORMAT_TYPE, LINK_PROTO_IPV6, "IPv6", 0},
	{FORMAT_TYPE, LINK_PROTO_ARP, "ARP", 0},
	{FORMAT_TYPE, LINK_PROTO_RARP, "RARP", 0},
	{FORMAT_TYPE, LINK_PROTO_DECNET, "DECnet", 0},
	{FORMAT_TYPE, LINK_PROTO_ATALK, "AppleTalk", 0},
	{FORMAT_TYPE, LINK_PROTO_AARP, "AppleTalk ARP", 0},
	{FORMAT_TYPE, LINK_PROTO_IPX_TYPE, "IPX", 0},
	{FORMAT_TYPE, LINK_PROTO_VLAN, "a VLAN tag", 0},
	{FORMAT_TYPE, LINK_PROTO_QINQ, "an outer VLAN tag", 0},
	{FORMAT_TYPE, LINK_PROTO_VLAN_9100, "an outer VLAN tag", 0},
	{FORMAT_TYPE, LINK_PROTO_MPLS, "MPLS", 0},
	{FORMAT_TYPE, LINK_PROTO_PPPOED, "PPPoE discovery", 0},
	{FORMAT_TYPE, LINK_PROTO_PPPOES, "a PPPoE session", 0},
	{FORMAT_FAMILY, 2, "IPv4", LINK_PROTO_IP},
	{FORMAT_FAMILY, 10, "IPv6", LINK_PROTO_IPV6}, /* Linux */
	{FORMAT_FAMILY, 24, "IPv6", LINK_PROTO_IPV6}, /* NetBSD, OpenBSD */
	{FORMAT_FAMILY, 26, "IPv6", LINK_PROTO_IPV6}, /* Solaris */
	{FORMAT_FAMILY, 28, "IPv6", LINK_PROTO_IPV6}, /* FreeBSD */
	{FORMAT_FAMILY, 30, "IPv6", LINK_PROTO_IPV6}, /* macOS */
	{FORMAT_PPP, 0x21, "IPv4", LINK_PROTO_IP},
	{FORMAT_PPP, 0x23, "OSI", LINK_PROTO_ISO},
	{FORMAT_PPP, 0x27, "DECnet", LINK_PROTO_DECNET},
	{FORMAT_PPP, 0x29, "AppleTalk", LINK_PROTO_ATALK},
	{FORMAT_PPP, 0x2b, "IPX", LINK_PROTO_IPX_TYPE},
	{FORMAT_PPP, 0x2d, "IPv4 with its TCP header compressed", LINK_PROTO_IP},
	{FORMAT_PPP, 0x2f, "IPv4 with a TCP header to remember", LINK_PROTO_IP},
	{FORMAT_PPP, 0x31, "a spanning tree", LINK_PROTO_STP},
	{FORMAT_PPP, 0x57, "IPv6", LINK_PROTO_IPV6},
	{FORMAT_PPP, 0x281, "MPLS", LINK_PROTO_MPLS},
	{FORMAT_NLPID, 0x381, "OSI's CLNP", LINK_PROTO_ISO},
	{FORMAT_NLPID, 0x382, "OSI's ES-IS", LINK_PROTO_ISO},
	{FORMAT_NLPID, 0x383, "OSI's IS-IS", LINK_PROTO_ISO},
	{FORMAT_NLPID, 0x38e, "IPv6", LINK_PROTO_IPV6},
	{FORMAT_NLPID, 0x3cc, "IPv4", LINK_PROTO_IP},
	{FORMAT_ARCNET, 0xc4, "IPv6", LINK_PROTO_IPV6},
	{FORMAT_ARCNET, 0xd4, "IPv4", LINK_PROTO_IP},
	{FORMAT_ARCNET, 0xd5, "ARP", LINK_PROTO_ARP},
	{FORMAT_ARCNET, 0xd6, "RARP", LINK_PROTO_ARP},
	{FORMAT_ARCNET, 0xdd, "AppleTalk", LINK_PROTO_ATALK},
};

static const struct name_row *find_name(enum field_format format, uint32_t number)
{
	if (format == FORMAT_FAMILY && number > 0xffff)
		number = htonl(number);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].format == format && names[i].number == number)
			return &names[i];
	return NULL;
}

uint32_t explain_protocol(enum field_format format, uint32_t number)
{
	const struct name_row *row = find_name(format, number);

	/* Cisco HDLC has OSI's service access points there. */
	if (format == FORMAT_TYPE && number == (LINK_PROTO_ISO << 8 | LINK_PROTO_ISO))
		return LINK_PROTO_ISO;
	if (format == FORMAT_TYPE)
		return number == LINK_PROTO_RARP ? LINK_PROTO_ARP : number;
	return row != NULL ? row->protocol : 0;
}

const char *explain_name(enum field_format format, uint32_t number)
{
	const struct named_value *row = NULL;
	const struct name_row *name = find_name(format, number);

	if (format == FORMAT_WLAN_TYPE)
		row = filter_named_value(filter_wlan_types, number, WORD_WLAN_TYPE);
	if (format == FORMAT_WLAN_SUBTYPE)
		row = filter_named_value(filter_wlan_subtypes, number, WORD_WLAN_TYPE);
	if (format == FORMAT_WLAN_DIRECTION)
		row = filter_named_value(filter_wlan_directions, number, WORD_WLAN_DIR);
	if (format == FORMAT_PF_ACTION)
		row = filter_named_value(filter_pf_actions, number, WORD_PF_ACTION);
	if (format == FORMAT_PF_REASON)
		row = filter_named_value(filter_pf_reasons, number, WORD_PF_REASON);
	if (row != NULL)
		return row->text;
	return name != NULL ? name->name : NULL;
}

const char *explain_ancillary(uint32_t offset)
{
	static const struct {
		uint32_t offset;
		const char *name;
	} ancillary[] = {
		{SKF_AD_PROTOCOL, "the protocol, as the kernel tells it,"},
		{SKF_AD_PKTTYPE, "the packet type, as the kernel tells it,"},
		{SKF_AD_IFINDEX, "the interface's index"},
		{SKF_AD_VLAN_TAG, "the VLAN tag, as the kernel tells it,"},
		{SKF_AD_VLAN_TAG_PRESENT, "the presence of a VLAN tag, as the kernel tells it,"},
		{SKF_AD_VLAN_TPID, "the VLAN protocol, as the kernel tells it,"},
	};

	for (size_t i = 0; i < sizeof(ancillary) / sizeof(ancillary[0]); i++)
		if (ancillary[i].offset == offset)
			return ancillary[i].name;
	return "what the kernel tells";
}

/* Whether value loads from place on, and how far behind it. */
static bool is_behind(const struct value *value, struct place place, uint32_t *offset)
{
	*offset = value->k - place.constant;
	return value->left == place.variable && value->k >= place.constant;
}

static bool is_constant(const struct value *value, uint32_t k)
{
	return value != NULL && value->kind == VALUE_CONST && value->k == k;
}

/* 4 * (the low four bits of the network header's first byte), as the generator computes it without "ldx msh". */
static bool is_header_length(const struct value *value, struct place network)
{
	const struct value *words = value->left;

	return value->kind == VALUE_ALU && value->op == BPF_LSH && is_constant(value->right, 2) &&
	       words->kind == VALUE_ALU && words->op == BPF_AND && is_constant(words->right, 0xf) &&
	       words->left->kind == VALUE_LOAD && words->left->left == network.variable &&
	       words->left->k == network.constant;
}

/* Whether value loads from behind the IPv4 header. */
static bool is_behind_ipv4(const struct value *value, struct place network, uint32_t *offset)
{
	const struct value *base = value->left;

	*offset = value->k - network.constant;
	if (base == NULL || value->k < network.constant)
		return false;
	if (network.variable == NULL)
		return base->kind == VALUE_MSH && base->k == network.constant;
	if (base->kind != VALUE_ALU || base->op != BPF_ADD)
		return false;
	return (base->left == network.variable && is_header_length(base->right, network)) ||
	       (base->right == network.variable && is_header_length(base->left, network));
}

/* How bytes of a field are written, where they are not all of it. */
static enum field_format format_of_part(const struct field_row *row, uint8_t size)
{
	if (row->format == FORMAT_IPV4 && size != row->size)
		return FORMAT_NUMBER;
	return row->format == FORMAT_IPV6 && size != 4 ? FORMAT_HEX : row->format;
}

/* The field of a header that size bytes from offset on are, or lie in. */
static bool find_row(enum header header, uint32_t offset, uint8_t size, uint32_t mask, struct named_field *field)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct field_row *row = &rows[i];
		if (row->header != header || offset < row->offset || offset + size > row->offset + row->size ||
			(row->mask != 0 && row->mask != mask))
			continue;
		*field = (struct named_field){.name = row->name,
			.format = format_of_part(row, size),
			.first = (uint8_t)(offset - row->offset),
			.last = (uint8_t)(offset - row->offset + size - 1),
			.size = row->size,
			.is_transport = row->format == FORMAT_PROTOCOL && header != HEADER_FRAGMENT,
			.is_bottom = header == HEADER_MPLS && row->mask == 1,
			.is_port = header == HEADER_PORTS && row->offset == 2};
		return true;
	}
	return false;
}

static bool transport_field(
	const struct known *known, uint32_t offset, uint8_t size, uint32_t mask, struct named_field *field)
{
	bool ports = known->transport == TRANSPORT_WITH_PORTS || known->transport == IPPROTO_TCP ||
		     known->transport == IPPROTO_UDP || known->transport == IPPROTO_SCTP;

	if (ports && find_row(HEADER_PORTS, offset, size, mask, field))
		return true;
	switch (known->transport) {
	case IPPROTO_TCP:
		return find_row(HEADER_TCP, offset, size, mask, field);
	case IPPROTO_UDP:
		if (known->tunnel != 0 && offset >= UDP_HEADER &&
			find_row(known->tunnel == GENEVE_PORT ? HEADER_GENEVE : HEADER_VXLAN, offset - UDP_HEADER,
				size, mask, field))
			return true;
		return find_row(HEADER_UDP, offset, size, mask, field);
	case IPPROTO_ICMP:
		return find_row(HEADER_ICMP, offset, size, mask, field);
	case IPPROTO_FRAGMENT:
		return find_row(HEADER_FRAGMENT, offset, size, mask, field);
	case IPPROTO_ICMPV6:
		return find_row(HEADER_ICMPV6, offset, size, mask, field);
	default:
		return false;
	}
}

/* What stands where the link layer's header has been read, which tags move. */
static struct place payload_place(const struct known *known)
{
	return place_add(known->first->payload, known->type.constant - known->first->type.constant);
}

/* An LLC header, and OSI's header behind it or in its place. */
static bool llc_field(
	const struct known *known, const struct value *value, uint32_t mask, struct named_field *field)
{
	struct place payload = payload_place(known);
	uint32_t offset;

	/* Not in a PPPoE session, whose PPP begins elsewhere than the link layer's payload. */
	bool osi = known->protocol == LINK_PROTO_ISO &&
		   (!known->ppp || known->type.constant == known->first->type.constant);
	if (osi && is_behind(value, place_add(payload, known->first->network_nosnap), &offset) &&
		find_row(HEADER_OSI, offset, value->size, mask, field))
		return true;
	if (!known->llc || !is_behind(value, payload, &offset) ||
		!find_row(HEADER_LLC, offset, value->size, mask, field))
		return false;
	field->is_llc = offset == 0;
	return true;
}

static bool network_field(
	const struct known *known, const struct value *value, uint32_t mask, struct named_field *field)
{
	bool behind;
	uint32_t offset;

	if (value->left != NULL && value->left->kind == VALUE_CHAIN_END) {
		struct known there = *known;
		there.transport = value->left->op;
		return transport_field(&there, value->k, value->size, mask, field);
	}
	if (known->protocol == LINK_PROTO_IP && is_behind_ipv4(value, known->network, &offset))
		return transport_field(known, offset, value->size, mask, field);
	behind = is_behind(value, known->network, &offset);
	if (!behind)
		return false;
	switch (known->protocol) {
	case LINK_PROTO_IP:
		return find_row(HEADER_IPV4, offset, value->size, mask, field);
	case LINK_PROTO_IPV6:
		if (offset >= IPV6_HEADER)
			return transport_field(known, offset - IPV6_HEADER, value->size, mask, field);
		return find_row(HEADER_IPV6, offset, value->size, mask, field);
	case LINK_PROTO_ARP:
		return find_row(HEADER_ARP, offset, value->size, mask, field);
	case LINK_PROTO_DECNET:
		return find_row(HEADER_DECNET, offset, value->size, mask, field);
	case LINK_PROTO_MPLS:
		return find_row(HEADER_MPLS, offset, value->size, mask, field);
	default:
		/* What tells IPv4 from IPv6. */
		return offset == 0 && value->size == 1 && mask == 0xf0 && find_row(HEADER_IPV4, 0, 1, mask, field);
	}
}

static bool address_field(const struct known *known, uint32_t offset, uint8_t size, struct named_field *field)
{
	const struct addresses *addresses = known->first->linktype->addresses;

	if (addresses == NULL)
		return false;
	for (int i = 0; i < 2; i++) {
		uint32_t start = i == 0 ? addresses->source : addresses->destination;
		if (offset < start || offset + size > start + addresses->size)
			continue;
		*field = (struct named_field){
			.name = i == 0 ? "the link layer's source address" : "the link layer's destination address",
			.format = FORMAT_MAC,
			.first = (uint8_t)(offset - start),
			.last = (uint8_t)(offset - start + size - 1),
			.size = addresses->size};
		return true;
	}
	return false;
}

/* How link types tell the network protocol that do not do it by an Ethernet type. */
static const struct type_row {
	tell_function *tell;
	const char *name;
	enum field_format format;
	uint8_t size; /* 0: any */
} type_rows[] = {
	{tell_null, "the address family", FORMAT_FAMILY, 0},
	{tell_loop, "the address family", FORMAT_FAMILY, 0},
	{tell_pflog, "the address family", FORMAT_FAMILY, 0},
	{tell_ipnet, "the address family", FORMAT_FAMILY, 0},
	{tell_frame_relay, "the control byte with the NLPID", FORMAT_NLPID, 2},
	{tell_arcnet, "the ARCnet protocol", FORMAT_ARCNET, 1},
};

static const struct type_row *type_row_of(const struct known *known)
{
	static const struct type_row ppp = {NULL, "the PPP protocol", FORMAT_PPP, 2},
				     ethernet = {NULL, "the Ethernet type", FORMAT_TYPE, 2};

	if (known->ppp)
		return &ppp;
	for (size_t i = 0; i < sizeof(type_rows) / sizeof(type_rows[0]); i++)
		if (type_rows[i].tell == known->first->linktype->tell)
			return &type_rows[i];
	return &ethernet;
}

/* The field that tells the network protocol, or what stands before it since a tag moved it. */
static bool type_field(
	const struct known *known, const struct value *value, uint32_t mask, struct named_field *field)
{
	const struct type_row *row = type_row_of(known);
	uint32_t before = known->type.constant - value->k, offset;

	if (known->first->tell == NULL || value->left != known->type.variable || value->k > known->type.constant)
		return false;
	if (before == 0 && (row->size == 0 || value->size == row->size)) {
		*field = (struct named_field){.name = row->name,
			.format = row->format,
			.last = (uint8_t)(value->size - 1),
			.size = value->size,
			.is_type = true};
		return true;
	}
	if (!is_behind(value, known->first->type, &offset) || offset < 2)
		return false;
	if (known->ppp)
		return before <= PPPOE_HEADER &&
		       find_row(HEADER_PPPOE, PPPOE_HEADER - before, value->size, mask, field);
	return before == 2 && find_row(HEADER_VLAN, 0, value->size, mask, field);
}

static bool link_field(
	const struct known *known, const struct value *value, uint32_t mask, struct named_field *field)
{
	for (size_t i = 0; i < sizeof(link_rows) / sizeof(link_rows[0]) && value->left == NULL; i++) {
		const struct link_row *row = &link_rows[i];
		if (row->linktype != known->first->linktype->dlt || value->k < row->offset ||
			value->k + value->size > (uint32_t)row->offset + row->size ||
			(row->mask != 0 && row->mask != mask))
			continue;
		*field = (struct named_field){.name = row->name,
			.format = row->format,
			.first = (uint8_t)(value->k - row->offset),
			.last = (uint8_t)(value->k - row->offset + value->size - 1),
			.size = row->size};
		return true;
	}
	return false;
}

bool explain_field(const struct known *known, const struct value *value, uint32_t mask, struct named_field *field)
{
	struct value plain = *value;
	uint32_t offset;

	if (value->kind != VALUE_LOAD)
		return false;
	/* The index is constant where the same code reads the headers of IPv4. */
	if (value->left != NULL && value->left->kind == VALUE_CONST) {
		plain.k += value->left->k;
		plain.left = NULL;
		value = &plain;
	}
	if (link_field(known, value, mask, field))
		return true;
	if (known->placed && (type_field(known, value, mask, field) || network_field(known, value, mask, field) ||
				     llc_field(known, value, mask, field)))
		return true;
	if (!is_behind(value, known->first->link, &offset))
		return false;
	if ((known->first->linktype->has & LINK_WLAN) != 0 &&
		find_row(HEADER_WLAN, offset, value->size, mask, field))
		return true;
	return address_field(known, offset, value->size, field);
}
