/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of `weir capture`. One device is read in batches; of several, what is at hand is merged by time. After
 * the end, packets from before it that a device still holds back are waited for, no longer than its buffering time.
 */
#include "capture-loop.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "capture-file.h"
#include "command.h"
#include "decode.h"
#include "stop.h"
#include "units.h"

#define MILLISECOND 1000000ULL

/* Packets that are read before signals, time and the other devices are looked at again. */
#define BATCH 1024

/* How often a file is brought up to date for those who read it meanwhile. */
#define FILE_FLUSH_INTERVAL NANOSECONDS_PER_SECOND

/* What a device that has no descriptor is asked again after, if it does not say itself. */
#define POLLED_DEVICE_MS 10

/* A descriptor that reports an error, and a read that finds none: after so many times the device is given up. */
#define ERROR_WAKES_MAX 16

static bool after(const struct timeval *a, const struct timeval *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_usec > b->tv_usec;
}

static bool count_reached(const struct capture_loop *loop)
{
	return loop->settings->count != 0 && loop->packets >= loop->settings->count;
}

static bool ending(const struct capture_loop *loop)
{
	return loop->stopped.tv_sec != 0;
}

/* Whether nothing more is wanted, not even what is from before the end. */
static bool finished(const struct capture_loop *loop)
{
	return loop->sink->failed || count_reached(loop);
}

static size_t live_sources(const struct capture_loop *loop)
{
	size_t count = 0;

	for (size_t i = 0; i < loop->source_count; i++)
		count += loop->sources[i].handle != NULL;
	return count;
}

/* Packets' times are compared with the end's only where they are of the same clock. */
static bool unsynchronized(int tstamp_type)
{
	return tstamp_type == PCAP_TSTAMP_ADAPTER_UNSYNCED || tstamp_type == PCAP_TSTAMP_HOST_HIPREC_UNSYNCED;
}

static void take(
	struct capture_loop *loop, struct source *source, const struct pcap_pkthdr *header, const u_char *bytes)
{
	if (ending(loop) && !unsynchronized(loop->settings->tstamp_type) && after(&header->ts, &loop->stopped)) {
		source->done = true;
		return;
	}
	if (loop->sink->writer != NULL)
		capture_file_packet(loop->sink, source, header, bytes);
	else
		sink_show(
			loop->sink, &(struct shown_packet){.interface = source->name,
					    .linktype = source->linktype,
					    .nanoseconds = loop->settings->precision == PCAP_TSTAMP_PRECISION_NANO,
					    .header = header,
					    .bytes = bytes});
	if (loop->sink->failed)
		return;
	source->packets++;
	source->bytes += header->len;
	loop->packets++;
	loop->bytes += header->len;
}

/* A device has failed: says so, once, and goes on without it. */
static void give_up(struct capture_loop *loop, struct source *source, const char *text)
{
	status_hide(&loop->status);
	stop_on_signals(NULL, NULL); /* which may wake this device */
	complain_of(source->name, text);
	loop->failed = true;
	if (loop->sink->writer != NULL)
		capture_file_statistics(loop->sink, source);
	source_close(source);
}

/*
 * Whether there can be packets. A device with a descriptor is not asked in vain: some take that, in non-blocking mode, for
 * an error.
 */
static bool may_have_packets(const struct source *source)
{
	return source->waits || source->readable || source->more || pcap_get_selectable_fd(source->handle) < 0 ||
	       pcap_get_required_select_timeout(source->handle) != NULL;
}

/* ---- One device: batches ---- */

struct batch {
	struct capture_loop *loop;
	struct source *source;
};

static void take_batched(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct batch *batch = (struct batch *)user;

	take(batch->loop, batch->source, header, bytes);
	if (batch->loop->sink->failed)
		pcap_breakloop(batch->source->handle);
}

static void read_batch(struct capture_loop *loop, struct source *source)
{
	struct batch batch = {loop, source};

	if (!may_have_packets(source))
		return;
	uint64_t left = loop->settings->count - loop->packets;
	int most = source->waits ? 1 : BATCH;
	int wanted = loop->settings->count != 0 && left < (uint64_t)most ? (int)left : most;
	int n = pcap_dispatch(source->handle, wanted, take_batched, (u_char *)&batch);

	source->more = !source->waits && n >= wanted;
	source->readable = source->more;
	if (n > 0)
		source->error_wakes = 0;
	if (n < 0 && n != PCAP_ERROR_BREAK)
		give_up(loop, source, pcap_geterr(source->handle));
}

/* ---- Several devices: merged by time ---- */

/* Gets the source's next packet; false if it has none at hand. */
static bool fetch(struct capture_loop *loop, struct source *source)
{
	int n;

	if (source->pending != NULL)
		return true;
	if (!may_have_packets(source))
		return false;
	n = pcap_next_ex(source->handle, &source->pending, &source->pending_bytes);
	if (n == 1) {
		source->error_wakes = 0;
		return true;
	}
	source->pending = NULL;
	source->readable = source->more = false;
	if (n < 0 && n != PCAP_ERROR_BREAK)
		give_up(loop, source, pcap_geterr(source->handle));
	return false;
}

