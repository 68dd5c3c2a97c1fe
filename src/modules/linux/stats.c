/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many packets there were and how many were lost: the socket's counters, which the kernel resets when they are
 * read, added up in 64 bits; and the interface's own, since activation. For pcap_stats() and pcap_get_stats64().
 */
#include "modules/linux/linux.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>

#include "modules/linux/netlink.h"

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
	lc->uncounted = 0;
	return 0;
}

/* ---- The interface's losses ---- */

/* Takes the counters from an answer to RTM_GETSTATS; an older kernel has fewer of them, and the rest stay 0. */
static int take_counters(const struct nlmsghdr *message, void *context)
{
	struct rtnl_link_stats64 *counters = context;
	const struct rtattr *attributes[IFLA_STATS_LINK_64 + 1];

	memset(counters, 0, sizeof(*counters));
	if (message == NULL)
		return 0;
	if (message->nlmsg_type != RTM_NEWSTATS ||
		!pcapint_netlink_attributes(
			message, sizeof(struct if_stats_msg), attributes, IFLA_STATS_LINK_64 + 1) ||
		pcapint_netlink_bytes(attributes[IFLA_STATS_LINK_64], counters, sizeof(*counters)) <
			offsetof(struct rtnl_link_stats64, rx_compressed))
		return -EBADMSG;
	return 0;
}

/*
 * Packets that the interface could not take: for want of buffers, or since its queue was full. False if it does not
 * tell. By netlink, which works in any network namespace; a sysfs may be another's.
 */
static bool ask_losses(int ifindex, uint64_t *losses)
{
	const struct if_stats_msg request = {
		.ifindex = ifindex, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
	struct rtnl_link_stats64 counters;

	if (pcapint_netlink_ask(RTM_GETSTATS, &request, sizeof(request), take_counters, &counters) != 0)
		return false;
	*losses = counters.rx_missed_errors + counters.rx_fifo_errors;
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
