/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the network protocol is told where IP stands at the packet's start, or behind a number: versions, PPP.
 */
#include "filter/link.h"

#define VERSION_BITS 0xf0
#define VERSION_4 0x40
#define VERSION_6 0x60

struct block *ip_version(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *first = load_at(g, network_place(layout), 0, 1);

	return test_masked(g, first, VERSION_BITS, protocol == LINK_PROTO_IP ? VERSION_4 : VERSION_6, ways);
}

struct block *tell_version(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	if (protocol != LINK_PROTO_IP && protocol != LINK_PROTO_IPV6)
		return ways.no;
	return ip_version(g, layout, protocol, ways);
}

/* PPP protocol numbers (IANA); what has none here is taken as it is. */
static uint32_t ppp_number(uint32_t protocol)
{
	static const struct {
		uint16_t protocol;
		uint16_t ppp;
	} rows[] = {
		{LINK_PROTO_IP, 0x0021},
		{LINK_PROTO_ISO, 0x0023},
		{LINK_PROTO_DECNET, 0x0027},
		{LINK_PROTO_ATALK, 0x0029},
		{LINK_PROTO_IPX, 0x002b},
		{LINK_PROTO_STP, 0x0031},
		{LINK_PROTO_IPV6, 0x0057},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].protocol == protocol)
			return rows[i].ppp;
	return protocol;
}

struct block *tell_ppp(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	return test(g, TEST_EQ, load_at(g, layout->type, 0, 2), ppp_number(protocol), ways);
}
