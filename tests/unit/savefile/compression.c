/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compressed savefiles: written, read through the calls of libpcap, held against the programs of each format, cut,
 * damaged, and made to expand without end.
 */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "savefile/codec-calls.h"

static char errbuf[PCAP_ERRBUF_SIZE];

static void assert_message(const char *message, const char *part)
{
	if (strstr(message, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, message);
}

static const struct {
	int compression;
	const char *suffix, *name, *decompress;
} kinds[] = {
	{PCAP_COMPRESSION_GZIP, ".gz", "gzip", "gzip -dc"},
	{PCAP_COMPRESSION_ZSTD, ".zst", "zstd", "zstd -dcq"},
	{PCAP_COMPRESSION_LZ4, ".lz4", "lz4", "lz4 -dcq"},
};
#define KINDS 3

/* Whether the library was built with it; says so if not. */
static bool built_with(int kind)
{
	if (pcapint_compression_by_number(kinds[kind].compression)->codec != NULL)
		return true;
	print_message("this library was built without %s\n", kinds[kind].name);
	return false;
}

static void write_file(const char *path, int compression, int format, int packets)
{
	struct pcap_writer_options options = {.format = format, .compression = compression};
	pcap_writer_t *writer = pcap_writer_open(path, &options, sizeof(options), errbuf);
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	if (writer == NULL)
		fail_msg("%s", errbuf);
	assert_int_equal(pcap_writer_add_interface(writer, p, NULL), 0);
	pcap_close(p);
	for (int i = 0; i < packets; i++) {
		struct pcap_pkthdr header = {.ts = {1000 + i, i},
			.caplen = (bpf_u_int32)nth_length(i),
			.len = (bpf_u_int32)nth_length(i) + 4};
		u_char data[100];

		for (size_t j = 0; j < header.caplen; j++)
			data[j] = data_byte(j, i);
		assert_int_equal(pcap_writer_packet(writer, 0, &header, data), 0);
		if (i == packets / 2)
			assert_int_equal(pcap_writer_flush(writer), 0);
	}
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
}

static void read_file(const char *path, int count)
{
	pcap_t *p = pcap_open_offline(path, errbuf);
	struct packets packets = {0, NULL};

	if (p == NULL)
		fail_msg("%s", errbuf);
	if (pcap_loop(p, -1, keep_packet, (u_char *)&packets) != 0)
		fail_msg("%s", pcap_geterr(p));
	assert_made_packets(&packets, count, 1);
	packets_clear(&packets);
	pcap_close(p);
}

static void load(struct file *file, const char *path)
{
	FILE *stream = fopen(path, "rb");
	u_char bytes[4096];
	size_t size;

	assert_non_null(stream);
	while ((size = fread(bytes, 1, sizeof(bytes), stream)) > 0)
		put_bytes(file, bytes, size);
	fclose(stream);
}

static void reads_what_it_writes(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		for (int format = 0; format < 2 && built_with(kind); format++) {
			char path[128], name[32];

			/* More than a frame. */
			snprintf(name, sizeof(name), "many%s", kinds[kind].suffix);
			write_file(temporary_path(path, name), PCAP_COMPRESSION_BY_NAME, format, 40000);
			read_file(path, 40000);
		}
	}
}

static void two_files_one_after_the_other_are_one(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct file both = {.swapped = false};
		struct packets packets = {0, NULL};
		char path[128];
		pcap_t *p;

		if (!built_with(kind))
			continue;
		write_file(temporary_path(path, "one"), kinds[kind].compression, PCAP_FORMAT_PCAPNG, 10);
		load(&both, path);
		load(&both, path);
		p = open_file(&both, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
		assert_non_null(p);
		assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
		assert_int_equal(packets.count, 20);
		packets_clear(&packets);
		pcap_close(p);
		file_clear(&both);
	}
}

static void the_programs_of_the_formats_agree(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		char path[128], plain[128], command[600];

		if (!built_with(kind))
			continue;
		snprintf(command, sizeof(command), "command -v %s >/dev/null", kinds[kind].name);
		if (system(command) != 0) {
			print_message("there is no program %s here\n", kinds[kind].name);
			continue;
		}
		write_file(temporary_path(path, "theirs.z"), kinds[kind].compression, PCAP_FORMAT_PCAPNG, 40000);
		snprintf(command, sizeof(command), "%s <'%s' >'%s' && %s <'%s' >'%s.again'", kinds[kind].decompress,
			path, temporary_path(plain, "plain"), kinds[kind].name, plain, plain);
		assert_int_equal(system(command), 0);
		read_file(plain, 40000);
		snprintf(command, sizeof(command), "%s.again", plain);
		read_file(command, 40000);
	}
}

