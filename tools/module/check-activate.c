/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on activation: its options, what it leaves in the handle, and how it fails.
 */
#include "module/check.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_LIMITS 64
#define FAILED_ROUNDS 300

/* ---- What it leaves ---- */

/* The link types whose packets can be longer than MAXIMUM_SNAPLEN, and by how much. */
static int longest_packet(int dlt)
{
	static const struct {
		int dlt, snaplen;
	} rows[] = {{DLT_DBUS, 128 << 20}, {DLT_USBPCAP, 128 << 20}, {DLT_EBHSCR, 8 << 20}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].dlt == dlt)
			return rows[i].snaplen;
	return MAXIMUM_SNAPLEN;
}

static void odd_snapshot_lengths(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 100});
	const int longest = longest_packet(pcap_datalink(p)), lengths[] = {0, -1, INT_MIN, longest + 1, INT_MAX};

	pcap_close(p);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		p = create_handle(t);
		pcap_set_snaplen(p, lengths[i]);
		step(t, "pcap_activate() with a snapshot length of %d", lengths[i]);
		if (pcap_activate(p) < 0)
			broken(t, "with a snapshot length of %d it can't be activated: %s", lengths[i],
				check_text(t, "A3", pcap_geterr(p), "pcap_activate()"));
		if (pcap_snapshot(p) != MAXIMUM_SNAPLEN && pcap_snapshot(p) != longest)
			broken(t, "a snapshot length of %d becomes %d; it has to become MAXIMUM_SNAPLEN (%d)",
				lengths[i], pcap_snapshot(p), MAXIMUM_SNAPLEN);
		pcap_close(p);
	}
}

/* Each is one that the module may take or refuse; a refusal has a text, and the handle can be closed. */
struct option_case {
	const char *name;
	int (*set)(pcap_t *p, int value);
	int value;
};

static int set_type_directly(pcap_t *p, int type)
{
	p->opt.tstamp_type = type;
	return 0;
}

static const struct option_case option_cases[] = {
	{"promiscuous mode", pcap_set_promisc, 1},
	{"immediate mode", pcap_set_immediate_mode, 1},
	{"a time-out of 0", pcap_set_timeout, 0},
	{"a time-out of -1", pcap_set_timeout, -1},
	{"a time-out of INT_MAX", pcap_set_timeout, INT_MAX},
	{"a buffer of 1 byte", pcap_set_buffer_size, 1},
	{"a buffer of 64 MiB", pcap_set_buffer_size, 64 << 20},
	{"a snapshot length of 1", pcap_set_snaplen, 1},
	{"an unknown time stamp type", set_type_directly, 12345},
};

static void takes_options(struct trial *t)
{
	for (size_t i = 0; i < sizeof(option_cases) / sizeof(option_cases[0]); i++) {
		const struct option_case *row = &option_cases[i];
		char text[PCAP_ERRBUF_SIZE];
		pcap_t *p = create_handle(t);
		if (row->set(p, row->value) != 0)
			broken(t, "%s can't be asked for", row->name);
		step(t, "pcap_activate() with %s", row->name);
		int status = activate_and_listen(p, text);
		if (status == PCAP_ERROR && text[0] == '\0')
			broken_rule(t, "A3", "with %s, pcap_activate() returned PCAP_ERROR without an error text",
				row->name);
		if (status < 0)
			check_text(t, "A3", pcap_geterr(p), "pcap_activate()");
		step(t, "pcap_close() after %s", row->name);
		pcap_close(p);
	}
}

/* More than there can be, with the process marked as the one to end where memory runs out. */
static void survives_a_huge_buffer(struct trial *t)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *p = create_handle(t);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "1000", 4) < 0)
			remark(t, "without care for memory");
		close(fd);
	}
	pcap_set_buffer_size(p, INT_MAX);
	step(t, "pcap_activate() with a buffer of INT_MAX bytes");
	int status = activate_and_listen(p, text);
	if (status == PCAP_ERROR && text[0] == '\0')
		broken_rule(
			t, "A3", "with a buffer of INT_MAX bytes, pcap_activate() failed without an error text");
	step(t, "pcap_close()");
	pcap_close(p);
}

static void refuses_monitor_mode(struct trial *t)
{
	pcap_t *p = create_handle(t);

	if (pcap_can_set_rfmon(p) != 0)
		left_out(t, "the device has a monitor mode");
	pcap_set_rfmon(p, 1);
	step(t, "pcap_activate() in monitor mode");
	int status = pcap_activate(p);
	if (status >= 0)
		broken(t, "it can be activated in monitor mode, which pcap_can_set_rfmon() says that it has not");
	check_text(t, "A3", pcap_geterr(p), "pcap_activate()");
	pcap_set_rfmon(p, 0);
	step(t, "pcap_activate() after it was refused");
	if (pcap_activate(p) < 0)
		broken_rule(t, "A6", "after monitor mode was refused, it can't be activated without: %s",
			pcap_geterr(p));
	pcap_close(p);
}

