/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where our filters differ from those of libpcap 1.10 on purpose: a row each, with its reason. What is in none of them
 * is a fault of one of the two.
 */
#include "differential.h"

#include <string.h>

#include "filter/filter.h"
#include "filter/proto-rows.h"

/* What stands in an expression. */
enum {
	LAYER = 1 << 0,        /* vlan, mpls, pppoes, geneve, vxlan */
	SCOPED_LAYER = 1 << 1, /* one of them under "or" or "not" */
	TRANSPORT = 1 << 2,    /* tcp[…], udp[…], sctp[…] */
	IPV6 = 1 << 3,         /* IPv6, asked for by name or address */
	LIVE = 1 << 4,         /* inbound, outbound, ifindex */
	MIXED = 1 << 5,        /* arithmetic whose right operand reads another protocol than the left */
	CHAIN = 1 << 6,        /* protochain */
	ISIS = 1 << 7,         /* kinds of IS-IS PDUs */
	ISO = 1 << 8,          /* protocols over OSI's network layer */
	PPPOE = 1 << 9,        /* pppoes, pppoed */
	NOT_EQUAL = 1 << 10,   /* vpi != 1 and its like */
	PF_NAME = 1 << 11,     /* ifname, rset */
	LINK_BYTES = 1 << 12,  /* bytes of the link-layer header */
	WLAN_RECEIVER = 1 << 13,
	RELATION = 1 << 14,  /* arithmetic; less and greater */
	LLC_PROTO = 1 << 15, /* IPX, or a link-layer protocol by its number */
	SS7_CODE = 1 << 16,  /* opc and its like, compared other than for equality */
	GENEVE = 1 << 17,
	LLC = 1 << 18,
	ATM_FIELD = 1 << 19, /* vpi, vci */
	LLC_NAME = 1 << 20,  /* a protocol that an LLC header can tell */
	SS7_FIELD = 1 << 21, /* sio, opc, dpc, sls */
	UPPER = 1 << 22,     /* ports, protocols over IP or bytes of them, tunnels over UDP: a chain moves them */
};

/* The first protocol that it reads. */
static enum protocol protocol_of(const struct arith *arith)
{
	if (arith == NULL)
		return PROTO_NONE;
	if (arith->kind == ARITH_LOAD)
		return arith->protocol;
	enum protocol left = protocol_of(arith->left);
	return left != PROTO_NONE ? left : protocol_of(arith->right);
}

/* Whether a protocol has a number in IP headers. */
static bool is_upper(enum protocol protocol)
{
	const struct proto_row *row = &proto_rows[protocol];

	return protocol != PROTO_NONE && row->count > 0 &&
	       (row->carrier == PROTO_NONE || row->carrier == PROTO_IP || row->carrier == PROTO_IPV6);
}

static unsigned of_arith(const struct arith *arith)
{
	unsigned found = 0;

	if (arith == NULL)
		return 0;
	if (arith->kind == ARITH_LOAD && proto_rows[arith->protocol].base == BASE_TRANSPORT)
		found |= TRANSPORT;
	if (arith->kind == ARITH_BINARY && protocol_of(arith->right) != PROTO_NONE &&
		protocol_of(arith->right) != protocol_of(arith->left))
		found |= MIXED;
	if (arith->kind == ARITH_LOAD && is_upper(arith->protocol))
		found |= UPPER;
	if (arith->kind == ARITH_LOAD && (arith->protocol == PROTO_IPV6 || arith->protocol == PROTO_ICMPV6))
		found |= IPV6;
	if (arith->kind == ARITH_LOAD && arith->protocol == PROTO_LINK)
		found |= LINK_BYTES;
	return found | of_arith(arith->left) | of_arith(arith->right);
}

static unsigned of_word(const struct node *node, bool scoped)
{
	unsigned found = scoped ? LAYER | SCOPED_LAYER : LAYER;

	switch (node->word) {
	case WORD_GENEVE:
		return found | GENEVE | UPPER;
	case WORD_VXLAN:
		return found | UPPER;
	case WORD_VLAN:
	case WORD_MPLS:
	case WORD_ATM_LANE:
		return found;
	case WORD_PPPOES:
		return found | PPPOE;
	case WORD_PPPOED:
		return PPPOE;
	case WORD_ATM_FIELD:
		return node->comparison == CMP_NE ? ATM_FIELD | NOT_EQUAL : ATM_FIELD;
	case WORD_MTP3_FIELD:
		return SS7_FIELD | (node->comparison == CMP_NE          ? NOT_EQUAL
					   : node->comparison != CMP_EQ ? SS7_CODE
									: 0);
	case WORD_BYTE:
		return LINK_BYTES;
	case WORD_LLC:
	case WORD_LLC_I:
	case WORD_LLC_S:
	case WORD_LLC_U:
	case WORD_LLC_S_KIND:
	case WORD_LLC_U_KIND:
		return LLC;
	case WORD_LESS:
	case WORD_GREATER:
		return RELATION;
	case WORD_PF_IFNAME:
	case WORD_PF_RULESET:
		return PF_NAME;
	case WORD_INBOUND:
	case WORD_OUTBOUND:
	case WORD_IFINDEX:
		return LIVE;
	default:
		return node->qualifiers.protocol == PROTO_IPV6 ? IPV6 : 0;
	}
}

