/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls of the codecs' libraries, for the archive: a program that links with it has these as well, and can be one
 * that loads nothing.
 */
#include "savefile/codec-calls.h"

#include <string.h>

#define ADDRESS(name) (void *)name,

#ifdef HAVE_ZLIB
#include <zlib.h>
#define ZLIB_ADDRESSES ZLIB_CALLS(ADDRESS)
#else
#define ZLIB_ADDRESSES
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#define ZSTD_ADDRESSES ZSTD_CALLS(ADDRESS)
#else
#define ZSTD_ADDRESSES
#endif
#ifdef HAVE_LZ4
#include <lz4frame.h>
#define LZ4_ADDRESSES LZ4_CALLS(ADDRESS)
#else
#define LZ4_ADDRESSES
#endif

static void *const zlib_calls[] = {ZLIB_ADDRESSES NULL};
static void *const zstd_calls[] = {ZSTD_ADDRESSES NULL};
static void *const lz4_calls[] = {LZ4_ADDRESSES NULL};

static const struct {
	const char *soname;
	void *const *calls;
} libraries[] = {{ZLIB_SONAME, zlib_calls}, {ZSTD_SONAME, zstd_calls}, {LZ4_SONAME, lz4_calls}};

bool pcapint_codec_calls(
	const char *soname, const char *const *names, size_t count, void **calls, char problem[CODEC_PROBLEM_SIZE])
{
	(void)names;
	problem[0] = '\0';
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (strcmp(libraries[i].soname, soname) == 0)
			memcpy(calls, libraries[i].calls, count * sizeof(*calls));
	return true;
}
