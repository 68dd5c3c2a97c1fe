/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sizes of socket addresses: BSDs keep it in the address, elsewhere it follows from the family.
 */
#include "compat/ifaddrs.h"

#include <netinet/in.h>

#ifdef __linux__
#include <linux/if_packet.h>

/* A hardware address can be longer than the 8 bytes that sockaddr_ll has for it: InfiniBand's has 20. */
static size_t packet_address_size(const struct sockaddr *addr)
{
	const struct sockaddr_ll *ll = (const struct sockaddr_ll *)addr;
	size_t size = offsetof(struct sockaddr_ll, sll_addr) + ll->sll_halen;

	return size > sizeof(*ll) ? size : sizeof(*ll);
}

size_t pcapint_sockaddr_size(const struct sockaddr *addr)
{
	if (addr == NULL)
		return 0;
	switch (addr->sa_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	case AF_PACKET:
		return packet_address_size(addr);
	default:
		return 0;
	}
}
#else
size_t pcapint_sockaddr_size(const struct sockaddr *addr)
{
	return addr != NULL ? addr->sa_len : 0;
}
#endif
