/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module table: expands modules.def into const descriptors, in the order in which devices are claimed.
 */
#include "core/core.h"

#include <string.h>

/* GNU C has it as a macro; here it is a module's name. */
#undef linux

#ifndef PCAP_MODULES_DEF
#define PCAP_MODULES_DEF "modules/modules.def"
#endif

#define PCAP_MODULE(name, description, prefixes, list_routine, create_routine)                                     \
	int list_routine(pcap_if_list_t *, char *);                                                                \
	pcap_t *create_routine(const char *, char *);
#define PCAP_MODULE_IS_OURS(name, description, prefixes, list_routine, create_routine)                             \
	int list_routine(pcap_if_list_t *, char *);                                                                \
	pcap_t *create_routine(const char *, char *, int *);
#include PCAP_MODULES_DEF
#undef PCAP_MODULE
#undef PCAP_MODULE_IS_OURS

#define MODULE_ROW(name, description, prefixes, list_routine, create_routine, create_is_ours_routine)              \
	static const struct pcap_module module_##name = {PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module),      \
		#name, description, prefixes, list_routine, create_routine, create_is_ours_routine};
#define PCAP_MODULE(name, description, prefixes, list_routine, create_routine)                                     \
	MODULE_ROW(name, description, prefixes, list_routine, create_routine, NULL)
#define PCAP_MODULE_IS_OURS(name, description, prefixes, list_routine, create_routine)                             \
	MODULE_ROW(name, description, prefixes, list_routine, NULL, create_routine)
#include PCAP_MODULES_DEF
#undef PCAP_MODULE
#undef PCAP_MODULE_IS_OURS

#define PCAP_MODULE(name, description, prefixes, list_routine, create_routine) &module_##name,
#define PCAP_MODULE_IS_OURS(name, description, prefixes, list_routine, create_routine) &module_##name,
const struct pcap_module *const pcapint_modules[] = {
#include PCAP_MODULES_DEF
	NULL,
};
#undef PCAP_MODULE
#undef PCAP_MODULE_IS_OURS

/* What is built in, for programs that show it; they look for the number after "libpcap version". */
#define PCAP_MODULE(name, description, prefixes, list_routine, create_routine) " " #name
#define PCAP_MODULE_IS_OURS(name, description, prefixes, list_routine, create_routine) " " #name
static const char lib_version[] = "libpcap version " PCAP_API_VERSION " (Weir " WEIR_VERSION ", modules:"
#include PCAP_MODULES_DEF
				  ")";
#undef PCAP_MODULE
#undef PCAP_MODULE_IS_OURS

/* Exported by libpcap, in no header; some programs declare it themselves. */
extern const char pcap_version[];
PCAP_API_DEF const char pcap_version[] = PCAP_API_VERSION;

const char *pcap_lib_version(void)
{
	return lib_version;
}
