/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet socket: what the interface is, opening and binding it, promiscuous mode, and what its errors mean. For
 * activate, and for a read that the socket wakes with an error.
 */
#include "modules/linux/linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* "eth0: can't do this: reason"; returns status. */
static int fail(pcap_t *p, int status, const char *what)
{
	pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't %s", p->opt.device, what);
	return status;
}

/* ---- The interface ---- */

static int ask_interface(pcap_t *p, int fd, const char *name)
{
	struct pcap_linux *lc = p->priv;
	struct ifreq request = {0};

	if (strlen(name) >= sizeof(request.ifr_name)) {
		errno = ENODEV;
		return -1;
	}
	strcpy(request.ifr_name, name);
	if (ioctl(fd, SIOCGIFINDEX, &request) == -1)
		return -1;
	lc->ifindex = request.ifr_ifindex;
	if (ioctl(fd, SIOCGIFHWADDR, &request) == -1)
		return -1;
	lc->hatype = request.ifr_hwaddr.sa_family;
	if (ioctl(fd, SIOCGIFMTU, &request) == -1)
		return -1;
	lc->mtu = request.ifr_mtu > 0 ? request.ifr_mtu : 0;
	return 0;
}

static int look_up(pcap_t *p, const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int status = fd != -1 ? ask_interface(p, fd, name) : -1, error = errno;

	if (fd != -1)
		close(fd);
	if (status == 0)
		return 0;
	errno = error;
	if (error == ENODEV) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: the interface has disappeared", p->opt.device);
		return PCAP_ERROR_NO_SUCH_DEVICE;
	}
	return fail(p, PCAP_ERROR, "ask the system about the interface");
}

int pcapint_linux_look_up(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;

	lc->ifindex = 0;
	lc->hatype = 0;
	lc->mtu = 65536;
	return strcmp(p->opt.device, "any") == 0 ? 0 : look_up(p, p->opt.device);
}

int pcapint_linux_look_up_monitor(pcap_t *p)
{
	const struct pcap_linux *lc = p->priv;
	char name[IF_NAMESIZE] = "";

	return if_indextoname(lc->ifindex, name) != NULL ? look_up(p, name) : look_up(p, "");
}

/* ---- Opening ---- */

/* Whether root in here is not root outside: user_namespaces(7); the first one maps all IDs to themselves. */
static bool in_user_namespace(void)
{
	unsigned long inside = 1, outside = 1, count = 0;
	FILE *map = fopen("/proc/self/uid_map", "re");

	if (map == NULL)
		return false;
	int fields = fscanf(map, "%lu %lu %lu", &inside, &outside, &count);
	fclose(map);
	return fields != 3 || inside != 0 || outside != 0 || count < UINT32_MAX;
}

static int permission_denied(pcap_t *p)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		in_user_namespace()
			? "%.32s: no permission to capture (CAP_NET_RAW is needed in the user namespace "
			  "that owns this network namespace)"
			: "%.32s: no permission to capture (CAP_NET_RAW is needed: run as root, or "
			  "'setcap cap_net_raw+ep PROGRAM')",
		p->opt.device);
	return PCAP_ERROR_PERM_DENIED;
}

static int set_option(pcap_t *p, int option, int value)
{
	return setsockopt(p->fd, SOL_PACKET, option, &value, sizeof(value));
}

