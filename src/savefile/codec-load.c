/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads the libraries of the codecs when they are needed. For the shared library; codec-link.c is in its place in the
 * archive.
 */
#include "savefile/codec-calls.h"

#include <dlfcn.h>
#include <stdio.h>

bool pcapint_codec_calls(
	const char *soname, const char *const *names, size_t count, void **calls, char problem[CODEC_PROBLEM_SIZE])
{
	/* It stays for the next file. */
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (library == NULL) {
		snprintf(problem, CODEC_PROBLEM_SIZE, "%s", dlerror());
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		calls[i] = dlsym(library, names[i]);
		if (calls[i] == NULL) {
			snprintf(problem, CODEC_PROBLEM_SIZE, "%s is too old: it has no %s", soname, names[i]);
			dlclose(library);
			return false;
		}
	}
	dlclose(library);
	return true;
}
