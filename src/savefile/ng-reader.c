/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads files block by block, with all that blocks say: the reading half of pcap/pcapng.h. What is known of a block in
 * the other byte order is turned into this host's where it lies.
 */
#include "savefile/ng.h"

#include <errno.h>
#include <stdlib.h>

struct pcapng_reader {
	pcap_t *p;
	struct pcapng_block block;
	struct pcapng_option *options;
	size_t option_capacity;
	int described; /* of a file in pcap format: blocks that were made up for its header */
	uint8_t tsresol;
	uint8_t fcslen;
	struct pcapng_option classic_options[2];
};

pcapng_reader_t *pcapng_open(const char *path, char *errbuf)
{
	pcapng_reader_t *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't make a reader");
		return NULL;
	}
	reader->p = pcapint_open_whole(path, errbuf);
	if (reader->p != NULL)
		return reader;
	free(reader);
	return NULL;
}

void pcapng_close(pcapng_reader_t *reader)
{
	if (reader == NULL)
		return;
	pcap_close(reader->p);
	free(reader->options);
	free(reader);
}

void pcapng_breakloop(pcapng_reader_t *reader)
{
	pcap_breakloop(reader->p);
}

const char *pcapng_error(const pcapng_reader_t *reader)
{
	return reader->p->errbuf;
}

/* ---- Files in pcap format ---- */

struct classic_packet {
	struct pcap_pkthdr header;
	const u_char *data;
};

static void keep_classic(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	*(struct classic_packet *)user = (struct classic_packet){*header, data};
}

/* What the file header tells of the interface beside its link type. */
static void describe_classic(pcapng_reader_t *reader)
{
	const pcap_t *p = reader->p;
	struct pcapng_block *block = &reader->block;

	reader->tsresol = p->opt.tstamp_precision == PCAP_TSTAMP_PRECISION_NANO ? 9 : 6;
	reader->fcslen = (uint8_t)(2 * LT_FCS_LENGTH((uint32_t)p->linktype_ext));
	reader->classic_options[0] = (struct pcapng_option){PCAPNG_IF_TSRESOL, 1, &reader->tsresol};
	reader->classic_options[1] = (struct pcapng_option){PCAPNG_IF_FCSLEN, 1, &reader->fcslen};
	block->options = reader->classic_options;
	block->option_count = LT_FCS_LENGTH_PRESENT(p->linktype_ext) ? 2 : 1;
}

/*
 * 2 blocks come before the packets. Time stamps are as precise as those of the file.
 */
static int next_classic(pcapng_reader_t *reader)
{
	struct pcapng_block *block = &reader->block;
	bool nanoseconds = reader->p->opt.tstamp_precision == PCAP_TSTAMP_PRECISION_NANO;
	struct classic_packet packet;
	int status;

	if (reader->described < 2) {
		block->type = reader->described++ == 0 ? PCAPNG_SECTION : PCAPNG_INTERFACE;
		block->swapped = reader->p->core->swapped;
		if (block->type == PCAPNG_SECTION)
			return 1;
		block->linktype = (uint16_t)pcapint_dlt_to_linktype(reader->p->linktype);
		block->dlt = reader->p->linktype;
		block->snaplen = (uint32_t)reader->p->snapshot;
		describe_classic(reader);
		return 1;
	}
	block->offset = input_offset(&reader->p->core->savefile->input);
	status = pcap_dispatch(reader->p, 1, keep_classic, (u_char *)&packet);
	if (status <= 0)
		return status;
	block->type = PCAPNG_ENHANCED_PACKET;
	block->length = (uint32_t)(input_offset(&reader->p->core->savefile->input) - block->offset);
	block->caplen = packet.header.caplen;
	block->len = packet.header.len;
	block->data = packet.data;
	block->data_length = packet.header.caplen;
	block->seconds = packet.header.ts.tv_sec;
	block->nanoseconds = (uint32_t)packet.header.ts.tv_usec * (nanoseconds ? 1 : 1000);
	block->timestamp = (uint64_t)block->seconds * (nanoseconds ? 1000000000 : 1000000) +
			   (uint64_t)packet.header.ts.tv_usec;
	return 1;
}

/* ---- Blocks ---- */

static int add_option(pcapng_reader_t *reader, const struct ng_option *option)
{
	struct pcapng_block *block = &reader->block;

	if (block->option_count == reader->option_capacity) {
		size_t capacity = reader->option_capacity * 2 + 8;
		struct pcapng_option *options = realloc(reader->options, capacity * sizeof(*options));

		if (options == NULL)
			return PCAP_ERROR;
		reader->options = options;
		reader->option_capacity = capacity;
	}
	reader->options[block->option_count++] =
		(struct pcapng_option){option->code, option->length, option->value};
	return 0;
}

