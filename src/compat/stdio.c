/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks into standard I/O streams, each C library in its way.
 */
#include "compat/stdio.h"

#include <stddef.h>
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

int pcapint_stdio_seek(FILE *stream, off_t offset)
{
	/* _offset is where the descriptor stands, behind what was read ahead; or -1: it is not known. */
	off_t start = stream->_offset - (stream->_IO_read_end - stream->_IO_buf_base);

	if (stream->_offset < 0 || stream->_IO_buf_base == NULL || stream->_IO_read_base != stream->_IO_buf_base ||
		stream->_IO_save_base != NULL || stream->_IO_write_ptr != stream->_IO_write_base ||
		stream->_mode > 0 || feof_unlocked(stream) || offset < start || offset > stream->_offset)
		return fseeko(stream, offset, SEEK_SET);
	stream->_IO_read_ptr = stream->_IO_buf_base + (offset - start);
	return 0;
}

#define BUFFER_SIZE (64 * 1024)

void pcapint_stdio_enlarge_buffer(FILE *stream)
{
	int flags = stream->_flags;
	char *buffer = malloc(BUFFER_SIZE);

	if (buffer == NULL)
		return;
	if (setvbuf(stream, buffer, _IOFBF, BUFFER_SIZE) != 0) {
		free(buffer);
		return;
	}
	/*
	 * All that setvbuf() changes of the flags is that the buffer is not the stream's to free; there is nobody else
	 * who could, since programs may close the stream themselves.
	 */
	if ((stream->_flags ^ flags) == 1)
		stream->_flags = flags;
}

/* Most packets fit the room that is left in the buffer; two copies are then a quarter faster than two fwrite(). */
static inline bool write_to_buffer(FILE *stream, const void *header, const void *data, size_t size)
{
	/* A stream that is not in order for that has an end below or at its pointer. */
	ptrdiff_t room = stream->_IO_write_end - stream->_IO_write_ptr;

	if (room <= PCAPINT_STDIO_HEADER_SIZE || (size_t)room - PCAPINT_STDIO_HEADER_SIZE <= size)
		return write_slowly(stream, header, PCAPINT_STDIO_HEADER_SIZE) && write_slowly(stream, data, size);
	memcpy(stream->_IO_write_ptr, header, PCAPINT_STDIO_HEADER_SIZE);
	if (size > 0)
		memcpy(stream->_IO_write_ptr + PCAPINT_STDIO_HEADER_SIZE, data, size);
	stream->_IO_write_ptr += PCAPINT_STDIO_HEADER_SIZE + size;
	return true;
}

#if __GLIBC_PREREQ(2, 32)
#include <sys/single_threaded.h>
#define SINGLE_THREADED __libc_single_threaded
#else
#define SINGLE_THREADED 0
#endif

bool pcapint_stdio_write_packet(FILE *stream, const void *header, const void *data, size_t size)
{
	bool written;

	if (SINGLE_THREADED)
		return write_to_buffer(stream, header, data, size);
	flockfile(stream);
	written = write_to_buffer(stream, header, data, size);
	funlockfile(stream);
	return written;
}

#else

size_t pcapint_stdio_read_ahead(FILE *stream)
{
	(void)stream;
	return PCAPINT_STDIO_UNKNOWN;
}

int pcapint_stdio_seek(FILE *stream, off_t offset)
{
	return fseeko(stream, offset, SEEK_SET);
}

void pcapint_stdio_enlarge_buffer(FILE *stream)
{
	(void)stream;
}

bool pcapint_stdio_write_packet(FILE *stream, const void *header, const void *data, size_t size)
{
	bool written;

	flockfile(stream);
	written = write_slowly(stream, header, PCAPINT_STDIO_HEADER_SIZE) && write_slowly(stream, data, size);
	funlockfile(stream);
	return written;
}

#endif
