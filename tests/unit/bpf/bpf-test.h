/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of classic BPF share: packets that end where memory ends, random numbers that are the same in every
 * run, random programs, and the system's libpcap to compare with.
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

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A copy of the bytes whose end is the end of the readable memory; it is good until the next call. */
const u_char *guarded(const void *bytes, size_t len);

/* A random number, and one below limit. *state is any number but 0. */
uint32_t random_number(uint64_t *state);
uint32_t random_below(uint64_t *state, uint32_t limit);

/* The program in the text; the test fails if there is an error in it. To be freed with pcap_freecode(). */
struct bpf_program assemble(const char *text);
/* What the program in the text makes of the packet, of which all is there. */
u_int run_text(const char *text, const void *packet, u_int len);

/* What random_program() keeps clear of. */
#define SAME_AS_KERNEL 0x1 /* what the kernel knows of a packet and userland does not */
#define SAME_AS_PEER 0x2   /* what libpcap's interpreter does in another way: see random-programs.c */

/* Fills in len instructions, at least 1; most are valid for userland, and many for the kernel. */
void random_program(uint64_t *state, struct bpf_insn *insns, u_int len, u_int flags);

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
