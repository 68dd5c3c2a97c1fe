/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens what a source string names, and lists what there is to open. For programs written against WinPcap's calls,
 * where a device, a savefile and another host's device are one kind of thing.
 */
#include "core/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void no_remote_capture(const struct source *parsed, const char *command, char *errbuf)
{
	int length = parsed->host.length < 48 ? (int)parsed->host.length : 48;

	snprintf(errbuf, PCAP_ERRBUF_SIZE,
		"%.*s: capturing on another host isn't built in; run a program on that host instead, for example: "
		"ssh %.*s weir %s %.40s",
		length, parsed->host.start, length, parsed->host.start, command, parsed->name.start);
}

/* The name of the first device that pcap_findalldevs() lists, malloc'ed. */
static char *first_device(char *errbuf)
{
	pcap_if_t *devices;
	char *name;

	if (pcap_findalldevs(&devices, errbuf) != 0)
		return NULL;
	if (devices == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "there is no device to capture on");
		return NULL;
	}
	name = strdup(devices->name);
	if (name == NULL)
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, ENOMEM, "%.64s", devices->name);
	pcap_freealldevs(devices);
	return name;
}

/*
 * A program that asks not to see what it sends would otherwise feed itself, as a bridge does, so a device that can't
 * do it isn't opened.
 */
static int apply_flags(pcap_t *p, int flags)
{
	return flags & PCAP_OPENFLAG_NOCAPTURE_LOCAL ? pcap_setdirection(p, PCAP_D_IN) : 0;
}

/* A warning is left in errbuf, as pcap_open_live() does. */
static pcap_t *open_device(const char *device, int snaplen, int flags, int timeout_ms, char *errbuf)
{
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		return NULL;
	pcap_set_snaplen(p, snaplen);
	pcap_set_promisc(p, (flags & PCAP_OPENFLAG_PROMISCUOUS) != 0);
	pcap_set_immediate_mode(p, (flags & PCAP_OPENFLAG_MAX_RESPONSIVENESS) != 0);
	pcap_set_timeout(p, timeout_ms);
	int status = pcap_activate(p);
	if (status >= 0 && apply_flags(p, flags) != 0)
		status = PCAP_ERROR;
	if (status != 0)
		pcapint_fmt_device_error(errbuf, device, pcap_geterr(p));
	if (status < 0) {
		pcap_close(p);
		return NULL;
	}
	return p;
}

pcap_t *pcap_open(
	const char *source, int snaplen, int flags, int timeout_ms, struct pcap_rmtauth *auth _U_, char *errbuf)
{
	struct source parsed;
	pcap_t *p;

	errbuf[0] = '\0';
	if (source == NULL) {
		char *device = first_device(errbuf);
		p = device != NULL ? open_device(device, snaplen, flags, timeout_ms, errbuf) : NULL;
		free(device);
		return p;
	}
	if (pcapint_parse_source(source, &parsed, errbuf) != 0)
		return NULL;
	if (parsed.type == PCAP_SRC_FILE)
		return pcap_open_offline(parsed.name.start, errbuf);
	if (parsed.type == PCAP_SRC_IFREMOTE) {
		no_remote_capture(&parsed, "capture -w - -i", errbuf);
		return NULL;
	}
	if (parsed.name.length == 0) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "\"%s\" names no device; one is named like this: rpcap://eth0",
			source);
		return NULL;
	}
	return open_device(parsed.name.start, snaplen, flags, timeout_ms, errbuf);
}

/*
 * Only a regular file is opened, since opening a device can start it. What it is is asked again of the open file,
 * and that is opened without waiting: the entry may have become a FIFO meanwhile.
 */
