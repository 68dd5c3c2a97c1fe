/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir devices`: what can be captured on. Each device is asked for its module, and opened for a moment for its
 * link types, which nothing else tells.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

#include "command.h"
#include "device-address.h"
#include "device-details.h"
#include "json.h"
#include "source.h"
#include "text.h"

struct devices_settings {
	bool json;
};

static const struct option_row devices_options[] = {
	{0, "json", NULL, "print a JSON array", option_flag, offsetof(struct devices_settings, json)},
	{0},
};

static const struct flag_row {
	bpf_u_int32 mask;
	bpf_u_int32 value;
	const char *name;
} flag_rows[] = {
	{PCAP_IF_UP, PCAP_IF_UP, "up"},
	{PCAP_IF_RUNNING, PCAP_IF_RUNNING, "running"},
	{PCAP_IF_LOOPBACK, PCAP_IF_LOOPBACK, "loopback"},
	{PCAP_IF_WIRELESS, PCAP_IF_WIRELESS, "wireless"},
	{PCAP_IF_CONNECTION_STATUS, PCAP_IF_CONNECTION_STATUS_CONNECTED, "connected"},
	{PCAP_IF_CONNECTION_STATUS, PCAP_IF_CONNECTION_STATUS_DISCONNECTED, "disconnected"},
};
#define FLAG_COUNT (sizeof(flag_rows) / sizeof(flag_rows[0]))

/* ---- Lines ---- */

#define COLUMN_SIZE 512

enum { COLUMN_NAME, COLUMN_MODULE, COLUMN_LINK_TYPES, COLUMN_FLAGS, COLUMN_ADDRESSES, COLUMN_DESCRIPTION, COLUMNS };

struct line {
	char columns[COLUMNS][COLUMN_SIZE];
};

static void separate(struct text *text, char separator)
{
	if (text_length(text) > 0)
		text_char(text, separator);
}

static void put_string(struct text *text, const char *string)
{
	if (string != NULL)
		text_escaped(text, string, strlen(string));
}

static void put_link_types(struct text *text, const struct device *device)
{
	for (int i = 0; i < device->link_type_count; i++) {
		const char *name = pcap_datalink_val_to_name(device->link_types[i]);

		separate(text, ',');
		if (name == NULL) {
			text_string(text, "DLT");
			text_decimal(text, device->link_types[i], 1);
		}
		put_string(text, name);
	}
}

static void put_flags(struct text *text, bpf_u_int32 flags)
{
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if ((flags & flag_rows[i].mask) == flag_rows[i].value) {
			separate(text, ',');
			text_string(text, flag_rows[i].name);
		}
	}
}

static void put_addresses(struct text *text, const pcap_addr_t *addresses)
{
	for (; addresses != NULL; addresses = addresses->next) {
		char address[DEVICE_ADDRESS_SIZE];
		int prefix = prefix_length(addresses->netmask);

		if (device_address(address, addresses->addr) == NULL)
			continue;
		separate(text, ' ');
		text_string(text, address);
		if (prefix >= 0) {
			text_char(text, '/');
			text_decimal(text, prefix, 1);
		}
	}
}

static void fill_line(struct line *line, const struct device *device)
{
	struct text texts[COLUMNS];

	for (int i = 0; i < COLUMNS; i++)
		texts[i] = text_in(line->columns[i], COLUMN_SIZE);
	put_string(&texts[COLUMN_NAME], device->listed->name);
	put_string(&texts[COLUMN_MODULE], device->module);
	put_link_types(&texts[COLUMN_LINK_TYPES], device);
	put_flags(&texts[COLUMN_FLAGS], device->listed->flags);
	put_addresses(&texts[COLUMN_ADDRESSES], device->listed->addresses);
	put_string(&texts[COLUMN_DESCRIPTION], device->listed->description);
	for (int i = 0; i < COLUMNS; i++) {
		if (text_length(&texts[i]) == 0 && i != COLUMN_DESCRIPTION)
			text_char(&texts[i], '-');
		text_finish(&texts[i]);
	}
}

/* Columns on a terminal: bytes of UTF-8 that do not begin a character take none. */
static int shown_width(const char *string)
{
	int width = 0;

	for (; *string != '\0'; string++)
		width += (*string & 0xc0) != 0x80;
	return width;
}

static void print_lines(const struct device *devices, size_t count)
{
	struct line *lines = calloc(count > 0 ? count : 1, sizeof(*lines));
	int widths[COLUMNS] = {0};

	if (lines == NULL) {
		complain("no memory for a list of %zu devices", count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		fill_line(&lines[i], &devices[i]);
		for (int column = 0; column < COLUMNS; column++) {
			int width = shown_width(lines[i].columns[column]);

			widths[column] = width > widths[column] ? width : widths[column];
		}
	}
	for (size_t i = 0; i < count; i++) {
		int behind = 0;

		for (int column = 0; column < COLUMNS; column++) {
			const char *string = lines[i].columns[column];

			if (string[0] == '\0')
				continue;
			printf("%*s%s", behind, "", string);
			behind = widths[column] - shown_width(string) + 2;
		}
		putchar('\n');
	}
	free(lines);
}

/* Whether two devices lack their link types for one reason; PCAP_ERROR can be any. */
static bool same_reason(const struct device *a, const struct device *b)
{
	return a->status == b->status && a->status != PCAP_ERROR;
}

/* Why link types are missing: a line a reason, since where one device may not be opened mostly none may. */
static void tell_missing(const struct device *devices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = devices[i].listed->name, *reason = without_name(name, devices[i].error);
		size_t first = 0, others = 0;

		if (devices[i].status == 0)
			continue;
		while (first < i && !same_reason(&devices[first], &devices[i]))
			first++;
		if (first < i)
			continue;
		for (size_t j = i + 1; j < count; j++)
			others += same_reason(&devices[j], &devices[i]);
		if (others == 0)
			complain("the link types of %s are not known: %s", name, reason);
		else
			complain("the link types of %s and %zu more are not known: %s", name, others, reason);
	}
}

/* ---- JSON ---- */

static void json_link_types(struct json *json, const struct device *device)
{
	if (device->status != 0) {
		json_string(json, "link_types", NULL);
		json_string(json, "link_types_error", device->error);
		return;
	}
	json_open_array(json, "link_types");
	for (int i = 0; i < device->link_type_count; i++) {
		json_open_object(json, NULL);
		json_string(json, "name", pcap_datalink_val_to_name(device->link_types[i]));
		json_number(json, "value", device->link_types[i]);
		json_string(json, "description", pcap_datalink_val_to_description(device->link_types[i]));
		json_close_object(json);
	}
	json_close_array(json);
}

static void json_tstamp_types(struct json *json, const struct device *device)
{
	json_open_array(json, "time_stamp_types");
	for (int i = 0; i < device->tstamp_type_count; i++)
		json_string(json, NULL, pcap_tstamp_type_val_to_name(device->tstamp_types[i]));
	json_close_array(json);
}

static void json_flags(struct json *json, bpf_u_int32 flags)
{
	json_open_array(json, "flags");
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if ((flags & flag_rows[i].mask) == flag_rows[i].value)
			json_string(json, NULL, flag_rows[i].name);
	}
	json_close_array(json);
}

static void json_address(struct json *json, const char *key, const struct sockaddr *address)
{
	char buffer[DEVICE_ADDRESS_SIZE];

	if (device_address(buffer, address) != NULL)
		json_string(json, key, buffer);
}

static void json_addresses(struct json *json, const pcap_addr_t *addresses)
{
	json_open_array(json, "addresses");
	for (; addresses != NULL; addresses = addresses->next) {
		const char *family = family_name(addresses->addr);
		int prefix = prefix_length(addresses->netmask);

		if (family == NULL)
			continue;
		json_open_object(json, NULL);
		json_string(json, "family", family);
		json_address(json, "address", addresses->addr);
		json_address(json, "netmask", addresses->netmask);
		if (prefix >= 0)
			json_number(json, "prefix_length", prefix);
		json_address(json, "broadcast", addresses->broadaddr);
		json_address(json, "destination", addresses->dstaddr);
		json_close_object(json);
	}
	json_close_array(json);
}

static void print_json(const struct device *devices, size_t count)
{
	struct json json = {.out = stdout};

	json_open_array(&json, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct device *device = &devices[i];

		json_open_object(&json, NULL);
		json_string(&json, "name", device->listed->name);
		json_string(&json, "module", device->module);
		json_link_types(&json, device);
		json_tstamp_types(&json, device);
		json_bool(&json, "monitor_mode", device->monitor_mode);
		json_flags(&json, device->listed->flags);
		json_addresses(&json, device->listed->addresses);
		json_string(&json, "description", device->listed->description);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_end_line(&json);
}

/* ---- The command ---- */

static int list(const pcap_if_t *listed, bool as_json)
{
	int status = STATUS_OK;
	struct device *devices;
	size_t count;

	devices = ask_devices(listed, &count);
	if (devices == NULL) {
		complain("no memory for the list of devices");
		return STATUS_ERROR;
	}
	if (as_json)
		print_json(devices, count);
	else
		print_lines(devices, count);
	if (fflush(stdout) != 0) {
		complain("standard output: %s", strerror(errno));
		status = STATUS_ERROR;
	} else if (!as_json) {
		tell_missing(devices, count);
	}
	forget_devices(devices, count);
	return status;
}

static int run_devices(const struct command *command, int argc, char **argv)
{
	struct devices_settings settings = {0};
	int first = options_parse(command, argc, argv, &settings);
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *listed;
	int status;

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first < argc)
		return wrong_usage(command, "it takes no operand", argv[first]);
	if (pcap_findalldevs(&listed, error) < 0) {
		complain("the devices can't be listed: %s", error);
		return STATUS_NO_DEVICE;
	}
	/* Modules that could not list their devices, while others could. */
	if (error[0] != '\0')
		complain("%s", error);
	status = list(listed, settings.json);
	pcap_freealldevs(listed);
	return finish_stdout(status);
}

const struct command devices_command = {
	.name = "devices",
	.help = "List the devices that can be captured on.",
	.synopsis = "[--json]",
	.options = devices_options,
	.run = run_devices,
};
