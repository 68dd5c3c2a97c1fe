/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser: what expressions mean, told as the text with nothing left out, and what is wrong with those that mean
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/filter.h"

#define LIMIT (64 * 1024 * 1024)

static bool parse(struct filter *filter, const char *text)
{
	*filter = (struct filter){.input.text = text};
	arena_init(&filter->arena, LIMIT);
	return filter_parse(filter);
}

static void must_mean(const char *text, const char *meaning)
{
	struct filter filter;

	if (!parse(&filter, text))
		fail_msg("\"%s\": %s", text, filter.error);
	char *printed = filter_tree_text(filter.tree);
	if (strcmp(printed, meaning) != 0)
		fail_msg("\"%s\" means \"%s\", not \"%s\"", text, printed, meaning);
	free(printed);
	arena_free(&filter.arena);
}

struct row {
	const char *text;
	const char *meaning;
};

static const struct row carried[] = {
	{"tcp dst port ftp or ftp-data or domain",
		"tcp dst port ftp or tcp dst port ftp-data or tcp dst port domain"},
	{"port 80 or not 81", "port 80 or not port 81"},
	{"port (80 or not 81)", "port 80 or not port 81"},
	{"not host vs and ace", "not host vs and host ace"},
	{"not (host vs or ace)", "not (host vs or host ace)"},
	{"host helios and (hot or ace)", "host helios and (host hot or host ace)"},
	{"host a and (tcp port 80 or 90) or b", "(host a and (tcp port 80 or tcp port 90)) or host b"},
	{"host a or (b or port 80) or c", "host a or host b or port 80 or host c"},
	{"host a and (tcp) and b", "host a and tcp and host b"},
	{"port 80 or 90 > 5", "port 80 or 90 > 5"},
	{"port 80 or (90)", "port 80 or port 90"},
	{"net 10/8 or 11/8", "net 10/8 or net 11/8"},
	{"net 10/8 or 11/8 = 1", "net 10/8 or 11 / 8 = 1"},
};

static const struct row joined[] = {
	{"tcp and udp or icmp and arp", "((tcp and udp) or icmp) and arp"},
	{"tcp or udp and icmp or arp", "((tcp or udp) and icmp) or arp"},
	{"tcp && udp || !icmp", "(tcp and udp) or not icmp"},
	{"tcp or (udp or (icmp or arp) or ip) or ip6", "tcp or udp or icmp or arp or ip or ip6"},
	{"not tcp and udp", "not tcp and udp"},
	{"not (tcp and udp)", "not (tcp and udp)"},
	{"not not not tcp", "not tcp"},
	{"not not not not tcp", "not not tcp"},
	{"(((tcp)))", "tcp"},
	{"", ""},
	{" \t\r\n", ""},
};

static const struct row qualified[] = {
	{"dst or src net 10.1", "src or dst net 10.1"},
	{"src && dst port 5", "src and dst port 5"},
	{"wlan addr2 0:2:3:4:5:6", "ether addr2 00:02:03:04:05:06"},
	{"ether host 1-2.3:4:5:6", "ether host 01:02:03:04:05:06"},
	{"ether host 0011.2233.4455 or aabbccddeeff",
		"ether host 00:11:22:33:44:55 or ether host aa:bb:cc:dd:ee:ff"},
	{"host ::ffff:1.2.3.4", "host ::ffff:1.2.3.4"},
	{"net fe80::/10", "net fe80::/10"},
	{"net 10.1 mask 255.255", "net 10.1 mask 255.255"},
	{"net 10 / 8", "net 10/8"},
	{"portrange 80-90", "portrange 80-90"},
	{"ether proto \\ip", "ether proto \\ip"},
	{"port \\http", "port http"},
	{"port 0x50 or 0120", "port 80 or port 80"},
	{"host 010.1.2.3", "host 10.1.2.3"},
	{"decnet host 10.1023", "decnet host 10.1023"},
	{"ether host $a", "ether host $0a"},
	{"esis or es-is", "es-is or es-is"},
};

