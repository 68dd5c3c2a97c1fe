/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command-line options from a table: getopt_long() fed from it, the help text printed from it, and the errors.
 */
#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "command.h"
#include "units.h"

#define OPTIONS_MAX 64
#define FIRST_INDEX 256 /* what getopt_long() returns for the table's row 0; above every letter */

static const struct option_row help_row = {'h', "help", NULL, "show this text", NULL, 0};

bool option_flag(void *field, const char *value, const char **wanted)
{
	(void)value;
	(void)wanted;
	*(bool *)field = true;
	return true;
}

bool option_text(void *field, const char *value, const char **wanted)
{
	(void)wanted;
	*(const char **)field = value;
	return true;
}

bool option_count(void *field, const char *value, const char **wanted)
{
	*wanted = "a number, 1 or more";
	return parse_count(value, field) && *(uint64_t *)field > 0;
}

bool option_seconds(void *field, const char *value, const char **wanted)
{
	*wanted = "a number of seconds above 0, such as 10 or 0.5";
	return parse_seconds(value, field) && *(uint64_t *)field > 0;
}

bool option_list(void *field, const char *value, const char **wanted)
{
	struct option_list *list = field;

	*wanted = "at most 64 values";
	if (list->count == OPTION_LIST_MAX)
		return false;
	list->values[list->count++] = value;
	return true;
}

bool option_snaplen(void *field, const char *value, const char **wanted)
{
	uint64_t length;

	*wanted = "a number of bytes; 0 for as many as there can be";
	if (!parse_count(value, &length) || length > INT_MAX)
		return false;
	*(int *)field = (int)length;
	return true;
}

bool option_linktype(void *field, const char *value, const char **wanted)
{
	*wanted = "the name of a link type, such as EN10MB ('weir devices' shows each device's)";
	*(int *)field = pcap_datalink_name_to_val(value);
	return *(int *)field >= 0;
}

bool option_precision(void *field, const char *value, const char **wanted)
{
	*wanted = "micro or nano";
	if (strcmp(value, "micro") == 0)
		*(int *)field = PCAP_TSTAMP_PRECISION_MICRO;
	else if (strcmp(value, "nano") == 0)
		*(int *)field = PCAP_TSTAMP_PRECISION_NANO;
	else
		return false;
	return true;
}

/* The table as getopt_long() wants it: long options, and the letters with a colon for each that takes a value. */
struct getopt_tables {
	struct option longs[OPTIONS_MAX + 2];
	const char *names[OPTIONS_MAX + 2];
	char letters[2 * OPTIONS_MAX + 4];
	const struct option_row *rows[OPTIONS_MAX + 1];
};

static void add_row(struct getopt_tables *tables, size_t index, const struct option_row *row)
{
	char *letters = tables->letters + strlen(tables->letters);

	tables->rows[index] = row;
	tables->names[index] = row->name;
	tables->longs[index] = (struct option){.name = row->name,
		.has_arg = row->argument != NULL ? required_argument : no_argument,
		.val = FIRST_INDEX + index};
	if (row->letter == 0)
		return;
	*letters++ = row->letter;
	if (row->argument != NULL)
		*letters = ':';
}

static void fill_tables(struct getopt_tables *tables, const struct option_row *options)
{
	size_t count = 0;

	/* A leading colon makes getopt_long() tell a missing value from an unknown option. */
	tables->letters[0] = ':';
	for (; options[count].name != NULL && count < OPTIONS_MAX; count++)
		add_row(tables, count, &options[count]);
	add_row(tables, count, &help_row);
}

static const struct option_row *row_of(const struct getopt_tables *tables, int value)
{
	if (value >= FIRST_INDEX)
		return tables->rows[value - FIRST_INDEX];
	for (size_t i = 0; i <= OPTIONS_MAX && tables->rows[i] != NULL; i++) {
		if (value != 0 && tables->rows[i]->letter == value)
			return tables->rows[i];
	}
	return NULL;
}

static void hint(const struct command *command)
{
	complain("'weir help %s' shows what it takes", command->name);
}

/* getopt_long() has found an option that is not in the table, or one with a value too many. */
static void unknown_option(const struct getopt_tables *tables, const struct command *command, const char *word)
{
	const struct option_row *row = optopt >= FIRST_INDEX ? row_of(tables, optopt) : NULL;
	char name[64];
	const char *near;

	if (optopt != 0 && row == NULL) {
		complain("%s: there is no option -%c", command->name, optopt);
		return;
	}
	if (row != NULL) {
		complain("%s: --%s takes no value", command->name, row->name);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	near = near_miss(name, tables->names);
	complain("%s: there is no option --%s%s%s%s", command->name, name, near != NULL ? "; did you mean --" : "",
		near != NULL ? near : "", near != NULL ? "?" : "");
}

static bool apply(const struct command *command, const struct option_row *row, const char *value, bool by_name,
	void *settings)
{
	const char *wanted = "";
	const char letter[] = {row->letter, '\0'};

	if (row->parse((char *)settings + row->offset, value, &wanted))
		return true;
	complain("%s: %s%s takes %s, and not '%s'", command->name, by_name ? "--" : "-",
		by_name ? row->name : letter, wanted, value);
	return false;
}

int options_parse(const struct command *command, int argc, char **argv, void *settings)
{
	struct getopt_tables tables = {0};
	int value;

	fill_tables(&tables, command->options);
	opterr = 0;
	optind = 0;
	while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		const struct option_row *row = row_of(&tables, value);

		if (row == &help_row) {
			options_help(command);
			return OPTIONS_HELP;
		}
		if (value == ':') {
			row = row_of(&tables, optopt);
			complain("%s: %s needs a value: %s", command->name, argv[optind - 1], row->argument);
			hint(command);
			return OPTIONS_WRONG;
		}
		if (row == NULL) {
			unknown_option(&tables, command, argv[optind - 1]);
			hint(command);
			return OPTIONS_WRONG;
		}
		if (!apply(command, row, optarg, value >= FIRST_INDEX, settings))
			return OPTIONS_WRONG;
	}
	return optind;
}

/* "-c, --count N", or the same without a letter. */
static void describe(const struct option_row *row, char *buffer, size_t size)
{
	const char letter[] = {row->letter != 0 ? '-' : ' ', row->letter != 0 ? row->letter : ' ',
		row->letter != 0 ? ',' : ' ', '\0'};

	snprintf(buffer, size, "%s --%s%s%s", letter, row->name, row->argument != NULL ? " " : "",
		row->argument != NULL ? row->argument : "");
}

void options_help(const struct command *command)
{
	const struct option_row *row = command->options;
	char left[64];
	int width = 0;

	printf("usage: weir %s%s%s\n\n%s\n\noptions:\n", command->name, command->synopsis[0] != '\0' ? " " : "",
		command->synopsis, command->help);
	for (; row->name != NULL; row++) {
		describe(row, left, sizeof(left));
		width = (int)strlen(left) > width ? (int)strlen(left) : width;
	}
	for (row = command->options; row->name != NULL; row++) {
		describe(row, left, sizeof(left));
		printf("  %-*s  %s\n", width, left, row->help);
	}
	describe(&help_row, left, sizeof(left));
	printf("  %-*s  %s\n", width, left, help_row.help);
}

int wrong_usage(const struct command *command, const char *message, const char *operand)
{
	complain("%s: %s%s%s", command->name, message, operand != NULL ? ": " : "", operand != NULL ? operand : "");
	hint(command);
	return STATUS_USAGE;
}
