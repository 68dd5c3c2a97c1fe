/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monitor mode of wireless interfaces, through nl80211 (linux/nl80211.h): an interface of the radio that shows all
 * frames, made for the capture and taken away with it. The kernel takes it away where the program can't, since it
 * belongs to the netlink socket that made it. For pcap_set_rfmon().
 */
#include "modules/linux/linux.h"
#include "modules/linux/netlink.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>

/* After net/if.h, which has the same definitions. */
#include <linux/if_arp.h>

/* The kernel puts the least free number in place of %d. */
#define MONITOR_NAME "mon%d"

/* A request of generic netlink: a command and attributes. */
struct generic_request {
	struct genlmsghdr header;
	uint8_t attributes[128];
	size_t size; /* of the attributes */
};

/* What the kernel has answered. */
struct radio {
	uint16_t family; /* the number of nl80211 */
	uint32_t type;   /* NL80211_IFTYPE_ of the interface */
	uint32_t ifindex;
	bool has_monitor_mode;
};

/* ---- Asking nl80211 ---- */

static void put(struct generic_request *request, uint16_t type, const void *value, size_t size)
{
	struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};
	uint8_t *at = request->attributes + request->size;

	memcpy(at, &attribute, sizeof(attribute));
	if (size > 0)
		memcpy(at + NLA_HDRLEN, value, size);
	request->size += NLA_ALIGN(NLA_HDRLEN + size);
}

static void put_u32(struct generic_request *request, uint16_t type, uint32_t value)
{
	put(request, type, &value, sizeof(value));
}

static int ask(int fd, uint16_t family, uint16_t flags, const struct generic_request *request,
	pcapint_netlink_handler handler, struct radio *radio)
{
	return pcapint_netlink_ask_on(
		fd, family, flags, request, sizeof(request->header) + request->size, handler, radio);
}

static int take_family(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *attributes[CTRL_ATTR_FAMILY_NAME + 1];
	struct radio *radio = context;
	char name[GENL_NAMSIZ];

	if (message != NULL &&
		pcapint_netlink_attributes(
			message, sizeof(struct genlmsghdr), attributes, CTRL_ATTR_FAMILY_NAME + 1) &&
		pcapint_netlink_string(attributes[CTRL_ATTR_FAMILY_NAME], name, sizeof(name)) &&
		strcmp(name, NL80211_GENL_NAME) == 0)
		pcapint_netlink_bytes(attributes[CTRL_ATTR_FAMILY_ID], &radio->family, sizeof(radio->family));
	return 0;
}

static int take_interface(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *attributes[NL80211_ATTR_IFTYPE + 1];
	struct radio *radio = context;

	if (message != NULL && pcapint_netlink_attributes(
				       message, sizeof(struct genlmsghdr), attributes, NL80211_ATTR_IFTYPE + 1)) {
		pcapint_netlink_u32(attributes[NL80211_ATTR_IFTYPE], &radio->type);
		pcapint_netlink_u32(attributes[NL80211_ATTR_IFINDEX], &radio->ifindex);
	}
	return 0;
}

/* The types of interface that a radio can have are attributes without a value, one a type. */
static int take_radio(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *attributes[NL80211_ATTR_SUPPORTED_IFTYPES + 1];
	const struct rtattr *types[NL80211_IFTYPE_MONITOR + 1];
	struct radio *radio = context;

	if (message != NULL && pcapint_netlink_attributes(message, sizeof(struct genlmsghdr), attributes,
				       NL80211_ATTR_SUPPORTED_IFTYPES + 1)) {
		pcapint_netlink_nested(
			attributes[NL80211_ATTR_SUPPORTED_IFTYPES], types, NL80211_IFTYPE_MONITOR + 1);
		radio->has_monitor_mode = types[NL80211_IFTYPE_MONITOR] != NULL;
	}
	return 0;
}

/*
 * What the radio of an interface can do; 0, or a negative errno value: ENOENT, EPROTONOSUPPORT (no nl80211), ENODEV
 * (not a wireless interface) and others. All families are asked for: to ask for one has the kernel load it if it
 * can, for every Ethernet interface.
 */
static int ask_radio(int fd, int ifindex, struct radio *radio)
{
	struct generic_request family = {.header = {.cmd = CTRL_CMD_GETFAMILY, .version = 1}};
	struct generic_request interface = {.header = {.cmd = NL80211_CMD_GET_INTERFACE}};
	struct generic_request wiphy = {.header = {.cmd = NL80211_CMD_GET_WIPHY}};

	*radio = (struct radio){0};
	put_u32(&interface, NL80211_ATTR_IFINDEX, ifindex);
	put_u32(&wiphy, NL80211_ATTR_IFINDEX, ifindex);
	int result = ask(fd, GENL_ID_CTRL, NLM_F_DUMP, &family, take_family, radio);
	if (result == 0 && radio->family == 0)
		result = -ENOENT;
	if (result == 0)
		result = ask(fd, radio->family, 0, &interface, take_interface, radio);
	if (result == 0)
		result = ask(fd, radio->family, 0, &wiphy, take_radio, radio);
	return result;
}

static bool is_not_wireless(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -EPROTONOSUPPORT || error == -EOPNOTSUPP;
}

