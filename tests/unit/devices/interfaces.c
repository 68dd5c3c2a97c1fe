/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapint_findalldevs_interfaces(), on interfaces of the test's own making: getifaddrs() here is the test's.
 */
#include "core/core.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A string that may be written to, as struct ifaddrs has it. */
#define NAME(text) ((char[]){text})

#define UP_RUNNING (PCAP_IF_UP | PCAP_IF_RUNNING)

/* No module is asked here. */
const struct pcap_module *const pcapint_modules[] = {NULL};

static struct ifaddrs *interfaces;
static int interfaces_freed;
static char errbuf[PCAP_ERRBUF_SIZE];

int getifaddrs(struct ifaddrs **entries)
{
	*entries = interfaces;
	interfaces_freed = 0;
	errno = EPERM;
	return interfaces != NULL ? 0 : -1;
}

void freeifaddrs(struct ifaddrs *entries)
{
	assert_ptr_equal(entries, interfaces);
	interfaces_freed++;
}

static struct sockaddr *ipv4(const char *text)
{
	static struct sockaddr_in addresses[16];
	static size_t next;
	struct sockaddr_in *addr = &addresses[next++ % 16];

	addr->sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &addr->sin_addr), 1);
	return (struct sockaddr *)addr;
}

static void assert_ipv4(const struct sockaddr *addr, const char *expected)
{
	char text[INET_ADDRSTRLEN];

	assert_non_null(addr);
	assert_int_equal(addr->sa_family, AF_INET);
	inet_ntop(AF_INET, &((const struct sockaddr_in *)addr)->sin_addr, text, sizeof(text));
	assert_string_equal(text, expected);
}

/* Chains the entries and makes them the system's. */
static void set_interfaces(struct ifaddrs *entries, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++)
		entries[i].ifa_next = &entries[i + 1];
	interfaces = count > 0 ? entries : NULL;
}

static int usable(const char *name _U_)
{
	return 1;
}

static int not_eth1(const char *name)
{
	assert_null(strchr(name, ':'));
	return strcmp(name, "eth1") != 0;
}

static int flags_calls;

static int connected(const char *name _U_, bpf_u_int32 *flags, char *text _U_)
{
	flags_calls++;
	*flags |= PCAP_IF_CONNECTION_STATUS_CONNECTED;
	return 0;
}

static int fail_for_eth1(const char *name, bpf_u_int32 *flags _U_, char *text)
{
	if (strcmp(name, "eth1") != 0)
		return 0;
	snprintf(text, PCAP_ERRBUF_SIZE, "no flags of eth1");
	return PCAP_ERROR;
}

static int make_list(void **state)
{
	*state = pcapint_new_dev_list(errbuf);
	return *state == NULL;
}

static int free_list(void **state)
{
	pcap_freealldevs(pcapint_finish_dev_list(*state));
	return 0;
}

static void rule_L4_addresses_are_grouped_by_interface(void **state)
{
	struct ifaddrs entries[] = {
		{.ifa_name = NAME("lo"),
			.ifa_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK,
			.ifa_addr = ipv4("127.0.0.1")},
		{.ifa_name = NAME("eth0"), .ifa_flags = IFF_UP | IFF_BROADCAST},
		{.ifa_name = NAME("eth0"),
			.ifa_flags = IFF_UP | IFF_BROADCAST,
			.ifa_addr = ipv4("192.0.2.1"),
			.ifa_netmask = ipv4("255.255.255.0"),
			.ifa_broadaddr = ipv4("192.0.2.255")},
		{.ifa_name = NAME("ppp0"),
			.ifa_flags = IFF_POINTOPOINT,
			.ifa_addr = ipv4("10.0.0.1"),
			.ifa_dstaddr = ipv4("10.0.0.2")},
		{.ifa_name = NAME("eth0:1"), .ifa_flags = IFF_UP | IFF_BROADCAST, .ifa_addr = ipv4("192.0.2.2")},
		{.ifa_name = NAME("eth1"), .ifa_flags = 0, .ifa_addr = ipv4("192.0.2.3")},
	};
	const pcap_if_t *eth0, *ppp0;

	set_interfaces(entries, 6);
	flags_calls = 0;
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, not_eth1, connected), 0);
	assert_int_equal(interfaces_freed, 1);
	assert_int_equal(flags_calls, 3);
	assert_null(pcapint_find_dev(*state, "eth1"));
	assert_null(pcapint_find_dev(*state, "eth0:1"));
	assert_int_equal(pcapint_find_dev(*state, "lo")->flags,
		UP_RUNNING | PCAP_IF_LOOPBACK | PCAP_IF_CONNECTION_STATUS_CONNECTED);
	eth0 = pcapint_find_dev(*state, "eth0");
	assert_int_equal(eth0->flags, PCAP_IF_UP | PCAP_IF_CONNECTION_STATUS_CONNECTED);
	assert_ipv4(eth0->addresses->addr, "192.0.2.1");
	assert_ipv4(eth0->addresses->netmask, "255.255.255.0");
	assert_ipv4(eth0->addresses->broadaddr, "192.0.2.255");
	assert_null(eth0->addresses->dstaddr);
	assert_ipv4(eth0->addresses->next->addr, "192.0.2.2");
	assert_null(eth0->addresses->next->broadaddr);
	assert_null(eth0->addresses->next->next);
	ppp0 = pcapint_find_dev(*state, "ppp0");
	assert_ipv4(ppp0->addresses->dstaddr, "10.0.0.2");
	assert_null(ppp0->addresses->broadaddr);
}

