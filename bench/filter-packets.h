/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets for the benchmarks of filters: a mix as on an office's wire, the same in every run. */
#ifndef WEIR_BENCH_FILTER_PACKETS_H
#define WEIR_BENCH_FILTER_PACKETS_H

#include <stddef.h>

#include <pcap.h>

#define IN_CACHE (512 << 10)
#define BEYOND_CACHE (160 << 20)

struct packets {
	u_char *bytes;
	struct pcap_pkthdr *headers;
	const u_char **data;
	u_int count;
};

/* As many as take so many bytes. */
struct packets bench_make_packets(size_t size);

#endif