/* ---- The monitor interface ---- */

static int make_interface(int fd, int ifindex, struct radio *radio)
{
	struct generic_request request = {.header = {.cmd = NL80211_CMD_NEW_INTERFACE}};

	put_u32(&request, NL80211_ATTR_IFINDEX, ifindex);
	put(&request, NL80211_ATTR_IFNAME, MONITOR_NAME, sizeof(MONITOR_NAME));
	put_u32(&request, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_MONITOR);
	/* When the socket is closed, the interface goes. */
	put(&request, NL80211_ATTR_SOCKET_OWNER, NULL, 0);
	radio->ifindex = 0;
	int result = ask(fd, radio->family, 0, &request, take_interface, radio);
	return result == 0 && radio->ifindex == 0 ? -EBADMSG : result;
}

static int bring_up(int ifindex)
{
	struct ifreq request = {0};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_up = fd != -1 && if_indextoname(ifindex, request.ifr_name) != NULL &&
		     ioctl(fd, SIOCGIFFLAGS, &request) == 0;

	request.ifr_flags |= IFF_UP;
	is_up = is_up && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	int error = errno;
	if (fd != -1)
		close(fd);
	return is_up ? 0 : -error;
}

static int tell_error(pcap_t *p, int error)
{
	if (error == -EPERM || error == -EACCES) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: no permission to switch to monitor mode (CAP_NET_ADMIN is needed)", p->opt.device);
		return PCAP_ERROR_PERM_DENIED;
	}
	if (error == -EOPNOTSUPP || error == -EBUSY || error == -ENFILE) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the adapter can't have a monitor interface beside those it has: %s", p->opt.device,
			strerror(-error));
		return PCAP_ERROR_RFMON_NOTSUP;
	}
	pcapint_fmt_errmsg_for_errno(
		p->errbuf, PCAP_ERRBUF_SIZE, -error, "%.32s: can't switch to monitor mode", p->opt.device);
	return PCAP_ERROR;
}

/* Whether an interface shows all frames as it is. */
static bool is_monitor(const struct pcap_linux *lc)
{
	return lc->hatype == ARPHRD_IEEE80211_RADIOTAP || lc->hatype == ARPHRD_IEEE80211_PRISM;
}

int pcapint_linux_can_set_rfmon(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	struct radio radio;
	int status = pcapint_linux_look_up(p);

	if (status < 0 || lc->ifindex == 0)
		return status;
	if (is_monitor(lc))
		return 1;
	int fd = pcapint_netlink_open(NETLINK_GENERIC);
	int result = fd >= 0 ? ask_radio(fd, lc->ifindex, &radio) : fd;
	if (fd >= 0)
		close(fd);
	if (result == 0)
		return radio.has_monitor_mode;
	return is_not_wireless(result) ? 0 : tell_error(p, result);
}

/* Makes the interface, which is then the handle's; 0 or a PCAP_ERROR_. */
static int make_monitor(pcap_t *p, int fd)
{
	struct pcap_linux *lc = p->priv;
	struct radio radio;
	int result = ask_radio(fd, lc->ifindex, &radio);

	if (is_not_wireless(result) || (result == 0 && !radio.has_monitor_mode))
		return PCAP_ERROR_RFMON_NOTSUP;
	if (result == 0)
		result = make_interface(fd, lc->ifindex, &radio);
	if (result < 0)
		return tell_error(p, result);
	lc->monitor_fd = fd;
	lc->monitor_owner = getpid();
	lc->monitor_family = radio.family;
	lc->ifindex = (int)radio.ifindex;
	return 0;
}

int pcapint_linux_enter_monitor(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;

	if (!p->opt.rfmon || is_monitor(lc))
		return 0;
	if (lc->ifindex == 0)
		return PCAP_ERROR_RFMON_NOTSUP;
	int fd = pcapint_netlink_open(NETLINK_GENERIC);
	if (fd == -EPROTONOSUPPORT)
		return PCAP_ERROR_RFMON_NOTSUP;
	int status = fd >= 0 ? make_monitor(p, fd) : tell_error(p, fd);
	if (status < 0) {
		if (fd >= 0)
			close(fd);
		return status;
	}
	int error = bring_up(lc->ifindex);
	return error < 0 ? tell_error(p, error) : pcapint_linux_look_up_monitor(p);
}

static int take_nothing(const struct nlmsghdr *message _U_, void *context _U_)
{
	return 0;
}

/*
 * Deletes the interface and waits until it is gone. In the child of a fork it is left to the parent; and what is
 * not permitted any more, the kernel does some time after the socket is closed.
 */
void pcapint_linux_leave_monitor(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	struct generic_request request = {.header = {.cmd = NL80211_CMD_DEL_INTERFACE}};

	if (lc->monitor_owner == 0)
		return;
	if (lc->monitor_owner == getpid()) {
		put_u32(&request, NL80211_ATTR_IFINDEX, lc->ifindex);
		ask(lc->monitor_fd, lc->monitor_family, NLM_F_ACK, &request, take_nothing, NULL);
	}
	close(lc->monitor_fd);
	lc->monitor_owner = 0;
}
