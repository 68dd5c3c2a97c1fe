/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers in packets, for the checks of the conformance suite that ask whether one was lost or delivered twice: a
 * device whose packets hold a number that grows by one tells that itself.
 */
#include "module-check.h"

static uint64_t read_number(const u_char *bytes, const struct numbering *numbering)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < numbering->size; i++)
		number = number << 8 | bytes[numbering->little_endian ? numbering->size - 1 - i : i];
	return number;
}

static uint64_t mask_of(const struct numbering *numbering)
{
	return numbering->size < 8 ? (1ULL << 8 * numbering->size) - 1 : UINT64_MAX;
}

uint64_t number_of(const struct seen *seen, const struct numbering *numbering)
{
	return read_number(seen->bytes + numbering->offset, numbering);
}

static bool are_numbered(const struct seen *seen, unsigned count, const struct numbering *numbering)
{
	for (unsigned i = 0; i < count; i++)
		if (seen[i].header.caplen < numbering->offset + numbering->size)
			return false;
	for (unsigned i = 1; i < count; i++) {
		uint64_t grown = number_of(&seen[i], numbering) - number_of(&seen[i - 1], numbering);
		if ((grown & mask_of(numbering)) != 1)
			return false;
	}
	return true;
}

bool find_numbering(const struct seen *seen, unsigned count, struct numbering *numbering)
{
	static const unsigned sizes[] = {4, 2};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned offset = 0; offset + sizes[i] <= SEEN_BYTES; offset++)
			for (int little = 0; little < 2; little++) {
				*numbering = (struct numbering){offset, sizes[i], little};
				if (are_numbered(seen, count, numbering))
					return true;
			}
	return false;
}

void check_numbers(struct trial *t, const struct seen *seen, unsigned count, const struct numbering *numbering)
{
	for (unsigned i = 1; i < count; i++) {
		uint64_t before = number_of(&seen[i - 1], numbering), number = number_of(&seen[i], numbering);
		uint64_t grown = (number - before) & mask_of(numbering);
		if (grown == 1)
			continue;
		broken(t,
			grown == 0
				? "a packet was delivered twice: number %llu at byte %u comes after %llu"
				: "packets were lost or came out of order: number %llu at byte %u comes after %llu",
			(unsigned long long)number, numbering->offset, (unsigned long long)before);
	}
}
