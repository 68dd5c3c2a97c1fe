/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of explaining a filter in words share: what is known of a packet at a test, and what its bytes are
 * called then.
 */
#ifndef WEIR_FILTER_EXPLAIN_H
#define WEIR_FILTER_EXPLAIN_H

#include "filter/layout.h"

/* PPPoE's header (RFC 2516), without the PPP protocol that follows. */
#define PPPOE_HEADER 6

/* UDP's header (RFC 768), and the ports of tunnels over it (RFC 8926 and 7348). */
#define UDP_HEADER 8
#define GENEVE_PORT 6081
#define VXLAN_PORT 4789

/* The protocol above the network protocol is not known; or it is one of those that have ports. */
#define TRANSPORT_UNKNOWN (-1)
#define TRANSPORT_WITH_PORTS 256

/* Values that stand in several tests, or are long: each is told once, and then called by its letter: A to Z, A1 ... */
#define LETTERS 26

struct letters {
	const struct value **values;
	unsigned count;
};

/* What the tests on all ways to a block have told. */
struct known {
	bool reached;
	bool placed;          /* the places are known */
	struct place type;    /* the field that tells the network protocol */
	struct place network; /* the network header */
	uint32_t protocol;    /* an Ethernet type; 0: not known */
	bool ppp;             /* a number of PPP is what the type is */
	bool llc;             /* there is an LLC header in front of the network header */
	int transport;        /* an IP protocol number, or one of the above */
	uint32_t tunnel;      /* GENEVE_PORT or VXLAN_PORT, where that is the destination port; or 0 */
	const struct layout *first;
	const struct letters *letters;
};

/* How the numbers of a field are written. */
enum field_format {
	FORMAT_NUMBER,
	FORMAT_HEX,
	FORMAT_IPV4,
	FORMAT_PROTOCOL, /* of IP */
	FORMAT_TYPE,     /* of Ethernet */
	FORMAT_PPP,      /* protocol of PPP */
	FORMAT_FAMILY,   /* of addresses, in either byte order */
	FORMAT_NLPID,    /* of Frame Relay, behind the control byte (RFC 2427) */
	FORMAT_ARCNET,   /* protocol of ARCnet */
	FORMAT_UPPER,    /* in the upper four bits of a byte */
	FORMAT_WLAN_TYPE,
	FORMAT_WLAN_SUBTYPE,
	FORMAT_WLAN_DIRECTION,
	FORMAT_TCP_FLAGS,
	FORMAT_MAC,
	FORMAT_IPV6,
	FORMAT_PF_ACTION,
	FORMAT_PF_REASON,
	FORMAT_TEXT, /* characters */
};

/* A field of a header, or bytes of one. */
struct named_field {
	const char *name;
	enum field_format format;
	uint8_t first;     /* of its bytes, from 0; */
	uint8_t last;      /* the last one */
	uint8_t size;      /* of the whole field */
	bool is_type;      /* tells the network protocol */
	bool is_transport; /* tells what is above the network protocol */
	bool is_bottom;    /* tells whether an MPLS label is the last */
	bool is_llc;       /* tells what follows an LLC header */
	bool is_port;      /* the destination's, which tells a tunnel */
};

/* explain-fields.c: whether the bytes that value loads, of which mask is looked at, are a field that has a name. */
bool explain_field(const struct known *known, const struct value *value, uint32_t mask, struct named_field *field);
/* The network protocol that a number of that format tells, as an Ethernet type; 0 if that is not known. */
uint32_t explain_protocol(enum field_format format, uint32_t number);
/* The name of a number of that format, or NULL. */
const char *explain_name(enum field_format format, uint32_t number);
/* What the kernel tells beside a packet. */
const char *explain_ancillary(uint32_t offset);

/* explain-letters.c: false if memory has run out. The blocks are those that are told; known is by block number. */
bool explain_choose_letters(const struct ir *ir, struct block *const *order, const struct known *known,
	size_t count, struct letters *letters);

/* explain-words.c */
/* The bytes that a value is made of, where it is that by a mask; otherwise the value. */
const struct value *explain_without_mask(const struct value *value, uint32_t *mask);
void explain_in_words(const struct ir *ir, const struct layout *first, FILE *out);

#endif
