/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng files block by block: what is read of every block and option, in both byte orders, and that it is written back
 * as it was.
 */
#include "blocks.h"

#include <byteswap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

static void assert_message(const char *message, const char *part)
{
	if (strstr(message, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, message);
}

static pcapng_reader_t *open_blocks(const struct file *file)
{
	char path[128];
	pcapng_reader_t *reader;

	save(file, temporary_path(path, "blocks.pcapng"));
	reader = pcapng_open(path, errbuf);
	if (reader == NULL)
		fail_msg("%s", errbuf);
	return reader;
}

/* ---- A file with everything ---- */

/* The options that there are, and the bytes of each number in them. */
static const struct {
	uint32_t type;
	uint16_t code, length, unit;
} options[] = {
	{PCAPNG_SECTION, PCAPNG_SHB_HARDWARE, 11, 0},
	{PCAPNG_SECTION, PCAPNG_SHB_OS, 5, 0},
	{PCAPNG_SECTION, PCAPNG_SHB_USERAPPL, 4, 0},
	{PCAPNG_SECTION, PCAPNG_OPT_COMMENT, 3, 0},
	{PCAPNG_SECTION, PCAPNG_OPT_COMMENT, 0, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_NAME, 4, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_DESCRIPTION, 9, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_IPV4ADDR, 8, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_IPV6ADDR, 17, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_MACADDR, 6, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_EUIADDR, 8, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_SPEED, 8, 8},
	{PCAPNG_INTERFACE, PCAPNG_IF_TZONE, 4, 4},
	{PCAPNG_INTERFACE, PCAPNG_IF_FILTER, 14, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_OS, 5, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_FCSLEN, 1, 1},
	{PCAPNG_INTERFACE, PCAPNG_IF_HARDWARE, 7, 0},
	{PCAPNG_INTERFACE, PCAPNG_IF_TXSPEED, 8, 8},
	{PCAPNG_INTERFACE, PCAPNG_IF_RXSPEED, 8, 8},
	{PCAPNG_INTERFACE, PCAPNG_IF_IANA_TZNAME, 13, 0},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_OPT_COMMENT, 6, 0},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_FLAGS, 4, 4},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_HASH, 5, 0},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_DROPCOUNT, 8, 8},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_PACKETID, 8, 8},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_QUEUE, 4, 4},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_VERDICT, 9, 0},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_PROCESSID_THREADID, 8, 4},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_OPT_CUSTOM_STRING, 10, 0},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_OPT_CUSTOM_BYTES_NO_COPY, 7, 0},
	{PCAPNG_OBSOLETE_PACKET, PCAPNG_EPB_FLAGS, 4, 4},
	{PCAPNG_OBSOLETE_PACKET, PCAPNG_EPB_HASH, 17, 0},
	{PCAPNG_NAME_RESOLUTION, PCAPNG_NS_DNSNAME, 7, 0},
	{PCAPNG_NAME_RESOLUTION, PCAPNG_NS_DNSIP4ADDR, 4, 0},
	{PCAPNG_NAME_RESOLUTION, PCAPNG_NS_DNSIP6ADDR, 16, 0},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_STARTTIME, 8, 4},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_ENDTIME, 8, 4},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_IFRECV, 8, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_IFDROP, 8, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_FILTERACCEPT, 8, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_OSDROP, 8, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_USRDELIV, 8, 8},
	{PCAPNG_DECRYPTION_SECRETS, PCAPNG_OPT_COMMENT, 2, 0},
};
#define OPTION_COUNT ((int)(sizeof(options) / sizeof(options[0])))

/* The value of an option, in this host's byte order or in the other. */
static void make_value(int index, bool swapped, u_char value[32])
{
	size_t unit = options[index].unit;

	for (size_t i = 0; i < options[index].length; i++)
		value[i] = data_byte(i, index);
	if (options[index].code >= PCAPNG_OPT_CUSTOM_STRING)
		unit = 4;
	for (size_t at = 0; swapped && unit > 1 && at + unit <= options[index].length; at += unit) {
		for (size_t i = 0; i < unit / 2; i++) {
			u_char byte = value[at + i];

			value[at + i] = value[at + unit - 1 - i];
			value[at + unit - 1 - i] = byte;
		}
		if (options[index].code >= PCAPNG_OPT_CUSTOM_STRING)
			break;
	}
}

