/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir read`: shows the packets of savefiles, or writes them to another one, some or all of them. What is good of a
 * damaged file comes first, then the error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "read-loop.h"
#include "read-resume.h"
#include "source.h"
#include "stop.h"

/* ---- Options ---- */

static bool parse_when(void *field, const char *value, const char **wanted)
{
	*wanted = "a time, such as 2024-02-29T12:00:01.5, 1709208001.5 (since 1970) or +90 (seconds after the "
		  "first packet)";
	return parse_moment(value, field);
}

#define FIELD(name) offsetof(struct read_settings, name)

static const struct option_row read_options[] = {
	{'c', "count", "N", "stop after N packets", option_count, FIELD(count)},
	{0, "json", NULL, "print a JSON object a packet, one a line", option_flag, FIELD(json)},
	{'m', "merge", NULL, "take all operands for files, up to a --, and merge them by time", option_flag,
		FIELD(merge)},
	{0, "first-packet", "N", "begin with packet number N", option_count, FIELD(selection.first_packet)},
	{0, "last-packet", "N", "end with packet number N", option_count, FIELD(selection.last_packet)},
	{0, "from", "TIME", "packets from that time on; +S: after the first packet", parse_when,
		FIELD(selection.from)},
	{0, "to", "TIME", "packets before that time", parse_when, FIELD(selection.to)},
	{'f', "follow", NULL, "wait for more at the end of a file that grows", option_flag, FIELD(follow)},
	{0, "repair", NULL, "write what is good of a damaged file", option_flag, FIELD(repair)},
	{0, "precision", "UNIT", "of the time stamps: micro or nano (seconds)", option_precision, FIELD(precision)},
	OUTPUT_OPTIONS(struct read_settings, output),
	{0},
};

/* What is wrong with settings that are each right, or NULL. */
static const char *contradiction(const struct read_settings *settings)
{
	if (settings->output.path != NULL && settings->json)
		return "either -w or --json: packets are written or printed";
	if (settings->follow && settings->merge)
		return "-f follows one file";
	if (settings->repair && settings->output.path == NULL)
		return "--repair: where to? -w FILE";
	if (settings->repair && (settings->merge || settings->follow))
		return "--repair goes with one file that does not grow";
	return output_contradiction(&settings->output);
}

/* ---- Files ---- */

static bool is_pipe(const char *path)
{
	struct stat status;

	return (strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(path, &status)) == 0 &&
	       (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static bool open_inputs(struct reading *reading, char **paths)
{
	for (size_t i = 0; i < reading->input_count; i++) {
		struct input *input = &reading->inputs[i];

		if (reading->settings->output.path != NULL &&
			output_could_be(&reading->settings->output, paths[i])) {
			complain("%s: this is the file that is read from", reading->settings->output.path);
			return false;
		}
		if (reading->settings->follow ? follow_open(&reading->follower, input, paths[i])
					      : input_open(input, paths[i])) {
			if (reading->settings->repair)
				resume_prepare(input);
			continue;
		}
		if (!stop_requested())
			complain_of(input->name, input->damage);
		return false;
	}
	return true;
}

/* For the signal handler. */
static void wake_inputs(void *user)
{
	struct reading *reading = user;

	for (size_t i = 0; i < reading->input_count; i++) {
		if (reading->inputs[i].reader != NULL)
			pcapng_breakloop(reading->inputs[i].reader);
	}
}

/* Progress is of all bytes, where it is known how many they are. */
static void begin_progress(struct reading *reading, bool printing)
{
	uint64_t total = 0;

	for (size_t i = 0; i < reading->input_count && !reading->settings->follow; i++) {
		uint64_t size = input_size(reading->inputs[i].path);

		total += size;
		if (size == 0) {
			total = 0;
			break;
		}
	}
	progress_begin(&reading->progress, total, printing);
}

/* Says what ended each input before its end; the exit status. */
static int tell_damage(const struct reading *reading, int status)
{
	for (size_t i = 0; i < reading->input_count; i++) {
		const struct input *input = &reading->inputs[i];

		if (input->left_out > 0)
			complain("%s: %" PRIu64 " bytes in %" PRIu64 " places are left out", input->name,
				input->left_out, input->gaps);
		if (input->damage[0] == '\0' || input->told)
			continue;
		complain_of(input->name, input->damage);
		if (!reading->settings->repair)
			status = STATUS_ERROR;
	}
	return status;
}

static int read_inputs(struct reading *reading)
{
	const struct read_settings *settings = reading->settings;
	bool writing = settings->output.path != NULL;
	int status;

	reading->flush_each = settings->follow || (is_pipe(reading->inputs[0].path) &&
							  (!writing || strcmp(settings->output.path, "-") == 0));
	if (writing)
		reading->out = (struct read_output){.settings = &settings->output,
			.inputs = reading->inputs,
			.input_count = reading->input_count,
			.precision = settings->precision,
			.edited = reading->input_count > 1 || settings->count != 0 ||
				  selects(&settings->selection) || reading->filters.expression != NULL};
	else
		sink_print(&reading->print, settings->json, false);
	begin_progress(reading, !writing);
	stop_on_signals(wake_inputs, reading);
	read_all(reading);
	stop_on_signals(NULL, NULL);
	status = writing ? output_close(&reading->out) : sink_close(&reading->print);
	if (reading->filters.wrong)
		status = STATUS_USAGE;
	return tell_damage(reading, status);
}

static int read_files(const struct read_settings *settings, char **paths, size_t count, const char *expression)
{
	struct reading reading = {.settings = settings,
		.selection = settings->selection,
		.inputs = calloc(count, sizeof(struct input)),
		.input_count = count,
		.filters = {.expression = expression},
		.follower = {.fd = -1}};
	int status = STATUS_ERROR;

	if (reading.inputs == NULL)
		complain("there is no memory for %zu files", count);
	else if (open_inputs(&reading, paths))
		status = read_inputs(&reading);
	else if (stop_requested())
		status = STATUS_OK;
	for (size_t i = 0; reading.inputs != NULL && i < count; i++)
		input_close(&reading.inputs[i]);
	free(reading.inputs);
	filters_free(&reading.filters);
	follow_end(&reading.follower);
	return status;
}

/* ---- The command ---- */

/* How many words stand behind a --: those of the expression, where all others are files. */
static int count_expression(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argc - i - 1;
	}
	return 0;
}

static int run_read(const struct command *command, int argc, char **argv)
{
	struct read_settings settings = {.precision = NOT_KNOWN, .output = OUTPUT_SETTINGS_DEFAULT};
	int words = count_expression(argc, argv);
	int first = options_parse(command, argc, argv, &settings);
	int files = settings.merge ? argc - first - words : 1;
	char *expression;
	int status;

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first == argc || files < 1)
		return wrong_usage(command, "which file? (- is standard input)", NULL);
	if (contradiction(&settings) != NULL)
		return wrong_usage(command, contradiction(&settings), NULL);
	/* Waiting for a file to begin ends on signals as well. */
	stop_on_signals(NULL, NULL);
	expression = join_words(argc - first - files, argv + first + files);
	status = read_files(&settings, argv + first, (size_t)files, expression);
	free(expression);
	return status;
}

const struct command read_command = {
	.name = "read",
	.help = "Show the packets of savefiles, or write them to others: filtered, merged, split.",
	.synopsis = "FILE [-w FILE] [OPTION...] [EXPRESSION]",
	.options = read_options,
	.run = run_read,
};
