/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text put together in a buffer of fixed size: numbers, addresses, and strings that are not to be trusted.
 */
#include "text.h"

static const char hex_digits[] = "0123456789abcdef";

static void number(struct text *text, uint64_t value, unsigned base, unsigned width)
{
	char digits[32];
	char *at = digits + sizeof(digits);

	do {
		*--at = hex_digits[value % base];
		value /= base;
	} while (value != 0);
	while (digits + sizeof(digits) - at < width && at > digits)
		*--at = '0';
	text_bytes(text, at, digits + sizeof(digits) - at);
}

void text_decimal(struct text *text, uint64_t value, unsigned width)
{
	number(text, value, 10, width);
}

void text_hex(struct text *text, uint64_t value, unsigned width)
{
	number(text, value, 16, width);
}

void text_mac(struct text *text, const uint8_t *address, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (i > 0)
			text_char(text, ':');
		text_char(text, hex_digits[address[i] >> 4]);
		text_char(text, hex_digits[address[i] & 15]);
	}
}

void text_ipv4(struct text *text, const uint8_t *address)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			text_char(text, '.');
		text_decimal(text, address[i], 1);
	}
}

/* The longest run of two or more zero groups, the first of equals: where it starts, and its length in *run. */
static int longest_zero_run(const uint16_t groups[8], int *run)
{
	int start = -1;

	*run = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n > *run) {
			start = i;
			*run = n;
		}
		i += n;
	}
	return start;
}

void text_ipv6(struct text *text, const uint8_t *address)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	uint16_t groups[8];
	int run;
	int zeros;

	if (memcmp(address, mapped, sizeof(mapped)) == 0) {
		text_string(text, "::ffff:");
		text_ipv4(text, address + 12);
		return;
	}
	for (int i = 0; i < 8; i++)
		groups[i] = address[2 * i] << 8 | address[2 * i + 1];
	zeros = longest_zero_run(groups, &run);
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			text_string(text, "::");
			i += run - 1;
			continue;
		}
		if (i > 0 && i != zeros + run)
			text_char(text, ':');
		text_hex(text, groups[i], 1);
	}
}

size_t utf8_size(const uint8_t *bytes, size_t size, uint32_t *character)
{
	/* RFC 3629: the lead byte's range, its payload bits, and the smallest number for that many bytes. */
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t n = 1; n <= 4; n++) {
		uint32_t value = bytes[0] & ~forms[n - 1].mask;

		if ((bytes[0] & forms[n - 1].mask) != forms[n - 1].lead)
			continue;
		if (n > size)
			return 0;
		for (size_t i = 1; i < n; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (bytes[i] & 0x3f);
		}
		if (value < forms[n - 1].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
			return 0;
		*character = value;
		return n;
	}
	return 0;
}

/* The same; 0 also if the character must not be shown as it is. */
static size_t utf8_shown_size(const uint8_t *bytes, size_t size)
{
	/* Control characters, and what reorders the text around it (Unicode's Bidi_Control, line separators). */
	static const struct {
		uint32_t first, last;
	} hidden[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e},
		{0x2066, 0x2069}, {0xfeff, 0xfeff}};
	uint32_t character;
	size_t n = utf8_size(bytes, size, &character);

	for (size_t i = 0; n > 0 && i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (character >= hidden[i].first && character <= hidden[i].last)
			return 0;
	}
	return n;
}

void text_escaped(struct text *text, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t n = utf8_shown_size((const uint8_t *)bytes + i, size - i);

		if (n == 0) {
			text_string(text, "\\x");
			text_hex(text, (uint8_t)bytes[i], 2);
			i++;
			continue;
		}
		/* A character is not cut in two. */
		if ((size_t)(text->end - text->at) < n) {
			text->end = text->at;
			return;
		}
		text_bytes(text, bytes + i, n);
		i += n;
	}
}
