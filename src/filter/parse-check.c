/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which protocols, directions, kinds of id and ways to write one go together, as far as that needs no link type: a row
 * for each kind of id. For the parser.
 */
#include <string.h>

#include <arpa/inet.h>

#include "filter/parse.h"

#define SET(value) (UINT64_C(1) << (value))
#define HOST_PROTOCOLS                                                                                             \
	(SET(PROTO_NONE) | SET(PROTO_LINK) | SET(PROTO_IP) | SET(PROTO_ARP) | SET(PROTO_RARP) |                    \
		SET(PROTO_DECNET) | SET(PROTO_IPV6))
#define PORT_PROTOCOLS (SET(PROTO_NONE) | SET(PROTO_TCP) | SET(PROTO_UDP) | SET(PROTO_SCTP))
#define HOST_FORMS                                                                                                 \
	(SET(ID_NAME) | SET(ID_NUMBER) | SET(ID_IPV4) | SET(ID_IPV6) | SET(ID_MAC) | SET(ID_ARCNET) |              \
		SET(ID_DECNET))

static const struct rule {
	enum id_type type;
	const char *word;
	uint64_t protocols;
	const char *protocol_names;
	bool direction; /* may have one */
	uint64_t forms;
	const char *form_names;
} rules[] = {
	{TYPE_DEFAULT, "a host", HOST_PROTOCOLS, "ether, ip, ip6, arp, rarp, decnet", true, HOST_FORMS,
		"an address"},
	{TYPE_HOST, "\"host\"", HOST_PROTOCOLS, "ether, ip, ip6, arp, rarp, decnet", true, HOST_FORMS,
		"an address"},
	{TYPE_NET, "\"net\"", HOST_PROTOCOLS & ~SET(PROTO_LINK), "ip, ip6, arp, rarp, decnet", true,
		SET(ID_NAME) | SET(ID_NUMBER) | SET(ID_IPV4) | SET(ID_IPV6) | SET(ID_DECNET), "an IP network"},
	{TYPE_PORT, "\"port\"", PORT_PROTOCOLS, "tcp, udp, sctp", true, SET(ID_NAME) | SET(ID_NUMBER),
		"a number or the name of a service"},
	{TYPE_PORTRANGE, "\"portrange\"", PORT_PROTOCOLS, "tcp, udp, sctp", true, SET(ID_RANGE) | SET(ID_NUMBER),
		"two ports with \"-\" between them"},
	{TYPE_PROTO, "\"proto\"",
		SET(PROTO_NONE) | SET(PROTO_LINK) | SET(PROTO_IP) | SET(PROTO_IPV6) | SET(PROTO_ISO) |
			SET(PROTO_ISIS),
		"ether, ip, ip6, iso, isis", false, SET(ID_NAME) | SET(ID_NUMBER),
		"a number or the name of a protocol"},
	{TYPE_PROTOCHAIN, "\"protochain\"", SET(PROTO_NONE) | SET(PROTO_IP) | SET(PROTO_IPV6), "ip, ip6", false,
		SET(ID_NAME) | SET(ID_NUMBER), "a number or the name of a protocol"},
	{TYPE_GATEWAY, "\"gateway\"", SET(PROTO_NONE) | SET(PROTO_IP) | SET(PROTO_ARP) | SET(PROTO_RARP),
		"ip, arp, rarp", false, SET(ID_NAME), "the name of a host"},
};

static const struct rule *find_rule(enum id_type type)
{
	const struct rule *rule = rules;

	while (rule->type != type)
		rule++;
	return rule;
}

/* The protocol and the rest of the head do not go together; where the protocol is a primitive, "and" joins the two. */
static void fail_protocol(struct parser *parser, const struct token *first, const struct rule *rule)
{
	struct span head = parse_span(parser, first);
	const char *text = parser->filter->input.text, *protocol = first->keyword->text;
	char rest[64], advice[128] = "";

	snprintf(rest, sizeof(rest), "%.*s", (int)(head.length - (first[1].span.offset - head.offset)),
		text + first[1].span.offset);
	if (first->keyword->value != PROTO_LINK && first->keyword->value != PROTO_RADIO)
		snprintf(advice, sizeof(advice), "; did you mean \"%s and %s\"?", protocol, rest);
	filter_error(parser->filter, head, "%s cannot stand behind \"%s\", only behind %s or alone%s", rule->word,
		protocol, rule->protocol_names, advice);
}

bool parse_check_qualifiers(struct parser *parser, const struct qualifiers *qualifiers, const struct token *first)
{
	const struct rule *rule = find_rule(qualifiers->type);
	bool wlan = qualifiers->direction >= DIR_RA;

	if ((rule->protocols & SET(qualifiers->protocol)) == 0)
		fail_protocol(parser, first, rule);
	else if (!rule->direction && qualifiers->direction != DIR_DEFAULT)
		filter_error(parser->filter, parse_span(parser, first), "%s has no direction", rule->word);
	else if (wlan && (qualifiers->protocol != PROTO_LINK || rule->forms != HOST_FORMS))
		filter_error(parser->filter, parse_span(parser, first),
			"\"%s\" is an address of 802.11: write \"wlan %s MAC\"",
			filter_keyword_text(KEYWORD_DIRECTION, qualifiers->direction),
			filter_keyword_text(KEYWORD_DIRECTION, qualifiers->direction));
	else
		return true;
	return false;
}

