/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filter sets and batches: each filter answers in a set what it answers alone, with native code and without; what can't
 * be in a set is refused with its number; and packets asked in one call get what they get one by one.
 */
#include "bpf-test.h"

#include "bpf/native.h"

#include <pcap/weir.h>

#define MOST_FILTERS 400
#define PACKETS 500
#define PACKET_ROOM 80

static struct pcap_pkthdr headers[PACKETS];
static const u_char *data[PACKETS];

/* Packets of which some are in the filters below: IPv4, ARP and others, many of them cut off somewhere. */
static int make_packets(void **state _U_)
{
	static u_char bytes[PACKETS][PACKET_ROOM];
	static const u_char types[][2] = {{8, 0}, {8, 0}, {8, 0}, {8, 6}, {0x86, 0xdd}, {0x81, 0}};
	static const u_char protocols[] = {6, 6, 17, 1};
	uint64_t random = 7;

	for (u_int i = 0; i < PACKETS; i++) {
		u_char *packet = bytes[i];
		for (u_int j = 0; j < PACKET_ROOM; j++)
			packet[j] = (u_char)random_below(&random, 3);
		memcpy(packet + 12, types[random_below(&random, 6)], 2);
		packet[14] = 0x45;
		packet[23] = protocols[random_below(&random, 4)];
		packet[20] =
			packet[12] == 0x86 ? packet[23] : 0; /* in IPv6; in IPv4 it says which fragment it is */
		packet[26] = packet[30] = 10;
		packet[21] = packet[34] = packet[36] = 0;
		packet[35] = packet[37] = (u_char)random_below(&random, 100);
		u_int length = random_below(&random, 4) == 0 ? random_below(&random, PACKET_ROOM) : PACKET_ROOM;
		headers[i].caplen = length;
		headers[i].len = PACKET_ROOM + i;
		data[i] = packet;
	}
	return 0;
}

struct filters {
	size_t count;
	struct bpf_program programs[MOST_FILTERS];
};

static void compile_one(struct filters *filters, const char *expression)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 1000);

	assert_non_null(p);
	assert_true(filters->count < MOST_FILTERS);
	if (pcap_compile(p, &filters->programs[filters->count++], expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
		fail_msg("%s: %s", expression, pcap_geterr(p));
	pcap_close(p);
}

static void free_filters(struct filters *filters)
{
	for (size_t i = 0; i < filters->count; i++)
		pcap_freecode(&filters->programs[i]);
	filters->count = 0;
}

/* How often some filter accepts a packet. */
static u_int check_set(const pcap_filter_set_t *set, const struct filters *filters)
{
	uint64_t matches[PCAP_FILTER_SET_WORDS(MOST_FILTERS)];
	u_int all = 0;

	assert_int_equal(pcap_filter_set_count(set), filters->count);
	for (u_int i = 0; i < PACKETS; i++) {
		const u_char *packet = guarded(data[i], headers[i].caplen);
		size_t accepting = pcap_filter_set_match(set, &headers[i], packet, matches), expected = 0;
		for (size_t j = 0; j < filters->count; j++) {
			bool accepts = pcap_offline_filter(&filters->programs[j], &headers[i], packet) != 0;
			expected += accepts;
			if ((matches[j / 64] >> j % 64 & 1) != accepts)
				fail_msg("packet %u: filter %zu answers %d alone, and not in the set", i, j + 1,
					accepts);
		}
		assert_int_equal(accepting, expected);
		all += (u_int)expected;
	}
	return all;
}

static u_int check_filters(const struct filters *filters)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	u_int accepted[2];

	for (uint32_t flags = 0; flags <= PCAP_FILTER_SET_INTERPRETED; flags++) {
		pcap_filter_set_t *set = pcap_filter_set_create(filters->programs, filters->count, flags, errbuf);
		if (set == NULL)
			fail_msg("%s", errbuf);
		accepted[flags] = check_set(set, filters);
		pcap_filter_set_free(set);
	}
	assert_int_equal(accepted[0], accepted[1]);
	return accepted[0];
}

static void test_filters_of_one_kind(void **state _U_)
{
	static struct filters filters;
	char text[100];

	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "host 10.%d.%d.%d", i % 3, i / 3 % 3, i % 7);
		compile_one(&filters, text);
	}
	assert_true(check_filters(&filters) > 500);
	free_filters(&filters);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%s portrange %d-%d", i % 2 ? "udp" : "tcp", i, i + i % 5);
		compile_one(&filters, text);
	}
	assert_true(check_filters(&filters) > 100);
	free_filters(&filters);
}

