/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture module as one for libpcap was written over the years: up to 1.9 (LIBPCAP 109), with the names of 1.10 (110),
 * and as since 1.11 (111). "vintage" is a device on which three packets arrive, and that can only be waited for.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "diag-control.h"
#include "extract.h"
#include "pcap-int.h"

#define VINTAGE_DEVICE "vintage"
#define VINTAGE_PACKETS 3
#define VINTAGE_SIZE 60

#if LIBPCAP >= 111
#define add_dev pcapint_add_dev
#define pcap_cleanup_live_common pcapint_cleanup_live_common
#define pcap_fmt_errmsg_for_errno pcapint_fmt_errmsg_for_errno
#define pcap_snprintf snprintf
#define pcap_strlcpy pcapint_strlcpy
#define RUN_FILTER(p, data, length) pcapint_filter(p->fcode.bf_insns, p->fcode.bf_len, data, length, length)
#else
#define RUN_FILTER(p, data, length) pcap_filter(p->fcode.bf_insns, data, length, length)
#endif

int vintage_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *vintage_create(const char *device, char *errbuf, int *is_ours);

struct pcap_vintage {
	int far;
	char name[16];
	u_int received;
};

static void vintage_cleanup(pcap_t *p)
{
	struct pcap_vintage *pv = p->priv;

	/* As others do, it trusts to be called once. */
	if (close(pv->far) < 0)
		_exit(86);
	pcap_cleanup_live_common(p);
}

static int vintage_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_vintage *pv = p->priv;
	u_char *data = (u_char *)p->buffer + p->offset;
	struct pcap_pkthdr header;
	int n = 0;

	while (PACKET_COUNT_IS_UNLIMITED(cnt) || n < cnt) {
		ssize_t length;

		do {
			if (p->break_loop) {
				p->break_loop = 0;
				return PCAP_ERROR_BREAK;
			}
			length = recv(p->fd, data, VINTAGE_SIZE, 0);
		} while (length < 0 && errno == EINTR);
		if (length < 0) {
			pcap_fmt_errmsg_for_errno(
				p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s: can't receive", pv->name);
			return PCAP_ERROR;
		}
		if (p->fcode.bf_insns != NULL && RUN_FILTER(p, data, (u_int)length) == 0)
			continue;
		gettimeofday(&header.ts, NULL);
		header.len = EXTRACT_BE_U_2(data + 12) == 0x88b5 ? EXTRACT_LE_U_2(data + 14) : 0;
		header.caplen = min(header.len, (bpf_u_int32)p->snapshot);
		pv->received++;
		n++;
		callback(user, &header, data);
	}
	return n;
}

static int vintage_setnonblock(pcap_t *p, int nonblock _U_)
{
	pcap_snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "Non-blocking mode is not there on %s", p->opt.device);
	return -1;
}

static int vintage_stats(pcap_t *p, struct pcap_stat *stats)
{
	struct pcap_vintage *pv = p->priv;

	memset(stats, 0, sizeof(*stats));
	stats->ps_recv = pv->received;
	return 0;
}

/* What comes over the wire of this device. */
static int vintage_arrive(pcap_t *p)
{
	struct pcap_vintage *pv = p->priv;
	u_char frame[VINTAGE_SIZE] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, VINTAGE_SIZE};

	for (int i = 0; i < VINTAGE_PACKETS; i++) {
		frame[16] = (u_char)i;
		if (send(pv->far, frame, sizeof(frame), 0) < 0)
			return -1;
	}
	return 0;
}

static int vintage_activate(pcap_t *p)
{
	struct pcap_vintage *pv = p->priv;
	int ends[2];

	DIAG_OFF_NARROWING
	pcap_strlcpy(pv->name, p->opt.device, sizeof(pv->name));
	DIAG_ON_NARROWING
	p->cleanup_op = vintage_cleanup;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0) {
		pcap_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "socketpair");
		return PCAP_ERROR;
	}
	p->fd = ends[0];
	pv->far = ends[1];
	if (p->opt.rfmon) {
		vintage_cleanup(p);
		return PCAP_ERROR_RFMON_NOTSUP;
	}
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	p->bufsize = VINTAGE_SIZE;
	p->offset = 2;
	p->buffer = malloc((size_t)p->bufsize + p->offset);
	if (p->buffer == NULL || vintage_arrive(p) < 0) {
		pcap_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "malloc");
		vintage_cleanup(p);
		return PCAP_ERROR;
	}
	p->linktype = DLT_EN10MB;
	p->read_op = vintage_read;
	p->setfilter_op = install_bpf_program;
	p->setnonblock_op = vintage_setnonblock;
	p->stats_op = vintage_stats;
	return 0;
}

int vintage_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	return add_dev(list, VINTAGE_DEVICE, 0, "A device of old", errbuf) != NULL ? 0 : -1;
}

pcap_t *vintage_create(const char *device, char *errbuf, int *is_ours)
{
	pcap_t *p;

	*is_ours = strcmp(device, VINTAGE_DEVICE) == 0;
	if (!*is_ours)
		return NULL;
#if LIBPCAP < 110
	p = pcap_create_common(errbuf, sizeof(struct pcap_vintage));
#else
	p = PCAP_CREATE_COMMON(errbuf, struct pcap_vintage);
#endif
	if (p == NULL)
		return NULL;
	p->activate_op = vintage_activate;
	return p;
}
