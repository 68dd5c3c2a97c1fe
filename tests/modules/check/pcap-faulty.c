/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module with one fault, for the tests of `weir module check`: FAULT, from the compiler's command line, says which; the
 * table in check.py says what rule it breaks. Without it is a good one: faulty0 and faulty1 deliver numbered packets,
 * one each PERIOD_US. What can be wrong with a file and with a list, ../loader/pcap-bad.c has, too.
 */
#include <pcap-module.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Each is a fault that a module can have. */
enum fault {
	NO_FAULT,
	/* the file */
	PRINTS_WHEN_LOADED,
	STARTS_A_THREAD_WHEN_LOADED,
	/* the list */
	LIST_LEAKS,
	LIST_CHANGES,
	LIST_NEEDS_DESCRIPTORS,
	LISTS_BAD_NAME,
	LISTS_WITHOUT_PREFIX,
	LISTS_BAD_FLAGS,
	LISTS_BAD_DESCRIPTION,
	LISTS_WHAT_IT_REFUSES,
	/* create */
	CREATES_ANYTHING,
	LONG_CREATE_ERROR,
	SETS_NO_ACTIVATE,
	OFFERS_NO_TIME_STAMP,
	/* activate */
	ACTIVATE_EXITS,
	ACTIVATE_FAILS_SILENTLY,
	KEEPS_ODD_SNAPSHOT,
	SETS_NO_READ,
	TAKES_MONITOR_MODE,
	REFUSES_MONITOR_MODE_BADLY,
	UNREGISTERED_LINK_TYPE,
	NO_DESCRIPTOR,
	SILENT_DESCRIPTOR,
	LEAKS_DESCRIPTOR_ON_FAILURE,
	LEAKS_MEMORY_ON_FAILURE,
	IGNORES_SIGPIPE,
	/* reading */
	WAITS_IN_NONBLOCK,
	DENIES_NONBLOCK,
	WAITS_FOR_EVER,
	DOES_NOT_WAIT,
	IGNORES_COUNT,
	LOSES_LEFT_OVER,
	DELIVERS_LEFT_OVER_TWICE,
	RETURNS_OTHER_COUNT,
	COUNTS_FILTERED,
	IGNORES_EARLY_BREAK,
	KEEPS_EARLY_BREAK,
	IGNORES_BREAK,
	FORGETS_BREAK,
	LOSES_PACKET_ON_BREAK,
	REPEATS_PACKET_ON_BREAK,
	BREAK_DOES_NOT_WAKE,
	BREAK_SETS_NO_FLAG,
	SIGNAL_ENDS_LOOP,
	READ_FAILS_SILENTLY,
	DELIVERS_MORE_THAN_SNAPSHOT,
	CAPLEN_ABOVE_LEN,
	OTHER_PRECISION,
	ONESHOT_IN_PLACE,
	/* filters */
	IGNORES_FILTER,
	FILTER_SEES_SNAPSHOT,
	OLD_PACKETS_PASS,
	REFUSES_MOD,
	REFUSES_LONG_PROGRAM,
	TAKES_BAD_PROGRAM,
	CRASHES_IN_FILTER,
	/* the rest */
	REFUSES_INOUT,
	LISTS_LINK_TYPE_THAT_IT_REFUSES,
	STATISTICS_ARE_GARBAGE,
	STATISTICS_GO_BACK,
	STATISTICS_ARE_SHARED,
	INJECTS_LESS,
	INJECT_FAILS_SILENTLY,
	SHARES_NONBLOCK,
	LEAKS_MEMORY,
	LEAKS_DESCRIPTOR,
	LEAKS_THREAD,
};

#ifndef FAULT
#define FAULT NO_FAULT
#endif
#ifndef PERIOD_US
#define PERIOD_US 1000 /* from one packet to the next */
#endif
#define HAS(fault) (FAULT == (fault))
#define NSEC_PER_SEC 1000000000LL
#define LONGEST 98
#define SHORTEST 60
/* A reader that is slower loses packets; so much is at hand at most. */
#define QUEUE_MAX 4096

