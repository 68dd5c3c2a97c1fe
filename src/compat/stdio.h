/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What savefiles need of standard I/O streams beyond ISO C and POSIX.
 */
#ifndef WEIR_COMPAT_STDIO_H
#define WEIR_COMPAT_STDIO_H

#include <stddef.h>
#include <stdio.h>

#define PCAPINT_STDIO_UNKNOWN ((size_t)-1)

/* The bytes that a stream can hand out without asking its source; PCAPINT_STDIO_UNKNOWN if it can't be told. */
size_t pcapint_stdio_read_ahead(FILE *stream);

#endif
