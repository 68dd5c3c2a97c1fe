/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What many filters cost a packet: each run by itself, by the other library's interpreter and by native code, and all
 * together as a filter set; and how long it takes to make the set.
 *
 * usage: bench-filter-sets [OTHER-LIBRARY [ROUNDS [FILTERS]]]
 */
#include "filter-limits.h"
#include "filter-ways.h"

#include "bench.h"

#include "bpf/native.h"

#include <pcap/weir.h>

#include <stdio.h>
#include <stdlib.h>

#define MOST_FILTERS 1000
#define BATCH 256 /* packets */

static struct other_library other;

/* The i'th filter of each kind. */
static void host_filter(u_int i, char *text)
{
	uint32_t host = bench_host(i);
	sprintf(text, "host %u.%u.%u.%u", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255);
}

static void port_filter(u_int i, char *text)
{
	sprintf(text, "tcp port %u", i == 0 ? 80 : i == 1 ? 443 : 1000 + i * 7);
}

/* As a demultiplexer has them: a server's network and its service. */
static void service_filter(u_int i, char *text)
{
	u_int port = i % 3 == 0 ? 443 : i % 3 == 1 ? 80 : 1000 + i;
	sprintf(text, "dst net 10.%u.0.0/16 and %s dst port %u", i % 64, i % 4 == 0 ? "udp" : "tcp", port);
}

/* As an intrusion detection system has them: of many kinds. */
static void rule_filter(u_int i, char *text)
{
	uint32_t host = bench_host(i * 3);

	switch (i % 8) {
	case 0:
		sprintf(text, "tcp and dst port %u and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn", 20 + i);
		break;
	case 1:
		sprintf(text, "udp port %u", 50 + i);
		break;
	case 2:
		sprintf(text, "ip host 10.1.%u.7 and not port 22", i);
		break;
	case 3:
		sprintf(text, "net 10.%u.0.0/16 and tcp portrange %u-%u", i % 64, 1000 + i, 1100 + i);
		break;
	case 4:
		sprintf(text, "icmp[icmptype] = %u", i % 32);
		break;
	case 5:
		sprintf(text, "host %u.%u.%u.%u", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255);
		break;
	case 6:
		sprintf(text, "ip6 and tcp dst port %u", 400 + i);
		break;
	default:
		sprintf(text, "len > %u and tcp port %u", i * 10, 8000 + i);
	}
}

static const struct kind {
	const char *name;
	void (*filter)(u_int i, char *text);
} kinds[] = {
	{"hosts", host_filter},
	{"ports", port_filter},
	{"services of networks", service_filter},
	{"rules of many kinds", rule_filter},
};

struct filters {
	u_int count;
	const char *expressions[MOST_FILTERS];
	struct bpf_program theirs[MOST_FILTERS];
	const struct bpf_native *native[MOST_FILTERS];
};

static u_int run_others(const void *argument, const struct pcap_pkthdr *header, const u_char *data)
{
	const struct filters *filters = argument;
	u_int accepting = 0;

	for (u_int i = 0; i < filters->count; i++)
		accepting += other.filter(filters->theirs[i].bf_insns, data, header->len, header->caplen) != 0;
	return accepting;
}

static u_int run_native(const void *argument, const struct pcap_pkthdr *header, const u_char *data)
{
	const struct filters *filters = argument;
	u_int accepting = 0;

	for (u_int i = 0; i < filters->count; i++)
		accepting += filters->native[i]->run(data, header->caplen, header->len, NULL) != 0;
	return accepting;
}

static u_int run_set(const void *argument, const struct pcap_pkthdr *header, const u_char *data)
{
	uint64_t matches[PCAP_FILTER_SET_WORDS(MOST_FILTERS)];
	return (u_int)pcap_filter_set_match(argument, header, data, matches);
}

