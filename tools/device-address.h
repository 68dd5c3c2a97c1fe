/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket addresses of devices as text, without looking anything up.
 */
#ifndef WEIR_DEVICE_ADDRESS_H
#define WEIR_DEVICE_ADDRESS_H

#include <sys/socket.h>

#define DEVICE_ADDRESS_SIZE 64

/* The address in buffer, which is returned; NULL if there is none or its family is not known. */
const char *device_address(char buffer[DEVICE_ADDRESS_SIZE], const struct sockaddr *address);
/* "inet", "inet6", "link"; or NULL. */
const char *family_name(const struct sockaddr *address);
/* The leading 1 bits of a netmask; -1 if there is none, or it has 1 bits behind a 0. */
int prefix_length(const struct sockaddr *netmask);

#endif
