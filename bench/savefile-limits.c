/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The least that reading and writing a savefile can cost: loops that know the file's format, and check no more than
 * that they stay within it. For the benchmark of savefiles.
 */
#include "savefile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP (256 * 1024)
#define HEADROOM (64 * 1024)

struct record {
	uint32_t seconds, fraction, caplen, len;
};

static const size_t file_header = 24;

/* How a buffer is walked through: the bytes of whole packets. */
typedef size_t (*walk_call)(const u_char *bytes, size_t size, struct tally *tally);

static __attribute__((noinline)) size_t walk_with_callback(const u_char *bytes, size_t size, struct tally *tally)
{
	pcap_handler volatile handler = count_packet;
	pcap_handler callback = handler;
	size_t at = 0;

	while (size - at >= sizeof(struct record)) {
		struct pcap_pkthdr header;
		struct record record;

		memcpy(&record, bytes + at, sizeof(record));
		__builtin_prefetch(bytes + at + 1024);
		if (size - at - sizeof(record) < record.caplen)
			break;
		header.ts.tv_sec = record.seconds;
		header.ts.tv_usec = record.fraction;
		header.caplen = record.caplen;
		header.len = record.len;
		callback((u_char *)tally, &header, bytes + at + sizeof(record));
		at += sizeof(record) + record.caplen;
	}
	return at;
}

static __attribute__((noinline)) size_t walk_in_place(const u_char *bytes, size_t size, struct tally *tally)
{
	size_t at = 0;

	while (size - at >= sizeof(struct record)) {
		struct record record;

		memcpy(&record, bytes + at, sizeof(record));
		__builtin_prefetch(bytes + at + 1024);
		if (size - at - sizeof(record) < record.caplen)
			break;
		tally->packets++;
		tally->sum += record.len + bytes[at + sizeof(record)];
		at += sizeof(record) + record.caplen;
	}
	return at;
}

static __attribute__((noinline)) size_t walk_blocks(const u_char *bytes, size_t size, struct tally *tally)
{
	pcap_handler volatile handler = count_packet;
	pcap_handler callback = handler;
	size_t at = 0;

	while (size - at >= 32) {
		struct pcap_pkthdr header;
		uint32_t block[7];
		uint64_t time;

		memcpy(block, bytes + at, sizeof(block));
		__builtin_prefetch(bytes + at + 1024);
		if (size - at < block[1])
			break;
		if (block[0] == PCAPNG_ENHANCED_PACKET) {
			time = (uint64_t)block[3] << 32 | block[4];
			header.ts.tv_sec = (time_t)(time / 1000000);
			header.ts.tv_usec = (suseconds_t)(time % 1000000);
			header.caplen = block[5];
			header.len = block[6];
			callback((u_char *)tally, &header, bytes + at + sizeof(block));
		}
		at += block[1];
	}
	return at;
}

static int open_file(const struct job *job)
{
	int fd = open(job->path, O_RDONLY);

	if (fd < 0)
		fail(job->path, "can't be read");
	return fd;
}

static double finish(const struct job *job, const struct tally *tally, double start)
{
	double end = now();

	if (tally->packets != job->workload->packets)
		fail("walk", "did not find all packets");
	return (end - start) / job->workload->packets;
}

static double read_all(const struct job *job, size_t skip, walk_call walk)
{
	double start = now();
	u_char *buffer = aligned_alloc(4096, HEADROOM + STEP);
	struct tally tally = {0, 0};
	size_t left = 0;
	int fd = open_file(job);
	ssize_t count;

	while ((count = read(fd, buffer + HEADROOM, STEP)) > 0) {
		u_char *bytes = buffer + HEADROOM - left + skip;
		size_t size = left + (size_t)count - skip, done = walk(bytes, size, &tally);

		skip = 0;
		left = size - done;
		memmove(buffer + HEADROOM - left, bytes + done, left);
	}
	close(fd);
	free(buffer);
	return finish(job, &tally, start);
}

double time_large_reads(const struct job *job)
{
	return read_all(job, file_header, walk_with_callback);
}

double time_large_reads_in_place(const struct job *job)
{
	return read_all(job, file_header, walk_in_place);
}

double time_large_reads_pcapng(const struct job *job)
{
	return read_all(job, 0, walk_blocks);
}

double time_mapped(const struct job *job)
{
	double start = now();
	struct tally tally = {0, 0};
	int fd = open_file(job);
	struct stat status;
	u_char *bytes;

	fstat(fd, &status);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		fail(job->path, "can't be mapped");
	walk_in_place(bytes + file_header, (size_t)status.st_size - file_header, &tally);
	munmap(bytes, (size_t)status.st_size);
	close(fd);
	return finish(job, &tally, start);
}

double time_large_writes(const struct job *job)
{
	static u_char data[1500];
	u_char *buffer = aligned_alloc(4096, STEP + 2048);
	size_t used = file_header;
	double start;
	int fd;

	unlink(job->path);
	start = now();
	fd = open(job->path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	memset(buffer, 0, file_header);
	for (int i = 0; i < job->workload->packets; i++) {
		uint32_t length = (uint32_t)job->workload->length(i);
		struct record record = {1700000000, (uint32_t)i % 1000000, length, length};

		memcpy(buffer + used, &record, sizeof(record));
		memcpy(buffer + used + sizeof(record), data, length);
		used += sizeof(record) + length;
		if (used < STEP)
			continue;
		if (write(fd, buffer, STEP) != STEP)
			fail(job->path, "can't be written");
		used -= STEP;
		memmove(buffer, buffer + STEP, used);
	}
	if (write(fd, buffer, used) != (ssize_t)used || close(fd) != 0)
		fail(job->path, "can't be written");
	free(buffer);
	return (now() - start) / job->workload->packets;
}
