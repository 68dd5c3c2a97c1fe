/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sections and interfaces of pcapng files: what they say that packets are read by, and how the time stamps of an
 * interface become a handle's.
 */
#include "savefile/ng.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define TSRESOL_DEFAULT 6
#define TSRESOL_BINARY 0x80

/* ---- Options ---- */

int pcapint_ng_next_option(struct ng_options *options, struct ng_option *option)
{
	size_t padded;

	if (options->left == 0)
		return 0;
	*option = (struct ng_option){0};
	if (options->left < 4)
		return PCAP_ERROR;
	option->code = savefile_load16(options->at, options->swapped);
	option->length = savefile_load16(options->at + 2, options->swapped);
	option->value = options->at + 4;
	padded = 4 + (size_t)ng_padded(option->length);
	if (option->code == PCAPNG_OPT_END)
		return 0;
	if (padded > options->left)
		return PCAP_ERROR;
	options->at += padded;
	options->left -= padded;
	return 1;
}

int pcapint_ng_option_error(pcap_t *p, const struct ng_block *block, const struct ng_option *option)
{
	const struct pcap_savefile *sf = p->priv;

	return pcapint_ng_error(p, block->type, input_offset(&sf->input),
		"option %u goes past the block's end: its length is %u", option->code, option->length);
}

/* ---- Sections ---- */

int pcapint_ng_section(pcap_t *p, const struct ng_block *block)
{
	struct pcap_savefile *sf = p->priv;
	bool swapped = savefile_load32(block->bytes + 8, false) != NG_BYTE_ORDER_MAGIC;
	unsigned int major = savefile_load16(block->bytes + 12, swapped);
	unsigned int minor = savefile_load16(block->bytes + 14, swapped);

	/* Some writers said 1.2 for what is 1.0; the draft has readers take it so. */
	if (major != 1 || (minor != 0 && minor != 2))
		return pcapint_ng_error(p, block->type, input_offset(&sf->input),
			"version %u.%u of the pcapng format is not known (known is 1.0)", major, minor);
	sf->ng.swapped = swapped;
	sf->ng.interface_count = sf->ng.quick_interfaces = 0;
	sf->ng.sections++;
	return 0;
}

/* ---- Interfaces ---- */

static struct ng_interface *add_interface(struct ng_state *ng)
{
	if (ng->interface_count == ng->interface_capacity) {
		size_t capacity = ng->interface_capacity * 2 + 4;
		struct ng_interface *interfaces = realloc(ng->interfaces, capacity * sizeof(*interfaces));

		if (interfaces == NULL)
			return NULL;
		ng->interfaces = interfaces;
		ng->interface_capacity = capacity;
	}
	return &ng->interfaces[ng->interface_count];
}

static int take_options(pcap_t *p, const struct ng_block *block, struct ng_interface *interface)
{
	const struct pcap_savefile *sf = p->priv;
	struct ng_options options = {block->bytes + 16, block->length - 20, sf->ng.swapped};
	static const struct {
		uint16_t code, length;
		const char *name;
	} lengths[] = {{PCAPNG_IF_TSRESOL, 1, "if_tsresol"}, {PCAPNG_IF_TSOFFSET, 8, "if_tsoffset"}};
	struct ng_option option;
	int status;

	while ((status = pcapint_ng_next_option(&options, &option)) > 0) {
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
			if (lengths[i].code == option.code && lengths[i].length != option.length)
				return pcapint_ng_error(p, block->type, input_offset(&sf->input),
					"option %s has %u bytes, not %u", lengths[i].name, option.length,
					lengths[i].length);
		if (option.code == PCAPNG_IF_TSRESOL)
			interface->tsresol = option.value[0];
		else if (option.code == PCAPNG_IF_TSOFFSET)
			interface->offset = (int64_t)savefile_load64(option.value, sf->ng.swapped);
	}
	return status < 0 ? pcapint_ng_option_error(p, block, &option) : 0;
}

