/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link-layer types: every one that pcap/dlt.h has, both ways; the numbers that files hold for them; and the same
 * asked of the system's libpcap.
 */
#include "peer.h"

#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "core/core.h"

/* The registry's numbers that no DLT_ is defined for. */
static bool is_reserved(int value)
{
	return value == 106 || value == 110 || value == 111 || value == 208;
}

static void header_line(const char *line, size_t *macros)
{
	char name[64], value[64];
	char *end;

	if (sscanf(line, "#define DLT_%63s %63s", name, value) != 2 || strchr(name, '(') != NULL)
		return;
	if (strncmp(name, "MATCHING_", 9) == 0 || strncmp(name, "CLASS", 5) == 0 || strcmp(name, "HIPPI") == 0)
		return;
	long number = strtol(value, &end, 10);
	if (strncmp(value, "DLT_", 4) == 0)
		number = pcap_datalink_name_to_val(value + 4);
	else
		assert_int_equal(*end, '\0');
	int found = pcap_datalink_name_to_val(name);
	if (found < 0)
		fail_msg("DLT_%s has no row", name);
	/* Another system's number; the right one for this system is in a line of its own. */
	if (found != number)
		return;
	assert_non_null(pcap_datalink_val_to_name(found));
	++*macros;
}

static void test_every_macro_of_the_header_has_a_row(void **state _U_)
{
	char line[512];
	size_t macros = 0;
	FILE *header = fopen(DLT_HEADER, "r");

	assert_non_null(header);
	while (fgets(line, sizeof(line), header) != NULL)
		header_line(line, &macros);
	fclose(header);
	/* 217 types and 7 second names. */
	assert_int_equal(macros, 224);
}

static void change_case(char *to, const char *from, int (*change)(int))
{
	while (*from != '\0')
		*to++ = (char)change((unsigned char)*from++);
	*to = '\0';
}

static void test_every_value_both_ways(void **state _U_)
{
	char changed[64];

	for (int dlt = 0; dlt <= DLT_MATCHING_MAX; dlt++) {
		const char *name = pcap_datalink_val_to_name(dlt);
		const char *description = pcap_datalink_val_to_description(dlt);
		assert_int_equal(name != NULL, description != NULL);
		if (name == NULL)
			continue;
		assert_true(strlen(description) > 0 && strlen(description) < 64);
		assert_string_equal(pcap_datalink_val_to_description_or_dlt(dlt), description);
		assert_int_equal(pcap_datalink_name_to_val(name), dlt);
		change_case(changed, name, tolower);
		assert_int_equal(pcap_datalink_name_to_val(changed), dlt);
		change_case(changed, name, toupper);
		assert_int_equal(pcap_datalink_name_to_val(changed), dlt);
	}
}

static void test_the_registry_has_no_gap(void **state _U_)
{
	for (int dlt = DLT_MATCHING_MIN; dlt <= DLT_MATCHING_MAX; dlt++) {
		if (!is_reserved(dlt) && pcap_datalink_val_to_name(dlt) == NULL)
			fail_msg("no row for %d", dlt);
	}
}

/* From the registry of link-layer header types. */
static const struct {
	int dlt;
	int linktype;
	const char *name;
	const char *description;
} known[] = {
	{0, 0, "NULL", "BSD loopback"},
	{1, 1, "EN10MB", "Ethernet"},
	{6, 6, "IEEE802", "Token ring"},
	{11, 100, "ATM_RFC1483", NULL},
	{19, 106, "ATM_CLIP", NULL},
	{50, 50, "PPP_SERIAL", NULL},
	{51, 51, "PPP_ETHER", "PPPoE"},
	{99, 99, "SYMANTEC_FIREWALL", NULL},
	{104, 104, "C_HDLC", "Cisco HDLC"},
	{105, 105, "IEEE802_11", "802.11"},
	{113, 113, "LINUX_SLL", "Linux cooked v1"},
	{127, 127, "IEEE802_11_RADIO", "802.11 plus radiotap header"},
	{195, 195, "IEEE802_15_4", "IEEE 802.15.4 with FCS"},
	{276, 276, "LINUX_SLL2", "Linux cooked v2"},
	{290, 290, "ETW", "Event Tracing for Windows"},
	{302, 302, "EDK2_MM", NULL},
	{304, 304, "DECT_NR_TAP", NULL},
#ifdef __linux__
	{12, 101, "RAW", "Raw IP"},
	{15, 102, "SLIP_BSDOS", NULL},
	{16, 103, "PPP_BSDOS", NULL},
	{108, 108, "LOOP", "OpenBSD loopback"},
	{109, 109, "ENC", NULL},
	{112, 112, "HDLC", NULL},
	{121, 121, "HHDLC", NULL},
	{246, 246, "PFSYNC", NULL},
	{258, 258, "PKTAP", NULL},
#endif
};