static uint64_t run_set_batch(const void *argument, const struct packets *packets)
{
	size_t words = PCAP_FILTER_SET_WORDS(pcap_filter_set_count(argument));
	uint64_t *matches = bench_checked(malloc(BATCH * words * sizeof(*matches))), accepting = 0;

	for (u_int i = 0; i < packets->count; i += BATCH) {
		u_int count = packets->count - i < BATCH ? packets->count - i : BATCH;
		if (pcap_filter_set_match_batch(
			    argument, &packets->headers[i], &packets->data[i], count, matches) == 0)
			continue;
		for (u_int j = 0; j < count; j++)
			for (size_t word = 0; word < words / 2; word++)
				for (uint64_t left = matches[j * words + word]; left != 0; left &= left - 1)
					accepting++;
	}
	free(matches);
	return accepting;
}

static void fill(struct filters *filters, const struct kind *kind, pcap_t *ours)
{
	pcap_t *theirs = bench_checked(other.open_dead(DLT_EN10MB, 262144));

	for (u_int i = 0; i < filters->count; i++) {
		char *text = bench_checked(malloc(200));
		struct bpf_program program;
		kind->filter(i, text);
		filters->expressions[i] = text;
		if (other.compile(theirs, &filters->theirs[i], text, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
			pcap_compile(ours, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
			fprintf(stderr, "%s: does not compile\n", text);
			exit(1);
		}
		filters->native[i] = pcapint_native_get(program.bf_insns, program.bf_len);
		if (filters->native[i] == NULL) {
			printf("skipped: there is no native code here\n");
			exit(77);
		}
	}
}

static pcap_filter_set_t *make_set(const struct filters *filters, pcap_t *ours, uint32_t flags)
{
	pcap_filter_set_t *set =
		pcap_filter_set_compile(ours, filters->expressions, filters->count, NULL, 0, flags);

	if (set == NULL) {
		fprintf(stderr, "%s\n", pcap_geterr(ours));
		exit(1);
	}
	return set;
}

static void bench_kind(const struct kind *kind, u_int count, const struct packets packets[2], int rounds)
{
	static struct filters filters;
	pcap_t *ours = bench_checked(pcap_open_dead(DLT_EN10MB, 262144));
	enum { TIMES = 11 };
	double ms[TIMES];

	filters.count = count;
	fill(&filters, kind, ours);
	for (int i = 0; i < TIMES; i++) {
		double start = bench_cpu_seconds();
		pcap_filter_set_free(make_set(&filters, ours, 0));
		ms[i] = (bench_cpu_seconds() - start) * 1e3;
	}
	printf("%u %s\n", count, kind->name);
	bench_row("compiling and making the set", ms, TIMES, "ms");
	enum { WAYS = 5 };
	static struct way ways[WAYS];
	ways[0] = (struct way){"other: bpf_filter for each", &filters, run_others};
	ways[1] = (struct way){"native for each", &filters, run_native};
	ways[2] = (struct way){
		"filter set, interpreted", make_set(&filters, ours, PCAP_FILTER_SET_INTERPRETED), run_set};
	ways[3] = (struct way){"filter set", make_set(&filters, ours, 0), run_set};
	ways[4] = (struct way){"filter set, in batches", ways[3].argument, .run_all = run_set_batch};
	printf("  packets in cache\n");
	bench_ways(ways, WAYS, NULL, &packets[0], 1 + 4000 / packets[0].count, rounds);
	printf("  packets beyond cache\n");
	bench_ways(ways, WAYS, NULL, &packets[1], 1, rounds < 3 ? rounds : 3);
	printf("  %.2f filters accept a packet\n", (double)ways[0].verdicts / packets[1].count);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 15, count = argc > 3 ? atoi(argv[3]) : 100;
	const struct packets packets[2] = {bench_make_packets(IN_CACHE), bench_make_packets(BEYOND_CACHE)};

	if (rounds < 1 || rounds > MOST_ROUNDS || count < 1 || count > MOST_FILTERS) {
		fprintf(stderr, "1 to %d rounds, 1 to %d filters\n", MOST_ROUNDS, MOST_FILTERS);
		return 1;
	}
	other = bench_load_other(argc > 1 ? argv[1] : "libpcap.so.0.8");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		bench_kind(&kinds[i], (u_int)count, packets, rounds);
	return 0;
}
