/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that hold fields in the byte order of the host that captured them: each such link type is written as each
 * of the two kinds of host would, and has to be read as this host would have captured it, at every captured length.
 */
#include "files.h"

#include <string.h>

#include <pcap/nflog.h>
#include <pcap/sll.h>
#include <pcap/usb.h>

static char errbuf[PCAP_ERRBUF_SIZE];

/* What a host puts for a packet, numbers in its byte order. */
typedef void (*packet_maker)(struct file *packet);

static void put_big_endian16(struct file *packet, uint16_t value)
{
	u_char bytes[] = {(u_char)(value >> 8), (u_char)value};

	put_bytes(packet, bytes, sizeof(bytes));
}

static void make_sll(struct file *packet, uint16_t protocol)
{
	put_big_endian16(packet, LINUX_SLL_OUTGOING);
	put_big_endian16(packet, 280);
	put_big_endian16(packet, 0);
	put_data(packet, 8, 1);
	put_big_endian16(packet, protocol);
}

static void make_sll_can(struct file *packet)
{
	make_sll(packet, LINUX_SLL_P_CAN);
	put32(packet, 0x80012345);
	put_data(packet, 12, 2);
}

static void make_sll_canfd(struct file *packet)
{
	make_sll(packet, LINUX_SLL_P_CANFD);
	put32(packet, 0x123);
	put_data(packet, 68, 2);
}

static void make_sll_ip(struct file *packet)
{
	make_sll(packet, 0x0800);
	put_data(packet, 40, 2);
}

static void make_sll2_can(struct file *packet)
{
	put_big_endian16(packet, LINUX_SLL_P_CAN);
	put_data(packet, 18, 1);
	put32(packet, 0x80012345);
	put_data(packet, 12, 2);
}

static void make_pflog(struct file *packet)
{
	u_char length = 61;

	put_bytes(packet, &length, 1);
	put_data(packet, 43, 1);
	for (uint32_t i = 0; i < 4; i++)
		put32(packet, 0x01020304 + i);
	put_data(packet, 44, 2);
}

/* An older header: the last fields are the packet's first bytes. */
static void make_short_pflog(struct file *packet)
{
	u_char length = 53;

	put_bytes(packet, &length, 1);
	put_data(packet, 43, 1);
	put32(packet, 0x01020304);
	put32(packet, 0x05060708);
	put_data(packet, 44, 2);
}

static void put_nflog_attribute(struct file *packet, uint16_t type, size_t size)
{
	put16(packet, (uint16_t)(4 + size));
	put16(packet, type);
	put_data(packet, (size + 3) & ~(size_t)3, type);
}

static void make_nflog(struct file *packet)
{
	put_bytes(packet, "\x02\x00\x12\x34", 4);
	put_nflog_attribute(packet, NFULA_PACKET_HDR, 4);
	put_nflog_attribute(packet, NFULA_PREFIX, 1);
	put_nflog_attribute(packet, NFULA_IFINDEX_OUTDEV, 4);
	put_nflog_attribute(packet, NFULA_PAYLOAD, 41);
}

/* A version that nobody knows is left as it is. */
static void make_unknown_nflog(struct file *packet)
{
	put_bytes(packet, "\x02\x01\x12\x34", 4);
	put_data(packet, 60, 1);
}

static void put_usb_start(struct file *packet, u_char event, u_char transfer, u_char endpoint, uint32_t urb_length)
{
	u_char bytes[] = {event, transfer, endpoint, 7};

	put64(packet, 0xffff88001122aabb);
	put_bytes(packet, bytes, sizeof(bytes));
	put16(packet, 3);
	put_bytes(packet, "-", 2);
	put64(packet, 1700000000);
	put32(packet, 123456);
	put32(packet, (uint32_t)-115);
	put32(packet, urb_length);
	put32(packet, 24);
}

static void make_usb(struct file *packet)
{
	put_usb_start(packet, URB_SUBMIT, URB_CONTROL, 0x80, 18);
	put_bytes(packet, "\x80\x06\x00\x01\x00\x00\x12\x00", 8);
	put_data(packet, 24, 1);
}

static void put_usb_mmapped_end(struct file *packet, uint32_t descriptors)
{
	put32(packet, 8);
	put32(packet, 1234);
	put32(packet, 0x200);
	put32(packet, descriptors);
}

static void make_usb_mmapped(struct file *packet)
{
	put_usb_start(packet, URB_COMPLETE, URB_BULK, 0x81, 24);
	put_data(packet, 8, 3);
	put_usb_mmapped_end(packet, 0);
	put_data(packet, 24, 1);
}

static void put_isochronous(struct file *packet, u_char event, u_char endpoint)
{
	static const uint32_t parts[][2] = {{0, 100}, {200, 150}, {400, 0}}; /* offset and length */

	put_usb_start(packet, event, URB_ISOCHRONOUS, endpoint, 250);
	put32(packet, 1);
	put32(packet, 3);
	put_usb_mmapped_end(packet, 3);
	for (int i = 0; i < 3; i++) {
		put32(packet, (uint32_t)-18);
		put32(packet, parts[i][0]);
		put32(packet, parts[i][1]);
		put_data(packet, 4, i);
	}
	put_data(packet, 20, 1);
}

static void make_usb_isochronous_in(struct file *packet)
{
	put_isochronous(packet, URB_COMPLETE, 0x81);
}

static void make_usb_isochronous_out(struct file *packet)
{
	put_isochronous(packet, URB_COMPLETE, 0x01);
}

static void make_ethernet(struct file *packet)
{
	put_data(packet, 60, 1);
}