/* The options, which begin at `at` of the block. Nothing is turned before all of them are known to be good. */
static int take_options(pcapng_reader_t *reader, const struct ng_block *source, size_t at)
{
	struct pcap_savefile *sf = reader->p->priv;
	struct ng_options options = {
		source->bytes + at, source->length - NG_BLOCK_TRAILER_SIZE - at, sf->ng.swapped};
	struct ng_option option;
	int status;

	while ((status = pcapint_ng_next_option(&options, &option)) > 0) {
		if (add_option(reader, &option) < 0) {
			pcapint_fmt_errmsg_for_errno(reader->p->errbuf, PCAP_ERRBUF_SIZE, errno,
				"%s: no memory for another option", sf->name);
			return PCAP_ERROR;
		}
	}
	if (status < 0)
		return pcapint_ng_option_error(reader->p, source, &option);
	for (size_t i = 0; sf->ng.swapped && i < reader->block.option_count; i++)
		pcapint_ng_swap_option(source->type, &(struct ng_option){reader->options[i].code,
							     reader->options[i].length, reader->options[i].value});
	reader->block.options = reader->options;
	return 0;
}

static int take_packet(pcapng_reader_t *reader, const struct ng_block *source)
{
	struct pcap_savefile *sf = reader->p->priv;
	struct pcapng_block *block = &reader->block;
	struct pcap_pkthdr header;
	struct ng_packet packet;

	if (pcapint_ng_packet(reader->p, source, &packet) < 0)
		return PCAP_ERROR;
	if (source->type != PCAPNG_SIMPLE_PACKET) {
		block->interface = (uint32_t)(packet.interface - sf->ng.interfaces);
		if (take_options(reader, source, NG_ENHANCED_DATA + ng_padded(packet.caplen)) < 0)
			return PCAP_ERROR;
	}
	if (source->type == PCAPNG_OBSOLETE_PACKET)
		block->drops = savefile_load16(source->bytes + 10, sf->ng.swapped);
	ng_convert_time(packet.interface, packet.timestamp, &header.ts);
	header.caplen = packet.caplen;
	header.len = packet.len;
	if (packet.interface->fixup != NULL)
		packet.interface->fixup(&header, packet.data, sf->ng.swapped);
	block->timestamp = packet.timestamp;
	block->seconds = header.ts.tv_sec;
	block->nanoseconds = (uint32_t)header.ts.tv_usec;
	block->caplen = header.caplen;
	block->len = header.len;
	block->data = packet.data;
	block->data_length = packet.caplen;
	sf->packets++;
	return 0;
}

static int take_section(pcapng_reader_t *reader, const struct ng_block *source)
{
	return pcapint_ng_section(reader->p, source) < 0 ? PCAP_ERROR : take_options(reader, source, 24);
}

static int take_interface(pcapng_reader_t *reader, const struct ng_block *source)
{
	struct ng_state *ng = &((struct pcap_savefile *)reader->p->priv)->ng;
	struct pcapng_block *block = &reader->block;

	if (pcapint_ng_interface(reader->p, source) < 0)
		return PCAP_ERROR;
	block->interface = (uint32_t)ng->interface_count - 1;
	block->linktype = savefile_load16(source->bytes + 8, ng->swapped);
	block->dlt = ng->interfaces[block->interface].dlt;
	block->snaplen = savefile_load32(source->bytes + 12, ng->swapped);
	return take_options(reader, source, 16);
}

static int take_statistics(pcapng_reader_t *reader, const struct ng_block *source)
{
	struct pcap_savefile *sf = reader->p->priv;
	struct pcapng_block *block = &reader->block;
	struct timeval ts;

	block->interface = savefile_load32(source->bytes + 8, sf->ng.swapped);
	if (block->interface >= sf->ng.interface_count)
		return pcapint_ng_error(reader->p, source->type, input_offset(&sf->input),
			"it is of interface %u, and the section has described %zu so far", block->interface,
			sf->ng.interface_count);
	block->timestamp = (uint64_t)savefile_load32(source->bytes + 12, sf->ng.swapped) << 32 |
			   savefile_load32(source->bytes + 16, sf->ng.swapped);
	ng_convert_time(&sf->ng.interfaces[block->interface], block->timestamp, &ts);
	block->seconds = ts.tv_sec;
	block->nanoseconds = (uint32_t)ts.tv_usec;
	return take_options(reader, source, 20);
}

