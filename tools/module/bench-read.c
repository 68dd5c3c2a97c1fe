/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading from a device for a while in each of the ways that programs have, and how long packets take to the callback.
 * For `weir module bench`.
 */
#include "module/bench.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "source.h"
#include "stop.h"
#include "units.h"

#define BATCH 256
#define MOST_SAMPLES 200000
#define PATIENCE_MS 5000 /* for a module to come back from a read after pcap_breakloop() */

/* A reader that never waits has the processor for at least so much of the time, where it does not share it. */
#define BUSY_PERCENT 90

/* ---- The end of a measurement ---- */

/* Breaks the loop when the time is over, also where a module waits for ever. */
struct watch {
	const struct bench *bench;
	pcap_t *p;
	int done; /* an eventfd: the reader has come back */
	atomic_bool over;
	pthread_t thread;
};

static void *watch_reader(void *argument)
{
	struct watch *watch = argument;
	struct pollfd fds[2] = {{.fd = watch->done, .events = POLLIN}, {.fd = stop_descriptor(), .events = POLLIN}};

	poll(fds, 2, (int)((watch->bench->nanoseconds + 999999) / 1000000));
	if (fds[0].revents != 0)
		return NULL;
	atomic_store(&watch->over, true);
	pcap_breakloop(watch->p);
	if (poll(fds, 1, PATIENCE_MS) == 1)
		return NULL;
	/* There is no way to take the thread out of the module. */
	complain_of(watch->bench->device, "a read does not come back after pcap_breakloop()");
	_exit(STATUS_DEVICE_LOST);
}

static bool begin_watch(struct watch *watch, const struct bench *bench, pcap_t *p)
{
	*watch = (struct watch){.bench = bench, .p = p, .done = eventfd(0, EFD_CLOEXEC)};
	if (watch->done >= 0 && pthread_create(&watch->thread, NULL, watch_reader, watch) == 0)
		return true;
	complain("no thread can be made");
	if (watch->done >= 0)
		close(watch->done);
	return false;
}

static void end_watch(struct watch *watch)
{
	uint64_t one = 1;

	/* An eventfd takes 8 bytes. */
	if (write(watch->done, &one, sizeof(one)) != sizeof(one))
		complain("the measurement can't be ended in time");
	pthread_join(watch->thread, NULL);
	close(watch->done);
}

/* ---- The ways to read ---- */

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct bench_reading *reading = (struct bench_reading *)user;

	(void)data;
	reading->packets++;
	reading->bytes += header->len;
}

/* Each reads once: a negative status ends it. */
static int read_dispatch(pcap_t *p, struct bench_reading *reading)
{
	return pcap_dispatch(p, -1, count_packet, (u_char *)reading);
}

static int read_next_ex(pcap_t *p, struct bench_reading *reading)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int status = pcap_next_ex(p, &header, &data);

	if (status == 1)
		count_packet((u_char *)reading, header, data);
	return status;
}

static int read_next_batch(pcap_t *p, struct bench_reading *reading)
{
	struct pcap_batch_packet packets[BATCH];
	int count = pcap_next_batch(p, packets, sizeof(packets[0]), BATCH);

	for (int i = 0; i < count; i++)
		count_packet((u_char *)reading, &packets[i].header, packets[i].data);
	return count;
}

struct way {
	const char *call;
	enum bench_filter filter;
	int (*read)(pcap_t *p, struct bench_reading *reading);
};

static const struct way ways[BENCH_READINGS] = {
	{"pcap_dispatch", NO_FILTER, read_dispatch},
	{"pcap_dispatch", ALL_PASS, read_dispatch},
	{"pcap_dispatch", NONE_PASSES, read_dispatch},
	{"pcap_next_ex", NO_FILTER, read_next_ex},
	{"pcap_next_batch", NO_FILTER, read_next_batch},
};

/* By the length on the wire, which packets of all link-layer types have. */
static bool filter_packets(pcap_t *p, const struct bench *bench, enum bench_filter filter)
{
	struct bpf_insn instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, filter == ALL_PASS ? 0 : INT32_MAX, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 262144),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct bpf_program program = {sizeof(instructions) / sizeof(instructions[0]), instructions};

	if (filter == NO_FILTER || pcap_setfilter(p, &program) == 0)
		return true;
	complain_of(bench->device, pcap_geterr(p));
	return false;
}

static uint64_t nanoseconds_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * NANOSECONDS_PER_SECOND + (uint64_t)time->tv_usec * 1000;
}

