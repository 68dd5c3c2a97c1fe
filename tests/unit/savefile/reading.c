/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How packets are delivered from a savefile: counts, breaking the loop, filters, positions; the module contract's
 * rules R1 to R7 as they hold for files.
 */
#include "files.h"

#include <string.h>
#include <sys/stat.h>

static char errbuf[PCAP_ERRBUF_SIZE];

static pcap_t *open_made(int packets)
{
	struct file file;
	pcap_t *p;

	make_file(&file, false, MAGIC_MICRO, packets);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_non_null(p);
	file_clear(&file);
	return p;
}

struct breaker {
	pcap_t *p;
	int seen;
	int break_at;
};

static void break_loop(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct breaker *breaker = (struct breaker *)user;

	(void)data;
	assert_int_equal(header->ts.tv_sec, 1000 + breaker->seen);
	if (++breaker->seen == breaker->break_at)
		pcap_breakloop(breaker->p);
}

/* R1: a flag that was set before is reported at once, and is then gone. */
static void r1_break_before_reading(void **state)
{
	struct breaker breaker = {open_made(3), 0, 0};

	(void)state;
	pcap_breakloop(breaker.p);
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), PCAP_ERROR_BREAK);
	assert_int_equal(breaker.seen, 0);
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), 3);
	pcap_close(breaker.p);
}

/* R3: no more than the count; the rest with the next call, never lost, never twice. */
static void r3_counts(void **state)
{
	struct packets packets = {0, NULL};
	pcap_t *p = open_made(100);

	(void)state;
	assert_int_equal(pcap_dispatch(p, 1, keep_packet, (u_char *)&packets), 1);
	assert_int_equal(pcap_dispatch(p, 7, keep_packet, (u_char *)&packets), 7);
	assert_int_equal(pcap_loop(p, 30, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(pcap_dispatch(p, 0, keep_packet, (u_char *)&packets), 62);
	assert_int_equal(pcap_dispatch(p, 5, keep_packet, (u_char *)&packets), 0);
	assert_made_packets(&packets, 100, 1);
	packets_clear(&packets);
	pcap_close(p);
}

/* R4: the packets that were delivered count first; the next call reports the break, and reading goes on after it. */
static void r4_break_while_delivering(void **state)
{
	struct breaker breaker = {open_made(10), 0, 4};

	(void)state;
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), 4);
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), PCAP_ERROR_BREAK);
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), 6);
	assert_int_equal(breaker.seen, 10);
	pcap_close(breaker.p);
}

static void r4_break_ends_pcap_loop(void **state)
{
	struct breaker breaker = {open_made(10), 0, 10};

	(void)state;
	assert_int_equal(pcap_loop(breaker.p, -1, break_loop, (u_char *)&breaker), PCAP_ERROR_BREAK);
	assert_int_equal(breaker.seen, 10);
	assert_int_equal(pcap_loop(breaker.p, -1, break_loop, (u_char *)&breaker), 0);
	pcap_close(breaker.p);
}

/* R6: what the filter refuses is not counted. R7: it sees all that was captured, the callback gets the snapshot. */
static void r6_r7_filter(void **state)
{
	struct bpf_insn instructions[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 19), /* behind the snapshot length */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, data_byte(19, 3), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 262144),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct bpf_program program = {4, instructions};
	struct packets packets = {0, NULL};
	struct file file;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 10);
	memcpy(file.bytes + 16, &(uint32_t){10}, 4); /* the snapshot length */
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 1);
	assert_int_equal(packets.list[0].header.ts.tv_sec, 1003);
	assert_int_equal(packets.list[0].header.caplen, 10);
	assert_int_equal(packets.list[0].header.len, nth_length(3) + 4);
	packets_clear(&packets);
	pcap_close(p);
	file_clear(&file);
}

static void refuses_a_bad_filter(void **state)
{
	struct bpf_insn instructions[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0)};
	struct bpf_program program = {1, instructions};
	pcap_t *p = open_made(1);

	(void)state;
	assert_int_equal(pcap_setfilter(p, &program), PCAP_ERROR);
	assert_true(strlen(pcap_geterr(p)) > 0);
	pcap_close(p);
}

struct switcher {
	pcap_t *p;
	int seen;
};

static void refuse_all_after_two(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct bpf_insn instruction = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program program = {1, &instruction};
	struct switcher *switcher = (struct switcher *)user;

	(void)header;
	(void)data;
	if (++switcher->seen == 2)
		assert_int_equal(pcap_setfilter(switcher->p, &program), 0);
}

static void filter_set_by_the_callback(void **state)
{
	struct switcher switcher = {open_made(10), 0};

	(void)state;
	assert_int_equal(pcap_dispatch(switcher.p, -1, refuse_all_after_two, (u_char *)&switcher), 2);
	pcap_close(switcher.p);
}

/* What pcap_next_ex() hands out is good until the next read, and the end is not a time-out. */
static void next_and_next_ex(void **state)
{
	struct pcap_pkthdr *header, own_header;
	const u_char *data;
	pcap_t *p = open_made(4);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pcap_next_ex(p, &header, &data), 1);
		assert_int_equal(header->caplen, nth_length(i));
		assert_int_equal(data[header->caplen - 1], data_byte(header->caplen - 1, i));
	}
	data = pcap_next(p, &own_header);
	assert_non_null(data);
	assert_int_equal(data[5], data_byte(5, 3));
	assert_int_equal(pcap_next_ex(p, &header, &data), PCAP_ERROR_BREAK);
	assert_null(pcap_next(p, &own_header));
	pcap_close(p);
}

