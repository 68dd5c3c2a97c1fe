/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Savefiles that end too early, lie about lengths, or have bytes changed: the good packets come first, then an error
 * that names the place; nothing crashes, hangs or takes memory for bytes that are not there.
 */
#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PACKETS 5

static char errbuf[PCAP_ERRBUF_SIZE];

static void assert_message(const char *message, const char *part)
{
	if (strstr(message, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, message);
}

/* The offset at which a packet of make_file()'s starts. */
static size_t packet_offset(int packet)
{
	size_t offset = 24;

	for (int i = 0; i < packet; i++)
		offset += 16 + nth_length(i);
	return offset;
}

static void assert_open_fails(size_t size, const char *why)
{
	if (size == 0)
		assert_message(why, ": the file is empty");
	else
		assert_message(why, "the file ends in the middle of the file header");
}

/* The file was cut after `size` bytes, which is behind its header. */
static void assert_cut(pcap_t *p, size_t size)
{
	struct packets packets = {0, NULL};
	int status = pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), whole = 0;
	char expected[100];

	while (whole < PACKETS && packet_offset(whole + 1) <= size)
		whole++;
	assert_made_packets(&packets, whole, 1);
	if (packet_offset(whole) == size) {
		assert_int_equal(status, whole);
		assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 0);
	} else {
		size_t there = size - packet_offset(whole);

		snprintf(expected, sizeof(expected),
			": packet %d at offset %zu: the file ends in the middle of the ", whole + 1,
			packet_offset(whole));
		for (int call = 0; call < 2; call++) { /* it stays an error */
			assert_int_equal(status, PCAP_ERROR);
			assert_message(pcap_geterr(p), expected);
			status = pcap_dispatch(p, -1, keep_packet, (u_char *)&packets);
		}
		if (there < 16)
			snprintf(expected, sizeof(expected), "packet header: %zu of 16 bytes", there);
		else
			snprintf(expected, sizeof(expected), "packet: %zu of %zu bytes", there - 16,
				nth_length(whole));
		assert_message(pcap_geterr(p), expected);
		assert_int_equal(packets.count, whole);
	}
	packets_clear(&packets);
}

static void cut_at_every_byte(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		struct file file;
		size_t whole_size;

		make_file(&file, swapped, MAGIC_MICRO, PACKETS);
		whole_size = file.size;
		for (size_t size = 0; size <= whole_size; size++) {
			pcap_t *p;

			file.size = size;
			p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
			assert_true((p != NULL) == (size >= 24));
			if (p == NULL) {
				assert_open_fails(size, errbuf);
				continue;
			}
			assert_cut(p, size);
			pcap_close(p);
		}
		file_clear(&file);
	}
}

