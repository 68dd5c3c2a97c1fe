/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link-layer types: their names, what users are told of them, and what stands for them in savefiles. Serves the
 * pcap_datalink_… calls and the savefile code.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/ascii.h"
#include "core/core.h"

#define NO_LINKTYPE (-1)
#define MIB (1024 * 1024)

struct link_type {
	const char *name; /* without DLT_; NULL where no type has the number */
	const char *description;
	int linktype;      /* LINKTYPE_ value, the number in files */
	u_int max_snaplen; /* bytes */
};

/* Each names its argument directly: passed on to another macro, NULL would be expanded. */
#define TYPE(dlt, description) [DLT_##dlt] = {#dlt, description, DLT_##dlt, MAXIMUM_SNAPLEN}
#define FILE_TYPE(dlt, linktype, description) [DLT_##dlt] = {#dlt, description, linktype, MAXIMUM_SNAPLEN}
#define BIG_TYPE(dlt, max_snaplen, description) [DLT_##dlt] = {#dlt, description, DLT_##dlt, max_snaplen}

/*
 * Indexed by DLT_ value. FILE_TYPE: files have it under another number than the DLT_ of some system. BIG_TYPE: its
 * packets get larger than those of networks; 128 MiB is the D-Bus specification's limit of a message.
 */
