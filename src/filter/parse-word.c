/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Primitives that are a keyword, with a value or without: "vlan 5", "broadcast", "type mgt subtype beacon", "vpi (1 or
 * 2)". For the parser.
 */
#include <string.h>

#include "filter/parse.h"

/* What a value is called, and its range: of the field on the wire, unless said. */
struct value_rule {
	uint32_t of; /* enum word, or enum field */
	const char *what;
	uint32_t most;
};

static const struct value_rule word_values[] = {
	{WORD_LESS, "a packet's length", UINT32_MAX},
	{WORD_GREATER, "a packet's length", UINT32_MAX},
	{WORD_IFINDEX, "an interface index", UINT32_MAX},
	{WORD_VLAN, "a VLAN ID", 0xfff},
	{WORD_MPLS, "an MPLS label", 0xfffff},
	{WORD_PPPOES, "a PPPoE session ID", 0xffff},
	{WORD_GENEVE, "a Geneve VNI", 0xffffff},
	{WORD_VXLAN, "a VXLAN VNI", 0xffffff},
	{WORD_PF_RNR, "a PF rule number", UINT32_MAX},
	{WORD_PF_SRNR, "a PF rule number", UINT32_MAX},
	{WORD_BYTE, "a byte", 0xff},
};

/* ATM: ITU-T I.361, UNI cells. MTP2 and MTP3: ITU-T Q.703 and Q.704; its annex for high speed keeps these sizes. */
static const struct value_rule field_values[] = {
	{FIELD_VPI, "a VPI", 0xff},
	{FIELD_VCI, "a VCI", 0xffff},
	{FIELD_SIO, "a service information octet", 0xff},
	{FIELD_OPC, "an originating point code", 0x3fff},
	{FIELD_DPC, "a destination point code", 0x3fff},
	{FIELD_SLS, "a signalling link selection", 0xf},
	{FIELD_HSIO, "a service information octet", 0xff},
	{FIELD_HOPC, "an originating point code", 0x3fff},
	{FIELD_HDPC, "a destination point code", 0x3fff},
	{FIELD_HSLS, "a signalling link selection", 0xf},
};

static const struct value_rule *find_rule(const struct value_rule *rules, uint32_t of)
{
	while (rules->of != of)
		rules++;
	return rules;
}

static bool finish(
	struct parser *parser, const struct token *first, const struct node *made, struct operands *operands)
{
	struct node *node = parse_new_node(parser, made->kind, first);

	if (node == NULL)
		return false;
	struct span span = node->span;
	*node = *made;
	node->span = span;
	return parse_push(parser, node, operands);
}

/* What stands behind a keyword that a word of the table must follow; NULL after an error. */
static const struct named_value *parse_named(
	struct parser *parser, const struct named_value *table, const char *what, const char *known)
{
	const struct token *token = parser->at;
	const struct named_value *row = NULL;

	if (token->kind == TOKEN_WORD || token->kind == TOKEN_NAME)
		row = filter_named(table, token->text);
	else if (token->kind == TOKEN_KEYWORD)
		row = filter_named(table, token->keyword->text);
	if (row == NULL) {
		const char *meant = token->kind == TOKEN_WORD ? filter_near_name(table, token->text) : NULL;
		if (meant != NULL)
			return filter_error(parser->filter, token->span, "\"%.30s\" is no%s; did you mean \"%s\"?",
				token->text, what + 1 + (what[1] == 'n'), meant);
		return filter_error(parser->filter, token->span, "%s is wanted here: %s", what, known);
	}
	parser->at++;
	return row;
}

#define LLC_KINDS "i, s, u, rr, rnr, rej, ui, ua, disc, dm, sabme, test, xid or frmr"
#define WLAN_TYPES "mgt, ctl or data"
#define WLAN_DIRECTIONS "nods, tods, fromds, dstods or 0 to 3"
#define PF_REASONS                                                                                                 \
	"match, bad-offset, fragment, short, normalize, memory, bad-timestamp, congestion, ip-option or a number"
#define PF_ACTIONS "pass, block, scrub, noscrub, nat, nonat, binat, nobinat, rdr or nordr"

