/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a word is that is no keyword: a number, an address of one of the forms that pcap-filter(7) lists, or a name.
 */
#include <string.h>

#include <arpa/inet.h>

#include "core/ascii.h"
#include "filter/scan.h"

#define MAC_BYTES 6

/* How many of the leading characters are hexadecimal digits. */
static size_t hex_digits(const char *text)
{
	size_t count = 0;

	while (ascii_hex_value(text[count]) >= 0)
		count++;
	return count;
}

static uint8_t hex_byte(const char *text, size_t digits)
{
	int value = ascii_hex_value(text[0]);
	return (uint8_t)(digits == 2 ? value << 4 | ascii_hex_value(text[1]) : value);
}

/* Six groups of one or two digits, with any of the separators between two. */
static bool read_mac_bytes(const char *text, uint8_t mac[MAC_BYTES])
{
	for (int i = 0; i < MAC_BYTES; i++) {
		size_t digits = hex_digits(text);
		if (digits < 1 || digits > 2)
			return false;
		mac[i] = hex_byte(text, digits);
		text += digits;
		if (i < MAC_BYTES - 1 && (*text == '\0' || strchr(":.-", *text++) == NULL))
			return false;
	}
	return *text == '\0';
}

/* Groups of four digits with a dot or a colon between two, or all twelve digits in one. */
static bool read_mac_groups(const char *text, uint8_t mac[MAC_BYTES])
{
	size_t group = hex_digits(text), count = 0;
	char digits[2 * MAC_BYTES];

	if (group != 4 && group != sizeof(digits))
		return false;
	for (;;) {
		if (hex_digits(text) != group)
			return false;
		memcpy(digits + count, text, group);
		count += group;
		text += group;
		if (count == sizeof(digits))
			break;
		if (*text != '.' && *text != ':')
			return false;
		text++;
	}
	for (int i = 0; i < MAC_BYTES; i++)
		mac[i] = hex_byte(digits + 2 * i, 2);
	return *text == '\0';
}

static bool read_mac(const char *text, struct token *token)
{
	uint8_t mac[MAC_BYTES];

	if (!read_mac_bytes(text, mac) && !read_mac_groups(text, mac))
		return false;
	token->kind = TOKEN_MAC;
	memcpy(token->mac, mac, sizeof(mac));
	return true;
}

/* A word with a colon can be nothing but an address. */
static bool scan_address(struct filter *filter, const char *text, struct token *token)
{
	struct in6_addr address;

	if (read_mac(text, token))
		return true;
	if (inet_pton(AF_INET6, text, &address) != 1) {
		filter_error(filter, token->span, "\"%.50s\" is neither an IPv6 nor a MAC address", text);
		return false;
	}
	struct in6_addr *ipv6 = arena_alloc(&filter->arena, sizeof(*ipv6));
	if (ipv6 == NULL)
		return false;
	*ipv6 = address;
	token->kind = TOKEN_IPV6;
	token->ipv6 = ipv6;
	return true;
}

/* Decimal, 0x and hexadecimal, or 0 and octal, as in C. */
static bool scan_number(struct filter *filter, const char *text, struct token *token)
{
	bool hex = text[0] == '0' && ascii_lower(text[1]) == 'x';
	unsigned base = hex ? 16 : text[0] == '0' ? 8 : 10;
	uint64_t number = 0;

	for (const char *at = hex ? text + 2 : text; *at != '\0'; at++) {
		unsigned digit = (unsigned)ascii_hex_value(*at);
		if (digit >= base) {
			filter_error(filter, token->span,
				"\"%.50s\" begins with 0 and so is octal, but has the digit %c", text, *at);
			return false;
		}
		number = number * base + digit;
		if (number > UINT32_MAX) {
			filter_error(filter, token->span, "%.50s is more than 32 bits hold", text);
			return false;
		}
	}
	token->kind = TOKEN_NUMBER;
	token->number = (uint32_t)number;
	return true;
}

/* Whether it is digits alone, and dots where these may stand. */
static bool is_digits(const char *text, bool dots)
{
	while (ascii_is_digit(*text) || (dots && *text == '.'))
		text++;
	return *text == '\0';
}

static bool is_number(const char *text)
{
	if (text[0] == '0' && ascii_lower(text[1]) == 'x')
		return text[2] != '\0' && text[2 + hex_digits(text + 2)] == '\0';
	return is_digits(text, false);
}

/* Numbers and dots are an address, or would be one; no name looks like that. */
static bool scan_dotted(struct filter *filter, const char *text, struct token *token)
{
	int dots = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '.' && (at[1] == '.' || at[1] == '\0'))
			dots = 4;
		dots += *at == '.';
	}
	if (dots > 3) {
		filter_error(filter, token->span, "\"%.50s\" is no IPv4 address", text);
		return false;
	}
	token->kind = TOKEN_DOTTED;
	token->text = text;
	return true;
}

bool filter_scan_word(struct filter *filter, const char *text, struct token *token)
{
	if (strchr(text, ':') != NULL)
		return scan_address(filter, text, token);
	if (read_mac(text, token))
		return true;
	if (is_number(text))
		return scan_number(filter, text, token);
	if (is_digits(text, true))
		return scan_dotted(filter, text, token);
	token->kind = TOKEN_WORD;
	token->text = text;
	return true;
}
