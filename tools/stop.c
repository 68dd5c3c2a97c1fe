/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ending on a signal. A signal handler has no argument, so what it needs is kept here; nothing else in the program
 * is. System calls that were interrupted go on, unless it is asked that they end, so that writes are whole; what waits
 * has stop_descriptor() to wait for.
 */
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "units.h"

/* `timeout` and the like send a signal to the process and to its group: twice, and meant once. */
#define SAME_REQUEST_NANOSECONDS (NANOSECONDS_PER_SECOND / 2)

static volatile sig_atomic_t requested;
static uint64_t requested_at;
static void (*volatile wake_user)(void *user);
static void *volatile wake_argument;
static int wake_pipe[2] = {-1, -1};

static void on_signal(int signal_number)
{
	int saved_errno = errno;
	void (*wake)(void *user) = wake_user;

	if (requested) {
		if (signal_number != SIGALRM &&
			monotonic_nanoseconds() - requested_at >= SAME_REQUEST_NANOSECONDS) {
			signal(signal_number, SIG_DFL);
			raise(signal_number);
		}
	} else {
		requested_at = monotonic_nanoseconds();
		requested = 1;
		if (write(wake_pipe[1], "", 1) < 0) {
			/* The pipe could not be made; those who wait look at the flag now and then. */
		}
	}
	if (wake != NULL)
		wake(wake_argument);
	errno = saved_errno;
}

static void install(int flags)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
	struct sigaction before;

	if (wake_pipe[0] < 0 && pipe2(wake_pipe, O_NONBLOCK | O_CLOEXEC) < 0)
		wake_pipe[0] = wake_pipe[1] = -1;
	/* The handler of one is not interrupted by another. */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&action.sa_mask, signals[i]);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* nohup asks that SIGHUP be ignored. */
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
}

void stop_on_signals(void (*wake)(void *user), void *user)
{
	wake_user = NULL;
	wake_argument = user;
	wake_user = wake;
	install(SA_RESTART);
}

void stop_interrupts_calls(void)
{
	install(0);
}

bool stop_requested(void)
{
	return requested != 0;
}

int stop_descriptor(void)
{
	return wake_pipe[0];
}
