/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap_next_batch(): the same packets as pcap_loop(), whatever the format and the count; filters, errors, breaks, the
 * stream's position, sampling, live handles.
 */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

/* Reads all in batches; keeps the packets once each batch is complete. What the last call returned. */
static int read_batches(pcap_t *p, int count, struct packets *packets)
{
	struct pcap_batch_packet *batch = calloc((size_t)count, sizeof(*batch));
	int n;

	while ((n = pcap_next_batch(p, batch, sizeof(*batch), count)) > 0) {
		assert_true(n <= count);
		for (int i = 0; i < n; i++)
			keep_packet((u_char *)packets, &batch[i].header, batch[i].data);
	}
	free(batch);
	return n;
}

static void delivers_all_packets_whatever_the_count(void **state)
{
	static const int counts[] = {1, 2, 7, 1000, 100000};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(counts) / sizeof(counts[0]); i++) {
		struct packets packets = {0, NULL};
		struct file file;
		pcap_t *p;

		make_file(&file, i % 2 != 0, MAGIC_NANO, 20000);
		p = open_file(&file, PCAP_TSTAMP_PRECISION_NANO, errbuf);
		assert_non_null(p);
		assert_int_equal(read_batches(p, counts[i / 2], &packets), PCAP_ERROR_BREAK);
		assert_made_packets(&packets, 20000, 1);
		pcap_close(p);
		packets_clear(&packets);
		file_clear(&file);
	}
}

static void put_pcapng(struct file *file, int packets)
{
	put_section(file);
	put_interface(file, 1, 0);
	put_interface(file, 101, 0);
	for (int i = 0; i < packets; i++)
		put_enhanced(file, i % 3 == 2, (uint64_t)i, 60, 60, i);
}

static void delivers_pcapng_packets_of_the_first_link_type(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		struct file file = {.swapped = swapped};
		struct packets looped = {0, NULL}, batched = {0, NULL};
		struct pcap_file_stats stats;
		pcap_t *p;

		put_pcapng(&file, 9000);
		p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
		assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&looped), 0);
		pcap_close(p);
		p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
		assert_int_equal(read_batches(p, 500, &batched), PCAP_ERROR_BREAK);
		assert_int_equal(pcap_get_file_stats(p, &stats, sizeof(stats)), 0);
		pcap_close(p);
		assert_int_equal(stats.packets, 9000);
		assert_int_equal(stats.passed_over, 3000);
		assert_int_equal(looped.count, 6000);
		assert_int_equal(batched.count, 6000);
		for (int i = 0; i < 6000; i++) {
			assert_memory_equal(
				&looped.list[i].header, &batched.list[i].header, sizeof(struct pcap_pkthdr));
			assert_memory_equal(looped.list[i].data, batched.list[i].data, 60);
		}
		packets_clear(&looped);
		packets_clear(&batched);
		file_clear(&file);
	}
}

static void delivers_what_comes_before_damage_and_then_the_error(void **state)
{
	struct packets packets = {0, NULL};
	struct pcap_batch_packet one;
	struct file file;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 1000);
	file.size -= 3;
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_int_equal(read_batches(p, 5000, &packets), PCAP_ERROR);
	assert_int_equal(packets.count, 999);
	assert_non_null(strstr(pcap_geterr(p), "packet 1000 at offset"));
	assert_int_equal(pcap_next_batch(p, &one, sizeof(one), 1), PCAP_ERROR);
	pcap_close(p);
	packets_clear(&packets);
	file_clear(&file);
}

static void filters(void **state)
{
	struct bpf_insn first_byte[] = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 0}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
		{BPF_RET | BPF_K, 0, 0, 65535}, {BPF_RET | BPF_K, 0, 0, 0}};
	struct bpf_program program = {4, first_byte};
	struct packets packets = {0, NULL};
	struct file file;
	int expected = 0;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 10000);
	for (int i = 0; i < 10000; i++)
		expected += data_byte(0, i) == 0;
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(read_batches(p, 100, &packets), PCAP_ERROR_BREAK);
	assert_true(expected > 0);
	assert_int_equal(packets.count, expected);
	pcap_close(p);
	packets_clear(&packets);
	file_clear(&file);
}

