/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir module`: what the author of a capture module needs, a command below it each.
 */
#include "command.h"

static const struct command *const below[] = {
	&module_new_command, &module_check_command, &module_bench_command, NULL};

const struct command module_command = {
	.name = "module",
	.help = "Write a capture module, check it, and tell its rates.",
	.synopsis = "COMMAND [ARGUMENT...]",
	.below = below,
};
