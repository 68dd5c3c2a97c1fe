/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs as capture devices: shell scripts of the test's own that speak the extcap protocol, well or badly, and
 * Wireshark's randpktdump where it is installed. A bad program must not hurt the one that captures.
 */
#include <pcap/pcap.h>

#include <pcap/weir.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], errbuf[PCAP_ERRBUF_SIZE];

static void path_of(const char *name, char *path)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void write_file(const char *name, const void *bytes, size_t size, int mode)
{
	char path[128];

	path_of(name, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	assert_true(fd != -1);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

/*
 * A program: what it answers to --extcap-interfaces, and what it does to capture, with $fifo the path and $dir the folder
 * of the test's files.
 */
static void write_program(const char *name, const char *interfaces, const char *capture)
{
	char text[4096];
	int size = snprintf(text, sizeof(text),
		"#!/bin/sh\n"
		"dir=${0%%/*}\n"
		"fifo= mode= arguments=\"$*\"\n"
		"while [ $# -gt 0 ]; do\n"
		"  case $1 in --fifo) fifo=$2; shift ;; --capture) mode=capture ;; --extcap-interfaces) mode=ask "
		";; esac\n"
		"  shift\n"
		"done\n"
		"test -z \"$fifo\" || echo $fifo >>$dir/fifos\n"
		"case $mode in\n"
		"ask) %s ;;\n"
		"capture) %s ;;\n"
		"esac\n",
		interfaces, capture);

	write_file(name, text, size, 0755);
}

/* A savefile of count packets, of 60 bytes each, whose first byte is their number. */
static void write_savefile(const char *name, int count)
{
	char path[128];
	u_char packet[60] = {0};
	struct pcap_pkthdr header = {.caplen = 60, .len = 60};

	path_of(name, path);
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(dead, path);
	assert_non_null(dumper);
	for (int i = 0; i < count; i++) {
		packet[0] = i;
		pcap_dump((u_char *)dumper, &header, packet);
	}
	pcap_dump_close(dumper);
	pcap_close(dead);
}

static int set_up(void **state)
{
	static const u_char lies[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0,
		0, 0,
		/* a packet that says it has 2 GiB */
		0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3};

	(void)state;
	strcpy(folder, "/tmp/weir-extcap-XXXXXX");
	assert_non_null(mkdtemp(folder));
	setenv("PCAP_EXTCAP_PATH", folder, 1);
	write_savefile("three.pcap", 3);
	write_savefile("many.pcap", 5000);
	write_file("lies.pcap", lies, sizeof(lies), 0644);
	write_program("good", "echo 'extcap {version=1.0}'; echo 'interface {value=fine}{display=A fine one}'",
		"echo \"$arguments\" >$dir/arguments; cat $dir/three.pcap >$fifo");
	write_program(
		"lasting", "echo 'interface {value=lasting0}'", "exec 3>$fifo; cat $dir/three.pcap >&3; sleep 100");
	write_program("several", "echo 'interface {value=one}'; echo 'interface {value=two}{display=x}'",
		"cat $dir/three.pcap >$fifo");
	write_program("none", "true", "true");
	write_program("dies", "echo 'interface {value=dies0}'", "echo 'no such host: nowhere' >&2; exit 3");
	write_program("silent", "echo 'interface {value=silent0}'", "exit 0");
	write_program("garbage", "head -c 100000 /dev/zero | tr '\\0' 'x'", "head -c 300000 /dev/urandom >$fifo");
	/* Says more than a pipe holds, before its first packet and behind it. */
	write_program("loud", "echo 'interface {value=loud0}'",
		"exec 3>$fifo; noise() { head -c 200000 /dev/zero | tr '\\0' x >&2; }; noise; head -c 100 "
		"$dir/three.pcap >&3; noise; echo; tail -c +101 $dir/three.pcap >&3; printf 'first\\n\\n ** (loud:1) "
		"12:00:00 "
		"[loud WARNING] loud.c:1 -- main(): it is \\033over\\n \\n' >&2");
	write_program("orphan", "echo 'interface {value=orphan0}'",
		"echo $fifo $$ >$dir/orphan.part; mv $dir/orphan.part $dir/orphan.told; trap '' INT; sleep 1000");
	write_program("stalls", "echo 'interface {value=stalls0}'",
		"exec 3>$fifo; head -c 120 $dir/three.pcap >&3; sleep 100");
	write_program("nonsense", "echo 'interface {value=nonsense0}'", "echo 'this is no savefile at all' >$fifo");
	write_program("liar", "echo 'interface {value=liar0}'", "cat $dir/lies.pcap >$fifo");
	write_program("half", "echo 'interface {value=half0}'", "head -c 120 $dir/three.pcap >$fifo");
	write_program("flood", "yes 'interface {value=flood0}'", "while cat $dir/many.pcap; do :; done >$fifo");
	write_program("torrent", "echo 'interface {value=torrent0}'",
		"(cat $dir/many.pcap; while tail -c +25 $dir/many.pcap; do :; done) >$fifo");
	/* Answers nothing, holds on to the FIFO in a session of its own, and can't be told to end. */
	write_program("stubborn", "echo 'interface {value=stubborn0}'",
		"trap '' TERM; setsid sleep 20 >$fifo & cat $dir/three.pcap >$fifo; sleep 100");
	write_savefile("not-executable", 1);
	return 0;
}

static int clean_up(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

struct seen {
	int count;
	u_char first[3];
};

static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct seen *seen = (struct seen *)user;

	assert_int_equal(header->caplen, 60);
	if (seen->count < 3)
		seen->first[seen->count] = data[0];
	seen->count++;
}

static pcap_t *open_program(const char *device)
{
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	pcap_set_timeout(p, 2000);
	if (pcap_activate(p) != 0)
		fail_msg("%s", pcap_geterr(p));
	return p;
}

/* Reads to the end: the packets that came, and why no more do. */
static int read_all(pcap_t *p, struct seen *seen)
{
	int n;

	while ((n = pcap_dispatch(p, -1, keep, (u_char *)seen)) >= 0)
		;
	return n;
}

static int open_files(void)
{
	DIR *files = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(files) != NULL)
		count++;
	closedir(files);
	return count;
}

/* No process is left to wait for, no descriptor, no FIFO. */
static void nothing_is_left(int files)
{
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(open_files(), files);
	assert_int_equal(system("while read -r fifo; do test ! -e ${fifo%/*} || exit 1; done <$PCAP_EXTCAP_PATH/fifos"), 0);
}

static void programs_are_listed_unrun(void **state)
{
	pcap_if_t *devices;
	bool good = false, other = false;

	(void)state;
	assert_int_equal(pcap_findalldevs(&devices, errbuf), 0);
	for (pcap_if_t *device = devices; device != NULL; device = device->next) {
		good |= strcmp(device->name, "extcap:good") == 0;
		other |= strcmp(device->name, "extcap:not-executable") == 0;
	}
	pcap_freealldevs(devices);
	assert_true(good);
	assert_false(other);
}

static void packets_come_by_either_name(void **state)
{
	static const char *const names[] = {"extcap:good", "extcap:fine", "extcap:fine?"};
	int files = open_files();

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct seen seen = {0};
		pcap_t *p = open_program(names[i]);
		assert_string_equal(pcap_module_name(p), "extcap");
		assert_int_equal(pcap_datalink(p), DLT_EN10MB);
		assert_int_equal(read_all(p, &seen), PCAP_ERROR);
		assert_non_null(strstr(pcap_geterr(p), "good has ended"));
		assert_int_equal(seen.count, 3);
		assert_memory_equal(seen.first, "\0\1\2", 3);
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), PCAP_ERROR);
		pcap_close(p);
		nothing_is_left(files);
	}
}

