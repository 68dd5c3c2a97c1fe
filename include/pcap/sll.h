/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux "cooked" captures, DLT_LINUX_SLL and DLT_LINUX_SLL2: the header that stands for the link layer where
 * several of them meet ("any") or where there is none that can be used. All fields are big-endian.
 */
#ifndef lib_pcap_sll_h
#define lib_pcap_sll_h

#include <pcap/pcap-inttypes.h>

#define SLL_HDR_LEN 16
#define SLL_ADDRLEN 8

struct sll_header {
	uint16_t sll_pkttype; /* LINUX_SLL_ */
	uint16_t sll_hatype;  /* ARPHRD_ */
	uint16_t sll_halen;   /* bytes used in sll_addr; can be more than fit */
	uint8_t sll_addr[SLL_ADDRLEN];
	uint16_t sll_protocol; /* Ethernet type or LINUX_SLL_P_ */
};

#define SLL2_HDR_LEN 20

struct sll2_header {
	uint16_t sll2_protocol;     /* Ethernet type or LINUX_SLL_P_ */
	uint16_t sll2_reserved_mbz; /* 0 */
	uint32_t sll2_if_index;
	uint16_t sll2_hatype; /* ARPHRD_ */
	uint8_t sll2_pkttype; /* LINUX_SLL_ */
	uint8_t sll2_halen;   /* bytes used in sll2_addr; can be more than fit */
	uint8_t sll2_addr[SLL_ADDRLEN];
};

/* Packet types; the values of Linux's PACKET_. */
#define LINUX_SLL_HOST 0
#define LINUX_SLL_BROADCAST 1
#define LINUX_SLL_MULTICAST 2
#define LINUX_SLL_OTHERHOST 3
#define LINUX_SLL_OUTGOING 4

/* Protocols that are no Ethernet types; the values of Linux's ETH_P_. */
#define LINUX_SLL_P_802_3 0x0001 /* Novell's 802.3 without LLC */
#define LINUX_SLL_P_802_2 0x0004 /* 802.2 LLC */
#define LINUX_SLL_P_CAN 0x000C   /* classic CAN */
#define LINUX_SLL_P_CANFD 0x000D /* CAN FD */
#define LINUX_SLL_P_CANXL 0x000E /* CAN XL */

#endif
