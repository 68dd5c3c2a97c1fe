/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether this program may do what the user who runs it may not. For what must then not listen to the environment.
 */
#ifndef WEIR_COMPAT_PRIVILEGES_H
#define WEIR_COMPAT_PRIVILEGES_H

#include <stdbool.h>

/* Set-user-ID, set-group-ID, file capabilities, or what else the system counts as that. */
bool pcapint_has_raised_privileges(void);

#endif
