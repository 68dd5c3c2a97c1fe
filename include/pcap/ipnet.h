/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values in the header of DLT_IPNET packets (Solaris and illumos): address families and directions.
 */
#ifndef lib_pcap_ipnet_h
#define lib_pcap_ipnet_h

#define IPH_AF_INET 2
#define IPH_AF_INET6 26

#define IPNET_OUTBOUND 1
#define IPNET_INBOUND 2

#endif
