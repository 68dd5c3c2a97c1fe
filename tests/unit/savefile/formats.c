/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading every kind of classic savefile: variants, byte orders, versions, link types, snapshot lengths, time stamps.
 */
#include "files.h"

#include <string.h>

static char errbuf[PCAP_ERRBUF_SIZE];

/* Reads all packets of a file and closes the handle; they must be good to the end. */
static struct packets read_all(pcap_t *p)
{
	struct packets packets = {0, NULL};

	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	pcap_close(p);
	return packets;
}

/* Opens the file, which must succeed. */
static pcap_t *open_good(struct file *file, u_int precision)
{
	pcap_t *p = open_file(file, precision, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	file_clear(file);
	return p;
}

static void assert_refused(struct file *file, const char *message)
{
	assert_null(open_file(file, PCAP_TSTAMP_PRECISION_MICRO, errbuf));
	if (strstr(errbuf, message) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", message, errbuf);
	file_clear(file);
}

static void reads_both_byte_orders_and_precisions(void **state)
{
	static const struct {
		uint32_t magic;
		u_int asked;
		u_int told;
		long unit; /* what a fraction of 1 in the file becomes, or 0: it is cut off */
	} cases[] = {
		{MAGIC_MICRO, PCAP_TSTAMP_PRECISION_MICRO, PCAP_TSTAMP_PRECISION_MICRO, 1},
		{MAGIC_MICRO, PCAP_TSTAMP_PRECISION_NANO, PCAP_TSTAMP_PRECISION_NANO, 1000},
		{MAGIC_MICRO, PCAP_TSTAMP_PRECISION_OF_FILE, PCAP_TSTAMP_PRECISION_MICRO, 1},
		{MAGIC_NANO, PCAP_TSTAMP_PRECISION_NANO, PCAP_TSTAMP_PRECISION_NANO, 1},
		{MAGIC_NANO, PCAP_TSTAMP_PRECISION_MICRO, PCAP_TSTAMP_PRECISION_MICRO, 0},
		{MAGIC_NANO, PCAP_TSTAMP_PRECISION_OF_FILE, PCAP_TSTAMP_PRECISION_NANO, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int swapped = 0; swapped < 2; swapped++) {
			struct file file;
			struct packets packets;
			pcap_t *p;

			make_file(&file, swapped, cases[i].magic, 100);
			p = open_good(&file, cases[i].asked);
			assert_int_equal(pcap_is_swapped(p), swapped);
			assert_int_equal(pcap_get_tstamp_precision(p), cases[i].told);
			assert_int_equal(pcap_datalink(p), DLT_EN10MB);
			assert_int_equal(pcap_snapshot(p), 65535);
			assert_int_equal(pcap_major_version(p), 2);
			assert_int_equal(pcap_minor_version(p), 4);
			packets = read_all(p);
			assert_made_packets(&packets, 100, cases[i].unit);
			packets_clear(&packets);
		}
	}
}

static void refuses_an_unknown_precision(void **state)
{
	struct file file;

	(void)state;
	make_file(&file, false, MAGIC_MICRO, 1);
	assert_null(open_file(&file, 2, errbuf));
	assert_non_null(strstr(errbuf, "precision 2"));
	file_clear(&file);
}

/* A file of a variant: `file_extra` bytes end its file header, `packet_extra` each packet header. */
static void make_variant(struct file *file, bool swapped, uint32_t magic, size_t file_extra, size_t packet_extra)
{
	static const u_char extra[16] = {2, 0, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};

	memset(file, 0, sizeof(*file));
	file->swapped = swapped;
	put_file_header(file, magic, 2, 4, 1000, 1);
	put_bytes(file, extra, file_extra);
	for (int i = 0; i < 6; i++) {
		uint32_t length = (uint32_t)nth_length(i);

		put_packet_header(file, 1000 + (uint32_t)i, (uint32_t)i, length, length + 4);
		put_bytes(file, extra, packet_extra);
		put_data(file, length, i);
	}
}

static void reads_variants(void **state)
{
	static const struct {
		uint32_t magic;
		size_t file_extra, packet_extra;
		u_int precision;
		int snapshot;
	} variants[] = {
		{MAGIC_MICRO, 0, 8, PCAP_TSTAMP_PRECISION_MICRO, 1000}, /* Red Hat 6.1 */
		{MAGIC_MICRO, 0, 4, PCAP_TSTAMP_PRECISION_MICRO, 1000}, /* Nokia */
		{0xa1b2cd34, 0, 8, PCAP_TSTAMP_PRECISION_MICRO, 1014},  /* Kuznetsov */
		{0xa1b2cd34, 0, 12, PCAP_TSTAMP_PRECISION_MICRO, 1014}, /* SuSE 6.3 */
		{0xa12b3c4d, 0, 0, PCAP_TSTAMP_PRECISION_NANO, 1000},   /* Navtel */
		{0xa1e2cb12, 0, 8, PCAP_TSTAMP_PRECISION_NANO, 1000},   /* netsniff-ng */
		{0x1c0001ac, 4, 0, PCAP_TSTAMP_PRECISION_MICRO, 1000},  /* Ixia, hardware */
		{0x1c0001ab, 4, 0, PCAP_TSTAMP_PRECISION_MICRO, 1000},  /* Ixia, software */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		for (int swapped = 0; swapped < 2; swapped++) {
			struct file file;
			struct packets packets;
			pcap_t *p;

			make_variant(&file, swapped, variants[i].magic, variants[i].file_extra,
				variants[i].packet_extra);
			p = open_good(&file, PCAP_TSTAMP_PRECISION_OF_FILE);
			assert_int_equal(pcap_get_tstamp_precision(p), variants[i].precision);
			assert_int_equal(pcap_snapshot(p), variants[i].snapshot);
			packets = read_all(p);
			assert_made_packets(&packets, 6, 1);
			packets_clear(&packets);
		}
	}
}

/* Ixia's hardware is known to have written both; fractions that can only be nanoseconds decide. */
static void takes_ixia_fractions_above_a_million_for_nanoseconds(void **state)
{
	struct file file = {.swapped = false};
	pcap_t *p;

	(void)state;
	put_file_header(&file, 0x1c0001ac, 2, 4, 1000, 1);
	put32(&file, 0);
	for (int i = 0; i < 3; i++) {
		put_packet_header(&file, 1000, 999999999, 20, 20);
		put_data(&file, 20, i);
	}
	p = open_good(&file, PCAP_TSTAMP_PRECISION_OF_FILE);
	assert_int_equal(pcap_get_tstamp_precision(p), PCAP_TSTAMP_PRECISION_NANO);
	pcap_close(p);
}

/*
 * A standard file is not taken for a variant because one of its packets is damaged; not even where the packets hold
 * zeros, which could be headers of empty packets.
 */
static void damage_does_not_change_the_variant(void **state)
{
	(void)state;
	for (int zeros = 0; zeros < 2; zeros++) {
		struct packets packets = {0, NULL};
		struct file file;
		size_t second = 24 + 16 + nth_length(0);
		pcap_t *p;

		make_file(&file, false, MAGIC_MICRO, 10);
		if (zeros)
			memset(file.bytes + second + 16, 0, file.size - second - 16);
		file.bytes[second + 11] = 0x7f; /* its captured length */
		p = open_good(&file, PCAP_TSTAMP_PRECISION_MICRO);
		assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), PCAP_ERROR);
		assert_made_packets(&packets, 1, 1);
		packets_clear(&packets);
		pcap_close(p);
	}
}

