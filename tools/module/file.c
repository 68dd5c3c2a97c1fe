/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module by the file that it is in, for the commands of `weir module`: found by the library's own search, so that what
 * these commands say holds for every program.
 */
#include "module/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define PATH_VARIABLE "PCAP_MODULE_PATH"
#define SUFFIX ".so"

bool is_module_file(const char *operand)
{
	size_t length = strlen(operand);

	return operand[0] == '/' || strncmp(operand, "./", 2) == 0 || strncmp(operand, "../", 3) == 0 ||
	       (length > strlen(SUFFIX) && strcmp(operand + length - strlen(SUFFIX), SUFFIX) == 0);
}

static bool put_first(const char *folder)
{
	const char *others = getenv(PATH_VARIABLE);
	char *folders;
	bool done;

	if (asprintf(&folders, "%s%s%s", folder, others != NULL ? ":" : "", others != NULL ? others : "") < 0)
		return false;
	done = setenv(PATH_VARIABLE, folders, 1) == 0;
	free(folders);
	return done;
}

bool search_folder_of(const char *file, char path[PATH_MAX])
{
	char folder[PATH_MAX];

	if (realpath(file, path) == NULL) {
		complain("%s: %s", file, strerror(errno));
		return false;
	}
	strcpy(folder, path);
	*strrchr(folder, '/') = '\0';
	if (strchr(folder, ':') != NULL) {
		complain("%s: modules can't be in a folder that has : in its name", file);
		return false;
	}
	if (!put_first(folder)) {
		complain("no memory");
		return false;
	}
	return true;
}

bool use_module_file(const char *file, struct pcap_module_info *info)
{
	char path[PATH_MAX], folder[PATH_MAX];

	if (!search_folder_of(file, path))
		return false;
	strcpy(folder, path);
	*strrchr(folder, '/') = '\0';
	for (size_t i = 0; pcap_get_module(i, info, sizeof(*info)) == 1; i++) {
		/* The folder stands in the file's place where it is not to be trusted. */
		if (info->file == NULL || (strcmp(info->file, path) != 0 && strcmp(info->file, folder) != 0))
			continue;
		if (info->problem == NULL)
			return true;
		complain("%s: not used: %s", info->file, info->problem);
		return false;
	}
	complain("%s: no capture module: its name must be pcap-NAME.so", file);
	return false;
}
