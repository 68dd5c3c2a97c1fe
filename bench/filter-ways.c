/* SPDX-License-Identifier: BSD-3-Clause */
/* What the benchmarks of filters share: the other library's calls, and ways to filter measured side by side. */
#include "filter-ways.h"

#include "bench.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void *bench_checked(void *pointer)
{
	if (pointer == NULL) {
		fprintf(stderr, "out of memory, or no such name\n");
		exit(1);
	}
	return pointer;
}

struct other_library bench_load_other(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct other_library other;

	if (library == NULL) {
		printf("skipped: %s\n", dlerror());
		exit(77);
	}
	*(void **)&other.filter = bench_checked(dlsym(library, "bpf_filter"));
	*(void **)&other.offline_filter = bench_checked(dlsym(library, "pcap_offline_filter"));
	*(void **)&other.compile = bench_checked(dlsym(library, "pcap_compile"));
	*(void **)&other.open_dead = bench_checked(dlsym(library, "pcap_open_dead"));
	return other;
}

double bench_cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t run_each(run_t run, const void *argument, const struct packets *packets)
{
	uint64_t verdicts = 0;

	for (u_int i = 0; i < packets->count; i++)
		verdicts += run(argument, &packets->headers[i], packets->data[i]);
	return verdicts;
}

static double measure(struct way *way, const struct packets *packets, u_int repeat)
{
	double start = bench_cpu_seconds();

	for (u_int i = 0; i < repeat; i++)
		way->verdicts = way->run_all != NULL ? way->run_all(way->argument, packets)
						     : run_each(way->run, way->argument, packets);
	return (bench_cpu_seconds() - start) * 1e9 / repeat / packets->count;
}

static void show_way(struct way *way, bool has_limit, int rounds)
{
	double ns = bench_median(way->ns, rounds), ratio = bench_median(way->ratio, rounds);

	printf("    %-32s %8.2f ns   first / this %6.2f (%.2f to %.2f)", way->name, ns, ratio, way->ratio[0],
		way->ratio[rounds - 1]);
	if (has_limit) {
		double median = bench_median(way->to_limit, rounds);
		printf("   this / limit %6.2f (%.2f to %.2f)", median, way->to_limit[0], way->to_limit[rounds - 1]);
	}
	printf("\n");
}

void bench_ways(struct way *ways, int count, const struct way *limit, const struct packets *packets, u_int repeat,
	int rounds)
{
	/* The first round only warms the caches. */
	for (int round = -1; round < rounds; round++) {
		for (int i = 0; i < count; i++)
			ways[i].ns[round < 0 ? 0 : round] = measure(&ways[i], packets, repeat);
		for (int i = 0; i < count && round >= 0; i++) {
			ways[i].ratio[round] = ways[0].ns[round] / ways[i].ns[round];
			if (limit != NULL)
				ways[i].to_limit[round] = ways[i].ns[round] / limit->ns[round];
		}
	}
	for (int i = 0; i < count; i++) {
		show_way(&ways[i], limit != NULL, rounds);
		if (ways[i].verdicts == ways[0].verdicts)
			continue;
		fprintf(stderr, "%s does not judge as %s does\n", ways[i].name, ways[0].name);
		exit(1);
	}
}
