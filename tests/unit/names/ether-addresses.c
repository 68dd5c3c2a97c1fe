/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet addresses: the forms in which they are written, ethers files, and hosts by name.
 */
#include "private-etc.h"

#include <ctype.h>

#include <pcap-int.h>
#include <pcap/namedb.h>

static const u_char sample[6] = {0x00, 0x1b, 0x2c, 0xd3, 0x04, 0xff};

static const char *good[] = {"00:1b:2c:d3:04:ff", "00-1b-2c-d3-04-ff", "00.1b.2c.d3.04.ff", "001b.2cd3.04ff",
	"001b2cd304ff", "0:1b:2c:d3:4:ff", "00:1B:2C:D3:04:FF", "001b:2cd3:04ff", "001b-2cd3-04ff",
	"00-1b:2c.d3:04-ff", "001b2c-d304ff", "001b2c:d304ff"};

static const char *bad[] = {"", ":", "00", "00:1b", "00:1b:2c:d3:04", "00:1b:2c:d3:04:", ":00:1b:2c:d3:04:ff",
	"00:1b:2c:d3:04:ff:00", "00:1b:2c:d3:04:ff:", "00::1b:2c:d3:04:ff", "001:b:2c:d3:04:ff",
	"00:1b:2c:d3:04:fg", "00:1b:2c:d3:04:ff ", " 00:1b:2c:d3:04:ff", "00 1b 2c d3 04 ff", "$1b", "001b2cd304f",
	"001b2cd304ff0", "001b2cd304ff00", "001b.2cd3.04f", "001b.2cd3", "001b2cd304ff001b2cd304ff", "x",
	"0x001b2cd304ff", "00:1b:2c:d3:04:\xff", "00;1b;2c;d3;04;ff"};

static void test_forms_that_are_addresses(void **state _U_)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		u_char *address = pcap_ether_aton(good[i]);
		assert_non_null(address);
		assert_memory_equal(address, sample, sizeof(sample));
		free(address);
	}
}

static void test_forms_that_are_not(void **state _U_)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *copy = exact_copy(bad[i], strlen(bad[i]));
		if (pcap_ether_aton(copy) != NULL)
			fail_msg("taken for an address: \"%s\"", bad[i]);
		free(copy);
	}
}

/* An address in one of the documented forms, in any case of its letters. */
static void print_address(uint64_t *random, const u_char *address, char *text)
{
	static const char separators[] = ":-.";
	size_t form = random_below(random, 3);
	char *end = text;

	for (int i = 0; i < 6; i++) {
		if (i > 0 && (form == 0 || (form == 1 && i % 2 == 0)))
			*end++ = separators[random_below(random, 3)];
		end += sprintf(end, form == 0 && random_below(random, 2) ? "%x" : "%02x", address[i]);
	}
	for (char *c = text; *c != '\0'; c++)
		*c = random_below(random, 2) ? (char)toupper((unsigned char)*c) : *c;
}

static void test_what_is_printed_is_read(void **state _U_)
{
	uint64_t random = 3;

	for (int round = 0; round < 20000; round++) {
		u_char address[6];
		char text[32];
		uint64_t bits = next_random(&random);
		memcpy(address, &bits, sizeof(address));
		print_address(&random, address, text);
		u_char *read = pcap_ether_aton(text);
		assert_non_null(read);
		assert_memory_equal(read, address, sizeof(address));
		free(read);
	}
}

static void test_hostile_addresses(void **state _U_)
{
	uint64_t random = 4;
	char text[64];
	size_t accepted = 0;

	for (int round = 0; round < 100000; round++) {
		const char *seed = good[random_below(&random, sizeof(good) / sizeof(good[0]))];
		size_t length = strlen(seed);
		memcpy(text, seed, length);
		length = mutate(&random, text, length, sizeof(text), "0123456789abcdefABCDEF:-.:-.gx \xff\x80");
		char *copy = exact_copy(text, length);
		u_char *address = pcap_ether_aton(copy);
		accepted += address != NULL;
		free(address);
		free(copy);
	}
	assert_in_range(accepted, 1000, 99000);
}

static void test_forms_are_the_peers(void **state _U_)
{
	void *peer = load_peer();

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		u_char *theirs = PEER(peer, pcap_ether_aton)(good[i]);
		assert_memory_equal(theirs, sample, sizeof(sample));
		free(theirs);
	}
	dlclose(peer);
}

static FILE *file_of(const char *text, size_t length)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	rewind(file);
	return file;
}

static void expect_entry(FILE *file, const char *name, u_char last)
{
	const struct pcap_etherent *entry = pcap_next_etherent(file);
	const u_char address[6] = {0, 1, 2, 3, 4, last};

	assert_non_null(entry);
	assert_string_equal(entry->name, name);
	assert_memory_equal(entry->addr, address, sizeof(address));
}

#define LONGEST                                                                                                    \
	"0123456789012345678901234567890123456789"                                                                 \
	"0123456789012345678901234567890123456789"                                                                 \
	"01234567890123456789012345678901234567890"

