/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decoder's entry, and the words that its parts write the line with.
 */
#include "decode.h"

#include <sys/socket.h>

#include "decode-parts.h"

const char *find_name(const struct number_name *names, size_t count, unsigned number)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (names[middle].number == number)
			return names[middle].name;
		if (names[middle].number < number)
			low = middle + 1;
		else
			count = middle;
	}
	return NULL;
}

void word(struct decoded *d, const char *string)
{
	if (text_length(&d->text) > 0)
		text_char(&d->text, ' ');
	text_string(&d->text, string);
}

void word_number(struct decoded *d, const char *string, uint64_t number)
{
	word(d, string);
	text_char(&d->text, ' ');
	text_decimal(&d->text, number, 1);
}

void word_hex(struct decoded *d, const char *string, uint64_t number, unsigned width)
{
	word(d, string);
	text_string(&d->text, " 0x");
	text_hex(&d->text, number, width);
}

void word_mac(struct decoded *d, const char *string, const uint8_t *address, size_t size)
{
	word(d, string);
	text_char(&d->text, ' ');
	text_mac(&d->text, address, size);
}

void word_ipv4(struct decoded *d, const char *string, const uint8_t *address)
{
	word(d, string);
	text_char(&d->text, ' ');
	text_ipv4(&d->text, address);
}

void word_ipv6(struct decoded *d, const char *string, const uint8_t *address)
{
	word(d, string);
	text_char(&d->text, ' ');
	text_ipv6(&d->text, address);
}

void word_length(struct decoded *d, const struct cursor *cursor)
{
	word_number(d, "len", cursor->wire);
}

void truncated(struct decoded *d)
{
	d->truncated = true;
	word(d, "[truncated]");
}

static void endpoint(struct decoded *d, const uint8_t *address, int port)
{
	bool brackets = port != NOT_KNOWN && d->family == AF_INET6;

	if (brackets)
		text_char(&d->text, '[');
	if (d->family == AF_INET)
		text_ipv4(&d->text, address);
	else
		text_ipv6(&d->text, address);
	if (brackets)
		text_char(&d->text, ']');
	if (port != NOT_KNOWN) {
		text_char(&d->text, ':');
		text_decimal(&d->text, port, 1);
	}
}

void endpoints(struct decoded *d, const char *protocol)
{
	if (text_length(&d->text) > 0)
		text_char(&d->text, ' ');
	endpoint(d, d->source, d->source_port);
	text_string(&d->text, " > ");
	endpoint(d, d->destination, d->destination_port);
	text_char(&d->text, ' ');
	text_string(&d->text, protocol);
}

void begin_decoding(struct decoded *d, struct text text, bool quoted)
{
	d->text = text;
	d->truncated = false;
	d->quoted = quoted;
	d->source_mac = d->destination_mac = NULL;
	d->vlan_count = 0;
	d->ethertype = d->family = d->protocol = NOT_KNOWN;
	d->source = d->destination = NULL;
	d->source_port = d->destination_port = NOT_KNOWN;
	d->interface_index = NOT_KNOWN;
	d->direction = NULL;
}

void decode_packet(struct decoded *decoded, int linktype, const struct pcap_pkthdr *header, const uint8_t *bytes)
{
	struct cursor cursor = {.at = bytes,
		.captured = header->caplen,
		.wire = header->len > header->caplen ? header->len : header->caplen};

	begin_decoding(decoded, text_in(decoded->buffer, sizeof(decoded->buffer)), false);
	decode_link(decoded, linktype, cursor);
	text_finish(&decoded->text);
}
