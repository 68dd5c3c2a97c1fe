/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arena that a compilation lives in: blocks of growing size, handed out from the front, freed together.
 */
#include "filter/arena.h"

#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#define FIRST_BLOCK 8192
#define LARGEST_BLOCK (1024 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

void arena_free(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
	free(arena->spare);
	arena->spare = NULL;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){arena->blocks, arena->at, arena->left};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->blocks != mark.newest) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		arena->used -= block->size;
		free(arena->spare);
		arena->spare = block;
	}
	arena->at = mark.at;
	arena->left = arena->failed ? 0 : mark.left;
}

/* A block of about this size, or one that is there and large enough. */
static struct arena_block *take_block(struct arena *arena, size_t size, size_t wanted, size_t allowed)
{
	struct arena_block *block = arena->spare;

	if (block != NULL && block->size >= wanted && block->size <= allowed) {
		arena->spare = NULL;
		return block;
	}
	block = malloc(sizeof(*block) + size);
	if (block != NULL)
		block->size = size;
	return block;
}

/* With room for so much; false, and failed for good, if there is none. */
static bool add_block(struct arena *arena, size_t wanted)
{
	size_t size = arena->blocks != NULL ? arena->blocks->size * 2 : FIRST_BLOCK;
	size_t allowed = arena->limit - arena->used;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size > allowed)
		size = allowed;
	if (size < wanted)
		size = wanted;
	struct arena_block *block = NULL;
	if (!arena->failed && size <= allowed)
		block = take_block(arena, size, wanted, allowed);
	if (block == NULL) {
		arena->failed = true;
		arena->left = 0;
		return false;
	}
	block->next = arena->blocks;
	arena->blocks = block;
	arena->used += block->size;
	arena->at = block->data;
	arena->left = block->size;
	return true;
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

	/* A size near SIZE_MAX rounds to 0. */
	if ((rounded < size || rounded > arena->left) && !add_block(arena, rounded < size ? size : rounded))
		return NULL;
	void *memory = arena->at;
	arena->at += rounded;
	arena->left -= rounded;
	return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *memory = arena_alloc_raw(arena, size);

	return memory != NULL ? memset(memory, 0, size) : NULL;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
	char *copy = length < SIZE_MAX ? arena_alloc(arena, length + 1) : NULL;
	if (copy != NULL)
		memcpy(copy, text, length);
	return copy;
}
