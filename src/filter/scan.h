/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens of a filter expression, and the words that have a meaning in it.
 */
#ifndef WEIR_FILTER_SCAN_H
#define WEIR_FILTER_SCAN_H

#include "filter/filter.h"

enum token_kind {
	TOKEN_END,
	TOKEN_KEYWORD, /* keyword */
	TOKEN_WORD,    /* any other word: text */
	TOKEN_NAME,    /* escaped with \ and so no keyword: text */
	TOKEN_NUMBER,  /* number; named constants too */
	TOKEN_DOTTED,  /* 10.1 to 10.1.2.3, an IPv4 or DECnet address: text */
	TOKEN_IPV6,
	TOKEN_MAC,
	TOKEN_ARCNET, /* $xx: number */
	TOKEN_AND,    /* and, && */
	TOKEN_OR,     /* or, || */
	TOKEN_NOT,    /* not, ! */
	TOKEN_OPEN,   /* ( */
	TOKEN_CLOSE,
	TOKEN_OPEN_BRACKET,
	TOKEN_CLOSE_BRACKET,
	TOKEN_COLON,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_BIT_AND,
	TOKEN_BIT_OR,
	TOKEN_BIT_XOR,
	TOKEN_SHIFT_LEFT,
	TOKEN_SHIFT_RIGHT,
	TOKEN_EQ, /* =, == */
	TOKEN_NE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_LT,
	TOKEN_LE,
};

/* What a keyword is for; each row of the table in keywords.c is one of these with a value. */
enum keyword_class {
	KEYWORD_PROTOCOL,  /* value: enum protocol */
	KEYWORD_DIRECTION, /* enum direction */
	KEYWORD_TYPE,      /* enum id_type */
	KEYWORD_TOKEN,     /* enum token_kind: and, or, not */
	KEYWORD_NUMBER,    /* a named constant: the number */
	KEYWORD_LEN,
	KEYWORD_MASK,
	KEYWORD_CAST,      /* broadcast, multicast: enum word */
	KEYWORD_ALONE,     /* enum word that stands alone */
	KEYWORD_VALUE,     /* enum word that a number must follow */
	KEYWORD_MAY_VALUE, /* enum word that a number may follow */
	KEYWORD_BYTE,
	KEYWORD_LLC,
	KEYWORD_WLAN_TYPE,    /* type */
	KEYWORD_WLAN_SUBTYPE, /* subtype */
	KEYWORD_WLAN_DIR,     /* dir, direction */
	KEYWORD_PF_NAME,      /* enum word that a name must follow */
	KEYWORD_PF_REASON,
	KEYWORD_PF_ACTION,
	KEYWORD_FIELD, /* enum field */
};

/* A set of classes. */
#define KEYWORDS_OF(class) (1u << (class))
#define KEYWORDS_ALL (~0u)

struct keyword {
	const char *text;
	enum keyword_class class;
	uint32_t value;
};

/* There may be as many as the expression has bytes. */
struct token {
	struct span span;
	enum token_kind kind;
	union {
		const struct keyword *keyword;
		const char *text;
		uint32_t number;
		const struct in6_addr *ipv6;
		uint8_t mac[6];
		uint32_t partner; /* of an opening bracket or parenthesis: the index of the closing one */
	};
};

/*
 * All tokens of the expression, ended by TOKEN_END; NULL after an error. Brackets and parentheses are balanced and
 * nested no deeper than FILTER_NESTING.
 */
struct token *filter_scan(struct filter *filter);
/* Fills in a token from text that is a word of letters, digits, '.', '-', '_' and, for addresses, ':' (scan-word.c). */
bool filter_scan_word(struct filter *filter, const char *text, struct token *token);

/* Whether a name can stand in an expression as it is, without a backslash (scan.c). */
bool filter_is_name(const char *text);

/* The keyword, or NULL. */
const struct keyword *filter_keyword(const char *text, size_t length);
/* The first keyword of that meaning. */
const char *filter_keyword_text(enum keyword_class class, uint32_t value);
/* A keyword of the classes (a set of KEYWORDS_OF()) that text may have been meant to be, or NULL. */
const char *filter_near_miss(const char *text, uint32_t classes);

/* Words that mean something only behind one keyword, such as the kinds of LLC frame; in any case of letters. */
struct named_value {
	const char *text;
	uint32_t value;
	uint32_t mask;
	enum word word;
};

/* All end with a NULL text. */
extern const struct named_value filter_llc_kinds[];
extern const struct named_value filter_wlan_types[];
extern const struct named_value filter_wlan_subtypes[];
extern const struct named_value filter_wlan_directions[];
extern const struct named_value filter_pf_reasons[];
extern const struct named_value filter_pf_actions[];
/* The row of that name, or of that meaning, or NULL. */
const struct named_value *filter_named(const struct named_value *table, const char *text);
/* A name of the table that text may have been meant to be, or NULL. */
const char *filter_near_name(const struct named_value *table, const char *text);
const struct named_value *filter_named_value(const struct named_value *table, uint32_t value, enum word word);

#endif
