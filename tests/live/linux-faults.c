/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can go wrong with an interface and with the system: an interface that is down, goes down, goes away or changes
 * its type, no memory, no permission, a reader that is too slow.
 */
#include <pcap/pcap.h>
#include <pcap/weir.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>

#include "capture.h"
#include "live.h"
#include "modes.h"

/* Brings one end of a wire up, where the other is already, and waits until both can send. */
static void bring_up(const char *interface, const char *other)
{
	live_run("ip link set %s up; for try in $(seq 1000); do"
		 "  ip -o link show %s | grep -q 'state UP' && ip -o link show %s | grep -q 'state UP' && exit 0;"
		 "  sleep 0.02; done; exit 1",
		interface, interface, other);
}

/* A wire that is not there for long. */
static void add_wire(void)
{
	live_run("ip link add name gone0 type veth peer name gone1 && ip link set gone1 up");
	bring_up("gone0", "gone1");
}

/* Leaves things as they were for the next test. */
static int clean_up(void **state)
{
	(void)state;
	live_run("ip link del gone0 2>/dev/null; true");
	bring_up(live_interface(), live_peer_interface());
	return 0;
}

static pcap_t *open_on(const char *device)
{
	return capture_open(&(struct capture_options){.device = device, .timeout = 20, .immediate = immediate});
}

/* Reads until there is an error; what it says. What comes before it goes to captured. */
static const char *read_error(pcap_t *p)
{
	int n;

	do
		n = pcap_dispatch(p, -1, capture_keep, (u_char *)&captured);
	while (n >= 0);
	assert_int_equal(n, PCAP_ERROR);
	return pcap_geterr(p);
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1000; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* ---- Interfaces ---- */

static void there_has_to_be_such_an_interface(void **state)
{
	static const char *const names[] = {
		"nosuch0", "", "a name that is far too long for an interface", "weir0x", "\x01"};
	char errbuf[PCAP_ERRBUF_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(errbuf, 'x', sizeof(errbuf));
		assert_null(pcap_create(names[i], errbuf));
		assert_non_null(memchr(errbuf, '\0', sizeof(errbuf)));
		assert_non_null(strstr(errbuf, "no such device"));
	}
}

static void an_interface_that_disappears_before_activation_is_no_device(void **state)
{
	pcap_t *p;

	(void)state;
	live_run("ip link add name gone0 type veth peer name gone1");
	p = capture_create(&(struct capture_options){.device = "gone0", .immediate = immediate});
	live_run("ip link del gone0");
	assert_int_equal(pcap_activate(p), PCAP_ERROR_NO_SUCH_DEVICE);
	assert_string_equal(pcap_geterr(p), "gone0: the interface has disappeared");
	pcap_close(p);
}

static void activation_can_be_tried_again_once_the_interface_is_up(void **state)
{
	pcap_t *p = capture_create(&(struct capture_options){.timeout = 20, .immediate = immediate});
	unsigned before = open_descriptors();

	(void)state;
	live_run("ip link set %s down", live_interface());
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pcap_activate(p), PCAP_ERROR_IFACE_NOT_UP);
		assert_string_equal(
			pcap_geterr(p), "weir0: the interface is down ('ip link set weir0 up' brings it up)");
		assert_int_equal(open_descriptors(), before);
	}
	bring_up(live_interface(), live_peer_interface());
	assert_int_equal(pcap_set_snaplen(p, 50), 0);
	assert_int_equal(pcap_activate(p), 0);
	capture_send(live_peer_interface(), 0, 10, 60);
	capture_until(p, &captured, 10);
	capture_check(&captured, 0, 0, 10, 60, 50);
	pcap_close(p);
}

static void going_down_is_told_once_after_what_was_captured(void **state)
{
	pcap_t *p = open_on(live_interface());

	(void)state;
	for (int i = 0; i < 2; i++) {
		captured.count = 0;
		capture_send(live_peer_interface(), 0, 100, 60);
		live_run("ip link set %s down", live_interface());
		assert_string_equal(read_error(p), "weir0: the interface went down");
		capture_check(&captured, 0, 0, 100, 60, 60);
		assert_int_equal(captured.count, 100);
		assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
		bring_up(live_interface(), live_peer_interface());
		/* The capture goes on. */
		captured.count = 0;
		capture_send(live_peer_interface(), 5, 10, 60);
		capture_until(p, &captured, 10);
		capture_check(&captured, 0, 5, 10, 60, 60);
	}
	pcap_close(p);
}

