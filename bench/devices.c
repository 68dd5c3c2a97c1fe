/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long it takes to list 500 interfaces: this library and the system's libpcap by turns, in one run. Makes the
 * interfaces, so that it has to run in a network of its own (tests/live/netns.sh).
 *
 * usage: bench-devices LIBRARY [OTHER-LIBRARY [ROUNDS]]
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcap.h>

#define PAIRS 249 /* of interfaces: 501 with lo and the pair that is there */
#define MAX_ROUNDS 1000

struct library {
	const char *path;
	int (*findalldevs)(pcap_if_t **, char *);
	void (*freealldevs)(pcap_if_t *);
	double ms[MAX_ROUNDS];
};

static void *symbol(void *handle, const char *path, const char *name)
{
	void *found = dlsym(handle, name);

	if (found == NULL) {
		fprintf(stderr, "%s: no %s\n", path, name);
		exit(1);
	}
	return found;
}

static void load(struct library *library)
{
	void *handle = dlopen(library->path, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		printf("skipped: %s\n", dlerror());
		exit(77);
	}
	*(void **)&library->findalldevs = symbol(handle, library->path, "pcap_findalldevs");
	*(void **)&library->freealldevs = symbol(handle, library->path, "pcap_freealldevs");
}

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

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The time to list and free; how many devices there were. */
static int list_once(struct library *library, double *ms)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;
	int count = 0;
	double start = now_ms();

	if (library->findalldevs(&devices, errbuf) != 0) {
		fprintf(stderr, "%s: %s\n", library->path, errbuf);
		exit(1);
	}
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		count++;
	library->freealldevs(devices);
	*ms = now_ms() - start;
	if (count < 2 * PAIRS) {
		fprintf(stderr, "%s lists %d devices only: %d interfaces are there\n", library->path, count,
			2 * PAIRS);
		exit(1);
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static void print_row(const char *what, double *values, int count, const char *unit)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	printf("%-10s min %.2f  median %.2f  max %.2f%s\n", what, values[0], values[count / 2], values[count - 1],
		unit);
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
	ours.path = argv[1];
	theirs.path = argc > 2 ? argv[2] : "libpcap.so.0.8";
	load(&ours);
	load(&theirs);
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
	print_row("this", ours.ms, rounds, " ms");
	print_row("other", theirs.ms, rounds, " ms");
	print_row("other/this", ratios, rounds, "");
	return 0;
}
