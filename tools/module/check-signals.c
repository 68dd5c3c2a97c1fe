/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on waits that signals and other threads come into.
 */
#include "module/check.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "units.h"

#define BEFORE_BREAK_MS 300
#define PATIENCE_SECONDS 3
#define SIGNAL_EVERY_US 10000

/* A handle that a thread of its own reads from, and what that came to. */
struct reader {
	struct trial *t;
	pcap_t *p;
	int status;
	unsigned packets;
};

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct reader *reader = (struct reader *)user;

	(void)header;
	(void)data;
	reader->packets++;
}

static void *read_in_thread(void *argument)
{
	struct reader *reader = argument;

	reader->status = pcap_loop(reader->p, -1, count_packet, (u_char *)reader);
	return NULL;
}

static pthread_t start_reader(struct reader *reader)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, read_in_thread, reader) != 0)
		left_out(reader->t, "no thread can be made");
	return thread;
}

static bool joined(pthread_t thread, unsigned seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

static void check_ending(struct reader *reader, const char *what)
{
	struct trial *t = reader->t;

	if (reader->status == PCAP_ERROR)
		broken(t, "%s made pcap_loop() fail: %s", what,
			check_text(t, "R6", pcap_geterr(reader->p), "pcap_loop()"));
	if (reader->status != PCAP_ERROR_BREAK)
		broken(t, "%s made pcap_loop() return %d, not PCAP_ERROR_BREAK (%d)", what, reader->status,
			PCAP_ERROR_BREAK);
	if (reader->p->break_loop)
		broken_rule(t, "R4", "pcap_loop() returned PCAP_ERROR_BREAK, and break_loop is still set");
}

/* Without a time-out, so that nothing else ends the wait; silent devices, too. */
static void thread_breaks_a_wait(struct trial *t)
{
	struct reader reader = {.t = t, .p = open_handle(t, &(struct opening){.timeout = 0})};

	for (int round = 0; round < 3; round++) {
		pthread_t thread = start_reader(&reader);
		sleep_ms(BEFORE_BREAK_MS);
		step(t, "pcap_breakloop() from another thread");
		pcap_breakloop(reader.p);
		if (!joined(thread, PATIENCE_SECONDS))
			broken(t, "pcap_breakloop() from another thread does not end a read that waits");
		check_ending(&reader, "pcap_breakloop() from another thread");
	}
	pcap_close(reader.p);
}

/* A filter that refuses all makes a silence on a busy device. */
static void thread_breaks_a_filtered_wait(struct trial *t)
{
	struct reader reader = {.t = t, .p = open_handle(t, &(struct opening){.timeout = 0})};
	struct bpf_insn refuse = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program program = {1, &refuse};

	if (pcap_setfilter(reader.p, &program) != 0)
		left_out(t, "no filter can be set: %s", pcap_geterr(reader.p));
	pthread_t thread = start_reader(&reader);
	sleep_ms(BEFORE_BREAK_MS);
	step(t, "pcap_breakloop() from another thread");
	pcap_breakloop(reader.p);
	if (!joined(thread, PATIENCE_SECONDS))
		broken(t, "pcap_breakloop() from another thread does not end a read while no packet passes the "
			  "filter");
	check_ending(&reader, "pcap_breakloop() from another thread");
	if (reader.packets > 0)
		broken_rule(t, "F1", "with a filter that refuses all, %u packets were delivered", reader.packets);
	pcap_close(reader.p);
}

/* ---- Signals ---- */

/* A handler has no argument: what it breaks, and how often it ran. */
static pcap_t *volatile broken_by_handler;
static volatile sig_atomic_t handler_runs;

static void on_alarm(int number)
{
	(void)number;
	handler_runs++;
	if (broken_by_handler != NULL)
		pcap_breakloop(broken_by_handler);
}

/* Interrupts system calls: no SA_RESTART. */
static void send_alarms(long every_us, bool again)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {.it_value = {every_us / 1000000, every_us % 1000000}};

	if (again)
		timer.it_interval = timer.it_value;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void handler_breaks_a_wait(struct trial *t)
{
	struct reader reader = {.t = t, .p = open_handle(t, &(struct opening){.timeout = 0})};

	broken_by_handler = reader.p;
	step(t, "pcap_loop() that a signal handler breaks");
	send_alarms(BEFORE_BREAK_MS * 1000, false);
	read_in_thread(&reader);
	broken_by_handler = NULL;
	check_ending(&reader, "pcap_breakloop() in a signal handler");
	pcap_close(reader.p);
}

/* Signals go to this thread, the only one that reads; a helper ends the loop after a while. */
static void *break_later(void *argument)
{
	struct reader *reader = argument;
	uint64_t until = monotonic_nanoseconds() + 500 * 1000000ULL;

	while (monotonic_nanoseconds() < until)
		sleep_ms(10);
	pcap_breakloop(reader->p);
	return NULL;
}

static void signals_do_not_end_a_loop(struct trial *t)
{
	struct reader reader = {.t = t, .p = open_handle(t, &(struct opening){.timeout = 0})};
	uint64_t start = monotonic_nanoseconds();
	sigset_t alarms;
	pthread_t thread;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	if (pthread_create(&thread, NULL, break_later, &reader) != 0)
		left_out(t, "no thread can be made");
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	send_alarms(SIGNAL_EVERY_US, true);
	step(t, "pcap_loop() while signals come");
	read_in_thread(&reader);
	send_alarms(0, false);
	uint64_t ms = (monotonic_nanoseconds() - start) / 1000000;
	if (reader.status == PCAP_ERROR || ms < 400)
		broken(t,
			"a signal (%d came) made pcap_loop() return %d after %llu ms, and nobody had broken "
			"it%s%.200s",
			(int)handler_runs, reader.status, (unsigned long long)ms,
			reader.status == PCAP_ERROR ? ": " : "",
			reader.status == PCAP_ERROR ? pcap_geterr(reader.p) : "");
	pthread_join(thread, NULL);
	if (reader.status != PCAP_ERROR_BREAK)
		broken(t,
			"while signals came, pcap_breakloop() made pcap_loop() return %d, not PCAP_ERROR_BREAK "
			"(%d)",
			reader.status, PCAP_ERROR_BREAK);
	if (handler_runs == 0)
		left_out(t, "no signal came");
	pcap_close(reader.p);
}

/* With a time-out, signals neither end the wait as an error nor make it last. */
static void signals_do_not_prolong_a_wait(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 100});
	struct bpf_insn refuse = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program program = {1, &refuse};

	if (pcap_setfilter(p, &program) != 0)
		left_out(t, "no filter can be set: %s", pcap_geterr(p));
	start_gathering(&g, t, p, 0);
	send_alarms(SIGNAL_EVERY_US, true);
	uint64_t start = monotonic_nanoseconds();
	dispatch(&g, -1);
	uint64_t ms = (monotonic_nanoseconds() - start) / 1000000;
	send_alarms(0, false);
	if (ms > 1000 * PATIENCE_SECONDS)
		broken(t, "while signals come, a read with a time-out of 100 ms takes %llu ms",
			(unsigned long long)ms);
	pcap_close(p);
}

const struct check_row signal_checks[] = {
	{"R8", "pcap_breakloop() from another thread wakes a read", thread_breaks_a_wait, 0},
	{"R8", "the same where a filter refuses all packets", thread_breaks_a_filtered_wait, 0},
	{"R8", "pcap_breakloop() in a signal handler ends a loop", handler_breaks_a_wait, 0},
	{"R8", "signals do not end a loop", signals_do_not_end_a_loop, 0},
	{"R8", "signals do not prolong a wait", signals_do_not_prolong_a_wait, 0},
	{0},
};
