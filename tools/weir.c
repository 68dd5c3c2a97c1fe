/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The `weir` command: captures packets, reads them, and tells about filters, devices and modules. The sub-commands are rows
 * of a table, a file each.
 */
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

#include "command.h"

/* A link of that name to this program is `weir extcap`. */
#define EXTCAP_PROGRAM "weir-extcap"

/* Side by side, at any level. */
#define MOST_COMMANDS 15

static int run_help(const struct command *command, int argc, char **argv);

static const struct option_row no_options[] = {{0}};

static const struct command help_command = {
	.name = "help",
	.help = "Show how the command, or a sub-command, is used.",
	.synopsis = "[COMMAND...]",
	.options = no_options,
	.run = run_help,
};

static const struct command *const commands[] = {&devices_command, &capture_command, &read_command, &info_command,
	&filter_command, &modules_command, &module_command, &extcap_command, &help_command, NULL};

static const struct command all_commands = {.name = "", .synopsis = "COMMAND [ARGUMENT...]", .below = commands};

/* The word that tells a command from those beside it. */
static const char *last_word(const struct command *command)
{
	const char *blank = strrchr(command->name, ' ');

	return blank != NULL ? blank + 1 : command->name;
}

static void show_usage(const struct command *above, FILE *out)
{
	const char *blank = above->name[0] != '\0' ? " " : "";

	fprintf(out, "usage: weir %s%s%s\n\n", above->name, blank, above->synopsis);
	for (const struct command *const *command = above->below; *command != NULL; command++)
		fprintf(out, "  %-8s  %s\n", last_word(*command), (*command)->help);
	fprintf(out, "\n'weir help %s%sCOMMAND' shows a command's options; 'weir --version' the version.\n",
		above->name, blank);
}

static const struct command *find_command(const struct command *above, const char *name)
{
	const char *blank = above->name[0] != '\0' ? " " : "";
	const char *names[MOST_COMMANDS + 1] = {NULL};
	const char *near;

	for (size_t i = 0; above->below[i] != NULL; i++) {
		names[i] = last_word(above->below[i]);
		if (strcmp(name, names[i]) == 0)
			return above->below[i];
	}
	near = near_miss(name, names);
	if (near != NULL)
		complain("there is no command '%s%s%s'; did you mean '%s'?", above->name, blank, name, near);
	else
		complain("there is no command '%s%s%s' ('weir help%s%s' lists them)", above->name, blank, name,
			blank, above->name);
	return NULL;
}

static int run_help(const struct command *command, int argc, char **argv)
{
	const struct command *subject = &all_commands;
	int next = options_parse(command, argc, argv, NULL);

	if (next < 0)
		return next == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	for (; next < argc && subject->below != NULL; next++) {
		subject = find_command(subject, argv[next]);
		if (subject == NULL)
			return STATUS_USAGE;
	}
	if (next < argc)
		return wrong_usage(command, "there is one command too many", argv[next]);
	if (subject->below != NULL)
		show_usage(subject, stdout);
	else
		options_help(subject);
	return finish_stdout(STATUS_OK);
}

/* argv begins with the command's own name. */
static int run_command(const struct command *command, int argc, char **argv)
{
	while (command->below != NULL) {
		if (argc < 2) {
			show_usage(command, stderr);
			return STATUS_USAGE;
		}
		if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
			show_usage(command, stdout);
			return finish_stdout(STATUS_OK);
		}
		command = find_command(command, argv[1]);
		if (command == NULL)
			return STATUS_USAGE;
		argc--;
		argv++;
	}
	return command->run(command, argc, argv);
}

static const char *program_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];

	/* Wireshark runs what it finds in its folder with the protocol's options alone. */
	if (strcmp(program_name(argc > 0 ? argv[0] : ""), EXTCAP_PROGRAM) == 0) {
		if (pcap_init(PCAP_CHAR_ENC_UTF_8, error) < 0)
			return STATUS_ERROR;
		return extcap_command.run(&extcap_command, argc, argv);
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("weir %s\n%s\n", WEIR_VERSION, pcap_lib_version());
		return finish_stdout(STATUS_OK);
	}
	if (pcap_init(PCAP_CHAR_ENC_UTF_8, error) < 0) {
		complain("%s", error);
		return STATUS_ERROR;
	}
	return run_command(&all_commands, argc, argv);
}
