/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Points in time, as files tell them and as people write them.
 */
#ifndef WEIR_INSTANT_H
#define WEIR_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct instant {
	int64_t seconds; /* since 1970 */
	uint32_t nanoseconds;
};

static inline bool earlier(const struct instant *a, const struct instant *b)
{
	return a->seconds != b->seconds ? a->seconds < b->seconds : a->nanoseconds < b->nanoseconds;
}

/* A time that was asked for. */
struct moment {
	bool given;
	bool relative; /* to the first packet; else since 1970 */
	struct instant instant;
};

/*
 * "2024-02-29T12:00:01.5", with a blank for the T, without seconds or without a time of day, in local time, or with Z
 * or +HH:MM behind it; "1709208001.5", since 1970; "+90.5", after the first packet. Else false.
 */
bool parse_moment(const char *string, struct moment *moment);

/* Makes a moment one that is not relative. */
void settle_moment(struct moment *moment, const struct instant *first);

/* "2024-02-29T12:00:01.123456789Z". */
void text_instant(struct text *text, const struct instant *instant);

#endif
