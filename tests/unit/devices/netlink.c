/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading netlink messages and attributes: whole ones, cut ones, and ones with wrong lengths.
 */
#include "modules/linux/link.h"
#include "modules/linux/netlink.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "message.h"

static int count_messages(const struct nlmsghdr *message, void *context)
{
	assert_true(message->nlmsg_len >= NLMSG_HDRLEN);
	(*(int *)context)++;
	return 0;
}

static int take(const struct datagram *datagram, uint32_t sequence, int *messages, bool *done, bool *interrupted)
{
	struct pcapint_netlink_reading reading = {
		.sequence = sequence, .handler = count_messages, .context = messages};
	int result;

	*messages = 0;
	result = pcapint_netlink_take(&reading, datagram->bytes, datagram->size);
	*done = reading.done;
	*interrupted = reading.interrupted;
	return result;
}

static void messages_until_done(void **state _U_)
{
	struct datagram datagram = {.size = 0};
	bool done, interrupted;
	int messages;

	put_message(&datagram, RTM_NEWLINK, NLM_F_MULTI, 7, NULL, 0);
	put_message(&datagram, NLMSG_NOOP, 0, 7, NULL, 0);
	put_message(&datagram, RTM_NEWLINK, NLM_F_MULTI, 6, NULL, 0); /* of an earlier request */
	put_message(&datagram, RTM_NEWLINK, NLM_F_MULTI | NLM_F_DUMP_INTR, 7, "12345", 5);
	assert_int_equal(take(&datagram, 7, &messages, &done, &interrupted), 0);
	assert_int_equal(messages, 2);
	assert_false(done);
	assert_true(interrupted);
	assert_int_equal(take(&datagram, 0, &messages, &done, &interrupted), 0);
	assert_int_equal(messages, 3);

	put_done(&datagram, 7, 0);
	put_message(&datagram, RTM_NEWLINK, NLM_F_MULTI, 7, NULL, 0); /* after the end: of no interest */
	assert_int_equal(take(&datagram, 7, &messages, &done, &interrupted), 0);
	assert_int_equal(messages, 2);
	assert_true(done);
}

static void one_message_is_a_whole_answer(void **state _U_)
{
	struct datagram datagram = {.size = 0};
	bool done, interrupted;
	int messages;

	put_message(&datagram, RTM_NEWSTATS, 0, 7, NULL, 0);
	put_message(&datagram, RTM_NEWSTATS, 0, 7, NULL, 0);
	assert_int_equal(take(&datagram, 7, &messages, &done, &interrupted), 0);
	assert_int_equal(messages, 1);
	assert_true(done);
}

static void errors_of_the_kernel(void **state _U_)
{
	const struct {
		uint16_t type;
		int error;
		size_t size;
		int expected;
	} rows[] = {
		{NLMSG_ERROR, -EPERM, 4, -EPERM},
		{NLMSG_ERROR, 0, 4, 0},
		{NLMSG_ERROR, 5, 4, -EBADMSG},
		{NLMSG_ERROR, -EPERM, 2, 0}, /* too short for a number */
		{NLMSG_DONE, -ENOBUFS, 4, -ENOBUFS},
		{NLMSG_DONE, 0, 0, 0},
		{NLMSG_OVERRUN, 0, 0, -ENOBUFS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct datagram datagram = {.size = 0};
		bool done, interrupted;
		int messages;

		put_message(&datagram, rows[i].type, 0, 1, &rows[i].error, rows[i].size);
		assert_int_equal(take(&datagram, 1, &messages, &done, &interrupted), rows[i].expected);
		assert_int_equal(messages, 0);
		assert_int_equal(done, rows[i].type != NLMSG_OVERRUN);
	}
}

static int fail_at_once(const struct nlmsghdr *message _U_, void *context _U_)
{
	return -ENOMEM;
}

static void errors_of_the_handler(void **state _U_)
{
	struct pcapint_netlink_reading reading = {.handler = fail_at_once};
	struct datagram datagram = {.size = 0};

	put_message(&datagram, RTM_NEWLINK, NLM_F_MULTI, 1, NULL, 0);
	put_done(&datagram, 1, 0);
	assert_int_equal(pcapint_netlink_take(&reading, datagram.bytes, datagram.size), -ENOMEM);
	assert_false(reading.done);
}

static void wrong_message_lengths(void **state _U_)
{
	static const uint32_t lengths[] = {0, 1, NLMSG_HDRLEN - 1, NLMSG_HDRLEN + 5, 0x7fffffff, 0xffffffff};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct datagram datagram = {.size = 0};
		bool done, interrupted;
		int messages;

		put_message(&datagram, RTM_NEWLINK, NLM_F_MULTI, 1, NULL, 0);
		put_message(&datagram, RTM_NEWLINK, NLM_F_MULTI, 1, "1234", 4);
		last_message(&datagram)->nlmsg_len = lengths[i];
		assert_int_equal(take(&datagram, 1, &messages, &done, &interrupted), -EBADMSG);
		assert_int_equal(messages, 1);
	}
}

