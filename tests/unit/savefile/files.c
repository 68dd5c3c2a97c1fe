/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes savefiles byte by byte and reads them back: shared by the tests of this folder.
 */
#include "files.h"

#include <byteswap.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/weir-savefile-XXXXXX";

int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

int remove_folder(void **state)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	(void)state;
	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory != NULL)
		closedir(directory);
	return rmdir(folder);
}

const char *temporary_path(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
	return path;
}

void file_clear(struct file *file)
{
	free(file->bytes);
	memset(file, 0, sizeof(*file));
}

/* Room for `size` more bytes, which are the file's then. */
static u_char *extend(struct file *file, size_t size)
{
	if (size > file->capacity - file->size) {
		file->capacity = (file->size + size) * 2;
		file->bytes = realloc(file->bytes, file->capacity);
		assert_non_null(file->bytes);
	}
	file->size += size;
	return file->bytes + file->size - size;
}

void put_bytes(struct file *file, const void *bytes, size_t size)
{
	memcpy(extend(file, size), bytes, size);
}

void put16(struct file *file, uint16_t value)
{
	if (file->swapped)
		value = bswap_16(value);
	put_bytes(file, &value, sizeof(value));
}

void put32(struct file *file, uint32_t value)
{
	if (file->swapped)
		value = bswap_32(value);
	put_bytes(file, &value, sizeof(value));
}

void put64(struct file *file, uint64_t value)
{
	if (file->swapped)
		value = bswap_64(value);
	put_bytes(file, &value, sizeof(value));
}

void put_file_header(struct file *file, uint32_t magic, int major, int minor, uint32_t snaplen, uint32_t linktype)
{
	put32(file, magic);
	put16(file, (uint16_t)major);
	put16(file, (uint16_t)minor);
	put32(file, 0);
	put32(file, 0);
	put32(file, snaplen);
	put32(file, linktype);
}

void put_packet_header(struct file *file, uint32_t seconds, uint32_t fraction, uint32_t third, uint32_t fourth)
{
	put32(file, seconds);
	put32(file, fraction);
	put32(file, third);
	put32(file, fourth);
}

u_char data_byte(size_t offset, int seed)
{
	return (u_char)(offset * 7 + (size_t)seed * 31 + 3);
}

void put_data(struct file *file, size_t size, int seed)
{
	u_char *data = extend(file, size);

	for (size_t i = 0; i < size; i++)
		data[i] = data_byte(i, seed);
}

size_t nth_length(int packet)
{
	return 20 + (size_t)packet % 50;
}

void make_file(struct file *file, bool swapped, uint32_t magic, int packets)
{
	memset(file, 0, sizeof(*file));
	file->swapped = swapped;
	put_file_header(file, magic, 2, 4, 65535, 1);
	for (int i = 0; i < packets; i++) {
		uint32_t length = (uint32_t)nth_length(i);

		put_packet_header(file, 1000 + (uint32_t)i, (uint32_t)i, length, length + 4);
		put_data(file, length, i);
	}
}

void save(const struct file *file, const char *path)
{
	FILE *stream;

	unlink(path); /* some file systems write a file that was emptied to the disk at once */
	stream = fopen(path, "wb");
	assert_non_null(stream);
	assert_int_equal(fwrite(file->bytes, 1, file->size, stream), file->size);
	assert_int_equal(fclose(stream), 0);
}

pcap_t *open_file(const struct file *file, u_int precision, char *errbuf)
{
	char path[128];

	save(file, temporary_path(path, "file.pcap"));
	return pcap_open_offline_with_tstamp_precision(path, precision, errbuf);
}

void packets_clear(struct packets *packets)
{
	for (int i = 0; i < packets->count; i++)
		free(packets->list[i].data);
	free(packets->list);
	memset(packets, 0, sizeof(*packets));
}

void keep_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct packets *packets = (struct packets *)user;
	struct packet *packet;

	/* Twice the room whenever it is used up, which is at powers of two. */
	if ((packets->count & (packets->count - 1)) == 0) {
		size_t room = packets->count == 0 ? 1 : 2 * (size_t)packets->count;

		packets->list = realloc(packets->list, room * sizeof(struct packet));
		assert_non_null(packets->list);
	}
	packet = &packets->list[packets->count++];
	packet->header = *header;
	packet->data = malloc(header->caplen + 1);
	assert_non_null(packet->data);
	memcpy(packet->data, data, header->caplen);
}

void assert_made_packets(const struct packets *packets, int count, long unit)
{
	assert_int_equal(packets->count, count);
	for (int i = 0; i < count; i++) {
		const struct packet *packet = &packets->list[i];

		assert_int_equal(packet->header.ts.tv_sec, 1000 + i);
		assert_int_equal(packet->header.ts.tv_usec, i * unit);
		assert_int_equal(packet->header.caplen, nth_length(i));
		assert_int_equal(packet->header.len, nth_length(i) + 4);
		for (size_t j = 0; j < packet->header.caplen; j++)
			assert_int_equal(packet->data[j], data_byte(j, i));
	}
}
