/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for DAG cards over a stand-in for the vendor's library, since there is no card: a buffer that wraps, kinds of
 * records, extension headers, losses, transmission, and the errors the library documents.
 */
#include <pcap/pcap.h>

#include <pcap/weir.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libdag.h"

static char errbuf[PCAP_ERRBUF_SIZE];

struct seen {
	int count;
	struct pcap_pkthdr last;
	u_char data[128];
	u_char check; /* each packet's bytes have its number's value */
	bool wrong;
};

static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct seen *seen = (struct seen *)user;

	for (u_int i = 0; i < header->caplen; i++)
		seen->wrong |= data[i] != seen->check;
	seen->check++;
	seen->count++;
	seen->last = *header;
	memcpy(seen->data, data, header->caplen < sizeof(seen->data) ? header->caplen : sizeof(seen->data));
}

static pcap_t *open_stream(const char *device)
{
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	pcap_set_timeout(p, 20);
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	if (pcap_activate(p) != 0)
		fail_msg("%s", pcap_geterr(p));
	return p;
}

static void nothing_is_in_use(void)
{
	int counts[3];

	stand_in_in_use(counts);
	assert_int_equal(counts[0] + counts[1] + counts[2], 0);
}

#define ETH 2
#define IPV4 22
#define META 27
#define PAD 48
#define EXTENDED 0x80
#define RX_ERROR 0x10

/*
 * A record: header, as many extension headers, before bytes, then length bytes of value, padded to 8 bytes. The time is
 * 1700000000.5 s.
 */
static size_t make_record(
	u_char *record, u_char type, u_char flags, u_int extensions, u_int before, u_int length, u_char value)
{
	size_t at = 16 + 8 * extensions + before, size = (at + length + 7) / 8 * 8;

	memset(record, 0xee, size);
	memcpy(record, "\x00\x00\x00\x80\x00\xf1\x53\x65", 8);
	record[8] = extensions > 0 ? type | EXTENDED : type;
	record[9] = flags;
	record[10] = size >> 8;
	record[11] = size & 0xff;
	record[12] = record[13] = 0;
	record[14] = length >> 8;
	record[15] = length & 0xff;
	for (u_int i = 0; i < extensions; i++)
		record[16 + 8 * i] = i + 1 < extensions ? EXTENDED | 3 : 3;
	memset(record + at, value, length);
	return size;
}

static void receive(u_char type, u_char flags, u_int extensions, u_int before, u_int length, u_char value)
{
	u_char record[4096];

	stand_in_receive(record, make_record(record, type, flags, extensions, before, length, value));
}

static void streams_are_listed(void **state)
{
	pcap_if_t *devices;
	char names[128] = "";

	(void)state;
	assert_int_equal(pcap_findalldevs(&devices, errbuf), 0);
	for (pcap_if_t *device = devices; device != NULL; device = device->next)
		if (strncmp(device->name, "dag", 3) == 0)
			strcat(strcat(names, device->name), " ");
	pcap_freealldevs(devices);
	/* The last can't be opened by who runs this, and is there all the same. */
	assert_string_equal(names, "dag0 dag0:2 dag3 ");
	nothing_is_in_use();
}

static void packets_come_without_padding_and_fcs(void **state)
{
	struct seen seen = {.check = 7};

	(void)state;
	pcap_t *p = open_stream("dag0");
	assert_string_equal(pcap_module_name(p), "dag");
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	assert_int_equal(pcap_get_selectable_fd(p), -1);
	assert_non_null(pcap_get_required_select_timeout(p));
	receive(ETH, 0, 0, 2, 67, 7);
	receive(ETH, 0, 3, 2, 67, 8);
	receive(PAD, 0, 0, 0, 8, 0);
	receive(META, 0, 0, 0, 8, 0);
	receive(IPV4, 0, 0, 0, 40, 0);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 2);
	assert_false(seen.wrong);
	assert_int_equal(seen.last.len, 63);
	assert_int_equal(seen.last.caplen, 63);
	assert_int_equal(seen.last.ts.tv_sec, 1700000000);
	assert_int_equal(seen.last.ts.tv_usec, 500000000);
	pcap_close(p);
	nothing_is_in_use();
}