/* Of two ways to fail, what is returned and what is told. */
static void says_why_it_fails(struct trial *t)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *p = create_handle(t);

	limit_descriptors(0);
	step(t, "pcap_activate() where no descriptor can be had");
	int status = activate_and_listen(p, text);
	unlimit_descriptors();
	if (status == PCAP_ERROR && text[0] == '\0')
		broken(t, "where no descriptor can be had, pcap_activate() returned PCAP_ERROR without an error "
			  "text");
	if (status < 0)
		check_text(t, "A3", pcap_geterr(p), "pcap_activate()");
	pcap_close(p);
	p = create_handle(t);
	if (pcap_can_set_rfmon(p) == 0) {
		pcap_set_rfmon(p, 1);
		step(t, "pcap_activate() in monitor mode");
		status = activate_and_listen(p, text);
		if (status < 0 && status != PCAP_ERROR_RFMON_NOTSUP)
			broken(t,
				"monitor mode is refused with the status %d; PCAP_ERROR_RFMON_NOTSUP (%d) says why",
				status, PCAP_ERROR_RFMON_NOTSUP);
	}
	pcap_close(p);
}

static void has_a_registered_link_type(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 100});

	if (pcap_datalink_val_to_name(p->linktype) == NULL)
		broken(t, "its link type, %d, is not a registered DLT_ value", p->linktype);
	for (int i = 0; i < p->dlt_count; i++)
		if (pcap_datalink_val_to_name((int)p->dlt_list[i]) == NULL)
			broken(t, "%u, in its list of link types, is not a registered DLT_ value", p->dlt_list[i]);
	pcap_close(p);
}

/* Every call that an operation stands behind, of which some may be NULL: none crashes, and failures have a text. */
static void operations_are_there(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});
	char *errbuf = guarded_errbuf(t);
	struct pcap_stat stats;
	struct gathering g;

	start_gathering(&g, t, p, 0);
	dispatch(&g, 1);
	step(t, "pcap_stats()");
	if (pcap_stats(p, &stats) != 0)
		check_text(t, "A4", pcap_geterr(p), "pcap_stats()");
	step(t, "pcap_getnonblock()");
	if (pcap_getnonblock(p, errbuf) < 0)
		check_text(t, "A4", errbuf, "pcap_getnonblock()");
	step(t, "pcap_set_datalink()");
	if (pcap_set_datalink(p, pcap_datalink(p)) != 0)
		broken(t, "the link type that it has can't be set: %s",
			check_text(t, "A4", pcap_geterr(p), "pcap_set_datalink()"));
	step(t, "pcap_setdirection()");
	if (pcap_setdirection(p, PCAP_D_INOUT) != 0)
		check_text(t, "A4", pcap_geterr(p), "pcap_setdirection()");
	step(t, "pcap_inject()");
	if (p->inject_op == NULL && pcap_inject(p, "", 1) >= 0)
		broken(t, "there is no inject_op, and pcap_inject() works");
	step(t, "pcap_close()");
	pcap_close(p);
}

static void can_be_waited_for(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 100});
	int fd = pcap_get_selectable_fd(p);
	const struct timeval *interval = pcap_get_required_select_timeout(p);

	if (fd < 0 && interval == NULL)
		broken(t,
			"it has neither a selectable_fd nor a required_select_timeout: no program can wait for it");
	if (fd >= 0 && fcntl(fd, F_GETFD) < 0)
		broken(t, "its selectable_fd, %d, is not an open descriptor", fd);
	if (interval != NULL && (interval->tv_sec < 0 || interval->tv_usec < 0 || interval->tv_usec >= 1000000 ||
					(interval->tv_sec == 0 && interval->tv_usec == 0)))
		broken(t, "its required_select_timeout is no time to wait: %lld s %lld us",
			(long long)interval->tv_sec, (long long)interval->tv_usec);
	pcap_close(p);
}

static void leaves_signals_alone(struct trial *t)
{
	struct sigaction before[NSIG], after;
	sigset_t mask_before, mask_after;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, NULL, &before[i]);
	sigprocmask(SIG_BLOCK, NULL, &mask_before);
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 100});
	sigprocmask(SIG_BLOCK, NULL, &mask_after);
	for (int i = 1; i < NSIG; i++) {
		if (sigaction(i, NULL, &after) == 0 && after.sa_handler != before[i].sa_handler)
			broken(t, "it changes what the program does on signal %d", i);
		if (sigismember(&mask_before, i) != sigismember(&mask_after, i))
			broken(t, "it changes whether signal %d is blocked", i);
	}
	pcap_close(p);
}

/* ---- How it fails ---- */

