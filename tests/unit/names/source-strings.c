/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source strings: what each means, what is refused, that what is put together is taken apart the same, and that no
 * buffer is overrun, whatever the lengths.
 */
#include "peer.h"

#include <pcap-int.h>

static char *host, *port, *name, *errbuf, *source;
static int type;

/* Each buffer is exactly as large as the documentation says. */
static int make_buffers(void **state _U_)
{
	host = malloc(PCAP_BUF_SIZE);
	port = malloc(PCAP_BUF_SIZE);
	name = malloc(PCAP_BUF_SIZE);
	source = malloc(PCAP_BUF_SIZE);
	errbuf = malloc(PCAP_ERRBUF_SIZE);
	return host && port && name && source && errbuf ? 0 : -1;
}

static int free_buffers(void **state _U_)
{
	free(host);
	free(port);
	free(name);
	free(source);
	free(errbuf);
	return 0;
}

static int parse(const char *text)
{
	memset(errbuf, 'x', PCAP_ERRBUF_SIZE);
	memset(host, 'x', PCAP_BUF_SIZE);
	memset(port, 'x', PCAP_BUF_SIZE);
	memset(name, 'x', PCAP_BUF_SIZE);
	type = -1;
	return pcap_parsesrcstr(text, &type, host, port, name, errbuf);
}

static void expect_error(int status)
{
	assert_int_equal(status, PCAP_ERROR);
	assert_in_range(strnlen(errbuf, PCAP_ERRBUF_SIZE), 10, PCAP_ERRBUF_SIZE - 1);
}

static const struct {
	const char *source;
	int type;
	const char *host;
	const char *port;
	const char *name;
} good[] = {
	{"", PCAP_SRC_IFLOCAL, "", "", ""},
	{"eth0", PCAP_SRC_IFLOCAL, "", "", "eth0"},
	{"nflog:5", PCAP_SRC_IFLOCAL, "", "", "nflog:5"},
	{"usb/1", PCAP_SRC_IFLOCAL, "", "", "usb/1"},
	{"null0:rate=1000,count=5", PCAP_SRC_IFLOCAL, "", "", "null0:rate=1000,count=5"},
	{"other://x", PCAP_SRC_IFLOCAL, "", "", "other://x"},
	{"file:/x", PCAP_SRC_IFLOCAL, "", "", "file:/x"},
	{"rpcap://", PCAP_SRC_IFLOCAL, "", "", ""},
	{"rpcap://eth0", PCAP_SRC_IFLOCAL, "", "", "eth0"},
	{"RPCAP://eth0", PCAP_SRC_IFLOCAL, "", "", "eth0"},
	{"rpcaps://eth0", PCAP_SRC_IFLOCAL, "", "", "eth0"},
	{"rpcap:///eth0", PCAP_SRC_IFLOCAL, "", "", "eth0"},
	{"rpcap:///usb/1", PCAP_SRC_IFLOCAL, "", "", "usb/1"},
	{"rpcap://host.foo.bar/eth0", PCAP_SRC_IFREMOTE, "host.foo.bar", "", "eth0"},
	{"rpcap://host.foo.bar:1234/eth0", PCAP_SRC_IFREMOTE, "host.foo.bar", "1234", "eth0"},
	{"rpcaps://host.foo.bar:1234/eth0", PCAP_SRC_IFREMOTE, "host.foo.bar", "1234", "eth0"},
	{"rpcap://10.11.12.13/eth0", PCAP_SRC_IFREMOTE, "10.11.12.13", "", "eth0"},
	{"rpcap://10.11.12.13:1234/eth0", PCAP_SRC_IFREMOTE, "10.11.12.13", "1234", "eth0"},
	{"rpcap://[10.11.12.13]:1234/eth0", PCAP_SRC_IFREMOTE, "10.11.12.13", "1234", "eth0"},
	{"rpcap://[1:2:3::4]/eth0", PCAP_SRC_IFREMOTE, "1:2:3::4", "", "eth0"},
	{"rpcap://[1:2:3::4]:1234/eth0", PCAP_SRC_IFREMOTE, "1:2:3::4", "1234", "eth0"},
	{"rpcap://[fe80::1%eth1]:http/eth0", PCAP_SRC_IFREMOTE, "fe80::1%eth1", "http", "eth0"},
	{"rpcap://host/", PCAP_SRC_IFREMOTE, "host", "", ""},
	{"rpcap://host:2002/", PCAP_SRC_IFREMOTE, "host", "2002", ""},
	{"rpcap://host/a/b", PCAP_SRC_IFREMOTE, "host", "", "a/b"},
	{"rpcap://host/\\Device\\NPF_{1}", PCAP_SRC_IFREMOTE, "host", "", "\\Device\\NPF_{1}"},
	{"file:///tmp/x.pcap", PCAP_SRC_FILE, "", "", "/tmp/x.pcap"},
	{"file://x.pcap", PCAP_SRC_FILE, "", "", "x.pcap"},
	{"File://-", PCAP_SRC_FILE, "", "", "-"},
	{"file:///tmp/a:b@c[d]/", PCAP_SRC_FILE, "", "", "/tmp/a:b@c[d]/"},
};

