/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for people and for programs: a line each, or a JSON object each. The line is
 * "TIME [INTERFACE] CAPTURED/LENGTH DECODE".
 */
#include "print.h"

#include <sys/socket.h>

#include "decode.h"
#include "json.h"
#include "text.h"

/* What a line shows of a comment, in bytes. */
#define COMMENT_SHOWN 200

/* 12:00:01, in local time; converting costs more than all the rest, so it is done once a second of packets. */
static void local_clock(struct printer *printer, time_t second)
{
	struct tm tm;

	if (printer->clock_known && printer->clock_second == second)
		return;
	printer->clock_known = true;
	printer->clock_second = second;
	if (localtime_r(&second, &tm) == NULL || strftime(printer->clock, sizeof(printer->clock), "%T", &tm) == 0)
		snprintf(printer->clock, sizeof(printer->clock), "@%lld", (long long)second);
}

static void fraction(struct text *text, const struct shown_packet *packet)
{
	text_char(text, '.');
	text_decimal(text, (uint64_t)packet->header->ts.tv_usec, packet->nanoseconds ? 9 : 6);
}

/* " # COMMENT" for each that the packet has. */
static void print_comments(struct printer *printer, const struct pcapng_block *block)
{
	for (size_t i = 0; block != NULL && i < block->option_count; i++) {
		const struct pcapng_option *option = &block->options[i];
		char buffer[4 * COMMENT_SHOWN + 20];
		struct text text = text_in(buffer, sizeof(buffer));

		if (option->code != PCAPNG_OPT_COMMENT)
			continue;
		text_string(&text, " # ");
		text_escaped(&text, option->value, option->length < COMMENT_SHOWN ? option->length : COMMENT_SHOWN);
		if (option->length > COMMENT_SHOWN)
			text_string(&text, "...");
		fwrite_unlocked(buffer, 1, text_length(&text), printer->out);
	}
}

static void print_line(struct printer *printer, const struct shown_packet *packet, const struct decoded *decoded)
{
	const struct pcap_pkthdr *header = packet->header;
	char buffer[500 + DECODE_TEXT_SIZE];
	struct text text = text_in(buffer, sizeof(buffer));

	local_clock(printer, header->ts.tv_sec);
	text_string(&text, printer->clock);
	fraction(&text, packet);
	text_char(&text, ' ');
	if (printer->show_interfaces && packet->interface != NULL) {
		text_escaped(&text, packet->interface, strnlen(packet->interface, 100));
		text_char(&text, ' ');
	}
	text_decimal(&text, header->caplen, 1);
	text_char(&text, '/');
	text_decimal(&text, header->len, 1);
	text_char(&text, ' ');
	text_bytes(&text, decoded->text.start, text_length(&decoded->text));
	fwrite_unlocked(buffer, 1, text_length(&text), printer->out);
	print_comments(printer, packet->block);
	putc_unlocked('\n', printer->out);
}

/* "2024-02-29T12:00:01.123456Z". */
static void json_time(struct json *json, const struct shown_packet *packet)
{
	char buffer[64];
	struct text text = text_in(buffer, sizeof(buffer));
	char date[40];
	struct tm tm;
	time_t second = packet->header->ts.tv_sec;

	if (gmtime_r(&second, &tm) == NULL || strftime(date, sizeof(date), "%FT%T", &tm) == 0)
		snprintf(date, sizeof(date), "@%lld", (long long)second);
	text_string(&text, date);
	fraction(&text, packet);
	text_char(&text, 'Z');
	json_string(json, "time", text_finish(&text));
}

static void json_mac(struct json *json, const char *key, const uint8_t *address)
{
	char buffer[24];
	struct text text = text_in(buffer, sizeof(buffer));

	if (address == NULL)
		return;
	text_mac(&text, address, 6);
	json_string(json, key, text_finish(&text));
}

static void json_address(struct json *json, const char *key, int family, const uint8_t *address)
{
	char buffer[64];
	struct text text = text_in(buffer, sizeof(buffer));

	if (address == NULL)
		return;
	if (family == AF_INET)
		text_ipv4(&text, address);
	else
		text_ipv6(&text, address);
	json_string(json, key, text_finish(&text));
}

static void json_known(struct json *json, const char *key, long value)
{
	if (value != NOT_KNOWN)
		json_number(json, key, value);
}

static void json_decoded(struct json *json, const struct decoded *decoded)
{
	json_known(json, "interface_index", decoded->interface_index);
	if (decoded->direction != NULL)
		json_string(json, "direction", decoded->direction);
	json_mac(json, "source_mac", decoded->source_mac);
	json_mac(json, "destination_mac", decoded->destination_mac);
	if (decoded->vlan_count > 0) {
		json_open_array(json, "vlans");
		for (unsigned i = 0; i < decoded->vlan_count && i < DECODE_VLANS; i++)
			json_number(json, NULL, decoded->vlans[i]);
		json_close_array(json);
	}
	json_known(json, "ethertype", decoded->ethertype);
	json_address(json, "source", decoded->family, decoded->source);
	json_address(json, "destination", decoded->family, decoded->destination);
	json_known(json, "protocol", decoded->protocol);
	json_known(json, "source_port", decoded->source_port);
	json_known(json, "destination_port", decoded->destination_port);
	json_bool(json, "truncated", decoded->truncated);
	json_string(json, "summary", decoded->buffer);
}

/* What the packet's block in a file says. */
static void json_block(struct json *json, const struct pcapng_block *block, bool direction_known)
{
	static const char *const directions[] = {NULL, "in", "out", NULL};
	const struct pcapng_option *flags = pcapng_find_option(block, PCAPNG_EPB_FLAGS);
	const char *direction = flags != NULL ? directions[pcapng_option_number(block, flags) & 3] : NULL;

	if (direction != NULL && !direction_known)
		json_string(json, "direction", direction);
	if (pcapng_find_option(block, PCAPNG_OPT_COMMENT) == NULL)
		return;
	json_open_array(json, "comments");
	for (size_t i = 0; i < block->option_count; i++) {
		if (block->options[i].code == PCAPNG_OPT_COMMENT)
			json_text(json, NULL, block->options[i].value, block->options[i].length);
	}
	json_close_array(json);
}

static void print_json(struct printer *printer, const struct shown_packet *packet, const struct decoded *decoded)
{
	struct json json = {.out = printer->out};
	const char *name = pcap_datalink_val_to_name(packet->linktype);

	json_open_object(&json, NULL);
	json_time(&json, packet);
	if (packet->interface != NULL)
		json_string(&json, "interface", packet->interface);
	json_number(&json, "captured", packet->header->caplen);
	json_number(&json, "length", packet->header->len);
	if (name != NULL)
		json_string(&json, "link_type", name);
	else
		json_number(&json, "link_type", packet->linktype);
	json_decoded(&json, decoded);
	if (packet->block != NULL)
		json_block(&json, packet->block, decoded->direction != NULL);
	json_close_object(&json);
	json_end_line(&json);
}

void print_packet(struct printer *printer, const struct shown_packet *packet)
{
	struct decoded decoded;

	decode_packet(&decoded, packet->linktype, packet->header, packet->bytes);
	if (printer->json)
		print_json(printer, packet, &decoded);
	else
		print_line(printer, packet, &decoded);
}
