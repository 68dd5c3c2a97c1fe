/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names to numbers: hosts, networks, ports, protocols, Ethernet addresses. What the filter language uses,
 * for programs that want to read the same names.
 */
#ifndef lib_pcap_namedb_h
#define lib_pcap_namedb_h

#include <stdio.h>

#include <pcap/pcap.h>

#ifdef __cplusplus
extern "C" {
#endif

struct addrinfo;

/* One line of an ethers file. */
struct pcap_etherent {
	u_char addr[6];
	char name[122];
};

#ifndef PCAP_ETHERS_FILE
#define PCAP_ETHERS_FILE "/etc/ethers"
#endif

/* The next entry of an open ethers file, or NULL at its end; the entry is the calling thread's until its next call. */
PCAP_API struct pcap_etherent *pcap_next_etherent(FILE *fp);

/* The 6 bytes of a host's Ethernet address by the system's ethers database, malloc'ed, or NULL. */
PCAP_API u_char *pcap_ether_hostton(const char *name);

/* The 6 bytes of an address written as text (00:11:22:33:44:55 and the like), malloc'ed, or NULL. */
PCAP_API u_char *pcap_ether_aton(const char *text);

/* The first 64 IPv4 addresses of a host, host byte order, NULL-terminated; the thread's until its next call. */
PCAP_DEPRECATED("this is not reentrant; use 'pcap_nametoaddrinfo' instead")
PCAP_API bpf_u_int32 **pcap_nametoaddr(const char *name);

/* All addresses of a host; free with freeaddrinfo(). NULL if the name has none. */
PCAP_API struct addrinfo *pcap_nametoaddrinfo(const char *name);

/* The number of a network by its name, host byte order; 0 if unknown. */
PCAP_API bpf_u_int32 pcap_nametonetaddr(const char *name);

/* 1 and the port (host byte order) with IPPROTO_TCP, IPPROTO_UDP or PROTO_UNDEF (either); 0 if unknown. */
PCAP_API int pcap_nametoport(const char *name, int *port, int *proto);

/* The same for "low-high" of numbers or names. */
PCAP_API int pcap_nametoportrange(const char *name, int *port1, int *port2, int *proto);

/* The number of an IP protocol, an Ethernet type, an 802.2 LLC SAP; PROTO_UNDEF if unknown. */
PCAP_API int pcap_nametoproto(const char *name);
PCAP_API int pcap_nametoeproto(const char *name);
PCAP_API int pcap_nametollc(const char *name);

#define PROTO_UNDEF (-1)

#ifdef __cplusplus
}
#endif

#endif
