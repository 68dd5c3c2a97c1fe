/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scanner: what is one token and of which kind, and what expressions that are large or deeply nested cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/scan.h"

#define LIMIT (64 * 1024 * 1024)

static const struct token *scan(struct filter *filter, const char *text)
{
	*filter = (struct filter){.input.text = text};
	arena_init(&filter->arena, LIMIT);
	return filter_scan(filter);
}

/* An expression and a letter for each token. */
static const struct {
	const char *text;
	const char *kinds;
} rows[] = {
	{"", ""},
	{"tcp port 80", "kkn"},
	{"host foo.example or \\tcp", "kw|e"},
	{"len-4", "w"},
	{"len -4", "k-n"},
	{"80-90", "w"},
	{"80- 90", "n-n"},
	{"ip[4:2]=1", "k[n:n]=n"},
	{"ip[(4):2]", "k[(n):n]"},
	{"a&&b||!c", "w&w|!w"},
	{"a&b|c", "wAwOw"},
	{"1<2<<3<=4>5>>6>=7", "n<nSnsn>nRnrn"},
	{"1==2!=3=4", "n=nNn=n"},
	{"1+2*3/4%5^6", "n+n*n/n%n^n"},
	{"10.1 10.1.2 10.1.2.3", "ddd"},
	{"1:2:3:4:5:6 1.2.3.4.5.6 1-2-3-4-5-6 1:2-3.4:5:6", "mmmm"},
	{"0011.2233.4455 0011:2233:4455 001122334455 AABBCCDDEEFF", "mmmm"},
	{":: ::1 1:: 1:2:3:4:5:6:7:8 ::1.2.3.4 fe80::A", "666666"},
	{"$1 $fF", "$$"},
	{"0x10 0X1f 017 0 tcp-syn icmp6-echo", "nnnnnn"},
	{"0x 0xg 1e 10.1.a a.b", "wwwww"},
	{"\\a&&b \\[ \\1.2", "eee"},
	{"not(tcp)", "!(k)"},
	{"TCP And", "ww"},
};

static char letter_of(enum token_kind kind)
{
	static const char letters[] = {
		[TOKEN_KEYWORD] = 'k',
		[TOKEN_WORD] = 'w',
		[TOKEN_NAME] = 'e',
		[TOKEN_NUMBER] = 'n',
		[TOKEN_DOTTED] = 'd',
		[TOKEN_IPV6] = '6',
		[TOKEN_MAC] = 'm',
		[TOKEN_ARCNET] = '$',
		[TOKEN_AND] = '&',
		[TOKEN_OR] = '|',
		[TOKEN_NOT] = '!',
		[TOKEN_OPEN] = '(',
		[TOKEN_CLOSE] = ')',
		[TOKEN_OPEN_BRACKET] = '[',
		[TOKEN_CLOSE_BRACKET] = ']',
		[TOKEN_COLON] = ':',
		[TOKEN_PLUS] = '+',
		[TOKEN_MINUS] = '-',
		[TOKEN_STAR] = '*',
		[TOKEN_SLASH] = '/',
		[TOKEN_PERCENT] = '%',
		[TOKEN_BIT_AND] = 'A',
		[TOKEN_BIT_OR] = 'O',
		[TOKEN_BIT_XOR] = '^',
		[TOKEN_SHIFT_LEFT] = 'S',
		[TOKEN_SHIFT_RIGHT] = 'R',
		[TOKEN_EQ] = '=',
		[TOKEN_NE] = 'N',
		[TOKEN_GT] = '>',
		[TOKEN_GE] = 'r',
		[TOKEN_LT] = '<',
		[TOKEN_LE] = 's',
	};
	return letters[kind];
}

static void test_kinds(void **state)
{
	struct filter filter;
	char kinds[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct token *tokens = scan(&filter, rows[i].text);
		size_t count = 0;
		if (tokens == NULL)
			fail_msg("\"%s\": %s", rows[i].text, filter.error);
		for (; tokens[count].kind != TOKEN_END; count++)
			kinds[count] = letter_of(tokens[count].kind);
		kinds[count] = '\0';
		if (strcmp(kinds, rows[i].kinds) != 0)
			fail_msg("\"%s\": %s, not %s", rows[i].text, kinds, rows[i].kinds);
		arena_free(&filter.arena);
	}
}

static void test_values(void **state)
{
	struct filter filter;
	const struct token *tokens =
		scan(&filter, "0x1F 017 4294967295 1-2.a:FF:5:6 ::1.2.3.4 $fe \\x-1 icmp-echo");
	static const uint8_t mac[] = {1, 2, 10, 255, 5, 6};
	static const uint8_t ipv6[16] = {[12] = 1, [13] = 2, [14] = 3, [15] = 4};

	(void)state;
	assert_non_null(tokens);
	assert_int_equal(tokens[0].number, 31);
	assert_int_equal(tokens[1].number, 15);
	assert_int_equal(tokens[2].number, UINT32_MAX);
	assert_memory_equal(tokens[3].mac, mac, sizeof(mac));
	assert_memory_equal(tokens[4].ipv6, ipv6, sizeof(ipv6));
	assert_int_equal(tokens[5].number, 0xfe);
	assert_string_equal(tokens[6].text, "x-1");
	assert_int_equal(tokens[7].number, 8);
	assert_int_equal(tokens[6].span.offset, 47);
	assert_int_equal(tokens[6].span.length, 4);
	arena_free(&filter.arena);
}

