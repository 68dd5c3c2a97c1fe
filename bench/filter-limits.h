/* SPDX-License-Identifier: BSD-3-Clause */
/* The filters that bench-filter runs, and for each a function written by hand: as fast as it gets. */
#ifndef WEIR_BENCH_FILTER_LIMITS_H
#define WEIR_BENCH_FILTER_LIMITS_H

#include <stdint.h>

#include <pcap.h>

#include "bpf/native.h"

#define BENCH_FILTERS 6
#define MOST_HOSTS 500

struct bench_filter {
	const char *name;
	const char *expression; /* NULL: "host A or host B …" with so many hosts */
	unsigned hosts;
	bpf_native_t by_hand; /* so that it is called as native code is */
};

extern const struct bench_filter bench_filters[BENCH_FILTERS];

/* The i'th host of the lists, host byte order. They are in ascending order. */
uint32_t bench_host(unsigned i);

#endif
