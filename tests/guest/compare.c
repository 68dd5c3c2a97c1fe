/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compares two savefiles of the same traffic: link type, and of each packet its lengths and its bytes, but for SIZE of
 * them from OFFSET on, which each capture has of its own, as it has time stamps. For the guest's scripts, where a small
 * program starts sooner than an interpreter.
 *
 * usage: compare FILE FILE OFFSET SIZE
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0xa1b2c3d4
#define PACKET_MAX 262144

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, figures, snaplen, link_type;
};

struct packet {
	uint32_t seconds, microseconds, caplen, len;
	uint8_t data[PACKET_MAX];
};

static uint32_t read_header(FILE *file, const char *path)
{
	struct file_header header;

	if (file == NULL || fread(&header, sizeof(header), 1, file) != 1 || header.magic != MAGIC) {
		printf("%s: no savefile\n", path);
		exit(1);
	}
	return header.link_type;
}

/* Whether there is one. Its own bytes are set to 0. */
static bool read_packet(FILE *file, struct packet *packet, uint32_t offset, uint32_t size)
{
	if (fread(packet, 16, 1, file) != 1)
		return false;
	if (packet->caplen > PACKET_MAX || fread(packet->data, 1, packet->caplen, file) != packet->caplen)
		return false;
	for (uint32_t i = offset; i < offset + size && i < packet->caplen; i++)
		packet->data[i] = 0;
	return true;
}

static void show(const char *path, const struct packet *packet)
{
	printf("%s: %u of %u bytes:", path, packet->caplen, packet->len);
	for (uint32_t i = 0; i < packet->caplen && i < 256; i++)
		printf(" %02x", packet->data[i]);
	putchar('\n');
}

int main(int argc, char **argv)
{
	static struct packet first, second;
	unsigned count = 0;

	if (argc != 5) {
		fprintf(stderr, "usage: compare FILE FILE OFFSET SIZE\n");
		return 2;
	}
	FILE *a = fopen(argv[1], "rb"), *b = fopen(argv[2], "rb");
	uint32_t offset = strtoul(argv[3], NULL, 10), size = strtoul(argv[4], NULL, 10);
	bool same = read_header(a, argv[1]) == read_header(b, argv[2]);

	if (!same)
		printf("the link types differ\n");
	while (same && read_packet(a, &first, offset, size)) {
		bool both = read_packet(b, &second, offset, size);
		same = both && first.caplen == second.caplen && first.len == second.len &&
		       memcmp(first.data, second.data, first.caplen) == 0;
		count++;
		if (same)
			continue;
		printf("packet %u differs\n", count);
		show(argv[1], &first);
		if (both)
			show(argv[2], &second);
	}
	if (same && read_packet(b, &second, offset, size)) {
		printf("%s has more than %u packets\n", argv[2], count);
		return 1;
	}
	return same && count > 0 ? 0 : 1;
}
