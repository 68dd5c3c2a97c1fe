/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a writer puts into its files: sections, interfaces, packets and all other blocks, or packets in pcap format.
 */
#include "savefile/writer.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

/* if_tsresol of the two precisions that programs have: powers of ten. */
#define TSRESOL_MICRO 6
#define TSRESOL_NANO 9

/* ---- Sections and interfaces ---- */

static int add_block_to_head(pcap_writer_t *writer, const struct pcapng_block *block)
{
	size_t size = pcapint_ng_block_size(block, writer->errbuf);
	u_char *bytes;
	int status;

	if (size == 0)
		return PCAP_ERROR;
	bytes = malloc(size);
	if (bytes == NULL)
		return pcapint_writer_no_memory(writer);
	pcapint_ng_put_block(block, size, bytes);
	status = pcapint_writer_add_to_head(writer, bytes, size);
	free(bytes);
	return status;
}

/* Sections other than the first go where the file is; what comes later begins with the last of them. */
static int begin_section(pcap_writer_t *writer, const struct pcapng_block *block)
{
	if (writer->started && pcapint_writer_put_statistics(writer) < 0)
		return PCAP_ERROR;
	writer->tail_size = 0;
	writer->head_size = 0;
	writer->interface_count = 0;
	return add_block_to_head(writer, block);
}

int pcapint_writer_begin_section(pcap_writer_t *writer)
{
	struct pcapng_option options[2];
	struct pcapng_block block = {.type = PCAPNG_SECTION, .options = options};
	char os[200];
	struct utsname system;

	if (uname(&system) == 0) {
		snprintf(os, sizeof(os), "%.60s %.120s", system.sysname, system.release);
		options[block.option_count++] = (struct pcapng_option){PCAPNG_SHB_OS, (uint16_t)strlen(os), os};
	}
	if (writer->options.application != NULL)
		options[block.option_count++] = (struct pcapng_option){PCAPNG_SHB_USERAPPL,
			(uint16_t)strnlen(writer->options.application, UINT16_MAX), writer->options.application};
	return begin_section(writer, &block);
}

/* The frame check sequence's length, as the link-type field has it; what it can't have is not told. */
static uint32_t fcs_field(const struct pcapng_block *block)
{
	const struct pcapng_option *option = pcapng_find_option(block, PCAPNG_IF_FCSLEN);
	uint32_t bytes = option != NULL && option->length == 1 ? *(const uint8_t *)option->value : UINT32_MAX;

	return bytes % 2 == 0 && bytes / 2 <= 0xf ? LT_FCS_DATALINK_EXT(bytes / 2) : 0;
}

static int put_pcap_header(pcap_writer_t *writer, const struct pcapng_block *block)
{
	struct pcap_file_header header = {
		.magic = writer_has_nanoseconds(writer) ? CLASSIC_MAGIC_NANO : CLASSIC_MAGIC_MICRO,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = block->snaplen != 0 ? block->snaplen : MAXIMUM_SNAPLEN,
		.linktype = block->linktype | fcs_field(block),
	};
	uint32_t linktype;

	if (writer->head_size == 0)
		return pcapint_writer_add_to_head(writer, (u_char *)&header, sizeof(header));
	memcpy(&header, writer->head, sizeof(header));
	linktype = header.linktype & LINKTYPE_FIELD_TYPE;
	if (linktype == block->linktype && block->snaplen <= header.snaplen)
		return 0;
	if (linktype == block->linktype)
		snprintf(writer->errbuf, sizeof(writer->errbuf),
			"the snapshot length of the pcap file is %u: an interface with %u can't be added",
			header.snaplen, block->snaplen);
	else
		snprintf(writer->errbuf, sizeof(writer->errbuf),
			"a pcap file has one link-layer type, and its is %u: an interface with %u can't be added",
			linktype, block->linktype);
	return PCAP_ERROR;
}

/* What its time stamps are, and whether those of pcap_writer_packet() are the same. */
static void set_units(
	const pcap_writer_t *writer, const struct pcapng_block *block, struct writer_interface *interface)
{
	const struct pcapng_option *tsresol = pcapng_find_option(block, PCAPNG_IF_TSRESOL);
	const struct pcapng_option *tsoffset = pcapng_find_option(block, PCAPNG_IF_TSOFFSET);
	struct ng_interface *time = &interface->time;

	*time = (struct ng_interface){.tsresol = TSRESOL_MICRO, .snaplen = block->snaplen};
	if (tsresol != NULL && tsresol->length == 1)
		time->tsresol = *(const uint8_t *)tsresol->value;
	if (tsoffset != NULL && tsoffset->length == 8)
		time->offset = (int64_t)pcapng_option_number(block, tsoffset);
	pcapint_ng_set_time(time, PCAP_TSTAMP_PRECISION_NANO);
	interface->same_units = time->offset == 0 &&
				time->tsresol == (writer_has_nanoseconds(writer) ? TSRESOL_NANO : TSRESOL_MICRO);
}

