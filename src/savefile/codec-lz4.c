/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The LZ4 frame format, by liblz4.
 */
#include "savefile/codec-calls.h"

#include <errno.h>
#include <lz4frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are encoded in a step. */
#define STEP (64 * 1024)

/* Of the library, found when a file is opened. */
struct lz4 {
	LZ4_CALLS(CODEC_CALL_MEMBER)
};

static bool find_calls(struct lz4 *calls, char problem[CODEC_PROBLEM_SIZE])
{
	static const char *const names[] = {LZ4_CALLS(CODEC_CALL_NAME)};
	void *found[sizeof(names) / sizeof(names[0])];

	_Static_assert(sizeof(found) == sizeof(*calls), "each name has a member");
	if (!pcapint_codec_calls(LZ4_SONAME, names, sizeof(names) / sizeof(names[0]), found, problem))
		return false;
	memcpy(calls, found, sizeof(*calls));
	return true;
}

struct decoder {
	struct lz4 lz4;
	LZ4F_dctx *context;
	bool inside; /* a frame */
};

struct encoder {
	struct lz4 lz4;
	LZ4F_cctx *context;
	LZ4F_preferences_t preferences;
	bool begun;
};

static void *start_decoding(char problem[CODEC_PROBLEM_SIZE])
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	snprintf(problem, CODEC_PROBLEM_SIZE, CODEC_NO_MEMORY);
	if (decoder != NULL && find_calls(&decoder->lz4, problem) &&
		!decoder->lz4.LZ4F_isError(
			decoder->lz4.LZ4F_createDecompressionContext(&decoder->context, LZ4F_VERSION)))
		return decoder;
	free(decoder);
	return NULL;
}

static enum codec_status decode(void *state, struct codec_piece *piece)
{
	struct decoder *decoder = state;
	size_t status;

	if (piece->in_size == 0 && !decoder->inside)
		return CODEC_COMPLETE;
	piece->taken = piece->in_size;
	piece->made = piece->out_size;
	status = decoder->lz4.LZ4F_decompress(
		decoder->context, piece->out, &piece->made, piece->in, &piece->taken, NULL);
	if (decoder->lz4.LZ4F_isError(status)) {
		snprintf(piece->problem, sizeof(piece->problem), "%.60s", decoder->lz4.LZ4F_getErrorName(status));
		return CODEC_DAMAGED;
	}
	decoder->inside = status != 0;
	return decoder->inside ? CODEC_INSIDE : CODEC_COMPLETE;
}

static void end_decoding(void *state)
{
	struct decoder *decoder = state;

	decoder->lz4.LZ4F_freeDecompressionContext(decoder->context);
	free(decoder);
}

static void *start_encoding(int level, char problem[CODEC_PROBLEM_SIZE])
{
	struct encoder *encoder = calloc(1, sizeof(*encoder));

	snprintf(problem, CODEC_PROBLEM_SIZE, CODEC_NO_MEMORY);
	if (encoder == NULL || !find_calls(&encoder->lz4, problem) ||
		encoder->lz4.LZ4F_isError(
			encoder->lz4.LZ4F_createCompressionContext(&encoder->context, LZ4F_VERSION))) {
		free(encoder);
		return NULL;
	}
	encoder->preferences.compressionLevel = level;
	encoder->preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	return encoder;
}

static bool encode_step(struct encoder *encoder, const u_char *bytes, size_t size, u_char *step, size_t room,
	codec_sink sink, void *user)
{
	size_t made = encoder->lz4.LZ4F_compressUpdate(encoder->context, step, room, bytes, size, NULL);

	return !encoder->lz4.LZ4F_isError(made) && (made == 0 || sink(user, step, made));
}

static bool encode(void *state, const void *bytes, size_t size, enum codec_until until, codec_sink sink, void *user)
{
	struct encoder *encoder = state;
	size_t room = encoder->lz4.LZ4F_compressBound(STEP, &encoder->preferences) + LZ4F_HEADER_SIZE_MAX, made = 0;
	u_char *step = malloc(room);
	bool good = step != NULL;

	if (good && !encoder->begun) {
		made = encoder->lz4.LZ4F_compressBegin(encoder->context, step, room, &encoder->preferences);
		good = !encoder->lz4.LZ4F_isError(made) && sink(user, step, made);
		encoder->begun = true;
	}
	for (size_t at = 0; good && at < size; at += STEP)
		good = encode_step(encoder, (const u_char *)bytes + at, size - at < STEP ? size - at : STEP, step,
			room, sink, user);
	if (good && until != CODEC_MORE) {
		made = until == CODEC_END ? encoder->lz4.LZ4F_compressEnd(encoder->context, step, room, NULL)
					  : encoder->lz4.LZ4F_flush(encoder->context, step, room, NULL);
		good = !encoder->lz4.LZ4F_isError(made) && (made == 0 || sink(user, step, made));
	}
	free(step);
	return good;
}

static void end_encoding(void *state)
{
	struct encoder *encoder = state;

	encoder->lz4.LZ4F_freeCompressionContext(encoder->context);
	free(encoder);
}

const struct codec pcapint_codec_lz4 = {start_decoding, decode, end_decoding, start_encoding, encode, end_encoding};
