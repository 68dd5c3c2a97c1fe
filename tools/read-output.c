/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `weir read` writes: the blocks that were read, as they were, or in another format, with other time stamps, with
 * the interfaces of several files side by side.
 */
#include "read-output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "units.h"

#define TSRESOL_BINARY 0x80
#define TSRESOL_MICRO 6
#define TSRESOL_NANO 9

/* The snapshot length of a pcap file where no interface tells one. */
#define SNAPLEN_DEFAULT 262144

/* Interfaces that a new one is compared with, so that a file of very many does not take very long. */
#define COMPARED_MAX 1000

static void no_memory(struct read_output *out)
{
	sink_fail(&out->sink, "there is no memory for what is to be written");
}

/* ---- Opening ---- */

static bool finer_than_microseconds(const struct input_interface *interface)
{
	return (interface->tsresol & TSRESOL_BINARY) != 0 || interface->tsresol > TSRESOL_MICRO;
}

/* What a pcap file says for all of its packets, from the interfaces that are known when the first is written. */
static int choose_for_pcap(struct read_output *out)
{
	int precision = PCAP_TSTAMP_PRECISION_MICRO;

	for (size_t i = 0; i < out->input_count; i++) {
		for (size_t j = 0; j < out->inputs[i].interface_count; j++) {
			const struct input_interface *interface = &out->inputs[i].interfaces[j];

			if (finer_than_microseconds(interface))
				precision = PCAP_TSTAMP_PRECISION_NANO;
			if (interface->block->snaplen > out->snaplen)
				out->snaplen = interface->block->snaplen;
		}
	}
	if (out->snaplen == 0)
		out->snaplen = SNAPLEN_DEFAULT;
	return precision;
}

static bool open_output(struct read_output *out)
{
	bool all_pcap = out->input_count == 1 && out->inputs[0].is_pcap;
	struct pcap_writer_options options;
	int precision = PCAP_TSTAMP_PRECISION_MICRO;

	if (out->open)
		return !out->sink.failed;
	out->open = true;
	out->format = output_format(out->settings, all_pcap ? PCAP_FORMAT_PCAP : PCAP_FORMAT_PCAPNG);
	if (out->format == PCAP_FORMAT_PCAP)
		precision = choose_for_pcap(out);
	if (out->precision != NOT_KNOWN)
		precision = out->precision;
	options = output_writer_options(out->settings, out->format, precision);
	return sink_write(&out->sink, out->settings, &options);
}

/* ---- Time stamps ---- */

/* Whether an interface's time stamps are written with another resolution than they were read with. */
static bool converts(const struct read_output *out)
{
	return out->precision != NOT_KNOWN && out->format == PCAP_FORMAT_PCAPNG;
}

static uint64_t wanted_units(const struct read_output *out)
{
	return out->precision == PCAP_TSTAMP_PRECISION_NANO ? NANOSECONDS_PER_SECOND
							    : NANOSECONDS_PER_SECOND / 1000;
}

static uint64_t wanted_timestamp(
	const struct read_output *out, const struct input_interface *interface, const struct instant *time)
{
	return (uint64_t)(time->seconds - interface->tsoffset) * wanted_units(out) +
	       time->nanoseconds / (NANOSECONDS_PER_SECOND / wanted_units(out));
}

/* A number of the interface's units in those that are wanted. */
static uint64_t convert_units(
	const struct read_output *out, const struct input_interface *interface, uint64_t number)
{
	unsigned __int128 scaled = (unsigned __int128)number * wanted_units(out);
	unsigned resolution = interface->tsresol & ~TSRESOL_BINARY;

	if (interface->tsresol & TSRESOL_BINARY)
		return resolution < 128 ? (uint64_t)(scaled >> resolution) : 0;
	for (; resolution > 0 && scaled > 0; resolution--)
		scaled /= 10;
	return (uint64_t)scaled;
}

/* ---- Options ---- */

