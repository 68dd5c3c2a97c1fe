/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for Linux's network interfaces, over packet sockets with a memory-mapped ring; and for "any", which is
 * all of them. The entry: create, activate, and the operations that are short. The rest is in the folder linux/.
 */
#include "modules/linux/linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* After net/if.h, which has the same definitions. */
#include <linux/if_arp.h>

pcap_t *pcap_linux_create(const char *device, char *errbuf);

/* ---- Operations ---- */

/* Without a link-layer header of the interface's own, the kernel has to be told what the packet is. */
static bool address_packet(pcap_t *p, const void *data, struct sockaddr_ll *to)
{
	const struct pcap_linux *lc = p->priv;
	u_int version = *(const u_char *)data >> 4;

	*to = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = lc->ifindex};
	to->sll_protocol = htons(version == 6 ? ETH_P_IPV6 : ETH_P_IP);
	return p->linktype == DLT_RAW && (version == 4 || version == 6);
}

/* Sending may have taken the error from the socket which the next read is to tell; or it is still there. */
static void note_down(pcap_t *p)
{
	int error;
	socklen_t size = sizeof(error);

	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	pcapint_linux_note_socket_error(p, ENETDOWN);
	errno = ENETDOWN;
}

static int linux_inject(pcap_t *p, const void *data, int size)
{
	const struct pcap_linux *lc = p->priv;
	struct sockaddr_ll to;
	ssize_t sent;

	if (lc->header != NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			lc->ifindex == 0 ? "%.32s: packets can't be sent on all interfaces at once"
					 : "%.32s: packets can't be sent on an interface that is captured without "
					   "its link-layer header",
			p->opt.device);
		return PCAP_ERROR;
	}
	if (!lc->cooked) {
		sent = send(p->fd, data, size, 0);
	} else if (address_packet(p, data, &to)) {
		sent = sendto(p->fd, data, size, 0, (const struct sockaddr *)&to, sizeof(to));
	} else {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: only IPv4 and IPv6 packets can be sent here",
			p->opt.device);
		return PCAP_ERROR;
	}
	if (sent >= 0)
		return (int)sent;
	if (errno == ENETDOWN && lc->trouble == TROUBLE_NONE && !lc->check_hatype)
		note_down(p);
	if (errno == EMSGSIZE)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: a packet of %d bytes is too long to be sent (the interface's MTU is %u)",
			p->opt.device, size, lc->mtu);
	else
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't send a packet of %d bytes", p->opt.device, size);
	return PCAP_ERROR;
}

/*
 * Outgoing packets that are not wanted are best not captured at all. Kernels before 4.20 don't know the option; what
 * they capture is left out when it is read.
 */
static void ignore_outgoing(pcap_t *p)
{
	const struct pcap_linux *lc = p->priv;
	bool echoes = lc->ifindex != 0 && (lc->hatype == ARPHRD_LOOPBACK || lc->hatype == ARPHRD_CAN);
	int ignore = p->direction == PCAP_D_IN || (p->direction == PCAP_D_INOUT && echoes);

	setsockopt(p->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof(ignore));
}

static int linux_setdirection(pcap_t *p, pcap_direction_t direction)
{
	pcap_direction_t former = p->direction;

	p->direction = direction;
	if (pcapint_linux_attach_filter(p) < 0) {
		p->direction = former;
		return PCAP_ERROR;
	}
	ignore_outgoing(p);
	return 0;
}

static int linux_set_datalink(pcap_t *p, int dlt)
{
	struct pcap_linux *lc = p->priv;
	const struct cooked_header *former = lc->header;

	lc->header = pcapint_linux_cooked_header(dlt);
	if (lc->header == former || pcapint_linux_attach_filter(p) == 0)
		return 0;
	lc->header = former;
	return PCAP_ERROR;
}

/* Waiting is done by poll() alone, so that the mode needs no more than opt.nonblock, which the core sets. */
static int linux_getnonblock(pcap_t *p)
{
	return p->opt.nonblock;
}

static int linux_setnonblock(pcap_t *p, int nonblock)
{
	p->opt.nonblock = nonblock;
	return 0;
}

/* Runs in signal handlers and other threads: sets the flag, then wakes the read. write() is safe there. */
static void linux_breakloop(pcap_t *p)
{
	const struct pcap_linux *lc = p->priv;
	uint64_t one = 1;
	int saved_errno = errno;

	pcapint_breakloop_common(p);
	/* It fails only where the counter is full, and then the read wakes anyway. */
	ssize_t written _U_ = write(lc->wake_fd, &one, sizeof(one));
	errno = saved_errno;
}

/*
 * Closing is all there is to do but for monitor mode: promiscuous mode and the ring end with the last descriptor of the
 * socket, so that a fork's child that closes its copy does not end its parent's capture.
 */