static void test_well_known_types(void **state _U_)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_string_equal(pcap_datalink_val_to_name(known[i].dlt), known[i].name);
		if (known[i].description != NULL)
			assert_string_equal(pcap_datalink_val_to_description(known[i].dlt), known[i].description);
		assert_int_equal(pcapint_dlt_to_linktype(known[i].dlt), known[i].linktype);
		assert_int_equal(pcapint_linktype_to_dlt(known[i].linktype), known[i].dlt);
	}
}

static void test_second_names(void **state _U_)
{
	assert_int_equal(pcap_datalink_name_to_val("chdlc"), DLT_C_HDLC);
	assert_int_equal(pcap_datalink_name_to_val("IEEE802_15_4_WITHFCS"), DLT_IEEE802_15_4);
	assert_int_equal(pcap_datalink_name_to_val("IPMB_LINUX"), DLT_I2C_LINUX);
	assert_int_equal(pcap_datalink_name_to_val("PPP_WITH_DIRECTION"), DLT_PPP_PPPD);
	assert_int_equal(pcap_datalink_name_to_val("LINUX_PPP_WITHDIRECTION"), DLT_PPP_PPPD);
	assert_int_equal(pcap_datalink_name_to_val("USB"), DLT_USB_FREEBSD);
}

static void test_unknown_names_and_values(void **state _U_)
{
	const char *names[] = {"", " ", "EN10M", "EN10MBX", "DLT_EN10MB", "en10mb ", "1",
		"\xc4\xb0"
		"EEE802",
		"%s%n"};
	const int values[] = {
		INT_MIN, -2, -1, 13, 14, 17, 106, 208, DLT_MATCHING_MAX + 1, 400, INT_MAX, DLT_NETBSD_RAWAF(2)};
	char text[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(pcap_datalink_name_to_val(names[i]), PCAP_ERROR);
	assert_int_equal(pcap_datalink_name_to_val(NULL), PCAP_ERROR);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_null(pcap_datalink_val_to_name(values[i]));
		assert_null(pcap_datalink_val_to_description(values[i]));
		snprintf(text, sizeof(text), "DLT %d", values[i]);
		assert_string_equal(pcap_datalink_val_to_description_or_dlt(values[i]), text);
		assert_int_equal(pcapint_max_snaplen_for_dlt(values[i]), MAXIMUM_SNAPLEN);
	}
}

static void *unknown_in_thread(void *text)
{
	*(const char **)text = pcap_datalink_val_to_description_or_dlt(5001);
	return NULL;
}

static void test_unknown_text_is_the_threads_own(void **state _U_)
{
	const char *mine = pcap_datalink_val_to_description_or_dlt(5000);
	const char *others = mine;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, unknown_in_thread, &others), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ptr_not_equal(mine, others);
	assert_string_equal(mine, "DLT 5000");
}

static void test_hostile_names(void **state _U_)
{
	uint64_t random = 1;
	char text[128];

	for (int round = 0; round < 20000; round++) {
		const char *name = pcap_datalink_val_to_name((int)random_below(&random, 305));
		size_t length = name != NULL ? strlen(name) : 0;
		memcpy(text, name != NULL ? name : "", length);
		length = mutate(&random, text, length, sizeof(text), "EN10MB_ieE\xff\x01 ");
		char *copy = exact_copy(text, length);
		int dlt = pcap_datalink_name_to_val(copy);
		assert_true(dlt == PCAP_ERROR || pcap_datalink_val_to_name(dlt) != NULL);
		free(copy);
	}
}

/* What goes into a file comes out of it; a number that is not known stays what it is. */
static void test_linktype_round_trips(void **state _U_)
{
	for (int dlt = -300; dlt <= 70000; dlt++) {
		int linktype = pcapint_dlt_to_linktype(dlt);
		if (linktype >= 0)
			assert_int_equal(pcapint_linktype_to_dlt(linktype), dlt == 106 ? DLT_ATM_CLIP : dlt);
		bool has_none = dlt < 0 || dlt > 0xffff ||
				(dlt < DLT_MATCHING_MIN && pcap_datalink_val_to_name(dlt) == NULL) ||
				dlt == DLT_REDBACK_SMARTEDGE;
		assert_int_equal(linktype < 0, has_none);
	}
	for (int linktype = -300; linktype <= 70000; linktype++) {
		if (linktype > DLT_MATCHING_MAX || linktype < 0)
			assert_int_equal(pcapint_linktype_to_dlt(linktype), linktype);
	}
	assert_int_equal(pcapint_linktype_to_dlt(INT_MIN), INT_MIN);
	assert_int_equal(pcapint_dlt_to_linktype(INT_MIN), -1);
	assert_int_equal(pcapint_dlt_to_linktype(INT_MAX), -1);
}

