/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for netlink(7) messages: those of all programs and the kernel, on the interfaces of the kernel's nlmon
 * driver ("nlmon0"), by the device "netlink" wherever there is one, or those of a family ("netlink-route"). Without
 * such an interface, or the right to capture on it, what the kernel sends to a family's multicast groups.
 */
#include "datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>

#include <pcap/sll.h>

#ifndef ARPHRD_NETLINK
#define ARPHRD_NETLINK 824 /* linux/if_arp.h */
#endif

int pcap_netlink_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_netlink_create(const char *device, char *errbuf);

#define ALL_FAMILIES (-1)
#define GROUPS_MAX 1024 /* families have dozens at most, but generic netlink a few for each of its own families */

struct pcap_netlink {
	struct datagram_capture capture;
	int family;        /* NETLINK_, or ALL_FAMILIES */
	bool is_interface; /* the device is an nlmon interface */
};

/* The families of linux/netlink.h, by which name they can be asked for. */
static const struct family {
	const char *name;
	int number;
	const char *listed; /* a description, if it is in the list of devices */
} families[] = {
	{"route", NETLINK_ROUTE, "Netlink: interfaces, addresses, routes, neighbours"},
	{"generic", NETLINK_GENERIC, "Netlink: generic (wireless, ethtool, and others)"},
	{"usersock", NETLINK_USERSOCK, NULL},
	{"sock-diag", NETLINK_SOCK_DIAG, NULL},
	{"nflog", NETLINK_NFLOG, NULL},
	{"xfrm", NETLINK_XFRM, NULL},
	{"selinux", NETLINK_SELINUX, NULL},
	{"iscsi", NETLINK_ISCSI, NULL},
	{"audit", NETLINK_AUDIT, NULL},
	{"fib-lookup", NETLINK_FIB_LOOKUP, NULL},
	{"connector", NETLINK_CONNECTOR, NULL},
	{"netfilter", NETLINK_NETFILTER, NULL},
	{"dnrtmsg", NETLINK_DNRTMSG, NULL},
	{"kobject-uevent", NETLINK_KOBJECT_UEVENT, NULL},
	{"scsitransport", NETLINK_SCSITRANSPORT, NULL},
	{"rdma", NETLINK_RDMA, NULL},
	{"crypto", NETLINK_CRYPTO, NULL},
};
#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

/* ---- Packets ---- */

/* Puts the header of LINKTYPE_NETLINK, one of struct sll_header, before the messages. */
static void put_header(struct datagram *datagram, uint16_t packet_type, uint16_t family)
{
	struct sll_header header = {.sll_pkttype = htons(packet_type),
		.sll_hatype = htons(ARPHRD_NETLINK),
		.sll_protocol = htons(family)};

	datagram->data -= sizeof(header);
	datagram->caplen += sizeof(header);
	datagram->len += sizeof(header);
	memcpy(datagram->data, &header, sizeof(header));
}

/* From nlmon: its protocol is the family. */
static bool convert_monitored(pcap_t *p, struct datagram *datagram)
{
	const struct pcap_netlink *pn = p->priv;
	const struct sockaddr_ll *from = (const struct sockaddr_ll *)datagram->from;
	int family = ntohs(from->sll_protocol);

	if (from->sll_hatype != ARPHRD_NETLINK || (pn->family != ALL_FAMILIES && pn->family != family) ||
		!pcapint_datagram_take_packet_direction(p, datagram))
		return false;
	put_header(datagram, from->sll_pkttype, (uint16_t)family);
	return true;
}

/* From a group. A direction there is not: all comes from the kernel or another program. */
static bool convert_multicast(pcap_t *p, struct datagram *datagram)
{
	const struct pcap_netlink *pn = p->priv;

	put_header(datagram, PACKET_MULTICAST, (uint16_t)pn->family);
	return true;
}

static bool explain_socket(pcap_t *p, int error)
{
	errno = error;
	pcapint_datagram_fail(p, PCAP_ERROR, "receive messages");
	return true;
}

static const struct datagram_source monitored = {
	.convert = convert_monitored,
	.explain = pcapint_datagram_explain_interface,
	.headroom = SLL_HDR_LEN,
	.largest = MAXIMUM_SNAPLEN,
};

static const struct datagram_source multicast = {
	.convert = convert_multicast,
	.explain = explain_socket,
	.headroom = SLL_HDR_LEN,
	.largest = MAXIMUM_SNAPLEN,
};

/* ---- Activating ---- */

/* The name of an nlmon interface that is up, or an empty one. */
static void find_monitor(char name[IFNAMSIZ])
{
	struct ifaddrs *interfaces = NULL;

	name[0] = '\0';
	if (getifaddrs(&interfaces) == -1)
		return;
	/* Interfaces without a hardware address, as these are, have no address in that list. */
	for (const struct ifaddrs *i = interfaces; i != NULL && name[0] == '\0'; i = i->ifa_next)
		if ((i->ifa_flags & IFF_UP) != 0 && (i->ifa_addr == NULL || i->ifa_addr->sa_family == AF_PACKET) &&
			pcapint_datagram_is_interface(i->ifa_name, ARPHRD_NETLINK))
			snprintf(name, IFNAMSIZ, "%s", i->ifa_name);
	freeifaddrs(interfaces);
}

static int open_monitor(pcap_t *p, const char *interface)
{
	pcapint_datagram_begin(p, &monitored);
	/* What has no link-layer header is taken as such. */
	int status = pcapint_datagram_open_interface(p, interface, SOCK_DGRAM);
	if (status == 0)
		p->setdirection_op = pcapint_datagram_setdirection;
	return status;
}

