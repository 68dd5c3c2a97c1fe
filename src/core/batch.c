/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many packets in one call, for programs that have a loop of their own: in place where the handle can do that, else
 * copied into a buffer of the handle.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a packet begins in the buffer. */
#define ALIGNMENT 16

/* A batch in the making. While the buffer can still move, data is where the packet is in it. */
struct batch {
	pcap_t *p;
	u_char *packets;
	size_t size; /* of an element */
	int count;
	size_t used;
	u_int missing; /* bytes of a packet that there was no memory for */
};

static struct pcap_batch_packet *nth(const struct batch *batch, int n)
{
	return (struct pcap_batch_packet *)(batch->packets + (size_t)n * batch->size);
}

static u_char *make_room(struct batch *batch, size_t size)
{
	struct pcap_core *core = batch->p->core;

	if (batch->used + size > core->batch_size) {
		size_t capacity = (batch->used + size) * 2;
		u_char *buffer = realloc(core->batch_buffer, capacity);

		if (buffer == NULL)
			return NULL;
		core->batch_buffer = buffer;
		core->batch_size = capacity;
	}
	return core->batch_buffer + batch->used;
}

/* After a packet that there is no memory for, none is kept. */
static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct batch *batch = (struct batch *)user;
	u_char *to = batch->missing == 0 ? make_room(batch, header->caplen + ALIGNMENT) : NULL;
	struct pcap_batch_packet *packet;

	if (to == NULL) {
		batch->missing = header->caplen;
		return;
	}
	memcpy(to, data, header->caplen);
	packet = nth(batch, batch->count++);
	packet->header = *header;
	packet->data = (const u_char *)(uintptr_t)batch->used;
	batch->used += (header->caplen + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
}

static int copy_batch(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count)
{
	struct batch batch = {.p = p, .packets = (u_char *)packets, .size = size};
	int status = pcapint_read_packets(p, count, keep, (u_char *)&batch);

	if (batch.missing != 0) {
		snprintf(p->errbuf, sizeof(p->errbuf), "no memory for a packet of %u bytes", batch.missing);
		return PCAP_ERROR;
	}
	for (int i = 0; i < batch.count; i++)
		nth(&batch, i)->data = p->core->batch_buffer + (uintptr_t)nth(&batch, i)->data;
	/* What came before an error comes first; a savefile's error is found again, a capture's comes back or is over. */
	return batch.count > 0 ? batch.count : status;
}

int pcap_next_batch(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count)
{
	int status = pcapint_check_readable(p, "pcap_next_batch");

	if (status != 0)
		return status;
	if (count <= 0 || size < sizeof(*packets)) {
		snprintf(p->errbuf, sizeof(p->errbuf), "pcap_next_batch: there is no room for a packet");
		return PCAP_ERROR;
	}
	if (p->core->batch_op != NULL && p->core->sampling.method == PCAP_SAMP_NOSAMP)
		status = p->core->batch_op(p, packets, size, count);
	else
		status = copy_batch(p, packets, size, count);
	/* The end of a savefile has to differ from a time-out. */
	return status == 0 && p->core->kind == PCAP_KIND_OFFLINE ? PCAP_ERROR_BREAK : status;
}
