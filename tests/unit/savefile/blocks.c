/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the blocks of pcapng files byte by byte: for the tests of this folder.
 */
#include "blocks.h"

#include <byteswap.h>
#include <string.h>

static void pad(struct file *file, size_t begin)
{
	while ((file->size - begin) % 4 != 0)
		put_bytes(file, "", 1);
}

size_t begin_block(struct file *file, uint32_t type)
{
	size_t begin = file->size;

	put32(file, type);
	put32(file, 0);
	return begin;
}

void end_block(struct file *file, size_t begin)
{
	uint32_t length;

	pad(file, begin);
	length = (uint32_t)(file->size - begin) + 4;
	put32(file, length);
	memcpy(file->bytes + begin + 4, file->bytes + file->size - 4, 4);
}

void put_option(struct file *file, uint16_t code, const void *value, uint16_t length)
{
	size_t begin = file->size;

	put16(file, code);
	put16(file, length);
	put_bytes(file, value, length);
	pad(file, begin);
}

void put_section(struct file *file)
{
	size_t begin = begin_block(file, PCAPNG_SECTION);

	put32(file, 0x1a2b3c4d);
	put16(file, 1);
	put16(file, 0);
	put64(file, UINT64_MAX);
	end_block(file, begin);
}

void put_interface(struct file *file, uint16_t linktype, uint32_t snaplen)
{
	size_t begin = begin_block(file, PCAPNG_INTERFACE);

	put16(file, linktype);
	put16(file, 0);
	put32(file, snaplen);
	end_block(file, begin);
}

void put_interface_with_resolution(struct file *file, uint8_t tsresol, int64_t tsoffset)
{
	size_t begin = begin_block(file, PCAPNG_INTERFACE);
	uint64_t offset = file->swapped ? bswap_64((uint64_t)tsoffset) : (uint64_t)tsoffset;

	put16(file, 1);
	put16(file, 0);
	put32(file, 0);
	put_option(file, PCAPNG_IF_NAME, "eth0", 4);
	put_option(file, PCAPNG_IF_TSRESOL, &tsresol, 1);
	put_option(file, PCAPNG_IF_TSOFFSET, &offset, 8);
	put_option(file, PCAPNG_OPT_END, "", 0);
	end_block(file, begin);
}

void put_enhanced(
	struct file *file, uint32_t interface, uint64_t timestamp, uint32_t caplen, uint32_t len, int seed)
{
	size_t begin = begin_block(file, PCAPNG_ENHANCED_PACKET);

	put32(file, interface);
	put32(file, (uint32_t)(timestamp >> 32));
	put32(file, (uint32_t)timestamp);
	put32(file, caplen);
	put32(file, len);
	put_data(file, caplen, seed);
	end_block(file, begin);
}