static FILE *open_regular(int folder, const char *entry)
{
	struct stat status;
	FILE *stream = NULL;

	if (fstatat(folder, entry, &status, 0) != 0 || !S_ISREG(status.st_mode))
		return NULL;
	int fd = openat(folder, entry, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		stream = fdopen(fd, "rb");
	if (stream == NULL)
		close(fd);
	return stream;
}

/* The link-layer type of a savefile in a folder, or -1 if the entry is none. */
static int savefile_type(int folder, const char *entry)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	FILE *stream = open_regular(folder, entry);

	if (stream == NULL)
		return -1;
	pcap_t *p = pcap_fopen_offline(stream, errbuf);
	if (p == NULL) {
		fclose(stream);
		return -1;
	}
	int type = pcap_datalink(p);
	pcap_close(p);
	return type;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Adds an entry of a folder, if it is a savefile; one whose source string would be too long to open is left out. */
static int add_savefile(pcap_if_list_t *list, int folder, const char *path, const char *entry, char *errbuf)
{
	char source[PCAP_BUF_SIZE];
	char description[128];
	size_t length = strlen(path);
	const char *slash = length > 0 && path[length - 1] == '/' ? "" : "/";

	if (snprintf(source, sizeof(source), PCAP_SRC_FILE_STRING "%s%s%s", path, slash, entry) >=
		(int)sizeof(source))
		return 0;
	int type = savefile_type(folder, entry);
	if (type < 0)
		return 0;
	snprintf(description, sizeof(description), "Savefile, %s", pcap_datalink_val_to_description_or_dlt(type));
	return pcapint_add_dev(list, source, PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE, description, errbuf) != NULL
		       ? 0
		       : PCAP_ERROR;
}

/* Adds the savefiles among the entries, and frees the entries. */
static int add_savefiles(
	pcap_if_list_t *list, int folder, const char *path, struct dirent **entries, int count, char *errbuf)
{
	int status = 0;

	for (int i = 0; i < count; i++) {
		if (status == 0)
			status = add_savefile(list, folder, path, entries[i]->d_name, errbuf);
		free(entries[i]);
	}
	free(entries);
	return status;
}

static int list_savefiles(const char *path, pcap_if_t **alldevs, char *errbuf)
{
	struct dirent **entries;
	pcap_if_list_t *list = pcapint_new_dev_list(errbuf);
	int status = PCAP_ERROR;

	if (list == NULL)
		return PCAP_ERROR;
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = folder >= 0 ? scandir(path, &entries, NULL, by_bytes) : -1;
	if (count >= 0)
		status = add_savefiles(list, folder, path, entries, count, errbuf);
	else
		pcapint_fmt_errmsg_for_errno(
			errbuf, PCAP_ERRBUF_SIZE, errno, "%.128s: the folder can't be listed", path);
	if (folder >= 0)
		close(folder);
	*alldevs = pcapint_finish_dev_list(list);
	if (status != 0) {
		pcap_freealldevs(*alldevs);
		*alldevs = NULL;
	}
	return status;
}

/* Names of local devices become source strings, so that pcap_open() takes each of them. */
static int list_devices(pcap_if_t **alldevs, char *errbuf)
{
	char source[PCAP_BUF_SIZE];

	if (pcap_findalldevs(alldevs, errbuf) != 0)
		return PCAP_ERROR;
	for (pcap_if_t *device = *alldevs; device != NULL; device = device->next) {
		char *name = NULL;
		if (pcap_createsrcstr(source, PCAP_SRC_IFLOCAL, NULL, NULL, device->name, errbuf) == 0) {
			name = strdup(source);
			if (name == NULL)
				pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, ENOMEM, "%.64s", source);
		}
		if (name == NULL) {
			pcap_freealldevs(*alldevs);
			*alldevs = NULL;
			return PCAP_ERROR;
		}
		free(device->name);
		device->name = name;
	}
	return 0;
}

int pcap_findalldevs_ex(const char *source, struct pcap_rmtauth *auth _U_, pcap_if_t **alldevs, char *errbuf)
{
	struct source parsed;

	*alldevs = NULL;
	errbuf[0] = '\0';
	if (pcapint_parse_source(source != NULL ? source : "", &parsed, errbuf) != 0)
		return PCAP_ERROR;
	if (parsed.type == PCAP_SRC_FILE)
		return list_savefiles(parsed.name.start, alldevs, errbuf);
	if (parsed.type == PCAP_SRC_IFREMOTE) {
		no_remote_capture(&parsed, "devices", errbuf);
		return PCAP_ERROR;
	}
	if (parsed.name.length > 0) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.100s: what can be listed is rpcap:// (the devices of this host) and file://FOLDER/",
			source);
		return PCAP_ERROR;
	}
	return list_devices(alldevs, errbuf);
}
