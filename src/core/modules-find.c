/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which modules there are in files: the folders are read each time, so that what was installed meanwhile is there, and
 * nothing has to be kept. For the calls that open or list devices, and those that tell of modules.
 */
#include "core/core.h"
#include "core/modules.h"

#include "compat/privileges.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_VARIABLE "PCAP_MODULE_PATH"
#define MOST_FILES 1000 /* of modules, in all folders together */

/*
 * A module's prefix matches "prefix" alone and "prefix" followed by anything that is no letter, so that "can" is asked
 * for can0 and not for an interface called canary.
 */
bool pcapint_prefix_matches(const char *prefixes, const char *device)
{
	while (prefixes != NULL && *prefixes != '\0') {
		size_t length = strcspn(prefixes, " ");
		if (length > 0 && strncmp(prefixes, device, length) == 0 && !isalpha((unsigned char)device[length]))
			return true;
		prefixes += length + (prefixes[length] == ' ');
	}
	return false;
}

static struct module_file *add_row(struct module_files *files, const char *folder, const char *name)
{
	char *path;

	if (files->count == files->capacity) {
		size_t capacity = files->capacity * 2 + 8;
		struct module_file *rows = realloc(files->rows, capacity * sizeof(*rows));
		if (rows == NULL)
			return NULL;
		files->rows = rows;
		files->capacity = capacity;
	}
	if (asprintf(&path, "%s%s%s", folder, *name != '\0' ? "/" : "", name) < 0)
		return NULL;
	struct module_file *row = &files->rows[files->count++];
	memset(row, 0, sizeof(*row));
	row->path = path;
	return row;
}

/* Whether a file is one of ours, "pcap-NAME.so": NAME's length, or 0. */
static size_t module_name_length(const char *name)
{
	static const char before[] = "pcap-", after[] = ".so";
	size_t length = strlen(name), frame = sizeof(before) - 1 + sizeof(after) - 1;

	if (length <= frame || strncmp(name, before, sizeof(before) - 1) != 0 ||
		strcmp(name + length - (sizeof(after) - 1), after) != 0)
		return 0;
	return length - frame;
}

static int is_module_name(const struct dirent *entry)
{
	return module_name_length(entry->d_name) > 0;
}

static void read_file(struct module_file *row, int folder, const char *name, const struct module_trust *trust)
{
	size_t length = module_name_length(name);
	int fd = pcapint_open_trusted_file(folder, name, trust, row->problem);

	if (fd >= 0) {
		pcapint_read_module_note(fd, &row->note, row->problem);
		close(fd);
	}
	if (row->problem[0] == '\0' &&
		(strlen(row->note.name) != length || strncmp(row->note.name, name + strlen("pcap-"), length) != 0))
		snprintf(row->problem, sizeof(row->problem), "the file of a module %s has to be called pcap-%s.so",
			row->note.name, row->note.name);
	if (row->problem[0] == '\0')
		return;
	/* A file that can't be used is known by what it is called. */
	snprintf(row->note.name, sizeof(row->note.name), "%.*s",
		(int)(length < MODULE_NAME_SIZE ? length : MODULE_NAME_SIZE - 1), name + strlen("pcap-"));
	if (row->note.prefixes[0] == '\0')
		strcpy(row->note.prefixes, row->note.name);
}

/* Reads the files of an open folder, by name. */
static bool read_folder(struct module_files *files, int folder, const char *path, const struct module_trust *trust)
{
	struct dirent **entries;
	bool done = true;
	int count = scandirat(folder, ".", &entries, is_module_name, alphasort);

	for (int i = 0; i < count; i++) {
		struct module_file *row =
			done && files->count < MOST_FILES ? add_row(files, path, entries[i]->d_name) : NULL;
		if (row != NULL)
			read_file(row, folder, entries[i]->d_name, trust);
		else if (files->count < MOST_FILES)
			done = false;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return done;
}

static bool search_folder(struct module_files *files, const char *path, bool fixed)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct module_trust trust = pcapint_whom_to_trust(fixed);
	int folder = pcapint_open_trusted_folder(path, &trust, why);
	bool done;

	if (folder < 0) {
		/* Not everybody has modules. */
		if (fixed && errno == ENOENT)
			return true;
		struct module_file *row = add_row(files, path, "");
		if (row == NULL)
			return false;
		memcpy(row->problem, why, sizeof(why));
		return true;
	}
	done = read_folder(files, folder, path, &trust);
	close(folder);
	return done;
}

