/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that come by themselves, for stand-ins that another program runs on, such as `weir module check`: with
 * WEIR_STAND_IN_MS in the environment there is one each so many milliseconds, from the first look on.
 */
#ifndef WEIR_TESTS_ARRIVALS_H
#define WEIR_TESTS_ARRIVALS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARRIVAL_LONGEST 98

struct arrivals {
	uint64_t started; /* ms; 0: not yet */
	uint64_t number;  /* of the packet that comes next */
};

/* 0: none come. */
static inline unsigned arrivals_interval(void)
{
	const char *text = getenv("WEIR_STAND_IN_MS");

	return text != NULL ? (unsigned)atoi(text) : 0;
}

/* The next packet, an Ethernet frame with a number in it, if it is there by now: its length, or 0. */
static inline uint32_t next_arrival(struct arrivals *arrivals, uint8_t packet[ARRIVAL_LONGEST])
{
	unsigned interval = arrivals_interval();
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (interval == 0)
		return 0;
	if (arrivals->started == 0)
		arrivals->started = ms;
	if (arrivals->number >= (ms - arrivals->started) / interval)
		return 0;
	memset(packet, 0, ARRIVAL_LONGEST);
	memcpy(packet, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5", 14);
	for (int i = 0; i < 4; i++)
		packet[14 + i] = (uint8_t)(arrivals->number >> (24 - 8 * i));
	return arrivals->number++ % 2 == 0 ? 60 : ARRIVAL_LONGEST;
}

#endif
