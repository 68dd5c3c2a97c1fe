/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng files through the calls of libpcap: sections, interfaces, the kinds of packet blocks, time stamps, and all
 * that can be wrong with a block.
 */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MICRO PCAP_TSTAMP_PRECISION_MICRO
#define NANO PCAP_TSTAMP_PRECISION_NANO

static char errbuf[PCAP_ERRBUF_SIZE];

static void assert_message(const char *message, const char *part)
{
	if (strstr(message, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, message);
}

static pcap_t *open_good(struct file *file, u_int precision)
{
	pcap_t *p = open_file(file, precision, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	file_clear(file);
	return p;
}

/* Reads all of a good file. */
static struct packets read_all(pcap_t *p)
{
	struct packets packets = {0, NULL};

	if (pcap_loop(p, -1, keep_packet, (u_char *)&packets) != 0)
		fail_msg("%s", pcap_geterr(p));
	pcap_close(p);
	return packets;
}

static void assert_packet(const struct packets *packets, int index, long second, long fraction, uint32_t caplen,
	uint32_t len, int seed)
{
	const struct packet *packet = &packets->list[index];

	assert_true(index < packets->count);
	assert_int_equal(packet->header.ts.tv_sec, second);
	assert_int_equal(packet->header.ts.tv_usec, fraction);
	assert_int_equal(packet->header.caplen, caplen);
	assert_int_equal(packet->header.len, len);
	for (size_t i = 0; i < caplen; i++)
		assert_int_equal(packet->data[i], data_byte(i, seed));
}

/* ---- What is read ---- */

static void put_other_packets(struct file *file)
{
	size_t begin = begin_block(file, PCAPNG_SIMPLE_PACKET);

	put32(file, 30);
	put_data(file, 30, 3);
	end_block(file, begin);
	begin = begin_block(file, PCAPNG_OBSOLETE_PACKET);
	put16(file, 0);
	put16(file, 17); /* drops */
	put32(file, 0);
	put32(file, 5000001);
	put32(file, 21);
	put32(file, 60);
	put_data(file, 21, 4);
	end_block(file, begin);
}

static void reads_the_three_kinds_of_packets_in_both_byte_orders(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		struct file file = {.swapped = swapped};
		struct packets packets;
		pcap_t *p;

		put_section(&file);
		put_interface(&file, 1, 65535);
		put_enhanced(&file, 0, 1700000000123456, 61, 99, 1);
		put_other_packets(&file);
		p = open_good(&file, MICRO);
		assert_int_equal(pcap_datalink(p), DLT_EN10MB);
		assert_int_equal(pcap_snapshot(p), 65535);
		assert_int_equal(pcap_is_swapped(p), swapped);
		assert_int_equal(pcap_major_version(p), 1);
		assert_int_equal(pcap_minor_version(p), 0);
		packets = read_all(p);
		assert_int_equal(packets.count, 3);
		assert_packet(&packets, 0, 1700000000, 123456, 61, 99, 1);
		assert_packet(&packets, 1, 0, 0, 30, 30, 3);
		assert_packet(&packets, 2, 5, 1, 21, 60, 4);
		packets_clear(&packets);
	}
}

static void sections_of_both_byte_orders_follow_each_other(void **state)
{
	struct file file = {.swapped = true};
	struct packets packets;

	(void)state;
	for (int section = 0; section < 5; section++) {
		file.swapped = section % 2 == 0;
		put_section(&file);
		put_interface_with_resolution(&file, (uint8_t)(6 + section % 3), 0);
		for (int i = 0; i < 3; i++)
			put_enhanced(&file, 0, 77000000000, 40, 50, section);
	}
	packets = read_all(open_good(&file, MICRO));
	assert_int_equal(packets.count, 15);
	for (int i = 0; i < 15; i++)
		assert_packet(&packets, i,
			77000 / (i / 3 % 3 == 0          ? 1
					: i / 3 % 3 == 1 ? 10
							 : 100),
			0, 40, 50, i / 3);
	packets_clear(&packets);
}

/* if_tsresol, if_tsoffset, the time stamp; the time it stands for, to the nanosecond. */
static const struct {
	uint8_t tsresol;
	int64_t tsoffset;
	uint64_t timestamp;
	int64_t second;
	long nanoseconds;
} times[] = {
	{6, 0, 1700000000123456, 1700000000, 123456000},
	{9, 0, 1700000000123456789, 1700000000, 123456789},
	{0, 0, 1700000000, 1700000000, 0},
	{3, 0, 1700000000123, 1700000000, 123000000},
	{7, 0, 17000000001234567, 1700000000, 123456700},
	{12, 0, 1700000123456789012, 1700000, 123456789},
	{19, 0, 12345678901234567890U, 1, 234567890},
	{20, 0, 12345678901234567890U, 0, 123456789},
	{28, 0, UINT64_MAX, 0, 1},
	{29, 0, UINT64_MAX, 0, 0},
	{127, 0, UINT64_MAX, 0, 0},
	{0x80, 0, 1700000000, 1700000000, 0},
	{0x80 + 10, 0, 1700000000 * 1024ULL + 512, 1700000000, 500000000},
	{0x80 + 32, 0, (1700000000ULL << 32) + 0xffffffff, 1700000000, 999999999},
	{0x80 + 33, 0, (1700000000ULL << 33) + 3, 1700000000, 0},
	{0x80 + 40, 0, (1700000ULL << 40) + (1ULL << 39), 1700000, 500000000},
	{0x80 + 63, 0, UINT64_MAX, 1, 999999999},
	{0x80 + 64, 0, UINT64_MAX, 0, 999999999},
	{0x80 + 65, 0, UINT64_MAX, 0, 499999999},
	{0x80 + 127, 0, UINT64_MAX, 0, 0},
	{6, 1000, 1700000000123456, 1700001000, 123456000},
	{6, -1700000000, 1700000000123456, 0, 123456000},
	{6, -1700000001, 1700000000123456, -1, 123456000},
	{6, 0, UINT64_MAX, 18446744073709, 551615000},
	{6, 0, 0, 0, 0},
	{6, INT64_MIN, 0, INT64_MIN, 0},
	{0, 0, UINT64_MAX, INT64_MAX, 0},
	{0, INT64_MAX, 5, INT64_MAX, 0},
};
#define TIME_COUNT ((int)(sizeof(times) / sizeof(times[0])))

static void time_stamps_have_the_precision_that_was_asked_for(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		for (u_int precision = MICRO; precision <= NANO; precision++) {
			struct file file = {.swapped = swapped};
			struct packets packets;

			put_section(&file);
			for (int i = 0; i < TIME_COUNT; i++)
				put_interface_with_resolution(&file, times[i].tsresol, times[i].tsoffset);
			for (int i = 0; i < 2 * TIME_COUNT; i++) /* twice, for the second that is remembered */
				put_enhanced(&file, (uint32_t)i / 2, times[i / 2].timestamp, 20, 20, 0);
			packets = read_all(open_good(&file, precision));
			assert_int_equal(packets.count, 2 * TIME_COUNT);
			for (int i = 0; i < 2 * TIME_COUNT; i++)
				assert_packet(&packets, i, times[i / 2].second,
					times[i / 2].nanoseconds / (precision == NANO ? 1 : 1000), 20, 20, 0);
			packets_clear(&packets);
		}
	}
}

