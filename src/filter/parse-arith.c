/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Relations: arithmetic on numbers, the packet's length and its bytes, compared. For the parser.
 */
#include <string.h>

#include <pcap/bpf.h>

#include "core/ascii.h"
#include "filter/parse.h"

/*
 * An operator takes what is to its left if that binds no tighter than "left" asks, and all to its right that binds at
 * least as tight as "right". '%' and '^' are as libpcap has them, which is unlike C: they take the operand just
 * before them and everything that follows.
 */
#define ANYTHING 0
#define NEGATION 6
#define TIGHTEST 7

static const struct operation {
	enum token_kind token;
	uint16_t op;
	uint8_t left;
	uint8_t right;
} operators[] = {
	{TOKEN_BIT_OR, BPF_OR, 1, 2},
	{TOKEN_BIT_AND, BPF_AND, 2, 3},
	{TOKEN_SHIFT_LEFT, BPF_LSH, 3, 4},
	{TOKEN_SHIFT_RIGHT, BPF_RSH, 3, 4},
	{TOKEN_PLUS, BPF_ADD, 4, 5},
	{TOKEN_MINUS, BPF_SUB, 4, 5},
	{TOKEN_STAR, BPF_MUL, 5, 6},
	{TOKEN_SLASH, BPF_DIV, 5, 6},
	{TOKEN_PERCENT, BPF_MOD, TIGHTEST, ANYTHING},
	{TOKEN_BIT_XOR, BPF_XOR, TIGHTEST, ANYTHING},
};

static const struct {
	enum token_kind token;
	enum comparison comparison;
} comparisons[] = {
	{TOKEN_EQ, CMP_EQ},
	{TOKEN_NE, CMP_NE},
	{TOKEN_GT, CMP_GT},
	{TOKEN_GE, CMP_GE},
	{TOKEN_LT, CMP_LT},
	{TOKEN_LE, CMP_LE},
};

/* What has bytes of its own that "protocol[index]" can mean. */
static const enum protocol indexable[] = {PROTO_LINK, PROTO_IP, PROTO_ARP, PROTO_RARP, PROTO_SCTP, PROTO_TCP,
	PROTO_UDP, PROTO_ICMP, PROTO_IGMP, PROTO_IGRP, PROTO_ATALK, PROTO_DECNET, PROTO_LAT, PROTO_SCA, PROTO_MOPRC,
	PROTO_MOPDL, PROTO_IPV6, PROTO_ICMPV6, PROTO_PIM, PROTO_VRRP, PROTO_CARP, PROTO_RADIO};

static const struct operation *find_operator(const struct token *token)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].token == token->kind)
			return &operators[i];
	return NULL;
}

bool parse_comparison(const struct token *token, enum comparison *comparison)
{
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		if (comparisons[i].token == token->kind) {
			*comparison = comparisons[i].comparison;
			return true;
		}
	}
	return false;
}

bool parse_is_operator(const struct token *token)
{
	enum comparison comparison;
	return find_operator(token) != NULL || parse_comparison(token, &comparison);
}

bool parse_starts_relation(const struct parser *parser, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_MINUS:
		return true;
	case TOKEN_OPEN:
		return parse_is_operator(&parser->tokens[token->partner + 1]);
	case TOKEN_NUMBER:
		/* Not "net 10/8 or 11/8". */
		if (parser->has_qualifiers && parser->qualifiers.type == TYPE_NET && token[1].kind == TOKEN_SLASH &&
			token[2].kind == TOKEN_NUMBER && !parse_is_operator(&token[3]))
			return false;
		return parse_is_operator(&token[1]);
	default:
		return parse_is(token, KEYWORD_LEN) ||
		       (parse_is(token, KEYWORD_PROTOCOL) && token[1].kind == TOKEN_OPEN_BRACKET);
	}
}

static struct arith *new_arith(struct parser *parser, enum arith_kind kind, const struct token *first,
	struct arith *left, struct arith *right)
{
	struct arith *arith = arena_alloc(&parser->filter->arena, sizeof(*arith));

	if (arith == NULL)
		return NULL;
	*arith = (struct arith){.kind = kind, .span = parse_span(parser, first), .left = left, .right = right};
	if (left != NULL)
		arith->depth = left->depth + 1;
	if (right != NULL && right->depth >= arith->depth)
		arith->depth = right->depth + 1;
	if (arith->depth > FILTER_NESTING)
		return filter_error(parser->filter, arith->span, "more than %d operations in one", FILTER_NESTING);
	return arith;
}

static struct arith *parse_arith(struct parser *parser, int tightness);

static bool parse_size(struct parser *parser, int *size)
{
	uint32_t number = 1;

	if (parse_take(parser, TOKEN_COLON)) {
		const struct token *token = parser->at;
		if (!parse_number(parser, "the size of a field", UINT32_MAX, &number))
			return false;
		if (number != 1 && number != 2 && number != 4)
			return parse_fail_at(parser, token, "a field has 1, 2 or 4 bytes, not %s");
	}
	*size = (int)number;
	return true;
}

/* protocol[index:size] */
static struct arith *parse_load(struct parser *parser)
{
	const struct token *first = parser->at;
	bool known = false;
	int size = 1;

