/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading savefiles from what is not a plain file: pipes with slow writers, standard input, streams that hold bytes
 * already, streams without a descriptor, descriptors that do not wait.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcap/pcapng.h>

#define PACKETS 40

static char errbuf[PCAP_ERRBUF_SIZE];

static void pause_ms(int ms)
{
	struct timespec time = {0, ms * 1000000L};

	nanosleep(&time, NULL);
}

/* A process that writes the file to a descriptor, `step` bytes at a time, and pauses after each. */
static pid_t start_writer(const struct file *file, int fd, size_t step, int pause)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	for (size_t done = 0; done < file->size;) {
		size_t size = file->size - done < step ? file->size - done : step;
		ssize_t count = write(fd, file->bytes + done, size);

		if (count < 0)
			_exit(1);
		done += (size_t)count;
		if (pause > 0)
			pause_ms(pause);
	}
	_exit(0);
}

static void end_writer(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Reads the packets of make_file() to the end. */
static void assert_reads_all(pcap_t *p)
{
	struct packets packets = {0, NULL};

	if (p == NULL)
		fail_msg("%s", errbuf);
	if (pcap_loop(p, -1, keep_packet, (u_char *)&packets) != 0)
		fail_msg("%s", pcap_geterr(p));
	assert_made_packets(&packets, PACKETS, 1);
	packets_clear(&packets);
	pcap_close(p);
}

static void fifo_with_a_slow_writer(void **state)
{
	static const size_t steps[] = {1, 7, 16, 100, 1000000};
	char path[128];

	(void)state;
	assert_int_equal(mkfifo(temporary_path(path, "fifo"), 0600), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct file file;
		int hold = open(path, O_RDWR), fd = open(path, O_WRONLY);
		pid_t writer;
		pcap_t *p;

		make_file(&file, i % 2, MAGIC_MICRO, PACKETS);
		writer = start_writer(&file, fd, steps[i], steps[i] > 1 && steps[i] < 1000);
		p = pcap_open_offline(path, errbuf);
		close(fd);
		close(hold);
		assert_reads_all(p);
		end_writer(writer);
		file_clear(&file);
	}
}

/* A packet is delivered as soon as it is there; nothing waits for a buffer to fill. */
static void pipe_delivers_each_packet_at_once(void **state)
{
	struct packets packets = {0, NULL};
	struct file file;
	int pipe_fds[2];
	size_t offset = 24;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, PACKETS);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(write(pipe_fds[1], file.bytes, offset), offset);
	p = pcap_fopen_offline(fdopen(pipe_fds[0], "rb"), errbuf);
	assert_non_null(p);
	for (int i = 0; i < PACKETS; i++) {
		size_t size = 16 + nth_length(i);

		assert_int_equal(write(pipe_fds[1], file.bytes + offset, size), size);
		offset += size;
		assert_int_equal(pcap_dispatch(p, 1, keep_packet, (u_char *)&packets), 1);
	}
	assert_made_packets(&packets, PACKETS, 1);
	assert_int_equal(write(pipe_fds[1], file.bytes, 10), 10);
	close(pipe_fds[1]);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "the stream: packet 41 at offset"));
	assert_non_null(strstr(pcap_geterr(p), "10 of 16 bytes"));
	packets_clear(&packets);
	pcap_close(p);
	file_clear(&file);
}

/* A FIFO whose writer went and another comes: the end of file is not for ever. */
static void fifo_with_a_second_writer(void **state)
{
	struct packets packets = {0, NULL};
	struct file file;
	char path[128];
	int fd, hold;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 2);
	assert_int_equal(mkfifo(temporary_path(path, "fifo2"), 0600), 0);
	hold = open(path, O_RDWR);
	fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, file.bytes, 24), 24);
	p = pcap_open_offline(path, errbuf);
	assert_non_null(p);
	close(hold);
	close(fd);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 0);
	fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, file.bytes + 24, file.size - 24), file.size - 24);
	close(fd);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 2);
	assert_made_packets(&packets, 2, 1);
	packets_clear(&packets);
	pcap_close(p);
	file_clear(&file);
}

/* Runs `body` in a child whose standard input is fd; the exit status says whether it was content. */
static void with_standard_input(int fd, void (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fd, 0);
		body();
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void expect(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "# %s\n", what);
		exit(1);
	}
}

