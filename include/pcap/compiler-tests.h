/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Version tests of compilers, for headers that are read by many of them: each is 1 if the compiler is of
 * that kind and at least that version, otherwise 0.
 */
#ifndef lib_pcap_compiler_tests_h
#define lib_pcap_compiler_tests_h

#ifndef __has_attribute
#define __has_attribute(x) 0
#endif
#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__GNUC__)
#define PCAP_IS_AT_LEAST_GNUC_VERSION(major, minor)                                                                \
	(__GNUC__ > (major) || (__GNUC__ == (major) && __GNUC_MINOR__ >= (minor)))
#else
#define PCAP_IS_AT_LEAST_GNUC_VERSION(major, minor) 0
#endif

#if defined(__clang__)
#define PCAP_IS_AT_LEAST_CLANG_VERSION(major, minor)                                                               \
	(__clang_major__ > (major) || (__clang_major__ == (major) && __clang_minor__ >= (minor)))
#else
#define PCAP_IS_AT_LEAST_CLANG_VERSION(major, minor) 0
#endif

#endif