	for (size_t i = 0; i < sizeof(indexable) / sizeof(indexable[0]); i++)
		known |= indexable[i] == first->keyword->value;
	if (!known) {
		parse_fail(parser,
			"bytes of \"%s\" cannot be asked for; those of ether, ip, ip6, tcp, udp and others can");
		return NULL;
	}
	parser->at += 2;
	struct arith *index = parse_arith(parser, ANYTHING);
	if (index == NULL || !parse_size(parser, &size))
		return NULL;
	if (!parse_take(parser, TOKEN_CLOSE_BRACKET)) {
		parse_fail(parser, "\"]\", \":\" or an operator is wanted here, not \"%s\"");
		return NULL;
	}
	struct arith *load = new_arith(parser, ARITH_LOAD, first, index, NULL);
	if (load != NULL) {
		load->protocol = (enum protocol)first->keyword->value;
		load->size = size;
	}
	return load;
}

static struct arith *parse_negation(struct parser *parser)
{
	const struct token *first = parser->at;
	bool odd = false;

	while (parse_take(parser, TOKEN_MINUS))
		odd = !odd;
	struct arith *operand = parse_arith(parser, NEGATION);
	return operand != NULL && odd ? new_arith(parser, ARITH_NEGATE, first, operand, NULL) : operand;
}

/* A constant with a slip, as "tcp-sin"; a number behind the last "-" was meant to be subtracted. */
const char *parse_near_constant(const char *text)
{
	const char *minus = strrchr(text, '-');

	return minus != NULL && ascii_is_digit(minus[1]) ? NULL
							 : filter_near_miss(text, KEYWORDS_OF(KEYWORD_NUMBER));
}

static void *fail_at_operand(struct parser *parser)
{
	const struct token *token = parser->at;
	const char *meant = token->kind == TOKEN_WORD ? parse_near_constant(token->text) : NULL;

	if (meant != NULL)
		return filter_error(parser->filter, token->span, "unknown word \"%.40s\"; did you mean \"%s\"?",
			token->text, meant);
	if (token->kind == TOKEN_END)
		parse_fail(parser, "the expression ends where a number or field is wanted");
	else if (parse_is(token, KEYWORD_PROTOCOL))
		parse_fail(parser,
			"\"[\" is wanted behind \"%s\": in arithmetic it stands for bytes, as in \"ip[8]\"");
	else if (token->kind == TOKEN_WORD && strpbrk(token->text, "-") != NULL)
		parse_fail(parser, "\"%s\" is read as one word; put blanks around \"-\" to subtract");
	else
		parse_fail(parser, "\"%s\" where a number or field is wanted");
	return NULL;
}

static struct arith *parse_operand(struct parser *parser)
{
	const struct token *token = parser->at;
	struct arith *operand;

	if (parse_take(parser, TOKEN_NUMBER)) {
		operand = new_arith(parser, ARITH_NUMBER, token, NULL, NULL);
		if (operand != NULL)
			operand->number = token->number;
		return operand;
	}
	if (parse_is(token, KEYWORD_LEN)) {
		parser->at++;
		return new_arith(parser, ARITH_LEN, token, NULL, NULL);
	}
	if (token->kind == TOKEN_MINUS)
		return parse_negation(parser);
	if (parse_is(token, KEYWORD_PROTOCOL) && token[1].kind == TOKEN_OPEN_BRACKET)
		return parse_load(parser);
	if (!parse_take(parser, TOKEN_OPEN))
		return fail_at_operand(parser);
	operand = parse_arith(parser, ANYTHING);
	if (operand != NULL && !parse_take(parser, TOKEN_CLOSE)) {
		parse_fail(parser, "\")\" or an operator is wanted here, not \"%s\"");
		return NULL;
	}
	return operand;
}

/* As much as binds at least so tight. */
static struct arith *parse_arith(struct parser *parser, int tightness)
{
	const struct token *first = parser->at;
	const struct operation *operation;

	if (parser->nesting == FILTER_NESTING)
		return filter_error(parser->filter, first->span, "arithmetic is nested too deeply here");
	parser->nesting++;
	struct arith *left = parse_operand(parser);
	while (left != NULL && (operation = find_operator(parser->at)) != NULL && operation->left >= tightness) {
		parser->at++;
		struct arith *right = parse_arith(parser, operation->right);
		left = right != NULL ? new_arith(parser, ARITH_BINARY, first, left, right) : NULL;
		if (left != NULL)
			left->op = operation->op;
	}
	parser->nesting--;
	return left;
}

bool parse_relation(struct parser *parser, struct operands *operands)
{
	const struct token *first = parser->at;
	enum comparison comparison;

	parser->nesting = 0;
	struct arith *left = parse_arith(parser, ANYTHING);
	if (left == NULL)
		return false;
	if (!parse_comparison(parser->at, &comparison)) {
		if (parser->at->kind == TOKEN_END)
			return parse_fail(
				parser, "the expression ends where a comparison is wanted, such as \"= 5\"");
		return parse_fail(parser, "a comparison is wanted here, such as \"= 5\", not \"%s\"");
	}
	parser->at++;
	struct arith *right = parse_arith(parser, ANYTHING);
	struct node *node = right != NULL ? parse_new_node(parser, NODE_RELATION, first) : NULL;
	if (node == NULL)
		return false;
	node->comparison = comparison;
	node->left = left;
	node->right = right;
	return parse_push(parser, node, operands);
}
