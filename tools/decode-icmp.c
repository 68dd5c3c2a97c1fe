/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP and ICMPv6: echoes, errors with the packet they are about, neighbor discovery. Types and codes are those of
 * IANA's lists.
 */
#include "decode-parts.h"

#include <sys/socket.h>

/* A message type: what it is called, the names of its codes, and what shows the rest of it (from byte 4 on). */
struct icmp_row {
	unsigned type;
	const char *name;
	const char *const *codes;
	unsigned code_count;
	decode_routine rest;
};

#define CODES(names) names, sizeof(names) / sizeof((names)[0])

static const char *const unreachable_codes[] = {"net unreachable", "host unreachable", "protocol unreachable",
	"port unreachable", "fragmentation needed", "source route failed", "net unknown", "host unknown",
	"host isolated", "net prohibited", "host prohibited", "net unreachable for service",
	"host unreachable for service", "communication prohibited", "host precedence violation",
	"precedence cutoff"};
static const char *const redirect_codes[] = {
	"redirect net", "redirect host", "redirect service and net", "redirect service and host"};
static const char *const exceeded_codes[] = {"time exceeded in transit", "time exceeded in reassembly"};
static const char *const unreachable6_codes[] = {"no route", "communication prohibited", "beyond scope",
	"address unreachable", "port unreachable", "source address failed policy", "route rejected",
	"source routing header error"};
static const char *const exceeded6_codes[] = {"hop limit exceeded", "reassembly time exceeded"};
static const char *const parameter6_codes[] = {
	"bad header field", "unknown next header", "unknown option", "incomplete header chain"};

/* The packet that an error is about, from its network header on. */
static void quoted_packet(struct decoded *d, struct cursor cursor)
{
	struct decoded inner;

	word(d, "for");
	begin_decoding(&inner, d->text, true);
	decode_ip(&inner, cursor);
	d->text = inner.text;
	d->truncated = inner.truncated;
}

/* Errors that have four bytes of no interest before the packet. */
static void rest_error(struct decoded *d, struct cursor cursor)
{
	skip(&cursor, 4);
	quoted_packet(d, cursor);
}

/* RFC 1191: the next hop's MTU is in the last two of the four. */
static void rest_unreachable(struct decoded *d, struct cursor cursor)
{
	if (get16(cursor.at + 2) != 0)
		word_number(d, "mtu", get16(cursor.at + 2));
	rest_error(d, cursor);
}

static void rest_redirect(struct decoded *d, struct cursor cursor)
{
	word_ipv4(d, "to", cursor.at);
	rest_error(d, cursor);
}

static void rest_parameter(struct decoded *d, struct cursor cursor)
{
	word_number(d, "pointer", cursor.at[0]);
	rest_error(d, cursor);
}

static void rest_mtu6(struct decoded *d, struct cursor cursor)
{
	word_number(d, "mtu", get32(cursor.at));
	rest_error(d, cursor);
}

static void rest_parameter6(struct decoded *d, struct cursor cursor)
{
	word_number(d, "pointer", get32(cursor.at));
	rest_error(d, cursor);
}

static void rest_echo(struct decoded *d, struct cursor cursor)
{
	word_number(d, "id", get16(cursor.at));
	word_number(d, "seq", get16(cursor.at + 2));
}

/* RFC 4861, 4.6: options of neighbor discovery, in units of 8 bytes; 1 and 2 hold a link-layer address. */
static const uint8_t *link_layer_option(struct cursor *cursor, unsigned type)
{
	while (has(cursor, 8) && cursor->at[1] != 0) {
		if (cursor->at[0] == type)
			return cursor->at + 2;
		skip(cursor, cursor->at[1] * 8);
	}
	return NULL;
}

/* Solicitation and advertisement: four bytes, the address that is asked for or told, options. */
static void neighbor(struct decoded *d, struct cursor cursor, const char *verb, unsigned option, const char *told)
{
	const uint8_t *mac;

	if (!has(&cursor, 20)) {
		truncated(d);
		return;
	}
	word_ipv6(d, verb, cursor.at + 4);
	skip(&cursor, 20);
	mac = link_layer_option(&cursor, option);
	if (mac != NULL)
		word_mac(d, told, mac, 6);
	else if (cursor.captured < cursor.wire)
		truncated(d);
}

