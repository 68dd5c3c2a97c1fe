/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `weir capture` writes into savefiles beside the packets: who captured, on which devices, and the losses.
 */
#include "capture-file.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Of the section: what it was captured with, and the user's comments. */
static void write_section(struct sink *sink, const struct option_list *comments)
{
	struct pcapng_option options[OPTION_LIST_MAX + 3];
	struct pcapng_block section = {.type = PCAPNG_SECTION, .options = options};
	struct utsname system = {0};
	char os[160], application[160];
	const struct {
		uint16_t code;
		const char *text;
	} texts[] = {
		{PCAPNG_SHB_HARDWARE, system.machine}, {PCAPNG_SHB_OS, os}, {PCAPNG_SHB_USERAPPL, application}};

	uname(&system);
	snprintf(os, sizeof(os), "%.60s %.80s", system.sysname, system.release);
	snprintf(application, sizeof(application), "weir capture, %.120s", pcap_lib_version());
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		options[section.option_count++] =
			(struct pcapng_option){texts[i].code, (uint16_t)strlen(texts[i].text), texts[i].text};
	for (size_t i = 0; i < comments->count; i++)
		options[section.option_count++] = (struct pcapng_option){PCAPNG_OPT_COMMENT,
			(uint16_t)strnlen(comments->values[i], UINT16_MAX), comments->values[i]};
	sink_block(sink, &section);
}

/* The interface in the file that the source's packets are of. */
static bool add_device(struct sink *sink, struct source *source, const char *expression)
{
	const struct pcap_writer_device device = {
		.name = source->name, .filter = expression != NULL && expression[0] != '\0' ? expression : NULL};

	source->number = pcap_writer_add_device(sink->writer, source->handle, &device, sizeof(device));
	if (source->number >= 0)
		return true;
	snprintf(sink->error, sizeof(sink->error), "%s", pcap_writer_error(sink->writer));
	return false;
}

/* A pcap file has one snapshot length: that of the device with the longest comes first. */
static struct source *longest_snapshot(const struct capture_loop *loop)
{
	struct source *longest = &loop->sources[0];

	for (size_t i = 1; i < loop->source_count; i++) {
		if (pcap_snapshot(loop->sources[i].handle) > pcap_snapshot(longest->handle))
			longest = &loop->sources[i];
	}
	return longest;
}

bool capture_file_open(struct capture_loop *loop)
{
	const struct output_settings *output = &loop->settings->output;
	int format = output_format(output, PCAP_FORMAT_PCAPNG);
	struct pcap_writer_options options = output_writer_options(output, format, loop->settings->precision);
	struct source *first = format == PCAP_FORMAT_PCAP ? longest_snapshot(loop) : NULL;

	if (!sink_write(loop->sink, output, &options))
		return false;
	if (format == PCAP_FORMAT_PCAPNG)
		write_section(loop->sink, &output->comments);
	if (first != NULL && !add_device(loop->sink, first, loop->settings->expression))
		return false;
	for (size_t i = 0; i < loop->source_count; i++) {
		if (&loop->sources[i] != first &&
			!add_device(loop->sink, &loop->sources[i], loop->settings->expression))
			return false;
	}
	return !loop->sink->failed;
}

void capture_file_packet(
	struct sink *sink, const struct source *source, const struct pcap_pkthdr *header, const u_char *bytes)
{
	if (sink->failed)
		return;
	if (pcap_writer_live_packet(sink->writer, source->number, source->handle, header, bytes) < 0)
		sink_fail(sink, pcap_writer_error(sink->writer));
	else
		sink->packets++;
}

void capture_file_statistics(struct sink *sink, const struct source *source)
{
	if (!sink->failed && pcap_writer_set_statistics(sink->writer, source->number, source->handle) < 0)
		sink_fail(sink, pcap_writer_error(sink->writer));
}
