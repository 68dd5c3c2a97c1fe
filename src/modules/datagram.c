/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture from a socket that gives each packet as a datagram. Whatever the kernel filters, each packet passes the
 * handle's filter here as well, so that none that an earlier filter let pass comes out after a change.
 */
#include "datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>

#define DEFAULT_BUFFER_SIZE (2u << 20)
/* So many that are not wanted are passed over without a look at the clock. */
#define DATAGRAMS_AT_ONCE 4096

/* ---- Reading ---- */

/* Where the kernel puts no time on a datagram, it is that of reading. */
static void take_time(struct msghdr *message, struct timespec *time)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS &&
			c->cmsg_len >= CMSG_LEN(sizeof(*time))) {
			memcpy(time, CMSG_DATA(c), sizeof(*time));
			return;
		}
	clock_gettime(CLOCK_REALTIME, time);
}

/* One datagram, without waiting: 1, 0 if there is none, or a negative errno value. */
static int receive(pcap_t *p, struct datagram *datagram, struct sockaddr_storage *from)
{
	const struct datagram_capture *dc = p->priv;
	union {
		struct cmsghdr aligned;
		char bytes[CMSG_SPACE(sizeof(struct timespec)) + 64];
	} control;
	struct iovec iov = {p->buffer + dc->source->headroom, p->bufsize - dc->source->headroom};
	struct msghdr message = {.msg_name = from,
		.msg_namelen = sizeof(*from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t size;

	do
		size = recvmsg(p->fd, &message, MSG_DONTWAIT | MSG_TRUNC);
	while (size == -1 && errno == EINTR);
	if (size == -1)
		return errno == EAGAIN ? 0 : -errno;
	datagram->data = iov.iov_base;
	datagram->len = (u_int)size;
	datagram->caplen = (size_t)size < iov.iov_len ? (u_int)size : (u_int)iov.iov_len;
	datagram->flags = message.msg_flags;
	datagram->info = 0;
	datagram->from = from;
	take_time(&message, &datagram->time);
	return 1;
}

/* The error that was kept: told once, or from then on if the capture can't go on. Until then select() is woken. */
static int tell_error(pcap_t *p)
{
	struct datagram_capture *dc = p->priv;
	uint64_t count;

	if (dc->source->explain(p, dc->error)) {
		ssize_t taken _U_ = read(dc->error_fd, &count, sizeof(count));
		dc->error = 0;
	}
	return PCAP_ERROR;
}

static void keep_error(struct datagram_capture *dc, int error)
{
	uint64_t one = 1;
	ssize_t written _U_ = write(dc->error_fd, &one, sizeof(one));

	dc->error = error;
}

/*
 * The kernel tells an error of the socket, once, before the datagrams that came before it: it is kept until those
 * are read, and their call is over.
 */
static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct datagram_capture *dc = p->priv;
	struct sockaddr_storage from;
	struct datagram datagram;

	for (int i = 0; i < DATAGRAMS_AT_ONCE && !p->break_loop; i++) {
		int got = receive(p, &datagram, &from);
		if (got < 0 && dc->error == 0) {
			keep_error(dc, -got);
			continue;
		}
		if (got <= 0)
			return dc->error != 0 && !dc->has_packets ? tell_error(p) : 0;
		if (!dc->source->convert(p, &datagram))
			continue;
		dc->has_packets = true;
		dc->info = datagram.info;
		header->ts = pcapint_timestamp(p, datagram.time);
		header->caplen = datagram.caplen;
		header->len = datagram.len;
		*data = datagram.data;
		return 1;
	}
	return 0;
}

static int datagram_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct datagram_capture *dc = p->priv;

	dc->has_packets = false;
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

/* ---- The other operations ---- */

static int datagram_packet_info(pcap_t *p, struct pcap_packet_info *info)
{
	const struct datagram_capture *dc = p->priv;

	*info = (struct pcap_packet_info){.flags = dc->info, .interface = dc->ifindex};
	return dc->info != 0 || dc->ifindex != 0;
}

int pcapint_datagram_no_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: packets can't be sent on this device", p->opt.device);
	return PCAP_ERROR;
}

static int datagram_getnonblock(pcap_t *p)
{
	return p->opt.nonblock;
}

/* Waiting is done by poll() alone. */
static int datagram_setnonblock(pcap_t *p, int nonblock)
{
	p->opt.nonblock = nonblock;
	return 0;
}

