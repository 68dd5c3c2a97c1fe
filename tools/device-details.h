/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What devices tell when they are asked: module, link types, time stamp types.
 */
#ifndef WEIR_DEVICE_DETAILS_H
#define WEIR_DEVICE_DETAILS_H

#include <stdbool.h>
#include <stddef.h>

#include <pcap/pcap.h>

/* What asking a device has told. */
struct device {
	const pcap_if_t *listed;
	const char *module; /* or NULL */
	int *link_types;    /* the default first; NULL: not known, and why is in error */
	int link_type_count;
	int *tstamp_types; /* or NULL */
	int tstamp_type_count;
	bool monitor_mode;
	int status; /* of the first call that failed, or 0 */
	char error[PCAP_ERRBUF_SIZE];
};

/* Asks all devices of a list; an array of as many as *count then says, in the list's order. NULL: no memory. */
struct device *ask_devices(const pcap_if_t *listed, size_t *count);
void forget_devices(struct device *devices, size_t count);

#endif
