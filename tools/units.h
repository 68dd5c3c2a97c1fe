/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as people write and read them: counts, sizes, durations, rates.
 */
#ifndef WEIR_UNITS_H
#define WEIR_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

#define NANOSECONDS_PER_SECOND 1000000000ULL

/* A decimal number, and nothing after it. */
bool parse_count(const char *string, uint64_t *value);
/* A number of bytes: a decimal number, then nothing or k, M, G (1024 and its powers). */
bool parse_size(const char *string, uint64_t *bytes);
/* A number of seconds, with a fraction or without one. */
bool parse_seconds(const char *string, uint64_t *nanoseconds);

/* "982 B", "1.2 kB", "3.4 MB": powers of 1000. */
void text_amount(struct text *text, uint64_t value, const char *unit);
/* "3.02 s", with two digits after the point. */
void text_seconds(struct text *text, uint64_t nanoseconds);
/* count, then the noun, with an s where count is not 1. */
void text_counted(struct text *text, uint64_t count, const char *noun);
/* How many a second, for text_amount() and text_counted(); 0 if no time went by. */
uint64_t per_second(uint64_t count, uint64_t nanoseconds);

/* The time on the monotonic clock. */
uint64_t monotonic_nanoseconds(void);

#endif
