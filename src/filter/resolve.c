/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an id and its qualifiers to the set of addresses, ports or numbers that it stands for: asks the name
 * databases. The parser has seen to it that they go together.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/namedb.h>

#include "filter/layers.h"
#include "filter/proto-rows.h"

static bool has_tag(const struct node *node)
{
	switch (node->word) {
	case WORD_VLAN:
	case WORD_MPLS:
	case WORD_PPPOES:
	case WORD_GENEVE:
	case WORD_VXLAN:
		return node->has_value;
	default:
		return false;
	}
}

bool is_target(const struct node *node)
{
	return node->kind == NODE_PROTOCOL || node->kind == NODE_ID || (node->kind == NODE_WORD && has_tag(node));
}

/* The target that node adds to, by its qualifiers. */
static struct target *target_of(
	struct generator *g, struct alternatives *list, const struct node *node, enum target_kind kind)
{
	struct target wanted = {.kind = kind,
		.protocol = node->qualifiers.protocol,
		.direction = node->qualifiers.direction,
		.word = node->word,
		.transport = PROTO_UNDEF};

	if (wanted.direction == DIR_DEFAULT)
		wanted.direction = DIR_SRC_OR_DST;
	wanted.single = wanted.direction == DIR_SRC_AND_DST;
	return target_for(g, list, wanted);
}

/* ---- Hosts and networks ---- */

/* Whether an address of a family can stand after the protocol qualifier. */
static bool takes_family(enum protocol protocol, int family)
{
	return protocol == PROTO_NONE || (protocol == PROTO_IPV6) == (family == AF_INET6);
}

/* A network has the bits of its mask or of the parts that were written; a host may be written so too. */
static uint32_t network_mask(const struct id *id)
{
	if (id->has_mask)
		return id->mask;
	uint32_t bits = id->has_prefix ? id->prefix : 8 * id->parts;
	return bits > 0 ? UINT32_MAX << (32 - bits) : 0;
}

/* A network's number as a word, in which the last octets may be left out: 10 is 10.0.0.0. */
static bool add_network_number(struct generator *g, struct target *target, uint32_t number)
{
	uint32_t mask = UINT32_MAX;

	while (number != 0 && (number & 0xff000000) == 0) {
		number <<= 8;
		mask <<= 8;
	}
	return add_network(g, target, number, mask);
}

/* Each address of a host's name; for "src and dst", each in a set of its own. */
static bool add_host_name(
	struct generator *g, struct alternatives *list, const struct node *node, enum target_kind kind)
{
	enum protocol protocol = node->qualifiers.protocol;
	bool ok = true, found = false;
	struct addrinfo *addresses = pcap_nametoaddrinfo(node->id.text);

	if (addresses == NULL) {
		fail(g, "unknown host \"%s\"", node->id.text);
		return false;
	}
	for (const struct addrinfo *a = addresses; a != NULL && ok; a = a->ai_next) {
		if ((a->ai_family != AF_INET && a->ai_family != AF_INET6) || !takes_family(protocol, a->ai_family))
			continue;
		struct target *target = target_of(g, list, node, kind);
		found = true;
		if (target == NULL)
			ok = false;
		else if (a->ai_family == AF_INET6)
			ok = add_prefix(g, target, &((struct sockaddr_in6 *)a->ai_addr)->sin6_addr, 128);
		else
			ok = add_network(
				g, target, ntohl(((struct sockaddr_in *)a->ai_addr)->sin_addr.s_addr), UINT32_MAX);
	}
	freeaddrinfo(addresses);
	if (!found)
		fail(g, "the host \"%s\" has no %s address", node->id.text,
			protocol == PROTO_IPV6 ? "IPv6" : "IPv4");
	return ok && found;
}

static bool add_network_name(struct generator *g, struct alternatives *list, const struct node *node)
{
	if (node->qualifiers.protocol == PROTO_IPV6) {
		fail(g, "the names of networks are those of IPv4: write \"%s\" as ADDRESS/LENGTH, or \"ip\"",
			node->id.text);
		return false;
	}
	uint32_t number = pcap_nametonetaddr(node->id.text);
	if (number == 0) {
		fail(g, "unknown network \"%s\"", node->id.text);
		return false;
	}
	struct target *target = target_of(g, list, node, TARGET_ADDRESS);
	return target != NULL && add_network_number(g, target, number);
}

