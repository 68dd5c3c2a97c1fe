/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking every module for its devices, where some of them misbehave. The module table here is the test's own: each
 * test says what its three modules do.
 */
#include "core/core.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* pcap_lookupdev() is deprecated, and still has to work. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define UP_RUNNING (PCAP_IF_UP | PCAP_IF_RUNNING)

static pcap_findalldevs_op_t behaviour[3];

#define MODULE(index, letter)                                                                                      \
	static int list_##letter(pcap_if_list_t *list, char *text)                                                 \
	{                                                                                                          \
		return behaviour[index] != NULL ? behaviour[index](list, text) : 0;                                \
	}                                                                                                          \
	static const struct pcap_module module_##letter = {PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module),    \
		#letter, "test module " #letter, NULL, list_##letter, NULL, NULL};

MODULE(0, a)
MODULE(1, b)
MODULE(2, c)

/* A module that only opens devices by name has nothing to list with. */
static const struct pcap_module module_silent = {
	PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "silent", "lists nothing", NULL, NULL, NULL, NULL};

const struct pcap_module *const pcapint_modules[] = {&module_a, &module_silent, &module_b, &module_c, NULL};

static int add(pcap_if_list_t *list, const char *name, bpf_u_int32 flags, char *text)
{
	return pcapint_add_dev(list, name, flags, NULL, text) != NULL ? 0 : PCAP_ERROR;
}

static int list_eth0(pcap_if_list_t *list, char *text)
{
	return add(list, "eth0", UP_RUNNING, text);
}

static int list_lo(pcap_if_list_t *list, char *text)
{
	return add(list, "lo", UP_RUNNING | PCAP_IF_LOOPBACK, text);
}

static int list_three_then_fail(pcap_if_list_t *list, char *text)
{
	for (int i = 0; i < 3; i++) {
		char name[] = {'b', 'a', 'd', (char)('0' + i), '\0'};

		if (add(list, name, 0, text) < 0)
			return PCAP_ERROR;
	}
	snprintf(text, PCAP_ERRBUF_SIZE, "the bus is on fire");
	return PCAP_ERROR;
}

static int add_after_a_failed_add(pcap_if_list_t *list, char *text)
{
	if (pcapint_add_dev(list, "", 0, NULL, text) != NULL)
		return 0;
	add(list, "late0", UP_RUNNING, text);
	return PCAP_ERROR;
}

static int fail_in_silence(pcap_if_list_t *list _U_, char *text _U_)
{
	return PCAP_ERROR;
}

/* Fills the buffer to its last byte, with no NUL. */
static int fail_at_length(pcap_if_list_t *list _U_, char *text)
{
	memset(text, 'x', PCAP_ERRBUF_SIZE);
	return PCAP_ERROR;
}

static int mutter_and_succeed(pcap_if_list_t *list, char *text)
{
	snprintf(text, PCAP_ERRBUF_SIZE, "nothing is wrong");
	return add(list, "quiet0", 0, text);
}

static int list_huge_name(pcap_if_list_t *list, char *text)
{
	static char name[4096];

	memset(name, 'h', sizeof(name) - 1);
	return add(list, name, UP_RUNNING, text);
}

static int list_200_devices(pcap_if_list_t *list, char *text)
{
	for (int i = 0; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof(name), "device%d", i);
		if (add(list, name, UP_RUNNING, text) < 0)
			return PCAP_ERROR;
	}
	return 0;
}

static void set_modules(pcap_findalldevs_op_t a, pcap_findalldevs_op_t b, pcap_findalldevs_op_t c)
{
	behaviour[0] = a;
	behaviour[1] = b;
	behaviour[2] = c;
}

/* An error buffer with a guard behind it, as programs have it. */
struct guarded {
	char errbuf[PCAP_ERRBUF_SIZE];
	char guard[8];
};

static struct guarded new_buffer(void)
{
	struct guarded buffer;

	memset(&buffer, 'G', sizeof(buffer));
	return buffer;
}

static void assert_listing(int expected_result, const char *expected_names, const char *expected_error)
{
	struct guarded buffer = new_buffer();
	pcap_if_t *devices = (pcap_if_t *)-1;
	char names[512] = "";

	assert_int_equal(pcap_findalldevs(&devices, buffer.errbuf), expected_result);
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ", device->name);
	assert_string_equal(names, expected_names);
	assert_non_null(memchr(buffer.errbuf, '\0', sizeof(buffer.errbuf)));
	assert_string_equal(buffer.errbuf, expected_error);
	assert_memory_equal(buffer.guard, "GGGGGGGG", 8);
	pcap_freealldevs(devices);
}

