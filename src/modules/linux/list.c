/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists the network interfaces with two netlink dumps, one of links and one of addresses, whatever their number. The
 * list routine of the Linux network-interface module.
 */
#include "modules/linux/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <linux/if_packet.h>

#include "modules/linux/link.h"
#include "modules/linux/netlink.h"

struct listed_link {
	struct pcapint_link link;
	pcap_if_t *device; /* NULL: its addresses are in the list already */
};

struct listed_address {
	int index;
	uint8_t family;
	uint8_t prefix_length;
	uint8_t address[sizeof(struct in6_addr)];
	uint8_t peer[sizeof(struct in6_addr)];
	uint8_t broadcast[sizeof(struct in_addr)];
	bool has_peer;
	bool has_broadcast;
};

struct listing {
	struct listed_link *links;
	size_t link_count;
	size_t link_room;
	struct listed_address *addresses;
	size_t address_count;
	size_t address_room;
};

/* Room for one more; false if there is no memory. */
static bool make_room(void **array, size_t *room, size_t count, size_t size)
{
	size_t larger = *room > 0 ? *room * 2 : 64;
	void *grown;

	if (count < *room)
		return true;
	grown = reallocarray(*array, larger, size);
	if (grown == NULL)
		return false;
	*array = grown;
	*room = larger;
	return true;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
	struct listing *listing = context;

	if (message == NULL)
		listing->link_count = 0;
	if (message == NULL || message->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (!make_room((void **)&listing->links, &listing->link_room, listing->link_count, sizeof(*listing->links)))
		return -ENOMEM;
	if (pcapint_link_parse(message, &listing->links[listing->link_count].link))
		listing->link_count++;
	return 0;
}

/*
 * IFA_ADDRESS is the address of the other end where there is one, and then IFA_LOCAL is this one's; otherwise both are
 * the same, and IPv6 has only the first (linux/if_addr.h).
 */
static bool parse_address(const struct nlmsghdr *message, struct listed_address *address)
{
	const struct rtattr *attributes[IFA_BROADCAST + 1];
	const struct ifaddrmsg *header = NLMSG_DATA(message);
	const struct rtattr *local;
	size_t size;

	memset(address, 0, sizeof(*address));
	if (!pcapint_netlink_attributes(message, sizeof(*header), attributes, IFA_BROADCAST + 1))
		return false;
	address->index = (int)header->ifa_index;
	address->family = header->ifa_family;
	address->prefix_length = header->ifa_prefixlen;
	if (address->family != AF_INET && address->family != AF_INET6)
		return false;
	size = address->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	local = attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	if (pcapint_netlink_bytes(local, address->address, size) != size)
		return false;
	address->has_peer = attributes[IFA_LOCAL] != NULL &&
			    pcapint_netlink_bytes(attributes[IFA_ADDRESS], address->peer, size) == size;
	address->has_broadcast = address->family == AF_INET &&
				 pcapint_netlink_bytes(attributes[IFA_BROADCAST], address->broadcast, size) == size;
	return true;
}

static int take_address(const struct nlmsghdr *message, void *context)
{
	struct listing *listing = context;

	if (message == NULL)
		listing->address_count = 0;
	if (message == NULL || message->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (!make_room((void **)&listing->addresses, &listing->address_room, listing->address_count,
		    sizeof(*listing->addresses)))
		return -ENOMEM;
	if (parse_address(message, &listing->addresses[listing->address_count]))
		listing->address_count++;
	return 0;
}

static int dump_links(struct listing *listing)
{
	/* The mask leaves out the statistics of each protocol, most of what the kernel would tell otherwise. */
	const struct {
		struct ifinfomsg header;
		struct rtattr attribute;
		uint32_t mask;
	} request = {{.ifi_family = AF_UNSPEC},
		{.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK}, RTEXT_FILTER_SKIP_STATS};

	return pcapint_netlink_dump(RTM_GETLINK, &request, sizeof(request), take_link, listing);
}

static int dump_addresses(struct listing *listing)
{
	const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};

	return pcapint_netlink_dump(RTM_GETADDR, &header, sizeof(header), take_address, listing);
}

static int compare_links(const void *a, const void *b)
{
	int first = ((const struct listed_link *)a)->link.index;
	int second = ((const struct listed_link *)b)->link.index;

	return (first > second) - (first < second);
}

/* Room for the longest hardware address, InfiniBand's among them, which sockaddr_ll has not. */
union link_sockaddr {
	struct sockaddr_ll ll;
	uint8_t bytes[offsetof(struct sockaddr_ll, sll_addr) + LINK_ADDRESS_MAX];
};

static size_t make_link_sockaddr(
	union link_sockaddr *addr, const struct pcapint_link *link, const uint8_t *bytes, size_t length)
{
	const size_t start = offsetof(struct sockaddr_ll, sll_addr);

	memset(addr, 0, sizeof(*addr));
	addr->ll.sll_family = AF_PACKET;
	addr->ll.sll_ifindex = link->index;
	addr->ll.sll_hatype = link->type;
	addr->ll.sll_halen = (uint8_t)length;
	memcpy(addr->bytes + start, bytes, length);
	return start + length > sizeof(addr->ll) ? start + length : sizeof(addr->ll);
}

static int add_link_address(pcap_if_t *device, const struct pcapint_link *link, char *errbuf)
{
	bool broadcasts = (link->flags & IFF_BROADCAST) != 0 && link->broadcast_length > 0;
	union link_sockaddr addr, broadcast;
	size_t size = make_link_sockaddr(&addr, link, link->address, link->address_length);
	size_t broadcast_size = make_link_sockaddr(&broadcast, link, link->broadcast, link->broadcast_length);

	if (link->address_length == 0)
		return 0;
	return pcapint_add_addr_to_dev(device, (struct sockaddr *)&addr, size, NULL, 0,
		broadcasts ? (struct sockaddr *)&broadcast : NULL, broadcasts ? broadcast_size : 0, NULL, 0,
		errbuf);
}

static int add_links(pcap_if_list_t *list, struct listing *listing, char *errbuf)
{
	int probe = -1;
	int result = 0;

	for (size_t i = 0; i < listing->link_count && result == 0; i++) {
		struct listed_link *entry = &listing->links[i];
		const struct pcapint_link *link = &entry->link;
		pcap_if_t *device = pcapint_add_dev(list, link->name, pcapint_link_device_flags(link, &probe),
			link->alias[0] != '\0' ? link->alias : NULL, errbuf);

		if (device == NULL)
			result = PCAP_ERROR;
		else if (device->addresses == NULL)
			entry->device = device;
		if (entry->device != NULL)
			result = add_link_address(device, link, errbuf);
	}
	if (probe >= 0)
		close(probe);
	return result;
}

union ip_sockaddr {
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Link-local IPv6 addresses mean something only together with their interface. */
static void make_ip_sockaddr(union ip_sockaddr *addr, const struct listed_address *entry, const uint8_t *bytes)
{
	memset(addr, 0, sizeof(*addr));
	if (entry->family == AF_INET) {
		addr->in.sin_family = AF_INET;
		memcpy(&addr->in.sin_addr, bytes, sizeof(addr->in.sin_addr));
		return;
	}
	addr->in6.sin6_family = AF_INET6;
	memcpy(&addr->in6.sin6_addr, bytes, sizeof(addr->in6.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&addr->in6.sin6_addr))
		addr->in6.sin6_scope_id = (uint32_t)entry->index;
}

static void make_netmask(union ip_sockaddr *netmask, const struct listed_address *entry)
{
	uint8_t bytes[sizeof(struct in6_addr)] = {0};
	size_t bits = entry->prefix_length;

	for (size_t i = 0; i < sizeof(bytes) && bits > 0; i++) {
		size_t here = bits < 8 ? bits : 8;

		bytes[i] = (uint8_t)(0xff << (8 - here));
		bits -= here;
	}
	make_ip_sockaddr(netmask, entry, bytes);
}

/* A point-to-point interface has another end even where the administrator gave no address for it: then its own. */
static int add_address(const struct listed_link *owner, const struct listed_address *entry, char *errbuf)
{
	const size_t size = entry->family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	bool has_peer = entry->has_peer && ((owner->link.flags & IFF_POINTOPOINT) != 0 ||
						   memcmp(entry->peer, entry->address, sizeof(entry->peer)) != 0);
	union ip_sockaddr addr, netmask, broadcast, peer;

	make_ip_sockaddr(&addr, entry, entry->address);
	make_netmask(&netmask, entry);
	make_ip_sockaddr(&peer, entry, entry->peer);
	if (entry->has_broadcast)
		make_ip_sockaddr(&broadcast, entry, entry->broadcast);
	return pcapint_add_addr_to_dev(owner->device, (struct sockaddr *)&addr, size, (struct sockaddr *)&netmask,
		size, entry->has_broadcast ? (struct sockaddr *)&broadcast : NULL, entry->has_broadcast ? size : 0,
		has_peer ? (struct sockaddr *)&peer : NULL, has_peer ? size : 0, errbuf);
}

static int add_addresses(const struct listing *listing, char *errbuf)
{
	struct listed_link key;

	for (size_t i = 0; i < listing->address_count; i++) {
		const struct listed_link *owner;

		key.link.index = listing->addresses[i].index;
		owner = bsearch(&key, listing->links, listing->link_count, sizeof(key), compare_links);
		if (owner != NULL && owner->device != NULL &&
			add_address(owner, &listing->addresses[i], errbuf) < 0)
			return PCAP_ERROR;
	}
	return 0;
}

/* 0, PCAP_ERROR, or 1 if the kernel does not answer. */
static int list_by_netlink(pcap_if_list_t *list, char *errbuf)
{
	struct listing listing = {.links = NULL};
	int result = dump_links(&listing);

	if (result == 0)
		result = dump_addresses(&listing);
	if (result < 0) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, -result,
			"can't ask the kernel for its network interfaces (netlink)");
		result = result == -ENOMEM ? PCAP_ERROR : 1;
	} else {
		for (size_t i = 0; i < listing.link_count; i++)
			listing.links[i].device = NULL;
		if (listing.link_count > 0)
			qsort(listing.links, listing.link_count, sizeof(listing.links[0]), compare_links);
		result = add_links(list, &listing, errbuf);
		if (result == 0)
			result = add_addresses(&listing, errbuf);
	}
	free(listing.links);
	free(listing.addresses);
	return result;
}

static int every_interface(const char *name _U_)
{
	return 1;
}

/*
 * Some sandboxes allow no netlink. Some of them leave a way that the C library knows; others at least the files and
 * ioctls from before netlink.
 */
int pcap_linux_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	int result = list_by_netlink(list, errbuf);

	if (result > 0)
		result = pcapint_findalldevs_interfaces(
				 list, errbuf, every_interface, pcapint_link_complete_flags) == 0
				 ? 0
				 : pcapint_list_by_ioctl(list, errbuf);
	if (result == 0 && pcapint_add_any_dev(list, errbuf) == NULL)
		result = PCAP_ERROR;
	return result;
}
