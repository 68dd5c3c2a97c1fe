/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a handle offers to choose from, and a packet's time by what was chosen. For module authors.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>

/* A copy of values, as the core frees it. */
static u_int *copy_values(const int *values, int count)
{
	u_int *list = calloc(count, sizeof(*list));

	for (int i = 0; list != NULL && i < count; i++)
		list[i] = values[i];
	return list;
}

int pcapint_offer_precisions(pcap_t *p, char *errbuf)
{
	static const int precisions[] = {PCAP_TSTAMP_PRECISION_MICRO, PCAP_TSTAMP_PRECISION_NANO};

	p->tstamp_precision_list = copy_values(precisions, 2);
	if (p->tstamp_precision_list == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "no memory for the list of time stamp precisions");
		return PCAP_ERROR;
	}
	p->tstamp_precision_count = 2;
	return 0;
}

int pcapint_offer_tstamp_types(pcap_t *p, const int *types, int count, char *errbuf)
{
	p->tstamp_type_list = copy_values(types, count);
	if (p->tstamp_type_list == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "no memory for the list of time stamp types");
		return PCAP_ERROR;
	}
	p->tstamp_type_count = count;
	return 0;
}

int pcapint_offer_datalinks(pcap_t *p, const int *dlts, int count)
{
	p->dlt_list = copy_values(dlts, count);
	if (p->dlt_list == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.100s: no memory for the list of link-layer types",
			p->opt.device);
		return PCAP_ERROR;
	}
	p->dlt_count = count;
	p->linktype = dlts[0];
	return 0;
}

struct timeval pcapint_timestamp(const pcap_t *p, struct timespec time)
{
	bool nano = p->opt.tstamp_precision == PCAP_TSTAMP_PRECISION_NANO;

	return (struct timeval){.tv_sec = time.tv_sec, .tv_usec = nano ? time.tv_nsec : time.tv_nsec / 1000};
}