static void take_usage(struct bench_reading *reading, const struct rusage *before, const struct rusage *after,
	uint64_t nanoseconds)
{
	long waits = after->ru_nvcsw - before->ru_nvcsw, interruptions = after->ru_nivcsw - before->ru_nivcsw;

	reading->nanoseconds = nanoseconds;
	reading->user = nanoseconds_of(&after->ru_utime) - nanoseconds_of(&before->ru_utime);
	reading->system = nanoseconds_of(&after->ru_stime) - nanoseconds_of(&before->ru_stime);
	/* Where it has to share it, it is interrupted, and does not give it away by itself. */
	reading->waited =
		reading->user + reading->system < nanoseconds / 100 * BUSY_PERCENT && waits > interruptions;
}

static void read_for_a_while(
	const struct bench *bench, pcap_t *p, const struct way *way, struct bench_reading *reading)
{
	struct rusage before, after;
	struct watch watch;
	uint64_t start;
	int status = 0;

	if (!begin_watch(&watch, bench, p)) {
		snprintf(reading->problem, sizeof(reading->problem), "no thread could be made");
		return;
	}
	start = monotonic_nanoseconds();
	getrusage(RUSAGE_SELF, &before);
	while (status >= 0 && !atomic_load_explicit(&watch.over, memory_order_relaxed))
		status = way->read(p, reading);
	getrusage(RUSAGE_SELF, &after);
	take_usage(reading, &before, &after, monotonic_nanoseconds() - start);
	end_watch(&watch);
	if (pcap_get_stats64(p, &reading->stats, sizeof(reading->stats)) < 0)
		reading->stats.available = 0;
	if (status < 0 && status != PCAP_ERROR_BREAK)
		snprintf(reading->problem, sizeof(reading->problem), "it has ended: %s",
			without_name(bench->device,
				pcap_geterr(p)[0] != '\0' ? pcap_geterr(p) : pcap_statustostr(status)));
	else if (reading->packets == 0 && way->filter != NONE_PASSES)
		snprintf(reading->problem, sizeof(reading->problem), "no packet came");
}

static bool measure_reading(struct bench *bench, const struct way *way)
{
	struct bench_reading *reading = &bench->readings[bench->reading_count];
	pcap_t *p = bench_open(bench, false);
	bool good = p != NULL && filter_packets(p, bench, way->filter);

	if (good) {
		*reading = (struct bench_reading){.call = way->call, .filter = way->filter};
		read_for_a_while(bench, p, way, reading);
		bench->reading_count++;
		bench_look_at_traffic(bench);
	}
	if (p != NULL)
		pcap_close(p);
	return good;
}

/* ---- Latency ---- */

struct samples {
	int64_t *values;
	size_t count;
	long unit; /* of a time stamp's fraction, ns */
};

static void sample_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct samples *samples = (struct samples *)user;
	struct timespec now;

	(void)data;
	if (samples->count == MOST_SAMPLES)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	samples->values[samples->count++] = (now.tv_sec - header->ts.tv_sec) * (int64_t)NANOSECONDS_PER_SECOND +
					    now.tv_nsec - header->ts.tv_usec * samples->unit;
}

static void sum_up(struct bench_latency *latency, const struct samples *samples)
{
	latency->packets = samples->count;
	if (samples->count == 0) {
		snprintf(latency->problem, sizeof(latency->problem), "no packet came");
		return;
	}
	latency->p50 = bench_percentile(samples->values, samples->count, 50);
	latency->p99 = bench_percentile(samples->values, samples->count, 99);
	/* Microseconds are cut off, not rounded: a packet can't be ahead by more than the clock's own steps. */
	if (latency->p50 < -1000000 || latency->p50 > 60 * (int64_t)NANOSECONDS_PER_SECOND)
		snprintf(latency->problem, sizeof(latency->problem),
			"the time stamps are not those of the system's clock: they differ by %.3f s",
			(double)latency->p50 / (double)NANOSECONDS_PER_SECOND);
}

static bool measure_latency(struct bench *bench)
{
	struct samples samples = {.values = malloc(MOST_SAMPLES * sizeof(*samples.values))};
	pcap_t *p = bench_open(bench, true);
	bool good = p != NULL && samples.values != NULL;
	struct watch watch;
	int status = 0;

	if (p != NULL && samples.values == NULL)
		complain("no memory");
	if (good && begin_watch(&watch, bench, p)) {
		samples.unit = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
		while (status >= 0 && samples.count < MOST_SAMPLES && !atomic_load(&watch.over))
			status = pcap_dispatch(p, -1, sample_packet, (u_char *)&samples);
		end_watch(&watch);
		sum_up(&bench->latency, &samples);
		bench->has_latency = true;
		bench_look_at_traffic(bench);
	}
	if (p != NULL)
		pcap_close(p);
	free(samples.values);
	return good;
}

bool bench_read_all(struct bench *bench)
{
	for (size_t i = 0; i < BENCH_READINGS && !stop_requested(); i++)
		if (!measure_reading(bench, &ways[i]))
			return false;
	return stop_requested() || measure_latency(bench);
}
