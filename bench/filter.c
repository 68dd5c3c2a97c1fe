/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a filter costs a packet: the other library's interpreter, ours, our native code, and a function written by hand,
 * over the same packets in one run; and how long it takes to make native code. All ways are held to the same verdicts.
 *
 * usage: bench-filter [OTHER-LIBRARY [ROUNDS]]
 */
#include "filter-limits.h"

#include "bench.h"

#include "bpf/engine.h"
#include "bpf/program.h"
#include "core/core.h"

#include "../tests/lib/random-numbers.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IN_CACHE (512 << 10)
#define BEYOND_CACHE (160 << 20)
#define MOST_ROUNDS 101

struct packets {
	u_char *bytes;
	struct packet {
		const u_char *data;
		u_int caplen;
	} * list;
	u_int count;
};

/* What a packet is filtered with; argument is the way's own. */
typedef u_int (*run_t)(const void *argument, const u_char *packet, u_int wirelen, u_int caplen);

static u_int (*other_filter)(const struct bpf_insn *, const u_char *, u_int, u_int);
static int (*other_offline_filter)(const struct bpf_program *, const struct pcap_pkthdr *, const u_char *);
static int (*other_compile)(pcap_t *, struct bpf_program *, const char *, int, bpf_u_int32);
static pcap_t *(*other_open_dead)(int, int);

static void *checked(void *pointer)
{
	if (pointer == NULL) {
		fprintf(stderr, "out of memory, or no such name\n");
		exit(1);
	}
	return pointer;
}

static void load_other(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		printf("skipped: %s\n", dlerror());
		exit(77);
	}
	*(void **)&other_filter = checked(dlsym(library, "bpf_filter"));
	*(void **)&other_offline_filter = checked(dlsym(library, "pcap_offline_filter"));
	*(void **)&other_compile = checked(dlsym(library, "pcap_compile"));
	*(void **)&other_open_dead = checked(dlsym(library, "pcap_open_dead"));
}

/* ---- Packets ---- */

static void put_half(u_char *at, u_int value)
{
	at[0] = (u_char)(value >> 8);
	at[1] = (u_char)value;
}

static void put_word(u_char *at, uint32_t value)
{
	put_half(at, value >> 16);
	put_half(at + 2, value & 0xffff);
}

/* Some are in the lists of hosts. */
static uint32_t random_address(uint64_t *state)
{
	if (random_below(state, 16) == 0)
		return bench_host(random_below(state, MOST_HOSTS));
	return 0x0a000000 | random_below(state, 1 << 26);
}

static u_int random_port(uint64_t *state)
{
	static const u_short known[] = {80, 443, 443, 443, 53, 22, 1234, 8080};
	return random_below(state, 2) ? known[random_below(state, 8)] : 1024 + random_below(state, 64512);
}

static u_int random_length(uint64_t *state)
{
	u_int kind = random_below(state, 10);
	return kind < 5 ? 60 + random_below(state, 20) : kind < 8 ? 80 + random_below(state, 500) : 1514;
}

/* A packet as on an office's wire: mostly TCP over IPv4. Its length. */
static u_int make_packet(uint64_t *state, u_char *packet)
{
	u_int length = random_length(state), kind = random_below(state, 100), transport = 34;
	bool tcp = random_below(state, 10) < 8;

	memset(packet, 0, 100);
	for (u_int i = 0; i < 12; i++)
		packet[i] = (u_char)random_number(state);
	if (kind < 4) {
		memcpy(packet + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10);
		put_word(packet + 28, random_address(state));
		put_word(packet + 38, random_address(state));
		return 60;
	}
	if (kind < 16) {
		put_half(packet + 12, 0x86dd);
		packet[14] = 0x60;
		packet[20] = tcp ? 6 : 17;
		transport = 54;
		length = length < 78 ? 78 : length;
	} else {
		put_half(packet + 12, 0x0800);
		packet[14] = 0x45;
		packet[23] = kind < 20 ? 1 : tcp ? 6 : 17;
		put_half(packet + 20, kind == 20 ? 0x0123 : 0x4000);
		put_word(packet + 26, random_address(state));
		put_word(packet + 30, random_address(state));
	}
	put_half(packet + transport, random_port(state));
	put_half(packet + transport + 2, random_port(state));
	packet[transport + 13] = random_below(state, 10) == 0 ? 0x02 : 0x10;
	return length;
}

