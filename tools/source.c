/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices to capture on: opened by the user's settings, filtered, and what went wrong said in full.
 */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "decode.h"

const char *without_name(const char *name, const char *text)
{
	size_t length = strlen(name);

	return strncmp(text, name, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

void complain_of(const char *name, const char *text)
{
	complain("%s: %s", name, without_name(name, text));
}

/* The handle's own text for a status, or the text that goes with every such status. */
static const char *status_text(pcap_t *handle, int status)
{
	const char *text = pcap_geterr(handle);

	return text[0] != '\0' ? text : pcap_statustostr(status);
}

/*
 * Says what a status means, if anything; false if it is an error. Promiscuous mode is the default, so that nobody
 * has to be told of a device without one.
 */
static bool good(pcap_t *handle, const char *name, int status)
{
	if (status != 0 && status != PCAP_WARNING_PROMISC_NOTSUP)
		complain_of(name, status_text(handle, status));
	return status >= 0;
}

/* What can be asked for only before activation. */
static bool set_options(pcap_t *handle, const char *name, const struct capture_settings *settings)
{
	if (settings->tstamp_type != NOT_KNOWN &&
		!good(handle, name, pcap_set_tstamp_type(handle, settings->tstamp_type)))
		return false;
	return good(handle, name, pcap_set_snaplen(handle, settings->snaplen)) &&
	       good(handle, name, pcap_set_promisc(handle, !settings->no_promiscuous)) &&
	       good(handle, name, pcap_set_timeout(handle, settings->timeout)) &&
	       good(handle, name, pcap_set_immediate_mode(handle, settings->immediate)) &&
	       good(handle, name, pcap_set_tstamp_precision(handle, settings->precision)) &&
	       (settings->buffer_size == 0 ||
		       good(handle, name, pcap_set_buffer_size(handle, settings->buffer_size)));
}

int set_filter(pcap_t *handle, const char *name, const char *expression, bpf_u_int32 netmask)
{
	const struct pcap_compile_options options = {
		.flags = netmask != PCAP_NETMASK_UNKNOWN ? PCAP_COMPILE_NETMASK : 0, .netmask = netmask};
	struct pcap_compile_error error;
	struct bpf_program program;
	int status;

	if (expression == NULL)
		return STATUS_OK;
	if (pcap_compile_ex(handle, &program, expression, &options, sizeof(options), &error, sizeof(error)) < 0) {
		complain_lines(error.text);
		return STATUS_USAGE;
	}
	status = pcap_setfilter(handle, &program);
	pcap_freecode(&program);
	if (status >= 0)
		return STATUS_OK;
	complain_of(name, pcap_geterr(handle));
	return STATUS_NO_DEVICE;
}

/* What can be asked for only of an active handle. */
static int set_up(pcap_t *handle, const char *name, const struct capture_settings *settings, bool *waits)
{
	char error[PCAP_ERRBUF_SIZE];
	bpf_u_int32 net, netmask;

	*waits = pcap_setnonblock(handle, 1, error) < 0;
	if (*waits && settings->devices.count > 1) {
		complain_of(name, error);
		return STATUS_NO_DEVICE;
	}
	if (settings->linktype != NOT_KNOWN && !good(handle, name, pcap_set_datalink(handle, settings->linktype)))
		return STATUS_NO_DEVICE;
	if (settings->direction != PCAP_D_INOUT &&
		!good(handle, name, pcap_setdirection(handle, settings->direction)))
		return STATUS_NO_DEVICE;
	/* "ip broadcast" needs it. */
	if (settings->expression == NULL || pcap_lookupnet(name, &net, &netmask, error) < 0)
		netmask = PCAP_NETMASK_UNKNOWN;
	return set_filter(handle, name, settings->expression, netmask);
}

int source_open(struct source *source, const char *name, const struct capture_settings *settings)
{
	char error[PCAP_ERRBUF_SIZE];
	int status = STATUS_NO_DEVICE;
	pcap_t *handle = pcap_create(name, error);

	*source = (struct source){.name = name};
	if (handle == NULL) {
		complain_of(name, error);
		return STATUS_NO_DEVICE;
	}
	if (set_options(handle, name, settings) && good(handle, name, pcap_activate(handle)))
		status = set_up(handle, name, settings, &source->waits);
	if (status != STATUS_OK) {
		pcap_close(handle);
		return status;
	}
	source->handle = handle;
	source->linktype = pcap_datalink(handle);
	return STATUS_OK;
}

void source_close(struct source *source)
{
	if (source->handle == NULL)
		return;
	if (pcap_get_stats64(source->handle, &source->stats, sizeof(source->stats)) < 0)
		source->stats.available = 0;
	pcap_close(source->handle);
	source->handle = NULL;
	source->pending = NULL;
}

char *join_words(int count, char **words)
{
	size_t size = 1;
	char *joined;

	if (count == 0)
		return NULL;
	for (int i = 0; i < count; i++)
		size += strlen(words[i]) + 1;
	joined = malloc(size);
	if (joined == NULL)
		return NULL;
	joined[0] = '\0';
	for (int i = 0; i < count; i++) {
		strcat(joined, words[i]);
		if (i + 1 < count)
			strcat(joined, " ");
	}
	return joined;
}
