/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads link messages (rtnetlink(7), linux/if_link.h), and tells an interface's state from them. Only what they leave
 * open is asked of the driver or of sysfs, so that many interfaces cost little. For the listing of devices.
 */
#include "modules/linux/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/sockios.h>

bool pcapint_link_parse(const struct nlmsghdr *message, struct pcapint_link *link)
{
	const struct rtattr *attributes[IFLA_IFALIAS + 1];
	const struct rtattr *info[IFLA_INFO_KIND + 1];
	const struct ifinfomsg *header = NLMSG_DATA(message);

	memset(link, 0, sizeof(*link));
	if (!pcapint_netlink_attributes(message, sizeof(*header), attributes, IFLA_IFALIAS + 1) ||
		!pcapint_netlink_string(attributes[IFLA_IFNAME], link->name, sizeof(link->name)) ||
		link->name[0] == '\0')
		return false;
	link->index = header->ifi_index;
	link->flags = header->ifi_flags;
	link->type = header->ifi_type;
	pcapint_netlink_u8(attributes[IFLA_OPERSTATE], &link->operstate);
	pcapint_netlink_string(attributes[IFLA_IFALIAS], link->alias, sizeof(link->alias));
	pcapint_netlink_nested(attributes[IFLA_LINKINFO], info, IFLA_INFO_KIND + 1);
	pcapint_netlink_string(info[IFLA_INFO_KIND], link->kind, sizeof(link->kind));
	link->address_length = pcapint_netlink_bytes(attributes[IFLA_ADDRESS], link->address, LINK_ADDRESS_MAX);
	link->broadcast_length =
		pcapint_netlink_bytes(attributes[IFLA_BROADCAST], link->broadcast, LINK_ADDRESS_MAX);
	return true;
}

/* Interfaces that are wireless by what they are: by hardware type (linux/if_arp.h), or by the driver's name. */
static const uint16_t wireless_types[] = {ARPHRD_IRDA, ARPHRD_IEEE80211, ARPHRD_IEEE80211_PRISM,
	ARPHRD_IEEE80211_RADIOTAP, ARPHRD_IEEE802154, ARPHRD_IEEE802154_MONITOR, ARPHRD_6LOWPAN};
static const char *const wireless_kinds[] = {"lowpan", "virt_wifi", "wwan"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_wireless_by_nature(const struct pcapint_link *link)
{
	for (size_t i = 0; i < COUNT(wireless_types); i++)
		if (link->type == wireless_types[i])
			return true;
	for (size_t i = 0; i < COUNT(wireless_kinds); i++)
		if (strcmp(link->kind, wireless_kinds[i]) == 0)
			return true;
	return false;
}

static bool has_sysfs_entry(const char *name, const char *entry)
{
	char path[sizeof("/sys/class/net//") + IFNAMSIZ + 16];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, entry);
	return access(path, F_OK) == 0;
}

/* Wi-Fi looks like Ethernet in a link message, but sysfs has its radio, or its settings. */
static bool has_radio(const char *name)
{
	return has_sysfs_entry(name, "phy80211") || has_sysfs_entry(name, "wireless");
}

/* sysfs can be that of another network namespace, which has an interface of the same name: the number tells. */
static bool is_in_sysfs(const char *name, int index)
{
	char path[sizeof("/sys/class/net//ifindex") + IFNAMSIZ];
	int sysfs_index = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", name);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%d", &sysfs_index) != 1)
		sysfs_index = 0;
	fclose(file);
	return sysfs_index == index;
}

/* Whether the driver sees a link (ETHTOOL_GLINK): an interface whose driver can't tell has no such thing as a link. */
static bpf_u_int32 ask_driver(int *probe, const char *name)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq ifr = {.ifr_data = (char *)&link};

	if (*probe < 0)
		*probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(ifr.ifr_name, name, strnlen(name, sizeof(ifr.ifr_name) - 1));
	if (ioctl(*probe, SIOCETHTOOL, &ifr) == 0)
		return link.data != 0 ? PCAP_IF_CONNECTION_STATUS_CONNECTED
				      : PCAP_IF_CONNECTION_STATUS_DISCONNECTED;
	return errno == EOPNOTSUPP ? PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE : PCAP_IF_CONNECTION_STATUS_UNKNOWN;
}

/*
 * The kernel gives an interface that is up another state than "unknown" once its driver has reported a link or the
 * loss of one. Those that are down, and those of which nothing was reported, may have no link at all.
 */
static bpf_u_int32 connection_status(const struct pcapint_link *link, int *probe)
{
	bool up = (link->flags & IFF_UP) != 0;
	bool carrier = (link->flags & IFF_LOWER_UP) != 0;

	if ((link->flags & IFF_LOOPBACK) != 0)
		return PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE;
	if (up && !carrier)
		return PCAP_IF_CONNECTION_STATUS_DISCONNECTED;
	if (up && link->operstate != IF_OPER_UNKNOWN)
		return PCAP_IF_CONNECTION_STATUS_CONNECTED;
	return ask_driver(probe, link->name);
}

bpf_u_int32 pcapint_link_device_flags(const struct pcapint_link *link, int *probe)
{
	bpf_u_int32 flags = connection_status(link, probe);

	if ((link->flags & IFF_UP) != 0)
		flags |= PCAP_IF_UP;
	if ((link->flags & IFF_RUNNING) != 0)
		flags |= PCAP_IF_RUNNING;
	if ((link->flags & IFF_LOOPBACK) != 0)
		flags |= PCAP_IF_LOOPBACK;
	/* A virtual interface has a kind: it need not be looked for in sysfs. */
	if (is_wireless_by_nature(link) || (link->type == ARPHRD_ETHER && link->kind[0] == '\0' &&
						   has_radio(link->name) && is_in_sysfs(link->name, link->index)))
		flags |= PCAP_IF_WIRELESS;
	return flags;
}

int pcapint_link_complete_flags(const char *name, bpf_u_int32 *flags, char *errbuf _U_)
{
	int probe = -1;

	if (has_radio(name))
		*flags |= PCAP_IF_WIRELESS;
	if ((*flags & PCAP_IF_LOOPBACK) != 0)
		*flags |= PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE;
	else
		*flags |= ask_driver(&probe, name);
	if (probe >= 0)
		close(probe);
	return 0;
}
