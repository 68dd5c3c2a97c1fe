/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random programs as compilers write them: loads, and tests of what they find, which lead to others or to one of two
 * ends. They are made for a packet of few different bytes, so that no test is always false.
 */
#ifndef PLAUSIBLE_PROGRAMS_H
#define PLAUSIBLE_PROGRAMS_H

#include <pcap-int.h>

#include "../../lib/random-numbers.h"

#define PLAUSIBLE_PACKET 100 /* bytes */
#define PLAUSIBLE_MOST 128   /* instructions */

void plausible_packet(uint64_t *state, uint8_t packet[PLAUSIBLE_PACKET]);
/* How many instructions there are. */
u_int plausible_program(uint64_t *state, struct bpf_insn *insns, const uint8_t *packet);

#endif
