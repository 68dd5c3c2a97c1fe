/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parts of the `weir` command that deal with savefiles: times, names and options of files, how far work is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "instant.h"
#include "output-options.h"
#include "progress.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		bool relative;
		int64_t seconds;
		uint32_t nanoseconds;
	} rows[] = {
		{"0", false, 0, 0},
		{"1709208001.5", false, 1709208001, 500000000},
		{"+90", true, 90, 0},
		{"+0.000000001", true, 0, 1},
		{"2024-02-29T12:00:01Z", false, 1709208001, 0},
		{"2024-02-29T12:00:01.123456789Z", false, 1709208001, 123456789},
		{"2024-02-29t12:00z", false, 1709208000, 0},
		{"2024-02-29 13:00:01+01:00", false, 1709208001, 0},
		{"2024-02-29T06:30:01-0530", false, 1709208001, 0},
		{"2024-02-29 09:00:01.25", false, 1709208001, 250000000}, /* local time, three hours behind */
		{"2024-02-29", false, 1709175600, 0},
		{"1969-12-31T23:59:59Z", false, -1, 0},
	};
	static const char *const wrong[] = {"", "now", "-1", "+", "++1", "1.", "1.5s", "2024-02", "2024-13-01",
		"2024-02-32", "2024-02-29T", "2024-02-29T24:00", "2024-02-29T12:60", "2024-02-29T12:00:01.",
		"2024-02-29T12:00:01+1", "2024-02-29T12:00:01Z1", "24-02-29", "+2024-02-29",
		"99999999999999999999"};
	struct moment moment;

	(void)state;
	setenv("TZ", "XYZ3", 1);
	tzset();
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!parse_moment(rows[i].text, &moment))
			fail_msg("%s is not read", rows[i].text);
		assert_true(moment.given);
		assert_int_equal(moment.relative, rows[i].relative);
		assert_int_equal(moment.instant.seconds, rows[i].seconds);
		assert_int_equal(moment.instant.nanoseconds, rows[i].nanoseconds);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (parse_moment(wrong[i], &moment))
			fail_msg("%s is read as a time", wrong[i]);
	}
}

static void relative_times_count_from_the_first_packet(void **state)
{
	const struct instant first = {1000, 900000000};
	struct moment moment;

	(void)state;
	assert_true(parse_moment("+1.2", &moment));
	settle_moment(&moment, &first);
	assert_false(moment.relative);
	assert_int_equal(moment.instant.seconds, 1002);
	assert_int_equal(moment.instant.nanoseconds, 100000000);
	settle_moment(&moment, &first);
	assert_int_equal(moment.instant.seconds, 1002);
}

static void times_are_written(void **state)
{
	char buffer[64];
	struct text text = text_in(buffer, sizeof(buffer));

	(void)state;
	text_instant(&text, &(struct instant){1709208001, 5});
	assert_string_equal(text_finish(&text), "2024-02-29T12:00:01.000000005Z");
}

static void names_tell_format_and_compression(void **state)
{
	static const struct {
		const char *path;
		int format, compression;
	} rows[] = {
		{"a", NOT_KNOWN, PCAP_COMPRESSION_NONE},
		{"-", NOT_KNOWN, PCAP_COMPRESSION_NONE},
		{"a.pcap", PCAP_FORMAT_PCAP, PCAP_COMPRESSION_NONE},
		{"a.b/c.cap.gz", PCAP_FORMAT_PCAP, PCAP_COMPRESSION_GZIP},
		{"a.dmp.zst", PCAP_FORMAT_PCAP, PCAP_COMPRESSION_ZSTD},
		{"a.pcapng.lz4", PCAP_FORMAT_PCAPNG, PCAP_COMPRESSION_LZ4},
		{"a.gz", NOT_KNOWN, PCAP_COMPRESSION_GZIP},
		{"a.pcap/b", NOT_KNOWN, PCAP_COMPRESSION_NONE},
		{"pcap", NOT_KNOWN, PCAP_COMPRESSION_NONE},
		{"a.ntar", PCAP_FORMAT_PCAPNG, PCAP_COMPRESSION_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct output_settings settings = OUTPUT_SETTINGS_DEFAULT;

		settings.path = rows[i].path;
		assert_int_equal(output_format(&settings, NOT_KNOWN), rows[i].format);
		assert_int_equal(output_compression(&settings), rows[i].compression);
		settings.format = PCAP_FORMAT_PCAPNG;
		settings.compression = PCAP_COMPRESSION_ZSTD;
		assert_int_equal(output_format(&settings, NOT_KNOWN), PCAP_FORMAT_PCAPNG);
		assert_int_equal(output_compression(&settings), PCAP_COMPRESSION_ZSTD);
	}
}

static void sizes_are_those_of_the_programs_that_they_come_from(void **state)
{
	static const struct {
		const char *ring;
		struct output_settings expected;
	} rows[] = {
		{"filesize:10", {.max_bytes = 10000}},
		{"duration:1.5", {.max_nanoseconds = 1500000000}},
		{"packets:7", {.max_packets = 7}},
		{"files:3", {.max_files = 3}},
	};
	static const char *const wrong[] = {"", "files", "files:", "files:0", "files:1000001", "filesize:10k",
		"size:1", "filesize:99999999999999999999", "duration:0", "packets:-1"};
	const char *wanted;
	uint64_t size;

	(void)state;
	assert_true(option_file_size(&size, "3", &wanted));
	assert_int_equal(size, 3000000);
	assert_true(option_file_size(&size, "3k", &wanted));
	assert_int_equal(size, 3072);
	assert_false(option_file_size(&size, "0", &wanted));
	assert_false(option_file_size(&size, "18446744073709551615", &wanted));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct output_settings settings;

		memset(&settings, 0, sizeof(settings));
		assert_true(option_ring(&settings, rows[i].ring, &wanted));
		assert_int_equal(settings.max_bytes, rows[i].expected.max_bytes);
		assert_int_equal(settings.max_nanoseconds, rows[i].expected.max_nanoseconds);
		assert_int_equal(settings.max_packets, rows[i].expected.max_packets);
		assert_int_equal(settings.max_files, rows[i].expected.max_files);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct output_settings settings = OUTPUT_SETTINGS_DEFAULT;

		if (option_ring(&settings, wrong[i], &wanted))
			fail_msg("%s is taken", wrong[i]);
	}
}

static void progress_is_a_bar_where_the_end_is_known(void **state)
{
	static const struct {
		uint64_t bytes, total, packets;
		const char *text;
	} rows[] = {
		{0, 1000, 0, "[                              ]   0% 0 packets"},
		{335, 1000, 1, "[#########                     ]  33% 1 packet"},
		{1000, 1000, 20, "[##############################] 100% 20 packets"},
		{2000, 1000, 20, "[##############################] 100% 20 packets"},
		{UINT64_MAX / 2, UINT64_MAX, 3, "[##############                ]  49% 3 packets"},
		{1200000, 0, 3, "3 packets, 1.2 MB"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buffer[200];
		struct text text = text_in(buffer, sizeof(buffer));

		progress_text(&text, rows[i].bytes, rows[i].total, rows[i].packets);
		assert_string_equal(text_finish(&text), rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(relative_times_count_from_the_first_packet),
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(names_tell_format_and_compression),
		cmocka_unit_test(sizes_are_those_of_the_programs_that_they_come_from),
		cmocka_unit_test(progress_is_a_bar_where_the_end_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
