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

struct block *tell_ethernet(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *type = load_at(g, layout->type, 0, 2);
	struct place llc = layout->payload;
	uint32_t ethernet_type = protocol;
	struct ways in_frame = ways; /* behind a length */

	switch (protocol) {
	case LINK_PROTO_ATALK:
		in_frame.yes = snap(g, llc, SNAP_APPLE, LINK_PROTO_ATALK, ways);
		break;
	case LINK_PROTO_AARP:
		in_frame.yes = snap(g, llc, SNAP_ETHERNET, LINK_PROTO_AARP, ways);
		break;
	case LINK_PROTO_IPX:
		ethernet_type = LINK_PROTO_IPX_TYPE;
		in_frame.no = test(g, TEST_EQ, load_at(g, llc, 0, 2), RAW_IPX, ways);
		in_frame.no = access_points(g, llc, protocol, in_frame);
		in_frame.yes = snap(g, llc, SNAP_ETHERNET, LINK_PROTO_IPX_TYPE, in_frame);
		break;
	default:
		if (protocol > LINK_PROTO_LENGTH_MAX)
			return test(g, TEST_EQ, type, protocol, ways);
		in_frame.yes = access_points(g, llc, protocol, ways);
		return test(g, TEST_GT, type, LINK_PROTO_LENGTH_MAX, ways_to(ways.no, in_frame.yes));
	}
	ways.no = test(g, TEST_GT, type, LINK_PROTO_LENGTH_MAX, ways_to(ways.no, in_frame.yes));
	return test(g, TEST_EQ, type, ethernet_type, ways);
}

struct block *llc_in_ethernet(struct generator *g, const struct layout *layout, struct ways ways)
{
	struct block *llc = test(g, TEST_EQ, load_at(g, layout->payload, 0, 2), RAW_IPX, turned(ways));

	return test(g, TEST_GT, load_at(g, layout->type, 0, 2), LINK_PROTO_LENGTH_MAX, ways_to(ways.no, llc));
}
