/* SPDX-License-Identifier: BSD-3-Clause */
/* Random programs, the same in every run, for the tests that compare and for the fuzzer. */
#ifndef RANDOM_PROGRAMS_H
#define RANDOM_PROGRAMS_H

#include <pcap-int.h>

#include "../../lib/random-numbers.h"

/* What random_program() keeps clear of. */
#define SAME_AS_KERNEL 0x1 /* what the kernel knows of a packet and userland does not */
#define SAME_AS_PEER 0x2   /* what libpcap's interpreter does in another way: see random-programs.c */

/* Fills in len instructions, at least 1; most are valid for userland, and many for the kernel. */
void random_program(uint64_t *state, struct bpf_insn *insns, u_int len, u_int flags);

#endif
