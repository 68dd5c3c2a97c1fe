/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds in a damaged file the next place from which it is good again: a block that ends as it begins and has another one
 * behind it, or a row of packet headers that can be. Bytes may have been lost, so that any offset can be such a place.
 */
#include "read-repair.h"

#include <byteswap.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcapng.h>

/* How much of the file is looked through at a time. */
#define WINDOW (256 * 1024)

/* What is longer is not taken for good. */
#define BLOCK_MAX (16 * 1024 * 1024)
#define PACKET_MAX (256 * 1024)

#define BLOCK_OVERHEAD 12
#define BYTE_ORDER_MAGIC 0x1a2b3c4d

/* Headers of a pcap file's packets that have to follow each other, and how far apart in time they can be. */
#define PACKET_HEADER_SIZE 16
#define PACKETS_IN_A_ROW 3
#define SECONDS_APART (7 * 24 * 3600)

static bool load(const struct repair_facts *facts, uint64_t offset, void *to, size_t size)
{
	return pread(facts->fd, to, size, (off_t)offset) == (ssize_t)size;
}

static uint32_t number(const struct repair_facts *facts, uint32_t value)
{
	return facts->swapped ? bswap_32(value) : value;
}

/* ---- Blocks ---- */

/* The least length of a block of that type; 0 if there is no such type. */
static uint32_t least_length(uint32_t type)
{
	static const struct {
		uint32_t type, length;
	} types[] = {{PCAPNG_SECTION, 28}, {PCAPNG_INTERFACE, 20}, {PCAPNG_OBSOLETE_PACKET, 32},
		{PCAPNG_SIMPLE_PACKET, 16}, {PCAPNG_NAME_RESOLUTION, 16}, {PCAPNG_INTERFACE_STATISTICS, 24},
		{PCAPNG_ENHANCED_PACKET, 32}, {PCAPNG_SYSTEMD_JOURNAL, 16}, {PCAPNG_DECRYPTION_SECRETS, 20},
		{PCAPNG_CUSTOM, 16}, {PCAPNG_CUSTOM_NO_COPY, 16}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type == type)
			return types[i].length;
	}
	return 0;
}

/* Whether a block can begin so; its length. A section tells its own byte order. */
static bool block_begins(const struct repair_facts *facts, const uint32_t head[3], uint32_t *length)
{
	uint32_t type = number(facts, head[0]), least = least_length(type);

	*length = number(facts, head[1]);
	if (type == PCAPNG_SECTION) {
		if (head[2] != BYTE_ORDER_MAGIC && head[2] != bswap_32(BYTE_ORDER_MAGIC))
			return false;
		*length = head[2] == BYTE_ORDER_MAGIC ? head[1] : bswap_32(head[1]);
	}
	if (type == PCAPNG_ENHANCED_PACKET && number(facts, head[2]) >= facts->interfaces)
		return false;
	return least != 0 && *length >= least && *length % 4 == 0 && *length <= BLOCK_MAX;
}

/* Whether a block ends as it begins, whatever it is. */
static bool is_whole(const struct repair_facts *facts, uint64_t offset, const uint32_t head[3], uint32_t length)
{
	uint32_t again;

	return length >= BLOCK_OVERHEAD && length <= BLOCK_MAX &&
	       load(facts, offset + length - sizeof(again), &again, sizeof(again)) && again == head[1];
}

/* Whether a block stands there that ends as it begins, and behind it another one, or the end of the file. */
static bool is_block(const struct repair_facts *facts, uint64_t offset)
{
	uint32_t head[3], length;

	if (!load(facts, offset, head, sizeof(head)) || !block_begins(facts, head, &length) ||
		!is_whole(facts, offset, head, length))
		return false;
	/* What follows a section has its byte order; and of what follows at the end there may be too little to tell. */
	offset += length;
	if (number(facts, head[0]) == PCAPNG_SECTION || !load(facts, offset, head, sizeof(head)))
		return true;
	return block_begins(facts, head, &length) || is_whole(facts, offset, head, number(facts, head[1]));
}

static bool may_be_block(const struct repair_facts *facts, const uint8_t *bytes)
{
	uint32_t type;

	memcpy(&type, bytes, sizeof(type));
	return least_length(number(facts, type)) != 0;
}

/* ---- Packets of pcap files ---- */

/* Whether a packet's header can stand there; where the next one is. */
static bool packet_begins(
	const struct repair_facts *facts, const uint32_t header[4], uint32_t second, uint32_t *length)
{
	uint32_t at = number(facts, header[0]), caplen = number(facts, header[2]), len = number(facts, header[3]);
	uint32_t apart = at > second ? at - second : second - at;

	*length = PACKET_HEADER_SIZE + caplen;
	return number(facts, header[1]) < (facts->nanoseconds ? 1000000000U : 1000000U) && caplen > 0 &&
	       caplen <= PACKET_MAX && len >= caplen && len <= BLOCK_MAX && (second == 0 || apart <= SECONDS_APART);
}

static bool is_packet(const struct repair_facts *facts, uint64_t offset)
{
	uint32_t header[4], length, second = facts->last_second;

	for (int i = 0; i < PACKETS_IN_A_ROW; i++) {
		if (i > 0 && offset == facts->size)
			return true;
		if (!load(facts, offset, header, sizeof(header)) || !packet_begins(facts, header, second, &length))
			return false;
		second = number(facts, header[0]);
		offset += length;
	}
	return true;
}

static bool may_be_packet(const struct repair_facts *facts, const uint8_t *bytes)
{
	uint32_t header[4], length;

	memcpy(header, bytes, sizeof(header));
	return packet_begins(facts, header, facts->last_second, &length);
}

/* ---- The search ---- */

bool repair_find(const struct repair_facts *facts, uint64_t from, uint64_t *place)
{
	uint8_t window[WINDOW];
	size_t need = facts->pcapng ? BLOCK_OVERHEAD : PACKET_HEADER_SIZE;
	uint64_t offset = from + 1;

	for (;;) {
		ssize_t count = pread(facts->fd, window, sizeof(window), (off_t)offset);

		if (count < (ssize_t)need)
			return false;
		for (size_t i = 0; i + need <= (size_t)count; i++) {
			*place = offset + i;
			if (facts->pcapng ? may_be_block(facts, window + i) && is_block(facts, *place)
					  : may_be_packet(facts, window + i) && is_packet(facts, *place))
				return true;
		}
		offset += (uint64_t)count - need + 1;
	}
}
