/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module contract's rules on the shape of a module (M) and on listing devices (L), a test a rule.
 */
#include "test.h"

#include "core/core.h"

static pcap_if_t *find(pcap_if_t *list, const char *name)
{
	while (list != NULL && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

static void M2_prefixes_end_in_a_letter_and_names_are_short(void **state _U_)
{
	for (size_t i = 0; pcapint_modules[i] != NULL; i++) {
		const char *at = pcapint_modules[i]->prefixes;
		while (at != NULL && *at != '\0') {
			size_t length = strcspn(at, " ");
			assert_true(length > 0 && at[length - 1] >= 'a' && at[length - 1] <= 'z');
			at += length + (at[length] == ' ');
		}
	}
}

static void M2_several_prefixes_and_an_instance_number(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create("scripted1", errbuf);
	assert_non_null(p);
	assert_string_equal(pcap_module_name(p), "scripted");
	pcap_close(p);
	/* "null" is no prefix of "nullity0": a letter follows. */
	assert_null(pcap_create("nullity0", errbuf));
	assert_non_null(strstr(errbuf, "nullity0: no such device"));
}

static void M4_link_types_are_registered(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_live("null0", 0, 0, 100, errbuf);
	int *list;
	assert_non_null(p);
	int count = pcap_list_datalinks(p, &list);
	assert_int_equal(count, 2);
	for (int i = 0; i < count; i++)
		assert_non_null(pcap_datalink_val_to_name(list[i]));
	pcap_free_datalinks(list);
	pcap_close(p);
}

static void L1_and_L2_devices_are_listed_with_what_they_were_given(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "x";
	pcap_if_t *list;
	scripted.list_status = 0;
	assert_int_equal(pcap_findalldevs(&list, errbuf), 0);
	assert_string_equal(errbuf, "");
	pcap_if_t *device = find(list, "scripted0");
	assert_non_null(device);
	assert_string_equal(device->description, "A device of the tests");
	assert_int_equal(device->flags & PCAP_IF_UP, PCAP_IF_UP);
	assert_non_null(find(list, "scripted1"));
	assert_null(find(list, "scripted1")->description);
	assert_non_null(find(list, "null0"));
	pcap_freealldevs(list);
}

static void L3_a_module_that_cannot_enumerate_still_opens_by_name(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *list;
	assert_int_equal(pcap_findalldevs(&list, errbuf), 0);
	assert_null(find(list, "ours0"));
	pcap_freealldevs(list);
	pcap_t *p = pcap_create("ours0", errbuf);
	assert_non_null(p);
	pcap_close(p);
}

static int usable_loopback(const char *name)
{
	return strcmp(name, "lo") == 0;
}

static int flags_asked;

static int correct_flags(const char *name, bpf_u_int32 *flags, char *errbuf _U_)
{
	assert_string_equal(name, "lo");
	flags_asked++;
	*flags |= PCAP_IF_CONNECTION_STATUS_DISCONNECTED;
	return 0;
}

static int refuse_flags(const char *name, bpf_u_int32 *flags _U_, char *errbuf)
{
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: no flags today", name);
	return PCAP_ERROR;
}

static void L4_interfaces_of_the_system(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_list_t *list = pcapint_new_dev_list(errbuf);
	assert_non_null(list);
	flags_asked = 0;
	assert_int_equal(pcapint_findalldevs_interfaces(list, errbuf, usable_loopback, correct_flags), 0);
	pcap_if_t *devices = pcapint_finish_dev_list(list);
	assert_non_null(devices);
	assert_string_equal(devices->name, "lo");
	assert_null(devices->next);
	assert_int_equal(flags_asked, 1);
	assert_int_equal(devices->flags & PCAP_IF_CONNECTION_STATUS, PCAP_IF_CONNECTION_STATUS_DISCONNECTED);
	assert_int_equal(devices->flags & PCAP_IF_LOOPBACK, PCAP_IF_LOOPBACK);
	pcap_freealldevs(devices);

	list = pcapint_new_dev_list(errbuf);
	assert_int_equal(pcapint_findalldevs_interfaces(list, errbuf, usable_loopback, refuse_flags), PCAP_ERROR);
	assert_string_equal(errbuf, "lo: no flags today");
	pcap_freealldevs(pcapint_finish_dev_list(list));
}

static void L5_find_or_add_any_and_addresses(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_list_t *list = pcapint_new_dev_list(errbuf);
	struct sockaddr_in address = {.sin_family = AF_INET}, mask = {.sin_family = AF_INET};

	address.sin_addr.s_addr = htonl(0xc0000201);
	mask.sin_addr.s_addr = htonl(0xffffff00);
	pcap_if_t *first = pcapint_find_or_add_dev(list, "lo", PCAP_IF_UP, correct_flags, "one", errbuf);
	assert_non_null(first);
	assert_ptr_equal(pcapint_find_or_add_dev(list, "lo", 0, correct_flags, "two", errbuf), first);
	assert_string_equal(first->description, "one");
	assert_int_equal(first->flags & PCAP_IF_CONNECTION_STATUS, PCAP_IF_CONNECTION_STATUS_DISCONNECTED);
	assert_null(pcapint_find_dev(list, "nowhere0"));
	assert_int_equal(pcapint_add_addr_to_dev(first, (struct sockaddr *)&address, sizeof(address),
				 (struct sockaddr *)&mask, sizeof(mask), NULL, 0, NULL, 0, errbuf),
		0);
	assert_non_null(pcapint_add_any_dev(list, errbuf));
	pcap_if_t *devices = pcapint_finish_dev_list(list);
	first = find(devices, "lo");
	assert_non_null(first->addresses);
	assert_memory_equal(first->addresses->addr, &address, sizeof(address));
	assert_memory_equal(first->addresses->netmask, &mask, sizeof(mask));
	assert_null(first->addresses->broadaddr);
	assert_non_null(find(devices, "any"));
	pcap_freealldevs(devices);
}

static void L6_one_module_that_fails_does_not_hide_the_others(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *list;
	scripted.list_status = PCAP_ERROR;
	assert_int_equal(pcap_findalldevs(&list, errbuf), 0);
	scripted.list_status = 0;
	assert_non_null(find(list, "scripted0"));
	assert_non_null(find(list, "null1"));
	assert_non_null(strstr(errbuf, "the daemon of the failing devices does not answer"));
	pcap_freealldevs(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M2_prefixes_end_in_a_letter_and_names_are_short),
		cmocka_unit_test(M2_several_prefixes_and_an_instance_number),
		cmocka_unit_test(M4_link_types_are_registered),
		cmocka_unit_test(L1_and_L2_devices_are_listed_with_what_they_were_given),
		cmocka_unit_test(L3_a_module_that_cannot_enumerate_still_opens_by_name),
		cmocka_unit_test(L4_interfaces_of_the_system),
		cmocka_unit_test(L5_find_or_add_any_and_addresses),
		cmocka_unit_test(L6_one_module_that_fails_does_not_hide_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
