/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for Bluetooth adapters on Linux: bluetooth0, bluetooth1 and so on, what goes between the host and the
 * controller (HCI), with its direction. It reads the kernel's raw HCI sockets.
 */
#include "bluetooth/hci.h"

#include <pcap/bluetooth.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int pcap_bt_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_bt_create(const char *device, char *errbuf);

#define NAME_PREFIX "bluetooth"
#define ADAPTERS_FOLDER "/sys/class/bluetooth"
#define ADAPTERS_MAX 64

/* ---- The kernel's interface: options, structures and requests of hci_sock.h ---- */

#define HCI_DATA_DIR 1
#define HCI_FILTER 2
#define HCI_TIME_STAMP 3

struct hci_filter {
	uint32_t type_mask;
	uint32_t event_mask[2];
	uint16_t opcode;
};

struct hci_adapters {
	uint16_t count;
	struct {
		uint16_t adapter;
		uint32_t flags;
	} list[ADAPTERS_MAX];
};

struct hci_adapter_info {
	uint16_t adapter;
	char name[8];
	uint8_t address[6];
	uint32_t flags;
	uint8_t type;
	uint8_t features[8];
	uint32_t packet_types, link_policy, link_mode;
	uint16_t acl_mtu, acl_packets, sco_mtu, sco_packets;
	uint32_t receive_errors, send_errors;
	uint32_t counts[8];
};

#define HCIGETDEVLIST _IOR('H', 210, int)
#define HCIGETDEVINFO _IOR('H', 211, int)

/* ---- Reading ---- */

static bool wanted_direction(const pcap_t *p, bool incoming)
{
	return p->direction == PCAP_D_INOUT || (p->direction == PCAP_D_IN) == incoming;
}

static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	pcap_bluetooth_h4_header direction;
	struct pcap_bluetooth *pb = p->priv;
	struct hci_message message;
	int status;

	do {
		status = pcapint_hci_receive(p, sizeof(direction), 1, &message);
	} while (status > 0 && !wanted_direction(p, message.incoming));
	if (status <= 0)
		return status;
	pb->flags = message.incoming ? PCAP_PACKET_INBOUND : PCAP_PACKET_OUTBOUND;
	direction.direction = htonl(message.incoming);
	memcpy(p->buffer, &direction, sizeof(direction));
	header->ts = pcapint_timestamp(p, message.time);
	header->caplen = sizeof(direction) + message.caplen;
	header->len = sizeof(direction) + message.size;
	*data = p->buffer;
	return 1;
}

static int bt_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

/* ---- The other operations ---- */

static int bt_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: packets can't be sent on a Bluetooth adapter here",
		p->opt.device);
	return PCAP_ERROR;
}

static int bt_setdirection(pcap_t *p, pcap_direction_t direction)
{
	p->direction = direction;
	return 0;
}

/* The errors that the adapter's driver counts, or the former number if the adapter can't be asked. */
static uint32_t adapter_errors(pcap_t *p, uint32_t former)
{
	const struct pcap_bluetooth *pb = p->priv;
	struct hci_adapter_info info = {.adapter = pb->adapter};

	if (ioctl(p->fd, HCIGETDEVINFO, &info) == -1)
		return former;
	return info.receive_errors + info.send_errors;
}

static int bt_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	const struct pcap_bluetooth *pb = p->priv;

	pcapint_hci_stats64(p, stats);
	stats->available |= PCAP_STATS64_IFDROP;
	stats->ifdrop = adapter_errors(p, pb->errors) - pb->errors;
	return 0;
}

/* ---- Activating ---- */

/*
 * All packets, each with direction and time. Who lacks CAP_NET_RAW gets a part only, and no error from the kernel; it
 * can be seen by what has become of the filter.
 */
