/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many packets there were and how many were lost: the socket's counters, which the kernel resets when they are
 * read, added up in 64 bits; and the interface's own, since activation. For pcap_stats() and pcap_get_stats64().
 */
#include "modules/linux/linux.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int pcapint_linux_read_counters(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	union tpacket_stats_u counters = {0};
	socklen_t size = sizeof(counters);

	if (getsockopt(p->fd, SOL_PACKET, PACKET_STATISTICS, &counters, &size) == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't get the socket's statistics", p->opt.device);
		return PCAP_ERROR;
	}
	/* Both kinds begin with the same members, and tp_packets has the lost ones in it. */
	lc->received += counters.stats1.tp_packets;
	lc->dropped += counters.stats1.tp_drops;
	lc->unread = 0;
	return 0;
}

/* ---- The interface's losses ---- */

/* The counters of the interface in an answer to RTM_GETSTATS, or NULL. */
static const struct rtnl_link_stats64 *find_counters(const struct nlmsghdr *answer, size_t size)
{
	if (!NLMSG_OK(answer, size) || answer->nlmsg_type != RTM_NEWSTATS)
		return NULL;
	const char *message = NLMSG_DATA(answer);
	int left = NLMSG_PAYLOAD(answer, NLMSG_ALIGN(sizeof(struct if_stats_msg)));
	const struct rtattr *attribute =
		(const struct rtattr *)(message + NLMSG_ALIGN(sizeof(struct if_stats_msg)));

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == IFLA_STATS_LINK_64 &&
			RTA_PAYLOAD(attribute) >= offsetof(struct rtnl_link_stats64, rx_compressed))
			return RTA_DATA(attribute);
	return NULL;
}

/*
 * Packets that the interface could not take: for want of buffers, or since its queue was full. False if it does not
 * tell. By netlink, which works in any network namespace; a sysfs may be another's.
 */
static bool ask_losses(int ifindex, uint64_t *losses)
{
	struct {
		struct nlmsghdr header;
		struct if_stats_msg message;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETSTATS, .nlmsg_flags = NLM_F_REQUEST},
		.message = {.ifindex = ifindex, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
	};
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t size = -1;

	if (fd == -1)
		return false;
	if (send(fd, &request, sizeof(request), 0) == sizeof(request))
		size = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	const struct rtnl_link_stats64 *counters = size > 0 ? find_counters(&answer.header, size) : NULL;
	if (counters == NULL)
		return false;
	struct rtnl_link_stats64 copy;
	memcpy(&copy, counters, offsetof(struct rtnl_link_stats64, rx_compressed));
	*losses = copy.rx_missed_errors + copy.rx_fifo_errors;
	return true;
}

/* ---- What users get ---- */

void pcapint_linux_start_stats(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	lc->received = lc->dropped = lc->rejected = lc->told = 0;
	lc->ifdrop_known = lc->ifindex != 0 && ask_losses(lc->ifindex, &lc->ifdrop_before);
}

int pcapint_linux_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	struct pcap_linux *lc = p->priv;
	uint64_t losses;

	if (pcapint_linux_read_counters(p) < 0)
		return PCAP_ERROR;
	/* What was told once is not taken back when a packet that was in the ring is rejected here. */
	if (lc->received - lc->rejected > lc->told)
		lc->told = lc->received - lc->rejected;
	*stats = (struct pcap_stats64){
		.available = PCAP_STATS64_RECV | PCAP_STATS64_DROP,
		.recv = lc->told,
		.drop = lc->dropped,
	};
	/* A driver that is loaded anew counts from 0. */
	if (lc->ifdrop_known && ask_losses(lc->ifindex, &losses)) {
		stats->available |= PCAP_STATS64_IFDROP;
		stats->ifdrop = losses > lc->ifdrop_before ? losses - lc->ifdrop_before : 0;
	}
	return 0;
}

int pcapint_linux_stats(pcap_t *p, struct pcap_stat *stats)
{
	struct pcap_stats64 counts;

	if (pcapint_linux_stats64(p, &counts) < 0)
		return PCAP_ERROR;
	stats->ps_recv = counts.recv;
	stats->ps_drop = counts.drop;
	stats->ps_ifdrop = counts.ifdrop;
	return 0;
}
