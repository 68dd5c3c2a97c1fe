/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists the network interfaces without netlink, for processes that may not use it: names from /proc/net/dev, the rest
 * by the ioctls of netdevice(7), which know one IPv4 address an interface.
 */
#include "modules/linux/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "modules/linux/link.h"

#define INTERFACES_FILE "/proc/net/dev"

/* An address that an interface has, or NULL. */
static struct sockaddr *get_address(int fd, unsigned long request, const char *name, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, name, strnlen(name, sizeof(ifr->ifr_name) - 1));
	return ioctl(fd, request, ifr) == 0 ? &ifr->ifr_addr : NULL;
}

/* The kernel answers 0.0.0.0 where no broadcast address was set. */
static struct sockaddr *get_broadcast(int fd, const char *name, struct ifreq *ifr)
{
	struct sockaddr *addr = get_address(fd, SIOCGIFBRDADDR, name, ifr);

	return addr != NULL && ((struct sockaddr_in *)addr)->sin_addr.s_addr != INADDR_ANY ? addr : NULL;
}

static int add_interface(pcap_if_list_t *list, int fd, const char *name, char *errbuf)
{
	struct ifreq flags, address, netmask, broadcast, peer;
	const size_t size = sizeof(struct sockaddr);
	pcap_if_t *device;
	unsigned int up;

	if (get_address(fd, SIOCGIFFLAGS, name, &flags) == NULL)
		return 0; /* it went away */
	up = (u_short)flags.ifr_flags;
	device = pcapint_find_or_add_dev(list, name,
		((up & IFF_UP) != 0 ? PCAP_IF_UP : 0) | ((up & IFF_RUNNING) != 0 ? PCAP_IF_RUNNING : 0) |
			((up & IFF_LOOPBACK) != 0 ? PCAP_IF_LOOPBACK : 0),
		pcapint_link_complete_flags, NULL, errbuf);
	if (device == NULL)
		return PCAP_ERROR;
	if (device->addresses != NULL || get_address(fd, SIOCGIFADDR, name, &address) == NULL)
		return 0;
	return pcapint_add_addr_to_dev(device, &address.ifr_addr, size,
		get_address(fd, SIOCGIFNETMASK, name, &netmask), size,
		(up & IFF_BROADCAST) != 0 ? get_broadcast(fd, name, &broadcast) : NULL, size,
		(up & IFF_POINTOPOINT) != 0 ? get_address(fd, SIOCGIFDSTADDR, name, &peer) : NULL, size, errbuf);
}

/* proc_pid_net(5): two lines of headings, then "  NAME: COUNT COUNT…" an interface. */
static int add_interfaces(pcap_if_list_t *list, int fd, FILE *file, char *errbuf)
{
	char *line = NULL;
	size_t room = 0;
	int result = 0;

	while (result == 0 && getline(&line, &room, file) > 0) {
		char *end = strchr(line, ':');
		char *name = line + strspn(line, " ");

		if (end == NULL || end == name || end - name >= IFNAMSIZ)
			continue;
		*end = '\0';
		result = add_interface(list, fd, name, errbuf);
	}
	free(line);
	return result;
}

int pcapint_list_by_ioctl(pcap_if_list_t *list, char *errbuf)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	FILE *file = fd >= 0 ? fopen(INTERFACES_FILE, "re") : NULL;
	int result = PCAP_ERROR;

	if (file == NULL)
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno,
			"can't list network interfaces: netlink is refused, and %s",
			fd < 0 ? "so is an IPv4 socket" : INTERFACES_FILE " can't be read");
	else
		result = add_interfaces(list, fd, file, errbuf);
	if (file != NULL)
		fclose(file);
	if (fd >= 0)
		close(fd);
	return result;
}
