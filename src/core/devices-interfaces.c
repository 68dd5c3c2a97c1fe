/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operating system's network interfaces, in the way that every UNIX has: getifaddrs(), and ioctls for the network
 * of one. For modules over network interfaces, and for pcap_lookupnet().
 */
#include "core/core.h"
#include "core/modules.h"
#include "compat/ifaddrs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bpf_u_int32 device_flags(unsigned int interface_flags)
{
	return ((interface_flags & IFF_UP) != 0 ? PCAP_IF_UP : 0) |
	       ((interface_flags & IFF_RUNNING) != 0 ? PCAP_IF_RUNNING : 0) |
	       ((interface_flags & IFF_LOOPBACK) != 0 ? PCAP_IF_LOOPBACK : 0);
}

/* The interface's name alone: "eth0:1" is how an address of eth0 is labelled. */
static int interface_name(const struct ifaddrs *entry, char *name, size_t size, char *errbuf)
{
	size_t length = strcspn(entry->ifa_name, ":");

	if (length >= size) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "the interface name %.64s… is too long", entry->ifa_name);
		return PCAP_ERROR;
	}
	memcpy(name, entry->ifa_name, length);
	name[length] = '\0';
	return 0;
}

static int add_entry_address(pcap_if_t *device, const struct ifaddrs *entry, char *errbuf)
{
	size_t size = pcapint_sockaddr_size(entry->ifa_addr);
	/* Members of one union on some systems; the flags tell which it is. */
	bool broadcasts = (entry->ifa_flags & IFF_BROADCAST) != 0;
	bool has_peer = !broadcasts && (entry->ifa_flags & IFF_POINTOPOINT) != 0;

	if (size == 0)
		return 0;
	return pcapint_add_addr_to_dev(device, entry->ifa_addr, size, entry->ifa_netmask,
		entry->ifa_netmask != NULL ? size : 0, broadcasts ? entry->ifa_broadaddr : NULL,
		broadcasts ? size : 0, has_peer ? entry->ifa_dstaddr : NULL, has_peer ? size : 0, errbuf);
}

/*
 * Devices first, addresses then: so a device that already had addresses, from a module that was asked earlier, is told
 * from one that gets its first here, and none is listed twice.
 */
static int add_entries(pcap_if_list_t *list, const struct ifaddrs *entries, pcap_if_t **devices, char *errbuf,
	int (*is_usable)(const char *name), get_if_flags_func get_flags)
{
	const struct ifaddrs *entry;
	char name[256];
	size_t i;

	for (entry = entries, i = 0; entry != NULL; entry = entry->ifa_next, i++) {
		if (interface_name(entry, name, sizeof(name), errbuf) < 0)
			return PCAP_ERROR;
		if (!is_usable(name))
			continue;
		devices[i] = pcapint_find_or_add_dev(
			list, name, device_flags(entry->ifa_flags), get_flags, NULL, errbuf);
		if (devices[i] == NULL)
			return PCAP_ERROR;
		if (devices[i]->addresses != NULL)
			devices[i] = NULL;
	}
	for (entry = entries, i = 0; entry != NULL; entry = entry->ifa_next, i++)
		if (devices[i] != NULL && add_entry_address(devices[i], entry, errbuf) < 0)
			return PCAP_ERROR;
	return 0;
}

int pcapint_findalldevs_interfaces(
	pcap_if_list_t *list, char *errbuf, int (*is_usable)(const char *name), get_if_flags_func get_flags)
{
	struct ifaddrs *entries;
	pcap_if_t **devices;
	size_t count = 0;
	int result;

	if (getifaddrs(&entries) < 0) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno,
			"can't ask the system for its network interfaces (getifaddrs)");
		return PCAP_ERROR;
	}
	for (const struct ifaddrs *entry = entries; entry != NULL; entry = entry->ifa_next)
		count++;
	devices = calloc(count + 1, sizeof(*devices));
	if (devices != NULL) {
		result = add_entries(list, entries, devices, errbuf, is_usable, get_flags);
	} else {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, ENOMEM, "can't list network interfaces");
		result = PCAP_ERROR;
	}
	free(devices);
	freeifaddrs(entries);
	return result;
}

/* An IPv4 property of an interface, by ioctl; false with errno set if it has none. */
static bool get_ipv4(int fd, unsigned long request, const char *device, bpf_u_int32 *value)
{
	struct ifreq ifr = {.ifr_addr.sa_family = AF_INET};
	struct sockaddr_in *in = (struct sockaddr_in *)&ifr.ifr_addr;

	if (strlen(device) >= sizeof(ifr.ifr_name)) {
		errno = ENODEV;
		return false;
	}
	strcpy(ifr.ifr_name, device);
	if (ioctl(fd, request, &ifr) < 0)
		return false;
	*value = in->sin_addr.s_addr;
	return true;
}

static bool ask_no_more(const struct pcap_module *module _U_, void *user _U_)
{
	return false;
}

/* Devices that are not network interfaces have no network: net and mask 0, as with "any". */
static int network_of_other_device(const char *device, char *errbuf)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *devices = NULL;
	const pcap_if_t *found;

	/* Of the modules in files, those that may have it are enough. */
	pcapint_ask_module_files(device, ask_no_more, NULL, why);
	if (pcapint_find_devices(&devices, errbuf, false) == 0)
		for (found = devices; found != NULL && strcmp(found->name, device) != 0;)
			found = found->next;
	else
		found = NULL;
	pcap_freealldevs(devices);
	if (found != NULL)
		return 0;
	pcapint_no_such_device(errbuf, PCAP_ERRBUF_SIZE, device);
	return PCAP_ERROR;
}

int pcap_lookupnet(const char *device, bpf_u_int32 *net, bpf_u_int32 *mask, char *errbuf)
{
	bpf_u_int32 address = 0;
	int result = PCAP_ERROR;
	int fd;

	*net = *mask = 0;
	if (device == NULL || strcmp(device, "any") == 0)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		pcapint_fmt_errmsg_for_errno(
			errbuf, PCAP_ERRBUF_SIZE, errno, "can't ask for the network of %.64s", device);
		return PCAP_ERROR;
	}
	if (get_ipv4(fd, SIOCGIFADDR, device, &address) && get_ipv4(fd, SIOCGIFNETMASK, device, mask)) {
		*net = address & *mask;
		result = 0;
	} else if (errno == EADDRNOTAVAIL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.64s: the interface has no IPv4 address", device);
	} else if (errno == ENODEV) {
		result = network_of_other_device(device, errbuf);
	} else {
		pcapint_fmt_errmsg_for_errno(
			errbuf, PCAP_ERRBUF_SIZE, errno, "can't get the network of %.64s", device);
	}
	close(fd);
	return result;
}
