/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of services, protocols and networks, by the system's databases. The C libraries have three ways to ask them
 * from many threads: glibc's …_r routines, where the caller brings the memory; results that are the thread's own
 * (FreeBSD, NetBSD, macOS); and tables that never change (musl). For the calls of pcap/namedb.h.
 */
#include "compat/netdb.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#ifdef __GLIBC__

/* Asks one database, with memory for its strings: 0 and the number, ERANGE if it needs more memory, or ENOENT. */
typedef int (*lookup_t)(const char *name, const char *protocol, char *memory, size_t size, uint32_t *number);

static int look_up_service(const char *name, const char *protocol, char *memory, size_t size, uint32_t *number)
{
	struct servent entry, *found = NULL;
	int status = getservbyname_r(name, protocol, &entry, memory, size, &found);

	if (found != NULL)
		*number = ntohs((uint16_t)entry.s_port);
	return found != NULL ? 0 : status == ERANGE ? ERANGE : ENOENT;
}

static int look_up_protocol(const char *name, const char *protocol, char *memory, size_t size, uint32_t *number)
{
	struct protoent entry, *found = NULL;
	int status = getprotobyname_r(name, &entry, memory, size, &found);

	(void)protocol;
	if (found != NULL)
		*number = (uint32_t)entry.p_proto;
	return found != NULL ? 0 : status == ERANGE ? ERANGE : ENOENT;
}

static int look_up_network(const char *name, const char *protocol, char *memory, size_t size, uint32_t *number)
{
	struct netent entry, *found = NULL;
	int host_error;
	int status = getnetbyname_r(name, &entry, memory, size, &found, &host_error);

	(void)protocol;
	if (found != NULL)
		*number = entry.n_net;
	return found != NULL ? 0 : status == ERANGE ? ERANGE : ENOENT;
}

/* An entry with many aliases needs more memory than most; past a megabyte something is wrong with the database. */
static bool look_up(lookup_t lookup, const char *name, const char *protocol, uint32_t *number)
{
	char memory[2048];
	int status = lookup(name, protocol, memory, sizeof(memory), number);

	for (size_t size = 2 * sizeof(memory); status == ERANGE && size <= 1024 * 1024; size *= 2) {
		char *larger = malloc(size);
		if (larger == NULL)
			return false;
		status = lookup(name, protocol, larger, size, number);
		free(larger);
	}
	return status == 0;
}

int pcapint_service_port(const char *name, const char *protocol)
{
	uint32_t number;

	return look_up(look_up_service, name, protocol, &number) ? (int)number : -1;
}

int pcapint_protocol_number(const char *name)
{
	uint32_t number;

	return look_up(look_up_protocol, name, NULL, &number) ? (int)number : -1;
}

uint32_t pcapint_network_number(const char *name)
{
	uint32_t number;

	return look_up(look_up_network, name, NULL, &number) ? number : 0;
}

#else

int pcapint_service_port(const char *name, const char *protocol)
{
	const struct servent *entry = getservbyname(name, protocol);

	return entry != NULL ? ntohs((uint16_t)entry->s_port) : -1;
}

int pcapint_protocol_number(const char *name)
{
	const struct protoent *entry = getprotobyname(name);

	return entry != NULL ? entry->p_proto : -1;
}

uint32_t pcapint_network_number(const char *name)
{
	const struct netent *entry = getnetbyname(name);

	return entry != NULL ? (uint32_t)entry->n_net : 0;
}

#endif
