/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the sub-commands share: messages, the end of standard output, names that were nearly right.
 */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

void complain(const char *format, ...)
{
	char message[1024];
	char shown[1100];
	struct text text = text_in(shown, sizeof(shown) - 1);
	va_list ap;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	text_string(&text, "weir: ");
	text_escaped(&text, message, strlen(message));
	text_finish(&text);
	/* Standard error is not buffered: one call, so that the line is whole among others. */
	strcat(shown, "\n");
	fputs(shown, stderr);
}

void complain_lines(const char *lines)
{
	const char *line = lines;
	char shown[2048];
	struct text text = text_in(shown, sizeof(shown) - 1);

	text_string(&text, "weir: ");
	for (;;) {
		size_t length = strcspn(line, "\n");

		text_escaped(&text, line, length);
		if (line[length] == '\0')
			break;
		text_char(&text, '\n');
		line += length + 1;
	}
	text_finish(&text);
	strcat(shown, "\n");
	fputs(shown, stderr);
}

int finish_stdout(int status)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return status;
	if (status != STATUS_OK)
		return status;
	if (errno != EPIPE)
		complain("standard output: %s", errno != 0 ? strerror(errno) : "a write failed");
	return STATUS_ERROR;
}

#define NAME_MAX_LENGTH 31

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* How many letters to put in, take out, change or swap with the next make one name of the other. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][NAME_MAX_LENGTH + 1] = {{0}};
	size_t *before_last = rows[0], *last = rows[1], *current = rows[2];
	size_t b_length = strlen(b);

	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t *spare = before_last;

		current[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			current[j] = least(last[j] + 1, current[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before_last[j - 2] + 1 < current[j])
				current[j] = before_last[j - 2] + 1;
		}
		before_last = last;
		last = current;
		current = spare;
	}
	return last[b_length];
}

const char *near_miss(const char *name, const char *const *names)
{
	const char *best = NULL;
	size_t length = strlen(name), best_distance = 3;

	if (length == 0 || length > NAME_MAX_LENGTH)
		return NULL;
	for (; *names != NULL; names++) {
		size_t d;

		if (strlen(*names) > NAME_MAX_LENGTH)
			continue;
		d = strncmp(*names, name, length) == 0 ? 1 : distance(name, *names);
		/* Two letters that are both wrong are like every other two. */
		if (d < best_distance && d < strlen(*names)) {
			best = *names;
			best_distance = d;
		}
	}
	return best;
}