static void read_standard_input(void)
{
	struct pcap_pkthdr header;
	pcap_t *p = pcap_open_offline("-", errbuf);
	int count = 0;

	expect(p != NULL, errbuf);
	expect(pcap_file(p) == stdin, "the stream is not standard input's");
	while (pcap_next(p, &header) != NULL)
		expect(header.ts.tv_sec == 1000 + count++, "wrong packet");
	expect(count == PACKETS, "wrong number of packets");
	pcap_close(p);
	expect(fileno(stdin) == 0 && fcntl(0, F_GETFD) >= 0, "standard input was closed");
}

static void name_standard_input(void)
{
	expect(pcap_open_offline("-", errbuf) == NULL, "opened");
	expect(strncmp(errbuf, "standard input: not a capture file", 34) == 0, errbuf);
}

/* Where packets were left over they are there for the next reader of the same file. */
static void leave_the_rest(void)
{
	struct pcap_pkthdr header;
	pcap_t *p = pcap_open_offline("-", errbuf);

	expect(p != NULL, errbuf);
	expect(pcap_next(p, &header) != NULL, pcap_geterr(p));
	pcap_close(p);
	expect(lseek(0, 0, SEEK_CUR) == 24 + 16 + (off_t)nth_length(0), "the position is elsewhere");
}

static void standard_input(void **state)
{
	struct file file;
	char path[128];
	int fd, pipe_fds[2];
	pid_t writer;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, PACKETS);
	save(&file, temporary_path(path, "stdin.pcap"));
	fd = open(path, O_RDONLY);
	with_standard_input(fd, read_standard_input);
	lseek(fd, 0, SEEK_SET);
	with_standard_input(fd, leave_the_rest);
	close(fd);
	assert_int_equal(pipe(pipe_fds), 0);
	writer = start_writer(&file, pipe_fds[1], 100, 0);
	close(pipe_fds[1]);
	with_standard_input(pipe_fds[0], read_standard_input);
	close(pipe_fds[0]);
	end_writer(writer);
	fd = open("/dev/zero", O_RDONLY);
	with_standard_input(fd, name_standard_input);
	close(fd);
	file_clear(&file);
}

/* A caller has read something of its own first, by which the stream holds the start of the savefile as well. */
static void stream_that_holds_bytes_already(void **state)
{
	static const char greeting[] = "hello\n";
	struct file made, file = {.swapped = false};
	int pipe_fds[2];
	char path[128], line[20];
	FILE *stream;
	pid_t writer;

	(void)state;
	make_file(&made, false, MAGIC_MICRO, PACKETS);
	put_bytes(&file, greeting, strlen(greeting));
	put_bytes(&file, made.bytes, made.size);
	save(&file, temporary_path(path, "greeting.pcap"));
	stream = fopen(path, "rb");
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_reads_all(pcap_fopen_offline(stream, errbuf));

	assert_int_equal(pipe(pipe_fds), 0);
	writer = start_writer(&file, pipe_fds[1], 200, 1);
	close(pipe_fds[1]);
	stream = fdopen(pipe_fds[0], "rb");
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_reads_all(pcap_fopen_offline(stream, errbuf));
	end_writer(writer);
	file_clear(&made);
	file_clear(&file);
}

/* Offsets in messages count from the file's beginning, also where the savefile starts later in it. */
static void offsets_count_from_the_beginning(void **state)
{
	struct file made, file = {.swapped = false};
	struct pcap_pkthdr header;
	char path[128];
	FILE *stream;
	pcap_t *p;

	(void)state;
	make_file(&made, false, MAGIC_MICRO, 1);
	put_data(&file, 1000, 1);
	put_bytes(&file, made.bytes, made.size - 1);
	save(&file, temporary_path(path, "later.pcap"));
	stream = fopen(path, "rb");
	fseek(stream, 1000, SEEK_SET);
	p = pcap_fopen_offline(stream, errbuf);
	assert_non_null(p);
	assert_null(pcap_next(p, &header));
	assert_non_null(strstr(pcap_geterr(p), "packet 1 at offset 1024: "));
	pcap_close(p);
	file_clear(&made);
	file_clear(&file);
}

