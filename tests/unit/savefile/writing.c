/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing savefiles: what stands in them, appending, standard output, and failures that the caller has to see.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PACKETS 3000

static char errbuf[PCAP_ERRBUF_SIZE];

/* The packets of make_file(), with this unit of time. */
static void dump_made(pcap_dumper_t *dumper, int from, int to, long unit)
{
	for (int i = from; i < to; i++) {
		u_char data[100];
		struct pcap_pkthdr header = {
			{1000 + i, i * unit}, (bpf_u_int32)nth_length(i), (bpf_u_int32)nth_length(i) + 4};

		for (size_t j = 0; j < nth_length(i); j++)
			data[j] = data_byte(j, i);
		if (i % 2)
			pcap_dump((u_char *)dumper, &header, data);
		else
			assert_int_equal(pcap_dump_packet(dumper, &header, data, errbuf), 0);
	}
}

static struct file load(const char *path)
{
	struct file file = {.swapped = false};
	u_char buffer[65536];
	FILE *stream = fopen(path, "rb");
	size_t count;

	assert_non_null(stream);
	while ((count = fread(buffer, 1, sizeof(buffer), stream)) > 0)
		put_bytes(&file, buffer, count);
	fclose(stream);
	return file;
}

static void assert_same_file(const char *path, const struct file *expected)
{
	struct file file = load(path);

	assert_int_equal(file.size, expected->size);
	assert_memory_equal(file.bytes, expected->bytes, file.size);
	file_clear(&file);
}

static void file_is_as_it_should_be_to_the_byte(void **state)
{
	static const u_int precisions[] = {PCAP_TSTAMP_PRECISION_MICRO, PCAP_TSTAMP_PRECISION_NANO};
	static const uint32_t magics[] = {MAGIC_MICRO, MAGIC_NANO};

	(void)state;
	for (int i = 0; i < 2; i++) {
		pcap_t *p = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, precisions[i]);
		struct file expected;
		char path[128];
		pcap_dumper_t *dumper = pcap_dump_open(p, temporary_path(path, "new.pcap"));

		assert_non_null(dumper);
		pcap_close(p);
		dump_made(dumper, 0, PACKETS, 1);
		assert_int_equal(pcap_dump_finish(dumper, errbuf), 0);
		make_file(&expected, false, magics[i], PACKETS);
		assert_same_file(path, &expected);
		file_clear(&expected);
	}
}

static void header_tells_link_type_and_snapshot_length(void **state)
{
	static const struct {
		int dlt;
		uint32_t linktype;
		int snaplen;
	} cases[] = {{DLT_RAW, 101, 1}, {DLT_ATM_RFC1483, 100, 262144}, {DLT_LINUX_SLL2, 276, 65535},
		{DLT_PPP, 9, 96}, {DLT_USER3, 150, 0x7fffffff}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pcap_t *p = pcap_open_dead(cases[i].dlt, cases[i].snaplen);
		struct file expected = {.swapped = false};
		char path[128];
		pcap_dumper_t *dumper = pcap_dump_open(p, temporary_path(path, "header.pcap"));

		assert_non_null(dumper);
		pcap_dump_close(dumper);
		pcap_close(p);
		put_file_header(&expected, MAGIC_MICRO, 2, 4, (uint32_t)cases[i].snaplen, cases[i].linktype);
		assert_same_file(path, &expected);
		file_clear(&expected);
	}
}

/* Reads a file with the precision that it has, writes what was read, and compares. */
static void copy_is_the_same(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct file file, expected;
		char path[128];
		pcap_dumper_t *dumper;
		pcap_t *p;

		make_file(&file, i % 2, i / 2 ? MAGIC_MICRO : MAGIC_NANO, 500);
		/* 4 bytes of FCS, told */
		file.bytes[file.swapped ? 20 : 23] = 0x24;
		make_file(&expected, false, i / 2 ? MAGIC_MICRO : MAGIC_NANO, 500);
		expected.bytes[23] = 0x24;
		p = open_file(&file, PCAP_TSTAMP_PRECISION_OF_FILE, errbuf);
		assert_non_null(p);
		dumper = pcap_dump_open(p, temporary_path(path, "copy.pcap"));
		assert_non_null(dumper);
		assert_int_equal(pcap_loop(p, -1, pcap_dump, (u_char *)dumper), 0);
		assert_int_equal(pcap_dump_finish(dumper, errbuf), 0);
		pcap_close(p);
		assert_same_file(path, &expected);
		file_clear(&file);
		file_clear(&expected);
	}
}

