/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng files as they are: sections, interfaces, packets with their options, and all other blocks. For programs that
 * want more of a file than its packets.
 */
#ifndef lib_pcap_pcapng_h
#define lib_pcap_pcapng_h

#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Block types ---- */

#define PCAPNG_SECTION 0x0a0d0d0a
#define PCAPNG_INTERFACE 0x00000001
#define PCAPNG_OBSOLETE_PACKET 0x00000002
#define PCAPNG_SIMPLE_PACKET 0x00000003
#define PCAPNG_NAME_RESOLUTION 0x00000004
#define PCAPNG_INTERFACE_STATISTICS 0x00000005
#define PCAPNG_ENHANCED_PACKET 0x00000006
#define PCAPNG_SYSTEMD_JOURNAL 0x00000009
#define PCAPNG_DECRYPTION_SECRETS 0x0000000a
#define PCAPNG_CUSTOM 0x00000bad         /* may be copied by programs that do not know it */
#define PCAPNG_CUSTOM_NO_COPY 0x40000bad /* may not */

/* ---- Option codes ---- */

/* Of all blocks. The custom ones begin with a private enterprise number. */
#define PCAPNG_OPT_END 0
#define PCAPNG_OPT_COMMENT 1
#define PCAPNG_OPT_CUSTOM_STRING 2988
#define PCAPNG_OPT_CUSTOM_BYTES 2989
#define PCAPNG_OPT_CUSTOM_STRING_NO_COPY 19372
#define PCAPNG_OPT_CUSTOM_BYTES_NO_COPY 19373

/* Of sections. */
#define PCAPNG_SHB_HARDWARE 2
#define PCAPNG_SHB_OS 3
#define PCAPNG_SHB_USERAPPL 4

/* Of interfaces. */
#define PCAPNG_IF_NAME 2
#define PCAPNG_IF_DESCRIPTION 3
#define PCAPNG_IF_IPV4ADDR 4
#define PCAPNG_IF_IPV6ADDR 5
#define PCAPNG_IF_MACADDR 6
#define PCAPNG_IF_EUIADDR 7
#define PCAPNG_IF_SPEED 8
#define PCAPNG_IF_TSRESOL 9
#define PCAPNG_IF_TZONE 10
#define PCAPNG_IF_FILTER 11
#define PCAPNG_IF_OS 12
#define PCAPNG_IF_FCSLEN 13
#define PCAPNG_IF_TSOFFSET 14
#define PCAPNG_IF_HARDWARE 15
#define PCAPNG_IF_TXSPEED 16
#define PCAPNG_IF_RXSPEED 17
#define PCAPNG_IF_IANA_TZNAME 18

/* Of packets. */
#define PCAPNG_EPB_FLAGS 2
#define PCAPNG_EPB_HASH 3
#define PCAPNG_EPB_DROPCOUNT 4
#define PCAPNG_EPB_PACKETID 5
#define PCAPNG_EPB_QUEUE 6
#define PCAPNG_EPB_VERDICT 7
#define PCAPNG_EPB_PROCESSID_THREADID 8

/* Of name resolutions. */
#define PCAPNG_NS_DNSNAME 2
#define PCAPNG_NS_DNSIP4ADDR 3
#define PCAPNG_NS_DNSIP6ADDR 4

/* Of interface statistics. */
#define PCAPNG_ISB_STARTTIME 2
#define PCAPNG_ISB_ENDTIME 3
#define PCAPNG_ISB_IFRECV 4
#define PCAPNG_ISB_IFDROP 5
#define PCAPNG_ISB_FILTERACCEPT 6
#define PCAPNG_ISB_OSDROP 7
#define PCAPNG_ISB_USRDELIV 8

#ifdef __cplusplus
}
#endif

#endif