static struct packets make_packets(size_t size)
{
	struct packets packets = {.bytes = checked(malloc(size + 2000)), .list = NULL};
	u_int room = (u_int)(size / 60) + 1;
	uint64_t state = 1;
	size_t used = 0;

	packets.list = checked(malloc(room * sizeof(*packets.list)));
	while (used < size) {
		u_int length = make_packet(&state, packets.bytes + used);
		packets.list[packets.count++] = (struct packet){packets.bytes + used, length};
		used += length;
	}
	return packets;
}

/* ---- Ways to filter ---- */

/* The processor's time: other programs on this machine do not count. */
static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static u_int run_other(const void *argument, const u_char *packet, u_int wirelen, u_int caplen)
{
	return other_filter(argument, packet, wirelen, caplen);
}

static u_int run_other_offline_filter(const void *argument, const u_char *packet, u_int wirelen, u_int caplen)
{
	struct pcap_pkthdr header = {.caplen = caplen, .len = wirelen};
	return (u_int)other_offline_filter(argument, &header, packet);
}

static u_int run_interpreter(const void *argument, const u_char *packet, u_int wirelen, u_int caplen)
{
	return bpf_filter(argument, packet, wirelen, caplen);
}

/* As the loops that read savefiles do it. */
static u_int run_handle(const void *argument, const u_char *packet, u_int wirelen, u_int caplen)
{
	return core_filter_packet((pcap_t *)argument, packet, wirelen, caplen);
}

static u_int run_native_code(const void *argument, const u_char *packet, u_int wirelen, u_int caplen)
{
	return ((const struct bpf_native *)argument)->run(packet, caplen, wirelen, NULL);
}

static u_int run_offline_filter(const void *argument, const u_char *packet, u_int wirelen, u_int caplen)
{
	struct pcap_pkthdr header = {.caplen = caplen, .len = wirelen};
	return (u_int)pcap_offline_filter(argument, &header, packet);
}

static u_int run_by_hand(const void *argument, const u_char *packet, u_int wirelen, u_int caplen)
{
	return ((const struct bench_filter *)argument)->by_hand(packet, wirelen, caplen);
}

enum {
	OTHER,
	OTHER_OFFLINE,
	INTERPRETER_SAME,
	OFFLINE_SAME,
	NATIVE_SAME,
	INTERPRETER,
	OFFLINE,
	NATIVE,
	NATIVE_CODE,
	BY_HAND,
	WAYS
};

static const char *const way_names[WAYS] = {
	[OTHER] = "other: bpf_filter",
	[OTHER_OFFLINE] = "other: pcap_offline_filter",
	[OFFLINE_SAME] = "offline_filter, other's program",
	[NATIVE_CODE] = "native, called directly",
	[INTERPRETER_SAME] = "interpreter, other's program",
	[NATIVE_SAME] = "native, other's program",
	[INTERPRETER] = "interpreter",
	[OFFLINE] = "pcap_offline_filter",
	[NATIVE] = "native",
	[BY_HAND] = "by hand",
};

struct way {
	run_t run;
	const void *argument;
	u_int accepted;
	double ns[MOST_ROUNDS];
	double ratio[MOST_ROUNDS]; /* the other library's time to this one's, in the same round */
};

static __attribute__((noinline)) double measure(struct way *way, const struct packets *packets, u_int repeat)
{
	double start = seconds();
	u_int accepted = 0;

	for (u_int i = 0; i < repeat; i++)
		for (u_int j = 0; j < packets->count; j++) {
			const struct packet *packet = &packets->list[j];
			accepted += way->run(way->argument, packet->data, packet->caplen, packet->caplen) != 0;
		}
	way->accepted = accepted / repeat;
	return (seconds() - start) * 1e9 / repeat / packets->count;
}

/* ---- A filter ---- */

