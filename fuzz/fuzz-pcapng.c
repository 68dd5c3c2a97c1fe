/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the reader and the writer of blocks, and the decoders of compressed files. An input is a byte that chooses a
 * compression, and a file. It is read block by block as it is, and again compressed by the writer's codecs. What was
 * read is written; what that says is what was read.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pcap/pcapng.h>
#include <pcap/weir.h>

#include "../tests/lib/random-numbers.h"

#define DAMAGE 0x04 /* of what was compressed, a byte is changed */
#define LARGEST 4096

/* A file in memory, by its path. */
struct memory {
	int fd;
	char path[40];
};

static void make_memory(struct memory *memory, const void *bytes, size_t size)
{
	memory->fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(memory->fd >= 0 && write(memory->fd, bytes, size) == (ssize_t)size);
	snprintf(memory->path, sizeof(memory->path), "/proc/self/fd/%d", memory->fd);
}

struct sum {
	uint64_t value;
	size_t blocks;
};

static void add(struct sum *sum, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum->value = (sum->value ^ bytes[i]) * 0x100000001b3; /* FNV-1a */
}

/* What a block says that a writer keeps. */
static void add_block(struct sum *sum, const struct pcapng_block *block)
{
	sum->blocks++;
	add(sum, &block->type, sizeof(block->type));
	add(sum, &block->interface, sizeof(block->interface));
	add(sum, &block->snaplen, sizeof(block->snaplen));
	add(sum, &block->linktype, sizeof(block->linktype));
	add(sum, &block->drops, sizeof(block->drops));
	add(sum, &block->number, sizeof(block->number));
	add(sum, &block->caplen, sizeof(block->caplen));
	add(sum, &block->len, sizeof(block->len));
	add(sum, &block->timestamp, sizeof(block->timestamp));
	add(sum, &block->seconds, sizeof(block->seconds));
	add(sum, &block->nanoseconds, sizeof(block->nanoseconds));
	add(sum, block->data, block->data_length);
	for (size_t i = 0; i < block->option_count; i++) {
		const struct pcapng_option *option = &block->options[i];
		uint64_t number = pcapng_option_number(block, option);

		add(sum, &option->code, sizeof(option->code));
		add(sum, option->value, option->length);
		add(sum, &number, sizeof(number));
		must(pcapng_find_option(block, option->code) != NULL);
	}
}

/* Reads all blocks; those that the writer takes are what counts. NULL: there is no writer, and all do. */
static int read_blocks(const char *path, pcap_writer_t *writer, struct sum *sum)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcapng_reader_t *reader = pcapng_open(path, errbuf);
	const struct pcapng_block *block;
	int status;

	if (reader == NULL) {
		must(errbuf[0] != '\0' && memchr(errbuf, '\0', sizeof(errbuf)) != NULL);
		return PCAP_ERROR;
	}
	while ((status = pcapng_next(reader, &block)) == 1)
		if (writer == NULL || pcap_writer_block(writer, block, sizeof(*block)) == 0)
			add_block(sum, block);
	if (status < 0)
		must(pcapng_error(reader)[0] != '\0');
	pcapng_close(reader);
	return status;
}