/* Reads a packet's first `caplen` bytes from a file of a host; what it was read as goes to `data`. */
static bpf_u_int32 read_one(
	packet_maker make, uint32_t linktype, bool swapped, uint32_t caplen, uint32_t len, u_char *data)
{
	struct file file = {.swapped = swapped}, packet = {.swapped = swapped};
	struct pcap_pkthdr *header;
	const u_char *read_data;
	bpf_u_int32 read_len;
	pcap_t *p;

	make(&packet);
	put_file_header(&file, MAGIC_MICRO, 2, 4, 65535, linktype);
	put_packet_header(&file, 1, 2, caplen, len);
	put_bytes(&file, packet.bytes, caplen);
	p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
	assert_non_null(p);
	assert_int_equal(pcap_next_ex(p, &header, &read_data), 1);
	assert_int_equal(header->caplen, caplen);
	memcpy(data, read_data, caplen);
	read_len = header->len;
	pcap_close(p);
	file_clear(&file);
	file_clear(&packet);
	return read_len;
}

static size_t packet_size(packet_maker make)
{
	struct file packet = {.swapped = false};
	size_t size;

	make(&packet);
	size = packet.size;
	file_clear(&packet);
	return size;
}

/* The fields that lie in what was captured are turned whole or not at all; so the lengths that cut none are tested. */
static void turns_fields(void **state)
{
	static const struct {
		packet_maker make;
		uint32_t linktype;
		uint32_t cuts[12]; /* captured lengths beside the whole one */
	} cases[] = {
		{make_ethernet, 1, {0, 1, 30}},
		{make_sll_can, 113, {0, 15, 16, 20}},
		{make_sll_canfd, 113, {20, 50}},
		{make_sll_ip, 113, {16, 19, 20, 33}},
		{make_sll2_can, 276, {0, 20, 24}},
		{make_pflog, 117, {0, 1, 44, 48, 52, 56, 60, 61, 80}},
		{make_short_pflog, 117, {1, 44, 48, 52, 53, 60}},
		{make_nflog, 239, {0, 3, 4, 8, 12, 16, 20, 24, 32, 50}},
		{make_unknown_nflog, 239, {4, 8}},
		{make_usb, 189, {0, 8, 12, 16, 24, 32, 40, 48}},
		{make_usb_mmapped, 220, {0, 8, 12, 16, 24, 32, 40, 48, 56, 64, 70}},
		{make_usb_isochronous_in, 220, {0, 40, 44, 48, 64, 68, 72, 76, 80, 96, 112}},
		{make_usb_isochronous_out, 220, {64, 80, 112}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t size = (uint32_t)packet_size(cases[i].make);

		for (int j = 0; j < 12; j++) {
			uint32_t caplen = j == 0 ? size : cases[i].cuts[j - 1];
			u_char own[256], other[256];

			read_one(cases[i].make, cases[i].linktype, false, caplen, size, own);
			read_one(cases[i].make, cases[i].linktype, true, caplen, size, other);
			for (uint32_t k = 0; k < caplen; k++)
				if (own[k] != other[k])
					fail_msg("case %zu, %u bytes captured: byte %u differs", i, caplen, k);
		}
	}
}

/* Attributes that lie about their length end the walk. */
static void odd_nflog_lengths(void **state)
{
	static const uint16_t lengths[] = {0, 1, 3, 5, 100, 0xfffc, 0xfffd, 0xffff};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct file file = {.swapped = true};
		struct pcap_pkthdr header;
		uint16_t length;
		const u_char *data;
		pcap_t *p;

		put_file_header(&file, MAGIC_MICRO, 2, 4, 65535, 239);
		put_packet_header(&file, 1, 2, 20, 20);
		put_bytes(&file, "\x02\x00\x12\x34", 4);
		put16(&file, lengths[i]);
		put16(&file, 1);
		put_data(&file, 12, 1);
		p = open_file(&file, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
		assert_non_null(p);
		data = pcap_next(p, &header);
		assert_non_null(data);
		memcpy(&length, data + 4, sizeof(length));
		assert_int_equal(length, lengths[i]);
		if (lengths[i] != 5)
			for (size_t j = 0; j < 12; j++)
				assert_int_equal(data[8 + j], data_byte(j, 1));
		pcap_close(p);
		file_clear(&file);
	}
}

/* A completed isochronous read is as long as its last part reaches, not as the parts together are. */
static void isochronous_lengths(void **state)
{
	uint32_t descriptors_end = 64 + 3 * 16, size = descriptors_end + 20;
	u_char data[256];

	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		assert_int_equal(read_one(make_usb_isochronous_in, 220, swapped, size, descriptors_end + 250, data),
			descriptors_end + 350);
		/* The length was another, the transfer went the other way, or it can't be told. */
		assert_int_equal(read_one(make_usb_isochronous_in, 220, swapped, size, descriptors_end + 300, data),
			descriptors_end + 300);
		assert_int_equal(read_one(make_usb_isochronous_in, 220, swapped, size, descriptors_end + 350, data),
			descriptors_end + 350);
		assert_int_equal(
			read_one(make_usb_isochronous_out, 220, swapped, size, descriptors_end + 250, data),
			descriptors_end + 250);
		assert_int_equal(read_one(make_usb_isochronous_in, 220, swapped, descriptors_end - 1,
					 descriptors_end + 250, data),
			descriptors_end + 250);
		assert_int_equal(read_one(make_usb_isochronous_in, 220, swapped, 40, descriptors_end + 250, data),
			descriptors_end + 250);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_fields),
		cmocka_unit_test(odd_nflog_lengths),
		cmocka_unit_test(isochronous_lengths),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