static int remember_interface(pcap_writer_t *writer, const struct pcapng_block *block)
{
	struct writer_interface *interface;

	if (writer->interface_count == writer->interface_capacity) {
		size_t capacity = writer->interface_capacity * 2 + 4;

		interface = realloc(writer->interfaces, capacity * sizeof(*interface));
		if (interface == NULL)
			return pcapint_writer_no_memory(writer);
		writer->interfaces = interface;
		writer->interface_capacity = capacity;
	}
	interface = &writer->interfaces[writer->interface_count++];
	*interface = (struct writer_interface){0};
	set_units(writer, block, interface);
	return 0;
}

static int add_interface(pcap_writer_t *writer, const struct pcapng_block *block)
{
	int status = writer->options.format == PCAP_FORMAT_PCAP ? put_pcap_header(writer, block)
								: add_block_to_head(writer, block);

	return status < 0 ? status : remember_interface(writer, block);
}

/* ---- Packets ---- */

static int check_interface(pcap_writer_t *writer, uint32_t interface)
{
	if (interface < writer->interface_count)
		return 0;
	snprintf(writer->errbuf, sizeof(writer->errbuf),
		"a packet of interface %u can't be written: the section has %zu interfaces so far", interface,
		writer->interface_count);
	return PCAP_ERROR;
}

static int put_pcap_packet(pcap_writer_t *writer, int64_t seconds, uint32_t nanoseconds, uint32_t caplen,
	uint32_t len, const u_char *data)
{
	struct classic_packet_header record = {
		(uint32_t)seconds, writer_has_nanoseconds(writer) ? nanoseconds : nanoseconds / 1000, caplen, len};
	size_t size = sizeof(record) + caplen;
	u_char *to;

	if (writer_prepare_file(writer, size, seconds, nanoseconds) < 0)
		return PCAP_ERROR;
	to = writer_reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	memcpy(to, &record, sizeof(record));
	if (caplen > 0)
		memcpy(to + sizeof(record), data, caplen);
	return output_commit(&writer->output, size) < 0 ? pcapint_writer_fail(writer) : 0;
}

/* A packet's time in the units of its interface. */
static uint64_t find_timestamp(const pcap_writer_t *writer, uint32_t interface, const struct timeval *ts)
{
	const struct writer_interface *of = &writer->interfaces[interface];
	uint64_t units = writer_has_nanoseconds(writer) ? NANOSECONDS : NANOSECONDS / 1000;

	if (__builtin_expect(of->same_units, 1))
		return (uint64_t)ts->tv_sec * units + (uint64_t)ts->tv_usec;
	return pcapint_ng_find_timestamp(&of->time, ts->tv_sec, (uint32_t)ts->tv_usec * (NANOSECONDS / units));
}

static int put_enhanced(
	pcap_writer_t *writer, uint32_t interface, const struct pcap_pkthdr *header, const u_char *data)
{
	bool nano = writer_has_nanoseconds(writer);
	uint64_t timestamp = find_timestamp(writer, interface, &header->ts);
	uint32_t padded = ng_padded(header->caplen), size = NG_ENHANCED_DATA + padded + NG_BLOCK_TRAILER_SIZE;
	uint32_t head[] = {PCAPNG_ENHANCED_PACKET, size, interface, (uint32_t)(timestamp >> 32),
		(uint32_t)timestamp, header->caplen, header->len};
	u_char *to;

	if (writer_prepare_file(writer, size, header->ts.tv_sec, (uint32_t)header->ts.tv_usec * (nano ? 1 : 1000)) <
		0)
		return PCAP_ERROR;
	to = writer_reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	memcpy(to, head, sizeof(head));
	to += sizeof(head);
	memset(to + padded - 4 * (padded > 0), 0, 4 * (padded > 0));
	if (header->caplen > 0)
		memcpy(to, data, header->caplen);
	memcpy(to + padded, &size, sizeof(size));
	return output_commit(&writer->output, size) < 0 ? pcapint_writer_fail(writer) : 0;
}

/* ---- Any block ---- */

