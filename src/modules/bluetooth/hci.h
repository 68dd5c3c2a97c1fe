/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two Bluetooth modules have in common: HCI sockets. The kernel has no public header for them; names and
 * values are those of include/net/bluetooth/ in its sources.
 */
#ifndef WEIR_MODULES_BLUETOOTH_H
#define WEIR_MODULES_BLUETOOTH_H

#include <pcap-int.h>

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define BTPROTO_HCI 1
#define SOL_HCI 0

#define HCI_CHANNEL_RAW 0
#define HCI_CHANNEL_MONITOR 2

#define HCI_DEV_NONE 0xffff

/* The private data of both modules. */
struct pcap_bluetooth {
	u_int adapter;   /* HCI_DEV_NONE: all */
	bool gone;       /* the adapter was taken away; what came before it is still to be read */
	uint32_t errors; /* the adapter's count of them at activation */
	uint32_t flags;  /* PCAP_PACKET_ of the packet that was read last */
};

/* What was said of a message beside its bytes. */
struct hci_message {
	size_t size;   /* in full */
	size_t caplen; /* as far as it is there */
	bool incoming;
	struct timespec time;
};

/*
 * Opens the socket at p->fd, with its buffers, for the kernel's messages of min_size bytes and more; 0 or a PCAP_ERROR_
 * value. It is not bound yet, so that options can be set before the first message.
 */
int pcapint_hci_open(pcap_t *p);
int pcapint_hci_bind(pcap_t *p, u_int adapter, u_int channel);
/*
 * Receives a message, if there is one, into the handle's buffer, at headroom bytes from its start: 1, 0 if there is
 * none, or PCAP_ERROR, also for a message shorter than min_size.
 */
int pcapint_hci_receive(pcap_t *p, size_t headroom, size_t min_size, struct hci_message *message);
/* For packet_info_op: the direction of the packet that was read last. */
int pcapint_hci_packet_info(pcap_t *p, struct pcap_packet_info *info);
/* What the socket has received and lost. */
int pcapint_hci_stats64(pcap_t *p, struct pcap_stats64 *stats);

#endif
