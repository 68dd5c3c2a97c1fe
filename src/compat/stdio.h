/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What savefiles need of standard I/O streams beyond ISO C and POSIX, and what is slow in them.
 */
#ifndef WEIR_COMPAT_STDIO_H
#define WEIR_COMPAT_STDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define PCAPINT_STDIO_UNKNOWN ((size_t)-1)

/* The bytes that a stream can hand out without asking its source; PCAPINT_STDIO_UNKNOWN if it can't be told. */
size_t pcapint_stdio_read_ahead(FILE *stream);

/*
 * fseeko() from the beginning, for a stream that is read. It asks the system for nothing where the place is within what
 * the stream has read ahead.
 */
int pcapint_stdio_seek(FILE *stream, off_t offset);

/*
 * Gives a stream that was just opened a large buffer of its own, where the C library can be made to take one. Without
 * memory for it the stream keeps the buffer it has.
 */
void pcapint_stdio_enlarge_buffer(FILE *stream);

/* What a packet begins with in a pcap file. */
#define PCAPINT_STDIO_HEADER_SIZE 16

/*
 * Writes such a header and what follows it, with no other thread's output between them. False, with errno set, if they
 * were not all taken.
 */
bool pcapint_stdio_write_packet(FILE *stream, const void *header, const void *data, size_t size);

#endif
