/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmark of savefiles and the walks that it is held against share.
 */
#ifndef WEIR_BENCH_SAVEFILE_H
#define WEIR_BENCH_SAVEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcapng.h>
#include <pcap/weir.h>

struct workload {
	const char *name;
	int packets;
	int (*length)(int packet);
};

/* A file that is read or written, once, and by what. */
struct job {
	const struct library *library; /* NULL: by hand */
	const struct workload *workload;
	const char *path;
	int compression; /* PCAP_COMPRESSION_ */
};

struct tally {
	long packets;
	unsigned long sum;
};

/* A pcap_handler, as little as can be; user is a struct tally. */
void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data);

double now(void); /* ns */
void fail(const char *what, const char *why);

/* How long the least takes that has to be done for a job by hand, ns a packet (savefile-limits.c). */
double time_large_reads(const struct job *job);          /* large reads, a callback for each packet */
double time_large_reads_in_place(const struct job *job); /* the same without callbacks */
double time_mapped(const struct job *job);               /* the mapped file, without callbacks */
double time_large_reads_pcapng(const struct job *job);
double time_large_writes(const struct job *job); /* into a buffer, and that is written */

#endif
