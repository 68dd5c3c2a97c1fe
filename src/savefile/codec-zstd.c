/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * zstd (RFC 8878), by libzstd. What is written has a frame a MiB, and at its end a table of them in a skippable frame,
 * as the "Zstandard Seekable Format" of libzstd's contrib folder describes, so that a reader can begin anywhere.
 */
#include "savefile/codec-calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define FRAME_SIZE (1024 * 1024)
#define SEEK_TABLE_MAGIC 0x184d2a5e /* a skippable frame */
#define SEEKABLE_MAGIC 0x8f92eab1
#define SEEK_TABLE_FOOTER_SIZE 9

/* Of the library, found when a file is opened. */
struct zstd {
	ZSTD_CALLS(CODEC_CALL_MEMBER)
};

static bool find_calls(struct zstd *calls, char problem[CODEC_PROBLEM_SIZE])
{
	static const char *const names[] = {ZSTD_CALLS(CODEC_CALL_NAME)};
	void *found[sizeof(names) / sizeof(names[0])];

	_Static_assert(sizeof(found) == sizeof(*calls), "each name has a member");
	if (!pcapint_codec_calls(ZSTD_SONAME, names, sizeof(names) / sizeof(names[0]), found, problem))
		return false;
	memcpy(calls, found, sizeof(*calls));
	return true;
}

struct decoder {
	struct zstd zstd;
	ZSTD_DCtx *context;
	bool inside; /* a frame */
};

struct encoder {
	struct zstd zstd;
	ZSTD_CCtx *context;
	size_t frame_in; /* of the frame at hand, before and after encoding */
	size_t frame_out;
	uint32_t (*frames)[2]; /* those that are finished: after, before */
	uint32_t frame_count;
	uint32_t frame_capacity;
};

static void *start_decoding(char problem[CODEC_PROBLEM_SIZE])
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	snprintf(problem, CODEC_PROBLEM_SIZE, CODEC_NO_MEMORY);
	if (decoder != NULL && find_calls(&decoder->zstd, problem))
		decoder->context = decoder->zstd.ZSTD_createDCtx();
	if (decoder != NULL && decoder->context != NULL)
		return decoder;
	free(decoder);
	return NULL;
}

static enum codec_status decode(void *state, struct codec_piece *piece)
{
	struct decoder *decoder = state;
	ZSTD_inBuffer in = {piece->in, piece->in_size, 0};
	ZSTD_outBuffer out = {piece->out, piece->out_size, 0};
	size_t status;

	if (piece->in_size == 0 && !decoder->inside)
		return CODEC_COMPLETE;
	status = decoder->zstd.ZSTD_decompressStream(decoder->context, &out, &in);
	piece->taken = in.pos;
	piece->made = out.pos;
	if (decoder->zstd.ZSTD_isError(status)) {
		snprintf(piece->problem, sizeof(piece->problem), "%.60s", decoder->zstd.ZSTD_getErrorName(status));
		return CODEC_DAMAGED;
	}
	decoder->inside = status != 0;
	return decoder->inside ? CODEC_INSIDE : CODEC_COMPLETE;
}

static void end_decoding(void *state)
{
	struct decoder *decoder = state;

	decoder->zstd.ZSTD_freeDCtx(decoder->context);
	free(decoder);
}

static void *start_encoding(int level, char problem[CODEC_PROBLEM_SIZE])
{
	struct encoder *encoder = calloc(1, sizeof(*encoder));

	snprintf(problem, CODEC_PROBLEM_SIZE, CODEC_NO_MEMORY);
	if (encoder != NULL && find_calls(&encoder->zstd, problem))
		encoder->context = encoder->zstd.ZSTD_createCCtx();
	if (encoder == NULL || encoder->context == NULL) {
		free(encoder);
		return NULL;
	}
	if (level > encoder->zstd.ZSTD_maxCLevel())
		level = encoder->zstd.ZSTD_maxCLevel();
	encoder->zstd.ZSTD_CCtx_setParameter(encoder->context, ZSTD_c_compressionLevel, level);
	encoder->zstd.ZSTD_CCtx_setParameter(encoder->context, ZSTD_c_checksumFlag, 1);
	return encoder;
}