struct faulty {
	int64_t started;
	uint64_t next, read, dropped;
	uint64_t filtered_to; /* packets before that number have met the filter of their time (OLD_PACKETS_PASS) */
	int wake_fd;
	u_char packet[LONGEST];
};

int faulty_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *faulty_create(const char *device, char *errbuf);

/* What handles should not share. */
static uint64_t shared_count;
static int shared_nonblock, shared_calls;

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static void *sleep_on(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void start_thread(void)
{
	pthread_t thread;
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	pthread_create(&thread, &attributes, sleep_on, NULL);
	pthread_attr_destroy(&attributes);
}

__attribute__((constructor)) static void when_loaded(void)
{
	if (HAS(PRINTS_WHEN_LOADED))
		fprintf(stderr, "here I am\n");
	if (HAS(STARTS_A_THREAD_WHEN_LOADED))
		start_thread();
}

/* ---- Packets ---- */

static u_int size_of(uint64_t n)
{
	return n % 2 == 0 ? SHORTEST : LONGEST;
}

static uint64_t count_due(pcap_t *p)
{
	struct faulty *f = p->priv;
	uint64_t due = (uint64_t)(now(CLOCK_MONOTONIC) - f->started) / (PERIOD_US * 1000LL);

	if (due > f->next + QUEUE_MAX) {
		f->dropped += due - f->next - QUEUE_MAX;
		f->next = due - QUEUE_MAX;
	}
	return due;
}

static void arm_timer(pcap_t *p)
{
	struct faulty *f = p->priv;
	int64_t at = f->started + (int64_t)(f->next + 1) * PERIOD_US * 1000LL + 1;
	struct itimerspec timer = {.it_value = {at / NSEC_PER_SEC, at % NSEC_PER_SEC}};

	if (HAS(SILENT_DESCRIPTOR))
		timer = (struct itimerspec){0};
	timerfd_settime(p->fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

static bool passes(pcap_t *p, uint64_t n, u_int size)
{
	const struct faulty *f = p->priv;
	u_int seen = size;

	if (HAS(IGNORES_FILTER) || (HAS(OLD_PACKETS_PASS) && n < f->filtered_to))
		return true;
	if (HAS(FILTER_SEES_SNAPSHOT) && seen > (u_int)p->snapshot)
		seen = (u_int)p->snapshot;
	return pcapint_filter_packet(p, f->packet, size, seen, NULL) != 0;
}

/* 1 if the packet was delivered. */
static int deliver(pcap_t *p, uint64_t n, pcap_handler callback, u_char *user)
{
	struct faulty *f = p->priv;
	int64_t ns = now(CLOCK_REALTIME);
	struct pcap_pkthdr header = {.len = size_of(n)};

	memset(f->packet, (int)n, sizeof(f->packet));
	memcpy(f->packet, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5", 14);
	for (int i = 0; i < 4; i++)
		f->packet[14 + i] = (u_char)(n >> (24 - 8 * i));
	header.ts = pcapint_timestamp(p, (struct timespec){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC});
	if (HAS(OTHER_PRECISION))
		header.ts.tv_usec = ns % NSEC_PER_SEC;
	if (!passes(p, n, header.len))
		return HAS(COUNTS_FILTERED);
	f->read++;
	shared_count++;
	header.caplen = header.len;
	if (header.caplen > (u_int)p->snapshot && !HAS(DELIVERS_MORE_THAN_SNAPSHOT))
		header.caplen = (u_int)p->snapshot;
	if (HAS(CAPLEN_ABOVE_LEN) && header.caplen == header.len)
		header.len--;
	callback(user, &header, f->packet);
	return 1;
}

/* 0; or PCAP_ERROR. */
static int wait_for_packets(pcap_t *p)
{
	struct faulty *f = p->priv;
	struct pollfd fds[2] = {{.fd = p->fd, .events = POLLIN}, {.fd = f->wake_fd, .events = POLLIN}};
	int64_t until = now(CLOCK_MONOTONIC) + p->opt.timeout * 1000000LL;
	int ready = -1;
	uint64_t wakeups;

	if (HAS(DOES_NOT_WAIT))
		return 0;
	if (HAS(BREAK_DOES_NOT_WAKE))
		fds[1].fd = -1;
	while (ready == -1 && !p->break_loop) {
		int64_t left = (until - now(CLOCK_MONOTONIC)) / 1000000 + 1;
		bool timed = p->opt.timeout > 0 && !HAS(WAITS_FOR_EVER);
		ready = poll(fds, 2, !timed ? -1 : left > 0 ? (int)left : 0);
		if (ready == -1 && (errno != EINTR || HAS(SIGNAL_ENDS_LOOP))) {
			pcapint_fmt_errmsg_for_errno(
				p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s: can't wait", p->opt.device);
			return PCAP_ERROR;
		}
	}
	if (read(f->wake_fd, &wakeups, sizeof(wakeups)) < 0)
		return 0;
	return 0;
}

/* Whether the loop over packets goes on to the next one. */
static bool goes_on(pcap_t *p, int cnt, int delivered)
{
	if (p->break_loop && !HAS(IGNORES_BREAK))
		return false;
	return PACKET_COUNT_IS_UNLIMITED(cnt) || HAS(IGNORES_COUNT) || delivered < cnt;
}

static int finish(pcap_t *p, int cnt, int delivered)
{
	struct faulty *f = p->priv;

	if (HAS(LOSES_LEFT_OVER) && cnt == 1)
		f->next++;
	if (HAS(DELIVERS_LEFT_OVER_TWICE) && cnt == 1 && delivered == 1)
		f->next--;
	if (p->break_loop && delivered > 0) {
		f->next += HAS(LOSES_PACKET_ON_BREAK);
		f->next -= HAS(REPEATS_PACKET_ON_BREAK);
		if (HAS(FORGETS_BREAK))
			p->break_loop = 0;
	}
	arm_timer(p);
	if (p->break_loop && delivered == 0) {
		p->break_loop = 0;
		return PCAP_ERROR_BREAK;
	}
	return HAS(RETURNS_OTHER_COUNT) && delivered > 1 ? delivered - 1 : delivered;
}

static int faulty_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct faulty *f = p->priv;
	int delivered = 0;

	if (HAS(READ_FAILS_SILENTLY) && f->next > 0) {
		p->errbuf[0] = '\0';
		return PCAP_ERROR;
	}
	if (p->break_loop && !HAS(IGNORES_EARLY_BREAK)) {
		p->break_loop = HAS(KEEPS_EARLY_BREAK);
		return PCAP_ERROR_BREAK;
	}
	if (HAS(IGNORES_EARLY_BREAK))
		p->break_loop = 0;
	if ((!p->opt.nonblock || HAS(WAITS_IN_NONBLOCK)) && count_due(p) <= f->next && wait_for_packets(p) < 0)
		return PCAP_ERROR;
	for (uint64_t due = count_due(p); f->next < due && goes_on(p, cnt, delivered);) {
		uint64_t n = f->next++;
		delivered += deliver(p, n, callback, user);
	}
	if (HAS(ONESHOT_IN_PLACE))
		memset(f->packet, 0xee, sizeof(f->packet));
	return finish(p, cnt, delivered);
}

/* ---- The other operations ---- */

static int faulty_inject(pcap_t *p, const void *data _U_, int size)
{
	if (HAS(INJECT_FAILS_SILENTLY))
		return PCAP_ERROR;
	if (size > LONGEST) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: a packet can have %d bytes at most", p->opt.device,
			LONGEST);
		return PCAP_ERROR;
	}
	return HAS(INJECTS_LESS) ? size - 1 : size;
}

static int faulty_setfilter(pcap_t *p, struct bpf_program *program)
{
	struct faulty *f = p->priv;

	if (HAS(CRASHES_IN_FILTER))
		abort();
	for (u_int i = 0; HAS(REFUSES_MOD) && i < program->bf_len; i++)
		if (BPF_CLASS(program->bf_insns[i].code) == BPF_ALU &&
			BPF_OP(program->bf_insns[i].code) == BPF_MOD) {
			snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: the card can't compute MOD", p->opt.device);
			return PCAP_ERROR;
		}
	if (HAS(REFUSES_LONG_PROGRAM) && program->bf_len > 4096) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: the card takes 4096 instructions", p->opt.device);
		return PCAP_ERROR;
	}
	f->filtered_to = count_due(p);
	int status = install_bpf_program(p, program);
	return HAS(TAKES_BAD_PROGRAM) ? 0 : status;
}

static int faulty_setdirection(pcap_t *p, pcap_direction_t direction)
{
	if (HAS(REFUSES_INOUT) && direction == PCAP_D_INOUT) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: no", p->opt.device);
		return PCAP_ERROR;
	}
	p->direction = direction;
	return 0;
}

