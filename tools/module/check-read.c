/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on reading: waiting and not waiting, counts, headers, what pcap_next_ex() hands out.
 */
#include "module/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "units.h"

#define TIMEOUT_MS 100
/* A wait may be longer on a busy machine; not so much. */
#define PATIENCE_MS 3000
#define QUIET_CALLS 10
#define ENOUGH 24

static unsigned ms_since(uint64_t start)
{
	return (unsigned)((monotonic_nanoseconds() - start) / 1000000);
}

/* ---- Waiting ---- */

/* With a time-out of 0, so that a read which does wait would not end by itself. */
static void nonblocking_does_not_wait(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 0});

	set_nonblock(t, p, 1);
	start_gathering(&g, t, p, 0);
	for (int i = 0; i < QUIET_CALLS; i++) {
		uint64_t start = monotonic_nanoseconds();
		dispatch(&g, 1);
		if (ms_since(start) > PATIENCE_MS)
			broken(t, "in non-blocking mode a read took %u ms", ms_since(start));
	}
	pcap_close(p);
}

static void nonblocking_before_activation(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 0, .nonblock = true});
	char *errbuf = guarded_errbuf(t);

	int nonblock = pcap_getnonblock(p, errbuf);
	if (nonblock < 0)
		broken(t, "pcap_getnonblock() failed: %s", check_text(t, "N1", errbuf, "pcap_getnonblock()"));
	if (nonblock == 0)
		broken(t, "non-blocking mode was asked for before activation, and pcap_getnonblock() says no");
	pcap_close(p);
}

static void nonblocking_mode_can_be_changed(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = TIMEOUT_MS});
	char *errbuf = guarded_errbuf(t);
	static const int modes[] = {0, 1, 1, 0, 1};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (i > 0)
			set_nonblock(t, p, modes[i]);
		int mode = pcap_getnonblock(p, errbuf);
		if (mode < 0)
			broken(t, "pcap_getnonblock() failed: %s",
				check_text(t, "N1", errbuf, "pcap_getnonblock()"));
		if (mode != modes[i])
			broken(t, "pcap_getnonblock() says %d, and %s %d", mode,
				i > 0 ? "the mode was set to" : "it begins with", modes[i]);
	}
	pcap_close(p);
}

/*
 * Silence is made by a filter that refuses all. A read that comes back much too early, again and again, is as bad as one
 * that does not come back.
 */
static void timeout_ends_a_wait(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = TIMEOUT_MS});
	struct bpf_insn refuse = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program program = {1, &refuse};
	unsigned early = 0;

	step(t, "pcap_setfilter()");
	if (pcap_setfilter(p, &program) != 0)
		broken_rule(t, "F3", "a filter that refuses all is itself refused: %s",
			check_text(t, "F3", pcap_geterr(p), "pcap_setfilter()"));
	start_gathering(&g, t, p, 0);
	for (int i = 0; i < QUIET_CALLS; i++) {
		uint64_t start = monotonic_nanoseconds();
		dispatch(&g, -1);
		if (ms_since(start) > PATIENCE_MS)
			broken(t, "with a time-out of %d ms, a read in which no packet came took %u ms", TIMEOUT_MS,
				ms_since(start));
		early += ms_since(start) < TIMEOUT_MS / 4;
	}
	/* Where packets come that the filter refuses, a read may end with them. */
	if (early == QUIET_CALLS && !t->subject->has_packets)
		broken(t,
			"with a time-out of %d ms, reads come back at once without a packet: a loop around them is "
			"busy",
			TIMEOUT_MS);
	pcap_close(p);
}

/* ---- Counts ---- */

static void counts_are_kept(struct trial *t)
{
	static const int counts[] = {1, 2, 1, 3, 0, -1, 7};
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});

	start_gathering(&g, t, p, 0);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			/* So that more are at hand than are asked for. */
			sleep_ms(20);
			gather_or_leave(&g, counts[i], g.callbacks + (counts[i] > 0 ? (unsigned)counts[i] : 1));
		}
	pcap_close(p);
}

/* What gather() compares, on reads that have more than one packet at hand. */
static void returns_what_it_delivers(struct trial *t)
{
	struct gathering g;
	unsigned most = 0;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});

	start_gathering(&g, t, p, 0);
	for (int round = 0; round < 10; round++) {
		sleep_ms(50);
		gather_or_leave(&g, -1, g.callbacks + 1);
		most = g.in_call > most ? g.in_call : most;
	}
	remark(t, "up to %u packets a read", most);
	pcap_close(p);
}