static void reads_aix_files(void **state)
{
	static const struct {
		uint32_t interface_type;
		int dlt;
	} types[] = {{6, DLT_EN10MB}, {9, DLT_IEEE802}, {15, DLT_FDDI}, {24, DLT_NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct file file = {.swapped = i % 2};
		struct packets packets;
		pcap_t *p;

		put_file_header(&file, MAGIC_MICRO, 2, 2, 1000, types[i].interface_type);
		put_packet_header(&file, 1000, 123456789, 100, 40);
		put_data(&file, 40, 0);
		p = open_good(&file, PCAP_TSTAMP_PRECISION_NANO);
		assert_int_equal(pcap_datalink(p), types[i].dlt);
		packets = read_all(p);
		assert_int_equal(packets.count, 1);
		assert_int_equal(packets.list[0].header.ts.tv_usec, 123456789);
		assert_int_equal(packets.list[0].header.caplen, 40);
		assert_int_equal(packets.list[0].header.len, 100);
		packets_clear(&packets);
	}
}

static void old_versions_have_their_lengths_in_their_order(void **state)
{
	static const struct {
		int major, minor;
		uint32_t third, fourth; /* as they stand in the packet header */
		uint32_t caplen, len;
	} cases[] = {
		{2, 4, 30, 60, 30, 60},
		{2, 4, 60, 30, 60, 30}, /* more than there was: strange, and not an error */
		{2, 3, 30, 60, 30, 60},
		{2, 3, 60, 30, 30, 60},
		{2, 2, 60, 30, 30, 60},
		{2, 1, 60, 30, 30, 60},
		{2, 0, 60, 30, 30, 60},
		{543, 0, 60, 30, 30, 60},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file = {.swapped = i % 2};
		struct packets packets;
		pcap_t *p;

		put_file_header(&file, MAGIC_MICRO, cases[i].major, cases[i].minor, 1000, 1);
		put_packet_header(&file, 1, 2, cases[i].third, cases[i].fourth);
		put_data(&file, cases[i].caplen, 0);
		p = open_good(&file, PCAP_TSTAMP_PRECISION_MICRO);
		assert_int_equal(pcap_major_version(p), cases[i].major);
		assert_int_equal(pcap_minor_version(p), cases[i].minor);
		packets = read_all(p);
		assert_int_equal(packets.count, 1);
		assert_int_equal(packets.list[0].header.caplen, cases[i].caplen);
		assert_int_equal(packets.list[0].header.len, cases[i].len);
		packets_clear(&packets);
	}
}

static void refuses_unknown_versions(void **state)
{
	static const int versions[][2] = {{0, 0}, {1, 9}, {2, 5}, {3, 0}, {543, 1}, {65535, 65535}};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct file file = {.swapped = i % 2};
		char message[50];

		put_file_header(&file, MAGIC_MICRO, versions[i][0], versions[i][1], 1000, 1);
		snprintf(message, sizeof(message), "version %d.%d of the pcap format", versions[i][0],
			versions[i][1]);
		assert_refused(&file, message);
	}
}

