/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a packet's headers are, as far as the expression so far tells: what the generator hands from each part of an
 * expression to the next. And the rows in which the facts of a link type stand.
 */
#ifndef WEIR_FILTER_LAYOUT_H
#define WEIR_FILTER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/ir.h"
#include "filter/tree.h"

struct generator;
struct linktype;

/* Where to go on when a test holds, and where when it does not. */
struct ways {
	struct block *yes;
	struct block *no;
};

/* An offset in the packet: what is computed from the packet (NULL: nothing) plus a constant. */
struct place {
	const struct value *variable;
	uint32_t constant;
};

/* The network protocol that the expression so far has asked for. */
enum asserted {
	ASSERTED_NONE,
	ASSERTED_IP,
	ASSERTED_IPV6,
};

/* What "protochain" has told: the transport header is where the chain of headers ended, and has this protocol. */
struct chain {
	bool asked;
	enum ip_version version;
	uint8_t protocol;
};

struct layout;
struct target;

/*
 * Whether a link-layer header says that it carries a network protocol: an Ethernet type, or, up to 1500, the service
 * access point of an LLC header.
 */
typedef struct block *tell_function(
	struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways);

/* Brings the layout of a link type's packets in order where the row's constants do not suffice. */
typedef void start_function(struct generator *g, struct layout *layout);

/* Link-layer addresses where they have no fixed place. */
typedef struct block *address_function(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways);

/* Something else that a link-layer header tells: whether there is an LLC header at the payload, a multicast. */
typedef struct block *link_function(struct generator *g, const struct layout *layout, struct ways ways);

/* Immutable: words like vlan make a new one. */
struct layout {
	const struct linktype *linktype; /* of the innermost link-layer header */
	struct place link;               /* that header */
	struct place type;               /* its field that tells the network protocol */
	struct place payload;            /* what it carries: an LLC header, or the network header */
	uint16_t network;                /* the network header, from the payload */
	uint16_t network_nosnap;         /* the same behind an LLC header without SNAP */
	tell_function *tell;
	enum asserted asserted;
	struct chain chain;
	bool tagged;              /* behind a VLAN tag */
	bool labelled;            /* behind MPLS labels */
	bool tunnelled;           /* inside Geneve or VXLAN */
	struct place tunnel_type; /* where Geneve tells what it carries */
};

/* The link-layer addresses of a header, from its start. */
struct addresses {
	uint8_t source;
	uint8_t destination;
	uint8_t size;      /* bytes: 6, or 1 (ARCnet, BACnet) */
	uint8_t broadcast; /* of one byte: the address that all take; 6 bytes: all ones */
};

/* The field of a header at the packet's start that tells sent packets from received ones. */
struct direction_field {
	uint8_t offset;
	uint8_t size;
	uint8_t mask; /* 0: the whole field */
	uint8_t sent;
	uint8_t received;
	bool rest; /* all that is not sent was received */
};

enum {
	LINK_VLAN = 1 << 0,  /* can carry VLAN tags in place of its type */
	LINK_PPPOE = 1 << 1, /* can carry PPPoE */
	LINK_ARP = 1 << 2,   /* can carry more than IP */
	LINK_RADIO = 1 << 3, /* packets begin with a radio header */
	LINK_VAGUE = 1 << 4, /* does not tell the network protocols apart */
	LINK_WLAN = 1 << 5,  /* 802.11 */
	LINK_ATM = 1 << 6,   /* ATM, with virtual paths and channels */
	LINK_SS7 = 1 << 7,   /* MTP2, at the link-layer header */
	LINK_PF = 1 << 8,    /* logged by a packet filter */
	LINK_MAYBE = 1 << 9, /* the guard is for the header alone: the type stands elsewhere where it is missing */
};

/* A link type. Offsets of the type and the payload are from the start of the link-layer header. */
struct linktype {
	int dlt;
	uint16_t link; /* its link-layer header, from the packet's start */
	uint16_t type;
	uint16_t payload;
	uint16_t network;
	uint16_t network_nosnap;
	uint16_t ifindex; /* where the interface's number stands; 0: nowhere */
	uint16_t ss7;     /* where MTP2 starts */
	uint16_t mpls;    /* the protocol that stands for MPLS; 0: it has none */
	unsigned has;
	tell_function *tell;               /* NULL: only bytes can be asked for */
	tell_function *tell_tagged;        /* behind a VLAN tag, where that differs */
	const struct addresses *addresses; /* NULL: none, or told by: */
	address_function *address;
	link_function *multicast; /* where the group bit of the destination does not do */
	link_function *llc;
	link_function *guard; /* whether the packet has this link-layer header at all; NULL: always */
	const struct direction_field *direction; /* NULL: only live captures tell it */
	start_function *start;
};

const struct linktype *linktype_of(int dlt);
/* Inside PPPoE: PPP without its address and control fields. */
extern const struct linktype linktype_pppoe_session;
/* Ethernet over ATM. */
extern const struct linktype linktype_lane;
/* In tunnels; in Geneve there may be no link-layer header. */
extern const struct linktype linktype_vxlan;
extern const struct linktype linktype_geneve;

struct place place_add(struct place place, uint32_t k);
/* size bytes at place + offset. */
const struct value *load_at(struct generator *g, struct place place, uint32_t offset, int size);
struct place network_place(const struct layout *layout);
struct place network_nosnap_place(const struct layout *layout);
/* Behind the IPv4 header, which has options. */
struct place ipv4_payload(struct generator *g, const struct layout *layout);
/* A place further on by a value. */
struct place place_move(struct generator *g, struct place place, const struct value *by);
/* A copy to change, in which neither a network protocol nor a chain has been asked for; NULL without memory. */
struct layout *layout_copy(struct generator *g, const struct layout *layout);
/* From here on the packet has another link-layer header. */
struct layout *layout_behind(
	struct generator *g, const struct layout *layout, const struct linktype *row, struct place link);
bool same_chain(struct chain a, struct chain b);
bool same_layout(const struct layout *a, const struct layout *b);
/* The layout at the start of the expression. */
const struct layout *first_layout(struct generator *g);

#endif
