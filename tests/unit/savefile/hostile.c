/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that were made to do harm, or are odd: numbers at the ends of their ranges, interfaces without end, sections
 * inside sections, comments of any bytes, holes of gigabytes, clocks that go backwards. Each is read packet by packet
 * and block by block.
 */
#include "blocks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

static void assert_message(const char *message, const char *part)
{
	if (strstr(message, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, message);
}

static pcapng_reader_t *open_blocks(const struct file *file)
{
	char path[128];
	pcapng_reader_t *reader;

	save(file, temporary_path(path, "hostile.pcapng"));
	reader = pcapng_open(path, errbuf);
	if (reader == NULL)
		fail_msg("%s", errbuf);
	return reader;
}

/* Reads all packets; what pcap_loop() returned. */
static int read_packets(const struct file *file, struct packets *packets, char *message)
{
	pcap_t *p = open_file(file, PCAP_TSTAMP_PRECISION_NANO, errbuf);
	int status;

	if (p == NULL)
		fail_msg("%s", errbuf);
	status = pcap_loop(p, -1, keep_packet, (u_char *)packets);
	snprintf(message, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(p));
	pcap_close(p);
	return status;
}

/* Reads all blocks, every byte of every option; how many packets. *status is what the last call returned. */
static int read_blocks(const struct file *file, int *status, char *message)
{
	pcapng_reader_t *reader = open_blocks(file);
	const struct pcapng_block *block;
	int packets = 0;
	unsigned int sum = 0;

	while ((*status = pcapng_next(reader, &block)) == 1) {
		packets += block->type == PCAPNG_ENHANCED_PACKET;
		for (size_t i = 0; i < block->option_count; i++)
			for (size_t j = 0; j < block->options[i].length; j++)
				sum += ((const u_char *)block->options[i].value)[j];
		for (size_t i = 0; i < block->data_length; i++)
			sum += block->data[i];
	}
	snprintf(message, PCAP_ERRBUF_SIZE, "%s", pcapng_error(reader));
	pcapng_close(reader);
	return packets + (sum == 1u << 31); /* so that it is not left out */
}

static void time_stamps_at_the_ends_of_the_range(void **state)
{
	static const uint8_t resolutions[] = {
		0, 1, 6, 9, 19, 20, 127, 0x80, 0x81, 0x80 | 20, 0x80 | 63, 0x80 | 64, 0xff};
	static const int64_t offsets[] = {0, 1, -1, INT64_MAX, INT64_MIN};
	static const uint64_t times[] = {0, 1, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(resolutions) * 5; i++) {
		struct packets packets = {0, NULL};
		struct file file = {.swapped = i % 2 != 0};
		char message[PCAP_ERRBUF_SIZE];
		int status;

		put_section(&file);
		put_interface_with_resolution(&file, resolutions[i / 5], offsets[i % 5]);
		for (size_t j = 0; j < sizeof(times) / sizeof(times[0]); j++)
			put_enhanced(&file, 0, times[j], 20, 20, (int)j);
		assert_int_equal(read_packets(&file, &packets, message), 0);
		assert_int_equal(packets.count, 6);
		for (int j = 0; j < 6; j++)
			assert_in_range(packets.list[j].header.ts.tv_usec, 0, 999999999);
		assert_int_equal(read_blocks(&file, &status, message), 6);
		assert_int_equal(status, 0);
		packets_clear(&packets);
		file_clear(&file);
	}
}

static void a_clock_that_goes_backwards(void **state)
{
	struct packets packets = {0, NULL};
	struct file file = {.swapped = false};
	char message[PCAP_ERRBUF_SIZE];

	(void)state;
	put_section(&file);
	put_interface_with_resolution(&file, 9, 0);
	for (int i = 0; i < 1000; i++)
		put_enhanced(&file, 0, (uint64_t)(i % 7 == 0 ? 5 : 2000 - i) * 1000000000 + 17, 20, 20, i);
	assert_int_equal(read_packets(&file, &packets, message), 0);
	assert_int_equal(packets.count, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(packets.list[i].header.ts.tv_sec, i % 7 == 0 ? 5 : 2000 - i);
		assert_int_equal(packets.list[i].header.ts.tv_usec, 17);
	}
	packets_clear(&packets);
	file_clear(&file);
}

/* A writer that begins files by time does not lose or repeat a packet when the clock is set back. */
static void a_clock_that_goes_backwards_while_writing(void **state)
{
	struct pcap_writer_options options = {.max_nanoseconds = 10 * 1000000000ull};
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	struct packets packets = {0, NULL};
	struct pcap_writer_stats stats;
	char path[128], name[40];
	pcap_writer_t *writer = pcap_writer_open(temporary_path(path, "back"), &options, sizeof(options), errbuf);

	(void)state;
	assert_int_equal(pcap_writer_add_interface(writer, dead, NULL), 0);
	pcap_close(dead);
	for (int i = 0; i < 100; i++) {
		struct pcap_pkthdr header = {.ts = {i < 50 ? 1000 + i : 500 + i, 0}, .caplen = 4, .len = 4};

		assert_int_equal(pcap_writer_packet(writer, 0, &header, (u_char *)&i), 0);
	}
	pcap_writer_get_stats(writer, &stats, sizeof(stats));
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	for (uint64_t i = 1; i <= stats.files; i++) {
		pcap_t *p;

		snprintf(name, sizeof(name), "back_%05d", (int)i);
		p = pcap_open_offline(temporary_path(path, name), errbuf);
		assert_non_null(p);
		assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
		pcap_close(p);
	}
	assert_int_equal(packets.count, 100);
	for (int i = 0; i < 100; i++)
		assert_memory_equal(packets.list[i].data, &i, 4);
	packets_clear(&packets);
}

static void captured_lengths_above_the_length_and_the_snapshot_length(void **state)
{
	struct packets packets = {0, NULL};
	struct file file = {.swapped = false};
	char message[PCAP_ERRBUF_SIZE];
	int status;

	(void)state;
	put_section(&file);
	put_interface(&file, 1, 40);
	put_enhanced(&file, 0, 1, 30, 10, 1); /* above its length */
	put_enhanced(&file, 0, 2, 60, 60, 2); /* above the snapshot length */
	put_enhanced(&file, 0, 3, 20, 0xffffffff, 3);
	assert_int_equal(read_packets(&file, &packets, message), 0);
	assert_int_equal(packets.count, 3);
	assert_int_equal(packets.list[0].header.caplen, 30);
	assert_int_equal(packets.list[0].header.len, 10);
	assert_int_equal(packets.list[1].header.caplen, 40);
	assert_int_equal(packets.list[2].header.len, 0xffffffff);
	assert_int_equal(read_blocks(&file, &status, message), 3);
	assert_int_equal(status, 0);
	packets_clear(&packets);
	file_clear(&file);
}

static void options_past_the_end_of_a_packet_block(void **state)
{
	struct packets packets = {0, NULL};
	struct file file = {.swapped = false};
	char message[PCAP_ERRBUF_SIZE];
	size_t begin;
	int status;

	(void)state;
	put_section(&file);
	put_interface(&file, 1, 0);
	put_enhanced(&file, 0, 1, 20, 20, 1);
	begin = begin_block(&file, PCAPNG_ENHANCED_PACKET);
	for (int i = 0; i < 5; i++)
		put32(&file, 0);
	put16(&file, PCAPNG_OPT_COMMENT);
	put16(&file, 5000);
	put32(&file, 0);
	end_block(&file, begin);
	put_enhanced(&file, 0, 2, 20, 20, 2);
	/* Who wants packets only gets all of them; who wants the options is told. */
	assert_int_equal(read_packets(&file, &packets, message), 0);
	assert_int_equal(packets.count, 3);
	assert_int_equal(read_blocks(&file, &status, message), 1);
	assert_int_equal(status, PCAP_ERROR);
	assert_message(message, "enhanced packet block at offset 100: option 1 goes past the block's end");
	packets_clear(&packets);
	file_clear(&file);
}

static void sections_inside_sections(void **state)
{
	struct packets packets = {0, NULL};
	struct file file = {.swapped = false};
	char message[PCAP_ERRBUF_SIZE];
	size_t begin;
	int status;

	(void)state;
	/* A section that says it is long, others that begin inside it, and one in a block that nobody knows. */
	begin = begin_block(&file, PCAPNG_SECTION);
	put32(&file, 0x1a2b3c4d);
	put16(&file, 1);
	put16(&file, 0);
	put64(&file, 100000);
	end_block(&file, begin);
	put_interface(&file, 1, 0);
	put_enhanced(&file, 0, 1, 20, 20, 1);
	for (int i = 0; i < 100; i++) {
		put_section(&file);
		put_interface(&file, 1, 0);
		put_enhanced(&file, 0, 2, 20, 20, i);
		begin = begin_block(&file, 0x80001234);
		put_section(&file);
		end_block(&file, begin);
	}
	put_section(&file); /* its interfaces are its own */
	put_enhanced(&file, 0, 3, 20, 20, 3);
	assert_int_equal(read_packets(&file, &packets, message), PCAP_ERROR);
	assert_int_equal(packets.count, 101);
	assert_message(message, "it is of interface 0, and the section has described 0 so far");
	assert_int_equal(read_blocks(&file, &status, message), 101);
	assert_int_equal(status, PCAP_ERROR);
	packets_clear(&packets);
	file_clear(&file);
}

static void interfaces_never_declared_and_a_billionth(void **state)
{
	static const uint32_t numbers[] = {1, 1000000000, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct packets packets = {0, NULL};
		struct file file = {.swapped = i % 2 != 0};
		char message[PCAP_ERRBUF_SIZE], expected[100];
		int status;

		put_section(&file);
		put_interface(&file, 1, 0);
		put_enhanced(&file, 0, 1, 20, 20, 1);
		put_enhanced(&file, numbers[i], 1, 20, 20, 1);
		snprintf(expected, sizeof(expected), "it is of interface %u,", numbers[i]);
		assert_int_equal(read_packets(&file, &packets, message), PCAP_ERROR);
		assert_int_equal(packets.count, 1);
		assert_message(message, expected);
		assert_int_equal(read_blocks(&file, &status, message), 1);
		assert_message(message, expected);
		packets_clear(&packets);
		file_clear(&file);
	}
}

/* Memory is bounded by the bytes that are there: an interface takes 20 of them. */
static void interfaces_without_end(void **state)
{
	const int count = 300000;
	struct packets packets = {0, NULL};
	struct file file = {.swapped = false};
	char message[PCAP_ERRBUF_SIZE];
	struct rusage before, after;

	(void)state;
	put_section(&file);
	for (int i = 0; i < count; i++)
		put_interface(&file, 1, 0);
	put_enhanced(&file, (uint32_t)count - 1, 1, 20, 20, 1);
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(read_packets(&file, &packets, message), 0);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(packets.count, 1);
	/* ru_maxrss is in KiB; a reader that kept more than some hundred bytes of each would show. */
	assert_true(after.ru_maxrss - before.ru_maxrss < 4 * (long)(file.size / 1024) * 8);
	packets_clear(&packets);
	file_clear(&file);
}

static void comments_of_any_bytes_are_handed_out_as_they_are(void **state)
{
	static const u_char comment[] = "a\0b\x1b[2J\xff\xfe\xc3\x28\x80\r\n\x9b\x7f end";
	struct file file = {.swapped = false};
	const struct pcapng_option *option;
	const struct pcapng_block *block;
	pcapng_reader_t *reader;
	size_t begin;

	(void)state;
	begin = begin_block(&file, PCAPNG_SECTION);
	put32(&file, 0x1a2b3c4d);
	put16(&file, 1);
	put16(&file, 0);
	put64(&file, UINT64_MAX);
	put_option(&file, PCAPNG_OPT_COMMENT, comment, sizeof(comment) - 1);
	end_block(&file, begin);
	reader = open_blocks(&file);
	assert_int_equal(pcapng_next(reader, &block), 1);
	option = pcapng_find_option(block, PCAPNG_OPT_COMMENT);
	assert_non_null(option);
	assert_int_equal(option->length, sizeof(comment) - 1);
	assert_memory_equal(option->value, comment, sizeof(comment) - 1);
	pcapng_close(reader);
	file_clear(&file);
}

/* Blocks of 3 GB that nobody wants are passed over, so that a file of 10 GB is read as fast as its packets are. */
static void a_sparse_file_of_10_gigabytes(void **state)
{
	const uint32_t hole = 3000000000u;
	const uint32_t head[] = {0x80001234, hole};
	struct packets packets = {0, NULL};
	struct file file = {.swapped = false};
	char path[128];
	off_t at = 0;
	pcap_t *p;
	int fd;

	(void)state;
	put_section(&file);
	put_interface(&file, 1, 0);
	put_enhanced(&file, 0, 1, 20, 20, 0);
	fd = open(temporary_path(path, "sparse.pcapng"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, file.bytes, file.size, 0), file.size);
	at = (off_t)file.size;
	for (int i = 0; i < 4; i++) {
		struct file packet = {.swapped = false};

		put_enhanced(&packet, i == 3 ? 9 : 0, 2, 20, 20, 1 + i);
		if (pwrite(fd, head, 8, at) != 8 || pwrite(fd, &hole, 4, at + hole - 4) != 4 ||
			pwrite(fd, packet.bytes, packet.size, at + hole) != (ssize_t)packet.size) {
			print_message("skipped: no sparse file of that size can be made here\n");
			close(fd);
			unlink(path);
			skip();
		}
		at += hole + (off_t)packet.size;
		file_clear(&packet);
	}
	close(fd);
	p = pcap_open_offline(path, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
	assert_int_equal(packets.count, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(packets.list[i].data[0], data_byte(0, i));
	assert_message(pcap_geterr(p), "at offset 12000000256: it is of interface 9");
	pcap_close(p);
	unlink(path);
	packets_clear(&packets);
	file_clear(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_stamps_at_the_ends_of_the_range),
		cmocka_unit_test(a_clock_that_goes_backwards),
		cmocka_unit_test(a_clock_that_goes_backwards_while_writing),
		cmocka_unit_test(captured_lengths_above_the_length_and_the_snapshot_length),
		cmocka_unit_test(options_past_the_end_of_a_packet_block),
		cmocka_unit_test(sections_inside_sections),
		cmocka_unit_test(interfaces_never_declared_and_a_billionth),
		cmocka_unit_test(interfaces_without_end),
		cmocka_unit_test(comments_of_any_bytes_are_handed_out_as_they_are),
		cmocka_unit_test(a_sparse_file_of_10_gigabytes),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