static const struct link_type link_types[] = {
	TYPE(NULL, "BSD loopback"),
	TYPE(EN10MB, "Ethernet"),
	TYPE(EN3MB, "Experimental 3 Mb/s Ethernet"),
	TYPE(AX25, "AX.25"),
	TYPE(PRONET, "Proteon ProNET token ring"),
	TYPE(CHAOS, "MIT Chaosnet"),
	TYPE(IEEE802, "Token ring"),
	TYPE(ARCNET, "ARCNET with BSD header"),
	TYPE(SLIP, "SLIP"),
	TYPE(PPP, "PPP"),
	TYPE(FDDI, "FDDI"),
	FILE_TYPE(ATM_RFC1483, 100, "LLC-encapsulated ATM (RFC 1483)"),
	FILE_TYPE(RAW, 101, "Raw IP"),
	FILE_TYPE(SLIP_BSDOS, 102, "SLIP with BSD/OS header"),
	FILE_TYPE(PPP_BSDOS, 103, "PPP with BSD/OS header"),
#ifdef __NetBSD__
	FILE_TYPE(HIPPI, 110, "HIPPI"),
#endif
	FILE_TYPE(ATM_CLIP, 106, "Linux Classical IP over ATM"),
	FILE_TYPE(REDBACK_SMARTEDGE, NO_LINKTYPE, "Redback SmartEdge"),
	TYPE(PPP_SERIAL, "PPP over serial with HDLC framing"),
	TYPE(PPP_ETHER, "PPPoE"),
	TYPE(SYMANTEC_FIREWALL, "Symantec Enterprise Firewall"),
	TYPE(C_HDLC, "Cisco HDLC"),
	TYPE(IEEE802_11, "802.11"),
	TYPE(FRELAY, "Frame Relay"),
	FILE_TYPE(LOOP, 108, "OpenBSD loopback"),
	FILE_TYPE(ENC, 109, "OpenBSD IPsec encapsulation"),
	FILE_TYPE(HDLC, 112, "NetBSD Cisco HDLC"),
	TYPE(LINUX_SLL, "Linux cooked v1"),
	TYPE(LTALK, "LocalTalk"),
	TYPE(ECONET, "Acorn Econet"),
	TYPE(IPFILTER, "OpenBSD ipfilter"),
	TYPE(PFLOG, "OpenBSD pflog"),
	TYPE(CISCO_IOS, "Cisco IOS internal"),
	TYPE(PRISM_HEADER, "802.11 plus Prism header"),
	TYPE(AIRONET_HEADER, "802.11 plus Aironet header"),
#ifdef DLT_HHDLC
	TYPE(HHDLC, "Siemens HiPath HDLC"),
#endif
	FILE_TYPE(PFSYNC, 246, "OpenBSD pfsync"),
	TYPE(IP_OVER_FC, "IP over Fibre Channel (RFC 2625)"),
	TYPE(SUNATM, "ATM with SunATM header"),
	TYPE(RIO, "RapidIO"),
	TYPE(PCI_EXP, "PCI Express"),
	TYPE(AURORA, "Xilinx Aurora link layer"),
	TYPE(IEEE802_11_RADIO, "802.11 plus radiotap header"),
	TYPE(TZSP, "Tazmen Sniffer Protocol"),
	TYPE(ARCNET_LINUX, "ARCNET with Linux header"),
	TYPE(JUNIPER_MLPPP, "Juniper Multilink PPP"),
	TYPE(JUNIPER_MLFR, "Juniper Multilink Frame Relay"),
	TYPE(JUNIPER_ES, "Juniper Encryption Services PIC"),
	TYPE(JUNIPER_GGSN, "Juniper GGSN PIC"),
	TYPE(JUNIPER_MFR, "Juniper FRF.16 Frame Relay"),
	TYPE(JUNIPER_ATM2, "Juniper ATM2 PIC"),
	TYPE(JUNIPER_SERVICES, "Juniper Advanced Services PIC"),
	TYPE(JUNIPER_ATM1, "Juniper ATM1 PIC"),
	TYPE(APPLE_IP_OVER_IEEE1394, "Apple IP over IEEE 1394"),
	TYPE(MTP2_WITH_PHDR, "SS7 MTP2 with pseudo-header"),
	TYPE(MTP2, "SS7 MTP2"),
	TYPE(MTP3, "SS7 MTP3"),
	TYPE(SCCP, "SS7 SCCP"),
	TYPE(DOCSIS, "DOCSIS"),
	TYPE(LINUX_IRDA, "Linux IrDA"),
	TYPE(IBM_SP, "IBM SP switch"),
	TYPE(IBM_SN, "IBM Next Federation switch"),
	TYPE(USER0, "Private use 0"),
	TYPE(USER1, "Private use 1"),
#ifdef __APPLE__
	FILE_TYPE(PKTAP, 258, "Apple PKTAP"),
#else
	TYPE(USER2, "Private use 2"),
#endif
	TYPE(USER3, "Private use 3"),
	TYPE(USER4, "Private use 4"),
	TYPE(USER5, "Private use 5"),
	TYPE(USER6, "Private use 6"),
	TYPE(USER7, "Private use 7"),
	TYPE(USER8, "Private use 8"),
	TYPE(USER9, "Private use 9"),
	TYPE(USER10, "Private use 10"),
	TYPE(USER11, "Private use 11"),
	TYPE(USER12, "Private use 12"),
	TYPE(USER13, "Private use 13"),
	TYPE(USER14, "Private use 14"),
	TYPE(USER15, "Private use 15"),
	TYPE(IEEE802_11_RADIO_AVS, "802.11 plus AVS radio header"),
	TYPE(JUNIPER_MONITOR, "Juniper Passive Monitor PIC"),
	TYPE(BACNET_MS_TP, "BACnet MS/TP"),
	TYPE(PPP_PPPD, "PPP with pppd direction byte"),
	TYPE(JUNIPER_PPPOE, "Juniper PPPoE"),
	TYPE(JUNIPER_PPPOE_ATM, "Juniper PPPoE over ATM"),
	TYPE(GPRS_LLC, "GPRS LLC"),
	TYPE(GPF_T, "GPF-T (ITU-T G.7041)"),
	TYPE(GPF_F, "GPF-F (ITU-T G.7041)"),
	TYPE(GCOM_T1E1, "Gcom T1/E1 line monitoring"),
	TYPE(GCOM_SERIAL, "Gcom serial line monitoring"),
	TYPE(JUNIPER_PIC_PEER, "Juniper PIC Peer"),
	TYPE(ERF_ETH, "Ethernet with Endace ERF header"),
	TYPE(ERF_POS, "Packet over SONET with Endace ERF header"),
	TYPE(LINUX_LAPD, "Linux vISDN LAPD"),
	TYPE(JUNIPER_ETHER, "Juniper Ethernet"),
	TYPE(JUNIPER_PPP, "Juniper PPP"),
	TYPE(JUNIPER_FRELAY, "Juniper Frame Relay"),
	TYPE(JUNIPER_CHDLC, "Juniper C-HDLC"),
	TYPE(MFR, "FRF.16 Multilink Frame Relay"),
	TYPE(JUNIPER_VP, "Juniper Voice PIC"),
	TYPE(A429, "ARINC 429"),
	TYPE(A653_ICM, "ARINC 653 interpartition communication"),
	TYPE(USB_FREEBSD, "USB with FreeBSD header"),
	TYPE(BLUETOOTH_HCI_H4, "Bluetooth HCI UART transport layer"),
	TYPE(IEEE802_16_MAC_CPS, "IEEE 802.16 MAC Common Part Sublayer"),
	TYPE(USB_LINUX, "USB with Linux header"),
	TYPE(CAN20B, "CAN 2.0B"),
	TYPE(IEEE802_15_4_LINUX, "IEEE 802.15.4 with Linux padding"),
	TYPE(PPI, "Per-Packet Information"),
	TYPE(IEEE802_16_MAC_CPS_RADIO, "IEEE 802.16 MAC Common Part Sublayer plus radio header"),
	TYPE(JUNIPER_ISM, "Juniper Integrated Services Module"),
	TYPE(IEEE802_15_4, "IEEE 802.15.4 with FCS"),
	TYPE(SITA, "SITA pseudo-header"),
	TYPE(ERF, "Endace ERF header"),
	TYPE(RAIF1, "Ethernet with u10 Networks pseudo-header"),
	TYPE(IPMB_KONTRON, "IPMB with Kontron pseudo-header"),
	TYPE(JUNIPER_ST, "Juniper Secure Tunnel"),
	TYPE(BLUETOOTH_HCI_H4_WITH_PHDR, "Bluetooth HCI UART transport layer plus direction"),
	TYPE(AX25_KISS, "AX.25 with KISS header"),
	TYPE(LAPD, "LAPD (ITU-T Q.921)"),
	TYPE(PPP_WITH_DIR, "PPP with direction byte"),
	TYPE(C_HDLC_WITH_DIR, "Cisco HDLC with direction byte"),
	TYPE(FRELAY_WITH_DIR, "Frame Relay with direction byte"),
	TYPE(LAPB_WITH_DIR, "LAPB with direction byte"),
	TYPE(I2C_LINUX, "I2C with Linux pseudo-header"),
	TYPE(FLEXRAY, "FlexRay"),
	TYPE(MOST, "Media Oriented Systems Transport (MOST)"),
	TYPE(LIN, "Local Interconnect Network (LIN)"),
	TYPE(X2E_SERIAL, "X2E serial line capture"),
	TYPE(X2E_XORAYA, "X2E Xoraya data logger"),
	TYPE(IEEE802_15_4_NONASK_PHY, "IEEE 802.15.4 with non-ASK PHY header"),
	TYPE(LINUX_EVDEV, "Linux evdev input events"),
	TYPE(GSMTAP_UM, "GSM Um interface with GSMTAP header"),
	TYPE(GSMTAP_ABIS, "GSM Abis interface with GSMTAP header"),
	TYPE(MPLS, "MPLS"),
	TYPE(USB_LINUX_MMAPPED, "USB with padded Linux header"),
	TYPE(DECT, "DECT"),
	TYPE(AOS, "CCSDS AOS space data link"),
	TYPE(WIHART, "WirelessHART"),
	TYPE(FC_2, "Fibre Channel FC-2"),
	TYPE(FC_2_WITH_FRAME_DELIMS, "Fibre Channel FC-2 with frame delimiters"),
	TYPE(IPNET, "Solaris ipnet"),
	TYPE(CAN_SOCKETCAN, "CAN bus with SocketCAN header"),
	TYPE(IPV4, "Raw IPv4"),
	TYPE(IPV6, "Raw IPv6"),
	TYPE(IEEE802_15_4_NOFCS, "IEEE 802.15.4 without FCS"),
	BIG_TYPE(DBUS, 128 * MIB, "D-Bus"),
	TYPE(JUNIPER_VS, "Juniper Virtual Server"),
	TYPE(JUNIPER_SRX_E2E, "Juniper SRX E2E"),
	TYPE(JUNIPER_FIBRECHANNEL, "Juniper Fibre Channel"),
	TYPE(DVB_CI, "DVB Common Interface"),
	TYPE(MUX27010, "3GPP TS 27.010 multiplexer"),
	TYPE(STANAG_5066_D_PDU, "STANAG 5066 D_PDU"),
	TYPE(JUNIPER_ATM_CEMIC, "Juniper ATM CEMIC"),
	TYPE(NFLOG, "Linux netfilter log"),
	TYPE(NETANALYZER, "Ethernet with Hilscher netANALYZER header"),
	TYPE(NETANALYZER_TRANSPARENT, "Ethernet with Hilscher netANALYZER header, preamble and SFD"),
	TYPE(IPOIB, "IP over InfiniBand (RFC 4391)"),
	TYPE(MPEG_2_TS, "MPEG-2 transport stream"),
	TYPE(NG40, "ng40 protocol tester Iub/Iur"),
	TYPE(NFC_LLCP, "NFC LLCP with pseudo-header"),
	TYPE(INFINIBAND, "InfiniBand"),
	TYPE(SCTP, "SCTP"),
	BIG_TYPE(USBPCAP, 128 * MIB, "USB with USBPcap header"),
	TYPE(RTAC_SERIAL, "Serial line with SEL RTAC header"),
	TYPE(BLUETOOTH_LE_LL, "Bluetooth Low Energy link layer"),
	TYPE(WIRESHARK_UPPER_PDU, "Wireshark exported PDU"),
	TYPE(NETLINK, "Linux netlink"),
	TYPE(BLUETOOTH_LINUX_MONITOR, "Bluetooth Linux monitor"),
	TYPE(BLUETOOTH_BREDR_BB, "Bluetooth BR/EDR baseband"),
	TYPE(BLUETOOTH_LE_LL_WITH_PHDR, "Bluetooth Low Energy link layer with pseudo-header"),
	TYPE(PROFIBUS_DL, "PROFIBUS data link layer"),
#ifndef __APPLE__
	TYPE(PKTAP, "Apple PKTAP"),
#endif
	TYPE(EPON, "Ethernet with EPON preamble"),
	TYPE(IPMI_HPM_2, "IPMI trace (PICMG HPM.2)"),
	TYPE(ZWAVE_R1_R2, "Z-Wave radio, profiles R1 and R2"),
	TYPE(ZWAVE_R3, "Z-Wave radio, profile R3"),
	TYPE(WATTSTOPPER_DLM, "WattStopper DLM and Legrand Nitoo"),
	TYPE(ISO_14443, "ISO 14443 contactless card"),
	TYPE(RDS, "Radio Data System groups (IEC 62106)"),
	TYPE(USB_DARWIN, "USB with Darwin header"),
	TYPE(OPENFLOW, "OpenBSD OpenFlow"),
	TYPE(SDLC, "IBM SDLC"),
	TYPE(TI_LLN_SNIFFER, "Texas Instruments LLN sniffer"),
	TYPE(LORATAP, "LoRaWAN with LoRaTap header"),
	TYPE(VSOCK, "Linux vsock"),
	TYPE(NORDIC_BLE, "Nordic Semiconductor Bluetooth LE sniffer"),
	TYPE(DOCSIS31_XRA31, "DOCSIS 3.1 with Excentis XRA-31 header"),
	TYPE(ETHERNET_MPACKET, "Ethernet mPackets (802.3br)"),
	TYPE(DISPLAYPORT_AUX, "DisplayPort AUX channel"),
	TYPE(LINUX_SLL2, "Linux cooked v2"),
	TYPE(SERCOS_MONITOR, "Sercos Monitor"),
	TYPE(OPENVIZSLA, "OpenVizsla USB analyzer"),
	BIG_TYPE(EBHSCR, 8 * MIB, "Elektrobit High Speed Capture and Replay"),
	TYPE(VPP_DISPATCH, "VPP graph dispatch trace"),
	TYPE(DSA_TAG_BRCM, "Ethernet with Broadcom switch tag"),
	TYPE(DSA_TAG_BRCM_PREPEND, "Ethernet with Broadcom switch tag in front"),
	TYPE(IEEE802_15_4_TAP, "IEEE 802.15.4 with TAP header"),
	TYPE(DSA_TAG_DSA, "Ethernet with Marvell DSA tag"),
	TYPE(DSA_TAG_EDSA, "Ethernet with Marvell EDSA tag"),
	TYPE(ELEE, "ELEE lawful interception"),
	TYPE(Z_WAVE_SERIAL, "Z-Wave serial line between host and chip"),
	TYPE(USB_2_0, "USB 2.0, 1.1 and 1.0 on the wire"),
	TYPE(ATSC_ALP, "ATSC Link-Layer Protocol"),
	TYPE(ETW, "Event Tracing for Windows"),
	TYPE(NETANALYZER_NG, "Ethernet with Hilscher netANALYZER NG footer"),
	TYPE(ZBOSS_NCP, "ZBOSS network coprocessor serial line"),
	TYPE(USB_2_0_LOW_SPEED, "USB low speed on the wire"),
	TYPE(USB_2_0_FULL_SPEED, "USB full speed on the wire"),
	TYPE(USB_2_0_HIGH_SPEED, "USB high speed on the wire"),
	TYPE(AUERSWALD_LOG, "Auerswald log"),
	TYPE(ZWAVE_TAP, "Z-Wave with TAP header"),
	TYPE(SILABS_DEBUG_CHANNEL, "Silicon Labs debug channel"),
	TYPE(FIRA_UCI, "FiRa ultra-wideband command interface (UCI)"),
	TYPE(MDB, "Multi-Drop Bus (vending machines)"),
	TYPE(DECT_NR, "DECT-2020 New Radio"),
	TYPE(EDK2_MM, "EDK II management mode requests"),
	TYPE(DEBUG_ONLY, "Debugging only"),
	TYPE(DECT_NR_TAP, "DECT-2020 New Radio with TAP header"),
};

