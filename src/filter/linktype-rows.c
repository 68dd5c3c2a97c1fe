/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link types: a row each. Formats are those of the registry of link-layer header types.
 */
#include <pcap.h>

#include "filter/link.h"

static const struct addresses ethernet_addresses = {.destination = 0, .source = 6, .size = 6};

#define PPP_MPLS 0x0281

const struct linktype linktype_pppoe_session = {
	.dlt = DLT_PPP,
	.name = "PPP",
	.payload = 2,
	.mpls = PPP_MPLS,
	.has = LINK_ARP,
	.tell = tell_ppp,
};

static const struct linktype linktypes[] = {
	{
		.dlt = DLT_EN10MB,
		.name = "Ethernet",
		.type = 12,
		.payload = 14,
		.network_nosnap = 3,
		.mpls = LINK_PROTO_MPLS,
		.has = LINK_VLAN | LINK_PPPOE | LINK_ARP,
		.tell = tell_ethernet,
		.addresses = &ethernet_addresses,
		.llc = llc_in_ethernet,
	},
};

/* All that is not here: its bytes can be asked for. */
static const struct linktype other = {.dlt = -1, .name = "such"};

const struct linktype *linktype_of(int dlt)
{
	for (size_t i = 0; i < sizeof(linktypes) / sizeof(linktypes[0]); i++)
		if (linktypes[i].dlt == dlt)
			return &linktypes[i];
	return &other;
}
