/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What it takes to compile a filter: time, peak memory, the length of the program, and the instructions that it runs on a
 * packet, for one primitive and for lists of hosts, networks and ports, ours beside another library. Each figure comes
 * from a process of its own, so that the peak is that of one compilation.
 *
 * usage: bench-filter-compile LIBRARY [OTHER-LIBRARY [LARGEST [CAPTURE...]]]
 *   LARGEST  the longest list that the other library is given: its time grows with the cube of the length
 *   CAPTURE  packets of these (of Ethernet only) are run on, not those that the benchmark makes
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tests/filter/machine.h"
#include "bench.h"
#include "filter-packets.h"
#include "filter-ways.h"

struct compiler {
	const char *path;
	__typeof__(&pcap_open_dead) open_dead;
	__typeof__(&pcap_compile) compile;
	__typeof__(&pcap_freecode) freecode;
	__typeof__(&pcap_geterr) geterr;
	__typeof__(&pcap_close) close;
};

struct figures {
	double seconds;
	long peak_kib; /* above what the process had before */
	unsigned length;
	double steps; /* on a packet, on average */
};

/* Lists: spread over the address space, so that none are neighbours. */
static void host(char *to, size_t size, unsigned i)
{
	unsigned address = 0x0b000000 + i * 2654435761u % 0xc0000000;

	snprintf(to, size, "host %u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
		address & 255);
}

static void net(char *to, size_t size, unsigned i)
{
	snprintf(to, size, "net %u.%u.%u.0/24", 11 + i % 200, i / 200 * 7 % 256, i * 37 % 256);
}

static void port(char *to, size_t size, unsigned i)
{
	snprintf(to, size, "port %u", 2 + i * 13 % 65500);
}

static const struct list {
	const char *name;
	void (*write)(char *to, size_t size, unsigned i);
} lists[] = {{"hosts", host}, {"nets", net}, {"ports", port}};

static const unsigned counts[] = {1, 10, 50, 100, 200, 500, 800, 1000, 2000, 5000};

static const char *const expressions[] = {
	"ip host 10.0.0.1",
	"tcp port 80",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src and dst net 10.0.0.0/8",
	"vlan 10 and ip6 and tcp portrange 1000-2000",
};

static struct packets mix;

static double average_steps(const struct bpf_program *program)
{
	unsigned long long steps = 0;

	for (u_int i = 0; i < mix.count; i++)
		steps += run_counted(program, mix.data[i], mix.headers[i].caplen, mix.headers[i].len).steps;
	return (double)steps / (mix.count != 0 ? mix.count : 1);
}

#define MOST_CAPTURED 100000

/* Adds the packets of a savefile, if they are Ethernet. */
static void read_capture(const char *path)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p = pcap_open_offline(path, errbuf);

	if (p == NULL) {
		fprintf(stderr, "%s\n", errbuf);
		return;
	}
	while (pcap_datalink(p) == DLT_EN10MB && mix.count < MOST_CAPTURED &&
		pcap_next_ex(p, &header, &data) == 1) {
		mix.headers[mix.count] = *header;
		mix.data[mix.count++] = memcpy(bench_checked(malloc(header->caplen + 1)), data, header->caplen);
	}
	pcap_close(p);
}

