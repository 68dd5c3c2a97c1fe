/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose clock the time stamps are from: the host's, or the adapter's where it has one. For create, which lists what
 * there is, and activate, which switches to what was asked for.
 */
#include "modules/linux/linux.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A row for each type that an adapter can have, by what it tells of itself. */
static const struct {
	int type;
	u_int capability; /* of ETHTOOL_GET_TS_INFO */
	int source;       /* of PACKET_TIMESTAMP */
} adapter_types[] = {
	{PCAP_TSTAMP_ADAPTER, SOF_TIMESTAMPING_SYS_HARDWARE, SOF_TIMESTAMPING_SYS_HARDWARE},
	{PCAP_TSTAMP_ADAPTER_UNSYNCED, SOF_TIMESTAMPING_RAW_HARDWARE, SOF_TIMESTAMPING_RAW_HARDWARE},
};

#define ADAPTER_TYPES (sizeof(adapter_types) / sizeof(adapter_types[0]))

/* The adapter's SOF_TIMESTAMPING_ bits; 0 if it has none or does not tell. */
static u_int capabilities(const char *device)
{
	struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};
	struct ifreq request = {.ifr_data = (char *)&info};
	u_int bits = 0;

	if (strcmp(device, "any") == 0 || strlen(device) >= sizeof(request.ifr_name))
		return 0;
	strcpy(request.ifr_name, device);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return 0;
	/* To be of use here, it has to stamp every packet that it receives. */
	if (ioctl(fd, SIOCETHTOOL, &request) == 0 && info.rx_filters & 1u << HWTSTAMP_FILTER_ALL)
		bits = info.so_timestamping;
	close(fd);
	return bits;
}

int pcapint_linux_list_tstamps(pcap_t *p, const char *device, char *errbuf)
{
	u_int bits = capabilities(device);
	int types[1 + ADAPTER_TYPES] = {PCAP_TSTAMP_HOST}, count = 1;

	for (size_t i = 0; i < ADAPTER_TYPES; i++)
		if (bits & adapter_types[i].capability)
			types[count++] = adapter_types[i].type;
	if (pcapint_offer_tstamp_types(p, types, count, errbuf) < 0)
		return PCAP_ERROR;
	return pcapint_offer_precisions(p, errbuf);
}

/* Has the adapter stamp all packets that it receives, and leaves those that it sends to others (a PTP daemon, say). */
static int switch_on(pcap_t *p)
{
	struct hwtstamp_config config = {0};
	struct ifreq request = {.ifr_data = (char *)&config};

	strncpy(request.ifr_name, p->opt.device, sizeof(request.ifr_name) - 1);
	if (ioctl(p->fd, SIOCGHWTSTAMP, &request) == 0 && config.rx_filter == HWTSTAMP_FILTER_ALL)
		return 0;
	config.rx_filter = HWTSTAMP_FILTER_ALL;
	if (ioctl(p->fd, SIOCSHWTSTAMP, &request) == 0)
		return 0;
	switch (errno) {
	case EPERM:
	case EACCES:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: no permission to switch on the adapter's time stamps (CAP_NET_ADMIN is needed)",
			p->opt.device);
		return PCAP_ERROR_PERM_DENIED;
	case EOPNOTSUPP:
	case ERANGE:
	case EINVAL:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the adapter can't stamp all packets; the host's time stamps are used",
			p->opt.device);
		return PCAP_WARNING_TSTAMP_TYPE_NOTSUP;
	default:
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't switch on the adapter's time stamps", p->opt.device);
		return PCAP_ERROR;
	}
}

int pcapint_linux_set_tstamps(pcap_t *p)
{
	for (size_t i = 0; i < ADAPTER_TYPES; i++) {
		if (adapter_types[i].type != p->opt.tstamp_type)
			continue;
		int status = switch_on(p);
		if (status != 0)
			return status;
		if (setsockopt(p->fd, SOL_PACKET, PACKET_TIMESTAMP, &adapter_types[i].source,
			    sizeof(adapter_types[i].source)) == 0)
			return 0;
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't get the adapter's time stamps", p->opt.device);
		return PCAP_ERROR_CANTSET_TSTAMP_TYPE;
	}
	return 0;
}
