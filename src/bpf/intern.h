/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records that are kept once: a record that is equal to an earlier one, byte by byte, gets the same number. For the
 * graphs that filter sets are made from, where equal parts have to be found.
 */
#ifndef WEIR_BPF_INTERN_H
#define WEIR_BPF_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct interner {
	char *records;
	size_t record_size; /* set before the first record; records have no padding */
	uint32_t count;
	uint32_t room;
	uint32_t *buckets; /* numbers plus 1, by hash */
	uint32_t bucket_count;
};

#define NOT_INTERNED UINT32_MAX

/* The number of a record, counted from 0; NOT_INTERNED without memory. */
uint32_t pcapint_intern(struct interner *interner, const void *record);
void pcapint_free_interner(struct interner *interner);

#endif
