/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "protochain", and what it tells of the rest: where the chain of headers ended stands the transport header, and which
 * protocol that has is known.
 */
#include "filter/layers.h"
#include "filter/targets.h"

enum ip_version version_of(enum protocol protocol)
{
	return protocol == PROTO_IP ? IP_4 : protocol == PROTO_IPV6 ? IP_6 : IP_EITHER;
}

struct block *generate_chain(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	struct place network = network_place(layout);
	enum ip_version version = version_of(target->protocol);

	for (size_t i = target->ranges.count; i-- > 0 && ways.no != NULL;) {
		uint8_t number = target->ranges.items[i].low;
		/* What is asked behind the chain has been made before. */
		const struct value *end =
			ir_known_chain_end(g->ir, network.variable, network.constant, version, number);
		struct block *chain;
		if (version != IP_4) {
			chain = ir_chain(
				g->ir, network.variable, network.constant, true, number, end, ways.yes, ways.no);
			ways.no = link_protocol(g, layout, LINK_PROTO_IPV6, ways_to(chain, ways.no));
		}
		if (version != IP_6) {
			chain = ir_chain(
				g->ir, network.variable, network.constant, false, number, end, ways.yes, ways.no);
			ways.no = link_protocol(g, layout, LINK_PROTO_IP, ways_to(chain, ways.no));
		}
	}
	return ways.no;
}

struct place chain_end(struct generator *g, const struct layout *layout)
{
	struct place network = network_place(layout);

	return (struct place){ir_chain_end(g->ir, network.variable, network.constant, layout->chain.version,
				      layout->chain.protocol),
		0};
}

struct block *chain_has_header(struct generator *g, const struct layout *layout, struct ways ways)
{
	return test(g, TEST_EQ, chain_end(g, layout).variable, 0, turned(ways));
}

struct block *chain_carried_by(
	struct generator *g, enum protocol carrier, const struct layout *layout, struct ways ways)
{
	enum ip_version version = version_of(carrier);

	if (version == IP_EITHER || version == layout->chain.version)
		return ways.yes;
	return link_protocol(g, layout, version == IP_4 ? LINK_PROTO_IP : LINK_PROTO_IPV6, ways);
}

struct block *chain_protocols(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	for (size_t i = 0; i < target->ranges.count; i++)
		if (target->ranges.items[i].low == layout->chain.protocol)
			return chain_carried_by(g, target->protocol, layout, ways);
	return ways.no;
}
