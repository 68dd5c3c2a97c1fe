/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What makes packets while a device is checked or measured, for `weir module check` and `weir module bench`.
 */
#include "module/traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "units.h"

/* What a group has to end by itself. */
#define END_NANOSECONDS NANOSECONDS_PER_SECOND

pid_t fork_group(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child > 0) {
		/* Here as well, so that it is done before anyone ends it. */
		setpgid(child, child);
	} else if (child == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
			signal(signals[i], SIG_DFL);
	}
	return child;
}

pid_t start_command(const char *command)
{
	pid_t group = fork_group();

	if (group < 0)
		complain("the traffic can't be started: %s", strerror(errno));
	if (group != 0)
		return group;
	int nowhere = open("/dev/null", O_RDONLY);
	dup2(nowhere, STDIN_FILENO);
	/* Its output would stand among ours. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

bool is_group_running(pid_t group)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)group, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void end_group(pid_t group)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	uint64_t start = monotonic_nanoseconds();

	kill(-group, SIGTERM);
	while (is_group_running(group) && monotonic_nanoseconds() - start < END_NANOSECONDS)
		nanosleep(&moment, NULL);
	/* The group's number is not another's before its leader was waited for. */
	kill(-group, SIGKILL);
	while (waitpid(group, NULL, 0) < 0 && errno == EINTR)
		continue;
}
