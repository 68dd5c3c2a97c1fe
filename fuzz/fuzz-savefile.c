/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes savefile reading and writing. An input is a byte of options, and a file. It is read from memory and, as the
 * options say, from a file or a pipe: both must deliver the same packets, none of which is larger than what is there.
 * What was read is written, and read back.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <pcap/weir.h>

#include "../tests/lib/random-numbers.h"

#define OPTION_NANO 0x01
#define OPTION_PIPE 0x02
#define OPTION_SHARE_STREAM 0x04
#define OPTION_BATCHES 0x08

/* What was read of a file. */
struct reading {
	FILE *copy; /* gets what is delivered, by pcap_dump(); or NULL */
	size_t packets;
	size_t bytes;
	uint64_t sum;
	int status;
	char errbuf[PCAP_ERRBUF_SIZE];
};

static void add(struct reading *reading, const void *data, size_t size)
{
	const u_char *bytes = data;

	for (size_t i = 0; i < size; i++)
		reading->sum = (reading->sum ^ bytes[i]) * 0x100000001b3; /* FNV-1a */
}

static void deliver(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct reading *reading = (struct reading *)user;

	reading->packets++;
	reading->bytes += header->caplen;
	add(reading, &header->caplen, sizeof(header->caplen));
	add(reading, &header->len, sizeof(header->len));
	add(reading, data, header->caplen);
	if (reading->copy != NULL)
		pcap_dump((u_char *)reading->copy, header, data);
}

/* As pcap_loop() does. */
static int read_batches(pcap_t *p, struct reading *reading)
{
	struct pcap_batch_packet packets[7];
	int n;

	while ((n = pcap_next_batch(p, packets, sizeof(packets[0]), 7)) > 0)
		for (int i = 0; i < n; i++)
			deliver((u_char *)reading, &packets[i].header, packets[i].data);
	return n == PCAP_ERROR_BREAK ? 0 : n;
}

/* Reads all of a stream, which it closes. */
static void read_stream(FILE *stream, uint8_t options, size_t size, bool copy, struct reading *reading)
{
	u_int precision = options & OPTION_NANO ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO;
	pcap_t *p;

	must(stream != NULL);
	memset(reading, 0, sizeof(*reading));
	p = pcap_fopen_offline_with_tstamp_precision(stream, precision, reading->errbuf);
	if (p == NULL) {
		must(memchr(reading->errbuf, '\0', sizeof(reading->errbuf)) != NULL && reading->errbuf[0] != '\0');
		reading->status = PCAP_ERROR;
		fclose(stream);
		return;
	}
	if (copy) {
		reading->copy = fdopen(memfd_create("copy", MFD_CLOEXEC), "w+b");
		if (reading->copy != NULL && pcap_dump_fopen(p, reading->copy) == NULL) {
			fclose(reading->copy);
			reading->copy = NULL;
		}
	}
	if (options & OPTION_SHARE_STREAM)
		must(pcap_file(p) == stream);
	reading->status =
		options & OPTION_BATCHES ? read_batches(p, reading) : pcap_loop(p, -1, deliver, (u_char *)reading);
	must(reading->status == 0 || reading->status == PCAP_ERROR);
	must(reading->bytes + 12 * reading->packets <= size);
	if (reading->status != 0) {
		size_t packets = reading->packets;

		memcpy(reading->errbuf, pcap_geterr(p), sizeof(reading->errbuf));
		must(memchr(reading->errbuf, '\0', sizeof(reading->errbuf)) != NULL);
		must(pcap_dispatch(p, -1, deliver, (u_char *)reading) == PCAP_ERROR);
		must(strcmp(pcap_geterr(p), reading->errbuf) == 0 && reading->packets == packets);
	}
	pcap_close(p);
}

static FILE *in_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	return fdopen(fd, "rb");
}

static FILE *in_pipe(const uint8_t *data, size_t size)
{
	int fds[2];

	must(pipe(fds) == 0 && write(fds[1], data, size) == (ssize_t)size);
	close(fds[1]);
	return fdopen(fds[0], "rb");
}

/* What was written is a good file with the same packets. */
static void check_copy(const struct reading *reading)
{
	struct reading again;

	must(fflush(reading->copy) == 0);
	rewind(reading->copy);
	read_stream(reading->copy, 0, SIZE_MAX, false, &again);
	must(again.status == 0 && again.packets == reading->packets && again.bytes == reading->bytes);
}

