/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gzip (RFC 1952), by zlib. A file can have several members one after the other.
 */
#include "savefile/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* The largest window, and a gzip header. */
#define WINDOW_BITS (15 + 16)

/* Bytes that are handed to the sink in a step. */
#define STEP (64 * 1024)

struct decoder {
	z_stream stream;
	bool complete; /* at the end of a member */
};

static void *start_decoding(void)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder != NULL && inflateInit2(&decoder->stream, WINDOW_BITS) != Z_OK) {
		free(decoder);
		return NULL;
	}
	return decoder;
}

static enum codec_status decode(void *state, struct codec_piece *piece)
{
	struct decoder *decoder = state;
	z_stream *stream = &decoder->stream;
	int status;

	if (piece->in_size == 0)
		return decoder->complete ? CODEC_COMPLETE : CODEC_INSIDE;
	if (decoder->complete)
		inflateReset(stream);
	stream->next_in = (Bytef *)piece->in;
	stream->avail_in = (uInt)piece->in_size;
	stream->next_out = piece->out;
	stream->avail_out = (uInt)piece->out_size;
	status = inflate(stream, Z_NO_FLUSH);
	piece->taken = piece->in_size - stream->avail_in;
	piece->made = piece->out_size - stream->avail_out;
	decoder->complete = status == Z_STREAM_END;
	if (status == Z_OK || status == Z_BUF_ERROR)
		return CODEC_INSIDE;
	if (status == Z_STREAM_END)
		return CODEC_COMPLETE;
	snprintf(piece->problem, sizeof(piece->problem), "%.60s",
		stream->msg != NULL ? stream->msg : zError(status));
	return CODEC_DAMAGED;
}

static void end_decoding(void *state)
{
	struct decoder *decoder = state;

	inflateEnd(&decoder->stream);
	free(decoder);
}

static void *start_encoding(int level)
{
	z_stream *stream = calloc(1, sizeof(*stream));

	if (level == 0)
		level = Z_DEFAULT_COMPRESSION;
	else if (level > Z_BEST_COMPRESSION)
		level = Z_BEST_COMPRESSION;
	if (stream != NULL && deflateInit2(stream, level, Z_DEFLATED, WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(stream);
		return NULL;
	}
	return stream;
}

static bool encode(void *state, const void *bytes, size_t size, enum codec_until until, codec_sink sink, void *user)
{
	static const int flushes[] = {
		[CODEC_MORE] = Z_NO_FLUSH, [CODEC_FLUSH] = Z_SYNC_FLUSH, [CODEC_END] = Z_FINISH};
	z_stream *stream = state;
	u_char *step = malloc(STEP);
	bool good = step != NULL;

	stream->next_in = (Bytef *)bytes;
	stream->avail_in = (uInt)size;
	while (good) {
		stream->next_out = step;
		stream->avail_out = STEP;
		deflate(stream, flushes[until]);
		if (stream->avail_out == STEP)
			break;
		good = sink(user, step, STEP - stream->avail_out);
		if (stream->avail_out != 0)
			break;
	}
	free(step);
	return good;
}

static void end_encoding(void *state)
{
	deflateEnd(state);
	free(state);
}

const struct codec pcapint_codec_gzip = {
	start_decoding, decode, end_decoding, start_encoding, encode, end_encoding};