/* What parsing a datagram comes to when only its first size bytes are there, each in memory of just that size. */
static int parse_link_of(const struct datagram *datagram, size_t size, struct pcapint_link *link)
{
	uint8_t *exact = malloc(size > 0 ? size : 1);
	const struct nlmsghdr *message = (const struct nlmsghdr *)exact;
	int parsed = -1;

	memcpy(exact, datagram->bytes, size);
	if (size >= NLMSG_HDRLEN) {
		((struct nlmsghdr *)exact)->nlmsg_len = size;
		parsed = pcapint_link_parse(message, link);
	}
	free(exact);
	return parsed;
}

static void link_message(void **state _U_)
{
	struct datagram datagram = {.size = 0};
	struct pcapint_link link;

	put_link(&datagram, 1, 9, "weir-test0", IFF_UP | IFF_BROADCAST, 6, "veth", "to the lab");
	assert_int_equal(parse_link_of(&datagram, datagram.size, &link), 1);
	assert_int_equal(link.index, 9);
	assert_int_equal(link.flags, IFF_UP | IFF_BROADCAST);
	assert_int_equal(link.type, ARPHRD_ETHER);
	assert_int_equal(link.operstate, 6);
	assert_string_equal(link.name, "weir-test0");
	assert_string_equal(link.kind, "veth");
	assert_string_equal(link.alias, "to the lab");
	assert_int_equal(link.address_length, 6);
	assert_memory_equal(link.address, ((uint8_t[]){2, 0, 0, 0, 0, 9}), 6);
	assert_int_equal(link.broadcast_length, 6);
}

static void link_message_cut_at_every_byte(void **state _U_)
{
	const size_t name_end = NLMSG_HDRLEN + sizeof(struct ifinfomsg) + RTA_LENGTH(sizeof("weir-test0"));
	struct datagram datagram = {.size = 0};
	struct pcapint_link link;

	put_link(&datagram, 1, 9, "weir-test0", IFF_UP, 6, "veth", "to the lab");
	for (size_t size = NLMSG_HDRLEN; size < datagram.size; size++)
		assert_int_equal(parse_link_of(&datagram, size, &link), size >= name_end);
}

static void link_message_without_a_usable_name(void **state _U_)
{
	const struct ifinfomsg header = {.ifi_index = 1};
	static const char *const names[] = {"", "sixteen-letters!"};
	struct pcapint_link link;

	for (size_t i = 0; i < 2; i++) {
		struct datagram datagram = {.size = 0};

		put_message(&datagram, RTM_NEWLINK, 0, 1, &header, sizeof(header));
		assert_int_equal(parse_link_of(&datagram, datagram.size, &link), 0);
		put_string(&datagram, IFLA_IFNAME, names[i]);
		assert_int_equal(parse_link_of(&datagram, datagram.size, &link), 0);
	}
}

static void name_without_a_nul(void **state _U_)
{
	const struct ifinfomsg header = {.ifi_index = 1};
	struct datagram datagram = {.size = 0};
	struct pcapint_link link;

	put_message(&datagram, RTM_NEWLINK, 0, 1, &header, sizeof(header));
	put_attribute(&datagram, IFLA_IFNAME, "eth0", 4);
	assert_int_equal(parse_link_of(&datagram, datagram.size, &link), 1);
	assert_string_equal(link.name, "eth0");
}

static void attribute_lengths(void **state _U_)
{
	static const uint16_t lengths[] = {0, 1, 3, 100, 0xffff};
	const struct rtattr *table[4];
	uint32_t value;
	uint8_t byte;
	char text[8];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct datagram datagram = {.size = 0};
		struct rtattr *spoilt;

		put_message(&datagram, RTM_NEWLINK, 0, 1, NULL, 0);
		put_attribute(&datagram, 1, "\1\2\3\4", 4);
		put_attribute(&datagram, 2, "abc", 4);
		spoilt = (struct rtattr *)(datagram.bytes + datagram.size - RTA_LENGTH(4));
		spoilt->rta_len = lengths[i];
		assert_true(pcapint_netlink_attributes(last_message(&datagram), 0, table, 4));
		assert_true(pcapint_netlink_u32(table[1], &value));
		assert_false(pcapint_netlink_u8(table[1], &byte)); /* not of that size */
		assert_null(table[2]);
		assert_false(pcapint_netlink_string(table[2], text, sizeof(text)));
		assert_int_equal(pcapint_netlink_bytes(table[2], text, sizeof(text)), 0);
	}
}

