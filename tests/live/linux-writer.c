/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a capture on a network interface puts into a pcapng file: the interface, each packet's direction, the
 * statistics.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pcap/pcapng.h>
#include <pcap/weir.h>

#include "capture.h"
#include "live.h"

#define EACH 50

struct recording {
	pcap_t *p;
	pcap_writer_t *writer;
	unsigned packets;
};

static char path[] = "/tmp/weir-writer-XXXXXX";
static char errbuf[PCAP_ERRBUF_SIZE];

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

static void record(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct recording *recording = (struct recording *)user;
	struct pcap_packet_info info;

	assert_int_equal(pcap_get_packet_info(recording->p, &info, sizeof(info)), 1);
	assert_int_equal(info.interface, if_nametoindex(live_interface()));
	if (live_udp_sequence(data, header->caplen) == UINT32_MAX)
		return; /* what the kernel itself sends */
	assert_int_equal(pcap_writer_live_packet(recording->writer, 0, recording->p, header, data), 0);
	recording->packets++;
}

/* Writes EACH frames that come in and EACH that go out; ordinary captures, and with a second look at each packet. */
static void write_capture(bool immediate, const struct pcap_writer_device *device)
{
	struct capture_options options = {.timeout = 10, .immediate = immediate, .promiscuous = true};
	struct recording recording = {capture_open(&options), NULL, 0};

	recording.writer = pcap_writer_open(path, NULL, 0, errbuf);
	assert_non_null(recording.writer);
	assert_int_equal(pcap_writer_add_device(recording.writer, recording.p, device, sizeof(*device)), 0);
	capture_send(live_peer_interface(), 0, EACH, 60);
	capture_send(live_interface(), EACH, EACH, 60);
	while (recording.packets < 2 * EACH)
		assert_true(pcap_dispatch(recording.p, -1, record, (u_char *)&recording) >= 0);
	assert_int_equal(pcap_writer_set_statistics(recording.writer, 0, recording.p), 0);
	assert_int_equal(pcap_writer_close(recording.writer, errbuf), 0);
	pcap_close(recording.p);
}

static void assert_text(const struct pcapng_block *block, uint16_t code, const char *text)
{
	const struct pcapng_option *option = pcapng_find_option(block, code);

	assert_non_null(option);
	assert_int_equal(option->length, strlen(text));
	assert_memory_equal(option->value, text, strlen(text));
}

static void check_interface(const struct pcapng_block *block)
{
	const struct pcapng_option *address = pcapng_find_option(block, PCAPNG_IF_IPV4ADDR);
	const struct pcapng_option *mac = pcapng_find_option(block, PCAPNG_IF_MACADDR);
	struct in_addr expected;

	assert_int_equal(block->linktype, 1);
	assert_text(block, PCAPNG_IF_NAME, live_interface());
	assert_text(block, PCAPNG_IF_DESCRIPTION, "this side of the wire");
	assert_text(block, PCAPNG_OPT_COMMENT, "for a test");
	assert_non_null(pcapng_find_option(block, PCAPNG_IF_OS));
	assert_int_equal(pcapng_find_option(block, PCAPNG_IF_FILTER)->length, 4);
	assert_memory_equal(pcapng_find_option(block, PCAPNG_IF_FILTER)->value, "\0udp", 4);
	assert_non_null(address);
	assert_int_equal(address->length, 8);
	inet_aton("10.77.0.1", &expected);
	assert_memory_equal(address->value, &expected, 4);
	assert_non_null(mac);
	assert_int_equal(mac->length, 6);
}

static uint64_t count_of(const struct pcapng_block *block, uint16_t code)
{
	const struct pcapng_option *option = pcapng_find_option(block, code);

	assert_non_null(option);
	return pcapng_option_number(block, option);
}

static void check_statistics(const struct pcapng_block *block)
{
	uint64_t start = count_of(block, PCAPNG_ISB_STARTTIME), end = count_of(block, PCAPNG_ISB_ENDTIME);

	assert_int_equal(block->interface, 0);
	assert_true(count_of(block, PCAPNG_ISB_FILTERACCEPT) >= 2 * EACH);
	assert_int_equal(count_of(block, PCAPNG_ISB_OSDROP), 0);
	assert_int_equal(count_of(block, PCAPNG_ISB_USRDELIV), 2 * EACH);
	assert_true(start > 0 && start <= end && end - start < 120 * 1000000ull);
	assert_int_equal(end, block->timestamp);
}

