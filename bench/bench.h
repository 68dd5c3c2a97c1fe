/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What benchmarks of two libraries in one run share: both loaded by path, clocks, and rows with their spread.
 */
#ifndef WEIR_BENCH_H
#define WEIR_BENCH_H

#include <stdint.h>

#include <pcap.h>

/* The calls that live benchmarks make of a library. */
#define BENCH_CALLS(X)                                                                                             \
	X(pcap_create)                                                                                             \
	X(pcap_set_snaplen)                                                                                        \
	X(pcap_set_promisc) X(pcap_set_timeout) X(pcap_set_immediate_mode) X(pcap_set_buffer_size)                 \
		X(pcap_activate) X(pcap_setnonblock) X(pcap_get_selectable_fd) X(pcap_dispatch) X(pcap_stats)      \
			X(pcap_close) X(pcap_geterr) X(pcap_findalldevs) X(pcap_freealldevs)

struct bench_library {
	const char *path;
#define MEMBER(name) __typeof__(&name) name;
	BENCH_CALLS(MEMBER)
#undef MEMBER
};

/* Ends the program with 77 where there is no such library. */
void bench_load(struct bench_library *library, const char *path);
double bench_seconds(void);
/* Prints minimum, median and maximum; sorts the values. */
void bench_row(const char *what, double *values, int count, const char *unit);
double bench_median(double *values, int count);

#endif
