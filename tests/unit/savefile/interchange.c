/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of others are read as they read them, and they read ours without complaint: dumpcap, editcap, mergecap,
 * text2pcap, tshark, capinfos, tcpdump, for those that are there.
 */
#include "blocks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

static void need_program(const char *name)
{
	char command[100];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	if (system(command) == 0)
		return;
	print_message("skipped: there is no %s here\n", name);
	skip();
}

/* Runs a command in the folder of the test. */
static void run(const char *format, ...)
{
	char command[600], path[128];
	va_list arguments;
	int length;

	length = snprintf(
		command, sizeof(command), "cd %.*s && ", (int)(strlen(temporary_path(path, "x")) - 1), path);
	va_start(arguments, format);
	vsnprintf(command + length, sizeof(command) - (size_t)length, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* That tshark sees in a file what pcapng_next() sees: time, lengths and interface of each packet. */
static void assert_same_as_tshark(const char *name)
{
	char path[128], command[400], line[200], ours[200];
	const struct pcapng_block *block;
	pcapng_reader_t *reader = pcapng_open(temporary_path(path, name), errbuf);
	int packets = 0;
	FILE *theirs;

	if (reader == NULL)
		fail_msg("%s", errbuf);
	snprintf(command, sizeof(command),
		"tshark -n -r %s -T fields -e frame.time_epoch -e frame.cap_len -e frame.len -e frame.interface_id "
		"2>/dev/null",
		path);
	theirs = popen(command, "r");
	assert_non_null(theirs);
	while (pcapng_next(reader, &block) == 1) {
		if (block->type != PCAPNG_ENHANCED_PACKET)
			continue;
		if (fgets(line, sizeof(line), theirs) == NULL)
			fail_msg("%s: tshark shows only %d packets", name, packets);
		snprintf(ours, sizeof(ours), "%" PRId64 ".%09" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\n",
			block->seconds, block->nanoseconds, block->caplen, block->len, block->interface);
		/* Of a pcap file it shows no interface. */
		if (strncmp(line, ours, strlen(line) - 1) != 0)
			fail_msg("%s: packet %d: \"%s\" and \"%s\"", name, packets + 1, ours, line);
		packets++;
	}
	assert_null(fgets(line, sizeof(line), theirs));
	pclose(theirs);
	pcapng_close(reader);
	assert_true(packets > 0);
}

static void save_made_file(const char *name, uint32_t magic, uint32_t linktype, int packets)
{
	struct file file;
	char path[128];

	make_file(&file, false, magic, packets);
	memcpy(file.bytes + 20, &linktype, 4);
	save(&file, temporary_path(path, name));
	file_clear(&file);
}

static void editcap_and_mergecap_write_what_is_read_here(void **state)
{
	(void)state;
	need_program("editcap");
	need_program("mergecap");
	need_program("tshark");
	save_made_file("one.pcap", MAGIC_MICRO, 1, 200);
	save_made_file("raw.pcap", MAGIC_NANO, 101, 150);
	run("editcap -F pcapng one.pcap one.pcapng && editcap -F nsecpcap one.pcap nano.pcap");
	run("editcap -F pcapng -a 3:'a comment' -s 30 -t 0.5 one.pcap cut.pcapng");
	run("mergecap -F pcapng -w merged.pcapng one.pcapng raw.pcap cut.pcapng");
	assert_same_as_tshark("one.pcap");
	assert_same_as_tshark("nano.pcap");
	assert_same_as_tshark("one.pcapng");
	assert_same_as_tshark("cut.pcapng");
	assert_same_as_tshark("merged.pcapng");
}

static void the_packets_of_one_link_type_of_a_merged_file_are_delivered(void **state)
{
	struct pcap_file_stats stats;
	struct packets packets = {0, NULL};
	char path[128];
	pcap_t *p;

	(void)state;
	need_program("mergecap");
	save_made_file("one.pcap", MAGIC_MICRO, 1, 200);
	save_made_file("raw.pcap", MAGIC_NANO, 101, 150);
	run("mergecap -F pcapng -w both.pcapng one.pcap raw.pcap");
	p = pcap_open_offline(temporary_path(path, "both.pcapng"), errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(pcap_get_file_stats(p, &stats, sizeof(stats)), 0);
	assert_int_equal(stats.packets, 350);
	assert_int_equal(stats.passed_over, 150);
	assert_made_packets(&packets, 200, 1);
	pcap_close(p);
	packets_clear(&packets);
}

static void text2pcap_and_dumpcap_write_what_is_read_here(void **state)
{
	(void)state;
	need_program("text2pcap");
	need_program("dumpcap");
	need_program("tshark");
	run("printf '0000 01 02 03 04 05 06 07 08 09 0a 0b 0c 08 00 45 00\\n0010 ff fe\\n\\n0000 aa bb cc dd\\n' "
	    ">dump");
	run("text2pcap -q dump text.pcapng 2>/dev/null");
	assert_same_as_tshark("text.pcapng");
	save_made_file("one.pcap", MAGIC_MICRO, 1, 200);
	run("dumpcap -q -i - -w dumped.pcapng <one.pcap 2>/dev/null");
	assert_same_as_tshark("dumped.pcapng");
	run("dumpcap -q -P -i - -w dumped.pcap <one.pcap 2>/dev/null");
	assert_same_as_tshark("dumped.pcap");
}

/* A file with two interfaces, options of all kinds, statistics and other blocks. */
static void write_rich_file(const char *name, int compression)
{
	static const u_char ethernet[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
	struct pcap_writer_options options = {.application = "unit", .compression = compression};
	const struct pcapng_option comment = {PCAPNG_OPT_COMMENT, 9, "a comment"};
	const struct pcapng_option counts[] = {
		{PCAPNG_ISB_IFRECV, 8, &(uint64_t){100}}, {PCAPNG_ISB_IFDROP, 8, &(uint64_t){0}}};
	const struct pcapng_option both[] = {{PCAPNG_EPB_FLAGS, 4, &(uint32_t){PCAP_PACKET_INBOUND}}, comment};
	struct pcapng_block statistics = {.type = PCAPNG_INTERFACE_STATISTICS,
		.interface = 1,
		.timestamp = 1000000000,
		.options = counts,
		.option_count = 2};
	struct pcapng_block names = {.type = PCAPNG_NAME_RESOLUTION,
		.data = (const u_char *)"\1\0\7\0\1\2\3\4a.\0\0\0\0\0\0",
		.data_length = 16};
	struct pcap_writer_device device = {.name = "eth7", .filter = "ip", .comment = "a comment"};
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	char path[128];
	pcap_writer_t *writer = pcap_writer_open(temporary_path(path, name), &options, sizeof(options), errbuf);

	if (writer == NULL)
		fail_msg("%s", errbuf);
	assert_int_equal(pcap_writer_add_interface(writer, p, "eth0"), 0);
	assert_int_equal(pcap_writer_add_device(writer, p, &device, sizeof(device)), 1);
	assert_int_equal(pcap_writer_block(writer, &names, sizeof(names)), 0);
	for (int i = 0; i < 100; i++) {
		struct pcap_pkthdr header = {.ts = {1000 + i, i}, .caplen = 60 - (u_int)i % 8, .len = 60};

		assert_int_equal(
			pcap_writer_packet_with_options(writer, i % 2, &header, ethernet, both, (size_t)i % 3), 0);
	}
	assert_int_equal(pcap_writer_block(writer, &statistics, sizeof(statistics)), 0);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	pcap_close(p);
}

static void others_read_all_of_it_without_complaint(void **state)
{
	(void)state;
	need_program("tshark");
	need_program("capinfos");
	need_program("editcap");
	write_rich_file("rich.pcapng", PCAP_COMPRESSION_NONE);
	assert_same_as_tshark("rich.pcapng");
	run("tshark -n -r rich.pcapng 2>complaints >/dev/null");
	run("capinfos rich.pcapng 2>>complaints >infos && grep -q 'Number of packets:   100' infos");
	run("grep -q 'Name = eth7' infos && grep -q 'Number of packets = 50' infos");
	run("editcap rich.pcapng again.pcapng 2>>complaints");
	run("grep -v 'Running as user \"root\"' complaints >real; test ! -s real || { cat real; false; }");
	run("test $(tshark -n -r rich.pcapng -Y 'frame.comment == \"a comment\"' 2>/dev/null | wc -l) = 33");
	run("test $(tshark -n -r rich.pcapng -Y 'frame.packet_flags_direction == 1' 2>/dev/null | wc -l) = 66");
	assert_same_as_tshark("again.pcapng");
}

static void others_read_what_was_compressed(void **state)
{
	static const struct {
		int compression;
		const char *name;
	} kinds[] = {{PCAP_COMPRESSION_GZIP, "rich.pcapng.gz"}, {PCAP_COMPRESSION_ZSTD, "rich.pcapng.zst"},
		{PCAP_COMPRESSION_LZ4, "rich.pcapng.lz4"}};

	(void)state;
	need_program("tshark");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct pcap_writer_options options = {.compression = kinds[i].compression};
		pcap_writer_t *writer = pcap_writer_open("/dev/null", &options, sizeof(options), errbuf);

		if (writer == NULL) {
			assert_non_null(strstr(errbuf, "built without"));
			continue;
		}
		assert_int_equal(pcap_writer_close(writer, errbuf), 0);
		write_rich_file(kinds[i].name, kinds[i].compression);
		assert_same_as_tshark(kinds[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(editcap_and_mergecap_write_what_is_read_here),
		cmocka_unit_test(the_packets_of_one_link_type_of_a_merged_file_are_delivered),
		cmocka_unit_test(text2pcap_and_dumpcap_write_what_is_read_here),
		cmocka_unit_test(others_read_all_of_it_without_complaint),
		cmocka_unit_test(others_read_what_was_compressed),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
