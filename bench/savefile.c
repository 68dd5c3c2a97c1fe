/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Times savefile reading and writing, in alternation within one run, on data of its own making: this library against
 * another libpcap, and against the least that the work can cost. Ratios of neighbouring runs are what counts; the
 * machine's speed drops out of them.
 */
#include "savefile.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
	__typeof__(&pcap_next_batch) next_batch;
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

void fail(const char *what, const char *why)
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
		.next_batch = dlsym(handle, "pcap_next_batch"),
	};
}

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct tally *tally = (struct tally *)user;

	tally->packets++;
	tally->sum += header->len + data[0];
}

/* ---- Jobs; each is ns a packet ---- */

static pcap_t *open_file(const struct job *job)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = job->library->open_offline(job->path, errbuf);

	if (p == NULL)
		fail(job->library->path, errbuf);
	return p;
}

static double finish_reading(const struct job *job, const struct tally *tally, pcap_t *p, double start)
{
	double end;

	job->library->close(p);
	end = now();
	if (tally->packets != job->workload->packets)
		fail(job->library->path, "did not deliver all packets");
	return (end - start) / job->workload->packets;
}

static double time_reading(const struct job *job)
{
	struct tally tally = {0, 0};
	double start = now();
	pcap_t *p = open_file(job);

	if (job->library->loop(p, -1, count_packet, (u_char *)&tally) != 0)
		fail(job->library->path, job->library->geterr(p));
	return finish_reading(job, &tally, p, start);
}

#define BATCH 4096

static double time_batches(const struct job *job)
{
	static struct pcap_batch_packet packets[BATCH];
	struct tally tally = {0, 0};
	double start = now();
	pcap_t *p = open_file(job);
	int n;

	while ((n = job->library->next_batch(p, packets, sizeof(packets[0]), BATCH)) > 0) {
		for (int i = 0; i < n; i++)
			tally.sum += packets[i].header.len + packets[i].data[0];
		tally.packets += n;
	}
	return finish_reading(job, &tally, p, start);
}

static double time_dump(const struct job *job)
{
	const struct library *library = job->library;
	static u_char data[1500];
	struct pcap_pkthdr header = {.ts = {1700000000, 0}};
	pcap_t *p = library->open_dead(DLT_EN10MB, 262144);
	pcap_dumper_t *dumper;
	double start;

	unlink(job->path); /* to empty it would take time that is not the library's */
	start = now();
	dumper = library->dump_open(p, job->path);
	if (dumper == NULL)
		fail(library->path, library->geterr(p));
	for (int i = 0; i < job->workload->packets; i++) {
		header.ts.tv_usec = i % 1000000;
		header.caplen = header.len = (bpf_u_int32)job->workload->length(i);
		library->dump((u_char *)dumper, &header, data);
	}
	library->dump_close(dumper);
	library->close(p);
	return (now() - start) / job->workload->packets;
}

static double time_writer(const struct job *job, int format)
{
	const struct library *library = job->library;
	struct pcap_writer_options options = {.format = format, .compression = job->compression};
	static u_char data[1500];
	struct pcap_pkthdr header = {.ts = {1700000000, 0}};
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_writer_t *writer;
	double start;
	pcap_t *p = library->open_dead(DLT_EN10MB, 262144);

	unlink(job->path);
	start = now();
	writer = library->writer_open(job->path, &options, sizeof(options), errbuf);
	if (writer == NULL || library->writer_add_interface(writer, p, NULL) < 0)
		fail(library->path, "can't write");
	for (int i = 0; i < job->workload->packets; i++) {
		header.ts.tv_usec = i % 1000000;
		header.caplen = header.len = (bpf_u_int32)job->workload->length(i);
		library->writer_packet(writer, 0, &header, data);
	}
	if (library->writer_close(writer, errbuf) < 0)
		fail(library->path, errbuf);
	library->close(p);
	return (now() - start) / job->workload->packets;
}

static double time_pcap_writer(const struct job *job)
{
	return time_writer(job, PCAP_FORMAT_PCAP);
}