static void a_break_comes_once(void **state)
{
	struct pcap_batch_packet packets[10];
	struct file file;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 100);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	pcap_breakloop(p);
	assert_int_equal(pcap_next_batch(p, packets, sizeof(packets[0]), 10), PCAP_ERROR_BREAK);
	assert_int_equal(pcap_next_batch(p, packets, sizeof(packets[0]), 10), 10);
	assert_int_equal(packets[9].header.ts.tv_sec, 1009);
	pcap_close(p);
	file_clear(&file);
}

/* Elements of a program that was compiled with a later version can be larger. */
static void elements_can_be_larger(void **state)
{
	struct {
		struct pcap_batch_packet packet;
		uint64_t more;
	} packets[10];
	struct file file;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 10);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_int_equal(pcap_next_batch(p, &packets[0].packet, sizeof(packets[0]), 10), 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(packets[i].packet.header.ts.tv_sec, 1000 + i);
	assert_int_equal(pcap_next_batch(p, &packets[0].packet, sizeof(packets[0]), 0), PCAP_ERROR);
	assert_int_equal(pcap_next_batch(p, &packets[0].packet, 8, 10), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "no room for a packet"));
	pcap_close(p);
	file_clear(&file);
}

static void copies_where_the_stream_is_shared_and_where_packets_are_sampled(void **state)
{
	struct packets packets = {0, NULL};
	struct pcap_batch_packet ten[10];
	struct file file;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 5000);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_int_equal(ftell(pcap_file(p)), 24);
	assert_int_equal(pcap_next_batch(p, ten, sizeof(ten[0]), 10), 10);
	for (int i = 0; i < 10; i++)
		keep_packet((u_char *)&packets, &ten[i].header, ten[i].data);
	assert_int_equal(ftell(pcap_file(p)), 24 + 10 * 16 + 10 * 20 + 45);
	assert_int_equal(read_batches(p, 1234, &packets), PCAP_ERROR_BREAK);
	assert_made_packets(&packets, 5000, 1);
	pcap_close(p);
	packets_clear(&packets);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	pcap_setsampling(p)->method = PCAP_SAMP_1_EVERY_N;
	pcap_setsampling(p)->value = 10;
	assert_int_equal(read_batches(p, 100, &packets), PCAP_ERROR_BREAK);
	assert_int_equal(packets.count, 500);
	assert_int_equal(packets.list[0].header.ts.tv_sec, 1009);
	pcap_close(p);
	packets_clear(&packets);
	file_clear(&file);
}

static void live_handles_have_it_too(void **state)
{
	struct pcap_batch_packet packets[50];
	pcap_t *p = pcap_create("null0", errbuf), *dead = pcap_open_dead(DLT_EN10MB, 100);
	int total = 0;

	(void)state;
	assert_int_equal(pcap_next_batch(p, packets, sizeof(packets[0]), 50), PCAP_ERROR_NOT_ACTIVATED);
	assert_int_equal(pcap_activate(p), 0);
	while (total < 100) {
		int n = pcap_next_batch(p, packets, sizeof(packets[0]), 50);

		assert_in_range(n, 0, 50);
		for (int i = 0; i < n; i++)
			assert_true(packets[i].header.caplen > 0 && packets[i].data != NULL);
		total += n;
	}
	pcap_close(p);
	assert_int_equal(pcap_next_batch(dead, packets, sizeof(packets[0]), 50), PCAP_ERROR);
	pcap_close(dead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delivers_all_packets_whatever_the_count),
		cmocka_unit_test(delivers_pcapng_packets_of_the_first_link_type),
		cmocka_unit_test(delivers_what_comes_before_damage_and_then_the_error),
		cmocka_unit_test(filters),
		cmocka_unit_test(a_break_comes_once),
		cmocka_unit_test(elements_can_be_larger),
		cmocka_unit_test(copies_where_the_stream_is_shared_and_where_packets_are_sampled),
		cmocka_unit_test(live_handles_have_it_too),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
