/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The byte source of savefile readers: large reads into one buffer, whatever the stream is. It never waits for more
 * than it was asked for, and its memory grows only with bytes that have arrived.
 */
#include "savefile/savefile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compat/stdio.h"

/*
 * The buffer has two parts. Reads go to the second, which is what one read takes; the cut packet that the last read
 * ended with is moved to the end of the first, so that each read lands on the same aligned addresses.
 */
#define HEADROOM (64 * 1024)
#define WINDOW_END (HEADROOM + SAVEFILE_READ_SIZE)
#define BUFFER_ALIGNMENT 4096

/*
 * Finds out where reading starts. What the stream has read ahead is not to be had from the descriptor again: in a file
 * reading starts where the stream stands, from a pipe the stream's share is taken first.
 */
static void find_start(struct savefile_input *in)
{
	off_t position = ftello(in->file);
	struct stat status;

	in->fd = fileno(in->file);
	in->end_offset = position > 0 ? (uint64_t)position : 0;
	if (in->fd < 0)
		return;
	in->seekable = position >= 0 && fstat(in->fd, &status) == 0 &&
		       (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode));
	if (in->seekable) {
		/* Reads go from the beginning to the end: where the system reads ahead, it is to read more. */
		posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		return;
	}
	in->stream_leading = pcapint_stdio_read_ahead(in->file);
	if (in->stream_leading == PCAPINT_STDIO_UNKNOWN)
		in->fd = -1;
	/* Without it a wait lasts until data or a signal comes; that is no reason to refuse the file. */
	if (in->fd >= 0 && pipe2(in->wake, O_CLOEXEC | O_NONBLOCK) < 0)
		in->wake[0] = in->wake[1] = -1;
}

static int make_buffer(struct savefile_input *in, char *errbuf)
{
	in->capacity = WINDOW_END;
	in->buffer = aligned_alloc(BUFFER_ALIGNMENT, in->capacity);
	if (in->buffer == NULL) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't make a read buffer");
		return PCAP_ERROR;
	}
	in->start = in->end = HEADROOM;
	return 0;
}

int pcapint_input_init(struct savefile_input *in, FILE *file, char *errbuf)
{
	in->file = file;
	in->wake[0] = in->wake[1] = -1;
	if (make_buffer(in, errbuf) < 0)
		return PCAP_ERROR;
	find_start(in);
	return 0;
}

int pcapint_input_decompress(struct savefile_input *in, const struct compression *compression, char *errbuf)
{
	struct savefile_input *compressed = malloc(sizeof(*compressed));
	char problem[CODEC_PROBLEM_SIZE] = CODEC_NO_MEMORY;
	struct savefile_input decompressed = {
		.file = in->file, .fd = in->fd, .wake = {-1, -1}, .compression = compression};

	if (compressed != NULL)
		decompressed.decoder = compression->codec->start_decoding(problem);
	if (decompressed.decoder == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s", problem);
		free(compressed);
		return PCAP_ERROR;
	}
	if (make_buffer(&decompressed, errbuf) < 0) {
		compression->codec->end_decoding(decompressed.decoder);
		free(compressed);
		return PCAP_ERROR;
	}
	*compressed = *in;
	*in = decompressed;
	in->compressed = compressed;
	return 0;
}

void pcapint_input_free(struct savefile_input *in)
{
	if (in->compressed != NULL) {
		in->compression->codec->end_decoding(in->decoder);
		pcapint_input_free(in->compressed);
		free(in->compressed);
		in->compressed = NULL;
	}
	free(in->buffer);
	in->buffer = NULL;
	for (int i = 0; i < 2; i++)
		if (in->wake[i] >= 0)
			close(in->wake[i]);
	in->wake[0] = in->wake[1] = -1;
}

void pcapint_input_wake(struct savefile_input *in)
{
	int error = errno;

	if (in->compressed != NULL)
		in = in->compressed;
	/* A full pipe wakes as well as one byte does. */
	if (in->wake[1] >= 0 && write(in->wake[1], "", 1) < 0)
		errno = error;
}

void pcapint_input_seek(struct savefile_input *in, uint64_t offset)
{
	in->start = in->end = HEADROOM;
	in->end_offset = offset;
}

/* Twice the buffer, when all of it is taken by one packet that is still not complete. */
static int grow(struct savefile_input *in)
{
	size_t capacity = in->capacity * 2;
	u_char *buffer = realloc(in->buffer, capacity);

	if (buffer == NULL)
		return PCAP_ERROR;
	in->buffer = buffer;
	in->capacity = capacity;
	return 0;
}

