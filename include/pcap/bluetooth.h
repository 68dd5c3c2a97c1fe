/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers in front of Bluetooth packets: DLT_BLUETOOTH_HCI_H4_WITH_PHDR and DLT_BLUETOOTH_LINUX_MONITOR.
 * All fields are big-endian.
 */
#ifndef lib_pcap_bluetooth_h
#define lib_pcap_bluetooth_h

#include <pcap/pcap-inttypes.h>

typedef struct _pcap_bluetooth_h4_header {
	uint32_t direction; /* bit 0: 1 when received by the host */
} pcap_bluetooth_h4_header;

typedef struct _pcap_bluetooth_linux_monitor_header {
	uint16_t adapter_id;
	uint16_t opcode;
} pcap_bluetooth_linux_monitor_header;

#endif
