/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two filter compilers under one face: ours, and that of the system's libpcap, where it is installed.
 */
#ifndef FILTER_LIBRARIES_H
#define FILTER_LIBRARIES_H

#include <stdbool.h>

#include <pcap.h>

struct library {
	__typeof__(&pcap_open_dead) open_dead;
	__typeof__(&pcap_close) close;
	__typeof__(&pcap_compile) compile;
	__typeof__(&pcap_freecode) freecode;
	__typeof__(&pcap_geterr) geterr;
	/* The peer takes it in host byte order, whatever its manual and pcap_lookupnet() say. */
	bpf_u_int32 netmask;
};

#define SNAPLEN 262144

/* What became of an expression. */
struct compiled {
	bool valid;
	bool rejects_all; /* not valid, because no packet can match */
	struct bpf_program program;
	char error[PCAP_ERRBUF_SIZE];
};

extern const struct library our_library;
/* NULL where there is none, with the reason. */
const struct library *peer_library(const char **why);

struct compiled compile_on(const struct library *library, pcap_t *p, const char *expression, bool optimize);
/* For packets that are in no savefile and of no capture. */
struct compiled compile_expression(
	const struct library *library, int linktype, const char *expression, bool optimize);
void free_compiled(const struct library *library, struct compiled *compiled);

#endif
