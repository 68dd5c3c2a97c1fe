/* SPDX-License-Identifier: BSD-3-Clause */
/* What the benchmarks of filters share: the other library's calls, and ways to filter measured side by side. */
#ifndef WEIR_BENCH_FILTER_WAYS_H
#define WEIR_BENCH_FILTER_WAYS_H

#include <stdint.h>

#include "filter-packets.h"

#define MOST_ROUNDS 101

struct other_library {
	u_int (*filter)(const struct bpf_insn *, const u_char *, u_int, u_int);
	int (*offline_filter)(const struct bpf_program *, const struct pcap_pkthdr *, const u_char *);
	int (*compile)(pcap_t *, struct bpf_program *, const char *, int, bpf_u_int32);
	pcap_t *(*open_dead)(int, int);
};

/* What a packet is filtered with, one by one or all at once: the verdict, or the sum of all. argument is the way's. */
typedef u_int (*run_t)(const void *argument, const struct pcap_pkthdr *header, const u_char *data);
typedef uint64_t (*run_all_t)(const void *argument, const struct packets *packets);

struct way {
	const char *name;
	const void *argument;
	run_t run;
	run_all_t run_all;
	uint64_t verdicts; /* the sum of all */
	double ns[MOST_ROUNDS];
	double ratio[MOST_ROUNDS]; /* the first way's time to this one's, in the same round */
	double to_limit[MOST_ROUNDS];
};

/* Ends the program with 77 where there is no such library. */
struct other_library bench_load_other(const char *path);
/* Ends the program where a pointer is NULL. */
void *bench_checked(void *pointer);
/* The processor's time: other programs on this machine do not count. */
double bench_cpu_seconds(void);

/*
 * Measures ways over the packets, so many times a round, and shows a row for each: the time, and in the same round the
 * first way's time by this one's, and this one's by the limit's, if there is one. All must judge alike.
 */
void bench_ways(struct way *ways, int count, const struct way *limit, const struct packets *packets, u_int repeat,
	int rounds);

#endif
