/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of the Linux module: that what they tell of any type of interface fits together.
 */
#include "modules/linux/linux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_arp.h>

#define DLTS (sizeof(((struct linux_link_type *)NULL)->dlts) / sizeof(int))

static void check_type(const struct linux_link_type *type)
{
	assert_int_not_equal(type->dlts[0], 0);
	for (size_t i = 0; i < DLTS && type->dlts[i] != 0; i++) {
		assert_non_null(pcap_datalink_val_to_name(type->dlts[i]));
		/* A header can be made only in the room that is kept for it. */
		const struct cooked_header *header = pcapint_linux_cooked_header(type->dlts[i]);
		if (header != NULL)
			assert_true(type->cooked);
		else if (type->cooked)
			assert_int_equal(type->dlts[i], DLT_RAW);
	}
}

static void every_type_of_interface_has_link_layer_types_with_names(void **state _U_)
{
	unsigned known = 0;

	for (u_int hatype = 0; hatype <= 0xffff; hatype++) {
		const struct linux_link_type *type = pcapint_linux_link_type(hatype);
		if (type == NULL)
			continue;
		assert_int_equal(type->hatype, hatype);
		check_type(type);
		known++;
	}
	assert_in_range(known, 50, 100);
	assert_null(pcapint_linux_link_type(9999));
}

static void cooked_headers_fit_in_their_room(void **state _U_)
{
	static const int dlts[] = {DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_LINUX_IRDA, DLT_LINUX_LAPD, DLT_NETLINK};

	for (size_t i = 0; i < sizeof(dlts) / sizeof(dlts[0]); i++) {
		const struct cooked_header *header = pcapint_linux_cooked_header(dlts[i]);
		assert_non_null(header);
		assert_int_equal(header->dlt, dlts[i]);
		assert_true(header->size + VLAN_TAG_LEN <= COOKED_HEADROOM);
		assert_true(header->protocol_offset + 2 <= header->size);
		for (size_t k = 0; header->fields[k].size != 0; k++)
			assert_true(header->fields[k].offset + header->fields[k].size <= header->size);
	}
	assert_null(pcapint_linux_cooked_header(DLT_EN10MB));
}

static void a_switchs_tags_have_link_layer_types(void **state _U_)
{
	static const struct {
		const char *tagging;
		int dlt;
	} rows[] = {{"dsa", DLT_DSA_TAG_DSA}, {"edsa", DLT_DSA_TAG_EDSA}, {"brcm", DLT_DSA_TAG_BRCM},
		{"brcm-prepend", DLT_DSA_TAG_BRCM_PREPEND}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct linux_link_type *type = pcapint_linux_switch_type(rows[i].tagging);
		assert_non_null(type);
		assert_int_equal(type->dlts[0], rows[i].dlt);
		check_type(type);
	}
	/* Others are captured as Ethernet. */
	assert_null(pcapint_linux_switch_type("none"));
	assert_null(pcapint_linux_switch_type(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_interface_has_link_layer_types_with_names),
		cmocka_unit_test(cooked_headers_fit_in_their_room),
		cmocka_unit_test(a_switchs_tags_have_link_layer_types),
	};

	return cmocka_run_group_tests_name("tables of the Linux module", tests, NULL, NULL);
}