static void test_partners(void **state)
{
	struct filter filter;
	const struct token *tokens = scan(&filter, "((a)) [(b)]");

	(void)state;
	assert_non_null(tokens);
	assert_int_equal(tokens[0].partner, 4);
	assert_int_equal(tokens[1].partner, 3);
	assert_int_equal(tokens[5].partner, 9);
	assert_int_equal(tokens[6].partner, 8);
	arena_free(&filter.arena);
}

/* Every keyword is found by its text, and no other text. */
static void test_keywords(void **state)
{
	static const char *const words[] = {
		"aarp", "host", "wlan", "tcp", "is-is", "or", "vxlan", "l1", "ip", "ip6"};
	static const char *const others[] = {"", "hos", "hosts", "HOST", "zzz", "a", "ip66", "tcp-"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct keyword *keyword = filter_keyword(words[i], strlen(words[i]));
		assert_non_null(keyword);
		assert_string_equal(keyword->text, words[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(filter_keyword(others[i], strlen(others[i])));
	assert_string_equal(filter_near_miss("hsot", KEYWORDS_ALL), "host");
	assert_string_equal(filter_near_miss("Port", KEYWORDS_ALL), "port");
	assert_string_equal(filter_near_miss("multcast", KEYWORDS_ALL), "multicast");
	assert_null(filter_near_miss("example", KEYWORDS_ALL));
	assert_null(filter_near_miss("hsot", KEYWORDS_OF(KEYWORD_PROTOCOL)));
}

/* size bytes of a text again and again, with what comes before and behind. */
static char *repeat(const char *before, const char *text, const char *behind, size_t size)
{
	size_t length = strlen(text), count = size / length, used = strlen(before);
	char *all = malloc(used + count * length + strlen(behind) + 1);

	assert_non_null(all);
	memcpy(all, before, used);
	for (size_t i = 0; i < count; i++, used += length)
		memcpy(all + used, text, length);
	strcpy(all + used, behind);
	return all;
}

/* A megabyte of what could make a parser run out of stack, memory or time. */
static const struct {
	const char *before;
	const char *text;
	const char *behind;
	bool valid;
	const char *message;
} large[] = {
	{"", "(", "", false, "too many"},
	{"", "ip[", "", false, "too many"},
	{"", ")", "", false, "no \"(\""},
	{"", "not ", "tcp", true, NULL},
	{"", "!", "", false, "ends where"},
	{"", "a or ", "a", false, "qualifier is missing"},
	{"tcp", " or tcp", "", true, NULL},
	{"host 1.2.3.4", " or 1.2.3.5", "", true, NULL},
	{"tcp", " or tcp and tcp", "", false, "change more than"},
	{"1", " + 1", " = 0", false, "operations in one"},
	{"1", " % 1", " = 0", false, "nested too deeply"},
	{"", "- ", "1 = 0", true, NULL},
	{"", "1", "", false, "32 bits"},
	{"", "a", "", false, "qualifier is missing"},
	{"host ", ":", "", false, "neither"},
	{"host \\", "a", "", true, NULL},
	{"", "&", "", false, "missing"},
	{"", "\xff", "", false, "no character"},
	{"", "$", "", false, "hexadecimal"},
	{"", " ", "", true, NULL},
};

static void test_large(void **state)
{
	struct filter filter;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		char *all = repeat(large[i].before, large[i].text, large[i].behind, 1024 * 1024);
		filter = (struct filter){.input.text = all};
		arena_init(&filter.arena, LIMIT);
		bool valid = filter_parse(&filter);
		memset(text, 'x', sizeof(text));
		filter_error_text(&filter, text, sizeof(text));
		assert_true(strlen(text) < sizeof(text));
		if (valid != large[i].valid || (!valid && strstr(filter.error, large[i].message) == NULL))
			fail_msg("%s%s...: %s", large[i].before, large[i].text, valid ? "valid" : text);
		arena_free(&filter.arena);
		free(all);
	}
}

/* As deep as is allowed, and one more. */
static void test_nesting(void **state)
{
	struct filter filter;

	(void)state;
	for (size_t depth = FILTER_NESTING; depth <= FILTER_NESTING + 1; depth++) {
		char *open = repeat("", "(", "tcp", depth);
		char *all = repeat(open, ")", "", depth);
		assert_int_equal(scan(&filter, all) != NULL, depth == FILTER_NESTING);
		arena_free(&filter.arena);
		free(open);
		free(all);
	}
}

/* With too little memory it is an error that says so. */
static void test_memory(void **state)
{
	char *all = repeat("tcp", " or udp", "", 10000), text[256];
	struct filter filter;
	size_t enough = 0;

	(void)state;
	for (size_t limit = 0; limit < 1024 * 1024; limit += 4096) {
		filter = (struct filter){.input.text = all};
		arena_init(&filter.arena, limit);
		bool valid = filter_parse(&filter);
		assert_true(valid || enough == 0);
		if (valid && enough == 0)
			enough = limit;
		assert_false(filter.failed);
		filter_error_text(&filter, text, sizeof(text));
		assert_non_null(strstr(text, "too large"));
		arena_free(&filter.arena);
	}
	assert_true(enough > 0);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_partners),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
