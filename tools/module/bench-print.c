/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The results of `weir module bench`, as a table and as JSON.
 */
#include "module/bench.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "units.h"

static const char *const filter_names[] = {"no filter", "all pass", "none passes"};

#define CELL 16

/* "850 ns", "4.21 us", "1.20 ms". */
static const char *duration(char cell[CELL], int64_t nanoseconds)
{
	static const struct {
		int64_t size;
		const char *name;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};
	size_t unit = 0;

	while (unit < 3 && nanoseconds < units[unit].size)
		unit++;
	if (unit == 3)
		snprintf(cell, CELL, "%d ns", (int)nanoseconds);
	else
		snprintf(cell, CELL, "%.3g %s", (double)nanoseconds / (double)units[unit].size, units[unit].name);
	return cell;
}

static const char *amount(char cell[CELL], uint64_t value, const char *unit)
{
	struct text text = text_in(cell, CELL);

	text_amount(&text, value, unit);
	return text_finish(&text);
}

static uint64_t a_packet(const struct bench_reading *reading, uint64_t nanoseconds)
{
	return reading->packets > 0 ? nanoseconds / reading->packets : 0;
}

static unsigned load(const struct bench_reading *reading)
{
	return reading->nanoseconds > 0 ? (unsigned)((reading->user + reading->system) * 100 / reading->nanoseconds)
					: 0;
}

static void print_dropped(const struct bench_reading *reading)
{
	const struct pcap_stats64 *stats = &reading->stats;

	if ((stats->available & (PCAP_STATS64_DROP | PCAP_STATS64_IFDROP)) == 0)
		printf("  %9s", "not known");
	else
		printf("  %9llu", (unsigned long long)(stats->drop + stats->ifdrop));
}

static void print_reading(const struct bench_reading *reading)
{
	char cells[5][CELL];

	printf("%-15s  %-11s  ", reading->call, filter_names[reading->filter]);
	/* What a filter refuses is not counted by anyone, so that only the load is known. */
	if (reading->packets == 0)
		printf("%11s  %11s  %10s  %10s  %10s", "-", "-", "-", "-", "-");
	else
		printf("%10llu%c  %11s  %10s  %10s  %10s",
			(unsigned long long)per_second(reading->packets, reading->nanoseconds),
			reading->waited ? '*' : ' ',
			amount(cells[0], per_second(reading->bytes, reading->nanoseconds), "B"),
			duration(cells[1], (int64_t)a_packet(reading, reading->user + reading->system)),
			duration(cells[2], (int64_t)a_packet(reading, reading->user)),
			duration(cells[3], (int64_t)a_packet(reading, reading->system)));
	printf("  %3u %%", load(reading));
	print_dropped(reading);
	putchar('\n');
}

static void print_problem(const struct bench *bench, const char *what, const char *filter, const char *problem)
{
	char buffer[2 * PCAP_ERRBUF_SIZE];
	struct text text = text_in(buffer, sizeof(buffer));

	text_escaped(&text, problem, strlen(problem));
	printf("%s%s%s%s: %s%s\n", what, filter != NULL ? " (" : "", filter != NULL ? filter : "",
		filter != NULL ? ")" : "", text_finish(&text),
		strcmp(problem, "no packet came") == 0 && bench->traffic == NULL
			? ": --traffic runs a command that makes some"
			: "");
}

/* What the table can't say. */
static void print_notes(const struct bench *bench)
{
	bool waited = false;

	for (size_t i = 0; i < bench->reading_count; i++) {
		const struct bench_reading *reading = &bench->readings[i];

		waited = waited || (reading->waited && reading->packets > 0);
		if (reading->problem[0] != '\0')
			print_problem(bench, reading->call, filter_names[reading->filter], reading->problem);
	}
	if (waited)
		printf("* The device sets the pace: the reader has waited for it. The CPU time is the figure.\n");
	if (bench->traffic_ended)
		printf("The traffic has ended before all was measured.\n");
	if (bench->reading_count < BENCH_READINGS || !bench->has_latency)
		printf("Ended by the user: what is not here was not measured.\n");
}

