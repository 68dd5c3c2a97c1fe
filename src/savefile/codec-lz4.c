/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The LZ4 frame format, by liblz4.
 */
#include "savefile/codec.h"

#include <errno.h>
#include <lz4frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are encoded in a step. */
#define STEP (64 * 1024)

struct decoder {
	LZ4F_dctx *context;
	bool inside; /* a frame */
};

struct encoder {
	LZ4F_cctx *context;
	LZ4F_preferences_t preferences;
	bool begun;
};

static void *start_decoding(void)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder != NULL && LZ4F_isError(LZ4F_createDecompressionContext(&decoder->context, LZ4F_VERSION))) {
		free(decoder);
		return NULL;
	}
	return decoder;
}

static enum codec_status decode(void *state, struct codec_piece *piece)
{
	struct decoder *decoder = state;
	size_t status;

	if (piece->in_size == 0 && !decoder->inside)
		return CODEC_COMPLETE;
	piece->taken = piece->in_size;
	piece->made = piece->out_size;
	status = LZ4F_decompress(decoder->context, piece->out, &piece->made, piece->in, &piece->taken, NULL);
	if (LZ4F_isError(status)) {
		snprintf(piece->problem, sizeof(piece->problem), "%.60s", LZ4F_getErrorName(status));
		return CODEC_DAMAGED;
	}
	decoder->inside = status != 0;
	return decoder->inside ? CODEC_INSIDE : CODEC_COMPLETE;
}

static void end_decoding(void *state)
{
	struct decoder *decoder = state;

	LZ4F_freeDecompressionContext(decoder->context);
	free(decoder);
}

static void *start_encoding(int level)
{
	struct encoder *encoder = calloc(1, sizeof(*encoder));

	if (encoder == NULL)
		return NULL;
	if (LZ4F_isError(LZ4F_createCompressionContext(&encoder->context, LZ4F_VERSION))) {
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
	size_t made = LZ4F_compressUpdate(encoder->context, step, room, bytes, size, NULL);

	return !LZ4F_isError(made) && (made == 0 || sink(user, step, made));
}

static bool encode(void *state, const void *bytes, size_t size, enum codec_until until, codec_sink sink, void *user)
{
	struct encoder *encoder = state;
	size_t room = LZ4F_compressBound(STEP, &encoder->preferences) + LZ4F_HEADER_SIZE_MAX, made = 0;
	u_char *step = malloc(room);
	bool good = step != NULL;

	if (good && !encoder->begun) {
		made = LZ4F_compressBegin(encoder->context, step, room, &encoder->preferences);
		good = !LZ4F_isError(made) && sink(user, step, made);
		encoder->begun = true;
	}
	for (size_t at = 0; good && at < size; at += STEP)
		good = encode_step(encoder, (const u_char *)bytes + at, size - at < STEP ? size - at : STEP, step,
			room, sink, user);
	if (good && until != CODEC_MORE) {
		made = until == CODEC_END ? LZ4F_compressEnd(encoder->context, step, room, NULL)
					  : LZ4F_flush(encoder->context, step, room, NULL);
		good = !LZ4F_isError(made) && (made == 0 || sink(user, step, made));
	}
	free(step);
	return good;
}

static void end_encoding(void *state)
{
	struct encoder *encoder = state;

	LZ4F_freeCompressionContext(encoder->context);
	free(encoder);
}

const struct codec pcapint_codec_lz4 = {start_decoding, decode, end_decoding, start_encoding, encode, end_encoding};
