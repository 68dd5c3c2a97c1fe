/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a fuzzer fuzz-NAME.c defines: what to do with an input, and how to make one at random. libFuzzer calls the
 * first; where the compiler has no libFuzzer, random.c calls both.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The largest input that is made. */
#define FUZZ_INPUT_SIZE 4096

/* Ends the program where the library does what it must not; 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes an input that gets past the first checks; its size. *state is any number but 0. */
size_t fuzz_make_input(uint64_t *state, uint8_t *data);

/* Ends the program, which is how a fuzzer tells that the library did what it must not. */
static inline void must(bool condition)
{
	if (!condition)
		abort();
}

#endif