static void end_with_options(struct file *file, size_t begin, uint32_t type)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		u_char value[32];

		if (options[i].type != type)
			continue;
		make_value(i, file->swapped, value);
		put_option(file, options[i].code, value, options[i].length);
	}
	put_option(file, PCAPNG_OPT_END, "", 0);
	end_block(file, begin);
}

static void put_packets_with_options(struct file *file)
{
	size_t begin = begin_block(file, PCAPNG_ENHANCED_PACKET);

	put32(file, 0);
	put32(file, 0x00060a24);
	put32(file, 0x18c6d2c0);
	put32(file, 61);
	put32(file, 99);
	put_data(file, 61, 1);
	put_bytes(file, "\0\0\0", 3);
	end_with_options(file, begin, PCAPNG_ENHANCED_PACKET);
	begin = begin_block(file, PCAPNG_SIMPLE_PACKET);
	put32(file, 30);
	put_data(file, 30, 2);
	end_block(file, begin);
	begin = begin_block(file, PCAPNG_OBSOLETE_PACKET);
	put16(file, 0);
	put16(file, 17);
	put32(file, 0);
	put32(file, 5000001);
	put32(file, 20);
	put32(file, 60);
	put_data(file, 20, 3);
	end_with_options(file, begin, PCAPNG_OBSOLETE_PACKET);
}

static void put_names(struct file *file)
{
	size_t begin = begin_block(file, PCAPNG_NAME_RESOLUTION);

	put16(file, 1);
	put16(file, 13);
	put_bytes(file, "\x0a\0\0\1host.net\0\0\0", 16);
	put16(file, 0);
	put16(file, 0);
	end_with_options(file, begin, PCAPNG_NAME_RESOLUTION);
}

static void put_other_blocks(struct file *file)
{
	size_t begin = begin_block(file, PCAPNG_INTERFACE_STATISTICS);

	put32(file, 0);
	put32(file, 0x00060a24);
	put32(file, 0x18c6d2c1);
	end_with_options(file, begin, PCAPNG_INTERFACE_STATISTICS);
	begin = begin_block(file, PCAPNG_DECRYPTION_SECRETS);
	put32(file, 0x544c534b);
	put32(file, 10);
	put_bytes(file, "CLIENT 1 2\0", 12);
	end_with_options(file, begin, PCAPNG_DECRYPTION_SECRETS);
	begin = begin_block(file, PCAPNG_SYSTEMD_JOURNAL);
	put_bytes(file, "__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=hello\n", 52);
	end_block(file, begin);
	begin = begin_block(file, PCAPNG_CUSTOM);
	put32(file, 32473);
	put_data(file, 24, 4);
	end_block(file, begin);
	begin = begin_block(file, PCAPNG_CUSTOM_NO_COPY);
	put32(file, 32473);
	put_data(file, 8, 5);
	end_block(file, begin);
}

#define BLOCKS 11

/* A section with every block and every option that there is. */
static void put_everything(struct file *file)
{
	size_t begin = begin_block(file, PCAPNG_SECTION);

	put32(file, 0x1a2b3c4d);
	put16(file, 1);
	put16(file, 0);
	put64(file, UINT64_MAX);
	end_with_options(file, begin, PCAPNG_SECTION);
	begin = begin_block(file, PCAPNG_INTERFACE);
	put16(file, 1);
	put16(file, 0);
	put32(file, 65535);
	end_with_options(file, begin, PCAPNG_INTERFACE);
	put_packets_with_options(file);
	put_names(file);
	put_other_blocks(file);
}

/* ---- Reading ---- */

static void assert_options(const struct pcapng_block *block)
{
	size_t count = 0;

	for (int i = 0; i < OPTION_COUNT; i++) {
		u_char value[32];

		if (options[i].type != block->type)
			continue;
		assert_true(count < block->option_count);
		make_value(i, false, value);
		assert_int_equal(block->options[count].code, options[i].code);
		assert_int_equal(block->options[count].length, options[i].length);
		assert_memory_equal(block->options[count].value, value, options[i].length);
		count++;
	}
	assert_int_equal(block->option_count, count);
}

