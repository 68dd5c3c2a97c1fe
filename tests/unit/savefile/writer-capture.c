/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The writer as captures use it: devices, statistics at the end of each file, options of packets, and interfaces whose
 * time stamps have other units than the packets that are given. The packet generator stands in for a device.
 */
#include "blocks.h"

#include <pcap-int.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

static pcap_t *open_device(void)
{
	pcap_t *p = pcap_create("null0", errbuf);

	assert_non_null(p);
	assert_int_equal(pcap_set_tstamp_type(p, PCAP_TSTAMP_HOST), 0);
	assert_int_equal(pcap_activate(p), 0);
	return p;
}

static void check(int status, const pcap_writer_t *writer)
{
	if (status < 0)
		fail_msg("%s", pcap_writer_error(writer));
}

static void write_packets(pcap_writer_t *writer, int first, int end)
{
	for (int i = first; i < end; i++) {
		struct pcap_pkthdr header = {.ts = {1000 + i, i}, .caplen = 20, .len = 20};
		u_char data[20] = {(u_char)i};

		check(pcap_writer_packet(writer, 0, &header, data), writer);
	}
}

/* Reads a file: how many packets; the last block has to be statistics that tell so many packets. */
static int read_file(const char *name, uint64_t delivered)
{
	const struct pcapng_block *block;
	pcapng_reader_t *reader;
	uint32_t last = 0;
	int packets = 0, statistics = 0, status;
	char path[128];

	reader = pcapng_open(temporary_path(path, name), errbuf);
	if (reader == NULL)
		fail_msg("%s", errbuf);
	while ((status = pcapng_next(reader, &block)) == 1) {
		last = block->type;
		packets += block->type == PCAPNG_ENHANCED_PACKET;
		if (last != PCAPNG_INTERFACE_STATISTICS)
			continue;
		statistics++;
		assert_int_equal(
			pcapng_option_number(block, pcapng_find_option(block, PCAPNG_ISB_USRDELIV)), delivered);
		assert_non_null(pcapng_find_option(block, PCAPNG_ISB_FILTERACCEPT));
	}
	assert_int_equal(status, 0);
	pcapng_close(reader);
	assert_int_equal(last, PCAPNG_INTERFACE_STATISTICS);
	assert_int_equal(statistics, 1);
	return packets;
}

static void each_file_ends_with_the_statistics(void **state)
{
	struct pcap_writer_options options = {.max_packets = 100};
	pcap_t *p = open_device();
	char path[128];
	pcap_writer_t *writer =
		pcap_writer_open(temporary_path(path, "each.pcapng"), &options, sizeof(options), errbuf);

	(void)state;
	assert_non_null(writer);
	assert_int_equal(pcap_writer_add_device(writer, p, NULL, 0), 0);
	check(pcap_writer_set_statistics(writer, 0, p), writer);
	write_packets(writer, 0, 250);
	check(pcap_writer_set_statistics(writer, 0, p), writer);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	pcap_close(p);
	assert_int_equal(read_file("each_00001.pcapng", 100), 100);
	assert_int_equal(read_file("each_00002.pcapng", 200), 100);
	assert_int_equal(read_file("each_00003.pcapng", 250), 50);
}

static void files_are_not_longer_than_the_limit_for_that(void **state)
{
	struct pcap_writer_options options = {.max_bytes = 5000, .max_files = 3};
	pcap_t *p = open_device();
	struct pcap_writer_stats stats;
	char path[128], name[40];
	pcap_writer_t *writer =
		pcap_writer_open(temporary_path(path, "long.pcapng"), &options, sizeof(options), errbuf);

	(void)state;
	assert_non_null(writer);
	assert_int_equal(pcap_writer_add_device(writer, p, NULL, 0), 0);
	check(pcap_writer_set_statistics(writer, 0, p), writer);
	write_packets(writer, 0, 1000);
	pcap_writer_get_stats(writer, &stats, sizeof(stats));
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	pcap_close(p);
	for (int file = (int)stats.files - 2; file <= (int)stats.files; file++) {
		FILE *stream;

		snprintf(name, sizeof(name), "long_%05d.pcapng", file);
		stream = fopen(temporary_path(path, name), "rb");
		assert_non_null(stream);
		fseek(stream, 0, SEEK_END);
		assert_in_range(ftell(stream), file < (int)stats.files ? 4800 : 1, 5000);
		fclose(stream);
	}
}

static void statistics_of_no_interface_are_refused(void **state)
{
	pcap_t *p = open_device(), *dead = pcap_open_dead(DLT_EN10MB, 100);
	char path[128];
	pcap_writer_t *writer = pcap_writer_open(temporary_path(path, "none.pcapng"), NULL, 0, errbuf);

	(void)state;
	assert_int_equal(pcap_writer_set_statistics(writer, 0, p), PCAP_ERROR);
	assert_non_null(strstr(pcap_writer_error(writer), "there is no interface 0"));
	assert_int_equal(pcap_writer_set_statistics(writer, -1, p), PCAP_ERROR);
	assert_int_equal(pcap_writer_add_device(writer, dead, NULL, 0), 0);
	assert_int_equal(pcap_writer_set_statistics(writer, 0, dead), PCAP_ERROR);
	assert_int_equal(pcap_writer_packet_with_options(
				 writer, 1, &(struct pcap_pkthdr){.caplen = 0}, (const u_char *)"", NULL, 0),
		PCAP_ERROR);
	assert_int_equal(
		pcap_writer_packet(writer, -1, &(struct pcap_pkthdr){.caplen = 0}, (const u_char *)""), PCAP_ERROR);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	pcap_close(p);
	pcap_close(dead);
}

