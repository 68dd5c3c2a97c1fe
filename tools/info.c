/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir info`: what is in a savefile: sections, interfaces, packets, times, losses, comments, and where it is damaged.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcap/pcapng.h>

#include "command.h"
#include "json.h"
#include "source.h"
#include "units.h"

/* Comments that are kept, and what of each. */
#define COMMENTS_MAX 100
#define COMMENT_SIZE 400

struct interface {
	uint64_t section;
	uint32_t number;
	char name[64];
	int dlt;
	uint32_t snaplen;
	uint64_t packets;
	uint64_t bytes;
	uint64_t dropped; /* by its statistics, the last that there are */
	bool dropped_known;
};

struct instant {
	int64_t seconds;
	uint32_t nanoseconds;
};

struct file_info {
	const char *name;
	bool pcapng;
	uint64_t sections;
	struct interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
	size_t section_start; /* index of the section's first interface */
	uint64_t packets;
	uint64_t captured; /* bytes */
	uint64_t bytes;    /* on the wire */
	struct instant first, last;
	uint64_t timed;     /* packets with a time */
	uint64_t backwards; /* packets that are earlier than the one before */
	struct instant previous;
	uint64_t comment_count;
	char *comments[COMMENTS_MAX];
	char damage[PCAP_ERRBUF_SIZE]; /* empty: there is none */
};

struct info_settings {
	bool json;
};

static const struct option_row info_options[] = {
	{0, "json", NULL, "print a JSON object", option_flag, offsetof(struct info_settings, json)},
	{0},
};

/* ---- Taking it in ---- */

static bool earlier(const struct instant *a, const struct instant *b)
{
	return a->seconds != b->seconds ? a->seconds < b->seconds : a->nanoseconds < b->nanoseconds;
}

static void take_comments(struct file_info *info, const struct pcapng_block *block)
{
	for (size_t i = 0; i < block->option_count; i++) {
		const struct pcapng_option *option = &block->options[i];

		if (option->code != PCAPNG_OPT_COMMENT)
			continue;
		if (info->comment_count < COMMENTS_MAX)
			info->comments[info->comment_count] = strndup(
				option->value, option->length < COMMENT_SIZE ? option->length : COMMENT_SIZE);
		info->comment_count++;
	}
}

static bool take_interface(struct file_info *info, const struct pcapng_block *block)
{
	const struct pcapng_option *name = pcapng_find_option(block, PCAPNG_IF_NAME);
	struct interface *interface;

	if (info->interface_count == info->interface_capacity) {
		size_t capacity = info->interface_capacity * 2 + 4;

		interface = realloc(info->interfaces, capacity * sizeof(*interface));
		if (interface == NULL)
			return false;
		info->interfaces = interface;
		info->interface_capacity = capacity;
	}
	interface = &info->interfaces[info->interface_count++];
	*interface = (struct interface){.section = info->sections - 1,
		.number = block->interface,
		.dlt = block->dlt,
		.snaplen = block->snaplen};
	if (name != NULL)
		snprintf(interface->name, sizeof(interface->name), "%.*s", name->length, (const char *)name->value);
	return true;
}

static void take_packet(struct file_info *info, const struct pcapng_block *block)
{
	struct interface *interface = &info->interfaces[info->section_start + block->interface];
	struct instant time = {block->seconds, block->nanoseconds};

	interface->packets++;
	interface->bytes += block->len;
	info->packets++;
	info->captured += block->caplen;
	info->bytes += block->len;
	if (block->type == PCAPNG_SIMPLE_PACKET)
		return;
	if (info->timed == 0 || earlier(&time, &info->first))
		info->first = time;
	if (info->timed == 0 || earlier(&info->last, &time))
		info->last = time;
	info->backwards += info->timed > 0 && earlier(&time, &info->previous);
	info->previous = time;
	info->timed++;
}

static void take_statistics(struct file_info *info, const struct pcapng_block *block)
{
	static const uint16_t codes[] = {PCAPNG_ISB_IFDROP, PCAPNG_ISB_OSDROP};
	struct interface *interface = &info->interfaces[info->section_start + block->interface];

	interface->dropped = 0;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct pcapng_option *option = pcapng_find_option(block, codes[i]);

		if (option == NULL)
			continue;
		interface->dropped += pcapng_option_number(block, option);
		interface->dropped_known = true;
	}
}

static bool take_block(struct file_info *info, const struct pcapng_block *block)
{
	take_comments(info, block);
	switch (block->type) {
	case PCAPNG_SECTION:
		info->pcapng = block->length != 0; /* that of a pcap file is made up */
		info->sections++;
		info->section_start = info->interface_count;
		return true;
	case PCAPNG_INTERFACE:
		return take_interface(info, block);
	case PCAPNG_ENHANCED_PACKET:
	case PCAPNG_OBSOLETE_PACKET:
	case PCAPNG_SIMPLE_PACKET:
		take_packet(info, block);
		return true;
	case PCAPNG_INTERFACE_STATISTICS:
		take_statistics(info, block);
		return true;
	default:
		return true;
	}
}

/* ---- Telling it ---- */

static void format_time(char text[64], const struct instant *instant)
{
	time_t seconds = (time_t)instant->seconds;
	struct tm time;
	size_t length;

	if (gmtime_r(&seconds, &time) == NULL) {
		snprintf(text, 64, "%" PRId64 ".%09" PRIu32, instant->seconds, instant->nanoseconds);
		return;
	}
	length = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &time);
	snprintf(text + length, 64 - length, ".%09" PRIu32 "Z", instant->nanoseconds);
}

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

static void print_line(const char *what, const char *value)
{
	char buffer[4 * COMMENT_SIZE + 100];
	struct text text = text_in(buffer, sizeof(buffer));

	text_escaped(&text, value, strlen(value));
	printf("%-11s %s\n", what, text_finish(&text));
}

static void print_interface(const struct interface *interface, bool several_sections)
{
	char number[32], place[40] = "", dropped[40] = "", line[300];

	if (several_sections)
		snprintf(place, sizeof(place), "section %" PRIu64 ", ", interface->section);
	if (interface->dropped_known)
		snprintf(dropped, sizeof(dropped), ", %" PRIu64 " dropped", interface->dropped);
	snprintf(line, sizeof(line), "%s%" PRIu32 ": %s%s%s, snapshot length %" PRIu32 ": %" PRIu64 " packets%s",
		place, interface->number, interface->name, interface->name[0] != '\0' ? ", " : "",
		link_name(interface->dlt, number), interface->snaplen, interface->packets, dropped);
	print_line("interface", line);
}

static void print_times(const struct file_info *info)
{
	uint64_t elapsed = duration(info);
	char time[64], buffer[200];
	struct text text = text_in(buffer, sizeof(buffer));

	format_time(time, &info->first);
	print_line("first", time);
	format_time(time, &info->last);
	print_line("last", time);
	text_seconds(&text, elapsed);
	text_string(&text, ": ");
	text_counted(&text, per_second(info->packets, elapsed), "packet");
	text_string(&text, "/s, ");
	text_amount(&text, per_second(info->bytes, elapsed), "B/s");
	print_line("duration", text_finish(&text));
	if (info->backwards > 0)
		printf("%-11s %" PRIu64 " packets are earlier than the one before\n", "order", info->backwards);
}

static void print_info(const struct file_info *info)
{
	print_line("file", info->name);
	print_line("format", info->pcapng ? "pcapng" : "pcap");
	if (info->pcapng)
		printf("%-11s %" PRIu64 "\n", "sections", info->sections);
	for (size_t i = 0; i < info->interface_count; i++)
		print_interface(&info->interfaces[i], info->sections > 1);
	printf("%-11s %" PRIu64 "\n", "packets", info->packets);
	printf("%-11s %" PRIu64 " on the wire, %" PRIu64 " captured\n", "bytes", info->bytes, info->captured);
	if (info->timed > 0)
		print_times(info);
	for (uint64_t i = 0; i < info->comment_count && i < COMMENTS_MAX; i++)
		print_line("comment", info->comments[i] != NULL ? info->comments[i] : "");
	if (info->comment_count > COMMENTS_MAX)
		printf("%-11s %" PRIu64 " more\n", "comments", info->comment_count - COMMENTS_MAX);
	if (info->damage[0] != '\0')
		print_line("damage", info->damage);
}

static void json_interface(struct json *json, const struct interface *interface)
{
	char number[32];

	json_open_object(json, NULL);
	json_number(json, "section", interface->section);
	json_number(json, "number", interface->number);
	json_string(json, "name", interface->name[0] != '\0' ? interface->name : NULL);
	json_string(json, "link_type", link_name(interface->dlt, number));
	json_number(json, "snapshot_length", interface->snaplen);
	json_number(json, "packets", interface->packets);
	json_number(json, "bytes", interface->bytes);
	if (interface->dropped_known)
		json_number(json, "dropped", interface->dropped);
	json_close_object(json);
}

static void json_info(const struct file_info *info)
{
	struct json json = {.out = stdout};
	char time[64];

	json_open_object(&json, NULL);
	json_string(&json, "file", info->name);
	json_string(&json, "format", info->pcapng ? "pcapng" : "pcap");
	json_number(&json, "sections", info->sections);
	json_open_array(&json, "interfaces");
	for (size_t i = 0; i < info->interface_count; i++)
		json_interface(&json, &info->interfaces[i]);
	json_close_array(&json);
	json_number(&json, "packets", info->packets);
	json_number(&json, "bytes", info->bytes);
	json_number(&json, "captured_bytes", info->captured);
	if (info->timed > 0) {
		format_time(time, &info->first);
		json_string(&json, "first", time);
		format_time(time, &info->last);
		json_string(&json, "last", time);
		json_number(&json, "duration_nanoseconds", duration(info));
		json_number(&json, "backwards", info->backwards);
	}
	json_open_array(&json, "comments");
	for (uint64_t i = 0; i < info->comment_count && i < COMMENTS_MAX; i++)
		json_string(&json, NULL, info->comments[i] != NULL ? info->comments[i] : "");
	json_close_array(&json);
	json_number(&json, "comment_count", info->comment_count);
	json_string(&json, "damage", info->damage[0] != '\0' ? info->damage : NULL);
	json_close_object(&json);
	json_end_line(&json);
}

/* ---- The command ---- */

static int read_info(struct file_info *info, const char *path)
{
	const struct pcapng_block *block;
	pcapng_reader_t *reader = pcapng_open(path, info->damage);
	int status;

	if (reader == NULL) {
		complain_of(info->name, info->damage);
		return STATUS_ERROR;
	}
	while ((status = pcapng_next(reader, &block)) == 1) {
		if (!take_block(info, block)) {
			complain("%s: there is no memory for all its interfaces", info->name);
			pcapng_close(reader);
			return STATUS_ERROR;
		}
	}
	if (status < 0)
		snprintf(info->damage, sizeof(info->damage), "%s", pcapng_error(reader));
	pcapng_close(reader);
	return STATUS_OK;
}

static int run_info(const struct command *command, int argc, char **argv)
{
	struct info_settings settings = {0};
	int first = options_parse(command, argc, argv, &settings);
	struct file_info info = {0};
	int status;

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first == argc)
		return wrong_usage(command, "which file? (- is standard input)", NULL);
	if (argc - first > 1)
		return wrong_usage(command, "there is one file too many", argv[first + 1]);
	info.name = strcmp(argv[first], "-") == 0 ? "standard input" : argv[first];
	status = read_info(&info, argv[first]);
	if (status == STATUS_OK) {
		(settings.json ? json_info : print_info)(&info);
		status = finish_stdout(info.damage[0] != '\0' ? STATUS_ERROR : STATUS_OK);
	}
	for (int i = 0; i < COMMENTS_MAX; i++)
		free(info.comments[i]);
	free(info.interfaces);
	return status;
}

const struct command info_command = {
	.name = "info",
	.help = "Tell what is in a savefile: interfaces, packets, times, comments, damage.",
	.synopsis = "FILE [--json]",
	.options = info_options,
	.run = run_info,
};