static int ask_for_all(pcap_t *p)
{
	const struct hci_filter all = {UINT32_MAX, {UINT32_MAX, UINT32_MAX}, 0};
	struct hci_filter granted = {0};
	socklen_t size = sizeof(granted);
	int on = 1;

	if (setsockopt(p->fd, SOL_HCI, HCI_DATA_DIR, &on, sizeof(on)) == -1 ||
		setsockopt(p->fd, SOL_HCI, HCI_TIME_STAMP, &on, sizeof(on)) == -1 ||
		setsockopt(p->fd, SOL_HCI, HCI_FILTER, &all, sizeof(all)) == -1 ||
		getsockopt(p->fd, SOL_HCI, HCI_FILTER, &granted, &size) == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.32s: can't set the options of the HCI socket", p->opt.device);
		return PCAP_ERROR;
	}
	if (granted.type_mask == all.type_mask && granted.event_mask[0] == all.event_mask[0] &&
		granted.event_mask[1] == all.event_mask[1])
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: without the capability CAP_NET_RAW the kernel gives some of the events and nothing else",
		p->opt.device);
	return PCAP_WARNING;
}

static int bt_activate(pcap_t *p)
{
	struct pcap_bluetooth *pb = p->priv;
	int status, warning;

	*pb = (struct pcap_bluetooth){.adapter = pb->adapter};
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	if ((status = pcapint_hci_open(p)) < 0 || (warning = status = ask_for_all(p)) < 0 ||
		(status = pcapint_hci_bind(p, pb->adapter, HCI_CHANNEL_RAW)) < 0)
		return status;
	pb->errors = adapter_errors(p, 0);
	p->linktype = DLT_BLUETOOTH_HCI_H4_WITH_PHDR;
	p->read_op = bt_read;
	p->inject_op = bt_inject;
	p->setfilter_op = install_bpf_program;
	p->setdirection_op = bt_setdirection;
	p->stats64_op = bt_stats64;
	p->packet_info_op = pcapint_hci_packet_info;
	p->oneshot_callback = pcapint_oneshot_in_place;
	return warning;
}

/* ---- The two routines that the library calls ---- */

static int add_adapter(pcap_if_list_t *list, u_int adapter, char *errbuf)
{
	char name[32], description[64];

	snprintf(name, sizeof(name), NAME_PREFIX "%u", adapter);
	snprintf(description, sizeof(description), "Bluetooth adapter %u", adapter);
	return pcapint_add_dev(list, name, PCAP_IF_WIRELESS, description, errbuf) != NULL ? 0 : PCAP_ERROR;
}

int pcap_bt_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	struct hci_adapters adapters = {.count = ADAPTERS_MAX};
	int status = 0, fd;

	/* A socket would load the kernel's module; without it there are no adapters either. */
	if (access(ADAPTERS_FOLDER, F_OK) == -1)
		return 0;
	fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	if (fd == -1 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == EPERM || errno == EACCES))
		return 0;
	if (fd == -1 || ioctl(fd, HCIGETDEVLIST, &adapters) == -1) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't list the Bluetooth adapters");
		status = PCAP_ERROR;
		adapters.count = 0;
	}
	for (u_int i = 0; i < adapters.count && i < ADAPTERS_MAX && status == 0; i++)
		status = add_adapter(list, adapters.list[i].adapter, errbuf);
	if (fd != -1)
		close(fd);
	return status;
}

/* Whether the name is one of ours, with the adapter's number as the kernel writes it: no sign, no leading zeros. */
static bool get_adapter(const char *device, bpf_u_int32 *adapter)
{
	const char *number = device + strlen(NAME_PREFIX);

	return strncmp(device, NAME_PREFIX, strlen(NAME_PREFIX)) == 0 && (number[0] != '0' || number[1] == '\0') &&
	       pcapint_get_decuint(number, NULL, adapter) == 0 && *adapter < HCI_DEV_NONE;
}

pcap_t *pcap_bt_create(const char *device, char *errbuf)
{
	bpf_u_int32 adapter;
	char path[64];

	/* Not one of ours: NULL and an empty errbuf, and the next module is asked. */
	if (!get_adapter(device, &adapter))
		return NULL;
	snprintf(path, sizeof(path), ADAPTERS_FOLDER "/hci%u", adapter);
	if (access(path, F_OK) == -1 && access("/sys/class", F_OK) == 0) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.32s: there is no such Bluetooth adapter", device);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_bluetooth);
	if (p == NULL)
		return NULL;
	((struct pcap_bluetooth *)p->priv)->adapter = adapter;
	p->activate_op = bt_activate;
	return p;
}