static void check_file(void)
{
	pcapng_reader_t *reader = pcapng_open(path, errbuf);
	unsigned inbound = 0, outbound = 0, statistics = 0;
	const struct pcapng_block *block;
	int status;

	assert_non_null(reader);
	while ((status = pcapng_next(reader, &block)) == 1) {
		if (block->type == PCAPNG_INTERFACE)
			check_interface(block);
		if (block->type == PCAPNG_ENHANCED_PACKET) {
			uint64_t flags = count_of(block, PCAPNG_EPB_FLAGS);
			bool in = (flags & PCAP_PACKET_DIRECTION) == PCAP_PACKET_INBOUND;

			assert_int_equal(live_udp_sequence(block->data, block->caplen) < EACH, in);
			assert_int_equal(flags & PCAP_PACKET_RECEPTION, in ? PCAP_PACKET_UNICAST : 0);
			inbound += in;
			outbound += (flags & PCAP_PACKET_DIRECTION) == PCAP_PACKET_OUTBOUND;
		}
		if (block->type == PCAPNG_INTERFACE_STATISTICS) {
			check_statistics(block);
			statistics++;
		}
	}
	assert_int_equal(status, 0);
	pcapng_close(reader);
	assert_int_equal(inbound, EACH);
	assert_int_equal(outbound, EACH);
	assert_int_equal(statistics, 1);
}

static const struct pcap_writer_device device = {
	.description = "this side of the wire", .filter = "udp", .comment = "for a test"};

static void a_file_tells_of_interface_directions_and_drops(void **state)
{
	(void)state;
	write_capture(false, &device);
	check_file();
}

static void and_so_in_immediate_mode(void **state)
{
	(void)state;
	write_capture(true, &device);
	check_file();
}

static void tools_show_it(void **state)
{
	char command[200], text[8000];
	size_t size;
	FILE *output;

	(void)state;
	write_capture(false, &device);
	snprintf(command, sizeof(command),
		"tshark -r %s -T fields -e frame.packet_flags_direction 2>&1 | sort | uniq -c", path);
	output = popen(command, "r");
	assert_non_null(output);
	size = fread(text, 1, sizeof(text) - 1, output);
	text[size] = '\0';
	pclose(output);
	if (strstr(text, "not found") != NULL) {
		print_message("skipped: there is no tshark here\n");
		skip();
	}
	if (strstr(text, "50 0x00000001") == NULL || strstr(text, "50 0x00000002") == NULL)
		fail_msg("%s", text);
}

static void after_pcap_next_the_packet_is_known_as_well(void **state)
{
	(void)state;
	for (int immediate = 0; immediate < 2; immediate++) {
		struct capture_options options = {.timeout = 10, .immediate = immediate, .promiscuous = true};
		pcap_t *p = capture_open(&options);
		struct pcap_packet_info info;
		struct pcap_pkthdr *header;
		const u_char *data;
		unsigned seen = 0;

		assert_int_equal(pcap_get_packet_info(p, &info, sizeof(info)), 0);
		capture_send(live_peer_interface(), 0, EACH, 60);
		while (seen < EACH) {
			if (pcap_next_ex(p, &header, &data) != 1 ||
				live_udp_sequence(data, header->caplen) == UINT32_MAX)
				continue;
			assert_int_equal(pcap_get_packet_info(p, &info, sizeof(info)), 1);
			assert_int_equal(info.flags, PCAP_PACKET_INBOUND | PCAP_PACKET_UNICAST);
			assert_int_equal(info.interface, if_nametoindex(live_interface()));
			seen++;
		}
		pcap_close(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_tells_of_interface_directions_and_drops),
		cmocka_unit_test(and_so_in_immediate_mode),
		cmocka_unit_test(tools_show_it),
		cmocka_unit_test(after_pcap_next_the_packet_is_known_as_well),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
