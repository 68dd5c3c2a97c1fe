/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What devices tell when they are asked. Link types are told only by an open device, so each is opened for a moment;
 * several at a time, since the kernel takes long to close one.
 */
#include "device-details.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

/* Closing waits for all processors to pass a quiet moment, and does nothing meanwhile. */
#define THREADS_MAX 32

static void refuse(struct device *device, pcap_t *handle, int status)
{
	const char *text = pcap_geterr(handle);

	device->status = status;
	snprintf(device->error, sizeof(device->error), "%s", text[0] != '\0' ? text : pcap_statustostr(status));
}

/* Puts the type that the device has unless told otherwise before the others. */
static void default_first(struct device *device, int default_type)
{
	for (int i = 1; i < device->link_type_count; i++) {
		if (device->link_types[i] == default_type) {
			memmove(device->link_types + 1, device->link_types, i * sizeof(int));
			device->link_types[0] = default_type;
		}
	}
}

static void ask_link_types(struct device *device, pcap_t *handle)
{
	int status;

	/* As little as can be: no promiscuous mode, a small buffer. */
	pcap_set_promisc(handle, 0);
	pcap_set_snaplen(handle, 128);
	pcap_set_buffer_size(handle, 65536);
	status = pcap_activate(handle);
	if (status >= 0)
		status = pcap_list_datalinks(handle, &device->link_types);
	if (status < 0) {
		refuse(device, handle, status);
		return;
	}
	device->link_type_count = status;
	default_first(device, pcap_datalink(handle));
}

static void ask(struct device *device)
{
	pcap_t *handle = pcap_create(device->listed->name, device->error);
	int count;

	if (handle == NULL) {
		device->status = PCAP_ERROR;
		return;
	}
	device->module = pcap_module_name(handle);
	device->monitor_mode = pcap_can_set_rfmon(handle) == 1;
	count = pcap_list_tstamp_types(handle, &device->tstamp_types);
	device->tstamp_type_count = count > 0 ? count : 0;
	ask_link_types(device, handle);
	pcap_close(handle);
}

/* ---- All devices ---- */

struct asking {
	struct device *devices;
	size_t count;
	atomic_size_t next;
};

static void *ask_some(void *argument)
{
	struct asking *asking = argument;
	size_t i;

	while ((i = atomic_fetch_add(&asking->next, 1)) < asking->count)
		ask(&asking->devices[i]);
	return NULL;
}

/* If a thread can't be had, those that there are do its work. */
static void ask_all(struct device *devices, size_t count)
{
	struct asking asking = {.devices = devices, .count = count};
	pthread_t threads[THREADS_MAX];
	size_t started = 0;

	while (started < THREADS_MAX && started + 1 < count &&
		pthread_create(&threads[started], NULL, ask_some, &asking) == 0)
		started++;
	ask_some(&asking);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}

struct device *ask_devices(const pcap_if_t *listed, size_t *count)
{
	struct device *devices;

	*count = 0;
	for (const pcap_if_t *at = listed; at != NULL; at = at->next)
		(*count)++;
	devices = calloc(*count > 0 ? *count : 1, sizeof(*devices));
	if (devices == NULL)
		return NULL;
	*count = 0;
	for (const pcap_if_t *at = listed; at != NULL; at = at->next)
		devices[(*count)++].listed = at;
	ask_all(devices, *count);
	return devices;
}

void forget_devices(struct device *devices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (devices[i].link_types != NULL)
			pcap_free_datalinks(devices[i].link_types);
		if (devices[i].tstamp_type_count > 0)
			pcap_free_tstamp_types(devices[i].tstamp_types);
	}
	free(devices);
}
