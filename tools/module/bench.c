/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir module bench`: what opening a device costs, and reading from it in each way that programs have. All is measured
 * here and now; what could not be is told as such.
 */
#include "module/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "module/file.h"
#include "module/traffic.h"
#include "source.h"
#include "stop.h"
#include "units.h"

#define BUFFERING_MS 100
#define MOST_OPENS 100000

struct bench_settings {
	uint64_t nanoseconds;
	const char *traffic;
	bool json;
};

static const struct option_row bench_options[] = {
	{0, "seconds", "SECONDS", "how long each measurement takes; without it, 1", option_seconds,
		offsetof(struct bench_settings, nanoseconds)},
	{0, "traffic", "COMMAND", "a command for the shell that makes packets meanwhile", option_text,
		offsetof(struct bench_settings, traffic)},
	{0, "json", NULL, "print a JSON object", option_flag, offsetof(struct bench_settings, json)},
	{0},
};

static int compare(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return (first > second) - (first < second);
}

int64_t bench_percentile(int64_t *values, size_t count, unsigned hundredths)
{
	size_t rank = (count * hundredths + 99) / 100;

	qsort(values, count, sizeof(*values), compare);
	return values[rank > 0 ? rank - 1 : 0];
}

/* ---- Opening ---- */

pcap_t *bench_open(const struct bench *bench, bool for_latency)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(bench->device, error);
	int status;

	if (p == NULL) {
		complain_of(bench->device, error);
		return NULL;
	}
	pcap_set_timeout(p, BUFFERING_MS);
	pcap_set_promisc(p, 1);
	if (for_latency) {
		pcap_set_immediate_mode(p, 1);
		/* Where there are none, microseconds are what there is. */
		pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	}
	status = pcap_activate(p);
	if (status >= 0)
		return p;
	complain_of(bench->device, pcap_geterr(p)[0] != '\0' ? pcap_geterr(p) : pcap_statustostr(status));
	pcap_close(p);
	return NULL;
}

static void describe(struct bench *bench, pcap_t *p)
{
	const char *link_type = pcap_datalink_val_to_name(pcap_datalink(p));
	const char *module = pcap_module_name(p);

	snprintf(bench->module, sizeof(bench->module), "%s", module != NULL ? module : "");
	if (link_type != NULL)
		snprintf(bench->link_type, sizeof(bench->link_type), "%s", link_type);
	else
		snprintf(bench->link_type, sizeof(bench->link_type), "%d", pcap_datalink(p));
}

/* Each from pcap_create() to the end of pcap_close(). false: it was said why not. */
static bool measure_opens(struct bench *bench)
{
	struct bench_opens *opens = &bench->opens;
	int64_t *each = malloc(MOST_OPENS * sizeof(*each));
	uint64_t start = monotonic_nanoseconds(), last = start;
	bool good = each != NULL;

	if (each == NULL)
		complain("no memory");
	while (good && opens->count < MOST_OPENS && last - start < bench->nanoseconds && !stop_requested()) {
		pcap_t *p = bench_open(bench, false);
		uint64_t now;

		good = p != NULL;
		if (opens->count == 0 && good)
			describe(bench, p);
		if (good)
			pcap_close(p);
		now = monotonic_nanoseconds();
		each[opens->count++] = (int64_t)(now - last);
		last = now;
	}
	opens->nanoseconds = last - start;
	if (good && opens->count > 0) {
		opens->mean = opens->nanoseconds / opens->count;
		opens->p99 = (uint64_t)bench_percentile(each, opens->count, 99);
	}
	free(each);
	return good;
}

/* ---- Traffic ---- */

void bench_look_at_traffic(struct bench *bench)
{
	bench->traffic_ended = bench->traffic_ended || (bench->traffic_pid > 0 && !is_group_running(bench->traffic_pid));
}

/* ---- The command ---- */

/* The first device that a module in a file lists, to be freed; NULL after it was said why there is none. */
static char *device_of_file(const char *file)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct pcap_module_info info;
	pcap_if_t *devices;
	char *name;

	if (!use_module_file(file, &info))
		return NULL;
	if (pcap_list_module_devices(info.name, &devices, error) < 0) {
		complain("%s", error);
		return NULL;
	}
	name = devices != NULL ? strdup(devices->name) : NULL;
	if (devices == NULL)
		complain("%s lists no device: put its folder into PCAP_MODULE_PATH, and name a device", file);
	pcap_freealldevs(devices);
	return name;
}

static int run_measurements(struct bench *bench, bool json)
{
	bool good;

	stop_on_signals(NULL, NULL);
	if (!measure_opens(bench))
		return STATUS_NO_DEVICE;
	if (bench->traffic != NULL)
		bench->traffic_pid = start_command(bench->traffic);
	good = (bench->traffic == NULL || bench->traffic_pid > 0) && bench_read_all(bench);
	if (bench->traffic_pid > 0)
		end_group(bench->traffic_pid);
	if (!good)
		return STATUS_NO_DEVICE;
	if (json)
		bench_print_json(bench);
	else
		bench_print(bench);
	return finish_stdout(STATUS_OK);
}

static int run_bench(const struct command *command, int argc, char **argv)
{
	struct bench_settings settings = {.nanoseconds = NANOSECONDS_PER_SECOND};
	struct bench bench = {.traffic_pid = -1};
	int first = options_parse(command, argc, argv, &settings), status;
	char *of_file = NULL;

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first == argc)
		return wrong_usage(command, "a device is missing, or the file of a module", NULL);
	if (first + 1 < argc)
		return wrong_usage(command, "there is one device too many", argv[first + 1]);
	if (is_module_file(argv[first]) && (of_file = device_of_file(argv[first])) == NULL)
		return STATUS_NO_DEVICE;
	bench.device = of_file != NULL ? of_file : argv[first];
	bench.traffic = settings.traffic;
	bench.nanoseconds = settings.nanoseconds;
	status = run_measurements(&bench, settings.json);
	free(of_file);
	return status;
}

const struct command module_bench_command = {
	.name = "module bench",
	.help = "Measure what opening a device costs, and reading from it.",
	.synopsis = "[--seconds SECONDS] [--traffic COMMAND] [--json] DEVICE|FILE.so",
	.options = bench_options,
	.run = run_bench,
};
