/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The old name of the name-to-number header; see pcap/namedb.h.
 */
#include <pcap/namedb.h>
