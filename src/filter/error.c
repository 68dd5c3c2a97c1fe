/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A compilation's error: remembered once, told in one line, and shown with a caret under the place.
 */
#include <stdio.h>
#include <string.h>

#include "filter/filter.h"

/* What one byte of the expression becomes in a message: itself, or \xNN. */
#define LONGEST_BYTE 4

/* Writes byte c as it is shown and a NUL; the number of characters. */
static size_t show_byte(char *to, char c)
{
	if (c == '\t' || c == '\r' || c == '\n')
		c = ' ';
	if (c >= ' ' && c <= '~') {
		to[0] = c;
		to[1] = '\0';
		return 1;
	}
	return (size_t)snprintf(to, LONGEST_BYTE + 1, "\\x%02x", (unsigned char)c);
}

void *filter_error(struct filter *filter, struct span span, const char *format, ...)
{
	char message[sizeof(filter->error)];
	size_t used = 0;
	va_list arguments;

	if (filter->failed)
		return NULL;
	filter->failed = true;
	filter->error_span = span;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	for (const char *at = message; *at != '\0' && used + LONGEST_BYTE < sizeof(filter->error); at++)
		used += show_byte(filter->error + used, *at);
	return NULL;
}

struct excerpt {
	char *text;
	size_t size;
	size_t used;
};

static void put(struct excerpt *out, const char *text)
{
	size_t length = strlen(text);

	if (length > out->size - 1 - out->used)
		length = out->size - 1 - out->used;
	memcpy(out->text + out->used, text, length);
	out->used += length;
	out->text[out->used] = '\0';
}

/* The line of the expression that the error is in. */
struct line {
	const char *text;
	size_t length;
	size_t offset; /* of the error in it */
	size_t marked; /* bytes of the error, at least 1 */
	unsigned number;
};

static struct line find_line(const struct filter *filter)
{
	const char *text = filter->input.text, *newline;
	size_t offset = filter->error_span.offset;
	struct line line = {.text = text, .number = 1};

	while ((newline = memchr(line.text, '\n', (size_t)(text + offset - line.text))) != NULL) {
		line.text = newline + 1;
		line.number++;
	}
	line.length = strcspn(line.text, "\n");
	line.offset = (size_t)(text + offset - line.text);
	line.marked = filter->error_span.length;
	if (line.marked > line.length - line.offset)
		line.marked = line.length - line.offset;
	return line;
}

/* The first and the last byte (exclusive) to show, so that no more than width characters come out. */
static void choose_part(const struct line *line, size_t width, size_t *first, size_t *last)
{
	char shown[LONGEST_BYTE + 1];
	size_t used = 0, begin = line->offset, end = line->offset;
	bool grown = true;

	width -= 2 * strlen("...");
	/* To the right over what is marked first, then to both sides. */
	while (end < line->offset + line->marked && used + LONGEST_BYTE <= width)
		used += show_byte(shown, line->text[end++]);
	while (grown && used + LONGEST_BYTE <= width) {
		grown = false;
		if (begin > 0) {
			used += show_byte(shown, line->text[--begin]);
			grown = true;
		}
		if (end < line->length && used + LONGEST_BYTE <= width) {
			used += show_byte(shown, line->text[end++]);
			grown = true;
		}
	}
	*first = begin;
	*last = end;
}

/* The line, shortened around the error, and one of carets below it. */
static void put_excerpt(struct excerpt *out, const struct line *line, size_t width)
{
	char shown[LONGEST_BYTE + 1];
	size_t first, last, before = strlen("  "), marks = 0;

	choose_part(line, width, &first, &last);
	put(out, "\n  ");
	if (first > 0) {
		put(out, "...");
		before += strlen("...");
	}
	for (size_t i = first; i < last; i++) {
		size_t length = show_byte(shown, line->text[i]);
		if (i < line->offset)
			before += length;
		else if (i < line->offset + line->marked)
			marks += length;
		put(out, shown);
	}
	put(out, last < line->length ? "...\n" : "\n");
	while (before-- > 0)
		put(out, " ");
	if (marks == 0)
		marks = 1;
	while (marks-- > 0)
		put(out, "^");
}

/* An excerpt of a longer line is of use from so many characters on; more than the last make a line too long to read. */
#define NARROWEST 24
#define WIDEST 100

void filter_error_text(const struct filter *filter, char *buffer, size_t size)
{
	char place[64];
	int length;

	if (!filter->failed) {
		snprintf(buffer, size, "the filter expression is too large: compiling it takes more than %zu MiB",
			filter->arena.limit / 1024 / 1024);
		return;
	}
	if (filter->error_span.length == UINT32_MAX) {
		snprintf(buffer, size, "%s", filter->error);
		return;
	}
	struct line line = find_line(filter);
	if (line.number == 1)
		snprintf(place, sizeof(place), "column %zu", line.offset + 1);
	else
		snprintf(place, sizeof(place), "line %u, column %zu", line.number, line.offset + 1);
	length = snprintf(buffer, size, "filter expression, %s: %s", place, filter->error);
	/* Two lines with two blanks and a newline each, and the NUL. */
	size_t left = (size_t)length < size ? size - (size_t)length : 0;
	size_t narrowest = line.length + 2 * strlen("...") + LONGEST_BYTE;
	if (narrowest > NARROWEST)
		narrowest = NARROWEST;
	if (left < 2 * (narrowest + 3) + 1 || line.length == 0)
		return;
	struct excerpt out = {buffer, size, (size_t)length};
	size_t width = (left - 1) / 2 - 3;
	put_excerpt(&out, &line, width < WIDEST ? width : WIDEST);
}