static void time_may_go_backwards(void **state)
{
	struct file file = {.swapped = false};
	struct packets packets;

	(void)state;
	put_section(&file);
	put_interface(&file, 1, 0);
	for (int i = 0; i < 20; i++)
		put_enhanced(&file, 0, (uint64_t)((20 - i) * 400000 + i % 3 * 1000000), 0, 20, 0);
	packets = read_all(open_good(&file, NANO));
	for (int i = 0; i < 20; i++) {
		long time = (20 - i) * 400000 + i % 3 * 1000000;

		assert_packet(&packets, i, time / 1000000, time % 1000000 * 1000, 0, 20, 0);
	}
	packets_clear(&packets);
}

static void the_file_tells_its_precision(void **state)
{
	static const struct {
		uint8_t tsresol;
		int precision;
	} cases[] = {{6, MICRO}, {3, MICRO}, {7, NANO}, {9, NANO}, {0x80 + 19, MICRO}, {0x80 + 20, NANO}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file = {.swapped = false};
		pcap_t *p;

		put_section(&file);
		put_interface_with_resolution(&file, cases[i].tsresol, 0);
		p = open_good(&file, PCAP_TSTAMP_PRECISION_OF_FILE);
		assert_int_equal(pcap_get_tstamp_precision(p), cases[i].precision);
		pcap_close(p);
	}
}

