/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng files through the calls of libpcap: opening, and the packets of the interfaces that have the link type of the
 * first. The loop is compiled for sections of either byte order.
 */
#include "savefile/ng.h"

#include <limits.h>

/* How far ahead of the packet at hand the next packet blocks are fetched into the cache (bytes). */
#define PREFETCH_DISTANCE 1024

/* ---- Opening ---- */

bool pcapint_ng_matches(const u_char first[SAVEFILE_MAGIC_SIZE])
{
	/* The type of a section header block is the same in both byte orders. */
	return savefile_load32(first, false) == PCAPNG_SECTION;
}

/* What a section header or an interface description says. */
static int take_description(pcap_t *p, const struct ng_block *block)
{
	struct pcap_savefile *sf = p->priv;
	int status = block->type == PCAPNG_SECTION ? pcapint_ng_section(p, block) : pcapint_ng_interface(p, block);

	if (status == 0)
		ng_consume(sf, block->length);
	return status;
}

/* Reads on to the first interface, whose link type is the handle's. */
static int find_first_interface(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;
	struct ng_packet packet;
	struct ng_block block;

	while (sf->ng.interface_count == 0) {
		int status = pcapint_ng_load_block(p, PACKETS_ONLY, &block);

		if (status == 0) {
			snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
				"%s: the file describes no interface, so that it has no packets and no link-layer "
				"type",
				sf->name);
			return PCAP_ERROR;
		}
		if (status < 0)
			return status;
		if (ng_is_packet(block.type))
			return pcapint_ng_packet(p, &block, &packet); /* which says that its interface is missing */
		if (block.type == PCAPNG_INTERFACE)
			p->linktype = pcapint_linktype_to_dlt(savefile_load16(block.bytes + 8, sf->ng.swapped));
		if (take_description(p, &block) < 0)
			return PCAP_ERROR;
	}
	return 0;
}

/*
 * The other interfaces that are described before the first packet, so that the snapshot length covers them; as far as
 * that needs no waiting. What is wrong there is said when it is read.
 */
static void find_more_interfaces(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;
	struct savefile_input *in = &sf->input;

	for (;;) {
		size_t available = input_available(in);
		const u_char *bytes = input_data(in);
		struct ng_block block;

		if (available < NG_BLOCK_OVERHEAD && in->seekable &&
			pcapint_input_fill(in, NG_BLOCK_OVERHEAD, &p->break_loop) == 0) {
			available = input_available(in);
			bytes = input_data(in);
		}
		if (available < NG_BLOCK_OVERHEAD || savefile_load32(bytes, sf->ng.swapped) != PCAPNG_INTERFACE)
			break;
		if (!in->seekable && savefile_load32(bytes + 4, sf->ng.swapped) > available)
			break;
		if (pcapint_ng_load_block(p, PACKETS_ONLY, &block) <= 0 || take_description(p, &block) < 0)
			break;
	}
	p->errbuf[0] = '\0';
}

/* Sets what the handle tells of all interfaces that were found. */
static void describe_handle(pcap_t *p, u_int precision)
{
	const struct ng_state *ng = &((struct pcap_savefile *)p->priv)->ng;
	bool fine = false;
	u_int snapshot = 0;

	for (size_t i = 0; i < ng->interface_count; i++) {
		const struct ng_interface *interface = &ng->interfaces[i];
		u_int limit = interface->snaplen == 0 || interface->snaplen > interface->max_caplen
				      ? interface->max_caplen
				      : interface->snaplen;

		if (!interface->delivered)
			continue;
		if (limit > snapshot)
			snapshot = limit;
		/* Of a second, 2^-20 is the largest power of two that is less than a microsecond. */
		fine = fine || interface->tsresol > (interface->tsresol & 0x80 ? 0x80 + 19 : 6);
	}
	p->snapshot = (int)snapshot;
	if (precision == PCAP_TSTAMP_PRECISION_OF_FILE)
		precision = fine ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO;
	p->opt.tstamp_precision = (int)precision;
	for (size_t i = 0; i < ng->interface_count; i++)
		pcapint_ng_set_time(&ng->interfaces[i], precision);
}

static int read_op(pcap_t *p, int count, pcap_handler callback, u_char *user);
static int batch_op(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count);

int pcapint_ng_open(pcap_t *p, u_int precision, char *errbuf)
{
	struct pcap_savefile *sf = p->priv;

	sf->ng.is_format = true;
	p->opt.tstamp_precision = (int)precision;
	if (sf->whole)
		return 0;
	if (find_first_interface(p) < 0) {
		memcpy(errbuf, p->errbuf, PCAP_ERRBUF_SIZE);
		return PCAP_ERROR;
	}
	p->core->swapped = sf->ng.swapped;
	p->core->version_major = 1; /* whatever the minor part says, it is 1.0 */
	p->core->version_minor = 0;
	p->read_op = read_op;
	p->core->batch_op = batch_op;
	find_more_interfaces(p);
	describe_handle(p, precision);
	return 0;
}

