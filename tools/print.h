/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for people and for programs: a line each, or a JSON object each.
 */
#ifndef WEIR_PRINT_H
#define WEIR_PRINT_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include <pcap/pcap.h>

struct printer {
	FILE *out;
	bool json;
	bool nanoseconds;     /* the packets' fractions of a second are such */
	bool show_interfaces; /* in lines; JSON has them whenever they are known */
	bool clock_known;
	time_t clock_second; /* what clock was made of */
	char clock[24];
};

/* interface is NULL where the packet comes from a file. */
void print_packet(struct printer *printer, const char *interface, int linktype, const struct pcap_pkthdr *header,
	const u_char *bytes);

#endif
