/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command line says of the savefiles that are to be written: the options that `weir capture` and `weir read`
 * share, and what they come to for the library's writer.
 */
#ifndef WEIR_OUTPUT_OPTIONS_H
#define WEIR_OUTPUT_OPTIONS_H

#include <pcap/pcapng.h>

#include "decode.h"
#include "options.h"

struct output_settings {
	const char *path; /* "-": standard output; NULL: packets are printed */
	int format;       /* PCAP_FORMAT_, or NOT_KNOWN: by the name */
	int compression;  /* PCAP_COMPRESSION_, or NOT_KNOWN: by the name */
	uint64_t max_bytes;
	uint64_t max_packets;
	uint64_t max_nanoseconds;
	uint64_t max_files;
	uint64_t queue_size; /* 0: the default */
	bool writer_thread;
	bool append;
	bool atomic;
	bool sync;
	struct option_list comments;
};

#define OUTPUT_SETTINGS_DEFAULT                                                                                    \
	{                                                                                                          \
		.format = NOT_KNOWN, .compression = NOT_KNOWN                                                      \
	}

/* Rows of a table of options, for a structure of settings that has a struct output_settings as its member. */
#define OUTPUT_OPTIONS(settings, member)                                                                           \
	{'w', "write", "FILE", "write the packets to a savefile; - is standard output", option_text,               \
		offsetof(settings, member.path)},                                                                  \
		{'F', "format", "FORMAT", "of the savefile: pcapng or pcap; else as its name ends", option_format, \
			offsetof(settings, member.format)},                                                        \
		{0, "compress", "HOW", "none, gzip, zstd or lz4; else as the name ends", option_compression,       \
			offsetof(settings, member.compression)},                                                   \
		{'C', "file-size", "SIZE", "begin a new file after SIZE millions of bytes; or k, M, G follow",     \
			option_file_size, offsetof(settings, member.max_bytes)},                                   \
		{'G', "file-seconds", "S", "begin a new file after S seconds", option_seconds,                     \
			offsetof(settings, member.max_nanoseconds)},                                               \
		{0, "file-packets", "N", "begin a new file after N packets", option_count,                         \
			offsetof(settings, member.max_packets)},                                                   \
		{'W', "files", "N", "keep the last N files", option_files, offsetof(settings, member.max_files)},  \
		{'b', "ring-buffer", "WHAT:VALUE",                                                                 \
			"the same as dumpcap says it: filesize:kB, duration:S, packets:N, files:N", option_ring,   \
			offsetof(settings, member)},                                                               \
		{0, "append", NULL, "go on at the end of the file, if it is there", option_flag,                   \
			offsetof(settings, member.append)},                                                        \
		{0, "atomic", NULL, "give a file its name only once it is finished", option_flag,                  \
			offsetof(settings, member.atomic)},                                                        \
		{0, "fsync", NULL, "bring each finished file onto the disk", option_flag,                          \
			offsetof(settings, member.sync)},                                                          \
	{                                                                                                          \
		0, "comment", "TEXT", "put a comment into the file; can be given several times", option_list,      \
			offsetof(settings, member.comments)                                                        \
	}

bool option_format(void *field, const char *value, const char **wanted);      /* int */
bool option_compression(void *field, const char *value, const char **wanted); /* int */
bool option_file_size(void *field, const char *value, const char **wanted);   /* uint64_t */
bool option_files(void *field, const char *value, const char **wanted);       /* uint64_t */
bool option_ring(void *field, const char *value, const char **wanted);        /* struct output_settings */

/* Whether there can be more than one file. */
bool output_rotates(const struct output_settings *settings);
/* The format: what was asked for, what the name ends in, or else the given one. */
int output_format(const struct output_settings *settings, int otherwise);
/* The compression; that of a name that ends in none is none. */
int output_compression(const struct output_settings *settings);
/* What is wrong with settings that are each right, or NULL. */
const char *output_contradiction(const struct output_settings *settings);
/* For pcap_writer_open(). */
struct pcap_writer_options output_writer_options(const struct output_settings *settings, int format, int precision);
/* Whether one of the files that are written could be the named one. */
bool output_could_be(const struct output_settings *settings, const char *path);

#endif
