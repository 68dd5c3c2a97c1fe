/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the network protocol is told by link types that have a way of their own: Cisco HDLC, Frame Relay, ARCnet,
 * LocalTalk, Juniper's.
 */
#include "filter/link.h"

/* Ethernet types, but OSI is told by its service access points. */
struct block *tell_chdlc(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	if (protocol == LINK_PROTO_ISO)
		protocol = LINK_PROTO_ISO << 8 | LINK_PROTO_ISO;
	return tell_type(g, layout, protocol, ways);
}

/* RFC 2427: an unnumbered information frame, then the network layer protocol identifier. */
#define FRAME_RELAY_UI 0x0300
#define NLPID_IP 0xcc
#define NLPID_IPV6 0x8e
#define NLPID_CLNP 0x81
#define NLPID_ISIS 0x83

struct block *tell_frame_relay(
	struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *type = load_at(g, layout->type, 0, 2);

	switch (protocol) {
	case LINK_PROTO_IP:
		return test(g, TEST_EQ, type, FRAME_RELAY_UI | NLPID_IP, ways);
	case LINK_PROTO_IPV6:
		return test(g, TEST_EQ, type, FRAME_RELAY_UI | NLPID_IPV6, ways);
	case LINK_PROTO_ISO:
		for (uint32_t nlpid = NLPID_ISIS; nlpid >= NLPID_CLNP; nlpid--)
			ways.no = test(g, TEST_EQ, type, FRAME_RELAY_UI | nlpid, ways);
		return ways.no;
	default:
		return ways.no;
	}
}

/* ARCnet's protocol identifiers (RFC 1201; ATA's list). */
struct block *tell_arcnet(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	static const struct {
		uint16_t protocol;
		uint8_t arcnet;
	} rows[] = {
		{LINK_PROTO_IPV6, 0xc4},
		{LINK_PROTO_IP, 0xd4},
		{LINK_PROTO_ARP, 0xd5},
		{LINK_PROTO_RARP, 0xd6},
		{LINK_PROTO_ATALK, 0xdd},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].protocol == protocol)
			return test(g, TEST_EQ, load_at(g, layout->type, 0, 1), rows[i].arcnet, ways);
	return ways.no;
}

struct block *tell_localtalk(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	(void)g;
	(void)layout;
	return protocol == LINK_PROTO_ATALK ? ways.yes : ways.no;
}

/* The header's magic number; nothing in it tells the protocol. */
#define JUNIPER_MAGIC 0x4d4743
#define JUNIPER_MAGIC_SHIFT 8

struct block *tell_juniper(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *first = load_at(g, layout->link, 0, 4);

	(void)protocol;
	first = ir_alu(g->ir, BPF_RSH, first, ir_const(g->ir, JUNIPER_MAGIC_SHIFT));
	return test(g, TEST_EQ, first, JUNIPER_MAGIC, ways);
}
