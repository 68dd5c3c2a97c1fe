/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What netfilter rules log and queue, captured: real packets over loopback, with rules that iptables sets in the test's
 * own network. Skipped where there is no iptables, or the kernel has no such target.
 */
#include <pcap/pcap.h>

#include <pcap/weir.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "capture.h"
#include "live.h"

#define LOGGED_PORT 20001 /* to group 5 */
#define ALSO_PORT 20002   /* to group 6 */
#define QUEUED_PORT 20003 /* to queue 7 */

static bool has_log, has_queue;

/* Whether a rule can be set. */
static bool rule(const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "iptables -A OUTPUT -p udp %s 2>/dev/null", text);
	return system(command) == 0;
}

static int set_rules(void **state)
{
	(void)state;
	has_log = rule("--dport 20001 -j NFLOG --nflog-group 5") && rule("--dport 20002 -j NFLOG --nflog-group 6");
	has_queue = rule("--dport 20003 -j NFQUEUE --queue-num 7");
	return 0;
}

static void need(bool there, const char *target)
{
	if (there)
		return;
	print_message("skipped: iptables can't set rules with -j %s here\n", target);
	skip();
}

static pcap_t *open_device(const char *device)
{
	return capture_open(&(struct capture_options){.device = device, .timeout = 100, .immediate = true});
}

static int receiver(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void send_to(uint16_t port, unsigned count)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(sendto(fd, "0123456789", 10, 0, (struct sockaddr *)&address, sizeof(address)), 10);
	close(fd);
}

static void must_receive(int fd, unsigned count)
{
	char text[32];

	for (unsigned i = 0; i < count; i++)
		assert_int_equal(recv(fd, text, sizeof(text), 0), 10);
}

static struct captured captured;

static unsigned dispatch(pcap_t *p, int cnt)
{
	captured.count = 0;
	int n = pcap_dispatch(p, cnt, capture_keep, (u_char *)&captured);
	assert_true(n >= 0);
	assert_int_equal(n, captured.count);
	return n;
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

static void both_are_listed(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;
	int found = 0;

	(void)state;
	assert_int_equal(pcap_findalldevs(&devices, errbuf), 0);
	for (pcap_if_t *device = devices; device != NULL; device = device->next)
		found += strcmp(device->name, "nflog") == 0 || strcmp(device->name, "nfqueue") == 0;
	pcap_freealldevs(devices);
	assert_int_equal(found, 2);
}

static void logged_packets_come_with_their_attributes(void **state)
{
	(void)state;
	need(has_log, "NFLOG");
	pcap_t *p = open_device("nflog:5");
	assert_int_equal(pcap_datalink(p), DLT_NFLOG);
	assert_string_equal(pcap_module_name(p), "netfilter");
	send_to(LOGGED_PORT, 3);
	assert_int_equal(dispatch(p, 2), 2);
	assert_int_equal(dispatch(p, -1), 1);
	/* struct nfgenmsg: the family, version 0, the group; the packet is the last attribute. */
	assert_memory_equal(captured.packets[0].data, "\x02\x00\x00\x05", 4);
	assert_int_equal(captured.packets[0].header.caplen, captured.packets[0].header.len);
	assert_in_range(captured.packets[0].header.ts.tv_sec, time(NULL) - 5, time(NULL));
	pcap_close(p);
}

static void several_groups_are_one_capture(void **state)
{
	(void)state;
	need(has_log, "NFLOG");
	pcap_t *p = open_device("nflog:5,6");
	send_to(LOGGED_PORT, 1);
	send_to(ALSO_PORT, 1);
	captured.count = 0;
	capture_until(p, &captured, 2);
	assert_int_equal(captured.packets[0].data[3], 5);
	assert_int_equal(captured.packets[1].data[3], 6);
	pcap_close(p);
}

static void filters_and_snapshot_length_hold_for_the_packet(void **state)
{
	struct bpf_program program;

	(void)state;
	need(has_log, "NFLOG");
	pcap_t *p = capture_open(
		&(struct capture_options){.device = "nflog:5,6", .timeout = 100, .immediate = true, .snaplen = 24});
	assert_int_equal(pcap_set_datalink(p, DLT_IPV4), 0);
	assert_int_equal(pcap_compile(p, &program, "udp dst port 20002 and ip[28] = 0x30", 1, 0), 0);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	pcap_freecode(&program);
	send_to(LOGGED_PORT, 1);
	send_to(ALSO_PORT, 1);
	captured.count = 0;
	capture_until(p, &captured, 1);
	assert_int_equal(captured.packets[0].data[0], 0x45);
	assert_int_equal(captured.packets[0].header.caplen, 24);
	assert_int_equal(captured.packets[0].header.len, 38);
	assert_int_equal(dispatch(p, -1), 0);
	pcap_close(p);
}

static void what_a_full_socket_lost_is_counted(void **state)
{
	enum { SENT = 20000 };
	struct pcap_stat stats;
	unsigned received = 0, n;

	(void)state;
	need(has_log, "NFLOG");
	pcap_t *p = capture_open(&(struct capture_options){
		.device = "nflog:5", .timeout = 100, .immediate = true, .buffer_size = 65536});
	send_to(LOGGED_PORT, SENT);
	while ((n = dispatch(p, -1)) > 0)
		received += n;
	/* The gap is seen by the next packet's number. */
	send_to(LOGGED_PORT, 1);
	received += dispatch(p, -1);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, received);
	assert_true(stats.ps_drop > 0);
	assert_int_equal(stats.ps_recv + stats.ps_drop, SENT + 1);
	pcap_close(p);
}

