/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the values of pcapng options are made of, a row each; what has no row is bytes. For readers of sections in the
 * other byte order, and for pcapng_option_number().
 */
#include "savefile/ng.h"

static const struct {
	uint32_t type;
	uint16_t code;
	uint16_t unit; /* bytes of each number */
} number_options[] = {
	{PCAPNG_INTERFACE, PCAPNG_IF_SPEED, 8},
	{PCAPNG_INTERFACE, PCAPNG_IF_TSRESOL, 1},
	{PCAPNG_INTERFACE, PCAPNG_IF_TZONE, 4},
	{PCAPNG_INTERFACE, PCAPNG_IF_FCSLEN, 1},
	{PCAPNG_INTERFACE, PCAPNG_IF_TSOFFSET, 8},
	{PCAPNG_INTERFACE, PCAPNG_IF_TXSPEED, 8},
	{PCAPNG_INTERFACE, PCAPNG_IF_RXSPEED, 8},
	{PCAPNG_OBSOLETE_PACKET, PCAPNG_EPB_FLAGS, 4},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_FLAGS, 4},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_DROPCOUNT, 8},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_PACKETID, 8},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_QUEUE, 4},
	{PCAPNG_ENHANCED_PACKET, PCAPNG_EPB_PROCESSID_THREADID, 4},
	/* Times are two numbers, the high one first in either byte order. */
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_STARTTIME, 4},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_ENDTIME, 4},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_IFRECV, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_IFDROP, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_FILTERACCEPT, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_OSDROP, 8},
	{PCAPNG_INTERFACE_STATISTICS, PCAPNG_ISB_USRDELIV, 8},
};

static const uint16_t custom_codes[] = {PCAPNG_OPT_CUSTOM_STRING, PCAPNG_OPT_CUSTOM_BYTES,
	PCAPNG_OPT_CUSTOM_STRING_NO_COPY, PCAPNG_OPT_CUSTOM_BYTES_NO_COPY};

size_t pcapint_ng_option_unit(uint32_t type, uint16_t code)
{
	for (size_t i = 0; i < sizeof(number_options) / sizeof(number_options[0]); i++)
		if (number_options[i].type == type && number_options[i].code == code)
			return number_options[i].unit;
	return 0;
}

static void turn(u_char *bytes, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		u_char byte = bytes[i];

		bytes[i] = bytes[size - 1 - i];
		bytes[size - 1 - i] = byte;
	}
}

void pcapint_ng_swap_option(uint32_t type, const struct ng_option *option)
{
	u_char *value = (u_char *)option->value;
	size_t unit = pcapint_ng_option_unit(type, option->code);

	for (size_t i = 0; i < sizeof(custom_codes) / sizeof(custom_codes[0]); i++)
		if (custom_codes[i] == option->code && option->length >= 4)
			turn(value, 4);
	for (size_t at = 0; unit > 1 && at + unit <= option->length; at += unit)
		turn(value + at, unit);
}

const struct pcapng_option *pcapng_find_option(const struct pcapng_block *block, uint16_t code)
{
	for (size_t i = 0; i < block->option_count; i++)
		if (block->options[i].code == code)
			return &block->options[i];
	return NULL;
}

uint64_t pcapng_option_number(const struct pcapng_block *block, const struct pcapng_option *option)
{
	size_t unit = pcapint_ng_option_unit(block->type, option->code);
	const u_char *value = option->value;

	if (unit == 4 && option->length == 8)
		return (uint64_t)savefile_load32(value, false) << 32 | savefile_load32(value + 4, false);
	switch (option->length) {
	case 1:
		return value[0];
	case 2:
		return savefile_load16(value, false);
	case 4:
		return savefile_load32(value, false);
	case 8:
		return savefile_load64(value, false);
	default:
		return 0;
	}
}
