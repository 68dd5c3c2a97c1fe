/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packets of classic pcap files. The loop is compiled twice: once for the files that nearly everyone has (this
 * host's byte order, nothing to convert), once for all the others.
 */
#include "savefile/savefile.h"

#include <errno.h>
#include <limits.h>

/* How far ahead of the packet at hand the next packet headers are fetched into the cache (bytes). */
#define PREFETCH_DISTANCE 1024

static int packet_error(pcap_t *p, const char *problem)
{
	const struct pcap_savefile *sf = p->priv;

	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: packet %llu at offset %llu: %s", sf->name,
		(unsigned long long)sf->packets + 1, (unsigned long long)input_offset(&sf->input), problem);
	return PCAP_ERROR;
}

/*
 * Waits for the packet's first `need` bytes, of which the last `part` are the named part. 1: they are there; 0: the
 * file ends before the packet; or a PCAP_ERROR_.
 */
static int need_bytes(pcap_t *p, size_t need, const char *part_name, size_t part)
{
	struct pcap_savefile *sf = p->priv;
	char problem[128];
	size_t available;
	int status = pcapint_input_fill(&sf->input, need, &p->break_loop);

	if (status == PCAP_ERROR) {
		pcapint_input_problem(&sf->input, problem, sizeof(problem));
		return packet_error(p, problem);
	}
	if (status < 0)
		return status;
	available = input_available(&sf->input);
	if (available >= need)
		return 1;
	if (available == 0)
		return 0;
	snprintf(problem, sizeof(problem), "the file ends in the middle of the packet%s: %zu of %zu bytes",
		part_name, available - (need - part), part);
	return packet_error(p, problem);
}

/*
 * Gets the whole of the next packet into the buffer. 1; 0 at the end of the file; or a PCAP_ERROR_. A packet that is
 * not good stays where it is, so that the next call finds it again: still bad, or complete if the file has grown.
 */
static __attribute__((noinline)) int load_packet(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;
	const struct classic_layout *layout = &sf->classic;
	struct classic_packet_header header;
	char problem[128];
	int status = need_bytes(p, layout->header_size, " header", layout->header_size);

	if (status <= 0)
		return status;
	header = classic_load_header(input_data(&sf->input), layout->swapped, layout->length_order);
	if (header.caplen > sf->max_caplen) {
		snprintf(problem, sizeof(problem), "captured length %u is above the largest possible (%u)",
			header.caplen, sf->max_caplen);
		return packet_error(p, problem);
	}
	return need_bytes(p, layout->header_size + header.caplen, "", header.caplen);
}

static inline __attribute__((always_inline)) int read_packets(
	pcap_t *p, int count, pcap_handler callback, u_char *user, const bool plain)
{
	struct pcap_savefile *sf = p->priv;
	struct savefile_input *in = &sf->input;
	const struct classic_layout *layout = &sf->classic;
	const size_t header_size = plain ? sizeof(struct classic_packet_header) : layout->header_size;
	const bool swapped = plain ? false : layout->swapped;
	const enum length_order length_order = plain ? CAPTURED_FIRST : layout->length_order;
	int delivered = 0;

	while (!p->break_loop) {
		u_char *record = input_data(in), *data = record + header_size;
		size_t available = input_available(in);
		struct classic_packet_header from;
		struct pcap_pkthdr header;
		int status;

		__builtin_prefetch(record + PREFETCH_DISTANCE);
		if (available >= header_size)
			from = classic_load_header(record, swapped, length_order);
		if (__builtin_expect(available < header_size || from.caplen > sf->max_caplen ||
					     available - header_size < from.caplen,
			    0)) {
			status = load_packet(p);
			if (status > 0)
				continue;
			if (status == PCAP_ERROR_BREAK)
				break;
			return status < 0 ? status : delivered;
		}
		header.ts.tv_sec = from.seconds;
		header.ts.tv_usec = from.fraction;
		header.caplen = from.caplen;
		header.len = from.len;
		if (!plain) {
			header.ts.tv_usec = header.ts.tv_usec * layout->multiply / layout->divide;
			if (sf->fixup != NULL)
				sf->fixup(&header, data, swapped);
		}
		in->start += header_size + from.caplen;
		sf->packets++;
		/* The filter sees all that was captured, as it would in the kernel. */
		if (p->fcode.bf_insns != NULL && core_filter_packet(p, data, header.len, header.caplen) == 0)
			continue;
		if (header.caplen > (u_int)p->snapshot)
			header.caplen = (u_int)p->snapshot;
		callback(user, &header, data);
		if (++delivered == count || delivered == INT_MAX)
			return delivered;
	}
	return savefile_broken_loop(p, delivered);
}

int pcapint_classic_read_plain(pcap_t *p, int count, pcap_handler callback, u_char *user)
{
	return read_packets(p, count, callback, user, true);
}

int pcapint_classic_read_any(pcap_t *p, int count, pcap_handler callback, u_char *user)
{
	return read_packets(p, count, callback, user, false);
}

/* ---- Batches ---- */

/* Fills packets with those that are in the buffer: as above, but that nothing else can happen meanwhile. */
static inline __attribute__((always_inline)) int take_packets(
	pcap_t *p, u_char *packets, size_t size, int count, const bool plain)
{
	struct pcap_savefile *sf = p->priv;
	const struct classic_layout layout = sf->classic;
	const size_t header_size = plain ? sizeof(struct classic_packet_header) : layout.header_size;
	const bool swapped = plain ? false : layout.swapped, filtered = p->fcode.bf_insns != NULL;
	const enum length_order length_order = plain ? CAPTURED_FIRST : layout.length_order;
	const u_int max_caplen = sf->max_caplen, snapshot = (u_int)p->snapshot;
	u_char *record = input_data(&sf->input), *end = record + input_available(&sf->input);
	uint64_t seen = 0;
	int taken = 0;

	while (taken < count && (size_t)(end - record) >= header_size) {
		struct classic_packet_header from = classic_load_header(record, swapped, length_order);
		struct pcap_batch_packet *packet = (struct pcap_batch_packet *)packets;
		u_char *data = record + header_size;
		struct pcap_pkthdr header = {{from.seconds, from.fraction}, from.caplen, from.len};

		__builtin_prefetch(record + PREFETCH_DISTANCE);
		if (from.caplen > max_caplen || (size_t)(end - data) < from.caplen)
			break;
		if (!plain) {
			header.ts.tv_usec = header.ts.tv_usec * layout.multiply / layout.divide;
			if (sf->fixup != NULL)
				sf->fixup(&header, data, swapped);
		}
		record = data + from.caplen;
		seen++;
		if (filtered && core_filter_packet(p, data, header.len, header.caplen) == 0)
			continue;
		if (header.caplen > snapshot)
			header.caplen = snapshot;
		packet->header = header;
		packet->data = data;
		packets += size;
		taken++;
	}
	sf->packets += seen;
	sf->input.start = (size_t)(record - sf->input.buffer);
	return taken;
}

static inline __attribute__((always_inline)) int read_batch(
	pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count, const bool plain)
{
	while (!p->break_loop) {
		int taken = take_packets(p, (u_char *)packets, size, count, plain), status;

		if (taken > 0)
			return taken;
		status = load_packet(p);
		if (status <= 0 && status != PCAP_ERROR_BREAK)
			return status;
	}
	return savefile_broken_loop(p, 0);
}

int pcapint_classic_batch_plain(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count)
{
	return read_batch(p, packets, size, count, true);
}

int pcapint_classic_batch_any(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count)
{
	return read_batch(p, packets, size, count, false);
}