/* The table at the end of what is written leads to frames that begin where it says. */
static void zstd_files_have_a_table_of_frames(void **state)
{
	struct file file = {.swapped = false};
	uint32_t count, magic, compressed = 0, frame;
	char path[128];

	(void)state;
	if (!built_with(1))
		skip();
	write_file(temporary_path(path, "table.zst"), PCAP_COMPRESSION_ZSTD, PCAP_FORMAT_PCAPNG, 40000);
	load(&file, path);
	memcpy(&magic, file.bytes + file.size - 4, 4);
	memcpy(&count, file.bytes + file.size - 9, 4);
	assert_int_equal(magic, 0x8f92eab1);
	assert_in_range(count, 2, 10);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t size;

		memcpy(&frame, file.bytes + compressed, 4);
		assert_int_equal(frame, 0xfd2fb528);
		memcpy(&size, file.bytes + file.size - 9 - 8 * (count - i), 4);
		compressed += size;
	}
	memcpy(&frame, file.bytes + compressed, 4);
	assert_int_equal(frame, 0x184d2a5e);
	assert_int_equal(compressed + 8 + 8 * count + 9, file.size);
	file_clear(&file);
}

static void cut_at_every_byte(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct file file = {.swapped = false};
		char path[128];
		size_t whole;

		if (!built_with(kind))
			continue;
		write_file(temporary_path(path, "small"), kinds[kind].compression, PCAP_FORMAT_PCAPNG, 5);
		load(&file, path);
		whole = file.size;
		for (size_t size = 4; size < whole; size++) {
			struct packets packets = {0, NULL};
			pcap_t *p;

			file.size = size;
			p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
			if (p == NULL) {
				assert_message(errbuf, "data end too early");
				continue;
			}
			/* All packets may be there, where what is cut is the table of frames. */
			if (pcap_loop(p, -1, keep_packet, (u_char *)&packets) == 0)
				assert_true(kind == 1);
			else
				assert_message(pcap_geterr(p), "data end too early");
			assert_made_packets(&packets, packets.count, 1);
			packets_clear(&packets);
			pcap_close(p);
		}
		file_clear(&file);
	}
}

/* Damage is told, or has changed nothing that matters; it never does harm. */
static void any_byte_may_be_wrong(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct file file = {.swapped = false};
		int told = 0;
		char path[128];

		if (!built_with(kind))
			continue;
		write_file(temporary_path(path, "small"), kinds[kind].compression, PCAP_FORMAT_PCAPNG, 5);
		load(&file, path);
		for (size_t at = 4; at < file.size; at++) {
			struct packets packets = {0, NULL};
			pcap_t *p;

			file.bytes[at] ^= 0x55;
			p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
			file.bytes[at] ^= 0x55;
			if (p == NULL) {
				told++;
				continue;
			}
			told += pcap_loop(p, -1, keep_packet, (u_char *)&packets) != 0;
			packets_clear(&packets);
			pcap_close(p);
		}
		assert_true(told > (int)file.size / 2);
		file_clear(&file);
	}
}

static void does_not_expand_for_ever(void **state)
{
	struct pcap_writer_options options = {.compression = PCAP_COMPRESSION_ZSTD};
	struct pcapng_block block = {.type = 0x7777, .data_length = 120 * 1024 * 1024};
	struct packets packets = {0, NULL};
	pcap_writer_t *writer;
	char path[128];
	pcap_t *p;

	(void)state;
	if (!built_with(1))
		skip();
	write_file(temporary_path(path, "bomb"), PCAP_COMPRESSION_ZSTD, PCAP_FORMAT_PCAPNG, 5);
	writer = pcap_writer_open(path, &options, sizeof(options), errbuf);
	assert_non_null(writer);
	block.data = calloc(1, block.data_length);
	assert_non_null(block.data);
	p = pcap_open_dead(DLT_EN10MB, 65535);
	assert_int_equal(pcap_writer_add_interface(writer, p, NULL), 0);
	pcap_close(p);
	assert_int_equal(pcap_writer_block(writer, &block, sizeof(block)), 0);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
	free((u_char *)block.data);
	p = pcap_open_offline(path, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
	assert_message(pcap_geterr(p), "the zstd data expand to more than 10000 times their size");
	pcap_close(p);
	packets_clear(&packets);
}

static void what_cannot_be_is_refused(void **state)
{
	struct pcap_writer_options options = {.compression = 77};

	(void)state;
	assert_null(pcap_writer_open("x", &options, sizeof(options), errbuf));
	assert_message(errbuf, "x: there is no such compression");
	if (!built_with(0))
		skip();
	options = (struct pcap_writer_options){.compression = PCAP_COMPRESSION_GZIP, .append = 1};
	assert_null(pcap_writer_open("x", &options, sizeof(options), errbuf));
	assert_message(errbuf, "x: compressed files can't be appended to");
}

static void a_library_that_is_not_there_is_named(void **state)
{
	static const char *const none[] = {"no_such_call"};
	char problem[CODEC_PROBLEM_SIZE];
	void *calls[1];

	(void)state;
	assert_false(pcapint_codec_calls("libnone-such.so.1", none, 1, calls, problem));
	assert_message(problem, "libnone-such.so.1: cannot open shared object file");
	assert_false(pcapint_codec_calls("libc.so.6", none, 1, calls, problem));
	assert_message(problem, "libc.so.6 is too old: it has no no_such_call");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(two_files_one_after_the_other_are_one),
		cmocka_unit_test(the_programs_of_the_formats_agree),
		cmocka_unit_test(zstd_files_have_a_table_of_frames),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(any_byte_may_be_wrong),
		cmocka_unit_test(does_not_expand_for_ever),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_library_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