/* The folders that the user named, which a program with more privileges than the user has does not listen to. */
static bool search_path(struct module_files *files)
{
	const char *variable = pcapint_has_raised_privileges() ? NULL : getenv(PATH_VARIABLE);
	char *folders = variable != NULL ? strdup(variable) : NULL;
	char *rest = folders;
	bool done = variable == NULL || folders != NULL;

	while (done && rest != NULL) {
		const char *path = strsep(&rest, ":");
		if (*path != '\0')
			done = search_folder(files, path, false);
	}
	free(folders);
	return done;
}

/* Whether two modules have a prefix in common. */
static bool share_prefix(const char *first, const char *second)
{
	while (*second != '\0') {
		size_t length = strcspn(second, " ");
		for (const char *at = first; *at != '\0';) {
			size_t other = strcspn(at, " ");
			if (other == length && strncmp(at, second, length) == 0)
				return true;
			at += other + (at[other] == ' ');
		}
		second += length + (second[length] == ' ');
	}
	return false;
}

/* Whether a module that comes before this one has its name, or a prefix of it: then this one is never asked. */
static void compare_with(struct module_file *row, const char *name, const char *prefixes, const char *where)
{
	bool same_name = strcmp(row->note.name, name) == 0;

	if (!same_name && (prefixes == NULL || !share_prefix(prefixes, row->note.prefixes)))
		return;
	row->hidden = true;
	snprintf(row->problem, sizeof(row->problem), "%s has %s and comes first", where,
		same_name ? "its name" : "one of its prefixes");
}

static void find_clashes(struct module_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		struct module_file *row = &files->rows[i];
		for (size_t j = 0; pcapint_modules[j] != NULL && row->problem[0] == '\0'; j++) {
			char where[MODULE_NAME_SIZE * 2];
			snprintf(where, sizeof(where), "the built-in module %.31s", pcapint_modules[j]->name);
			compare_with(row, pcapint_modules[j]->name, pcapint_modules[j]->prefixes, where);
		}
		for (size_t j = 0; j < i && row->problem[0] == '\0'; j++) {
			const struct module_file *other = &files->rows[j];
			if (other->problem[0] == '\0')
				compare_with(row, other->note.name, other->note.prefixes, other->path);
		}
	}
}

bool pcapint_find_module_files(struct module_files *files)
{
	memset(files, 0, sizeof(*files));
	if (!search_path(files) || !search_folder(files, PCAP_MODULE_DIR, true)) {
		pcapint_free_module_files(files);
		return false;
	}
	find_clashes(files);
	return true;
}

void pcapint_free_module_files(struct module_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->rows[i].path);
	free(files->rows);
	memset(files, 0, sizeof(*files));
}

/* "FILE: why", the end of FILE where it is long. */
static void tell_of_file(const char *path, const char *problem, char *why)
{
	const char *name = strrchr(path, '/');

	snprintf(why, PCAP_ERRBUF_SIZE, "the module %s can't be used: %s", name != NULL ? name + 1 : path, problem);
}

void pcapint_ask_module_files(
	const char *device, bool (*ask)(const struct pcap_module *module, void *user), void *user, char *why)
{
	struct module_files files;
	bool answered = false;

	if (!pcapint_find_module_files(&files))
		return;
	for (size_t i = 0; i < files.count && !answered; i++) {
		const struct module_file *row = &files.rows[i];
		const struct pcap_module *module = NULL;
		char problem[PCAP_ERRBUF_SIZE] = "";
		if (row->hidden || !pcapint_prefix_matches(row->note.prefixes, device))
			continue;
		if (row->problem[0] == '\0')
			module = pcapint_load_module_file(row, problem);
		if (module != NULL)
			answered = ask(module, user);
		else if (*why == '\0')
			tell_of_file(row->path, row->problem[0] != '\0' ? row->problem : problem, why);
	}
	pcapint_free_module_files(&files);
}
