/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on the other operations: direction, link types, statistics, sending.
 */
#include "module/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

#include "units.h"

#define ENOUGH 24
#define FRAME_SIZE 60
#define LARGE (1 << 20)

/* ---- Direction ---- */

static void direction_is_set_or_refused(struct trial *t)
{
	static const struct {
		pcap_direction_t direction;
		const char *name;
	} rows[] = {{PCAP_D_IN, "PCAP_D_IN"}, {PCAP_D_OUT, "PCAP_D_OUT"}, {PCAP_D_INOUT, "PCAP_D_INOUT"}};
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});
	bool has = p->setdirection_op != NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		step(t, "pcap_setdirection(%s)", rows[i].name);
		p->errbuf[0] = '\0';
		int status = pcap_setdirection(p, rows[i].direction);
		if (status != 0)
			check_text(t, "S1", pcap_geterr(p), "pcap_setdirection()");
		if (status == 0 && !has)
			broken(t, "there is no setdirection_op, and pcap_setdirection() returns 0");
		if (status != 0 && has && rows[i].direction == PCAP_D_INOUT)
			broken(t, "pcap_setdirection(PCAP_D_INOUT), which asks for nothing, is refused: %s",
				pcap_geterr(p));
	}
	pcap_close(p);
}

struct direction_count {
	pcap_t *p;
	unsigned wrong, right, unknown;
	uint32_t wanted;
};

static void count_direction(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct direction_count *count = (struct direction_count *)user;
	struct pcap_packet_info info;

	(void)header;
	(void)data;
	pcap_get_packet_info(count->p, &info, sizeof(info));
	uint32_t direction = info.flags & PCAP_PACKET_DIRECTION;
	*(direction == 0 ? &count->unknown : direction == count->wanted ? &count->right : &count->wrong) += 1;
}

static void direction_is_kept(struct trial *t)
{
	static const struct {
		pcap_direction_t direction;
		uint32_t flag;
		const char *name;
	} rows[] = {
		{PCAP_D_IN, PCAP_PACKET_INBOUND, "PCAP_D_IN"}, {PCAP_D_OUT, PCAP_PACKET_OUTBOUND, "PCAP_D_OUT"}};
	unsigned told = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});
		struct direction_count count = {.p = p, .wanted = rows[i].flag};
		uint64_t until = monotonic_nanoseconds() + NANOSECONDS_PER_SECOND / 2;
		if (pcap_setdirection(p, rows[i].direction) != 0)
			left_out(t, "the direction can't be set");
		while (monotonic_nanoseconds() < until) {
			step(t, "pcap_dispatch() with a direction");
			if (pcap_dispatch(p, -1, count_direction, (u_char *)&count) <= 0)
				wait_some(p, 20);
		}
		if (count.wrong > 0)
			broken(t, "with %s, %u packets of the other direction are delivered", rows[i].name,
				count.wrong);
		told += count.right;
		pcap_close(p);
	}
	if (told == 0)
		left_out(t, "no packet tells its direction");
}

/* ---- Link types ---- */

static bool listed(const int *list, int count, int dlt)
{
	for (int i = 0; i < count; i++)
		if (list[i] == dlt)
			return true;
	return false;
}

static void link_types_can_be_chosen(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});
	struct gathering g;
	int *list, first = pcap_datalink(p);

	start_gathering(&g, t, p, 0);
	int count = pcap_list_datalinks(p, &list);
	if (count < 0)
		broken(t, "pcap_list_datalinks() failed: %s", check_text(t, "D1", pcap_geterr(p), "it"));
	if (!listed(list, count, first))
		broken(t, "the list of link types does not have the one that the handle has, %d", first);
	for (int i = 0; i <= count; i++) {
		/* And the first one again. */
		int dlt = i < count ? list[i] : first;
		step(t, "pcap_set_datalink(%d)", dlt);
		if (pcap_set_datalink(p, dlt) != 0)
			broken(t, "the link type %d is listed, and can't be set: %s", dlt,
				check_text(t, "D1", pcap_geterr(p), "pcap_set_datalink()"));
		if (pcap_datalink(p) != dlt)
			broken(t, "after pcap_set_datalink(%d), the link type is %d", dlt, pcap_datalink(p));
		dispatch(&g, 1);
	}
	pcap_free_datalinks(list);
	pcap_close(p);
}

