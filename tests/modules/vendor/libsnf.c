/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for Myricom's Sniffer10G library, for tests: the interface of the module's snf-api.h, over a ring of its own
 * that wraps, overflows, and is filled by the test through stand_in_ routines. Errors are those its documentation names.
 */
#include "snf/snf-api.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arrivals.h"
#include "libsnf.h"

#define PORTS 2
#define RINGS 2 /* a port */

struct snf_ring {
	struct snf_handle *port;
	bool open;
	struct {
		uint32_t length;
		uint64_t timestamp;
		unsigned char bytes[STAND_IN_PACKET_MAX];
	} slots[STAND_IN_SLOTS];
	unsigned first, count;
	bool handed_out; /* the first is the program's until the next call */
	struct snf_ring_stats stats;
};

struct snf_handle {
	int opens;
	bool started;
	struct snf_ring rings[RINGS];
};

struct snf_inject_handle {
	int port;
};

static struct snf_handle ports[PORTS];
static struct snf_inject_handle injectors[PORTS];
static int version_in_use, next_error;

int snf_init(uint16_t version);
int snf_getifaddrs(struct snf_ifaddrs **list);
void snf_freeifaddrs(struct snf_ifaddrs *list);
int snf_open(uint32_t port, int rings, const void *rss, int64_t ring_size, int flags, snf_handle_t *handle);
int snf_start(snf_handle_t handle);
int snf_close(snf_handle_t handle);
int snf_ring_open(snf_handle_t handle, snf_ring_t *ring);
int snf_ring_close(snf_ring_t ring);
static void take_arrivals(void)
{
	static struct arrivals arrivals;
	uint8_t packet[ARRIVAL_LONGEST];
	struct timespec now;
	uint32_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	while ((length = next_arrival(&arrivals, packet)) > 0)
		stand_in_receive(0, packet, length, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}

int snf_ring_recv(snf_ring_t ring, int timeout_ms, struct snf_recv_req *packet);
int snf_ring_getstats(snf_ring_t ring, struct snf_ring_stats *stats);
int snf_inject_open(int port, int flags, snf_inject_t *handle);
int snf_inject_send(snf_inject_t handle, int timeout_ms, int flags, const void *packet, uint32_t length);
int snf_inject_close(snf_inject_t handle);

/* ---- The test's side ---- */

void stand_in_receive(int port, const void *bytes, uint32_t length, uint64_t timestamp)
{
	for (int i = 0; i < RINGS; i++) {
		struct snf_ring *ring = &ports[port].rings[i];
		unsigned at = (ring->first + ring->count) % STAND_IN_SLOTS;

		if (!ring->open || !ports[port].started)
			continue;
		ring->stats.nic_pkt_recv++;
		if (ring->count == STAND_IN_SLOTS) {
			ring->stats.ring_pkt_overflow++;
			continue;
		}
		memcpy(ring->slots[at].bytes, bytes, length);
		ring->slots[at].length = length;
		ring->slots[at].timestamp = timestamp;
		ring->count++;
	}
}

void stand_in_lose_at_the_card(int port, unsigned overflow, unsigned bad)
{
	for (int i = 0; i < RINGS; i++) {
		ports[port].rings[i].stats.nic_pkt_overflow += overflow;
		ports[port].rings[i].stats.nic_pkt_bad += bad;
	}
}

void stand_in_fail_next_receive(int error)
{
	next_error = error;
}

int stand_in_open_rings(void)
{
	int open = 0;

	for (int i = 0; i < PORTS * RINGS; i++)
		open += ports[i / RINGS].rings[i % RINGS].open;
	return open;
}

/* ---- The library's ---- */

int snf_init(uint16_t version)
{
	/* As a library of version 6: it knows that and what came before. */
	if (version > 6)
		return EINVAL;
	version_in_use = version;
	return 0;
}

int snf_getifaddrs(struct snf_ifaddrs **list)
{
	static const char *const names[PORTS] = {"enp1s0", "enp2s0"};
	struct snf_ifaddrs *entries = calloc(PORTS, sizeof(*entries));

	if (version_in_use == 0)
		return EINVAL;
	if (entries == NULL)
		return ENOMEM;
	for (int i = 0; i < PORTS; i++) {
		entries[i].snf_ifa_next = i + 1 < PORTS ? &entries[i + 1] : NULL;
		entries[i].snf_ifa_name = names[i];
		entries[i].snf_ifa_portnum = i;
		entries[i].snf_ifa_maxrings = RINGS;
	}
	*list = entries;
	return 0;
}

void snf_freeifaddrs(struct snf_ifaddrs *list)
{
	free(list);
}

int snf_open(uint32_t port, int rings, const void *rss, int64_t ring_size, int flags, snf_handle_t *handle)
{
	(void)rings;
	(void)rss;
	(void)ring_size;
	if (version_in_use == 0)
		return EINVAL;
	if ((flags & SNF_F_AGGREGATE_PORTMASK) != 0)
		port = port == 3 ? 0 : PORTS;
	if (port >= PORTS)
		return ENODEV;
	if (ports[port].opens > 0 && (flags & SNF_F_PSHARED) == 0)
		return EBUSY;
	__atomic_fetch_add(&ports[port].opens, 1, __ATOMIC_SEQ_CST);
	*handle = &ports[port];
	return 0;
}

int snf_start(snf_handle_t handle)
{
	handle->started = true;
	return 0;
}

int snf_close(snf_handle_t handle)
{
	handle->started = __atomic_sub_fetch(&handle->opens, 1, __ATOMIC_SEQ_CST) > 0;
	return 0;
}

int snf_ring_open(snf_handle_t handle, snf_ring_t *ring)
{
	for (int i = 0; i < RINGS; i++) {
		/* Threads may try at once. */
		if (__atomic_exchange_n(&handle->rings[i].open, true, __ATOMIC_SEQ_CST))
			continue;
		handle->rings[i].port = handle;
		handle->rings[i].count = 0;
		handle->rings[i].handed_out = false;
		*ring = &handle->rings[i];
		return 0;
	}
	return EBUSY;
}

int snf_ring_close(snf_ring_t ring)
{
	ring->open = false;
	return 0;
}

int snf_ring_recv(snf_ring_t ring, int timeout_ms, struct snf_recv_req *packet)
{
	int error = next_error;

	(void)timeout_ms;
	take_arrivals();
	next_error = 0;
	if (error != 0)
		return error;
	/* The packet that was handed out is the ring's again, and what it held is no more. */
	if (ring->handed_out) {
		memset(ring->slots[ring->first].bytes, 0xdd, STAND_IN_PACKET_MAX);
		ring->first = (ring->first + 1) % STAND_IN_SLOTS;
		ring->count--;
		ring->handed_out = false;
	}
	if (ring->count == 0)
		return EAGAIN;
	memset(packet, 0xdd, sizeof(*packet));
	packet->pkt_addr = ring->slots[ring->first].bytes;
	packet->length = ring->slots[ring->first].length;
	packet->timestamp = ring->slots[ring->first].timestamp;
	ring->handed_out = true;
	ring->stats.ring_pkt_recv++;
	return 0;
}

int snf_ring_getstats(snf_ring_t ring, struct snf_ring_stats *stats)
{
	*stats = ring->stats;
	return 0;
}

int snf_inject_open(int port, int flags, snf_inject_t *handle)
{
	(void)flags;
	if (port < 0 || port >= PORTS)
		return ENODEV;
	injectors[port].port = port;
	*handle = &injectors[port];
	return 0;
}

/* What is sent on a port comes in on the other. */
int snf_inject_send(snf_inject_t handle, int timeout_ms, int flags, const void *packet, uint32_t length)
{
	(void)timeout_ms;
	(void)flags;
	if (length > STAND_IN_PACKET_MAX)
		return EINVAL;
	stand_in_receive(1 - handle->port, packet, length, 1);
	return 0;
}

int snf_inject_close(snf_inject_t handle)
{
	(void)handle;
	return 0;
}
