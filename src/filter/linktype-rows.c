/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link types: a row each. Formats are those of the registry of link-layer header types; a type that has no row
 * can be asked for its bytes.
 */
#include <pcap.h>

#include "filter/link.h"

/* The protocols that stand for MPLS, as an Ethernet type and in PPP (RFC 3032). */
#define PPP_MPLS 0x0281

static const struct addresses ethernet_addresses = {.destination = 0, .source = 6, .size = 6};
static const struct addresses prepended_addresses = {.destination = 4, .source = 10, .size = 6};
static const struct addresses fddi_addresses = {.destination = 1, .source = 7, .size = 6};
static const struct addresses token_ring_addresses = {.destination = 2, .source = 8, .size = 6};
/* RFC 2625: a network header of two Fibre Channel names, which hold 48-bit addresses. */
static const struct addresses fibre_channel_addresses = {.destination = 2, .source = 10, .size = 6};
static const struct addresses arcnet_addresses = {.source = 0, .destination = 1, .size = 1, .broadcast = 0};
static const struct addresses bacnet_addresses = {.destination = 3, .source = 4, .size = 1, .broadcast = 0xff};

/* linux/if_packet.h: PACKET_OUTGOING */
static const struct direction_field cooked_direction = {.offset = 0, .size = 2, .sent = 4, .rest = true};
static const struct direction_field cooked2_direction = {.offset = 10, .size = 1, .sent = 4, .rest = true};
static const struct direction_field first_byte_direction = {.offset = 0, .size = 1, .sent = 1, .received = 0};
static const struct direction_field pflog_direction = {.offset = 60, .size = 1, .sent = 2, .received = 1};
static const struct direction_field ipnet_direction = {.offset = 2, .size = 2, .sent = 1, .received = 2};
static const struct direction_field juniper_direction = {
	.offset = 3, .size = 1, .mask = 1, .sent = 0, .received = 1};
/* The frame goes from the host's port of a switch, or to it: Marvell's tags in two bits, Broadcom's in three. */
static const struct direction_field dsa_direction = {.offset = 12, .size = 1, .mask = 0xc0, .sent = 0x40};
static const struct direction_field edsa_direction = {.offset = 16, .size = 1, .mask = 0xc0, .sent = 0x40};
static const struct direction_field brcm_direction = {.offset = 12, .size = 1, .mask = 0xe0, .sent = 0x20};
static const struct direction_field brcm_first_direction = {.offset = 0, .size = 1, .mask = 0xe0, .sent = 0x20};

/* Ethernet, whose type or length stands tag bytes further back than usual. */
#define ETHERNET_FORM(tag) .type = 12 + (tag), .payload = 14 + (tag), .network_nosnap = 3, .llc = llc_in_ethernet
#define ETHERNET_LIKE(number, tag, at)                                                                             \
	.dlt = number, ETHERNET_FORM(tag), .tell = tell_ethernet, .mpls = LINK_PROTO_MPLS,                         \
	.has = LINK_VLAN | LINK_PPPOE | LINK_ARP, .addresses = &(at)
#define ETHERNET(number, tag) ETHERNET_LIKE(number, tag, ethernet_addresses)

/* A header of some bytes, then LLC. */
#define LLC_FORM(header) .type = (header) + 6, .payload = header, .network = 8, .network_nosnap = 3
#define LLC(number, header) .dlt = number, LLC_FORM(header), .has = LINK_PPPOE | LINK_ARP, .tell = tell_llc

/* A header of some bytes, in which stands an Ethernet type. */
#define TYPED(number, at, header, told)                                                                            \
	.dlt = number, .type = at, .payload = header, .has = LINK_PPPOE | LINK_ARP, .tell = told

/* OSI's headers have a byte of padding before them. */
#define CISCO_HDLC(number) TYPED(number, 2, 4, tell_chdlc), .network_nosnap = 1, .mpls = LINK_PROTO_MPLS

#define PPP(number, at)                                                                                            \
	.dlt = number, .type = at, .payload = (at) + 2, .mpls = PPP_MPLS, .has = LINK_ARP, .tell = tell_ppp

/* 802.11: offsets from where the payload turns out to be. */
#define WLAN(number, and)                                                                                          \
	.dlt = number, .type = 6, .network = 8, .network_nosnap = 3,                                               \
	.has = LINK_VLAN | LINK_PPPOE | LINK_ARP | LINK_WLAN | (and), .tell = tell_wlan,                           \
	.address = wlan_addresses, .multicast = wlan_multicast, .llc = llc_in_wlan