static void print_latency(const struct bench *bench)
{
	const struct bench_latency *latency = &bench->latency;
	char p50[CELL], p99[CELL];

	if (latency->problem[0] != '\0') {
		print_problem(bench, "Time stamp to callback: not measured", NULL, latency->problem);
		return;
	}
	printf("Time stamp to callback: p50 %s, p99 %s (%zu packets, immediate mode)\n",
		duration(p50, latency->p50), duration(p99, latency->p99), latency->packets);
}

void bench_print(const struct bench *bench)
{
	char mean[CELL], p99[CELL];

	printf("%s: module %s, %s\n\n", bench->device, bench->module, bench->link_type);
	printf("Opened and closed: %llu/s, mean %s, p99 %s\n\n",
		(unsigned long long)per_second(bench->opens.count, bench->opens.nanoseconds),
		duration(mean, (int64_t)bench->opens.mean), duration(p99, (int64_t)bench->opens.p99));
	printf("%-15s  %-11s  %11s  %11s  %10s  %10s  %10s  %5s  %9s\n", "read with", "filter", "packets/s ",
		"bytes/s", "CPU/packet", "user", "system", "load", "dropped");
	for (size_t i = 0; i < bench->reading_count; i++)
		print_reading(&bench->readings[i]);
	putchar('\n');
	if (bench->has_latency)
		print_latency(bench);
	print_notes(bench);
}

/* ---- JSON ---- */

static void json_problem(struct json *json, const char *problem)
{
	if (problem[0] != '\0')
		json_string(json, "problem", problem);
}

static void json_reading(struct json *json, const struct bench_reading *reading)
{
	json_open_object(json, NULL);
	json_string(json, "call", reading->call);
	json_string(json, "filter", filter_names[reading->filter]);
	json_number(json, "nanoseconds", reading->nanoseconds);
	json_number(json, "packets", reading->packets);
	json_number(json, "bytes", reading->bytes);
	json_number(json, "packets_per_second", per_second(reading->packets, reading->nanoseconds));
	json_number(json, "bytes_per_second", per_second(reading->bytes, reading->nanoseconds));
	json_number(json, "cpu_user", reading->user);
	json_number(json, "cpu_system", reading->system);
	if (reading->packets > 0)
		json_number(json, "cpu_per_packet", a_packet(reading, reading->user + reading->system));
	json_bool(json, "paced_by_device", reading->waited);
	if (reading->stats.available & PCAP_STATS64_DROP)
		json_number(json, "dropped", reading->stats.drop);
	if (reading->stats.available & PCAP_STATS64_IFDROP)
		json_number(json, "interface_dropped", reading->stats.ifdrop);
	json_problem(json, reading->problem);
	json_close_object(json);
}

void bench_print_json(const struct bench *bench)
{
	struct json json = {.out = stdout};

	json_open_object(&json, NULL);
	json_string(&json, "device", bench->device);
	json_string(&json, "module", bench->module);
	json_string(&json, "link_type", bench->link_type);
	json_open_object(&json, "opens");
	json_number(&json, "count", bench->opens.count);
	json_number(&json, "per_second", per_second(bench->opens.count, bench->opens.nanoseconds));
	json_number(&json, "mean", bench->opens.mean);
	json_number(&json, "p99", bench->opens.p99);
	json_close_object(&json);
	json_open_array(&json, "reads");
	for (size_t i = 0; i < bench->reading_count; i++)
		json_reading(&json, &bench->readings[i]);
	json_close_array(&json);
	if (bench->has_latency) {
		json_open_object(&json, "latency");
		json_number(&json, "packets", bench->latency.packets);
		/* A time stamp may be ahead of the clock by less than its own unit. */
		if (bench->latency.problem[0] == '\0') {
			json_number(&json, "p50", bench->latency.p50 > 0 ? (uint64_t)bench->latency.p50 : 0);
			json_number(&json, "p99", bench->latency.p99 > 0 ? (uint64_t)bench->latency.p99 : 0);
		}
		json_problem(&json, bench->latency.problem);
		json_close_object(&json);
	}
	json_bool(&json, "traffic_ended", bench->traffic_ended);
	json_close_object(&json);
	json_end_line(&json);
}
