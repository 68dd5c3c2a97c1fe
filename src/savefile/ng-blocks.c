/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walks over the blocks of a pcapng file, in whichever byte order its sections are: gets blocks whole into the buffer,
 * checks what all blocks have in common, and takes packets apart.
 */
#include "savefile/ng.h"

#include <errno.h>

static const struct {
	uint32_t type;
	const char *name;
	uint32_t min_length; /* of the whole block */
} block_types[] = {
	{PCAPNG_SECTION, "section header", 28},
	{PCAPNG_INTERFACE, "interface description", 20},
	{PCAPNG_OBSOLETE_PACKET, "(obsolete) packet", 32},
	{PCAPNG_SIMPLE_PACKET, "simple packet", 16},
	{PCAPNG_NAME_RESOLUTION, "name resolution", 12},
	{PCAPNG_INTERFACE_STATISTICS, "interface statistics", 24},
	{PCAPNG_ENHANCED_PACKET, "enhanced packet", 32},
	{PCAPNG_SYSTEMD_JOURNAL, "systemd journal", 12},
	{PCAPNG_DECRYPTION_SECRETS, "decryption secrets", 20},
	{PCAPNG_CUSTOM, "custom", 16},
	{PCAPNG_CUSTOM_NO_COPY, "custom", 16},
};
#define BLOCK_TYPE_COUNT (sizeof(block_types) / sizeof(block_types[0]))

static uint32_t min_length(uint32_t type)
{
	for (size_t i = 0; i < BLOCK_TYPE_COUNT; i++)
		if (block_types[i].type == type)
			return block_types[i].min_length;
	return NG_BLOCK_OVERHEAD;
}

int pcapint_ng_error(pcap_t *p, uint32_t type, uint64_t offset, const char *format, ...)
{
	const struct pcap_savefile *sf = p->priv;
	char name[40], problem[120];
	va_list arguments;

	snprintf(name, sizeof(name), "0x%08x", type);
	for (size_t i = 0; i < BLOCK_TYPE_COUNT; i++)
		if (block_types[i].type == type)
			snprintf(name, sizeof(name), "%s", block_types[i].name);
	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: %s block at offset %llu: %s", sf->name, name,
		(unsigned long long)offset, problem);
	return PCAP_ERROR;
}

static int read_error(pcap_t *p)
{
	const struct pcap_savefile *sf = p->priv;
	char problem[100];

	pcapint_input_problem(&sf->input, problem, sizeof(problem));
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: at offset %llu: %s", sf->name,
		(unsigned long long)(input_offset(&sf->input) + input_available(&sf->input)), problem);
	return PCAP_ERROR;
}

/* 1: that many bytes are there; 0: the file ends before; or a PCAP_ERROR_ value. */
static int need_bytes(pcap_t *p, size_t need)
{
	struct pcap_savefile *sf = p->priv;
	int status = pcapint_input_fill(&sf->input, need, &p->break_loop);

	if (status == PCAP_ERROR)
		return read_error(p);
	return status < 0 ? status : input_available(&sf->input) >= need;
}

/* The block's length, and the section's byte order where it is a section header, from the first 12 bytes. */
static int load_length(pcap_t *p, struct ng_block *block)
{
	struct pcap_savefile *sf = p->priv;
	uint64_t offset = input_offset(&sf->input);

	if (block->type == PCAPNG_SECTION) {
		uint32_t magic = savefile_load32(block->bytes + 8, false);

		if (magic != NG_BYTE_ORDER_MAGIC && magic != bswap_32(NG_BYTE_ORDER_MAGIC))
			return pcapint_ng_error(p, block->type, offset,
				"the byte-order magic is 0x%08x, not 0x%08x", magic, NG_BYTE_ORDER_MAGIC);
		block->length = savefile_load32(block->bytes + 4, magic != NG_BYTE_ORDER_MAGIC);
	} else {
		block->length = savefile_load32(block->bytes + 4, sf->ng.swapped);
	}
	if (block->length % 4 != 0)
		return pcapint_ng_error(
			p, block->type, offset, "its length, %u, is not a multiple of 4", block->length);
	if (block->length < min_length(block->type))
		return pcapint_ng_error(p, block->type, offset, "its length, %u, is less than the least, %u",
			block->length, min_length(block->type));
	return 0;
}

