/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets up a test for one of the two modes of capture.
 */
#include "modes.h"

struct captured captured;
bool immediate;

static int set_mode(bool wanted)
{
	immediate = wanted;
	captured.count = 0;
	return 0;
}

int buffered_mode(void **state)
{
	(void)state;
	return set_mode(false);
}

int immediate_mode(void **state)
{
	(void)state;
	return set_mode(true);
}
