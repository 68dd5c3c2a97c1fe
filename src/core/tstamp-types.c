/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The time-stamp types: their names and what users are told of them. Serves the pcap_tstamp_type_… calls.
 */
#include <stdlib.h>

#include "core/ascii.h"
#include "core/core.h"

struct tstamp_type {
	const char *name;
	const char *description;
};

/* Indexed by PCAP_TSTAMP_ value. */
static const struct tstamp_type tstamp_types[] = {
	[PCAP_TSTAMP_HOST] = {"host", "Host"},
	[PCAP_TSTAMP_HOST_LOWPREC] = {"host_lowprec", "Host, low precision"},
	[PCAP_TSTAMP_HOST_HIPREC] = {"host_hiprec", "Host, high precision"},
	[PCAP_TSTAMP_ADAPTER] = {"adapter", "Adapter"},
	[PCAP_TSTAMP_ADAPTER_UNSYNCED] = {"adapter_unsynced", "Adapter, on a clock of its own"},
	[PCAP_TSTAMP_HOST_HIPREC_UNSYNCED] = {"host_hiprec_unsynced",
		"Host, high precision, on a clock of its own"},
};

#define TSTAMP_TYPE_COUNT ((int)(sizeof(tstamp_types) / sizeof(tstamp_types[0])))

int pcap_tstamp_type_name_to_val(const char *name)
{
	if (name == NULL)
		return PCAP_ERROR;
	for (int type = 0; type < TSTAMP_TYPE_COUNT; type++) {
		if (ascii_same(tstamp_types[type].name, name))
			return type;
	}
	return PCAP_ERROR;
}

const char *pcap_tstamp_type_val_to_name(int type)
{
	return type >= 0 && type < TSTAMP_TYPE_COUNT ? tstamp_types[type].name : NULL;
}

const char *pcap_tstamp_type_val_to_description(int type)
{
	return type >= 0 && type < TSTAMP_TYPE_COUNT ? tstamp_types[type].description : NULL;
}

void pcap_free_tstamp_types(int *types)
{
	free(types);
}