/* Joins all groups that may be joined; how many, and how many were refused. */
static u_int join_groups(int fd, u_int *refused)
{
	u_int joined = 0;

	*refused = 0;
	for (int group = 1; group <= GROUPS_MAX; group++) {
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0)
			joined++;
		else if (errno == EINVAL)
			break; /* beyond the last */
		else
			++*refused;
	}
	return joined;
}

static int tell_refused(pcap_t *p, u_int joined, u_int refused)
{
	if (joined > 0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: %u of %u multicast groups can't be joined: CAP_NET_ADMIN may be needed",
			p->opt.device, refused, joined + refused);
		return PCAP_WARNING;
	}
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: no permission to join a multicast group of the family (CAP_NET_ADMIN is needed)",
		p->opt.device);
	return PCAP_ERROR_PERM_DENIED;
}

static int open_groups(pcap_t *p)
{
	const struct pcap_netlink *pn = p->priv;
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int on = 1;
	u_int refused;

	pcapint_datagram_begin(p, &multicast);
	p->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, pn->family);
	if (p->fd == -1 && errno == EPROTONOSUPPORT) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: the kernel does not have this netlink family",
			p->opt.device);
		return PCAP_ERROR_NO_SUCH_DEVICE;
	}
	if (p->fd == -1)
		return pcapint_datagram_fail(p, PCAP_ERROR, "open a netlink socket");
	int status = pcapint_datagram_prepare(p);
	if (status < 0)
		return status;
	/* An overrun is counted, as with any other device, and is no error. */
	setsockopt(p->fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	if (bind(p->fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		return pcapint_datagram_fail(p, PCAP_ERROR, "bind the netlink socket");
	u_int joined = join_groups(p->fd, &refused);
	if (refused > 0)
		return tell_refused(p, joined, refused);
	if (joined > 0)
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: the family has no multicast groups: it can be captured only on an nlmon interface ('ip "
		"link "
		"add nlmon0 type nlmon' and 'ip link set nlmon0 up')",
		p->opt.device);
	return PCAP_ERROR;
}

static int open_device(pcap_t *p)
{
	const struct pcap_netlink *pn = p->priv;
	char monitor[IFNAMSIZ];

	if (pn->is_interface)
		return open_monitor(p, p->opt.device);
	find_monitor(monitor);
	if (monitor[0] != '\0') {
		int status = open_monitor(p, monitor);
		/* The groups need no such right. */
		if (status != PCAP_ERROR_PERM_DENIED || pn->family == ALL_FAMILIES)
			return status;
	} else if (pn->family == ALL_FAMILIES) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: there is no nlmon interface that is up ('ip link add nlmon0 type nlmon' and 'ip "
			"link "
			"set nlmon0 up'); without, name a family: netlink-route",
			p->opt.device);
		return PCAP_ERROR_IFACE_NOT_UP;
	}
	return open_groups(p);
}

static int netlink_activate(pcap_t *p)
{
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	p->setdirection_op = NULL;
	int status = open_device(p);
	if (status < 0)
		return status;
	p->linktype = DLT_NETLINK;
	pcapint_datagram_finish(p);
	return status;
}

/* ---- The two routines that the library calls ---- */

/* The interfaces are listed as such. Of the families, those that every kernel has. */
int pcap_netlink_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	const bpf_u_int32 flags = PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE;
	char name[64];

	if (if_nametoindex("nlmon0") != 0 &&
		pcapint_add_dev(list, "netlink", flags, "Netlink: all families", errbuf) == NULL)
		return PCAP_ERROR;
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (families[i].listed == NULL)
			continue;
		snprintf(name, sizeof(name), "netlink-%s", families[i].name);
		if (pcapint_add_dev(list, name, flags, families[i].listed, errbuf) == NULL)
			return PCAP_ERROR;
	}
	return 0;
}

static void list_families(const char *device, char *errbuf)
{
	size_t length =
		(size_t)snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.32s: no such netlink family (they are:", device);

	for (size_t i = 0; i < FAMILY_COUNT && length < PCAP_ERRBUF_SIZE; i++)
		length += (size_t)snprintf(
			errbuf + length, PCAP_ERRBUF_SIZE - length, "%s%s", i > 0 ? ", " : " ", families[i].name);
	if (length < PCAP_ERRBUF_SIZE)
		snprintf(errbuf + length, PCAP_ERRBUF_SIZE - length, ")");
}

/* What the device's name asks for; false if it is not one of ours, with a text if it almost is. */
static bool parse_name(const char *device, struct pcap_netlink *pn, char *errbuf)
{
	*pn = (struct pcap_netlink){.family = ALL_FAMILIES};
	if (pcapint_datagram_is_instance(device, "nlmon")) {
		pn->is_interface = true;
		return pcapint_datagram_is_interface(device, ARPHRD_NETLINK);
	}
	/* An interface may have such a name. */
	if (strncmp(device, "netlink", 7) != 0 || if_nametoindex(device) != 0)
		return false;
	if (device[7] == '\0')
		return true;
	if (device[7] != '-')
		return false;
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (strcmp(device + 8, families[i].name) == 0) {
			pn->family = families[i].number;
			return true;
		}
	list_families(device, errbuf);
	return false;
}

pcap_t *pcap_netlink_create(const char *device, char *errbuf)
{
	struct pcap_netlink wanted;

	if (!parse_name(device, &wanted, errbuf))
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_netlink);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	memcpy(p->priv, &wanted, sizeof(wanted));
	p->activate_op = netlink_activate;
	return p;
}
