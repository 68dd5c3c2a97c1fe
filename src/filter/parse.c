/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser's frame: "and" and "or", which are of equal rank and group to the left, "not", which binds tighter, and
 * parentheses. What stands between them is read by the other parse-*.c. Serves filter_parse()'s callers.
 */
#include <string.h>

#include "filter/parse.h"

bool parse_fail_at(struct parser *parser, const struct token *token, const char *format)
{
	filter_error(parser->filter, token->span, format, parse_text(parser, token));
	return false;
}

bool parse_fail(struct parser *parser, const char *format)
{
	return parse_fail_at(parser, parser->at, format);
}

const char *parse_text(struct parser *parser, const struct token *token)
{
	const size_t most = 40;
	size_t length = token->span.length;
	const char *text = parser->filter->input.text + token->span.offset;

	if (length <= most) {
		text = arena_copy(&parser->filter->arena, text, length);
		return text != NULL ? text : "";
	}
	char *copy = arena_alloc(&parser->filter->arena, most + sizeof("..."));
	if (copy == NULL)
		return "";
	memcpy(copy, text, most);
	strcpy(copy + most, "...");
	return copy;
}

bool parse_is(const struct token *token, enum keyword_class class)
{
	return token->kind == TOKEN_KEYWORD && token->keyword->class == class;
}

bool parse_take(struct parser *parser, enum token_kind kind)
{
	if (parser->at->kind != kind)
		return false;
	parser->at++;
	return true;
}

bool parse_number(struct parser *parser, const char *what, uint32_t most, uint32_t *number)
{
	const struct token *token = parser->at;

	if (token->kind != TOKEN_NUMBER) {
		filter_error(parser->filter, token->span, "%s is wanted here, as a number", what);
		return false;
	}
	if (token->number > most) {
		filter_error(parser->filter, token->span, "%s is at most %u", what, most);
		return false;
	}
	*number = token->number;
	parser->at++;
	return true;
}

struct span parse_span(const struct parser *parser, const struct token *first)
{
	const struct token *last = parser->at > first ? parser->at - 1 : first;
	uint32_t end = last->span.offset + last->span.length;
	return (struct span){first->span.offset, end - first->span.offset};
}

struct node *parse_new_node(struct parser *parser, enum node_kind kind, const struct token *first)
{
	struct node *node = arena_alloc(&parser->filter->arena, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->kind = kind;
	node->span = parse_span(parser, first);
	return node;
}

bool parse_push(struct parser *parser, struct node *node, struct operands *operands)
{
	if (parser->count == parser->capacity) {
		size_t capacity = parser->capacity != 0 ? parser->capacity * 2 : 32;
		struct node **stack = arena_alloc(&parser->filter->arena, capacity * sizeof(struct node *));
		if (stack == NULL)
			return false;
		if (parser->count > 0)
			memcpy(stack, parser->stack, parser->count * sizeof(struct node *));
		parser->stack = stack;
		parser->capacity = capacity;
	}
	*operands = (struct operands){NODE_ID, parser->count, node->depth};
	parser->stack[parser->count++] = node;
	return true;
}

/* An array of the topmost operands from base on, which leave the stack. */
static struct node **take_operands(struct parser *parser, size_t base)
{
	size_t size = (parser->count - base) * sizeof(struct node *);
	struct node **copy = arena_alloc(&parser->filter->arena, size);