static void the_link_layer_type_chooses_the_records(void **state)
{
	struct seen seen = {.check = 9};
	int *list;

	(void)state;
	pcap_t *p = open_stream("dag0");
	int count = pcap_list_datalinks(p, &list);
	assert_int_equal(count, 4);
	assert_int_equal(list[0], DLT_EN10MB);
	assert_int_equal(list[1], DLT_DOCSIS);
	assert_int_equal(list[2], DLT_RAW);
	assert_int_equal(list[3], DLT_ERF);
	pcap_free_datalinks(list);
	assert_int_equal(pcap_set_datalink(p, DLT_RAW), 0);
	receive(ETH, 0, 0, 2, 67, 7);
	receive(IPV4, 0, 1, 0, 40, 9);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	assert_false(seen.wrong);
	assert_int_equal(seen.last.len, 40);
	assert_int_equal(pcap_set_datalink(p, DLT_ERF), 0);
	receive(META, 0, 0, 0, 8, 0);
	receive(ETH, RX_ERROR, 0, 2, 67, 7);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 2);
	assert_int_equal(seen.data[8], ETH);
	assert_int_equal(seen.last.caplen, 88);
	pcap_close(p);
	p = open_stream("dag0:2");
	assert_int_equal(pcap_datalink(p), DLT_CHDLC);
	pcap_close(p);
	nothing_is_in_use();
}

static void the_buffer_wraps(void **state)
{
	struct seen seen = {.check = 0};
	u_char value = 0;

	(void)state;
	pcap_t *p = open_stream("dag0");
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 5; i++)
			receive(ETH, 0, 0, 2, 300 + round, value++);
		assert_int_equal(pcap_dispatch(p, 3, keep, (u_char *)&seen), 3);
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 2);
	}
	assert_false(seen.wrong);
	pcap_close(p);
}

static void a_record_that_is_not_all_there_is_waited_for(void **state)
{
	struct seen seen = {.check = 1};

	(void)state;
	pcap_t *p = open_stream("dag0");
	for (size_t bytes = 1; bytes < 88; bytes += 9) {
		seen.check = 1;
		receive(ETH, 0, 0, 2, 67, 1);
		assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
		stand_in_show(bytes);
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 0);
		assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
		assert_false(seen.wrong);
	}
	pcap_close(p);
}

static void losses_and_damage_are_counted(void **state)
{
	struct seen seen = {.check = 0};
	struct pcap_stat stats;

	(void)state;
	pcap_t *p = open_stream("dag0");
	for (int i = 0; i < 14; i++)
		receive(ETH, 0, 0, 2, 350, 0);
	while (pcap_dispatch(p, -1, keep, (u_char *)&seen) > 0)
		;
	receive(ETH, RX_ERROR, 0, 2, 350, 0);
	receive(ETH, 0, 0, 2, 350, 0);
	while (pcap_dispatch(p, -1, keep, (u_char *)&seen) > 0)
		;
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, seen.count);
	assert_int_equal(stats.ps_ifdrop, 1);
	assert_true(stats.ps_drop > 0);
	assert_int_equal(stats.ps_recv + stats.ps_drop, 15);
	pcap_close(p);
}

static void damaged_records_end_the_capture_after_what_came_before(void **state)
{
	u_char record[64] = {0};
	struct seen seen = {.check = 3};

	(void)state;
	pcap_t *p = open_stream("dag0");
	receive(ETH, 0, 0, 2, 67, 3);
	/* Extension headers without end, and a packet that begins past the record's end. */
	make_record(record, ETH, 0, 1, 0, 0, 0);
	record[16] = EXTENDED;
	stand_in_receive(record, 24);
	make_record(record, ETH, 0, 0, 0, 0, 0);
	stand_in_receive(record, 16);
	receive(ETH, 0, 0, 2, 67, 4);
	record[11] = 8; /* shorter than its header */
	stand_in_receive(record, 16);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 2);
	assert_false(seen.wrong);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "shorter than a record's header"));
	pcap_close(p);
	p = open_stream("dag0");
	record[10] = record[11] = 0;
	stand_in_receive(record, 16);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), PCAP_ERROR);
	stand_in_fail_next_advance(EIO);
	pcap_close(p);
	p = open_stream("dag0");
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "can't read the stream"));
	pcap_close(p);
	nothing_is_in_use();
}

