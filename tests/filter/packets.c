/* SPDX-License-Identifier: BSD-3-Clause */
/* Link layers of the packets of packets.h, as rows, and what stands between them and the network layer. */
#include "packets.h"

#include <ctype.h>
#include <string.h>

#include "../lib/random-numbers.h"
#include "packet-writer.h"

/* How headers tell a network protocol; 0: they can't. */
struct network {
	uint16_t ethernet; /* Ethernet type */
	uint16_t ppp;
	uint8_t sap; /* of an LLC header without SNAP */
	uint8_t nlpid;
	uint8_t family;       /* Linux's AF_ value */
	uint8_t organization; /* of SNAP, its last byte: 7 for Apple's 08:00:07 */
	void (*write)(struct writer *out);
};

static void write_mpls(struct writer *out);
static void write_pppoe(struct writer *out);

static const struct network networks[] = {
	{.ethernet = 0x0800, .ppp = 0x0021, .sap = 0x06, .nlpid = 0xcc, .family = 2, .write = write_ipv4},
	{.ethernet = 0x86dd, .ppp = 0x0057, .nlpid = 0x8e, .family = 10, .write = write_ipv6},
	{.ethernet = 0x0806, .write = write_arp},
	{.ethernet = 0x8035, .write = write_arp},
	{.ppp = 0x0023, .sap = 0xfe, .nlpid = 0x81, .family = 7, .write = write_iso},
	{.ppp = 0x0031, .sap = 0x42, .write = write_noise},
	{.ethernet = 0x8137, .ppp = 0x002b, .sap = 0xe0, .family = 23, .write = write_noise},
	{.sap = 0xf0, .write = write_noise},
	{.ethernet = 0x809b, .ppp = 0x0029, .organization = 7, .write = write_noise},
	{.ethernet = 0x80f3, .write = write_noise},
	{.ethernet = 0x6003, .ppp = 0x0027, .family = 12, .write = write_decnet},
	{.ethernet = 0x6004, .write = write_noise},
	{.ethernet = 0x6007, .write = write_noise},
	{.ethernet = 0x6001, .write = write_noise},
	{.ethernet = 0x6002, .write = write_noise},
	{.ethernet = 0x9000, .write = write_noise},
	{.ethernet = 0x8847, .ppp = 0x0281, .write = write_mpls},
	{.ethernet = 0x8864, .write = write_pppoe},
	{.ethernet = 0x8863, .write = write_noise},
	{.ethernet = 0x1234, .ppp = 0x4321, .sap = 0xaa, .nlpid = 3, .family = 77, .write = write_noise},
};

/* Half of the packets are IPv4 or IPv6. */
static const struct network *random_network(struct writer *out)
{
	return &networks[one_in(out, 2) ? below(out, 2) : below(out, sizeof(networks) / sizeof(networks[0]))];
}

static void write_mpls(struct writer *out)
{
	static const uint32_t labels[] = {3, 100, 1024};
	uint32_t count = 1 + below(out, 3);

	for (uint32_t i = 1; i <= count; i++)
		put(out, PICK(out, labels) << 12 | (i == count) << 8 | 64, 4);
	networks[below(out, 2)].write(out);
}

static void write_pppoe(struct writer *out)
{
	static const uint16_t sessions[] = {1, 7, 0xffff};
	const struct network *network = random_network(out);

	put(out, 0x1100, 2);
	put(out, PICK(out, sessions), 2);
	put(out, 100, 2);
	put(out, network->ppp != 0 ? network->ppp : 0xc021, 2);
	network->write(out);
}

static void write_llc(struct writer *out, const struct network *network)
{
	static const uint8_t controls[] = {0x03, 0x00, 0x01, 0x05, 0x09, 0x63, 0x43, 0x6f, 0xe3, 0xaf, 0x87, 0x13};

	if (network->sap != 0 && (network->ethernet == 0 || one_in(out, 3))) {
		put(out, network->sap, 1);
		put(out, network->sap | one_in(out, 8), 1);
		put(out, one_in(out, 2) ? 0x03 : PICK(out, controls), 1);
		return;
	}
	put(out, 0xaaaa03, 3);
	put(out, network->organization == 7 ? 0x080007 : 0, 3);
	put(out, network->ethernet, 2);
}

