/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers that are the same in every run, for tests and fuzzers. */
#include "random-numbers.h"

/* Marsaglia's xorshift64*. */
uint32_t random_number(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 0x2545f4914f6cdd1dULL >> 32);
}

uint32_t random_below(uint64_t *state, uint32_t limit)
{
	return random_number(state) % limit;
}
