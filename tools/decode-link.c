/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link layers, a row each, and what Ethernet types and 802.2 say comes next: VLAN tags, LLC, SNAP.
 */
#include <sys/socket.h>

#include "decode-parts.h"

/* IEEE 802 Numbers (IANA) and the IEEE's list of Ethernet types. */
static const struct number_name ethertypes[] = {
	{0x0200, "PUP"},
	{0x0800, "IPv4"},
	{0x0806, "ARP"},
	{0x0842, "Wake-on-LAN"},
	{0x22f0, "AVTP"},
	{0x22f3, "TRILL"},
	{0x6002, "MOP-RC"},
	{0x6003, "DECnet"},
	{0x6558, "TEB"},
	{0x8035, "RARP"},
	{0x809b, "AppleTalk"},
	{0x80f3, "AARP"},
	{0x8100, "VLAN"},
	{0x8137, "IPX"},
	{0x86dd, "IPv6"},
	{0x8808, "MAC-control"},
	{0x8809, "slow-protocols"},
	{0x880b, "PPP"},
	{0x8847, "MPLS"},
	{0x8848, "MPLS-multicast"},
	{0x8863, "PPPoE-discovery"},
	{0x8864, "PPPoE-session"},
	{0x886d, "Intel-ANS"},
	{0x888e, "EAPOL"},
	{0x8892, "PROFINET"},
	{0x889a, "HyperSCSI"},
	{0x88a2, "ATA-over-Ethernet"},
	{0x88a4, "EtherCAT"},
	{0x88a8, "QinQ"},
	{0x88ab, "Powerlink"},
	{0x88b8, "GOOSE"},
	{0x88ba, "sampled-values"},
	{0x88cc, "LLDP"},
	{0x88cd, "SERCOS"},
	{0x88e3, "MRP"},
	{0x88e5, "MACsec"},
	{0x88e7, "PBB"},
	{0x88f5, "MVRP"},
	{0x88f7, "PTP"},
	{0x88f8, "NC-SI"},
	{0x88fb, "PRP"},
	{0x8902, "CFM"},
	{0x8906, "FCoE"},
	{0x8914, "FIP"},
	{0x8915, "RoCE"},
	{0x892f, "HSR"},
	{0x893a, "IEEE-1905"},
	{0x894f, "NSH"},
	{0x9000, "loopback-test"},
	{0x9100, "VLAN-9100"},
	{0xf1c1, "FRER"},
};

/* Linux's own protocol numbers in cooked captures (linux/if_ether.h); below every Ethernet type. */
static const struct number_name linux_protocols[] = {
	{0x0001, "802.3"},
	{0x0003, "all"},
	{0x0004, "LLC"},
	{0x000c, "CAN"},
	{0x000d, "CAN-FD"},
	{0x000e, "CAN-XL"},
	{0x00f6, "802.15.4"},
	{0x00f7, "CAIF"},
};

/* Service access points of 802.2 LLC (IEEE). */
static const struct number_name llc_saps[] = {
	{0x00, "null"},
	{0x02, "management"},
	{0x06, "IP"},
	{0x42, "STP"},
	{0x4e, "EIA-RS511"},
	{0x7e, "X.25"},
	{0xaa, "SNAP"},
	{0xe0, "IPX"},
	{0xf0, "NetBIOS"},
	{0xfe, "ISO"},
	{0xff, "global"},
};

#define LLC_SNAP 0xaa

/* Packet types of cooked captures, LINUX_SLL_ in pcap/sll.h. */
static const char *const sll_directions[] = {"in", "broadcast", "multicast", "otherhost", "out"};

/* Arp hardware types of Linux (linux/if_arp.h) whose protocol field is not an Ethernet type. */
#define ARPHRD_NETLINK 824

static const struct ethertype_row {
	unsigned ethertype;
	decode_routine decode;
} ethertype_rows[] = {
	{0x0800, decode_ipv4},
	{0x86dd, decode_ipv6},
	{0x0806, decode_arp},
	{0x8035, decode_arp},
};

static void macs(struct decoded *d)
{
	if (d->source_mac == NULL)
		return;
	if (text_length(&d->text) > 0)
		text_char(&d->text, ' ');
	text_mac(&d->text, d->source_mac, 6);
	if (d->destination_mac != NULL)
		word_mac(d, ">", d->destination_mac, 6);
}

