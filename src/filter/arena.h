/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of one compilation: everything that the parser, the generator and the passes make is taken from here and
 * freed at once. Allocation fails for good when the limit is reached, so that no expression can take all memory.
 */
#ifndef WEIR_FILTER_ARENA_H
#define WEIR_FILTER_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	struct arena_block *spare; /* one that was given back, for the next that is needed */
	char *at;                  /* what is left of the newest of them */
	size_t left;
	size_t used;  /* bytes in all of them */
	size_t limit; /* at most so many */
	bool failed;  /* an allocation has failed: the compilation ends with an error */
};

void arena_init(struct arena *arena, size_t limit);
void arena_free(struct arena *arena);
/* Zeroed memory, aligned for any type; NULL, and failed is set, if there is none. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same, not zeroed. */
void *arena_alloc_raw(struct arena *arena, size_t size);
/* A copy of length bytes with a NUL after them. */
char *arena_copy(struct arena *arena, const char *text, size_t length);

/* A place in an arena, to go back to: what was allocated after it is given back. */
struct arena_mark {
	struct arena_block *newest;
	char *at;
	size_t left;
};

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

#endif
