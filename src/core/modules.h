/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture modules that are files of their own: found in folders, read without running any of their code, loaded when a
 * device of theirs is asked for. For the calls that open or list devices, and those that tell of modules.
 */
#ifndef WEIR_MODULES_H
#define WEIR_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pcap-int.h>

#define MODULE_NAME_SIZE 32
#define MODULE_PREFIXES_SIZE 256
#define MODULE_DESCRIPTION_SIZE 256

/* What a file tells of its module before any of its code runs: the note that pcap-module.h makes. */
struct module_note {
	uint32_t abi_version;
	char name[MODULE_NAME_SIZE];
	char prefixes[MODULE_PREFIXES_SIZE];
	char description[MODULE_DESCRIPTION_SIZE];
};

/*
 * Reads a file's note (modules-note.c). false, and why, if it is not an ELF file of this machine, or has no note that
 * could be used; what was read so far is in the note.
 */
bool pcapint_read_module_note(int fd, struct module_note *note, char *why);

/* Whose files may be loaded: root's and these users' (modules-trust.c). */
struct module_trust {
	uid_t user;          /* who runs the program; root if it has privileges that its user does not have */
	uid_t library_owner; /* whose file the library itself is; or user again */
	uid_t top_owner;     /* whose "/" is: trusted for folders on the way only; or user again */
};

/* For a folder that the user named, or for the one that was fixed when the library was built. */
struct module_trust pcapint_whom_to_trust(bool fixed_folder);
/*
 * Opens a folder, or a file in one, that nobody else can change, nor put another in its place. A descriptor; or -1 and
 * why, with errno set to ENOENT if it is not there.
 */
int pcapint_open_trusted_folder(const char *path, const struct module_trust *trust, char *why);
int pcapint_open_trusted_file(int folder, const char *name, const struct module_trust *trust, char *why);

/* A file that calls itself a module, or a folder that can't be searched. */
struct module_file {
	char *path;
	struct module_note note;
	bool hidden;                    /* nothing is wrong with it, but another module comes before it */
	char problem[PCAP_ERRBUF_SIZE]; /* why it can't be used, or "" */
};

struct module_files {
	struct module_file *rows;
	size_t count;
	size_t capacity;
};

/* All there are, in the order in which they are asked (modules-find.c). false if there is no memory for it. */
bool pcapint_find_module_files(struct module_files *files);
void pcapint_free_module_files(struct module_files *files);
/* Whether a device's name begins with one of a module's prefixes. */
bool pcapint_prefix_matches(const char *prefixes, const char *device);

/*
 * Loads a file (modules-load.c; in libpcap.a modules-load-none.c, which can't). NULL, with why, if it can't be used. A
 * module that was loaded stays so until the process ends.
 */
const struct pcap_module *pcapint_load_module_file(const struct module_file *file, char *why);
/*
 * Loads the modules in files that have a prefix of the device's name, and hands each to ask() until that returns true.
 * Of the first that can't be used, why tells the reason; it is left alone if there is none.
 */
void pcapint_ask_module_files(
	const char *device, bool (*ask)(const struct pcap_module *module, void *user), void *user, char *why);

/* What all threads share (modules-table.c). The loaded module of a path, or NULL. */
const struct pcap_module *pcapint_loaded_module(const char *path);
/* Keeps a module as that of a path; what is kept, which is another's if that came first. NULL: no memory. */
const struct pcap_module *pcapint_keep_module(const char *path, const struct pcap_module *module);
/* A copy of a text that stays until the process ends, the same one for the same text; NULL: no memory. */
const char *pcapint_keep_text(const char *text);

#endif