static bool must_not_be_copied(uint16_t code)
{
	return code == PCAPNG_OPT_CUSTOM_STRING_NO_COPY || code == PCAPNG_OPT_CUSTOM_BYTES_NO_COPY;
}

/* Makes the block's options a list of ours, with room for `more`; those that must not be copied are left out. */
static bool own_options(struct read_output *out, struct pcapng_block *block, size_t more)
{
	size_t count = 0;

	if (block->option_count + more > out->option_capacity) {
		size_t capacity = (block->option_count + more) * 2;
		struct pcapng_option *options = realloc(out->options, capacity * sizeof(*options));

		if (options == NULL) {
			no_memory(out);
			return false;
		}
		out->options = options;
		out->option_capacity = capacity;
	}
	for (size_t i = 0; i < block->option_count; i++) {
		if (!out->edited || !must_not_be_copied(block->options[i].code))
			out->options[count++] = block->options[i];
	}
	block->options = out->options;
	block->option_count = count;
	return true;
}

/* Only after own_options(), with room for another. */
static void add_option(
	struct read_output *out, struct pcapng_block *block, uint16_t code, const void *value, size_t size)
{
	out->options[block->option_count++] =
		(struct pcapng_option){code, (uint16_t)(size < UINT16_MAX ? size : UINT16_MAX), value};
}

static void remove_option(struct read_output *out, struct pcapng_block *block, uint16_t code)
{
	size_t count = 0;

	for (size_t i = 0; i < block->option_count; i++) {
		if (out->options[i].code != code)
			out->options[count++] = out->options[i];
	}
	block->option_count = count;
}

/* ---- Sections ---- */

static void add_comments(struct read_output *out, struct pcapng_block *block, const struct pcapng_block *from)
{
	for (size_t i = 0; i < from->option_count; i++) {
		if (from->options[i].code == PCAPNG_OPT_COMMENT)
			add_option(out, block, PCAPNG_OPT_COMMENT, from->options[i].value, from->options[i].length);
	}
}

/* Of several files: one that has the comments of all that they begin with. */
static void write_merged_section(struct read_output *out, struct pcapng_block *section, size_t more)
{
	for (size_t i = 0; i < out->input_count; i++)
		more += out->inputs[i].block != NULL ? out->inputs[i].block->option_count : 0;
	if (!own_options(out, section, more))
		return;
	for (size_t i = 0; i < out->input_count; i++) {
		if (out->inputs[i].block != NULL && out->inputs[i].block->type == PCAPNG_SECTION)
			add_comments(out, section, out->inputs[i].block);
	}
}

void output_section(struct read_output *out, const struct input *input)
{
	const struct option_list *comments = &out->settings->comments;
	bool first = !out->open, merging = out->input_count > 1;
	struct pcapng_block section = *input->block;
	char application[160];

	/* A pcap file is opened when more of it is known. */
	if (output_format(out->settings, merging || !input->is_pcap ? PCAP_FORMAT_PCAPNG : PCAP_FORMAT_PCAP) ==
		PCAP_FORMAT_PCAP)
		return;
	if ((!first && merging) || !open_output(out))
		return;
	if (merging || input->is_pcap)
		section = (struct pcapng_block){.type = PCAPNG_SECTION};
	out->interface_count = 0;
	if (merging)
		write_merged_section(out, &section, comments->count + 1);
	else if (!own_options(out, &section, comments->count + 1))
		return;
	if (merging || input->is_pcap) {
		snprintf(application, sizeof(application), "weir read, %.120s", pcap_lib_version());
		add_option(out, &section, PCAPNG_SHB_USERAPPL, application, strlen(application));
	}
	for (size_t i = 0; first && i < comments->count; i++)
		add_option(out, &section, PCAPNG_OPT_COMMENT, comments->values[i], strlen(comments->values[i]));
	sink_block(&out->sink, &section);
}

/* ---- Interfaces ---- */

