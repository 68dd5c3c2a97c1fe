/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network layer: ARP, IPv4 with options and fragments, IPv6 with its chain of extension headers.
 */
#include <sys/socket.h>

#include "decode-parts.h"

/* What is said of the network header after the transport's words. */
struct ip_notes {
	bool fragment;
	uint32_t id;
	unsigned offset;
	bool more;
	size_t missing;       /* bytes that the length field claims and the wire did not have */
	unsigned options;     /* bytes of IPv4 options */
	const char *chain[8]; /* IPv6 extension headers, as far as they are shown */
	unsigned chain_length;
};

/* How many extension headers are gone through: RFC 8200 has six kinds, once or twice each. */
#define CHAIN_MAX 32

static void notes(struct decoded *d, const struct ip_notes *n)
{
	if (d->quoted)
		return;
	for (unsigned i = 0; i < n->chain_length && i < sizeof(n->chain) / sizeof(n->chain[0]); i++) {
		if (i == 0)
			word(d, "headers ");
		else
			text_char(&d->text, ',');
		text_string(&d->text, n->chain[i]);
	}
	if (n->options > 0)
		word_number(d, "options", n->options);
	if (n->fragment) {
		word_number(d, "fragment id", n->id);
		word_number(d, "offset", n->offset);
		if (n->more)
			word(d, "more");
	}
	if (n->missing > 0) {
		word_number(d, "[missing", n->missing);
		text_char(&d->text, ']');
	}
}

static void wrong(struct decoded *d, const char *what, unsigned value)
{
	word_number(d, what, value);
	text_char(&d->text, ']');
}

void decode_ipv4(struct decoded *d, struct cursor cursor)
{
	struct ip_notes n = {0};
	unsigned header_size, total, fragment;

	if (has(&cursor, 1) && cursor.at[0] >> 4 != 4) {
		word(d, "IPv4");
		wrong(d, "[version", cursor.at[0] >> 4);
		return;
	}
	if (!has(&cursor, 20)) {
		word(d, "IPv4");
		truncated(d);
		return;
	}
	header_size = (cursor.at[0] & 15) * 4;
	total = get16(cursor.at + 2);
	fragment = get16(cursor.at + 6);
	d->family = AF_INET;
	d->protocol = cursor.at[9];
	d->source = cursor.at + 12;
	d->destination = cursor.at + 16;
	if (header_size < 20) {
		endpoints(d, "IPv4");
		wrong(d, "[bad header length", header_size);
		return;
	}
	/* The kernel hands out packets that it has yet to cut into segments with a length of 0. */
	if (total != 0 && total < header_size) {
		endpoints(d, "IPv4");
		wrong(d, "[bad length", total);
		return;
	}
	if (total > cursor.wire)
		n.missing = total - cursor.wire;
	if (total != 0)
		limit(&cursor, total);
	if (!has(&cursor, header_size)) {
		endpoints(d, "IPv4");
		truncated(d);
		return;
	}
	n.options = header_size - 20;
	n.id = get16(cursor.at + 4);
	n.offset = (fragment & 0x1fff) * 8;
	n.more = (fragment & 0x2000) != 0;
	n.fragment = n.more || n.offset > 0;
	skip(&cursor, header_size);
	decode_transport(d, cursor, n.offset == 0);
	notes(d, &n);
}

/* Extension headers of IPv6, by the number that announces each (IANA's list; RFC 8200, RFC 4302). */
static const struct extension_row {
	unsigned number;
	const char *name;
	unsigned unit; /* what its length field counts */
	unsigned more; /* what is added to the field */
} extension_rows[] = {
	{0, "hop-by-hop", 8, 1},
	{43, "routing", 8, 1},
	{44, "fragment", 8, 1}, /* its length field is reserved: it has always 8 bytes */
	{51, "AH", 4, 2},
	{60, "destination", 8, 1},
};

static const struct extension_row *find_extension(unsigned number)
{
	for (size_t i = 0; i < sizeof(extension_rows) / sizeof(extension_rows[0]); i++) {
		if (extension_rows[i].number == number)
			return &extension_rows[i];
	}
	return NULL;
}

