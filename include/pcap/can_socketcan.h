/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header in front of each frame of DLT_CAN_SOCKETCAN.
 */
#ifndef lib_pcap_can_socketcan_h
#define lib_pcap_can_socketcan_h

#include <pcap/pcap-inttypes.h>

typedef struct {
	uint32_t can_id; /* big-endian: identifier and the EFF, RTR and ERR flags */
	uint8_t payload_length;
	uint8_t fd_flags;
	uint8_t reserved1;
	uint8_t reserved2;
} pcap_can_socketcan_hdr;

/* fd_flags */
#define CANFD_BRS 0x01 /* the payload was sent at the second bit rate */
#define CANFD_ESI 0x02 /* the sender is in the error-passive state */
#define CANFD_FDF 0x04 /* this is a CAN FD frame */

#endif
