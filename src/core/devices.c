/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device list that modules add to: found by name in constant time, sorted once at the end, so that thousands of
 * devices cost no more than their number. For the modules' list routines, by way of pcap-int.h.
 */
#include "core/core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64 /* a power of 2, as every later number of buckets */

/* A device as the list keeps it. What the program gets, and frees, is its first member. */
struct device {
	pcap_if_t listed;
	pcap_addr_t **address_end;     /* where the next address goes */
	struct device *next_in_bucket; /* of the same hash */
	struct device *next_added;
};

struct pcap_if_list {
	struct device *first;
	struct device **end; /* where the next device goes */
	size_t count;
	struct device **buckets;
	size_t bucket_count;
};

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
static size_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *name != '\0'; name++)
		hash = (hash ^ (u_char)*name) * 0x100000001b3;
	return (size_t)(hash ^ hash >> 32);
}

static void put_in_bucket(struct pcap_if_list *list, struct device *device)
{
	struct device **bucket = &list->buckets[hash_name(device->listed.name) & (list->bucket_count - 1)];

	device->next_in_bucket = *bucket;
	*bucket = device;
}

/* Doubles the buckets. Without memory for it the list goes on with those it has, and is only slower. */
static void grow_buckets(struct pcap_if_list *list)
{
	struct device **buckets = calloc(list->bucket_count * 2, sizeof(*buckets));

	if (buckets == NULL)
		return;
	free(list->buckets);
	list->buckets = buckets;
	list->bucket_count *= 2;
	for (struct device *device = list->first; device != NULL; device = device->next_added)
		put_in_bucket(list, device);
}

pcap_if_list_t *pcapint_new_dev_list(char *errbuf)
{
	struct pcap_if_list *list = calloc(1, sizeof(*list));

	if (list != NULL)
		list->buckets = calloc(FIRST_BUCKETS, sizeof(struct device *));
	if (list == NULL || list->buckets == NULL) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, ENOMEM, "can't list devices");
		free(list);
		return NULL;
	}
	list->end = &list->first;
	list->bucket_count = FIRST_BUCKETS;
	return list;
}

static struct device *find_device(pcap_if_list_t *list, const char *name)
{
	struct device *device = list->buckets[hash_name(name) & (list->bucket_count - 1)];

	while (device != NULL && strcmp(device->listed.name, name) != 0)
		device = device->next_in_bucket;
	return device;
}

pcap_if_t *pcapint_find_dev(pcap_if_list_t *list, const char *name)
{
	struct device *device = find_device(list, name);

	return device != NULL ? &device->listed : NULL;
}

static pcap_if_t *no_memory_for(const char *name, char *errbuf)
{
	pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, ENOMEM, "can't list the device %.64s", name);
	return NULL;
}

static pcap_if_t *describe(pcap_if_t *listed, const char *description, char *errbuf)
{
	if (description == NULL || listed->description != NULL)
		return listed;
	listed->description = strdup(description);
	return listed->description != NULL ? listed : no_memory_for(listed->name, errbuf);
}

/*
 * A name that is in the list already stays one device, as the module that was first has described it: a user could
 * not tell two apart, and pcap_create() asks that module first too.
 */
pcap_if_t *pcapint_add_dev(
	pcap_if_list_t *list, const char *name, bpf_u_int32 flags, const char *description, char *errbuf)
{
	struct device *device;

	if (name == NULL || *name == '\0') {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "can't list a device that has no name");
		return NULL;
	}
	device = find_device(list, name);
	if (device != NULL)
		return describe(&device->listed, description, errbuf);
	device = calloc(1, sizeof(*device));
	if (device != NULL)
		device->listed.name = strdup(name);
	if (device == NULL || device->listed.name == NULL || !describe(&device->listed, description, errbuf)) {
		if (device != NULL)
			free(device->listed.name);
		free(device);
		return no_memory_for(name, errbuf);
	}
	device->listed.flags = flags;
	device->address_end = &device->listed.addresses;
	*list->end = device;
	list->end = &device->next_added;
	put_in_bucket(list, device);
	if (++list->count > list->bucket_count)
		grow_buckets(list);
	return &device->listed;
}