static int faulty_set_datalink(pcap_t *p, int dlt)
{
	if (HAS(LISTS_LINK_TYPE_THAT_IT_REFUSES) && dlt == DLT_USER0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: no", p->opt.device);
		return PCAP_ERROR;
	}
	return 0;
}

static int faulty_getnonblock(pcap_t *p)
{
	if (HAS(SHARES_NONBLOCK))
		return shared_nonblock;
	return HAS(DENIES_NONBLOCK) ? 0 : p->opt.nonblock;
}

static int faulty_setnonblock(pcap_t *p _U_, int nonblock)
{
	shared_nonblock = nonblock;
	return 0;
}

static int faulty_stats(pcap_t *p, struct pcap_stat *stats)
{
	struct faulty *f = p->priv;

	stats->ps_recv = (u_int)(f->read + f->dropped);
	stats->ps_drop = (u_int)f->dropped;
	if (HAS(STATISTICS_ARE_GARBAGE))
		memset(stats, 0x17, sizeof(*stats));
	if (HAS(STATISTICS_GO_BACK))
		stats->ps_recv = 1000000 - (u_int)f->read;
	if (HAS(STATISTICS_ARE_SHARED))
		stats->ps_recv = (u_int)shared_count;
	return 0;
}

static void faulty_breakloop(pcap_t *p)
{
	struct faulty *f = p->priv;
	uint64_t one = 1;
	int saved_errno = errno;

	if (!HAS(BREAK_SETS_NO_FLAG))
		pcapint_breakloop_common(p);
	ssize_t written _U_ = write(f->wake_fd, &one, sizeof(one));
	errno = saved_errno;
}