static bool same_interface(const struct pcapng_block *a, const struct pcapng_block *b)
{
	if (a->linktype != b->linktype || a->snaplen != b->snaplen || a->option_count != b->option_count)
		return false;
	for (size_t i = 0; i < a->option_count; i++) {
		const struct pcapng_option *one = &a->options[i], *other = &b->options[i];

		if (one->code != other->code || one->length != other->length ||
			memcmp(one->value, other->value, one->length) != 0)
			return false;
	}
	return true;
}

static bool has_number(const struct input *input, uint32_t number)
{
	for (size_t i = 0; i < input->interface_count; i++) {
		if (input->interfaces[i].number == number)
			return true;
	}
	return false;
}

/* Of several files: the number of an interface of another file that is described the same, or NO_NUMBER. */
static uint32_t find_merged(
	const struct read_output *out, const struct input *input, const struct pcapng_block *block)
{
	for (uint32_t i = 0; i < out->interface_count && i < COMPARED_MAX; i++) {
		if (same_interface(out->merged[i], block) && !has_number(input, i))
			return i;
	}
	return NO_NUMBER;
}

static bool remember_merged(struct read_output *out, const struct pcapng_block *block)
{
	if (out->interface_count >= COMPARED_MAX)
		return true;
	if (out->interface_count == out->merged_capacity) {
		size_t capacity = out->merged_capacity * 2 + 4;
		struct pcapng_block **merged = realloc(out->merged, capacity * sizeof(*merged));

		if (merged == NULL)
			return false;
		out->merged = merged;
		out->merged_capacity = capacity;
	}
	out->merged[out->interface_count] = input_copy_block(block);
	return out->merged[out->interface_count] != NULL;
}

/* Describes the interface in the output, unless it is there already. */
static void number_interface(struct read_output *out, struct input *input, struct input_interface *interface)
{
	uint8_t resolution = out->precision == PCAP_TSTAMP_PRECISION_NANO ? TSRESOL_NANO : TSRESOL_MICRO;
	struct pcapng_block block = *interface->block;

	if (out->input_count > 1) {
		interface->number = find_merged(out, input, interface->block);
		if (interface->number != NO_NUMBER)
			return;
		if (!remember_merged(out, interface->block)) {
			no_memory(out);
			return;
		}
	}
	if (!own_options(out, &block, 1))
		return;
	if (converts(out)) {
		remove_option(out, &block, PCAPNG_IF_TSRESOL);
		add_option(out, &block, PCAPNG_IF_TSRESOL, &resolution, 1);
	}
	if (out->format == PCAP_FORMAT_PCAP)
		block.snaplen = out->snaplen;
	sink_block(&out->sink, &block);
	interface->number = out->interface_count++;
}

void output_interface(struct read_output *out, struct input *input, struct input_interface *interface)
{
	/* A pcap file gets what its packets are of; the section of a pcapng file is open. */
	if (out->open && out->format == PCAP_FORMAT_PCAPNG)
		number_interface(out, input, interface);
}

/* ---- Packets ---- */

/* Whether a pcap file can hold packets of this interface: those of the first one's link type. */
static bool fits_pcap(struct read_output *out, const struct input_interface *interface)
{
	if (out->format != PCAP_FORMAT_PCAP)
		return true;
	if (out->interface_count == 0)
		out->linktype = interface->block->linktype;
	if (out->linktype == interface->block->linktype)
		return true;
	out->other_linktypes++;
	return false;
}

void output_packet(struct read_output *out, struct input *input, struct input_interface *interface)
{
	struct pcapng_block block = *input->block;

	if (!open_output(out) || !fits_pcap(out, interface))
		return;
	if (interface->number == NO_NUMBER)
		number_interface(out, input, interface);
	block.interface = interface->number;
	/* A simple packet is of the first interface. */
	if (block.type == PCAPNG_SIMPLE_PACKET && block.interface != 0)
		block.type = PCAPNG_ENHANCED_PACKET;
	if (block.type == PCAPNG_OBSOLETE_PACKET && block.interface > UINT16_MAX)
		block.type = PCAPNG_ENHANCED_PACKET;
	if (converts(out) && block.type != PCAPNG_SIMPLE_PACKET)
		block.timestamp = wanted_timestamp(out, interface, &input->time);
	if (out->edited && !own_options(out, &block, 0))
		return;
	sink_block(&out->sink, &block);
}