static void a_read_that_waits_is_told_that_the_interface_goes_down(void **state)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p = capture_open(&(struct capture_options){.timeout = 0, .immediate = immediate});

	(void)state;
	live_run("(sleep 0.1; ip link set %s down) &", live_interface());
	assert_int_equal(pcap_next_ex(p, &header, &data), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "weir0: the interface went down");
	pcap_close(p);
}

static void a_nonblocking_read_tells_that_the_interface_went_down(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = open_on(live_interface());

	(void)state;
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	live_run("ip link set %s down", live_interface());
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "weir0: the interface went down");
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	pcap_close(p);
}

/* The descriptor says it once, and the packets come first: the time-out has to say that there is more to read. */
static void who_polls_the_descriptor_is_told_that_the_interface_went_down(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = open_on(live_interface());
	int n = 0;

	(void)state;
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	captured.count = 0;
	capture_send(live_peer_interface(), 0, 10, 60);
	live_run("ip link set %s down", live_interface());
	while (n >= 0) {
		struct pollfd pollfd = {.fd = pcap_get_selectable_fd(p), .events = POLLIN};
		const struct timeval *required = pcap_get_required_select_timeout(p);
		int patience = required != NULL ? (int)(required->tv_sec * 1000 + required->tv_usec / 1000) : 60000;
		assert_true(poll(&pollfd, 1, patience) == 1 || required != NULL);
		n = pcap_dispatch(p, -1, capture_keep, (u_char *)&captured);
	}
	assert_string_equal(pcap_geterr(p), "weir0: the interface went down");
	assert_int_equal(captured.count, 10);
	assert_null(pcap_get_required_select_timeout(p));
	pcap_close(p);
	bring_up(live_interface(), live_peer_interface());
}

static void sending_does_not_hide_that_the_interface_went_down(void **state)
{
	pcap_t *p = open_on(live_interface());
	uint8_t frame[60];

	(void)state;
	live_make_udp(frame, sizeof(frame), 0);
	live_run("ip link set %s down", live_interface());
	assert_int_equal(pcap_inject(p, frame, sizeof(frame)), PCAP_ERROR);
	assert_int_equal(pcap_inject(p, frame, sizeof(frame)), PCAP_ERROR);
	assert_string_equal(read_error(p), "weir0: the interface went down");
	assert_int_equal(pcap_inject(p, frame, sizeof(frame)), PCAP_ERROR);
	assert_int_equal(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured), 0);
	pcap_close(p);
}

static void an_interface_that_goes_away_is_told_after_what_was_captured(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_stat stats;
	pcap_t *p;

	(void)state;
	add_wire();
	p = open_on("gone0");
	capture_send("gone1", 0, 100, 60);
	live_run("ip link del gone0");
	assert_string_equal(read_error(p), "gone0: the interface has disappeared");
	assert_int_equal(captured.count, 100);
	capture_check(&captured, 0, 0, 100, 60, 60);
	/* It does not come back, and nobody waits for it. */
	assert_string_equal(read_error(p), "gone0: the interface has disappeared");
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_string_equal(read_error(p), "gone0: the interface has disappeared");
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, 100);
	pcap_close(p);
}

/* All interfaces at once do not go down, nor away. */
static void any_does_not_mind_an_interface_that_comes_and_goes(void **state)
{
	pcap_t *p = open_on("any");

	(void)state;
	assert_int_equal(pcap_set_datalink(p, DLT_LINUX_SLL2), 0);
	add_wire();
	capture_send("gone1", 0, 10, 60);
	live_run("ip link del gone0");
	capture_until(p, &captured, 20);
	captured.count = 0;
	capture_send(live_peer_interface(), 0, 10, 60);
	capture_until(p, &captured, 20);
	pcap_close(p);
}

/* A tun device can be given another type while it is down. */
static void an_interface_that_comes_back_with_another_type_is_told(void **state)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "gone0"};
	int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	uint8_t frame[100];
	pcap_t *p;

	(void)state;
	if (tun == -1 || ioctl(tun, TUNSETIFF, &request) == -1) {
		print_message("skipped: no tun device: %s\n", strerror(errno));
		skip();
	}
	live_run("ip link set gone0 up");
	p = open_on("gone0");
	live_make_udp(frame, sizeof(frame), 0);
	assert_int_equal(write(tun, frame + 14, sizeof(frame) - 14), sizeof(frame) - 14);
	capture_until(p, &captured, 1);
	live_run("ip link set gone0 down");
	assert_string_equal(read_error(p), "gone0: the interface went down");
	assert_return_code(ioctl(tun, TUNSETLINK, (unsigned long)ARPHRD_ETHER), errno);
	live_run("ip link set gone0 up");
	assert_int_equal(write(tun, frame + 14, sizeof(frame) - 14), sizeof(frame) - 14);
	assert_string_equal(read_error(p),
		"gone0: the interface's link-layer type has changed: close the capture and open it again");
	assert_int_equal(captured.count, 1);
	close(tun);
	pcap_close(p);
}