static double time_pcapng_writer(const struct job *job)
{
	return time_writer(job, PCAP_FORMAT_PCAPNG);
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

typedef double (*timing_call)(const struct job *job);

/* Bytes of packets, without headers, for each packet. */
static double mean_length(const struct workload *workload)
{
	double total = 0;

	for (int i = 0; i < workload->packets; i++)
		total += workload->length(i);
	return total / workload->packets;
}

/* A row; other NULL: there is nothing to compare with. */
static void compare_calls(const char *what, timing_call ours, const struct job *our_job, timing_call other,
	const struct job *other_job)
{
	double our_times[ROUNDS], other_times[ROUNDS], ratios[ROUNDS];

	ours(our_job);
	if (other != NULL)
		other(other_job);
	for (int i = 0; i < ROUNDS; i++) {
		for (int j = 0; j < 2; j++) {
			if ((j != 0) != (i % 2 != 0))
				our_times[i] = ours(our_job);
			else if (other != NULL)
				other_times[i] = other(other_job);
		}
		if (other != NULL)
			ratios[i] = other_times[i] / our_times[i];
	}
	printf("%-22s %-11s", what, our_job->workload->name);
	print_spread(our_times, "  %6.1f %6.1f %6.1f");
	printf(" %6.2f", mean_length(our_job->workload) / our_times[ROUNDS / 2]);
	if (other != NULL) {
		print_spread(other_times, "  %6.1f %6.1f %6.1f");
		print_spread(ratios, "  %5.2f %5.2f %5.2f");
	}
	printf("\n");
	fflush(stdout);
}

static void run_workload(const struct library libraries[2], const struct workload *workload, const char *path)
{
	static const struct {
		int number;
		const char *read, *write;
	} compressions[] = {
		{PCAP_COMPRESSION_GZIP, "read gzip", "write gzip"},
		{PCAP_COMPRESSION_ZSTD, "read zstd", "write zstd"},
		{PCAP_COMPRESSION_LZ4, "read lz4", "write lz4"},
	};
	struct job ours = {&libraries[0], workload, path, PCAP_COMPRESSION_NONE},
		   theirs = {&libraries[1], workload, path, 0};
	struct job limit = {NULL, workload, path, 0};

	compare_calls("write pcapng : peer", time_pcapng_writer, &ours, time_dump, &theirs);
	compare_calls("writer, pcap : peer", time_pcap_writer, &ours, time_dump, &theirs);
	compare_calls("dump : peer", time_dump, &ours, time_dump, &theirs);
	compare_calls("dump : limit", time_dump, &ours, time_large_writes, &limit);
	compare_calls("writer, pcap : limit", time_pcap_writer, &ours, time_large_writes, &limit);
	time_dump(&theirs);
	compare_calls("read : peer", time_reading, &ours, time_reading, &theirs);
	compare_calls("read : large reads", time_reading, &ours, time_large_reads, &limit);
	compare_calls("batch : large reads", time_batches, &ours, time_large_reads_in_place, &limit);
	compare_calls("batch : mapped file", time_batches, &ours, time_mapped, &limit);
	make_pcapng(workload, path);
	compare_calls("read pcapng : peer", time_reading, &ours, time_reading, &theirs);
	compare_calls("read pcapng : reads", time_reading, &ours, time_large_reads_pcapng, &limit);
	for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++) {
		ours.compression = compressions[i].number;
		compare_calls(compressions[i].write, time_pcapng_writer, &ours, NULL, NULL);
		compare_calls(compressions[i].read, time_reading, &ours, NULL, NULL);
	}
	unlink(path);
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
	printf("ns a packet: %s (and GB/s of packets' bytes at the median), the other, then the other divided by "
	       "it;\n"
	       "minimum, median, maximum of %d runs; peer is %s\n",
		libraries[0].path, ROUNDS, libraries[1].path);
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		run_workload(libraries, &workloads[i], path);
	return 0;
}