static void all_is_well(void **state _U_)
{
	set_modules(list_lo, list_eth0, NULL);
	assert_listing(0, "eth0 lo ", "");
}

static void no_device_is_no_failure(void **state _U_)
{
	set_modules(NULL, NULL, NULL);
	assert_listing(0, "", "");
}

static void rule_L6_one_failure_hides_nothing(void **state _U_)
{
	set_modules(list_three_then_fail, list_lo, list_eth0);
	assert_listing(0, "eth0 lo bad0 bad1 bad2 ", "a: the bus is on fire");
}

static void rule_L6_what_failed_can_be_seen(void **state _U_)
{
	set_modules(fail_in_silence, list_eth0, list_three_then_fail);
	assert_listing(0, "eth0 bad0 bad1 bad2 ",
		"a: can't list its devices, and does not say why; c: the bus is on fire");
}

static void rule_L1_only_failures_are_an_error(void **state _U_)
{
	set_modules(NULL, fail_in_silence, NULL);
	assert_listing(PCAP_ERROR, "", "b: can't list its devices, and does not say why");
}

static void add_after_failure(void **state _U_)
{
	set_modules(list_eth0, add_after_a_failed_add, NULL);
	assert_listing(0, "eth0 late0 ", "b: can't list a device that has no name");
}

static void text_of_a_success_is_not_an_error(void **state _U_)
{
	set_modules(mutter_and_succeed, NULL, NULL);
	assert_listing(0, "quiet0 ", "");
}

static void same_device_from_two_modules(void **state _U_)
{
	set_modules(list_eth0, list_eth0, list_lo);
	assert_listing(0, "eth0 lo ", "");
}

static void rule_L1_long_errors_fit(void **state _U_)
{
	struct guarded buffer = new_buffer();
	pcap_if_t *devices;

	set_modules(fail_at_length, fail_at_length, fail_in_silence);
	assert_int_equal(pcap_findalldevs(&devices, buffer.errbuf), PCAP_ERROR);
	assert_null(devices);
	assert_int_equal(strlen(buffer.errbuf), PCAP_ERRBUF_SIZE - 1);
	assert_memory_equal(buffer.errbuf, "a: xxxx", 7);
	assert_memory_equal(buffer.guard, "GGGGGGGG", 8);
}

static void assert_no_such_device(const char *device, const char *expected)
{
	struct guarded buffer = new_buffer();

	pcapint_no_such_device(buffer.errbuf, sizeof(buffer.errbuf), device);
	assert_string_equal(buffer.errbuf, expected);
	assert_memory_equal(buffer.guard, "GGGGGGGG", 8);
}

static void no_such_device_names_the_devices(void **state _U_)
{
	set_modules(list_lo, list_eth0, NULL);
	assert_no_such_device("eth7", "eth7: no such device (the devices are: eth0, lo)");
	assert_no_such_device("", ": no such device (the devices are: eth0, lo)");
	set_modules(NULL, NULL, NULL);
	assert_no_such_device("eth7", "eth7: no such device (there are no devices)");
	set_modules(fail_in_silence, NULL, NULL);
	assert_no_such_device("eth7", "eth7: no such device (there are no devices)");
}

static void no_such_device_suggests_a_near_miss(void **state _U_)
{
	static const char *const slips[] = {"ETH0", "eht0", "et0", "etth0", "eth0x", "exh0"};
	static const char *const no_slips[] = {"eth7", "eth00", "eth", "eth1000", "wlan0"};
	struct guarded buffer;

	set_modules(list_lo, list_eth0, NULL);
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		char expected[PCAP_ERRBUF_SIZE];

		snprintf(expected, sizeof(expected),
			"%s: no such device; did you mean eth0? (the devices are: eth0, lo)", slips[i]);
		assert_no_such_device(slips[i], expected);
	}
	for (size_t i = 0; i < sizeof(no_slips) / sizeof(no_slips[0]); i++) {
		buffer = new_buffer();
		pcapint_no_such_device(buffer.errbuf, sizeof(buffer.errbuf), no_slips[i]);
		assert_null(strstr(buffer.errbuf, "did you mean"));
	}
}