static void write_tags(struct writer *out)
{
	static const uint16_t types[] = {0x8100, 0x8100, 0x88a8, 0x9100};
	static const uint16_t tags[] = {5, 10, 20, 0, 4095};

	for (uint32_t n = one_in(out, 3) ? below(out, 4) : 0; n > 0; n--) {
		put(out, PICK(out, types), 2);
		put(out, PICK(out, tags) | below(out, 8) << 13, 2);
	}
}

/* An Ethernet type, or a length and an LLC header. */
static void write_ethernet_type(struct writer *out, const struct network *network, bool tags)
{
	if (tags)
		write_tags(out);
	if (network->ethernet != 0 && !one_in(out, 8)) {
		put(out, network->ethernet, 2);
		return;
	}
	put(out, 46 + below(out, 1400), 2);
	if (network->sap == 0xe0 && one_in(out, 3))
		put(out, 0xffff, 2);
	else
		write_llc(out, network);
}

/* IEEE 802.11: a data frame, most often. */
static void write_wlan(struct writer *out, const struct network *network)
{
	static const uint8_t first[] = {0x08, 0x08, 0x88, 0x88, 0x48, 0x80, 0x40, 0xb4, 0xc4, 0xd4, 0xa4, 0x0c};
	uint8_t control = PICK(out, first),
		flags = below(out, 4) | (one_in(out, 6) ? random_number(out->state) : 0);

	put(out, control, 1);
	put(out, flags, 1);
	put(out, 0, 2);
	for (int i = 0; i < 3; i++)
		put_mac(out);
	put(out, random_number(out->state), 2);
	if ((flags & 3) == 3)
		put_mac(out);
	if ((control & 0x8c) == 0x88)
		put(out, 0, 2);
	write_llc(out, network);
}

static void put_le(struct writer *out, uint32_t value, int size)
{
	for (; size-- > 0; value >>= 8)
		put(out, value & 0xff, 1);
}

static void write_radiotap(struct writer *out)
{
	uint32_t rest = below(out, 3) * 4;
	bool flags = one_in(out, 2), tsft = one_in(out, 3);

	put(out, 0, 2);
	put_le(out, 8 + rest + (flags ? 4 : 0) + (tsft ? 8 : 0), 2);
	put_le(out, (flags ? 2 : 0) | (tsft ? 1 : 0), 4);
	if (tsft)
		put_le(out, 1, 4), put_le(out, 0, 4);
	if (flags)
		put(out, one_in(out, 2) ? 0x20 : 0x00, 1), put(out, 0, 3);
	for (; rest > 0; rest -= 4)
		put(out, random_number(out->state), 4);
}

/* Per-packet information: version and flags, length, link type, of which 105 is 802.11; no fields, or one. */
static void write_ppi(struct writer *out)
{
	bool field = one_in(out, 2);

	put(out, 0, 2);
	put_le(out, field ? 16 : 8, 2);
	put_le(out, one_in(out, 5) ? 1 : 105, 4);
	if (field)
		put_le(out, 9, 2), put_le(out, 4, 2), put_le(out, 0x55, 4);
}

/* OpenBSD's header of its packet filter's log: its length, the family, and what the filter did. */
static void write_pflog(struct writer *out, const struct network *network)
{
	static const char *const interfaces[] = {"eth0", "eth1", "lo"};
	char name[16] = "", rules[16] = "";

	strcpy(name, PICK(out, interfaces));
	strcpy(rules, one_in(out, 2) ? "main" : "other");
	put(out, one_in(out, 2) ? 61 : 100, 1);
	put(out, network->family, 1);
	put(out, below(out, 2), 1);
	put(out, below(out, 4), 1);
	put_bytes(out, name, 16);
	put_bytes(out, rules, 16);
	put(out, below(out, 3), 4);
	put(out, below(out, 3), 4);
	put_noise(out, 16);
	put(out, 1 + below(out, 2), 1);
	put_noise(out, out->packet->data[0] == 61 ? 3 : 39);
}