/* Makes place for a read behind what is there. After a large packet the buffer is large; it is not used as such. */
static int make_room(struct savefile_input *in, size_t need)
{
	size_t available = input_available(in);
	size_t target = available <= HEADROOM ? HEADROOM - available : 0;

	if (in->start > target && (available == 0 || need > in->capacity - in->start || in->end >= WINDOW_END)) {
		memmove(in->buffer + target, input_data(in), available);
		in->start = target;
		in->end = target + available;
	}
	return in->end == in->capacity ? grow(in) : 0;
}

/* From a stream that can't be read by descriptor: what is missing, and what it has at hand beyond that. */
static ssize_t read_stream(struct savefile_input *in, size_t missing, size_t room)
{
	u_char *to = in->buffer + in->end;
	size_t wanted = missing < room ? missing : room;
	size_t count, more;

	clearerr(in->file);
	count = fread(to, 1, wanted, in->file);
	if (count < wanted)
		return count > 0 || !ferror(in->file) ? (ssize_t)count : -1;
	more = pcapint_stdio_read_ahead(in->file);
	if (more == PCAPINT_STDIO_UNKNOWN)
		return (ssize_t)count;
	if (more > room - count)
		more = room - count;
	return (ssize_t)(count + fread(to + count, 1, more, in->file));
}

/* Waits for data or for a wake-up. False with errno EINTR if it was a wake-up or a signal, or with poll's error. */
static bool wait_for_data(struct savefile_input *in)
{
	struct pollfd descriptors[] = {
		{.fd = in->fd, .events = POLLIN},
		{.fd = in->wake[0], .events = POLLIN},
	};
	char drain[64];

	if (poll(descriptors, 2, -1) < 0)
		return false;
	if (descriptors[1].revents == 0)
		return true;
	while (read(in->wake[0], drain, sizeof(drain)) > 0)
		;
	errno = EINTR;
	return false;
}

static ssize_t read_some(struct savefile_input *in, size_t missing, const volatile sig_atomic_t *break_loop)
{
	u_char *to = in->buffer + in->end;
	size_t room = in->capacity - in->end;

	if (in->compressed != NULL)
		return pcapint_input_decode(in, to, room, break_loop);
	if (in->fd < 0)
		return read_stream(in, missing, room);
	if (room > SAVEFILE_READ_SIZE && missing < SAVEFILE_READ_SIZE)
		room = SAVEFILE_READ_SIZE;
	if (in->seekable)
		return pread(in->fd, to, room, (off_t)in->end_offset);
	if (in->stream_leading > 0) {
		size_t count = fread(to, 1, in->stream_leading < room ? in->stream_leading : room, in->file);

		in->stream_leading -= count;
		return (ssize_t)count;
	}
	return wait_for_data(in) ? read(in->fd, to, room) : -1;
}

int pcapint_input_fill(struct savefile_input *in, size_t need, const volatile sig_atomic_t *break_loop)
{
	while (input_available(in) < need) {
		ssize_t count;

		if (make_room(in, need) < 0)
			return PCAP_ERROR;
		count = read_some(in, need - input_available(in), break_loop);
		if (count == 0)
			return 0;
		if (count > 0) {
			in->end += (size_t)count;
			in->end_offset += (size_t)count;
		} else if (errno != EINTR && (errno != EAGAIN || in->fd < 0 || in->compressed != NULL)) {
			return PCAP_ERROR;
		} else if (*break_loop) {
			return PCAP_ERROR_BREAK;
		}
	}
	return 0;
}

int pcapint_input_skip(struct savefile_input *in, uint64_t *left, const volatile sig_atomic_t *break_loop)
{
	while (*left > 0) {
		size_t available = input_available(in), step;
		int status;

		if (in->seekable && *left > available) {
			pcapint_input_seek(in, in->end_offset + (*left - available));
			*left = 0;
			break;
		}
		step = *left < SAVEFILE_READ_SIZE ? (size_t)*left : SAVEFILE_READ_SIZE;
		status = pcapint_input_fill(in, step, break_loop);
		if (input_available(in) < step)
			step = input_available(in);
		in->start += step;
		*left -= step;
		if (status < 0 || step == 0)
			return status;
	}
	return 0;
}