static void rest_solicitation(struct decoded *d, struct cursor cursor)
{
	neighbor(d, cursor, "who-has", 1, "tell");
}

static void rest_advertisement(struct decoded *d, struct cursor cursor)
{
	neighbor(d, cursor, "for", 2, "is-at");
}

static void rest_redirect6(struct decoded *d, struct cursor cursor)
{
	if (!has(&cursor, 36)) {
		truncated(d);
		return;
	}
	word_ipv6(d, "of", cursor.at + 20);
	word_ipv6(d, "to", cursor.at + 4);
}

static const struct icmp_row icmp_rows[] = {
	{0, "echo reply", NULL, 0, rest_echo},
	{3, "unreachable", CODES(unreachable_codes), rest_unreachable},
	{4, "source quench", NULL, 0, rest_error},
	{5, "redirect", CODES(redirect_codes), rest_redirect},
	{8, "echo request", NULL, 0, rest_echo},
	{9, "router advertisement", NULL, 0, NULL},
	{10, "router solicitation", NULL, 0, NULL},
	{11, "time exceeded", CODES(exceeded_codes), rest_error},
	{12, "parameter problem", NULL, 0, rest_parameter},
	{13, "timestamp request", NULL, 0, rest_echo},
	{14, "timestamp reply", NULL, 0, rest_echo},
	{15, "information request", NULL, 0, rest_echo},
	{16, "information reply", NULL, 0, rest_echo},
	{17, "address mask request", NULL, 0, rest_echo},
	{18, "address mask reply", NULL, 0, rest_echo},
	{42, "extended echo request", NULL, 0, NULL},
	{43, "extended echo reply", NULL, 0, NULL},
};

static const struct icmp_row icmpv6_rows[] = {
	{1, "unreachable", CODES(unreachable6_codes), rest_error},
	{2, "packet too big", NULL, 0, rest_mtu6},
	{3, "time exceeded", CODES(exceeded6_codes), rest_error},
	{4, "parameter problem", CODES(parameter6_codes), rest_parameter6},
	{128, "echo request", NULL, 0, rest_echo},
	{129, "echo reply", NULL, 0, rest_echo},
	{130, "multicast listener query", NULL, 0, NULL},
	{131, "multicast listener report", NULL, 0, NULL},
	{132, "multicast listener done", NULL, 0, NULL},
	{133, "router solicitation", NULL, 0, NULL},
	{134, "router advertisement", NULL, 0, NULL},
	{135, "neighbor solicitation", NULL, 0, rest_solicitation},
	{136, "neighbor advertisement", NULL, 0, rest_advertisement},
	{137, "redirect", NULL, 0, rest_redirect6},
	{143, "multicast listener report v2", NULL, 0, NULL},
	{160, "extended echo request", NULL, 0, NULL},
	{161, "extended echo reply", NULL, 0, NULL},
};

static void message(struct decoded *d, struct cursor cursor, const struct icmp_row *rows, size_t count)
{
	const struct icmp_row *row = NULL;
	unsigned code;

	if (!has(&cursor, 2)) {
		truncated(d);
		return;
	}
	for (size_t i = 0; i < count && row == NULL; i++) {
		if (rows[i].type == cursor.at[0])
			row = &rows[i];
	}
	code = cursor.at[1];
	if (row == NULL) {
		word_number(d, "type", cursor.at[0]);
		word_number(d, "code", code);
		return;
	}
	word(d, code < row->code_count ? row->codes[code] : row->name);
	if (code >= row->code_count && code != 0)
		word_number(d, "code", code);
	if (!has(&cursor, 8)) {
		truncated(d);
		return;
	}
	skip(&cursor, 4);
	if (row->rest != NULL)
		row->rest(d, cursor);
}

void decode_icmp(struct decoded *d, struct cursor cursor)
{
	endpoints(d, "ICMP");
	if (!d->quoted)
		message(d, cursor, icmp_rows, sizeof(icmp_rows) / sizeof(icmp_rows[0]));
}

void decode_icmpv6(struct decoded *d, struct cursor cursor)
{
	endpoints(d, "ICMPv6");
	if (!d->quoted)
		message(d, cursor, icmpv6_rows, sizeof(icmpv6_rows) / sizeof(icmpv6_rows[0]));
}
