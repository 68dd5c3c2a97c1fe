/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decoder of `weir capture` and `weir read`: the line and the facts of a packet of each kind, all of them cut
 * at every byte, and damaged at random. Packets lie in memory of exactly their size, so that a sanitizer sees a
 * read behind the end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <sys/socket.h>

#include "../lib/random-numbers.h"
#include "decode.h"
#include "decode-cases.h"

static void decode_bytes(struct decoded *decoded, int linktype, const uint8_t *bytes, size_t captured, size_t wire)
{
	struct pcap_pkthdr header = {.caplen = captured, .len = wire};
	uint8_t *exact = malloc(captured > 0 ? captured : 1);

	assert_non_null(exact);
	memcpy(exact, bytes, captured);
	/* Where there is no byte, there is none to be read either. */
	decode_packet(decoded, linktype, &header, captured > 0 ? exact : exact + 1);
	free(exact);
}

static void assert_sound(const struct decoded *decoded)
{
	size_t length = strlen(decoded->buffer);

	assert_in_range(length, 1, DECODE_TEXT_SIZE - 1);
	assert_int_equal(length, text_length(&decoded->text));
	for (size_t i = 0; i < length; i++)
		assert_in_range((uint8_t)decoded->buffer[i], ' ', '~');
	assert_int_equal(strstr(decoded->buffer, "[truncated]") != NULL, decoded->truncated);
}

static void a_packet_of_each_kind_gives_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < DECODE_CASE_COUNT; i++) {
		struct decoded decoded;
		size_t size;
		uint8_t *packet = case_packet(&decode_cases[i], &size);

		assert_non_null(packet);
		decode_bytes(&decoded, decode_cases[i].linktype, packet, size, size);
		free(packet);
		if (strcmp(decoded.buffer, decode_cases[i].line) != 0)
			print_error("%s:\n", decode_cases[i].name);
		assert_string_equal(decoded.buffer, decode_cases[i].line);
		assert_false(decoded.truncated);
		assert_sound(&decoded);
	}
}

/* A packet that was cut off gives the whole line, or says that it was cut. */
static void a_cut_packet_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < DECODE_CASE_COUNT; i++) {
		size_t size;
		uint8_t *packet = case_packet(&decode_cases[i], &size);
		size_t marked = 0;

		assert_non_null(packet);
		for (size_t cut = 0; cut < size; cut++) {
			struct decoded decoded;

			decode_bytes(&decoded, decode_cases[i].linktype, packet, cut, size);
			assert_sound(&decoded);
			marked += decoded.truncated;
			if (!decoded.truncated && strcmp(decoded.buffer, decode_cases[i].line) != 0) {
				print_error("%s, cut at %zu of %zu:\n", decode_cases[i].name, cut, size);
				assert_string_equal(decoded.buffer, decode_cases[i].line);
			}
		}
		free(packet);
		/* Only link types that are not decoded have no header that can be cut. */
		if (marked == 0)
			assert_true(decode_cases[i].linktype == DLT_BLUETOOTH_HCI_H4 ||
				    decode_cases[i].linktype == 9999);
	}
}

/* The same bytes as a packet that was this short on the wire: what its headers claim is not there. */
static void a_short_packet_is_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < DECODE_CASE_COUNT; i++) {
		size_t size;
		uint8_t *packet = case_packet(&decode_cases[i], &size);

		assert_non_null(packet);
		for (size_t cut = 0; cut < size; cut++) {
			struct decoded decoded;

			decode_bytes(&decoded, decode_cases[i].linktype, packet, cut, cut);
			assert_sound(&decoded);
			/* A wire length below the captured length is a damaged file's. */
			decode_bytes(&decoded, decode_cases[i].linktype, packet, size, cut);
			assert_sound(&decoded);
		}
		free(packet);
	}
}

/* The same in every run. */
static void damage(uint8_t *packet, size_t size, uint64_t *seed)
{
	static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
	unsigned changes = 1 + random_number(seed) % 6;

	while (changes-- > 0) {
		uint32_t how = random_number(seed);
		size_t at = random_number(seed) % size;

		packet[at] = how % 2 ? edges[how / 2 % sizeof(edges)] : how >> 8;
	}
}

#define MUTATIONS_PER_CASE 3000

