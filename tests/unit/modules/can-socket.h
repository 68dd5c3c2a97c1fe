/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for the raw CAN sockets of the kernel, with frames that no virtual bus gives: the system calls of the
 * CAN module come here by the linker's --wrap. The interface can0 is there, and number 7.
 */
#ifndef WEIR_TESTS_CAN_SOCKET_H
#define WEIR_TESTS_CAN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/can.h>

struct can_socket {
	/* What goes wrong: an errno value, or 0. */
	int socket_error;
	int bind_error;
	int read_error; /* the next read tells it, before what waits, as the kernel does */
	bool is_gone;   /* the interface is */
	bool is_ethernet;
	bool knows_xl; /* the kernel does */
	/* What the module has done. */
	int bound_to; /* number of the interface */
	bool wants_fd;
	bool wants_xl;
	uint8_t vcid_flags;
	uint32_t error_classes;
	bool has_filters;
	unsigned filter_count;
	struct can_filter filters[CAN_RAW_FILTER_MAX];
};

extern struct can_socket can_socket;

void can_reset(void);
/* A frame, as the kernel has it, that was received; or sent on this host. */
void can_add(const void *frame, size_t size);
void can_add_own(const void *frame, size_t size);
/* The next frame that the module has sent; its size. */
size_t can_take(void *frame, size_t size);

#endif