static void reads_back_every_length(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 262144);
	struct packets packets = {0, NULL};
	char path[128];
	u_char *data = calloc(1, 262144);
	pcap_dumper_t *dumper = pcap_dump_open(p, temporary_path(path, "lengths.pcap"));
	bpf_u_int32 lengths[] = {0, 1, 15, 16, 4000, 4096, 65488, 65535, 65536, 70000, 262144, 3};
	int count = sizeof(lengths) / sizeof(lengths[0]);

	(void)state;
	assert_non_null(dumper);
	pcap_close(p);
	for (int i = 0; i < 3 * count; i++) {
		struct pcap_pkthdr header = {{i, 0}, lengths[i % count], lengths[i % count]};

		memset(data, i, lengths[i % count]);
		assert_int_equal(
			pcap_dump_packet(dumper, &header, lengths[i % count] > 0 ? data : NULL, errbuf), 0);
	}
	pcap_dump_close(dumper);
	p = pcap_open_offline(path, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(packets.count, 3 * count);
	for (int i = 0; i < packets.count; i++) {
		bpf_u_int32 length = packets.list[i].header.caplen;

		assert_int_equal(length, lengths[i % count]);
		assert_true(length == 0 || packets.list[i].data[0] == (u_char)i);
		assert_true(length == 0 || packets.list[i].data[length - 1] == (u_char)i);
	}
	packets_clear(&packets);
	pcap_close(p);
	free(data);
}

/* The dumper is the stream; programs cast it. */
static void dumper_is_the_stream(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	struct file expected;
	char path[128];
	pcap_dumper_t *dumper = pcap_dump_open(p, temporary_path(path, "stream.pcap"));
	struct stat status;

	(void)state;
	assert_non_null(dumper);
	pcap_close(p);
	assert_ptr_equal(pcap_dump_file(dumper), (FILE *)dumper);
	assert_int_equal(fstat(fileno((FILE *)dumper), &status), 0);
	assert_int_equal(pcap_dump_ftell(dumper), 24);
	dump_made(dumper, 0, 10, 1);
	make_file(&expected, false, MAGIC_MICRO, 10);
	assert_int_equal(pcap_dump_ftell(dumper), expected.size);
	assert_int_equal(pcap_dump_ftell64(dumper), expected.size);
	assert_int_equal(pcap_dump_flush(dumper), 0);
	assert_same_file(path, &expected);
	assert_int_equal(pcap_dump_ftell64(dumper), expected.size);
	assert_int_equal(fclose((FILE *)dumper), 0); /* old programs do */
	assert_same_file(path, &expected);
	file_clear(&expected);
}

static void stream_of_the_callers(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	struct file expected;
	char path[128];
	FILE *stream = fopen(temporary_path(path, "own.pcap"), "wb");
	pcap_dumper_t *dumper = pcap_dump_fopen(p, stream);

	(void)state;
	assert_ptr_equal(dumper, stream);
	dump_made(dumper, 0, PACKETS, 1);
	assert_int_equal(pcap_dump_finish(dumper, errbuf), 0);
	make_file(&expected, false, MAGIC_MICRO, PACKETS);
	assert_same_file(path, &expected);
	file_clear(&expected);
	assert_null(pcap_dump_fopen(p, NULL));
	pcap_close(p);
}

