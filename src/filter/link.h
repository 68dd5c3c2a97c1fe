/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The algorithms that the rows of link types name.
 */
#ifndef WEIR_FILTER_LINK_H
#define WEIR_FILTER_LINK_H

#include "filter/layers.h"

/* An LLC header at llc with SNAP, which tells a protocol of an organization. */
struct block *snap(
	struct generator *g, struct place llc, uint32_t organization, uint16_t protocol, struct ways ways);

/* link-ethernet.c */
tell_function tell_ethernet;
link_function llc_in_ethernet;
/* link-ip.c */
tell_function tell_version;
tell_function tell_ppp;

#endif
