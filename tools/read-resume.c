/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads on behind the damage in a file: what was good of its head, and the rest from the next good place on, go to the
 * library as one stream, through a pipe that a thread fills.
 */
#include "read-resume.h"

#include <byteswap.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "read-repair.h"

/* Places that are told of, each in a line. */
#define TOLD_MAX 20

#define COPY_SIZE (64 * 1024)
#define PCAP_HEADER_SIZE 24
#define PCAP_MAGIC_MICRO 0xa1b2c3d4
#define PCAP_MAGIC_NANO 0xa1b23c4d

struct resume {
	int file; /* the damaged one; -1: it can't be read at any place */
	uint64_t size;
	struct extent *extents;
	size_t extent_count;
	int to; /* the pipe's end that is written to */
	pthread_t thread;
	bool running;
};

/* ---- The thread ---- */

/* False once nobody reads any more, or the file is at its end. */
static bool copy(const struct resume *resume, const struct extent *extent)
{
	char buffer[COPY_SIZE];
	uint64_t done = 0;

	while (done < extent->length) {
		uint64_t left = extent->length - done;
		ssize_t count = pread(resume->file, buffer, left < sizeof(buffer) ? left : sizeof(buffer),
			(off_t)(extent->offset + done));

		if (count <= 0)
			return false;
		done += (uint64_t)count;
		for (ssize_t written = 0; written < count;) {
			ssize_t size = write(resume->to, buffer + written, (size_t)(count - written));

			if (size <= 0)
				return false;
			written += size;
		}
	}
	return true;
}

static void *feed(void *user)
{
	struct resume *resume = user;

	for (size_t i = 0; i < resume->extent_count && copy(resume, &resume->extents[i]); i++)
		;
	close(resume->to);
	return NULL;
}

/* Signals are for the thread that reads. */
static bool start_thread(struct resume *resume)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	resume->running = pthread_create(&resume->thread, NULL, feed, resume) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return resume->running;
}

/* The reader is closed, so that the thread finds nobody to write to. */
static void stop_thread(struct resume *resume)
{
	if (resume->running)
		pthread_join(resume->thread, NULL);
	resume->running = false;
	free(resume->extents);
	resume->extents = NULL;
}

/* ---- What the stream is made of ---- */

/* The head of the section, or of the pcap file, and what begins at the place. */
static bool make_extents(struct input *input, uint64_t place)
{
	struct resume *resume = input->resume;
	size_t count = 0;

	resume->extents = malloc((input->interface_count + 2) * sizeof(*resume->extents));
	if (resume->extents == NULL)
		return false;
	input->head_size = 0;
	resume->extents[count++] = (struct extent){input->section.offset, input->section.length};
	for (size_t i = 0; !input->is_pcap && i < input->interface_count; i++) {
		const struct pcapng_block *block = input->interfaces[i].block;

		resume->extents[count++] = (struct extent){block->offset, block->length};
	}
	for (size_t i = 0; i < count; i++)
		input->head_size += resume->extents[i].length;
	resume->extents[count++] = (struct extent){place, UINT64_MAX - place};
	resume->extent_count = count;
	return true;
}

static bool open_stream(struct input *input)
{
	struct resume *resume = input->resume;
	char path[40];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	resume->to = fds[1];
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	if (!start_thread(resume)) {
		close(fds[1]);
		close(fds[0]);
		return false;
	}
	input->reader = pcapng_open(path, input->damage);
	close(fds[0]);
	return input->reader != NULL;
}

/* ---- What is known of the file ---- */

static bool find_facts(const struct input *input, struct repair_facts *facts)
{
	uint32_t magic = 0;

	*facts = (struct repair_facts){.fd = input->resume->file,
		.pcapng = !input->is_pcap,
		.size = input->resume->size,
		.swapped = input->swapped,
		.interfaces = input->interface_count,
		.last_second = (uint32_t)input->time.seconds};
	if (facts->pcapng)
		return input->section.length > 0;
	if (pread(facts->fd, &magic, sizeof(magic), 0) != sizeof(magic))
		return false;
	facts->swapped = magic == bswap_32(PCAP_MAGIC_MICRO) || magic == bswap_32(PCAP_MAGIC_NANO);
	if (facts->swapped)
		magic = bswap_32(magic);
	facts->nanoseconds = magic == PCAP_MAGIC_NANO;
	/* Of the variants only these have packet headers that are known here. */
	return magic == PCAP_MAGIC_MICRO || magic == PCAP_MAGIC_NANO;
}

/* The library's message, with the file's name and the offset in the file, where it is of the stream. */
static void tell(const struct input *input, const char *rest)
{
	static const char mark[] = " at offset ";
	const char *at = strstr(input->damage, mark), *kind;
	char *end;
	uint64_t offset;

	if (input->shift == 0 || at == NULL) {
		complain("%s%s", input->damage, rest);
		return;
	}
	kind = strchr(input->damage, ' ');
	offset = strtoull(at + strlen(mark), &end, 10) + (uint64_t)input->shift;
	complain("%s:%.*s at offset %" PRIu64 "%s%s", input->name, (int)(at - kind), kind, offset, end, rest);
}

void resume_prepare(struct input *input)
{
	struct stat status;

	input->resume = calloc(1, sizeof(*input->resume));
	if (input->resume == NULL)
		return;
	input->resume->file = strcmp(input->path, "-") == 0 || input_compression(input->path) != NULL
				      ? -1
				      : open(input->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (input->resume->file < 0)
		return;
	if (fstat(input->resume->file, &status) == 0 && S_ISREG(status.st_mode)) {
		input->resume->size = (uint64_t)status.st_size;
		return;
	}
	close(input->resume->file);
	input->resume->file = -1;
}

/* Looks for the next good place, and says what is wrong before it. */
static bool find_place(struct input *input, uint64_t *place)
{
	struct repair_facts facts = {.size = 0};
	char rest[80];

	if (input->is_pcap) {
		input->section = (struct extent){0, PCAP_HEADER_SIZE};
		input->end = input->end > PCAP_HEADER_SIZE ? input->end : PCAP_HEADER_SIZE;
	}
	input->told = true;
	input->gaps++;
	if (input->resume->file < 0 || !find_facts(input, &facts) || !repair_find(&facts, input->end, place)) {
		tell(input, "");
		if (facts.size > input->end)
			input->left_out += facts.size - input->end;
		return false;
	}
	snprintf(rest, sizeof(rest), "; it goes on at offset %" PRIu64, *place);
	if (input->gaps <= TOLD_MAX)
		tell(input, rest);
	return true;
}

bool resume_behind(struct input *input)
{
	pcapng_reader_t *reader = input->reader;
	uint64_t place;

	if (!find_place(input, &place))
		return false;
	/* The signal handler must not find one that is closed. */
	input->reader = NULL;
	pcapng_close(reader);
	stop_thread(input->resume);
	if (!make_extents(input, place) || !open_stream(input)) {
		complain("%s: can't be read on: %s", input->name, input->damage);
		return false;
	}
	input->left_out += place - input->end;
	input->shift = (int64_t)(place - input->head_size);
	input->end = place;
	input->skip = input->is_pcap ? 2 : input->interface_count + 1;
	return true;
}

void resume_end(struct input *input)
{
	if (input->resume == NULL)
		return;
	stop_thread(input->resume);
	if (input->resume->file >= 0)
		close(input->resume->file);
	free(input->resume);
	input->resume = NULL;
}
