/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of the filter language, as rows; what each is for is in scan.h. The language is pcap-filter(7)'s.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/scan.h"

#include "core/ascii.h"

/* Sorted by text, as strcmp() has it. */
static const struct keyword keywords[] = {
	{"aarp", KEYWORD_PROTOCOL, PROTO_AARP},
	{"action", KEYWORD_PF_ACTION, WORD_PF_ACTION},
	{"addr1", KEYWORD_DIRECTION, DIR_ADDR1},
	{"addr2", KEYWORD_DIRECTION, DIR_ADDR2},
	{"addr3", KEYWORD_DIRECTION, DIR_ADDR3},
	{"addr4", KEYWORD_DIRECTION, DIR_ADDR4},
	{"address1", KEYWORD_DIRECTION, DIR_ADDR1},
	{"address2", KEYWORD_DIRECTION, DIR_ADDR2},
	{"address3", KEYWORD_DIRECTION, DIR_ADDR3},
	{"address4", KEYWORD_DIRECTION, DIR_ADDR4},
	{"ah", KEYWORD_PROTOCOL, PROTO_AH},
	{"and", KEYWORD_TOKEN, TOKEN_AND},
	{"arp", KEYWORD_PROTOCOL, PROTO_ARP},
	{"atalk", KEYWORD_PROTOCOL, PROTO_ATALK},
	{"bcc", KEYWORD_ALONE, WORD_ATM_BCC},
	{"broadcast", KEYWORD_CAST, WORD_BROADCAST},
	{"byte", KEYWORD_BYTE, WORD_BYTE},
	{"carp", KEYWORD_PROTOCOL, PROTO_CARP},
	{"clnp", KEYWORD_PROTOCOL, PROTO_CLNP},
	{"connectmsg", KEYWORD_ALONE, WORD_ATM_CONNECTMSG},
	{"csnp", KEYWORD_PROTOCOL, PROTO_ISIS_CSNP},
	{"decnet", KEYWORD_PROTOCOL, PROTO_DECNET},
	{"dir", KEYWORD_WLAN_DIR, WORD_WLAN_DIR},
	{"direction", KEYWORD_WLAN_DIR, WORD_WLAN_DIR},
	{"dpc", KEYWORD_FIELD, FIELD_DPC},
	{"dst", KEYWORD_DIRECTION, DIR_DST},
	{"es-is", KEYWORD_PROTOCOL, PROTO_ESIS},
	{"esis", KEYWORD_PROTOCOL, PROTO_ESIS},
	{"esp", KEYWORD_PROTOCOL, PROTO_ESP},
	{"ether", KEYWORD_PROTOCOL, PROTO_LINK},
	{"fddi", KEYWORD_PROTOCOL, PROTO_LINK},
	{"fisu", KEYWORD_ALONE, WORD_MTP2_FISU},
	{"gateway", KEYWORD_TYPE, TYPE_GATEWAY},
	{"geneve", KEYWORD_MAY_VALUE, WORD_GENEVE},
	{"greater", KEYWORD_VALUE, WORD_GREATER},
	{"hdpc", KEYWORD_FIELD, FIELD_HDPC},
	{"hfisu", KEYWORD_ALONE, WORD_MTP2_HFISU},
	{"hlssu", KEYWORD_ALONE, WORD_MTP2_HLSSU},
	{"hmsu", KEYWORD_ALONE, WORD_MTP2_HMSU},
	{"hopc", KEYWORD_FIELD, FIELD_HOPC},
	{"host", KEYWORD_TYPE, TYPE_HOST},
	{"hsio", KEYWORD_FIELD, FIELD_HSIO},
	{"hsls", KEYWORD_FIELD, FIELD_HSLS},
	{"icmp", KEYWORD_PROTOCOL, PROTO_ICMP},
	/* ICMP (RFC 792, RFC 950, RFC 1256) and ICMPv6 (RFC 4443, RFC 4861, RFC 2710, RFC 3810): offsets and types. */
	{"icmp-echo", KEYWORD_NUMBER, 8},
	{"icmp-echoreply", KEYWORD_NUMBER, 0},
	{"icmp-ireq", KEYWORD_NUMBER, 15},
	{"icmp-ireqreply", KEYWORD_NUMBER, 16},
	{"icmp-maskreply", KEYWORD_NUMBER, 18},
	{"icmp-maskreq", KEYWORD_NUMBER, 17},
	{"icmp-paramprob", KEYWORD_NUMBER, 12},
	{"icmp-redirect", KEYWORD_NUMBER, 5},
	{"icmp-routeradvert", KEYWORD_NUMBER, 9},
	{"icmp-routersolicit", KEYWORD_NUMBER, 10},
	{"icmp-sourcequench", KEYWORD_NUMBER, 4},
	{"icmp-timxceed", KEYWORD_NUMBER, 11},
	{"icmp-tstamp", KEYWORD_NUMBER, 13},
	{"icmp-tstampreply", KEYWORD_NUMBER, 14},
	{"icmp-unreach", KEYWORD_NUMBER, 3},
	{"icmp6", KEYWORD_PROTOCOL, PROTO_ICMPV6},
	{"icmp6-certpathadvert", KEYWORD_NUMBER, 149},
	{"icmp6-certpathsolicit", KEYWORD_NUMBER, 148},
	{"icmp6-destinationunreach", KEYWORD_NUMBER, 1},
	{"icmp6-echo", KEYWORD_NUMBER, 128},
	{"icmp6-echoreply", KEYWORD_NUMBER, 129},
	{"icmp6-homeagentdiscoveryreply", KEYWORD_NUMBER, 145},
	{"icmp6-homeagentdiscoveryrequest", KEYWORD_NUMBER, 144},
	{"icmp6-ineighbordiscoveryadvert", KEYWORD_NUMBER, 142},
	{"icmp6-ineighbordiscoverysolicit", KEYWORD_NUMBER, 141},
	{"icmp6-mobileprefixadvert", KEYWORD_NUMBER, 147},
	{"icmp6-mobileprefixsolicit", KEYWORD_NUMBER, 146},
	{"icmp6-multicastlistenerdone", KEYWORD_NUMBER, 132},
	{"icmp6-multicastlistenerquery", KEYWORD_NUMBER, 130},
	{"icmp6-multicastlistenerreportv1", KEYWORD_NUMBER, 131},
	{"icmp6-multicastlistenerreportv2", KEYWORD_NUMBER, 143},
	{"icmp6-multicastrouteradvert", KEYWORD_NUMBER, 151},
	{"icmp6-multicastroutersolicit", KEYWORD_NUMBER, 152},
	{"icmp6-multicastrouterterm", KEYWORD_NUMBER, 153},
	{"icmp6-neighboradvert", KEYWORD_NUMBER, 136},
	{"icmp6-neighborsolicit", KEYWORD_NUMBER, 135},
	{"icmp6-nodeinformationquery", KEYWORD_NUMBER, 139},
	{"icmp6-nodeinformationresponse", KEYWORD_NUMBER, 140},
	{"icmp6-packettoobig", KEYWORD_NUMBER, 2},
	{"icmp6-parameterproblem", KEYWORD_NUMBER, 4},
	{"icmp6-redirect", KEYWORD_NUMBER, 137},
	{"icmp6-routeradvert", KEYWORD_NUMBER, 134},
	{"icmp6-routerrenum", KEYWORD_NUMBER, 138},
	{"icmp6-routersolicit", KEYWORD_NUMBER, 133},
	{"icmp6-timeexceeded", KEYWORD_NUMBER, 3},
	{"icmp6code", KEYWORD_NUMBER, 1},
	{"icmp6type", KEYWORD_NUMBER, 0},
	{"icmpcode", KEYWORD_NUMBER, 1},
	{"icmptype", KEYWORD_NUMBER, 0},
	{"ifindex", KEYWORD_VALUE, WORD_IFINDEX},
	{"ifname", KEYWORD_PF_NAME, WORD_PF_IFNAME},
	{"igmp", KEYWORD_PROTOCOL, PROTO_IGMP},
	{"igrp", KEYWORD_PROTOCOL, PROTO_IGRP},
	{"iih", KEYWORD_PROTOCOL, PROTO_ISIS_IIH},
	{"ilmic", KEYWORD_ALONE, WORD_ATM_ILMIC},
	{"inbound", KEYWORD_ALONE, WORD_INBOUND},
	{"ip", KEYWORD_PROTOCOL, PROTO_IP},
	{"ip6", KEYWORD_PROTOCOL, PROTO_IPV6},
	{"ipx", KEYWORD_PROTOCOL, PROTO_IPX},
	{"is-is", KEYWORD_PROTOCOL, PROTO_ISIS},
	{"isis", KEYWORD_PROTOCOL, PROTO_ISIS},
	{"iso", KEYWORD_PROTOCOL, PROTO_ISO},
	{"l1", KEYWORD_PROTOCOL, PROTO_ISIS_L1},
	{"l2", KEYWORD_PROTOCOL, PROTO_ISIS_L2},
	{"lane", KEYWORD_ALONE, WORD_ATM_LANE},
	{"lat", KEYWORD_PROTOCOL, PROTO_LAT},
	{"len", KEYWORD_LEN, 0},
	{"length", KEYWORD_LEN, 0},
	{"less", KEYWORD_VALUE, WORD_LESS},
	{"link", KEYWORD_PROTOCOL, PROTO_LINK},
	{"llc", KEYWORD_LLC, WORD_LLC},
	{"lsp", KEYWORD_PROTOCOL, PROTO_ISIS_LSP},
	{"lssu", KEYWORD_ALONE, WORD_MTP2_LSSU},
	{"lsu", KEYWORD_ALONE, WORD_MTP2_LSSU},
	{"mask", KEYWORD_MASK, 0},
	{"metac", KEYWORD_ALONE, WORD_ATM_METAC},
	{"metaconnect", KEYWORD_ALONE, WORD_ATM_METACONNECT},
	{"mopdl", KEYWORD_PROTOCOL, PROTO_MOPDL},
	{"moprc", KEYWORD_PROTOCOL, PROTO_MOPRC},
	{"mpls", KEYWORD_MAY_VALUE, WORD_MPLS},
	{"msu", KEYWORD_ALONE, WORD_MTP2_MSU},
	{"multicast", KEYWORD_CAST, WORD_MULTICAST},
	{"net", KEYWORD_TYPE, TYPE_NET},
	{"netbeui", KEYWORD_PROTOCOL, PROTO_NETBEUI},
	{"not", KEYWORD_TOKEN, TOKEN_NOT},
	{"oam", KEYWORD_ALONE, WORD_ATM_OAM},
	{"oamf4", KEYWORD_ALONE, WORD_ATM_OAMF4},
	{"oamf4e", KEYWORD_ALONE, WORD_ATM_OAMF4EC},
	{"oamf4ec", KEYWORD_ALONE, WORD_ATM_OAMF4EC},
	{"oamf4s", KEYWORD_ALONE, WORD_ATM_OAMF4SC},
	{"oamf4sc", KEYWORD_ALONE, WORD_ATM_OAMF4SC},
	{"on", KEYWORD_PF_NAME, WORD_PF_IFNAME},
	{"opc", KEYWORD_FIELD, FIELD_OPC},
	{"or", KEYWORD_TOKEN, TOKEN_OR},
	{"outbound", KEYWORD_ALONE, WORD_OUTBOUND},
	{"pim", KEYWORD_PROTOCOL, PROTO_PIM},
	{"port", KEYWORD_TYPE, TYPE_PORT},
	{"portrange", KEYWORD_TYPE, TYPE_PORTRANGE},
	{"ppp", KEYWORD_PROTOCOL, PROTO_LINK},
	{"pppoed", KEYWORD_ALONE, WORD_PPPOED},
	{"pppoes", KEYWORD_MAY_VALUE, WORD_PPPOES},
	{"proto", KEYWORD_TYPE, TYPE_PROTO},
	{"protochain", KEYWORD_TYPE, TYPE_PROTOCHAIN},
	{"psnp", KEYWORD_PROTOCOL, PROTO_ISIS_PSNP},
	{"ra", KEYWORD_DIRECTION, DIR_RA},
	{"radio", KEYWORD_PROTOCOL, PROTO_RADIO},
	{"rarp", KEYWORD_PROTOCOL, PROTO_RARP},
	{"reason", KEYWORD_PF_REASON, WORD_PF_REASON},
	{"rnr", KEYWORD_VALUE, WORD_PF_RNR},
	{"rset", KEYWORD_PF_NAME, WORD_PF_RULESET},
	{"rulenum", KEYWORD_VALUE, WORD_PF_RNR},
	{"ruleset", KEYWORD_PF_NAME, WORD_PF_RULESET},
	{"sc", KEYWORD_ALONE, WORD_ATM_SC},
	{"sca", KEYWORD_PROTOCOL, PROTO_SCA},
	{"sctp", KEYWORD_PROTOCOL, PROTO_SCTP},
	{"sio", KEYWORD_FIELD, FIELD_SIO},
	{"slip", KEYWORD_PROTOCOL, PROTO_LINK},
	{"sls", KEYWORD_FIELD, FIELD_SLS},
	{"snp", KEYWORD_PROTOCOL, PROTO_ISIS_SNP},
	{"src", KEYWORD_DIRECTION, DIR_SRC},
	{"srnr", KEYWORD_VALUE, WORD_PF_SRNR},
	{"stp", KEYWORD_PROTOCOL, PROTO_STP},
	{"subrulenum", KEYWORD_VALUE, WORD_PF_SRNR},
	{"subtype", KEYWORD_WLAN_SUBTYPE, WORD_WLAN_TYPE},
	{"ta", KEYWORD_DIRECTION, DIR_TA},
	{"tcp", KEYWORD_PROTOCOL, PROTO_TCP},
	/* TCP's flags (RFC 9293, RFC 3168) and the byte that they are in. */
	{"tcp-ack", KEYWORD_NUMBER, 0x10},
	{"tcp-cwr", KEYWORD_NUMBER, 0x80},
	{"tcp-ece", KEYWORD_NUMBER, 0x40},
	{"tcp-fin", KEYWORD_NUMBER, 0x01},
	{"tcp-push", KEYWORD_NUMBER, 0x08},
	{"tcp-rst", KEYWORD_NUMBER, 0x04},
	{"tcp-syn", KEYWORD_NUMBER, 0x02},
	{"tcp-urg", KEYWORD_NUMBER, 0x20},
	{"tcpflags", KEYWORD_NUMBER, 13},
	{"tr", KEYWORD_PROTOCOL, PROTO_LINK},
	{"type", KEYWORD_WLAN_TYPE, WORD_WLAN_TYPE},
	{"udp", KEYWORD_PROTOCOL, PROTO_UDP},
	{"vci", KEYWORD_FIELD, FIELD_VCI},
	{"vlan", KEYWORD_MAY_VALUE, WORD_VLAN},
	{"vpi", KEYWORD_FIELD, FIELD_VPI},
	{"vrrp", KEYWORD_PROTOCOL, PROTO_VRRP},
	{"vxlan", KEYWORD_MAY_VALUE, WORD_VXLAN},
	{"wlan", KEYWORD_PROTOCOL, PROTO_LINK},
};