static const struct pcapng_block *next_block(pcapng_reader_t *reader, uint32_t type)
{
	const struct pcapng_block *block;

	if (pcapng_next(reader, &block) != 1)
		fail_msg("%s", pcapng_error(reader));
	assert_int_equal(block->type, type);
	assert_options(block);
	return block;
}

static void assert_data(const struct pcapng_block *block, size_t length, int seed)
{
	assert_int_equal(block->data_length, length);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(block->data[i], data_byte(i, seed));
}

static void check_packets(pcapng_reader_t *reader)
{
	const struct pcapng_block *block = next_block(reader, PCAPNG_ENHANCED_PACKET);
	uint32_t flags;

	assert_int_equal(block->interface, 0);
	assert_int_equal(block->timestamp, 0x00060a2418c6d2c0);
	assert_int_equal(block->seconds, 0x00060a2418c6d2c0 / 1000000);
	assert_int_equal(block->nanoseconds, 0x00060a2418c6d2c0 % 1000000 * 1000);
	assert_int_equal(block->caplen, 61);
	assert_int_equal(block->len, 99);
	assert_data(block, 61, 1);
	memcpy(&flags, pcapng_find_option(block, PCAPNG_EPB_FLAGS)->value, 4);
	assert_int_equal(pcapng_option_number(block, pcapng_find_option(block, PCAPNG_EPB_FLAGS)), flags);
	assert_null(pcapng_find_option(block, 77));
	block = next_block(reader, PCAPNG_SIMPLE_PACKET);
	assert_int_equal(block->caplen, 30);
	assert_data(block, 30, 2);
	block = next_block(reader, PCAPNG_OBSOLETE_PACKET);
	assert_int_equal(block->drops, 17);
	assert_int_equal(block->seconds, 5);
	assert_int_equal(block->nanoseconds, 1000);
	assert_data(block, 20, 3);
}

static void check_everything(pcapng_reader_t *reader)
{
	const struct pcapng_block *block;

	next_block(reader, PCAPNG_SECTION);
	block = next_block(reader, PCAPNG_INTERFACE);
	assert_int_equal(block->linktype, 1);
	assert_int_equal(block->dlt, DLT_EN10MB);
	assert_int_equal(block->snaplen, 65535);
	check_packets(reader);
	block = next_block(reader, PCAPNG_NAME_RESOLUTION);
	assert_int_equal(block->data_length, 24);
	assert_memory_equal(block->data + 4, "\x0a\0\0\1host.net", 13);
	assert_int_equal(*(const uint16_t *)block->data, 1);
	assert_int_equal(*(const uint16_t *)(block->data + 2), 13);
	block = next_block(reader, PCAPNG_INTERFACE_STATISTICS);
	assert_int_equal(block->timestamp, 0x00060a2418c6d2c1);
	block = next_block(reader, PCAPNG_DECRYPTION_SECRETS);
	assert_int_equal(block->number, 0x544c534b);
	assert_int_equal(block->data_length, 10);
	assert_memory_equal(block->data, "CLIENT 1 2", 10);
	block = next_block(reader, PCAPNG_SYSTEMD_JOURNAL);
	assert_int_equal(block->data_length, 52);
	block = next_block(reader, PCAPNG_CUSTOM);
	assert_int_equal(block->number, 32473);
	assert_data(block, 24, 4);
	block = next_block(reader, PCAPNG_CUSTOM_NO_COPY);
	assert_data(block, 8, 5);
	assert_int_equal(pcapng_next(reader, &block), 0);
}

static void reads_every_block_and_option(void **state)
{
	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		struct file file = {.swapped = swapped};
		pcapng_reader_t *reader;

		put_everything(&file);
		reader = open_blocks(&file);
		check_everything(reader);
		pcapng_close(reader);
		file_clear(&file);
	}
}

