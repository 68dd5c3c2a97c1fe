/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a test makes the stand-in for Myricom's library do.
 */
#ifndef WEIR_TESTS_LIBSNF_H
#define WEIR_TESTS_LIBSNF_H

#include <stdint.h>

#define STAND_IN_SLOTS 16 /* packets that a ring holds */
#define STAND_IN_PACKET_MAX 256

/* A packet comes in on a port, at a time in ns; each open ring of it gets a copy. */
void stand_in_receive(int port, const void *bytes, uint32_t length, uint64_t timestamp);
void stand_in_lose_at_the_card(int port, unsigned overflow, unsigned bad);
/* The next receive call returns that errno value. */
void stand_in_fail_next_receive(int error);
int stand_in_open_rings(void);

#endif