#define GOOD_COUNT (sizeof(good) / sizeof(good[0]))

static const char *bad[] = {"file://", "rpcap://:2002/eth0", "rpcap://host:/eth0", "rpcap://1:2:3::4/eth0",
	"rpcap://[1:2:3::4/eth0", "rpcap://1::4]/eth0", "rpcap://[1::4]x/eth0", "rpcap://[1::4]2002/eth0",
	"rpcap://[1::4]:/eth0", "rpcap://[]/eth0", "rpcap://[]:2002/eth0", "rpcap://host:20:02/eth0",
	"rpcap://user@host/eth0", "rpcap://user:word@host/eth0", "rpcap://host]/eth0", "rpcap://ho[st/eth0",
	"rpcap://[a[b]/eth0", "rpcap://[a]]/eth0", "rpcap://host:[80]/eth0", "rpcap://[a]:8]0/eth0"};

static void test_sources_that_are_understood(void **state _U_)
{
	for (size_t i = 0; i < GOOD_COUNT; i++) {
		assert_int_equal(parse(good[i].source), 0);
		assert_int_equal(type, good[i].type);
		assert_string_equal(host, good[i].host);
		assert_string_equal(port, good[i].port);
		assert_string_equal(name, good[i].name);
	}
}

static void test_sources_that_are_refused(void **state _U_)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i]) == 0)
			fail_msg("understood: %s", bad[i]);
		expect_error(PCAP_ERROR);
		assert_non_null(strstr(errbuf, bad[i]));
		assert_string_equal(host, "");
		assert_string_equal(port, "");
		assert_string_equal(name, "");
	}
}

static void test_outputs_can_be_left_out(void **state _U_)
{
	assert_int_equal(pcap_parsesrcstr("rpcap://host:1/eth0", NULL, NULL, NULL, NULL, errbuf), 0);
	assert_int_equal(pcap_parsesrcstr("rpcap://host:1/eth0", NULL, NULL, NULL, name, errbuf), 0);
	assert_string_equal(name, "eth0");
	expect_error(pcap_parsesrcstr("file://", NULL, NULL, NULL, NULL, errbuf));
	assert_int_equal(pcap_parsesrcstr(NULL, &type, host, port, name, errbuf), 0);
	assert_int_equal(type, PCAP_SRC_IFLOCAL);
	assert_string_equal(name, "");
}

