/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the parser share: the place in the tokens, and the operands that have been read so far.
 */
#ifndef WEIR_FILTER_PARSE_H
#define WEIR_FILTER_PARSE_H

#include "filter/scan.h"

struct parser {
	struct filter *filter;
	const struct token *tokens;
	const struct token *at;
	/* What a bare id is: the qualifiers of the primitive before it, if that had any. */
	struct qualifiers qualifiers;
	bool has_qualifiers;
	enum field field; /* of the list of values that is being read */
	unsigned nesting; /* of arithmetic */
	/* Operands of all "and" and "or" that are not complete; each becomes an array in one piece when it is. */
	struct node **stack;
	size_t count;
	size_t capacity;
};

/* What has been read of an "and" or an "or": the topmost operands of the stack. NODE_ID: a single one, of any kind. */
struct operands {
	enum node_kind kind;
	size_t base;
	uint32_t depth; /* of the deepest */
};

/* Reads one operand, or several that are joined, and pushes them. */
typedef bool parse_leaf(struct parser *parser, struct operands *operands);

/* parse.c */
struct node *parse_new_node(struct parser *parser, enum node_kind kind, const struct token *first);
bool parse_push(struct parser *parser, struct node *node, struct operands *operands);
/* "not"s, then a group in parentheses or what the leaf reads. */
bool parse_not(struct parser *parser, parse_leaf *leaf, struct operands *operands);
/* A message about the token at hand; always false. %s stands for the token. */
bool parse_fail(struct parser *parser, const char *format);
bool parse_fail_at(struct parser *parser, const struct token *token, const char *format);
/* The token's text for a message, shortened. */
const char *parse_text(struct parser *parser, const struct token *token);
bool parse_is(const struct token *token, enum keyword_class class);
/* Goes on by a token if it is of that kind. */
bool parse_take(struct parser *parser, enum token_kind kind);
/* A number that the token at hand must be, no larger than most; what: "a VLAN ID". */
bool parse_number(struct parser *parser, const char *what, uint32_t most, uint32_t *number);
/* The span from a token to the one before the one at hand. */
struct span parse_span(const struct parser *parser, const struct token *first);

/* parse-arith.c: a relation, and how to tell that one starts at a token. */
bool parse_relation(struct parser *parser, struct operands *operands);
bool parse_starts_relation(const struct parser *parser, const struct token *token);
bool parse_is_operator(const struct token *token); /* or a comparison */
const char *parse_near_constant(const char *text);
bool parse_comparison(const struct token *token, enum comparison *comparison);

/* parse-head.c: a primitive that begins with a qualifier; an id that takes those of the primitive before it. */
bool parse_head(struct parser *parser, struct operands *operands);
bool parse_bare_id(struct parser *parser, struct operands *operands);

/* parse-id.c: the id at hand, under these qualifiers. */
bool parse_id(struct parser *parser, const struct qualifiers *qualifiers, struct id *id);
bool parse_starts_id(const struct token *token);

/* parse-check.c: whether qualifiers, of which the first is at a token, go together; and the id with them. */
bool parse_check_qualifiers(struct parser *parser, const struct qualifiers *qualifiers, const struct token *first);
bool parse_check_id(struct parser *parser, const struct qualifiers *qualifiers, const struct id *id);

/* parse-word.c: a primitive that is a keyword, behind the word of a protocol or not (NULL). */
bool parse_word(struct parser *parser, const struct token *protocol, struct operands *operands);

#endif