/* Of a protocol's name, or of an address, a port … */
static unsigned of_protocol(const struct node *node)
{
	enum protocol protocol = node->qualifiers.protocol;
	unsigned found = 0;

	if (protocol == PROTO_IPV6 || protocol == PROTO_ICMPV6 || node->id.form == ID_IPV6)
		found |= IPV6;
	if (node->kind == NODE_ID && node->qualifiers.type == TYPE_PROTOCHAIN)
		found |= CHAIN;
	if (is_upper(protocol) || (node->kind == NODE_ID && (node->qualifiers.type == TYPE_PORT ||
								    node->qualifiers.type == TYPE_PORTRANGE ||
								    node->qualifiers.type == TYPE_PROTO)))
		found |= UPPER;
	if (protocol >= PROTO_ISIS_L1 || (protocol == PROTO_ISIS && node->kind == NODE_ID))
		found |= ISIS;
	if (protocol >= PROTO_ISO && protocol <= PROTO_CLNP)
		found |= ISO;
	if (protocol == PROTO_IPX || (protocol == PROTO_LINK && node->qualifiers.type == TYPE_PROTO))
		found |= LLC_PROTO;
	if (protocol == PROTO_ATALK || protocol == PROTO_AARP || protocol == PROTO_STP || protocol == PROTO_NETBEUI)
		found |= LLC_NAME;
	if (node->qualifiers.direction == DIR_TA || node->qualifiers.direction == DIR_RA)
		found |= WLAN_RECEIVER;
	return found;
}

static unsigned of_node(const struct node *node, bool scoped)
{
	unsigned found = 0;

	switch (node->kind) {
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
		for (uint32_t i = 0; i < node->operand_count; i++)
			found |= of_node(node->operands[i], scoped || node->kind != NODE_AND);
		return found;
	case NODE_WORD:
		return of_word(node, scoped);
	case NODE_RELATION:
		return RELATION | of_arith(node->left) | of_arith(node->right);
	default:
		return of_protocol(node);
	}
}

static unsigned find_features(const char *text)
{
	struct filter filter = {.input.text = text};
	unsigned found;

	arena_init(&filter.arena, FILTER_MEMORY);
	found = filter_parse(&filter) && filter.tree != NULL ? of_node(filter.tree, false) : 0;
	arena_free(&filter.arena);
	return found;
}

/* Link types whose headers have no fixed length. */
static bool has_variable_header(int linktype)
{
	switch (linktype) {
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
	case DLT_IEEE802_11_RADIO_AVS:
	case DLT_PRISM_HEADER:
	case DLT_PPI:
	case DLT_PFLOG:
		return true;
	default:
		return false;
	}
}

static bool is_slip(int linktype)
{
	return linktype == DLT_SLIP || linktype == DLT_SLIP_BSDOS;
}

static bool is_frame_relay(int linktype)
{
	return linktype == DLT_FRELAY;
}

static bool is_juniper(int linktype)
{
	return linktype == DLT_JUNIPER_MLPPP || linktype == DLT_JUNIPER_MFR || linktype == DLT_JUNIPER_PPP ||
	       linktype == DLT_JUNIPER_ATM1 || linktype == DLT_JUNIPER_ATM2 || linktype == DLT_JUNIPER_ETHER;
}

static bool is_cooked(int linktype)
{
	return linktype == DLT_LINUX_SLL || linktype == DLT_LINUX_SLL2;
}

static bool is_cooked2(int linktype)
{
	return linktype == DLT_LINUX_SLL2;
}

static bool is_ppi(int linktype)
{
	return linktype == DLT_PPI;
}

static bool is_brcm_first(int linktype)
{
	return linktype == DLT_DSA_TAG_BRCM_PREPEND;
}

static bool has_bytes_only(int linktype)
{
	return linktype == DLT_BACNET_MS_TP || linktype == DLT_JUNIPER_ES;
}

