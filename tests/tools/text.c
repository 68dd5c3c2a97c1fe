/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text, numbers and JSON as the `weir` command writes and reads them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "device-address.h"
#include "json.h"
#include "status.h"
#include "text.h"
#include "units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void text_stops_at_its_end(void **state)
{
	char buffer[8];
	struct text text = text_in(buffer, sizeof(buffer));

	(void)state;
	text_string(&text, "12345");
	text_decimal(&text, 6789, 1);
	text_char(&text, 'x');
	assert_string_equal(text_finish(&text), "1234567");
	assert_int_equal(text_length(&text), 7);
	text = text_in(buffer, 1);
	text_string(&text, "abc");
	assert_string_equal(text_finish(&text), "");
}

static void numbers_are_written_in_full(void **state)
{
	static const struct {
		uint64_t value;
		unsigned width;
		const char *decimal, *hex;
	} rows[] = {{0, 1, "0", "0"}, {7, 3, "007", "007"}, {255, 2, "255", "ff"},
		{UINT64_MAX, 1, "18446744073709551615", "ffffffffffffffff"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buffer[64];
		struct text text = text_in(buffer, sizeof(buffer));

		text_decimal(&text, rows[i].value, rows[i].width);
		assert_string_equal(text_finish(&text), rows[i].decimal);
		text = text_in(buffer, sizeof(buffer));
		text_hex(&text, rows[i].value, rows[i].width);
		assert_string_equal(text_finish(&text), rows[i].hex);
	}
}

/* RFC 5952's examples, and the shapes that go wrong easily. */
static void ipv6_addresses_are_as_rfc_5952_wants(void **state)
{
	static const char *const addresses[] = {"::", "::1", "1::", "2001:db8::1", "2001:db8:0:1:1:1:1:1",
		"2001:0:0:1::1", "2001:db8::1:0:0:1", "fe80::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8",
		"0:1:2:3:4:5:6:7", "1:2:3:4:5:6:7:0", "::2:3:4:5:6:7", "1:2:3:4:5:6::"};

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		char buffer[64];
		struct text text = text_in(buffer, sizeof(buffer));
		uint8_t bytes[16];

		assert_int_equal(inet_pton(AF_INET6, addresses[i], bytes), 1);
		text_ipv6(&text, bytes);
		assert_string_equal(text_finish(&text), addresses[i]);
	}
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
	static const struct {
		const char *raw, *shown;
	} rows[] = {
		{"eth0", "eth0"},
		{"a\033[2Jb", "a\\x1b[2Jb"},
		{"tab\tline\n", "tab\\x09line\\x0a"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x99", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x99"},
		{"\x7f", "\\x7f"},
		{"\xc2\x9b\x31m", "\\xc2\\x9b1m"},            /* CSI as one character, U+009B */
		{"\xe2\x80\xaex", "\\xe2\\x80\\xaex"},        /* right-to-left override */
		{"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
		{"\xe2\x82", "\\xe2\\x82"},                   /* cut short */
		{"\xff\x80", "\\xff\\x80"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buffer[100];
		struct text text = text_in(buffer, sizeof(buffer));

		text_escaped(&text, rows[i].raw, strlen(rows[i].raw));
		assert_string_equal(text_finish(&text), rows[i].shown);
	}
}

static void a_character_is_not_cut_in_two(void **state)
{
	char buffer[4];
	struct text text = text_in(buffer, sizeof(buffer));

	(void)state;
	text_escaped(&text, "ab\xc3\xa9-", 5);
	assert_string_equal(text_finish(&text), "ab");
}

static void sizes_and_times_are_read(void **state)
{
	static const struct {
		bool (*parse)(const char *, uint64_t *);
		const char *string;
		bool good;
		uint64_t value;
	} rows[] = {
		{parse_count, "0", true, 0},
		{parse_count, "18446744073709551615", true, UINT64_MAX},
		{parse_count, "18446744073709551616", false, 0},
		{parse_count, "", false, 0},
		{parse_count, "-1", false, 0},
		{parse_count, " 1", false, 0},
		{parse_count, "1x", false, 0},
		{parse_count, "0x10", false, 0},
		{parse_size, "4096", true, 4096},
		{parse_size, "4k", true, 4096},
		{parse_size, "2M", true, 2 << 20},
		{parse_size, "1g", true, 1 << 30},
		{parse_size, "1kk", false, 0},
		{parse_size, "k", false, 0},
		{parse_size, "1T", false, 0},
		{parse_size, "18446744073709551615k", false, 0},
		{parse_seconds, "1", true, 1000000000},
		{parse_seconds, "0.5", true, 500000000},
		{parse_seconds, "2.000000001", true, 2000000001},
		{parse_seconds, "1.0000000001", true, 1000000000},
		{parse_seconds, "1.", false, 0},
		{parse_seconds, ".5", false, 0},
		{parse_seconds, "1e3", false, 0},
		{parse_seconds, "99999999999999", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 0;
		bool good = rows[i].parse(rows[i].string, &value);

		if (good != rows[i].good)
			print_error("'%s'\n", rows[i].string);
		assert_int_equal(good, rows[i].good);
		if (good)
			assert_int_equal(value, rows[i].value);
	}
}

static void amounts_are_shown_with_a_prefix(void **state)
{
	static const struct {
		uint64_t value;
		const char *shown;
	} rows[] = {{0, "0 B"}, {999, "999 B"}, {1000, "1.0 kB"}, {1249, "1.2 kB"}, {1250, "1.3 kB"},
		{999949, "999.9 kB"}, {999950, "1.0 MB"}, {1500000000, "1.5 GB"}, {UINT64_MAX, "18.4 EB"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buffer[32];
		struct text text = text_in(buffer, sizeof(buffer));

		text_amount(&text, rows[i].value, "B");
		assert_string_equal(text_finish(&text), rows[i].shown);
	}
}

static void the_status_line_tells_counts_and_rates(void **state)
{
	struct status_counts counts = {.packets = 12, .bytes = 1234, .dropped = 0, .dropped_known = true};
	char buffer[200];
	struct text text = text_in(buffer, sizeof(buffer));

	(void)state;
	status_text(&text, &counts, 1, 397);
	assert_string_equal(text_finish(&text), "12 packets, 1.2 kB, 1 packet/s, 397 B/s, 0 dropped");
	counts.dropped_known = false;
	text = text_in(buffer, sizeof(buffer));
	status_text(&text, &counts, per_second(10, 2 * NANOSECONDS_PER_SECOND), per_second(10, 0));
	assert_string_equal(text_finish(&text), "12 packets, 1.2 kB, 5 packets/s, 0 B/s");
}

static void json_is_escaped_and_separated(void **state)
{
	char *written = NULL;
	size_t size;
	struct json json = {.out = open_memstream(&written, &size)};

	(void)state;
	assert_non_null(json.out);
	json_open_object(&json, NULL);
	json_string(&json, "a\"b", "\\ \"q\" \n\t\r\b\f \001 \x7f caf\xc3\xa9 \xff\xc2\x9b");
	json_string(&json, "none", NULL);
	json_open_array(&json, "list");
	json_number(&json, NULL, UINT64_MAX);
	json_open_object(&json, NULL);
	json_close_object(&json);
	json_open_array(&json, NULL);
	json_close_array(&json);
	json_bool(&json, NULL, true);
	json_close_array(&json);
	json_bool(&json, "no", false);
	json_close_object(&json);
	json_end_line(&json);
	json_number(&json, NULL, 1);
	fclose(json.out);
	assert_string_equal(written,
		"{\"a\\\"b\":\"\\\\ \\\"q\\\" \\n\\t\\r\\b\\f \\u0001 \\u007f caf\xc3\xa9 \xef\xbf\xbd\\u009b\","
		"\"none\":null,\"list\":[18446744073709551615,{},[],true],\"no\":false}\n1");
	free(written);
}

static void a_near_name_is_suggested(void **state)
{
	static const char *const names[] = {"devices", "capture", "read", "modules", "help", NULL};
	static const struct {
		const char *name, *near;
	} rows[] = {{"captur", "capture"}, {"cap", "capture"}, {"reda", "read"}, {"device", "devices"},
		{"moduels", "modules"}, {"hlep", "help"}, {"dev", "devices"}, {"zzz", NULL}, {"", NULL},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *near = near_miss(rows[i].name, names);

		if (rows[i].near == NULL)
			assert_null(near);
		else
			assert_string_equal(near, rows[i].near);
	}
}

static void prefix_lengths_are_those_of_whole_masks(void **state)
{
	static const struct {
		const char *mask;
		int length;
	} rows[] = {{"0.0.0.0", 0}, {"255.255.255.0", 24}, {"255.255.255.255", 32}, {"255.0.255.0", -1}};
	struct sockaddr_in6 mask6 = {.sin6_family = AF_INET6};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sockaddr_in mask = {.sin_family = AF_INET};

		inet_pton(AF_INET, rows[i].mask, &mask.sin_addr);
		assert_int_equal(prefix_length((struct sockaddr *)&mask), rows[i].length);
	}
	inet_pton(AF_INET6, "ffff:ffff:ffff:fffe::", &mask6.sin6_addr);
	assert_int_equal(prefix_length((struct sockaddr *)&mask6), 63);
	assert_int_equal(prefix_length(NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stops_at_its_end),
		cmocka_unit_test(numbers_are_written_in_full),
		cmocka_unit_test(ipv6_addresses_are_as_rfc_5952_wants),
		cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
		cmocka_unit_test(a_character_is_not_cut_in_two),
		cmocka_unit_test(sizes_and_times_are_read),
		cmocka_unit_test(amounts_are_shown_with_a_prefix),
		cmocka_unit_test(the_status_line_tells_counts_and_rates),
		cmocka_unit_test(json_is_escaped_and_separated),
		cmocka_unit_test(a_near_name_is_suggested),
		cmocka_unit_test(prefix_lengths_are_those_of_whole_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
