/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads a module's file and checks its descriptor. For the calls that open and list devices, in libpcap.so. Two threads
 * may load the same file at the same time: the dynamic loader maps it once, and one descriptor is kept.
 *
 * A module stays loaded until the process ends. That holds for as long as any handle lives, and many libraries that
 * modules bring with them can't be unloaded: they leave threads, or destructors of thread-local data.
 */
#include "core/core.h"
#include "core/modules.h"

#include <dlfcn.h>
#include <pcap-module.h>
#include <stdio.h>
#include <string.h>

#define STRING_OF(name) #name
#define NAME_OF(symbol) STRING_OF(symbol)

/* The descriptor of version 1.0 ends after this member; a later one is larger, and begins the same. */
#define SMALLEST_DESCRIPTOR (offsetof(struct pcap_module, create_is_ours) + sizeof(pcap_create_is_ours_op_t))

/* What the dynamic loader says, without the path that stands before it. */
static bool tell_loader_error(const char *path, char *why)
{
	const char *text = dlerror();
	size_t length = strlen(path);

	if (text == NULL)
		text = "the dynamic loader does not say why";
	if (strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0)
		text += length + 2;
	snprintf(why, PCAP_ERRBUF_SIZE, "can't be loaded: %s", text);
	return false;
}

/* Whether the module calls this library, and not another one that is in the process as well. */
static bool calls_this_library(void *library, char *why)
{
	void *found = dlsym(library, "pcapint_create_common");

	if (found == NULL)
		found = dlsym(RTLD_DEFAULT, "pcapint_create_common");
	if (found == (void *)pcapint_create_common)
		return true;
	snprintf(why, PCAP_ERRBUF_SIZE, "it is linked with another libpcap than the one that loads it");
	return false;
}

static bool check_routines(const struct pcap_module *module, char *why)
{
	const char *missing = NULL;

	if (module->findalldevs == NULL)
		missing = "one that lists devices";
	else if (module->create == NULL && module->create_is_ours == NULL)
		missing = "one that makes a handle";
	if (missing == NULL)
		return true;
	snprintf(why, PCAP_ERRBUF_SIZE, "its descriptor lacks a routine: %s", missing);
	return false;
}

/* Copies as much of the descriptor as both sides know. */
static bool take_descriptor(
	const struct pcap_module *found, const struct module_note *note, struct pcap_module *module, char *why)
{
	if (found == NULL) {
		snprintf(why, PCAP_ERRBUF_SIZE, "it has no " NAME_OF(PCAP_MODULE_SYMBOL));
		return false;
	}
	if (found->abi_version != note->abi_version || found->size < SMALLEST_DESCRIPTOR) {
		snprintf(why, PCAP_ERRBUF_SIZE,
			"its descriptor has version %u.%u and %u bytes; it must have %u.%u, %zu or more",
			found->abi_version >> 16, found->abi_version & 0xffff, found->size, note->abi_version >> 16,
			note->abi_version & 0xffff, SMALLEST_DESCRIPTOR);
		return false;
	}
	memset(module, 0, sizeof(*module));
	memcpy(module, found, found->size < sizeof(*module) ? found->size : sizeof(*module));
	module->size = sizeof(*module);
	if (module->name == NULL || module->prefixes == NULL || module->description == NULL ||
		strcmp(module->name, note->name) != 0 || strcmp(module->prefixes, note->prefixes) != 0) {
		snprintf(why, PCAP_ERRBUF_SIZE, "its descriptor has another name or other prefixes than its note");
		return false;
	}
	return check_routines(module, why);
}

const struct pcap_module *pcapint_load_module_file(const struct module_file *file, char *why)
{
	const struct pcap_module *kept = pcapint_loaded_module(file->path);
	struct pcap_module module;

	if (kept != NULL)
		return kept;
	void *library = dlopen(file->path, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		tell_loader_error(file->path, why);
		return NULL;
	}
	if (calls_this_library(library, why) &&
		take_descriptor(dlsym(library, NAME_OF(PCAP_MODULE_SYMBOL)), &file->note, &module, why)) {
		kept = pcapint_keep_module(file->path, &module);
		if (kept == NULL)
			snprintf(why, PCAP_ERRBUF_SIZE, "no memory for it");
	}
	if (kept == NULL)
		dlclose(library);
	return kept;
}
