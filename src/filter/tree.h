/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree of a filter expression: what was written, with the qualifiers that shorthand left out filled in, and
 * nothing about bytes. The parser makes it, the printer turns it back into text, the generator walks it.
 *
 * The parser has made sure of all that needs neither link type nor name: protocol, direction, type and form of an id
 * go together; numbers are in the range of what they stand for; a net has no bits beside its mask; only what has
 * bytes is indexed, by 1, 2 or 4.
 */
#ifndef WEIR_FILTER_TREE_H
#define WEIR_FILTER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

/* How deeply a tree may be nested, so that it can be walked by recursion. */
#define FILTER_NESTING 1000

/* A part of the expression's text, for messages. */
struct span {
	uint32_t offset; /* bytes from the start */
	uint32_t length;
};

/* Of the expression as a whole. */
#define SPAN_OF_ALL ((struct span){0, UINT32_MAX})

/* The protocol words: qualifiers, abbreviations ("tcp") and the protocol of "proto[x:size]". */
enum protocol {
	PROTO_NONE,
	PROTO_LINK, /* ether, link, ppp, slip, fddi, tr, wlan: the link layer */
	PROTO_IP,
	PROTO_ARP,
	PROTO_RARP,
	PROTO_SCTP,
	PROTO_TCP,
	PROTO_UDP,
	PROTO_ICMP,
	PROTO_IGMP,
	PROTO_IGRP,
	PROTO_ATALK,
	PROTO_DECNET,
	PROTO_LAT,
	PROTO_SCA,
	PROTO_MOPRC,
	PROTO_MOPDL,
	PROTO_IPV6,
	PROTO_ICMPV6,
	PROTO_AH,
	PROTO_ESP,
	PROTO_PIM,
	PROTO_VRRP,
	PROTO_CARP,
	PROTO_AARP,
	PROTO_ISO,
	PROTO_ESIS,
	PROTO_ISIS,
	PROTO_CLNP,
	PROTO_STP,
	PROTO_IPX,
	PROTO_NETBEUI,
	PROTO_RADIO,   /* only in proto[x] */
	PROTO_ISIS_L1, /* the IS-IS PDU words: l1, l2, iih, lsp, snp, csnp, psnp */
	PROTO_ISIS_L2,
	PROTO_ISIS_IIH,
	PROTO_ISIS_LSP,
	PROTO_ISIS_SNP,
	PROTO_ISIS_CSNP,
	PROTO_ISIS_PSNP,
};

enum direction {
	DIR_DEFAULT, /* not written */
	DIR_SRC,
	DIR_DST,
	DIR_SRC_OR_DST,
	DIR_SRC_AND_DST,
	DIR_RA, /* 802.11 only, from here on */
	DIR_TA,
	DIR_ADDR1,
	DIR_ADDR2,
	DIR_ADDR3,
	DIR_ADDR4,
};

/* What kind of thing the id is. */
enum id_type {
	TYPE_DEFAULT, /* not written: a host, or what the id looks like */
	TYPE_HOST,
	TYPE_NET,
	TYPE_PORT,
	TYPE_PORTRANGE,
	TYPE_PROTO,
	TYPE_PROTOCHAIN,
	TYPE_GATEWAY,
};

struct qualifiers {
	enum protocol protocol;
	enum direction direction;
	enum id_type type;
};

/* How the id of a primitive was written. */
enum id_form {
	ID_NAME,   /* text: a host, network, port, protocol … name; looked up by the generator */
	ID_NUMBER, /* number */
	ID_IPV4,   /* ipv4 and parts: 10, 10.1, 10.1.2 or 10.1.2.3 */
	ID_IPV6,   /* ipv6 */
	ID_MAC,    /* mac */
	ID_ARCNET, /* number: $xx */
	ID_DECNET, /* number: area << 10 | node */
	ID_RANGE,  /* text: "low-high" of a portrange; name or number on either side */
};

struct id {
	enum id_form form;
	struct span span;
	const char *text; /* as written, escapes removed */
	uint32_t number;
	uint32_t ipv4; /* host byte order, left-aligned: 10.1 is 0x0a010000 */
	int parts;     /* dotted parts that were written, 1 (only before "/" or "mask": "net 10/8") to 4 */
	struct in6_addr ipv6;
	uint8_t mac[6];
	/* After "/" or "mask". */
	bool has_prefix;
	uint32_t prefix; /* bits */
	bool has_mask;
	uint32_t mask; /* host byte order */
	int mask_parts;
};

