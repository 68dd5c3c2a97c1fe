/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a filter costs a packet: the other library's interpreter, ours, our native code, and a function written by hand,
 * over the same packets in one run; and how long it takes to make native code. All ways are held to the same verdicts.
 *
 * usage: bench-filter [OTHER-LIBRARY [ROUNDS]]
 */
#include "filter-limits.h"
#include "filter-ways.h"

#include "bench.h"

#include "bpf/engine.h"
#include "bpf/program.h"
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct other_library other;

static u_int run_other(const void *argument, const struct pcap_pkthdr *header, const u_char *data)
{
	return other.filter(argument, data, header->len, header->caplen);
}

static u_int run_other_offline_filter(const void *argument, const struct pcap_pkthdr *header, const u_char *data)
{
	return (u_int)other.offline_filter(argument, header, data);
}

static u_int run_interpreter(const void *argument, const struct pcap_pkthdr *header, const u_char *data)
{
	return bpf_filter(argument, data, header->len, header->caplen);
}

static u_int run_offline_filter(const void *argument, const struct pcap_pkthdr *header, const u_char *data)
{
	return (u_int)pcap_offline_filter(argument, header, data);
}

/* As the loops that read savefiles do it. */
static uint64_t run_handle(const void *argument, const struct packets *packets)
{
	uint64_t verdicts = 0;

	for (u_int i = 0; i < packets->count; i++)
		verdicts += core_filter_packet(
			(pcap_t *)argument, packets->data[i], packets->headers[i].len, packets->headers[i].caplen);
	return verdicts;
}

static uint64_t run_native_code(const void *argument, const struct packets *packets)
{
	bpf_native_t run = ((const struct bpf_native *)argument)->run;
	uint64_t verdicts = 0;

	for (u_int i = 0; i < packets->count; i++)
		verdicts += run(packets->data[i], packets->headers[i].caplen, packets->headers[i].len, NULL);
	return verdicts;
}

static uint64_t run_batch(const void *argument, const struct packets *packets)
{
	int *results = bench_checked(malloc(packets->count * sizeof(*results)));
	uint64_t verdicts = 0;

	pcap_offline_filter_batch(argument, packets->headers, packets->data, packets->count, results);
	for (u_int i = 0; i < packets->count; i++)
		verdicts += (u_int)results[i];
	free(results);
	return verdicts;
}

enum {
	OTHER,
	OTHER_OFFLINE,
	INTERPRETER_SAME,
	OFFLINE_SAME,
	NATIVE_SAME,
	INTERPRETER,
	OFFLINE,
	BATCH,
	NATIVE,
	NATIVE_CODE,
	BY_HAND,
	WAYS
};

/* ---- A filter ---- */

static char *expression_of(const struct bench_filter *filter)
{
	char *text = bench_checked(malloc(MOST_HOSTS * 32)), *at = text;

	if (filter->expression != NULL)
		return strcpy(text, filter->expression);
	for (u_int i = 0; i < filter->hosts; i++) {
		uint32_t host = bench_host(i);
		at += sprintf(at, "%shost %u.%u.%u.%u", i == 0 ? "" : " or ", host >> 24, host >> 16 & 255,
			host >> 8 & 255, host & 255);
	}
	return text;
}

static pcap_t *native_handle(struct bpf_program *program)
{
	pcap_t *p = bench_checked(pcap_open_dead(DLT_EN10MB, 262144));

	if (pcap_set_native_filter(p, PCAP_NATIVE_FILTER_NOW) != 0 || install_bpf_program(p, program) != 0 ||
		!pcap_is_filter_native(p)) {
		printf("skipped: there is no native code here: %s\n", pcap_geterr(p));
		exit(77);
	}
	return p;
}

static void measure_making(const struct bpf_program *program)
{
	enum { TIMES = 201 };
	double us[TIMES];

	for (int i = 0; i < TIMES; i++) {
		double start = bench_cpu_seconds();
		struct bpf_native native;
		struct bpf_ops ops;
		if (pcapint_validate_filter(program->bf_insns, program->bf_len, BPF_TARGET_USERLAND, NULL) != 0 ||
			pcapint_decode_ops(&ops, program->bf_insns, program->bf_len) != 0 ||
			!pcapint_native_make(&native, &ops)) {
			fprintf(stderr, "no native code could be made\n");
			exit(1);
		}
		pcapint_free_ops(&ops);
		us[i] = (bench_cpu_seconds() - start) * 1e6;
		pcapint_native_free(&native);
	}
	bench_row("making native code", us, TIMES, "us");
}

static void bench_one(const struct bench_filter *filter, const struct packets packets[2], int rounds)
{
	pcap_t *theirs = bench_checked(other.open_dead(DLT_EN10MB, 262144));
	pcap_t *ours = bench_checked(pcap_open_dead(DLT_EN10MB, 262144));
	char *expression = expression_of(filter);
	struct bpf_program same, program;
	static struct way ways[WAYS];

	if (other.compile(theirs, &same, expression, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
		pcap_compile(ours, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		fprintf(stderr, "%s: does not compile: %s\n", filter->name, pcap_geterr(ours));
		exit(1);
	}
	printf("%s: %u instructions, the other library's %u\n", filter->name, program.bf_len, same.bf_len);
	measure_making(&program);
	ways[OTHER] = (struct way){"other: bpf_filter", same.bf_insns, run_other};
	ways[OTHER_OFFLINE] = (struct way){"other: pcap_offline_filter", &same, run_other_offline_filter};
	ways[INTERPRETER_SAME] = (struct way){"interpreter, other's program", same.bf_insns, run_interpreter};
	ways[OFFLINE_SAME] = (struct way){"pcap_offline_filter, other's", &same, run_offline_filter};
	ways[NATIVE_SAME] = (struct way){"native, other's program", native_handle(&same), .run_all = run_handle};
	ways[INTERPRETER] = (struct way){"interpreter", program.bf_insns, run_interpreter};
	ways[OFFLINE] = (struct way){"pcap_offline_filter", &program, run_offline_filter};
	ways[BATCH] = (struct way){"pcap_offline_filter_batch", &program, .run_all = run_batch};
	ways[NATIVE] = (struct way){"native", native_handle(&program), .run_all = run_handle};
	ways[NATIVE_CODE] = (struct way){"native, called directly",
		pcapint_native_get(program.bf_insns, program.bf_len), .run_all = run_native_code};
	struct bpf_native by_hand = {.run = filter->by_hand};
	ways[BY_HAND] = (struct way){"limit: by hand", &by_hand, .run_all = run_native_code};
	printf("  packets in cache\n");
	bench_ways(ways, WAYS, &ways[BY_HAND], &packets[0], 40000 / packets[0].count + 1, rounds);
	printf("  packets beyond cache\n");
	bench_ways(ways, WAYS, &ways[BY_HAND], &packets[1], 1, rounds < 5 ? rounds : 5);
	printf("  %.1f %% of packets accepted\n", 100.0 * ways[OTHER].verdicts / 262144 / packets[1].count);
	free(expression);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 15;
	const struct packets packets[2] = {bench_make_packets(IN_CACHE), bench_make_packets(BEYOND_CACHE)};

	if (rounds < 1 || rounds > MOST_ROUNDS) {
		fprintf(stderr, "1 to %d rounds\n", MOST_ROUNDS);
		return 1;
	}
	other = bench_load_other(argc > 1 ? argv[1] : "libpcap.so.0.8");
	for (int i = 0; i < BENCH_FILTERS; i++)
		bench_one(&bench_filters[i], packets, rounds);
	return 0;
}