static bool parse_llc(struct parser *parser, struct node *node)
{
	const struct token *token = parser->at;
	bool kind = token->kind == TOKEN_WORD || token->kind == TOKEN_NAME ||
		    (token->kind == TOKEN_KEYWORD && filter_named(filter_llc_kinds, token->keyword->text) != NULL);

	if (!kind)
		return true;
	const struct named_value *row = parse_named(parser, filter_llc_kinds, "a kind of LLC frame", LLC_KINDS);
	if (row == NULL)
		return false;
	node->word = row->word;
	node->value = row->value;
	node->has_value = row->word == WORD_LLC_S_KIND || row->word == WORD_LLC_U_KIND;
	return true;
}

/* IEEE 802.11-2020, 9.2.4.1: the fields of the frame control's first byte. */
#define WLAN_TYPE_MASK 0x0c
#define WLAN_SUBTYPE_MASK 0xf0

static bool parse_wlan_bits(struct parser *parser, uint32_t mask, const char *what, uint32_t *value)
{
	uint32_t step = mask & -mask;

	if ((parser->at->number & ~mask) != 0) {
		filter_error(parser->filter, parser->at->span,
			"%s is a multiple of %u up to %u: the bits %#x of a frame's first byte", what, step, mask,
			mask);
		return false;
	}
	*value |= parser->at++->number;
	return true;
}

/* A subtype by name implies the type that it is of; it must not be another than was asked for. */
static bool parse_wlan_subtype(struct parser *parser, struct node *node, bool has_type)
{
	const struct token *token = parser->at;

	node->mask = WLAN_TYPE_MASK | WLAN_SUBTYPE_MASK;
	if (has_type && token->kind == TOKEN_NUMBER)
		return parse_wlan_bits(parser, WLAN_SUBTYPE_MASK, "an 802.11 subtype", &node->value);
	const struct named_value *row = parse_named(
		parser, filter_wlan_subtypes, "an 802.11 subtype", "beacon, probe-req, ack, qos-data, ...");
	if (row == NULL)
		return false;
	if (has_type && (row->value & WLAN_TYPE_MASK) != node->value)
		return parse_fail_at(parser, token, "\"%s\" is a subtype of another type than that");
	node->value = row->value;
	return true;
}

static bool parse_wlan_type(struct parser *parser, struct node *node)
{
	node->mask = WLAN_TYPE_MASK;
	if (parser->at->kind == TOKEN_NUMBER) {
		if (!parse_wlan_bits(parser, WLAN_TYPE_MASK, "an 802.11 type", &node->value))
			return false;
	} else {
		const struct named_value *row =
			parse_named(parser, filter_wlan_types, "an 802.11 type", WLAN_TYPES);
		if (row == NULL)
			return false;
		node->value = row->value;
	}
	if (!parse_is(parser->at, KEYWORD_WLAN_SUBTYPE))
		return true;
	parser->at++;
	return parse_wlan_subtype(parser, node, true);
}

/* A number, or a word of the table. */
static bool parse_number_or_named(struct parser *parser, const struct named_value *table, const char *what,
	const char *known, uint32_t most, struct node *node)
{
	if (parser->at->kind == TOKEN_NUMBER)
		return parse_number(parser, what, most, &node->value);
	const struct named_value *row = parse_named(parser, table, what, known);
	if (row == NULL)
		return false;
	node->value = row->value;
	return true;
}

/* The names in a PF log header have 16 bytes, one of them for the NUL (OpenBSD's net/if_pflog.h). */
#define PF_LONGEST_NAME 15

static bool parse_pf_name(struct parser *parser, struct node *node)
{
	const struct token *token = parser->at;

	if (token->kind == TOKEN_KEYWORD || token->kind == TOKEN_NUMBER)
		return parse_fail(
			parser, "a name is wanted here; if \"%s\" is one, write it with a \"\\\" before it");
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_NAME)
		return parse_fail(parser, "a name is wanted here");
	if (strlen(token->text) > PF_LONGEST_NAME)
		return parse_fail(parser, "\"%s\" is too long: PF's names have at most 15 characters");
	node->text = token->text;
	parser->at++;
	return true;
}