static const struct row words[] = {
	{"vpi (1 or > 2)", "vpi = 1 or vpi > 2"},
	{"sio != 5", "sio != 5"},
	{"type mgt subtype beacon", "subtype beacon"},
	{"wlan type DATA", "ether type data"},
	{"type 0 subtype 0x80", "subtype beacon"},
	{"type 4 subtype 0x10", "type 0x4 subtype 0x10"},
	{"dir tods", "dir 1"},
	{"llc rnr or rnr 5", "llc rnr or rnr 5"},
	{"llc and vlan and vlan 5", "llc and vlan and vlan 5"},
	{"byte 3 | 5", "byte 3 | 5"},
	{"reason short", "reason 3"},
	{"action accept", "action pass"},
	{"on \\host", "ifname \\host"},
	{"lsu", "lssu"},
};

static const struct row arithmetic[] = {
	{"5 - -5 = 10", "5 - (-5) = 10"},
	{"1 | 2 & 3 << 4 + 5 * 6 = 0", "1 | (2 & (3 << (4 + (5 * 6)))) = 0"},
	{"6 * 5 + 4 << 3 & 2 | 1 = 0", "((((6 * 5) + 4) << 3) & 2) | 1 = 0"},
	{"9 - 5 - 3 = 1", "(9 - 5) - 3 = 1"},
	{"1 + 2 % 3 + 4 = 0", "1 + (2 % (3 + 4)) = 0"},
	{"1 * 2 ^ 3 * 4 = 0", "1 * (2 ^ (3 * 4)) = 0"},
	{"- 5 * 2 = 0", "(-5) * 2 = 0"},
	{"(len) > 5 and (len > 5)", "len > 5 and len > 5"},
	{"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[13] & (2 | 1) != 0"},
	{"(((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
		"(ip[2:2] - ((ip[0] & 15) << 2)) - ((tcp[12] & 240) >> 2) != 0"},
	{"ip[tcp[0]:2] == 1", "ip[tcp[0]:2] = 1"},
	{"icmp6[icmp6type]=icmp6-multicastrouterterm", "icmp6[0] = 153"},
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		must_mean(rows[i].text, rows[i].meaning);
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows[0]))

static void test_carried_qualifiers(void **state)
{
	(void)state;
	CHECK(carried);
}

static void test_and_or_not(void **state)
{
	(void)state;
	CHECK(joined);
}

static void test_qualifiers_and_ids(void **state)
{
	(void)state;
	CHECK(qualified);
}

static void test_words(void **state)
{
	(void)state;
	CHECK(words);
}

static void test_arithmetic(void **state)
{
	(void)state;
	CHECK(arithmetic);
}