pcap_if_t *pcapint_find_or_add_dev(pcap_if_list_t *list, const char *name, bpf_u_int32 flags,
	get_if_flags_func get_flags, const char *description, char *errbuf)
{
	pcap_if_t *listed = pcapint_find_dev(list, name);

	if (listed != NULL)
		return listed;
	if (get_flags != NULL && get_flags(name, &flags, errbuf) < 0)
		return NULL;
	return pcapint_add_dev(list, name, flags, description, errbuf);
}

pcap_if_t *pcapint_add_any_dev(pcap_if_list_t *list, char *errbuf)
{
	return pcapint_add_dev(list, "any", PCAP_IF_UP | PCAP_IF_RUNNING | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE,
		"All network interfaces together", errbuf);
}

/* An address and what belongs to it are one allocation; each part starts where any sockaddr may. */
static size_t aligned(size_t size)
{
	return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

static struct sockaddr *put_address(u_char **place, const struct sockaddr *addr, size_t size)
{
	struct sockaddr *copy = (struct sockaddr *)*place;

	if (addr == NULL || size == 0)
		return NULL;
	memcpy(copy, addr, size);
	*place += aligned(size);
	return copy;
}

int pcapint_add_addr_to_dev(pcap_if_t *listed, struct sockaddr *addr, size_t addr_size, struct sockaddr *netmask,
	size_t netmask_size, struct sockaddr *broadaddr, size_t broadaddr_size, struct sockaddr *dstaddr,
	size_t dstaddr_size, char *errbuf)
{
	struct device *device = (struct device *)listed;
	u_char *place = calloc(1, aligned(sizeof(pcap_addr_t)) + aligned(addr_size) + aligned(netmask_size) +
					  aligned(broadaddr_size) + aligned(dstaddr_size));
	pcap_addr_t *address = (pcap_addr_t *)place;

	if (address == NULL) {
		pcapint_fmt_errmsg_for_errno(
			errbuf, PCAP_ERRBUF_SIZE, ENOMEM, "can't list the addresses of %.64s", listed->name);
		return PCAP_ERROR;
	}
	place += aligned(sizeof(pcap_addr_t));
	address->addr = put_address(&place, addr, addr_size);
	address->netmask = put_address(&place, netmask, netmask_size);
	address->broadaddr = put_address(&place, broadaddr, broadaddr_size);
	address->dstaddr = put_address(&place, dstaddr, dstaddr_size);
	*device->address_end = address;
	device->address_end = &address->next;
	return 0;
}

/*
 * The order that users know from `tcpdump -D`: what a capture would most likely show something on comes first. Each
 * line outweighs those below it; among equals it is the order in which modules added them.
 */
static unsigned int rank(const pcap_if_t *listed)
{
	unsigned int status = listed->flags & PCAP_IF_CONNECTION_STATUS;

	return (unsigned int)((listed->flags & PCAP_IF_UP) == 0) << 4 |
	       (unsigned int)((listed->flags & PCAP_IF_RUNNING) == 0) << 3 |
	       (unsigned int)(status == PCAP_IF_CONNECTION_STATUS_DISCONNECTED) << 2 |
	       (unsigned int)((listed->flags & PCAP_IF_LOOPBACK) != 0) << 1 |
	       (unsigned int)(strcmp(listed->name, "any") == 0);
}

#define RANKS (1 << 5)

pcap_if_t *pcapint_finish_dev_list(pcap_if_list_t *list)
{
	pcap_if_t *first[RANKS] = {NULL};
	pcap_if_t **end[RANKS];
	pcap_if_t *sorted = NULL;

	for (unsigned int i = 0; i < RANKS; i++)
		end[i] = &first[i];
	for (struct device *device = list->first; device != NULL; device = device->next_added) {
		unsigned int i = rank(&device->listed);

		*end[i] = &device->listed;
		end[i] = &device->listed.next;
	}
	for (unsigned int i = RANKS; i-- > 0;) {
		*end[i] = sorted;
		sorted = first[i];
	}
	free(list->buckets);
	free(list);
	return sorted;
}

void pcap_freealldevs(pcap_if_t *alldevs)
{
	pcap_if_t *next;

	for (; alldevs != NULL; alldevs = next) {
		pcap_addr_t *next_address;

		for (pcap_addr_t *address = alldevs->addresses; address != NULL; address = next_address) {
			next_address = address->next;
			free(address);
		}
		next = alldevs->next;
		free(alldevs->name);
		free(alldevs->description);
		free(alldevs);
	}
}
