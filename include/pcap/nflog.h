/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packets of DLT_NFLOG: a header, then attributes of type, length and value, each padded to 4 bytes.
 * Lengths and types are in the byte order of the capturing host; values are big-endian.
 */
#ifndef lib_pcap_nflog_h
#define lib_pcap_nflog_h

#include <pcap/pcap-inttypes.h>

typedef struct nflog_hdr {
	uint8_t nflog_family;  /* AF_ value of Linux */
	uint8_t nflog_version; /* 0 */
	uint16_t nflog_rid;    /* the NFLOG group */
} nflog_hdr_t;

/* tlv_length counts this header and the value, not the padding. */
typedef struct nflog_tlv {
	uint16_t tlv_length;
	uint16_t tlv_type;
} nflog_tlv_t;

typedef struct nflog_packet_hdr {
	uint16_t hw_protocol; /* Ethernet type */
	uint8_t hook;         /* netfilter hook number */
	uint8_t pad;
} nflog_packet_hdr_t;

typedef struct nflog_hwaddr {
	uint16_t hw_addrlen;
	uint16_t pad;
	uint8_t hw_addr[8];
} nflog_hwaddr_t;

typedef struct nflog_timestamp {
	uint64_t sec;
	uint64_t usec;
} nflog_timestamp_t;

/* Attribute types (linux/netfilter/nfnetlink_log.h). */
#define NFULA_PACKET_HDR 1         /* nflog_packet_hdr_t */
#define NFULA_MARK 2               /* the packet's mark */
#define NFULA_TIMESTAMP 3          /* nflog_timestamp_t */
#define NFULA_IFINDEX_INDEV 4      /* interface it came in by; may be a bridge */
#define NFULA_IFINDEX_OUTDEV 5     /* interface it goes out by; may be a bridge */
#define NFULA_IFINDEX_PHYSINDEV 6  /* the port behind the bridge */
#define NFULA_IFINDEX_PHYSOUTDEV 7 /* the port behind the bridge */
#define NFULA_HWADDR 8             /* nflog_hwaddr_t: the source's */
#define NFULA_PAYLOAD 9            /* the packet, from the network layer on */
#define NFULA_PREFIX 10            /* the rule's log prefix, with its NUL */
#define NFULA_UID 11               /* user of the local socket */
#define NFULA_SEQ 12               /* number in this group */
#define NFULA_SEQ_GLOBAL 13        /* number in all groups */
#define NFULA_GID 14               /* group of the local socket */
#define NFULA_HWTYPE 15            /* ARPHRD_ value of the interface */
#define NFULA_HWHEADER 16          /* the link-layer header */
#define NFULA_HWLEN 17             /* its length */

#endif
