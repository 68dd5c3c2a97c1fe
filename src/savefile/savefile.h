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
#include "savefile/codec.h"

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
	/* Of a compressed file: where the compressed bytes come from, and what decodes them; NULL: it is not compressed. */
	struct savefile_input *compressed;
	const struct compression *compression;
	void *decoder;
	bool damaged;     /* they can't be decoded any more */
	char problem[96]; /* what is wrong with them */
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

/* Takes what is there, and all that comes, for compressed bytes. 0, or PCAP_ERROR with errbuf filled. */
int pcapint_input_decompress(struct savefile_input *in, const struct compression *compression, char *errbuf);
/* Up to `room` decoded bytes, as read() (input-decode.c). */
ssize_t pcapint_input_decode(
	struct savefile_input *in, u_char *to, size_t room, const volatile sig_atomic_t *break_loop);
/* Why pcapint_input_fill() or pcapint_input_skip() failed. */
void pcapint_input_problem(const struct savefile_input *in, char *text, size_t size);

/* Ends a wait in pcapint_input_fill(); for any thread, and for signal handlers. */
void pcapint_input_wake(struct savefile_input *in);

/*
 * Passes over *left bytes without keeping them, and takes what it has passed off *left. 0: what is left of them is not
 * to be had now; or as above. In a seekable source it passes over all of them, wherever that ends.
 */
int pcapint_input_skip(struct savefile_input *in, uint64_t *left, const volatile sig_atomic_t *break_loop);

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

/* How the time stamps of a pcapng interface become the handle's. */
enum ng_time { TIME_MULTIPLY, TIME_DIVIDE_BY_1000, TIME_DIVIDE, TIME_BINARY };

/* An interface of the section that is being read. The second that the last packet was in saves a division. */
struct ng_interface {
	uint64_t second; /* the time stamp with which that second begins */
	uint64_t last;   /* of a second's time stamps: what is added to the first; UINT64_MAX: there is no second */
	int64_t tv_sec;  /* that second */
	uint64_t factor; /* what a fraction is multiplied with, or divided by */
	int64_t offset;  /* if_tsoffset */
	enum ng_time time; /* how a fraction is converted */
	uint8_t tsresol;   /* if_tsresol */
	bool delivered;    /* its link type is that of the handle */
	int dlt;           /* its link type */
	u_int snaplen;     /* 0: no limit */
	u_int max_caplen;  /* above it, a captured length can only be damage */
	savefile_fixup fixup;
};

/* Where the reader of a pcapng file is. */
struct ng_state {
	bool is_format; /* the file is a pcapng file */
	bool swapped;   /* the section is of the byte order that this host does not have */
	struct ng_interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
	size_t quick_interfaces; /* interface_count where the next block can be a packet of this byte order, else 0 */
	struct ng_interface simple; /* the first interface, for packets without time stamp */
	uint64_t sections;          /* begun so far */
	uint64_t skip;              /* bytes that are left of a block that nobody wants, */
	uint64_t skip_offset;       /* and where that began */
	uint32_t skip_length;       /* its length, */
	uint32_t skip_type;         /* and its type */
	uint64_t passed_over;       /* packets of other link types than the handle's */
	uint64_t cut;               /* packets that were longer than the handle's snapshot length */
};

/* The reader of an offline handle: its priv. */
struct pcap_savefile {
	struct savefile_input input;
	char name[SAVEFILE_NAME_SIZE];
	uint64_t packets; /* read so far */
	bool whole;       /* read for all that is in it, by pcapng_open() */
	u_int max_caplen; /* above it, a captured length can only be damage */
	savefile_fixup fixup;
	read_op_t read_op; /* the format's, where position.c has put its own before it */
	struct classic_layout classic;
	struct ng_state ng;
};

/* A file format: how its files begin, and the routine that reads the file header, sets read_op and the precision. */
struct savefile_format {
	const char *name;
	bool (*matches)(const u_char first[SAVEFILE_MAGIC_SIZE]);
	int (*open)(pcap_t *p, u_int precision, char *errbuf); /* 0 or PCAP_ERROR */
};

/* The classic format: its file header (classic-header.c), and its packets (classic.c). */
bool pcapint_classic_matches(const u_char first[SAVEFILE_MAGIC_SIZE]);
int pcapint_classic_open(pcap_t *p, u_int precision, char *errbuf);
/* read_op for layouts that need no conversion, and for all. */
int pcapint_classic_read_plain(pcap_t *p, int count, pcap_handler callback, u_char *user);
int pcapint_classic_read_any(pcap_t *p, int count, pcap_handler callback, u_char *user);
/* The same for batch_op. */
int pcapint_classic_batch_plain(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count);
int pcapint_classic_batch_any(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count);

/* What packets of a link type need, from a file of this host's or of the other byte order; or NULL (fixups.c). */
savefile_fixup pcapint_find_fixup(int dlt, bool swapped);

/* The pcapng format: its blocks (ng-blocks.c), its interfaces (ng-interfaces.c), the handle's packets (ng.c). */
bool pcapint_ng_matches(const u_char first[SAVEFILE_MAGIC_SIZE]);
int pcapint_ng_open(pcap_t *p, u_int precision, char *errbuf);
void pcapint_ng_free(struct ng_state *ng);

/* Opens a file for all that is in it, interfaces or not (open.c). */
pcap_t *pcapint_open_whole(const char *path, char *errbuf);

/* Whether a file that is to be gone on with ends with a whole packet; 0, or PCAP_ERROR with errbuf filled (open.c). */
int pcapint_check_whole(const char *path, char *errbuf);

/* Puts the stream behind the last packet that was read (position.c). */
void pcapint_savefile_leave_position(const struct pcap_savefile *sf);

/* The end of a name, as much of it as messages show. */
void pcapint_shorten_name(char short_name[SAVEFILE_NAME_SIZE], const char *name);
/* The loop was broken: the packets that were delivered count first, the next call reports the break. */
static inline int savefile_broken_loop(pcap_t *p, int delivered)
{
	if (delivered > 0)
		return delivered;
	p->break_loop = 0;
	return PCAP_ERROR_BREAK;
}

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

static inline uint16_t savefile_load16(const u_char *bytes, bool swapped)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return swapped ? bswap_16(value) : value;
}

static inline uint64_t savefile_load64(const u_char *bytes, bool swapped)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return swapped ? bswap_64(value) : value;
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
