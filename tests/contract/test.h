/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every contract test includes.
 */
#ifndef WEIR_CONTRACT_TEST_H
#define WEIR_CONTRACT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scripted.h"

/* Before each test: the scripted module does nothing unusual and has seen nothing. */
static inline int reset(void **state)
{
	(void)state;
	memset(&scripted, 0, sizeof(scripted));
	return 0;
}

#endif
