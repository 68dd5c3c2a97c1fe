/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets go: to standard output as lines or JSON, or to savefiles. After a write has failed, a regular file is
 * cut behind the last whole packet, so that what is there can be read.
 */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

/* Large enough that a system call costs nothing beside the packets that it writes. */
#define BUFFER_SIZE (256 * 1024)

/* Bytes of a classic savefile's own header. */
#define SAVEFILE_HEADER_SIZE 24

void sink_fail(struct sink *sink, const char *text)
{
	if (sink->failed)
		return;
	sink->failed = true;
	sink->reader_gone = errno == EPIPE;
	snprintf(sink->error, sizeof(sink->error), "%s", text);
}

void sink_print(struct sink *sink, bool json, bool show_interfaces)
{
	*sink = (struct sink){.printer = {.out = stdout, .json = json, .show_interfaces = show_interfaces}};
	/* A stream makes a buffer of a size that is asked for only if it is given one. */
	sink->buffer = malloc(BUFFER_SIZE);
	if (sink->buffer != NULL)
		setvbuf(stdout, sink->buffer, _IOFBF, BUFFER_SIZE);
}

const char *sink_name(const struct sink *sink)
{
	return strcmp(sink->output->path, "-") == 0 ? "standard output" : sink->output->path;
}

bool sink_write(
	struct sink *sink, const struct output_settings *settings, const struct pcap_writer_options *options)
{
	*sink = (struct sink){.output = settings};
	sink->writer = pcap_writer_open(settings->path, options, sizeof(*options), sink->error);
	sink->failed = sink->writer == NULL;
	return sink->writer != NULL;
}

void sink_show(struct sink *sink, const struct shown_packet *packet)
{
	if (sink->failed)
		return;
	print_packet(&sink->printer, packet);
	if (ferror_unlocked(sink->printer.out)) {
		sink_fail(sink, strerror(errno));
		return;
	}
	sink->packets++;
}

void sink_block(struct sink *sink, const struct pcapng_block *block)
{
	if (sink->failed)
		return;
	if (pcap_writer_block(sink->writer, block, sizeof(*block)) < 0)
		sink_fail(sink, pcap_writer_error(sink->writer));
	else if (is_packet_block(block))
		sink->packets++;
}

void sink_flush(struct sink *sink)
{
	if (sink->failed)
		return;
	errno = 0;
	if (sink->writer == NULL) {
		if (fflush(sink->printer.out) != 0)
			sink_fail(sink, strerror(errno));
	} else if (pcap_writer_flush(sink->writer) < 0) {
		sink_fail(sink, pcap_writer_error(sink->writer));
	}
}

/* Whether what got into the file can be counted and put right in place. */
static bool can_repair(const struct output_settings *output)
{
	struct stat status;

	return strcmp(output->path, "-") != 0 && !output_rotates(output) && !output->append && !output->atomic &&
	       output_compression(output) == PCAP_COMPRESSION_NONE && stat(output->path, &status) == 0 &&
	       S_ISREG(status.st_mode);
}

/* Counts the packets that got into a file, and cuts off what is left of another; false if that can't be. */
static bool repair(const char *path, uint64_t *packets)
{
	uint64_t size = SAVEFILE_HEADER_SIZE;
	const struct pcapng_block *block;
	char error[PCAP_ERRBUF_SIZE];
	pcapng_reader_t *reader = pcapng_open(path, error);

	if (reader == NULL)
		return false;
	*packets = 0;
	while (pcapng_next(reader, &block) == 1) {
		*packets += is_packet_block(block);
		/* The blocks that stand for the header of a pcap file have no length. */
		if (block->length > 0)
			size = block->offset + block->length;
	}
	pcapng_close(reader);
	return truncate(path, (off_t)size) == 0;
}

static void tell_failure(const struct sink *sink)
{
	unsigned long long packets = sink->packets;
	uint64_t saved;

	if (sink->output == NULL)
		complain("standard output: %s", sink->error);
	else if (can_repair(sink->output) && repair(sink->output->path, &saved))
		complain("%s; it holds the first %llu of %llu packets", sink->error, (unsigned long long)saved,
			packets);
	else
		complain("%s; at most %llu packets were written", sink->error, packets);
}

int sink_close(struct sink *sink)
{
	struct pcap_writer_stats stats;
	char error[PCAP_ERRBUF_SIZE];

	errno = 0;
	if (sink->writer == NULL) {
		if (fclose(sink->printer.out) != 0)
			sink_fail(sink, strerror(errno));
	} else {
		pcap_writer_get_stats(sink->writer, &stats, sizeof(stats));
		sink->files = stats.files;
		if (pcap_writer_close(sink->writer, error) < 0)
			sink_fail(sink, error);
	}
	sink->writer = NULL;
	free(sink->buffer);
	sink->buffer = NULL;
	if (!sink->failed || (sink->output == NULL && sink->reader_gone))
		return STATUS_OK;
	tell_failure(sink);
	return STATUS_ERROR;
}
