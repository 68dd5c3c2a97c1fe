/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What programs can know of the modules: which there are, where they are, why one can't be used, and what devices one
 * of them has. For `weir modules` and the like.
 */
#include "core/core.h"
#include "core/modules.h"

#include <stdio.h>
#include <string.h>

/* How many of the built-in modules come before those in files. */
static size_t count_before_files(void)
{
	size_t count = 0;

	while (pcapint_modules[count] != NULL && pcapint_modules[count]->prefixes != NULL)
		count++;
	return count;
}

static size_t count_builtin(void)
{
	size_t count = 0;

	while (pcapint_modules[count] != NULL)
		count++;
	return count;
}

/* Texts of a file's row have to outlive it. */
static bool describe_file(const struct module_file *file, struct pcap_module_info *info)
{
	info->name = pcapint_keep_text(file->note.name[0] != '\0' ? file->note.name : file->path);
	info->description = pcapint_keep_text(file->note.description);
	info->prefixes = pcapint_keep_text(file->note.prefixes);
	info->file = pcapint_keep_text(file->path);
	info->problem = file->problem[0] != '\0' ? pcapint_keep_text(file->problem) : NULL;
	return info->name != NULL && info->description != NULL && info->prefixes != NULL && info->file != NULL &&
	       (file->problem[0] == '\0' || info->problem != NULL);
}

int pcap_get_module(size_t index, struct pcap_module_info *info, size_t size)
{
	size_t before = count_before_files(), builtin = count_builtin();
	struct pcap_module_info full = {0};
	struct module_files files = {0};
	bool found;

	if (index >= before && !pcapint_find_module_files(&files))
		return 0;
	if (index >= before && index - before < files.count) {
		found = describe_file(&files.rows[index - before], &full);
	} else {
		size_t row = index < before ? index : index - files.count;
		found = row < builtin;
		if (found) {
			full.name = pcapint_modules[row]->name;
			full.description = pcapint_modules[row]->description;
			full.prefixes = pcapint_modules[row]->prefixes;
		}
	}
	pcapint_free_module_files(&files);
	if (!found)
		return 0;
	memset(info, 0, size);
	memcpy(info, &full, size < sizeof(full) ? size : sizeof(full));
	return 1;
}

/* The module of a name, loaded; NULL, with errbuf filled, if there is none or it can't be used. */
static const struct pcap_module *find_module(const char *name, char *errbuf)
{
	const struct pcap_module *module = NULL;
	struct module_files files;

	for (size_t i = 0; pcapint_modules[i] != NULL; i++)
		if (strcmp(pcapint_modules[i]->name, name) == 0)
			return pcapint_modules[i];
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.64s: no such module", name);
	if (!pcapint_find_module_files(&files))
		return NULL;
	for (size_t i = 0; i < files.count; i++) {
		char why[PCAP_ERRBUF_SIZE] = "";
		if (strcmp(files.rows[i].note.name, name) != 0)
			continue;
		if (files.rows[i].problem[0] != '\0')
			memcpy(why, files.rows[i].problem, sizeof(why));
		else
			module = pcapint_load_module_file(&files.rows[i], why);
		if (module == NULL)
			pcapint_fmt_device_error(errbuf, name, why);
		break;
	}
	pcapint_free_module_files(&files);
	return module;
}

int pcap_list_module_devices(const char *name, pcap_if_t **devices, char *errbuf)
{
	const struct pcap_module *module = find_module(name, errbuf);
	pcap_if_list_t *list;
	int status = 0;

	*devices = NULL;
	list = module != NULL ? pcapint_new_dev_list(errbuf) : NULL;
	if (list == NULL)
		return PCAP_ERROR;
	*errbuf = '\0';
	if (module->findalldevs != NULL)
		status = module->findalldevs(list, errbuf);
	errbuf[PCAP_ERRBUF_SIZE - 1] = '\0';
	*devices = pcapint_finish_dev_list(list);
	if (status >= 0) {
		*errbuf = '\0';
		return 0;
	}
	if (*errbuf == '\0')
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.64s: it can't list its devices, and does not say why", name);
	pcap_freealldevs(*devices);
	*devices = NULL;
	return PCAP_ERROR;
}
