/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds in a damaged file the next place from which it is good again.
 */
#ifndef WEIR_READ_REPAIR_H
#define WEIR_READ_REPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of the file before the damage. */
struct repair_facts {
	int fd;
	uint64_t size;
	bool pcapng;
	bool swapped;         /* the other byte order */
	bool nanoseconds;     /* of a pcap file */
	size_t interfaces;    /* of the section */
	uint32_t last_second; /* of a pcap file: when the last packet was; 0: there is none */
};

/* Sets *place to the first offset above `from` where good packets begin; false if there is none. */
bool repair_find(const struct repair_facts *facts, uint64_t from, uint64_t *place);

#endif