static void packets_take_options(void **state)
{
	static const char text[] = "the first to fail";
	const struct pcapng_option options[] = {
		{PCAPNG_OPT_COMMENT, sizeof(text) - 1, text}, {PCAPNG_EPB_DROPCOUNT, 8, &(uint64_t){77}}};
	struct pcap_pkthdr header = {.ts = {5, 6}, .caplen = 3, .len = 9};
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 100);
	char path[128];
	pcap_writer_t *writer = pcap_writer_open(temporary_path(path, "options.pcapng"), NULL, 0, errbuf);
	const struct pcapng_block *block;
	pcapng_reader_t *reader;
	int status;

	(void)state;
	assert_int_equal(pcap_writer_add_interface(writer, dead, NULL), 0);
	check(pcap_writer_packet_with_options(writer, 0, &header, (const u_char *)"abc", options, 2), writer);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	pcap_close(dead);
	reader = pcapng_open(path, errbuf);
	do
		status = pcapng_next(reader, &block);
	while (status == 1 && block->type != PCAPNG_ENHANCED_PACKET);
	assert_int_equal(status, 1);
	assert_int_equal(block->seconds, 5);
	assert_int_equal(block->nanoseconds, 6000);
	assert_int_equal(block->option_count, 2);
	assert_memory_equal(block->options[0].value, text, sizeof(text) - 1);
	assert_int_equal(pcapng_option_number(block, &block->options[1]), 77);
	pcapng_close(reader);
}

static void times_become_those_of_the_interface(void **state)
{
	static const struct {
		uint8_t tsresol;
		int64_t offset;
		int64_t seconds, read_seconds;
		uint32_t nanoseconds, read_nanoseconds;
	} cases[] = {
		{6, 0, 1700000000, 1700000000, 123456000, 123456000},
		{9, 0, 1700000000, 1700000000, 123456789, 123456789},
		{3, 0, 1700000000, 1700000000, 123456789, 123000000}, {0, 0, 1700000000, 1700000000, 999999999, 0},
		{9, 1000, 1700000000, 1700000000, 5, 5}, {6, -1000, 1700000000, 1700000000, 5000, 5000},
		{0x80 | 10, 0, 1700000000, 1700000000, 500000000, 500000000},
		{0x80 | 32, 7, 1700000000, 1700000000, 250000000, 250000000},
		{9, 2000, 1000, 2000, 0, 0}, /* before the offset there is no time */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pcapng_option options[] = {
			{PCAPNG_IF_TSRESOL, 1, &cases[i].tsresol}, {PCAPNG_IF_TSOFFSET, 8, &cases[i].offset}};
		struct pcapng_block interface = {
			.type = PCAPNG_INTERFACE, .linktype = 1, .options = options, .option_count = 2};
		struct pcap_writer_options writing = {.precision = PCAP_TSTAMP_PRECISION_NANO};
		struct pcap_pkthdr header = {.ts = {cases[i].seconds, cases[i].nanoseconds}};
		const struct pcapng_block *block;
		pcapng_reader_t *reader;
		char path[128];
		pcap_writer_t *writer =
			pcap_writer_open(temporary_path(path, "times.pcapng"), &writing, sizeof(writing), errbuf);

		check(pcap_writer_block(writer, &interface, sizeof(interface)), writer);
		check(pcap_writer_packet(writer, 0, &header, (const u_char *)""), writer);
		assert_int_equal(pcap_writer_close(writer, errbuf), 0);
		reader = pcapng_open(path, errbuf);
		for (int j = 0; j < 3; j++)
			assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(block->seconds, cases[i].read_seconds);
		assert_int_equal(block->nanoseconds, cases[i].read_nanoseconds);
		pcapng_close(reader);
	}
}

static void a_chosen_time_stamp_type_is_told(void **state)
{
	static const struct pcap_writer_device device = {.name = "other", .filter = "tcp port 80"};
	pcap_t *p = open_device();
	const struct pcapng_block *block;
	pcapng_reader_t *reader;
	pcap_writer_t *writer;
	char path[128];

	(void)state;
	p->opt.tstamp_type = PCAP_TSTAMP_ADAPTER_UNSYNCED;
	writer = pcap_writer_open(temporary_path(path, "type.pcapng"), NULL, 0, errbuf);
	assert_int_equal(pcap_writer_add_device(writer, p, &device, sizeof(device)), 0);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	pcap_close(p);
	reader = pcapng_open(path, errbuf);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pcapng_next(reader, &block), 1);
	assert_memory_equal(pcapng_find_option(block, PCAPNG_IF_NAME)->value, "other", 5);
	assert_int_equal(pcapng_find_option(block, PCAPNG_IF_FILTER)->length, 12);
	assert_memory_equal(
		pcapng_find_option(block, PCAPNG_OPT_COMMENT)->value, "time stamp type: adapter_unsynced", 33);
	pcapng_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_ends_with_the_statistics),
		cmocka_unit_test(files_are_not_longer_than_the_limit_for_that),
		cmocka_unit_test(statistics_of_no_interface_are_refused),
		cmocka_unit_test(packets_take_options),
		cmocka_unit_test(times_become_those_of_the_interface),
		cmocka_unit_test(a_chosen_time_stamp_type_is_told),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
