/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link types whose packets hold fields in the byte order of the host that captured them: a row each, with the
 * routine that turns them into this host's.
 */
#include "savefile/savefile.h"

savefile_fixup pcapint_find_fixup(int dlt, bool swapped)
{
	(void)dlt;
	(void)swapped;
	return NULL;
}
