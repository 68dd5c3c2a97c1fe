/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket addresses of devices as text, a family a row.
 */
#include "device-address.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

static void put_ipv4(struct text *text, const struct sockaddr *address)
{
	text_ipv4(text, (const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr);
}

static void put_ipv6(struct text *text, const struct sockaddr *address)
{
	text_ipv6(text, (const uint8_t *)&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static void put_link(struct text *text, const struct sockaddr *address)
{
	const struct sockaddr_ll *link = (const struct sockaddr_ll *)address;
	size_t size = link->sll_halen < sizeof(link->sll_addr) ? link->sll_halen : sizeof(link->sll_addr);

	text_mac(text, link->sll_addr, size);
}

static const struct family_row {
	int family;
	const char *name;
	void (*put)(struct text *text, const struct sockaddr *address);
	size_t bits_offset; /* of the address in the structure, for netmasks */
	size_t bits_size;   /* in bytes; 0: it has no netmasks */
} family_rows[] = {
	{AF_INET, "inet", put_ipv4, offsetof(struct sockaddr_in, sin_addr), 4},
	{AF_INET6, "inet6", put_ipv6, offsetof(struct sockaddr_in6, sin6_addr), 16},
	{AF_PACKET, "link", put_link, 0, 0},
};

static const struct family_row *find_row(const struct sockaddr *address)
{
	for (size_t i = 0; address != NULL && i < sizeof(family_rows) / sizeof(family_rows[0]); i++) {
		if (family_rows[i].family == address->sa_family)
			return &family_rows[i];
	}
	return NULL;
}

const char *device_address(char buffer[DEVICE_ADDRESS_SIZE], const struct sockaddr *address)
{
	const struct family_row *row = find_row(address);
	struct text text = text_in(buffer, DEVICE_ADDRESS_SIZE);

	if (row == NULL)
		return NULL;
	row->put(&text, address);
	return text_length(&text) > 0 ? text_finish(&text) : NULL;
}

const char *family_name(const struct sockaddr *address)
{
	const struct family_row *row = find_row(address);

	return row != NULL ? row->name : NULL;
}

int prefix_length(const struct sockaddr *netmask)
{
	const struct family_row *row = find_row(netmask);
	const uint8_t *bits;
	int length = 0;
	int total;

	if (row == NULL || row->bits_size == 0)
		return -1;
	bits = (const uint8_t *)netmask + row->bits_offset;
	total = (int)row->bits_size * 8;
	while (length < total && (bits[length / 8] >> (7 - length % 8) & 1))
		length++;
	for (int i = length; i < total; i++) {
		if (bits[i / 8] >> (7 - i % 8) & 1)
			return -1;
	}
	return length;
}