static void test_ethers_file(void **state _U_)
{
	const char text[] = "# a comment\n"
			    "\n"
			    "00:01:02:03:04:05 plain\n"
			    "  0:1:2:3:4:6\ttabbed # and a comment\n"
			    "00:01:02:03:04:07 dos-line\r\n"
			    "no address here\n"
			    "00:01:02:03:04 too-short\n"
			    "00:01:02:03:04:08\n"
			    "00:01:02:03:04:08 #name\n"
			    "00-01-02-03-04-09 hyphens alias\n"
			    "00:01:02:03:04:0a cut\0 off\n"
			    "00:01:02:03:04:0b " LONGEST "\n"
			    "00:01:02:03:04:0c " LONGEST "x\n"
			    "000102030d0d wrong\n"
			    "00:01:02:03:04:0e last";
	FILE *file = file_of(text, sizeof(text) - 1);

	assert_int_equal(strlen(LONGEST), 121);
	expect_entry(file, "plain", 5);
	expect_entry(file, "tabbed", 6);
	expect_entry(file, "dos-line", 7);
	expect_entry(file, "hyphens", 9);
	expect_entry(file, "cut", 10);
	expect_entry(file, LONGEST, 11);
	const struct pcap_etherent *wrong = pcap_next_etherent(file);
	assert_non_null(wrong);
	assert_string_equal(wrong->name, "wrong");
	expect_entry(file, "last", 14);
	assert_null(pcap_next_etherent(file));
	assert_null(pcap_next_etherent(file));
	fclose(file);
}

static void test_ethers_file_with_long_lines(void **state _U_)
{
	const size_t blanks = 250;
	char text[2048];
	size_t length = 0;

	/* Blanks that push the name over the end of what is kept of a line, at each of its letters. */
	for (size_t i = 0; i < 4; i++)
		length += (size_t)sprintf(text + length, "0:1:2:3:4:1%*sname\n", (int)(blanks - 11 - i), "");
	length += (size_t)sprintf(text + length, "0:1:2:3:4:2 name # %300s\n", "long comment");
	length += (size_t)sprintf(text + length, "0:1:2:3:4:3 next\n");
	FILE *file = file_of(text, length);
	for (const struct pcap_etherent *entry = pcap_next_etherent(file); entry != NULL;
		entry = pcap_next_etherent(file))
		assert_true(strcmp(entry->name, "name") == 0 || strcmp(entry->name, "next") == 0);
	rewind(file);
	const struct pcap_etherent *entry = pcap_next_etherent(file);
	while (entry != NULL && entry->addr[5] != 2)
		entry = pcap_next_etherent(file);
	assert_non_null(entry);
	assert_string_equal(entry->name, "name");
	expect_entry(file, "next", 3);
	fclose(file);
}

static void test_ethers_file_is_read_as_by_the_peer(void **state _U_)
{
	const char text[] = "# hosts\n00:01:02:03:04:05 one\n0:1:2:3:4:6   two\n\n00:01:02:03:04:07\tthree # 3\n"
			    "00:01:02:03:04:08 four\n";
	void *peer = load_peer();
	FILE *ours = file_of(text, sizeof(text) - 1);
	FILE *theirs = file_of(text, sizeof(text) - 1);

	for (int i = 0; i < 5; i++) {
		const struct pcap_etherent *our_entry = pcap_next_etherent(ours);
		const struct pcap_etherent *their_entry = PEER(peer, pcap_next_etherent)(theirs);
		assert_int_equal(our_entry != NULL, their_entry != NULL);
		assert_int_equal(our_entry != NULL, i < 4);
		if (our_entry != NULL) {
			assert_memory_equal(our_entry->addr, their_entry->addr, sizeof(our_entry->addr));
			assert_string_equal(our_entry->name, their_entry->name);
		}
	}
	fclose(ours);
	fclose(theirs);
	dlclose(peer);
}

static void test_hostile_ethers_files(void **state _U_)
{
	uint64_t random = 5;
	char text[1024];

	for (int round = 0; round < 3000; round++) {
		size_t length = (size_t)sprintf(
			text, "# x\n00:01:02:03:04:05 one\n001122334455 two # three\n0-1-2-3-4-5\tfour\n");
		for (int i = 0; i < 5; i++)
			length = mutate(&random, text, length, sizeof(text), "0af:-.# \t\r\n\xff");
		FILE *file = fmemopen(text, length, "r");
		assert_non_null(file);
		int entries = 0;
		for (const struct pcap_etherent *entry = pcap_next_etherent(file); entry != NULL;
			entry = pcap_next_etherent(file)) {
			assert_in_range(strlen(entry->name), 1, sizeof(entry->name) - 1);
			entries++;
		}
		assert_in_range(entries, 0, 60);
		fclose(file);
	}
}

static const struct etc_file databases[] = {
	{"/etc/nsswitch.conf", "ethers: files\n"},
	{"/etc/ethers", "00:1b:2c:d3:04:ff weirhost\n02:00:00:00:00:01 other\n"},
	{NULL, NULL},
};

static const char *check_hosts(void)
{
	u_char *address = pcap_ether_hostton("weirhost");

	EXPECT(address != NULL);
	EXPECT(memcmp(address, sample, sizeof(sample)) == 0);
	free(address);
	EXPECT(pcap_ether_hostton("nohost") == NULL);
	EXPECT(pcap_ether_hostton("") == NULL);
	return NULL;
}

static void test_hosts_by_name(void **state _U_)
{
	run_with_etc(databases, check_hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_that_are_addresses),
		cmocka_unit_test(test_forms_that_are_not),
		cmocka_unit_test(test_what_is_printed_is_read),
		cmocka_unit_test(test_hostile_addresses),
		cmocka_unit_test(test_forms_are_the_peers),
		cmocka_unit_test(test_ethers_file),
		cmocka_unit_test(test_ethers_file_with_long_lines),
		cmocka_unit_test(test_ethers_file_is_read_as_by_the_peer),
		cmocka_unit_test(test_hostile_ethers_files),
		cmocka_unit_test(test_hosts_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
