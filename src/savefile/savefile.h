/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of savefile reading and writing share: the byte source, the table of formats, the classic format's
 * headers. For src/savefile only.
 */
#ifndef WEIR_SAVEFILE_H
#define WEIR_SAVEFILE_H

#include <byteswap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"

/* Bytes of a file name that messages show, its end; so that the rest of the message fits PCAP_ERRBUF_SIZE. */
#define SAVEFILE_NAME_SIZE 100

/* The longest start of a file that tells its format. */
#define SAVEFILE_MAGIC_SIZE 4

/*
 * A buffered byte source (input.c). The bytes from start to end of the buffer are there and not yet consumed;
 * whoever takes some adds to start. They may be changed in place.
 */
struct savefile_input {
	u_char *buffer;
	size_t capacity;
	size_t start;
	size_t end;
	uint64_t end_offset; /* the file offset of end */
	FILE *file;
	int fd;                /* what to read from, or -1: from the stream */
	bool seekable;         /* read at offsets; the descriptor's own position does not move */
	int wake[2];           /* a pipe that ends a wait for data; -1 where nothing is waited for */
	size_t stream_leading; /* bytes that the stream held before it came here; they are read first */
};

/* What is read of a file in one step: as much as fits the second-level cache. */
#define SAVEFILE_READ_SIZE (256 * 1024)

/* Takes over a stream, wherever it stands. 0, or PCAP_ERROR with errbuf filled. */
int pcapint_input_init(struct savefile_input *in, FILE *file, char *errbuf);
void pcapint_input_free(struct savefile_input *in);

/*
 * Waits until `need` bytes are there or no more are to be had now. 0: look how many there are; PCAP_ERROR with errno
 * set; PCAP_ERROR_BREAK when *break_loop was set while waiting.
 */
int pcapint_input_fill(struct savefile_input *in, size_t need, const volatile sig_atomic_t *break_loop);

/* Ends a wait in pcapint_input_fill(); for any thread, and for signal handlers. */
void pcapint_input_wake(struct savefile_input *in);

/* Drops what is there and goes on at another offset of a seekable source. */
void pcapint_input_seek(struct savefile_input *in, uint64_t offset);

static inline size_t input_available(const struct savefile_input *in)
{
	return in->end - in->start;
}

static inline u_char *input_data(const struct savefile_input *in)
{
	return in->buffer + in->start;
}

static inline uint64_t input_offset(const struct savefile_input *in)
{
	return in->end_offset - input_available(in);
}

/* Changes a packet that was read: header->caplen bytes of data, or header->len. */
typedef void (*savefile_fixup)(struct pcap_pkthdr *header, u_char *data, bool swapped);

/* Which of a packet header's two lengths comes first. */
enum length_order {
	CAPTURED_FIRST,
	ORIGINAL_FIRST,
	SMALLER_IS_CAPTURED, /* some writers did one, some the other */
};

/* How the packet headers of one classic file are read. */
struct classic_layout {
	size_t header_size;
	bool swapped;
	enum length_order length_order;
	unsigned int multiply; /* makes the file's fractions of a second the handle's */
	unsigned int divide;
};

/* The reader of an offline handle: its priv. */
struct pcap_savefile {
	struct savefile_input input;
	char name[SAVEFILE_NAME_SIZE];
	uint64_t packets; /* read so far */
	u_int max_caplen; /* above it, a captured length can only be damage */
	savefile_fixup fixup;
	read_op_t read_op; /* the format's, where position.c has put its own before it */
	struct classic_layout classic;
};

/* A file format: how its files begin, and the routine that reads the file header, sets read_op and the precision. */
struct savefile_format {
	const char *name;
	bool (*matches)(const u_char first[SAVEFILE_MAGIC_SIZE]);
	int (*open)(pcap_t *p, u_int precision, char *errbuf); /* 0 or PCAP_ERROR; NULL: no reader for it */
};

/* The classic format: its file header (classic-header.c), and its packets (classic.c). */
bool pcapint_classic_matches(const u_char first[SAVEFILE_MAGIC_SIZE]);
int pcapint_classic_open(pcap_t *p, u_int precision, char *errbuf);
/* read_op for layouts that need no conversion, and for all. */
int pcapint_classic_read_plain(pcap_t *p, int count, pcap_handler callback, u_char *user);
int pcapint_classic_read_any(pcap_t *p, int count, pcap_handler callback, u_char *user);

/* What packets of a link type need, from a file of this host's or of the other byte order; or NULL (fixups.c). */
savefile_fixup pcapint_find_fixup(int dlt, bool swapped);

/* Puts the stream behind the last packet that was read (position.c). */
void pcapint_savefile_leave_position(const struct pcap_savefile *sf);

/* The end of a name, as much of it as messages show. */
void pcapint_shorten_name(char short_name[SAVEFILE_NAME_SIZE], const char *name);
/* Waits for `size` bytes of file header. 0, or PCAP_ERROR with errbuf filled. */
int pcapint_need_file_header(pcap_t *p, size_t size, char *errbuf);

/* Magic numbers that the classic format is written with. */
#define CLASSIC_MAGIC_MICRO 0xa1b2c3d4
#define CLASSIC_MAGIC_NANO 0xa1b23c4d

/* The link-type field of a file header: LINKTYPE_ value, and in what way a frame check sequence is there. */
#define LINKTYPE_FIELD_TYPE 0x03ffffff
#define LINKTYPE_FIELD_EXT 0xfc000000
/* Bits of the value that are reserved, but that NetBSD has a class of types of its own with some of them. */
#define LINKTYPE_FIELD_RESERVED 0x03ff0000

/* A packet header as it stands in a classic file; some variants have more after it. */
struct classic_packet_header {
	uint32_t seconds;
	uint32_t fraction;
	uint32_t caplen;
	uint32_t len;
};

static inline uint32_t savefile_load32(const u_char *bytes, bool swapped)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return swapped ? bswap_32(value) : value;
}

/* The fields of a classic packet header, as the layout has them; the fraction of a second is the file's. */
static inline struct classic_packet_header classic_load_header(
	const u_char *record, bool swapped, enum length_order length_order)
{
	struct classic_packet_header header;

	memcpy(&header, record, sizeof(header));
	if (swapped) {
		header.seconds = bswap_32(header.seconds);
		header.fraction = bswap_32(header.fraction);
		header.caplen = bswap_32(header.caplen);
		header.len = bswap_32(header.len);
	}
	if (length_order == ORIGINAL_FIRST || (length_order == SMALLER_IS_CAPTURED && header.caplen > header.len)) {
		uint32_t caplen = header.len;

		header.len = header.caplen;
		header.caplen = caplen;
	}
	return header;
}

#endif
