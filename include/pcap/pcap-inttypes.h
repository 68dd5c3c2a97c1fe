/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixed-width integer types that the other headers use, and their printf formats. Every supported
 * system has C99's <inttypes.h>; the file exists since programs include it by name.
 */
#ifndef pcap_pcap_inttypes_h
#define pcap_pcap_inttypes_h

#include <inttypes.h>

#endif