/* ---- Several interfaces ---- */

static void passes_over_packets_of_other_link_types(void **state)
{
	struct packets packets = {0, NULL};
	struct pcap_file_stats stats;
	struct file file = {.swapped = false};
	pcap_t *p;

	(void)state;
	put_section(&file);
	put_interface(&file, 101, 96);
	put_interface(&file, 1, 65535);
	put_interface(&file, 101, 128);
	for (int i = 0; i < 9; i++)
		put_enhanced(&file, (uint32_t)i % 3, (uint64_t)i, 60, 60, i);
	p = open_good(&file, MICRO);
	assert_int_equal(pcap_datalink(p), DLT_RAW);
	assert_int_equal(pcap_snapshot(p), 128);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(pcap_get_file_stats(p, &stats, sizeof(stats)), 0);
	assert_int_equal(stats.packets, 9);
	assert_int_equal(stats.passed_over, 3);
	assert_int_equal(stats.cut, 0);
	assert_int_equal(packets.count, 6);
	for (int i = 0; i < 6; i++)
		assert_packet(&packets, i, 0, i / 2 * 3 + i % 2 * 2, 60, 60, i / 2 * 3 + i % 2 * 2);
	packets_clear(&packets);
	pcap_close(p);
}

static void packets_are_never_longer_than_the_handle_says(void **state)
{
	struct packets packets = {0, NULL};
	struct pcap_file_stats stats;
	struct file file = {.swapped = false};
	pcap_t *p;

	(void)state;
	put_section(&file);
	put_interface(&file, 1, 50);
	put_enhanced(&file, 0, 1, 50, 60, 0);
	put_interface(&file, 1, 100);
	put_enhanced(&file, 1, 1, 60, 60, 1);
	p = open_good(&file, MICRO);
	assert_int_equal(pcap_snapshot(p), 50);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(packets.count, 2);
	assert_packet(&packets, 1, 0, 1, 50, 60, 1);
	assert_int_equal(pcap_get_file_stats(p, &stats, sizeof(stats)), 0);
	assert_int_equal(stats.cut, 1);
	packets_clear(&packets);
	pcap_close(p);
}

static void statistics_are_of_savefiles_only(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 100);
	struct pcap_file_stats stats;

	(void)state;
	assert_int_equal(pcap_get_file_stats(p, &stats, sizeof(stats)), PCAP_ERROR);
	assert_message(pcap_geterr(p), "not of a savefile");
	pcap_close(p);
}

/* ---- Other blocks ---- */

static void put_unknown(struct file *file, uint32_t type, size_t size)
{
	size_t begin = begin_block(file, type);

	put_data(file, size, 0);
	end_block(file, begin);
}

static void blocks_without_packets_are_passed_over(void **state)
{
	static const uint32_t types[] = {PCAPNG_NAME_RESOLUTION, PCAPNG_INTERFACE_STATISTICS, PCAPNG_CUSTOM,
		PCAPNG_CUSTOM_NO_COPY, PCAPNG_DECRYPTION_SECRETS, PCAPNG_SYSTEMD_JOURNAL, 0x12345678, 0x06000000, 0,
		0xffffffff};
	struct packets packets;
	struct file file;

	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		memset(&file, 0, sizeof(file));
		file.swapped = swapped;
		put_section(&file);
		put_unknown(&file, 77, 100);
		put_interface(&file, 1, 0);
		for (int i = 0; i < 10; i++) {
			/* Also larger than what is read in a step. */
			put_unknown(&file, types[i], i == 5 ? 3000000 : 100);
			put_enhanced(&file, 0, (uint64_t)i, 60, 60, i);
		}
		put_unknown(&file, 77, 1000000);
		packets = read_all(open_good(&file, MICRO));
		assert_int_equal(packets.count, 10);
		for (int i = 0; i < 10; i++)
			assert_packet(&packets, i, 0, i, 60, 60, i);
		packets_clear(&packets);
	}
}

