/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands between the ring and the callback for packets that can't be handed out as they are: those of several
 * interfaces, cooked ones, with a VLAN tag, to be filtered here. For the ring readers; all is done in place.
 */
#include "modules/linux/linux.h"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <string.h>

#include <pcap/can_socketcan.h>

#define ETHERNET_ADDRESSES (2 * ETH_ALEN)

void pcapint_linux_update_careful(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	lc->careful = lc->header != NULL || lc->ifindex == 0 || p->direction != PCAP_D_INOUT ||
		      lc->hatype == ARPHRD_LOOPBACK || lc->hatype == ARPHRD_CAN || lc->filter_in_userland ||
		      lc->switching || lc->skip > 0 || lc->check_hatype;
}

/*
 * What loopback and CAN interfaces send comes back as a packet that was received; of the two, one is enough. Where
 * outgoing packets alone were asked for there is but one.
 */
static bool wrong_direction(pcap_t *p, const struct sockaddr_ll *from)
{
	bool outgoing = from->sll_pkttype == PACKET_OUTGOING;

	if (p->direction == PCAP_D_OUT)
		return !outgoing;
	return outgoing &&
	       (p->direction == PCAP_D_IN || from->sll_hatype == ARPHRD_LOOPBACK || from->sll_hatype == ARPHRD_CAN);
}

/* Moves the first offset bytes to the front, and puts four bytes behind them. */
static void insert_tag(struct frame *frame, u_int offset, uint16_t first, uint16_t second)
{
	const uint16_t tag[2] = {htons(first), htons(second)};

	memmove(frame->data - VLAN_TAG_LEN, frame->data, offset);
	frame->data -= VLAN_TAG_LEN;
	memcpy(frame->data + offset, tag, VLAN_TAG_LEN);
	frame->caplen += VLAN_TAG_LEN;
	frame->len += VLAN_TAG_LEN;
}

/*
 * Puts the tag that the kernel has taken out where it was: after the addresses. In a cooked packet the header's
 * protocol becomes the tag's, and the rest of the tag and the protocol it is a tag of follow the header.
 */
static void restore_tag(const struct pcap_linux *lc, int linktype, struct frame *frame)
{
	uint16_t tpid = frame->status & TP_STATUS_VLAN_TPID_VALID ? frame->vlan_tpid : ETH_P_8021Q;

	if (lc->header == NULL) {
		if ((linktype == DLT_EN10MB || linktype == DLT_DOCSIS) && frame->caplen >= ETHERNET_ADDRESSES)
			insert_tag(frame, ETHERNET_ADDRESSES, tpid, frame->vlan_tci);
	} else if (linktype == DLT_LINUX_SLL || linktype == DLT_LINUX_SLL2) {
		uint16_t tag_protocol = htons(tpid), protocol;
		memcpy(&protocol, frame->data + lc->header->protocol_offset, sizeof(protocol));
		memcpy(frame->data + lc->header->protocol_offset, &tag_protocol, sizeof(tag_protocol));
		insert_tag(frame, lc->header->size, frame->vlan_tci, ntohs(protocol));
	}
}

/* The kernel has CAN headers in the host's byte order; DLT_CAN_SOCKETCAN has them in network byte order. */
static void swap_can_header(struct frame *frame, const struct sockaddr_ll *from)
{
	pcap_can_socketcan_hdr header;

	if (frame->caplen < sizeof(header))
		return;
	memcpy(&header, frame->data, sizeof(header));
	header.can_id = htonl(header.can_id);
	/* The flag by which readers tell CAN FD from CAN. */
	if (ntohs(from->sll_protocol) == LINUX_SLL_P_CANFD)
		header.fd_flags |= CANFD_FDF;
	memcpy(frame->data, &header, sizeof(header));
}

int pcapint_linux_deliver(pcap_t *p, struct frame *frame, pcap_handler callback, u_char *user)
{
	struct pcap_linux *lc = p->priv;
	/* A copy, since the header may be written over it. */
	const struct sockaddr_ll from = *frame->from;

	if (lc->switch_left > 0)
		lc->switch_left--;
	if (lc->skip > 0) {
		lc->skip--;
		lc->rejected++;
		return 0;
	}
	if (__builtin_expect(lc->check_hatype, 0)) {
		if (lc->ifindex != 0 && from.sll_hatype != lc->hatype) {
			lc->trouble = TROUBLE_TYPE_CHANGED;
			lc->rejected++;
			return 0;
		}
		lc->check_hatype = false;
		pcapint_linux_update_careful(p);
	}
	if (lc->header != NULL) {
		frame->data -= lc->header->size;
		frame->caplen += lc->header->size;
		frame->len += lc->header->size;
		lc->header->write(frame->data, &from);
	}
	bool filtered_here = lc->filter_in_userland || lc->switching;
	if (wrong_direction(p, &from) || (filtered_here && !pcapint_linux_passes_filter(p, frame, &from))) {
		lc->rejected++;
		return 0;
	}
	if (frame->status & TP_STATUS_VLAN_VALID)
		restore_tag(lc, p->linktype, frame);
	if (p->linktype == DLT_CAN_SOCKETCAN)
		swap_can_header(frame, &from);
	struct pcap_pkthdr header = {
		.ts = pcapint_linux_time(p, frame->sec, frame->nsec),
		.caplen = frame->caplen < (u_int)p->snapshot ? frame->caplen : (u_int)p->snapshot,
		.len = frame->len,
	};
	pcapint_linux_keep_from(lc, &from);
	callback(user, &header, frame->data);
	return 1;
}

int pcapint_linux_packet_info(pcap_t *p, struct pcap_packet_info *info)
{
	/* By sll_pkttype, whose values linux/if_packet.h has. */
	static const uint32_t flags[] = {
		[PACKET_HOST] = PCAP_PACKET_INBOUND | PCAP_PACKET_UNICAST,
		[PACKET_BROADCAST] = PCAP_PACKET_INBOUND | PCAP_PACKET_BROADCAST,
		[PACKET_MULTICAST] = PCAP_PACKET_INBOUND | PCAP_PACKET_MULTICAST,
		[PACKET_OTHERHOST] = PCAP_PACKET_INBOUND | PCAP_PACKET_PROMISCUOUS,
		[PACKET_OUTGOING] = PCAP_PACKET_OUTBOUND,
	};
	const struct sockaddr_ll *from = ((struct pcap_linux *)p->priv)->from;

	if (from == NULL)
		return 0;
	if (from->sll_pkttype < sizeof(flags) / sizeof(flags[0]))
		info->flags = flags[from->sll_pkttype];
	info->interface = (uint32_t)from->sll_ifindex;
	return 1;
}