static void options_become_arguments(void **state)
{
	char path[128], line[512] = "";

	(void)state;
	pcap_close(open_program("extcap:fine?count=5&all-random&remote-filter=not port%2022 %26 x"));
	path_of("arguments", path);
	FILE *file = fopen(path, "re");
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_non_null(strstr(line, "--capture --extcap-interface fine --fifo /tmp/pcap-extcap-"));
	assert_non_null(strstr(line, "--count 5 --all-random --remote-filter not port 22 & x"));
}

static void filters_counts_and_statistics_hold(void **state)
{
	struct bpf_program program;
	struct pcap_stat stats;
	struct seen seen = {0};

	(void)state;
	pcap_t *p = open_program("extcap:lasting");
	assert_int_equal(pcap_compile(p, &program, "ether[0] != 1", 1, 0), 0);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	pcap_freecode(&program);
	assert_int_equal(pcap_loop(p, 2, keep, (u_char *)&seen), 0);
	assert_memory_equal(seen.first, "\0\2", 2);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, 2);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 0);
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR);
	pcap_close(p);
}

static void *break_it(void *p)
{
	usleep(100000);
	pcap_breakloop(p);
	return NULL;
}

static void loops_break(void **state)
{
	struct seen seen = {0};
	pthread_t thread;

	(void)state;
	pcap_t *p = open_program("extcap:lasting");
	assert_int_equal(pthread_create(&thread, NULL, break_it, p), 0);
	int status = pcap_loop(p, -1, keep, (u_char *)&seen);
	assert_int_equal(status, PCAP_ERROR_BREAK);
	assert_int_equal(seen.count, 3);
	pthread_join(thread, NULL);
	pcap_close(p);
}