#define LINK_TYPE_COUNT ((int)(sizeof(link_types) / sizeof(link_types[0])))

/* Second names, for reading only: pcap/dlt.h has them, or had them once. */
static const struct {
	const char *name;
	int dlt;
} aliases[] = {
	{"CHDLC", DLT_CHDLC},
	{"IEEE802_15_4_WITHFCS", DLT_IEEE802_15_4_WITHFCS},
	{"IPMB_LINUX", DLT_IPMB_LINUX},
	{"LINUX_PPP_WITHDIRECTION", DLT_LINUX_PPP_WITHDIRECTION},
	{"PPP_WITH_DIRECTION", DLT_PPP_WITH_DIRECTION},
	{"USB", DLT_USB},
};

static const struct link_type *find_link_type(int dlt)
{
	if (dlt < 0 || dlt >= LINK_TYPE_COUNT || link_types[dlt].name == NULL)
		return NULL;
	return &link_types[dlt];
}

int pcap_datalink_name_to_val(const char *name)
{
	if (name == NULL)
		return PCAP_ERROR;
	for (int dlt = 0; dlt < LINK_TYPE_COUNT; dlt++) {
		if (link_types[dlt].name != NULL && ascii_same(link_types[dlt].name, name))
			return dlt;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (ascii_same(aliases[i].name, name))
			return aliases[i].dlt;
	}
	return PCAP_ERROR;
}