static void loop_delivers_its_count(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 50});
	static const unsigned counts[] = {1, 2, 5};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		start_gathering(&g, t, p, 0);
		step(t, "pcap_loop() with a count of %u", counts[i]);
		int status = pcap_loop(p, (int)counts[i], gather_packet, (u_char *)&g);
		if (status == PCAP_ERROR)
			broken_rule(t, "R6", "pcap_loop() failed: %s",
				check_text(t, "R6", pcap_geterr(p), "pcap_loop()"));
		if (status != 0 || g.callbacks != counts[i])
			broken(t, "pcap_loop() was asked for %u packets, delivered %u and returned %d", counts[i],
				g.callbacks, status);
	}
	pcap_close(p);
}

/* Reads by ones and twos and all at once; packets with numbers tell whether one was left out or came twice. */
static void no_packet_is_lost_between_reads(struct trial *t)
{
	static const int counts[] = {1, 2, -1, 1, 3};
	struct numbered numbered;

	open_numbered(t, &numbered);
	const unsigned before = numbered.read.callbacks;
	for (unsigned i = 0; numbered.read.callbacks - before < 8 * ENOUGH || i < 2 * ENOUGH; i++) {
		gather_or_leave(&numbered.read, counts[i % 5], numbered.read.callbacks + 1);
		dispatch(&numbered.reference, -1);
	}
	check_numbered(t, &numbered);
}

/* ---- Headers and data ---- */

static void check_stamps(struct trial *t, const struct gathering *g, bool nanoseconds)
{
	long most = nanoseconds ? 999999999 : 999999, largest = 0;
	time_t now = time(NULL);

	for (unsigned i = 0; i < g->seen_max; i++) {
		const struct timeval *ts = &g->seen[i].header.ts;
		if (ts->tv_usec < 0 || ts->tv_usec > most)
			broken(t, "with time stamps in %sseconds, a packet's tv_usec is %lld",
				nanoseconds ? "nano" : "micro", (long long)ts->tv_usec);
		if (ts->tv_sec < 0 || ts->tv_sec > now + 86400)
			broken(t, "a packet's time stamp, %lld s, is not of this time", (long long)ts->tv_sec);
		largest = ts->tv_usec > largest ? ts->tv_usec : largest;
	}
	if (nanoseconds && largest > 0 && largest <= 999999)
		broken(t, "nanoseconds were asked for, and no packet of %u has more than 999999 in tv_usec",
			g->seen_max);
}

static void time_stamps_are_good(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});

	start_gathering(&g, t, p, ENOUGH);
	gather_or_leave(&g, -1, ENOUGH);
	check_stamps(t, &g, false);
	pcap_close(p);
}

static void time_stamps_in_nanoseconds_are_good(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true, .nanoseconds = true});

	start_gathering(&g, t, p, ENOUGH);
	gather_or_leave(&g, -1, ENOUGH);
	check_stamps(t, &g, true);
	pcap_close(p);
}

static void snapshot_length_is_kept(struct trial *t)
{
	static const int lengths[] = {1, 16, 40, 65535};
	unsigned cut = 0;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct gathering g;
		pcap_t *p =
			open_handle(t, &(struct opening){.snaplen = lengths[i], .timeout = 10, .nonblock = true});
		if (pcap_snapshot(p) < 1 || pcap_snapshot(p) > MAXIMUM_SNAPLEN)
			broken_rule(t, "A2", "pcap_snapshot() is %d after %d was asked for", pcap_snapshot(p),
				lengths[i]);
		start_gathering(&g, t, p, ENOUGH);
		/* The callback compares. */
		gather_or_leave(&g, -1, ENOUGH);
		for (unsigned n = 0; n < g.seen_max; n++)
			cut += g.seen[n].header.caplen > (u_int)lengths[i];
		pcap_close(p);
	}
	/* A module may say by pcap_snapshot() that it delivers more than was asked for. */
	if (cut > 0)
		remark(t, "it delivers more than was asked for, and says so");
}

/* Stands before the handle's own oneshot callback, to see what that is given. */
static _Thread_local pcap_handler oneshot;
static _Thread_local struct seen delivered;

static void remember_and_hand_out(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	delivered.header = *header;
	memcpy(delivered.bytes, data, header->caplen < SEEN_BYTES ? header->caplen : SEEN_BYTES);
	oneshot(user, header, data);
}

