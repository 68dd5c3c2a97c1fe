/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a test makes the stand-in for Endace's library do.
 */
#ifndef WEIR_TESTS_LIBDAG_H
#define WEIR_TESTS_LIBDAG_H

#include <stddef.h>
#include <stdint.h>

#define STAND_IN_BUFFER 4096 /* bytes of a stream */

/* A record comes in on the first receive stream; one that finds no room is lost, and the next one counts it. */
void stand_in_receive(const void *record, size_t size);
/* Only so many bytes of what has come in are shown at first. */
void stand_in_show(size_t bytes);
/* The next call of advance_stream fails with that errno value. */
void stand_in_fail_next_advance(int error);
/* The last record that was sent; its size. */
size_t stand_in_sent(void *record, size_t size);
/* Cards open, streams attached, streams started. */
void stand_in_in_use(int counts[3]);

#endif
