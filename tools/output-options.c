/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command line says of the savefiles that are to be written, and what that comes to for the library's writer.
 */
#include "output-options.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "units.h"

/* tcpdump's -C counts so, if there is no letter behind the number. */
#define FILE_SIZE_UNIT 1000000
/* dumpcap's -b filesize counts so. */
#define RING_SIZE_UNIT 1000

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Names ---- */

struct named_value {
	const char *name;
	int value;
};

static const struct named_value formats[] = {{"pcapng", PCAP_FORMAT_PCAPNG}, {"pcap", PCAP_FORMAT_PCAP}};

static const struct named_value compressions[] = {{"none", PCAP_COMPRESSION_NONE}, {"gzip", PCAP_COMPRESSION_GZIP},
	{"zstd", PCAP_COMPRESSION_ZSTD}, {"lz4", PCAP_COMPRESSION_LZ4}};

static const struct named_value format_endings[] = {{".pcapng", PCAP_FORMAT_PCAPNG}, {".ntar", PCAP_FORMAT_PCAPNG},
	{".pcap", PCAP_FORMAT_PCAP}, {".cap", PCAP_FORMAT_PCAP}, {".dmp", PCAP_FORMAT_PCAP}};

static const struct named_value compression_endings[] = {
	{".gz", PCAP_COMPRESSION_GZIP}, {".zst", PCAP_COMPRESSION_ZSTD}, {".lz4", PCAP_COMPRESSION_LZ4}};

static bool find_name(const struct named_value *names, size_t count, const char *name, void *field)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i].name, name) == 0) {
			*(int *)field = names[i].value;
			return true;
		}
	}
	return false;
}

/* The row whose name ends the first `length` characters; NULL if there is none. */
static const struct named_value *find_ending(
	const struct named_value *endings, size_t count, const char *path, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(endings[i].name);

		if (length > size && strncmp(path + length - size, endings[i].name, size) == 0)
			return &endings[i];
	}
	return NULL;
}

/* ---- Options ---- */

bool option_format(void *field, const char *value, const char **wanted)
{
	*wanted = "pcapng or pcap";
	return find_name(formats, COUNT(formats), value, field);
}

bool option_compression(void *field, const char *value, const char **wanted)
{
	*wanted = "none, gzip, zstd or lz4";
	return find_name(compressions, COUNT(compressions), value, field);
}

bool option_file_size(void *field, const char *value, const char **wanted)
{
	uint64_t *bytes = field;

	*wanted = "a number of millions of bytes, or with k, M or G behind it";
	if (parse_count(value, bytes))
		return *bytes > 0 && !__builtin_mul_overflow(*bytes, FILE_SIZE_UNIT, bytes);
	return parse_size(value, bytes) && *bytes > 0;
}

bool option_files(void *field, const char *value, const char **wanted)
{
	*wanted = "a number from 1 to 1000000";
	return parse_count(value, field) && *(uint64_t *)field > 0 && *(uint64_t *)field <= 1000000;
}

bool option_ring(void *field, const char *value, const char **wanted)
{
	static const struct {
		const char *name;
		option_parser parse;
		size_t offset;
		uint64_t unit;
	} rows[] = {
		{"filesize:", option_count, offsetof(struct output_settings, max_bytes), RING_SIZE_UNIT},
		{"duration:", option_seconds, offsetof(struct output_settings, max_nanoseconds), 1},
		{"packets:", option_count, offsetof(struct output_settings, max_packets), 1},
		{"files:", option_files, offsetof(struct output_settings, max_files), 1},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t *number = (uint64_t *)((char *)field + rows[i].offset);
		size_t length = strlen(rows[i].name);

		if (strncmp(value, rows[i].name, length) == 0)
			return rows[i].parse(number, value + length, wanted) &&
			       !__builtin_mul_overflow(*number, rows[i].unit, number);
	}
	*wanted = "filesize:kB, duration:S, packets:N or files:N";
	return false;
}

/* ---- What they come to ---- */

bool output_rotates(const struct output_settings *settings)
{
	return settings->max_bytes != 0 || settings->max_packets != 0 || settings->max_nanoseconds != 0;
}

int output_format(const struct output_settings *settings, int otherwise)
{
	size_t length = strlen(settings->path);
	const struct named_value *ending;

	if (settings->format != NOT_KNOWN)
		return settings->format;
	ending = find_ending(compression_endings, COUNT(compression_endings), settings->path, length);
	if (ending != NULL)
		length -= strlen(ending->name);
	ending = find_ending(format_endings, COUNT(format_endings), settings->path, length);
	return ending != NULL ? ending->value : otherwise;
}

