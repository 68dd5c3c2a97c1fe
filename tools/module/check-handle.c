/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handles and packets for the checks of the conformance suite: opening a device, reading from it with an eye on what
 * holds of every call, and waiting for packets that may not come.
 */
#include "module/check.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "units.h"

/* A handle whose packets never end is not read longer than that at a time. */
#define DRAIN_CALLS 200
#define MISSING_TRIES 200

void sleep_ms(unsigned ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000L};

	while (nanosleep(&left, &left) != 0)
		continue;
}

uint64_t wait_deadline(const struct trial *t)
{
	return monotonic_nanoseconds() + t->settings->wait;
}

char *guarded_errbuf(struct trial *t)
{
	static _Thread_local char *errbuf;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (errbuf != NULL) {
		memset(errbuf, 0, PCAP_ERRBUF_SIZE);
		return errbuf;
	}
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0)
		left_out(t, "no memory");
	errbuf = pages + page - PCAP_ERRBUF_SIZE;
	return errbuf;
}

pcap_t *create_handle(struct trial *t)
{
	char *errbuf = guarded_errbuf(t);

	step(t, "pcap_create()");
	pcap_t *p = pcap_create(t->subject->device, errbuf);
	if (p == NULL)
		broken_rule(t, "C2", "pcap_create() failed: %s", check_text(t, "C3", errbuf, "pcap_create()"));
	return p;
}

static void ask_for(struct trial *t, pcap_t *p, const struct opening *opening)
{
	if (opening->snaplen != 0)
		pcap_set_snaplen(p, opening->snaplen);
	pcap_set_timeout(p, opening->timeout);
	if (opening->immediate)
		pcap_set_immediate_mode(p, 1);
	if (opening->nonblock)
		pcap_setnonblock(p, 1, guarded_errbuf(t));
	if (opening->nanoseconds && pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO) != 0)
		left_out(t, "it has no time stamps in nanoseconds");
}

pcap_t *open_handle(struct trial *t, const struct opening *opening)
{
	pcap_t *p = create_handle(t);

	ask_for(t, p, opening);
	step(t, "pcap_activate()");
	int status = pcap_activate(p);
	if (status < 0)
		broken_rule(t, "A1", "pcap_activate() returned %d, though it has worked before: %s", status,
			check_text(t, "A3", pcap_geterr(p), "pcap_activate()"));
	step(t, "after pcap_activate()");
	return p;
}

pcap_t *open_second(struct trial *t, const struct opening *opening)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	step(t, "pcap_create() of a second handle");
	pcap_t *p = pcap_create(t->subject->device, errbuf);
	if (p == NULL)
		left_out(t, "the device can't be opened twice: %s", check_text(t, "C3", errbuf, "pcap_create()"));
	ask_for(t, p, opening);
	step(t, "pcap_activate() of a second handle");
	if (pcap_activate(p) < 0)
		left_out(t, "the device can't be opened twice: %s",
			check_text(t, "A3", pcap_geterr(p), "pcap_activate()"));
	step(t, "after pcap_activate() of a second handle");
	return p;
}

/* Stands before the module's own routine for one call, to see what that leaves before the core adds to it. */
struct listener {
	activate_op_t activate_op;
	char *text;
};

static _Thread_local struct listener listener;

static int listening_activate(pcap_t *p)
{
	int status = listener.activate_op(p);

	memcpy(listener.text, p->errbuf, PCAP_ERRBUF_SIZE);
	return status;
}

int activate_and_listen(pcap_t *p, char text[PCAP_ERRBUF_SIZE])
{
	listener = (struct listener){p->activate_op, text};
	text[0] = '\0';
	p->activate_op = listening_activate;
	int status = pcap_activate(p);
	p->activate_op = listener.activate_op;
	return status;
}

void set_nonblock(struct trial *t, pcap_t *p, int nonblock)
{
	char *errbuf = guarded_errbuf(t);

	if (pcap_setnonblock(p, nonblock, errbuf) != 0)
		broken_rule(t, "N1", "pcap_setnonblock(%d) failed: %s", nonblock,
			check_text(t, "N1", errbuf, "pcap_setnonblock()"));
}

void start_gathering(struct gathering *g, struct trial *t, pcap_t *p, unsigned keep)
{
	*g = (struct gathering){.t = t, .p = p, .seen_max = keep, .shorter = UINT32_MAX};
	if (keep == 0)
		return;
	g->seen = calloc(keep, sizeof(*g->seen));
	if (g->seen == NULL)
		left_out(t, "no memory");
}