static char *expression_of(const struct bench_filter *filter)
{
	char *text = checked(malloc(MOST_HOSTS * 32)), *at = text;

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
	pcap_t *p = checked(pcap_open_dead(DLT_EN10MB, 262144));

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
		double start = seconds();
		struct bpf_native native;
		struct bpf_ops ops;
		if (pcapint_validate_filter(program->bf_insns, program->bf_len, BPF_TARGET_USERLAND, NULL) != 0 ||
			pcapint_decode_ops(&ops, program->bf_insns, program->bf_len) != 0 ||
			!pcapint_native_make(&native, &ops)) {
			fprintf(stderr, "no native code could be made\n");
			exit(1);
		}
		pcapint_free_ops(&ops);
		us[i] = (seconds() - start) * 1e6;
		pcapint_native_free(&native);
	}
	bench_row("making native code", us, TIMES, "us");
}

static void show_way(struct way *way, const char *name, int rounds)
{
	double ns = bench_median(way->ns, rounds), ratio = bench_median(way->ratio, rounds);

	printf("    %-30s %8.2f ns a packet   other / this %6.2f (%.2f to %.2f)\n", name, ns, ratio, way->ratio[0],
		way->ratio[rounds - 1]);
}

static void measure_all(struct way ways[WAYS], const struct packets *packets, u_int repeat, int rounds)
{
	for (int round = -1; round < rounds; round++)
		for (int i = 0; i < WAYS; i++) {
			double ns = measure(&ways[i], packets, repeat);
			if (round < 0)
				continue;
			ways[i].ns[round] = ns;
			ways[i].ratio[round] = ways[OTHER].ns[round] / ns;
		}
	for (int i = 0; i < WAYS; i++) {
		show_way(&ways[i], way_names[i], rounds);
		if (ways[i].accepted != ways[OTHER].accepted) {
			fprintf(stderr, "%s accepts %u packets, not %u\n", way_names[i], ways[i].accepted,
				ways[OTHER].accepted);
			exit(1);
		}
	}
	printf("    %u of %u packets accepted\n", ways[OTHER].accepted, packets->count);
}

static void bench_one(const struct bench_filter *filter, const struct packets packets[2], int rounds)
{
	pcap_t *other = checked(other_open_dead(DLT_EN10MB, 262144));
	pcap_t *ours = checked(pcap_open_dead(DLT_EN10MB, 262144));
	char *expression = expression_of(filter);
	struct bpf_program theirs, program;
	static struct way ways[WAYS];

	if (other_compile(other, &theirs, expression, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
		pcap_compile(ours, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		fprintf(stderr, "%s: does not compile: %s\n", filter->name, pcap_geterr(ours));
		exit(1);
	}
	printf("%s: %u instructions, the other library's %u\n", filter->name, program.bf_len, theirs.bf_len);
	ways[OTHER] = (struct way){run_other, theirs.bf_insns};
	ways[OTHER_OFFLINE] = (struct way){run_other_offline_filter, &theirs};
	ways[OFFLINE_SAME] = (struct way){run_offline_filter, &theirs};
	ways[INTERPRETER_SAME] = (struct way){run_interpreter, theirs.bf_insns};
	ways[NATIVE_SAME] = (struct way){run_handle, native_handle(&theirs)};
	ways[INTERPRETER] = (struct way){run_interpreter, program.bf_insns};
	ways[OFFLINE] = (struct way){run_offline_filter, &program};
	measure_making(&program);
	ways[NATIVE] = (struct way){run_handle, native_handle(&program)};
	ways[NATIVE_CODE] = (struct way){run_native_code, pcapint_native_get(program.bf_insns, program.bf_len)};
	ways[BY_HAND] = (struct way){run_by_hand, filter};
	printf("  packets in cache\n");
	measure_all(ways, &packets[0], 40000 / packets[0].count + 1, rounds);
	printf("  packets beyond cache\n");
	measure_all(ways, &packets[1], 1, rounds < 5 ? rounds : 5);
	free(expression);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 15;
	const struct packets packets[2] = {make_packets(IN_CACHE), make_packets(BEYOND_CACHE)};

	if (rounds < 1 || rounds > MOST_ROUNDS) {
		fprintf(stderr, "1 to %d rounds\n", MOST_ROUNDS);
		return 1;
	}
	load_other(argc > 1 ? argv[1] : "libpcap.so.0.8");
	for (int i = 0; i < BENCH_FILTERS; i++)
		bench_one(&bench_filters[i], packets, rounds);
	return 0;
}
