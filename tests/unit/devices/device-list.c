/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device list by itself: what modules add, in which order users see it, and that nothing is lost with thousands.
 */
#include "core/core.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define UP_RUNNING (PCAP_IF_UP | PCAP_IF_RUNNING)

static char errbuf[PCAP_ERRBUF_SIZE];

static int make_list(void **state)
{
	*state = pcapint_new_dev_list(errbuf);
	return *state == NULL;
}

/* Names with a blank between two, for comparing orders. */
static void join_names(const pcap_if_t *devices, char *text, size_t size)
{
	size_t used = 0;

	for (*text = '\0'; devices != NULL && used < size; devices = devices->next)
		used += snprintf(text + used, size - used, "%s%s", used > 0 ? " " : "", devices->name);
}

static void assert_order(pcap_if_list_t *list, const char *expected)
{
	char names[512];
	pcap_if_t *devices = pcapint_finish_dev_list(list);

	join_names(devices, names, sizeof(names));
	assert_string_equal(names, expected);
	pcap_freealldevs(devices);
}

static void empty_list(void **state)
{
	assert_null(pcapint_find_dev(*state, "eth0"));
	assert_null(pcapint_finish_dev_list(*state));
}

static void rule_L2_added_device_is_what_was_given(void **state)
{
	char name[] = "mydevice0", description[] = "My device";
	pcap_if_t *device = pcapint_add_dev(*state, name, UP_RUNNING | PCAP_IF_WIRELESS, description, errbuf);

	assert_non_null(device);
	name[0] = description[0] = 'X'; /* the list has copies */
	assert_string_equal(device->name, "mydevice0");
	assert_string_equal(device->description, "My device");
	assert_int_equal(device->flags, UP_RUNNING | PCAP_IF_WIRELESS);
	assert_null(device->addresses);
	assert_ptr_equal(pcapint_find_dev(*state, "mydevice0"), device);
	assert_null(pcapint_find_dev(*state, "mydevice"));
	assert_order(*state, "mydevice0");
}

static void rule_L2_no_description(void **state)
{
	pcap_if_t *device = pcapint_add_dev(*state, "null0", 0, NULL, errbuf);

	assert_non_null(device);
	assert_null(device->description);
	assert_order(*state, "null0");
}

static void no_name_is_refused(void **state)
{
	const char *const names[] = {NULL, ""};

	for (int i = 0; i < 2; i++) {
		errbuf[0] = '\0';
		assert_null(pcapint_add_dev(*state, names[i], 0, NULL, errbuf));
		assert_string_equal(errbuf, "can't list a device that has no name");
	}
	assert_non_null(pcapint_add_dev(*state, "a", 0, NULL, errbuf));
	assert_order(*state, "a");
}

static void same_name_stays_one_device(void **state)
{
	pcap_if_t *first = pcapint_add_dev(*state, "eth0", PCAP_IF_UP, NULL, errbuf);

	assert_ptr_equal(pcapint_add_dev(*state, "eth0", PCAP_IF_LOOPBACK, "the second says", errbuf), first);
	assert_ptr_equal(pcapint_add_dev(*state, "eth0", 0, "too late", errbuf), first);
	assert_int_equal(first->flags, PCAP_IF_UP);
	assert_string_equal(first->description, "the second says");
	assert_order(*state, "eth0");
}

static void huge_name(void **state)
{
	size_t size = 1 << 20;
	char *name = malloc(size);
	pcap_if_t *device;

	memset(name, 'n', size - 1);
	name[size - 1] = '\0';
	device = pcapint_add_dev(*state, name, 0, name, errbuf);
	assert_non_null(device);
	assert_ptr_equal(pcapint_find_dev(*state, name), device);
	assert_string_equal(device->name, name);
	free(name);
	pcap_freealldevs(pcapint_finish_dev_list(*state));
}