/* 0 if the length that ends a block is the one that it began with. */
static int check_trailer(
	pcap_t *p, uint32_t type, uint64_t offset, uint32_t length, const u_char *trailer, bool swapped)
{
	uint32_t again = savefile_load32(trailer, swapped);

	if (again == length)
		return 0;
	return pcapint_ng_error(
		p, type, offset, "its length is %u at its beginning, and %u at its end", length, again);
}

/* Goes on to pass over a block that is not wanted. 1: it is behind; 0 can't be: the file is cut; or a PCAP_ERROR_. */
static int skip_block(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;
	struct ng_state *ng = &sf->ng;
	uint64_t left = ng->skip > NG_BLOCK_TRAILER_SIZE ? ng->skip - NG_BLOCK_TRAILER_SIZE : 0;
	int status;

	ng->skip -= left;
	status = pcapint_input_skip(&sf->input, &left, &p->break_loop);
	ng->skip += left;
	if (status == PCAP_ERROR)
		return read_error(p);
	if (status < 0)
		return status;
	status = left > 0 ? 0 : need_bytes(p, NG_BLOCK_TRAILER_SIZE);
	if (status < 0)
		return status;
	if (status == 0)
		return pcapint_ng_error(p, ng->skip_type, ng->skip_offset,
			"the file ends in the middle of the block, which has %u bytes", ng->skip_length);
	status = check_trailer(
		p, ng->skip_type, ng->skip_offset, ng->skip_length, input_data(&sf->input), ng->swapped);
	if (status < 0)
		return status;
	ng_consume(sf, NG_BLOCK_TRAILER_SIZE);
	ng->skip = 0;
	return 1;
}

static bool is_wanted(uint32_t type, enum ng_wanted wanted)
{
	return wanted == ALL_BLOCKS || type == PCAPNG_SECTION || type == PCAPNG_INTERFACE || ng_is_packet(type);
}

/* The fixed part of a packet block is checked before memory is taken for the whole. */
static int check_packet_length(pcap_t *p, const struct ng_block *block)
{
	struct ng_packet packet;

	if (block->type != PCAPNG_ENHANCED_PACKET && block->type != PCAPNG_OBSOLETE_PACKET)
		return 0;
	if (need_bytes(p, NG_ENHANCED_DATA) <= 0)
		return 0;
	return pcapint_ng_packet(p,
		&(struct ng_block){
			block->type, block->length, input_data(&((struct pcap_savefile *)p->priv)->input)},
		&packet);
}

/* Gets all of a block into the buffer whose length is known. */
static int load_whole(pcap_t *p, struct ng_block *block)
{
	struct pcap_savefile *sf = p->priv;
	uint64_t offset = input_offset(&sf->input);
	bool swapped = sf->ng.swapped;
	int status;

	if (block->length > NG_BLOCK_MAX)
		return pcapint_ng_error(p, block->type, offset, "its length, %u, is above the largest possible, %u",
			block->length, NG_BLOCK_MAX);
	if (check_packet_length(p, block) < 0)
		return PCAP_ERROR;
	status = need_bytes(p, block->length);
	if (status < 0)
		return status;
	if (status == 0)
		return pcapint_ng_error(p, block->type, offset,
			"the file ends in the middle of the block: %zu of %u bytes", input_available(&sf->input),
			block->length);
	block->bytes = input_data(&sf->input);
	if (block->type == PCAPNG_SECTION)
		swapped = savefile_load32(block->bytes + 8, false) != NG_BYTE_ORDER_MAGIC;
	status = check_trailer(p, block->type, offset, block->length,
		block->bytes + block->length - NG_BLOCK_TRAILER_SIZE, swapped);
	return status < 0 ? status : 1;
}