#define IP_ONLY(number, header, told) .dlt = number, .payload = header, .tell = told

/* Juniper's headers: where the network header stands, and where OSI's does. */
#define JUNIPER(number, at, iso)                                                                                   \
	.dlt = number, .payload = at, .network_nosnap = (iso) - (at), .has = LINK_ARP | LINK_VAGUE,                \
	.tell = tell_juniper, .direction = &juniper_direction
#define JUNIPER_BYTES(number) .dlt = number, .direction = &juniper_direction

const struct linktype linktype_pppoe_session = {PPP(DLT_PPP, 0)};

/* LAN emulation: two bytes for the client, then Ethernet. */
const struct linktype linktype_lane = {
	ETHERNET_FORM(0),
	.dlt = DLT_SUNATM,
	.has = LINK_PPPOE | LINK_ARP | LINK_ATM,
	.tell = tell_ethernet,
	.addresses = &ethernet_addresses,
	.guard = is_lane_data,
};

const struct linktype linktype_vxlan = {ETHERNET(DLT_EN10MB, 0)};

const struct linktype linktype_geneve = {
	ETHERNET_FORM(0),
	.dlt = DLT_EN10MB,
	.mpls = LINK_PROTO_MPLS,
	.has = LINK_VLAN | LINK_PPPOE | LINK_ARP | LINK_MAYBE,
	.tell = tell_geneve,
	.tell_tagged = tell_ethernet,
	.addresses = &ethernet_addresses,
	.guard = is_geneve_ethernet,
};