/* How an address must be qualified; NULL if it is so. */
static const char *wanted_for_address(const struct qualifiers *qualifiers, const struct id *id)
{
	bool link = qualifiers->protocol == PROTO_LINK;

	if ((id->form == ID_MAC || id->form == ID_ARCNET) && !link)
		return "is an address of the link layer: write it behind \"ether host\", \"ether src\" or \"ether "
		       "dst\"";
	if (link && (id->form == ID_IPV4 || id->form == ID_IPV6))
		return "is an IP address: write it behind \"ip host\" or \"ip6 host\", or leave the protocol out";
	if (link && id->form == ID_NUMBER)
		return "is no address of the link layer";
	if ((id->form == ID_IPV4 || id->form == ID_NUMBER) && qualifiers->protocol == PROTO_IPV6)
		return "is an IPv4 address: write \"ip\" instead of \"ip6\"";
	if (id->form == ID_IPV6 && qualifiers->protocol != PROTO_NONE && qualifiers->protocol != PROTO_IPV6)
		return "is an IPv6 address: write \"ip6\", or leave the protocol out";
	if (qualifiers->protocol == PROTO_DECNET && id->form != ID_DECNET)
		return "is no DECnet address, such as 10.123; names of DECnet hosts are not known";
	return NULL;
}

/* An IPv4 address with bits beside its mask, which would never match. */
static bool check_ipv4_net(struct parser *parser, const struct id *id)
{
	uint32_t mask = id->has_mask ? id->mask : id->prefix == 0 ? 0 : UINT32_MAX << (32 - id->prefix);

	if ((id->ipv4 & ~mask) == 0)
		return true;
	struct in_addr network = {htonl(id->ipv4 & mask)};
	char text[INET_ADDRSTRLEN];
	filter_error(parser->filter, id->span, "%.*s has bits set beside its mask; without them it is %s",
		(int)id->span.length, parser->filter->input.text + id->span.offset,
		inet_ntop(AF_INET, &network, text, sizeof(text)));
	return false;
}

static bool check_ipv6_net(struct parser *parser, const struct id *id)
{
	struct in6_addr network = id->ipv6;
	char text[INET6_ADDRSTRLEN];

	for (uint32_t bit = id->prefix; bit < 128; bit++)
		network.s6_addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	if (memcmp(&network, &id->ipv6, sizeof(network)) == 0)
		return true;
	filter_error(parser->filter, id->span, "%.*s has bits set behind its prefix; without them it is %s",
		(int)id->span.length, parser->filter->input.text + id->span.offset,
		inet_ntop(AF_INET6, &network, text, sizeof(text)));
	return false;
}

/* A prefix or mask makes an IPv6 host a net, as libpcap has it, but not an IPv4 one. */
static bool check_net(struct parser *parser, const struct qualifiers *qualifiers, const struct id *id)
{
	if (!id->has_prefix && !id->has_mask)
		return true;
	if (id->form == ID_IPV6)
		return check_ipv6_net(parser, id);
	if (qualifiers->type == TYPE_NET)
		return check_ipv4_net(parser, id);
	filter_error(parser->filter, id->span, "this is a network: write it behind \"net\"");
	return false;
}

/* Numbers that fit the field which they are compared with: ISO 10589 has 5 bits for the PDU type, the rest is plain. */
static bool check_number(struct parser *parser, const struct qualifiers *qualifiers, const struct id *id)
{
	const char *what = "a port";
	uint32_t most = 0xffff;

	if (qualifiers->type == TYPE_PROTO && qualifiers->protocol == PROTO_LINK) {
		what = "a protocol of the link layer";
	} else if (qualifiers->type == TYPE_PROTO || qualifiers->type == TYPE_PROTOCHAIN) {
		what = qualifiers->protocol == PROTO_ISIS ? "an IS-IS PDU type" : "a protocol";
		most = qualifiers->protocol == PROTO_ISIS ? 0x1f : 0xff;
	} else if (qualifiers->type != TYPE_PORT && qualifiers->type != TYPE_PORTRANGE) {
		return true;
	}
	if (id->number <= most)
		return true;
	filter_error(parser->filter, id->span, "%s is at most %u", what, most);
	return false;
}

bool parse_check_id(struct parser *parser, const struct qualifiers *qualifiers, const struct id *id)
{
	const struct rule *rule = find_rule(qualifiers->type);
	const char *wanted = NULL;
	char text[48];

	snprintf(text, sizeof(text), "%.*s", (int)id->span.length, parser->filter->input.text + id->span.offset);
	if ((rule->forms & SET(id->form)) == 0) {
		filter_error(
			parser->filter, id->span, "%s wants %s, not \"%s\"", rule->word, rule->form_names, text);
		return false;
	}
	if (rule->forms == HOST_FORMS || qualifiers->type == TYPE_NET)
		wanted = id->form == ID_NAME && qualifiers->protocol != PROTO_DECNET
				 ? NULL
				 : wanted_for_address(qualifiers, id);
	if (wanted != NULL) {
		filter_error(parser->filter, id->span, "\"%s\" %s", text, wanted);
		return false;
	}
	if (id->form == ID_NUMBER && !check_number(parser, qualifiers, id))
		return false;
	return check_net(parser, qualifiers, id);
}
