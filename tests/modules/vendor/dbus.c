/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message bus of the test's own, captured: a dbus-daemon that it starts, and messages that dbus-send sends. Skipped
 * where those programs are missing.
 */
#include <pcap/pcap.h>

#include <pcap/weir.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SEND "dbus-send --session --type=signal /weir org.weir.Test."

static char errbuf[PCAP_ERRBUF_SIZE];
static char address[256];
static pid_t daemon_pid = -1;

/* Starts the bus and puts its address where programs look for it. */
static int start_bus(void **state)
{
	FILE *bus = popen("dbus-daemon --session --fork --print-address=1 --print-pid=1 2>/dev/null", "re");

	(void)state;
	if (bus == NULL)
		return -1;
	if (fscanf(bus, "%255s %d", address, &daemon_pid) == 2)
		setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
	pclose(bus);
	return 0;
}

static int stop_bus(void **state)
{
	(void)state;
	if (daemon_pid > 0)
		kill(daemon_pid, SIGTERM);
	return 0;
}

static void need_bus(void)
{
	if (daemon_pid > 0 && system("dbus-send --session /weir org.weir.Test.Try 2>/dev/null") == 0)
		return;
	print_message("skipped: dbus-daemon or dbus-send is not installed\n");
	skip();
}

static pcap_t *open_bus(const char *device, int snaplen)
{
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	pcap_set_timeout(p, 2000);
	if (snaplen > 0)
		pcap_set_snaplen(p, snaplen);
	if (pcap_activate(p) != 0)
		fail_msg("%s", pcap_geterr(p));
	return p;
}

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

struct seen {
	const char *member; /* what the message has to name */
	int count;
	u_int caplen, len;
	u_char first[256];
};

static void look(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct seen *seen = (struct seen *)user;

	if (memmem(data, header->caplen, seen->member, strlen(seen->member)) == NULL)
		return;
	seen->count++;
	seen->caplen = header->caplen;
	seen->len = header->len;
	memcpy(seen->first, data, header->caplen < 256 ? header->caplen : 256);
}

/* Dispatches until messages that name member were seen so many times. */
static struct seen wait_for(pcap_t *p, const char *member, int count)
{
	struct seen seen = {.member = member};
	time_t until = time(NULL) + 20;

	while (seen.count < count && time(NULL) < until)
		assert_true(pcap_dispatch(p, -1, look, (u_char *)&seen) >= 0);
	assert_int_equal(seen.count, count);
	return seen;
}

static int open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static void both_buses_are_listed(void **state)
{
	pcap_if_t *devices;
	int found = 0;

	(void)state;
	assert_int_equal(pcap_findalldevs(&devices, errbuf), 0);
	for (pcap_if_t *device = devices; device != NULL; device = device->next)
		found += strcmp(device->name, "dbus-system") == 0 || strcmp(device->name, "dbus-session") == 0;
	pcap_freealldevs(devices);
	assert_int_equal(found, 2);
}

static void messages_of_others_are_captured(void **state)
{
	char device[300];

	(void)state;
	need_bus();
	snprintf(device, sizeof(device), "dbus://%s", address);
	const char *const names[] = {"dbus-session", device};
	for (int i = 0; i < 2; i++) {
		pcap_t *p = open_bus(names[i], 0);
		assert_int_equal(pcap_datalink(p), DLT_DBUS);
		assert_string_equal(pcap_module_name(p), "dbus");
		run(SEND "Ping string:hello");
		struct seen seen = wait_for(p, "Ping", 1);
		/* Byte order, type 4 (signal), and version 1 of the protocol. */
		assert_true(seen.first[0] == 'l' || seen.first[0] == 'B');
		assert_int_equal(seen.first[1], 4);
		assert_int_equal(seen.first[3], 1);
		assert_non_null(memmem(seen.first, seen.caplen, "hello", 5));
		pcap_close(p);
	}
}

static void filters_counts_and_snapshot_lengths_hold(void **state)
{
	/* Only method calls: the second byte is 1. */
	struct bpf_insn instructions[] = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 1}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 4},
		{BPF_RET | BPF_K, 0, 0, 65535}, {BPF_RET | BPF_K, 0, 0, 0}};
	struct bpf_program program = {4, instructions};
	struct pcap_pkthdr *header;
	const u_char *data;

	(void)state;
	need_bus();
	pcap_t *p = open_bus("dbus-session", 40);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	run(SEND "One");
	assert_int_equal(pcap_next_ex(p, &header, &data), 1);
	assert_int_equal(data[1], 4);
	assert_int_equal(header->caplen, 40);
	assert_true(header->len > 40);
	pcap_close(p);
}

