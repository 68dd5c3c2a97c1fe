/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked of the link-layer header, and the message for what a link type does not have.
 */
#include <stdio.h>
#include <string.h>

#include "filter/layers.h"

/* Adds "name, " where it can be asked. */
static void list(char *text, size_t size, bool there, const char *name)
{
	size_t used = strlen(text);

	if (there)
		snprintf(text + used, size - used, "%s, ", name);
}

struct block *not_there(struct generator *g, const struct layout *layout, const char *what)
{
	const struct linktype *row = layout->linktype;
	const char *name = pcap_datalink_val_to_name(row->dlt >= 0 ? row->dlt : g->filter->input.linktype);
	/* A word of the language, or else what it would be. */
	const char *quote = strchr(what, ' ') == NULL ? "'" : "";
	char there[160] = "";

	list(there, sizeof(there), layout->tell != NULL,
		layout->labelled ? "ip, ip6, hosts, nets, ports" : "protocols, hosts, nets, ports");
	list(there, sizeof(there), row->addresses != NULL || row->address != NULL, "ether host");
	list(there, sizeof(there), (row->has & LINK_VLAN) != 0 && !layout->labelled, "vlan");
	list(there, sizeof(there), row->mpls != 0, "mpls");
	list(there, sizeof(there), (row->has & LINK_PPPOE) != 0 && !layout->labelled, "pppoes");
	list(there, sizeof(there), row->llc != NULL && !layout->labelled, "llc");
	list(there, sizeof(there), (row->has & LINK_WLAN) != 0, "type, subtype, dir");
	list(there, sizeof(there), (row->has & LINK_ATM) != 0, "vpi, vci, lane, oam");
	list(there, sizeof(there), (row->has & LINK_SS7) != 0, "fisu, lssu, msu, sio, opc, dpc, sls");
	list(there, sizeof(there), (row->has & LINK_PF) != 0, "ifname, rnr, action");
	list(there, sizeof(there), row->direction != NULL, "inbound, outbound");
	list(there, sizeof(there), row->ifindex != 0, "ifindex");
	list(there, sizeof(there), (row->has & LINK_RADIO) != 0, "radio");
	return fail(g, "%s%s%s cannot be asked of %s packets%s; there are: %slink[offset:size], len", quote, what,
		quote, name != NULL ? name : "such", layout->labelled ? " behind MPLS labels" : "", there);
}

struct block *behind_guard(struct generator *g, const struct layout *layout, struct block *yes, struct block *no)
{
	if (layout->linktype->guard == NULL || yes == NULL || no == NULL)
		return yes;
	return layout->linktype->guard(g, layout, ways_to(yes, no));
}

struct block *link_protocol(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	if (layout->tell == NULL)
		return not_there(g, layout, "network protocols");
	if (ways.yes == NULL || ways.no == NULL)
		return NULL;
	struct block *in = layout->tell(g, layout, protocol, ways);
	return (layout->linktype->has & LINK_MAYBE) != 0 ? in : behind_guard(g, layout, in, ways.no);
}
