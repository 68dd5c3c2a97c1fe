/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells what is in a savefile, to people and to programs. Text of the file is made safe for a terminal.
 */
#include "info.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "units.h"

#define TSRESOL_BINARY 0x80

static const char *const block_names[INFO_BLOCK_COUNT] = INFO_BLOCK_NAMES;

static uint64_t duration(const struct file_info *info)
{
	return (uint64_t)(info->last.seconds - info->first.seconds) * NANOSECONDS_PER_SECOND +
	       info->last.nanoseconds - info->first.nanoseconds;
}

/* The link type's name, or its number. */
static const char *link_name(int dlt, char number[32])
{
	const char *name = pcap_datalink_val_to_name(dlt);

	snprintf(number, 32, "DLT %d", dlt);
	return name != NULL ? name : number;
}

/* ---- Lines ---- */

static void print_line(const char *what, const char *value, size_t size)
{
	char buffer[4 * TEXT_KEPT + 200];
	struct text text = text_in(buffer, sizeof(buffer));

	text_escaped(&text, value, size);
	printf("%-11s %s\n", what, text_finish(&text));
}

static void print_string(const char *what, const char *value)
{
	print_line(what, value, strlen(value));
}

static void print_text(const char *what, const struct kept_text *value)
{
	if (value->bytes != NULL)
		print_line(what, value->bytes, value->size);
}

/* ", DESCRIPTION", what the file has of it. */
static void add_text(struct text *text, const char *before, const struct kept_text *value)
{
	if (value->bytes == NULL)
		return;
	text_string(text, before);
	text_escaped(text, value->bytes, value->size);
}

static void add_resolution(struct text *text, uint8_t tsresol)
{
	static const char *const units[] = {"", "", "", "milli", "", "", "micro", "", "", "nano"};
	unsigned power = tsresol & ~TSRESOL_BINARY;

	text_string(text, ", ");
	if ((tsresol & TSRESOL_BINARY) == 0 && power % 3 == 0 && power < sizeof(units) / sizeof(units[0])) {
		text_string(text, units[power]);
		text_string(text, "seconds");
		return;
	}
	text_string(text, tsresol & TSRESOL_BINARY ? "1/2^" : "1/10^");
	text_decimal(text, power, 1);
	text_string(text, " seconds");
}

static void print_interface(const struct info_interface *interface, bool several_sections)
{
	char number[32], buffer[3 * 4 * TEXT_KEPT + 300];
	struct text text = text_in(buffer, sizeof(buffer));

	if (several_sections) {
		text_string(&text, "section ");
		text_decimal(&text, interface->section, 1);
		text_string(&text, ", ");
	}
	text_decimal(&text, interface->number, 1);
	text_string(&text, ": ");
	if (interface->name.bytes != NULL) {
		add_text(&text, "", &interface->name);
		text_string(&text, ", ");
	}
	text_string(&text, link_name(interface->dlt, number));
	text_string(&text, ", snapshot length ");
	text_decimal(&text, interface->snaplen, 1);
	add_resolution(&text, interface->tsresol);
	text_string(&text, ": ");
	text_counted(&text, interface->packets, "packet");
	if (interface->dropped_known) {
		text_string(&text, ", ");
		text_decimal(&text, interface->dropped, 1);
		text_string(&text, " dropped");
	}
	add_text(&text, "; ", &interface->description);
	add_text(&text, "; filter: ", &interface->filter);
	printf("%-11s %s\n", "interface", text_finish(&text));
}

static void print_instant(const char *what, const struct instant *instant)
{
	char buffer[64];
	struct text text = text_in(buffer, sizeof(buffer));

	text_instant(&text, instant);
	print_string(what, text_finish(&text));
}

static void print_times(const struct file_info *info)
{
	uint64_t elapsed = duration(info);
	char buffer[200];
	struct text text = text_in(buffer, sizeof(buffer));

	print_instant("first", &info->first);
	print_instant("last", &info->last);
	text_seconds(&text, elapsed);
	text_string(&text, ": ");
	text_counted(&text, per_second(info->packets, elapsed), "packet");
	text_string(&text, "/s, ");
	text_amount(&text, per_second(info->bytes, elapsed), "B/s");
	print_string("duration", text_finish(&text));
	if (info->backwards > 0)
		printf("%-11s %" PRIu64 " packets are earlier than the one before\n", "order", info->backwards);
}

/* "2 name_resolution, 1 custom", if there are any. */
static void print_blocks(const struct file_info *info)
{
	char buffer[300];
	struct text text = text_in(buffer, sizeof(buffer));

	for (size_t i = 0; i < INFO_BLOCK_COUNT; i++) {
		if (info->blocks[i] == 0)
			continue;
		if (text_length(&text) > 0)
			text_string(&text, ", ");
		text_decimal(&text, info->blocks[i], 1);
		text_char(&text, ' ');
		for (const char *c = block_names[i]; *c != '\0'; c++)
			text_char(&text, *c == '_' ? ' ' : *c);
	}
	if (text_length(&text) > 0)
		print_string("blocks", text_finish(&text));
}