static bool add_address(struct generator *g, struct alternatives *list, const struct node *node)
{
	const struct id *id = &node->id;
	bool network = node->qualifiers.type == TYPE_NET;

	if (id->form == ID_NAME)
		return network ? add_network_name(g, list, node) : add_host_name(g, list, node, TARGET_ADDRESS);
	struct target *target = target_of(g, list, node, TARGET_ADDRESS);
	if (target == NULL)
		return false;
	if (id->form == ID_IPV6)
		return add_prefix(g, target, &id->ipv6, id->has_prefix ? id->prefix : 128);
	if (id->form == ID_IPV4)
		return add_network(g, target, id->ipv4, network_mask(id));
	return network ? add_network_number(g, target, id->number) : add_network(g, target, id->number, UINT32_MAX);
}

/* ---- Other addresses ---- */

/* A name of the ethers database. */
static bool add_ether_name(struct generator *g, struct target *target, const char *name)
{
	uint8_t *mac = pcap_ether_hostton(name);
	bool ok = false;

	if (mac == NULL)
		fail(g, "unknown Ethernet host \"%s\": it is not in %s", name, PCAP_ETHERS_FILE);
	else
		ok = target != NULL && add_mac(g, target, mac);
	free(mac);
	return ok;
}

static bool add_link_address(struct generator *g, struct alternatives *list, const struct node *node)
{
	const struct id *id = &node->id;
	struct target *target = target_of(g, list, node, id->form == ID_ARCNET ? TARGET_ARCNET : TARGET_MAC);

	if (id->form == ID_ARCNET)
		return target != NULL && add_range(g, target, id->number, id->number);
	if (id->form == ID_MAC)
		return target != NULL && add_mac(g, target, id->mac);
	return add_ether_name(g, target, id->text);
}

/* The header has them in little-endian order (DECnet Phase IV), loads of the program are in big-endian order. */
static bool add_decnet(struct generator *g, struct alternatives *list, const struct node *node)
{
	uint16_t number = __builtin_bswap16(node->id.number);
	struct target *target = target_of(g, list, node, TARGET_DECNET);

	return target != NULL && add_range(g, target, number, number);
}

/* Both addresses of one name; each gateway is a set of its own. */
static bool add_gateway(struct generator *g, struct alternatives *list, const struct node *node)
{
	struct alternatives own = {0};

	if (!add_host_name(g, &own, node, TARGET_GATEWAY) || !add_ether_name(g, own.items[0].target, node->id.text))
		return false;
	return add_alternative(g, list, own.items[0]);
}

/* ---- Ports ---- */

static const struct transport {
	enum protocol protocol;
	int number;
} transports[] = {
	{PROTO_TCP, IPPROTO_TCP}, {PROTO_UDP, IPPROTO_UDP}, {PROTO_SCTP, IPPROTO_SCTP}, {PROTO_NONE, PROTO_UNDEF}};

/* Why the text is no port, or no range of them. */
static bool fail_port(struct generator *g, const struct id *id)
{
	size_t first = strspn(id->text, "0123456789"), last = 0;

	if (first > 0 && id->text[first] == '-')
		last = strspn(id->text + first + 1, "0123456789");
	bool numbers = last > 0 && id->text[first + 1 + last] == '\0';
	if (id->form == ID_NAME && numbers)
		fail(g, "\"%s\" is a range: write it behind \"portrange\"", id->text);
	else if (numbers)
		fail(g, "\"%s\": a port is at most 65535", id->text);
	else
		fail(g, "unknown port%s \"%s\"", id->form == ID_RANGE ? " range" : "", id->text);
	return false;
}

/* The transport that the qualifier asks for together with the name's; false if they contradict each other. */
static bool add_transport(struct generator *g, const struct node *node, int *transport)
{
	const struct transport *asked = transports;

	while (asked->protocol != node->qualifiers.protocol)
		asked++;
	if (asked->number != PROTO_UNDEF && *transport != PROTO_UNDEF && *transport != asked->number) {
		fail(g, "\"%s\" is not a port of %s", node->id.text, proto_rows[asked->protocol].name);
		return false;
	}
	if (asked->number != PROTO_UNDEF)
		*transport = asked->number;
	return true;
}