/* Records are a type, a length and a value, up to one of type 0. */
static int take_names(pcapng_reader_t *reader, const struct ng_block *source)
{
	struct pcap_savefile *sf = reader->p->priv;
	size_t at = NG_BLOCK_HEADER_SIZE, end = source->length - NG_BLOCK_TRAILER_SIZE;
	uint16_t type, length;

	do {
		if (end - at < 4)
			return pcapint_ng_error(reader->p, source->type, input_offset(&sf->input),
				"its records do not end with one of type 0");
		type = savefile_load16(source->bytes + at, sf->ng.swapped);
		length = savefile_load16(source->bytes + at + 2, sf->ng.swapped);
		at += 4;
		if (ng_padded(length) > end - at)
			return pcapint_ng_error(reader->p, source->type, input_offset(&sf->input),
				"record of type %u goes past the block's end: its length is %u", type, length);
		at += ng_padded(length);
	} while (type != 0);
	reader->block.data = source->bytes + NG_BLOCK_HEADER_SIZE;
	reader->block.data_length = at - NG_BLOCK_HEADER_SIZE;
	if (take_options(reader, source, at) < 0)
		return PCAP_ERROR;
	for (size_t record = NG_BLOCK_HEADER_SIZE; sf->ng.swapped && record < at; record += 4 + ng_padded(length)) {
		type = savefile_load16(source->bytes + record, true);
		length = savefile_load16(source->bytes + record + 2, true);
		memcpy(source->bytes + record, &type, sizeof(type));
		memcpy(source->bytes + record + 2, &length, sizeof(length));
	}
	return 0;
}

static int take_secrets(pcapng_reader_t *reader, const struct ng_block *source)
{
	struct pcap_savefile *sf = reader->p->priv;
	uint32_t length = savefile_load32(source->bytes + 12, sf->ng.swapped);

	if (length > source->length - 20)
		return pcapint_ng_error(reader->p, source->type, input_offset(&sf->input),
			"the secrets have %u bytes, which do not fit the block, whose length is %u", length,
			source->length);
	reader->block.number = savefile_load32(source->bytes + 8, sf->ng.swapped);
	reader->block.data = source->bytes + 16;
	reader->block.data_length = length;
	return take_options(reader, source, 16 + ng_padded(length));
}

static int take_custom(pcapng_reader_t *reader, const struct ng_block *source)
{
	struct pcap_savefile *sf = reader->p->priv;

	reader->block.number = savefile_load32(source->bytes + 8, sf->ng.swapped);
	reader->block.data = source->bytes + 12;
	reader->block.data_length = source->length - 16;
	return 0;
}

static int take_bytes(pcapng_reader_t *reader, const struct ng_block *source)
{
	reader->block.data = source->bytes + NG_BLOCK_HEADER_SIZE;
	reader->block.data_length = source->length - NG_BLOCK_OVERHEAD;
	return 0;
}

static const struct {
	uint32_t type;
	int (*take)(pcapng_reader_t *reader, const struct ng_block *source);
} takers[] = {
	{PCAPNG_ENHANCED_PACKET, take_packet},
	{PCAPNG_SIMPLE_PACKET, take_packet},
	{PCAPNG_OBSOLETE_PACKET, take_packet},
	{PCAPNG_SECTION, take_section},
	{PCAPNG_INTERFACE, take_interface},
	{PCAPNG_INTERFACE_STATISTICS, take_statistics},
	{PCAPNG_NAME_RESOLUTION, take_names},
	{PCAPNG_DECRYPTION_SECRETS, take_secrets},
	{PCAPNG_CUSTOM, take_custom},
	{PCAPNG_CUSTOM_NO_COPY, take_custom},
};

static int take_block(pcapng_reader_t *reader, const struct ng_block *source)
{
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		if (takers[i].type == source->type)
			return takers[i].take(reader, source);
	return take_bytes(reader, source);
}

int pcapng_next(pcapng_reader_t *reader, const struct pcapng_block **block)
{
	pcap_t *p = reader->p;
	struct pcap_savefile *sf = p->priv;
	struct ng_block source;
	int status;

	*block = &reader->block;
	memset(&reader->block, 0, sizeof(reader->block));
	if (p->break_loop) {
		p->break_loop = 0;
		return PCAP_ERROR_BREAK;
	}
	if (!sf->ng.is_format)
		return next_classic(reader);
	status = pcapint_ng_load_block(p, ALL_BLOCKS, &source);
	if (status == PCAP_ERROR_BREAK)
		p->break_loop = 0;
	if (status <= 0)
		return status;
	reader->block.type = source.type;
	reader->block.length = source.length;
	reader->block.offset = input_offset(&sf->input);
	if (take_block(reader, &source) < 0)
		return PCAP_ERROR;
	reader->block.swapped = sf->ng.swapped;
	ng_consume(sf, source.length);
	return 1;
}