/* ---- Damage ---- */

static void put_good_file(struct file *file)
{
	put_section(file);
	put_interface_with_resolution(file, 6, 0);
	put_enhanced(file, 0, 1, 33, 60, 0);
	put_unknown(file, 77, 21);
	put_enhanced(file, 0, 2, 34, 60, 1);
	put_other_packets(file);
}

/* How many packets are whole in the first `size` bytes, and whether they end with a whole block. */
static int count_whole(const struct file *file, size_t size, bool *at_end)
{
	size_t offset = 0;
	int packets = 0;

	for (;;) {
		uint32_t type, length;

		*at_end = offset == size;
		if (size - offset < 12)
			return packets;
		memcpy(&type, file->bytes + offset, 4);
		memcpy(&length, file->bytes + offset + 4, 4);
		if (file->swapped) {
			type = __builtin_bswap32(type);
			length = __builtin_bswap32(length);
		}
		if (length > size - offset)
			return packets;
		packets += type == PCAPNG_ENHANCED_PACKET || type == PCAPNG_SIMPLE_PACKET ||
			   type == PCAPNG_OBSOLETE_PACKET;
		offset += length;
	}
}

static pcap_t *open_through_pipe(const struct file *file, size_t size)
{
	int fds[2];
	FILE *stream;
	pcap_t *p;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], file->bytes, size), size);
	close(fds[1]);
	stream = fdopen(fds[0], "rb");
	p = pcap_fopen_offline(stream, errbuf);
	if (p == NULL)
		fclose(stream);
	return p;
}

static void check_cut(pcap_t *p, const struct file *file, size_t size)
{
	struct packets packets = {0, NULL};
	bool at_end;
	int whole = count_whole(file, size, &at_end);
	int status = pcap_loop(p, -1, keep_packet, (u_char *)&packets);

	assert_int_equal(packets.count, whole);
	assert_int_equal(status, at_end ? 0 : PCAP_ERROR);
	if (!at_end) {
		assert_message(pcap_geterr(p), "the file ends in the middle of the block");
		assert_message(pcap_geterr(p), "at offset ");
	}
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), status); /* and so it stays */
	assert_int_equal(packets.count, whole);
	packets_clear(&packets);
	pcap_close(p);
}

static void cut_at_every_byte(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		struct file file = {.swapped = swapped};
		size_t whole;

		put_good_file(&file);
		whole = file.size;
		for (size_t size = 4; size <= whole; size++) {
			pcap_t *p;

			file.size = size;
			p = open_file(&file, MICRO, errbuf);
			assert_true((p != NULL) == (size >= 28 + 20 + 8 + 8 + 12 + 4));
			if (p != NULL)
				check_cut(p, &file, size);
			else
				assert_message(errbuf, size == 28 ? "describes no interface" : "the file ends in");
			p = open_through_pipe(&file, size);
			if (p != NULL)
				check_cut(p, &file, size);
		}
		file_clear(&file);
	}
}

