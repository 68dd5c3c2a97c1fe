/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How Ethernet, and what stands on LLC headers, tell the network protocol: by a type, or by service access points.
 */
#include "filter/link.h"

/* A SNAP header (IEEE 802): LLC with AA AA 03, an organization of three bytes, a protocol of two. */
#define SNAP 0xaaaa0300
#define SNAP_ETHERNET 0x000000
#define SNAP_APPLE 0x080007

/* NetWare's packets right behind an 802.3 length begin with a checksum of all ones. */
#define RAW_IPX 0xffff

/* linux/if_ether.h: what Linux puts into a cooked header for 802.3 frames, NetWare's and those with LLC. */
#define COOKED_802_3 0x0001
#define COOKED_802_2 0x0004

struct block *snap(
	struct generator *g, struct place llc, uint32_t organization, uint16_t protocol, struct ways ways)
{
	uint32_t low = (organization & 0xffff) << 16 | protocol;

	ways.yes = test(g, TEST_EQ, load_at(g, llc, 0, 4), SNAP | organization >> 16, ways);
	return test(g, TEST_EQ, load_at(g, llc, 4, 4), low, ways);
}

/* Both service access points, or, where the source's differs in replies, that of the destination. */
static struct block *access_points(struct generator *g, struct place llc, uint32_t protocol, struct ways ways)
{
	if (protocol == LINK_PROTO_ISO || protocol == LINK_PROTO_NETBEUI)
		return test(g, TEST_EQ, load_at(g, llc, 0, 2), protocol << 8 | protocol, ways);
	return test(g, TEST_EQ, load_at(g, llc, 0, 1), protocol, ways);
}

struct block *tell_type(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	return test(g, TEST_EQ, load_at(g, layout->type, 0, 2), protocol, ways);
}

/* Of SNAP headers only the protocol is looked at, but for AppleTalk's. */
struct block *tell_llc(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	if (protocol == LINK_PROTO_ATALK)
		return snap(g, layout->payload, SNAP_APPLE, LINK_PROTO_ATALK, ways);
	if (protocol <= LINK_PROTO_LENGTH_MAX)
		return access_points(g, layout->payload, protocol, ways);
	return tell_type(g, layout, protocol, ways);
}

/* Protocols that have both a type and a form behind an LLC header. */
static bool in_both(uint32_t protocol)
{
	return protocol == LINK_PROTO_ATALK || protocol == LINK_PROTO_AARP || protocol == LINK_PROTO_IPX;
}

/* What a frame with an LLC header says. */
static struct block *in_frame(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	switch (protocol) {
	case LINK_PROTO_ATALK:
		return snap(g, layout->payload, SNAP_APPLE, LINK_PROTO_ATALK, ways);
	case LINK_PROTO_AARP:
		return snap(g, layout->payload, SNAP_ETHERNET, LINK_PROTO_AARP, ways);
	case LINK_PROTO_IPX:
		ways.no = access_points(g, layout->payload, protocol, ways);
		return snap(g, layout->payload, SNAP_ETHERNET, LINK_PROTO_IPX_TYPE, ways);
	default:
		return access_points(g, layout->payload, protocol, ways);
	}
}

struct block *tell_ethernet(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *type = load_at(g, layout->type, 0, 2);
	uint32_t as_type = protocol == LINK_PROTO_IPX ? LINK_PROTO_IPX_TYPE : protocol;
	struct ways framed = ways;

	if (protocol > LINK_PROTO_LENGTH_MAX && !in_both(protocol))
		return test(g, TEST_EQ, type, protocol, ways);
	if (protocol == LINK_PROTO_IPX)
		framed.no = test(g, TEST_EQ, load_at(g, layout->payload, 0, 2), RAW_IPX, ways);
	framed.yes = in_frame(g, layout, protocol, framed);
	ways.no = test(g, TEST_GT, type, LINK_PROTO_LENGTH_MAX, ways_to(ways.no, framed.yes));
	return in_both(protocol) ? test(g, TEST_EQ, type, as_type, ways) : ways.no;
}

struct block *tell_cooked(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *type = load_at(g, layout->type, 0, 2);
	uint32_t as_type = protocol == LINK_PROTO_IPX ? LINK_PROTO_IPX_TYPE : protocol;
	struct block *framed;

	if (protocol > LINK_PROTO_LENGTH_MAX && !in_both(protocol))
		return test(g, TEST_EQ, type, protocol, ways);
	framed = in_frame(g, layout, protocol, ways);
	ways.no = test(g, TEST_EQ, type, COOKED_802_2, ways_to(framed, ways.no));
	if (protocol == LINK_PROTO_IPX)
		ways.no = test(g, TEST_EQ, type, COOKED_802_3, ways);
	return in_both(protocol) ? test(g, TEST_EQ, type, as_type, ways) : ways.no;
}

bool told_by_type(const struct layout *layout)
{
	return layout->tell == tell_ethernet || layout->tell == tell_type || layout->tell == tell_llc ||
	       layout->tell == tell_cooked;
}

struct block *llc_in_ethernet(struct generator *g, const struct layout *layout, struct ways ways)
{
	struct block *llc = test(g, TEST_EQ, load_at(g, layout->payload, 0, 2), RAW_IPX, turned(ways));

	return test(g, TEST_GT, load_at(g, layout->type, 0, 2), LINK_PROTO_LENGTH_MAX, ways_to(ways.no, llc));
}

struct block *llc_always(struct generator *g, const struct layout *layout, struct ways ways)
{
	(void)g;
	(void)layout;
	return ways.yes;
}