void info_print(const struct file_info *info)
{
	print_string("file", info->name);
	printf("%-11s %s%s%s\n", "format", info->pcapng ? "pcapng" : "pcap", info->compression != NULL ? ", " : "",
		info->compression != NULL ? info->compression : "");
	if (info->size > 0)
		printf("%-11s %" PRIu64 " bytes\n", "size", info->size);
	if (info->pcapng)
		printf("%-11s %" PRIu64 "\n", "sections", info->sections);
	print_text("application", &info->application);
	print_text("system", &info->os);
	print_text("hardware", &info->hardware);
	for (size_t i = 0; i < info->interface_count; i++)
		print_interface(&info->interfaces[i], info->sections > 1);
	printf("%-11s %" PRIu64 "\n", "packets", info->packets);
	printf("%-11s %" PRIu64 " on the wire, %" PRIu64 " captured\n", "bytes", info->bytes, info->captured);
	if (info->timed > 0)
		print_times(info);
	print_blocks(info);
	for (uint64_t i = 0; i < info->comment_count && i < COMMENTS_MAX; i++)
		print_text("comment", &info->comments[i]);
	if (info->comment_count > COMMENTS_MAX)
		printf("%-11s %" PRIu64 " more\n", "comments", info->comment_count - COMMENTS_MAX);
	if (info->damage[0] != '\0')
		print_string("damage", info->damage);
}

/* ---- JSON ---- */

static void json_kept(struct json *json, const char *key, const struct kept_text *text)
{
	if (text->bytes == NULL)
		json_string(json, key, NULL);
	else
		json_text(json, key, text->bytes, text->size);
}

static void json_interface(struct json *json, const struct info_interface *interface)
{
	char number[32];

	json_open_object(json, NULL);
	json_number(json, "section", interface->section);
	json_number(json, "number", interface->number);
	json_kept(json, "name", &interface->name);
	json_kept(json, "description", &interface->description);
	json_kept(json, "filter", &interface->filter);
	json_string(json, "link_type", link_name(interface->dlt, number));
	json_number(json, "snapshot_length", interface->snaplen);
	json_number(json, "time_stamp_resolution", interface->tsresol);
	json_number(json, "packets", interface->packets);
	json_number(json, "bytes", interface->bytes);
	if (interface->dropped_known)
		json_number(json, "dropped", interface->dropped);
	json_close_object(json);
}

static void json_instant(struct json *json, const char *key, const struct instant *instant)
{
	char buffer[64];
	struct text text = text_in(buffer, sizeof(buffer));

	text_instant(&text, instant);
	json_string(json, key, text_finish(&text));
}

static void json_lists(struct json *json, const struct file_info *info)
{
	json_open_array(json, "interfaces");
	for (size_t i = 0; i < info->interface_count; i++)
		json_interface(json, &info->interfaces[i]);
	json_close_array(json);
	json_open_object(json, "blocks");
	for (size_t i = 0; i < INFO_BLOCK_COUNT; i++)
		json_number(json, block_names[i], info->blocks[i]);
	json_close_object(json);
	json_open_array(json, "comments");
	for (uint64_t i = 0; i < info->comment_count && i < COMMENTS_MAX; i++)
		json_kept(json, NULL, &info->comments[i]);
	json_close_array(json);
}

void info_print_json(const struct file_info *info)
{
	struct json json = {.out = stdout};

	json_open_object(&json, NULL);
	json_string(&json, "file", info->name);
	json_string(&json, "format", info->pcapng ? "pcapng" : "pcap");
	json_string(&json, "compression", info->compression);
	if (info->size > 0)
		json_number(&json, "size", info->size);
	json_number(&json, "sections", info->sections);
	json_kept(&json, "application", &info->application);
	json_kept(&json, "os", &info->os);
	json_kept(&json, "hardware", &info->hardware);
	json_lists(&json, info);
	json_number(&json, "packets", info->packets);
	json_number(&json, "bytes", info->bytes);
	json_number(&json, "captured_bytes", info->captured);
	if (info->timed > 0) {
		json_instant(&json, "first", &info->first);
		json_instant(&json, "last", &info->last);
		json_number(&json, "duration_nanoseconds", duration(info));
		json_number(&json, "packets_per_second", per_second(info->packets, duration(info)));
		json_number(&json, "bytes_per_second", per_second(info->bytes, duration(info)));
		json_number(&json, "backwards", info->backwards);
	}
	json_number(&json, "comment_count", info->comment_count);
	json_string(&json, "damage", info->damage[0] != '\0' ? info->damage : NULL);
	json_close_object(&json);
	json_end_line(&json);
}
