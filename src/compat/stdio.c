/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks into standard I/O streams, each C library in its way.
 */
#include "compat/stdio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool write_slowly(FILE *stream, const void *data, size_t size)
{
	return size == 0 || fwrite_unlocked(data, size, 1, stream) == 1;
}

#if defined(__GLIBC__)

/*
 * glibc lays struct _IO_FILE open in its public <bits/types/struct_FILE.h>, for what its headers do inline; it has no
 * calls for these things.
 */

size_t pcapint_stdio_read_ahead(FILE *stream)
{
	return (size_t)(stream->_IO_read_end - stream->_IO_read_ptr);
}

/*
 * A stream does not free a buffer that was given to it, and there is nothing but the stream to remember it by: so its
 * size is one that no one else chooses, and a mark follows what the stream knows of it.
 */
#define BUFFER_SIZE (64 * 1024 - 48)

struct buffer {
	char bytes[BUFFER_SIZE];
	struct buffer *self;
	FILE *stream;
};

void pcapint_stdio_enlarge_buffer(FILE *stream)
{
	struct buffer *buffer = malloc(sizeof(*buffer));

	if (buffer == NULL)
		return;
	buffer->self = buffer;
	buffer->stream = stream;
	if (setvbuf(stream, buffer->bytes, _IOFBF, sizeof(buffer->bytes)) != 0)
		free(buffer);
}

int pcapint_stdio_close(FILE *stream)
{
	struct buffer *buffer = NULL;
	int status;

	if (stream->_IO_buf_end - stream->_IO_buf_base == BUFFER_SIZE) {
		buffer = (struct buffer *)stream->_IO_buf_base;
		if (buffer->self != buffer || buffer->stream != stream)
			buffer = NULL;
	}
	status = fclose(stream);
	if (buffer != NULL) {
		int error = errno;

		free(buffer);
		errno = error;
	}
	return status;
}

/* Most packets fit the room that is left in the buffer; two copies are then a quarter faster than two fwrite(). */
bool pcapint_stdio_write(FILE *stream, const void *first, size_t first_size, const void *second, size_t second_size)
{
	bool written = true;

	flockfile(stream);
	if ((size_t)(stream->_IO_write_end - stream->_IO_write_ptr) > first_size + second_size &&
		stream->_IO_write_end > stream->_IO_write_ptr) {
		memcpy(stream->_IO_write_ptr, first, first_size);
		if (second_size > 0)
			memcpy(stream->_IO_write_ptr + first_size, second, second_size);
		stream->_IO_write_ptr += first_size + second_size;
	} else {
		written = write_slowly(stream, first, first_size) && write_slowly(stream, second, second_size);
	}
	funlockfile(stream);
	return written;
}

#else

size_t pcapint_stdio_read_ahead(FILE *stream)
{
	(void)stream;
	return PCAPINT_STDIO_UNKNOWN;
}

void pcapint_stdio_enlarge_buffer(FILE *stream)
{
	(void)stream;
}

int pcapint_stdio_close(FILE *stream)
{
	return fclose(stream);
}

bool pcapint_stdio_write(FILE *stream, const void *first, size_t first_size, const void *second, size_t second_size)
{
	bool written;

	flockfile(stream);
	written = write_slowly(stream, first, first_size) && write_slowly(stream, second, second_size);
	funlockfile(stream);
	return written;
}

#endif
