/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for Linux's Bluetooth monitor: bluetooth-monitor, which is all adapters together, with what the kernel
 * says of them (added, up, gone) and what programs ask of it. It reads the monitor channel of HCI sockets.
 */
#include "bluetooth/hci.h"

#include <pcap/bluetooth.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int pcap_bt_monitor_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_bt_monitor_create(const char *device, char *errbuf);

#define DEVICE_NAME "bluetooth-monitor"

/* What the kernel's messages begin with (hci_mon.h); all is little-endian. */
struct monitor_header {
	uint16_t opcode;
	uint16_t adapter;
	uint16_t size;
};

/* The direction of what has one, by opcode (hci_mon.h): commands, events, data of three kinds. */
static uint32_t packet_flags(uint16_t opcode)
{
	static const uint32_t flags[] = {[2] = PCAP_PACKET_OUTBOUND,
		[3] = PCAP_PACKET_INBOUND,
		[4] = PCAP_PACKET_OUTBOUND,
		[5] = PCAP_PACKET_INBOUND,
		[6] = PCAP_PACKET_OUTBOUND,
		[7] = PCAP_PACKET_INBOUND,
		[18] = PCAP_PACKET_OUTBOUND,
		[19] = PCAP_PACKET_INBOUND};

	return opcode < sizeof(flags) / sizeof(flags[0]) ? flags[opcode] : 0;
}

/* The packet's own header, which is shorter, takes the place of the end of the kernel's. */
static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	pcap_bluetooth_linux_monitor_header packet;
	struct pcap_bluetooth *pb = p->priv;
	struct monitor_header kernel;
	struct hci_message message;
	const size_t shorter = sizeof(kernel) - sizeof(packet);
	int status = pcapint_hci_receive(p, 0, sizeof(kernel), &message);

	if (status <= 0)
		return status;
	memcpy(&kernel, p->buffer, sizeof(kernel));
	pb->flags = packet_flags(le16toh(kernel.opcode));
	packet.adapter_id = htons(le16toh(kernel.adapter));
	packet.opcode = htons(le16toh(kernel.opcode));
	memcpy(p->buffer + shorter, &packet, sizeof(packet));
	header->ts = pcapint_timestamp(p, message.time);
	header->caplen = message.caplen - shorter;
	header->len = message.size - shorter;
	*data = p->buffer + shorter;
	return 1;
}

static int monitor_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

static int monitor_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: packets can't be sent on the Bluetooth monitor",
		p->opt.device);
	return PCAP_ERROR;
}

static int monitor_activate(pcap_t *p)
{
	struct pcap_bluetooth *pb = p->priv;
	int status, on = 1;

	*pb = (struct pcap_bluetooth){.adapter = HCI_DEV_NONE};
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	if ((status = pcapint_hci_open(p)) < 0)
		return status;
	if (setsockopt(p->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't have the kernel's time stamps", p->opt.device);
		return PCAP_ERROR;
	}
	if ((status = pcapint_hci_bind(p, HCI_DEV_NONE, HCI_CHANNEL_MONITOR)) < 0)
		return status;
	p->linktype = DLT_BLUETOOTH_LINUX_MONITOR;
	p->read_op = monitor_read;
	p->inject_op = monitor_inject;
	p->setfilter_op = install_bpf_program;
	p->stats64_op = pcapint_hci_stats64;
	p->packet_info_op = pcapint_hci_packet_info;
	p->oneshot_callback = pcapint_oneshot_in_place;
	return 0;
}

/* ---- The two routines that the library calls ---- */

/* It is there also without adapters: what is captured then is that one is plugged in. */
int pcap_bt_monitor_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	bpf_u_int32 flags = PCAP_IF_WIRELESS | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE;

	return pcapint_add_dev(list, DEVICE_NAME, flags, "All Bluetooth adapters, and the kernel's word of them",
		       errbuf) != NULL
		       ? 0
		       : PCAP_ERROR;
}

pcap_t *pcap_bt_monitor_create(const char *device, char *errbuf)
{
	if (strcmp(device, DEVICE_NAME) != 0)
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_bluetooth);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	p->activate_op = monitor_activate;
	return p;
}