static void packets_are_sent_as_records(void **state)
{
	u_char frame[60], record[256];

	(void)state;
	memset(frame, 5, sizeof(frame));
	pcap_t *p = open_stream("dag0");
	assert_int_equal(pcap_inject(p, frame, sizeof(frame)), sizeof(frame));
	/* 16 bytes of header, 2 before the frame, 4 for the FCS; a multiple of 8. */
	assert_int_equal(stand_in_sent(record, sizeof(record)), 88);
	assert_int_equal(record[8], ETH);
	assert_int_equal(record[11], 88);
	assert_int_equal(record[15], 64);
	assert_memory_equal(record + 18, frame, sizeof(frame));
	assert_int_equal(pcap_set_datalink(p, DLT_ERF), 0);
	assert_int_equal(pcap_inject(p, record, 88), 88);
	assert_int_equal(pcap_inject(p, record, 80), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "no whole record"));
	assert_int_equal(pcap_set_datalink(p, DLT_RAW), 0);
	assert_int_equal(pcap_inject(p, frame, sizeof(frame)), PCAP_ERROR);
	pcap_close(p);
	nothing_is_in_use();
}

static void *break_it(void *p)
{
	usleep(50000);
	pcap_breakloop(p);
	return NULL;
}

static void loops_break(void **state)
{
	struct seen seen = {0};
	pthread_t thread;

	(void)state;
	pcap_t *p = open_stream("dag0");
	assert_int_equal(pthread_create(&thread, NULL, break_it, p), 0);
	assert_int_equal(pcap_loop(p, -1, keep, (u_char *)&seen), PCAP_ERROR_BREAK);
	pthread_join(thread, NULL);
	pcap_close(p);
}

static void the_fcs_stays_where_it_is_asked_for(void **state)
{
	struct seen seen = {.check = 1};

	(void)state;
	setenv("ERF_DONT_STRIP_FCS", "1", 1);
	pcap_t *p = open_stream("dag0");
	receive(ETH, 0, 0, 2, 68, 1);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(seen.last.len, 68);
	pcap_close(p);
	unsetenv("ERF_DONT_STRIP_FCS");
	setenv("ERF_FCS_BITS", "16", 1);
	p = open_stream("dag0");
	receive(ETH, 0, 0, 2, 68, 2);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)&seen), 1);
	assert_int_equal(seen.last.len, 66);
	pcap_close(p);
	unsetenv("ERF_FCS_BITS");
}

static void errors_say_what_was_wrong(void **state)
{
	static const struct {
		const char *device;
		int status;
		const char *text;
	} rows[] = {{"dag1", PCAP_ERROR_NO_SUCH_DEVICE, "can't open the card"},
		{"dag3", PCAP_ERROR_PERM_DENIED, "can't open the card"},
		{"dag0:8", PCAP_ERROR_NO_SUCH_DEVICE, "no such receive stream"}};
	static const char *const wrong[] = {"dag", "dag32", "dag-1", "dag00", "dag0:", "dag0:1", "dag0:256",
		"dag0:02", "dag0:0x2", "dag0:2 ", "dag 0", "dag99999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pcap_t *p = pcap_create(rows[i].device, errbuf);
		assert_non_null(p);
		assert_int_equal(pcap_activate(p), rows[i].status);
		assert_non_null(strstr(pcap_geterr(p), rows[i].text));
		pcap_close(p);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(pcap_create(wrong[i], errbuf));
		assert_non_null(strstr(errbuf, "no such device"));
	}
	pcap_t *first = open_stream("dag0"), *second = pcap_create("dag0", errbuf);
	assert_int_equal(pcap_activate(second), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(second), "another program has the stream"));
	pcap_close(first);
	assert_int_equal(pcap_activate(second), 0);
	pcap_close(second);
	nothing_is_in_use();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_listed),
		cmocka_unit_test(packets_come_without_padding_and_fcs),
		cmocka_unit_test(the_link_layer_type_chooses_the_records),
		cmocka_unit_test(the_buffer_wraps),
		cmocka_unit_test(a_record_that_is_not_all_there_is_waited_for),
		cmocka_unit_test(losses_and_damage_are_counted),
		cmocka_unit_test(damaged_records_end_the_capture_after_what_came_before),
		cmocka_unit_test(packets_are_sent_as_records),
		cmocka_unit_test(loops_break),
		cmocka_unit_test(the_fcs_stays_where_it_is_asked_for),
		cmocka_unit_test(errors_say_what_was_wrong),
	};

	return cmocka_run_group_tests_name("dag", tests, NULL, NULL);
}
