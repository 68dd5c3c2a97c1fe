/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is not the same everywhere about getifaddrs(): how large the addresses are that it returns. For the listing of
 * network interfaces.
 */
#ifndef WEIR_COMPAT_IFADDRS_H
#define WEIR_COMPAT_IFADDRS_H

#include <sys/types.h>
#include <sys/socket.h>
#include <ifaddrs.h>
#include <stddef.h>

/* The bytes of an address, or 0 if there is none or its size is not known. */
size_t pcapint_sockaddr_size(const struct sockaddr *addr);

#endif
