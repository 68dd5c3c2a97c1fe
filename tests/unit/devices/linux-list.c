/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listing network interfaces where the kernel is the test's: what it answers to each dump is a script, with faults.
 * The sockets' calls here take the place of the C library's.
 */
#include "core/core.h"
#include "modules/linux/list.h"
#include "modules/linux/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "message.h"

#define LOWER_UP 0x10000
#define UP (IFF_UP | IFF_RUNNING | IFF_BROADCAST | LOWER_UP)

/* No module is asked here. */
const struct pcap_module *const pcapint_modules[] = {NULL};

/* One answer of the kernel: a datagram, an error, or a datagram of another sender or larger than the buffer. */
struct answer {
	struct datagram datagram;
	int error;
	uint32_t sender;
	size_t claimed_size;
};

/* The answers to one kind of request, in the order they come; a new request goes on where the last has stopped. */
struct script {
	struct answer answers[40];
	size_t count;
	size_t next;
	int requests;
};

static struct script links, addresses;
static struct script *current;
static int socket_error; /* what socket() fails with for netlink */
static int getifaddrs_error;
static int open_sockets;

int socket(int domain, int type, int protocol)
{
	int fd = -1;

	if (domain != AF_NETLINK)
		return (int)syscall(SYS_socket, domain, type, protocol);
	if (socket_error != 0)
		errno = socket_error;
	else
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	open_sockets += fd >= 0;
	return fd;
}

