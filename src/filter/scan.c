/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the text of a filter expression to its tokens, all at once, so that the parser can look ahead as far as it
 * likes. What is one word is told as libpcap's users know it: "80-90" and "ftp-data" are, and so is "len-4".
 */
#include <string.h>

#include "core/ascii.h"
#include "filter/scan.h"

struct scanner {
	struct filter *filter;
	const char *text;
	size_t at;
	struct token *tokens;
	size_t count;
	size_t capacity;
	/* Indices of the brackets and parentheses that are open, and how many of them are brackets. */
	uint32_t open[FILTER_NESTING];
	size_t open_count;
	size_t bracket_count;
};

/* Longer ones stand before those that they begin with. */
static const struct {
	const char *text;
	enum token_kind kind;
} operators[] = {
	{"&&", TOKEN_AND},
	{"||", TOKEN_OR},
	{"!=", TOKEN_NE},
	{"==", TOKEN_EQ},
	{">=", TOKEN_GE},
	{"<=", TOKEN_LE},
	{">>", TOKEN_SHIFT_RIGHT},
	{"<<", TOKEN_SHIFT_LEFT},
	{"!", TOKEN_NOT},
	{"(", TOKEN_OPEN},
	{")", TOKEN_CLOSE},
	{"[", TOKEN_OPEN_BRACKET},
	{"]", TOKEN_CLOSE_BRACKET},
	{":", TOKEN_COLON},
	{"+", TOKEN_PLUS},
	{"-", TOKEN_MINUS},
	{"*", TOKEN_STAR},
	{"/", TOKEN_SLASH},
	{"%", TOKEN_PERCENT},
	{"&", TOKEN_BIT_AND},
	{"|", TOKEN_BIT_OR},
	{"^", TOKEN_BIT_XOR},
	{"=", TOKEN_EQ},
	{">", TOKEN_GT},
	{"<", TOKEN_LT},
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_letter_or_digit(char c)
{
	return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static struct span span_here(const struct scanner *scanner, size_t length)
{
	return (struct span){(uint32_t)scanner->at, (uint32_t)length};
}

static bool fail(struct scanner *scanner, size_t length, const char *message)
{
	filter_error(scanner->filter, span_here(scanner, length), "%s", message);
	return false;
}

/* The next token, of length bytes from here; NULL for lack of memory. */
static struct token *add_token(struct scanner *scanner, enum token_kind kind, size_t length)
{
	if (scanner->count == scanner->capacity) {
		size_t capacity = scanner->capacity * 2;
		struct token *tokens = arena_alloc(&scanner->filter->arena, capacity * sizeof(*tokens));
		if (tokens == NULL)
			return NULL;
		memcpy(tokens, scanner->tokens, scanner->count * sizeof(*tokens));
		scanner->tokens = tokens;
		scanner->capacity = capacity;
	}
	struct token *token = &scanner->tokens[scanner->count++];
	*token = (struct token){.span = span_here(scanner, length), .kind = kind};
	scanner->at += length;
	return token;
}

static bool open_bracket(struct scanner *scanner, enum token_kind kind)
{
	if (scanner->open_count == FILTER_NESTING)
		return fail(scanner, 1, "too many brackets and parentheses are open");
	scanner->open[scanner->open_count++] = (uint32_t)scanner->count;
	scanner->bracket_count += kind == TOKEN_OPEN_BRACKET;
	return true;
}

static bool close_bracket(struct scanner *scanner, enum token_kind kind)
{
	bool bracket = kind == TOKEN_CLOSE_BRACKET;

	if (scanner->open_count == 0)
		return fail(scanner, 1, bracket ? "no \"[\" before this \"]\"" : "no \"(\" before this \")\"");
	struct token *partner = &scanner->tokens[scanner->open[scanner->open_count - 1]];
	if ((partner->kind == TOKEN_OPEN_BRACKET) != bracket)
		return fail(scanner, 1, bracket ? "\"]\" where \")\" is wanted" : "\")\" where \"]\" is wanted");
	partner->partner = (uint32_t)scanner->count;
	scanner->open_count--;
	scanner->bracket_count -= bracket;
	return true;
}

static bool scan_operator(struct scanner *scanner)
{
	const char *text = scanner->text + scanner->at;

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t length = strlen(operators[i].text);
		enum token_kind kind = operators[i].kind;
		if (strncmp(text, operators[i].text, length) != 0)
			continue;
		if ((kind == TOKEN_OPEN || kind == TOKEN_OPEN_BRACKET) && !open_bracket(scanner, kind))
			return false;
		if ((kind == TOKEN_CLOSE || kind == TOKEN_CLOSE_BRACKET) && !close_bracket(scanner, kind))
			return false;
		return add_token(scanner, kind, length) != NULL;
	}
	if (*text == '"' || *text == '\'')
		return fail(scanner, 1, "quotes are no part of the filter language");
	filter_error(
		scanner->filter, span_here(scanner, 1), "\"%c\" is no character of the filter language", *text);
	return false;
}

/* A name that follows a backslash goes on to the next blank or parenthesis. */
static bool scan_escaped(struct scanner *scanner)
{
	size_t length = strcspn(scanner->text + scanner->at + 1, " \t\r\n!()");

	if (length == 0)
		return fail(scanner, 1, "a name is wanted behind \"\\\"");
	char *name = arena_copy(&scanner->filter->arena, scanner->text + scanner->at + 1, length);
	struct token *token = add_token(scanner, TOKEN_NAME, length + 1);
	if (name == NULL || token == NULL)
		return false;
	token->text = name;
	return true;
}

static bool scan_arcnet(struct scanner *scanner)
{
	const char *digits = scanner->text + scanner->at + 1;
	size_t length = 0;
	uint32_t number = 0;
	bool hex = true;

	for (; is_letter_or_digit(digits[length]); length++) {
		int digit = ascii_hex_value(digits[length]);
		hex = hex && digit >= 0;
		number = number << 4 | (uint32_t)(digit & 0xf);
	}
	if (!hex || length == 0 || length > 2)
		return fail(scanner, length + 1, "\"$\" is followed by one or two hexadecimal digits");
	struct token *token = add_token(scanner, TOKEN_ARCNET, length + 1);
	if (token == NULL)
		return false;
	token->number = number;
	return true;
}

/* Words are made of these; colons are in addresses, except between brackets, where they stand before a size. */
static size_t word_length(const struct scanner *scanner)
{
	const char *text = scanner->text + scanner->at;
	size_t length = 0;

	while (is_letter_or_digit(text[length]) || text[length] == '.' || text[length] == '-' ||
		text[length] == '_' || (text[length] == ':' && scanner->bracket_count == 0))
		length++;
	while (length > 0 && (text[length - 1] == '-' || text[length - 1] == '_'))
		length--;
	return length;
}

static bool scan_word(struct scanner *scanner, size_t length)
{
	struct filter *filter = scanner->filter;
	const char *text = scanner->text + scanner->at;
	const struct keyword *keyword = filter_keyword(text, length);
	struct token *token = add_token(scanner, TOKEN_KEYWORD, length);

	if (token == NULL)
		return false;
	if (keyword == NULL) {
		const char *word = arena_copy(&filter->arena, text, length);
		return word != NULL && filter_scan_word(filter, word, token);
	}
	if (keyword->class == KEYWORD_TOKEN) {
		token->kind = (enum token_kind)keyword->value;
	} else if (keyword->class == KEYWORD_NUMBER) {
		token->kind = TOKEN_NUMBER;
		token->number = keyword->value;
	} else {
		token->keyword = keyword;
	}
	return true;
}

static bool scan_token(struct scanner *scanner)
{
	char c = scanner->text[scanner->at];

	if (c == '\\')
		return scan_escaped(scanner);
	if (c == '$')
		return scan_arcnet(scanner);
	/* An IPv6 address may begin with a colon; a colon alone is none. */
	size_t length = is_letter_or_digit(c) || c == ':' ? word_length(scanner) : 0;
	if (length > 1 || (length == 1 && c != ':'))
		return scan_word(scanner, length);
	return scan_operator(scanner);
}

struct token *filter_scan(struct filter *filter)
{
	struct scanner scanner = {.filter = filter, .text = filter->input.text};
	size_t length = strlen(scanner.text);

	if (length > INT32_MAX)
		return filter_error(filter, (struct span){0}, "the filter expression is longer than 2 GiB");
	/* Words are six bytes long on average, with the blank; guessing low costs little. */
	scanner.capacity = length / 6 + 16;
	scanner.tokens = arena_alloc(&filter->arena, scanner.capacity * sizeof(*scanner.tokens));
	if (scanner.tokens == NULL)
		return NULL;
	for (;;) {
		while (is_blank(scanner.text[scanner.at]))
			scanner.at++;
		if (scanner.text[scanner.at] == '\0')
			break;
		if (!scan_token(&scanner))
			return NULL;
	}
	if (scanner.open_count > 0) {
		const struct token *open = &scanner.tokens[scanner.open[scanner.open_count - 1]];
		return filter_error(
			filter, open->span, "this \"%c\" is never closed", scanner.text[open->span.offset]);
	}
	return add_token(&scanner, TOKEN_END, 0) != NULL ? scanner.tokens : NULL;
}

bool filter_is_name(const char *text)
{
	struct filter filter = {.input.text = text};

	arena_init(&filter.arena, SIZE_MAX);
	const struct token *tokens = filter_scan(&filter);
	bool name = tokens != NULL && tokens[0].kind == TOKEN_WORD && tokens[1].kind == TOKEN_END;
	arena_free(&filter.arena);
	return name;
}