static bool add_port(struct generator *g, struct alternatives *list, const struct node *node)
{
	const struct id *id = &node->id;
	int low = id->number, high = id->number, transport = PROTO_UNDEF;
	bool known = true;

	if (id->form == ID_RANGE) {
		known = pcap_nametoportrange(id->text, &low, &high, &transport);
	} else if (id->form == ID_NAME) {
		known = pcap_nametoport(id->text, &low, &transport);
		high = low;
	}
	if (!known)
		return fail_port(g, id);
	if (!add_transport(g, node, &transport))
		return false;
	struct target wanted = {
		.kind = TARGET_PORT, .direction = node->qualifiers.direction, .transport = transport};
	if (wanted.direction == DIR_DEFAULT)
		wanted.direction = DIR_SRC_OR_DST;
	wanted.single = wanted.direction == DIR_SRC_AND_DST;
	struct target *target = target_for(g, list, wanted);
	return target != NULL && add_range(g, target, low < high ? low : high, low < high ? high : low);
}

/* ---- Protocol numbers ---- */

static int protocol_number(enum protocol carrier, const char *name)
{
	int number;

	switch (carrier) {
	case PROTO_LINK:
		number = pcap_nametoeproto(name);
		return number != PROTO_UNDEF ? number : pcap_nametollc(name);
	case PROTO_ISO:
		return iso_protocol_number(name);
	case PROTO_ISIS:
		return PROTO_UNDEF;
	default:
		number = pcap_nametoproto(name);
		return number != PROTO_UNDEF ? number : ip_protocol_number(name);
	}
}

int protocol_number_of(const struct node *node)
{
	return node->id.form == ID_NAME ? protocol_number(node->qualifiers.protocol, node->id.text)
					: (int)node->id.number;
}

static bool add_proto(struct generator *g, struct alternatives *list, const struct node *node)
{
	enum protocol carrier = node->qualifiers.protocol;
	bool chain = node->qualifiers.type == TYPE_PROTOCHAIN;
	int number = protocol_number_of(node);

	if (number == PROTO_UNDEF) {
		fail(g, "unknown protocol \"%s\" of %s", node->id.text, proto_rows[carrier].name);
		return false;
	}
	/* That of the IP header itself, even if a chain has been followed. */
	bool of_header = g->follows_chains && !chain && (carrier == PROTO_IP || carrier == PROTO_IPV6);
	struct target *target = target_for(g, list,
		(struct target){
			.kind = chain ? TARGET_CHAIN : TARGET_PROTO, .protocol = carrier, .of_header = of_header});
	return target != NULL && add_range(g, target, number, number);
}

static bool add_protocol_word(struct generator *g, struct alternatives *list, const struct node *node)
{
	const struct proto_row *row = &proto_rows[node->qualifiers.protocol];
	struct target *target =
		target_for(g, list, (struct target){.kind = TARGET_PROTO, .protocol = row->carrier});

	for (int i = 0; i < row->count; i++)
		if (target == NULL || !add_range(g, target, row->numbers[i], row->numbers[i]))
			return false;
	return true;
}

static bool add_id(struct generator *g, struct alternatives *list, const struct node *node)
{
	switch (node->qualifiers.type) {
	case TYPE_PORT:
	case TYPE_PORTRANGE:
		return add_port(g, list, node);
	case TYPE_PROTO:
	case TYPE_PROTOCHAIN:
		return add_proto(g, list, node);
	case TYPE_GATEWAY:
		return add_gateway(g, list, node);
	default:
		break;
	}
	if (node->qualifiers.protocol == PROTO_LINK)
		return add_link_address(g, list, node);
	if (node->qualifiers.protocol == PROTO_DECNET)
		return add_decnet(g, list, node);
	return add_address(g, list, node);
}

bool add_target(struct generator *g, struct alternatives *list, const struct node *node)
{
	g->span = node->kind == NODE_ID ? node->id.span : node->span;
	if (node->kind == NODE_ID)
		return add_id(g, list, node);
	if (node->kind == NODE_PROTOCOL)
		return add_protocol_word(g, list, node);
	struct target *target = target_for(g, list, (struct target){.kind = TARGET_TAG, .word = node->word});
	return target != NULL && add_range(g, target, node->value, node->value);
}
