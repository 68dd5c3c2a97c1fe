/* SPDX-License-Identifier: BSD-3-Clause */
/* Random filter expressions, the same in every run, for tests that compare and for fuzzers. */
#ifndef RANDOM_EXPRESSIONS_H
#define RANDOM_EXPRESSIONS_H

#include <stddef.h>

#include "../../lib/random-numbers.h"

/* Writes an expression and a NUL, at most size bytes; most are valid. */
void random_expression(uint64_t *state, char *text, size_t size);

#endif
