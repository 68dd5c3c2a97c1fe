/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the codecs call of their libraries. The shared library loads these when a compressed file is opened
 * (codec-load.c), so that programs that open none need nothing of them; the archive is linked with them (codec-link.c).
 * For src/savefile only.
 */
#ifndef WEIR_SAVEFILE_CODEC_CALLS_H
#define WEIR_SAVEFILE_CODEC_CALLS_H

#include "savefile/codec.h"

#define ZLIB_SONAME "libz.so.1"
#define ZLIB_CALLS(X)                                                                                              \
	X(inflateInit2_)                                                                                           \
	X(inflateReset) X(inflate) X(inflateEnd) X(zError) X(deflateInit2_) X(deflate) X(deflateEnd)

#define ZSTD_SONAME "libzstd.so.1"
#define ZSTD_CALLS(X)                                                                                              \
	X(ZSTD_createDCtx)                                                                                         \
	X(ZSTD_decompressStream)                                                                                   \
	X(ZSTD_freeDCtx)                                                                                           \
	X(ZSTD_isError)                                                                                            \
	X(ZSTD_getErrorName)                                                                                       \
	X(ZSTD_createCCtx)                                                                                         \
	X(ZSTD_CCtx_setParameter) X(ZSTD_compressStream2) X(ZSTD_CStreamOutSize) X(ZSTD_freeCCtx) X(ZSTD_maxCLevel)

#define LZ4_SONAME "liblz4.so.1"
#define LZ4_CALLS(X)                                                                                               \
	X(LZ4F_createDecompressionContext)                                                                         \
	X(LZ4F_decompress)                                                                                         \
	X(LZ4F_freeDecompressionContext)                                                                           \
	X(LZ4F_isError)                                                                                            \
	X(LZ4F_getErrorName)                                                                                       \
	X(LZ4F_createCompressionContext)                                                                           \
	X(LZ4F_compressBegin)                                                                                      \
	X(LZ4F_compressBound)                                                                                      \
	X(LZ4F_compressUpdate) X(LZ4F_flush) X(LZ4F_compressEnd) X(LZ4F_freeCompressionContext)

/* Makes of such a list the members of a structure, or their names. */
#define CODEC_CALL_MEMBER(name) __typeof__(name) *name;
#define CODEC_CALL_NAME(name) #name,

/*
 * Finds the calls of a library: pointers to the named ones, in that order, into calls. False, with why in problem, if
 * it is not there.
 */
bool pcapint_codec_calls(
	const char *soname, const char *const *names, size_t count, void **calls, char problem[CODEC_PROBLEM_SIZE]);

#endif