static void match_rules_choose_at_the_bus(void **state)
{
	(void)state;
	need_bus();
	pcap_t *p = open_bus("dbus-session?type='signal',member='Wanted';type='signal',arg0='a;b'", 0);
	run(SEND "Unwanted");
	run(SEND "Wanted");
	struct seen wanted = wait_for(p, "anted", 1);
	assert_null(memmem(wanted.first, wanted.caplen, "Unwanted", 8));
	struct pcap_stat stats;
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, 1);
	pcap_close(p);
}

static void a_message_can_be_sent(void **state)
{
	(void)state;
	need_bus();
	pcap_t *p = open_bus("dbus-session", 0);
	run(SEND "Again");
	struct seen seen = wait_for(p, "Again", 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pcap_inject(p, seen.first, seen.len), seen.len);
	wait_for(p, "Again", 3);
	assert_int_equal(pcap_inject(p, "rubbish, and no message", 23), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "no D-Bus message"));
	pcap_close(p);
}

static void *break_it(void *p)
{
	usleep(100000);
	pcap_breakloop(p);
	return NULL;
}

static void loops_break_and_reads_need_not_wait(void **state)
{
	struct seen seen = {.member = "x"};
	pthread_t thread;

	(void)state;
	need_bus();
	pcap_t *p = open_bus("dbus-session?member='Never'", 0);
	assert_int_equal(pthread_create(&thread, NULL, break_it, p), 0);
	assert_int_equal(pcap_loop(p, -1, look, (u_char *)&seen), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_dispatch(p, -1, look, (u_char *)&seen), 0);
	pcap_close(p);
}

static void nothing_is_left_open(void **state)
{
	(void)state;
	need_bus();
	pcap_close(open_bus("dbus-session", 0));
	int before = open_files();
	for (int i = 0; i < 20; i++)
		pcap_close(open_bus("dbus-session", 0));
	assert_int_equal(open_files(), before);
}

/* Activation fails with that text. */
static void must_fail(const char *device, const char *text)
{
	pcap_t *p = pcap_create(device, errbuf);

	assert_non_null(p);
	assert_true(pcap_activate(p) < 0);
	if (strstr(pcap_geterr(p), text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", pcap_geterr(p), text);
	pcap_close(p);
}

static void errors_say_what_was_wrong(void **state)
{
	(void)state;
	need_bus();
	must_fail("dbus-session?type=nonsense", "wrong match rule");
	must_fail("dbus://unix:path=/nowhere/at/all", "can't connect to the bus");
	must_fail("dbus://what is this", "can't connect to the bus");
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
	unsetenv("XDG_RUNTIME_DIR");
	must_fail("dbus-session", "DBUS_SESSION_BUS_ADDRESS");
	setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
	assert_null(pcap_create("dbus://", errbuf));
	assert_non_null(strstr(errbuf, "address of a bus"));
	assert_null(pcap_create("dbus-sessions", errbuf));
	assert_null(pcap_create("dbus", errbuf));
}

/* The last test: the bus ends. */
static void messages_before_the_end_of_the_bus_come_first(void **state)
{
	struct seen seen = {.member = "Last"};
	int status = 0;

	(void)state;
	need_bus();
	pcap_t *p = open_bus("dbus-session?member='Last'", 0);
	run(SEND "Last");
	usleep(200000);
	kill(daemon_pid, SIGTERM);
	daemon_pid = -1;
	for (int i = 0; i < 20 && status >= 0; i++)
		status = pcap_dispatch(p, -1, look, (u_char *)&seen);
	assert_int_equal(status, PCAP_ERROR);
	assert_int_equal(seen.count, 1);
	assert_non_null(strstr(pcap_geterr(p), "the bus closed the connection"));
	assert_int_equal(pcap_dispatch(p, -1, look, (u_char *)&seen), PCAP_ERROR);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_buses_are_listed),
		cmocka_unit_test(messages_of_others_are_captured),
		cmocka_unit_test(filters_counts_and_snapshot_lengths_hold),
		cmocka_unit_test(match_rules_choose_at_the_bus),
		cmocka_unit_test(a_message_can_be_sent),
		cmocka_unit_test(loops_break_and_reads_need_not_wait),
		cmocka_unit_test(nothing_is_left_open),
		cmocka_unit_test(errors_say_what_was_wrong),
		cmocka_unit_test(messages_before_the_end_of_the_bus_come_first),
	};

	return cmocka_run_group_tests_name("D-Bus", tests, start_bus, stop_bus);
}