void gather_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct gathering *g = (struct gathering *)user;
	unsigned sum = 0;

	if (header->caplen > header->len)
		broken_rule(g->t, "R7", "a packet has more bytes captured (%u) than it has (%u)", header->caplen,
			header->len);
	if (header->caplen > (u_int)pcap_snapshot(g->p))
		broken_rule(g->t, "R7", "a packet has %u bytes, and the snapshot length is %d", header->caplen,
			pcap_snapshot(g->p));
	for (u_int i = 0; i < header->caplen; i++)
		sum += data[i];
	g->checksum += sum;
	if (g->seen != NULL && g->callbacks < g->seen_max) {
		struct seen *seen = &g->seen[g->callbacks];
		seen->header = *header;
		memcpy(seen->bytes, data, header->caplen < SEEN_BYTES ? header->caplen : SEEN_BYTES);
	}
	g->callbacks++;
	g->in_call++;
	g->shorter = header->len < g->shorter ? header->len : g->shorter;
	g->longer = header->len > g->longer ? header->len : g->longer;
	if (g->break_at == g->in_call || (g->break_after != 0 && g->callbacks >= g->break_after)) {
		g->break_after = 0;
		g->breaks++;
		pcap_breakloop(g->p);
	}
}

int dispatch(struct gathering *g, int cnt)
{
	struct trial *t = g->t;

	g->in_call = 0;
	step(t, "pcap_dispatch() with a count of %d, after %u packets", cnt, g->callbacks);
	int n = pcap_dispatch(g->p, cnt, gather_packet, (u_char *)g);
	step(t, "after pcap_dispatch()");
	if (n >= 0 && (unsigned)n != g->in_call)
		broken_rule(t, "R6", "pcap_dispatch() returned %d, and the callback was called %u times", n,
			g->in_call);
	if (n > 0 && cnt > 0 && n > cnt)
		broken_rule(t, "R3", "pcap_dispatch() was asked for %d packets, and delivered %d", cnt, n);
	if (n < 0 && n != PCAP_ERROR_BREAK)
		broken_rule(t, "R6", "reading failed (%d): %s", n,
			check_text(t, "R6", pcap_geterr(g->p), "pcap_dispatch()"));
	return n;
}

void wait_some(pcap_t *p, unsigned ms)
{
	struct pollfd pollfd = {.fd = pcap_get_selectable_fd(p), .events = POLLIN};
	const struct timeval *interval = pcap_get_required_select_timeout(p);

	if (interval != NULL && interval->tv_sec == 0 && interval->tv_usec / 1000 < ms)
		ms = interval->tv_usec < 1000 ? 1 : (unsigned)interval->tv_usec / 1000;
	if (pollfd.fd < 0)
		sleep_ms(ms);
	else
		poll(&pollfd, 1, (int)ms);
}

bool wait_until(pcap_t *p, uint64_t deadline)
{
	if (monotonic_nanoseconds() > deadline)
		return false;
	wait_some(p, 20);
	return true;
}

bool fd_becomes_readable(pcap_t *p, unsigned ms)
{
	struct pollfd pollfd = {.fd = pcap_get_selectable_fd(p), .events = POLLIN};

	return poll(&pollfd, 1, (int)ms) > 0;
}

bool gather(struct gathering *g, int cnt, unsigned wanted)
{
	uint64_t until = wait_deadline(g->t);

	while (g->callbacks < wanted) {
		int n = dispatch(g, cnt);
		if (n == PCAP_ERROR_BREAK)
			broken_rule(g->t, "R1", "a read returned PCAP_ERROR_BREAK, and nobody had broken the loop");
		if (n == 0) {
			if (monotonic_nanoseconds() > until)
				return false;
			wait_some(g->p, 20);
		}
	}
	return true;
}

void gather_or_leave(struct gathering *g, int cnt, unsigned wanted)
{
	if (!gather(g, cnt, wanted))
		left_out(g->t, "of %u packets that it takes, %u came within %.3g s", wanted, g->callbacks,
			(double)g->t->settings->wait / NANOSECONDS_PER_SECOND);
}

bool drain(struct gathering *g)
{
	for (int calls = 0; calls < DRAIN_CALLS; calls++)
		if (dispatch(g, -1) == 0)
			return true;
	return false;
}

/*
 * A packet may be counted, and not be at hand yet: the least that is missing at some moment is what counts. A count that
 * is too small by itself settles it.
 */
long long count_missing(struct gathering *g)
{
	long long least = ALWAYS_MORE;

	for (int tries = 0; tries < MISSING_TRIES && least > 0; tries++) {
		struct pcap_stat stats;
		if (!drain(g) || pcap_stats(g->p, &stats) != 0)
			break;
		long long missing = (long long)stats.ps_recv - stats.ps_drop - g->callbacks;
		least = missing < least ? missing : least;
		wait_some(g->p, 10);
	}
	return least;
}