/*
 * A header, in words: hexadecimal digits are bytes; "?" is a byte at random, "*" one from 0 to 4; "m" a 48-bit
 * address; what tells the network protocol: "e" its Ethernet type, "t" that behind VLAN tags, "E" the type alone, "l"
 * an LLC header, "p" a PPP protocol, "c" Cisco's HDLC type, "n" an NLPID, "a" and "A" an AF value in little and big
 * endian, "f" one in a byte; "w" an 802.11 header, "r" a radiotap header, "P" one of PPI, "F" PF's, "s" SS7 noise.
 */
static const struct link {
	int linktype;
	const char *header;
} links[] = {
	{DLT_EN10MB, "m m t"},
	{DLT_IEEE802, "10 40 m m l"},
	{DLT_FDDI, "50 m m l"},
	{DLT_IP_OVER_FC, "1000 m 1000 m l"},
	{DLT_ATM_RFC1483, "l"},
	{DLT_ATM_CLIP, "l"},
	{DLT_SUNATM, "* * 00 * l"},
	{DLT_SUNATM, "01 00 00 05 0000 m m e"},
	{DLT_IEEE802_11, "w"},
	{DLT_IEEE802_11_RADIO, "r w"},
	{DLT_IEEE802_11_RADIO_AVS, "80211001 00000010 00000000 ???? w"},
	{DLT_PRISM_HEADER,
		"44000000 90000000 00000000 ???????????????? ???????????????? ???????????????? "
		"???????????????? ???????????????? ???????????????? ???????????????? ???????????????? ???? w"},
	{DLT_PPI, "P w"},
	{DLT_LINUX_SLL, "00 * 0001 0006 m 0000 E"},
	{DLT_LINUX_SLL2, "E 0000 0000 00 0* 0001 * 06 m 0000"},
	{DLT_SYMANTEC_FIREWALL, "?????? E ???????? ???????? ???????? ???????? ????"},
	{DLT_APPLE_IP_OVER_IEEE1394, "m ?? m ?? E"},
	{DLT_IPOIB, "E 0000"},
	{DLT_C_HDLC, "0f 00 c"},
	{DLT_HDLC, "0f 00 c"},
	{DLT_PPP, "ff 03 p"},
	{DLT_PPP_SERIAL, "ff 03 p"},
	{DLT_PPP_PPPD, "* 03 p"},
	{DLT_PPP_ETHER, "11 00 0001 0040 p"},
	{DLT_PPP_BSDOS, "?? ??? p ????????????????? "},
	{DLT_RAW, ""},
	{DLT_IPV4, ""},
	{DLT_IPV6, ""},
	{DLT_SLIP, "* ???????????????"},
	{DLT_SLIP_BSDOS, "???????????????? ????????"},
	{DLT_NULL, "a"},
	{DLT_LOOP, "A"},
	{DLT_ENC, "a ????????"},
	{DLT_PFLOG, "F"},
	{DLT_IPNET, "01 f 000* ???????? ???????? ????"},
	{DLT_FRELAY, "18 41 03 n"},
	{DLT_ARCNET, "* * E ????"},
	{DLT_ARCNET_LINUX, "* * ?? E ????"},
	{DLT_LTALK, "* * *"},
	{DLT_BACNET_MS_TP, "55 ff 05 * * 0000 ??"},
	{DLT_NETANALYZER, "???? m m t"},
	{DLT_NETANALYZER_TRANSPARENT, "???????? ???? m m t"},
	{DLT_DSA_TAG_BRCM, "m m ???? e"},
	{DLT_DSA_TAG_BRCM_PREPEND, "???? m m e"},
	{DLT_DSA_TAG_DSA, "m m ???? e"},
	{DLT_DSA_TAG_EDSA, "m m dada 0000 ???? e"},
	{DLT_JUNIPER_MLPPP, "4d4743 * "},
	{DLT_JUNIPER_MFR, "4d4743 * "},
	{DLT_JUNIPER_PPP, "4d4743 * "},
	{DLT_JUNIPER_ATM1, "4d4743 * l"},
	{DLT_JUNIPER_ATM2, "4d4743 * ???? l"},
	{DLT_JUNIPER_ETHER, "4d4743 * ???????? ???????? m m E"},
	{DLT_MTP2, "* * * * ????????"},
	{DLT_MTP2_WITH_PHDR, "???? * * * * ????????"},
	{DLT_ERF, "?????????????????? ?? * * * * ????????"},
	{DLT_DOCSIS, "m m t"},
	{DLT_USER0, "????"},
};

