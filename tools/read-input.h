/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The savefiles that `weir read` reads: block by block, with the interfaces of the section at hand; of several the
 * next in the order of time.
 */
#ifndef WEIR_READ_INPUT_H
#define WEIR_READ_INPUT_H

#include <pcap/pcapng.h>

#include "instant.h"

/* What an interface's number in the output is before it has one. */
#define NO_NUMBER UINT32_MAX

struct input_interface {
	struct pcapng_block *block; /* a copy of its description */
	char *name;                 /* NULL: it has none */
	uint8_t tsresol;
	int64_t tsoffset;
	uint32_t number;                    /* in the output, or NO_NUMBER */
	const struct packet_filter *filter; /* NULL: none was looked for yet */
};

/* A piece of a file. */
struct extent {
	uint64_t offset;
	uint64_t length;
};

struct input {
	const char *path;
	const char *name; /* for messages */
	pcapng_reader_t *reader;
	const struct pcapng_block *block; /* the next, not taken yet; or NULL */
	struct instant time;              /* of that, or of the last one that had a time */
	bool is_pcap;
	bool done;
	uint64_t end; /* offset of what is behind the last good block */
	struct input_interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
	struct extent section; /* the header of the section at hand */
	bool swapped;          /* it is of the other byte order */
	/* Of a file that is read on behind damage (read-resume.c); else all is 0. */
	struct resume *resume;
	int64_t shift;                 /* what is added to an offset in the stream for that in the file */
	uint64_t head_size;            /* what the stream begins with, again; */
	size_t skip;                   /* and how many blocks these are, that are not there yet */
	uint64_t left_out;             /* bytes */
	uint64_t gaps;                 /* in so many places */
	bool told;                     /* it was said what is wrong */
	char damage[PCAP_ERRBUF_SIZE]; /* what ended it, if not its end */
};

/* Opens a file. False, with the reason in damage, if it can't be. */
bool input_open(struct input *input, const char *path);
void input_close(struct input *input);

/* Gets the next block, unless one is there. False if there is none now: the end, damage, or a wait that was ended. */
bool input_fetch(struct input *input);
/* The block is done with. */
void input_take(struct input *input);

/* What the section and interface blocks mean for the blocks that follow. False if there is no memory. */
void input_begin_section(struct input *input);
bool input_add_interface(struct input *input);
/* The interface of a packet or of statistics. */
struct input_interface *input_interface(const struct input *input);

/* A copy of a block without data, its options included, to be freed; NULL if there is no memory. */
struct pcapng_block *input_copy_block(const struct pcapng_block *block);

/* Bytes of a regular file, if it is not compressed; else 0. */
uint64_t input_size(const char *path);
/* "gzip", "zstd", "lz4"; NULL if it is not compressed, or that can't be told. */
const char *input_compression(const char *path);

#endif
