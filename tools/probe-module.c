/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tries a module out: a child process loads it and has it list its devices, and says over a pipe how that went. For
 * `weir modules`.
 */
#include "probe-module.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcap/weir.h>

#define PATIENCE 5000 /* ms, for what should take a few */
#define ALL_WELL "+"

/* Never returns. Nothing that the module prints, or leaves as a core file, is of use to anyone. */
static void run_child(const char *name, int answer)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *devices;
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	if (nowhere >= 0) {
		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
	}
	if (pcap_list_module_devices(name, &devices, error) == 0)
		strcpy(error, ALL_WELL);
	/* The reader has what was written, or does not care. */
	_exit(write(answer, error, strlen(error)) > 0 ? 0 : 1);
}

/* The child's answer; false if there was none in time. */
static bool read_answer(int from, char *answer, size_t size)
{
	struct pollfd pollfd = {.fd = from, .events = POLLIN};
	ssize_t length = -1;
	int ready;

	answer[0] = '\0';
	do
		ready = poll(&pollfd, 1, PATIENCE);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return false;
	do
		length = read(from, answer, size - 1);
	while (length < 0 && errno == EINTR);
	answer[length > 0 ? length : 0] = '\0';
	return true;
}

static void tell_end(int status, char *why, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(why, size, "it crashes when it is loaded or lists its devices (%s)",
			strsignal(WTERMSIG(status)));
	else
		snprintf(why, size, "it ends the program when it is loaded or lists its devices (exit status %d)",
			WEXITSTATUS(status));
}

bool probe_module(const char *name, char *why, size_t size)
{
	char answer[PCAP_ERRBUF_SIZE];
	int ends[2], status = 0;
	bool answered;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0) {
		snprintf(why, size, "it can't be tried out: %s", strerror(errno));
		return false;
	}
	if (child == 0)
		run_child(name, ends[1]);
	close(ends[1]);
	answered = read_answer(ends[0], answer, sizeof(answer));
	close(ends[0]);
	if (!answered)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (answered && strcmp(answer, ALL_WELL) == 0)
		return true;
	if (!answered)
		snprintf(why, size, "it does not come back from being loaded or from listing its devices");
	else if (answer[0] != '\0')
		snprintf(why, size, "%s", answer);
	else
		tell_end(status, why, size);
	return false;
}
