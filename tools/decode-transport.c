/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What IP carries: TCP, UDP, the names of the other protocols.
 */
#include "decode-parts.h"

/* IANA's list of protocol numbers. */
static const struct number_name protocols[] = {
	{0, "hop-by-hop"},
	{1, "ICMP"},
	{2, "IGMP"},
	{4, "IPv4-in-IP"},
	{6, "TCP"},
	{8, "EGP"},
	{9, "IGP"},
	{17, "UDP"},
	{27, "RDP"},
	{33, "DCCP"},
	{41, "IPv6-in-IP"},
	{46, "RSVP"},
	{47, "GRE"},
	{50, "ESP"},
	{51, "AH"},
	{58, "ICMPv6"},
	{59, "no-next-header"},
	{88, "EIGRP"},
	{89, "OSPF"},
	{94, "IPIP"},
	{97, "EtherIP"},
	{103, "PIM"},
	{108, "IPComp"},
	{112, "VRRP"},
	{113, "PGM"},
	{115, "L2TP"},
	{124, "IS-IS"},
	{132, "SCTP"},
	{133, "FC"},
	{135, "Mobility"},
	{136, "UDP-Lite"},
	{137, "MPLS-in-IP"},
	{139, "HIP"},
	{140, "Shim6"},
	{142, "ROHC"},
	{143, "Ethernet"},
};

/* The ends, with the ports that the first four bytes are. False if no more is wanted or there. */
static bool begin_with_ports(struct decoded *d, const struct cursor *cursor, const char *protocol)
{
	bool there = has(cursor, 4);

	if (there) {
		d->source_port = get16(cursor->at);
		d->destination_port = get16(cursor->at + 2);
	}
	endpoints(d, protocol);
	if (!there)
		truncated(d);
	return there && !d->quoted;
}

/* RFC 9293 and, for the ninth, RFC 3540's place that AccECN took. In the order they are shown in. */
static void tcp_flags(struct decoded *d, unsigned flags)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{0x002, "SYN"}, {0x001, "FIN"}, {0x004, "RST"}, {0x008, "PSH"}, {0x010, "ACK"}, {0x020, "URG"},
		{0x040, "ECE"}, {0x080, "CWR"}, {0x100, "AE"}};
	char separator = ' ';

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((flags & names[i].bit) == 0)
			continue;
		text_char(&d->text, separator);
		text_string(&d->text, names[i].name);
		separator = ',';
	}
	if (separator == ' ')
		word(d, "none");
}

static void decode_tcp(struct decoded *d, struct cursor cursor)
{
	unsigned header_size, flags;

	if (!begin_with_ports(d, &cursor, "TCP"))
		return;
	if (!has(&cursor, 20)) {
		truncated(d);
		return;
	}
	header_size = (cursor.at[12] >> 4) * 4;
	flags = get16(cursor.at + 12) & 0x1ff;
	tcp_flags(d, flags);
	word_number(d, "seq", get32(cursor.at + 4));
	if (flags & 0x010)
		word_number(d, "ack", get32(cursor.at + 8));
	word_number(d, "win", get16(cursor.at + 14));
	if (flags & 0x020)
		word_number(d, "urg", get16(cursor.at + 18));
	if (header_size < 20 || header_size > cursor.wire) {
		word_number(d, "[bad header length", header_size);
		text_char(&d->text, ']');
		return;
	}
	word_number(d, "len", cursor.wire - header_size);
	if (!has(&cursor, header_size))
		truncated(d);
}

static void decode_udp(struct decoded *d, struct cursor cursor)
{
	unsigned length;

	if (!begin_with_ports(d, &cursor, "UDP"))
		return;
	if (!has(&cursor, 8)) {
		truncated(d);
		return;
	}
	length = get16(cursor.at + 4);
	if (length == 0) {
		/* RFC 2675: a jumbogram's. */
		word_number(d, "len", cursor.wire - 8);
	} else if (length < 8) {
		word_number(d, "[bad length", length);
		text_char(&d->text, ']');
	} else {
		word_number(d, "len", length - 8);
	}
}

static void decode_other(struct decoded *d, struct cursor cursor)
{
	const char *name = NAME_OF(protocols, d->protocol);

	endpoints(d, name != NULL ? name : "protocol ");
	if (name == NULL)
		text_decimal(&d->text, d->protocol, 1);
	if (!d->quoted)
		word_length(d, &cursor);
}

/* Protocols whose first four bytes are ports, and no more is shown of them. */
static void decode_ports(struct decoded *d, struct cursor cursor)
{
	if (begin_with_ports(d, &cursor, NAME_OF(protocols, d->protocol)))
		word_length(d, &cursor);
}

static const struct protocol_row {
	int protocol;
	decode_routine decode;
} protocol_rows[] = {
	{6, decode_tcp}, {17, decode_udp}, {1, decode_icmp}, {58, decode_icmpv6}, {33, decode_ports}, /* DCCP */
	{132, decode_ports},                                                                          /* SCTP */
	{136, decode_ports},                                                                          /* UDP-Lite */
};

void decode_transport(struct decoded *d, struct cursor cursor, bool first)
{
	for (size_t i = 0; first && i < sizeof(protocol_rows) / sizeof(protocol_rows[0]); i++) {
		if (protocol_rows[i].protocol == d->protocol) {
			protocol_rows[i].decode(d, cursor);
			return;
		}
	}
	decode_other(d, cursor);
}
