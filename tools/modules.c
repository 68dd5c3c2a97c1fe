/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir modules`: the capture modules that the library has and those in files, in the order that they are asked; and
 * why one of them is not used.
 */
#include <stdio.h>
#include <string.h>

#include <pcap/weir.h>

#include "command.h"
#include "json.h"
#include "probe-module.h"
#include "text.h"

struct modules_settings {
	bool json;
};

static const struct option_row modules_options[] = {
	{0, "json", NULL, "print a JSON array", option_flag, offsetof(struct modules_settings, json)},
	{0},
};

/* Why a module is not used, or can't be: what the library says without loading it, or what trying it out shows. */
static const char *find_problem(const struct pcap_module_info *info, char *buffer, size_t size)
{
	if (info->problem != NULL || info->file == NULL)
		return info->problem;
	if (probe_module(info->name, buffer, size))
		return NULL;
	/* The library's texts begin with the name, which the line has already. */
	size_t length = strlen(info->name);
	return strncmp(buffer, info->name, length) == 0 && strncmp(buffer + length, ": ", 2) == 0
		       ? buffer + length + 2
		       : buffer;
}

static void list_json(void)
{
	struct json json = {.out = stdout};
	struct pcap_module_info info;

	json_open_array(&json, NULL);
	for (size_t i = 0; pcap_get_module(i, &info, sizeof(info)) == 1; i++) {
		char buffer[PCAP_ERRBUF_SIZE];
		const char *problem = find_problem(&info, buffer, sizeof(buffer));

		json_open_object(&json, NULL);
		json_string(&json, "name", info.name);
		json_open_array(&json, "prefixes");
		for (const char *at = info.prefixes; at != NULL && *at != '\0';) {
			char prefix[64];
			size_t length = strcspn(at, " ");

			snprintf(prefix, sizeof(prefix), "%.*s", (int)length, at);
			json_string(&json, NULL, prefix);
			at += length + strspn(at + length, " ");
		}
		json_close_array(&json);
		json_string(&json, "description", info.description);
		if (info.file != NULL)
			json_string(&json, "file", info.file);
		if (problem != NULL)
			json_string(&json, "problem", problem);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_end_line(&json);
}

/* What comes from files is made safe for a terminal. */
static void print_escaped(const char *before, const char *string, const char *after)
{
	char buffer[1024];
	struct text text = text_in(buffer, sizeof(buffer));

	text_escaped(&text, string, strlen(string));
	printf("%s%s%s", before, text_finish(&text), after);
}

static void list_lines(void)
{
	struct pcap_module_info info;
	int name_width = 0, prefixes_width = 1;

	for (size_t i = 0; pcap_get_module(i, &info, sizeof(info)) == 1; i++) {
		int name_length = (int)strlen(info.name);
		int prefixes_length = info.prefixes != NULL ? (int)strlen(info.prefixes) : 0;

		name_width = name_length > name_width ? name_length : name_width;
		prefixes_width = prefixes_length > prefixes_width ? prefixes_length : prefixes_width;
	}
	for (size_t i = 0; pcap_get_module(i, &info, sizeof(info)) == 1; i++) {
		char buffer[PCAP_ERRBUF_SIZE];
		const char *problem = find_problem(&info, buffer, sizeof(buffer));

		printf("%-*s  %-*s  ", name_width, info.name, prefixes_width,
			info.prefixes != NULL ? info.prefixes : "-");
		if (problem != NULL)
			print_escaped("not used: ", problem, "");
		else
			print_escaped("", info.description, "");
		if (info.file != NULL && strcmp(info.file, info.name) != 0)
			print_escaped(" (", info.file, ")");
		putchar('\n');
	}
}

static int run_modules(const struct command *command, int argc, char **argv)
{
	struct modules_settings settings = {0};
	int first = options_parse(command, argc, argv, &settings);

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first < argc)
		return wrong_usage(command, "it takes no operand", argv[first]);
	if (settings.json)
		list_json();
	else
		list_lines();
	return finish_stdout(STATUS_OK);
}

const struct command modules_command = {
	.name = "modules",
	.help = "List the capture modules and the device names they serve.",
	.synopsis = "[--json]",
	.options = modules_options,
	.run = run_modules,
};
