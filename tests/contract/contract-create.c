/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module contract's rules on creating a handle (C), a test a rule.
 */
#include "test.h"

static void C1_both_forms_of_create_are_taken(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *two = pcap_create("scripted0", errbuf), *three = pcap_create("ours0", errbuf);
	assert_non_null(two);
	assert_non_null(three);
	assert_string_equal(pcap_module_name(two), "scripted");
	assert_string_equal(pcap_module_name(three), "ours");
	pcap_close(two);
	pcap_close(three);
}

static void C2_what_no_module_serves_fails_at_once(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	assert_null(pcap_create("scripted7", errbuf));
	assert_non_null(strstr(errbuf, "scripted7: no such device"));
	assert_null(pcap_create("", errbuf));
	assert_string_not_equal(errbuf, "");
}

static void C2_a_name_of_another_leaves_the_others_their_turn(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	/* "other" is a prefix of the first module, which refuses it silently; "ours" and "null" come after it. */
	pcap_t *p = pcap_create("null0", errbuf);
	assert_non_null(p);
	assert_string_equal(pcap_module_name(p), "null");
	pcap_close(p);
	assert_null(pcap_create("other0", errbuf));
	assert_non_null(strstr(errbuf, "other0: no such device"));
}

static void C2_an_error_of_the_owner_ends_the_search(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	scripted.create_text = "scripted0: the card's firmware is missing";
	assert_null(pcap_create("scripted0", errbuf));
	assert_string_equal(errbuf, scripted.create_text);
	scripted.create_text = "ours0: the card's firmware is missing";
	assert_null(pcap_create("ours0", errbuf));
	assert_string_equal(errbuf, scripted.create_text);
}

static void C3_private_data_is_zeroed_and_one_a_handle(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	static const char zeroes[100];
	pcap_t *first = pcap_create("scripted0", errbuf), *second = pcap_create("scripted0", errbuf);
	assert_non_null(first);
	assert_non_null(second);
	assert_ptr_not_equal(scripted.privs[0], scripted.privs[1]);
	assert_memory_equal(scripted.privs[0], zeroes, sizeof(zeroes));
	assert_memory_equal(scripted.privs[1], zeroes, sizeof(zeroes));
	assert_int_equal((uintptr_t)scripted.privs[0] % _Alignof(max_align_t), 0);
	pcap_close(first);
	pcap_close(second);
}

static void C3_no_memory_is_an_error_with_a_text(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	assert_null(pcapint_create_common(errbuf, SIZE_MAX - 1, PCAP_MODULE_ABI_VERSION));
	assert_string_not_equal(errbuf, "");
	errbuf[0] = '\0';
	assert_null(pcapint_create_common(errbuf, 8, PCAP_MODULE_ABI_VERSION + (1 << 16)));
	assert_non_null(strstr(errbuf, "version"));
}

static void C4_monitor_mode_is_no_unless_the_module_says_so(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create("scripted0", errbuf);
	assert_int_equal(pcap_can_set_rfmon(p), 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_can_set_rfmon(p), PCAP_ERROR_ACTIVATED);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(C1_both_forms_of_create_are_taken, reset),
		cmocka_unit_test_setup(C2_what_no_module_serves_fails_at_once, reset),
		cmocka_unit_test_setup(C2_a_name_of_another_leaves_the_others_their_turn, reset),
		cmocka_unit_test_setup(C2_an_error_of_the_owner_ends_the_search, reset),
		cmocka_unit_test_setup(C3_private_data_is_zeroed_and_one_a_handle, reset),
		cmocka_unit_test_setup(C3_no_memory_is_an_error_with_a_text, reset),
		cmocka_unit_test_setup(C4_monitor_mode_is_no_unless_the_module_says_so, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
