/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a test makes the stand-in for libibverbs do.
 */
#ifndef WEIR_TESTS_LIBRDMASNIFF_H
#define WEIR_TESTS_LIBRDMASNIFF_H

#include <stddef.h>
#include <stdint.h>

#include <infiniband/verbs.h>

/* A packet comes in on a port of test_0; what has no room for it there is lost. 1 if it was taken. */
int stand_in_receive(int port, const void *bytes, uint32_t length);
/* The next packet ends with that status. */
void stand_in_end_with(enum ibv_wc_status status);
/* Raw queues, or sniffer flows, are refused with that errno value; 0: no more. */
void stand_in_refuse_queues(int error);
void stand_in_refuse_flows(int error);
/* What was made and not yet unmade. */
int stand_in_objects(void);

#endif
