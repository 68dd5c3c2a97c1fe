/* SPDX-License-Identifier: BSD-3-Clause */
/* Records that are kept once, by a hash table of their numbers. */
#include "bpf/intern.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, by 32-bit words, and its upper bits brought down, since buckets go by the lower ones. */
static uint32_t hash(const char *record, size_t size)
{
	uint64_t value = 0xcbf29ce484222325;
	uint32_t word;

	for (size_t i = 0; i < size; i += sizeof(word)) {
		memcpy(&word, record + i, sizeof(word));
		value = (value ^ word) * 0x100000001b3;
	}
	return (uint32_t)(value ^ value >> 32);
}

/* Where the record's number is, or is to be. */
static uint32_t *bucket_of(const struct interner *interner, const char *record)
{
	uint32_t mask = interner->bucket_count - 1, at = hash(record, interner->record_size) & mask;

	while (interner->buckets[at] != 0) {
		const char *there = interner->records + (interner->buckets[at] - 1) * interner->record_size;
		if (memcmp(there, record, interner->record_size) == 0)
			break;
		at = (at + 1) & mask;
	}
	return &interner->buckets[at];
}

/* Twice the room, and twice as many buckets as that. */
static bool grow(struct interner *interner)
{
	uint32_t room = interner->room == 0 ? 64 : interner->room * 2;
	char *records = realloc(interner->records, room * interner->record_size);

	if (records == NULL)
		return false;
	interner->records = records;
	uint32_t *buckets = calloc(room * 2, sizeof(*buckets));
	if (buckets == NULL)
		return false;
	free(interner->buckets);
	interner->buckets = buckets;
	interner->bucket_count = room * 2;
	interner->room = room;
	for (uint32_t i = 0; i < interner->count; i++)
		*bucket_of(interner, records + i * interner->record_size) = i + 1;
	return true;
}

uint32_t pcapint_intern(struct interner *interner, const void *record)
{
	if (interner->count == interner->room && !grow(interner))
		return NOT_INTERNED;
	uint32_t *bucket = bucket_of(interner, record);
	if (*bucket == 0) {
		memcpy(interner->records + interner->count * interner->record_size, record, interner->record_size);
		*bucket = ++interner->count;
	}
	return *bucket - 1;
}

void pcapint_free_interner(struct interner *interner)
{
	free(interner->records);
	free(interner->buckets);
	*interner = (struct interner){.record_size = interner->record_size};
}
