/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The writer: both formats, errors at once, rows of files and their names, finished files, appending, the other thread.
 */
#include "blocks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../lib/random-numbers.h"

static char errbuf[PCAP_ERRBUF_SIZE];

static void assert_message(const char *message, const char *part)
{
	if (strstr(message, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, message);
}

static pcap_writer_t *open_writer(const char *name, const struct pcap_writer_options *options)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	char path[128];
	pcap_writer_t *writer = pcap_writer_open(temporary_path(path, name), options, sizeof(*options), errbuf);

	if (writer == NULL)
		fail_msg("%s", errbuf);
	assert_int_equal(pcap_writer_add_interface(writer, p, "eth0"), 0);
	pcap_close(p);
	return writer;
}

/* The packets that make_file() makes. */
static int write_packet(pcap_writer_t *writer, int i)
{
	struct pcap_pkthdr header = {
		.ts = {1000 + i, i}, .caplen = (bpf_u_int32)nth_length(i), .len = (bpf_u_int32)nth_length(i) + 4};
	u_char data[100];

	for (size_t j = 0; j < header.caplen; j++)
		data[j] = data_byte(j, i);
	return pcap_writer_packet(writer, 0, &header, data);
}

static void write_packets(pcap_writer_t *writer, int first, int end)
{
	for (int i = first; i < end; i++)
		if (write_packet(writer, i) != 0)
			fail_msg("%s", pcap_writer_error(writer));
}

static void close_writer(pcap_writer_t *writer)
{
	if (pcap_writer_close(writer, errbuf) != 0)
		fail_msg("%s", errbuf);
}

static bool exists(const char *name)
{
	char path[128];

	return access(temporary_path(path, name), F_OK) == 0;
}

/* Adds a file's packets; how many. */
static int read_file(const char *name, struct packets *packets)
{
	char path[128];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(
		temporary_path(path, name), PCAP_TSTAMP_PRECISION_OF_FILE, errbuf);
	int before = packets->count;

	if (p == NULL)
		fail_msg("%s", errbuf);
	if (pcap_loop(p, -1, keep_packet, (u_char *)packets) != 0)
		fail_msg("%s", pcap_geterr(p));
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	assert_int_equal(pcap_snapshot(p), 65535);
	pcap_close(p);
	return packets->count - before;
}

static void writes_both_formats_and_precisions(void **state)
{
	(void)state;
	for (int round = 0; round < 16; round++) {
		struct pcap_writer_options options = {.format = round & 1 ? PCAP_FORMAT_PCAP : PCAP_FORMAT_PCAPNG,
			.precision = round & 2 ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO,
			.background = round & 4,
			.atomic = round & 8,
			.sync = round & 8 ? PCAP_FSYNC_FINISHED : PCAP_FSYNC_NEVER,
			.queue_size = 1000000};
		struct packets packets = {0, NULL};
		struct pcap_writer_stats stats;
		pcap_writer_t *writer = open_writer("both", &options);

		assert_true(exists("both") == !options.atomic);
		write_packets(writer, 0, 20000);
		pcap_writer_get_stats(writer, &stats, sizeof(stats));
		close_writer(writer);
		assert_int_equal(read_file("both", &packets), 20000);
		assert_made_packets(&packets, 20000, 1);
		assert_int_equal(stats.packets, 20000);
		assert_int_equal(stats.files, 1);
		packets_clear(&packets);
		assert_false(exists(".both.partial"));
		unlink(temporary_path((char[128]){0}, "both"));
	}
}

static uint64_t size_of(const char *name)
{
	char path[128];
	FILE *stream = fopen(temporary_path(path, name), "rb");
	long size;

	assert_non_null(stream);
	fseek(stream, 0, SEEK_END);
	size = ftell(stream);
	fclose(stream);
	return (uint64_t)size;
}