/* A file of one good packet, and one that says it has `caplen` bytes and has 50. */
static pcap_t *open_with_caplen(struct file *file, uint32_t caplen, uint32_t linktype)
{
	pcap_t *p;

	put_file_header(file, MAGIC_MICRO, 2, 4, 262144, linktype);
	put_packet_header(file, 1, 1, 20, 20);
	put_data(file, 20, 0);
	put_packet_header(file, 1, 1, caplen, caplen);
	put_data(file, 50, 1);
	p = open_file(file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_non_null(p);
	file_clear(file);
	return p;
}

static void impossible_lengths(void **state)
{
	static const struct {
		uint32_t caplen, linktype;
		const char *message;
	} cases[] = {
		{0xffffffff, 1,
			"file.pcap: packet 2 at offset 60: captured length 4294967295 is above the largest "
			"possible "
			"(262144)"},
		{0x80000000, 1, "captured length 2147483648 is above"},
		{262145, 1, "captured length 262145 is above"},
		{262144, 1, "packet 2 at offset 60: the file ends in the middle of the packet: 50 of 262144 bytes"},
		{128 * 1024 * 1024, 231, "50 of 134217728 bytes"}, /* D-Bus messages can be that large */
		{128 * 1024 * 1024 + 1, 231, "is above the largest possible (134217728)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int swapped = 0; swapped < 2; swapped++) {
			struct file file = {.swapped = swapped};
			struct packets packets = {0, NULL};
			pcap_t *p = open_with_caplen(&file, cases[i].caplen, cases[i].linktype);

			assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
			assert_int_equal(packets.count, 1);
			assert_message(pcap_geterr(p), cases[i].message);
			assert_int_equal(pcap_dispatch(p, 1, keep_packet, (u_char *)&packets), PCAP_ERROR);
			assert_message(pcap_geterr(p), cases[i].message);
			assert_int_equal(packets.count, 1);
			packets_clear(&packets);
			pcap_close(p);
		}
	}
}

static void lengths_of_zero(void **state)
{
	struct file file = {.swapped = false};
	struct packets packets = {0, NULL};
	pcap_t *p;

	(void)state;
	put_file_header(&file, MAGIC_MICRO, 2, 4, 65535, 1);
	put_packet_header(&file, 1, 1, 0, 0);
	put_packet_header(&file, 1, 1, 0, 0xffffffff);
	put_packet_header(&file, 1, 1, 4, 0);
	put_data(&file, 4, 0);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(packets.count, 3);
	assert_int_equal(packets.list[0].header.caplen, 0);
	assert_true(packets.list[1].header.len == 0xffffffff);
	assert_int_equal(packets.list[2].header.caplen, 4);
	assert_int_equal(packets.list[2].header.len, 0);
	packets_clear(&packets);
	pcap_close(p);
	file_clear(&file);
}

/* What is claimed takes no memory: 128 MiB are announced many times over where the process may have little. */
static void claimed_lengths_take_no_memory(void **state)
{
	struct file file = {.swapped = false};
	struct packets packets = {0, NULL};
	struct rusage before, after;
	pcap_t *p = open_with_caplen(&file, 128 * 1024 * 1024, 231);

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024); /* KiB */
	packets_clear(&packets);
	pcap_close(p);
}

/* Packets above the buffer's size arrive whole, among small ones. */
static void large_packets(void **state)
{
	static const uint32_t lengths[] = {60, 262144, 1, 5000000, 60, 65536, 300000, 1, 60, 200000, 200000, 1};
	int count = sizeof(lengths) / sizeof(lengths[0]);
	struct file file = {.swapped = false};
	struct packets packets = {0, NULL};
	pcap_t *p;

	(void)state;
	put_file_header(&file, MAGIC_MICRO, 2, 4, 0x7fffffff, 231);
	for (int i = 0; i < count; i++) {
		put_packet_header(&file, 1, 1, lengths[i], lengths[i]);
		put_data(&file, lengths[i], i);
	}
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(packets.count, count);
	for (int i = 0; i < count; i++) {
		assert_int_equal(packets.list[i].header.caplen, lengths[i]);
		for (size_t j = 0; j < lengths[i]; j++)
			if (packets.list[i].data[j] != data_byte(j, i))
				fail_msg("packet %d differs at %zu", i, j);
	}
	packets_clear(&packets);
	pcap_close(p);
	file_clear(&file);
}

static unsigned int random_number(void)
{
	static uint32_t seed = 20261122;

	seed ^= seed << 13;
	seed ^= seed >> 17;
	return seed ^= seed << 5;
}

/* Another process cuts the file while it is read: what was read before is delivered, then the end is told. */
static void a_file_that_is_cut_while_it_is_read(void **state)
{
	struct packets packets = {0, NULL};
	struct file file;
	char path[128];
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 100000);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_dispatch(p, 5000, keep_packet, (u_char *)&packets), 5000);
	assert_int_equal(truncate(temporary_path(path, "file.pcap"), 1000), 0);
	/* The rest of what was read in one step is there still. */
	assert_true(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets) <= 10000);
	assert_in_range(packets.count, 5000, 15000);
	assert_made_packets(&packets, packets.count, 1);
	pcap_close(p);
	packets_clear(&packets);
	file_clear(&file);
}

