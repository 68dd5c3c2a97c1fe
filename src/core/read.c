/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Getting packets out of a handle: the loops over a module's read routine, one packet at a time, breaking a loop, and
 * sampling. For every program that captures.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What sampling puts between a read routine and the program's callback. */
struct sampler {
	pcap_t *p;
	pcap_handler callback;
	u_char *user;
	int delivered;
};

/* Whether the packet is one that the sampling method keeps. */
static bool sampled(pcap_t *p, const struct pcap_pkthdr *header)
{
	struct pcap_core *core = p->core;

	if (core->sampling.value <= 0)
		return true;
	if (core->sampling.method == PCAP_SAMP_1_EVERY_N)
		return ++core->sampling_count % core->sampling.value == 0;
	if (core->sampling.method != PCAP_SAMP_FIRST_AFTER_N_MS)
		return true;
	/* N ms count from the last packet that was kept, by the packets' own time. */
	int64_t unit = p->opt.tstamp_precision == PCAP_TSTAMP_PRECISION_NANO ? 1000000 : 1000;
	int64_t elapsed = ((int64_t)header->ts.tv_sec - core->sampling_last.tv_sec) * 1000 +
			  (header->ts.tv_usec - core->sampling_last.tv_usec) / unit;
	if (core->sampling_count > 0 && elapsed >= 0 && elapsed < core->sampling.value)
		return false;
	core->sampling_count = 1;
	core->sampling_last = header->ts;
	return true;
}

static void sample(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct sampler *sampler = (struct sampler *)user;
	if (!sampled(sampler->p, header))
		return;
	sampler->delivered++;
	sampler->callback(sampler->user, header, data);
}

/*
 * Reads with a sampler in between. A packet that is not sampled is not counted, so that the read routine is asked
 * again, one packet at a time once the count is near, until it has no more at hand.
 */
static int read_sampled(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct sampler sampler = {p, callback, user, 0};
	int status;

	do {
		int left = PACKET_COUNT_IS_UNLIMITED(cnt) ? cnt : cnt - sampler.delivered;
		status = p->read_op(p, left, sample, (u_char *)&sampler);
	} while (status > 0 && !PACKET_COUNT_IS_UNLIMITED(cnt) && sampler.delivered < cnt);
	if (status == PCAP_ERROR_BREAK && sampler.delivered > 0) {
		/* As without sampling: the packets now, the break with the next call. */
		p->break_loop = 1;
		return sampler.delivered;
	}
	return status < 0 ? status : sampler.delivered;
}

int pcapint_read_packets(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	if (__builtin_expect(p->core->sampling.method != PCAP_SAMP_NOSAMP, 0))
		return read_sampled(p, cnt, callback, user);
	return p->read_op(p, cnt, callback, user);
}

int pcapint_check_readable(pcap_t *p, const char *what)
{
	if (!p->core->activated)
		return pcapint_not_activated(p, what);
	if (p->core->kind == PCAP_KIND_DEAD)
		return pcapint_refuse(p, what);
	return 0;
}

int pcap_dispatch(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	int status = pcapint_check_readable(p, "pcap_dispatch");
	return status != 0 ? status : pcapint_read_packets(p, cnt, callback, user);
}

int pcap_loop(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	int n = pcapint_check_readable(p, "pcap_loop");
	if (n != 0)
		return n;
	for (;;) {
		n = pcapint_read_packets(p, cnt, callback, user);
		if (n < 0)
			return n;
		/* Nothing read: the end of a savefile, a time-out of a live capture. */
		if (n == 0 && p->core->kind == PCAP_KIND_OFFLINE)
			return 0;
		if (PACKET_COUNT_IS_UNLIMITED(cnt))
			continue;
		cnt -= n;
		if (cnt <= 0)
			return 0;
	}
}

void pcapint_oneshot(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct oneshot_userdata *oneshot = (struct oneshot_userdata *)user;
	struct pcap_core *core = oneshot->pd->core;

	*oneshot->hdr = *header;
	*oneshot->pkt = NULL;
	if (core->oneshot_buffer == NULL || core->oneshot_size < header->caplen) {
		size_t size = header->caplen < 2048 ? 2048 : header->caplen;
		u_char *buffer = realloc(core->oneshot_buffer, size);
		if (buffer == NULL)
			return;
		core->oneshot_buffer = buffer;
		core->oneshot_size = size;
	}
	memcpy(core->oneshot_buffer, data, header->caplen);
	*oneshot->pkt = core->oneshot_buffer;
}

void pcapint_oneshot_in_place(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct oneshot_userdata *oneshot = (struct oneshot_userdata *)user;
	*oneshot->hdr = *header;
	*oneshot->pkt = data;
}

/* Reads one packet; 1, or what the read returned. */
static int read_one(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct oneshot_userdata oneshot = {header, data, p};

	*data = NULL;
	int n = pcapint_read_packets(p, 1, p->oneshot_callback, (u_char *)&oneshot);
	if (n > 0 && *data == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "no memory for a packet of %u bytes", header->caplen);
		return PCAP_ERROR;
	}
	return n;
}

const u_char *pcap_next(pcap_t *p, struct pcap_pkthdr *header)
{
	const u_char *data;

	if (pcapint_check_readable(p, "pcap_next") != 0)
		return NULL;
	return read_one(p, header, &data) > 0 ? data : NULL;
}

int pcap_next_ex(pcap_t *p, struct pcap_pkthdr **header, const u_char **data)
{
	int n = pcapint_check_readable(p, "pcap_next_ex");
	if (n != 0)
		return n;
	*header = &p->core->oneshot_header;
	n = read_one(p, *header, data);
	/* The end of a savefile has to differ from a time-out. */
	return n == 0 && p->core->kind == PCAP_KIND_OFFLINE ? PCAP_ERROR_BREAK : n;
}

void pcapint_breakloop_common(pcap_t *p)
{
	p->break_loop = 1;
}

void pcap_breakloop(pcap_t *p)
{
	p->breakloop_op(p);
}

struct pcap_samp *pcap_setsampling(pcap_t *p)
{
	return &p->core->sampling;
}
