/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir read`: shows a savefile's packets, or writes them to another one. What is good of a damaged file comes
 * first, then the error.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/weir.h>

#include "command.h"
#include "sink.h"
#include "source.h"
#include "stop.h"

struct read_settings {
	const char *output;
	uint64_t count; /* 0: all */
	bool json;
};

static const struct option_row read_options[] = {
	{'w', "write", "FILE", "write the packets to a savefile; - is standard output", option_text,
		offsetof(struct read_settings, output)},
	{'c', "count", "N", "stop after N packets", option_count, offsetof(struct read_settings, count)},
	{0, "json", NULL, "print a JSON object a packet, one a line", option_flag,
		offsetof(struct read_settings, json)},
	{0},
};

struct reading {
	struct sink sink;
	pcap_t *handle;
	int linktype;
	bool flush_each; /* more can be long in coming, and what is there is wanted now */
};

static void take_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct reading *reading = (struct reading *)user;

	sink_packet(&reading->sink, NULL, reading->linktype, header, bytes);
	if (reading->flush_each)
		sink_flush(&reading->sink);
	if (reading->sink.failed)
		pcap_breakloop(reading->handle);
}

/*
 * Reads from a pipe go on after a signal. Where the descriptor does not block, the library waits in poll(), which
 * does not: so a pipe that nothing comes from can be left. Its flags as they were, or -1 if they stay.
 */
static int unblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_NONBLOCK) != 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	return flags;
}

/* Reads up to count packets, or all if it is 0. PCAP_ERROR_BREAK, PCAP_ERROR, or 0. */
static int read_packets(struct reading *reading, uint64_t count)
{
	uint64_t left = count;
	int n;

	do {
		int wanted = count == 0 ? -1 : left < INT_MAX ? (int)left : INT_MAX;

		n = pcap_dispatch(reading->handle, wanted, take_packet, (u_char *)reading);
		if (n > 0)
			left -= n;
	} while (n > 0 && (count == 0 || left > 0) && !stop_requested());
	return n < 0 ? n : 0;
}

static bool open_sink(struct reading *reading, const struct read_settings *settings, int input)
{
	bool nanoseconds = pcap_get_tstamp_precision(reading->handle) == PCAP_TSTAMP_PRECISION_NANO;

	if (settings->output == NULL) {
		sink_print(&reading->sink, settings->json, nanoseconds, false);
		return true;
	}
	if (sink_open_file(&reading->sink, settings->output, reading->handle, input))
		return true;
	complain("%s: %s", sink_name(&reading->sink), reading->sink.error);
	return false;
}

/* From a handle that is open. */
static int copy_packets(struct reading *reading, const struct read_settings *settings, const char *path)
{
	int fd = pcap_get_selectable_fd(reading->handle);
	struct stat file;
	bool piped = fstat(fd, &file) == 0 && (S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode));
	int flags, result, status;

	if (!open_sink(reading, settings, fd))
		return STATUS_ERROR;
	reading->linktype = pcap_datalink(reading->handle);
	reading->flush_each = piped && (settings->output == NULL || strcmp(settings->output, "-") == 0);
	flags = piped ? unblock(fd) : -1;
	stop_on_signals(reading->handle);
	result = read_packets(reading, settings->count);
	stop_on_signals(NULL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags);
	status = sink_close(&reading->sink);
	if (result == PCAP_ERROR) {
		complain_of(path, pcap_geterr(reading->handle));
		status = STATUS_ERROR;
	}
	return status;
}

static int read_file(const char *path, const char *expression, const struct read_settings *settings)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct reading reading = {0};
	char error[PCAP_ERRBUF_SIZE];
	int status;

	reading.handle = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_OF_FILE, error);
	if (reading.handle == NULL) {
		complain_of(name, error);
		return STATUS_ERROR;
	}
	status = set_filter(reading.handle, name, expression, PCAP_NETMASK_UNKNOWN);
	if (status == STATUS_OK)
		status = copy_packets(&reading, settings, name);
	pcap_close(reading.handle);
	return status;
}

static int run_read(const struct command *command, int argc, char **argv)
{
	struct read_settings settings = {0};
	int first = options_parse(command, argc, argv, &settings);
	char *expression;
	int status;

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first == argc)
		return wrong_usage(command, "which file? (- is standard input)", NULL);
	if (settings.output != NULL && settings.json)
		return wrong_usage(command, "either -w or --json: packets are written or printed", NULL);
	expression = join_words(argc - first - 1, argv + first + 1);
	status = read_file(argv[first], expression, &settings);
	free(expression);
	return status;
}

const struct command read_command = {
	.name = "read",
	.help = "Show the packets of a savefile, or write them to another.",
	.synopsis = "FILE [-w FILE] [-c N] [--json] [EXPRESSION]",
	.options = read_options,
	.run = run_read,
};