/* A file that grows is read on, also where it ended in the middle of a packet. */
static void growing_file(void **state)
{
	struct packets packets = {0, NULL};
	struct file file;
	char path[128];
	FILE *writer;
	pcap_t *p;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 8);
	writer = fopen(temporary_path(path, "grows.pcap"), "wb");
	assert_non_null(writer);
	fwrite(file.bytes, 1, 24, writer);
	fflush(writer);
	p = pcap_open_offline(path, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 0);
	fwrite(file.bytes + 24, 1, 40, writer);
	fflush(writer);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "packet 2 at offset 60: the file ends"));
	assert_int_equal(packets.count, 1);
	fwrite(file.bytes + 64, 1, file.size - 64, writer);
	fclose(writer);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 7);
	assert_made_packets(&packets, 8, 1);
	packets_clear(&packets);
	pcap_close(p);
	file_clear(&file);
}

static long packet_end(int packet)
{
	long offset = 24;

	for (int i = 0; i <= packet; i++)
		offset += 16 + (long)nth_length(i);
	return offset;
}

struct teller {
	FILE *stream;
	int seen;
};

static void tell(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct teller *teller = (struct teller *)user;

	(void)header;
	(void)data;
	assert_int_equal(ftell(teller->stream), packet_end(teller->seen));
	teller->seen++;
}

/* pcap_file()'s stream stands behind the last packet, in the callback and after it. */
static void stream_tells_the_position(void **state)
{
	pcap_t *p = open_made(20);
	struct teller teller = {NULL, 1};
	struct pcap_pkthdr header;

	(void)state;
	assert_non_null(pcap_next(p, &header));
	teller.stream = pcap_file(p);
	assert_int_equal(ftell(teller.stream), packet_end(0));
	assert_int_equal(pcap_dispatch(p, 9, tell, (u_char *)&teller), 9);
	assert_int_equal(ftell(teller.stream), packet_end(9));
	assert_int_equal(pcap_loop(p, -1, tell, (u_char *)&teller), 0);
	assert_int_equal(teller.seen, 20);
	pcap_close(p);
}

/* A program sets the stream to read packets again, or to leave some out. */
static void stream_sets_the_position(void **state)
{
	pcap_t *p = open_made(20);
	FILE *stream = pcap_file(p);
	struct packets packets = {0, NULL};
	struct pcap_pkthdr header;
	struct stat status;

	(void)state;
	assert_int_equal(ftell(stream), 24);
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 20);
	assert_int_equal(fseek(stream, 24, SEEK_SET), 0);
	packets_clear(&packets);
	assert_int_equal(pcap_dispatch(p, 5, keep_packet, (u_char *)&packets), 5);
	assert_made_packets(&packets, 5, 1);
	packets_clear(&packets);
	assert_int_equal(fseek(stream, packet_end(16), SEEK_SET), 0);
	assert_non_null(pcap_next(p, &header));
	assert_int_equal(header.ts.tv_sec, 1017);
	/* As one finds out how long the file is. */
	assert_int_equal(fseek(stream, 0, SEEK_END), 0);
	assert_int_equal(fstat(fileno(stream), &status), 0);
	assert_int_equal(ftell(stream), status.st_size);
	assert_null(pcap_next(p, &header));
	assert_int_equal(fseek(stream, packet_end(17), SEEK_SET), 0);
	assert_non_null(pcap_next(p, &header));
	assert_int_equal(header.ts.tv_sec, 1018);
	pcap_close(p);
}

/* The packets that the filter refuses are read as well. */
static void stream_position_and_filter(void **state)
{
	struct bpf_insn instructions[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, data_byte(0, 3), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 262144),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct bpf_program program = {4, instructions};
	struct packets packets = {0, NULL};
	pcap_t *p = open_made(10);
	FILE *stream = pcap_file(p);

	(void)state;
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(pcap_dispatch(p, 1, keep_packet, (u_char *)&packets), 1);
	assert_int_equal(ftell(stream), packet_end(3));
	assert_int_equal(pcap_dispatch(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_int_equal(ftell(stream), packet_end(9));
	packets_clear(&packets);
	pcap_close(p);
}

static void stream_position_and_break(void **state)
{
	struct breaker breaker = {open_made(10), 0, 4};

	(void)state;
	assert_non_null(pcap_file(breaker.p));
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), 4);
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), PCAP_ERROR_BREAK);
	assert_int_equal(pcap_dispatch(breaker.p, -1, break_loop, (u_char *)&breaker), 6);
	pcap_close(breaker.p);
}

static void what_files_cannot_do(void **state)
{
	struct pcap_stat stats;
	pcap_t *p = open_made(1);

	(void)state;
	assert_int_equal(pcap_fileno(p), PCAP_ERROR);
	assert_int_equal(pcap_stats(p, &stats), PCAP_ERROR);
	assert_int_equal(pcap_inject(p, "x", 1), PCAP_ERROR);
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR);
	assert_int_equal(pcap_getnonblock(p, errbuf), 0);
	assert_null(pcap_module_name(p));
	assert_int_equal(pcap_get_selectable_fd(p), fileno(pcap_file(p)));
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r1_break_before_reading),
		cmocka_unit_test(r3_counts),
		cmocka_unit_test(r4_break_while_delivering),
		cmocka_unit_test(r4_break_ends_pcap_loop),
		cmocka_unit_test(r6_r7_filter),
		cmocka_unit_test(refuses_a_bad_filter),
		cmocka_unit_test(filter_set_by_the_callback),
		cmocka_unit_test(next_and_next_ex),
		cmocka_unit_test(growing_file),
		cmocka_unit_test(stream_tells_the_position),
		cmocka_unit_test(stream_sets_the_position),
		cmocka_unit_test(stream_position_and_filter),
		cmocka_unit_test(stream_position_and_break),
		cmocka_unit_test(what_files_cannot_do),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
