/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of an address or a number against many: searches, word by word where an address is longer than a word.
 */
#include "filter/targets.h"

#include <stdlib.h>

struct block *in_set(
	struct generator *g, const struct value *value, const struct range_list *ranges, struct ways ways)
{
	return ir_in_ranges(g->ir, value, ranges->items, ranges->count, ways.yes, ways.no);
}

struct block *ipv4_in(struct generator *g, const struct target *target, struct place place, struct ways ways)
{
	const struct value *address = load_at(g, place, 0, 4);

	for (size_t i = target->masked_count; i-- > 0;)
		ways.no = test_masked(g, address, target->masked[i].mask, target->masked[i].bits, ways);
	return in_set(g, address, &target->ranges, ways);
}

static int compare_prefixes(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;

	for (int i = 0; i < 4; i++)
		if (a->words[i] != b->words[i])
			return a->words[i] < b->words[i] ? -1 : 1;
	return a->length < b->length ? -1 : a->length > b->length;
}

/* A few numbers one after the other, in the order in which they were given; NULL if they are many, or ranges. */
static struct block *few_in(struct generator *g, const struct value *value, const struct case_range *cases,
	const uint32_t *order, size_t count, struct block *no)
{
	bool done[IR_FEW_NUMBERS] = {false};

	if (count > IR_FEW_NUMBERS)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (cases[i].low != cases[i].high)
			return NULL;
	for (size_t left = count; left > 0; left--) {
		size_t last = count;
		for (size_t i = 0; i < count; i++)
			if (!done[i] && (last == count || order[i] > order[last]))
				last = i;
		done[last] = true;
		no = test(g, TEST_EQ, value, cases[last].low, ways_to(cases[last].target, no));
	}
	return no;
}

/* Of an IPv6 address; every prefix ends in it, if not before. */
#define LAST_WORD 3

/*
 * Prefixes that agree in the words before this one, sorted. One that ends in this word is a range of its values, and
 * takes what lies in it: two prefixes overlap only where one holds the other, and the shorter comes first. What goes
 * on is searched in the next word.
 */
static struct block *word_in(struct generator *g, const struct prefix *prefixes, size_t count, int word,
	struct place place, struct ways ways)
{
	struct case_range *cases = arena_alloc(&g->filter->arena, count * sizeof(*cases));
	uint32_t *order = arena_alloc(&g->filter->arena, count * sizeof(*order));
	const struct value *value = load_at(g, place, 4 * word, 4);
	size_t n = 0, i = 0;

	if (cases == NULL || order == NULL)
		return NULL;
	while (i < count) {
		uint32_t low = prefixes[i].words[word], bits = 32 * (word + 1);
		size_t next = i + 1;
		if (word == LAST_WORD || prefixes[i].length <= bits) {
			uint32_t rest = bits - prefixes[i].length;
			uint32_t high = rest < 32 ? low + ((1U << rest) - 1) : UINT32_MAX;
			while (next < count && prefixes[next].words[word] <= high)
				next++;
			cases[n++] = (struct case_range){low, high, ways.yes};
		} else {
			while (next < count && prefixes[next].words[word] == low)
				next++;
			struct block *rest = word_in(g, prefixes + i, next - i, word + 1, place, ways);
			cases[n++] = (struct case_range){low, low, rest};
		}
		order[n - 1] = prefixes[i].order;
		for (; i < next; i++)
			order[n - 1] = prefixes[i].order < order[n - 1] ? prefixes[i].order : order[n - 1];
	}
	struct block *few = few_in(g, value, cases, order, n, ways.no);
	return few != NULL ? few : ir_search(g->ir, value, cases, n, ways.no);
}

struct block *ipv6_in(struct generator *g, const struct target *target, struct place place, struct ways ways)
{
	qsort(target->prefixes, target->prefix_count, sizeof(*target->prefixes), compare_prefixes);
	return word_in(g, target->prefixes, target->prefix_count, 0, place, ways);
}

static int compare_macs(const void *left, const void *right)
{
	const struct mac *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return a->high < b->high ? -1 : a->high > b->high;
}

/* The last four bytes first: the first two are the maker's, and the same in many. */
struct block *mac_in(struct generator *g, const struct target *target, struct place place, struct ways ways)
{
	size_t count = target->mac_count, n = 0;
	struct case_range *cases = arena_alloc(&g->filter->arena, count * sizeof(*cases));
	struct range *high = arena_alloc(&g->filter->arena, count * sizeof(*high));

	if (high == NULL || cases == NULL)
		return NULL;
	qsort(target->macs, count, sizeof(*target->macs), compare_macs);
	for (size_t i = 0; i < count;) {
		uint32_t low = target->macs[i].low;
		size_t same = 0;
		for (; i < count && target->macs[i].low == low; i++)
			high[same++] = (struct range){target->macs[i].high, target->macs[i].high};
		struct block *rest = ir_in_ranges(g->ir, load_at(g, place, 0, 2), high, same, ways.yes, ways.no);
		cases[n++] = (struct case_range){low, low, rest};
	}
	return ir_search(g->ir, load_at(g, place, 2, 4), cases, n, ways.no);
}