static void touch(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	unsigned long *sum = (unsigned long *)user;

	for (bpf_u_int32 i = 0; i < header->caplen; i++)
		*sum += data[i];
}

/* Link types whose packets are changed on reading, and one whose are not. */
static void changed_bytes(void **state)
{
	static const uint32_t linktypes[] = {1, 113, 117, 189, 220, 239, 276};
	const char *names[2] = {"nothing", "an error"};
	unsigned long sum = 0;
	int outcomes[2] = {0, 0};

	(void)state;
	for (int round = 0; round < 6000; round++) {
		struct file file;
		pcap_t *p;
		int status = 0;

		make_file(&file, round % 2, round % 3 ? MAGIC_MICRO : MAGIC_NANO, 12);
		file.bytes[file.swapped ? 22 : 20] = 0;
		file.bytes[file.swapped ? 23 : 20] = (u_char)linktypes[round % 7];
		file.bytes[file.swapped ? 22 : 21] = (u_char)(linktypes[round % 7] >> 8);
		for (unsigned int i = 0; i <= random_number() % 8; i++)
			file.bytes[random_number() % file.size] ^= (u_char)random_number();
		p = open_file(&file, random_number() % 2, errbuf);
		if (p != NULL) {
			status = pcap_loop(p, -1, touch, (u_char *)&sum);
			assert_true(status == 0 || status == PCAP_ERROR);
			assert_true(status == 0 || strncmp(pcap_geterr(p), "/tmp/", 5) == 0);
			pcap_close(p);
		} else {
			assert_true(strlen(errbuf) > 5 && strlen(errbuf) < PCAP_ERRBUF_SIZE);
		}
		outcomes[p == NULL || status != 0]++;
		file_clear(&file);
	}
	for (int i = 0; i < 2; i++)
		if (outcomes[i] < 100)
			fail_msg("hardly ever %s: the changes are no test", names[i]);
}

static void places_that_are_no_files(void **state)
{
	char path[128];

	(void)state;
	assert_null(pcap_open_offline("/tmp", errbuf));
	assert_string_equal(errbuf, "/tmp: can't read: Is a directory");
	assert_null(pcap_open_offline("/dev/null", errbuf));
	assert_string_equal(errbuf, "/dev/null: the file is empty");
	assert_null(pcap_open_offline("/dev/full", errbuf));
	assert_string_equal(errbuf, "/dev/full: not a capture file (the first bytes are 00 00 00 00)");
	assert_null(pcap_open_offline(temporary_path(path, "none.pcap"), errbuf));
	assert_message(errbuf, "none.pcap: No such file or directory");
	assert_null(pcap_open_offline(NULL, errbuf));
	assert_null(pcap_fopen_offline(NULL, errbuf));
	if (geteuid() != 0) {
		struct file file;

		make_file(&file, false, MAGIC_MICRO, 1);
		save(&file, temporary_path(path, "file.pcap"));
		file_clear(&file);
		assert_int_equal(truncate(path, 0), 0);
		assert_null(pcap_open_offline("/root/file.pcap", errbuf));
		assert_message(errbuf, "/root/file.pcap: Permission denied");
	}
}

/* A name that leaves no room for the message is shown by its end. */
static void long_names(void **state)
{
	char path[1000] = "/tmp/";

	(void)state;
	for (int i = 0; i < 400; i++)
		strcat(path, "ü");
	strcat(path, "/end.pcap");
	assert_null(pcap_open_offline(path, errbuf));
	assert_true(strncmp(errbuf, "...ü", 5) == 0);
	assert_message(errbuf, "ü/end.pcap: File name too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(impossible_lengths),
		cmocka_unit_test(lengths_of_zero),
		cmocka_unit_test(claimed_lengths_take_no_memory),
		cmocka_unit_test(large_packets),
		cmocka_unit_test(a_file_that_is_cut_while_it_is_read),
		cmocka_unit_test(changed_bytes),
		cmocka_unit_test(places_that_are_no_files),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
