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

static int run_help(const struct command *command, int argc, char **argv);

static const struct option_row no_options[] = {{0}};

static const struct command help_command = {
	.name = "help",
	.help = "Show how the command, or a sub-command, is used.",
	.synopsis = "[COMMAND]",
	.options = no_options,
	.run = run_help,
};

static const struct command *const commands[] = {&devices_command, &capture_command, &read_command, &info_command,
	&filter_command, &modules_command, &extcap_command, &help_command};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void show_usage(FILE *out)
{
	fprintf(out, "usage: weir COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->help);
	fprintf(out, "\n'weir help COMMAND' shows a command's options; 'weir --version' the version.\n");
}

static const struct command *find_command(const char *name)
{
	const char *names[COMMAND_COUNT + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
		names[i] = commands[i]->name;
	}
	near = near_miss(name, names);
	if (near != NULL)
		complain("there is no command '%s'; did you mean '%s'?", name, near);
	else
		complain("there is no command '%s' ('weir help' lists them)", name);
	return NULL;
}

static int run_help(const struct command *command, int argc, char **argv)
{
	int first = options_parse(command, argc, argv, NULL);

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (argc - first > 1)
		return wrong_usage(command, "there is one command too many", argv[first + 1]);
	if (first == argc) {
		show_usage(stdout);
	} else {
		const struct command *subject = find_command(argv[first]);

		if (subject == NULL)
			return STATUS_USAGE;
		options_help(subject);
	}
	return finish_stdout(STATUS_OK);
}

static const char *program_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int main(int argc, char **argv)
{
	const struct command *command;
	char error[PCAP_ERRBUF_SIZE];

	/* Wireshark runs what it finds in its folder with the protocol's options alone. */
	if (strcmp(program_name(argc > 0 ? argv[0] : ""), EXTCAP_PROGRAM) == 0) {
		if (pcap_init(PCAP_CHAR_ENC_UTF_8, error) < 0)
			return STATUS_ERROR;
		return extcap_command.run(&extcap_command, argc, argv);
	}
	if (argc < 2) {
		show_usage(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("weir %s\n%s\n", WEIR_VERSION, pcap_lib_version());
		return finish_stdout(STATUS_OK);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		show_usage(stdout);
		return finish_stdout(STATUS_OK);
	}
	if (pcap_init(PCAP_CHAR_ENC_UTF_8, error) < 0) {
		complain("%s", error);
		return STATUS_ERROR;
	}
	command = find_command(argv[1]);
	if (command == NULL)
		return STATUS_USAGE;
	return command->run(command, argc - 1, argv + 1);
}
