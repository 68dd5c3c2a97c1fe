/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads a vendor's library by name, for the modules of capture cards.
 */
#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <pcap-int.h>

void *pcapint_vendor_load(const char *library, const struct vendor_routine *routines, size_t count, void *calls,
	const char *device, char *errbuf)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.60s: the vendor's library is needed: %.150s", device,
			dlerror());
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		void *routine = dlsym(handle, routines[i].name);
		if (routine == NULL) {
			snprintf(errbuf, PCAP_ERRBUF_SIZE,
				"%.60s: the vendor's library %s has no %s: it is too old", device, library,
				routines[i].name);
			dlclose(handle);
			return NULL;
		}
		memcpy((char *)calls + routines[i].offset, &routine, sizeof(routine));
	}
	return handle;
}