int pcapint_ng_load_block(pcap_t *p, enum ng_wanted wanted, struct ng_block *block)
{
	struct pcap_savefile *sf = p->priv;
	struct ng_state *ng = &sf->ng;

	for (;;) {
		int status = ng->skip > 0 ? skip_block(p) : 1;

		if (status > 0)
			status = need_bytes(p, NG_BLOCK_OVERHEAD);
		if (status < 0)
			return status;
		if (status == 0 && input_available(&sf->input) == 0)
			return 0;
		block->bytes = input_data(&sf->input);
		block->type = input_available(&sf->input) < 4 ? 0 : savefile_load32(block->bytes, ng->swapped);
		if (status == 0)
			return pcapint_ng_error(p, block->type, input_offset(&sf->input),
				"the file ends in the middle of the block header: %zu of 12 bytes",
				input_available(&sf->input));
		if (load_length(p, block) < 0)
			return PCAP_ERROR;
		ng->quick_interfaces = ng->swapped ? 0 : ng->interface_count;
		if (is_wanted(block->type, wanted))
			return load_whole(p, block);
		ng->skip_offset = input_offset(&sf->input);
		ng->skip_type = block->type;
		ng->skip = ng->skip_length = block->length;
		ng->quick_interfaces = 0;
	}
}

/* ---- Packets ---- */

/*
 * A simple packet block does not tell how much was captured: all, up to the interface's limit. It is of the first
 * interface, and has no time stamp; the time is 0.
 */
static void take_simple_packet(struct pcap_savefile *sf, const struct ng_block *block, struct ng_packet *packet)
{
	uint32_t room = block->length - NG_SIMPLE_DATA - NG_BLOCK_TRAILER_SIZE;

	sf->ng.simple = sf->ng.interfaces[0];
	pcapint_ng_set_no_time(&sf->ng.simple);
	packet->interface = &sf->ng.simple;
	packet->data = block->bytes + NG_SIMPLE_DATA;
	packet->len = savefile_load32(block->bytes + 8, sf->ng.swapped);
	packet->caplen = packet->len < room ? packet->len : room;
	if (sf->ng.simple.snaplen != 0 && packet->caplen > sf->ng.simple.snaplen)
		packet->caplen = sf->ng.simple.snaplen;
}

static void take_packet(
	struct pcap_savefile *sf, const struct ng_block *block, uint32_t interface, struct ng_packet *packet)
{
	const u_char *bytes = block->bytes;
	bool swapped = sf->ng.swapped;

	packet->interface = &sf->ng.interfaces[interface];
	packet->timestamp =
		(uint64_t)savefile_load32(bytes + 12, swapped) << 32 | savefile_load32(bytes + 16, swapped);
	packet->caplen = savefile_load32(bytes + 20, swapped);
	packet->len = savefile_load32(bytes + 24, swapped);
	packet->data = block->bytes + NG_ENHANCED_DATA;
}

static uint32_t interface_of(const struct ng_block *block, bool swapped)
{
	if (block->type == PCAPNG_SIMPLE_PACKET)
		return 0;
	return block->type == PCAPNG_ENHANCED_PACKET ? savefile_load32(block->bytes + 8, swapped)
						     : savefile_load16(block->bytes + 8, swapped);
}

int pcapint_ng_packet(pcap_t *p, const struct ng_block *block, struct ng_packet *packet)
{
	struct pcap_savefile *sf = p->priv;
	uint64_t offset = input_offset(&sf->input);
	uint32_t interface = interface_of(block, sf->ng.swapped);

	if (interface >= sf->ng.interface_count)
		return pcapint_ng_error(p, block->type, offset,
			"it is of interface %u, and the section has described %zu so far", interface,
			sf->ng.interface_count);
	*packet = (struct ng_packet){.block_length = block->length};
	if (block->type == PCAPNG_SIMPLE_PACKET)
		take_simple_packet(sf, block, packet);
	else
		take_packet(sf, block, interface, packet);
	if (packet->caplen > block->length - (packet->data - block->bytes) - NG_BLOCK_TRAILER_SIZE)
		return pcapint_ng_error(p, block->type, offset,
			"captured length %u does not fit the block, whose length is %u", packet->caplen,
			block->length);
	if (packet->caplen > packet->interface->max_caplen)
		return pcapint_ng_error(p, block->type, offset,
			"captured length %u is above the largest possible (%u)", packet->caplen,
			packet->interface->max_caplen);
	return 0;
}