int pcapint_ng_interface(pcap_t *p, const struct ng_block *block)
{
	struct pcap_savefile *sf = p->priv;
	struct ng_state *ng = &sf->ng;
	struct ng_interface *interface = add_interface(ng);

	if (interface == NULL) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s: no memory for another interface", sf->name);
		return PCAP_ERROR;
	}
	*interface = (struct ng_interface){
		.dlt = pcapint_linktype_to_dlt(savefile_load16(block->bytes + 8, ng->swapped)),
		.snaplen = savefile_load32(block->bytes + 12, ng->swapped),
		.tsresol = TSRESOL_DEFAULT,
	};
	if (take_options(p, block, interface) < 0)
		return PCAP_ERROR;
	interface->max_caplen = pcapint_max_snaplen_for_dlt(interface->dlt);
	interface->fixup = pcapint_find_fixup(interface->dlt, ng->swapped);
	interface->delivered = interface->dlt == p->linktype;
	pcapint_ng_set_time(interface, (u_int)p->opt.tstamp_precision);
	ng->interface_count++;
	return 0;
}

void pcapint_ng_free(struct ng_state *ng)
{
	free(ng->interfaces);
	ng->interfaces = NULL;
	ng->interface_count = ng->interface_capacity = 0;
}

/* ---- Time stamps ---- */

static uint64_t power_of_10(unsigned int exponent)
{
	uint64_t power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

#define MAX_POWER_OF_10 19 /* that 64 bits hold */

void pcapint_ng_set_time(struct ng_interface *interface, u_int precision)
{
	unsigned int resolution = interface->tsresol & ~TSRESOL_BINARY;
	unsigned int wanted = precision == PCAP_TSTAMP_PRECISION_NANO ? 9 : 6;

	interface->second = 0;
	interface->tv_sec = interface->offset;
	interface->last = UINT64_MAX;
	if (interface->tsresol & TSRESOL_BINARY) {
		interface->time = TIME_BINARY;
		interface->factor = power_of_10(wanted);
		if (resolution < 64)
			interface->last = ((uint64_t)1 << resolution) - 1;
		return;
	}
	if (resolution <= MAX_POWER_OF_10)
		interface->last = power_of_10(resolution) - 1;
	if (resolution <= wanted) {
		interface->time = TIME_MULTIPLY;
		interface->factor = power_of_10(wanted - resolution);
	} else if (resolution == 9) {
		interface->time = TIME_DIVIDE_BY_1000;
	} else {
		/* Of units so small, all that 64 bits hold is less than one of the handle's. */
		bool divisible = resolution - wanted <= MAX_POWER_OF_10;

		interface->time = divisible ? TIME_DIVIDE : TIME_MULTIPLY;
		interface->factor = divisible ? power_of_10(resolution - wanted) : 0;
	}
}

void pcapint_ng_set_no_time(struct ng_interface *interface)
{
	interface->second = interface->factor = 0;
	interface->tv_sec = 0;
	interface->last = UINT64_MAX;
	interface->time = TIME_MULTIPLY;
}

void pcapint_ng_new_second(struct ng_interface *interface, uint64_t timestamp)
{
	/* `last` is not the largest number here, or the fraction could not be above it. */
	uint64_t second = timestamp / (interface->last + 1);

	interface->second = second * (interface->last + 1);
	if (second > INT64_MAX)
		second = INT64_MAX;
	if (__builtin_add_overflow((int64_t)second, interface->offset, &interface->tv_sec))
		interface->tv_sec = INT64_MAX;
}

uint64_t pcapint_ng_find_timestamp(const struct ng_interface *interface, int64_t seconds, uint32_t nanoseconds)
{
	/* Of units that are finer than 2^-64 seconds there are too many to be told. */
	__int128 units = interface->last == UINT64_MAX ? (__int128)1 << 64 : (__int128)interface->last + 1;
	__int128 whole = (__int128)seconds - interface->offset;

	if (whole < 0)
		return 0;
	if (whole > UINT64_MAX / units)
		return UINT64_MAX;
	whole = whole * units + nanoseconds * units / 1000000000;
	return whole > UINT64_MAX ? UINT64_MAX : (uint64_t)whole;
}

/* The fraction of a second by the power of two that is in if_tsresol, exactly. */
uint64_t pcapint_ng_binary_fraction(const struct ng_interface *interface, uint64_t fraction)
{
	unsigned int bits = interface->tsresol & ~TSRESOL_BINARY;
	uint64_t high = (fraction >> 32) * interface->factor;
	uint64_t low = (fraction & UINT32_MAX) * interface->factor;

	if (bits < 32)
		return low >> bits;
	high += low >> 32;
	return bits - 32 < 64 ? high >> (bits - 32) : 0;
}
