/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether this program may do what the user who runs it may not: each system tells in its own way.
 */
#include "compat/privileges.h"

#include <unistd.h>

#ifdef __linux__
#include <sys/auxv.h>
#endif

bool pcapint_has_raised_privileges(void)
{
#ifdef __linux__
	return getauxval(AT_SECURE) != 0; /* getauxval(3); capability sets and security modules count too */
#else
	return issetugid() != 0;
#endif
}
