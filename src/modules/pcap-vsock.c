/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for virtual-machine sockets (vsock(7)): what guests and host send each other, as the interfaces of the
 * kernel's vsockmon driver show it. Each packet begins with the kernel's struct af_vsockmon_hdr (linux/vsockmon.h).
 */
#include "datagram.h"

#include <endian.h>
#include <string.h>
#include <linux/if_arp.h>
#include <linux/vsockmon.h>

#ifndef ARPHRD_VSOCKMON
#define ARPHRD_VSOCKMON 826 /* linux/if_arp.h, since Linux 4.12 */
#endif

int pcap_vsock_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_vsock_create(const char *device, char *errbuf);

struct pcap_vsock {
	struct datagram_capture capture;
};

static bool is_complete(const struct datagram *datagram)
{
	struct af_vsockmon_hdr header;

	if (datagram->caplen < sizeof(header))
		return false;
	memcpy(&header, datagram->data, sizeof(header));
	return le16toh(header.len) <= datagram->len - sizeof(header);
}

/* The kernel's header is the link-layer header; its transport header must be within the packet. */
static bool vsock_convert(pcap_t *p, struct datagram *datagram)
{
	return is_complete(datagram) && pcapint_datagram_take_packet_direction(p, datagram);
}

static const struct datagram_source source = {
	.convert = vsock_convert,
	.explain = pcapint_datagram_explain_interface,
	.largest = MAXIMUM_SNAPLEN,
};

static int vsock_activate(pcap_t *p)
{
	pcapint_datagram_begin(p, &source);
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	int status = pcapint_datagram_open_interface(p, p->opt.device, SOCK_RAW);
	if (status < 0)
		return status;
	p->linktype = DLT_VSOCK;
	p->setdirection_op = pcapint_datagram_setdirection;
	pcapint_datagram_finish(p);
	return 0;
}

/* They are network interfaces, and listed as such. */
int pcap_vsock_findalldevs(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	return 0;
}

pcap_t *pcap_vsock_create(const char *device, char *errbuf)
{
	if (!pcapint_datagram_is_instance(device, "vsockmon") ||
		!pcapint_datagram_is_interface(device, ARPHRD_VSOCKMON))
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_vsock);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	p->activate_op = vsock_activate;
	return p;
}