/* ---- Other blocks ---- */

/* A time in an option is two numbers of 32 bits, the high one first. */
static void convert_time_option(struct read_output *out, const struct input_interface *interface,
	struct pcapng_block *block, uint16_t code, uint32_t value[2])
{
	for (size_t i = 0; i < block->option_count; i++) {
		struct pcapng_option *option = &out->options[i];
		uint64_t number;

		if (option->code != code || option->length != 8)
			continue;
		number = convert_units(out, interface, pcapng_option_number(block, option));
		value[0] = (uint32_t)(number >> 32);
		value[1] = (uint32_t)number;
		option->value = value;
	}
}

static void write_statistics(struct read_output *out, struct input *input)
{
	struct input_interface *interface = input_interface(input);
	struct pcapng_block block = *input->block;
	uint32_t start[2], end[2];

	if (interface->number == NO_NUMBER)
		number_interface(out, input, interface);
	block.interface = interface->number;
	if (!own_options(out, &block, 0))
		return;
	if (converts(out)) {
		block.timestamp = convert_units(out, interface, block.timestamp);
		convert_time_option(out, interface, &block, PCAPNG_ISB_STARTTIME, start);
		convert_time_option(out, interface, &block, PCAPNG_ISB_ENDTIME, end);
	}
	sink_block(&out->sink, &block);
}

void output_other(struct read_output *out, struct input *input)
{
	struct pcapng_block block = *input->block;
	bool known = block.type == PCAPNG_NAME_RESOLUTION || block.type == PCAPNG_DECRYPTION_SECRETS ||
		     block.type == PCAPNG_SYSTEMD_JOURNAL || block.type == PCAPNG_CUSTOM ||
		     block.type == PCAPNG_CUSTOM_NO_COPY;

	if (!out->open || out->format == PCAP_FORMAT_PCAP)
		return;
	if (block.type == PCAPNG_INTERFACE_STATISTICS) {
		write_statistics(out, input);
		return;
	}
	if (block.type == PCAPNG_CUSTOM_NO_COPY && out->edited)
		return;
	if (!known && block.swapped) {
		out->unknown_blocks++;
		return;
	}
	if (block.option_count == 0 || own_options(out, &block, 0))
		sink_block(&out->sink, &block);
}

/* ---- The end ---- */

int output_close(struct read_output *out)
{
	int status = STATUS_ERROR;

	if (open_output(out)) {
		/* A pcap file without packets has a link type all the same. */
		if (out->format == PCAP_FORMAT_PCAP && out->interface_count == 0 &&
			out->inputs[0].interface_count > 0)
			number_interface(out, (struct input *)&out->inputs[0], &out->inputs[0].interfaces[0]);
		status = sink_close(&out->sink);
	} else if (out->sink.writer == NULL) {
		complain("%s", out->sink.error);
	} else {
		status = sink_close(&out->sink);
	}
	if (out->other_linktypes > 0) {
		complain("%s: %" PRIu64
			 " packets of other link types than the first were left out: a pcap file has "
			 "one link type, a pcapng file has any",
			sink_name(&out->sink), out->other_linktypes);
		status = STATUS_ERROR;
	}
	if (out->unknown_blocks > 0)
		complain("%s: %" PRIu64 " blocks of unknown types were left out: they are of the other byte order",
			sink_name(&out->sink), out->unknown_blocks);
	for (size_t i = 0; i < out->interface_count && i < out->merged_capacity && i < COMPARED_MAX; i++)
		free(out->merged[i]);
	free(out->merged);
	free(out->options);
	return status;
}
