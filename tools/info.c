/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir info`: what is in savefiles: sections, interfaces, packets, times, losses, comments, and where one is damaged.
 */
#include "info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "print.h"
#include "progress.h"
#include "read-input.h"
#include "source.h"

/* The resolution where an interface tells none, in powers of 10. */
#define TSRESOL_DEFAULT 6

struct info_settings {
	bool json;
};

static const struct option_row info_options[] = {
	{0, "json", NULL, "print a JSON object a file, one a line", option_flag,
		offsetof(struct info_settings, json)},
	{0},
};

/* ---- Texts ---- */

static void keep(struct kept_text *text, const void *bytes, size_t size)
{
	if (size > TEXT_KEPT)
		size = TEXT_KEPT;
	text->bytes = malloc(size + 1);
	text->size = size;
	if (text->bytes != NULL)
		memcpy(text->bytes, bytes, size);
}

/* The block's option of that code, unless there is a text already. */
static void keep_option(struct kept_text *text, const struct pcapng_block *block, uint16_t code)
{
	const struct pcapng_option *option = pcapng_find_option(block, code);

	if (option != NULL && text->bytes == NULL)
		keep(text, option->value, option->length);
}

/* What a filter option has is told by its first byte: 0 is an expression. */
static void keep_filter(struct kept_text *text, const struct pcapng_block *block)
{
	const struct pcapng_option *option = pcapng_find_option(block, PCAPNG_IF_FILTER);

	if (option != NULL && option->length > 1 && *(const char *)option->value == 0)
		keep(text, (const char *)option->value + 1, option->length - 1U);
}

static void take_comments(struct file_info *info, const struct pcapng_block *block)
{
	for (size_t i = 0; i < block->option_count; i++) {
		const struct pcapng_option *option = &block->options[i];

		if (option->code != PCAPNG_OPT_COMMENT)
			continue;
		if (info->comment_count < COMMENTS_MAX)
			keep(&info->comments[info->comment_count], option->value, option->length);
		info->comment_count++;
	}
}

/* ---- Blocks ---- */

static bool take_section(struct file_info *info, const struct pcapng_block *block)
{
	info->pcapng = block->length != 0; /* that of a pcap file is made up */
	info->sections++;
	info->section_start = info->interface_count;
	keep_option(&info->application, block, PCAPNG_SHB_USERAPPL);
	keep_option(&info->os, block, PCAPNG_SHB_OS);
	keep_option(&info->hardware, block, PCAPNG_SHB_HARDWARE);
	return true;
}

static bool take_interface(struct file_info *info, const struct pcapng_block *block)
{
	const struct pcapng_option *tsresol = pcapng_find_option(block, PCAPNG_IF_TSRESOL);
	struct info_interface *interface;

	if (info->interface_count == info->interface_capacity) {
		size_t capacity = info->interface_capacity * 2 + 4;

		interface = realloc(info->interfaces, capacity * sizeof(*interface));
		if (interface == NULL)
			return false;
		info->interfaces = interface;
		info->interface_capacity = capacity;
	}
	interface = &info->interfaces[info->interface_count++];
	*interface = (struct info_interface){.section = info->sections - 1,
		.number = block->interface,
		.dlt = block->dlt,
		.snaplen = block->snaplen,
		.tsresol = tsresol != NULL && tsresol->length == 1 ? *(const uint8_t *)tsresol->value
								   : TSRESOL_DEFAULT};
	keep_option(&interface->name, block, PCAPNG_IF_NAME);
	keep_option(&interface->description, block, PCAPNG_IF_DESCRIPTION);
	keep_filter(&interface->filter, block);
	return true;
}

static void take_packet(struct file_info *info, const struct pcapng_block *block)
{
	struct info_interface *interface = &info->interfaces[info->section_start + block->interface];
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
	struct info_interface *interface = &info->interfaces[info->section_start + block->interface];

	interface->dropped = 0;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct pcapng_option *option = pcapng_find_option(block, codes[i]);

		if (option == NULL)
			continue;
		interface->dropped += pcapng_option_number(block, option);
		interface->dropped_known = true;
	}
}

static void take_other(struct file_info *info, const struct pcapng_block *block)
{
	static const struct {
		uint32_t type;
		enum info_block block;
	} rows[] = {{PCAPNG_NAME_RESOLUTION, INFO_NAMES}, {PCAPNG_INTERFACE_STATISTICS, INFO_STATISTICS},
		{PCAPNG_DECRYPTION_SECRETS, INFO_SECRETS}, {PCAPNG_SYSTEMD_JOURNAL, INFO_JOURNAL},
		{PCAPNG_CUSTOM, INFO_CUSTOM}, {PCAPNG_CUSTOM_NO_COPY, INFO_CUSTOM}};

	if (block->type == PCAPNG_INTERFACE_STATISTICS)
		take_statistics(info, block);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == block->type) {
			info->blocks[rows[i].block]++;
			return;
		}
	}
	info->blocks[INFO_UNKNOWN]++;
}

static bool take_block(struct file_info *info, const struct pcapng_block *block)
{
	take_comments(info, block);
	if (block->type == PCAPNG_SECTION)
		return take_section(info, block);
	if (block->type == PCAPNG_INTERFACE)
		return take_interface(info, block);
	if (is_packet_block(block))
		take_packet(info, block);
	else
		take_other(info, block);
	return true;
}

/* ---- Files ---- */

static void free_info(struct file_info *info)
{
	for (size_t i = 0; i < COMMENTS_MAX; i++)
		free(info->comments[i].bytes);
	for (size_t i = 0; i < info->interface_count; i++) {
		free(info->interfaces[i].name.bytes);
		free(info->interfaces[i].description.bytes);
		free(info->interfaces[i].filter.bytes);
	}
	free(info->interfaces);
	free(info->application.bytes);
	free(info->os.bytes);
	free(info->hardware.bytes);
}

static uint64_t file_size(const char *path)
{
	struct stat status;

	if ((strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(path, &status)) < 0 ||
		!S_ISREG(status.st_mode))
		return 0;
	return (uint64_t)status.st_size;
}

static int read_info(struct file_info *info, const char *path)
{
	const struct pcapng_block *block;
	struct progress progress;
	pcapng_reader_t *reader;
	int status;

	info->name = strcmp(path, "-") == 0 ? "standard input" : path;
	info->size = file_size(path);
	info->compression = input_compression(path);
	reader = pcapng_open(path, info->damage);
	if (reader == NULL) {
		complain_of(info->name, info->damage);
		return STATUS_ERROR;
	}
	progress_begin(&progress, input_size(path), false);
	while ((status = pcapng_next(reader, &block)) == 1) {
		if (!take_block(info, block)) {
			complain("%s: there is no memory for all its interfaces", info->name);
			pcapng_close(reader);
			return STATUS_ERROR;
		}
		progress_step(&progress, block->offset, info->packets);
	}
	progress_hide(&progress);
	if (status < 0)
		snprintf(info->damage, sizeof(info->damage), "%s", pcapng_error(reader));
	pcapng_close(reader);
	return STATUS_OK;
}

/* One of several has an empty line before it, unless it is JSON, which is a line each. */
static int tell_file(const char *path, const struct info_settings *settings, bool follows)
{
	struct file_info info = {0};
	int status = read_info(&info, path);

	if (status == STATUS_OK) {
		if (follows && !settings->json)
			putchar('\n');
		(settings->json ? info_print_json : info_print)(&info);
		status = info.damage[0] != '\0' ? STATUS_ERROR : STATUS_OK;
	}
	free_info(&info);
	return status;
}

static int run_info(const struct command *command, int argc, char **argv)
{
	struct info_settings settings = {0};
	int first = options_parse(command, argc, argv, &settings);
	int status = STATUS_OK;

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first == argc)
		return wrong_usage(command, "which file? (- is standard input)", NULL);
	for (int i = first; i < argc; i++) {
		if (tell_file(argv[i], &settings, i > first) != STATUS_OK)
			status = STATUS_ERROR;
	}
	return finish_stdout(status);
}

const struct command info_command = {
	.name = "info",
	.help = "Tell what is in savefiles: interfaces, packets, times, comments, damage.",
	.synopsis = "FILE... [--json]",
	.options = info_options,
	.run = run_info,
};