static void begins_new_files_by_packets(void **state)
{
	struct pcap_writer_options options = {.max_packets = 100};
	pcap_writer_t *writer = open_writer("row.pcapng", &options);
	struct packets packets = {0, NULL};
	struct pcap_writer_stats stats;
	uint64_t bytes;

	(void)state;
	write_packets(writer, 0, 250);
	pcap_writer_get_stats(writer, &stats, sizeof(stats));
	close_writer(writer);
	assert_int_equal(read_file("row_00001.pcapng", &packets), 100);
	assert_int_equal(read_file("row_00002.pcapng", &packets), 100);
	assert_int_equal(read_file("row_00003.pcapng", &packets), 50);
	assert_false(exists("row_00004.pcapng"));
	assert_made_packets(&packets, 250, 1);
	packets_clear(&packets);
	assert_int_equal(stats.files, 3);
	bytes = size_of("row_00001.pcapng") + size_of("row_00002.pcapng") + size_of("row_00003.pcapng");
	assert_int_equal(stats.bytes, bytes);
}

static void begins_new_files_by_size_and_keeps_the_last(void **state)
{
	(void)state;
	for (int background = 0; background < 2; background++) {
		struct pcap_writer_options options = {
			.format = PCAP_FORMAT_PCAP, .max_bytes = 10000, .max_files = 3, .background = background};
		pcap_writer_t *writer = open_writer("ring", &options);
		struct packets packets = {0, NULL};
		struct pcap_writer_stats stats;
		char name[100];

		write_packets(writer, 0, 2000);
		pcap_writer_get_stats(writer, &stats, sizeof(stats));
		close_writer(writer);
		for (uint64_t file = 1; file <= stats.files; file++) {
			snprintf(name, sizeof(name), "ring_%05d", (int)file);
			assert_true(exists(name) == (file + 3 > stats.files));
			if (!exists(name))
				continue;
			assert_true(size_of(name) <= 10000);
			assert_true(file == stats.files || size_of(name) > 9800);
			read_file(name, &packets);
		}
		assert_true(stats.files > 10);
		assert_int_equal(packets.list[packets.count - 1].header.ts.tv_sec, 1000 + 1999);
		assert_int_equal(packets.list[0].header.ts.tv_sec, 1000 + 2000 - packets.count);
		packets_clear(&packets);
	}
}

static void begins_new_files_by_time_and_names_them_by_pattern(void **state)
{
	struct pcap_writer_options options = {.max_nanoseconds = 60 * 1000000000ULL};
	pcap_writer_t *writer;
	struct packets packets = {0, NULL};

	(void)state;
	setenv("TZ", "UTC", 1);
	writer = open_writer("%Y%m%d-%H%M%S-%n-100%%.pcapng", &options);
	write_packets(writer, 0, 130); /* a packet a second */
	close_writer(writer);
	assert_int_equal(read_file("19700101-001640-00001-100%.pcapng", &packets), 60);
	assert_int_equal(read_file("19700101-001740-00002-100%.pcapng", &packets), 60);
	assert_int_equal(read_file("19700101-001840-00003-100%.pcapng", &packets), 10);
	packets_clear(&packets);
}

static void appends(void **state)
{
	(void)state;
	for (int format = 0; format < 2; format++) {
		struct pcap_writer_options options = {.format = format, .append = 1};
		struct packets packets = {0, NULL};

		for (int part = 0; part < 3; part++) {
			pcap_writer_t *writer = open_writer("append", &options);

			write_packets(writer, part * 10, part * 10 + 10);
			close_writer(writer);
		}
		assert_int_equal(read_file("append", &packets), 30);
		assert_made_packets(&packets, 30, 1);
		packets_clear(&packets);
		unlink(temporary_path((char[128]){0}, "append"));
	}
}

static void does_not_append_to_what_is_not_complete(void **state)
{
	struct pcap_writer_options options = {.append = 1};
	struct file file = {.swapped = false};
	char path[128];

	(void)state;
	put_section(&file);
	put_interface(&file, 1, 0);
	put_enhanced(&file, 0, 0, 60, 60, 0);
	file.size -= 4;
	save(&file, temporary_path(path, "cut.pcapng"));
	assert_null(pcap_writer_open(path, &options, sizeof(options), errbuf));
	assert_message(errbuf, "cut.pcapng: can't append: this is no complete pcapng file");
	options.format = PCAP_FORMAT_PCAP;
	assert_null(pcap_writer_open(path, &options, sizeof(options), errbuf));
	assert_message(errbuf, "can't append: this is no complete pcap file");
	file_clear(&file);
	make_file(&file, false, MAGIC_MICRO, 20);
	file.size--;
	save(&file, path);
	assert_null(pcap_writer_open(path, &options, sizeof(options), errbuf));
	assert_message(errbuf, "can't append to a file that is damaged: ");
	assert_message(errbuf, "packet 20 at offset");
	file_clear(&file);
}