ssize_t sendmsg(int fd _U_, const struct msghdr *msg, int flags _U_)
{
	const struct nlmsghdr *message = msg->msg_iov[0].iov_base;

	assert_int_equal(message->nlmsg_flags,
		message->nlmsg_type == RTM_GETSTATS ? NLM_F_REQUEST : NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(message->nlmsg_len, msg->msg_iov[0].iov_len + msg->msg_iov[1].iov_len);
	current = message->nlmsg_type == RTM_GETLINK ? &links : &addresses;
	current->requests++;
	/* Each script says 1 for the sequence number of the request that its answer belongs to. */
	for (size_t i = current->next; i < current->count; i++) {
		struct datagram *datagram = &current->answers[i].datagram;

		for (size_t at = 0; at < datagram->size;
			at += NLMSG_ALIGN(((struct nlmsghdr *)(datagram->bytes + at))->nlmsg_len))
			((struct nlmsghdr *)(datagram->bytes + at))->nlmsg_seq = message->nlmsg_seq;
	}
	return message->nlmsg_len;
}

ssize_t recvmsg(int fd _U_, struct msghdr *msg, int flags _U_)
{
	struct sockaddr_nl *sender = msg->msg_name;
	const struct answer *answer;

	assert_true(current->next < current->count); /* or the real kernel would be waited for in vain */
	answer = &current->answers[current->next++];
	if (answer->error != 0) {
		errno = answer->error;
		return -1;
	}
	sender->nl_pid = answer->sender;
	assert_true(answer->datagram.size <= msg->msg_iov[0].iov_len);
	memcpy(msg->msg_iov[0].iov_base, answer->datagram.bytes, answer->datagram.size);
	return (ssize_t)(answer->claimed_size > 0 ? answer->claimed_size : answer->datagram.size);
}

int getifaddrs(struct ifaddrs **entries)
{
	static struct ifaddrs entry = {.ifa_flags = IFF_UP};

	entry.ifa_name = (char *)"weir-fallback0";
	*entries = &entry;
	errno = getifaddrs_error;
	return getifaddrs_error != 0 ? -1 : 0;
}

void freeifaddrs(struct ifaddrs *entries _U_)
{
}

static struct answer *add_answer(struct script *script)
{
	assert_true(script->count < sizeof(script->answers) / sizeof(script->answers[0]));
	return &script->answers[script->count++];
}

static void add_done(struct script *script)
{
	put_done(&add_answer(script)->datagram, 1, 0);
}

static int reset(void **state _U_)
{
	memset(&links, 0, sizeof(links));
	memset(&addresses, 0, sizeof(addresses));
	socket_error = getifaddrs_error = 0;
	return 0;
}

static char errbuf[PCAP_ERRBUF_SIZE];

/* The listing's names in a row, "any" left out; the devices go to *devices, or are freed. */
static void assert_devices(int expected_result, const char *expected, pcap_if_t **devices)
{
	pcap_if_list_t *list = pcapint_new_dev_list(errbuf);
	char names[256] = "";
	pcap_if_t *found;

	errbuf[0] = '\0';
	assert_int_equal(pcap_linux_findalldevs(list, errbuf), expected_result);
	found = pcapint_finish_dev_list(list);
	for (const pcap_if_t *device = found; device != NULL; device = device->next)
		if (strcmp(device->name, "any") != 0)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ", device->name);
	assert_string_equal(names, expected);
	if (devices != NULL)
		*devices = found;
	else
		pcap_freealldevs(found);
}

static const pcap_if_t *find(const pcap_if_t *devices, const char *name)
{
	while (devices != NULL && strcmp(devices->name, name) != 0)
		devices = devices->next;
	assert_non_null(devices);
	return devices;
}

static void assert_ip(const struct sockaddr *addr, const char *expected)
{
	char text[INET6_ADDRSTRLEN];

	if (expected == NULL) {
		assert_null(addr);
		return;
	}
	assert_non_null(addr);
	inet_ntop(addr->sa_family,
		addr->sa_family == AF_INET ? (const void *)&((const struct sockaddr_in *)addr)->sin_addr
					   : (const void *)&((const struct sockaddr_in6 *)addr)->sin6_addr,
		text, sizeof(text));
	assert_string_equal(text, expected);
}

static void links_and_addresses(void **state _U_)
{
	struct datagram *datagram = &add_answer(&links)->datagram;
	const struct sockaddr_ll *ll;
	const pcap_addr_t *address;
	pcap_if_t *devices;

	put_link(datagram, 1, 30, "w30", UP, 6, "veth", "a lab");
	put_link(datagram, 1, 2, "w2", IFF_UP | IFF_RUNNING | IFF_POINTOPOINT | LOWER_UP, 6, "tun", NULL);
	put_link(datagram, 1, 11, "w11", IFF_UP | IFF_BROADCAST, 2, "veth", NULL);
	add_done(&links);
	datagram = &add_answer(&addresses)->datagram;
	put_address(datagram, 1, 30, AF_INET, 9, "192.0.2.1", "192.0.2.1", "192.127.255.255");
	put_address(datagram, 1, 2, AF_INET, 32, "10.0.0.2", "10.0.0.1", NULL);
	put_address(datagram, 1, 2, AF_INET, 0, "10.0.0.3", "10.0.0.3", NULL);
	put_address(datagram, 1, 99, AF_INET, 24, "192.0.2.9", "192.0.2.9", NULL); /* of no interface */
	put_address(datagram, 1, 30, AF_INET6, 64, "fe80::1", NULL, NULL);
	put_address(datagram, 1, 30, AF_INET6, 255, "2001:db8::2", "2001:db8::1", NULL);
	put_done(datagram, 1, 0);

	assert_devices(0, "w2 w30 w11 ", &devices); /* by interface number, the disconnected one last */
	assert_string_equal(errbuf, "");
	assert_string_equal(find(devices, "w30")->description, "a lab");
	assert_null(find(devices, "w2")->description);
	assert_non_null(find(devices, "any"));

	address = find(devices, "w30")->addresses;
	ll = (const struct sockaddr_ll *)address->addr;
	assert_int_equal(ll->sll_family, AF_PACKET);
	assert_int_equal(ll->sll_ifindex, 30);
	assert_int_equal(ll->sll_halen, 6);
	assert_int_equal(ll->sll_addr[5], 30);
	assert_int_equal(((const struct sockaddr_ll *)address->broadaddr)->sll_addr[0], 0xff);
	assert_null(address->netmask);
	address = address->next;
	assert_ip(address->addr, "192.0.2.1");
	assert_ip(address->netmask, "255.128.0.0");
	assert_ip(address->broadaddr, "192.127.255.255");
	assert_ip(address->dstaddr, NULL);
	address = address->next;
	assert_ip(address->addr, "fe80::1");
	assert_int_equal(((const struct sockaddr_in6 *)address->addr)->sin6_scope_id, 30);
	assert_ip(address->netmask, "ffff:ffff:ffff:ffff::");
	address = address->next;
	assert_ip(address->addr, "2001:db8::1");
	assert_int_equal(((const struct sockaddr_in6 *)address->addr)->sin6_scope_id, 0);
	assert_ip(address->netmask, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_ip(address->dstaddr, "2001:db8::2");
	assert_null(address->next);

	address = find(devices, "w2")->addresses;
	assert_null(address->broadaddr); /* the interface is no broadcasting one */
	address = address->next;
	assert_ip(address->addr, "10.0.0.1");
	assert_ip(address->netmask, "255.255.255.255");
	assert_ip(address->dstaddr, "10.0.0.2");
	address = address->next;
	assert_ip(address->netmask, "0.0.0.0");
	assert_ip(address->dstaddr, "10.0.0.3"); /* point-to-point, and no other address is known */
	assert_null(address->next);
	assert_null(find(devices, "w11")->addresses->next);
	pcap_freealldevs(devices);
}

static void interrupted_dump_starts_again(void **state _U_)
{
	struct datagram *datagram = &add_answer(&links)->datagram;

	put_link(datagram, 1, 1, "gone", UP, 6, "veth", NULL);
	last_message(datagram)->nlmsg_flags |= NLM_F_DUMP_INTR;
	put_link(datagram, 1, 2, "stays", UP, 6, "veth", NULL);
	add_done(&links);
	put_link(&add_answer(&links)->datagram, 1, 2, "stays", UP, 6, "veth", NULL);
	add_done(&links);
	add_done(&addresses);
	assert_devices(0, "stays ", NULL);
	assert_int_equal(links.requests, 2);
}

/* Where interfaces never stop to come and go, what was seen last is better than nothing. */
static void dump_is_not_interrupted_for_ever(void **state _U_)
{
	for (int i = 0; i < 20; i++) {
		struct datagram *datagram = &add_answer(&links)->datagram;

		put_link(datagram, 1, 1, "restless", UP, 6, "veth", NULL);
		put_done(datagram, 1, 0);
		last_message(datagram)->nlmsg_flags |= NLM_F_DUMP_INTR;
	}
	add_done(&addresses);
	assert_devices(0, "restless ", NULL);
	assert_in_range(links.requests, 2, 20);
}

static void lost_messages_start_again(void **state _U_)
{
	put_link(&add_answer(&links)->datagram, 1, 1, "half", UP, 6, "veth", NULL);
	add_answer(&links)->error = ENOBUFS;
	put_link(&add_answer(&links)->datagram, 1, 2, "whole", UP, 6, "veth", NULL);
	add_done(&links);
	add_answer(&addresses)->error = EINTR; /* a signal: no more than a pause */
	add_done(&addresses);
	assert_devices(0, "whole ", NULL);
	assert_int_equal(links.requests, 2);
	assert_int_equal(addresses.requests, 1);
}

static void cut_message_starts_again_with_more_room(void **state _U_)
{
	struct answer *answer = add_answer(&links);

	put_link(&answer->datagram, 1, 1, "cut", UP, 6, "veth", NULL);
	answer->claimed_size = 100000;
	answer = add_answer(&links);
	put_link(&answer->datagram, 1, 1, "long", UP, 6, "veth", NULL);
	add_done(&links);
	add_done(&addresses);
	assert_devices(0, "long ", NULL);
}

static void message_of_another_process_is_left_out(void **state _U_)
{
	struct answer *answer = add_answer(&links);

	put_link(&answer->datagram, 1, 1, "forged", UP, 6, "veth", NULL);
	answer->sender = 4711;
	put_link(&add_answer(&links)->datagram, 1, 2, "true", UP, 6, "veth", NULL);
	add_done(&links);
	add_done(&addresses);
	assert_devices(0, "true ", NULL);
}

static void malformed_messages(void **state _U_)
{
	struct datagram *datagram = &add_answer(&links)->datagram;
	const struct ifaddrmsg header = {.ifa_family = AF_INET, .ifa_index = 2};
	pcap_if_t *devices;

	put_message(datagram, RTM_NEWLINK, NLM_F_MULTI, 1, "", 1); /* shorter than its header */
	put_message(datagram, RTM_NEWADDR, NLM_F_MULTI, 1, NULL, 0);
	put_link(datagram, 1, 2, "good", UP, 6, "veth", NULL);
	add_done(&links);
	datagram = &add_answer(&addresses)->datagram;
	put_message(datagram, RTM_NEWADDR, NLM_F_MULTI, 1, "", 1);
	put_message(datagram, RTM_NEWADDR, NLM_F_MULTI, 1, &header, sizeof(header)); /* no address */
	put_message(datagram, RTM_NEWADDR, NLM_F_MULTI, 1, &header, sizeof(header));
	put_attribute(datagram, IFA_LOCAL, "\1\2\3", 3);
	put_address(datagram, 1, 2, AF_INET, 255, "192.0.2.1", NULL, NULL);
	add_done(&addresses);
	assert_devices(0, "good ", &devices);
	assert_ip(find(devices, "good")->addresses->next->addr, "192.0.2.1");
	assert_ip(find(devices, "good")->addresses->next->netmask, "255.255.255.255");
	assert_null(find(devices, "good")->addresses->next->next);
	pcap_freealldevs(devices);
}

static void refused_netlink_falls_back(void **state _U_)
{
	struct answer *answer;

	socket_error = EAFNOSUPPORT;
	assert_devices(0, "weir-fallback0 ", NULL);
	socket_error = 0;
	answer = add_answer(&links);
	put_message(&answer->datagram, NLMSG_ERROR, 0, 1, &(int){-EPERM}, sizeof(int));
	assert_devices(0, "weir-fallback0 ", NULL);
	answer = add_answer(&links);
	put_link(&answer->datagram, 1, 1, "spoilt", UP, 6, "veth", NULL);
	last_message(&answer->datagram)->nlmsg_len += 4;
	assert_devices(0, "weir-fallback0 ", NULL);
}

/* The last resort lists what there really is. */
static void no_netlink_at_all(void **state _U_)
{
	pcap_if_list_t *list = pcapint_new_dev_list(errbuf);
	char name[IFNAMSIZ];
	pcap_if_t *devices;

	if (if_indextoname(1, name) == NULL || access("/proc/net/dev", R_OK) != 0)
		skip();
	socket_error = getifaddrs_error = EAFNOSUPPORT;
	assert_int_equal(pcap_linux_findalldevs(list, errbuf), 0);
	devices = pcapint_finish_dev_list(list);
	assert_non_null(find(devices, name));
	assert_non_null(find(devices, "any"));
	pcap_freealldevs(devices);
}

static void sockets_are_closed(void **state _U_)
{
	int before = open("/dev/null", O_RDONLY), after;

	close(before);
	add_done(&links);
	add_answer(&addresses)->error = EIO;
	open_sockets = 0;
	assert_devices(0, "weir-fallback0 ", NULL);
	assert_int_equal(open_sockets, 2);
	after = open("/dev/null", O_RDONLY);
	close(after);
	assert_int_equal(after, before); /* the lowest free number has not moved */
}

static int note_answer(const struct nlmsghdr *message, void *context)
{
	*(uint16_t *)context = message != NULL ? message->nlmsg_type : 0;
	return 0;
}

static void one_answer_to_one_question(void **state _U_)
{
	uint16_t answer = 0;

	put_message(&add_answer(&addresses)->datagram, RTM_NEWSTATS, 0, 1, NULL, 0);
	assert_int_equal(pcapint_netlink_ask(RTM_GETSTATS, "1234", 4, note_answer, &answer), 0);
	assert_int_equal(answer, RTM_NEWSTATS);
	put_message(&add_answer(&addresses)->datagram, NLMSG_ERROR, 0, 1, &(int){-ENODEV}, sizeof(int));
	assert_int_equal(pcapint_netlink_ask(RTM_GETSTATS, "1234", 4, note_answer, &answer), -ENODEV);
	assert_int_equal(answer, 0);
}

#define LIST_TEST(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIST_TEST(links_and_addresses),
		LIST_TEST(interrupted_dump_starts_again),
		LIST_TEST(dump_is_not_interrupted_for_ever),
		LIST_TEST(lost_messages_start_again),
		LIST_TEST(cut_message_starts_again_with_more_room),
		LIST_TEST(message_of_another_process_is_left_out),
		LIST_TEST(malformed_messages),
		LIST_TEST(refused_netlink_falls_back),
		LIST_TEST(no_netlink_at_all),
		LIST_TEST(sockets_are_closed),
		LIST_TEST(one_answer_to_one_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
