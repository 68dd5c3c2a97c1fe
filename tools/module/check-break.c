/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on pcap_breakloop(): before a read, at each place in one, and what comes after.
 */
#include "module/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define ENOUGH 24
#define BREAKS 12 /* the least of them that a check makes */
#define MANY_BREAKS 100000

static const char simpler_form[] =
	"in the HOWTO's simpler form: the read returns PCAP_ERROR_BREAK at once, and how many packets came is lost";

/* A pending break is told by the next read, which delivers nothing; then it is over. */
static void expect_break(struct gathering *g, const char *when)
{
	struct trial *t = g->t;

	int n = dispatch(g, -1);
	if (n != PCAP_ERROR_BREAK)
		broken(t, "%s, the next read returns %d, not PCAP_ERROR_BREAK (%d)", when, n, PCAP_ERROR_BREAK);
	if (g->in_call > 0)
		broken(t, "%s, the next read delivers %u packets first", when, g->in_call);
	if (g->p->break_loop)
		broken(t, "%s, PCAP_ERROR_BREAK was returned, and break_loop is still set", when);
	n = dispatch(g, 1);
	if (n == PCAP_ERROR_BREAK)
		broken(t, "%s, the break is told twice", when);
}

/* In blocking mode, without a time-out: a read that waits first would not come back. */
static void break_before_a_read(struct trial *t)
{
	static const bool modes[] = {false, true};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct gathering g;
		pcap_t *p = open_handle(t, &(struct opening){.timeout = 0});
		start_gathering(&g, t, p, 0);
		set_nonblock(t, p, modes[i]);
		pcap_breakloop(p);
		int n = dispatch(&g, -1);
		if (n != PCAP_ERROR_BREAK)
			broken(t, "after pcap_breakloop(), the next read returns %d, not PCAP_ERROR_BREAK (%d)", n,
				PCAP_ERROR_BREAK);
		if (g.in_call > 0)
			broken(t, "after pcap_breakloop(), the next read delivers %u packets first", g.in_call);
		if (p->break_loop)
			broken(t, "PCAP_ERROR_BREAK was returned, and break_loop is still set");
		set_nonblock(t, p, 1);
		if (dispatch(&g, 1) == PCAP_ERROR_BREAK)
			broken(t, "the break is told twice");
		pcap_close(p);
	}
}

/* As often as a signal may come; a write to a full pipe would wait. */
static void break_sets_the_flag(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});

	start_gathering(&g, t, p, 0);
	for (int i = 0; i < MANY_BREAKS; i++) {
		p->break_loop = 0;
		step(t, "pcap_breakloop(), after %d of them", i);
		pcap_breakloop(p);
		if (!p->break_loop)
			broken(t, "pcap_breakloop() does not set break_loop");
	}
	int n = dispatch(&g, -1);
	if (n != PCAP_ERROR_BREAK || g.in_call > 0)
		broken(t, "after pcap_breakloop(), the next read returns %d, with %u packets", n, g.in_call);
	pcap_close(p);
}

/* The flag alone, as breakloop_op sets it in a signal handler that runs just before the read. */
static void flag_before_a_read(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 0});

	start_gathering(&g, t, p, 0);
	for (int cnt = -1; cnt <= 2; cnt++) {
		p->break_loop = 1;
		int n = p->read_op(p, cnt, gather_packet, (u_char *)&g);
		if (n != PCAP_ERROR_BREAK || g.callbacks > 0)
			broken(t,
				"with break_loop set, read_op with a count of %d returns %d and delivers %u "
				"packets",
				cnt, n, g.callbacks);
		if (p->break_loop)
			broken(t, "read_op returned PCAP_ERROR_BREAK, and has not set break_loop to 0");
	}
	pcap_close(p);
}

/* Breaks at the place'th packet of a read with that count; in one mode or the other. */
static void break_in_a_read(struct trial *t, unsigned place, int cnt, bool nonblock)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 20});
	uint64_t until = wait_deadline(t);
	int n = 0;

	set_nonblock(t, p, nonblock);
	start_gathering(&g, t, p, 0);
	g.break_at = place;
	while (g.breaks == 0) {
		if (monotonic_nanoseconds() > until)
			left_out(t, "no read had %u packets at hand", place);
		/* So that some are at hand. */
		sleep_ms(place > 1 ? 50 : 5);
		n = dispatch(&g, cnt);
	}
	g.break_at = 0;
	if (g.in_call > place)
		broken(t, "broken at packet %u, a read delivers %u more", place, g.in_call - place);
	set_nonblock(t, p, 1);
	if (n == PCAP_ERROR_BREAK) {
		if (p->break_loop)
			broken(t, "broken at packet %u, a read returns PCAP_ERROR_BREAK and leaves break_loop set",
				place);
		if (dispatch(&g, 1) == PCAP_ERROR_BREAK)
			broken(t, "broken at packet %u, the break is told twice", place);
		remark(t, "%s", simpler_form);
	} else {
		char when[96];
		if (!p->break_loop)
			broken(t, "broken at packet %u, a read returns %d, and the break is forgotten", place, n);
		snprintf(when, sizeof(when), "after a read that was broken at packet %u and returned %d", place, n);
		expect_break(&g, when);
	}
	pcap_close(p);
}

