/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time-stamp types: names and descriptions, both ways, and as the system's libpcap has them.
 */
#include "peer.h"

#include <limits.h>

#include <pcap-int.h>

static const struct {
	int type;
	const char *name;
} known[] = {
	{PCAP_TSTAMP_HOST, "host"},
	{PCAP_TSTAMP_HOST_LOWPREC, "host_lowprec"},
	{PCAP_TSTAMP_HOST_HIPREC, "host_hiprec"},
	{PCAP_TSTAMP_ADAPTER, "adapter"},
	{PCAP_TSTAMP_ADAPTER_UNSYNCED, "adapter_unsynced"},
	{PCAP_TSTAMP_HOST_HIPREC_UNSYNCED, "host_hiprec_unsynced"},
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static void test_both_ways(void **state _U_)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		assert_int_equal(pcap_tstamp_type_name_to_val(known[i].name), known[i].type);
		assert_string_equal(pcap_tstamp_type_val_to_name(known[i].type), known[i].name);
		assert_true(strlen(pcap_tstamp_type_val_to_description(known[i].type)) > 0);
	}
	assert_int_equal(pcap_tstamp_type_name_to_val("Host_HiPrec"), PCAP_TSTAMP_HOST_HIPREC);
}

static void test_unknown(void **state _U_)
{
	const char *names[] = {"", "hos", "hostx", "host ", "PCAP_TSTAMP_HOST", "0", "adapter-unsynced"};
	const int types[] = {INT_MIN, -1, (int)KNOWN_COUNT, INT_MAX};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(pcap_tstamp_type_name_to_val(names[i]), PCAP_ERROR);
	assert_int_equal(pcap_tstamp_type_name_to_val(NULL), PCAP_ERROR);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_null(pcap_tstamp_type_val_to_name(types[i]));
		assert_null(pcap_tstamp_type_val_to_description(types[i]));
	}
}

static void test_names_are_the_peers(void **state _U_)
{
	void *peer = load_peer();

	for (int type = -1; type <= 20; type++) {
		const char *theirs = PEER(peer, pcap_tstamp_type_val_to_name)(type);
		const char *ours = pcap_tstamp_type_val_to_name(type);
		assert_int_equal(theirs != NULL, ours != NULL);
		if (ours != NULL)
			assert_string_equal(ours, theirs);
	}
	dlclose(peer);
}

static void test_lists_are_freed(void **state _U_)
{
	pcap_free_tstamp_types(malloc(sizeof(int)));
	pcap_free_tstamp_types(NULL);
	pcap_free_datalinks(malloc(sizeof(int)));
	pcap_free_datalinks(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_names_are_the_peers),
		cmocka_unit_test(test_lists_are_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