/* Encodes what is in `in`, as far as `end` says. */
static bool push(struct encoder *encoder, ZSTD_inBuffer *in, ZSTD_EndDirective end, codec_sink sink, void *user)
{
	size_t room = encoder->zstd.ZSTD_CStreamOutSize(), left;
	u_char *step = malloc(room);
	bool good = step != NULL;

	do {
		ZSTD_outBuffer out = {step, room, 0};

		if (!good)
			break;
		left = encoder->zstd.ZSTD_compressStream2(encoder->context, &out, in, end);
		good = !encoder->zstd.ZSTD_isError(left) && (out.pos == 0 || sink(user, step, out.pos));
		encoder->frame_out += out.pos;
	} while (end == ZSTD_e_continue ? in->pos < in->size : left != 0);
	free(step);
	return good;
}

static bool end_frame(struct encoder *encoder, codec_sink sink, void *user)
{
	ZSTD_inBuffer nothing = {"", 0, 0};

	if (!push(encoder, &nothing, ZSTD_e_end, sink, user))
		return false;
	if (encoder->frame_count == encoder->frame_capacity) {
		uint32_t capacity = encoder->frame_capacity * 2 + 64;
		uint32_t(*frames)[2] = realloc(encoder->frames, capacity * sizeof(*frames));

		if (frames == NULL)
			return false;
		encoder->frames = frames;
		encoder->frame_capacity = capacity;
	}
	encoder->frames[encoder->frame_count][0] = (uint32_t)encoder->frame_out;
	encoder->frames[encoder->frame_count++][1] = (uint32_t)encoder->frame_in;
	encoder->frame_in = encoder->frame_out = 0;
	return true;
}

static void put32(u_char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (u_char)(value >> 8 * i); /* the format is little-endian */
}

static bool put_seek_table(struct encoder *encoder, codec_sink sink, void *user)
{
	size_t size = 8 + (size_t)encoder->frame_count * 8 + SEEK_TABLE_FOOTER_SIZE;
	u_char *table = malloc(size), *at = table;
	bool good;

	if (table == NULL)
		return false;
	put32(at, SEEK_TABLE_MAGIC);
	put32(at + 4, (uint32_t)(size - 8));
	at += 8;
	for (uint32_t i = 0; i < encoder->frame_count; i++, at += 8) {
		put32(at, encoder->frames[i][0]);
		put32(at + 4, encoder->frames[i][1]);
	}
	put32(at, encoder->frame_count);
	at[4] = 0; /* no checksums in the table: the frames have their own */
	put32(at + 5, SEEKABLE_MAGIC);
	good = sink(user, table, size);
	free(table);
	return good;
}

static bool encode(void *state, const void *bytes, size_t size, enum codec_until until, codec_sink sink, void *user)
{
	struct encoder *encoder = state;
	ZSTD_inBuffer in = {bytes, 0, 0};

	while (in.size < size) {
		size_t before = in.pos, left = size - in.size, room = FRAME_SIZE - encoder->frame_in;

		in.size += left < room ? left : room;
		if (!push(encoder, &in, ZSTD_e_continue, sink, user))
			return false;
		encoder->frame_in += in.pos - before;
		if (encoder->frame_in == FRAME_SIZE && !end_frame(encoder, sink, user))
			return false;
	}
	if (until == CODEC_FLUSH && encoder->frame_in > 0)
		return push(encoder, &in, ZSTD_e_flush, sink, user);
	if (until != CODEC_END)
		return true;
	return (encoder->frame_in == 0 || end_frame(encoder, sink, user)) && put_seek_table(encoder, sink, user);
}

static void end_encoding(void *state)
{
	struct encoder *encoder = state;

	encoder->zstd.ZSTD_freeCCtx(encoder->context);
	free(encoder->frames);
	free(encoder);
}

const struct codec pcapint_codec_zstd = {
	start_decoding, decode, end_decoding, start_encoding, encode, end_encoding};