/* In pcapng format a section of this host's byte order follows, whatever that of the file is. */
static void appends_to_a_pcapng_file_of_the_other_byte_order(void **state)
{
	struct pcap_writer_options options = {.append = 1};
	struct file file = {.swapped = true};
	struct packets packets = {0, NULL};
	pcap_writer_t *writer;
	char path[128];

	(void)state;
	put_section(&file);
	put_interface(&file, 1, 65535);
	put_enhanced(&file, 0, 0, 60, 60, 0);
	save(&file, temporary_path(path, "other-order"));
	writer = open_writer("other-order", &options);
	write_packets(writer, 0, 10);
	close_writer(writer);
	assert_int_equal(read_file("other-order", &packets), 11);
	packets_clear(&packets);
	file_clear(&file);
	/* A last block of 8 bytes can't be, though it would find its own length. */
	make_file(&file, false, MAGIC_MICRO, 0);
	file.size = 0;
	put_section(&file);
	put32(&file, 77);
	put32(&file, 8);
	save(&file, path);
	assert_null(pcap_writer_open(path, &options, sizeof(options), errbuf));
	assert_message(errbuf, "can't append: this is no complete pcapng file");
	file_clear(&file);
}

static void a_full_disk_is_told(void **state)
{
	(void)state;
	for (int background = 0; background < 2; background++) {
		struct pcap_writer_options options = {.background = background, .queue_size = 300000};
		pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
		pcap_writer_t *writer = pcap_writer_open("/dev/full", &options, sizeof(options), errbuf);
		int i = 0;

		assert_non_null(writer);
		assert_int_equal(pcap_writer_add_interface(writer, p, NULL), 0);
		pcap_close(p);
		while (i < 100000 && write_packet(writer, i) == 0)
			i++;
		assert_in_range(i, 1, background ? 20000 : 5000);
		assert_message(pcap_writer_error(writer), "/dev/full: can't write: No space left on device");
		assert_int_equal(write_packet(writer, 0), PCAP_ERROR);
		assert_int_equal(pcap_writer_flush(writer), PCAP_ERROR);
		assert_int_equal(pcap_writer_close(writer, errbuf), PCAP_ERROR);
		assert_message(errbuf, "No space left on device");
	}
}

