/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts pcapng blocks together, from what pcap/pcapng.h says of them: the numbers that a type begins with, its data, its
 * options.
 */
#include "savefile/ng-write.h"

#include <stdio.h>

/* The most numbers (of 32 bits) that a block begins with. */
#define MAX_NUMBERS 5

static uint32_t high(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

/* Two numbers of 16 bits that stand one after the other. */
static uint32_t pair(uint16_t first, uint16_t second)
{
	uint16_t both[] = {first, second};
	uint32_t value;

	memcpy(&value, both, sizeof(value));
	return value;
}

/* The numbers that a block of the type begins with; how many. */
static size_t begin_numbers(const struct pcapng_block *block, uint32_t numbers[MAX_NUMBERS])
{
	const uint32_t packet[] = {
		block->interface, high(block->timestamp), (uint32_t)block->timestamp, block->caplen, block->len};

	switch (block->type) {
	case PCAPNG_SECTION:
		numbers[0] = NG_BYTE_ORDER_MAGIC;
		numbers[1] = pair(1, 0);
		numbers[2] = numbers[3] = UINT32_MAX; /* the section's length is not told */
		return 4;
	case PCAPNG_INTERFACE:
		numbers[0] = pair(block->linktype, 0);
		numbers[1] = block->snaplen;
		return 2;
	case PCAPNG_ENHANCED_PACKET:
	case PCAPNG_OBSOLETE_PACKET:
		memcpy(numbers, packet, sizeof(packet));
		if (block->type == PCAPNG_OBSOLETE_PACKET)
			numbers[0] = pair((uint16_t)block->interface, block->drops);
		return 5;
	case PCAPNG_SIMPLE_PACKET:
		numbers[0] = block->len;
		return 1;
	case PCAPNG_INTERFACE_STATISTICS:
		memcpy(numbers, packet, 3 * sizeof(packet[0]));
		return 3;
	case PCAPNG_DECRYPTION_SECRETS:
		numbers[0] = block->number;
		numbers[1] = (uint32_t)block->data_length;
		return 2;
	case PCAPNG_CUSTOM:
	case PCAPNG_CUSTOM_NO_COPY:
		numbers[0] = block->number;
		return 1;
	default:
		return 0;
	}
}

static bool has_no_data(uint32_t type)
{
	return type == PCAPNG_SECTION || type == PCAPNG_INTERFACE || type == PCAPNG_INTERFACE_STATISTICS;
}

/* What is known of the type's body can be turned to this host's byte order when it is read. */
static bool is_known(uint32_t type)
{
	return ng_is_packet(type) || has_no_data(type) || type == PCAPNG_NAME_RESOLUTION ||
	       type == PCAPNG_DECRYPTION_SECRETS || type == PCAPNG_SYSTEMD_JOURNAL || type == PCAPNG_CUSTOM ||
	       type == PCAPNG_CUSTOM_NO_COPY;
}

static size_t refuse(char *errbuf, uint32_t type, const char *why)
{
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "a block of type 0x%08x can't be written: %s", type, why);
	return 0;
}

/* Why there can be no such block; NULL if there can. */
static const char *find_fault(const struct pcapng_block *block)
{
	if (ng_is_packet(block->type) && block->data_length != block->caplen)
		return "the captured length is not that of the data";
	if (block->type == PCAPNG_OBSOLETE_PACKET && block->interface > UINT16_MAX)
		return "its interface number has more than 16 bits";
	if (has_no_data(block->type) && block->data_length != 0)
		return "blocks of this type have options only";
	if (block->option_count != 0 &&
		(!is_known(block->type) || block->type == PCAPNG_SIMPLE_PACKET ||
			block->type == PCAPNG_SYSTEMD_JOURNAL || block->type == PCAPNG_CUSTOM ||
			block->type == PCAPNG_CUSTOM_NO_COPY))
		return "blocks of this type have no options";
	if (block->swapped && !is_known(block->type))
		return "it was read in the other byte order, and what it means is not known";
	return NULL;
}

size_t pcapint_ng_block_size(const struct pcapng_block *block, char *errbuf)
{
	const char *fault = find_fault(block);
	uint32_t numbers[MAX_NUMBERS];
	size_t size;

	if (fault != NULL)
		return refuse(errbuf, block->type, fault);
	if (block->data_length > NG_BLOCK_MAX)
		return refuse(errbuf, block->type, "it has too much data");
	size = NG_BLOCK_OVERHEAD + 4 * begin_numbers(block, numbers) + ng_padded((uint32_t)block->data_length);
	for (size_t i = 0; i < block->option_count; i++)
		size += 4 + ng_padded(block->options[i].length);
	if (block->option_count > 0)
		size += 4;
	return size <= NG_BLOCK_MAX ? size : refuse(errbuf, block->type, "it would be too long");
}

static u_char *put(u_char *to, const void *bytes, size_t size)
{
	size_t padding = ng_padded((uint32_t)size) - size;

	if (size > 0)
		memcpy(to, bytes, size);
	memset(to + size, 0, padding);
	return to + size + padding;
}

void pcapint_ng_put_block(const struct pcapng_block *block, size_t size, u_char *to)
{
	uint32_t numbers[MAX_NUMBERS], head[] = {block->type, (uint32_t)size};

	to = put(to, head, sizeof(head));
	to = put(to, numbers, 4 * begin_numbers(block, numbers));
	to = put(to, block->data, block->data_length);
	for (size_t i = 0; i < block->option_count; i++) {
		const struct pcapng_option *option = &block->options[i];
		uint16_t start[] = {option->code, option->length};

		to = put(to, start, sizeof(start));
		to = put(to, option->value, option->length);
	}
	if (block->option_count > 0)
		to = put(to, (uint32_t[]){PCAPNG_OPT_END}, 4);
	put(to, &head[1], sizeof(head[1]));
}