/* Primitives that are a keyword, with or without a value; a row each in keywords.c. */
enum word {
	WORD_NONE,
	WORD_BROADCAST, /* with qualifiers.protocol: none, link or ip */
	WORD_MULTICAST, /* none, link, ip or ip6 */
	WORD_LESS,      /* value */
	WORD_GREATER,   /* value */
	WORD_INBOUND,
	WORD_OUTBOUND,
	WORD_IFINDEX, /* value */
	WORD_VLAN,    /* value or not */
	WORD_MPLS,    /* value or not */
	WORD_PPPOED,
	WORD_PPPOES, /* value or not */
	WORD_GENEVE, /* value or not */
	WORD_VXLAN,  /* value or not */
	WORD_LLC,    /* llc alone */
	WORD_LLC_I,  /* llc i, s, u */
	WORD_LLC_S,
	WORD_LLC_U,
	WORD_LLC_S_KIND, /* value: the bits of the S format */
	WORD_LLC_U_KIND, /* value: the bits of the U format */
	WORD_WLAN_TYPE,  /* value under mask: [type T] [subtype S], in the bits of the frame control byte */
	WORD_WLAN_DIR,   /* value */
	WORD_PF_IFNAME,  /* text */
	WORD_PF_RULESET, /* text */
	WORD_PF_RNR,     /* value */
	WORD_PF_SRNR,    /* value */
	WORD_PF_REASON,  /* value */
	WORD_PF_ACTION,  /* value */
	WORD_ATM_LANE,
	WORD_ATM_METAC,
	WORD_ATM_BCC,
	WORD_ATM_OAMF4SC,
	WORD_ATM_OAMF4EC,
	WORD_ATM_SC,
	WORD_ATM_ILMIC,
	WORD_ATM_OAM,
	WORD_ATM_OAMF4,
	WORD_ATM_CONNECTMSG,
	WORD_ATM_METACONNECT,
	WORD_ATM_FIELD, /* field, comparison, value: vpi, vci */
	WORD_MTP2_FISU,
	WORD_MTP2_LSSU,
	WORD_MTP2_MSU,
	WORD_MTP2_HFISU,
	WORD_MTP2_HLSSU,
	WORD_MTP2_HMSU,
	WORD_MTP3_FIELD, /* field, comparison, value: sio, opc, dpc, sls and hsio, hopc, hdpc, hsls */
	WORD_BYTE,       /* byte OFFSET OP VALUE */
};

/* Fields that are compared by "field op value" where several values may follow: "vpi (1 or 2)". */
enum field {
	FIELD_NONE,
	FIELD_VPI,
	FIELD_VCI,
	FIELD_SIO,
	FIELD_OPC,
	FIELD_DPC,
	FIELD_SLS,
	FIELD_HSIO,
	FIELD_HOPC,
	FIELD_HDPC,
	FIELD_HSLS,
};

enum comparison {
	CMP_EQ,
	CMP_NE,
	CMP_GT,
	CMP_GE,
	CMP_LT,
	CMP_LE,
	CMP_AND, /* byte only: x & value, true if not 0 */
	CMP_OR,  /* byte only */
};

/* Arithmetic: a constant, the length, bytes of the packet, or an operation. */
enum arith_kind {
	ARITH_NUMBER,
	ARITH_LEN,
	ARITH_LOAD, /* protocol[index:size] */
	ARITH_BINARY,
	ARITH_NEGATE,
};

struct arith {
	enum arith_kind kind;
	struct span span;
	uint32_t depth; /* levels of operands below: at most FILTER_NESTING */
	uint32_t number;
	enum protocol protocol;
	struct arith *left; /* of a binary operation; the index of a load; what is negated */
	struct arith *right;
	int size;    /* of a load: 1, 2 or 4 */
	uint16_t op; /* of a binary operation: BPF_ADD and so on */
};

enum node_kind {
	NODE_AND,      /* all of operands */
	NODE_OR,       /* any of operands */
	NODE_NOT,      /* not operands[0] */
	NODE_ID,       /* qualifiers and id */
	NODE_PROTOCOL, /* qualifiers.protocol alone: "tcp" */
	NODE_WORD,     /* a keyword */
	NODE_RELATION, /* left comparison right */
};

struct node {
	enum node_kind kind;
	struct span span;
	struct node **operands; /* And and Or: two or more, nested ones of the same kind flattened; never shared */
	uint32_t operand_count;
	uint32_t depth; /* levels of operands below: at most FILTER_NESTING */
	struct qualifiers qualifiers;
	struct id id;
	enum word word;
	bool has_value;
	uint32_t value;
	uint32_t mask;    /* of WORD_WLAN_TYPE */
	uint32_t offset;  /* of WORD_BYTE */
	const char *text; /* of the PF words */
	enum field field;
	enum comparison comparison;
	struct arith *left;
	struct arith *right;
};

/* An operator of arithmetic, BPF_ADD and so on, as the filter language writes it. */
const char *pcapint_operation_text(uint16_t op);

#endif
