/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The byte source of savefile readers: large reads into one buffer, whatever the stream is. It never waits for more
 * than it was asked for, and its memory grows only with bytes that have arrived.
 */
#include "savefile/savefile.h"

#include <errno.h>
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

int pcapint_input_init(struct savefile_input *in, FILE *file, char *errbuf)
{
	off_t position = ftello(file);

	in->file = file;
	in->fd = fileno(file);
	in->end_offset = position > 0 ? (uint64_t)position : 0;
	/*
	 * What the stream has read ahead is not to be had from the descriptor again: a file is put back to where the
	 * stream stands, from a pipe the stream's share is taken first.
	 */
	if (in->fd >= 0 && (position < 0 || lseek(in->fd, position, SEEK_SET) < 0)) {
		in->stream_leading = pcapint_stdio_read_ahead(file);
		if (in->stream_leading == PCAPINT_STDIO_UNKNOWN)
			in->fd = -1;
	}
	in->capacity = HEADROOM + SAVEFILE_READ_SIZE;
	in->buffer = aligned_alloc(4096, in->capacity);
	if (in->buffer == NULL) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't make a read buffer");
		return PCAP_ERROR;
	}
	in->start = in->end = HEADROOM;
	return 0;
}

void pcapint_input_free(struct savefile_input *in)
{
	free(in->buffer);
	in->buffer = NULL;
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

/* Makes place for a read behind what is there. */
static int make_room(struct savefile_input *in, size_t need)
{
	size_t available = input_available(in);
	size_t target = available <= HEADROOM ? HEADROOM - available : 0;

	if (in->start > target && (available == 0 || need > in->capacity - in->start || in->end == in->capacity)) {
		memmove(in->buffer + target, input_data(in), available);
		in->start = target;
		in->end = target + available;
	}
	return in->end == in->capacity ? grow(in) : 0;
}

/* From a stream that can't be read by descriptor: what is needed, and what it has at hand beyond that. */
static ssize_t read_stream(struct savefile_input *in, size_t need, size_t room)
{
	u_char *to = in->buffer + in->end;
	size_t wanted = need < room ? need : room;
	size_t count, more;

	clearerr(in->file);
	errno = 0;
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

static ssize_t read_some(struct savefile_input *in, size_t need)
{
	size_t room = in->capacity - in->end;
	ssize_t count;

	if (in->fd < 0)
		return read_stream(in, need, room);
	if (in->stream_leading > 0) {
		size_t leading = in->stream_leading < room ? in->stream_leading : room;

		count = (ssize_t)fread(in->buffer + in->end, 1, leading, in->file);
		in->stream_leading -= (size_t)count;
		return count;
	}
	return read(in->fd, in->buffer + in->end, room);
}

/* After a read that failed: true if it can be tried again, having waited where the descriptor does not. */
static bool wait_again(const struct savefile_input *in)
{
	struct pollfd pollfd = {.fd = in->fd, .events = POLLIN};

	if (errno == EINTR)
		return true;
	if ((errno != EAGAIN && errno != EWOULDBLOCK) || in->fd < 0)
		return false;
	return poll(&pollfd, 1, -1) >= 0 || errno == EINTR;
}

int pcapint_input_fill(struct savefile_input *in, size_t need, const volatile sig_atomic_t *break_loop)
{
	while (input_available(in) < need) {
		ssize_t count;

		if (make_room(in, need) < 0)
			return PCAP_ERROR;
		count = read_some(in, need - input_available(in));
		if (count == 0)
			return 0;
		if (count > 0) {
			in->end += (size_t)count;
			in->end_offset += (size_t)count;
		} else if (!wait_again(in)) {
			return PCAP_ERROR;
		} else if (*break_loop) {
			return PCAP_ERROR_BREAK;
		}
	}
	return 0;
}
