/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the sub-commands of `weir` share: the row each has in the table, the exit statuses, and how to say what went
 * wrong.
 */
#ifndef WEIR_COMMAND_H
#define WEIR_COMMAND_H

#include <stddef.h>

#include <pcap/funcattrs.h>

#include "options.h"

/* The exit statuses; weir(1) and the pages of the sub-commands list them. */
enum {
	STATUS_OK = 0,         /* all was done, or the user ended it */
	STATUS_ERROR = 1,      /* something could not be read or written; what was good is there */
	STATUS_USAGE = 2,      /* the command line is wrong */
	STATUS_NO_DEVICE = 3,  /* a device could not be listed or opened */
	STATUS_DEVICE_LOST = 4 /* a device failed during the capture; what came before is there */
};

struct command {
	const char *name;     /* of one below another, both: "module check" */
	const char *help;     /* one line */
	const char *synopsis; /* what follows the name */
	const struct option_row *options;
	int (*run)(const struct command *command, int argc, char **argv); /* the exit status */
	/* Has it commands below it, NULL-terminated, then it has nothing to run itself, nor options. */
	const struct command *const *below;
};

extern const struct command devices_command;
extern const struct command capture_command;
extern const struct command read_command;
extern const struct command info_command;
extern const struct command filter_command;
extern const struct command modules_command;
extern const struct command module_command;
extern const struct command module_bench_command;
extern const struct command module_check_command;
extern const struct command module_new_command;
extern const struct command extcap_command;

/* "weir: ", the message, made safe for a terminal, and a newline, to standard error. */
void complain(const char *format, ...) PCAP_PRINTFLIKE(1, 2);

/* The same for a text of several lines: "weir: " stands before the first. */
void complain_lines(const char *text);

/* Closes standard output; the exit status is STATUS_ERROR, and it is said why, if not all went out. */
int finish_stdout(int status);

/* Of names, a NULL-terminated array, the one most like name, or NULL if none is near. */
const char *near_miss(const char *name, const char *const *names);

#endif
