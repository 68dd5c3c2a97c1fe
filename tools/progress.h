/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far long work has come, at the bottom of the terminal that standard error is; nothing, where it is none.
 */
#ifndef WEIR_PROGRESS_H
#define WEIR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct progress {
	bool wanted;
	bool shown;
	unsigned calls;
	uint64_t total; /* bytes; 0: not known */
	uint64_t next;  /* when it is due, on the monotonic clock */
};

/* Nothing is shown before half a second has gone by, nor if packets are shown on the same terminal. */
void progress_begin(struct progress *progress, uint64_t total, bool printing);
/* Called often; it costs little. */
void progress_step(struct progress *progress, uint64_t bytes, uint64_t packets);
/* Takes it away, so that other lines can be written. */
void progress_hide(struct progress *progress);
/* "[########                ]  33% 1200 packets", or "1200 packets, 1.2 MB" where the total is not known. */
void progress_text(struct text *text, uint64_t bytes, uint64_t total, uint64_t packets);

#endif
