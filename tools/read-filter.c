/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which packets of savefiles are wanted: by number, by time, by a filter expression that is compiled for each link type.
 */
#include "read-filter.h"

#include <stdio.h>
#include <stdlib.h>

#include <pcap/weir.h>

#include "command.h"

/* What filters assume that can be captured of a packet. */
#define SNAPLEN 262144

struct packet_filter {
	struct packet_filter *next;
	int dlt;
	bool compiled;
	struct bpf_program program;
};

/* ---- Numbers and times ---- */

bool selection_takes(struct selection *selection, uint64_t number, const struct instant *time)
{
	settle_moment(&selection->from, time);
	settle_moment(&selection->to, time);
	return number >= selection->first_packet &&
	       (selection->last_packet == 0 || number <= selection->last_packet) &&
	       (!selection->from.given || !earlier(time, &selection->from.instant)) &&
	       (!selection->to.given || earlier(time, &selection->to.instant));
}

bool selection_ends(const struct selection *selection, uint64_t number)
{
	return selection->last_packet != 0 && number >= selection->last_packet;
}

bool selects(const struct selection *selection)
{
	return selection->first_packet > 1 || selection->last_packet != 0 || selection->from.given ||
	       selection->to.given;
}

/* ---- Expressions ---- */

static const struct packet_filter *compile(struct packet_filters *filters, int dlt)
{
	struct packet_filter *filter = calloc(1, sizeof(*filter));
	struct pcap_compile_error error;
	pcap_t *handle = pcap_open_dead(dlt, SNAPLEN);
	const char *name = pcap_datalink_val_to_name(dlt);

	if (filter == NULL || handle == NULL) {
		complain("there is no memory for a filter");
		filters->wrong = true;
		free(filter);
		return NULL;
	}
	filter->dlt = dlt;
	filter->compiled =
		pcap_compile_ex(handle, &filter->program, filters->expression, NULL, 0, &error, sizeof(error)) == 0;
	pcap_close(handle);
	filter->next = filters->first;
	filters->first = filter;
	if (filter->compiled) {
		filters->good = true;
	} else if (filters->good) {
		complain(
			"packets of link type %s are left out: %s", name != NULL ? name : "unknown", error.message);
	} else {
		complain_lines(error.text);
		filters->wrong = true;
	}
	return filter;
}

bool filter_prepare(struct packet_filters *filters, struct input_interface *interface)
{
	const struct packet_filter *filter = filters->first;

	if (filters->expression == NULL)
		return true;
	while (filter != NULL && filter->dlt != interface->block->dlt)
		filter = filter->next;
	interface->filter = filter != NULL ? filter : compile(filters, interface->block->dlt);
	return !filters->wrong;
}

bool filter_takes(struct packet_filters *filters, struct input *input, struct input_interface *interface)
{
	struct pcap_pkthdr header = {.caplen = input->block->caplen, .len = input->block->len};

	if (filters->expression == NULL)
		return true;
	return interface->filter->compiled &&
	       pcap_offline_filter(&interface->filter->program, &header, input->block->data) != 0;
}

void filters_free(struct packet_filters *filters)
{
	while (filters->first != NULL) {
		struct packet_filter *filter = filters->first;

		filters->first = filter->next;
		if (filter->compiled)
			pcap_freecode(&filter->program);
		free(filter);
	}
}
