/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module table: expands modules.def into const descriptors, in the order in which devices are claimed.
 */
#include "core/core.h"

#ifndef PCAP_MODULES_DEF
#define PCAP_MODULES_DEF "core/modules.def"
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
