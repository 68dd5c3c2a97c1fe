/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line that lives at the bottom of the terminal while packets are written to a file.
 */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct status {
	bool shown;            /* there is a line now */
	bool wanted;           /* standard error is a terminal, and standard output does not show packets on it */
	uint64_t next;         /* when it is due, on the monotonic clock */
	uint64_t last;         /* when it was shown last */
	uint64_t last_packets; /* what it said then */
	uint64_t last_bytes;
};

/* What there is to say. */
struct status_counts {
	uint64_t packets;
	uint64_t bytes;
	uint64_t dropped;
	bool dropped_known;
};

#define STATUS_INTERVAL_NANOSECONDS 500000000ULL

void status_begin(struct status *status, bool wanted, uint64_t now);
/* "12 packets, 1.2 kB, 3 packets/s, 397 B/s, 0 dropped". */
void status_text(struct text *text, const struct status_counts *counts, uint64_t packet_rate, uint64_t byte_rate);
/* Draws the line. */
void status_show(struct status *status, const struct status_counts *counts, uint64_t now);
/* Takes it away, so that other lines can be written. */
void status_hide(struct status *status);

#endif
