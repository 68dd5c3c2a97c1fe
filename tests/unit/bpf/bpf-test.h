/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of classic BPF share: packets that end where memory ends, programs from text and random ones,
 * and the system's libpcap to compare with.
 */
#ifndef BPF_TEST_H
#define BPF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/opcodes.h"
#include "bpf/program.h"

#include "random-programs.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A copy of the bytes whose end is the end of the readable memory; it is good until the next call. */
const u_char *guarded(const void *bytes, size_t len);

/* The program in the text; the test fails if there is an error in it. To be freed with pcap_freecode(). */
struct bpf_program assemble(const char *text);
/* What the program in the text makes of the packet, of which all is there. */
u_int run_text(const char *text, const void *packet, u_int len);

/* The calls of the system's libpcap. */
struct peer {
	u_int (*filter)(const struct bpf_insn *, const u_char *, u_int, u_int);
	int (*validate)(const struct bpf_insn *, int);
	char *(*image)(const struct bpf_insn *, int);
	void (*dump)(const struct bpf_program *, int);
	int (*offline_filter)(const struct bpf_program *, const struct pcap_pkthdr *, const u_char *);
};

/* Skips the test where there is none. */
const struct peer *peer_or_skip(void);

#endif
