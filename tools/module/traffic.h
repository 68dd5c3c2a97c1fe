/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What makes packets while a device is checked or measured: a command of the user's, in a process group of its own, so that
 * all that it starts ends with it.
 */
#ifndef WEIR_MODULE_TRAFFIC_H
#define WEIR_MODULE_TRAFFIC_H

#include <stdbool.h>
#include <sys/types.h>

/* A child in a group of its own, that ends with us; as fork(). */
pid_t fork_group(void);
/* The group of a shell that runs the command; -1 after it was said why there is none. */
pid_t start_command(const char *command);
/* Whether the group's leader, which was not waited for, has not ended. */
bool is_group_running(pid_t group);
/* Has the group end, and ends what does not within a moment. */
void end_group(pid_t group);

#endif