static void faulty_cleanup(pcap_t *p)
{
	struct faulty *f = p->priv;

	if (f->wake_fd != -1)
		close(f->wake_fd);
	f->wake_fd = -1;
	if (HAS(LEAKS_DESCRIPTOR))
		p->fd = -1;
	if (HAS(LEAKS_MEMORY))
		p->buffer = NULL;
	pcapint_cleanup_live_common(p);
}

static void set_operations(pcap_t *p)
{
	if (!HAS(SETS_NO_READ))
		p->read_op = faulty_read;
	p->inject_op = faulty_inject;
	p->setfilter_op = faulty_setfilter;
	p->setdirection_op = faulty_setdirection;
	p->set_datalink_op = faulty_set_datalink;
	p->getnonblock_op = faulty_getnonblock;
	p->setnonblock_op = faulty_setnonblock;
	p->stats_op = faulty_stats;
	p->breakloop_op = faulty_breakloop;
	if (HAS(ONESHOT_IN_PLACE))
		p->oneshot_callback = pcapint_oneshot_in_place;
}

static int check_options(pcap_t *p)
{
	if (p->opt.rfmon && HAS(REFUSES_MONITOR_MODE_BADLY)) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: no", p->opt.device);
		return PCAP_ERROR;
	}
	if (p->opt.rfmon && !HAS(TAKES_MONITOR_MODE))
		return PCAP_ERROR_RFMON_NOTSUP;
	if ((p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN) && !HAS(KEEPS_ODD_SNAPSHOT))
		p->snapshot = MAXIMUM_SNAPLEN;
	return 0;
}

