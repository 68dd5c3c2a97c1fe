/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compression of savefiles: each format is one struct codec, in a file that is built where its library is there. For
 * src/savefile only.
 */
#ifndef WEIR_SAVEFILE_CODEC_H
#define WEIR_SAVEFILE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CODEC_PROBLEM_SIZE 120

/* What a piece of compressed bytes was decoded to. */
struct codec_piece {
	const u_char *in;
	size_t in_size;
	size_t taken; /* of them */
	u_char *out;
	size_t out_size;
	size_t made; /* bytes put there */
	char problem[CODEC_PROBLEM_SIZE];
};

enum codec_status {
	CODEC_DAMAGED = -1, /* problem says why */
	CODEC_INSIDE,       /* more is to come */
	CODEC_COMPLETE,     /* this can be the end */
};

/* How far encoding goes. */
enum codec_until { CODEC_MORE, CODEC_FLUSH, CODEC_END };

/* Takes what was encoded; false if it can't. */
typedef bool (*codec_sink)(void *user, const void *bytes, size_t size);

/* What start_ returns is NULL where that can't be, with why in problem. */
struct codec {
	void *(*start_decoding)(char problem[CODEC_PROBLEM_SIZE]);
	enum codec_status (*decode)(void *state, struct codec_piece *piece);
	void (*end_decoding)(void *state);
	/* level 0: the library's default */
	void *(*start_encoding)(int level, char problem[CODEC_PROBLEM_SIZE]);
	/* False where the sink refused, with errno of that; or with errno ENOMEM. */
	bool (*encode)(
		void *state, const void *bytes, size_t size, enum codec_until until, codec_sink sink, void *user);
	void (*end_encoding)(void *state);
};

extern const struct codec pcapint_codec_gzip, pcapint_codec_zstd, pcapint_codec_lz4;

#define CODEC_NO_MEMORY "there is no memory for it"

/* A compressed format, known whether or not it can be read (codecs.c). */
struct compression {
	int number; /* PCAP_COMPRESSION_ */
	const char *name;
	const char *suffix;
	const u_char magic[4];
	size_t magic_size;
	const char *library;
	const struct codec *codec; /* NULL: the library was built without it */
};

const struct compression *pcapint_compression_by_magic(const u_char first[4]);
const struct compression *pcapint_compression_by_number(int number);
/* By the suffix of a path; NULL if that is of none. */
const struct compression *pcapint_compression_by_name(const char *path);

#endif
