/* SPDX-License-Identifier: BSD-3-Clause */
/* How random packets (packets.h) are written, field by field, and the layers above the link. */
#ifndef FILTER_PACKET_WRITER_H
#define FILTER_PACKET_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "machine.h"

struct writer {
	uint64_t *state;
	struct packet *packet;
	int tunnels; /* that this is in */
	bool cooked; /* a type of 4 is followed by an LLC header */
};

/* One of an array's items. */
#define PICK(out, array) ((array)[below(out, sizeof(array) / sizeof((array)[0]))])

uint32_t below(struct writer *out, uint32_t limit);
bool one_in(struct writer *out, uint32_t count);
/* Big-endian; what does not fit is left out. */
void put(struct writer *out, uint32_t value, int size);
void put_bytes(struct writer *out, const void *bytes, size_t size);
void put_noise(struct writer *out, uint32_t size);
void put_mac(struct writer *out);

void write_noise(struct writer *out);
void write_ipv4(struct writer *out);
void write_ipv6(struct writer *out);
void write_arp(struct writer *out);
void write_iso(struct writer *out);
void write_decnet(struct writer *out);
void write_ethernet(struct writer *out);

#endif
