/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HCI sockets, for the two Bluetooth modules: opening, binding, receiving with what the kernel tells of a message, and
 * the count of what it had to drop.
 */
#include "hci.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

/* The kernel doubles it for its own needs. */
#define DEFAULT_BUFFER_SIZE (1u << 20)
/* The longest message: an HCI ISO data packet has 14 bits of length, a message of the monitor 16. */
#define MESSAGE_SIZE_MAX (65536 + 64)

/* Control messages (hci_sock.h). */
#define HCI_CMSG_DIR 1
#define HCI_CMSG_TSTAMP 2

struct hci_address {
	sa_family_t family;
	uint16_t adapter;
	uint16_t channel;
};

static int no_permission(pcap_t *p)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: no permission to capture: it needs the capability CAP_NET_RAW", p->opt.device);
	return PCAP_ERROR_PERM_DENIED;
}

int pcapint_hci_open(pcap_t *p)
{
	int size = p->opt.buffer_size == 0              ? DEFAULT_BUFFER_SIZE
		   : p->opt.buffer_size < INT32_MAX / 2 ? p->opt.buffer_size
							: INT32_MAX / 2;

	p->fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, BTPROTO_HCI);
	if (p->fd == -1 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT)) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the kernel has no Bluetooth here (\"modprobe bluetooth\" may load it; it serves "
			"the "
			"first network namespace only)",
			p->opt.device);
		return PCAP_ERROR_NO_SUCH_DEVICE;
	}
	if (p->fd == -1 && (errno == EPERM || errno == EACCES))
		return no_permission(p);
	if (p->fd == -1) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't open an HCI socket", p->opt.device);
		return PCAP_ERROR;
	}
	/* Who may not have more than the system's limit gets that. */
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == -1)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	p->selectable_fd = p->fd;
	p->bufsize = MESSAGE_SIZE_MAX;
	p->buffer = malloc(p->bufsize);
	if (p->buffer == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: no memory for a packet of %d bytes", p->opt.device,
			p->bufsize);
		return PCAP_ERROR;
	}
	return pcapint_make_wakeable(p);
}

int pcapint_hci_bind(pcap_t *p, u_int adapter, u_int channel)
{
	struct hci_address address = {AF_BLUETOOTH, adapter, channel};

	if (bind(p->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	if (errno == EPERM || errno == EACCES)
		return no_permission(p);
	if (errno == ENODEV) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: there is no such Bluetooth adapter", p->opt.device);
		return PCAP_ERROR_NO_SUCH_DEVICE;
	}
	pcapint_fmt_errmsg_for_errno(
		p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't bind the HCI socket", p->opt.device);
	return PCAP_ERROR;
}

/* HCI sockets tell the time as the kernel's old struct timeval, which has two long integers of its word size. */
static void read_time(const struct cmsghdr *control, struct timespec *time)
{
	int32_t narrow[2];
	int64_t wide[2];

	if (control->cmsg_len == CMSG_LEN(sizeof(wide))) {
		memcpy(wide, CMSG_DATA(control), sizeof(wide));
		*time = (struct timespec){wide[0], wide[1] * 1000};
	} else if (control->cmsg_len == CMSG_LEN(sizeof(narrow))) {
		memcpy(narrow, CMSG_DATA(control), sizeof(narrow));
		*time = (struct timespec){narrow[0], narrow[1] * 1000L};
	}
}

static void read_control(struct msghdr *received, struct hci_message *message)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(received); control != NULL;
		control = CMSG_NXTHDR(received, control)) {
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS &&
			control->cmsg_len == CMSG_LEN(sizeof(message->time)))
			memcpy(&message->time, CMSG_DATA(control), sizeof(message->time));
		else if (control->cmsg_level == SOL_HCI && control->cmsg_type == HCI_CMSG_TSTAMP)
			read_time(control, &message->time);
		else if (control->cmsg_level == SOL_HCI && control->cmsg_type == HCI_CMSG_DIR &&
			 control->cmsg_len == CMSG_LEN(sizeof(int))) {
			int incoming;
			memcpy(&incoming, CMSG_DATA(control), sizeof(incoming));
			message->incoming = incoming != 0;
		}
	}
}

/* The kernel tells that an adapter is gone before the messages that are still queued; here they come first. */
static int nothing_there(pcap_t *p)
{
	const struct pcap_bluetooth *pb = p->priv;

	if (!pb->gone)
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: the Bluetooth adapter is gone: it was unplugged, or its driver "
		"was unloaded",
		p->opt.device);
	return PCAP_ERROR;
}

int pcapint_hci_receive(pcap_t *p, size_t headroom, size_t min_size, struct hci_message *message)
{
	struct pcap_bluetooth *pb = p->priv;
	union {
		struct cmsghdr header;
		char room[256];
	} control;
	struct iovec data = {p->buffer + headroom, p->bufsize - headroom};
	struct msghdr received = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t size;

	for (;;) {
		size = recvmsg(p->fd, &received, MSG_DONTWAIT | MSG_TRUNC);
		if (size >= 0)
			break;
		if (errno == EAGAIN)
			return nothing_there(p);
		if (errno == EPIPE || errno == ENODEV) {
			pb->gone = true;
		} else if (errno != EINTR) {
			pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
				"%.32s: can't read from the HCI socket", p->opt.device);
			return PCAP_ERROR;
		}
	}
	if ((size_t)size < min_size) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the kernel gave a message of %zd bytes, which is too short to be one",
			p->opt.device, size);
		return PCAP_ERROR;
	}
	*message = (struct hci_message){
		.size = size, .caplen = (size_t)size < data.iov_len ? (size_t)size : data.iov_len};
	clock_gettime(CLOCK_REALTIME, &message->time);
	read_control(&received, message);
	return 1;
}

int pcapint_hci_packet_info(pcap_t *p, struct pcap_packet_info *info)
{
	const struct pcap_bluetooth *pb = p->priv;

	info->flags = pb->flags;
	return pb->flags != 0;
}

int pcapint_hci_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(info);

	stats->available = PCAP_STATS64_RECV;
	stats->recv = pcapint_messages_delivered(p);
	/* Since Linux 4.12. */
	if (getsockopt(p->fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0 &&
		size > SK_MEMINFO_DROPS * sizeof(info[0])) {
		stats->available |= PCAP_STATS64_DROP;
		stats->drop = info[SK_MEMINFO_DROPS];
	}
	return 0;
}
