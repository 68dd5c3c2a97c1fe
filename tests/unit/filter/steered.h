/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a program over a packet and changes the packet on the way, so that its jumps go either way: random packets alone
 * would never come further than the first comparison.
 */
#ifndef WEIR_TEST_STEERED_H
#define WEIR_TEST_STEERED_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/bpf.h>

/* A program that has run so many instructions does not end; it returns 0 then. */
#define LONGEST_RUN 100000

/* What the program returns; *executed instructions. state is that of random_number(); NULL: the packet stays as it is. */
uint32_t run_steered(
	const struct bpf_insn *program, uint8_t *packet, uint32_t length, uint64_t *state, unsigned *executed);

#endif