static void maps_link_types_and_keeps_what_is_told_of_the_fcs(void **state)
{
	static const struct {
		uint32_t field;
		int dlt, ext;
	} cases[] = {
		{1, DLT_EN10MB, 0},
		{101, DLT_RAW, 0},
		{100, DLT_ATM_RFC1483, 0},
		{113, DLT_LINUX_SLL, 0},
		{147, DLT_USER0, 0},
		{60000, 60000, 0},           /* not in the registry: as it is */
		{0x02240018, 0x02240018, 0}, /* NetBSD's class of types */
		{0x24000001, DLT_EN10MB, 0x24000000},
		{0xf8000071, DLT_LINUX_SLL, (int)0xf8000000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file = {.swapped = i % 2};
		pcap_t *p;

		put_file_header(&file, MAGIC_MICRO, 2, 4, 1000, cases[i].field);
		p = open_good(&file, PCAP_TSTAMP_PRECISION_MICRO);
		assert_int_equal(pcap_datalink(p), cases[i].dlt);
		assert_int_equal(pcap_datalink_ext(p), cases[i].ext);
		pcap_close(p);
	}
	assert_int_equal(LT_FCS_LENGTH(0x24000000), 2);
}

static void refuses_reserved_bits_of_the_link_type(void **state)
{
	struct file file = {.swapped = false};

	(void)state;
	put_file_header(&file, MAGIC_MICRO, 2, 4, 1000, 0x00010001);
	assert_refused(&file, "reserved bits of the link-type field are set (0x00010001)");
	file.swapped = true;
	put_file_header(&file, MAGIC_MICRO, 2, 4, 1000, 0x02000001);
	assert_refused(&file, "reserved bits");
}

static void bounds_the_snapshot_length(void **state)
{
	static const struct {
		uint32_t in_file;
		int told;
	} cases[] = {{0, 262144}, {1, 1}, {65535, 65535}, {262144, 262144}, {300000, 300000},
		{0x7fffffff, 0x7fffffff}, {0x80000000, 262144}, {0xffffffff, 262144}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file = {.swapped = i % 2};
		pcap_t *p;

		put_file_header(&file, MAGIC_MICRO, 2, 4, cases[i].in_file, 1);
		p = open_good(&file, PCAP_TSTAMP_PRECISION_MICRO);
		assert_int_equal(pcap_snapshot(p), cases[i].told);
		pcap_close(p);
	}
}

/* Some writers store more than they say; the rest is skipped. */
static void cuts_packets_to_the_snapshot_length(void **state)
{
	struct file file = {.swapped = false};
	struct packets packets;

	(void)state;
	put_file_header(&file, MAGIC_MICRO, 2, 4, 8, 1);
	for (int i = 0; i < 3; i++) {
		put_packet_header(&file, 1, 2, 30, 60);
		put_data(&file, 30, i);
	}
	packets = read_all(open_good(&file, PCAP_TSTAMP_PRECISION_MICRO));
	assert_int_equal(packets.count, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(packets.list[i].header.caplen, 8);
		assert_int_equal(packets.list[i].header.len, 60);
		assert_int_equal(packets.list[i].data[7], data_byte(7, i));
	}
	packets_clear(&packets);
}

static void time_stamps_are_unsigned_and_pass_through(void **state)
{
	struct file file = {.swapped = false};
	struct packets packets;

	(void)state;
	put_file_header(&file, MAGIC_MICRO, 2, 4, 1000, 1);
	put_packet_header(&file, 0xffffffff, 999999, 0, 0); /* the year 2106 */
	put_packet_header(&file, 0, 4000000000, 0, 0);      /* no fraction of a second */
	packets = read_all(open_good(&file, PCAP_TSTAMP_PRECISION_MICRO));
	assert_int_equal(packets.count, 2);
	assert_true(packets.list[0].header.ts.tv_sec == 0xffffffff);
	assert_int_equal(packets.list[0].header.ts.tv_usec, 999999);
	assert_true(packets.list[1].header.ts.tv_usec == 4000000000);
	packets_clear(&packets);
}

static void names_formats_that_it_cannot_read(void **state)
{
	struct file file = {.swapped = false};

	(void)state;
	put_bytes(&file, "GIF89a", 6);
	assert_refused(&file, "file.pcap: not a capture file (the first bytes are 47 49 46 38)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_byte_orders_and_precisions),
		cmocka_unit_test(refuses_an_unknown_precision),
		cmocka_unit_test(reads_variants),
		cmocka_unit_test(takes_ixia_fractions_above_a_million_for_nanoseconds),
		cmocka_unit_test(damage_does_not_change_the_variant),
		cmocka_unit_test(reads_aix_files),
		cmocka_unit_test(old_versions_have_their_lengths_in_their_order),
		cmocka_unit_test(refuses_unknown_versions),
		cmocka_unit_test(maps_link_types_and_keeps_what_is_told_of_the_fcs),
		cmocka_unit_test(refuses_reserved_bits_of_the_link_type),
		cmocka_unit_test(bounds_the_snapshot_length),
		cmocka_unit_test(cuts_packets_to_the_snapshot_length),
		cmocka_unit_test(time_stamps_are_unsigned_and_pass_through),
		cmocka_unit_test(names_formats_that_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
