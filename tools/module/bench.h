/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `weir module bench` measures of a device.
 */
#ifndef WEIR_MODULE_BENCH_H
#define WEIR_MODULE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pcap/weir.h>

/* Opening and closing a handle, again and again. */
struct bench_opens {
	uint64_t count;
	uint64_t nanoseconds; /* all together */
	uint64_t mean, p99;   /* of one, ns */
};

/* A filter that a handle reads with. */
enum bench_filter { NO_FILTER, ALL_PASS, NONE_PASSES };

/* Reading in one way for a while. */
struct bench_reading {
	const char *call;
	enum bench_filter filter;
	uint64_t packets;
	uint64_t bytes; /* on the wire */
	uint64_t nanoseconds;
	uint64_t user, system; /* CPU time of the whole process, ns */
	bool waited;           /* the reader was not busy: the device, or what makes its packets, sets the pace */
	struct pcap_stats64 stats;
	char problem[PCAP_ERRBUF_SIZE]; /* what was not measured and why, or "" */
};

/* From a packet's time stamp to the callback, in immediate mode. */
struct bench_latency {
	size_t packets;
	int64_t p50, p99; /* ns */
	char problem[PCAP_ERRBUF_SIZE];
};

#define BENCH_READINGS 5

struct bench {
	const char *device;
	const char *traffic;  /* a command that makes packets, or NULL */
	uint64_t nanoseconds; /* each measurement takes */
	pid_t traffic_pid;
	bool traffic_ended; /* before all was measured */
	char module[64];
	char link_type[64];
	struct bench_opens opens;
	struct bench_reading readings[BENCH_READINGS];
	size_t reading_count; /* less than all of them if the user ended it */
	struct bench_latency latency;
	bool has_latency;
};

/* Opens the device; NULL after it was said what is wrong. in_nanoseconds: where it can, in immediate mode. */
pcap_t *bench_open(const struct bench *bench, bool for_latency);
/* Reads in each of the ways in turn, and measures the latency (bench-read.c). false if the device fails. */
bool bench_read_all(struct bench *bench);
/* When the traffic has ended, that is noted. */
void bench_look_at_traffic(struct bench *bench);

/* Sorts, and the value that a part of them, in hundredths, does not exceed. */
int64_t bench_percentile(int64_t *values, size_t count, unsigned hundredths);

/* The results, to standard output (bench-print.c). */
void bench_print(const struct bench *bench);
void bench_print_json(const struct bench *bench);

#endif
