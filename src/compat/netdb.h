/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system's databases of services, protocols and networks, asked in a way that many threads can do at a time.
 */
#ifndef WEIR_COMPAT_NETDB_H
#define WEIR_COMPAT_NETDB_H

#include <stdint.h>

/* The port of a service, host byte order, by its name and "tcp" or "udp"; -1 if there is none. */
int pcapint_service_port(const char *name, const char *protocol);
/* The number of an IP protocol by its name; -1 if there is none. */
int pcapint_protocol_number(const char *name);
/* The number of a network by its name, host byte order; 0 if there is none. */
uint32_t pcapint_network_number(const char *name);

#endif