static bool is_vlan(unsigned ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

/* Goes through a stack of VLAN tags; false if it ends before the Ethernet type does. */
static bool vlan_tags(struct decoded *d, unsigned *ethertype, struct cursor *cursor)
{
	while (is_vlan(*ethertype)) {
		if (!has(cursor, 4)) {
			word(d, "vlan");
			truncated(d);
			return false;
		}
		if (d->vlan_count < DECODE_VLANS) {
			d->vlans[d->vlan_count] = get16(cursor->at) & 0xfff;
			word_number(d, "vlan", d->vlans[d->vlan_count]);
		}
		d->vlan_count++;
		*ethertype = get16(cursor->at + 2);
		skip(cursor, 4);
	}
	if (d->vlan_count > DECODE_VLANS) {
		word_number(d, "and", d->vlan_count - DECODE_VLANS);
		word(d, "more");
	}
	return true;
}

static void llc(struct decoded *d, struct cursor cursor)
{
	const char *name;

	macs(d);
	if (!has(&cursor, 3)) {
		word(d, "LLC");
		truncated(d);
		return;
	}
	if (cursor.at[0] == LLC_SNAP && cursor.at[1] == LLC_SNAP) {
		if (!has(&cursor, 8)) {
			word(d, "SNAP");
			truncated(d);
			return;
		}
		word_hex(d, "SNAP oui", get32(cursor.at + 2) & 0xffffff, 6);
		word_hex(d, "type", get16(cursor.at + 6), 4);
		skip(&cursor, 8);
		word_length(d, &cursor);
		return;
	}
	name = NAME_OF(llc_saps, cursor.at[0] & 0xfe);
	word(d, name != NULL ? name : "LLC");
	word_hex(d, "dsap", cursor.at[0], 2);
	word_hex(d, "ssap", cursor.at[1], 2);
	word_hex(d, "control", cursor.at[2], 2);
	skip(&cursor, 3);
	word_length(d, &cursor);
}

static void decode_ethertype(struct decoded *d, unsigned ethertype, struct cursor cursor);

/* 802.2 LLC; with SNAP and an OUI of 0 (RFC 1042) it says an Ethernet type. */
static void decode_llc(struct decoded *d, struct cursor cursor)
{
	static const uint8_t rfc1042[6] = {LLC_SNAP, LLC_SNAP, 3, 0, 0, 0};
	unsigned ethertype;

	if (!has(&cursor, 8) || memcmp(cursor.at, rfc1042, sizeof(rfc1042)) != 0) {
		llc(d, cursor);
		return;
	}
	ethertype = get16(cursor.at + 6);
	skip(&cursor, 8);
	decode_ethertype(d, ethertype, cursor);
}

/* 802.3: the field is the length of what follows. */
static void decode_802_3(struct decoded *d, unsigned length, struct cursor cursor)
{
	limit(&cursor, length);
	/* Novell put IPX here without LLC; it begins with a checksum that is not used. */
	if (has(&cursor, 2) && get16(cursor.at) == 0xffff) {
		macs(d);
		word(d, "IPX 802.3");
		word_length(d, &cursor);
		return;
	}
	decode_llc(d, cursor);
}

/* What an Ethernet type says comes next; VLAN tags are gone through. */
static void decode_ethertype(struct decoded *d, unsigned ethertype, struct cursor cursor)
{
	const char *name;

	if (!vlan_tags(d, &ethertype, &cursor))
		return;
	/* IEEE 802.3, 3.2.6: up to 1500 it is a length, from 1536 a type. */
	if (ethertype <= 1500) {
		decode_802_3(d, ethertype, cursor);
		return;
	}
	d->ethertype = ethertype;
	for (size_t i = 0; i < sizeof(ethertype_rows) / sizeof(ethertype_rows[0]); i++) {
		if (ethertype_rows[i].ethertype == ethertype) {
			ethertype_rows[i].decode(d, cursor);
			return;
		}
	}
	macs(d);
	name = NAME_OF(ethertypes, ethertype);
	if (name != NULL)
		word(d, name);
	word_hex(d, "ethertype", ethertype, 4);
	word_length(d, &cursor);
}

static void decode_ethernet(struct decoded *d, struct cursor cursor)
{
	unsigned ethertype;

	if (has(&cursor, 12)) {
		d->destination_mac = cursor.at;
		d->source_mac = cursor.at + 6;
	}
	if (!has(&cursor, 14)) {
		macs(d);
		word(d, "Ethernet");
		truncated(d);
		return;
	}
	ethertype = get16(cursor.at + 12);
	skip(&cursor, 14);
	decode_ethertype(d, ethertype, cursor);
}

/* What follows a cooked header, by the protocol that Linux gave it. */
static void decode_cooked(struct decoded *d, unsigned hardware, unsigned protocol, struct cursor cursor)
{
	const char *name = NAME_OF(linux_protocols, protocol);

	if (hardware == ARPHRD_NETLINK) {
		word_number(d, "netlink family", protocol);
		word_length(d, &cursor);
	} else if (protocol == 0x0004) {
		decode_llc(d, cursor);
	} else if (name != NULL || protocol <= 1500) {
		word(d, name != NULL ? name : "cooked");
		word_hex(d, "protocol", protocol, 4);
		word_length(d, &cursor);
	} else {
		decode_ethertype(d, protocol, cursor);
	}
}

static void cooked_direction(struct decoded *d, unsigned type)
{
	if (type < sizeof(sll_directions) / sizeof(sll_directions[0])) {
		d->direction = sll_directions[type];
		word(d, d->direction);
	} else {
		word_number(d, "type", type);
	}
}

static void decode_sll(struct decoded *d, struct cursor cursor)
{
	unsigned hardware, protocol;

	if (!has(&cursor, 16)) {
		word(d, "SLL");
		truncated(d);
		return;
	}
	cooked_direction(d, get16(cursor.at));
	hardware = get16(cursor.at + 2);
	protocol = get16(cursor.at + 14);
	if (get16(cursor.at + 4) == 6)
		d->source_mac = cursor.at + 6;
	skip(&cursor, 16);
	decode_cooked(d, hardware, protocol, cursor);
}

static void decode_sll2(struct decoded *d, struct cursor cursor)
{
	unsigned hardware, protocol;

	if (!has(&cursor, 20)) {
		word(d, "SLL2");
		truncated(d);
		return;
	}
	d->interface_index = get32(cursor.at + 4);
	word_number(d, "ifindex", d->interface_index);
	cooked_direction(d, cursor.at[10]);
	protocol = get16(cursor.at);
	hardware = get16(cursor.at + 8);
	if (cursor.at[11] == 6)
		d->source_mac = cursor.at + 12;
	skip(&cursor, 20);
	decode_cooked(d, hardware, protocol, cursor);
}

/* AF_INET is 2 wherever BSD sockets are; the others are AF_INET6 of NetBSD and OpenBSD, FreeBSD, Darwin, Linux. */
static void decode_family(struct decoded *d, uint32_t family, struct cursor cursor)
{
	static const struct {
		uint32_t family;
		decode_routine decode;
	} rows[] = {{2, decode_ipv4}, {24, decode_ipv6}, {28, decode_ipv6}, {30, decode_ipv6}, {10, decode_ipv6}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].family == family) {
			rows[i].decode(d, cursor);
			return;
		}
	}
	word_number(d, "family", family);
	word_length(d, &cursor);
}