int output_compression(const struct output_settings *settings)
{
	const struct named_value *ending;

	if (settings->compression != NOT_KNOWN)
		return settings->compression;
	ending = find_ending(
		compression_endings, COUNT(compression_endings), settings->path, strlen(settings->path));
	return ending != NULL ? ending->value : PCAP_COMPRESSION_NONE;
}

static bool says_how_to_write(const struct output_settings *settings)
{
	return settings->format != NOT_KNOWN || settings->compression != NOT_KNOWN || output_rotates(settings) ||
	       settings->max_files != 0 || settings->writer_thread || settings->append || settings->atomic ||
	       settings->sync || settings->comments.count > 0;
}

const char *output_contradiction(const struct output_settings *settings)
{
	if (settings->path == NULL)
		return says_how_to_write(settings) ? "there are options for a savefile, and no -w FILE" : NULL;
	if (strcmp(settings->path, "-") == 0 && isatty(STDOUT_FILENO))
		return "-w -: standard output is a terminal; a savefile goes to a file or a pipe";
	if (strcmp(settings->path, "-") == 0 && (output_rotates(settings) || settings->atomic || settings->append))
		return "-w -: standard output is one file, that is there already";
	if (settings->max_files != 0 && !output_rotates(settings))
		return "-W N goes with -C, -G or --file-packets, which begin new files";
	if (settings->append && (output_rotates(settings) || settings->atomic))
		return "--append goes with one file only, which has its name";
	if (settings->append && output_compression(settings) != PCAP_COMPRESSION_NONE)
		return "--append: compressed files can't be appended to";
	if (settings->comments.count > 0 && output_format(settings, PCAP_FORMAT_PCAPNG) == PCAP_FORMAT_PCAP)
		return "--comment: a pcap file has no place for comments; a pcapng file has";
	return NULL;
}

struct pcap_writer_options output_writer_options(const struct output_settings *settings, int format, int precision)
{
	return (struct pcap_writer_options){.format = format,
		.precision = precision,
		.append = settings->append,
		.atomic = settings->atomic,
		.sync = settings->sync ? PCAP_FSYNC_FINISHED : PCAP_FSYNC_NEVER,
		.background = settings->writer_thread,
		.queue_size = settings->queue_size,
		.max_bytes = settings->max_bytes,
		.max_packets = settings->max_packets,
		.max_nanoseconds = settings->max_nanoseconds,
		.max_files = (uint32_t)settings->max_files,
		.compression = output_compression(settings)};
}

/* ---- The files that come of a pattern ---- */

/* What the library makes of a pattern's last part, as a pattern for fnmatch(): a * for each % and its letter. */
static char *file_pattern(const char *name, bool rotates)
{
	const char *dot = strchr(name + (*name == '.'), '.');
	size_t stem = dot == NULL ? strlen(name) : (size_t)(dot - name);
	bool numbered = rotates && strchr(name, '%') == NULL;
	char *pattern = malloc(2 * strlen(name) + 3), *to = pattern;

	for (size_t i = 0; pattern != NULL && i <= strlen(name); i++) {
		if (numbered && i == stem)
			to = stpcpy(to, "_*");
		if (name[i] == '\0')
			break;
		if (rotates && name[i] == '%' && name[i + 1] != '\0') {
			*to++ = '*';
			i++;
			continue;
		}
		if (strchr("*?[\\", name[i]) != NULL)
			*to++ = '\\';
		*to++ = name[i];
	}
	if (pattern != NULL)
		*to = '\0';
	return pattern;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool same_folder(const char *a, const char *b)
{
	struct stat one, other;
	char *folder_a = strndup(a, (size_t)(last_part(a) - a));
	char *folder_b = strndup(b, (size_t)(last_part(b) - b));
	bool same = folder_a != NULL && folder_b != NULL && stat(*folder_a == '\0' ? "." : folder_a, &one) == 0 &&
		    stat(*folder_b == '\0' ? "." : folder_b, &other) == 0 && one.st_dev == other.st_dev &&
		    one.st_ino == other.st_ino;

	free(folder_a);
	free(folder_b);
	return same;
}

bool output_could_be(const struct output_settings *settings, const char *path)
{
	bool standard_output = strcmp(settings->path, "-") == 0, standard_input = strcmp(path, "-") == 0;
	struct stat one, other;
	char *pattern;
	bool matches;

	if (!output_rotates(settings))
		return (standard_output ? fstat(STDOUT_FILENO, &one) : stat(settings->path, &one)) == 0 &&
		       (standard_input ? fstat(STDIN_FILENO, &other) : stat(path, &other)) == 0 &&
		       S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
	if (standard_input)
		return false;
	pattern = file_pattern(last_part(settings->path), true);
	matches = pattern != NULL && fnmatch(pattern, last_part(path), 0) == 0 && same_folder(settings->path, path);
	free(pattern);
	return matches;
}
