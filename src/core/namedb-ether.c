/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet addresses: written as text, by host name, and in an ethers file (ethers(5)). For the calls of
 * pcap/namedb.h and the filter compiler.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/ether.h>

#include <pcap/namedb.h>

#include "core/ascii.h"
#include "core/core.h"

#define ETHER_LENGTH 6

/* The digits of one group, into bytes: one or two make a byte, more come in pairs. The text after it, or NULL. */
static const char *read_group(const char *text, u_char *address, size_t *filled)
{
	size_t digits = 0;

	while (ascii_hex_value(text[digits]) >= 0)
		digits++;
	if (digits == 0 || (digits > 1 && digits % 2 != 0) || (digits + 1) / 2 > ETHER_LENGTH - *filled)
		return NULL;
	if (digits == 1)
		address[(*filled)++] = (u_char)ascii_hex_value(text[0]);
	for (size_t i = 0; i + 1 < digits; i += 2)
		address[(*filled)++] = (u_char)(ascii_hex_value(text[i]) << 4 | ascii_hex_value(text[i + 1]));
	return text + digits;
}

/*
 * pcap-filter(7) has the forms: xx:xx:xx:xx:xx:xx, with '-' or '.' for ':' and mixed; xxxx.xxxx.xxxx; and 12 digits.
 * A byte of a form with two digits may be written with one.
 */
static bool read_ether(const char *text, u_char *address)
{
	size_t filled = 0;

	for (;;) {
		text = read_group(text, address, &filled);
		if (text == NULL)
			return false;
		if (*text == '\0')
			return filled == ETHER_LENGTH;
		if (*text != ':' && *text != '-' && *text != '.')
			return false;
		text++;
	}
}

u_char *pcap_ether_aton(const char *text)
{
	u_char address[ETHER_LENGTH];

	if (!read_ether(text, address))
		return NULL;
	u_char *copy = malloc(sizeof(address));
	if (copy != NULL)
		memcpy(copy, address, sizeof(address));
	return copy;
}

/* The next line without its newline and its comment, empty if it doesn't fit; false at the end of the file. */
static bool read_line(FILE *fp, char *line, size_t size)
{
	bool comment = false;
	size_t length = 0;
	int c = getc(fp);

	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getc(fp)) {
		comment = comment || c == '#';
		if (!comment && length < size)
			line[length++] = (char)c;
	}
	line[length < size ? length : 0] = '\0';
	return true;
}

/* The word at *rest, terminated where it stands; *rest moves behind it. Empty at the end of the line. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\r\f\v");
	size_t length = strcspn(word, " \t\r\f\v");

	*rest = word + length + (word[length] != '\0');
	word[length] = '\0';
	return word;
}

/* A line that is no entry is passed over, as is one whose host name does not fit: a part of it would name another. */
struct pcap_etherent *pcap_next_etherent(FILE *fp)
{
	static _Thread_local struct pcap_etherent entry;
	char line[256];

	while (read_line(fp, line, sizeof(line))) {
		char *rest = line;
		const char *address = next_word(&rest);
		const char *name = next_word(&rest);
		size_t length = strlen(name);
		if (length == 0 || length >= sizeof(entry.name) || !read_ether(address, entry.addr))
			continue;
		memcpy(entry.name, name, length + 1);
		return &entry;
	}
	return NULL;
}

u_char *pcap_ether_hostton(const char *name)
{
	struct ether_addr found;

	if (ether_hostton(name, &found) != 0)
		return NULL;
	u_char *copy = malloc(ETHER_LENGTH);
	if (copy != NULL)
		memcpy(copy, &found, ETHER_LENGTH);
	return copy;
}
