/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for people and for programs: a line each, or a JSON object each.
 */
#ifndef WEIR_PRINT_H
#define WEIR_PRINT_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include <pcap/pcapng.h>

struct printer {
	FILE *out;
	bool json;
	bool show_interfaces; /* in lines; JSON has them whenever they are known */
	bool clock_known;
	time_t clock_second; /* what clock was made of */
	char clock[24];
};

/* A packet, and where it comes from. */
struct shown_packet {
	const char *interface; /* NULL: not known */
	int linktype;          /* DLT_ */
	bool nanoseconds;      /* what the fraction of a second in header is */
	const struct pcap_pkthdr *header;
	const u_char *bytes;
	const struct pcapng_block *block; /* with the options that it has in a file; NULL: it is live */
};

void print_packet(struct printer *printer, const struct shown_packet *packet);

static inline bool is_packet_block(const struct pcapng_block *block)
{
	return block->type == PCAPNG_ENHANCED_PACKET || block->type == PCAPNG_SIMPLE_PACKET ||
	       block->type == PCAPNG_OBSOLETE_PACKET;
}

#endif