static void no_such_device_fits(void **state _U_)
{
	struct guarded buffer = new_buffer();
	char name[1000];
	const char *tail = ", …)";

	set_modules(list_200_devices, NULL, NULL);
	pcapint_no_such_device(buffer.errbuf, sizeof(buffer.errbuf), "eth7");
	assert_in_range(strlen(buffer.errbuf), PCAP_ERRBUF_SIZE - 20, PCAP_ERRBUF_SIZE - 1);
	assert_string_equal(buffer.errbuf + strlen(buffer.errbuf) - strlen(tail), tail);
	assert_non_null(strstr(buffer.errbuf, "(the devices are: device0, device1, "));
	assert_memory_equal(buffer.guard, "GGGGGGGG", 8);

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	set_modules(list_huge_name, NULL, NULL);
	pcapint_no_such_device(buffer.errbuf, sizeof(buffer.errbuf), name);
	assert_non_null(strstr(buffer.errbuf, ": no such device (the devices are: …)"));
	for (size_t size = 1; size < PCAP_ERRBUF_SIZE; size++) { /* any size, its last byte the NUL */
		buffer = new_buffer();
		pcapint_no_such_device(buffer.errbuf, size, name);
		assert_true(strlen(buffer.errbuf) < size);
		assert_int_equal(buffer.errbuf[size], 'G');
	}
}

static void lookupdev_takes_the_first(void **state _U_)
{
	struct guarded buffer = new_buffer();

	set_modules(list_lo, list_eth0, NULL);
	assert_string_equal(pcap_lookupdev(buffer.errbuf), "eth0");
	set_modules(list_lo, NULL, NULL);
	assert_null(pcap_lookupdev(buffer.errbuf));
	assert_string_equal(buffer.errbuf, "pcap_lookupdev: there is no device to capture on");
	set_modules(NULL, NULL, NULL);
	assert_null(pcap_lookupdev(buffer.errbuf));
	assert_string_equal(buffer.errbuf, "pcap_lookupdev: there is no device to capture on");
	set_modules(fail_in_silence, NULL, NULL);
	assert_null(pcap_lookupdev(buffer.errbuf));
	assert_string_equal(buffer.errbuf, "a: can't list its devices, and does not say why");
	set_modules(list_huge_name, NULL, NULL);
	assert_null(pcap_lookupdev(buffer.errbuf));
}

static void *look_up_elsewhere(void *unused _U_)
{
	char text[PCAP_ERRBUF_SIZE];

	return pcap_lookupdev(text);
}

static void lookupdev_has_a_buffer_a_thread(void **state _U_)
{
	char text[PCAP_ERRBUF_SIZE];
	pthread_t thread;
	void *other;
	char *mine;

	set_modules(list_eth0, NULL, NULL);
	mine = pcap_lookupdev(text);
	assert_int_equal(pthread_create(&thread, NULL, look_up_elsewhere, NULL), 0);
	assert_int_equal(pthread_join(thread, &other), 0);
	assert_ptr_not_equal(mine, other);
	assert_string_equal(mine, "eth0");
}

/* The last test: what pcap_init() did can't be undone. */
static void lookupdev_is_refused_after_init(void **state _U_)
{
	struct guarded buffer = new_buffer();

	set_modules(list_eth0, NULL, NULL);
	assert_int_equal(pcap_init(PCAP_CHAR_ENC_UTF_8, buffer.errbuf), 0);
	assert_null(pcap_lookupdev(buffer.errbuf));
	assert_non_null(strstr(buffer.errbuf, "pcap_findalldevs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(no_device_is_no_failure),
		cmocka_unit_test(rule_L6_one_failure_hides_nothing),
		cmocka_unit_test(rule_L6_what_failed_can_be_seen),
		cmocka_unit_test(rule_L1_only_failures_are_an_error),
		cmocka_unit_test(add_after_failure),
		cmocka_unit_test(text_of_a_success_is_not_an_error),
		cmocka_unit_test(same_device_from_two_modules),
		cmocka_unit_test(rule_L1_long_errors_fit),
		cmocka_unit_test(no_such_device_names_the_devices),
		cmocka_unit_test(no_such_device_suggests_a_near_miss),
		cmocka_unit_test(no_such_device_fits),
		cmocka_unit_test(lookupdev_takes_the_first),
		cmocka_unit_test(lookupdev_has_a_buffer_a_thread),
		cmocka_unit_test(lookupdev_is_refused_after_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