static const char *const assorted[] = {"", "ip", "not ip", "tcp port 20", "udp port 20 or 30", "icmp[icmptype] = 1",
	"len > 300", "greater 200 and less 250", "ip6", "ip6 and tcp", "arp", "arp host 10.0.0.1", "net 10.0.0.0/9",
	"not net 10.0.0.0/9", "ip[0] & 0xf != 5", "tcp[tcpflags] & tcp-syn != 0", "ip[2:2] > len",
	"ether[0] & 1 != 0", "vlan", "vlan and ip", "tcp[2:2] = tcp[0:2]", "udp[2:2] - udp[0:2] < 10",
	"ip[12] = ip[16] and ip[13] != ip[17]", "ip[8] * ip[9] / 3 % 2 = 0", "len / ip[13] > 100",
	"ip6 protochain 6", "ip protochain 17", "ether[79] = 1", "ether[70:4] & 0x01010101 = 0x01010101", "mpls",
	"pppoes"};

static void test_filters_of_many_kinds(void **state _U_)
{
	static struct filters filters;

	for (size_t i = 0; i < LENGTH(assorted); i++)
		compile_one(&filters, assorted[i]);
	assert_true(check_filters(&filters) > 1000);
	/* The same filter more than once, and all of them in more words than one. */
	for (size_t i = 0; i < 3 * LENGTH(assorted); i++)
		compile_one(&filters, assorted[i % LENGTH(assorted)]);
	assert_true(check_filters(&filters) > 4000);
	free_filters(&filters);
	assert_int_equal(check_filters(&filters), 0);
}

/* Tests that have nothing in common, for which all ways through the filters would be too many. */
static void test_filters_that_do_not_combine(void **state _U_)
{
	static struct filters filters;
	char text[400];

	for (int i = 0; i < 60; i++) {
		int used = 0;
		for (int j = 0; j < 8; j++)
			used += snprintf(text + used, sizeof(text) - (size_t)used, "%sether[%d] & %d %s 0",
				j == 0       ? ""
				: j % 3 == 0 ? " or "
					     : " and ",
				(i * 7 + j * 11) % 60, 1 + (i + j) % 3, (i + j) % 2 ? "!=" : "=");
		compile_one(&filters, text);
	}
	assert_true(check_filters(&filters) > 1000);
	free_filters(&filters);
}

/* So many comparisons of overlapping bytes that they are run one after the other. */
static void test_filters_that_grow_out_of_bounds(void **state _U_)
{
	static struct filters filters;
	uint64_t random = 11;
	char text[400];

	for (int i = 0; i < 350; i++) {
		int used = 0;
		for (int j = 0; j < 8; j++)
			used += snprintf(text + used, sizeof(text) - (size_t)used, "%sether[%u:4] > 0x%x",
				j == 0                          ? ""
				: random_below(&random, 2) != 0 ? " or "
								: " and ",
				random_below(&random, 20), random_number(&random) & 0x3030303);
		compile_one(&filters, text);
	}
	compile_one(&filters, "ip6 protochain 6");
	assert_true(check_filters(&filters) > 10000);
	free_filters(&filters);
}

static void test_expressions(void **state _U_)
{
	const char *const expressions[] = {"tcp", "udp port 20", "host 10.1.1.1"}, *const wrong[] = {
											   "tcp", "udp prot 20"};
	static struct filters filters;
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 1000);
	pcap_filter_set_t *set = pcap_filter_set_compile(p, expressions, LENGTH(expressions), NULL, 0, 0);

	for (size_t i = 0; i < LENGTH(expressions); i++)
		compile_one(&filters, expressions[i]);
	assert_non_null(set);
	assert_true(check_set(set, &filters) > 100);
	pcap_filter_set_free(set);
	free_filters(&filters);
	assert_null(pcap_filter_set_compile(p, wrong, LENGTH(wrong), NULL, 0, 0));
	assert_string_equal(pcap_geterr(p),
		"filter 2: filter expression, column 5: unknown word \"prot\"; did you mean \"port\"?\n"
		"  udp prot 20\n      ^^^^");
	pcap_close(p);
	p = pcap_create("null0", errbuf);
	assert_non_null(p);
	assert_null(pcap_filter_set_compile(p, expressions, 1, NULL, 0, 0));
	assert_string_equal(pcap_geterr(p),
		"pcap_filter_set_compile: the capture has not been activated: call pcap_activate() first");
	pcap_close(p);
}

static void test_programs_that_are_refused(void **state _U_)
{
	struct bpf_program programs[] = {assemble("ret #1"), assemble("ldb [0]\nret"), assemble("ld [cpu]\nret")};
	char errbuf[PCAP_ERRBUF_SIZE];

	assert_null(pcap_filter_set_create(programs, LENGTH(programs), 0, errbuf));
	assert_string_equal(errbuf, "filter 3: instruction 0 loads [cpu], which only the kernel knows");
	programs[1].bf_len = 1;
	assert_null(pcap_filter_set_create(programs, 2, 0, errbuf));
	assert_memory_equal(errbuf, "filter 2: ", 10);
	assert_null(pcap_filter_set_create(programs, SIZE_MAX, 0, errbuf));
	assert_memory_equal(errbuf, "a filter set has at most 16777216 filters", 41);
	assert_null(pcap_filter_set_create(&(struct bpf_program){0, NULL}, 1, 0, errbuf));
	assert_memory_equal(errbuf, "filter 1: ", 10);
	programs[1].bf_len = 2;
	for (size_t i = 0; i < LENGTH(programs); i++)
		pcap_freecode(&programs[i]);
	pcap_filter_set_free(NULL);
}