static void order_as_users_know_it(void **state)
{
	const struct {
		const char *name;
		bpf_u_int32 flags;
	} rows[] = {
		{"lodown", PCAP_IF_LOOPBACK | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE},
		{"unplugged-down", PCAP_IF_CONNECTION_STATUS_DISCONNECTED},
		{"down", PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE},
		{"nocarrier", PCAP_IF_UP | PCAP_IF_CONNECTION_STATUS_DISCONNECTED},
		{"notrunning", PCAP_IF_UP},
		{"lo", UP_RUNNING | PCAP_IF_LOOPBACK | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE},
		{"any", UP_RUNNING | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE},
		{"veth10", UP_RUNNING | PCAP_IF_CONNECTION_STATUS_CONNECTED},
		{"unassociated", UP_RUNNING | PCAP_IF_WIRELESS | PCAP_IF_CONNECTION_STATUS_DISCONNECTED},
		{"veth2", UP_RUNNING | PCAP_IF_CONNECTION_STATUS_CONNECTED},
		{"dummy", UP_RUNNING | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_non_null(pcapint_add_dev(*state, rows[i].name, rows[i].flags, NULL, errbuf));
	assert_order(
		*state, "veth10 veth2 dummy any lo unassociated notrunning nocarrier down lodown unplugged-down");
}

static void any_device(void **state)
{
	pcap_if_t *any = pcapint_add_any_dev(*state, errbuf);

	assert_non_null(any);
	assert_string_equal(any->name, "any");
	assert_non_null(any->description);
	assert_int_equal(any->flags, UP_RUNNING | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE);
	assert_ptr_equal(pcapint_add_any_dev(*state, errbuf), any);
	assert_order(*state, "any");
}

static int flags_calls;

static int set_wireless(const char *name, bpf_u_int32 *flags, char *text _U_)
{
	assert_string_equal(name, "wlan0");
	flags_calls++;
	*flags |= PCAP_IF_WIRELESS;
	return 0;
}

static int fail_flags(const char *name _U_, bpf_u_int32 *flags _U_, char *text)
{
	snprintf(text, PCAP_ERRBUF_SIZE, "the flags are lost");
	return PCAP_ERROR;
}

static void rule_L5_find_or_add(void **state)
{
	pcap_if_t *device;

	flags_calls = 0;
	device = pcapint_find_or_add_dev(*state, "wlan0", PCAP_IF_UP, set_wireless, "radio", errbuf);
	assert_non_null(device);
	assert_int_equal(device->flags, PCAP_IF_UP | PCAP_IF_WIRELESS);
	assert_ptr_equal(
		pcapint_find_or_add_dev(*state, "wlan0", PCAP_IF_LOOPBACK, set_wireless, NULL, errbuf), device);
	assert_int_equal(flags_calls, 1);
	assert_int_equal(device->flags, PCAP_IF_UP | PCAP_IF_WIRELESS);
	assert_null(pcapint_find_or_add_dev(*state, "eth0", 0, fail_flags, NULL, errbuf));
	assert_string_equal(errbuf, "the flags are lost");
	assert_non_null(pcapint_find_or_add_dev(*state, "eth1", 0, NULL, NULL, errbuf)); /* and it goes on */
	assert_order(*state, "wlan0 eth1");
}

static void rule_L5_addresses_keep_their_order_and_parts(void **state)
{
	struct sockaddr_in addr = {.sin_family = AF_INET}, mask = addr, peer = addr;
	struct sockaddr_in6 addr6 = {.sin6_family = AF_INET6, .sin6_scope_id = 7};
	pcap_if_t *device = pcapint_add_dev(*state, "ppp0", 0, NULL, errbuf);
	const pcap_addr_t *address;

	addr.sin_addr.s_addr = htonl(0x0a000001);
	mask.sin_addr.s_addr = htonl(0xffffff00);
	peer.sin_addr.s_addr = htonl(0x0a000002);
	assert_int_equal(
		pcapint_add_addr_to_dev(device, (struct sockaddr *)&addr, sizeof(addr), (struct sockaddr *)&mask,
			sizeof(mask), NULL, 0, (struct sockaddr *)&peer, sizeof(peer), errbuf),
		0);
	assert_int_equal(pcapint_add_addr_to_dev(device, (struct sockaddr *)&addr6, sizeof(addr6), NULL, 0, NULL, 0,
				 NULL, 0, errbuf),
		0);
	address = device->addresses;
	assert_memory_equal(address->addr, &addr, sizeof(addr));
	assert_memory_equal(address->netmask, &mask, sizeof(mask));
	assert_null(address->broadaddr);
	assert_memory_equal(address->dstaddr, &peer, sizeof(peer));
	address = address->next;
	assert_memory_equal(address->addr, &addr6, sizeof(addr6));
	assert_null(address->netmask);
	assert_null(address->next);
	assert_order(*state, "ppp0");
}

/* More than the list has buckets at first, several times over. */
static void thousands_of_devices(void **state)
{
	enum { COUNT = 20000 };
	pcap_if_t *devices;
	char name[32];
	int i;

	for (i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "veth%d", i);
		assert_non_null(pcapint_add_dev(*state, name, UP_RUNNING, NULL, errbuf));
	}
	for (i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "veth%d", i);
		assert_string_equal(pcapint_find_dev(*state, name)->name, name);
	}
	devices = pcapint_finish_dev_list(*state);
	i = 0;
	for (const pcap_if_t *device = devices; device != NULL; device = device->next, i++) {
		snprintf(name, sizeof(name), "veth%d", i);
		assert_string_equal(device->name, name);
	}
	assert_int_equal(i, COUNT);
	pcap_freealldevs(devices);
}

static void freeing_nothing(void **state _U_)
{
	pcap_freealldevs(NULL);
}

#define LIST_TEST(test) cmocka_unit_test_setup(test, make_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIST_TEST(empty_list),
		LIST_TEST(rule_L2_added_device_is_what_was_given),
		LIST_TEST(rule_L2_no_description),
		LIST_TEST(no_name_is_refused),
		LIST_TEST(same_name_stays_one_device),
		LIST_TEST(huge_name),
		LIST_TEST(order_as_users_know_it),
		LIST_TEST(any_device),
		LIST_TEST(rule_L5_find_or_add),
		LIST_TEST(rule_L5_addresses_keep_their_order_and_parts),
		LIST_TEST(thousands_of_devices),
		cmocka_unit_test(freeing_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