static void read_mix(char **paths, int count)
{
	if (count == 0) {
		mix = bench_make_packets(IN_CACHE);
		return;
	}
	mix.headers = bench_checked(calloc(MOST_CAPTURED, sizeof(*mix.headers)));
	mix.data = bench_checked(calloc(MOST_CAPTURED, sizeof(*mix.data)));
	for (int i = 0; i < count; i++)
		read_capture(paths[i]);
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define LONGEST_ITEM 40

static char *write_list(const struct list *list, unsigned count)
{
	char item[LONGEST_ITEM], *text = malloc((size_t)count * (LONGEST_ITEM + 4) + 1), *end = text;

	if (text == NULL)
		exit(1);
	for (unsigned i = 0; i < count; i++) {
		list->write(item, sizeof(item), i);
		end += sprintf(end, "%s%s", i > 0 ? " or " : "", item);
	}
	return text;
}

static void load(struct compiler *compiler, const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	compiler->path = path;
	if (handle == NULL) {
		printf("skipped: %s\n", dlerror());
		exit(77);
	}
#define LOAD(member) compiler->member = (__typeof__(compiler->member))dlsym(handle, "pcap_" #member)
	LOAD(open_dead);
	LOAD(compile);
	LOAD(freecode);
	LOAD(geterr);
	LOAD(close);
	if (compiler->open_dead == NULL || compiler->compile == NULL || compiler->freecode == NULL ||
		compiler->geterr == NULL || compiler->close == NULL) {
		printf("skipped: %s lacks a call\n", path);
		exit(77);
	}
}

static long peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Once for the peak, and again while that takes little time for the least time. */
static struct figures measure(const struct compiler *compiler, const char *text)
{
	pcap_t *p = compiler->open_dead(DLT_EN10MB, 65535);
	struct figures figures = {.peak_kib = peak()};
	double started = bench_seconds();

	do {
		struct bpf_program program;
		double before = bench_seconds();
		if (compiler->compile(p, &program, text, 1, 0) != 0) {
			fprintf(stderr, "%s: %s\n", compiler->path, compiler->geterr(p));
			exit(1);
		}
		double seconds = bench_seconds() - before;
		if (figures.length == 0) {
			figures.peak_kib = peak() - figures.peak_kib;
			figures.seconds = seconds;
			figures.steps = average_steps(&program);
		}
		if (seconds < figures.seconds)
			figures.seconds = seconds;
		figures.length = program.bf_len;
		compiler->freecode(&program);
	} while (bench_seconds() - started < 0.1);
	compiler->close(p);
	return figures;
}

/* In a process of its own; false if that failed. */
static bool measure_apart(const struct compiler *compiler, const char *text, struct figures *figures)
{
	int ends[2], status;

	if (pipe(ends) < 0)
		return false;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		struct figures measured = measure(compiler, text);
		_exit(write(ends[1], &measured, sizeof(measured)) != sizeof(measured));
	}
	close(ends[1]);
	bool got = child > 0 && read(ends[0], figures, sizeof(*figures)) == sizeof(*figures);
	close(ends[0]);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 && got;
}

static void row(const char *name, const char *text, const struct compiler *ours, const struct compiler *other)
{
	struct figures a, b;

	if (!measure_apart(ours, text, &a))
		exit(1);
	printf("%-22s %9.4f ms %6ld KiB %6u long %7.2f run", name, 1e3 * a.seconds, a.peak_kib, a.length, a.steps);
	if (other != NULL && measure_apart(other, text, &b))
		printf("   other: %9.4f ms %6ld KiB %6u long %7.2f run   other/this: time %.2f length %.2f run "
		       "%.2f",
			1e3 * b.seconds, b.peak_kib, b.length, b.steps, b.seconds / a.seconds,
			(double)b.length / a.length, b.steps / a.steps);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct compiler ours, other;
	unsigned largest = argc > 3 ? (unsigned)atoi(argv[3]) : 200;

	if (argc < 2) {
		fprintf(stderr, "usage: %s LIBRARY [OTHER-LIBRARY [LARGEST [CAPTURE...]]]\n", argv[0]);
		return 1;
	}
	read_mix(argv + 4, argc > 4 ? argc - 4 : 0);
	printf("%u packets to run on\n", mix.count);
	load(&ours, argv[1]);
	load(&other, argc > 2 ? argv[2] : "libpcap.so.0.8");
	for (size_t i = 0; i < LENGTH(expressions); i++) {
		char name[24];
		snprintf(name, sizeof(name), "%.22s", expressions[i]);
		row(name, expressions[i], &ours, &other);
	}
	for (size_t i = 0; i < LENGTH(lists); i++) {
		for (size_t j = 0; j < LENGTH(counts); j++) {
			char name[24], *text = write_list(&lists[i], counts[j]);
			snprintf(name, sizeof(name), "%u %s", counts[j], lists[i].name);
			row(name, text, &ours, counts[j] <= largest ? &other : NULL);
			free(text);
		}
	}
	return 0;
}
