/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that end where readable memory ends, so that a load one byte too far is a fault. For fuzzers that run programs.
 */
#ifndef GUARD_PAGE_H
#define GUARD_PAGE_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* A copy of at most FUZZ_INPUT_SIZE bytes, until the next call. */
static inline const uint8_t *at_the_end(const uint8_t *bytes, size_t size)
{
	static uint8_t *memory;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (FUZZ_INPUT_SIZE + page - 1) / page * page;

	if (memory == NULL) {
		uint8_t *all = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(all != MAP_FAILED && mprotect(all + page, room, PROT_READ | PROT_WRITE) == 0);
		memory = all + page;
	}
	if (size != 0)
		memcpy(memory + room - size, bytes, size);
	return memory + room - size;
}

#endif