/* Two good packets, a block that a case damages, a good packet. The 32 bits at `at` of that block are changed. */
static const struct {
	uint32_t type;
	size_t at;
	uint32_t value;
	const char *message;
} damages[] = {
	{PCAPNG_ENHANCED_PACKET, 4, 0, "its length, 0, is less than the least, 32"},
	{PCAPNG_ENHANCED_PACKET, 4, 13, "its length, 13, is not a multiple of 4"},
	{PCAPNG_ENHANCED_PACKET, 4, 0xffffffff, "its length, 4294967295, is not a multiple of 4"},
	{PCAPNG_ENHANCED_PACKET, 4, 0xfffffffc, "its length, 4294967292, is above the largest possible"},
	{PCAPNG_ENHANCED_PACKET, 4, 0x1000000, "the file ends in the middle of the block: 184 of 16777216 bytes"},
	{PCAPNG_ENHANCED_PACKET, 4, 184, "its length is 184 at its beginning, and 92 at its end"},
	{PCAPNG_ENHANCED_PACKET, 88, 96, "its length is 92 at its beginning, and 96 at its end"},
	{PCAPNG_ENHANCED_PACKET, 8, 1, "it is of interface 1, and the section has described 1 so far"},
	{PCAPNG_ENHANCED_PACKET, 8, 0xffffffff, "it is of interface 4294967295"},
	{PCAPNG_ENHANCED_PACKET, 20, 61, "captured length 61 does not fit the block, whose length is 92"},
	{PCAPNG_ENHANCED_PACKET, 20, 0xffffffff, "captured length 4294967295 does not fit"},
	{77, 4, 0, "0x0000004d block at offset 216: its length, 0, is less than the least, 12"},
	{77, 4, 7, "its length, 7, is not a multiple of 4"},
	{77, 4, 0xfffffff0, "the file ends in the middle of the block, which has 4294967280 bytes"},
	{77, 92 - 4, 4, "its length is 92 at its beginning, and 4 at its end"},
	{PCAPNG_INTERFACE, 4, 16, "interface description block at offset 216: its length, 16, is less than"},
	{PCAPNG_INTERFACE, 16, 0xffff0001, "option 1 goes past the block's end: its length is 65535"},
	{PCAPNG_INTERFACE, 16, 0x00020009, "option if_tsresol has 2 bytes, not 1"},
	{PCAPNG_INTERFACE, 16, 0x0004000e, "option if_tsoffset has 4 bytes, not 8"},
	{PCAPNG_SECTION, 8, 0x12345678, "the byte-order magic is 0x12345678, not 0x1a2b3c4d"},
	{PCAPNG_SECTION, 12, 2, "version 2.0 of the pcapng format is not known"},
};

static void put_damaged(struct file *file, size_t index)
{
	size_t begin;

	put_section(file);
	put_interface(file, 1, 0);
	put_enhanced(file, 0, 1, 50, 50, 0);
	put_enhanced(file, 0, 2, 50, 50, 1);
	assert_int_equal(file->size, 216);
	begin = begin_block(file, damages[index].type);
	if (damages[index].type == PCAPNG_SECTION)
		put32(file, 0x1a2b3c4d);
	else
		put32(file, 0);
	put32(file, damages[index].type == PCAPNG_SECTION ? 1 : 0);
	put32(file, 0);
	put32(file, 60);
	put32(file, 60);
	while (file->size < begin + 88)
		put32(file, 0);
	end_block(file, begin);
	memcpy(file->bytes + begin + damages[index].at, &damages[index].value, 4);
	put_enhanced(file, 0, 3, 60, 60, 2);
}

static void every_kind_of_damage_is_told_after_the_good_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct packets packets = {0, NULL};
		struct file file = {.swapped = false};
		pcap_t *p;

		put_damaged(&file, i);
		p = open_good(&file, MICRO);
		for (int call = 0; call < 2; call++) {
			assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
			assert_message(pcap_geterr(p), damages[i].message);
			assert_message(pcap_geterr(p), "file.pcap: ");
			assert_message(pcap_geterr(p), " block at offset 216: ");
			assert_int_equal(packets.count, 2);
		}
		packets_clear(&packets);
		pcap_close(p);
	}
}

static void refuses_files_without_an_interface(void **state)
{
	struct file file = {.swapped = false};

	(void)state;
	put_section(&file);
	assert_null(open_file(&file, MICRO, errbuf));
	assert_message(errbuf, "file.pcap: the file describes no interface");
	put_enhanced(&file, 0, 0, 20, 20, 0);
	assert_null(open_file(&file, MICRO, errbuf));
	assert_message(errbuf, "enhanced packet block at offset 28: it");
	file_clear(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_three_kinds_of_packets_in_both_byte_orders),
		cmocka_unit_test(sections_of_both_byte_orders_follow_each_other),
		cmocka_unit_test(time_stamps_have_the_precision_that_was_asked_for),
		cmocka_unit_test(time_may_go_backwards),
		cmocka_unit_test(the_file_tells_its_precision),
		cmocka_unit_test(passes_over_packets_of_other_link_types),
		cmocka_unit_test(packets_are_never_longer_than_the_handle_says),
		cmocka_unit_test(statistics_are_of_savefiles_only),
		cmocka_unit_test(blocks_without_packets_are_passed_over),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(every_kind_of_damage_is_told_after_the_good_packets),
		cmocka_unit_test(refuses_files_without_an_interface),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