/* Steps over one extension header; false if it is not all there. */
static bool extension(struct decoded *d, const struct extension_row *row, struct cursor *cursor, struct ip_notes *n)
{
	size_t size;

	if (!has(cursor, 8))
		return false;
	if (row->number == 44) {
		n->fragment = true;
		n->offset = get16(cursor->at + 2) & 0xfff8;
		n->more = (cursor->at[3] & 1) != 0;
		n->id = get32(cursor->at + 4);
		size = 8;
	} else {
		size = (cursor->at[1] + row->more) * row->unit;
		if (n->chain_length < sizeof(n->chain) / sizeof(n->chain[0]))
			n->chain[n->chain_length] = row->name;
		n->chain_length++;
	}
	if (!has(cursor, size))
		return false;
	d->protocol = cursor->at[0];
	skip(cursor, size);
	return true;
}

void decode_ipv6(struct decoded *d, struct cursor cursor)
{
	struct ip_notes n = {0};
	const struct extension_row *row;
	unsigned payload;

	if (has(&cursor, 1) && cursor.at[0] >> 4 != 6) {
		word(d, "IPv6");
		wrong(d, "[version", cursor.at[0] >> 4);
		return;
	}
	if (!has(&cursor, 40)) {
		word(d, "IPv6");
		truncated(d);
		return;
	}
	payload = get16(cursor.at + 4);
	d->family = AF_INET6;
	d->protocol = cursor.at[6];
	d->source = cursor.at + 8;
	d->destination = cursor.at + 24;
	skip(&cursor, 40);
	if (payload > cursor.wire)
		n.missing = payload - cursor.wire;
	/* 0 is a jumbogram's (RFC 2675), or a packet's that is yet to be cut into segments. */
	if (payload != 0)
		limit(&cursor, payload);
	for (unsigned i = 0; n.offset == 0 && (row = find_extension(d->protocol)) != NULL; i++) {
		if (i == CHAIN_MAX) {
			endpoints(d, "IPv6");
			word(d, "[header chain too long]");
			return;
		}
		if (!extension(d, row, &cursor, &n)) {
			endpoints(d, "IPv6");
			word(d, row->name);
			truncated(d);
			return;
		}
	}
	decode_transport(d, cursor, n.offset == 0);
	notes(d, &n);
}

void decode_ip(struct decoded *d, struct cursor cursor)
{
	if (!has(&cursor, 1)) {
		word(d, "IP");
		truncated(d);
	} else if (cursor.at[0] >> 4 == 4) {
		decode_ipv4(d, cursor);
	} else if (cursor.at[0] >> 4 == 6) {
		decode_ipv6(d, cursor);
	} else {
		word(d, "IP");
		wrong(d, "[version", cursor.at[0] >> 4);
	}
}

/* Of Ethernet and IPv4 addresses: hardware address, protocol address, sender's and then target's. */
static void arp_addresses(struct decoded *d, unsigned operation, const uint8_t *at)
{
	const uint8_t *sender_mac = at, *sender = at + 6, *target_mac = at + 10, *target = at + 16;

	d->family = AF_INET;
	d->source = sender;
	d->destination = target;
	switch (operation) {
	case 1:
		word_ipv4(d, "ARP who-has", target);
		word_ipv4(d, "tell", sender);
		break;
	case 2:
		word_ipv4(d, "ARP", sender);
		word_mac(d, "is-at", sender_mac, 6);
		break;
	case 3:
		word_mac(d, "RARP who-is", target_mac, 6);
		word_mac(d, "tell", sender_mac, 6);
		break;
	case 4:
		word_mac(d, "RARP", target_mac, 6);
		word_ipv4(d, "is", target);
		break;
	default:
		word_number(d, "ARP operation", operation);
		word_ipv4(d, "from", sender);
		word_ipv4(d, "to", target);
	}
}

/* RFC 826; operations by IANA's list. */
void decode_arp(struct decoded *d, struct cursor cursor)
{
	unsigned operation;

	if (!has(&cursor, 8)) {
		word(d, "ARP");
		truncated(d);
		return;
	}
	operation = get16(cursor.at + 6);
	if (get16(cursor.at + 2) != 0x0800 || cursor.at[4] != 6 || cursor.at[5] != 4) {
		word_number(d, "ARP hardware", get16(cursor.at));
		word_hex(d, "protocol", get16(cursor.at + 2), 4);
		word_number(d, "operation", operation);
		return;
	}
	skip(&cursor, 8);
	if (!has(&cursor, 20)) {
		word_number(d, "ARP operation", operation);
		truncated(d);
		return;
	}
	arp_addresses(d, operation, cursor.at);
}