static void break_at_the_first(struct trial *t)
{
	break_in_a_read(t, 1, -1, false);
	break_in_a_read(t, 1, -1, true);
}

static void break_in_the_middle(struct trial *t)
{
	break_in_a_read(t, 3, -1, false);
	break_in_a_read(t, 3, 5, true);
}

static void break_at_the_last(struct trial *t)
{
	break_in_a_read(t, 2, 2, false);
	break_in_a_read(t, 1, 1, true);
}

static void loop_is_broken(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 20});

	start_gathering(&g, t, p, 0);
	g.break_at = 7;
	step(t, "pcap_loop() that is broken at packet 7");
	int status = pcap_loop(p, -1, gather_packet, (u_char *)&g);
	if (status != PCAP_ERROR_BREAK || g.callbacks != 7)
		broken(t, "pcap_loop() that was broken at packet 7 returned %d after %u packets", status,
			g.callbacks);
	pcap_close(p);
}

/* ---- What a break leaves ---- */

/* A read; after one packet, or a few, the loop is broken, wherever in a read that is. */
static void read_with_a_break(struct gathering *g, unsigned i)
{
	if (g->break_after == 0)
		g->break_after = g->callbacks + 1 + g->breaks % 5;
	if (dispatch(g, i % 2 == 0 ? -1 : 4) == 0)
		wait_some(g->p, 20);
}

static void no_number_is_lost(struct trial *t)
{
	struct numbered numbered;
	uint64_t until = wait_deadline(t);

	open_numbered(t, &numbered);
	const unsigned before = numbered.read.callbacks;
	for (unsigned i = 0; numbered.read.callbacks - before < 8 * ENOUGH || numbered.read.breaks < BREAKS; i++) {
		read_with_a_break(&numbered.read, i);
		dispatch(&numbered.reference, -1);
		if (monotonic_nanoseconds() > until)
			left_out(t, "of %u packets that it takes, %u came", 8 * ENOUGH, numbered.read.callbacks);
	}
	numbered.read.break_after = 0;
	check_numbered(t, &numbered);
}

static void counts_agree_after_breaks(struct trial *t)
{
	struct gathering g;
	uint64_t until = wait_deadline(t);
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true, .immediate = true});

	start_gathering(&g, t, p, 0);
	gather_or_leave(&g, -1, ENOUGH);
	long long before = count_missing(&g);
	if (before == ALWAYS_MORE)
		left_out(t, "there is no moment without packets");
	if (before != 0)
		left_out(t, "its statistics do not agree with its packets anyway");
	for (unsigned i = 0; g.callbacks < 5 * ENOUGH || g.breaks < BREAKS; i++) {
		read_with_a_break(&g, i);
		if (monotonic_nanoseconds() > until)
			left_out(t, "of %u packets that it takes, %u came", 5 * ENOUGH, g.callbacks);
	}
	g.break_after = 0;
	p->break_loop = 0;
	long long after = count_missing(&g);
	if (after != 0 && after != ALWAYS_MORE)
		broken(t, "after reads that were broken, %lld packets %s, by pcap_stats()",
			after > 0 ? after : -after, after > 0 ? "were lost" : "were delivered twice");
	pcap_close(p);
}

const struct check_row break_checks[] = {
	{"B1", "pcap_breakloop() sets break_loop, and does not wait", break_sets_the_flag, 0},
	{"R1", "a break before a read is told by it, at once", break_before_a_read, 0},
	{"R1", "read_op looks at break_loop first", flag_before_a_read, 0},
	{"R4", "a break at the first packet of a read", break_at_the_first, CHECK_NEEDS_PACKETS},
	{"R4", "a break in the middle of a read", break_in_the_middle, CHECK_NEEDS_PACKETS},
	{"R4", "a break at the last packet of a read", break_at_the_last, CHECK_NEEDS_PACKETS},
	{"R4", "a break ends pcap_loop()", loop_is_broken, CHECK_NEEDS_PACKETS},
	{"R4", "breaks lose no numbered packet, and deliver none twice", no_number_is_lost, CHECK_NEEDS_PACKETS},
	{"R4", "breaks lose no packet, by the statistics", counts_agree_after_breaks, CHECK_NEEDS_PACKETS},
	{0},
};
