/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir capture`: its options, the opening of devices and output, and the summary at the end.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture-file.h"
#include "capture-loop.h"
#include "command.h"
#include "decode.h"
#include "sink.h"
#include "source.h"
#include "stop.h"
#include "units.h"

/*
 * Buffering times: one device can take its time; with several, what each holds back would be out of order with what
 * the others give.
 */
#define TIMEOUT_MS 100
#define TIMEOUT_SEVERAL_MS 10

/* ---- Options ---- */

static bool parse_buffer_size(void *field, const char *value, const char **wanted)
{
	uint64_t size;

	*wanted = "a number of bytes below 2G, such as 500k or 64M";
	if (!parse_size(value, &size) || size == 0 || size > INT_MAX)
		return false;
	*(int *)field = (int)size;
	return true;
}

static bool parse_queue(void *field, const char *value, const char **wanted)
{
	struct output_settings *output = field;

	*wanted = "a number of bytes, such as 500k or 64M";
	output->writer_thread = true;
	return parse_size(value, &output->queue_size) && output->queue_size > 0;
}

static bool parse_direction(void *field, const char *value, const char **wanted)
{
	static const struct {
		const char *name;
		pcap_direction_t direction;
	} names[] = {{"in", PCAP_D_IN}, {"out", PCAP_D_OUT}, {"inout", PCAP_D_INOUT}};

	*wanted = "in, out or inout";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i].name) == 0) {
			*(int *)field = names[i].direction;
			return true;
		}
	}
	return false;
}

static bool parse_tstamp_type(void *field, const char *value, const char **wanted)
{
	*wanted = "host, host_lowprec, host_hiprec, host_hiprec_unsynced, adapter or adapter_unsynced";
	*(int *)field = pcap_tstamp_type_name_to_val(value);
	return *(int *)field >= 0;
}

#define FIELD(name) offsetof(struct capture_settings, name)

static const struct option_row capture_options[] = {
	{'i', "interface", "DEV", "capture on this device; can be given several times", option_list,
		FIELD(devices)},
	{'c', "count", "N", "stop after N packets", option_count, FIELD(count)},
	{0, "seconds", "S", "stop after S seconds", option_seconds, FIELD(nanoseconds)},
	{'s', "snaplen", "LEN", "capture at most LEN bytes of a packet", option_snaplen, FIELD(snaplen)},
	{0, "direction", "WAY", "capture packets that come in, go out, or both (inout)", parse_direction,
		FIELD(direction)},
	{0, "json", NULL, "print a JSON object a packet, one a line", option_flag, FIELD(json)},
	{'y', "link-type", "DLT", "capture with this link type, of those the device has", option_linktype,
		FIELD(linktype)},
	{'p', "no-promiscuous", NULL, "leave the device's promiscuous mode alone", option_flag,
		FIELD(no_promiscuous)},
	{'B', "buffer", "SIZE", "bytes of the packet buffer; k, M, G may follow", parse_buffer_size,
		FIELD(buffer_size)},
	{0, "immediate", NULL, "deliver each packet as soon as it is there", option_flag, FIELD(immediate)},
	{0, "precision", "UNIT", "of the time stamps: micro or nano (seconds)", option_precision, FIELD(precision)},
	{0, "tstamp", "TYPE", "who stamps the packets: host, adapter, ...", parse_tstamp_type, FIELD(tstamp_type)},
	OUTPUT_OPTIONS(struct capture_settings, output),
	{0, "writer-thread", NULL, "write in another thread, so that a slow disk loses no packets", option_flag,
		FIELD(output.writer_thread)},
	{0, "queue", "SIZE", "bytes that can wait for that thread; k, M, G may follow", parse_queue, FIELD(output)},
	{0},
};

/* ---- The summary ---- */

static void tell_packets(const char *name, uint64_t count, const char *what)
{
	char buffer[400];
	struct text text = text_in(buffer, sizeof(buffer));

	if (name != NULL) {
		text_escaped(&text, name, strnlen(name, 100));
		text_string(&text, ": ");
	}
	text_counted(&text, count, "packet");
	text_char(&text, ' ');
	text_escaped(&text, what, strnlen(what, 200));
	fprintf(stderr, "%s\n", text_finish(&text));
}

static void tell_source(const struct source *source, bool several)
{
	const struct pcap_stats64 *stats = &source->stats;
	const char *name = several ? source->name : NULL;

	if (several)
		tell_packets(name, source->packets, "captured");
	if (stats->available & PCAP_STATS64_DROP)
		tell_packets(name, stats->drop, "dropped by the kernel (buffer full)");
	if (stats->available & PCAP_STATS64_IFDROP)
		tell_packets(name, stats->ifdrop, "dropped by the interface");
}

static void tell_rate(const struct capture_loop *loop)
{
	uint64_t elapsed = loop->end - loop->begin;
	char buffer[200];
	struct text text = text_in(buffer, sizeof(buffer));

	text_amount(&text, loop->bytes, "B");
	text_string(&text, " in ");
	text_seconds(&text, elapsed);
	text_string(&text, ": ");
	text_counted(&text, per_second(loop->packets, elapsed), "packet");
	text_string(&text, "/s, ");
	text_amount(&text, per_second(loop->bytes, elapsed), "B/s");
	fprintf(stderr, "%s\n", text_finish(&text));
}

static void tell_summary(const struct capture_loop *loop, const char *written_to)
{
	char what[300];

	tell_packets(NULL, loop->packets, "captured");
	if (written_to != NULL && !loop->sink->failed) {
		struct text text = text_in(what, sizeof(what));

		text_string(&text, "written to ");
		text_bytes(&text, written_to, strnlen(written_to, 200));
		if (loop->sink->files > 1) {
			text_string(&text, ", in ");
			text_counted(&text, loop->sink->files, "file");
		}
		text_finish(&text);
		tell_packets(NULL, loop->sink->packets, what);
	}
	for (size_t i = 0; i < loop->source_count; i++)
		tell_source(&loop->sources[i], loop->source_count > 1);
	tell_rate(loop);
}

/* ---- Opening ---- */

/* A pcap file has one link type for all its packets. */
static bool same_linktype(const struct capture_loop *loop)
{
	const struct source *first = &loop->sources[0];

	for (size_t i = 1; i < loop->source_count; i++) {
		const struct source *other = &loop->sources[i];

		if (other->linktype == first->linktype)
			continue;
		complain("a pcap file holds packets of one link type, but %s has %s and %s has %s; "
			 "write a pcapng file, or choose a common type with -y",
			first->name, pcap_datalink_val_to_description_or_dlt(first->linktype), other->name,
			pcap_datalink_val_to_description_or_dlt(other->linktype));
		return false;
	}
	return true;
}

static int open_sink(struct capture_loop *loop)
{
	const struct capture_settings *settings = loop->settings;
	char error[PCAP_ERRBUF_SIZE];

	if (settings->output.path == NULL) {
		sink_print(loop->sink, settings->json, loop->source_count > 1);
		return STATUS_OK;
	}
	if (output_format(&settings->output, PCAP_FORMAT_PCAPNG) == PCAP_FORMAT_PCAP && !same_linktype(loop))
		return STATUS_USAGE;
	if (capture_file_open(loop))
		return STATUS_OK;
	complain("%s", loop->sink->error);
	if (loop->sink->writer != NULL)
		pcap_writer_close(loop->sink->writer, error);
	return STATUS_ERROR;
}

/* "capturing on weir0 (EN10MB, snapshot length 262144)". */
static void tell_start(const struct source *source)
{
	const char *linktype = pcap_datalink_val_to_name(source->linktype);
	char buffer[300];
	struct text text = text_in(buffer, sizeof(buffer));

	if (linktype == NULL)
		linktype = pcap_datalink_val_to_description_or_dlt(source->linktype);
	text_string(&text, "capturing on ");
	text_escaped(&text, source->name, strnlen(source->name, 100));
	text_string(&text, " (");
	text_string(&text, linktype);
	text_string(&text, ", snapshot length ");
	text_decimal(&text, pcap_snapshot(source->handle), 1);
	text_char(&text, ')');
	fprintf(stderr, "%s\n", text_finish(&text));
}

static void close_sources(struct capture_loop *loop)
{
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i].handle != NULL && loop->sink->writer != NULL)
			capture_file_statistics(loop->sink, &loop->sources[i]);
		source_close(&loop->sources[i]);
	}
}

static int run_loop(struct capture_loop *loop)
{
	const char *written_to;
	int status = open_sink(loop);

	if (status != STATUS_OK) {
		close_sources(loop);
		return status;
	}
	written_to = loop->sink->writer != NULL ? sink_name(loop->sink) : NULL;
	stop_on_signals(NULL, NULL);
	for (size_t i = 0; i < loop->source_count; i++)
		tell_start(&loop->sources[i]);
	capture(loop);
	stop_on_signals(NULL, NULL); /* no device is woken any more */
	close_sources(loop);
	status = sink_close(loop->sink);
	tell_summary(loop, written_to);
	if (status == STATUS_OK && loop->failed)
		status = STATUS_DEVICE_LOST;
	return status;
}

static int capture_on_devices(const struct capture_settings *settings)
{
	struct source sources[OPTION_LIST_MAX];
	struct sink sink = {0};
	struct capture_loop loop = {.sources = sources, .sink = &sink, .settings = settings};

	for (size_t i = 0; i < settings->devices.count; i++) {
		int status = source_open(&sources[i], settings->devices.values[i], settings);

		if (status != STATUS_OK) {
			close_sources(&loop);
			return status;
		}
		loop.source_count++;
	}
	return run_loop(&loop);
}

/* What is wrong with settings that are each right, or NULL. */
static const char *contradiction(const struct capture_settings *settings)
{
	if (settings->devices.count == 0)
		return "which device? -i DEV ('weir devices' lists them)";
	if (settings->output.path != NULL && settings->json)
		return "either -w or --json: packets are written or printed";
	return output_contradiction(&settings->output);
}

static int run_capture(const struct command *command, int argc, char **argv)
{
	struct capture_settings settings = {
		.linktype = NOT_KNOWN, .tstamp_type = NOT_KNOWN, .output = OUTPUT_SETTINGS_DEFAULT};
	int first = options_parse(command, argc, argv, &settings);
	int status;

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (contradiction(&settings) != NULL)
		return wrong_usage(command, contradiction(&settings), NULL);
	settings.timeout = settings.devices.count > 1 ? TIMEOUT_SEVERAL_MS : TIMEOUT_MS;
	/* Who looks on wants to see each packet when it comes. */
	if (settings.output.path == NULL && isatty(STDOUT_FILENO))
		settings.immediate = true;
	settings.expression = join_words(argc - first, argv + first);
	status = capture_on_devices(&settings);
	free(settings.expression);
	return status;
}

const struct command capture_command = {
	.name = "capture",
	.help = "Capture packets from devices, and show them or write them to a file.",
	.synopsis = "-i DEV [-i DEV...] [-w FILE] [OPTION...] [EXPRESSION]",
	.options = capture_options,
	.run = run_capture,
};