/* The kernel counts what found no room in the socket's buffer (sock_diag(7), SO_MEMINFO of socket(7)). */
static void count_drops(pcap_t *p)
{
	struct datagram_capture *dc = p->priv;
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(memory);

	if (getsockopt(p->fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == -1 ||
		size <= SK_MEMINFO_DROPS * sizeof(memory[0]))
		return;
	dc->dropped += memory[SK_MEMINFO_DROPS] - dc->drops_seen;
	dc->drops_seen = memory[SK_MEMINFO_DROPS];
}

static int datagram_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	struct datagram_capture *dc = p->priv;

	count_drops(p);
	stats->available = PCAP_STATS64_RECV | PCAP_STATS64_DROP;
	stats->recv = pcapint_messages_delivered(p) + dc->dropped;
	stats->drop = dc->dropped;
	return 0;
}

static void datagram_cleanup(pcap_t *p)
{
	struct datagram_capture *dc = p->priv;

	if (dc->error_fd != -1)
		close(dc->error_fd);
	if (dc->select_fd != -1)
		close(dc->select_fd);
	dc->error_fd = dc->select_fd = -1;
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

int pcapint_datagram_fail(pcap_t *p, int status, const char *what)
{
	pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't %s", p->opt.device, what);
	return status;
}

void pcapint_datagram_begin(pcap_t *p, const struct datagram_source *source)
{
	struct datagram_capture *dc = p->priv;

	*dc = (struct datagram_capture){.source = source, .error_fd = -1, .select_fd = -1};
	p->cleanup_op = datagram_cleanup;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
}

int pcapint_datagram_prepare(pcap_t *p)
{
	struct datagram_capture *dc = p->priv;
	struct epoll_event readable = {.events = EPOLLIN};
	u_int wanted = p->opt.buffer_size > 0 ? p->opt.buffer_size : DEFAULT_BUFFER_SIZE;
	/* The kernel takes twice what it is told, for its own overhead (socket(7)). */
	int buffer_size = (int)(wanted / 2), on = 1;

	if (pcapint_make_wakeable(p) < 0)
		return PCAP_ERROR;
	dc->error_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	dc->select_fd = epoll_create1(EPOLL_CLOEXEC);
	if (dc->error_fd == -1 || dc->select_fd == -1 ||
		epoll_ctl(dc->select_fd, EPOLL_CTL_ADD, dc->error_fd, &readable) == -1 ||
		epoll_ctl(dc->select_fd, EPOLL_CTL_ADD, p->fd, &readable) == -1)
		return pcapint_datagram_fail(p, PCAP_ERROR, "make a descriptor to wait on");
	p->bufsize = (int)(dc->source->headroom + dc->source->largest);
	p->buffer = malloc(p->bufsize);
	if (p->buffer == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: no memory for a packet of %u bytes", p->opt.device,
			dc->source->largest);
		return PCAP_ERROR;
	}
	/* Beyond the system's limit with CAP_NET_ADMIN, up to it without. */
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_size, sizeof(buffer_size)) == -1)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof(buffer_size));
	if (setsockopt(p->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == -1)
		return pcapint_datagram_fail(p, PCAP_ERROR, "get time stamps from the kernel");
	return 0;
}

void pcapint_datagram_finish(pcap_t *p)
{
	p->selectable_fd = ((const struct datagram_capture *)p->priv)->select_fd;
	p->read_op = datagram_read;
	/* What the kernel is asked to filter is the module's matter; see the head of this file. */
	if (p->setfilter_op == NULL)
		p->setfilter_op = install_bpf_program;
	if (p->inject_op == NULL)
		p->inject_op = pcapint_datagram_no_inject;
	p->getnonblock_op = datagram_getnonblock;
	p->setnonblock_op = datagram_setnonblock;
	p->stats64_op = datagram_stats64;
	p->packet_info_op = datagram_packet_info;
	p->oneshot_callback = pcapint_oneshot_in_place;
}

/* ---- Network interfaces ---- */

bool pcapint_datagram_is_instance(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);
	bpf_u_int32 number;

	return strncmp(name, prefix, length) == 0 && pcapint_get_decuint(name + length, NULL, &number) == 0 &&
	       (name[length] != '0' || name[length + 1] == '\0');
}

/* An ioctl of netdevice(7) by an interface's name; 0, or -1 with errno set. */
static int ask_interface(const char *name, unsigned long request, struct ifreq *answer)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), status = -1;

	if (strlen(name) >= sizeof(answer->ifr_name)) {
		errno = ENODEV;
	} else if (fd != -1) {
		strcpy(answer->ifr_name, name);
		status = ioctl(fd, request, answer);
	}
	int error = errno;
	if (fd != -1)
		close(fd);
	errno = error;
	return status;
}