static void standard_output(void **state)
{
	struct file expected;
	char path[128];
	pid_t pid = fork();
	int status;

	(void)state;
	temporary_path(path, "stdout.pcap");
	if (pid == 0) {
		pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		pcap_dumper_t *dumper;

		dup2(fd, 1);
		dumper = pcap_dump_open(p, "-");
		if (dumper != (pcap_dumper_t *)stdout)
			_exit(1);
		pcap_close(p);
		dump_made(dumper, 0, PACKETS, 1);
		_exit(pcap_dump_finish(dumper, errbuf) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	make_file(&expected, false, MAGIC_MICRO, PACKETS);
	assert_same_file(path, &expected);
	file_clear(&expected);
}

static void assert_open_fails(pcap_t *p, pcap_dumper_t *dumper, const char *message)
{
	assert_null(dumper);
	if (strstr(pcap_geterr(p), message) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", message, pcap_geterr(p));
}

static void refuses_to_open(void **state)
{
	pcap_t *p = pcap_create("null0", errbuf);
	char path[128];

	(void)state;
	temporary_path(path, "refused.pcap");
	assert_non_null(p);
	assert_open_fails(p, pcap_dump_open(p, path), "refused.pcap: the capture has not been activated");
	assert_open_fails(p, pcap_dump_open_append(p, path), "the capture has not been activated");
	assert_open_fails(p, pcap_dump_fopen(p, stdout), "the stream: the capture has not been activated");
	pcap_close(p);
	p = pcap_open_dead(DLT_EN10MB, 65535);
	assert_open_fails(p, pcap_dump_open(p, "/nowhere/x.pcap"), "/nowhere/x.pcap: No such file or directory");
	assert_open_fails(p, pcap_dump_open(p, "/tmp"), "/tmp: Is a directory");
	assert_open_fails(p, pcap_dump_open(p, NULL), "no savefile was named");
	pcap_close(p);
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- Failures ---- */

/* Writes until it fails, which it must; the number of packets that were taken. */
static int fill(pcap_dumper_t *dumper, const char *message)
{
	u_char data[1000] = {0};
	struct pcap_pkthdr header = {{1, 1}, sizeof(data), sizeof(data)};
	int count = 0;

	while (pcap_dump_packet(dumper, &header, data, errbuf) == 0)
		if (++count > 10000)
			fail_msg("it never failed");
	if (strstr(errbuf, message) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", message, errbuf);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pcap_dump_packet(dumper, &header, data, errbuf), PCAP_ERROR);
		assert_non_null(strstr(errbuf, "an earlier write to the savefile failed"));
	}
	assert_int_equal(pcap_dump_flush(dumper), PCAP_ERROR);
	return count;
}

static void full_device(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	u_char data[60] = {0};
	struct pcap_pkthdr header = {{1, 1}, sizeof(data), sizeof(data)};
	pcap_dumper_t *dumper = pcap_dump_open(p, "/dev/full");

	(void)state;
	assert_non_null(dumper);
	fill(dumper, "can't write to the savefile: No space left on device");
	assert_int_equal(pcap_dump_finish(dumper, errbuf), PCAP_ERROR);
	assert_non_null(strstr(errbuf, "an earlier write"));

	/* What is only in memory yet fails when it is flushed, or at the end. */
	dumper = pcap_dump_open(p, "/dev/full");
	assert_int_equal(pcap_dump_packet(dumper, &header, data, errbuf), 0);
	errno = 0;
	assert_int_equal(pcap_dump_flush(dumper), PCAP_ERROR);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(pcap_dump_flush(dumper), PCAP_ERROR);
	assert_int_equal(pcap_dump_finish(dumper, errbuf), PCAP_ERROR);

	dumper = pcap_dump_open(p, "/dev/full");
	pcap_dump((u_char *)dumper, &header, data);
	assert_int_equal(pcap_dump_finish(dumper, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "can't write to the savefile: No space left on device");

	/* pcap_dump() can't tell; what comes after it does. */
	dumper = pcap_dump_open(p, "/dev/full");
	for (int i = 0; i < 1000; i++)
		pcap_dump((u_char *)dumper, &header, data);
	assert_int_equal(pcap_dump_packet(dumper, &header, data, errbuf), PCAP_ERROR);
	assert_int_equal(pcap_dump_flush(dumper), PCAP_ERROR);
	assert_int_equal(pcap_dump_finish(dumper, errbuf), PCAP_ERROR);
	pcap_dump_close(pcap_dump_open(p, "/dev/full"));
	pcap_close(p);
}

static void broken_pipe(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper;
	int pipe_fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(pipe_fds), 0);
	dumper = pcap_dump_fopen(p, fdopen(pipe_fds[1], "wb"));
	assert_non_null(dumper);
	close(pipe_fds[0]);
	fill(dumper, "can't write to the savefile: Broken pipe");
	assert_int_equal(pcap_dump_finish(dumper, errbuf), PCAP_ERROR);
	pcap_close(p);
	signal(SIGPIPE, SIG_DFL);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return written;
}

/* A mount namespace of our own with a tiny file system on /mnt; false if this system does not let us. */
static bool mount_tiny_file_system(void)
{
	char map[50];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (!write_text("/proc/self/uid_map", map))
		return false;
	write_text("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_text("/proc/self/gid_map", map);
	return mount("none", "/mnt", "tmpfs", 0, "size=256k") == 0;
}

/* What a full disk leaves can be read to the last whole packet. */
static void fill_disk(void)
{
	struct packets packets = {0, NULL};
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(p, "/mnt/full.pcap");
	int status;

	assert_non_null(dumper);
	assert_true(fill(dumper, "No space left on device") > 200);
	assert_int_equal(pcap_dump_finish(dumper, errbuf), PCAP_ERROR);
	pcap_close(p);
	p = pcap_open_offline("/mnt/full.pcap", errbuf);
	assert_non_null(p);
	status = pcap_loop(p, -1, keep_packet, (u_char *)&packets);
	assert_int_equal(packets.count, (256 * 1024 - 24) / 1016);
	assert_int_equal(status, PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "the file ends in the middle of the packet"));
	pcap_close(p);
	packets_clear(&packets);
}

static void full_disk(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		if (!mount_tiny_file_system())
			_exit(77);
		fill_disk();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("no file system can be mounted in a user namespace here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* ---- Appending ---- */

static void appends(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	struct file expected;
	char path[128];

	(void)state;
	make_file(&expected, false, MAGIC_MICRO, 100);
	temporary_path(path, "append.pcap");
	for (int i = 0; i < 10; i++) { /* the first makes the file */
		pcap_dumper_t *dumper = pcap_dump_open_append(p, path);

		if (dumper == NULL)
			fail_msg("%s", pcap_geterr(p));
		if (i == 0)
			assert_int_equal(pcap_dump_ftell64(dumper), 24);
		else
			assert_true(pcap_dump_ftell64(dumper) > 24 + i * 10 * 36);
		dump_made(dumper, i * 10, (i + 1) * 10, 1);
		assert_int_equal(pcap_dump_finish(dumper, errbuf), 0);
	}
	assert_same_file(path, &expected);
	assert_int_equal(truncate(path, 0), 0);
	pcap_dump_close(pcap_dump_open_append(p, path));
	expected.size = 24;
	assert_same_file(path, &expected);
	pcap_close(p);
	file_clear(&expected);
}

static void appends_only_to_what_it_could_have_written(void **state)
{
	static const struct {
		bool swapped;
		uint32_t magic;
		int major, minor;
		uint32_t snaplen, linktype;
		size_t size;
		const char *message;
	} cases[] = {
		{true, MAGIC_MICRO, 2, 4, 65535, 1, 24, "the file is in the other byte order"},
		{true, MAGIC_NANO, 2, 4, 65535, 1, 24, "the file is in the other byte order"},
		{false, MAGIC_NANO, 2, 4, 65535, 1, 24,
			"the time stamps in the file are in nanoseconds, the new ones in microseconds"},
		{false, 0xa1b2cd34, 2, 4, 65535, 1, 24, "the file is not a pcap file"},
		{false, 0x0a0d0d0a, 2, 4, 65535, 1, 24, "the file is not a pcap file"},
		{false, MAGIC_MICRO, 2, 3, 65535, 1, 24, "the file has version 2.3, not 2.4"},
		{false, MAGIC_MICRO, 2, 4, 65535, 113, 24, "the link-layer type field of the file is 0x71"},
		{false, MAGIC_MICRO, 2, 4, 65535, 0x24000001, 24,
			"the link-layer type field of the file is 0x24000001"},
		{false, MAGIC_MICRO, 2, 4, 96, 1, 24, "the snapshot length of the file is 96, the new one 65535"},
		{false, MAGIC_MICRO, 2, 4, 65535, 1, 23, "the file ends in the middle of the file header"},
		{false, MAGIC_MICRO, 2, 4, 65535, 1, 1, "the file ends in the middle of the file header"},
	};
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file = {.swapped = cases[i].swapped};
		char path[128];

		put_file_header(
			&file, cases[i].magic, cases[i].major, cases[i].minor, cases[i].snaplen, cases[i].linktype);
		file.size = cases[i].size;
		save(&file, temporary_path(path, "other.pcap"));
		assert_open_fails(p, pcap_dump_open_append(p, path), cases[i].message);
		assert_same_file(path, &file);
		file_clear(&file);
	}
	pcap_close(p);
}

static void appends_only_to_whole_packets(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	struct file file;
	char path[128];

	(void)state;
	temporary_path(path, "cut.pcap");
	make_file(&file, false, MAGIC_MICRO, 10);
	for (size_t cut = 1; cut < 16 + nth_length(9); cut++) {
		file.size--;
		save(&file, path);
		assert_open_fails(p, pcap_dump_open_append(p, path), "can't append to a file that is damaged: ");
		assert_open_fails(p, pcap_dump_open_append(p, path), "cut.pcap: packet 10 at offset ");
		assert_same_file(path, &file);
	}
	pcap_close(p);
	file_clear(&file);
}

static void appends_only_to_files(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	char path[128];

	(void)state;
	assert_int_equal(mkfifo(temporary_path(path, "fifo"), 0600), 0);
	assert_open_fails(p, pcap_dump_open_append(p, path), "this is not a regular file");
	assert_open_fails(p, pcap_dump_open_append(p, "/dev/null"), "this is not a regular file");
	assert_open_fails(p, pcap_dump_open_append(p, "/tmp"), "/tmp: Is a directory");
	assert_open_fails(p, pcap_dump_open_append(p, NULL), "no savefile was named");
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_as_it_should_be_to_the_byte),
		cmocka_unit_test(header_tells_link_type_and_snapshot_length),
		cmocka_unit_test(copy_is_the_same),
		cmocka_unit_test(reads_back_every_length),
		cmocka_unit_test(dumper_is_the_stream),
		cmocka_unit_test(stream_of_the_callers),
		cmocka_unit_test(standard_output),
		cmocka_unit_test(refuses_to_open),
		cmocka_unit_test(full_device),
		cmocka_unit_test(broken_pipe),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(appends),
		cmocka_unit_test(appends_only_to_what_it_could_have_written),
		cmocka_unit_test(appends_only_to_whole_packets),
		cmocka_unit_test(appends_only_to_files),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