static void linux_cleanup(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;

	if (lc->map != NULL)
		munmap(lc->map, lc->map_size);
	if (lc->wake_fd != -1)
		close(lc->wake_fd);
	free(lc->copy);
	pcapint_linux_leave_monitor(p);
	*lc = (struct pcap_linux){.wake_fd = -1};
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

/* The type by what the interface is: NULL if it is not known. */
static const struct linux_link_type *find_link_type(pcap_t *p)
{
	const struct pcap_linux *lc = p->priv;
	const struct linux_link_type *type = NULL;
	char path[64], tagging[32];

	if (lc->hatype == ARPHRD_ETHER && strchr(p->opt.device, '/') == NULL) {
		snprintf(path, sizeof(path), "/sys/class/net/%.*s/dsa/tagging", IFNAMSIZ, p->opt.device);
		FILE *file = fopen(path, "re");
		if (file != NULL && fscanf(file, "%31s", tagging) == 1)
			type = pcapint_linux_switch_type(tagging);
		if (file != NULL)
			fclose(file);
	}
	return type != NULL ? type : pcapint_linux_link_type(lc->hatype);
}

/* linktype, the others to choose from, and how packets are to be had from the kernel; 0, PCAP_WARNING or PCAP_ERROR. */
static int choose_link_type(pcap_t *p)
{
	static const struct linux_link_type cooked = {.cooked = true, .dlts = {DLT_LINUX_SLL, DLT_LINUX_SLL2}};
	struct pcap_linux *lc = p->priv;
	const struct linux_link_type *type = lc->ifindex == 0 ? &cooked : find_link_type(p);
	int status = 0;

	if (type == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: its link-layer type (ARPHRD_ %u) is not known; packets are captured without their "
			"link-layer header",
			p->opt.device, lc->hatype);
		type = &cooked;
		status = PCAP_WARNING;
	}
	p->dlt_list = calloc(sizeof(type->dlts) / sizeof(type->dlts[0]), sizeof(*p->dlt_list));
	if (p->dlt_list == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: no memory for the list of link-layer types",
			p->opt.device);
		return PCAP_ERROR;
	}
	p->linktype = type->dlts[0];
	for (size_t i = 0; i < sizeof(type->dlts) / sizeof(type->dlts[0]) && type->dlts[i] != 0; i++)
		p->dlt_list[p->dlt_count++] = type->dlts[i];
	lc->cooked = type->cooked;
	lc->header = lc->cooked ? pcapint_linux_cooked_header(p->linktype) : NULL;
	return status;
}

static int make_wake_fd(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;

	lc->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lc->wake_fd != -1)
		return 0;
	pcapint_fmt_errmsg_for_errno(
		p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't make a descriptor to wait on", p->opt.device);
	return PCAP_ERROR;
}

static int set_outgoing_and_filter(pcap_t *p)
{
	ignore_outgoing(p);
	return pcapint_linux_attach_filter(p);
}

static int start_stats(pcap_t *p)
{
	pcapint_linux_start_stats(p);
	return 0;
}

static void set_operations(pcap_t *p)
{
	p->read_op = pcapint_linux_read;
	p->inject_op = linux_inject;
	p->setfilter_op = pcapint_linux_setfilter;
	p->ancillary_loads = 1;
	p->setdirection_op = linux_setdirection;
	p->set_datalink_op = linux_set_datalink;
	p->getnonblock_op = linux_getnonblock;
	p->setnonblock_op = linux_setnonblock;
	p->stats_op = pcapint_linux_stats;
	p->stats64_op = pcapint_linux_stats64;
	p->packet_info_op = pcapint_linux_packet_info;
	p->breakloop_op = linux_breakloop;
	p->oneshot_callback = pcapint_oneshot_in_place;
}

static int linux_activate(pcap_t *p)
{
	/* In this order: nothing is captured before bind, which is when everything else is in place. */
	static int (*const steps[])(pcap_t *) = {
		pcapint_linux_look_up,
		pcapint_linux_enter_monitor,
		choose_link_type,
		make_wake_fd,
		pcapint_linux_open_socket,
		pcapint_linux_set_tstamps,
		set_outgoing_and_filter,
		pcapint_linux_open_ring,
		start_stats,
		pcapint_linux_bind,
		pcapint_linux_set_promiscuous,
	};
	struct pcap_linux *lc = p->priv;
	char warning_text[PCAP_ERRBUF_SIZE] = "";
	int warning = 0;

	*lc = (struct pcap_linux){.wake_fd = -1};
	p->cleanup_op = linux_cleanup;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	lc->ring = p->opt.immediate ? &pcapint_linux_ring_v2 : &pcapint_linux_ring_v3;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int status = steps[i](p);
		if (status < 0)
			return status;
		/* Of several warnings, the first is told. */
		if (status > 0 && warning == 0) {
			warning = status;
			memcpy(warning_text, p->errbuf, sizeof(warning_text));
		}
	}
	if (warning != 0)
		memcpy(p->errbuf, warning_text, sizeof(warning_text));
	p->selectable_fd = p->fd;
	set_operations(p);
	return warning;
}

/* ---- Creating ---- */

pcap_t *pcap_linux_create(const char *device, char *errbuf)
{
	if (strcmp(device, "any") != 0 && if_nametoindex(device) == 0) {
		/* Not one of ours: NULL and an empty errbuf. */
		if (errno != ENODEV && errno != EINVAL)
			pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno,
				"%.32s: can't ask the system whether there is such an interface", device);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_linux);
	if (p == NULL)
		return NULL;
	if (pcapint_linux_list_tstamps(p, device, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	((struct pcap_linux *)p->priv)->wake_fd = -1;
	p->activate_op = linux_activate;
	p->can_set_rfmon_op = pcapint_linux_can_set_rfmon;
	return p;
}