#define LINKS (sizeof(links) / sizeof(links[0]))

size_t packet_linktypes(void)
{
	return LINKS;
}

int packet_linktype(size_t i)
{
	return links[i].linktype;
}

static void write_word(struct writer *out, char word, const struct network *network)
{
	switch (word) {
	case '?':
		put(out, random_number(out->state), 1);
		break;
	case '*':
		put(out, below(out, 5), 1);
		break;
	case 'm':
		put_mac(out);
		break;
	case 't':
	case 'e':
		write_ethernet_type(out, network, word == 't');
		break;
	case 'E':
		put(out, network->ethernet != 0 ? network->ethernet : 4, 2);
		if (network->ethernet == 0 && out->cooked)
			write_llc(out, network);
		break;
	case 'l':
		write_llc(out, network);
		break;
	case 'p':
		put(out, network->ppp, 2);
		break;
	case 'c':
		put(out, network->ethernet != 0 ? network->ethernet : 0xfefe, 2);
		if (network->ethernet == 0)
			put(out, 0, 1);
		break;
	case 'n':
		put(out, network->nlpid, 1);
		break;
	case 'a':
		put_le(out, network->family, 4);
		break;
	case 'A':
		put(out, network->family, 4);
		break;
	case 'f':
		put(out, network->family == 10 ? 2 : network->family == 2 ? 1 : 9, 1);
		break;
	case 'w':
		write_wlan(out, network);
		break;
	case 'r':
		write_radiotap(out);
		break;
	case 'P':
		write_ppi(out);
		break;
	case 'F':
		write_pflog(out, network);
		break;
	default:
		break;
	}
}

static void write_link(struct writer *out, const struct link *link)
{
	const struct network *network = random_network(out);

	if (link->header[0] == '\0' && network->write != write_ipv6)
		network = &networks[link->linktype == DLT_IPV6];
	out->cooked = link->linktype == DLT_LINUX_SLL;
	for (const char *at = link->header; *at != '\0'; at++) {
		if (isxdigit((unsigned char)at[0]) && isxdigit((unsigned char)at[1])) {
			unsigned high = at[0] <= '9' ? at[0] - '0' : at[0] - 'a' + 10;
			unsigned low = at[1] <= '9' ? at[1] - '0' : at[1] - 'a' + 10;
			put(out, high << 4 | low, 1);
			at++;
		} else {
			write_word(out, *at, network);
		}
	}
	network->write(out);
}

void write_ethernet(struct writer *out)
{
	write_link(out, &links[0]);
}

/* The row of the link type; of several, any. */
static const struct link *find_link(struct writer *out, int linktype)
{
	const struct link *found = NULL;

	for (size_t i = 0; i < LINKS; i++)
		if (links[i].linktype == linktype && (found == NULL || one_in(out, 3)))
			found = &links[i];
	return found;
}

void random_packet(uint64_t *state, int linktype, struct packet *packet)
{
	struct writer out = {.state = state, .packet = packet};
	const struct link *link = find_link(&out, linktype);

	packet->length = 0;
	if (link != NULL)
		write_link(&out, link);
	else
		put_noise(&out, 60);
	if (one_in(&out, 5))
		for (uint32_t n = 1 + below(&out, 3); n > 0; n--)
			packet->data[below(&out, packet->length)] = (uint8_t)random_number(state);
	packet->wire_length = packet->length;
	if (one_in(&out, 6))
		packet->length = below(&out, packet->length);
	else if (one_in(&out, 4))
		packet->wire_length = 60 + below(&out, 1500);
	if (packet->wire_length < packet->length)
		packet->wire_length = packet->length;
}