static void damaged_packets_are_no_harm(void **state)
{
	uint64_t seed = 0x77656972;

	(void)state;
	for (size_t i = 0; i < DECODE_CASE_COUNT; i++) {
		size_t size;
		uint8_t *packet = case_packet(&decode_cases[i], &size);
		uint8_t *damaged = malloc(size);

		assert_non_null(packet);
		assert_non_null(damaged);
		for (int n = 0; n < MUTATIONS_PER_CASE; n++) {
			struct decoded decoded;
			size_t captured = random_number(&seed) % 4 == 0 ? random_number(&seed) % (size + 1) : size;

			memcpy(damaged, packet, size);
			damage(damaged, size, &seed);
			decode_bytes(&decoded, decode_cases[i].linktype, damaged, captured, size);
			assert_sound(&decoded);
		}
		free(packet);
		free(damaged);
	}
}

static const struct decode_case *find_case(const char *name)
{
	for (size_t i = 0; i < DECODE_CASE_COUNT; i++) {
		if (strcmp(decode_cases[i].name, name) == 0)
			return &decode_cases[i];
	}
	fail_msg("there is no case %s", name);
	return NULL;
}

/* Decodes a case; the packet, which the facts point into, is the caller's to free. */
static uint8_t *decode_case(struct decoded *decoded, const char *name)
{
	const struct decode_case *found = find_case(name);
	struct pcap_pkthdr header = {0};
	size_t size;
	uint8_t *packet = case_packet(found, &size);

	assert_non_null(packet);
	header.caplen = header.len = size;
	decode_packet(decoded, found->linktype, &header, packet);
	return packet;
}

static void facts_are_those_of_the_outer_packet(void **state)
{
	static const uint8_t source[] = {10, 0, 0, 1}, destination[] = {10, 0, 0, 2};
	struct decoded decoded;
	uint8_t *packet = decode_case(&decoded, "port unreachable");

	(void)state;
	assert_int_equal(decoded.family, AF_INET);
	assert_int_equal(decoded.protocol, 1);
	assert_int_equal(decoded.ethertype, 0x0800);
	assert_int_equal(decoded.source_port, NOT_KNOWN);
	assert_memory_equal(decoded.source, source, 4);
	assert_memory_equal(decoded.destination, destination, 4);
	assert_memory_equal(decoded.source_mac, "\x02\0\0\0\0\x01", 6);
	assert_memory_equal(decoded.destination_mac, "\x02\0\0\0\0\x02", 6);
	free(packet);
}

static void facts_name_vlans_ports_and_cooked_fields(void **state)
{
	struct decoded decoded;
	uint8_t *packet = decode_case(&decoded, "six tags");

	(void)state;
	assert_int_equal(decoded.vlan_count, 6);
	for (int i = 0; i < DECODE_VLANS; i++)
		assert_int_equal(decoded.vlans[i], i + 1);
	assert_int_equal(decoded.source_port, 53);
	assert_int_equal(decoded.destination_port, 4000);
	assert_int_equal(decoded.protocol, 17);
	free(packet);
	packet = decode_case(&decoded, "sll2");
	assert_int_equal(decoded.interface_index, 3);
	assert_string_equal(decoded.direction, "in");
	free(packet);
	packet = decode_case(&decoded, "lldp");
	assert_int_equal(decoded.ethertype, 0x88cc);
	assert_int_equal(decoded.family, NOT_KNOWN);
	assert_null(decoded.source);
	free(packet);
}

/*
 * A packet of nothing but VLAN tags, or of nothing but extension headers, is gone through and the line stays short.
 */
static void endless_stacks_end(void **state)
{
	enum { SIZE = 60000 };
	uint8_t *packet = calloc(1, SIZE);
	struct decoded decoded;

	(void)state;
	assert_non_null(packet);
	for (size_t i = 12; i + 4 <= SIZE; i += 4)
		packet[i] = 0x81;
	decode_bytes(&decoded, DLT_EN10MB, packet, SIZE, SIZE);
	assert_sound(&decoded);
	assert_true(decoded.truncated);
	memset(packet, 0, SIZE);
	packet[0] = 0x60;
	packet[4] = 0xe0; /* the payload's length; the next header, and all after it, is 0: hop-by-hop options */
	decode_bytes(&decoded, DLT_IPV6, packet, SIZE, SIZE);
	assert_sound(&decoded);
	assert_non_null(strstr(decoded.buffer, "[header chain too long]"));
	free(packet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_of_each_kind_gives_its_line),
		cmocka_unit_test(a_cut_packet_says_so),
		cmocka_unit_test(a_short_packet_is_no_harm),
		cmocka_unit_test(damaged_packets_are_no_harm),
		cmocka_unit_test(facts_are_those_of_the_outer_packet),
		cmocka_unit_test(facts_name_vlans_ports_and_cooked_fields),
		cmocka_unit_test(endless_stacks_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
