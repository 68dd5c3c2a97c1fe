/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long it takes to list 500 interfaces: this library and the system's libpcap by turns, in one run. Makes the
 * interfaces, so that it has to run in a network of its own (tests/live/netns.sh).
 *
 * usage: bench-devices LIBRARY [OTHER-LIBRARY [ROUNDS]]
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#define PAIRS 249 /* of interfaces: 501 with lo and the pair that is there */
#define MAX_ROUNDS 1000

struct library {
	struct bench_library calls;
	double ms[MAX_ROUNDS];
};

static void make_interfaces(void)
{
	FILE *ip = popen("ip -batch -", "w");

	for (int i = 0; ip != NULL && i < PAIRS; i++)
		fprintf(ip,
			"link add benchl%d type veth peer name benchr%d\nlink set benchl%d up\n"
			"link set benchr%d up\naddr add 10.100.%d.1/24 dev benchl%d\n",
			i, i, i, i, i, i);
	if (ip == NULL || pclose(ip) != 0) {
		printf("skipped: the interfaces can't be made here\n");
		exit(77);
	}
}

/* The time to list and free; how many devices there were. */
static int list_once(struct library *library, double *ms)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;
	int count = 0;
	double start = bench_seconds();

	if (library->calls.pcap_findalldevs(&devices, errbuf) != 0) {
		fprintf(stderr, "%s: %s\n", library->calls.path, errbuf);
		exit(1);
	}
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		count++;
	library->calls.pcap_freealldevs(devices);
	*ms = (bench_seconds() - start) * 1e3;
	if (count < 2 * PAIRS) {
		fprintf(stderr, "%s lists %d devices only: %d interfaces are there\n", library->calls.path, count,
			2 * PAIRS);
		exit(1);
	}
	return count;
}

int main(int argc, char **argv)
{
	static struct library ours, theirs;
	static double ratios[MAX_ROUNDS];
	int rounds = argc > 3 ? atoi(argv[3]) : 50;
	int devices = 0;
	double warm_up;

	if (argc < 2 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: bench-devices LIBRARY [OTHER-LIBRARY [ROUNDS]]\n");
		return 2;
	}
	bench_load(&ours.calls, argv[1]);
	bench_load(&theirs.calls, argc > 2 ? argv[2] : "libpcap.so.0.8");
	make_interfaces();
	list_once(&ours, &warm_up);
	list_once(&theirs, &warm_up);
	for (int i = 0; i < rounds; i++) {
		/* Each is first in every other round. */
		if (i % 2 == 0)
			devices = list_once(&ours, &ours.ms[i]);
		list_once(&theirs, &theirs.ms[i]);
		if (i % 2 != 0)
			devices = list_once(&ours, &ours.ms[i]);
		ratios[i] = theirs.ms[i] / ours.ms[i];
	}
	printf("listing %d devices, %d rounds\n", devices, rounds);
	bench_row("this", ours.ms, rounds, "ms");
	bench_row("other", theirs.ms, rounds, "ms");
	bench_row("other/this", ratios, rounds, "");
	return 0;
}