/* Activation fails with a text; nothing is left of it. */
static void must_not_start(const char *device, const char *text)
{
	int files = open_files();
	pcap_t *p = pcap_create(device, errbuf);

	if (p != NULL) {
		assert_true(pcap_activate(p) < 0);
		snprintf(errbuf, sizeof(errbuf), "%s", pcap_geterr(p));
		pcap_close(p);
	}
	if (strstr(errbuf, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", errbuf, text);
	nothing_is_left(files);
}

static void bad_programs_end_with_a_reason(void **state)
{
	(void)state;
	must_not_start("extcap:dies", "no such host: nowhere");
	must_not_start("extcap:silent", "silent has ended");
	must_not_start("extcap:none", "has no interface");
	must_not_start("extcap:several", "one, two");
	must_not_start("extcap:garbage", "has no interface");
	must_not_start("extcap:nonsense", "wrote no good savefile");
	must_not_start("extcap:flood", "can't ask the program");
	must_not_start("extcap:not-there", "no such device");
	must_not_start("extcap:", "no such device");
	must_not_start("extcap:../good", "no such device");
	must_not_start("extcap:fine?&", "can't read the options");
	must_not_start("extcap:not-executable", "no such device");
}

static void what_was_good_comes_before_the_damage(void **state)
{
	static const struct {
		const char *device;
		int packets;
	} rows[] = {{"extcap:half", 1}, {"extcap:liar", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = {0};
		pcap_t *p = open_program(rows[i].device);
		assert_int_equal(read_all(p, &seen), PCAP_ERROR);
		assert_int_equal(seen.count, rows[i].packets);
		assert_non_null(strstr(pcap_geterr(p), "wrote no good savefile"));
		pcap_close(p);
	}
}

static void a_flood_waits_and_loses_nothing(void **state)
{
	int files = open_files();
	struct seen seen = {0};

	(void)state;
	pcap_t *p = pcap_create("extcap:torrent0", errbuf);
	pcap_set_buffer_size(p, 20000);
	assert_int_equal(pcap_activate(p), 0);
	usleep(100000);
	assert_int_equal(pcap_loop(p, 12000, keep, (u_char *)&seen), 0);
	assert_int_equal(seen.count, 12000);
	pcap_close(p);
	nothing_is_left(files);
}

/* What it says is read, so that it goes on; the last of it is told, without what Wireshark's programs put before it. */
static void a_loud_program_goes_on(void **state)
{
	int files = open_files();
	struct seen seen = {0};

	(void)state;
	pcap_t *p = open_program("extcap:loud?secret=word");
	assert_int_equal(read_all(p, &seen), PCAP_ERROR);
	assert_int_equal(seen.count, 3);
	assert_string_equal(pcap_geterr(p), "extcap:loud: loud has ended: it is ?over");
	pcap_close(p);
	nothing_is_left(files);
}

/* In the middle of a packet: reads time out, a break ends a loop, and closing ends the program. */
static void a_program_that_stalls_holds_up_nobody(void **state)
{
	int files = open_files();
	struct seen seen = {0};
	pthread_t thread;

	(void)state;
	pcap_t *p = pcap_create("extcap:stalls", errbuf);
	pcap_set_timeout(p, 10);
	assert_int_equal(pcap_activate(p), 0);
	while (seen.count == 0)
		assert_true(pcap_dispatch(p, -1, keep, (u_char *)&seen) >= 0);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 0);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 0);
	assert_int_equal(pcap_setnonblock(p, 0, errbuf), 0);
	assert_int_equal(pthread_create(&thread, NULL, break_it, p), 0);
	assert_int_equal(pcap_loop(p, -1, keep, (u_char *)&seen), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	assert_int_equal(seen.count, 1);
	pcap_close(p);
	nothing_is_left(files);
}

/* What /proc has of a process with a command line: not of one that has ended and nobody waited for. */
static bool is_running(long pid)
{
	char path[64], byte;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	FILE *file = fopen(path, "re");
	bool running = file != NULL && fread(&byte, 1, 1, file) == 1;
	if (file != NULL)
		fclose(file);
	return running;
}

/* It ends, and its FIFO goes, when the process that captures is killed, even before the first packet. */
static void a_program_does_not_outlive_its_caller(void **state)
{
	char path[128], fifo[64];
	long pid = 0;
	FILE *file;

	(void)state;
	pid_t caller = fork();
	if (caller == 0) {
		pcap_t *p = pcap_create("extcap:orphan", errbuf);
		_exit(p != NULL ? pcap_activate(p) : 1);
	}
	path_of("orphan.told", path);
	while ((file = fopen(path, "re")) == NULL)
		usleep(10000);
	assert_int_equal(fscanf(file, "%63s %ld", fifo, &pid), 2);
	fclose(file);
	assert_true(is_running(pid));
	kill(caller, SIGKILL);
	assert_int_equal(waitpid(caller, NULL, 0), caller);
	while (is_running(pid) || access(fifo, F_OK) == 0)
		usleep(10000);
}

static void a_program_that_will_not_end_is_ended(void **state)
{
	struct seen seen = {0};
	time_t start = time(NULL);

	(void)state;
	pcap_t *p = open_program("extcap:stubborn");
	assert_int_equal(pcap_loop(p, 3, keep, (u_char *)&seen), 0);
	pcap_close(p);
	/* Less than its child sleeps, which still has the FIFO open. */
	assert_true(time(NULL) - start < 15);
}

static void a_program_that_does_not_answer_is_given_up(void **state)
{
	char path[128];

	(void)state;
	write_program("mute", "sleep 100", "sleep 100");
	must_not_start("extcap:mute", "can't ask the program");
	path_of("mute", path);
	unlink(path);
}

static void others_programs_are_not_run(void **state)
{
	char path[128];

	(void)state;
	path_of("good", path);
	assert_int_equal(chmod(path, 0777), 0);
	assert_null(pcap_create("extcap:good", errbuf));
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_null(pcap_create("extcap:good", errbuf));
	assert_int_equal(chmod(folder, 0755), 0);
	/* What leads to the folder, or from a link in it to a program, must be as safe. */
	path_of("open", path);
	assert_int_equal(mkdir(path, 0755), 0);
	path_of("open/inner", path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(symlink("../../good", strcat(path, "/linked")), 0);
	path_of("open/inner", path);
	setenv("PCAP_EXTCAP_PATH", path, 1);
	pcap_t *p = pcap_create("extcap:linked", errbuf);
	assert_non_null(p);
	pcap_close(p);
	path_of("open", path);
	assert_int_equal(chmod(path, 0777), 0);
	assert_null(pcap_create("extcap:linked", errbuf));
	assert_int_equal(chmod(path, 01777), 0);
	p = pcap_create("extcap:linked", errbuf);
	assert_non_null(p);
	pcap_close(p);
	assert_int_equal(chmod(path, 0777), 0);
	write_program("open/moved", "echo 'interface {value=moved0}'", "true");
	setenv("PCAP_EXTCAP_PATH", folder, 1);
	path_of("moved", path);
	assert_int_equal(symlink("open/moved", path), 0);
	assert_null(pcap_create("extcap:moved", errbuf));
	path_of("open", path);
	assert_int_equal(chmod(path, 0755), 0);
	p = pcap_create("extcap:moved", errbuf);
	assert_non_null(p);
	pcap_close(p);
	/* A relative folder depends on where the program stands. */
	assert_int_equal(chdir("/tmp"), 0);
	setenv("PCAP_EXTCAP_PATH", folder + strlen("/tmp/"), 1);
	assert_null(pcap_create("extcap:good", errbuf));
	setenv("PCAP_EXTCAP_PATH", folder, 1);
}

static void wireshark_s_own_program_is_a_device(void **state)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	(void)state;
	unsetenv("PCAP_EXTCAP_PATH");
	pcap_t *p = pcap_create("extcap:randpkt?count=7&maxbytes=100&type=dns", errbuf);
	setenv("PCAP_EXTCAP_PATH", folder, 1);
	if (p == NULL) {
		print_message("skipped: Wireshark's randpktdump is not installed\n");
		skip();
	}
	assert_int_equal(pcap_activate(p), 0);
	for (int i = 0; i < 7; i++) {
		assert_int_equal(pcap_next_ex(p, &header, &data), 1);
		assert_true(header->caplen <= 100);
	}
	assert_int_equal(pcap_next_ex(p, &header, &data), PCAP_ERROR);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_listed_unrun),
		cmocka_unit_test(packets_come_by_either_name),
		cmocka_unit_test(options_become_arguments),
		cmocka_unit_test(filters_counts_and_statistics_hold),
		cmocka_unit_test(loops_break),
		cmocka_unit_test(bad_programs_end_with_a_reason),
		cmocka_unit_test(what_was_good_comes_before_the_damage),
		cmocka_unit_test(a_flood_waits_and_loses_nothing),
		cmocka_unit_test(a_loud_program_goes_on),
		cmocka_unit_test(a_program_that_stalls_holds_up_nobody),
		cmocka_unit_test(a_program_does_not_outlive_its_caller),
		cmocka_unit_test(a_program_that_will_not_end_is_ended),
		cmocka_unit_test(a_program_that_does_not_answer_is_given_up),
		cmocka_unit_test(others_programs_are_not_run),
		cmocka_unit_test(wireshark_s_own_program_is_a_device),
	};

	return cmocka_run_group_tests_name("extcap", tests, set_up, clean_up);
}