/* Activates where no more than `more` descriptors can be had; whether it worked. */
static bool activate_limited(struct trial *t, int free_fd, int more)
{
	char text[PCAP_ERRBUF_SIZE], names[256];
	struct resources before, after;
	pcap_t *p = create_handle(t);

	count_resources(&before);
	limit_descriptors(free_fd + more);
	step(t, "pcap_activate() where no more than %d descriptors can be had", more);
	int status = activate_and_listen(p, text);
	unlimit_descriptors();
	if (status >= 0) {
		pcap_close(p);
		return true;
	}
	step(t, "after pcap_activate() where no more than %d descriptors can be had", more);
	if (status == PCAP_ERROR && text[0] == '\0')
		broken_rule(t, "A3",
			"where no more than %d descriptors can be had, pcap_activate() returned PCAP_ERROR without "
			"an error text",
			more);
	check_text(t, "A3", pcap_geterr(p), "pcap_activate()");
	count_resources(&after);
	if (after.descriptors > before.descriptors) {
		name_descriptors(free_fd, names, sizeof(names));
		broken(t,
			"where no more than %d descriptors can be had, activation fails and leaves %u open "
			"(%.100s)",
			more, after.descriptors - before.descriptors, names);
	}
	step(t, "pcap_activate() again, after it failed for descriptors");
	if (pcap_activate(p) < 0)
		broken(t, "after a failed activation it can't be activated again: %s", pcap_geterr(p));
	pcap_close(p);
	return false;
}

static void fails_without_descriptors(struct trial *t)
{
	int failures = 0;

	/* What is made once, such as a library that is loaded, is there from then on. */
	pcap_close(open_handle(t, &(struct opening){.timeout = 100}));
	int free_fd = fill_descriptors(t);
	while (failures < MOST_LIMITS && !activate_limited(t, free_fd, failures))
		failures++;
	if (failures == 0)
		left_out(t, "activation does not fail where descriptors run out");
	remark(t, "%d ways to fail", failures);
}

static void failing_round(struct trial *t)
{
	pcap_t *p = create_handle(t);

	/* No further than what the check itself has open. */
	pcap_set_rfmon(p, pcap_can_set_rfmon(p) == 0);
	if (p->opt.rfmon == 0)
		limit_descriptors(0);
	step(t, "pcap_activate() that has to fail");
	pcap_activate(p);
	unlimit_descriptors();
	step(t, "pcap_close() after a failed activation");
	pcap_close(p);
}

static void limited_round(struct trial *t)
{
	pcap_t *p = create_handle(t);
	/* A descriptor more each time, so that it fails at each place where it can. */
	static int more;

	limit_descriptors(3 + more++ % 12);
	step(t, "pcap_activate() where descriptors run out");
	pcap_activate(p);
	unlimit_descriptors();
	step(t, "pcap_close() after a failed activation");
	pcap_close(p);
}

static void failed_activation_leaks_nothing(struct trial *t)
{
	check_leaks(t, failing_round);
}

static void activation_without_descriptors_leaks_nothing(struct trial *t)
{
	check_leaks(t, limited_round);
}

/* As a program would that tries again with other options. */
static void same_handle_round(struct trial *t)
{
	static pcap_t *p;

	if (p == NULL)
		p = create_handle(t);
	limit_descriptors(0);
	int status = pcap_activate(p);
	unlimit_descriptors();
	if (status >= 0)
		left_out(t, "activation does not fail where descriptors run out");
}

static void failing_again_and_again_leaks_nothing(struct trial *t)
{
	check_leaks(t, same_handle_round);
}

const struct check_row activate_checks[] = {
	{"M4", "link types are registered", has_a_registered_link_type, 0},
	{"A1", "options are taken, or refused with a text", takes_options, 0},
	{"A1", "a buffer that is too large is refused with a text, or taken", survives_a_huge_buffer, 0},
	{"A1", "monitor mode is refused where there is none, and a retry works", refuses_monitor_mode, 0},
	{"A2", "a snapshot length of 0, below, or too large becomes MAXIMUM_SNAPLEN", odd_snapshot_lengths, 0},
	{"A3", "a failure has its status, and a text", says_why_it_fails, 0},
	{"A4", "operations are there, or left out", operations_are_there, 0},
	{"A5", "there is a descriptor or a time-out to wait with", can_be_waited_for, 0},
	{"A6", "each failure for want of a descriptor has a text, leaves nothing, and a retry works",
		fails_without_descriptors, 0},
	{"A6", "activation that is refused leaks nothing", failed_activation_leaks_nothing, 0},
	{"A6", "activation that fails for want of descriptors leaks nothing",
		activation_without_descriptors_leaks_nothing, 0},
	{"A6", "failing on one handle again and again leaks nothing", failing_again_and_again_leaks_nothing, 0},
	{"R8", "signals and their handlers are left as they were", leaves_signals_alone, 0},
	{0},
};
