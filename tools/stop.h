/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ending on a signal: SIGINT, SIGTERM and SIGHUP ask to stop, so that all can be written and told; a second one,
 * half a second or more after the first, ends the program at once. SIGALRM asks as well, any number of times. SIGPIPE is
 * ignored: writing tells.
 */
#ifndef WEIR_STOP_H
#define WEIR_STOP_H

#include <stdbool.h>

/* From now on. If wake is not NULL, the handler calls it as well, until the call is made again with NULL. */
void stop_on_signals(void (*wake)(void *user), void *user);
/* System calls that a signal finds end with EINTR; until stop_on_signals() is called again. */
void stop_interrupts_calls(void);
bool stop_requested(void);
/* A descriptor that is readable once a stop was requested, or -1 if there could be none. */
int stop_descriptor(void);

#endif
