/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network interface as the kernel's link messages describe it, and what that means to users of a capture library:
 * up, running, connected, wireless. For the listing of devices, and whoever watches an interface.
 */
#ifndef WEIR_LINUX_LINK_H
#define WEIR_LINUX_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <net/if.h>

#include <pcap-int.h>
#include "modules/linux/netlink.h"

#define LINK_ADDRESS_MAX 32 /* MAX_ADDR_LEN of the kernel's netdevice.h */
#define LINK_ALIAS_MAX 256  /* IFALIASZ of linux/if.h */

struct pcapint_link {
	int index;
	unsigned int flags; /* IFF_ */
	uint16_t type;      /* ARPHRD_ */
	uint8_t operstate;  /* IF_OPER_ of linux/if.h */
	char name[IFNAMSIZ];
	char kind[32]; /* the driver of a virtual interface ("veth", "bridge"…); empty if there is none */
	char alias[LINK_ALIAS_MAX]; /* the administrator's description of it, or empty */
	uint8_t address[LINK_ADDRESS_MAX];
	size_t address_length;
	uint8_t broadcast[LINK_ADDRESS_MAX];
	size_t broadcast_length;
};

/* What an RTM_NEWLINK or RTM_DELLINK message says; false if it has no name or is too short. */
bool pcapint_link_parse(const struct nlmsghdr *message, struct pcapint_link *link);

/*
 * The PCAP_IF_ flags. *probe is a socket for the few questions that the link message leaves open: -1 at first, opened
 * when it is needed; the caller closes it.
 */
bpf_u_int32 pcapint_link_device_flags(const struct pcapint_link *link, int *probe);

/* The same of an interface of which no more is known than its name and PCAP_IF_ flags: fills in what is missing. */
int pcapint_link_complete_flags(const char *name, bpf_u_int32 *flags, char *errbuf);

#endif
