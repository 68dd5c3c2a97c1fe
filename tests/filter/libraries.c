/* SPDX-License-Identifier: BSD-3-Clause */
/* The two compilers of libraries.h. */
#include "libraries.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETMASK 0xffffff00
#define IN_NETWORK_ORDER(k) (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(k) : (k))

const struct library our_library = {
	.open_dead = pcap_open_dead,
	.close = pcap_close,
	.compile = pcap_compile,
	.freecode = pcap_freecode,
	.geterr = pcap_geterr,
	.netmask = IN_NETWORK_ORDER(NETMASK),
};

#define SYMBOL(handle, library, member)                                                                            \
	((library).member = (__typeof__((library).member))dlsym(handle, "pcap_" #member))

const struct library *peer_library(const char **why)
{
	static _Thread_local struct library peer;
	void *handle = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);

	peer.netmask = NETMASK;
	*why = "the system has no libpcap.so.0.8";
	if (handle == NULL)
		return NULL;
	if (SYMBOL(handle, peer, open_dead) == NULL || SYMBOL(handle, peer, close) == NULL ||
		SYMBOL(handle, peer, compile) == NULL || SYMBOL(handle, peer, freecode) == NULL ||
		SYMBOL(handle, peer, geterr) == NULL)
		return NULL;
	const char *(*version)(void) = (const char *(*)(void))dlsym(handle, "pcap_lib_version");
	/* Ours, by way of LD_LIBRARY_PATH, is no peer. */
	if (version == NULL || strstr(version(), "libpcap version 1.") == NULL ||
		strstr(version(), "Weir") != NULL) {
		*why = "libpcap.so.0.8 is not libpcap 1.x";
		return NULL;
	}
	return &peer;
}

struct compiled compile_on(const struct library *library, pcap_t *p, const char *expression, bool optimize)
{
	struct compiled compiled = {0};

	compiled.valid = library->compile(p, &compiled.program, expression, optimize, library->netmask) == 0;
	if (!compiled.valid) {
		snprintf(compiled.error, sizeof(compiled.error), "%s", library->geterr(p));
		compiled.rejects_all = strstr(compiled.error, "expression rejects all packets") != NULL;
	}
	return compiled;
}

struct compiled compile_expression(
	const struct library *library, int linktype, const char *expression, bool optimize)
{
	pcap_t *p = library->open_dead(linktype, SNAPLEN);

	if (p == NULL)
		abort();
	struct compiled compiled = compile_on(library, p, expression, optimize);
	library->close(p);
	return compiled;
}

void free_compiled(const struct library *library, struct compiled *compiled)
{
	if (compiled->valid)
		library->freecode(&compiled->program);
	compiled->valid = false;
}