/* Then there can be more packets than bytes. */
static bool is_compressed(const uint8_t *data, size_t size)
{
	static const char *const magics[] = {"\x1f\x8b", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18"};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (size >= strlen(magics[i]) && memcmp(data, magics[i], strlen(magics[i])) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading from_memory, other;
	uint8_t options, *copy;
	size_t largest;

	if (size < 2 || size > FUZZ_INPUT_SIZE)
		return 0;
	options = *data++;
	size--;
	largest = is_compressed(data, size) ? SIZE_MAX : size;
	copy = malloc(size); /* a sanitizer sees what is read beyond */
	must(copy != NULL);
	memcpy(copy, data, size);
	read_stream(fmemopen(copy, size, "rb"), options, largest, false, &from_memory);
	free(copy);
	options &= (uint8_t)~OPTION_BATCHES;
	read_stream(
		options & OPTION_PIPE ? in_pipe(data, size) : in_file(data, size), options, largest, true, &other);
	must(other.status == from_memory.status && other.packets == from_memory.packets);
	must(other.sum == from_memory.sum && strcmp(other.errbuf, from_memory.errbuf) == 0);
	if (other.copy != NULL)
		check_copy(&other);
	return 0;
}

/* ---- Inputs ---- */

static uint8_t *put32(uint8_t *at, uint32_t value, bool swapped)
{
	if (swapped)
		value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint8_t *put_packet(uint64_t *state, uint8_t *at, bool swapped, uint32_t extra)
{
	uint32_t caplen = random_below(state, 100);

	at = put32(at, 1700000000 + random_below(state, 10), swapped);
	at = put32(at, random_below(state, 1000000), swapped);
	at = put32(at, caplen, swapped);
	at = put32(at, caplen + random_below(state, 10), swapped);
	memset(at, 0, extra);
	at += extra;
	for (uint32_t i = 0; i < caplen; i++)
		*at++ = (uint8_t)random_number(state);
	return at;
}

static size_t make_classic(uint64_t *state, uint8_t *data)
{
	static const uint32_t magics[] = {
		0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xa12b3c4d, 0xa1e2cb12, 0x1c0001ac, 0x1c0001ab};
	static const uint32_t versions[] = {0x00040002, 0x00040002, 0x00030002, 0x00020002, 0x0000021f};
	static const uint32_t linktypes[] = {1, 113, 117, 189, 220, 231, 239, 276, 0x24000001};
	static const uint32_t extras[] = {0, 0, 0, 4, 8, 12};
	bool swapped = random_below(state, 2) != 0;
	uint32_t extra = extras[random_below(state, 6)], version = versions[random_below(state, 5)];
	uint8_t *at = data;

	at = put32(at, magics[random_below(state, 7)], swapped);
	at = put32(at, swapped ? version << 16 | version >> 16 : version, swapped);
	at = put32(at, 0, swapped);
	at = put32(at, 0, swapped);
	at = put32(at, random_below(state, 4) ? 65535 : random_below(state, 100), swapped);
	at = put32(at, linktypes[random_below(state, 9)], swapped);
	if (random_below(state, 8) == 0)
		at = put32(at, 0, swapped);
	for (uint32_t packets = random_below(state, 12); packets != 0; packets--)
		at = put_packet(state, at, swapped, extra);
	return (size_t)(at - data) - random_below(state, 4) / 3;
}

/* ---- pcapng ---- */

/* A block of random type with the given 32-bit numbers, some data, and mostly the right lengths. */
static uint8_t *put_block(uint64_t *state, uint8_t *at, bool swapped, uint32_t type, const uint32_t *numbers,
	uint32_t count, uint32_t size)
{
	uint32_t length = 12 + 4 * count + (size + 3) / 4 * 4;

	at = put32(at, type, swapped);
	at = put32(at, random_below(state, 100) ? length : random_below(state, 200), swapped);
	for (uint32_t i = 0; i < count; i++)
		at = put32(at, numbers[i], swapped);
	for (uint32_t i = 0; i < (size + 3) / 4 * 4; i++)
		*at++ = (uint8_t)random_number(state);
	return put32(at, random_below(state, 100) ? length : random_below(state, 200), swapped);
}

static uint8_t *put_random_block(uint64_t *state, uint8_t *at, bool swapped)
{
	static const uint32_t types[] = {1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 10, 0xbad, 77};
	uint32_t type = types[random_below(state, 14)], size = random_below(state, 60), count;
	uint32_t numbers[] = {
		random_below(state, 3), 0x60a24, random_number(state), size, size + random_below(state, 9)};

	if (type == 1) {
		numbers[0] = random_below(state, 4) ? 1 : 220;
		numbers[1] = random_below(state, 2) ? 0 : 40;
		numbers[2] = swapped ? 0x00090001 : 0x00010009; /* if_tsresol, of one byte */
		numbers[3] = random_below(state, 4) ? 0x09090909 : random_number(state);
		return put_block(state, at, swapped, type, numbers, random_below(state, 2) ? 4 : 2, 0);
	}
	count = type == 6 || type == 2 ? 5 : 1;
	return put_block(state, at, swapped, type, numbers, count, size);
}

static size_t make_pcapng(uint64_t *state, uint8_t *data)
{
	uint8_t *at = data;

	for (uint32_t sections = 1 + random_below(state, 2); sections != 0; sections--) {
		static const uint32_t ethernet[] = {1, 0};
		bool swapped = random_below(state, 2) != 0;
		uint32_t header[] = {0x1a2b3c4d, swapped ? 0x10000 : 1, 0xffffffff, 0xffffffff};

		at = put_block(state, at, swapped, 0x0a0d0d0a, header, 4, 0);
		at = put_block(state, at, swapped, 1, ethernet, 2, 0);
		for (uint32_t blocks = random_below(state, 12); blocks != 0; blocks--)
			at = put_random_block(state, at, swapped);
	}
	return (size_t)(at - data) - random_below(state, 4) / 3;
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	data[0] = (uint8_t)random_number(state);
	return 1 + (random_below(state, 2) ? make_pcapng(state, data + 1) : make_classic(state, data + 1));
}
