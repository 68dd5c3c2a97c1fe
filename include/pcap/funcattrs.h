/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attributes of the public functions: what is exported, since which libpcap release a function has
 * existed, what is deprecated, and which arguments are printf formats.
 */
#ifndef lib_pcap_funcattrs_h
#define lib_pcap_funcattrs_h

#include <pcap/compiler-tests.h>

/* Only what bears PCAP_API leaves the shared library; libpcap.map lists the same names. */
#if defined(__GNUC__) && defined(BUILDING_PCAP)
#define PCAP_API_DEF __attribute__((visibility("default")))
#else
#define PCAP_API_DEF
#endif
#define PCAP_API PCAP_API_DEF extern

/* The release that first had a function; documentation for readers, and hooks for availability tools. */
#define PCAP_AVAILABLE(...)
#define PCAP_AVAILABLE_0_4
#define PCAP_AVAILABLE_0_5
#define PCAP_AVAILABLE_0_6
#define PCAP_AVAILABLE_0_7
#define PCAP_AVAILABLE_0_8
#define PCAP_AVAILABLE_0_9
#define PCAP_AVAILABLE_1_0
#define PCAP_AVAILABLE_1_2
#define PCAP_AVAILABLE_1_5
#define PCAP_AVAILABLE_1_7
#define PCAP_AVAILABLE_1_8
#define PCAP_AVAILABLE_1_9
#define PCAP_AVAILABLE_1_10
#define PCAP_AVAILABLE_1_11

#if defined(__GNUC__)
#define PCAP_NORETURN __attribute__((noreturn))
#define PCAP_PRINTFLIKE(string_index, first) __attribute__((format(printf, string_index, first)))
#define PCAP_UNREACHABLE __builtin_unreachable();
#else
#define PCAP_NORETURN
#define PCAP_PRINTFLIKE(string_index, first)
#define PCAP_UNREACHABLE
#endif
#define PCAP_NORETURN_DEF PCAP_NORETURN

#if defined(__GNUC__) && !defined(BUILDING_PCAP)
#define PCAP_DEPRECATED(message) __attribute__((deprecated(message)))
#else
#define PCAP_DEPRECATED(message)
#endif

#endif
