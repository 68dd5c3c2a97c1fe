/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an interface's ARPHRD_ type to the link-layer types that captures on it can have: a row each. For activate.
 */
#include "modules/linux/linux.h"

#include <string.h>

#include <linux/if_arp.h>

/* The D channel of mISDN's and vISDN's interfaces; no kernel header has it. */
#define ARPHRD_LAPD 8445

/* Younger than some kernel headers in use. */
#ifndef ARPHRD_MCTP
#define ARPHRD_MCTP 290
#endif
#ifndef ARPHRD_RAWIP
#define ARPHRD_RAWIP 519
#endif
#ifndef ARPHRD_VSOCKMON
#define ARPHRD_VSOCKMON 826
#endif

#define COOKED                                                                                                     \
	{                                                                                                          \
		DLT_LINUX_SLL, DLT_LINUX_SLL2                                                                      \
	}
#define FIBRE_CHANNEL                                                                                              \
	{                                                                                                          \
		DLT_FC_2, DLT_FC_2_WITH_FRAME_DELIMS, DLT_IP_OVER_FC                                               \
	}

/*
 * Where the interface's own header is nothing that a filter or a reader could use, or differs from packet to packet,
 * packets are taken without it; what begins with the network layer (DLT_RAW) is taken in the same way.
 */
static const struct linux_link_type link_types[] = {
	/* A cable modem's head end can be told to send raw DOCSIS frames over Ethernet. */
	{ARPHRD_ETHER, false, {DLT_EN10MB, DLT_DOCSIS}},
	{ARPHRD_LOOPBACK, false, {DLT_EN10MB}},
	{ARPHRD_METRICOM, false, {DLT_EN10MB}},

	{ARPHRD_EETHER, false, {DLT_EN3MB}},
	{ARPHRD_AX25, false, {DLT_AX25_KISS}},
	{ARPHRD_PRONET, false, {DLT_PRONET}},
	{ARPHRD_CHAOS, false, {DLT_CHAOS}},
	{ARPHRD_IEEE802, false, {DLT_IEEE802}},
	{ARPHRD_IEEE802_TR, false, {DLT_IEEE802}},
	{ARPHRD_ARCNET, false, {DLT_ARCNET_LINUX}},
	{ARPHRD_FDDI, false, {DLT_FDDI}},
	{ARPHRD_LOCALTLK, false, {DLT_LTALK}},
	{ARPHRD_INFINIBAND, true, COOKED},
	{ARPHRD_IEEE1394, true, COOKED},

	{ARPHRD_IEEE80211, false, {DLT_IEEE802_11}},
	{ARPHRD_IEEE80211_PRISM, false, {DLT_PRISM_HEADER}},
	{ARPHRD_IEEE80211_RADIOTAP, false, {DLT_IEEE802_11_RADIO}},
	{ARPHRD_IEEE802154, false, {DLT_IEEE802_15_4_NOFCS}},
	{ARPHRD_IEEE802154_MONITOR, false, {DLT_IEEE802_15_4_WITHFCS}},

	{ARPHRD_TUNNEL, true, {DLT_RAW}},
	{ARPHRD_TUNNEL6, true, {DLT_RAW}},
	{ARPHRD_SIT, true, {DLT_RAW}},
	{ARPHRD_RAWIP, true, {DLT_RAW}},
	{ARPHRD_RAWHDLC, true, {DLT_RAW}},
	{ARPHRD_NONE, true, {DLT_RAW}},
	{ARPHRD_SLIP, true, {DLT_RAW}},
	{ARPHRD_CSLIP, true, {DLT_RAW}},
	{ARPHRD_SLIP6, true, {DLT_RAW}},
	{ARPHRD_CSLIP6, true, {DLT_RAW}},
	{ARPHRD_ADAPT, true, {DLT_RAW}},
	{ARPHRD_DLCI, true, {DLT_RAW}},

	/* A PPP interface's packets have a PPP header in one direction and none in the other. */
	{ARPHRD_PPP, true, COOKED},
	{ARPHRD_CISCO, false, {DLT_C_HDLC}},
	{ARPHRD_FRAD, false, {DLT_FRELAY}},
	{ARPHRD_ATM, true, COOKED},

	{ARPHRD_FCPP, false, FIBRE_CHANNEL},
	{ARPHRD_FCAL, false, FIBRE_CHANNEL},
	{ARPHRD_FCPL, false, FIBRE_CHANNEL},
	{ARPHRD_FCFABRIC, false, FIBRE_CHANNEL},

	{ARPHRD_CAN, false, {DLT_CAN_SOCKETCAN}},
	{ARPHRD_IRDA, true, {DLT_LINUX_IRDA}},
	{ARPHRD_LAPD, true, {DLT_LINUX_LAPD}},
	{ARPHRD_NETLINK, true, {DLT_NETLINK}},
	{ARPHRD_VSOCKMON, false, {DLT_VSOCK}},

	/* These carry packets of any protocol, or are of no registered link-layer type. */
	{ARPHRD_IPGRE, true, COOKED},
	{ARPHRD_IP6GRE, true, COOKED},
	{ARPHRD_PIMREG, true, COOKED},
	{ARPHRD_6LOWPAN, true, COOKED},
	{ARPHRD_NETROM, true, COOKED},
	{ARPHRD_ROSE, true, COOKED},
	{ARPHRD_X25, true, COOKED},
	{ARPHRD_HWX25, true, COOKED},
	{ARPHRD_LAPB, true, COOKED},
	{ARPHRD_DDCMP, true, COOKED},
	{ARPHRD_APPLETLK, true, COOKED},
	{ARPHRD_IPDDP, true, COOKED},
	{ARPHRD_EUI64, true, COOKED},
	{ARPHRD_SKIP, true, COOKED},
	{ARPHRD_HIPPI, true, COOKED},
	{ARPHRD_MCTP, true, COOKED},
	{ARPHRD_ECONET, true, COOKED},
	{ARPHRD_PHONET, true, COOKED},
	{ARPHRD_PHONET_PIPE, true, COOKED},
	{ARPHRD_CAIF, true, COOKED},
	{ARPHRD_VOID, true, COOKED},
};

/*
 * The port by which a host is connected to an Ethernet switch under its control: frames carry the switch's tag, in a
 * format that the kernel tells in sysfs.
 */
static const struct {
	const char *tagging;
	struct linux_link_type type;
} switch_types[] = {
	{"brcm", {ARPHRD_ETHER, false, {DLT_DSA_TAG_BRCM}}},
	{"brcm-prepend", {ARPHRD_ETHER, false, {DLT_DSA_TAG_BRCM_PREPEND}}},
	{"dsa", {ARPHRD_ETHER, false, {DLT_DSA_TAG_DSA}}},
	{"edsa", {ARPHRD_ETHER, false, {DLT_DSA_TAG_EDSA}}},
};

const struct linux_link_type *pcapint_linux_switch_type(const char *tagging)
{
	for (size_t i = 0; i < sizeof(switch_types) / sizeof(switch_types[0]); i++)
		if (strcmp(switch_types[i].tagging, tagging) == 0)
			return &switch_types[i].type;
	return NULL;
}

const struct linux_link_type *pcapint_linux_link_type(u_int hatype)
{
	for (size_t i = 0; i < sizeof(link_types) / sizeof(link_types[0]); i++)
		if (link_types[i].hatype == hatype)
			return &link_types[i];
	return NULL;
}