/* One packet; 0 if none came. */
static int check_next_ex(struct trial *t, pcap_t *p)
{
	struct pcap_pkthdr *header = NULL;
	const u_char *data = NULL;

	step(t, "pcap_next_ex()");
	int status = pcap_next_ex(p, &header, &data);
	if (status < 0)
		broken(t, "pcap_next_ex() returned %d: %s", status,
			check_text(t, "R6", pcap_geterr(p), "pcap_next_ex()"));
	if (status == 0)
		return 0;
	if (header == NULL || data == NULL)
		broken(t, "pcap_next_ex() returned %d, and no packet", status);
	/* The device goes on; the packet stays until the next read. */
	sleep_ms(20);
	if (header->caplen != delivered.header.caplen || header->len != delivered.header.len ||
		memcmp(data, delivered.bytes, header->caplen < SEEN_BYTES ? header->caplen : SEEN_BYTES) != 0)
		broken(t, "the packet that pcap_next_ex() hands out is, before the next read, not the one that was "
			  "delivered");
	return 1;
}

static void next_ex_hands_out_good_packets(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 50});
	uint64_t until = wait_deadline(t);

	oneshot = p->oneshot_callback;
	p->oneshot_callback = remember_and_hand_out;
	for (int packets = 0; packets < 5;) {
		packets += check_next_ex(t, p);
		if (packets < 5 && monotonic_nanoseconds() > until)
			left_out(t, "of 5 packets that it takes, %d came", packets);
	}
	pcap_close(p);
}

/* ---- Waiting for the descriptor ---- */

/* Nothing at hand, then a wait: either a packet is there when it ends, or there was none. */
static void descriptor_tells_of_packets(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 50, .nonblock = true});
	unsigned good = 0, idle = 0, missed = 0;
	uint64_t until = wait_deadline(t);

	start_gathering(&g, t, p, 0);
	if (pcap_get_selectable_fd(p) < 0)
		left_out(t, "the device is polled");
	gather_or_leave(&g, -1, 1);
	while (good < 5 && monotonic_nanoseconds() < until) {
		bool ready = true;
		drain(&g);
		if (pcap_get_required_select_timeout(p) == NULL)
			ready = fd_becomes_readable(p, 300);
		else
			wait_some(p, 1000);
		int n = dispatch(&g, -1);
		good += ready && n > 0;
		idle += ready && n == 0;
		missed += !ready && n > 0;
		if (missed > 1 && good == 0)
			broken(t, "packets come, and the descriptor of pcap_get_selectable_fd() does not tell");
	}
	if (good == 0 && idle > 100)
		broken(t,
			"the descriptor of pcap_get_selectable_fd() can always be read, and there are no packets");
	if (good == 0)
		left_out(t, "no packet came");
	pcap_close(p);
}

const struct check_row read_checks[] = {
	{"N1", "non-blocking mode is set and told", nonblocking_mode_can_be_changed, 0},
	{"N1", "non-blocking mode can be asked for before activation", nonblocking_before_activation, 0},
	{"R2", "in non-blocking mode a read does not wait", nonblocking_does_not_wait, 0},
	{"R2", "a wait ends with the time-out, and not before", timeout_ends_a_wait, 0},
	{"R6", "a read returns how many packets it has delivered", returns_what_it_delivers, CHECK_NEEDS_PACKETS},
	{"R3", "no more packets are delivered than were asked for", counts_are_kept, CHECK_NEEDS_PACKETS},
	{"R3", "pcap_loop() delivers its count", loop_delivers_its_count, CHECK_NEEDS_PACKETS},
	{"R3", "between reads no packet is lost, none comes twice", no_packet_is_lost_between_reads,
		CHECK_NEEDS_PACKETS},
	{"A1", "time stamps are in microseconds", time_stamps_are_good, CHECK_NEEDS_PACKETS},
	{"A1", "time stamps are in nanoseconds where those were asked for", time_stamps_in_nanoseconds_are_good,
		CHECK_NEEDS_PACKETS},
	{"R7", "a packet has no more bytes than the snapshot length", snapshot_length_is_kept, CHECK_NEEDS_PACKETS},
	{"O1", "a packet from pcap_next_ex() lasts until the next read", next_ex_hands_out_good_packets,
		CHECK_NEEDS_PACKETS},
	{"A5", "the descriptor to wait for tells of packets", descriptor_tells_of_packets, CHECK_NEEDS_PACKETS},
	{0},
};
