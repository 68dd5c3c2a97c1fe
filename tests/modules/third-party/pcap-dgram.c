/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture module as a stranger writes it, from the HOWTO alone, with the two-argument create routine: "dgram" is a
 * Unix datagram socket; each datagram that comes is an Ethernet frame.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "pcap-int.h"

#define DGRAM_DEVICE "dgram"
/* The socket is where this names a file. */
#define DGRAM_VARIABLE "DGRAM_SOCKET"
#define DGRAM_BUFFER_SIZE 65536

int dgram_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *dgram_create(const char *device, char *errbuf);

struct pcap_dgram {
	struct sockaddr_un address;
	struct pcap_stat stat;
};

/* The devices are not known beforehand. */
int dgram_findalldevs(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	return 0;
}

/* Waits for a datagram in blocking mode; 1 if there may be one, 0 if not, PCAP_ERROR. */
static int dgram_wait(pcap_t *p)
{
	struct pollfd pollfd = {.fd = p->fd, .events = POLLIN};
	int ready;

	if (pcapint_getnonblock_fd(p) == 1)
		return 1;
	do
		ready = poll(&pollfd, 1, p->opt.timeout > 0 ? p->opt.timeout : -1);
	while (ready < 0 && errno == EINTR && !p->break_loop);
	if (ready < 0 && errno != EINTR) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "poll");
		return PCAP_ERROR;
	}
	return ready > 0;
}

static int dgram_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_dgram *pd = p->priv;
	struct pcap_pkthdr header;
	ssize_t length;
	int n = 0, ready;

	if (p->break_loop) {
		p->break_loop = 0;
		return PCAP_ERROR_BREAK;
	}
	ready = dgram_wait(p);
	if (ready <= 0)
		return ready;
	while (PACKET_COUNT_IS_UNLIMITED(cnt) || n < cnt) {
		if (p->break_loop) {
			p->break_loop = 0;
			return PCAP_ERROR_BREAK;
		}
		length = recv(p->fd, p->buffer, (size_t)p->bufsize, MSG_DONTWAIT);
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (length < 0) {
			pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "recv");
			return PCAP_ERROR;
		}
		gettimeofday(&header.ts, NULL);
		header.len = (bpf_u_int32)length;
		header.caplen = length < p->snapshot ? (bpf_u_int32)length : (bpf_u_int32)p->snapshot;
		if (p->fcode.bf_insns != NULL &&
			pcapint_filter(p->fcode.bf_insns, p->buffer, header.len, (u_int)length) == 0)
			continue;
		pd->stat.ps_recv++;
		callback(user, &header, p->buffer);
		n++;
	}
	return n;
}

static int dgram_inject(pcap_t *p, const void *buf, int size)
{
	struct pcap_dgram *pd = p->priv;
	ssize_t sent = sendto(p->fd, buf, (size_t)size, 0, (struct sockaddr *)&pd->address, sizeof(pd->address));

	if (sent < 0) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "sendto");
		return PCAP_ERROR;
	}
	return (int)sent;
}

static int dgram_set_datalink(pcap_t *p _U_, int dlt _U_)
{
	return 0;
}

static int dgram_stats(pcap_t *p, struct pcap_stat *stat)
{
	struct pcap_dgram *pd = p->priv;

	*stat = pd->stat;
	return 0;
}

static void dgram_cleanup(pcap_t *p)
{
	struct pcap_dgram *pd = p->priv;

	if (p->fd >= 0)
		unlink(pd->address.sun_path);
	pcapint_cleanup_live_common(p);
}

static int dgram_activate(pcap_t *p)
{
	struct pcap_dgram *pd = p->priv;
	const char *path = getenv(DGRAM_VARIABLE);

	if (path == NULL || strlen(path) >= sizeof(pd->address.sun_path))
		return PCAP_ERROR_NO_SUCH_DEVICE;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	pd->address.sun_family = AF_UNIX;
	strcpy(pd->address.sun_path, path);
	p->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (p->fd < 0) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "socket");
		return PCAP_ERROR;
	}
	if (bind(p->fd, (struct sockaddr *)&pd->address, sizeof(pd->address)) < 0) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "can't bind to %s", path);
		close(p->fd);
		p->fd = -1;
		return PCAP_ERROR;
	}
	p->bufsize = DGRAM_BUFFER_SIZE;
	p->buffer = malloc((size_t)p->bufsize);
	p->dlt_list = malloc(2 * sizeof(u_int));
	if (p->buffer == NULL || p->dlt_list == NULL) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "malloc");
		return PCAP_ERROR;
	}
	p->dlt_list[0] = DLT_EN10MB;
	p->dlt_list[1] = DLT_DOCSIS;
	p->dlt_count = 2;
	p->linktype = DLT_EN10MB;
	p->selectable_fd = p->fd;
	p->read_op = dgram_read;
	p->inject_op = dgram_inject;
	p->setfilter_op = install_bpf_program;
	p->set_datalink_op = dgram_set_datalink;
	p->getnonblock_op = pcapint_getnonblock_fd;
	p->setnonblock_op = pcapint_setnonblock_fd;
	p->stats_op = dgram_stats;
	return 0;
}

pcap_t *dgram_create(const char *device, char *errbuf)
{
	pcap_t *p;

	if (strcmp(device, DGRAM_DEVICE) != 0)
		return NULL;
	p = PCAP_CREATE_COMMON(errbuf, struct pcap_dgram);
	if (p == NULL)
		return NULL;
	p->activate_op = dgram_activate;
	p->cleanup_op = dgram_cleanup;
	return p;
}
