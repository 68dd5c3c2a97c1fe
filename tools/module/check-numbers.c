/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers in packets, for the checks of the conformance suite that ask whether one was lost or delivered twice: packets
 * that hold a number which grows by one tell that themselves. A second handle, which is read plainly, tells what there
 * was to deliver, since what looks like a number of each packet may be something that leaves numbers out.
 */
#include "module/check.h"

#define BASE 24
/* A machine that is busy has many come at once. */
#define KEEP_MAX 8192

static uint64_t mask_of(const struct numbering *numbering)
{
	return numbering->size < 8 ? (1ULL << 8 * numbering->size) - 1 : UINT64_MAX;
}

static uint64_t number_of(const struct seen *seen, const struct numbering *numbering)
{
	const u_char *bytes = seen->bytes + numbering->offset;
	uint64_t number = 0;

	for (unsigned i = 0; i < numbering->size; i++)
		number = number << 8 | bytes[numbering->little_endian ? numbering->size - 1 - i : i];
	return number;
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

static bool find_numbering(const struct seen *seen, unsigned count, struct numbering *numbering)
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

static unsigned count_seen(const struct gathering *g)
{
	return g->callbacks < g->seen_max ? g->callbacks : g->seen_max;
}

static bool has_number(const struct seen *seen, const struct numbering *numbering, uint64_t number)
{
	return seen->header.caplen >= numbering->offset + numbering->size && number_of(seen, numbering) == number;
}

/* How many packets have the number. */
static unsigned count_number(const struct gathering *g, const struct numbering *numbering, uint64_t number)
{
	unsigned count = count_seen(g), found = 0;

	for (unsigned i = 0; i < count; i++)
		found += has_number(&g->seen[i], numbering, number);
	return found;
}

void open_numbered(struct trial *t, struct numbered *numbered)
{
	struct opening opening = {.timeout = 10, .nonblock = true};
	pcap_t *p = open_handle(t, &opening);
	pcap_t *reference = open_second(t, &opening);

	start_gathering(&numbered->read, t, p, KEEP_MAX);
	start_gathering(&numbered->reference, t, reference, KEEP_MAX);
	/* Both, since a device may have little room for what waits. */
	uint64_t until = wait_deadline(t);
	while (numbered->reference.callbacks < BASE) {
		dispatch(&numbered->read, -1);
		if (dispatch(&numbered->reference, -1) == 0 && !wait_until(reference, until))
			left_out(t, "of %d packets that it takes, %u came", BASE, numbered->reference.callbacks);
	}
	if (!find_numbering(numbered->reference.seen, BASE, &numbered->numbering))
		left_out(t, "its packets have no number that would tell");
}

/* A handle that has lost packets itself, for want of room, proves nothing. */
static void check_drops(struct trial *t, pcap_t *p)
{
	struct pcap_stat stats;

	if (pcap_stats(p, &stats) == 0 && stats.ps_drop > 0)
		left_out(t, "the device has dropped packets meanwhile");
}

/* Between two packets that the handle delivered one after the other. */
static void check_step(struct trial *t, const struct numbered *numbered, uint64_t before, uint64_t number)
{
	const struct numbering *numbering = &numbered->numbering;
	uint64_t mask = mask_of(numbering), grown = (number - before) & mask;
	unsigned here = count_number(&numbered->read, numbering, number);
	unsigned there = count_number(&numbered->reference, numbering, number);

	if (there > 0 && here > there)
		broken(t,
			"a packet was delivered %u times, where another handle has it %u times: number %llu at "
			"byte %u",
			here, there, (unsigned long long)number, numbering->offset);
	for (uint64_t missing = (before + 1) & mask; grown > 1 && grown < KEEP_MAX && missing != number;
		missing = (missing + 1) & mask)
		if (count_number(&numbered->reference, numbering, missing) > 0 &&
			count_number(&numbered->read, numbering, missing) == 0)
			broken(t, "a packet was lost, which another handle has: number %llu at byte %u",
				(unsigned long long)missing, numbering->offset);
}

void check_numbered(struct trial *t, struct numbered *numbered)
{
	const struct gathering *read = &numbered->read;
	unsigned count = count_seen(read);
	uint64_t until = wait_deadline(t);

	check_drops(t, read->p);
	/* What the reference has not read yet is behind all that matters when it has as many. */
	while (numbered->reference.callbacks < read->callbacks + BASE && numbered->reference.callbacks < KEEP_MAX)
		if (dispatch(&numbered->reference, -1) == 0 && !wait_until(numbered->reference.p, until))
			break;
	check_drops(t, numbered->reference.p);
	/* What looked like a number may have been something that wraps, or leaves numbers out. */
	const struct gathering *reference = &numbered->reference;
	if (!find_numbering(reference->seen, count_seen(reference), &numbered->numbering))
		left_out(t, "its packets have no number that would tell");
	for (unsigned i = 1; i < count; i++) {
		if (read->seen[i].header.caplen < numbered->numbering.offset + numbered->numbering.size ||
			read->seen[i - 1].header.caplen < numbered->numbering.offset + numbered->numbering.size)
			continue;
		check_step(t, numbered, number_of(&read->seen[i - 1], &numbered->numbering),
			number_of(&read->seen[i], &numbered->numbering));
	}
	pcap_close(numbered->reference.p);
	pcap_close(read->p);
}
