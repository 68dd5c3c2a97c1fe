/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part that is used of the interface of Myricom's Sniffer10G library (its snf.h documents it), so that the module is
 * built without that header. Where versions of the interface differ, only what all have is named.
 */
#ifndef WEIR_SNF_API_H
#define WEIR_SNF_API_H

#include <stdint.h>

#define SNF_LIBRARY "libsnf.so.0"
/* The versions that have injection and these structures; the library refuses those that it does not know. */
#define SNF_VERSION_NEWEST 8
#define SNF_VERSION_OLDEST 3

/* Flags of snf_open(). */
#define SNF_F_SYSTEM_DEFAULT (-1)
#define SNF_F_PSHARED 0x1            /* several processes have rings of one port */
#define SNF_F_AGGREGATE_PORTMASK 0x2 /* the port number is a mask of ports */

typedef struct snf_handle *snf_handle_t;
typedef struct snf_ring *snf_ring_t;
typedef struct snf_inject_handle *snf_inject_t;

struct snf_ifaddrs {
	struct snf_ifaddrs *snf_ifa_next;
	const char *snf_ifa_name;
	uint32_t snf_ifa_portnum;
	int snf_ifa_maxrings;
	uint8_t snf_ifa_macaddr[6];
	uint8_t pad[2];
	int snf_ifa_maxinject;
};

/* The library fills in more behind these, according to its version: room is kept for it. */
struct snf_recv_req {
	void *pkt_addr;
	uint32_t length;    /* bytes, without the FCS */
	uint64_t timestamp; /* ns since 1970 */
	uint64_t later_versions[8];
};

struct snf_ring_stats {
	uint64_t nic_pkt_recv;
	uint64_t nic_pkt_overflow; /* lost since the host was not fast enough for the card */
	uint64_t nic_pkt_bad;      /* wrong FCS */
	uint64_t ring_pkt_recv;
	uint64_t ring_pkt_overflow; /* lost since the ring was full */
	uint64_t later_versions[12];
};

/* The routines return 0 or an errno value. */
struct snf_calls {
	int (*init)(uint16_t version);
	int (*getifaddrs)(struct snf_ifaddrs **list);
	void (*freeifaddrs)(struct snf_ifaddrs *list);
	int (*open)(uint32_t port, int rings, const void *rss, int64_t ring_size, int flags, snf_handle_t *handle);
	int (*start)(snf_handle_t handle);
	int (*close)(snf_handle_t handle);
	int (*ring_open)(snf_handle_t handle, snf_ring_t *ring);
	int (*ring_close)(snf_ring_t ring);
	int (*ring_recv)(snf_ring_t ring, int timeout_ms, struct snf_recv_req *packet);
	int (*ring_getstats)(snf_ring_t ring, struct snf_ring_stats *stats);
	int (*inject_open)(int port, int flags, snf_inject_t *handle);
	int (*inject_send)(snf_inject_t handle, int timeout_ms, int flags, const void *packet, uint32_t length);
	int (*inject_close)(snf_inject_t handle);
};

#endif