bool pcapint_datagram_is_interface(const char *name, int type)
{
	struct ifreq answer = {0};

	return ask_interface(name, SIOCGIFHWADDR, &answer) == 0 && answer.ifr_hwaddr.sa_family == type;
}

static int tell_interface_is_gone(pcap_t *p)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: the interface has disappeared", p->opt.device);
	return PCAP_ERROR_NO_SUCH_DEVICE;
}

int pcapint_datagram_bind(pcap_t *p, const char *interface, const struct sockaddr *address, socklen_t address_size)
{
	int error = 0;
	socklen_t size = sizeof(error);

	/* Where the interface is down, bind() does it, and the socket has the error to tell. */
	if (bind(p->fd, address, address_size) == -1 ||
		getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		error = errno;
	switch (error) {
	case 0:
		return 0;
	case ENETDOWN:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the interface is down ('ip link set %.16s up' brings it up)", p->opt.device,
			interface);
		return PCAP_ERROR_IFACE_NOT_UP;
	case ENODEV:
		return tell_interface_is_gone(p);
	default:
		errno = error;
		return pcapint_datagram_fail(p, PCAP_ERROR, "bind the socket to the interface");
	}
}

static int open_packet_socket(pcap_t *p, int type)
{
	/* With protocol 0: nothing is captured before everything is in place. */
	p->fd = socket(AF_PACKET, type | SOCK_CLOEXEC, 0);
	if (p->fd != -1)
		return 0;
	if (errno == EAFNOSUPPORT) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: can't capture: the kernel has no packet sockets (CONFIG_PACKET)", p->opt.device);
		return PCAP_ERROR;
	}
	if (errno != EPERM && errno != EACCES)
		return pcapint_datagram_fail(p, PCAP_ERROR, "open a packet socket");
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: no permission to capture (CAP_NET_RAW is needed: run as root, or 'setcap cap_net_raw+ep "
		"PROGRAM')",
		p->opt.device);
	return PCAP_ERROR_PERM_DENIED;
}

int pcapint_datagram_open_interface(pcap_t *p, const char *interface, int type)
{
	struct datagram_capture *dc = p->priv;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(p->opt.protocol != 0 ? p->opt.protocol : ETH_P_ALL)};
	int status = open_packet_socket(p, type);

	if (status == 0)
		status = pcapint_datagram_prepare(p);
	if (status < 0)
		return status;
	dc->ifindex = address.sll_ifindex = (int)if_nametoindex(interface);
	if (dc->ifindex == 0)
		return tell_interface_is_gone(p);
	return pcapint_datagram_bind(p, interface, (struct sockaddr *)&address, sizeof(address));
}

/*
 * Whether the interface is there no more, asked after it went down. It goes down before it goes away; both happen
 * under the kernel's RTNL lock, which the first question takes too.
 */
static bool interface_is_gone(const pcap_t *p)
{
	const struct datagram_capture *dc = p->priv;
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {.ifr_data = (char *)&link};
	char name[IFNAMSIZ] = "";

	ask_interface("lo", SIOCETHTOOL, &request);
	return if_indextoname(dc->ifindex, name) == NULL;
}

bool pcapint_datagram_explain_interface(pcap_t *p, int error)
{
	bool is_gone = (error == ENETDOWN || error == ENODEV || error == ENXIO) && interface_is_gone(p);

	if (is_gone) {
		tell_interface_is_gone(p);
		return false;
	}
	if (error == ENETDOWN) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: the interface went down", p->opt.device);
		return true;
	}
	errno = error;
	pcapint_datagram_fail(p, PCAP_ERROR, "receive packets");
	return true;
}

bool pcapint_datagram_take_direction(const pcap_t *p, struct datagram *datagram, bool is_outgoing)
{
	datagram->info |= is_outgoing ? PCAP_PACKET_OUTBOUND : PCAP_PACKET_INBOUND;
	return p->direction == PCAP_D_INOUT || (p->direction == PCAP_D_OUT) == is_outgoing;
}

bool pcapint_datagram_take_packet_direction(const pcap_t *p, struct datagram *datagram)
{
	const struct sockaddr_ll *from = (const struct sockaddr_ll *)datagram->from;

	return pcapint_datagram_take_direction(p, datagram, from->sll_pkttype == PACKET_OUTGOING);
}

int pcapint_datagram_setdirection(pcap_t *p, pcap_direction_t direction)
{
	p->direction = direction;
	return 0;
}
