/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks into standard I/O streams, each C library in its way.
 */
#include "compat/stdio.h"

#if defined(__GLIBC__)

/* glibc has no call for this; struct _IO_FILE is laid open in its public <bits/types/struct_FILE.h>. */
size_t pcapint_stdio_read_ahead(FILE *stream)
{
	return (size_t)(stream->_IO_read_end - stream->_IO_read_ptr);
}

#else

size_t pcapint_stdio_read_ahead(FILE *stream)
{
	(void)stream;
	return PCAPINT_STDIO_UNKNOWN;
}

#endif