static void stream_in_memory(void **state)
{
	struct file file;

	(void)state;
	make_file(&file, true, MAGIC_MICRO, PACKETS);
	assert_reads_all(pcap_fopen_offline(fmemopen(file.bytes, file.size, "rb"), errbuf));
	file_clear(&file);
}

/* A stream of a program's own making: some bytes at a time, and perhaps an error at the end. */
struct cookie {
	const struct file *file;
	size_t done;
	size_t step;
	bool fails;
};

static ssize_t read_cookie(void *user, char *buffer, size_t size)
{
	struct cookie *cookie = user;
	size_t left = cookie->file->size - cookie->done;

	if (left == 0 && cookie->fails) {
		errno = EIO;
		return -1;
	}
	if (size > cookie->step)
		size = cookie->step;
	if (size > left)
		size = left;
	memcpy(buffer, cookie->file->bytes + cookie->done, size);
	cookie->done += size;
	return (ssize_t)size;
}

static void stream_of_a_programs_own(void **state)
{
	cookie_io_functions_t functions = {.read = read_cookie};
	struct packets packets = {0, NULL};
	struct cookie cookie;
	struct file file;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, PACKETS);
	cookie = (struct cookie){&file, 0, 13, false};
	assert_reads_all(pcap_fopen_offline(fopencookie(&cookie, "rb", functions), errbuf));
	cookie = (struct cookie){&file, 0, 13, true};
	p = pcap_fopen_offline(fopencookie(&cookie, "rb", functions), errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_get_selectable_fd(p), -1);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
	assert_made_packets(&packets, PACKETS, 1);
	assert_non_null(strstr(pcap_geterr(p), "can't read: Input/output error"));
	packets_clear(&packets);
	pcap_close(p);
	file_clear(&file);
}

/* It may hold more than fits the reader's buffer. */
static void stream_with_a_larger_buffer(void **state)
{
	cookie_io_functions_t functions = {.read = read_cookie};
	size_t buffer_size = 1024 * 1024;
	char *buffer = malloc(buffer_size);
	struct packets packets = {0, NULL};
	struct cookie cookie;
	struct file file;
	FILE *stream;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 20000);
	assert_true(file.size > buffer_size);
	cookie = (struct cookie){&file, 0, buffer_size, false};
	stream = fopencookie(&cookie, "rb", functions);
	assert_int_equal(setvbuf(stream, buffer, _IOFBF, buffer_size), 0);
	p = pcap_fopen_offline(stream, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_made_packets(&packets, 20000, 1);
	packets_clear(&packets);
	pcap_close(p);
	free(buffer);
	file_clear(&file);
}

/* An end that does not wait is waited for. */
static void pipe_in_non_blocking_mode(void **state)
{
	struct file file;
	int pipe_fds[2];
	pid_t writer;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, PACKETS);
	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK), 0);
	fcntl(pipe_fds[1], F_SETFL, 0);
	writer = start_writer(&file, pipe_fds[1], 100, 1);
	close(pipe_fds[1]);
	assert_reads_all(pcap_fopen_offline(fdopen(pipe_fds[0], "rb"), errbuf));
	end_writer(writer);
	file_clear(&file);
}

/* A pipe with a file header in it, and whoever would write more to it. */
static pcap_t *open_waiting_pipe(int *writing_end)
{
	struct file file;
	int pipe_fds[2];
	pcap_t *p;

	make_file(&file, false, MAGIC_MICRO, 0);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(write(pipe_fds[1], file.bytes, file.size), file.size);
	p = pcap_fopen_offline(fdopen(pipe_fds[0], "rb"), errbuf);
	assert_non_null(p);
	file_clear(&file);
	*writing_end = pipe_fds[1];
	return p;
}

static void *break_later(void *p)
{
	pause_ms(30);
	pcap_breakloop(p);
	return NULL;
}

/* R8: another thread ends a wait. */
static void another_thread_wakes_a_blocked_read(void **state)
{
	pthread_t thread;
	int fd;
	pcap_t *p = open_waiting_pipe(&fd);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&thread, NULL, break_later, p), 0);
		assert_int_equal(pcap_loop(p, -1, keep_packet, NULL), PCAP_ERROR_BREAK);
		pthread_join(thread, NULL);
	}
	/* One that came before reading does not make a later wait short. */
	pcap_breakloop(p);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, NULL), PCAP_ERROR_BREAK);
	assert_int_equal(pthread_create(&thread, NULL, break_later, p), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, NULL), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	close(fd);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, NULL), 0);
	pcap_close(p);
}

