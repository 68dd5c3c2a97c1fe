/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture module as a stranger writes it, from the HOWTO alone: ticker0, ticker1, ... are clocks, polled and without a
 * descriptor, that give a packet a millisecond. Its create routine has the three-argument form of existing modules.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "pcap-int.h"

#define TICKER_PREFIX "ticker"
#define TICK_NANOSECONDS 1000000
#define TICKER_PACKET_SIZE 64
#define TICKER_INSTANCES 2

int ticker_findalldevs(pcap_if_list_t *devlistp, char *errbuf);
pcap_t *ticker_create(const char *device, char *ebuf, int *is_ours);

/* Private data for capturing on ticker devices. */
struct pcap_ticker {
	bpf_u_int32 instance;
	bpf_u_int32 ticks;
	int filter_in_userland;
	struct timespec next;
	struct timeval poll_timeout;
	struct pcap_stat stat;
};

static int ticker_is_usable(const char *device, bpf_u_int32 *instance)
{
	size_t prefix_length = strlen(TICKER_PREFIX);

	if (strncmp(device, TICKER_PREFIX, prefix_length) != 0 || !isdigit((unsigned char)device[prefix_length]))
		return 0;
	return pcapint_get_decuint(device + prefix_length, NULL, instance) == 0 && *instance < TICKER_INSTANCES;
}

int ticker_findalldevs(pcap_if_list_t *devlistp, char *errbuf)
{
	char name[32], description[64];
	int i;

	for (i = 0; i < TICKER_INSTANCES; i++) {
		snprintf(name, sizeof(name), TICKER_PREFIX "%d", i);
		snprintf(description, sizeof(description), "Ticking clock number %d", i);
		if (pcapint_add_dev(devlistp, name, PCAP_IF_UP | PCAP_IF_RUNNING, description, errbuf) == NULL)
			return PCAP_ERROR;
	}
	return 0;
}

/* Non-zero if the next tick has come. */
static int ticker_is_due(const struct timespec *next)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > next->tv_sec || (now.tv_sec == next->tv_sec && now.tv_nsec >= next->tv_nsec);
}

static void ticker_advance(struct timespec *next)
{
	next->tv_nsec += TICK_NANOSECONDS;
	if (next->tv_nsec >= 1000000000) {
		next->tv_nsec -= 1000000000;
		next->tv_sec++;
	}
}

static void ticker_make_packet(pcap_t *p, struct pcap_pkthdr *header, u_char *packet)
{
	struct pcap_ticker *pt = p->priv;

	memset(packet, 0, TICKER_PACKET_SIZE);
	packet[0] = (u_char)pt->instance;
	packet[1] = (u_char)(pt->ticks & 1);
	pt->ticks++;
	gettimeofday(&header->ts, NULL);
	header->len = TICKER_PACKET_SIZE;
	header->caplen = p->snapshot < TICKER_PACKET_SIZE ? (bpf_u_int32)p->snapshot : TICKER_PACKET_SIZE;
}

static int ticker_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_ticker *pt = p->priv;
	struct pcap_pkthdr header;
	u_char packet[TICKER_PACKET_SIZE];
	int n = 0;

	if (p->break_loop) {
		p->break_loop = 0;
		return PCAP_ERROR_BREAK;
	}
	if (!ticker_is_due(&pt->next)) {
		if (p->opt.nonblock)
			return 0;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &pt->next, NULL);
	}
	while (ticker_is_due(&pt->next)) {
		if (p->break_loop) {
			p->break_loop = 0;
			return PCAP_ERROR_BREAK;
		}
		ticker_advance(&pt->next);
		ticker_make_packet(p, &header, packet);
		if (pt->filter_in_userland &&
			pcapint_filter(p->fcode.bf_insns, packet, header.len, TICKER_PACKET_SIZE) == 0)
			continue;
		pt->stat.ps_recv++;
		callback(user, &header, packet);
		n++;
		if (!PACKET_COUNT_IS_UNLIMITED(cnt) && n >= cnt)
			break;
	}
	return n;
}

static int ticker_inject(pcap_t *p, const void *buf _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "Packet injection is not supported by ticker devices");
	return PCAP_ERROR;
}

static int ticker_setfilter(pcap_t *p, struct bpf_program *fp)
{
	struct pcap_ticker *pt = p->priv;

	if (install_bpf_program(p, fp) < 0)
		return PCAP_ERROR;
	pt->filter_in_userland = 1;
	return 0;
}

static int ticker_getnonblock(pcap_t *p)
{
	return p->opt.nonblock;
}

static int ticker_setnonblock(pcap_t *p, int nonblock)
{
	p->opt.nonblock = nonblock;
	return 0;
}

static int ticker_stats(pcap_t *p, struct pcap_stat *stat)
{
	struct pcap_ticker *pt = p->priv;

	*stat = pt->stat;
	return 0;
}

static int ticker_activate(pcap_t *p)
{
	struct pcap_ticker *pt = p->priv;

	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	clock_gettime(CLOCK_MONOTONIC, &pt->next);
	pt->poll_timeout.tv_usec = TICK_NANOSECONDS / 1000;
	p->required_select_timeout = &pt->poll_timeout;
	p->selectable_fd = -1;
	p->linktype = DLT_USER0;
	p->read_op = ticker_read;
	p->inject_op = ticker_inject;
	p->setfilter_op = ticker_setfilter;
	p->setdirection_op = NULL;
	p->set_datalink_op = NULL;
	p->getnonblock_op = ticker_getnonblock;
	p->setnonblock_op = ticker_setnonblock;
	p->stats_op = ticker_stats;
	return 0;
}

pcap_t *ticker_create(const char *device, char *ebuf, int *is_ours)
{
	bpf_u_int32 instance;
	struct pcap_ticker *pt;
	pcap_t *p;

	*is_ours = ticker_is_usable(device, &instance);
	if (!*is_ours)
		return NULL;
	p = PCAP_CREATE_COMMON(ebuf, struct pcap_ticker);
	if (p == NULL)
		return NULL;
	pt = p->priv;
	pt->instance = instance;
	p->activate_op = ticker_activate;
	return p;
}
