/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of DAG cards and the packets in them: what the module reads and writes, apart from the card.
 */
#ifndef WEIR_ERF_H
#define WEIR_ERF_H

#include <pcap-int.h>

#include <stdbool.h>

#include "dag-api.h"

#define ERF_DLTS_MAX 4

/* A kind of record. */
struct erf_kind {
	uint8_t type;
	bool color;             /* the field of lost packets is something else */
	uint8_t before;         /* bytes between the headers and the packet */
	bool fcs;               /* the packet has one behind it */
	int dlts[ERF_DLTS_MAX]; /* what it can be delivered as, 0 at the end */
};

/* NULL if packets of it are delivered as records only. */
const struct erf_kind *pcapint_erf_kind(uint8_t type);

struct erf_packet {
	struct timespec time;
	uint8_t type;
	uint8_t flags;
	u_int lost; /* before it */
	const u_char *data;
	u_int caplen;
	u_int len;
};

/* How many bytes a record has; 0 if they are not all there yet, -1 if it says that it is shorter than its own header. */
int pcapint_erf_size(const u_char *record, size_t there);
/*
 * Reads the record, of that size, for a link-layer type: false if it has no packet of it. fcs_bytes of a packet with an
 * FCS are left out.
 */
bool pcapint_erf_read(const u_char *record, u_int size, int dlt, u_int fcs_bytes, struct erf_packet *packet);
/* Makes a record of an Ethernet frame in a zeroed buffer of size bytes; its size, or 0 if it does not fit. */
u_int pcapint_erf_write_ethernet(u_char *record, size_t size, const void *frame, u_int length);

#endif
