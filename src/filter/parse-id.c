/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ids: a name, number or address, with a prefix length or mask where it is a net. For the parser.
 */
#include <string.h>

#include "core/ascii.h"
#include "filter/parse.h"

bool parse_starts_id(const struct token *token)
{
	switch (token->kind) {
	case TOKEN_WORD:
	case TOKEN_NAME:
	case TOKEN_NUMBER:
	case TOKEN_DOTTED:
	case TOKEN_IPV6:
	case TOKEN_MAC:
	case TOKEN_ARCNET:
		return true;
	default:
		return false;
	}
}

/* Reads "10.1.2" into parts of at most so much each; their count, or 0 if one is larger. */
static int read_parts(const char *text, uint32_t most, uint32_t parts[4])
{
	int count = 1;

	parts[0] = 0;
	for (; *text != '\0'; text++) {
		if (*text == '.') {
			parts[count++] = 0;
			continue;
		}
		parts[count - 1] = parts[count - 1] * 10 + (uint32_t)(*text - '0');
		if (parts[count - 1] > most)
			return 0;
	}
	return count;
}

/* Left-aligned; the number of parts, or 0 after an error. */
static int parse_ipv4(struct parser *parser, const struct token *token, uint32_t *address)
{
	uint32_t parts[4];
	int count = read_parts(token->text, 0xff, parts);

	if (count == 0)
		parse_fail_at(parser, token, "\"%s\" is no IPv4 address: a part of one is at most 255");
	*address = 0;
	for (int i = 0; i < count; i++)
		*address |= parts[i] << (24 - 8 * i);
	return count;
}

/* DECnet Phase IV: 6 bits of area, 10 of node. */
static bool parse_decnet(struct parser *parser, const struct token *token, struct id *id)
{
	uint32_t parts[4];

	id->form = ID_DECNET;
	if (token->kind == TOKEN_NUMBER) {
		id->number = token->number;
		if (id->number > 0xffff)
			return parse_fail_at(parser, token, "\"%s\" is more than the 16 bits of a DECnet address");
		return true;
	}
	if (read_parts(token->text, 1023, parts) != 2 || parts[0] > 63)
		return parse_fail_at(parser, token,
			"\"%s\" is no DECnet address: that is an area to 63, \".\" and a node to 1023");
	id->number = parts[0] << 10 | parts[1];
	return true;
}

/* A number before "/" or "mask" is the leading bytes of an address: "net 10/8". */
static bool number_to_ipv4(struct parser *parser, const struct token *token, struct id *id)
{
	if (token->number > 0xff)
		return parse_fail_at(parser, token, "\"%s\" is no IPv4 network: a part of one is at most 255");
	id->form = ID_IPV4;
	id->ipv4 = token->number << 24;
	id->parts = 1;
	return true;
}

/* What stands behind "/" or "mask"; token is the address. */
static bool parse_net_size(struct parser *parser, const struct token *token, struct id *id)
{
	const struct token *sign = parser->at++;

	if (token->kind == TOKEN_NUMBER && !number_to_ipv4(parser, token, id))
		return false;
	if (id->form != ID_IPV4 && id->form != ID_IPV6)
		return parse_fail_at(parser, sign, "\"%s\" may stand behind a network's address only");
	if (sign->kind == TOKEN_SLASH) {
		id->has_prefix = true;
		return parse_number(parser, id->form == ID_IPV6 ? "an IPv6 prefix length" : "an IPv4 prefix length",
			id->form == ID_IPV6 ? 128 : 32, &id->prefix);
	}
	if (id->form == ID_IPV6)
		return parse_fail_at(parser, sign, "an IPv6 network has no \"%s\": write it as ADDRESS/LENGTH");
	if (parser->at->kind != TOKEN_DOTTED)
		return parse_fail(parser, "a mask is wanted here, such as 255.255.255.0, not \"%s\"");
	id->has_mask = true;
	id->mask_parts = parse_ipv4(parser, parser->at++, &id->mask);
	return id->mask_parts != 0;
}

static void take_value(const struct token *token, const struct qualifiers *qualifiers, struct id *id)
{
	switch (token->kind) {
	case TOKEN_NUMBER:
		id->form = ID_NUMBER;
		id->number = token->number;
		break;
	case TOKEN_IPV6:
		id->form = ID_IPV6;
		id->ipv6 = *token->ipv6;
		break;
	case TOKEN_MAC:
		id->form = ID_MAC;
		memcpy(id->mac, token->mac, sizeof(id->mac));
		break;
	case TOKEN_ARCNET:
		id->form = ID_ARCNET;
		id->number = token->number;
		break;
	default:
		id->form =
			qualifiers->type == TYPE_PORTRANGE && strchr(token->text, '-') != NULL ? ID_RANGE : ID_NAME;
		break;
	}
}

static bool fail_at_id(struct parser *parser)
{
	const struct token *token = parser->at;

	if (token->kind == TOKEN_END)
		return parse_fail(parser, "the expression ends where a name, number or address is wanted");
	if (token->kind == TOKEN_KEYWORD) {
		filter_error(parser->filter, token->span, "\"%s\" is a keyword; where it is a name, write \"\\%s\"",
			token->keyword->text, token->keyword->text);
		return false;
	}
	return parse_fail(parser, "\"%s\" where a name, number or address is wanted");
}

bool parse_id(struct parser *parser, const struct qualifiers *qualifiers, struct id *id)
{
	const struct token *token = parser->at;
	bool decnet = qualifiers->protocol == PROTO_DECNET;

	if (!parse_starts_id(token))
		return fail_at_id(parser);
	parser->at++;
	id->span = token->span;
	if (token->kind == TOKEN_WORD || token->kind == TOKEN_NAME || token->kind == TOKEN_DOTTED)
		id->text = token->text;
	if (decnet && (token->kind == TOKEN_DOTTED || token->kind == TOKEN_NUMBER)) {
		if (!parse_decnet(parser, token, id))
			return false;
	} else if (token->kind == TOKEN_DOTTED) {
		id->form = ID_IPV4;
		id->parts = parse_ipv4(parser, token, &id->ipv4);
		if (id->parts == 0)
			return false;
	} else {
		take_value(token, qualifiers, id);
	}
	if ((parser->at->kind == TOKEN_SLASH || parse_is(parser->at, KEYWORD_MASK)) &&
		!parse_net_size(parser, token, id))
		return false;
	id->span = parse_span(parser, token);
	return parse_check_id(parser, qualifiers, id);
}