static void change_a_byte(struct memory *file, uint8_t choice)
{
	uint8_t byte;
	off_t size = lseek(file->fd, 0, SEEK_END), at = size * choice / 256;

	must(pread(file->fd, &byte, 1, at) == 1);
	byte ^= (uint8_t)(choice | 1);
	must(pwrite(file->fd, &byte, 1, at) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pcap_writer_options options = {0};
	struct sum read = {0, 0}, again = {0, 0};
	struct memory from, to;
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_writer_t *writer;

	if (size < 1 || size > LARGEST)
		return 0;
	options.compression = data[0] & 3; /* PCAP_COMPRESSION_: none and the three there are */
	make_memory(&from, data + 1, size - 1);
	make_memory(&to, "", 0);
	writer = pcap_writer_open(to.path, &options, sizeof(options), errbuf);
	if (writer != NULL) {
		read_blocks(from.path, writer, &read);
		must(pcap_writer_close(writer, errbuf) == 0);
		if (data[0] & DAMAGE) {
			change_a_byte(&to, data[0]);
			read_blocks(to.path, NULL, &again);
		} else if (read.blocks > 0) {
			must(read_blocks(to.path, NULL, &again) == 0);
			/* A section begins by itself where a file in pcap format, or a damaged one, has none. */
			must(again.blocks == read.blocks && again.value == read.value);
		}
	}
	close(from.fd);
	close(to.fd);
	return 0;
}

/* ---- Random inputs ---- */

static uint8_t *put32(uint8_t *at, uint32_t value, bool swapped)
{
	if (swapped)
		value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

/* Blocks of which most are good: numbers that begin them, data, and options. */
static uint8_t *put_random_block(uint64_t *state, uint8_t *at, bool swapped)
{
	static const uint32_t types[] = {PCAPNG_SECTION, PCAPNG_INTERFACE, PCAPNG_OBSOLETE_PACKET,
		PCAPNG_SIMPLE_PACKET, PCAPNG_NAME_RESOLUTION, PCAPNG_INTERFACE_STATISTICS, PCAPNG_ENHANCED_PACKET,
		PCAPNG_ENHANCED_PACKET, PCAPNG_SYSTEMD_JOURNAL, PCAPNG_DECRYPTION_SECRETS, PCAPNG_CUSTOM,
		PCAPNG_CUSTOM_NO_COPY, 0x80000077};
	uint32_t type = types[random_below(state, sizeof(types) / sizeof(types[0]))];
	uint32_t data = random_below(state, 5) * 4, length;
	uint8_t *start = at;

	at = put32(put32(at, type, swapped), 0, swapped);
	if (type == PCAPNG_SECTION) {
		at = put32(put32(at, 0x1a2b3c4d, swapped), swapped ? 0x00010000 : 1, swapped);
		at = put32(put32(at, UINT32_MAX, swapped), UINT32_MAX, swapped);
	} else if (type == PCAPNG_ENHANCED_PACKET || type == PCAPNG_OBSOLETE_PACKET) {
		at = put32(put32(at, 0, swapped), random_number(state) >> 12, swapped);
		at = put32(put32(at, random_number(state), swapped), data, swapped);
		at = put32(at, data, swapped);
	} else {
		at = put32(put32(at, type == PCAPNG_INTERFACE ? 1 : data, swapped), data, swapped);
	}
	for (uint32_t i = 0; i < data; i++)
		*at++ = (uint8_t)random_number(state);
	for (uint32_t options = random_below(state, 3); options > 0; options--) {
		uint16_t head[] = {(uint16_t)(1 + random_below(state, 15)), (uint16_t)random_below(state, 9)};
		uint32_t pair;

		if (swapped) {
			head[0] = __builtin_bswap16(head[0]);
			head[1] = __builtin_bswap16(head[1]);
		}
		memcpy(&pair, head, sizeof(pair));
		at = put32(at, pair, false);
		length = swapped ? __builtin_bswap16(head[1]) : head[1];
		for (uint32_t i = 0; i < (length + 3) / 4 * 4; i++)
			*at++ = (uint8_t)random_number(state);
	}
	length = (uint32_t)(at - start) + 4;
	put32(start + 4, length, swapped);
	return put32(at, length, swapped);
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	bool swapped = random_below(state, 2) != 0;
	uint8_t *at = data;

	*at++ = (uint8_t)random_number(state);
	at = put32(put32(put32(at, PCAPNG_SECTION, swapped), 28, swapped), 0x1a2b3c4d, swapped);
	at = put32(put32(put32(put32(at, swapped ? 0x00010000 : 1, swapped), UINT32_MAX, swapped), UINT32_MAX,
			   swapped),
		28, swapped);
	at = put32(put32(put32(at, PCAPNG_INTERFACE, swapped), 20, swapped), swapped ? 0x00010000 : 1, swapped);
	at = put32(put32(at, 0, swapped), 20, swapped);
	for (uint32_t blocks = random_below(state, 12); blocks > 0; blocks--)
		at = put_random_block(state, at, swapped);
	for (uint32_t damage = random_below(state, 4) > 0 ? 0 : random_below(state, 4); damage > 0; damage--)
		data[random_below(state, (uint32_t)(at - data))] = (uint8_t)random_number(state);
	return (size_t)(at - data);
}