static void *break_it(void *p)
{
	usleep(50000);
	pcap_breakloop(p);
	return NULL;
}

static void loops_break_and_reads_need_not_wait(void **state)
{
	pthread_t thread;

	(void)state;
	need(has_log, "NFLOG");
	pcap_t *p = capture_open(&(struct capture_options){.device = "nflog:5"});
	assert_int_equal(pthread_create(&thread, NULL, break_it, p), 0);
	assert_int_equal(pcap_loop(p, -1, capture_keep, (u_char *)&captured), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	char errbuf[PCAP_ERRBUF_SIZE];
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(dispatch(p, -1), 0);
	pcap_close(p);
}

static void queued_packets_go_on(void **state)
{
	struct bpf_program program;
	int fd = receiver(QUEUED_PORT);

	(void)state;
	need(has_queue, "NFQUEUE");
	pcap_t *p = open_device("nfqueue:7");
	assert_int_equal(pcap_datalink(p), DLT_IPV4);
	send_to(QUEUED_PORT, 20);
	captured.count = 0;
	capture_until(p, &captured, 20);
	assert_int_equal(captured.packets[0].header.len, 38);
	must_receive(fd, 20);
	/* Those that the filter refuses, too. */
	assert_int_equal(pcap_compile(p, &program, "tcp", 1, 0), 0);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	pcap_freecode(&program);
	send_to(QUEUED_PORT, 5);
	assert_int_equal(dispatch(p, -1), 0);
	must_receive(fd, 5);
	pcap_close(p);
	close(fd);
}

static void give_up_all_privileges(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	assert_int_equal(syscall(SYS_capset, &header, none), 0);
}

/* The exit status of a child that does it. */
static int in_a_child(void (*action)(int fd), int fd)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		action(fd);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void capture_without_privileges(int fd)
{
	pcap_t *p = open_device("nfqueue:7");

	give_up_all_privileges();
	send_to(QUEUED_PORT, 100);
	captured.count = 0;
	capture_until(p, &captured, 100);
	/* Some answers of the kernel are still to come: the first packet's verdict was refused and has been repeated. */
	must_receive(fd, 100);
	pcap_close(p);
	/* The helper is gone, and nothing is left to wait for. */
	if (waitpid(-1, NULL, __WALL) != -1)
		_exit(2);
}

static void queued_packets_go_on_when_the_privilege_is_given_up(void **state)
{
	int fd = receiver(QUEUED_PORT);

	(void)state;
	need(has_queue, "NFQUEUE");
	assert_int_equal(in_a_child(capture_without_privileges, fd), 0);
	close(fd);
}

static void open_without_privileges(int fd)
{
	char errbuf[PCAP_ERRBUF_SIZE];

	(void)fd;
	give_up_all_privileges();
	pcap_t *p = pcap_create("nflog:5", errbuf);
	if (p == NULL || pcap_activate(p) != PCAP_ERROR_PERM_DENIED ||
		strstr(pcap_geterr(p), "CAP_NET_ADMIN") == NULL)
		_exit(1);
	pcap_close(p);
}

static void without_privilege_the_error_says_which(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(open_without_privileges, -1), 0);
}

static void a_queue_that_is_taken_is_said_to_be(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];

	(void)state;
	need(has_queue, "NFQUEUE");
	pcap_t *first = open_device("nfqueue:7");
	int before = open_files();
	pcap_t *second = pcap_create("nfqueue:7", errbuf);
	assert_non_null(second);
	assert_int_equal(pcap_activate(second), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(second), "another program reads queue 7"));
	pcap_close(first);
	/* The same handle, once the queue is free. */
	assert_int_equal(pcap_activate(second), 0);
	pcap_close(second);
	first = open_device("nfqueue:7");
	assert_int_equal(open_files(), before);
	pcap_close(first);
}

static void names_are_read_to_the_letter(void **state)
{
	static const char *const wrong[] = {"nflog:", "nflog:-1", "nflog:65536", "nflog:1,", "nflog:1,,2",
		"nflog:1,1", "nflog: 1", "nflog:+1", "nflog:99999999999999999999", "nfqueue:0x1", "nfqueue:x",
		"nflog:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32"};
	static const char *const foreign[] = {"nflog1", "nfqueues", "nflo", "nfqueue0"};
	char errbuf[PCAP_ERRBUF_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(pcap_create(wrong[i], errbuf));
		assert_non_null(strstr(errbuf, "numbers from 0 to 65535"));
	}
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		assert_null(pcap_create(foreign[i], errbuf));
		assert_null(strstr(errbuf, "numbers"));
	}
}

static void packets_can_not_be_sent(void **state)
{
	(void)state;
	pcap_t *p = open_device("nflog:5");
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "can't be sent"));
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_are_listed),
		cmocka_unit_test(logged_packets_come_with_their_attributes),
		cmocka_unit_test(several_groups_are_one_capture),
		cmocka_unit_test(filters_and_snapshot_length_hold_for_the_packet),
		cmocka_unit_test(what_a_full_socket_lost_is_counted),
		cmocka_unit_test(loops_break_and_reads_need_not_wait),
		cmocka_unit_test(queued_packets_go_on),
		cmocka_unit_test(queued_packets_go_on_when_the_privilege_is_given_up),
		cmocka_unit_test(without_privilege_the_error_says_which),
		cmocka_unit_test(a_queue_that_is_taken_is_said_to_be),
		cmocka_unit_test(names_are_read_to_the_letter),
		cmocka_unit_test(packets_can_not_be_sent),
	};

	return cmocka_run_group_tests_name("netfilter", tests, set_rules, NULL);
}
