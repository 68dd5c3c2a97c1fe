/* SPDX-License-Identifier: BSD-3-Clause */
/* Random filter expressions that ask for what random packets (packets.h) are made of. */
#ifndef FILTER_EXPRESSIONS_H
#define FILTER_EXPRESSIONS_H

#include <stddef.h>
#include <stdint.h>

/* One to a few primitives, some of which only the link type has. */
void random_filter(uint64_t *state, int linktype, char *text, size_t size);
/* One primitive. */
void random_primitive(uint64_t *state, int linktype, char *text, size_t size);

#endif