/* A wrong expression, where it is wrong, and a part of what is said. */
static const struct {
	const char *text;
	unsigned offset;
	unsigned length;
	const char *message;
} wrong[] = {
	{"tcp prot 80", 4, 4, "did you mean \"port\""},
	{"hots 1.2.3.4", 0, 4, "did you mean \"host\""},
	{"tcp AND udp", 4, 3, "did you mean \"and\""},
	{"1.2.3.4", 0, 7, "as in \"host 1.2.3.4\""},
	{"tcp or 80", 7, 2, "as in \"port 80\""},
	{"(host a) or 1:2:3:4:5:6", 12, 11, "as in \"ether host 1:2:3:4:5:6\""},
	{"tcp udp", 4, 3, "\"and\" or \"or\" is missing"},
	{"tcp and", 7, 0, "ends where a primitive is wanted"},
	{"tcp and or udp", 8, 2, "missing before \"or\""},
	{"(tcp", 0, 1, "never closed"},
	{"tcp)", 3, 1, "no \"(\" before"},
	{"ip[0) = 1", 4, 1, "where \"]\" is wanted"},
	{"()", 1, 1, "nothing stands between"},
	{"len-4 > 0", 0, 5, "blanks around"},
	{"ip[4-2] = 5", 3, 3, "blanks around"},
	{"ip[0:3] = 1", 5, 1, "1, 2 or 4 bytes"},
	{"iso[0] = 1", 0, 3, "bytes of \"iso\""},
	{"ip[0]", 5, 0, "comparison is wanted"},
	{"len = 3 = 4", 8, 1, "cannot follow"},
	{"ether proto ip", 12, 2, "write \"\\ip\""},
	{"ip 1.2.3.4", 3, 7, "between \"ip\" and \"1.2.3.4\""},
	{"tcp host a", 0, 8, "did you mean \"tcp and host\""},
	{"ip src or dst port 80", 0, 18, "did you mean \"ip and src or dst port\""},
	{"ether port 80", 0, 10, "only behind tcp, udp, sctp or alone"},
	{"tcp dst prot 80", 8, 4, "did you mean \"port\""},
	{"src nte 10", 4, 3, "did you mean \"net\""},
	{"src proto 5", 0, 9, "no direction"},
	{"ra 1:2:3:4:5:6", 0, 2, "wlan ra"},
	{"host 1:2:3:4:5:6", 5, 11, "ether host"},
	{"ip6 host 1.2.3.4", 9, 7, "is an IPv4 address"},
	{"ip host ::1", 8, 3, "is an IPv6 address"},
	{"ether host 1.2.3.4", 11, 7, "is an IP address"},
	{"port 1.2.3.4", 5, 7, "name of a service"},
	{"port 70000", 5, 5, "at most 65535"},
	{"vlan 4096", 5, 4, "at most 4095"},
	{"sls 16", 4, 2, "at most 15"},
	{"dir 4", 4, 1, "at most 3"},
	{"isis proto 32", 11, 2, "at most 31"},
	{"ether proto 65536", 12, 5, "at most 65535"},
	{"net 10.1.2.3/8", 4, 10, "without them it is 10.0.0.0"},
	{"net fe80::1/64", 4, 10, "without them it is fe80::"},
	{"host 10.0.0.0/8", 5, 10, "behind \"net\""},
	{"net 10.0.0.0/33", 13, 2, "at most 32"},
	{"net fe80::/129", 11, 3, "at most 128"},
	{"host 1.2.3.256", 5, 9, "at most 255"},
	{"host 1.2.3.4.5", 5, 9, "no IPv4 address"},
	{"host 1::2::3", 5, 7, "neither an IPv6 nor a MAC"},
	{"port 4294967296", 5, 10, "32 bits"},
	{"port 08", 5, 2, "octal"},
	{"decnet host 64.1", 12, 4, "no DECnet address"},
	{"gateway 1.2.3.4", 8, 7, "name of a host"},
	{"type mgt subtype data", 17, 4, "another type"},
	{"llc foo", 4, 3, "kind of LLC frame"},
	{"on a234567890123456", 3, 16, "15 characters"},
	{"host \"a\"", 5, 1, "quotes"},
	{"host \xff", 5, 1, "\"\\xff\" is no character"},
	{"host $123", 5, 4, "one or two hexadecimal digits"},
	{"ib$m", 2, 2, "one or two hexadecimal digits"},
	{"ether", 0, 5, "tests nothing"},
};

static void test_errors(void **state)
{
	struct filter filter;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(parse(&filter, wrong[i].text));
		assert_true(filter.failed);
		if (strstr(filter.error, wrong[i].message) == NULL || filter.error_span.offset != wrong[i].offset ||
			filter.error_span.length != wrong[i].length)
			fail_msg("\"%s\": at %u, %u bytes: %s", wrong[i].text, filter.error_span.offset,
				filter.error_span.length, filter.error);
		arena_free(&filter.arena);
	}
}

static void test_error_text(void **state)
{
	struct filter filter;
	char text[256];

	(void)state;
	assert_false(parse(&filter, "tcp prot 80"));
	filter_error_text(&filter, text, sizeof(text));
	assert_string_equal(text, "filter expression, column 5: unknown word \"prot\"; did you mean \"port\"?\n"
				  "  tcp prot 80\n"
				  "      ^^^^");
	arena_free(&filter.arena);

	assert_false(parse(&filter, "tcp and\n\tport 80 \x01or\nudp"));
	filter_error_text(&filter, text, sizeof(text));
	assert_string_equal(text,
		"filter expression, line 2, column 10: \"\\x01\" is no character of the filter language\n"
		"   port 80 \\x01or\n"
		"           ^^^^");
	arena_free(&filter.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_carried_qualifiers),
		cmocka_unit_test(test_and_or_not),
		cmocka_unit_test(test_qualifiers_and_ids),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
