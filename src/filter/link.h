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

/* link-ethernet.c: by an Ethernet type, by LLC, or by either */
tell_function tell_type;
tell_function tell_llc;
tell_function tell_ethernet;
tell_function tell_cooked;
/* Whether IPv4 and IPv6 are told by an Ethernet type. */
bool told_by_type(const struct layout *layout);
link_function llc_in_ethernet;
link_function llc_always;

/* link-ip.c: by the version of what follows, by numbers of the BSDs and of PPP */
tell_function tell_version;
tell_function tell_ipv4;
tell_function tell_ipv6;
tell_function tell_null;
tell_function tell_loop;
tell_function tell_pflog;
tell_function tell_ipnet;
tell_function tell_ppp;
tell_function tell_ppp_bsdos;
start_function start_pflog;

/* link-others.c */
tell_function tell_chdlc;
tell_function tell_frame_relay;
tell_function tell_arcnet;
tell_function tell_localtalk;
tell_function tell_juniper;

/* link-atm.c */
tell_function tell_sunatm;
link_function llc_in_sunatm;
link_function is_lane_data;

/* generate-tunnels.c */
tell_function tell_geneve;
link_function is_geneve_ethernet;

/* link-wlan.c */
tell_function tell_wlan;
link_function llc_in_wlan;
address_function wlan_addresses;
link_function wlan_multicast;
link_function is_ppi_wlan;
start_function start_wlan;
start_function start_radiotap;
start_function start_prism;
start_function start_avs;
start_function start_ppi;

#endif
