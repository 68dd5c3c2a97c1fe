/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Primitives that begin with a qualifier, "tcp dst port", and what may follow: an id, ids in parentheses, or nothing.
 * For the parser.
 */
#include <string.h>

#include "filter/parse.h"

static bool is_source_or_destination(const struct token *token)
{
	return parse_is(token, KEYWORD_DIRECTION) &&
	       (token->keyword->value == DIR_SRC || token->keyword->value == DIR_DST);
}

/* src, dst, the two joined by "or" or "and", or one of 802.11's. */
static enum direction parse_direction(struct parser *parser)
{
	const struct token *token = parser->at++;
	bool joined = is_source_or_destination(token) &&
		      (token[1].kind == TOKEN_OR || token[1].kind == TOKEN_AND) &&
		      is_source_or_destination(&token[2]) && token[2].keyword->value != token->keyword->value;

	if (!joined)
		return (enum direction)token->keyword->value;
	parser->at += 2;
	return token[1].kind == TOKEN_OR ? DIR_SRC_OR_DST : DIR_SRC_AND_DST;
}

static bool parse_qualified_id(struct parser *parser, struct operands *operands)
{
	const struct token *first = parser->at;
	struct id id = {0};

	if (!parse_id(parser, &parser->qualifiers, &id))
		return false;
	struct node *node = parse_new_node(parser, NODE_ID, first);
	if (node == NULL)
		return false;
	node->qualifiers = parser->qualifiers;
	node->id = id;
	return parse_push(parser, node, operands);
}

static bool fail_unknown(struct parser *parser, const char *meant)
{
	filter_error(parser->filter, parser->at->span, "unknown word \"%s\"; did you mean \"%s\"?",
		parse_text(parser, parser->at), meant);
	return false;
}

/* A word with "-" in it, before an operator. */
static bool fail_operand(struct parser *parser)
{
	const char *meant = parse_near_constant(parser->at->text);

	if (meant != NULL)
		return fail_unknown(parser, meant);
	return parse_fail(parser, "\"%s\" is read as one word; put blanks around \"-\" to subtract");
}

bool parse_bare_id(struct parser *parser, struct operands *operands)
{
	const struct token *token = parser->at;

	if (parser->has_qualifiers)
		return parse_qualified_id(parser, operands);
	if (token->kind == TOKEN_WORD && parse_is_operator(&token[1]) && strchr(token->text, '-') != NULL)
		return fail_operand(parser);
	const char *meant = token->kind == TOKEN_WORD ? filter_near_miss(token->text, KEYWORDS_ALL) : NULL;
	if (meant != NULL)
		return fail_unknown(parser, meant);
	const char *word = token->kind == TOKEN_MAC || token->kind == TOKEN_ARCNET ? "ether host"
			   : token->kind == TOKEN_NUMBER                           ? "port"
										   : "host";
	const char *text = parse_text(parser, token);
	filter_error(parser->filter, token->span, "a qualifier is missing before \"%s\", as in \"%s %s\"", text,
		word, text);
	return false;
}

/* What the protocol word alone, which is no primitive, could have been meant to be. */
static bool fail_alone(struct parser *parser, const struct token *protocol)
{
	return parse_fail_at(parser, protocol,
		protocol->keyword->value == PROTO_RADIO ? "\"%s\" is for its bytes only, as in \"radio[0] = 0\""
							: "\"%s\" alone tests nothing: a qualifier is wanted "
							  "behind it, such as \"host\" or \"proto\"");
}

/* A protocol that nothing belongs to which follows: "tcp", or a mistake. */
static bool parse_protocol_alone(struct parser *parser, const struct token *protocol, struct operands *operands)
{
	const struct token *token = parser->at;
	const char *word = protocol->keyword->text;

	if (token->kind == TOKEN_WORD) {
		const char *meant = filter_near_miss(
			token->text, KEYWORDS_OF(KEYWORD_TYPE) | KEYWORDS_OF(KEYWORD_DIRECTION) |
					     KEYWORDS_OF(KEYWORD_CAST) | KEYWORDS_OF(KEYWORD_TOKEN));
		if (meant != NULL)
			return fail_unknown(parser, meant);
	}
	if (parse_starts_id(token) || token->kind == TOKEN_OPEN) {
		filter_error(parser->filter, token->span,
			"between \"%s\" and \"%s\" a qualifier is missing, such as \"host\", \"net\", \"port\" or "
			"\"proto\"",
			word, parse_text(parser, token));
		return false;
	}
	if (protocol->keyword->value == PROTO_LINK || protocol->keyword->value == PROTO_RADIO)
		return fail_alone(parser, protocol);
	parser->has_qualifiers = false;
	struct node *node = parse_new_node(parser, NODE_PROTOCOL, protocol);
	if (node == NULL)
		return false;
	node->qualifiers.protocol = (enum protocol)protocol->keyword->value;
	return parse_push(parser, node, operands);
}

/* broadcast, multicast and 802.11's frame types may stand behind a protocol. */
static bool parse_protocol_word(struct parser *parser, const struct token *protocol, struct operands *operands)
{
	parser->has_qualifiers = false;
	if (!parse_is(parser->at, KEYWORD_CAST) && protocol->keyword->value != PROTO_LINK)
		return parse_fail(parser, "\"%s\" is of 802.11's link layer: write \"wlan\" before it, or nothing");
	return parse_word(parser, protocol, operands);
}

static bool is_protocol_word(const struct token *token)
{
	return parse_is(token, KEYWORD_CAST) || parse_is(token, KEYWORD_WLAN_TYPE) ||
	       parse_is(token, KEYWORD_WLAN_SUBTYPE) || parse_is(token, KEYWORD_WLAN_DIR);
}

/* Whether what looks like a name before another one is more likely a keyword: "src prot 80". */
static bool fail_at_near_type(struct parser *parser)
{
	const struct token *token = parser->at;
	const char *meant;

	if (token->kind != TOKEN_WORD || !parse_starts_id(&token[1]))
		return false;
	meant = filter_near_miss(token->text, KEYWORDS_OF(KEYWORD_TYPE) | KEYWORDS_OF(KEYWORD_DIRECTION));
	if (meant != NULL)
		fail_unknown(parser, meant);
	return meant != NULL;
}

bool parse_head(struct parser *parser, struct operands *operands)
{
	const struct token *first = parser->at;
	struct qualifiers qualifiers = {0};

	if (parse_is(parser->at, KEYWORD_PROTOCOL)) {
		parser->at++;
		if (is_protocol_word(parser->at))
			return parse_protocol_word(parser, first, operands);
		if (!parse_is(parser->at, KEYWORD_DIRECTION) && !parse_is(parser->at, KEYWORD_TYPE))
			return parse_protocol_alone(parser, first, operands);
		qualifiers.protocol = (enum protocol)first->keyword->value;
	}
	if (parse_is(parser->at, KEYWORD_DIRECTION))
		qualifiers.direction = parse_direction(parser);
	if (parse_is(parser->at, KEYWORD_TYPE))
		qualifiers.type = (enum id_type)parser->at++->keyword->value;
	if (fail_at_near_type(parser) || !parse_check_qualifiers(parser, &qualifiers, first))
		return false;
	parser->qualifiers = qualifiers;
	parser->has_qualifiers = true;
	if (!parse_not(parser, parse_qualified_id, operands))
		return false;
	/* The qualifiers were written once, before the first id. */
	struct node *node = parser->stack[operands->base];
	uint32_t end = node->span.offset + node->span.length;
	node->span = (struct span){first->span.offset, end - first->span.offset};
	return true;
}
