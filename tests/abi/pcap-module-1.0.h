/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a capture module loadable. For the author of a pcap-{MOD}.c: one line with PCAP_MODULE(), in that file or in one
 * of its own, and a compiler's -shared give a pcap-{MOD}.so; see pcap-module(7).
 */
#ifndef lib_pcap_pcap_module_h
#define lib_pcap_pcap_module_h

#include <pcap-int.h>

/*
 * The module's row:
 *
 *   PCAP_MODULE(name, "description", "prefixes", findalldevs, create)
 *   PCAP_MODULE_IS_OURS(name, "description", "prefixes", findalldevs, create)
 *
 * The second is for a create routine with a third argument, int *is_ours. name is {MOD}, without quotes. prefixes are
 * the beginnings of its device names, with a blank between two.
 */
#define PCAP_MODULE(name, description, prefixes, list_routine, create_routine)                                     \
	PCAP_MODULE_C_ int list_routine(pcap_if_list_t *, char *);                                                 \
	PCAP_MODULE_C_ pcap_t *create_routine(const char *, char *);                                               \
	PCAP_MODULE_FILE_(#name, description, prefixes, list_routine, create_routine, NULL)
#define PCAP_MODULE_IS_OURS(name, description, prefixes, list_routine, create_routine)                             \
	PCAP_MODULE_C_ int list_routine(pcap_if_list_t *, char *);                                                 \
	PCAP_MODULE_C_ pcap_t *create_routine(const char *, char *, int *);                                        \
	PCAP_MODULE_FILE_(#name, description, prefixes, list_routine, NULL, create_routine)

#ifdef __cplusplus
#define PCAP_MODULE_C_ extern "C"
#else
#define PCAP_MODULE_C_ extern
#endif

/*
 * What the library reads in the file before it runs any of the module's code: an ELF note (elf(5)) whose owner is
 * "Weir" and whose type is PCAP_MODULE_NOTE. It holds the version of the module interface, and name, prefixes and
 * description, each ended by a 0 byte.
 */
#define PCAP_MODULE_NOTE 1
#define PCAP_MODULE_NOTE_OWNER "Weir"
#define PCAP_MODULE_NOTE_SECTION ".note.pcap.module"

/* What it calls after that, the file's one exported name. */
#define PCAP_MODULE_SYMBOL pcap_module_descriptor

#define PCAP_MODULE_FILE_(name, description, prefixes, findalldevs, create, create_is_ours)                        \
	static const struct {                                                                                      \
		uint32_t owner_size, text_size, type;                                                              \
		char owner[8];                                                                                     \
		uint32_t abi_version;                                                                              \
		char text[(sizeof(name "\0" prefixes "\0" description) + 3) / 4 * 4];                              \
	} pcap_module_note __attribute__((used, aligned(4), section(PCAP_MODULE_NOTE_SECTION))) = {                \
		sizeof(PCAP_MODULE_NOTE_OWNER),                                                                    \
		sizeof(uint32_t) + (sizeof(name "\0" prefixes "\0" description) + 3) / 4 * 4,                      \
		PCAP_MODULE_NOTE,                                                                                  \
		PCAP_MODULE_NOTE_OWNER,                                                                            \
		PCAP_MODULE_ABI_VERSION,                                                                           \
		name "\0" prefixes "\0" description,                                                               \
	};                                                                                                         \
	PCAP_MODULE_C_ const struct pcap_module PCAP_MODULE_SYMBOL __attribute__((visibility("default")));         \
	const struct pcap_module PCAP_MODULE_SYMBOL = {                                                            \
		PCAP_MODULE_ABI_VERSION,                                                                           \
		sizeof(struct pcap_module),                                                                        \
		name,                                                                                              \
		description,                                                                                       \
		prefixes,                                                                                          \
		findalldevs,                                                                                       \
		create,                                                                                            \
		create_is_ours,                                                                                    \
	};

#endif