static struct source *earliest(struct capture_loop *loop)
{
	struct source *first = NULL;

	for (size_t i = 0; i < loop->source_count; i++) {
		struct source *source = &loop->sources[i];

		if (source->handle == NULL || !fetch(loop, source))
			continue;
		if (first == NULL || after(&first->pending->ts, &source->pending->ts))
			first = source;
	}
	return first;
}

static void merge(struct capture_loop *loop)
{
	struct source *source = NULL;

	for (unsigned i = 0; i < BATCH && !finished(loop); i++) {
		source = earliest(loop);
		if (source == NULL)
			break;
		take(loop, source, source->pending, source->pending_bytes);
		source->pending = NULL;
	}
	for (size_t i = 0; i < loop->source_count; i++) {
		struct source *left = &loop->sources[i];
		left->more =
			source != NULL && left->handle != NULL && (left->pending != NULL || may_have_packets(left));
	}
}

static void read_sources(struct capture_loop *loop)
{
	if (loop->source_count > 1) {
		merge(loop);
		return;
	}
	if (loop->sources[0].handle != NULL)
		read_batch(loop, &loop->sources[0]);
}

/* ---- Waiting ---- */

static bool more_at_hand(const struct capture_loop *loop)
{
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i].handle != NULL && loop->sources[i].more)
			return true;
	}
	return false;
}

static int milliseconds_until(uint64_t when, uint64_t now, int limit)
{
	uint64_t left = when > now ? (when - now + MILLISECOND - 1) / MILLISECOND : 0;

	return limit >= 0 && (uint64_t)limit < left ? limit : (int)(left < 3600000 ? left : 3600000);
}

/* For poll(): how long the devices themselves can be left alone; -1: until a descriptor is readable. */
static int device_timeout(const struct source *source)
{
	const struct timeval *required = pcap_get_required_select_timeout(source->handle);

	if (required != NULL)
		return (int)(required->tv_sec * 1000 + (required->tv_usec + 999) / 1000);
	return pcap_get_selectable_fd(source->handle) < 0 ? POLLED_DEVICE_MS : -1;
}

static int wait_timeout(const struct capture_loop *loop, uint64_t now, uint64_t until)
{
	int timeout = -1;

	if (more_at_hand(loop))
		return 0;
	for (size_t i = 0; i < loop->source_count; i++) {
		int device;

		if (loop->sources[i].handle == NULL)
			continue;
		device = device_timeout(&loop->sources[i]);
		if (device >= 0 && (timeout < 0 || device < timeout))
			timeout = device;
	}
	if (until != 0)
		timeout = milliseconds_until(until, now, timeout);
	if (loop->status.wanted)
		timeout = milliseconds_until(loop->status.next, now, timeout);
	if (loop->next_file_flush != 0)
		timeout = milliseconds_until(loop->next_file_flush, now, timeout);
	return timeout;
}

/* Waits for packets, the given time, or a signal; or lets the read do that, of a device that has it no other way. */
static void wait_for_packets(struct capture_loop *loop, uint64_t now, uint64_t until)
{
	if (loop->sources[0].waits)
		return;

	struct pollfd fds[OPTION_LIST_MAX + 1];
	struct source *owners[OPTION_LIST_MAX + 1];
	nfds_t count = 1;
	const short errors = POLLERR | POLLHUP | POLLNVAL;

	/* Once the stop was seen, its descriptor stays readable and must not wake. */
	fds[0] = (struct pollfd){.fd = ending(loop) ? -1 : stop_descriptor(), .events = POLLIN};
	for (size_t i = 0; i < loop->source_count; i++) {
		int fd = loop->sources[i].handle != NULL ? pcap_get_selectable_fd(loop->sources[i].handle) : -1;

		if (fd < 0)
			continue;
		owners[count] = &loop->sources[i];
		fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	if (poll(fds, count, wait_timeout(loop, now, until)) <= 0)
		return;
	for (nfds_t i = 1; i < count; i++) {
		owners[i]->readable |= fds[i].revents != 0;
		/* One that is asked now and then anyway may have a descriptor that means nothing. */
		if ((fds[i].revents & errors) == 0 || pcap_get_required_select_timeout(owners[i]->handle) != NULL)
			continue;
		if (++owners[i]->error_wakes > ERROR_WAKES_MAX)
			give_up(loop, owners[i], "its descriptor reports an error that reading does not find");
	}
}

/* ---- Meanwhile ---- */

/* The counts so far, those of closed devices included. */
static void capture_counts(const struct capture_loop *loop, struct status_counts *counts)
{
	*counts = (struct status_counts){.packets = loop->packets, .bytes = loop->bytes};
	for (size_t i = 0; i < loop->source_count; i++) {
		const struct source *source = &loop->sources[i];
		struct pcap_stats64 stats = source->stats;

		if (source->handle != NULL && pcap_get_stats64(source->handle, &stats, sizeof(stats)) < 0)
			continue;
		if (stats.available & PCAP_STATS64_DROP) {
			counts->dropped_known = true;
			counts->dropped += stats.drop;
		}
	}
}

/* What each file ends with: where a new one can begin with any packet, they are always up to date. */
static void update_statistics(struct capture_loop *loop)
{
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i].handle != NULL)
			capture_file_statistics(loop->sink, &loop->sources[i]);
	}
}