static void addresses_are_attached_once(void **state)
{
	struct ifaddrs entries[] = {
		{.ifa_name = NAME("eth0"), .ifa_addr = ipv4("192.0.2.1")},
		{.ifa_name = NAME("eth0"), .ifa_addr = ipv4("192.0.2.2")},
	};
	const pcap_if_t *eth0;

	set_interfaces(entries, 2);
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, NULL), 0);
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, NULL), 0);
	eth0 = pcapint_find_dev(*state, "eth0");
	assert_ipv4(eth0->addresses->next->addr, "192.0.2.2");
	assert_null(eth0->addresses->next->next);
}

static void long_hardware_address(void **state)
{
	union {
		struct sockaddr_ll ll;
		u_char bytes[offsetof(struct sockaddr_ll, sll_addr) + 20];
	} infiniband = {.ll = {.sll_family = AF_PACKET, .sll_halen = 20}};
	struct ifaddrs entry = {.ifa_name = NAME("ib0"), .ifa_addr = (struct sockaddr *)&infiniband};

	memset(infiniband.ll.sll_addr, 0xab, 20);
	set_interfaces(&entry, 1);
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, NULL), 0);
	assert_memory_equal(
		pcapint_find_dev(*state, "ib0")->addresses->addr, infiniband.bytes, sizeof(infiniband.bytes));
}

static void address_of_unknown_family_is_left_out(void **state)
{
	struct sockaddr unknown = {.sa_family = 250};
	struct ifaddrs entry = {.ifa_name = NAME("x0"), .ifa_addr = &unknown};

	set_interfaces(&entry, 1);
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, NULL), 0);
	assert_null(pcapint_find_dev(*state, "x0")->addresses);
}

static void rule_L1_failures(void **state)
{
	struct ifaddrs entries[] = {{.ifa_name = NAME("eth0")}, {.ifa_name = NAME("eth1")}};
	char long_name[300];

	set_interfaces(NULL, 0);
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, NULL), PCAP_ERROR);
	assert_non_null(strstr(errbuf, "Operation not permitted"));
	assert_int_equal(interfaces_freed, 0);

	set_interfaces(entries, 2);
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, fail_for_eth1), PCAP_ERROR);
	assert_string_equal(errbuf, "no flags of eth1");
	assert_int_equal(interfaces_freed, 1);
	assert_non_null(pcapint_find_dev(*state, "eth0"));

	memset(long_name, 'l', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	entries[0].ifa_name = long_name;
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, NULL), PCAP_ERROR);
	assert_non_null(strstr(errbuf, "is too long"));
	entries[0].ifa_name = NAME(":1"); /* no name at all is left of it */
	assert_int_equal(pcapint_findalldevs_interfaces(*state, errbuf, usable, NULL), PCAP_ERROR);
	assert_string_equal(errbuf, "can't list a device that has no name");
}

#define LIST_TEST(test) cmocka_unit_test_setup_teardown(test, make_list, free_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIST_TEST(rule_L4_addresses_are_grouped_by_interface),
		LIST_TEST(addresses_are_attached_once),
		LIST_TEST(long_hardware_address),
		LIST_TEST(address_of_unknown_family_is_left_out),
		LIST_TEST(rule_L1_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
