/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which devices there are: every module is asked, and what one can't tell hides nothing of the others. For programs
 * (pcap_findalldevs, pcap_lookupdev), and for the message about a device that is none.
 */
#include "core/core.h"
#include "core/modules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Adds "MODULE: TEXT" to what failed before, as far as it fits. */
static void note_failure(char *failures, size_t size, const char *module, const char *text)
{
	size_t used = strlen(failures);

	snprintf(failures + used, size - used, "%s%s: %s", used > 0 ? "; " : "", module,
		*text != '\0' ? text : "can't list its devices, and does not say why");
}

static void list_module(pcap_if_list_t *list, const struct pcap_module *module, char *failures)
{
	char text[PCAP_ERRBUF_SIZE] = "";

	if (module->findalldevs == NULL || module->findalldevs(list, text) >= 0)
		return;
	text[sizeof(text) - 1] = '\0';
	note_failure(failures, PCAP_ERRBUF_SIZE, module->name, text);
}

/* The modules that are in files: all of them, or those that are loaded already. */
static void list_files(pcap_if_list_t *list, bool load, char *failures)
{
	struct module_files files;

	if (!pcapint_find_module_files(&files)) {
		note_failure(failures, PCAP_ERRBUF_SIZE, "modules", "no memory to look for them");
		return;
	}
	for (size_t i = 0; i < files.count; i++) {
		const struct module_file *file = &files.rows[i];
		char why[PCAP_ERRBUF_SIZE] = "";
		const struct pcap_module *module = NULL;

		if (file->problem[0] != '\0')
			memcpy(why, file->problem, sizeof(why));
		else if (load)
			module = pcapint_load_module_file(file, why);
		else
			module = pcapint_loaded_module(file->path);
		if (module != NULL)
			list_module(list, module, failures);
		else if (why[0] != '\0' && !file->hidden)
			note_failure(failures, PCAP_ERRBUF_SIZE, file->path, why);
	}
	pcapint_free_module_files(&files);
}

int pcapint_find_devices(pcap_if_t **alldevs, char *errbuf, bool load)
{
	pcap_if_list_t *list = pcapint_new_dev_list(errbuf);
	bool listed_files = false;

	*alldevs = NULL;
	if (list == NULL)
		return PCAP_ERROR;
	*errbuf = '\0';
	for (size_t i = 0;; i++) {
		const struct pcap_module *module = pcapint_modules[i];
		if (!listed_files && (module == NULL || module->prefixes == NULL)) {
			list_files(list, load, errbuf);
			listed_files = true;
		}
		if (module == NULL)
			break;
		list_module(list, module, errbuf);
	}
	*alldevs = pcapint_finish_dev_list(list);
	return *alldevs == NULL && *errbuf != '\0' ? PCAP_ERROR : 0;
}

/*
 * 0 also where a module failed, as long as there is a device to show: errbuf then holds what failed, and is empty if
 * nothing did.
 */
int pcap_findalldevs(pcap_if_t **alldevs, char *errbuf)
{
	return pcapint_find_devices(alldevs, errbuf, true);
}

/* The manual: deprecated, and not there for a program that has called pcap_init(). */
char *pcap_lookupdev(char *errbuf)
{
	static _Thread_local char name[256];
	pcap_if_t *devices;
	int used = -1;

	if (pcapint_new_api()) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"pcap_lookupdev: does not work after pcap_init(); use the first device of "
			"pcap_findalldevs()");
		return NULL;
	}
	if (pcap_findalldevs(&devices, errbuf) < 0)
		return NULL;
	/* They are sorted: when a loopback device comes first there is no better one. */
	if (devices != NULL && (devices->flags & PCAP_IF_LOOPBACK) == 0)
		used = snprintf(name, sizeof(name), "%s", devices->name);
	pcap_freealldevs(devices);
	if (used >= 0 && (size_t)used < sizeof(name))
		return name;
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "pcap_lookupdev: there is no device to capture on");
	return NULL;
}

/*
 * Whether one name is most likely a slip of the other: letters of the wrong case, two neighbours swapped, one
 * character too many, missing or wrong. eth7 is no slip of eth0: a number that is not there stands for itself.
 */
static bool is_near_miss(const char *given, const char *name)
{
	size_t given_rest = strlen(given);
	size_t rest = strlen(name);

	if (strcasecmp(given, name) == 0)
		return true;
	for (; *given == *name && *given != '\0'; given_rest--, rest--) {
		given++;
		name++;
	}
	for (; given_rest > 0 && rest > 0 && given[given_rest - 1] == name[rest - 1]; given_rest--)
		rest--;
	if (given_rest == 2 && rest == 2)
		return given[0] == name[1] && given[1] == name[0];
	return given_rest <= 1 && rest <= 1 && !(given_rest == 1 && isdigit((u_char)*given)) &&
	       !(rest == 1 && isdigit((u_char)*name));
}

static const pcap_if_t *find_near_miss(const pcap_if_t *devices, const char *name)
{
	while (devices != NULL && !is_near_miss(name, devices->name))
		devices = devices->next;
	return devices;
}

/* "A, B, C", or "A, …" where the rest would not fit. */
static void append_names(char *text, size_t size, const pcap_if_t *devices)
{
	const char *separator = "";

	for (; devices != NULL; devices = devices->next) {
		size_t used = strlen(text);
		size_t reserve = devices->next != NULL ? sizeof(", …)") : sizeof(")");

		if (used + strlen(separator) + strlen(devices->name) + reserve > size) {
			snprintf(text + used, size - used, "%s…", separator);
			break;
		}
		snprintf(text + used, size - used, "%s%s", separator, devices->name);
		separator = ", ";
	}
}

void pcapint_no_such_device(char *errbuf, size_t size, const char *device)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;
	const pcap_if_t *near_miss;
	int used;

	/* text serves as the listing's error buffer first; what failed there is not what was asked. */
	if (pcapint_find_devices(&devices, text, false) < 0)
		devices = NULL;
	near_miss = find_near_miss(devices, device);
	used = snprintf(text, sizeof(text), "%.64s: no such device", device);
	if (near_miss != NULL)
		used += snprintf(text + used, sizeof(text) - used, "; did you mean %.64s?", near_miss->name);
	if (devices == NULL) {
		snprintf(text + used, sizeof(text) - used, " (there are no devices)");
	} else {
		snprintf(text + used, sizeof(text) - used, " (the devices are: ");
		append_names(text, sizeof(text), devices);
		strcat(text, ")");
	}
	snprintf(errbuf, size, "%s", text);
	pcap_freealldevs(devices);
}