/* ---- Memory and permission ---- */

static void set_address_space_limit(rlim_t limit)
{
	struct rlimit limits;

	assert_return_code(getrlimit(RLIMIT_AS, &limits), errno);
	limits.rlim_cur = limit;
	assert_return_code(setrlimit(RLIMIT_AS, &limits), errno);
}

static size_t address_space(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%lu", &pages), 1);
	fclose(statm);
	return pages * sysconf(_SC_PAGESIZE);
}

static void a_buffer_that_there_is_no_memory_for_is_made_smaller_with_a_warning(void **state)
{
	pcap_t *p = capture_create(&(struct capture_options){
		.timeout = 20, .immediate = immediate, .buffer_size = 512 << 20, .snaplen = 1000});
	char expected[PCAP_ERRBUF_SIZE];
	int status;

	(void)state;
	set_address_space_limit(address_space() + (20 << 20));
	status = pcap_activate(p);
	set_address_space_limit(RLIM_INFINITY);
	assert_int_equal(status, PCAP_WARNING);
	assert_int_equal(pcap_bufsize(p), 16 << 20);
	snprintf(expected, sizeof(expected),
		"weir0: there is no memory for a packet buffer of %d bytes; it has %d bytes and may lose packets",
		512 << 20, 16 << 20);
	assert_string_equal(pcap_geterr(p), expected);
	capture_send(live_peer_interface(), 0, 10, 60);
	capture_until(p, &captured, 10);
	capture_check(&captured, 0, 0, 10, 60, 60);
	pcap_close(p);
}

static void without_any_memory_activation_fails_and_can_be_tried_again(void **state)
{
	pcap_t *p = capture_create(&(struct capture_options){.timeout = 20, .immediate = immediate});
	unsigned before = open_descriptors();
	int status;

	(void)state;
	set_address_space_limit(address_space());
	status = pcap_activate(p);
	set_address_space_limit(RLIM_INFINITY);
	assert_int_equal(status, PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "weir0: can't get a packet buffer of"));
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(pcap_activate(p), 0);
	capture_send(live_peer_interface(), 0, 10, 60);
	capture_until(p, &captured, 10);
	pcap_close(p);
}

static void a_buffer_can_be_of_any_size(void **state)
{
	static const int sizes[] = {1, 4096, 5000, 65536, 1 << 20, 3000000, 64 << 20};
	int sender = live_open_sender(live_peer_interface());
	uint8_t frame[1500];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int snaplen = 64; snaplen <= 262144; snaplen *= 8) {
			pcap_t *p = capture_open(&(struct capture_options){.timeout = 20,
				.immediate = immediate,
				.buffer_size = sizes[i],
				.snaplen = snaplen});
			size_t caplen = snaplen < 1500 ? snaplen : 1500;
			assert_in_range(pcap_bufsize(p), 4096, sizes[i] > 256 << 10 ? sizes[i] : 512 << 10);
			/* More than the ring holds, so that it is gone round. */
			for (unsigned round = 0; round < (immediate ? 50 : 4); round++) {
				captured.count = 0;
				live_make_udp(frame, sizeof(frame), round);
				live_send(sender, frame, sizeof(frame));
				capture_until(p, &captured, 1);
				capture_check(&captured, 0, round, 1, sizeof(frame), caplen);
			}
			pcap_close(p);
		}
	close(sender);
}

