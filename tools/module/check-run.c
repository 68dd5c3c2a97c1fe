/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a check of the conformance suite in a process of its own, with a time limit, and tells what became of it: a
 * crash, a hang, an exit, something printed. Keeps the command going that makes traffic meanwhile.
 */
#include "module/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "module/traffic.h"
#include "stop.h"
#include "text.h"
#include "units.h"

#define PRINTED_MAX 512
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ORPHANS_NANOSECONDS (NANOSECONDS_PER_SECOND / 2)

struct check_result *new_check_result(void)
{
	void *memory =
		mmap(NULL, sizeof(struct check_result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

/* ---- Traffic ---- */

/* What runs beside the checks: the user's command, or a process that sends through the device. */
static struct {
	const char *command;
	pid_t id; /* of its group; 0: it does not run */
	uint64_t started;
	pid_t injecting;
} traffic;

void start_traffic(const char *command)
{
	traffic.command = command;
	traffic.started = monotonic_nanoseconds();
	traffic.id = start_command(command);
}

/* A command that has ended is run again, but not as fast as the machine can; one that has failed is not. */
static void keep_traffic(void)
{
	int status;

	if (traffic.command == NULL)
		return;
	if (traffic.id > 0 && waitpid(traffic.id, &status, WNOHANG) == traffic.id) {
		traffic.id = 0;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			traffic.command = NULL;
			complain("the command for traffic has failed (%s %d), and is not run again",
				WIFEXITED(status) ? "exit status" : "signal",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		}
	}
	if (traffic.command != NULL && traffic.id <= 0 &&
		monotonic_nanoseconds() - traffic.started > NANOSECONDS_PER_SECOND / 50)
		start_traffic(traffic.command);
}

void stop_traffic(void)
{
	if (traffic.id > 0)
		end_group(traffic.id);
	traffic.command = NULL;
	traffic.id = 0;
}

/* An Ethernet frame to nobody, of the type for local experiments (IEEE 802), with its number. */
static void inject_forever(const char *device)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	u_char frame[98] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	pcap_t *p = pcap_open_live(device, 128, 0, 10, errbuf);

	for (uint32_t number = 0; p != NULL; number++) {
		u_int size = 60 + number % 2 * 38;
		for (int i = 0; i < 4; i++)
			frame[14 + i] = number >> (24 - 8 * i);
		pcap_inject(p, frame, size);
		sleep_ms(2);
	}
	_exit(0);
}

void start_injecting(const char *device)
{
	traffic.injecting = fork_group();
	if (traffic.injecting == 0)
		inject_forever(device);
}

void stop_injecting(void)
{
	if (traffic.injecting > 0)
		end_group(traffic.injecting);
	traffic.injecting = 0;
}

/* ---- What checks leave ---- */

/* Processes that a check's has started come to the command when it ends, if this can be had. */
void adopt_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Takes note of those that have ended; how many there are still, beside those that make traffic. */
static unsigned count_left(void)
{
	char path[64], text[4096] = "";
	unsigned left = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *list = fopen(path, "re");
	if (list == NULL)
		return 0;
	size_t length = fread(text, 1, sizeof(text) - 1, list);
	fclose(list);
	text[length] = '\0';
	for (char *at = text, *end; (end = strchr(at, ' ')) != NULL; at = end + 1) {
		pid_t id = (pid_t)strtol(at, NULL, 10);
		if (id != traffic.id && id != traffic.injecting)
			left += waitpid(id, NULL, WNOHANG) == 0;
	}
	return left;
}

/* A helper of the module's may hold the device for a moment after the process that it helped is gone. */
static void wait_for_orphans(unsigned before)
{
	uint64_t until = monotonic_nanoseconds() + ORPHANS_NANOSECONDS;

	while (count_left() > before && monotonic_nanoseconds() < until)
		usleep(1000);
}

/* ---- A check ---- */

noreturn static void run_child(const struct check_row *row, struct trial *t, int printed)
{
	int nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	if (nowhere >= 0)
		dup2(nowhere, STDIN_FILENO);
	if (printed >= 0) {
		dup2(printed, STDOUT_FILENO);
		dup2(printed, STDERR_FILENO);
		close(printed);
	}
	row->run(t);
	fflush(stdout);
	t->result->finished = true;
	_exit(0);
}

/* The child's wait status; false if it did not come back in time. */
static bool wait_for(pid_t child, uint64_t limit, int *status)
{
	uint64_t until = monotonic_nanoseconds() + limit;

	while (!stop_requested() && monotonic_nanoseconds() < until) {
		if (waitpid(child, status, WNOHANG) == child)
			return true;
		keep_traffic();
		usleep(500);
	}
	return false;
}

static const char *signal_name(int number)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGABRT, "SIGABRT"}, {SIGFPE, "SIGFPE"},
		{SIGILL, "SIGILL"}, {SIGKILL, "SIGKILL"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"},
		{SIGTRAP, "SIGTRAP"}, {SIGSYS, "SIGSYS"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return strsignal(number);
}

/* The first line with a letter that the check's process has printed; NULL if it has printed nothing. */
static const char *first_line(int printed, char *line, size_t size)
{
	char buffer[PRINTED_MAX + 1];
	ssize_t length = printed >= 0 ? pread(printed, buffer, PRINTED_MAX, 0) : 0;
	struct text text = text_in(line, size);
	const char *start = buffer;

	if (length <= 0)
		return NULL;
	buffer[length] = '\0';
	for (const char *next; (next = strchr(start, '\n')) != NULL && next[1] != '\0'; start = next + 1)
		if (strcspn(start, LETTERS) < (size_t)(next - start))
			break;
	text_escaped(&text, start, strcspn(start, "\n"));
	return text_finish(&text);
}

/* How the check's process ended, where that says more than the check. */
static void tell_end(struct check_result *result, bool back, int status, uint64_t limit, int printed)
{
	char line[4 * PRINTED_MAX], at[sizeof(result->step) + 8] = "";
	const char *output = first_line(printed, line, sizeof(line));
	char *text = result->text;
	size_t size = sizeof(result->text);

	result->step[sizeof(result->step) - 1] = '\0';
	if (result->step[0] != '\0')
		snprintf(at, sizeof(at), " (at: %s)", result->step);
	if (back && result->finished) {
		if (output == NULL || result->outcome != CHECK_PASSED)
			return;
		snprintf(text, size, "it printed \"%.200s\"", output);
	} else if (!back) {
		result->hung = true;
		snprintf(text, size, "it did not come back within %.3g s%s", (double)limit / NANOSECONDS_PER_SECOND,
			at);
	} else if (WIFSIGNALED(status)) {
		snprintf(text, size, "it crashed with %s%s", signal_name(WTERMSIG(status)), at);
	} else {
		snprintf(text, size, "it ended the program with exit status %d%s", WEXITSTATUS(status), at);
	}
	if (!result->finished && output != NULL)
		snprintf(text + strlen(text), size - strlen(text), ", and printed \"%.200s\"", output);
	result->rule[0] = '\0';
	result->outcome = CHECK_BROKEN;
}

enum outcome run_check(const struct check_row *row, struct trial *t)
{
	int printed = memfd_create("weir-module-check", MFD_CLOEXEC), status = 0;
	struct check_result *result = t->result;

	unsigned left_before = count_left();
	memset(result, 0, offsetof(struct check_result, devices));
	fflush(NULL);
	pid_t child = fork_group();
	if (child == 0)
		run_child(row, t, printed);
	if (child < 0) {
		snprintf(result->text, sizeof(result->text), "no process for it: %s", strerror(errno));
		result->outcome = CHECK_LEFT_OUT;
	} else {
		bool back = wait_for(child, t->settings->limit, &status);
		/* What the module itself has started goes with it. */
		if (back)
			kill(-child, SIGKILL);
		else
			end_group(child);
		wait_for_orphans(left_before);
		tell_end(result, back, status, t->settings->limit, printed);
	}
	if (printed >= 0)
		close(printed);
	return result->outcome;
}