static void wrong_paths_and_options_are_told_at_once(void **state)
{
	static const struct {
		const char *path;
		struct pcap_writer_options options;
		const char *message;
	} cases[] = {
		{"/nonexistent/file", {0}, "/nonexistent/file: No such file or directory"},
		{"/nonexistent/file", {.background = 1}, "/nonexistent/file: No such file or directory"},
		{"/nonexistent/file", {.atomic = 1}, "/nonexistent/file: No such file or directory"},
		{"x", {.format = 2}, "x: there is no such format"},
		{"x", {.precision = 7}, "x: there is no such time stamp precision"},
		{"-", {.max_bytes = 1}, "standard output can't be split"},
		{"x", {.append = 1, .atomic = 1}, "to append goes with one file only"},
		{"x", {.max_files = 1}, "goes with a limit that begins new ones"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(pcap_writer_open(cases[i].path, &cases[i].options, sizeof(cases[i].options), errbuf));
		assert_message(errbuf, cases[i].message);
	}
}

static void a_pcap_file_has_one_link_type(void **state)
{
	struct pcap_writer_options options = {.format = PCAP_FORMAT_PCAP};
	pcap_writer_t *writer = open_writer("one.pcap", &options);
	pcap_t *raw = pcap_open_dead(DLT_RAW, 65535), *ethernet = pcap_open_dead(DLT_EN10MB, 65535);
	struct pcapng_block names = {.type = PCAPNG_NAME_RESOLUTION, .data = (u_char *)"\0\0\0", .data_length = 4};
	struct packets packets = {0, NULL};

	(void)state;
	assert_int_equal(pcap_writer_add_interface(writer, raw, NULL), PCAP_ERROR);
	assert_message(pcap_writer_error(writer), "a pcap file has one link-layer type, and its is 1");
	assert_int_equal(pcap_writer_add_interface(writer, ethernet, NULL), 1);
	assert_int_equal(pcap_writer_block(writer, &names, sizeof(names)), 0);
	write_packets(writer, 0, 5);
	pcap_close(raw);
	pcap_close(ethernet);
	close_writer(writer);
	assert_int_equal(read_file("one.pcap", &packets), 5);
	packets_clear(&packets);
}

/* A writer that is killed at any moment leaves a file that can be read up to the last whole packet. */
static void a_writer_that_is_killed_at_any_moment_leaves_whole_packets(void **state)
{
	uint64_t random = 4711;

	(void)state;
	for (int round = 0; round < 24; round++) {
		struct pcap_writer_options options = {
			.format = round % 2 ? PCAP_FORMAT_PCAP : PCAP_FORMAT_PCAPNG, .background = round / 2 % 2};
		struct packets packets = {0, NULL};
		char path[128];
		int started[2], status;
		pid_t child;
		pcap_t *p;

		unlink(temporary_path(path, "shot"));
		assert_int_equal(pipe(started), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			pcap_writer_t *writer = open_writer("shot", &options);

			for (int i = 0;; i++) {
				write_packet(writer, i);
				if (i % 1000 == 999 && write(started[1], "", 1) != 1)
					_exit(1);
			}
		}
		/* After so many thousand packets, and then wherever it is. */
		for (int i = (int)random_below(&random, 40); i >= 0; i--)
			assert_int_equal(read(started[0], &status, 1), 1);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		close(started[0]);
		close(started[1]);
		p = pcap_open_offline(path, errbuf);
		if (p == NULL) { /* nothing was written yet */
			assert_message(errbuf, "the file is empty");
			continue;
		}
		if (pcap_loop(p, -1, keep_packet, (u_char *)&packets) != 0)
			assert_message(pcap_geterr(p), "the file ends in the middle of the ");
		assert_made_packets(&packets, packets.count, 1);
		packets_clear(&packets);
		pcap_close(p);
	}
}

/* A process that is killed leaves a file that can be read up to some packet. */
static void a_killed_writer_leaves_whole_packets(void **state)
{
	struct packets packets = {0, NULL};
	char path[128];
	pid_t child = fork();
	int status;
	pcap_t *p;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		pcap_writer_t *writer = open_writer("killed.pcapng", &(struct pcap_writer_options){0});

		write_packets(writer, 0, 30000);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	p = pcap_open_offline(temporary_path(path, "killed.pcapng"), errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
	assert_message(pcap_geterr(p), "the file ends in the middle of the block");
	assert_in_range(packets.count, 20000, 29999);
	assert_made_packets(&packets, packets.count, 1);
	packets_clear(&packets);
	pcap_close(p);
}

static void others_read_it(void **state)
{
	pcap_writer_t *writer = open_writer("others.pcapng", &(struct pcap_writer_options){.application = "unit"});
	char path[128], command[400], text[4000];
	size_t size;
	FILE *output;

	(void)state;
	write_packets(writer, 0, 77);
	close_writer(writer);
	snprintf(command, sizeof(command), "capinfos -M '%s' 2>&1", temporary_path(path, "others.pcapng"));
	output = popen(command, "r");
	assert_non_null(output);
	size = fread(text, 1, sizeof(text) - 1, output);
	text[size] = '\0';
	if (pclose(output) != 0) {
		print_message("capinfos is not installed: %s\n", text);
		skip();
	}
	assert_message(text, "Number of packets:   77");
	assert_message(text, "Capture application: unit");
	assert_message(text, "Name = eth0");
	assert_message(text, "pcapng");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_both_formats_and_precisions),
		cmocka_unit_test(begins_new_files_by_packets),
		cmocka_unit_test(begins_new_files_by_size_and_keeps_the_last),
		cmocka_unit_test(begins_new_files_by_time_and_names_them_by_pattern),
		cmocka_unit_test(appends),
		cmocka_unit_test(does_not_append_to_what_is_not_complete),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(wrong_paths_and_options_are_told_at_once),
		cmocka_unit_test(a_pcap_file_has_one_link_type),
		cmocka_unit_test(appends_to_a_pcapng_file_of_the_other_byte_order),
		cmocka_unit_test(a_killed_writer_leaves_whole_packets),
		cmocka_unit_test(a_writer_that_is_killed_at_any_moment_leaves_whole_packets),
		cmocka_unit_test(others_read_it),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