/* ---- Packets ---- */

/* The start of an enhanced packet block. */
struct enhanced_packet {
	uint32_t type;
	uint32_t length;
	uint32_t interface;
	uint32_t timestamp_high;
	uint32_t timestamp_low;
	uint32_t caplen;
	uint32_t len;
};

/* Gets the next packet of any interface, past what else there is. 1; 0 at the end of the file; or a PCAP_ERROR_. */
static __attribute__((noinline)) int load_packet(pcap_t *p, struct ng_packet *packet)
{
	struct ng_block block;
	int status;

	while ((status = pcapint_ng_load_block(p, PACKETS_ONLY, &block)) > 0) {
		if (ng_is_packet(block.type))
			return pcapint_ng_packet(p, &block, packet) < 0 ? PCAP_ERROR : 1;
		status = take_description(p, &block);
		if (status < 0)
			return status;
	}
	return status;
}

/* Nearly all packets: the whole block is there, as this host would have written it. */
static inline __attribute__((always_inline)) bool quick_packet(struct pcap_savefile *sf, struct ng_packet *packet)
{
	u_char *bytes = input_data(&sf->input);
	size_t available = input_available(&sf->input);
	struct enhanced_packet block;

	__builtin_prefetch(bytes + PREFETCH_DISTANCE);
	if (available < NG_ENHANCED_DATA + NG_BLOCK_TRAILER_SIZE)
		return false;
	memcpy(&block, bytes, sizeof(block));
	if (block.type != PCAPNG_ENHANCED_PACKET || block.length > available || block.length % 4 != 0 ||
		block.length < (uint64_t)block.caplen + NG_ENHANCED_DATA + NG_BLOCK_TRAILER_SIZE ||
		block.interface >= sf->ng.quick_interfaces)
		return false;
	packet->data = bytes + NG_ENHANCED_DATA;
	packet->timestamp = (uint64_t)block.timestamp_high << 32 | block.timestamp_low;
	packet->interface = &sf->ng.interfaces[block.interface];
	packet->caplen = block.caplen;
	packet->len = block.len;
	packet->block_length = block.length;
	return savefile_load32(bytes + block.length - NG_BLOCK_TRAILER_SIZE, false) == block.length &&
	       block.caplen <= packet->interface->max_caplen;
}

/* Where the loop hands packets out to: a callback, or an array for pcap_next_batch(), whose packets stay in place. */
struct receiver {
	pcap_handler callback; /* NULL: an array */
	u_char *user;          /* of the callback; or the array, */
	size_t size;           /* and the size of its elements */
};

static inline __attribute__((always_inline)) void hand_out(
	const struct receiver *to, int delivered, const struct pcap_pkthdr *header, const u_char *data)
{
	if (to->callback != NULL) {
		to->callback(to->user, header, data);
	} else {
		struct pcap_batch_packet *packet =
			(struct pcap_batch_packet *)(to->user + (size_t)delivered * to->size);

		packet->header = *header;
		packet->data = data;
	}
}

static inline __attribute__((always_inline)) int read_packets(pcap_t *p, int count, const struct receiver *to)
{
	struct pcap_savefile *sf = p->priv;
	int delivered = 0;

	while (!p->break_loop) {
		struct pcap_pkthdr header;
		struct ng_interface *interface;
		struct ng_packet packet;

		if (__builtin_expect(!quick_packet(sf, &packet), 0)) {
			int status;

			if (to->callback == NULL && delivered > 0)
				return delivered;
			status = load_packet(p, &packet);
			if (status == PCAP_ERROR_BREAK)
				break;
			if (status <= 0)
				return status < 0 ? status : delivered;
		}
		ng_consume(sf, packet.block_length);
		sf->packets++;
		interface = packet.interface;
		if (__builtin_expect(!interface->delivered, 0)) {
			sf->ng.passed_over++;
			continue;
		}
		ng_convert_time(interface, packet.timestamp, &header.ts);
		header.caplen = packet.caplen;
		header.len = packet.len;
		if (interface->fixup != NULL)
			interface->fixup(&header, packet.data, sf->ng.swapped);
		/* The filter sees all that was captured, as it would in the kernel. */
		if (p->fcode.bf_insns != NULL && core_filter_packet(p, packet.data, header.len, header.caplen) == 0)
			continue;
		if (__builtin_expect(header.caplen > (u_int)p->snapshot, 0)) {
			header.caplen = (u_int)p->snapshot;
			sf->ng.cut++;
		}
		hand_out(to, delivered, &header, packet.data);
		if (++delivered == count || delivered == INT_MAX)
			return delivered;
	}
	return savefile_broken_loop(p, delivered);
}

static int read_op(pcap_t *p, int count, pcap_handler callback, u_char *user)
{
	return read_packets(p, count, &(struct receiver){callback, user, 0});
}

static int batch_op(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count)
{
	return read_packets(p, count, &(struct receiver){NULL, (u_char *)packets, size});
}
