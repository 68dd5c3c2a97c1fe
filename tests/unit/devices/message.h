/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts netlink messages together, right ones and wrong ones, for the tests of those who read them.
 */
#ifndef WEIR_TESTS_MESSAGE_H
#define WEIR_TESTS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct datagram {
	_Alignas(struct nlmsghdr) uint8_t bytes[8192];
	size_t size;
	size_t message; /* where the last message starts */
};

/* Begins a message with a header of its own, which may be empty. */
void put_message(struct datagram *datagram, uint16_t type, uint16_t flags, uint32_t sequence, const void *header,
	size_t header_size);
/* Adds an attribute to the last message. */
void put_attribute(struct datagram *datagram, uint16_t type, const void *value, size_t size);
void put_string(struct datagram *datagram, uint16_t type, const char *value);
/* The last message's header, to spoil it. */
struct nlmsghdr *last_message(struct datagram *datagram);

/* Whole messages: a link, with its kind and alias or NULL; an address of family and prefix, peer NULL or not. */
void put_link(struct datagram *datagram, uint32_t sequence, int index, const char *name, unsigned int flags,
	uint8_t operstate, const char *kind, const char *alias);
void put_address(struct datagram *datagram, uint32_t sequence, int index, int family, uint8_t prefix_length,
	const char *address, const char *local, const char *broadcast);
void put_done(struct datagram *datagram, uint32_t sequence, int error);

#endif
