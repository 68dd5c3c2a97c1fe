/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text put together in a buffer of fixed size, without printf: what a decoded packet is written with. What does not
 * fit is left out.
 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *start;
	char *at;
	char *end; /* the last place a character may stand is before it; the closing NUL stands there at most */
};

/* A text in buffer, which holds size bytes, at least one. */
static inline struct text text_in(char *buffer, size_t size)
{
	return (struct text){.start = buffer, .at = buffer, .end = buffer + size - 1};
}

static inline size_t text_length(const struct text *text)
{
	return text->at - text->start;
}

/* Closes the text with a NUL and returns it; more can be added afterwards. */
static inline const char *text_finish(struct text *text)
{
	*text->at = '\0';
	return text->start;
}

static inline void text_char(struct text *text, char c)
{
	if (text->at < text->end)
		*text->at++ = c;
}

static inline void text_bytes(struct text *text, const char *bytes, size_t size)
{
	size_t room = text->end - text->at;

	if (size > room)
		size = room;
	memcpy(text->at, bytes, size);
	text->at += size;
}

static inline void text_string(struct text *text, const char *string)
{
	text_bytes(text, string, strlen(string));
}

/* The number in decimal, with leading zeros up to width digits. */
void text_decimal(struct text *text, uint64_t value, unsigned width);
/* The number in hexadecimal, without 0x, with leading zeros up to width digits. */
void text_hex(struct text *text, uint64_t value, unsigned width);

/* Bytes of address, in network order: a MAC address of any size, 4 of IPv4, 16 of IPv6 (as RFC 5952 wants it). */
void text_mac(struct text *text, const uint8_t *address, size_t size);
void text_ipv4(struct text *text, const uint8_t *address);
void text_ipv6(struct text *text, const uint8_t *address);

/*
 * Bytes from outside (packets, files, names), made safe for a terminal: control characters, invalid UTF-8 and the
 * characters that change the direction of text are shown as \xNN. A backslash is shown as it is.
 */
void text_escaped(struct text *text, const char *bytes, size_t size);

/* How many bytes the UTF-8 character at bytes has, 0 if it is not valid; its number. size is at least 1. */
size_t utf8_size(const uint8_t *bytes, size_t size, uint32_t *character);

#endif
