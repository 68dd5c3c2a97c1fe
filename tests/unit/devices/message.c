/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The making of netlink messages: see message.h.
 */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "message.h"

struct nlmsghdr *last_message(struct datagram *datagram)
{
	return (struct nlmsghdr *)(datagram->bytes + datagram->message);
}

static void put(struct datagram *datagram, const void *bytes, size_t size)
{
	assert_true(datagram->size + NLMSG_ALIGN(size) <= sizeof(datagram->bytes));
	memset(datagram->bytes + datagram->size, 0, NLMSG_ALIGN(size));
	if (size > 0)
		memcpy(datagram->bytes + datagram->size, bytes, size);
	datagram->size += NLMSG_ALIGN(size);
}

void put_message(struct datagram *datagram, uint16_t type, uint16_t flags, uint32_t sequence, const void *header,
	size_t header_size)
{
	struct nlmsghdr message = {.nlmsg_len = NLMSG_LENGTH(header_size),
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = sequence};

	datagram->message = datagram->size;
	put(datagram, &message, sizeof(message));
	put(datagram, header, header_size);
}

void put_attribute(struct datagram *datagram, uint16_t type, const void *value, size_t size)
{
	struct rtattr attribute = {.rta_len = RTA_LENGTH(size), .rta_type = type};

	put(datagram, &attribute, sizeof(attribute));
	put(datagram, value, size);
	last_message(datagram)->nlmsg_len = datagram->size - datagram->message;
}

void put_string(struct datagram *datagram, uint16_t type, const char *value)
{
	put_attribute(datagram, type, value, strlen(value) + 1);
}

void put_link(struct datagram *datagram, uint32_t sequence, int index, const char *name, unsigned int flags,
	uint8_t operstate, const char *kind, const char *alias)
{
	const struct ifinfomsg header = {.ifi_type = ARPHRD_ETHER, .ifi_index = index, .ifi_flags = flags};
	const uint8_t address[6] = {2, 0, 0, 0, 0, (uint8_t)index};
	const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	put_message(datagram, RTM_NEWLINK, NLM_F_MULTI, sequence, &header, sizeof(header));
	put_string(datagram, IFLA_IFNAME, name);
	put_attribute(datagram, IFLA_OPERSTATE, &operstate, sizeof(operstate));
	put_attribute(datagram, IFLA_ADDRESS, address, sizeof(address));
	put_attribute(datagram, IFLA_BROADCAST, broadcast, sizeof(broadcast));
	if (alias != NULL)
		put_string(datagram, IFLA_IFALIAS, alias);
	if (kind != NULL) {
		struct datagram inner = {.size = 0};

		put_message(&inner, 0, 0, 0, NULL, 0);
		put_string(&inner, IFLA_INFO_KIND, kind);
		put_attribute(datagram, IFLA_LINKINFO | NLA_F_NESTED, inner.bytes + NLMSG_HDRLEN,
			inner.size - NLMSG_HDRLEN);
	}
}

static void put_ip(struct datagram *datagram, uint16_t type, int family, const char *text)
{
	uint8_t address[16];

	if (text == NULL)
		return;
	assert_int_equal(inet_pton(family, text, address), 1);
	put_attribute(datagram, type, address, family == AF_INET ? 4 : 16);
}

void put_address(struct datagram *datagram, uint32_t sequence, int index, int family, uint8_t prefix_length,
	const char *address, const char *local, const char *broadcast)
{
	const struct ifaddrmsg header = {
		.ifa_family = (uint8_t)family, .ifa_prefixlen = prefix_length, .ifa_index = (uint32_t)index};

	put_message(datagram, RTM_NEWADDR, NLM_F_MULTI, sequence, &header, sizeof(header));
	put_ip(datagram, IFA_ADDRESS, family, address);
	put_ip(datagram, IFA_LOCAL, family, local);
	put_ip(datagram, IFA_BROADCAST, family, broadcast);
}

void put_done(struct datagram *datagram, uint32_t sequence, int error)
{
	put_message(datagram, NLMSG_DONE, NLM_F_MULTI, sequence, &error, sizeof(error));
}
