/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets go: to standard output as lines or JSON, or to a savefile. After a write has failed, a regular file
 * is cut behind the last whole packet, so that what is there can be read.
 */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/weir.h>

#include "command.h"

/* Large enough that a system call costs nothing beside the packets that it writes. */
#define BUFFER_SIZE (256 * 1024)

/* Bytes of a classic savefile's own headers. */
#define SAVEFILE_HEADER_SIZE 24
#define SAVEFILE_PACKET_HEADER_SIZE 16

static void fail(struct sink *sink, const char *text)
{
	if (sink->failed)
		return;
	sink->failed = true;
	sink->reader_gone = errno == EPIPE;
	snprintf(sink->error, sizeof(sink->error), "%s", text);
}

/* A stream makes a buffer of a size that is asked for only if it is given one. */
static void enlarge_buffer(struct sink *sink, FILE *stream)
{
	sink->buffer = malloc(BUFFER_SIZE);
	if (sink->buffer != NULL)
		setvbuf(stream, sink->buffer, _IOFBF, BUFFER_SIZE);
}

void sink_print(struct sink *sink, bool json, bool nanoseconds, bool show_interfaces)
{
	*sink = (struct sink){.printer = {.out = stdout,
				      .json = json,
				      .nanoseconds = nanoseconds,
				      .show_interfaces = show_interfaces}};
	enlarge_buffer(sink, stdout);
}

const char *sink_name(const struct sink *sink)
{
	return strcmp(sink->path, "-") == 0 ? "standard output" : sink->path;
}

static bool same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && S_ISREG(one.st_mode) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* The stream to write to; it is emptied only once it is known not to be the input. */
static FILE *open_stream(struct sink *sink, int input)
{
	bool standard_output = strcmp(sink->path, "-") == 0;
	int fd = standard_output ? STDOUT_FILENO : open(sink->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	struct stat status;
	FILE *stream;

	if (fd < 0) {
		fail(sink, strerror(errno));
		return NULL;
	}
	if (input >= 0 && same_file(fd, input)) {
		fail(sink, "this is the file that is read from");
		goto refuse;
	}
	if (!standard_output && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && ftruncate(fd, 0) < 0) {
		fail(sink, strerror(errno));
		goto refuse;
	}
	stream = standard_output ? stdout : fdopen(fd, "wb");
	if (stream != NULL) {
		enlarge_buffer(sink, stream);
		return stream;
	}
	fail(sink, strerror(errno));
refuse:
	if (!standard_output)
		close(fd);
	return NULL;
}

bool sink_open_file(struct sink *sink, const char *path, pcap_t *handle, int input)
{
	FILE *stream;

	*sink = (struct sink){.path = path};
	stream = open_stream(sink, input);
	if (stream == NULL)
		return false;
	sink->dumper = pcap_dump_fopen(handle, stream);
	if (sink->dumper != NULL)
		return true;
	fail(sink, pcap_geterr(handle));
	fclose(stream);
	free(sink->buffer);
	return false;
}

void sink_packet(struct sink *sink, const char *interface, int linktype, const struct pcap_pkthdr *header,
	const u_char *bytes)
{
	char error[PCAP_ERRBUF_SIZE];

	if (sink->failed)
		return;
	if (sink->dumper != NULL) {
		if (pcap_dump_packet(sink->dumper, header, bytes, error) < 0) {
			fail(sink, error);
			return;
		}
	} else {
		print_packet(&sink->printer, interface, linktype, header, bytes);
		if (ferror_unlocked(sink->printer.out)) {
			fail(sink, strerror(errno));
			return;
		}
	}
	sink->packets++;
}

void sink_flush(struct sink *sink)
{
	if (sink->failed)
		return;
	errno = 0;
	if (sink->dumper != NULL ? pcap_dump_flush(sink->dumper) < 0 : fflush(sink->printer.out) != 0)
		fail(sink, strerror(errno));
}

struct whole_packets {
	uint64_t count;
	off_t size;
};

static void add_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct whole_packets *whole = (struct whole_packets *)user;

	(void)bytes;
	whole->count++;
	whole->size += SAVEFILE_PACKET_HEADER_SIZE + header->caplen;
}

/* Counts the packets that got into a regular file, and cuts off what is left of another; false if that can't be. */
static bool repair(const char *path, uint64_t *packets)
{
	struct whole_packets whole = {.size = SAVEFILE_HEADER_SIZE};
	char error[PCAP_ERRBUF_SIZE];
	struct stat status;
	pcap_t *p;

	if (strcmp(path, "-") == 0 || stat(path, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	p = pcap_open_offline(path, error);
	if (p == NULL)
		return false;
	pcap_dispatch(p, -1, add_packet, (u_char *)&whole);
	pcap_close(p);
	*packets = whole.count;
	return truncate(path, whole.size) == 0;
}

static void tell_failure(const struct sink *sink)
{
	unsigned long long packets = sink->packets;
	uint64_t saved;

	if (sink->path == NULL)
		complain("standard output: %s", sink->error);
	else if (repair(sink->path, &saved))
		complain("%s: %s; it holds the first %llu of %llu packets", sink_name(sink), sink->error,
			(unsigned long long)saved, packets);
	else
		complain("%s: %s; at most %llu packets were written", sink_name(sink), sink->error, packets);
}

int sink_close(struct sink *sink)
{
	char error[PCAP_ERRBUF_SIZE];

	errno = 0;
	if (sink->dumper == NULL) {
		if (fclose(sink->printer.out) != 0)
			fail(sink, strerror(errno));
	} else if (pcap_dump_finish(sink->dumper, error) < 0) {
		fail(sink, error);
	}
	sink->dumper = NULL;
	free(sink->buffer);
	sink->buffer = NULL;
	if (!sink->failed || (sink->path == NULL && sink->reader_gone))
		return STATUS_OK;
	tell_failure(sink);
	return STATUS_ERROR;
}
