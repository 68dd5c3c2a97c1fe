/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Buffered and immediate mode have a ring each, so that what is tested of one is tested of the other: the setup routines
 * of a test that is run in both.
 */
#ifndef WEIR_TESTS_MODES_H
#define WEIR_TESTS_MODES_H

#include <stdbool.h>

#include "capture.h"

/* Empty at the start of a test. */
extern struct captured captured;
/* Which mode the test is run in. */
extern bool immediate;

int buffered_mode(void **state);
int immediate_mode(void **state);

#endif