	if (copy != NULL)
		memcpy(copy, parser->stack + base, size);
	parser->count = base;
	return copy;
}

/* Puts one node in the place of the operands. */
static bool join(struct parser *parser, enum node_kind kind, struct operands *operands)
{
	const struct node *first = parser->stack[operands->base], *last = parser->stack[parser->count - 1];
	struct node *node = arena_alloc(&parser->filter->arena, sizeof(*node));

	if (node == NULL)
		return false;
	*node = (struct node){
		.kind = kind,
		.span = {first->span.offset, last->span.offset + last->span.length - first->span.offset},
		.operand_count = (uint32_t)(parser->count - operands->base),
		.depth = operands->depth + 1,
	};
	if (node->depth > FILTER_NESTING) {
		filter_error(parser->filter, parser->at->span,
			"\"and\", \"or\" and \"not\" change more than %d times up to here: group them by "
			"parentheses",
			FILTER_NESTING);
		return false;
	}
	node->operands = take_operands(parser, operands->base);
	return node->operands != NULL && parse_push(parser, node, operands);
}

/* Makes one operand of several, unless they are joined by kind themselves: then they stay as they are. */
static bool join_unless(struct parser *parser, enum node_kind kind, struct operands *operands)
{
	return operands->kind == NODE_ID || operands->kind == kind || join(parser, operands->kind, operands);
}

static bool parse_joined(struct parser *parser, parse_leaf *leaf, struct operands *operands)
{
	if (!parse_not(parser, leaf, operands))
		return false;
	while (parser->at->kind == TOKEN_AND || parser->at->kind == TOKEN_OR) {
		enum node_kind kind = parser->at->kind == TOKEN_AND ? NODE_AND : NODE_OR;
		struct operands right;

		parser->at++;
		if (!join_unless(parser, kind, operands))
			return false;
		operands->kind = kind;
		if (!parse_not(parser, leaf, &right) || !join_unless(parser, kind, &right))
			return false;
		if (right.depth > operands->depth)
			operands->depth = right.depth;
	}
	return true;
}

/* What follows a complete primitive, where "and", "or", ")" or the end could stand. */
static bool fail_after_primitive(struct parser *parser)
{
	const struct token *token = parser->at;
	const char *meant =
		token->kind == TOKEN_WORD ? filter_near_miss(token->text, KEYWORDS_OF(KEYWORD_TOKEN)) : NULL;

	if (meant != NULL) {
		filter_error(parser->filter, token->span, "unknown word \"%s\"; did you mean \"%s\"?",
			parse_text(parser, token), meant);
		return false;
	}
	if (parse_is_operator(token))
		return parse_fail(parser, "\"%s\" cannot follow what is complete already");
	return parse_fail(parser, "\"and\" or \"or\" is missing before \"%s\"");
}

/* The qualifiers that were in force before the parenthesis are so again after it. */
static bool parse_group(struct parser *parser, parse_leaf *leaf, struct operands *operands)
{
	struct qualifiers qualifiers = parser->qualifiers;
	bool has_qualifiers = parser->has_qualifiers;

	parser->at++;
	if (parser->at->kind == TOKEN_CLOSE)
		return parse_fail(parser, "nothing stands between the parentheses");
	if (!parse_joined(parser, leaf, operands))
		return false;
	if (!parse_take(parser, TOKEN_CLOSE))
		return fail_after_primitive(parser);
	parser->qualifiers = qualifiers;
	parser->has_qualifiers = has_qualifiers;
	return true;
}

static bool parse_primitive(struct parser *parser, struct operands *operands);

/*
 * Puts the topmost operand under count times "not". Two are not none: what an operand does to the layout of what
 * follows ends at "not". More, with those that it has already, are as one or two.
 */
static bool negate(struct parser *parser, const struct token *first, unsigned count, struct operands *operands)
{
	struct node **top = &parser->stack[parser->count - 1];

	for (; (*top)->kind == NODE_NOT; count++)
		*top = (*top)->operands[0];
	operands->depth = (*top)->depth;
	for (count = count % 2 == 1 ? 1 : 2; count > 0; count--) {
		if (!join(parser, NODE_NOT, operands))
			return false;
		parser->stack[parser->count - 1]->span = parse_span(parser, first);
	}
	return true;
}

bool parse_not(struct parser *parser, parse_leaf *leaf, struct operands *operands)
{
	const struct token *first = parser->at;
	unsigned count = 0;

	while (parse_take(parser, TOKEN_NOT))
		count++;
	bool group = parser->at->kind == TOKEN_OPEN &&
		     (leaf != parse_primitive || !parse_starts_relation(parser, parser->at));
	if (!(group ? parse_group(parser, leaf, operands) : leaf(parser, operands)))
		return false;
	return count == 0 || (join_unless(parser, NODE_NOT, operands) && negate(parser, first, count, operands));
}

static bool fail_at_primitive(struct parser *parser)
{
	const struct token *token = parser->at;

	switch (token->kind) {
	case TOKEN_END:
		return parse_fail(parser, token == parser->tokens
						  ? "the expression is empty"
						  : "the expression ends where a primitive is wanted");
	case TOKEN_AND:
	case TOKEN_OR:
	case TOKEN_CLOSE:
		return parse_fail(parser, "a primitive is missing before \"%s\"");
	case TOKEN_KEYWORD:
		return parse_fail(parser, "no primitive begins with \"%s\"");
	default:
		return parse_fail(
			parser, "\"%s\" where a primitive is wanted, such as \"host ADDRESS\" or \"tcp\"");
	}
}

static bool parse_primitive(struct parser *parser, struct operands *operands)
{
	const struct token *token = parser->at;

	if (parse_starts_relation(parser, token)) {
		parser->has_qualifiers = false;
		return parse_relation(parser, operands);
	}
	if (parse_starts_id(token))
		return parse_bare_id(parser, operands);
	if (token->kind != TOKEN_KEYWORD || parse_is(token, KEYWORD_MASK))
		return fail_at_primitive(parser);
	if (parse_is(token, KEYWORD_PROTOCOL) || parse_is(token, KEYWORD_DIRECTION) ||
		parse_is(token, KEYWORD_TYPE))
		return parse_head(parser, operands);
	parser->has_qualifiers = false;
	return parse_word(parser, NULL, operands);
}

bool filter_parse(struct filter *filter)
{
	struct parser parser = {.filter = filter};
	struct operands operands;

	parser.at = parser.tokens = filter_scan(filter);
	if (parser.tokens == NULL)
		return false;
	if (parser.at->kind == TOKEN_END)
		return true;
	if (!parse_joined(&parser, parse_primitive, &operands))
		return false;
	if (parser.at->kind != TOKEN_END)
		return fail_after_primitive(&parser);
	if (!join_unless(&parser, NODE_NOT, &operands))
		return false;
	filter->tree = parser.stack[0];
	return true;
}