const char *pcap_datalink_val_to_name(int datalink)
{
	const struct link_type *type = find_link_type(datalink);

	return type != NULL ? type->name : NULL;
}

const char *pcap_datalink_val_to_description(int datalink)
{
	const struct link_type *type = find_link_type(datalink);

	return type != NULL ? type->description : NULL;
}

const char *pcap_datalink_val_to_description_or_dlt(int datalink)
{
	static _Thread_local char unknown[sizeof("DLT -2147483648")];
	const char *description = pcap_datalink_val_to_description(datalink);

	if (description != NULL)
		return description;
	snprintf(unknown, sizeof(unknown), "DLT %d", datalink);
	return unknown;
}

void pcap_free_datalinks(int *datalinks)
{
	free(datalinks);
}

/*
 * Numbers above DLT_MATCHING_MAX are of types that a later registry knows: they are the same in files, so that a
 * file with one can be copied. A file has 16 bits for the number, and NetBSD's class above them.
 */
int pcapint_dlt_to_linktype(int dlt)
{
	const struct link_type *type = find_link_type(dlt);

	if (type != NULL)
		return type->linktype;
	if (dlt >= DLT_MATCHING_MIN && dlt <= 0xffff)
		return dlt;
	return dlt >= 0 && DLT_IS_NETBSD_RAWAF(dlt) && dlt <= DLT_NETBSD_RAWAF(0xffff) ? dlt : NO_LINKTYPE;
}

int pcapint_linktype_to_dlt(int linktype)
{
	const struct link_type *type = find_link_type(linktype);

	if (type != NULL && type->linktype == linktype)
		return linktype;
	if (linktype < 0)
		return linktype;
	for (int dlt = 0; dlt < LINK_TYPE_COUNT; dlt++) {
		if (link_types[dlt].name != NULL && link_types[dlt].linktype == linktype)
			return dlt;
	}
	return linktype;
}

u_int pcapint_max_snaplen_for_dlt(int dlt)
{
	const struct link_type *type = find_link_type(dlt);

	return type != NULL ? type->max_snaplen : MAXIMUM_SNAPLEN;
}