static void reads_a_pcap_file_as_one_section(void **state)
{
	pcapng_reader_t *reader;
	const struct pcapng_block *block;
	struct file file;

	(void)state;
	for (int nano = 0; nano < 2; nano++) {
		uint64_t units = nano ? 1000000000 : 1000000;

		make_file(&file, true, nano ? MAGIC_NANO : MAGIC_MICRO, 3);
		reader = open_blocks(&file);
		assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(block->type, PCAPNG_SECTION);
		assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(block->type, PCAPNG_INTERFACE);
		assert_int_equal(block->linktype, 1);
		assert_int_equal(block->snaplen, 65535);
		assert_int_equal(*(uint8_t *)pcapng_find_option(block, PCAPNG_IF_TSRESOL)->value, nano ? 9 : 6);
		for (unsigned int i = 0; i < 3; i++) {
			assert_int_equal(pcapng_next(reader, &block), 1);
			assert_int_equal(block->type, PCAPNG_ENHANCED_PACKET);
			assert_int_equal(block->timestamp, (1000 + i) * units + i);
			assert_int_equal(block->seconds, 1000 + i);
			assert_int_equal(block->nanoseconds, nano ? i : 1000 * i);
			assert_data(block, nth_length((int)i), (int)i);
		}
		assert_int_equal(pcapng_next(reader, &block), 0);
		pcapng_close(reader);
		file_clear(&file);
	}
}

/* ---- Writing back ---- */

static void copy(const char *from, const char *to)
{
	pcapng_reader_t *reader = pcapng_open(from, errbuf);
	pcap_writer_t *writer = pcap_writer_open(to, NULL, 0, errbuf);
	const struct pcapng_block *block;
	int status;

	assert_non_null(reader);
	assert_non_null(writer);
	while ((status = pcapng_next(reader, &block)) == 1)
		if (pcap_writer_block(writer, block, sizeof(*block)) != 0)
			fail_msg("%s", pcap_writer_error(writer));
	assert_int_equal(status, 0);
	pcapng_close(reader);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
}

static void assert_file_is(const char *path, const struct file *file)
{
	u_char *bytes = malloc(file->size + 1);
	FILE *stream = fopen(path, "rb");

	assert_non_null(stream);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, file->size + 1, stream), file->size);
	assert_memory_equal(bytes, file->bytes, file->size);
	fclose(stream);
	free(bytes);
}

static void writes_back_what_it_read(void **state)
{
	char from[128], to[128];
	struct file file = {.swapped = false}, other = {.swapped = true};

	(void)state;
	put_everything(&file);
	put_section(&file);
	put_everything(&file);
	/* Also a type that nobody knows, and what is in the other byte order becomes what it would have been in this. */
	end_block(&file, begin_block(&file, 0x7777));
	save(&file, temporary_path(from, "from.pcapng"));
	copy(from, temporary_path(to, "to.pcapng"));
	assert_file_is(to, &file);
	file_clear(&file);
	put_everything(&file);
	put_everything(&other);
	save(&other, from);
	copy(from, to);
	assert_file_is(to, &file);
	file_clear(&file);
	file_clear(&other);
}

/* ---- Damage ---- */

static void cut_at_every_byte(void **state)
{
	struct file file = {.swapped = false};
	size_t whole;

	(void)state;
	put_everything(&file);
	whole = file.size;
	for (size_t size = 4; size < whole; size++) {
		const struct pcapng_block *block;
		pcapng_reader_t *reader;
		size_t offset = 0;
		int status;

		file.size = size;
		reader = open_blocks(&file);
		while ((status = pcapng_next(reader, &block)) == 1) {
			assert_int_equal(block->offset, offset);
			offset += block->length;
		}
		assert_int_equal(status, offset == size ? 0 : PCAP_ERROR);
		if (offset != size)
			assert_message(pcapng_error(reader), "the file ends in the middle of the block");
		pcapng_close(reader);
	}
	file_clear(&file);
}

