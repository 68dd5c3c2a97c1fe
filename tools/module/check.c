/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir module check`: runs the conformance suite for capture modules on a module's file, or on a device, and tells which
 * rules of the module contract are broken. For authors of modules, and for the tests of the modules that are built in.
 */
#include "module/check.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <pcap/weir.h>

#include "command.h"
#include "module/file.h"
#include "stop.h"
#include "units.h"

#define DEFAULT_WAIT (5 * NANOSECONDS_PER_SECOND)
#define DEFAULT_LEAK_TIME (NANOSECONDS_PER_SECOND * 3 / 2)
#define DEFAULT_LIMIT (20 * NANOSECONDS_PER_SECOND)
/* A device on which so many checks hang is not waited for any longer. */
#define MOST_HANGS 3

/* One run of the command. */
struct check_run {
	struct check_settings settings;
	struct check_subject subject;
	struct check_report report;
	struct check_result *result;
	unsigned hangs;    /* on the device that is checked */
	unsigned unopened; /* devices */
	unsigned opened;
	char module[128];
	char prefixes[512];
	char file[PATH_MAX];
};

static const struct option_row check_options[] = {
	{0, "device", "NAME", "of a module's file: this device, not those it lists (can be repeated)", option_list,
		offsetof(struct check_settings, devices)},
	{0, "rule", "RULE", "only checks of this rule, such as R4 (can be repeated)", option_list,
		offsetof(struct check_settings, rules)},
	{0, "traffic", "COMMAND", "a shell command that makes packets, run for as long as the checks run",
		option_text, offsetof(struct check_settings, traffic)},
	{0, "inject", NULL, "send packets through the device", option_flag,
		offsetof(struct check_settings, inject)},
	{0, "wait", "SECONDS", "how long to wait for packets (default 5)", option_seconds,
		offsetof(struct check_settings, wait)},
	{0, "limit", "SECONDS", "how long a check may take (default 20)", option_seconds,
		offsetof(struct check_settings, limit)},
	{0, "leak-time", "SECONDS", "how long each check for leaks goes on (default 1.5)", option_seconds,
		offsetof(struct check_settings, leak_time)},
	{0, "strict", NULL, "fail if something is not checked", option_flag,
		offsetof(struct check_settings, strict)},
	{0, "json", NULL, "print a JSON array", option_flag, offsetof(struct check_settings, json)},
	{0, "list", NULL, "list the checks and run none", option_flag, offsetof(struct check_settings, list)},
	{0},
};

static const struct check_row *const device_tables[] = {activate_checks, read_checks, break_checks, signal_checks,
	filter_checks, operation_checks, thread_checks, leak_checks, NULL};

/* ---- Running tables ---- */

static bool is_wanted(const struct check_run *run, const struct check_row *row)
{
	const struct option_list *rules = &run->settings.rules;

	/* A module without prefixes serves what names the system has. */
	if ((row->needs & CHECK_NEEDS_PREFIXES) != 0 && run->subject.prefixes == NULL)
		return false;
	for (size_t i = 0; i < rules->count; i++)
		if (strcasecmp(rules->values[i], row->rule) == 0)
			return true;
	return rules->count == 0;
}

/* Why a check is not worth running; NULL if it is. */
static const char *reason_to_leave_out(const struct check_run *run, const struct check_row *row)
{
	if (run->hangs >= MOST_HANGS)
		return "too many checks of this device did not come back";
	if ((row->needs & CHECK_NEEDS_PACKETS) != 0 && !run->subject.listened)
		return "whether packets come is not known: what is wrong above has ended the first read";
	if ((row->needs & CHECK_NEEDS_PACKETS) != 0 && !run->subject.has_packets)
		return "no packet came; --traffic or --inject makes some";
	return NULL;
}

static enum outcome run_row(struct check_run *run, const struct check_row *row)
{
	struct trial trial = {&run->settings, &run->subject, run->result};
	const char *reason = reason_to_leave_out(run, row);

	if (stop_requested())
		return CHECK_LEFT_OUT;
	if (reason != NULL) {
		run->result->outcome = CHECK_LEFT_OUT;
		run->result->rule[0] = '\0';
		snprintf(run->result->text, sizeof(run->result->text), "%s", reason);
	} else {
		run_check(row, &trial);
		run->hangs += run->result->hung;
	}
	if (!stop_requested())
		report_check(&run->report, &run->subject, row, run->result);
	return run->result->outcome;
}

static bool run_table(struct check_run *run, const struct check_row *table)
{
	bool good = true;

	for (const struct check_row *row = table; row->rule != NULL; row++)
		if (is_wanted(run, row))
			good = run_row(run, row) != CHECK_BROKEN && good;
	return good;
}

static void check_device(struct check_run *run, const char *device)
{
	run->subject.device = device;
	run->subject.has_packets = false;
	run->hangs = 0;
	report_subject(&run->report, &run->subject);
	run_table(run, create_checks);
	if (run->settings.inject)
		start_injecting(device);
	enum outcome outcome = run_row(run, opening_check);
	run->subject.listened = run->result->listened;
	run->subject.has_packets = run->result->packets > 0;
	run->opened += run->result->opened;
	if (run->result->opened) {
		for (size_t i = 0; device_tables[i] != NULL; i++)
			run_table(run, device_tables[i]);
	} else {
		run->unopened += outcome == CHECK_LEFT_OUT;
	}
	stop_injecting();
	run->subject.device = NULL;
}

/* ---- What is to be checked ---- */

/* The library's row of a module, by its file or its name; NULL in the subject for what it does not know. */
static bool find_module(struct check_run *run, const char *file, const char *name)
{
	struct pcap_module_info info;

	for (size_t i = 0; pcap_get_module(i, &info, sizeof(info)) == 1; i++) {
		if (file != NULL ? info.file == NULL || strcmp(info.file, file) != 0 : strcmp(info.name, name) != 0)
			continue;
		snprintf(run->module, sizeof(run->module), "%s", info.name);
		run->subject.module = run->module;
		if (info.file != NULL)
			snprintf(run->file, sizeof(run->file), "%s", info.file);
		run->subject.file = info.file != NULL ? run->file : NULL;
		snprintf(run->prefixes, sizeof(run->prefixes), "%s", info.prefixes != NULL ? info.prefixes : "");
		run->subject.prefixes = run->prefixes[0] != '\0' ? run->prefixes : NULL;
		return true;
	}
	return false;
}

static int find_file(struct check_run *run, const char *target)
{
	char path[PATH_MAX];

	if (!search_folder_of(target, path))
		return STATUS_NO_DEVICE;
	snprintf(run->file, sizeof(run->file), "%s", path);
	if (find_module(run, run->file, NULL))
		return STATUS_OK;
	/* What is wrong with it, its first check tells. */
	const char *name = strrchr(run->file, '/') + 1;
	snprintf(run->module, sizeof(run->module), "%.100s", name);
	run->subject.file = run->file;
	run->subject.module = run->module;
	return STATUS_OK;
}

/* Asks in a process of its own whose device it is. */
static void ask_module(struct trial *t)
{
	pcap_t *p = create_handle(t);
	const char *name = pcap_module_name(p);

	snprintf(t->result->devices, CHECK_DEVICES_SIZE, "%s", name != NULL ? name : "");
	pcap_close(p);
}

static int find_device(struct check_run *run, const char *target)
{
	static const struct check_row asking = {"C2", "whose device it is", ask_module, 0};
	struct trial trial = {&run->settings, &run->subject, run->result};

	run->subject.device = target;
	run->subject.module = "";
	if (run_check(&asking, &trial) != CHECK_PASSED) {
		complain("%s: %s", target, run->result->text);
		return STATUS_NO_DEVICE;
	}
	run->subject.device = NULL;
	char name[64];
	snprintf(name, sizeof(name), "%.63s", run->result->devices);
	if (!find_module(run, NULL, name)) {
		complain("%s: it is served by no module", target);
		return STATUS_NO_DEVICE;
	}
	return STATUS_OK;
}

/* ---- The command ---- */

static void check_listed_devices(struct check_run *run, char *devices)
{
	const struct option_list *named = &run->settings.devices;

	for (size_t i = 0; i < named->count; i++)
		check_device(run, named->values[i]);
	if (named->count > 0)
		return;
	for (const char *device = devices; *device != '\0' && !stop_requested(); device += strlen(device) + 1)
		check_device(run, device);
	if (*devices == '\0' && !run->report.json)
		printf("\nno device is listed: --device NAME names one\n");
}

static void check_all(struct check_run *run, const char *device)
{
	char *devices = NULL;

	report_subject(&run->report, &run->subject);
	/* A file that can't be used has no more to check. */
	if (device == NULL && !run_table(run, shape_checks))
		return;
	run->result->devices[0] = '\0';
	run_table(run, listing_checks);
	/* The first of them tells the devices. */
	if (device == NULL && !is_wanted(run, listing_checks)) {
		struct trial trial = {&run->settings, &run->subject, run->result};
		run_check(listing_checks, &trial);
	}
	if (device != NULL) {
		check_device(run, device);
		return;
	}
	devices = malloc(CHECK_DEVICES_SIZE);
	if (devices == NULL)
		return;
	memcpy(devices, run->result->devices, CHECK_DEVICES_SIZE);
	check_listed_devices(run, devices);
	free(devices);
}

static int finish(const struct check_run *run)
{
	const unsigned *total = run->report.total;

	if (stop_requested())
		return STATUS_ERROR;
	if (total[CHECK_BROKEN] > 0 || (run->settings.strict && total[CHECK_LEFT_OUT] > 0))
		return STATUS_ERROR;
	if (run->unopened > 0 && (run->opened == 0 || run->settings.devices.count > 0))
		return STATUS_NO_DEVICE;
	return STATUS_OK;
}

static void list_checks(void)
{
	static const struct check_row *const tables[] = {
		shape_checks, listing_checks, create_checks, opening_check, NULL};

	for (size_t i = 0; tables[i] != NULL; i++)
		for (const struct check_row *row = tables[i]; row->rule != NULL; row++)
			printf("%-3s %s\n", row->rule, row->name);
	for (size_t i = 0; device_tables[i] != NULL; i++)
		for (const struct check_row *row = device_tables[i]; row->rule != NULL; row++)
			printf("%-3s %s\n", row->rule, row->name);
}

static int run_on(struct check_run *run, const char *target)
{
	struct json json = {.out = stdout};

	run->result = new_check_result();
	if (run->result == NULL) {
		complain("no memory");
		return STATUS_ERROR;
	}
	bool file = is_module_file(target);
	int status = file ? find_file(run, target) : find_device(run, target);
	if (status != STATUS_OK)
		return status;
	run->report.json = run->settings.json;
	run->report.out = &json;
	if (run->settings.json)
		json_open_array(&json, NULL);
	if (run->settings.traffic != NULL)
		start_traffic(run->settings.traffic);
	check_all(run, file ? NULL : target);
	stop_traffic();
	if (run->settings.json) {
		json_close_array(&json);
		json_end_line(&json);
	}
	report_end(&run->report);
	return finish(run);
}

static int run_check_command(const struct command *command, int argc, char **argv)
{
	struct check_run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		return STATUS_ERROR;
	run->settings.wait = DEFAULT_WAIT;
	run->settings.limit = DEFAULT_LIMIT;
	run->settings.leak_time = DEFAULT_LEAK_TIME;
	int first = options_parse(command, argc, argv, &run->settings), status;
	if (first < 0) {
		status = first == OPTIONS_HELP ? STATUS_OK : STATUS_USAGE;
	} else if (run->settings.list) {
		list_checks();
		status = STATUS_OK;
	} else if (argc - first != 1) {
		free(run);
		return wrong_usage(command, "it takes one operand, a FILE.so or a DEVICE",
			first < argc ? argv[first + 1] : NULL);
	} else {
		stop_on_signals(NULL, NULL);
		adopt_orphans();
		status = run_on(run, argv[first]);
	}
	free(run);
	return finish_stdout(status);
}

const struct command module_check_command = {
	.name = "module check",
	.help = "Run the conformance suite on a module's file or on a device.",
	.synopsis = "[OPTION...] FILE.so|DEVICE",
	.options = check_options,
	.run = run_check_command,
};
