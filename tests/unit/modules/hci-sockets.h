/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for the kernel's HCI sockets, with one adapter, number 3: what the Bluetooth modules open and read, whose
 * messages a test puts there. For tests of what a machine without Bluetooth can't have, and a kernel seldom does.
 */
#ifndef WEIR_TESTS_HCI_SOCKETS_H
#define WEIR_TESTS_HCI_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a message tells its time. */
enum hci_time { HCI_NO_TIME, HCI_TIME_64, HCI_TIME_32, HCI_TIME_NS };

struct hci_sockets {
	int socket_error;       /* errno of socket(), or 0 */
	int bind_error;         /* and of bind() */
	bool unprivileged;      /* the kernel gives a part only */
	uint32_t driver_errors; /* as the adapter counts them */
	uint32_t lost;          /* by the socket */
	/* What was seen. */
	unsigned opened;
	int adapter, channel; /* bound to */
	int buffer_size;
};

extern struct hci_sockets hci_sockets;

void hci_reset(void);
/* A message for the socket; with HCI_NO_TIME it has no direction either. */
void hci_add(const void *data, size_t size, bool incoming, enum hci_time time);
/* An error that the next read tells, before the messages that are there. */
void hci_add_error(int error);

/* The time that messages tell, in ns after the second. */
#define HCI_SECONDS 1700000000
#define HCI_NANOSECONDS 123456789

#endif