static void other_link_types_are_refused(struct trial *t)
{
	static const int others[] = {9999, -1, DLT_USER15, DLT_NULL};
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});
	int *list, first = pcap_datalink(p), count = pcap_list_datalinks(p, &list);

	for (size_t i = 0; count > 0 && i < sizeof(others) / sizeof(others[0]); i++) {
		char number[16];
		if (listed(list, count, others[i]))
			continue;
		step(t, "pcap_set_datalink(%d)", others[i]);
		p->errbuf[0] = '\0';
		if (pcap_set_datalink(p, others[i]) == 0)
			broken(t, "the link type %d is not listed, and can be set", others[i]);
		const char *text = check_text(t, "D1", pcap_geterr(p), "pcap_set_datalink()");
		const char *name = pcap_datalink_val_to_name(others[i]);
		snprintf(number, sizeof(number), "%d", others[i]);
		if (strstr(text, number) == NULL && (name == NULL || strstr(text, name) == NULL))
			broken(t, "the error of pcap_set_datalink(%d) does not name it: %s", others[i], text);
		if (pcap_datalink(p) != first)
			broken(t, "a link type that was refused changes the handle's");
	}
	pcap_free_datalinks(list);
	pcap_close(p);
}

/* ---- Statistics ---- */

static void get_stats(struct trial *t, pcap_t *p, struct pcap_stat *stats)
{
	step(t, "pcap_stats()");
	memset(stats, 0xa5, sizeof(*stats));
	p->errbuf[0] = '\0';
	if (pcap_stats(p, stats) != 0)
		broken(t, "pcap_stats() failed: %s", check_text(t, "T1", pcap_geterr(p), "pcap_stats()"));
}

/* A handle that was just opened, and one that has read; no packet is needed for a count that can't be. */
static void statistics_are_told(struct trial *t)
{
	struct gathering g;
	struct pcap_stat first, second;
	struct pcap_stats64 wide;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});

	start_gathering(&g, t, p, 0);
	get_stats(t, p, &first);
	if (!t->subject->has_packets &&
		(first.ps_recv > 1000000 || first.ps_drop > 1000000 || first.ps_ifdrop > 1000000))
		broken(t,
			"a handle that was just opened on a silent device counts %u received, %u dropped, %u by "
			"the interface",
			first.ps_recv, first.ps_drop, first.ps_ifdrop);
	sleep_ms(50);
	dispatch(&g, -1);
	get_stats(t, p, &second);
	if (second.ps_recv < first.ps_recv || second.ps_drop < first.ps_drop)
		broken(t, "counts go backwards: received %u, then %u; dropped %u, then %u", first.ps_recv,
			second.ps_recv, first.ps_drop, second.ps_drop);
	step(t, "pcap_get_stats64()");
	if (pcap_get_stats64(p, &wide, sizeof(wide)) != 0)
		broken(t, "pcap_get_stats64() failed: %s",
			check_text(t, "T1", pcap_geterr(p), "pcap_get_stats64()"));
	if ((wide.available & ~(uint64_t)(PCAP_STATS64_RECV | PCAP_STATS64_DROP | PCAP_STATS64_IFDROP)) != 0)
		broken(t, "pcap_get_stats64() tells of counts that do not exist");
	if ((wide.available & PCAP_STATS64_RECV) != 0 && wide.recv < second.ps_recv)
		broken(t, "pcap_get_stats64() counts %llu received after pcap_stats() counted %u",
			(unsigned long long)wide.recv, second.ps_recv);
	pcap_close(p);
}

