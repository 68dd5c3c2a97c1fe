/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The compressed formats, a row each, and which of them this library was built with.
 */
#include "savefile/codec.h"

#include <string.h>

#include <pcap/pcapng.h>

#ifdef HAVE_ZLIB
#define GZIP &pcapint_codec_gzip
#else
#define GZIP NULL
#endif
#ifdef HAVE_ZSTD
#define ZSTD &pcapint_codec_zstd
#else
#define ZSTD NULL
#endif
#ifdef HAVE_LZ4
#define LZ4 &pcapint_codec_lz4
#else
#define LZ4 NULL
#endif

/* Magic numbers: RFC 1952, RFC 8878, the LZ4 frame format's description. */
static const struct compression compressions[] = {
	{PCAP_COMPRESSION_GZIP, "gzip", ".gz", {0x1f, 0x8b}, 2, "zlib", GZIP},
	{PCAP_COMPRESSION_ZSTD, "zstd", ".zst", {0x28, 0xb5, 0x2f, 0xfd}, 4, "libzstd", ZSTD},
	{PCAP_COMPRESSION_LZ4, "lz4", ".lz4", {0x04, 0x22, 0x4d, 0x18}, 4, "liblz4", LZ4},
};
#define COMPRESSION_COUNT (sizeof(compressions) / sizeof(compressions[0]))

const struct compression *pcapint_compression_by_magic(const u_char first[4])
{
	for (size_t i = 0; i < COMPRESSION_COUNT; i++)
		if (memcmp(first, compressions[i].magic, compressions[i].magic_size) == 0)
			return &compressions[i];
	return NULL;
}

const struct compression *pcapint_compression_by_number(int number)
{
	for (size_t i = 0; i < COMPRESSION_COUNT; i++)
		if (compressions[i].number == number)
			return &compressions[i];
	return NULL;
}

const struct compression *pcapint_compression_by_name(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < COMPRESSION_COUNT; i++) {
		size_t suffix = strlen(compressions[i].suffix);

		if (length > suffix && strcmp(path + length - suffix, compressions[i].suffix) == 0)
			return &compressions[i];
	}
	return NULL;
}