static const struct {
	int type;
	const char *host;
	const char *port;
	const char *name;
	const char *source; /* NULL: refused */
} made[] = {
	{PCAP_SRC_FILE, NULL, NULL, "/tmp/x.pcap", "file:///tmp/x.pcap"},
	{PCAP_SRC_FILE, NULL, NULL, "x.pcap", "file://x.pcap"},
	{PCAP_SRC_FILE, NULL, NULL, NULL, NULL},
	{PCAP_SRC_FILE, NULL, NULL, "", NULL},
	{PCAP_SRC_IFLOCAL, NULL, NULL, "eth0", "rpcap://eth0"},
	{PCAP_SRC_IFLOCAL, "ignored", "1", "eth0", "rpcap://eth0"},
	{PCAP_SRC_IFLOCAL, NULL, NULL, NULL, "rpcap://"},
	{PCAP_SRC_IFLOCAL, NULL, NULL, "usb/1", "rpcap:///usb/1"},
	{PCAP_SRC_IFREMOTE, "host", NULL, "eth0", "rpcap://host/eth0"},
	{PCAP_SRC_IFREMOTE, "host", "", "eth0", "rpcap://host/eth0"},
	{PCAP_SRC_IFREMOTE, "host", "2002", "eth0", "rpcap://host:2002/eth0"},
	{PCAP_SRC_IFREMOTE, "host", "2002", NULL, "rpcap://host:2002/"},
	{PCAP_SRC_IFREMOTE, "1:2:3::4", NULL, "eth0", "rpcap://[1:2:3::4]/eth0"},
	{PCAP_SRC_IFREMOTE, "1:2:3::4", "http", "eth0", "rpcap://[1:2:3::4]:http/eth0"},
	{PCAP_SRC_IFREMOTE, "[1:2:3::4]", "1", "eth0", "rpcap://[1:2:3::4]:1/eth0"},
	{PCAP_SRC_IFREMOTE, NULL, NULL, "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "", "2002", "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "a/b", NULL, "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "user@host", NULL, "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "[1::2", NULL, "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "1::2]", NULL, "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "[1::2]3", NULL, "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "host", "20:02", "eth0", NULL},
	{PCAP_SRC_IFREMOTE, "host", "20/02", "eth0", NULL},
	{0, "host", "1", "eth0", NULL},
	{1, "host", "1", "eth0", NULL},
	{5, "host", "1", "eth0", NULL},
	{-1, NULL, NULL, NULL, NULL},
};

static void test_sources_are_put_together(void **state _U_)
{
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		memset(source, 'x', PCAP_BUF_SIZE);
		int status =
			pcap_createsrcstr(source, made[i].type, made[i].host, made[i].port, made[i].name, errbuf);
		if (made[i].source == NULL) {
			expect_error(status);
			assert_string_equal(source, "");
			continue;
		}
		assert_int_equal(status, 0);
		assert_string_equal(source, made[i].source);
	}
}

/* What was parsed last is put together, and taken apart again. */
static void expect_round_trip(void)
{
	char first_host[PCAP_BUF_SIZE], first_port[PCAP_BUF_SIZE], first_name[PCAP_BUF_SIZE];
	int first_type = type;

	strcpy(first_host, host);
	strcpy(first_port, port);
	strcpy(first_name, name);
	assert_int_equal(pcap_createsrcstr(source, type, host, port, name, errbuf), 0);
	assert_int_equal(parse(source), 0);
	assert_int_equal(type, first_type);
	assert_string_equal(host, first_host);
	assert_string_equal(port, first_port);
	assert_string_equal(name, first_name);
}

static void test_round_trips(void **state _U_)
{
	for (size_t i = 0; i < GOOD_COUNT; i++) {
		assert_int_equal(parse(good[i].source), 0);
		expect_round_trip();
	}
}

static void test_hostile_sources(void **state _U_)
{
	uint64_t random = 6;
	char text[128];
	size_t understood = 0;

	for (int round = 0; round < 50000; round++) {
		const char *seed = good[random_below(&random, GOOD_COUNT)].source;
		size_t length = strlen(seed);
		memcpy(text, seed, length);
		length = mutate(&random, text, length, sizeof(text), ":/[]@:/[]@rpcafile%s\n\xff\x01");
		char *copy = exact_copy(text, length);
		int status = parse(copy);
		free(copy);
		if (status != 0) {
			expect_error(status);
			continue;
		}
		expect_round_trip();
		understood++;
	}
	assert_in_range(understood, 10000, 49000);
}

static void test_hostile_parts(void **state _U_)
{
	const char *parts[] = {
		"", "a", "[", "]", ":", "/", "@", "[::1]", "::1", "host", "%s", "file://", "rpcap://", "\xff"};
	const size_t count = sizeof(parts) / sizeof(parts[0]);

	for (size_t i = 0; i < count * count * count; i++) {
		const char *part_host = parts[i % count];
		const char *part_port = parts[i / count % count];
		const char *part_name = parts[i / count / count];
		if (pcap_createsrcstr(source, PCAP_SRC_IFREMOTE, part_host, part_port, part_name, errbuf) != 0)
			continue;
		assert_int_equal(parse(source), 0);
		assert_int_equal(type, PCAP_SRC_IFREMOTE);
		assert_string_equal(name, part_name);
		assert_string_equal(port, part_port);
	}
}