static bool has_direction(int linktype)
{
	return linktype == DLT_SLIP || linktype == DLT_DSA_TAG_BRCM || linktype == DLT_DSA_TAG_BRCM_PREPEND ||
	       linktype == DLT_DSA_TAG_DSA || linktype == DLT_DSA_TAG_EDSA;
}

static const struct {
	unsigned features;               /* all of them */
	bool (*linktypes)(int linktype); /* NULL: all */
	const char *reason;
	bool refused; /* only of expressions that ours refuses */
} rows[] = {
	{SCOPED_LAYER, NULL,
		"vlan, mpls, pppoes, geneve and vxlan move the offsets only for what follows them with \"and\""},
	{TRANSPORT | IPV6, NULL, "tcp[...], udp[...] and sctp[...] read IPv6 packets where IPv6 is asked for"},
	{LIVE, NULL, "the kernel tells directions and interfaces of live captures only"},
	{LIVE, has_direction, "a direction is told by the header's own bits"},
	{MIXED, NULL, "the protocols of both operands are asked for, not only those of the left one"},
	{CHAIN | UPPER, NULL,
		"behind protochain the header is read where the chain ended, not behind the IP header"},
	{CHAIN, NULL, "the peer loses its place behind an authentication header"},
	{ISIS, NULL, "the type of an IS-IS PDU is the low five bits of its byte"},
	{PPPOE, NULL, "what cannot carry PPPoE is not asked for it", true},
	{NOT_EQUAL, NULL, "the peer tests a field for equality where it is asked for the opposite"},
	{PF_NAME, NULL, "the whole name is compared, not its first bytes"},
	{LAYER, has_variable_header, "the peer loses the length of the headers before"},
	{RELATION, has_variable_header, "the peer overwrites the length of the headers before"},
	{GENEVE | LINK_BYTES, NULL,
		"link-layer bytes are those of Ethernet, which not all that Geneve carries has"},
	{GENEVE | LLC, NULL, "an LLC header is one of Ethernet, which not all that Geneve carries has"},
	{GENEVE | ISO, NULL,
		"OSI's headers start where Ethernet in Geneve has them, not where the outer frame has"},
	{LINK_BYTES, is_brcm_first, "the link-layer header starts behind the tag"},
	{ISO, is_cooked, "OSI's headers start behind the LLC header"},
	{LLC_PROTO, is_cooked, "IPX has an Ethernet type, too"},
	{WLAN_RECEIVER, NULL, "control frames have a receiver's address and, all but two kinds, a transmitter's"},
	{SS7_CODE, NULL, "point codes are compared by their value, not by the order of their bits on the wire"},
	{LAYER | LLC, NULL, "there is no LLC header behind MPLS labels", true},
	{LAYER | ATM_FIELD, NULL, "vpi and vci stay where they are, in the cell's header"},
	{0, is_ppi, "packets that are no 802.11 frames can match what is not about 802.11"},
	{0, is_slip, "the IP version is read behind the link-layer header"},
	{0, is_frame_relay, "the IP header starts behind the NLPID"},
	{0, has_bytes_only, "network protocols that no frame tells of are not asked for"},
	{ISO, is_juniper, "the peer reads the byte before the OSI header"},
};

const char *intended_difference(int linktype, const char *text, bool refused)
{
	unsigned found = find_features(text);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].refused <= refused && (found & rows[i].features) == rows[i].features &&
			(rows[i].linktypes == NULL || rows[i].linktypes(linktype)))
			return rows[i].reason;
	return NULL;
}

/* Of what the peer says the same on all but rare packets, in less code. */
static const struct {
	unsigned features; /* all of them */
	bool (*linktypes)(int linktype);
	const char *reason;
} costs[] = {
	{LLC_NAME, is_cooked2,
		"the peer takes a service access point for a protocol type: it never looks at LLC headers"},
	{SS7_FIELD, NULL, "the peer reads a whole word for a part of it, and gives up on packets that end inside"},
};

const char *intended_cost(int linktype, const char *text)
{
	unsigned found = find_features(text);

	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
		if ((found & costs[i].features) == costs[i].features &&
			(costs[i].linktypes == NULL || costs[i].linktypes(linktype)))
			return costs[i].reason;
	return NULL;
}

bool moves_layout(int linktype, const char *text)
{
	/* Juniper's headers do not tell IPv4 from IPv6: a packet can be both until one of them is asked for. */
	return is_juniper(linktype) || (find_features(text) & (LAYER | IPV6 | CHAIN)) != 0;
}
