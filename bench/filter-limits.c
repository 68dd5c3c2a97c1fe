/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters as functions written by hand, for Ethernet: what a compiler makes of them with -O2 is the limit that native
 * code is held against. Each accepts what its expression accepts.
 */
#include "filter-limits.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#define ACCEPT 262144

#define IPV4 0x0800
#define ARP 0x0806
#define RARP 0x8035
#define IPV6 0x86dd

static inline uint16_t half(const u_char *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof(value));
	return ntohs(value);
}

static inline uint32_t word(const u_char *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

/* Where the TCP or UDP header of an IPv4 packet is, or 0: not that protocol, not there, or not the first fragment. */
static inline u_int transport(const u_char *packet, size_t caplen, u_char protocol)
{
	if (caplen < 24 || packet[23] != protocol || (half(packet + 20) & 0x1fff) != 0)
		return 0;
	return 14 + (packet[14] & 0xf) * 4;
}

/* Where the transport header is, of IPv4 or IPv6; 0 if it is another packet. */
static inline u_int transport_of_either(const u_char *packet, size_t caplen, u_int protocol)
{
	if (caplen < 14)
		return 0;
	switch (half(packet + 12)) {
	case IPV4:
		return transport(packet, caplen, protocol);
	case IPV6:
		return caplen >= 21 && packet[20] == protocol ? 54 : 0;
	default:
		return 0;
	}
}

static u_int tcp_port_80(const u_char *packet, size_t caplen, u_int wirelen _U_, const void *beside _U_)
{
	u_int at = transport_of_either(packet, caplen, 6);

	if (at == 0 || caplen < at + 2)
		return 0;
	if (half(packet + at) == 80)
		return ACCEPT;
	return caplen >= at + 4 && half(packet + at + 2) == 80 ? ACCEPT : 0;
}

static u_int ip_host(const u_char *packet, size_t caplen, u_int wirelen _U_, const void *beside _U_)
{
	const uint32_t host = 0x0a010007;

	if (caplen < 30 || half(packet + 12) != IPV4)
		return 0;
	if (word(packet + 26) == host)
		return ACCEPT;
	return caplen >= 34 && word(packet + 30) == host ? ACCEPT : 0;
}

static u_int flags_not_net(const u_char *packet, size_t caplen, u_int wirelen _U_, const void *beside _U_)
{
	const uint32_t net = 0x0a020000, mask = 0xffff0000;

	if (caplen < 14 || half(packet + 12) != IPV4)
		return 0;
	u_int at = transport(packet, caplen, 6);
	if (at == 0 || caplen < at + 14 || (packet[at + 13] & 3) == 0 || caplen < 34)
		return 0;
	return (word(packet + 26) & mask) != net && (word(packet + 30) & mask) != net ? ACCEPT : 0;
}

static u_int udp_portrange(const u_char *packet, size_t caplen, u_int wirelen _U_, const void *beside _U_)
{
	u_int at = transport_of_either(packet, caplen, 17);

	if (at == 0 || caplen < at + 2)
		return 0;
	u_int port = half(packet + at);
	if (port >= 1000 && port <= 2000)
		return ACCEPT;
	if (caplen < at + 4)
		return 0;
	port = half(packet + at + 2);
	return port >= 1000 && port <= 2000 ? ACCEPT : 0;
}

uint32_t bench_host(unsigned i)
{
	return 0x0a010007 + i * 0x00010923;
}

static uint32_t sorted_hosts[MOST_HOSTS];

static void __attribute__((constructor)) fill_hosts(void)
{
	for (unsigned i = 0; i < MOST_HOSTS; i++)
		sorted_hosts[i] = bench_host(i);
}

static inline bool is_listed(uint32_t address, u_int count)
{
	u_int low = 0, high = count;

	while (low < high) {
		u_int middle = (low + high) / 2;
		if (sorted_hosts[middle] == address)
			return true;
		if (sorted_hosts[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* "host A or host B": in IPv4 source or destination, in ARP and RARP sender or target. */
static inline u_int hosts(const u_char *packet, size_t caplen, u_int count)
{
	u_int source, destination;

	if (caplen < 14)
		return 0;
	switch (half(packet + 12)) {
	case IPV4:
		source = 26;
		destination = 30;
		break;
	case ARP:
	case RARP:
		source = 28;
		destination = 38;
		break;
	default:
		return 0;
	}
	if (caplen < source + 4)
		return 0;
	if (is_listed(word(packet + source), count))
		return ACCEPT;
	return caplen >= destination + 4 && is_listed(word(packet + destination), count) ? ACCEPT : 0;
}

static u_int hosts_20(const u_char *packet, size_t caplen, u_int wirelen _U_, const void *beside _U_)
{
	return hosts(packet, caplen, 20);
}

static u_int hosts_500(const u_char *packet, size_t caplen, u_int wirelen _U_, const void *beside _U_)
{
	return hosts(packet, caplen, 500);
}

const struct bench_filter bench_filters[BENCH_FILTERS] = {
	{"tcp port 80", "tcp port 80", 0, tcp_port_80},
	{"ip host", "ip host 10.1.0.7", 0, ip_host},
	{"tcpflags, not net", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not net 10.2.0.0/16", 0, flags_not_net},
	{"udp portrange", "udp portrange 1000-2000", 0, udp_portrange},
	{"20 hosts", NULL, 20, hosts_20},
	{"500 hosts", NULL, 500, hosts_500},
};
