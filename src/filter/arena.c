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
	size_t used;
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
}

static struct arena_block *add_block(struct arena *arena, size_t wanted)
{
	size_t size = arena->blocks != NULL ? arena->blocks->size * 2 : FIRST_BLOCK;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < wanted)
		size = wanted;
	struct arena_block *block = malloc(sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	*block = (struct arena_block){.next = arena->blocks, .size = size};
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;

	if (arena->failed || size > arena->limit || arena->used > arena->limit - size) {
		arena->failed = true;
		return NULL;
	}
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (block == NULL || block->size - block->used < size)
		block = add_block(arena, size);
	if (block == NULL) {
		arena->failed = true;
		return NULL;
	}
	void *memory = block->data + block->used;
	block->used += size;
	arena->used += size;
	return memset(memory, 0, size);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
	char *copy = length < SIZE_MAX ? arena_alloc(arena, length + 1) : NULL;
	if (copy != NULL)
		memcpy(copy, text, length);
	return copy;
}