static int faulty_activate(pcap_t *p)
{
	static const int datalinks[] = {HAS(UNREGISTERED_LINK_TYPE) ? 9998 : DLT_EN10MB, DLT_USER0};
	struct faulty *f = p->priv;

	f->wake_fd = -1;
	if (HAS(ACTIVATE_EXITS))
		exit(3);
	if (HAS(IGNORES_SIGPIPE))
		signal(SIGPIPE, SIG_IGN);
	if (HAS(LEAKS_THREAD))
		start_thread();
	char *note = HAS(LEAKS_MEMORY_ON_FAILURE) ? malloc(100) : NULL;
	int status = check_options(p);
	if (status < 0)
		return status;
	p->cleanup_op = faulty_cleanup;
	p->buffer = malloc(1000);
	p->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->fd == -1 || f->wake_fd == -1) {
		if (HAS(LEAKS_DESCRIPTOR_ON_FAILURE))
			p->fd = -1;
		if (HAS(ACTIVATE_FAILS_SILENTLY))
			return PCAP_ERROR;
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s: can't open it", p->opt.device);
		return PCAP_ERROR;
	}
	free(note);
	if (pcapint_offer_datalinks(p, datalinks, 2) < 0)
		return PCAP_ERROR;
	p->selectable_fd = HAS(NO_DESCRIPTOR) ? -1 : p->fd;
	set_operations(p);
	f->next = f->read = f->dropped = 0;
	f->started = now(CLOCK_MONOTONIC);
	arm_timer(p);
	return 0;
}

/* ---- The two routines that the library calls ---- */

/* What goes wrong before anything is listed. */
static int list_badly(char *errbuf)
{
	if (HAS(LIST_LEAKS) && strdup("a leak of so many bytes") == NULL)
		return PCAP_ERROR;
	if (HAS(LIST_NEEDS_DESCRIPTORS)) {
		int fds[3] = {dup(0), dup(0), dup(0)};
		FILE *file = fopen("/dev/null", "r");
		if (getc(file) != EOF)
			snprintf(errbuf, PCAP_ERRBUF_SIZE, "it can't be");
		fclose(file);
		for (int i = 0; i < 3; i++)
			close(fds[i]);
	}
	return 0;
}

int faulty_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	const char *second = HAS(LISTS_BAD_NAME)                       ? "faulty 1"
			     : HAS(LISTS_WITHOUT_PREFIX)               ? "broken0"
			     : HAS(LISTS_WHAT_IT_REFUSES)              ? "faulty2"
			     : HAS(LIST_CHANGES) && shared_calls++ % 2 ? "faulty3"
								       : "faulty1";
	const char *description = HAS(LISTS_BAD_DESCRIPTION) ? "a\nb" : "of a test";
	bpf_u_int32 flags = HAS(LISTS_BAD_FLAGS) ? 0x1000 : PCAP_IF_UP;

	if (list_badly(errbuf) < 0)
		return PCAP_ERROR;
	if (pcapint_add_dev(list, "faulty0", flags, description, errbuf) == NULL)
		return PCAP_ERROR;
	return pcapint_add_dev(list, second, flags, description, errbuf) != NULL ? 0 : PCAP_ERROR;
}

pcap_t *faulty_create(const char *device, char *errbuf)
{
	static const int types[] = {PCAP_TSTAMP_HOST, 777};
	bool ours = strcmp(device, "faulty0") == 0 || strcmp(device, "faulty1") == 0;

	if (HAS(LONG_CREATE_ERROR) && !ours)
		memset(errbuf, 'x', PCAP_ERRBUF_SIZE + 1);
	if (!ours && !HAS(CREATES_ANYTHING))
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct faulty);
	if (p == NULL)
		return NULL;
	if (!HAS(SETS_NO_ACTIVATE))
		p->activate_op = faulty_activate;
	if (pcapint_offer_precisions(p, errbuf) < 0 ||
		pcapint_offer_tstamp_types(p, types, 1 + HAS(OFFERS_NO_TIME_STAMP), errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	return p;
}

PCAP_MODULE(faulty, "for a test", "faulty", faulty_findalldevs, faulty_create)
