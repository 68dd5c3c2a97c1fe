/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files of a writer, one or a row of them: when one begins and ends, what each begins with, and going on with one that
 * is there.
 */
#include "savefile/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Keeps the name, and removes the file that the ring has no place for any more. */
static int remember_name(pcap_writer_t *writer, char *name)
{
	char **place = &writer->names[(writer->stats.files - 1) % writer->options.max_files];
	int status = *place != NULL ? pcapint_output_remove(&writer->output, *place) : 0;

	free(*place);
	*place = name;
	return status;
}

int pcapint_writer_begin_file(pcap_writer_t *writer, int64_t seconds)
{
	struct output_start start = {writer->options.append, writer->options.atomic};
	char *name = pcapint_writer_name(writer->pattern, writer->rotates, ++writer->stats.files, seconds);
	u_char *to;
	int status;

	if (name == NULL)
		return pcapint_writer_no_memory(writer);
	writer->started = true;
	writer->file_bytes = writer->head_size;
	writer->file_packets = 0;
	status = pcapint_output_open(&writer->output, name, &start);
	if (status == 0 && writer->names != NULL)
		status = remember_name(writer, name);
	else
		free(name);
	if (status < 0)
		return pcapint_writer_fail(writer);
	writer->stats.bytes += writer->head_size;
	to = output_reserve(&writer->output, writer->head_size);
	if (to == NULL)
		return pcapint_writer_no_memory(writer);
	if (writer->head_size > 0)
		memcpy(to, writer->head, writer->head_size);
	return output_commit(&writer->output, writer->head_size) < 0 ? pcapint_writer_fail(writer) : 0;
}

static bool is_full(const pcap_writer_t *writer, size_t size, uint64_t time)
{
	const struct pcap_writer_options *limits = &writer->options;

	if (writer->file_packets == 0)
		return false;
	return (limits->max_packets != 0 && writer->file_packets >= limits->max_packets) ||
	       (limits->max_bytes != 0 && writer->file_bytes + size + writer->tail_size > limits->max_bytes) ||
	       (limits->max_nanoseconds != 0 && (int64_t)(time - writer->file_start) >= 0 &&
		       time - writer->file_start >= limits->max_nanoseconds);
}

int pcapint_writer_end_file(pcap_writer_t *writer)
{
	if (pcapint_writer_put_statistics(writer) < 0)
		return PCAP_ERROR;
	writer->started = false;
	return pcapint_output_finish(&writer->output) < 0 ? pcapint_writer_fail(writer) : 0;
}

int pcapint_writer_prepare_file(pcap_writer_t *writer, size_t size, int64_t seconds, uint32_t nanoseconds)
{
	uint64_t time = (uint64_t)seconds * NANOSECONDS + nanoseconds;

	if (writer->rotates && writer->started && is_full(writer, size, time) &&
		pcapint_writer_end_file(writer) < 0)
		return PCAP_ERROR;
	if (!writer->started && pcapint_writer_begin_file(writer, seconds) < 0)
		return PCAP_ERROR;
	if (writer->file_packets++ == 0)
		writer->file_start = time;
	writer->stats.packets++;
	return 0;
}

int pcapint_writer_add_to_head(pcap_writer_t *writer, const u_char *bytes, size_t size)
{
	if (size > writer->head_capacity - writer->head_size) {
		size_t capacity = (writer->head_size + size) * 2;
		u_char *head = realloc(writer->head, capacity);

		if (head == NULL)
			return pcapint_writer_no_memory(writer);
		writer->head = head;
		writer->head_capacity = capacity;
	}
	memcpy(writer->head + writer->head_size, bytes, size);
	writer->head_size += size;
	if (writer->started) {
		u_char *to = writer_reserve(writer, size);

		if (to == NULL)
			return PCAP_ERROR;
		memcpy(to, bytes, size);
		return output_commit(&writer->output, size) < 0 ? pcapint_writer_fail(writer) : 0;
	}
	return 0;
}

/* The last block's length is at its end, and at its beginning. */
static bool ends_with_a_block(int fd, off_t size, bool swapped)
{
	uint32_t last[2];
	u_char bytes[4];

	for (int i = 0; i < 2; i++) {
		off_t at = i == 0 ? size - 4 : size - last[0] + 4;

		if (at < 0 || pread(fd, bytes, sizeof(bytes), at) != sizeof(bytes))
			return false;
		last[i] = savefile_load32(bytes, swapped);
	}
	return last[0] == last[1] && last[0] >= NG_BLOCK_OVERHEAD && last[0] % 4 == 0;
}

/* Whether a file is a complete one of the writer's kind; a pcap file's header is put into header. */
static bool is_complete(const pcap_writer_t *writer, int fd, off_t size, struct pcap_file_header *header)
{
	uint32_t expected = writer_has_nanoseconds(writer) ? CLASSIC_MAGIC_NANO : CLASSIC_MAGIC_MICRO;
	uint32_t order;

	if (pread(fd, header, sizeof(*header), 0) != sizeof(*header))
		return false;
	if (writer->options.format == PCAP_FORMAT_PCAP)
		return header->magic == expected;
	memcpy(&order, (u_char *)header + NG_BLOCK_HEADER_SIZE, sizeof(order));
	return header->magic == PCAPNG_SECTION && ends_with_a_block(fd, size, order != NG_BYTE_ORDER_MAGIC);
}

int pcapint_writer_check_append(pcap_writer_t *writer, char *errbuf)
{
	int fd = open(writer->pattern, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool pcap = writer->options.format == PCAP_FORMAT_PCAP, good;
	struct pcap_file_header header;
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "%.100s", writer->pattern);
		return PCAP_ERROR;
	}
	good = status.st_size == 0 || is_complete(writer, fd, status.st_size, &header);
	close(fd);
	if (!good) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.100s: can't append: this is no complete %s of this kind",
			writer->pattern, pcap ? "pcap file" : "pcapng file");
		return PCAP_ERROR;
	}
	if (status.st_size == 0 || !pcap)
		return 0;
	if (pcapint_check_whole(writer->pattern, errbuf) < 0)
		return PCAP_ERROR;
	writer->started = pcapint_output_open(
				  &writer->output, writer->pattern, &(struct output_start){.append = true}) == 0 &&
			  pcapint_writer_add_to_head(writer, (u_char *)&header, sizeof(header)) == 0;
	return 0;
}
