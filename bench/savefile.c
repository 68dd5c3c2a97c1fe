/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times savefile reading and writing: this library against another libpcap, in alternation within one run, on data of
 * its own making. Ratios of neighbouring runs are what counts; the machine's speed drops out of them.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pcap/pcapng.h>

#define ROUNDS 15

/* The calls that are timed, of one library. */
struct library {
	const char *path;
	pcap_t *(*open_offline)(const char *, char *);
	pcap_t *(*open_dead)(int, int);
	int (*loop)(pcap_t *, int, pcap_handler, u_char *);
	char *(*geterr)(pcap_t *);
	void (*close)(pcap_t *);
	pcap_dumper_t *(*dump_open)(pcap_t *, const char *);
	void (*dump)(u_char *, const struct pcap_pkthdr *, const u_char *);
	void (*dump_close)(pcap_dumper_t *);
	/* NULL: the library has no such calls, and is timed with pcap_dump(). */
	__typeof__(&pcap_writer_open) writer_open;
	__typeof__(&pcap_writer_add_interface) writer_add_interface;
	__typeof__(&pcap_writer_packet) writer_packet;
	__typeof__(&pcap_writer_close) writer_close;
};

struct workload {
	const char *name;
	int packets;
	int (*length)(int packet);
};

static int length_64(int packet)
{
	(void)packet;
	return 64;
}

static int length_1500(int packet)
{
	(void)packet;
	return 1500;
}

/* Acknowledgements and full segments: 370 bytes on average. */
static int length_mix(int packet)
{
	static const int lengths[] = {64, 64, 64, 576, 64, 64, 64, 1500, 64, 1176};

	return lengths[(unsigned int)packet % (sizeof(lengths) / sizeof(lengths[0]))];
}

static const struct workload workloads[] = {
	{"64 bytes", 1000000, length_64},
	{"mix of 370", 300000, length_mix},
	{"1500 bytes", 100000, length_1500},
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench-savefile: %s: %s\n", what, why);
	exit(1);
}

static void *find(void *handle, const char *name)
{
	void *symbol = dlsym(handle, name);

	if (symbol == NULL)
		fail(name, dlerror());
	return symbol;
}

static struct library load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		fail(path, dlerror());
	return (struct library){
		.path = path,
		.open_offline = find(handle, "pcap_open_offline"),
		.open_dead = find(handle, "pcap_open_dead"),
		.loop = find(handle, "pcap_loop"),
		.geterr = find(handle, "pcap_geterr"),
		.close = find(handle, "pcap_close"),
		.dump_open = find(handle, "pcap_dump_open"),
		.dump = find(handle, "pcap_dump"),
		.dump_close = find(handle, "pcap_dump_close"),
		.writer_open = dlsym(handle, "pcap_writer_open"),
		.writer_add_interface = dlsym(handle, "pcap_writer_add_interface"),
		.writer_packet = dlsym(handle, "pcap_writer_packet"),
		.writer_close = dlsym(handle, "pcap_writer_close"),
	};
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

struct tally {
	long packets;
	unsigned long sum;
};

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct tally *tally = (struct tally *)user;

	tally->packets++;
	tally->sum += header->len + data[0];
}

/* ns a packet */
static double time_reading(const struct library *library, const struct workload *workload, const char *path)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct tally tally = {0, 0};
	double start = now(), end;
	pcap_t *p = library->open_offline(path, errbuf);

	if (p == NULL)
		fail(library->path, errbuf);
	if (library->loop(p, -1, count, (u_char *)&tally) != 0)
		fail(library->path, library->geterr(p));
	library->close(p);
	end = now();
	if (tally.packets != workload->packets)
		fail(library->path, "did not deliver all packets");
	return (end - start) / workload->packets;
}

static double time_writing(const struct library *library, const struct workload *workload, const char *path)
{
	static u_char data[1500];
	struct pcap_pkthdr header = {.ts = {1700000000, 0}};
	pcap_t *p = library->open_dead(DLT_EN10MB, 262144);
	pcap_dumper_t *dumper;
	double start;

	unlink(path); /* to empty it would take time that is not the library's */
	start = now();
	dumper = library->dump_open(p, path);
	if (dumper == NULL)
		fail(library->path, library->geterr(p));
	for (int i = 0; i < workload->packets; i++) {
		header.ts.tv_usec = i % 1000000;
		header.caplen = header.len = (bpf_u_int32)workload->length(i);
		library->dump((u_char *)dumper, &header, data);
	}
	library->dump_close(dumper);
	library->close(p);
	return (now() - start) / workload->packets;
}