static void statistics_agree_with_packets(struct trial *t)
{
	struct gathering g;
	struct pcap_stat stats, last = {0};
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true, .immediate = true});

	start_gathering(&g, t, p, 0);
	gather_or_leave(&g, -1, ENOUGH);
	long long missing = count_missing(&g);
	get_stats(t, p, &stats);
	if (stats.ps_recv == 0 && stats.ps_drop == 0)
		left_out(t, "the device does not count");
	if (missing < 0)
		broken(t, "%u packets were delivered, and pcap_stats() counts %u received, %u of them dropped",
			g.callbacks, stats.ps_recv, stats.ps_drop);
	if (missing != ALWAYS_MORE && missing != 0)
		broken(t, "nothing is left to read, and pcap_stats() counts %lld packets more than were delivered",
			missing);
	for (int i = 0; i < 50; i++) {
		dispatch(&g, i % 3);
		get_stats(t, p, &stats);
		if (stats.ps_recv < last.ps_recv || stats.ps_drop < last.ps_drop)
			broken(t, "counts go backwards: received %u, then %u; dropped %u, then %u", last.ps_recv,
				stats.ps_recv, last.ps_drop, stats.ps_drop);
		last = stats;
	}
	pcap_close(p);
}

static void statistics_are_the_handles_own(struct trial *t)
{
	struct gathering g;
	struct pcap_stat first, second;
	struct opening opening = {.timeout = 10, .nonblock = true};
	pcap_t *p = open_handle(t, &opening);

	start_gathering(&g, t, p, 0);
	gather_or_leave(&g, -1, ENOUGH);
	pcap_t *other = open_second(t, &opening);
	get_stats(t, other, &second);
	get_stats(t, p, &first);
	if (first.ps_recv == 0)
		left_out(t, "the device does not count");
	if (second.ps_recv >= first.ps_recv)
		broken(t, "a handle that was just opened counts %u received; one that has read %u packets, %u",
			second.ps_recv, g.callbacks, first.ps_recv);
	pcap_close(other);
	pcap_close(p);
}

/* ---- Sending ---- */

static void sends_or_says_why_not(struct trial *t)
{
	u_char *frame = calloc(1, LARGE);
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});

	if (frame == NULL)
		left_out(t, "no memory");
	if (p->inject_op != NULL && !t->settings->inject)
		left_out(t, "nothing is sent without --inject");
	memcpy(frame, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5", 14);
	static const int sizes[] = {FRAME_SIZE, 1, LARGE};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		step(t, "pcap_inject() of %d bytes", sizes[i]);
		p->errbuf[0] = '\0';
		int sent = pcap_inject(p, frame, (size_t)sizes[i]);
		if (sent < 0)
			check_text(t, "I1", pcap_geterr(p), "pcap_inject()");
		else if (sent != sizes[i])
			broken(t, "pcap_inject() of %d bytes returned %d", sizes[i], sent);
	}
	free(frame);
	pcap_close(p);
}

const struct check_row operation_checks[] = {
	{"S1", "the direction is set, or refused with a text", direction_is_set_or_refused, 0},
	{"S1", "the direction that was set is kept", direction_is_kept, CHECK_NEEDS_PACKETS},
	{"D1", "the link types that are listed can be set", link_types_can_be_chosen, 0},
	{"D1", "other link types are refused, and named", other_link_types_are_refused, 0},
	{"T1", "statistics are told, and do not go backwards", statistics_are_told, 0},
	{"T1", "statistics agree with the packets", statistics_agree_with_packets, CHECK_NEEDS_PACKETS},
	{"T1", "statistics are the handle's own", statistics_are_the_handles_own, CHECK_NEEDS_PACKETS},
	{"I1", "packets are sent, or it is said why not", sends_or_says_why_not, 0},
	{0},
};
