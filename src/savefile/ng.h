/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The blocks of pcapng files, as the parts of the reader see them. Source: the Internet-Draft draft-ietf-opsawg-pcapng.
 * For src/savefile only.
 */
#ifndef WEIR_SAVEFILE_NG_H
#define WEIR_SAVEFILE_NG_H

#include <pcap/pcapng.h>

#include "savefile/savefile.h"

#define NG_BYTE_ORDER_MAGIC 0x1a2b3c4d

/* A block without a body: type, length, and the length again. */
#define NG_BLOCK_HEADER_SIZE 8
#define NG_BLOCK_TRAILER_SIZE 4
#define NG_BLOCK_OVERHEAD (NG_BLOCK_HEADER_SIZE + NG_BLOCK_TRAILER_SIZE)

/* From the start of a block to the data of its packet. */
#define NG_ENHANCED_DATA 28
#define NG_SIMPLE_DATA 12
#define NG_OBSOLETE_DATA 28

/*
 * The longest block that is kept in memory: the longest packet of any link type, and 16 MiB of options. A length above
 * it can only be damage.
 */
#define NG_BLOCK_MAX ((128 + 16) * 1024 * 1024)

/* A block that is in the input's buffer, from `bytes` on. */
struct ng_block {
	uint32_t type;
	uint32_t length;
	u_char *bytes;
};

/* A packet in such a block. */
struct ng_packet {
	u_char *data;
	struct ng_interface *interface;
	uint64_t timestamp;
	uint32_t caplen;
	uint32_t len;
	uint32_t block_length;
};

/* Rounds up to the 4 bytes that everything in a block is aligned to. */
static inline uint32_t ng_padded(uint32_t size)
{
	return (size + 3) & ~(uint32_t)3;
}

/* What wants which blocks. */
enum ng_wanted { PACKETS_ONLY, ALL_BLOCKS };

/*
 * Gets the whole of the next block that is wanted into the buffer; others are passed over. It is not consumed. 1; 0 at
 * the end of the file; or a PCAP_ERROR_ value. A block that is not good stays where it is.
 */
int pcapint_ng_load_block(pcap_t *p, enum ng_wanted wanted, struct ng_block *block);
static inline void ng_consume(struct pcap_savefile *sf, uint32_t length)
{
	sf->input.start += length;
}

/* PCAP_ERROR, and in errbuf which block of the file is wrong, and how. */
int pcapint_ng_error(pcap_t *p, uint32_t type, uint64_t offset, const char *format, ...) PCAP_PRINTFLIKE(4, 5);

/* What a block says that is in the buffer; 0, or PCAP_ERROR. */
int pcapint_ng_section(pcap_t *p, const struct ng_block *block);
int pcapint_ng_interface(pcap_t *p, const struct ng_block *block);
int pcapint_ng_packet(pcap_t *p, const struct ng_block *block, struct ng_packet *packet);
static inline bool ng_is_packet(uint32_t type)
{
	return type == PCAPNG_ENHANCED_PACKET || type == PCAPNG_SIMPLE_PACKET || type == PCAPNG_OBSOLETE_PACKET;
}

/* The options at the end of a block. */
struct ng_options {
	const u_char *at;
	size_t left;
	bool swapped;
};

struct ng_option {
	uint16_t code;
	uint16_t length;
	const u_char *value;
};

/* 1: there is an option; 0: there is no other; PCAP_ERROR: it goes past the block's end. */
int pcapint_ng_next_option(struct ng_options *options, struct ng_option *option);
/* What is wrong with such an option. PCAP_ERROR. */
int pcapint_ng_option_error(pcap_t *p, const struct ng_block *block, const struct ng_option *option);

/*
 * The unit of the numbers in an option's value, in bytes; 0: there are none, as in text (ng-options.c). A custom
 * option's number is its first 4 bytes only.
 */
size_t pcapint_ng_option_unit(uint32_t type, uint16_t code);
/* Turns the numbers in an option's value. */
void pcapint_ng_swap_option(uint32_t type, const struct ng_option *option);

/* Makes time stamps of the interface what the handle has (ng-interfaces.c). */
void pcapint_ng_set_time(struct ng_interface *interface, u_int precision);
void pcapint_ng_set_no_time(struct ng_interface *interface);
void pcapint_ng_new_second(struct ng_interface *interface, uint64_t timestamp);
/* The time stamp that a time has in the interface's units; the nearest there is. */
uint64_t pcapint_ng_find_timestamp(const struct ng_interface *interface, int64_t seconds, uint32_t nanoseconds);
uint64_t pcapint_ng_binary_fraction(const struct ng_interface *interface, uint64_t fraction);

/* The second and the fraction of it, in the handle's precision. */
static inline __attribute__((always_inline)) void ng_convert_time(
	struct ng_interface *interface, uint64_t timestamp, struct timeval *ts)
{
	uint64_t fraction = timestamp - interface->second;

	if (__builtin_expect(fraction > interface->last, 0)) {
		pcapint_ng_new_second(interface, timestamp);
		fraction = timestamp - interface->second;
	}
	if (interface->time == TIME_MULTIPLY)
		fraction *= interface->factor;
	else if (interface->time == TIME_DIVIDE_BY_1000)
		fraction = (uint32_t)fraction / 1000;
	else if (interface->time == TIME_DIVIDE)
		fraction /= interface->factor;
	else
		fraction = pcapint_ng_binary_fraction(interface, fraction);
	ts->tv_sec = interface->tv_sec;
	ts->tv_usec = (suseconds_t)fraction;
}

#endif