/* In a child, which gives up the capability for good. */
static void capturing_takes_a_capability_and_the_error_names_it(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_return_code(child, errno);
	if (child == 0) {
		struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
		struct __user_cap_data_struct data[2] = {{0}};
		char errbuf[PCAP_ERRBUF_SIZE];
		if (syscall(SYS_capset, &header, data) != 0)
			_exit(10);
		pcap_t *p = pcap_create(live_interface(), errbuf);
		if (p == NULL)
			_exit(11);
		if (pcap_set_immediate_mode(p, immediate) != 0 || pcap_activate(p) != PCAP_ERROR_PERM_DENIED)
			_exit(12);
		if (strncmp(pcap_geterr(p), "weir0: no permission to capture (CAP_NET_RAW is needed", 54) != 0)
			_exit(13);
		pcap_close(p);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void one_capability_is_enough(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_return_code(child, errno);
	if (child == 0) {
		struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
		struct __user_cap_data_struct data[2] = {{1 << CAP_NET_RAW, 1 << CAP_NET_RAW, 0}};
		if (syscall(SYS_capset, &header, data) != 0)
			_exit(10);
		pcap_t *p = capture_open(
			&(struct capture_options){.timeout = 20, .immediate = immediate, .promiscuous = true});
		capture_send(live_peer_interface(), 0, 100, 1514);
		capture_until(p, &captured, 100);
		capture_check(&captured, 0, 0, 100, 1514, 1514);
		pcap_close(p);
		/* Large ones as well, though the socket's queue can't be made larger for them. */
		captured.count = 0;
		p = open_on("lo");
		capture_send("lo", 0, 50, 60000);
		capture_until(p, &captured, 50);
		capture_check(&captured, 0, 0, 50, 60000, 60000);
		pcap_close(p);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* ---- A reader that is too slow ---- */

static void what_is_lost_is_counted(void **state)
{
	enum { SENT = 20000 };
	pcap_t *p = capture_open(&(struct capture_options){
		.timeout = 20, .immediate = immediate, .buffer_size = 1 << 20, .snaplen = 2000});
	struct pcap_stats64 stats64;
	struct pcap_stat stats;
	unsigned last = 0;

	(void)state;
	for (int round = 1; round <= 2; round++) {
		captured.count = 0;
		capture_send(live_peer_interface(), 1, SENT, 1000);
		while (pcap_dispatch(p, -1, capture_keep, (u_char *)&captured) > 0)
			;
		assert_in_range(captured.count, 100, SENT - 1);
		assert_int_equal(pcap_stats(p, &stats), 0);
		assert_int_equal(stats.ps_recv, round * SENT);
		assert_int_equal(stats.ps_drop - last, SENT - captured.count);
		assert_int_equal(stats.ps_ifdrop, 0);
		assert_int_equal(pcap_get_stats64(p, &stats64, sizeof(stats64)), 0);
		assert_int_equal(stats64.recv, stats.ps_recv);
		assert_int_equal(stats64.drop, stats.ps_drop);
		assert_int_equal(stats64.available, PCAP_STATS64_RECV | PCAP_STATS64_DROP | PCAP_STATS64_IFDROP);
		last = stats.ps_drop;
	}
	/* It has recovered. */
	captured.count = 0;
	capture_send(live_peer_interface(), 7, 10, 60);
	capture_until(p, &captured, 10);
	capture_check(&captured, 0, 7, 10, 60, 60);
	pcap_close(p);
}

/* In both modes. */
#define CASE(name)                                                                                                 \
	{"buffered: " #name, name, buffered_mode, clean_up, NULL},                                                 \
	{                                                                                                          \
		"immediate: " #name, name, immediate_mode, clean_up, NULL                                          \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_has_to_be_such_an_interface),
		CASE(an_interface_that_disappears_before_activation_is_no_device),
		CASE(activation_can_be_tried_again_once_the_interface_is_up),
		CASE(going_down_is_told_once_after_what_was_captured),
		CASE(a_read_that_waits_is_told_that_the_interface_goes_down),
		CASE(a_nonblocking_read_tells_that_the_interface_went_down),
		CASE(who_polls_the_descriptor_is_told_that_the_interface_went_down),
		CASE(sending_does_not_hide_that_the_interface_went_down),
		CASE(an_interface_that_goes_away_is_told_after_what_was_captured),
		CASE(any_does_not_mind_an_interface_that_comes_and_goes),
		CASE(an_interface_that_comes_back_with_another_type_is_told),
		CASE(a_buffer_that_there_is_no_memory_for_is_made_smaller_with_a_warning),
		CASE(without_any_memory_activation_fails_and_can_be_tried_again),
		CASE(a_buffer_can_be_of_any_size),
		CASE(capturing_takes_a_capability_and_the_error_names_it),
		CASE(one_capability_is_enough),
		CASE(what_is_lost_is_counted),
	};

	return cmocka_run_group_tests_name("faults of Linux interfaces", tests, NULL, NULL);
}
