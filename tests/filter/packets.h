/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random packets of a link type that get far into filters: every layer says truly what the next one is, and addresses,
 * ports and tags are from a few that expressions.c asks for. Some are spoiled or cut off afterwards.
 */
#ifndef FILTER_PACKETS_H
#define FILTER_PACKETS_H

#include <stddef.h>

#include "machine.h"

/* The link types that packets are made for; others get bytes at random. */
size_t packet_linktypes(void);
int packet_linktype(size_t i);

void random_packet(uint64_t *state, int linktype, struct packet *packet);

#endif