static pcap_t *interrupted;
static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals = signals + 1;
}

static void break_on_second_signal(int number)
{
	count_signal(number);
	if (signals == 2)
		pcap_breakloop(interrupted);
}

static void *break_reader_later(void *reader)
{
	pause_ms(30);
	pcapng_breakloop(reader);
	return NULL;
}

/* The reader of blocks as well, of either format; and it goes on afterwards. */
static void a_waiting_reader_of_blocks_is_woken(void **state)
{
	static const uint32_t section[] = {
		PCAPNG_SECTION, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, PCAPNG_INTERFACE, 20, 1, 0, 20};
	const struct pcapng_block *block;

	(void)state;
	for (int pcapng = 0; pcapng < 2; pcapng++) {
		struct file file;
		int pipe_fds[2];
		char path[128];
		pcapng_reader_t *reader;
		pthread_t thread;

		make_file(&file, false, MAGIC_MICRO, 1);
		assert_int_equal(pipe(pipe_fds), 0);
		assert_true(write(pipe_fds[1], pcapng ? (u_char *)section : file.bytes,
				    pcapng ? sizeof(section) : 24) > 0);
		snprintf(path, sizeof(path), "/dev/fd/%d", pipe_fds[0]);
		reader = pcapng_open(path, errbuf);
		assert_non_null(reader);
		assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(block->type, PCAPNG_INTERFACE);
		pthread_create(&thread, NULL, break_reader_later, reader);
		assert_int_equal(pcapng_next(reader, &block), PCAP_ERROR_BREAK);
		pthread_join(thread, NULL);
		assert_true(write(pipe_fds[1], pcapng ? (u_char *)section : file.bytes + 24,
				    pcapng ? sizeof(section) : file.size - 24) > 0);
		assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(block->type, pcapng ? PCAPNG_SECTION : PCAPNG_ENHANCED_PACKET);
		pcapng_breakloop(reader);
		assert_int_equal(pcapng_next(reader, &block), PCAP_ERROR_BREAK);
		pcapng_close(reader);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		file_clear(&file);
	}
}

/* R8: a signal alone does not end the wait, pcap_breakloop() in its handler does. */
static void signals_while_waiting(void **state)
{
	struct sigaction action = {.sa_handler = break_on_second_signal};
	struct sigaction old;
	struct itimerval timer = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}};
	int fd;

	(void)state;
	interrupted = open_waiting_pipe(&fd);
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &timer, NULL);
	assert_int_equal(pcap_loop(interrupted, -1, keep_packet, NULL), PCAP_ERROR_BREAK);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	assert_true(signals >= 2);
	close(fd);
	pcap_close(interrupted);
}

/* On failure a stream stays the caller's, as it was. */
static void failure_leaves_the_stream(void **state)
{
	struct file file = {.swapped = false};
	char path[128], text[10] = "";
	FILE *stream;

	(void)state;
	put_bytes(&file, "no savefile", 11);
	save(&file, temporary_path(path, "no.pcap"));
	stream = fopen(path, "rb");
	assert_null(pcap_fopen_offline(stream, errbuf));
	assert_int_equal(fread(text, 1, 9, stream), 9);
	assert_string_equal(text, "no savefi");
	fclose(stream);
	file_clear(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifo_with_a_slow_writer),
		cmocka_unit_test(pipe_delivers_each_packet_at_once),
		cmocka_unit_test(fifo_with_a_second_writer),
		cmocka_unit_test(standard_input),
		cmocka_unit_test(stream_that_holds_bytes_already),
		cmocka_unit_test(offsets_count_from_the_beginning),
		cmocka_unit_test(stream_in_memory),
		cmocka_unit_test(stream_of_a_programs_own),
		cmocka_unit_test(stream_with_a_larger_buffer),
		cmocka_unit_test(pipe_in_non_blocking_mode),
		cmocka_unit_test(another_thread_wakes_a_blocked_read),
		cmocka_unit_test(a_waiting_reader_of_blocks_is_woken),
		cmocka_unit_test(signals_while_waiting),
		cmocka_unit_test(failure_leaves_the_stream),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
