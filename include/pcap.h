/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The name that programs have included since before there was a pcap/ folder; the API itself is in
 * pcap/pcap.h.
 */
#include <pcap/pcap.h>