#define KEYWORD_COUNT (sizeof(keywords) / sizeof(keywords[0]))

struct key {
	const char *text;
	size_t length;
};

static int compare_keyword(const void *key, const void *row)
{
	const struct key *wanted = key;
	const char *text = ((const struct keyword *)row)->text;
	int order = strncmp(wanted->text, text, wanted->length);
	return order != 0 || text[wanted->length] == '\0' ? order : -1;
}

const struct keyword *filter_keyword(const char *text, size_t length)
{
	return bsearch(&(struct key){text, length}, keywords, KEYWORD_COUNT, sizeof(keywords[0]), compare_keyword);
}

const char *filter_keyword_text(enum keyword_class class, uint32_t value)
{
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		if (keywords[i].class == class && keywords[i].value == value)
			return keywords[i].text;
	return "";
}

/* Longer words are no slips of the finger. */
#define LONGEST_WORD 40

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, with neighbours exchanged counted as one step, whatever the case of letters. */
static int distance(const char *a, const char *b)
{
	int rows[3][LONGEST_WORD + 1], length = (int)strlen(b);
	int *before = rows[0], *above = rows[1], *row = rows[2];

	for (int j = 0; j <= length; j++)
		above[j] = j;
	for (int i = 1; a[i - 1] != '\0'; i++) {
		row[0] = i;
		for (int j = 1; j <= length; j++) {
			int best = above[j - 1] + (ascii_lower(a[i - 1]) != b[j - 1]);
			best = least(best, above[j] + 1);
			best = least(best, row[j - 1] + 1);
			if (i > 1 && j > 1 && ascii_lower(a[i - 1]) == b[j - 2] &&
				ascii_lower(a[i - 2]) == b[j - 1])
				best = least(best, before[j - 2] + 1);
			row[j] = best;
		}
		int *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[length];
}

/* What may have been meant by a word, and how far it is from that. */
struct guess {
	const char *text;
	const char *meant;
	int far;
};

/* One slip in a short word, two in a longer one. */
static struct guess start_guess(const char *text)
{
	return (struct guess){.text = text, .far = strlen(text) <= 4 ? 2 : 3};
}

static void consider(struct guess *guess, const char *candidate)
{
	if (strlen(guess->text) < 2 || strlen(guess->text) > LONGEST_WORD || strlen(candidate) > LONGEST_WORD)
		return;
	int far = distance(guess->text, candidate);
	if (far < guess->far) {
		guess->far = far;
		guess->meant = candidate;
	}
}

const char *filter_near_miss(const char *text, uint32_t classes)
{
	struct guess guess = start_guess(text);

	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		if ((classes & KEYWORDS_OF(keywords[i].class)) != 0)
			consider(&guess, keywords[i].text);
	return guess.meant;
}

const char *filter_near_name(const struct named_value *table, const char *text)
{
	struct guess guess = start_guess(text);

	for (; table->text != NULL; table++)
		consider(&guess, table->text);
	return guess.meant;
}