/* With protocol 0: nothing is captured before everything is in place. */
int pcapint_linux_open_socket(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;

	p->fd = socket(AF_PACKET, (lc->cooked ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC, 0);
	if (p->fd == -1 && (errno == EPERM || errno == EACCES))
		return permission_denied(p);
	if (p->fd == -1)
		return fail(p, PCAP_ERROR,
			errno == EAFNOSUPPORT ? "capture: the kernel has no packet sockets (CONFIG_PACKET)"
					      : "open a packet socket");
	if (set_option(p, PACKET_VERSION, lc->ring->version) == -1 ||
		set_option(p, PACKET_RESERVE, lc->cooked ? COOKED_HEADROOM : RAW_HEADROOM) == -1)
		return fail(p, PCAP_ERROR, "set up the packet socket");
	return 0;
}

int pcapint_linux_bind(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(p->opt.protocol != 0 ? p->opt.protocol : ETH_P_ALL),
		.sll_ifindex = lc->ifindex,
	};
	int error = 0;
	socklen_t size = sizeof(error);

	/* Where the interface is down, bind() does it, and the socket has the error to tell. */
	if (bind(p->fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
		getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		error = errno;
	switch (error) {
	case 0:
		return 0;
	case ENETDOWN:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the interface is down ('ip link set %.32s up' brings it up)", p->opt.device,
			p->opt.device);
		return PCAP_ERROR_IFACE_NOT_UP;
	case ENODEV:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: the interface has disappeared", p->opt.device);
		return PCAP_ERROR_NO_SUCH_DEVICE;
	default:
		errno = error;
		return fail(p, PCAP_ERROR, "bind the packet socket to the interface");
	}
}

/* The kernel ends it with the socket, however the program ends. */
int pcapint_linux_set_promiscuous(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	struct packet_mreq membership = {.mr_ifindex = lc->ifindex, .mr_type = PACKET_MR_PROMISC};

	if (!p->opt.promisc)
		return 0;
	if (lc->ifindex == 0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: promiscuous mode is not there for all interfaces at once", p->opt.device);
		return PCAP_WARNING_PROMISC_NOTSUP;
	}
	if (setsockopt(p->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership)) == 0)
		return 0;
	if (errno == EPERM || errno == EACCES)
		return fail(p, PCAP_ERROR_PROMISC_PERM_DENIED, "switch to promiscuous mode");
	return fail(p, PCAP_WARNING_PROMISC_NOTSUP, "switch to promiscuous mode");
}

/* ---- Errors while capturing ---- */

/*
 * Whether the interface is there no more, asked after it went down. An interface goes down before it goes away; both
 * happen under the kernel's RTNL lock, which the option takes too, though there is no such membership to drop.
 */
static bool interface_is_gone(pcap_t *p)
{
	struct packet_mreq none = {.mr_ifindex = -1, .mr_type = PACKET_MR_ALLMULTI};
	struct sockaddr_ll address = {0};
	socklen_t size = sizeof(address);

	setsockopt(p->fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &none, sizeof(none));
	return getsockname(p->fd, (struct sockaddr *)&address, &size) == 0 && address.sll_ifindex == -1;
}

int pcapint_linux_note_socket_error(pcap_t *p, int error)
{
	struct pcap_linux *lc = p->priv;

	switch (error) {
	case 0:
		return 0;
	case ENETDOWN:
	case ENODEV:
	case ENXIO:
		lc->trouble = interface_is_gone(p) ? TROUBLE_GONE : TROUBLE_DOWN;
		return 0;
	default:
		errno = error;
		return fail(p, PCAP_ERROR, "receive packets");
	}
}

int pcapint_linux_tell_trouble(pcap_t *p)
{
	static const char *const texts[] = {
		[TROUBLE_DOWN] = "the interface went down",
		[TROUBLE_GONE] = "the interface has disappeared",
		[TROUBLE_TYPE_CHANGED] =
			"the interface's link-layer type has changed: close the capture and open it again",
		[TROUBLE_DAMAGED] =
			"the kernel's packet buffer holds a packet that reaches beyond it; it was left out",
	};
	struct pcap_linux *lc = p->priv;

	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: %s", p->opt.device, texts[lc->trouble]);
	if (lc->trouble == TROUBLE_DOWN) {
		lc->check_hatype = true;
		pcapint_linux_update_careful(p);
	}
	if (lc->trouble == TROUBLE_DOWN || lc->trouble == TROUBLE_DAMAGED)
		lc->trouble = TROUBLE_NONE;
	p->required_select_timeout = NULL;
	return PCAP_ERROR;
}
