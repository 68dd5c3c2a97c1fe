/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers that are the same in every run, for tests and fuzzers. */
#ifndef RANDOM_NUMBERS_H
#define RANDOM_NUMBERS_H

#include <stdint.h>

/* A random number, and one below limit. *state is any number but 0. */
uint32_t random_number(uint64_t *state);
uint32_t random_below(uint64_t *state, uint32_t limit);

#endif