/* byte OFFSET OP VALUE */
static bool parse_byte(struct parser *parser, struct node *node)
{
	const struct value_rule *rule = find_rule(word_values, WORD_BYTE);

	if (!parse_number(parser, "an offset", UINT32_MAX, &node->offset))
		return false;
	if (parser->at->kind == TOKEN_BIT_AND)
		node->comparison = CMP_AND;
	else if (parser->at->kind == TOKEN_BIT_OR)
		node->comparison = CMP_OR;
	else if (!parse_comparison(parser->at, &node->comparison))
		return parse_fail(parser, "a comparison, \"&\" or \"|\" is wanted behind the offset");
	parser->at++;
	return parse_number(parser, rule->what, rule->most, &node->value);
}

/* [OP] VALUE */
static bool parse_field_value(struct parser *parser, struct operands *operands)
{
	const struct token *first = parser->at;
	const struct value_rule *rule = find_rule(field_values, parser->field);
	struct node node = {
		.kind = NODE_WORD,
		.word = parser->field == FIELD_VPI || parser->field == FIELD_VCI ? WORD_ATM_FIELD : WORD_MTP3_FIELD,
		.field = parser->field,
		.has_value = true,
	};

	if (parse_comparison(first, &node.comparison))
		parser->at++;
	if (!parse_number(parser, rule->what, rule->most, &node.value))
		return false;
	return finish(parser, first, &node, operands);
}

static bool parse_field(struct parser *parser, enum field field, struct operands *operands)
{
	parser->field = field;
	return parse_not(parser, parse_field_value, operands);
}

/* Which protocols a cast may be asked of. */
static bool check_cast(struct parser *parser, const struct token *cast, enum protocol protocol)
{
	if (protocol == PROTO_NONE || protocol == PROTO_LINK || protocol == PROTO_IP ||
		(protocol == PROTO_IPV6 && cast->keyword->value == WORD_MULTICAST))
		return true;
	return parse_fail_at(parser, cast,
		cast->keyword->value == WORD_MULTICAST ? "only \"ether\", \"ip\" and \"ip6\" know of \"%s\""
						       : "only \"ether\" and \"ip\" know of \"%s\"");
}

/* What follows the keyword at hand. */
static bool parse_rest(struct parser *parser, const struct keyword *keyword, struct node *node)
{
	const struct value_rule *rule;

	switch (keyword->class) {
	case KEYWORD_VALUE:
	case KEYWORD_MAY_VALUE:
		node->has_value = keyword->class == KEYWORD_VALUE || parser->at->kind == TOKEN_NUMBER;
		rule = find_rule(word_values, keyword->value);
		return !node->has_value || parse_number(parser, rule->what, rule->most, &node->value);
	case KEYWORD_BYTE:
		node->has_value = true;
		return parse_byte(parser, node);
	case KEYWORD_LLC:
		return parse_llc(parser, node);
	case KEYWORD_WLAN_TYPE:
		node->has_value = true;
		return parse_wlan_type(parser, node);
	case KEYWORD_WLAN_SUBTYPE:
		node->has_value = true;
		return parse_wlan_subtype(parser, node, false);
	case KEYWORD_WLAN_DIR:
		node->has_value = true;
		return parse_number_or_named(
			parser, filter_wlan_directions, "an 802.11 direction", WLAN_DIRECTIONS, 3, node);
	case KEYWORD_PF_NAME:
		return parse_pf_name(parser, node);
	case KEYWORD_PF_REASON:
		node->has_value = true;
		return parse_number_or_named(parser, filter_pf_reasons, "a PF reason", PF_REASONS, 0xff, node);
	case KEYWORD_PF_ACTION: {
		const struct named_value *row = parse_named(parser, filter_pf_actions, "a PF action", PF_ACTIONS);
		node->has_value = true;
		node->value = row != NULL ? row->value : 0;
		return row != NULL;
	}
	default:
		return true;
	}
}

bool parse_word(struct parser *parser, const struct token *protocol, struct operands *operands)
{
	const struct token *first = parser->at;
	const struct keyword *keyword = first->keyword;
	struct node node = {.kind = NODE_WORD, .word = (enum word)keyword->value};

	if (protocol != NULL)
		node.qualifiers.protocol = (enum protocol)protocol->keyword->value;
	parser->at++;
	if (keyword->class == KEYWORD_FIELD)
		return parse_field(parser, (enum field)keyword->value, operands);
	if (keyword->class == KEYWORD_CAST && !check_cast(parser, first, node.qualifiers.protocol))
		return false;
	if (!parse_rest(parser, keyword, &node))
		return false;
	return finish(parser, protocol != NULL ? protocol : first, &node, operands);
}