static void test_netbsd_raw_class(void **state _U_)
{
	for (int family = 0; family <= 0xffff; family += 0x101) {
		int dlt = DLT_NETBSD_RAWAF(family);
		assert_int_equal(pcapint_dlt_to_linktype(dlt), dlt);
		assert_int_equal(pcapint_linktype_to_dlt(dlt), dlt);
	}
	assert_int_equal(pcapint_dlt_to_linktype(DLT_NETBSD_RAWAF(0) | 0x4000000), -1);
}

static void test_snapshot_limits(void **state _U_)
{
	for (int dlt = 0; dlt <= DLT_MATCHING_MAX; dlt++) {
		u_int expected = dlt == DLT_DBUS || dlt == DLT_USBPCAP ? 128U << 20
				 : dlt == DLT_EBHSCR                   ? 8U << 20
								       : MAXIMUM_SNAPLEN;
		assert_int_equal(pcapint_max_snaplen_for_dlt(dlt), expected);
	}
}

/* Where libpcap has a name, ours has the same; 209 was renamed since, and the old name is still known. */
static void test_names_are_the_peers(void **state _U_)
{
	void *peer = load_peer();
	size_t compared = 0;

	for (int dlt = 0; dlt <= 300; dlt++) {
		const char *theirs = PEER(peer, pcap_datalink_val_to_name)(dlt);
		if (theirs == NULL)
			continue;
		assert_int_equal(pcap_datalink_name_to_val(theirs), dlt);
		if (dlt != DLT_I2C_LINUX)
			assert_string_equal(pcap_datalink_val_to_name(dlt), theirs);
		compared++;
	}
	assert_true(compared > 150);
	dlclose(peer);
}

/* The number in the header that the peer writes, or -1 if it refuses. */
static int peer_linktype(void *peer, int dlt, const char *path)
{
	struct pcap_file_header header;
	pcap_t *p = PEER(peer, pcap_open_dead)(dlt, 65535);
	pcap_dumper_t *dumper = PEER(peer, pcap_dump_open)(p, path);

	PEER(peer, pcap_close)(p);
	if (dumper == NULL)
		return -1;
	PEER(peer, pcap_dump_close)(dumper);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(&header, sizeof(header), 1, file), 1);
	fclose(file);
	return (int)header.linktype;
}

/* What the peer reads from a file whose header has that number. */
static int peer_dlt(void *peer, int linktype, const char *path)
{
	const struct pcap_file_header header = {
		0xa1b2c3d4, PCAP_VERSION_MAJOR, PCAP_VERSION_MINOR, 0, 0, 65535, (bpf_u_int32)linktype};
	char errbuf[PCAP_ERRBUF_SIZE];
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(&header, sizeof(header), 1, file), 1);
	fclose(file);
	pcap_t *p = PEER(peer, pcap_open_offline)(path, errbuf);
	assert_non_null(p);
	int dlt = PEER(peer, pcap_datalink)(p);
	PEER(peer, pcap_close)(p);
	return dlt;
}

static void test_file_numbers_are_the_peers(void **state _U_)
{
	void *peer = load_peer();
	char path[] = "/tmp/weir-link-types-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	for (int dlt = 0; dlt <= DLT_MATCHING_MAX; dlt++) {
		int theirs = peer_linktype(peer, dlt, path);
		/* An older registry's end is not a difference. */
		if (theirs >= 0 || dlt < DLT_MATCHING_MIN)
			assert_int_equal(pcapint_dlt_to_linktype(dlt), theirs);
		assert_int_equal(pcapint_linktype_to_dlt(dlt), peer_dlt(peer, dlt, path));
	}
	unlink(path);
	dlclose(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_macro_of_the_header_has_a_row),
		cmocka_unit_test(test_every_value_both_ways),
		cmocka_unit_test(test_the_registry_has_no_gap),
		cmocka_unit_test(test_well_known_types),
		cmocka_unit_test(test_second_names),
		cmocka_unit_test(test_unknown_names_and_values),
		cmocka_unit_test(test_unknown_text_is_the_threads_own),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_linktype_round_trips),
		cmocka_unit_test(test_netbsd_raw_class),
		cmocka_unit_test(test_snapshot_limits),
		cmocka_unit_test(test_names_are_the_peers),
		cmocka_unit_test(test_file_numbers_are_the_peers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
