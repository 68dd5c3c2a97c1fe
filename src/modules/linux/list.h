/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ways to list the network interfaces, the best first. For the Linux network-interface module.
 */
#ifndef WEIR_LINUX_LIST_H
#define WEIR_LINUX_LIST_H

#include <pcap-int.h>

int pcap_linux_findalldevs(pcap_if_list_t *list, char *errbuf);

/* Lists by /proc/net/dev and ioctls, with an IPv4 address each. 0, or PCAP_ERROR with errbuf filled. */
int pcapint_list_by_ioctl(pcap_if_list_t *list, char *errbuf);

#endif