static int add_packet_block(pcap_writer_t *writer, const struct pcapng_block *block)
{
	bool simple = block->type == PCAPNG_SIMPLE_PACKET;
	struct timeval ts = {0, 0};
	size_t size;
	u_char *to;

	if (check_interface(writer, simple ? 0 : block->interface) < 0)
		return PCAP_ERROR;
	if (!simple)
		ng_convert_time(&writer->interfaces[block->interface].time, block->timestamp, &ts);
	size = pcapint_ng_block_size(block, writer->errbuf);
	if (size == 0)
		return PCAP_ERROR;
	if (writer->options.format == PCAP_FORMAT_PCAP)
		return put_pcap_packet(
			writer, ts.tv_sec, (uint32_t)ts.tv_usec, block->caplen, block->len, block->data);
	if (writer_prepare_file(writer, size, ts.tv_sec, (uint32_t)ts.tv_usec) < 0)
		return PCAP_ERROR;
	to = writer_reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	pcapint_ng_put_block(block, size, to);
	writer->interfaces[simple ? 0 : block->interface].packets++;
	return output_commit(&writer->output, size) < 0 ? pcapint_writer_fail(writer) : 0;
}

/* No link type has longer packets (see linktypes.c). */
#define LARGEST_PACKET (128 * 1024 * 1024)

static inline int check_packet(pcap_writer_t *writer, int interface, const struct pcap_pkthdr *header)
{
	if (__builtin_expect(!writer->failed && (uint32_t)interface < writer->interface_count &&
				     header->caplen <= LARGEST_PACKET,
		    1))
		return 0;
	if (writer->failed || check_interface(writer, (uint32_t)interface) < 0)
		return PCAP_ERROR;
	snprintf(writer->errbuf, sizeof(writer->errbuf), "a packet of %u bytes can't be written", header->caplen);
	return PCAP_ERROR;
}

int pcap_writer_packet(pcap_writer_t *writer, int interface, const struct pcap_pkthdr *header, const u_char *data)
{
	int status;

	if (check_packet(writer, interface, header) < 0)
		return PCAP_ERROR;
	if (writer->options.format == PCAP_FORMAT_PCAP)
		status = put_pcap_packet(writer, header->ts.tv_sec,
			(uint32_t)header->ts.tv_usec * (writer_has_nanoseconds(writer) ? 1 : 1000), header->caplen,
			header->len, data);
	else
		status = put_enhanced(writer, (uint32_t)interface, header, data);
	writer->interfaces[interface].packets += status == 0;
	return status;
}

int pcap_writer_packet_with_options(pcap_writer_t *writer, int interface, const struct pcap_pkthdr *header,
	const u_char *data, const struct pcapng_option *options, size_t option_count)
{
	struct pcapng_block block = {.type = PCAPNG_ENHANCED_PACKET,
		.interface = (uint32_t)interface,
		.caplen = header->caplen,
		.len = header->len,
		.data = data,
		.data_length = header->caplen,
		.options = options,
		.option_count = option_count};

	if (option_count == 0 || writer->options.format == PCAP_FORMAT_PCAP)
		return pcap_writer_packet(writer, interface, header, data);
	if (check_packet(writer, interface, header) < 0)
		return PCAP_ERROR;
	block.timestamp = find_timestamp(writer, (uint32_t)interface, &header->ts);
	return add_packet_block(writer, &block);
}

int pcapint_writer_put_block(pcap_writer_t *writer, const struct pcapng_block *block)
{
	size_t size = pcapint_ng_block_size(block, writer->errbuf);
	u_char *to;

	if (size == 0)
		return PCAP_ERROR;
	to = writer_reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	pcapint_ng_put_block(block, size, to);
	return output_commit(&writer->output, size) < 0 ? pcapint_writer_fail(writer) : 0;
}

static int add_other_block(pcap_writer_t *writer, const struct pcapng_block *block)
{
	if (block->type == PCAPNG_INTERFACE_STATISTICS && check_interface(writer, block->interface) < 0)
		return PCAP_ERROR;
	if (pcapint_ng_block_size(block, writer->errbuf) == 0)
		return PCAP_ERROR;
	if (!writer->started && pcapint_writer_begin_file(writer, time(NULL)) < 0)
		return PCAP_ERROR;
	return pcapint_writer_put_block(writer, block);
}

int pcap_writer_block(pcap_writer_t *writer, const struct pcapng_block *given, size_t size)
{
	struct pcapng_block block = {0};
	bool pcap = writer->options.format == PCAP_FORMAT_PCAP;

	if (writer->failed)
		return PCAP_ERROR;
	memcpy(&block, given, size < sizeof(block) ? size : sizeof(block));
	if (block.type == PCAPNG_SECTION) {
		writer->interface_count = 0;
		return pcap ? 0 : begin_section(writer, &block);
	}
	if (!pcap && writer->head_size == 0 && pcapint_writer_begin_section(writer) < 0)
		return PCAP_ERROR;
	if (block.type == PCAPNG_INTERFACE)
		return add_interface(writer, &block);
	if (ng_is_packet(block.type))
		return add_packet_block(writer, &block);
	if (pcap)
		return 0;
	/* Every file of a row can be decrypted. */
	if (block.type == PCAPNG_DECRYPTION_SECRETS)
		return add_block_to_head(writer, &block);
	return add_other_block(writer, &block);
}