/* No change of a byte makes reading crash, or go on for ever. */
static void any_byte_may_be_wrong(void **state)
{
	struct file file = {.swapped = false};

	(void)state;
	put_everything(&file);
	for (size_t at = 0; at < file.size; at++) {
		static const u_char changes[] = {0x01, 0x04, 0x80, 0xff};

		for (int i = 0; i < 4; i++) {
			const struct pcapng_block *block;
			pcapng_reader_t *reader;
			char path[128];
			int blocks = 0;

			file.bytes[at] ^= changes[i];
			save(&file, temporary_path(path, "blocks.pcapng"));
			file.bytes[at] ^= changes[i];
			reader = pcapng_open(path, errbuf);
			if (reader == NULL)
				continue;
			while (pcapng_next(reader, &block) == 1)
				blocks++;
			assert_true(blocks <= BLOCKS);
			pcapng_close(reader);
		}
	}
	file_clear(&file);
}

static void damage_inside_blocks_is_told(void **state)
{
	static const struct {
		uint32_t type, first, second, third;
		const char *message;
	} cases[] = {
		{PCAPNG_NAME_RESOLUTION, 0x00040001, 0, 0xffff0001, "record of type 1 goes past the block's end"},
		{PCAPNG_NAME_RESOLUTION, 0x00040001, 0, 0x00000001, "do not end with one of type 0"},
		{PCAPNG_DECRYPTION_SECRETS, 0, 5, 0, "the secrets have 5 bytes, which do not fit the block"},
		{PCAPNG_INTERFACE_STATISTICS, 1, 0, 0, "it is of interface 1, and the section has described 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file = {.swapped = false};
		const struct pcapng_block *block;
		pcapng_reader_t *reader;
		size_t begin;

		put_section(&file);
		put_interface(&file, 1, 0);
		begin = begin_block(&file, cases[i].type);
		put32(&file, cases[i].first);
		put32(&file, cases[i].second);
		put32(&file, cases[i].third);
		end_block(&file, begin);
		reader = open_blocks(&file);
		assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(pcapng_next(reader, &block), 1);
		assert_int_equal(pcapng_next(reader, &block), PCAP_ERROR);
		assert_message(pcapng_error(reader), cases[i].message);
		assert_int_equal(pcapng_next(reader, &block), PCAP_ERROR);
		pcapng_close(reader);
		file_clear(&file);
	}
}

static void blocks_that_cannot_be_are_refused(void **state)
{
	static const struct pcapng_option comment = {PCAPNG_OPT_COMMENT, 2, "hi"};
	static const u_char data[10];
	static const struct {
		struct pcapng_block block;
		const char *message;
	} cases[] = {
		{{.type = PCAPNG_ENHANCED_PACKET, .interface = 1}, "the section has 1 interfaces so far"},
		{{.type = PCAPNG_INTERFACE_STATISTICS, .interface = 1}, "the section has 1 interfaces so far"},
		{{.type = PCAPNG_ENHANCED_PACKET, .caplen = 5, .data = data, .data_length = 10},
			"the captured length is not that of the data"},
		{{.type = PCAPNG_INTERFACE, .data = data, .data_length = 4}, "have options only"},
		{{.type = PCAPNG_SIMPLE_PACKET, .options = &comment, .option_count = 1}, "have no options"},
		{{.type = 0x7777, .swapped = 1}, "read in the other byte order"},
		{{.type = PCAPNG_CUSTOM, .data = data, .data_length = 1UL << 32}, "too much data"},
	};
	const struct pcapng_block interface = {.type = PCAPNG_INTERFACE, .linktype = 1};
	char path[128];
	pcap_writer_t *writer = pcap_writer_open(temporary_path(path, "to.pcapng"), NULL, 0, errbuf);

	(void)state;
	assert_non_null(writer);
	assert_int_equal(pcap_writer_block(writer, &interface, sizeof(interface)), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(pcap_writer_block(writer, &cases[i].block, sizeof(cases[i].block)), PCAP_ERROR);
		assert_message(pcap_writer_error(writer), cases[i].message);
	}
	/* They do no harm to what is good. */
	assert_int_equal(pcap_writer_block(writer, &interface, sizeof(interface)), 0);
	assert_int_equal(pcap_writer_close(writer, errbuf), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_block_and_option),
		cmocka_unit_test(reads_a_pcap_file_as_one_section),
		cmocka_unit_test(writes_back_what_it_read),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(any_byte_may_be_wrong),
		cmocka_unit_test(damage_inside_blocks_is_told),
		cmocka_unit_test(blocks_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
