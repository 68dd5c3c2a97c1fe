/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of the files that a writer begins one after the other, from a pattern.
 */
#include "savefile/writer.h"

#include <stdlib.h>
#include <time.h>

/* A number of the files, so that names sort as the files follow each other. */
#define NUMBER_FORMAT "%05llu"

/* "FOLDER/NAME_00001.SUFFIX" */
static char *numbered_name(const char *path, unsigned long long number)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash == NULL ? path : slash + 1;
	const char *dot = strchr(file + (*file == '.'), '.');
	char *name = NULL;
	int stem = dot == NULL ? (int)strlen(path) : (int)(dot - path);

	return asprintf(&name, "%.*s_" NUMBER_FORMAT "%s", stem, path, number, path + stem) < 0 ? NULL : name;
}

/* What %c stands for, into text; the length. */
static size_t expand(char conversion, unsigned long long number, const struct tm *time, char text[128])
{
	if (conversion == '%')
		return (size_t)snprintf(text, 128, "%%");
	if (conversion == 'n')
		return (size_t)snprintf(text, 128, NUMBER_FORMAT, number);
	return strftime(text, 128, (char[]){'%', conversion, '\0'}, time);
}

char *pcapint_writer_name(const char *pattern, bool rotates, uint64_t number, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm time = {0};
	size_t length = 0;
	char *name;

	if (!rotates)
		return strdup(pattern);
	if (strchr(pattern, '%') == NULL)
		return numbered_name(pattern, number);
	localtime_r(&when, &time);
	name = malloc(strlen(pattern) * 64 + 1); /* 128 bytes for each 2 */
	if (name == NULL)
		return NULL;
	for (; *pattern != '\0'; pattern++) {
		char text[128];
		size_t size;

		if (*pattern != '%' || pattern[1] == '\0') {
			name[length++] = *pattern;
			continue;
		}
		size = expand(*++pattern, number, &time, text);
		memcpy(name + length, text, size);
		length += size;
	}
	name[length] = '\0';
	return name;
}
