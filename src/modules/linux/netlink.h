/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking the kernel's route netlink (rtnetlink(7)) for one thing or for all there is, other netlink families for
 * one thing, and attributes whose every length is checked. For the parts of the network-interface module that ask
 * about interfaces.
 */
#ifndef WEIR_LINUX_NETLINK_H
#define WEIR_LINUX_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/*
 * Gets a message that is whole: nlmsg_len bytes of it are there. Anything but 0, a negative errno value, ends the
 * reading. It is called with NULL each time the asking starts, also over again: forget what came before.
 */
typedef int (*pcapint_netlink_handler)(const struct nlmsghdr *message, void *context);

/*
 * Asks for all there is, with a request such as RTM_GETLINK and its header (struct ifinfomsg, with attributes behind
 * it or not). Starts again when the kernel says that something changed meanwhile, or that messages were lost. 0, or
 * a negative errno value: the kernel's, or the handler's.
 */
int pcapint_netlink_dump(
	uint16_t request, const void *header, size_t header_size, pcapint_netlink_handler handler, void *context);

/* Asks for one thing, such as RTM_GETSTATS of an interface: the handler gets the answer. The same otherwise. */
int pcapint_netlink_ask(
	uint16_t request, const void *header, size_t header_size, pcapint_netlink_handler handler, void *context);

/* A socket of a protocol such as NETLINK_GENERIC, or a negative errno value. The caller closes it. */
int pcapint_netlink_open(int protocol);
/* Asks for one thing on such a socket, once: flags such as NLM_F_ACK may be added. The same otherwise. */
int pcapint_netlink_ask_on(int fd, uint16_t request, uint16_t flags, const void *header, size_t header_size,
	pcapint_netlink_handler handler, void *context);

/* Where reading messages has come to. */
struct pcapint_netlink_reading {
	uint32_t sequence; /* of the request; 0: take every message */
	pcapint_netlink_handler handler;
	void *context;
	bool done;        /* the whole answer was read */
	bool interrupted; /* the kernel's tables changed during the dump */
};

/* Hands the messages of one datagram to the handler. 0 or a negative errno value; -EBADMSG where a length is wrong. */
int pcapint_netlink_take(struct pcapint_netlink_reading *reading, const void *datagram, size_t size);

/*
 * Fills table, of count entries, with the attributes of a message whose own header has header_size bytes; each at its
 * type, NULL for those that are not there. Takes what comes before a wrong length. False if there is no such header.
 */
bool pcapint_netlink_attributes(
	const struct nlmsghdr *message, size_t header_size, const struct rtattr **table, size_t count);
/* The same of the attributes inside an attribute, which may be NULL. */
void pcapint_netlink_nested(const struct rtattr *attribute, const struct rtattr **table, size_t count);

/* What an attribute, or NULL, holds: false if that is not there, or does not have that size. */
bool pcapint_netlink_u8(const struct rtattr *attribute, uint8_t *value);
bool pcapint_netlink_u32(const struct rtattr *attribute, uint32_t *value);
/* A string that fits with its NUL. */
bool pcapint_netlink_string(const struct rtattr *attribute, char *value, size_t size);
/* Bytes, as many as fit; their number. */
size_t pcapint_netlink_bytes(const struct rtattr *attribute, void *value, size_t size);

#endif
