/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes savefiles byte by byte, in either byte order, and reads them back whole: for the tests of this folder.
 */
#ifndef WEIR_TEST_FILES_H
#define WEIR_TEST_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <pcap/pcap.h>
#include <pcap/weir.h>

#define MAGIC_MICRO 0xa1b2c3d4
#define MAGIC_NANO 0xa1b23c4d

/* A file in the making. */
struct file {
	u_char *bytes;
	size_t size;
	size_t capacity;
	bool swapped; /* numbers are put in the byte order that this host does not have */
};

void file_clear(struct file *file);
void put_bytes(struct file *file, const void *bytes, size_t size);
void put16(struct file *file, uint16_t value);
void put32(struct file *file, uint32_t value);
void put64(struct file *file, uint64_t value);
/* The 24 bytes of a file header. */
void put_file_header(struct file *file, uint32_t magic, int major, int minor, uint32_t snaplen, uint32_t linktype);
/* Four numbers, as a packet header has them. */
void put_packet_header(struct file *file, uint32_t seconds, uint32_t fraction, uint32_t third, uint32_t fourth);
/* `size` bytes of data that differ with the seed. */
void put_data(struct file *file, size_t size, int seed);
/* The byte at `offset` of the data that put_data() makes. */
u_char data_byte(size_t offset, int seed);
/* A version 2.4 Ethernet file with that many packets: of 20 bytes and more, of time 1000 + i seconds, i fractions. */
void make_file(struct file *file, bool swapped, uint32_t magic, int packets);
size_t nth_length(int packet);

/* A path in the test program's own folder, which goes when the program ends; the buffer is the caller's. */
const char *temporary_path(char path[128], const char *name);
/* Writes the file there. */
void save(const struct file *file, const char *path);
/* Saves the file as "file.pcap" and opens it, as any program would. */
pcap_t *open_file(const struct file *file, u_int precision, char *errbuf);

/* What was read. */
struct packets {
	int count;
	struct packet {
		struct pcap_pkthdr header;
		u_char *data;
	} * list;
};

void packets_clear(struct packets *packets);
/* A pcap_handler; user is a struct packets. */
void keep_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data);
/* Asserts that these are the packets of make_file(), the first `count` of them. */
void assert_made_packets(const struct packets *packets, int count, long unit);

/* For cmocka_run_group_tests(). */
int make_folder(void **state);
int remove_folder(void **state);

#endif
