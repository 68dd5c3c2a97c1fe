/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet in a line: what `weir capture` and `weir read` show. The bytes are anyone's: every length is checked
 * against what was captured, and nothing is looked up.
 */
#ifndef WEIR_DECODE_H
#define WEIR_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "text.h"

#define DECODE_TEXT_SIZE 1024
#define DECODE_VLANS 4

/* Values of 16 bits or less that may not be known. */
#define NOT_KNOWN (-1)

/* What was found out about a packet: the line, and the facts that have a name of their own in JSON. */
struct decoded {
	struct text text;
	bool truncated; /* a header goes on behind the last captured byte */
	bool quoted;    /* this is the packet inside an ICMP error: only its ends and its protocol are wanted */

	const uint8_t *source_mac; /* of Ethernet and the like: 6 bytes, or NULL */
	const uint8_t *destination_mac;
	int vlans[DECODE_VLANS]; /* VLAN identifiers, the outer first */
	unsigned vlan_count;     /* those that there are, which can be more */
	int ethertype;

	int family;            /* AF_INET or AF_INET6: what source and destination are; or NOT_KNOWN */
	const uint8_t *source; /* network addresses, in the packet, or NULL */
	const uint8_t *destination;
	int protocol; /* of IP */
	int source_port;
	int destination_port;

	long interface_index;  /* as a cooked capture tells it */
	const char *direction; /* likewise: "in", "out" and others; or NULL */

	char buffer[DECODE_TEXT_SIZE];
};

/* Decodes a packet of a link type (DLT_); the result points into bytes. */
void decode_packet(struct decoded *decoded, int linktype, const struct pcap_pkthdr *header, const uint8_t *bytes);

#endif