static void attributes_beyond_the_table(void **state _U_)
{
	struct datagram datagram = {.size = 0};
	const struct rtattr *table[3] = {NULL};
	char text[4];

	put_message(&datagram, RTM_NEWLINK, 0, 1, NULL, 0);
	put_attribute(&datagram, 3, "a", 2);
	put_attribute(&datagram, 0x3fff, "b", 2);
	put_attribute(&datagram, 2, "abcd", 5);
	assert_true(pcapint_netlink_attributes(last_message(&datagram), 0, table, 3));
	assert_null(table[0]);
	assert_null(table[1]);
	assert_false(pcapint_netlink_string(table[2], text, sizeof(text))); /* does not fit */
	assert_int_equal(pcapint_netlink_bytes(table[2], text, sizeof(text)), 4);
	assert_memory_equal(text, "abcd", 4);
	pcapint_netlink_nested(NULL, table, 3);
	assert_null(table[2]);
	assert_false(pcapint_netlink_attributes(last_message(&datagram), 4096, table, 3));
}

/* Flags by what the link message says alone; what only the driver could tell is not known of an interface that is none. */
static void device_flags(void **state _U_)
{
	enum { LOWER_UP = 0x10000 };
	const bpf_u_int32 up = PCAP_IF_UP | PCAP_IF_RUNNING;
	const struct {
		unsigned int flags;
		uint16_t type;
		uint8_t operstate;
		const char *kind;
		bpf_u_int32 expected;
	} rows[] = {
		{IFF_UP | IFF_RUNNING | LOWER_UP, ARPHRD_ETHER, 6, "veth",
			up | PCAP_IF_CONNECTION_STATUS_CONNECTED},
		{IFF_UP, ARPHRD_ETHER, 2, "veth", PCAP_IF_UP | PCAP_IF_CONNECTION_STATUS_DISCONNECTED},
		{IFF_UP, ARPHRD_NONE, 0, "tun", PCAP_IF_UP | PCAP_IF_CONNECTION_STATUS_DISCONNECTED},
		{IFF_UP | IFF_RUNNING | IFF_LOOPBACK | LOWER_UP, ARPHRD_LOOPBACK, 0, "",
			up | PCAP_IF_LOOPBACK | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE},
		{IFF_LOOPBACK, ARPHRD_LOOPBACK, 2, "", PCAP_IF_LOOPBACK | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE},
		{IFF_UP | IFF_RUNNING | LOWER_UP, ARPHRD_ETHER, 0, "dummy", up | PCAP_IF_CONNECTION_STATUS_UNKNOWN},
		{0, ARPHRD_ETHER, 2, "veth", PCAP_IF_CONNECTION_STATUS_UNKNOWN},
		{IFF_UP | IFF_RUNNING | LOWER_UP, ARPHRD_IEEE80211_RADIOTAP, 6, "",
			up | PCAP_IF_WIRELESS | PCAP_IF_CONNECTION_STATUS_CONNECTED},
		{IFF_UP | IFF_RUNNING | LOWER_UP, ARPHRD_NONE, 6, "wwan",
			up | PCAP_IF_WIRELESS | PCAP_IF_CONNECTION_STATUS_CONNECTED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pcapint_link link = {.index = 0x7ffffff0,
			.name = "weir-no-such-if",
			.flags = rows[i].flags,
			.type = rows[i].type,
			.operstate = rows[i].operstate};
		int probe = -1;

		strcpy(link.kind, rows[i].kind);
		assert_int_equal(pcapint_link_device_flags(&link, &probe), rows[i].expected);
		if (probe >= 0)
			close(probe);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_until_done),
		cmocka_unit_test(one_message_is_a_whole_answer),
		cmocka_unit_test(errors_of_the_kernel),
		cmocka_unit_test(errors_of_the_handler),
		cmocka_unit_test(wrong_message_lengths),
		cmocka_unit_test(link_message),
		cmocka_unit_test(link_message_cut_at_every_byte),
		cmocka_unit_test(link_message_without_a_usable_name),
		cmocka_unit_test(name_without_a_nul),
		cmocka_unit_test(attribute_lengths),
		cmocka_unit_test(attributes_beyond_the_table),
		cmocka_unit_test(device_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
