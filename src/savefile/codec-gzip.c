/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gzip (RFC 1952), by zlib. A file can have several members one after the other.
 */
#include "savefile/codec-calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The largest window, and a gzip header. */
#define WINDOW_BITS (15 + 16)

/* Bytes that are handed to the sink in a step. */
#define STEP (64 * 1024)

/* Of the library, found when a file is opened. */
struct zlib {
	ZLIB_CALLS(CODEC_CALL_MEMBER)
};

static bool find_calls(struct zlib *calls, char problem[CODEC_PROBLEM_SIZE])
{
	static const char *const names[] = {ZLIB_CALLS(CODEC_CALL_NAME)};
	void *found[sizeof(names) / sizeof(names[0])];

	_Static_assert(sizeof(found) == sizeof(*calls), "each name has a member");
	if (!pcapint_codec_calls(ZLIB_SONAME, names, sizeof(names) / sizeof(names[0]), found, problem))
		return false;
	memcpy(calls, found, sizeof(*calls));
	return true;
}

struct decoder {
	struct zlib zlib;
	z_stream stream;
	bool complete; /* at the end of a member */
};

static void *start_decoding(char problem[CODEC_PROBLEM_SIZE])
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	snprintf(problem, CODEC_PROBLEM_SIZE, CODEC_NO_MEMORY);
	if (decoder != NULL && find_calls(&decoder->zlib, problem) &&
		decoder->zlib.inflateInit2_(
			&decoder->stream, WINDOW_BITS, ZLIB_VERSION, (int)sizeof(decoder->stream)) == Z_OK)
		return decoder;
	free(decoder);
	return NULL;
}

static enum codec_status decode(void *state, struct codec_piece *piece)
{
	struct decoder *decoder = state;
	z_stream *stream = &decoder->stream;
	int status;

	if (piece->in_size == 0)
		return decoder->complete ? CODEC_COMPLETE : CODEC_INSIDE;
	if (decoder->complete)
		decoder->zlib.inflateReset(stream);
	stream->next_in = (Bytef *)piece->in;
	stream->avail_in = (uInt)piece->in_size;
	stream->next_out = piece->out;
	stream->avail_out = (uInt)piece->out_size;
	status = decoder->zlib.inflate(stream, Z_NO_FLUSH);
	piece->taken = piece->in_size - stream->avail_in;
	piece->made = piece->out_size - stream->avail_out;
	decoder->complete = status == Z_STREAM_END;
	if (status == Z_OK || status == Z_BUF_ERROR)
		return CODEC_INSIDE;
	if (status == Z_STREAM_END)
		return CODEC_COMPLETE;
	snprintf(piece->problem, sizeof(piece->problem), "%.60s",
		stream->msg != NULL ? stream->msg : decoder->zlib.zError(status));
	return CODEC_DAMAGED;
}

static void end_decoding(void *state)
{
	struct decoder *decoder = state;

	decoder->zlib.inflateEnd(&decoder->stream);
	free(decoder);
}

struct encoder {
	struct zlib zlib;
	z_stream stream;
};

static void *start_encoding(int level, char problem[CODEC_PROBLEM_SIZE])
{
	struct encoder *encoder = calloc(1, sizeof(*encoder));

	if (level == 0)
		level = Z_DEFAULT_COMPRESSION;
	else if (level > Z_BEST_COMPRESSION)
		level = Z_BEST_COMPRESSION;
	snprintf(problem, CODEC_PROBLEM_SIZE, CODEC_NO_MEMORY);
	if (encoder != NULL && find_calls(&encoder->zlib, problem) &&
		encoder->zlib.deflateInit2_(&encoder->stream, level, Z_DEFLATED, WINDOW_BITS, 8, Z_DEFAULT_STRATEGY,
			ZLIB_VERSION, (int)sizeof(encoder->stream)) == Z_OK)
		return encoder;
	free(encoder);
	return NULL;
}

static bool encode(void *state, const void *bytes, size_t size, enum codec_until until, codec_sink sink, void *user)
{
	static const int flushes[] = {
		[CODEC_MORE] = Z_NO_FLUSH, [CODEC_FLUSH] = Z_SYNC_FLUSH, [CODEC_END] = Z_FINISH};
	struct encoder *encoder = state;
	z_stream *stream = &encoder->stream;
	u_char *step = malloc(STEP);
	bool good = step != NULL;

	stream->next_in = (Bytef *)bytes;
	stream->avail_in = (uInt)size;
	while (good) {
		stream->next_out = step;
		stream->avail_out = STEP;
		encoder->zlib.deflate(stream, flushes[until]);
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
	struct encoder *encoder = state;

	encoder->zlib.deflateEnd(&encoder->stream);
	free(encoder);
}

const struct codec pcapint_codec_gzip = {
	start_decoding, decode, end_decoding, start_encoding, encode, end_encoding};