/* What is lost when this program is killed is no more than a second's. */
static void update_file(struct capture_loop *loop)
{
	update_statistics(loop);
	sink_flush(loop->sink);
}

/* Hands on what was taken: to a reader who waits for it at once, to a file now and then. */
static void tick(struct capture_loop *loop)
{
	uint64_t now = monotonic_nanoseconds();
	struct status_counts counts;

	if (loop->next_file_flush == 0) {
		if (!more_at_hand(loop))
			sink_flush(loop->sink);
	} else if (now >= loop->next_file_flush) {
		update_file(loop);
		loop->next_file_flush = now + FILE_FLUSH_INTERVAL;
	}
	if (loop->status.wanted && now >= loop->status.next) {
		capture_counts(loop, &counts);
		status_show(&loop->status, &counts, now);
	}
}

/* ---- The end ---- */

static void note_end(struct capture_loop *loop)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	loop->stopped.tv_sec = now.tv_sec;
	loop->stopped.tv_usec =
		loop->settings->precision == PCAP_TSTAMP_PRECISION_NANO ? now.tv_nsec : now.tv_nsec / 1000;
}

static bool all_done(const struct capture_loop *loop)
{
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i].handle != NULL && !loop->sources[i].done)
			return false;
	}
	return true;
}

/* Takes what the devices have from before the end. A device may hold packets back for its buffering time. */
static void drain(struct capture_loop *loop)
{
	uint64_t now = monotonic_nanoseconds();
	uint64_t until = now + (loop->settings->immediate ? 0 : 2 * loop->settings->timeout * MILLISECOND);

	note_end(loop);
	if (loop->sources[0].waits)
		return;
	/* At once: what came since they were looked at last is wanted, too. */
	wait_for_packets(loop, now, now);
	for (;;) {
		read_sources(loop);
		now = monotonic_nanoseconds();
		if (finished(loop) || all_done(loop) || (now >= until && !more_at_hand(loop)))
			return;
		/* At a flood, packets that are not wanted must not keep it from ending. */
		if (now >= until + NANOSECONDS_PER_SECOND)
			return;
		wait_for_packets(loop, now, until);
	}
}

/* ---- A device whose reads wait ---- */

/*
 * Microseconds; a read that began just after it was broken is broken again. Not so soon that a library below the device
 * never gets to the end of its own wait, which it may begin anew whenever it is interrupted.
 */
#define BREAK_AGAIN 700000

static void set_timer(uint64_t microseconds)
{
	const struct itimerval timer = {.it_value = {.tv_sec = (time_t)(microseconds / 1000000),
						.tv_usec = (suseconds_t)(microseconds % 1000000)},
		.it_interval = {.tv_usec = BREAK_AGAIN}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* In a signal handler. */
static void break_read(void *user)
{
	pcap_breakloop((pcap_t *)user);
	set_timer(BREAK_AGAIN);
}

/* Its reads end at a signal of the user's, or of a timer at the end of the time. */
static void wake_by_signals(const struct capture_loop *loop)
{
	stop_on_signals(break_read, loop->sources[0].handle);
	stop_interrupts_calls();
	set_timer((loop->settings->nanoseconds + 999) / 1000);
}

void capture(struct capture_loop *loop)
{
	bool to_file = loop->sink->writer != NULL && strcmp(loop->sink->output->path, "-") != 0;
	bool rotates = loop->sink->writer != NULL && output_rotates(loop->sink->output);

	loop->begin = monotonic_nanoseconds();
	loop->deadline = loop->settings->nanoseconds != 0 ? loop->begin + loop->settings->nanoseconds : 0;
	loop->next_file_flush = to_file ? loop->begin + FILE_FLUSH_INTERVAL : 0;
	if (loop->sources[0].waits)
		wake_by_signals(loop);
	status_begin(&loop->status, loop->sink->writer != NULL, loop->begin);
	while (!finished(loop) && live_sources(loop) > 0) {
		uint64_t now = monotonic_nanoseconds();

		if (stop_requested() || (loop->deadline != 0 && now >= loop->deadline)) {
			loop->end = now;
			drain(loop);
			break;
		}
		wait_for_packets(loop, now, loop->deadline);
		if (rotates)
			update_statistics(loop);
		read_sources(loop);
		tick(loop);
	}
	if (loop->sources[0].waits)
		set_timer(0);
	if (loop->end == 0)
		loop->end = monotonic_nanoseconds();
	status_hide(&loop->status);
}