static const struct linktype linktypes[] = {
	{ETHERNET(DLT_EN10MB, 0)},
	{ETHERNET(DLT_NETANALYZER, 0), .link = 4},
	{ETHERNET(DLT_NETANALYZER_TRANSPARENT, 0), .link = 12},
	{ETHERNET(DLT_DSA_TAG_BRCM, 4), .direction = &brcm_direction},
	{ETHERNET_LIKE(DLT_DSA_TAG_BRCM_PREPEND, 4, prepended_addresses), .direction = &brcm_first_direction},
	{ETHERNET(DLT_DSA_TAG_DSA, 4), .direction = &dsa_direction},
	{ETHERNET(DLT_DSA_TAG_EDSA, 8), .direction = &edsa_direction},

	{LLC(DLT_IEEE802, 14), .addresses = &token_ring_addresses, .llc = llc_always},
	{LLC(DLT_FDDI, 13), .addresses = &fddi_addresses, .llc = llc_always},
	{LLC(DLT_IP_OVER_FC, 16), .addresses = &fibre_channel_addresses},
	{LLC(DLT_ATM_RFC1483, 0), .llc = llc_always},
	{LLC(DLT_ATM_CLIP, 0)},
	{LLC_FORM(4), .dlt = DLT_SUNATM, .has = LINK_PPPOE | LINK_ARP | LINK_ATM, .tell = tell_sunatm,
		.llc = llc_in_sunatm},

	{WLAN(DLT_IEEE802_11, 0), .start = start_wlan},
	{WLAN(DLT_IEEE802_11_RADIO, LINK_RADIO), .start = start_radiotap},
	{WLAN(DLT_IEEE802_11_RADIO_AVS, LINK_RADIO), .start = start_avs},
	{WLAN(DLT_PRISM_HEADER, LINK_RADIO), .start = start_prism},
	{WLAN(DLT_PPI, 0), .start = start_ppi, .guard = is_ppi_wlan},

	{TYPED(DLT_LINUX_SLL, 14, 16, tell_cooked), .network_nosnap = 3, .direction = &cooked_direction},
	{TYPED(DLT_LINUX_SLL2, 0, 20, tell_cooked), .network_nosnap = 3, .direction = &cooked2_direction,
		.ifindex = 4},
	{TYPED(DLT_SYMANTEC_FIREWALL, 6, 44, tell_type)},
	{TYPED(DLT_APPLE_IP_OVER_IEEE1394, 16, 18, tell_type)},
	{TYPED(DLT_IPOIB, 0, 4, tell_type)},
	{CISCO_HDLC(DLT_C_HDLC)},
	{CISCO_HDLC(DLT_HDLC)},

	{PPP(DLT_PPP, 2)},
	{PPP(DLT_PPP_SERIAL, 2)},
	{PPP(DLT_PPP_PPPD, 2), .direction = &first_byte_direction},
	{PPP(DLT_PPP_ETHER, 6)},
	{.dlt = DLT_PPP_BSDOS, .type = 5, .payload = 24, .has = LINK_ARP, .tell = tell_ppp_bsdos},

	{IP_ONLY(DLT_RAW, 0, tell_version)},
	{IP_ONLY(DLT_IPV4, 0, tell_ipv4)},
	{IP_ONLY(DLT_IPV6, 0, tell_ipv6)},
	{IP_ONLY(DLT_SLIP, 16, tell_version), .direction = &first_byte_direction},
	{IP_ONLY(DLT_SLIP_BSDOS, 24, tell_version)},
	{IP_ONLY(DLT_NULL, 4, tell_null)},
	{IP_ONLY(DLT_LOOP, 4, tell_loop)},
	{IP_ONLY(DLT_ENC, 12, tell_null)},
	{IP_ONLY(DLT_PFLOG, 0, tell_pflog), .type = 1, .has = LINK_PF, .direction = &pflog_direction,
		.start = start_pflog},
	{IP_ONLY(DLT_IPNET, 24, tell_ipnet), .type = 1, .direction = &ipnet_direction},
	/* OSI's first byte is the one that tells the protocol. */
	{IP_ONLY(DLT_FRELAY, 3, tell_frame_relay), .type = 2, .network = 1},

	{.dlt = DLT_ARCNET,
		.type = 2,
		.payload = 6,
		.has = LINK_ARP,
		.tell = tell_arcnet,
		.addresses = &arcnet_addresses},
	{.dlt = DLT_ARCNET_LINUX,
		.type = 4,
		.payload = 8,
		.has = LINK_ARP,
		.tell = tell_arcnet,
		.addresses = &arcnet_addresses},
	{.dlt = DLT_LTALK, .tell = tell_localtalk},
	{.dlt = DLT_BACNET_MS_TP, .addresses = &bacnet_addresses},

	{JUNIPER(DLT_JUNIPER_MLPPP, 4, 4)},
	{JUNIPER(DLT_JUNIPER_MLFR, 4, 4)},
	{JUNIPER(DLT_JUNIPER_MFR, 4, 4)},
	{JUNIPER(DLT_JUNIPER_PPP, 4, 4)},
	{JUNIPER(DLT_JUNIPER_CHDLC, 4, 4)},
	{JUNIPER(DLT_JUNIPER_FRELAY, 4, 4)},
	{JUNIPER(DLT_JUNIPER_ATM1, 4, 14)},
	{JUNIPER(DLT_JUNIPER_ATM2, 8, 18)},
	{JUNIPER(DLT_JUNIPER_PPPOE_ATM, 6, 6)},
	{JUNIPER(DLT_JUNIPER_MONITOR, 12, 12)},
	{JUNIPER(DLT_JUNIPER_GGSN, 12, 12)},
	{JUNIPER(DLT_JUNIPER_PPPOE, 32, 35)},
	{JUNIPER(DLT_JUNIPER_ETHER, 32, 35)},
	{JUNIPER_BYTES(DLT_JUNIPER_ES)},
	{JUNIPER_BYTES(DLT_JUNIPER_SERVICES)},
	{JUNIPER_BYTES(DLT_JUNIPER_VP)},
	{JUNIPER_BYTES(DLT_JUNIPER_ISM)},
	{JUNIPER_BYTES(DLT_JUNIPER_ST)},
	{JUNIPER_BYTES(DLT_JUNIPER_VS)},
	{JUNIPER_BYTES(DLT_JUNIPER_SRX_E2E)},
	{JUNIPER_BYTES(DLT_JUNIPER_FIBRECHANNEL)},
	{JUNIPER_BYTES(DLT_JUNIPER_ATM_CEMIC)},

	{.dlt = DLT_MTP2, .has = LINK_SS7},
	{.dlt = DLT_MTP2_WITH_PHDR, .has = LINK_SS7, .ss7 = 4},
	/* Behind ERF's own header and that of a multichannel record. */
	{.dlt = DLT_ERF, .has = LINK_SS7, .ss7 = 20},
};

static const struct linktype other = {.dlt = -1};

const struct linktype *linktype_of(int dlt)
{
	for (size_t i = 0; i < sizeof(linktypes) / sizeof(linktypes[0]); i++)
		if (linktypes[i].dlt == dlt)
			return &linktypes[i];
	return &other;
}
