/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loading of modules where it can't be done: in libpcap.a, since a module needs the library as a file of its own, and
 * programs that are linked statically have no loader.
 */
#include "core/core.h"
#include "core/modules.h"

#include <stdio.h>

const struct pcap_module *pcapint_load_module_file(const struct module_file *file _U_, char *why)
{
	snprintf(why, PCAP_ERRBUF_SIZE,
		"this program has the library in itself (libpcap.a), which can't load modules; link it with "
		"libpcap.so");
	return NULL;
}