/* A set has copies, and what was made of them stays. */
static void test_programs_may_change_afterwards(void **state _U_)
{
	struct bpf_program program = assemble("ldb [0]\njeq #5 jt good jf bad\ngood: ret #1\nbad: ret #0");
	struct bpf_program loop = assemble("ja start\ngood: ret #1\nstart: ldb [0]\n"
					   "jeq #5 jt back jf bad\nback: ja good\nbad: ret #0");
	struct bpf_program programs[] = {program, loop};
	uint64_t matches[PCAP_FILTER_SET_WORDS(2)];
	struct pcap_pkthdr header = {.caplen = 1, .len = 1};
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_filter_set_t *set = pcap_filter_set_create(programs, 2, 0, errbuf);

	assert_non_null(set);
	memset(program.bf_insns, 0xff, program.bf_len * sizeof(*program.bf_insns));
	pcap_freecode(&loop);
	assert_int_equal(pcap_filter_set_match(set, &header, guarded("\x05", 1), matches), 2);
	assert_int_equal(matches[0], 3);
	assert_int_equal(pcap_filter_set_match(set, &header, guarded("\x06", 1), matches), 0);
	assert_int_equal(matches[0], 0);
	pcap_filter_set_free(set);
	pcap_freecode(&program);
}

static void test_a_batch_for_a_set(void **state _U_)
{
	static uint64_t matches[PACKETS][PCAP_FILTER_SET_WORDS(LENGTH(assorted))];
	uint64_t alone[PCAP_FILTER_SET_WORDS(LENGTH(assorted))];
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 1000);
	pcap_filter_set_t *set = pcap_filter_set_compile(p, assorted + 3, 5, NULL, 0, 0);
	size_t accepted = 0;

	assert_non_null(set);
	assert_int_equal(pcap_filter_set_match_batch(set, headers, data, 0, NULL), 0);
	size_t by_batch = pcap_filter_set_match_batch(set, headers, data, PACKETS, matches[0]);
	for (u_int i = 0; i < PACKETS; i++) {
		accepted += pcap_filter_set_match(set, &headers[i], data[i], alone) != 0;
		assert_int_equal(matches[i][0], alone[0]);
	}
	assert_int_equal(by_batch, accepted);
	assert_in_range(accepted, 10, PACKETS - 10);
	pcap_filter_set_free(set);
	pcap_close(p);
}

/* A batch as long as the packets, and one that is worth native code. */
static void test_a_batch_for_a_program(void **state _U_)
{
	enum { TIMES = 20 };
	static struct pcap_pkthdr many_headers[PACKETS * TIMES];
	static const u_char *many[PACKETS * TIMES];
	static int results[PACKETS * TIMES];
	static struct filters filters;

	for (u_int i = 0; i < PACKETS * TIMES; i++) {
		many_headers[i] = headers[i % PACKETS];
		many[i] = data[i % PACKETS];
	}
	for (size_t i = 0; i < LENGTH(assorted); i++)
		compile_one(&filters, assorted[i]);
	for (size_t i = 0; i < filters.count; i++) {
		u_int packets = i % 2 == 0 ? PACKETS : PACKETS * TIMES;
		size_t accepted = 0;
		size_t by_batch =
			pcap_offline_filter_batch(&filters.programs[i], many_headers, many, packets, results);
		for (u_int j = 0; j < packets; j++) {
			int alone = pcap_offline_filter(&filters.programs[i], &many_headers[j], many[j]);
			assert_int_equal(results[j], alone);
			accepted += alone != 0;
		}
		assert_int_equal(by_batch, accepted);
	}
	free_filters(&filters);
}

static void test_a_batch_for_a_wrong_program(void **state _U_)
{
	struct bpf_insn insns[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0)};
	struct bpf_program program = {LENGTH(insns), insns}, none = {0, NULL};
	static int results[PACKETS];

	memset(results, 0xff, sizeof(results));
	assert_int_equal(pcap_offline_filter_batch(&program, headers, data, PACKETS, results), 0);
	for (u_int i = 0; i < PACKETS; i++)
		assert_int_equal(results[i], 0);
	memset(results, 0xff, sizeof(results));
	assert_int_equal(pcap_offline_filter_batch(&none, headers, data, PACKETS, results), 0);
	for (u_int i = 0; i < PACKETS; i++)
		assert_int_equal(results[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters_of_one_kind),
		cmocka_unit_test(test_filters_of_many_kinds),
		cmocka_unit_test(test_filters_that_do_not_combine),
		cmocka_unit_test(test_filters_that_grow_out_of_bounds),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_programs_that_are_refused),
		cmocka_unit_test(test_programs_may_change_afterwards),
		cmocka_unit_test(test_a_batch_for_a_set),
		cmocka_unit_test(test_a_batch_for_a_program),
		cmocka_unit_test(test_a_batch_for_a_wrong_program),
	};
	return cmocka_run_group_tests(tests, make_packets, NULL);
}