/* By the writer where there is one; in pcapng format. */
static double time_writer(const struct library *library, const struct workload *workload, const char *path)
{
	static u_char data[1500];
	struct pcap_pkthdr header = {.ts = {1700000000, 0}};
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_writer_t *writer;
	double start;
	pcap_t *p;

	if (library->writer_open == NULL)
		return time_writing(library, workload, path);
	p = library->open_dead(DLT_EN10MB, 262144);
	unlink(path);
	start = now();
	writer = library->writer_open(path, NULL, 0, errbuf);
	if (writer == NULL || library->writer_add_interface(writer, p, NULL) < 0)
		fail(library->path, "can't write");
	for (int i = 0; i < workload->packets; i++) {
		header.ts.tv_usec = i % 1000000;
		header.caplen = header.len = (bpf_u_int32)workload->length(i);
		library->writer_packet(writer, 0, &header, data);
	}
	if (library->writer_close(writer, errbuf) < 0)
		fail(library->path, errbuf);
	library->close(p);
	return (now() - start) / workload->packets;
}

/* The workload as a pcapng file of this host's byte order, as simple as can be. */
static void make_pcapng(const struct workload *workload, const char *path)
{
	static const uint32_t head[] = {
		0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, 1, 20, 1, 262144, 20};
	static const u_char data[1500];
	FILE *file = fopen(path, "wb");

	if (file == NULL)
		fail(path, "can't be written");
	fwrite(head, sizeof(head), 1, file);
	for (int i = 0; i < workload->packets; i++) {
		uint32_t length = (uint32_t)workload->length(i), padded = (length + 3) / 4 * 4;
		uint64_t time = 1700000000000000 + (uint64_t)i;
		uint32_t block[] = {6, 32 + padded, 0, (uint32_t)(time >> 32), (uint32_t)time, length, length};

		fwrite(block, sizeof(block), 1, file);
		fwrite(data, padded, 1, file);
		fwrite(&block[1], sizeof(block[1]), 1, file);
	}
	if (fclose(file) != 0)
		fail(path, "can't be written");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_spread(double *values, const char *format)
{
	qsort(values, ROUNDS, sizeof(values[0]), compare);
	printf(format, values[0], values[ROUNDS / 2], values[ROUNDS - 1]);
}

typedef double (*timing_call)(const struct library *, const struct workload *, const char *);

static void compare_libraries(const char *what, timing_call timing, const struct library *libraries,
	const struct workload *workload, char *path)
{
	double ours[ROUNDS], theirs[ROUNDS], ratios[ROUNDS];

	timing(&libraries[0], workload, path);
	timing(&libraries[1], workload, path);
	for (int i = 0; i < ROUNDS; i++) {
		bool swap = i % 2 != 0;

		for (int j = 0; j < 2; j++) {
			bool other = (j != 0) != swap;

			(other ? theirs : ours)[i] = timing(&libraries[other], workload, path);
		}
		ratios[i] = theirs[i] / ours[i];
	}
	printf("%-12s %-11s", what, workload->name);
	print_spread(ours, "  %6.1f %6.1f %6.1f");
	print_spread(theirs, "  %6.1f %6.1f %6.1f");
	print_spread(ratios, "  %5.2f %5.2f %5.2f\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *directory = argc > 3 ? argv[3] : "/dev/shm";
	struct library libraries[2];
	char path[4096];

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: %s LIBRARY [OTHER-LIBRARY [DIRECTORY]]\n", argv[0]);
		return 2;
	}
	libraries[0] = load(argv[1]);
	libraries[1] = load(argc > 2 ? argv[2] : "libpcap.so.0.8");
	snprintf(path, sizeof(path), "%s/bench-savefile-%ld.pcap", directory, (long)getpid());
	printf("ns a packet: %s, %s, then how many times faster; minimum, median, maximum of %d runs\n",
		libraries[0].path, libraries[1].path, ROUNDS);
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
		compare_libraries("write pcapng", time_writer, libraries, &workloads[i], path);
		compare_libraries("write", time_writing, libraries, &workloads[i], path);
		compare_libraries("read", time_reading, libraries, &workloads[i], path);
		make_pcapng(&workloads[i], path);
		compare_libraries("read pcapng", time_reading, libraries, &workloads[i], path);
		unlink(path);
	}
	return 0;
}