/* A text of one letter, with something before and behind. */
static char *long_text(const char *before, size_t letters, const char *behind)
{
	size_t length = strlen(before);
	char *text = malloc(length + letters + strlen(behind) + 1);

	assert_non_null(text);
	memcpy(text, before, length);
	memset(text + length, 'y', letters);
	strcpy(text + length + letters, behind);
	return text;
}

static const struct {
	const char *before;
	const char *behind;
} places[] = {
	{"", ""},
	{"rpcap://", ""},
	{"rpcap:///", ""},
	{"file://", ""},
	{"rpcap://", "/eth0"},
	{"rpcap://[", "]/eth0"},
	{"rpcap://host:", "/eth0"},
	{"rpcap://host/", ""},
};

/* The longest part that fits, the first that doesn't, and one far beyond. */
static void test_long_parts_are_parsed(void **state _U_)
{
	const size_t lengths[] = {PCAP_BUF_SIZE - 1, PCAP_BUF_SIZE, 1024 * 1024};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) * 3; i++) {
		char *text = long_text(places[i / 3].before, lengths[i % 3], places[i / 3].behind);
		int status = parse(text);
		if (i % 3 == 0)
			assert_int_equal(status, 0);
		else
			expect_error(status);
		free(text);
	}
}

static void test_long_sources_are_put_together(void **state _U_)
{
	const size_t file = strlen("file://"), local = strlen("rpcap://"), remote = strlen("rpcap://host:1/");

	for (int more = 0; more <= 1; more++) {
		char *text = long_text("", PCAP_BUF_SIZE - 1 - file + more, "");
		assert_int_equal(pcap_createsrcstr(source, PCAP_SRC_FILE, NULL, NULL, text, errbuf), -more);
		free(text);
		text = long_text("", PCAP_BUF_SIZE - 1 - local + more, "");
		assert_int_equal(pcap_createsrcstr(source, PCAP_SRC_IFLOCAL, NULL, NULL, text, errbuf), -more);
		free(text);
		text = long_text("", PCAP_BUF_SIZE - 1 - remote + more, "");
		assert_int_equal(pcap_createsrcstr(source, PCAP_SRC_IFREMOTE, "host", "1", text, errbuf), -more);
		free(text);
	}
	char *text = long_text("", 1024 * 1024, "");
	expect_error(pcap_createsrcstr(source, PCAP_SRC_IFREMOTE, text, text, text, errbuf));
	free(text);
}

static void test_active_mode_is_refused(void **state _U_)
{
	char list[16] = "xxxx";

	assert_int_equal(pcap_remoteact_accept("::", "2003", NULL, host, NULL, errbuf), INVALID_SOCKET);
	expect_error(PCAP_ERROR);
	assert_string_equal(host, "");
	assert_int_equal(pcap_remoteact_accept_ex("::", "2003", NULL, NULL, NULL, 1, errbuf), INVALID_SOCKET);
	assert_int_equal(pcap_remoteact_list(list, ',', sizeof(list), errbuf), 0);
	assert_string_equal(list, "");
	expect_error(pcap_remoteact_list(list, ',', 0, errbuf));
	expect_error(pcap_remoteact_list(NULL, ',', 16, errbuf));
	expect_error(pcap_remoteact_close("host", errbuf));
	assert_non_null(strstr(errbuf, "host"));
	expect_error(pcap_remoteact_close(NULL, errbuf));
	pcap_remoteact_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources_that_are_understood),
		cmocka_unit_test(test_sources_that_are_refused),
		cmocka_unit_test(test_outputs_can_be_left_out),
		cmocka_unit_test(test_sources_are_put_together),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_hostile_sources),
		cmocka_unit_test(test_hostile_parts),
		cmocka_unit_test(test_long_parts_are_parsed),
		cmocka_unit_test(test_long_sources_are_put_together),
		cmocka_unit_test(test_active_mode_is_refused),
	};
	return cmocka_run_group_tests(tests, make_buffers, free_buffers);
}
