/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command-line options from a table: one row an option, for getopt_long() and for the help text alike.
 */
#ifndef WEIR_OPTIONS_H
#define WEIR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes an option's value into its field; false, and what would be right in *wanted, if it is not a good one. */
typedef bool (*option_parser)(void *field, const char *value, const char **wanted);

struct option_row {
	char letter;          /* 0: only a long name */
	const char *name;     /* the long name */
	const char *argument; /* what the help calls the value; NULL: there is none */
	const char *help;
	option_parser parse;
	size_t offset; /* of the field, in the structure of settings */
};

struct command;

/* A list of values, for an option that can be given several times. */
#define OPTION_LIST_MAX 64
struct option_list {
	const char *values[OPTION_LIST_MAX];
	size_t count;
};

/* Parsers, and the field that each fills. */
bool option_flag(void *field, const char *value, const char **wanted);      /* bool */
bool option_text(void *field, const char *value, const char **wanted);      /* const char * */
bool option_count(void *field, const char *value, const char **wanted);     /* uint64_t, at least 1 */
bool option_seconds(void *field, const char *value, const char **wanted);   /* uint64_t, nanoseconds, above 0 */
bool option_list(void *field, const char *value, const char **wanted);      /* struct option_list */
bool option_snaplen(void *field, const char *value, const char **wanted);   /* int, 0 or more */
bool option_precision(void *field, const char *value, const char **wanted); /* int, PCAP_TSTAMP_PRECISION_ */
bool option_linktype(void *field, const char *value, const char **wanted);  /* int, a DLT_ by name */

/* What options_parse() returns beside the index of the first operand. */
enum { OPTIONS_WRONG = -1, OPTIONS_HELP = -2 };

/*
 * Fills settings by the command's table. The operands are moved behind the options; the index of the first of them
 * is returned. OPTIONS_WRONG: it was said what is wrong. OPTIONS_HELP: help was asked for and given.
 */
int options_parse(const struct command *command, int argc, char **argv, void *settings);

/* The command's usage and its table of options, to standard output. */
void options_help(const struct command *command);

/* For a command line whose operands are wrong: says so, and where to find help. Returns the exit status. */
int wrong_usage(const struct command *command, const char *message, const char *operand);

#endif
