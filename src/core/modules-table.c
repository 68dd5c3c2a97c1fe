/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the threads of a process share about modules in files, and all the state that the library keeps outside of
 * handles: which are loaded, and the texts that pcap_get_module() has handed out. Both only grow, by one for each file
 * or text, and are read and written under one lock, inside which nothing else is called.
 */
#include "core/core.h"
#include "core/modules.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct loaded_module {
	struct loaded_module *next;
	struct pcap_module module;
	char path[];
};

struct kept_text {
	struct kept_text *next;
	char text[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct loaded_module *loaded_modules;
static struct kept_text *kept_texts;

static const struct pcap_module *find_loaded(const char *path)
{
	for (const struct loaded_module *loaded = loaded_modules; loaded != NULL; loaded = loaded->next)
		if (strcmp(loaded->path, path) == 0)
			return &loaded->module;
	return NULL;
}

const struct pcap_module *pcapint_loaded_module(const char *path)
{
	pthread_mutex_lock(&lock);
	const struct pcap_module *module = find_loaded(path);
	pthread_mutex_unlock(&lock);
	return module;
}

const struct pcap_module *pcapint_keep_module(const char *path, const struct pcap_module *module)
{
	struct loaded_module *added = malloc(sizeof(*added) + strlen(path) + 1);

	if (added == NULL)
		return NULL;
	added->module = *module;
	strcpy(added->path, path);
	pthread_mutex_lock(&lock);
	const struct pcap_module *kept = find_loaded(path);
	if (kept == NULL) {
		added->next = loaded_modules;
		loaded_modules = added;
		kept = &added->module;
		added = NULL;
	}
	pthread_mutex_unlock(&lock);
	free(added);
	return kept;
}

static const char *find_text(const char *text)
{
	for (const struct kept_text *kept = kept_texts; kept != NULL; kept = kept->next)
		if (strcmp(kept->text, text) == 0)
			return kept->text;
	return NULL;
}

const char *pcapint_keep_text(const char *text)
{
	struct kept_text *added = malloc(sizeof(*added) + strlen(text) + 1);

	if (added == NULL)
		return NULL;
	strcpy(added->text, text);
	pthread_mutex_lock(&lock);
	const char *kept = find_text(text);
	if (kept == NULL) {
		added->next = kept_texts;
		kept_texts = added;
		kept = added->text;
		added = NULL;
	}
	pthread_mutex_unlock(&lock);
	free(added);
	return kept;
}
