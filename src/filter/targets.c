/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of addresses, ports and numbers: lists that grow in the arena, and the joining of alternatives that have the
 * same qualifiers.
 */
#include "filter/targets.h"

#include <arpa/inet.h>
#include <string.h>

/* Room for one more item; NULL without memory. */
static void *grown(struct generator *g, void *items, size_t *size, size_t count, size_t item_size)
{
	if (count < *size)
		return items;
	size_t more = *size != 0 ? 2 * *size : 4;
	void *copy = arena_alloc(&g->filter->arena, more * item_size);
	if (copy == NULL)
		return NULL;
	if (count > 0)
		memcpy(copy, items, count * item_size);
	*size = more;
	return copy;
}

bool add_range(struct generator *g, struct target *target, uint32_t low, uint32_t high)
{
	struct range_list *list = &target->ranges;
	struct range *items = grown(g, list->items, &list->size, list->count, sizeof(*items));

	if (items == NULL)
		return false;
	list->items = items;
	items[list->count++] = (struct range){low, high};
	return true;
}

bool add_network(struct generator *g, struct target *target, uint32_t bits, uint32_t mask)
{
	/* A mask without holes: the bits that it leaves are all the low ones. */
	if ((~mask & (~mask + 1)) == 0)
		return add_range(g, target, bits, bits | ~mask);
	struct masked *items = grown(g, target->masked, &target->masked_size, target->masked_count, sizeof(*items));
	if (items == NULL)
		return false;
	target->masked = items;
	items[target->masked_count++] = (struct masked){mask, bits};
	return true;
}

bool add_prefix(struct generator *g, struct target *target, const struct in6_addr *address, uint32_t length)
{
	struct prefix *items =
		grown(g, target->prefixes, &target->prefix_size, target->prefix_count, sizeof(*items));

	if (items == NULL)
		return false;
	target->prefixes = items;
	target->ipv6_first |= target->prefix_count == 0 && target->ranges.count + target->masked_count == 0;
	struct prefix *prefix = &items[target->prefix_count++];
	prefix->length = length;
	prefix->order = target->prefix_count;
	memcpy(prefix->words, address, sizeof(prefix->words));
	for (int i = 0; i < 4; i++)
		prefix->words[i] = ntohl(prefix->words[i]);
	return true;
}

bool add_mac(struct generator *g, struct target *target, const uint8_t *mac)
{
	struct mac *items = grown(g, target->macs, &target->mac_size, target->mac_count, sizeof(*items));

	if (items == NULL)
		return false;
	target->macs = items;
	items[target->mac_count++] =
		(struct mac){(uint32_t)mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5], mac[0] << 8 | mac[1]};
	return true;
}

bool add_alternative(struct generator *g, struct alternatives *list, struct alternative alternative)
{
	struct alternative *items = grown(g, list->items, &list->size, list->count, sizeof(*items));

	if (items == NULL)
		return false;
	list->items = items;
	items[list->count++] = alternative;
	return true;
}

struct target *target_for(struct generator *g, struct alternatives *list, struct target wanted)
{
	for (size_t i = 0; i < list->count && !wanted.single; i++) {
		struct target *t = list->items[i].target;
		if (t != NULL && !t->single && t->kind == wanted.kind && t->protocol == wanted.protocol &&
			t->direction == wanted.direction && t->word == wanted.word &&
			t->transport == wanted.transport && t->of_header == wanted.of_header)
			return t;
	}
	struct target *target = arena_alloc(&g->filter->arena, sizeof(*target));
	if (target == NULL)
		return NULL;
	*target = wanted;
	target->span = g->span;
	return add_alternative(g, list, (struct alternative){NULL, target}) ? target : NULL;
}
