/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vendor's library, loaded when its device is opened: for modules of capture cards, which are built without the
 * vendor's headers and run where its software is installed.
 */
#ifndef WEIR_VENDOR_LIBRARY_H
#define WEIR_VENDOR_LIBRARY_H

#include <stddef.h>

/* A routine of the library, and where its address goes in a structure of function pointers. */
struct vendor_routine {
	const char *name;
	size_t offset;
};

/*
 * Loads a library by its name and fills calls. The handle for dlclose(), or NULL with "device: …" in errbuf, which says
 * what is missing.
 */
void *pcapint_vendor_load(const char *library, const struct vendor_routine *routines, size_t count, void *calls,
	const char *device, char *errbuf);

#endif
