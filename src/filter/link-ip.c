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

struct block *tell_ipv4(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	(void)g;
	(void)layout;
	return protocol == LINK_PROTO_IP ? ways.yes : ways.no;
}

struct block *tell_ipv6(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	(void)g;
	(void)layout;
	return protocol == LINK_PROTO_IPV6 ? ways.yes : ways.no;
}

/* ---- Address families: IPv4's is the same everywhere, IPv6's a system's own ---- */

#define FAMILY_IPV4 2

static const uint8_t ipv6_families[] = {
	10, /* Linux */
	23, /* Windows */
	24, /* NetBSD, OpenBSD, BSD/OS */
	28, /* FreeBSD, DragonFly BSD */
	30, /* macOS */
};

static struct block *is_family(
	struct generator *g, const struct value *value, uint32_t family, bool either_order, struct ways ways)
{
	if (either_order)
		ways.no = test(g, TEST_EQ, value, __builtin_bswap32(family), ways);
	return test(g, TEST_EQ, value, family, ways);
}

/* In a savefile the numbers are those of the system that wrote it; here they are ours. */
static struct block *tell_family(struct generator *g, const struct value *value, uint32_t protocol, bool swapped,
	bool either_order, struct ways ways)
{
	size_t ipv6 = g->filter->input.offline ? sizeof(ipv6_families) : 1;

	if (protocol == LINK_PROTO_IP)
		return is_family(
			g, value, swapped ? __builtin_bswap32(FAMILY_IPV4) : FAMILY_IPV4, either_order, ways);
	if (protocol != LINK_PROTO_IPV6)
		return ways.no;
	for (size_t i = ipv6; i-- > 0;)
		ways.no = is_family(g, value, swapped ? __builtin_bswap32(ipv6_families[i]) : ipv6_families[i],
			either_order, ways);
	return ways.no;
}

/* Four bytes in the byte order of the host that captured. */
struct block *tell_null(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	return tell_family(g, load_at(g, layout->type, 0, 4), protocol, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
		g->filter->input.offline, ways);
}

/* Four bytes in network byte order. */
struct block *tell_loop(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	return tell_family(g, load_at(g, layout->type, 0, 4), protocol, false, false, ways);
}

struct block *tell_pflog(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	return tell_family(g, load_at(g, layout->type, 0, 1), protocol, false, false, ways);
}

/* The header begins with its length, without what pads it to a multiple of four bytes. */
void start_pflog(struct generator *g, struct layout *layout)
{
	const struct value *length = ir_add(g->ir, ir_load(g->ir, 1, NULL, 0), 3);

	layout->payload = (struct place){ir_alu(g->ir, BPF_AND, length, ir_const(g->ir, ~3U)), 0};
}

/* Solaris: its own numbers, AF_INET and AF_INET6. */
#define IPNET_IPV4 2
#define IPNET_IPV6 26

struct block *tell_ipnet(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	if (protocol != LINK_PROTO_IP && protocol != LINK_PROTO_IPV6)
		return ways.no;
	return test(g, TEST_EQ, load_at(g, layout->type, 0, 1), protocol == LINK_PROTO_IP ? IPNET_IPV4 : IPNET_IPV6,
		ways);
}

/* ---- PPP ---- */

/* IPv4 whose TCP headers are compressed, and such as are not, of which a compressor takes note (RFC 1332). */
#define PPP_IP 0x0021
#define PPP_VJ_COMPRESSED 0x002d
#define PPP_VJ_UNCOMPRESSED 0x002f

/* PPP protocol numbers (IANA); what has none here is taken as it is. */
static uint32_t ppp_number(uint32_t protocol)
{
	static const struct {
		uint16_t protocol;
		uint16_t ppp;
	} rows[] = {
		{LINK_PROTO_IP, PPP_IP},
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

struct block *tell_ppp_bsdos(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	const struct value *type = load_at(g, layout->type, 0, 2);

	if (protocol == LINK_PROTO_IP) {
		ways.no = test(g, TEST_EQ, type, PPP_VJ_UNCOMPRESSED, ways);
		ways.no = test(g, TEST_EQ, type, PPP_VJ_COMPRESSED, ways);
	}
	return tell_ppp(g, layout, protocol, ways);
}