static void loopback(struct decoded *d, struct cursor cursor, bool either_order)
{
	uint32_t family;

	if (!has(&cursor, 4)) {
		word(d, "loopback");
		truncated(d);
		return;
	}
	family = get32(cursor.at);
	if (either_order && family > 0xffff)
		family = __builtin_bswap32(family);
	skip(&cursor, 4);
	decode_family(d, family, cursor);
}

/* The family is in the byte order of the host that captured, which nothing tells; families are small numbers. */
static void decode_null(struct decoded *d, struct cursor cursor)
{
	loopback(d, cursor, true);
}

static void decode_loop(struct decoded *d, struct cursor cursor)
{
	loopback(d, cursor, false);
}

static const struct link_row {
	int linktype;
	decode_routine decode;
} link_rows[] = {
	{DLT_EN10MB, decode_ethernet},
	{DLT_LINUX_SLL, decode_sll},
	{DLT_LINUX_SLL2, decode_sll2},
	{DLT_NULL, decode_null},
	{DLT_LOOP, decode_loop},
	{DLT_RAW, decode_ip},
	{DLT_IPV4, decode_ipv4},
	{DLT_IPV6, decode_ipv6},
};

void decode_link(struct decoded *d, int linktype, struct cursor cursor)
{
	const char *name;

	for (size_t i = 0; i < sizeof(link_rows) / sizeof(link_rows[0]); i++) {
		if (link_rows[i].linktype == linktype) {
			link_rows[i].decode(d, cursor);
			return;
		}
	}
	name = pcap_datalink_val_to_name(linktype);
	if (name != NULL)
		word(d, name);
	else
		word_number(d, "DLT", linktype);
	word_length(d, &cursor);
}
