/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap-int.h for capture modules that were written for libpcap: what they may use beside the interface that its HOWTO
 * describes, and the names that the interface had up to libpcap 1.10.4. Found by their #include "pcap-int.h" with
 * what "pkg-config --cflags libpcap-modules" tells; see pcap-module(7). Modules for this library do without.
 */
#ifndef libpcap_modules_pcap_int_h
#define libpcap_modules_pcap_int_h

#include <stdio.h>

#include "../pcap-int.h"

/* Up to 1.10.4: "pcapint_" was not before these, or "pcap_" was. */
#define add_dev pcapint_add_dev
#define find_dev pcapint_find_dev
#define find_or_add_dev pcapint_find_or_add_dev
#define add_addr_to_dev pcapint_add_addr_to_dev
#define pcap_add_any_dev pcapint_add_any_dev
#define pcap_findalldevs_interfaces pcapint_findalldevs_interfaces
#define pcap_filter pcapint_filter
#define pcap_filter_with_aux_data pcapint_filter_with_aux_data
#define pcap_breakloop_common pcapint_breakloop_common
#define pcap_check_activated pcapint_check_activated
#define pcap_cleanup_live_common pcapint_cleanup_live_common
#define pcap_fmt_errmsg_for_errno pcapint_fmt_errmsg_for_errno
#define pcap_vfmt_errmsg_for_errno pcapint_vfmt_errmsg_for_errno
#define pcap_getnonblock_fd pcapint_getnonblock_fd
#define pcap_setnonblock_fd pcapint_setnonblock_fd
#define pcap_oneshot pcapint_oneshot
#define pcap_strlcpy pcapint_strlcpy

/* Up to 1.9. */
#define pcap_create_common(errbuf, size) pcapint_create_common(errbuf, size, PCAP_MODULE_ABI_VERSION)
#define pcap_snprintf snprintf
#define pcap_vsnprintf vsnprintf

/* Marks a parameter that is a printf() format. */
#define PCAP_FORMAT_STRING(p) p

#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif

/* The eight bytes of a number turned round. */
#define SWAPLL(x) __builtin_bswap64(x)

/* strlcpy(3) of the BSDs. */
static inline size_t pcapint_strlcpy(char *to, const char *from, size_t size)
{
	return (size_t)snprintf(to, size, "%s", from);
}

/*
 * Since 1.11 these are told the length of the program, which is here where it was when the program was set; either form
 * is taken.
 */
static inline u_int libpcap_modules_filter(
	const struct bpf_insn *program, u_int length _U_, const u_char *packet, u_int wirelen, u_int buflen)
{
	return pcapint_filter(program, packet, wirelen, buflen);
}

static inline u_int libpcap_modules_filter_with_aux(const struct bpf_insn *program, u_int length _U_,
	const u_char *packet, u_int wirelen, u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	return pcapint_filter_with_aux_data(program, packet, wirelen, buflen, aux);
}

#define LIBPCAP_MODULES_SIXTH(a, b, c, d, e, f, ...) f
#define LIBPCAP_MODULES_SEVENTH(a, b, c, d, e, f, g, ...) g
#define pcapint_filter(...)                                                                                        \
	LIBPCAP_MODULES_SIXTH(__VA_ARGS__, libpcap_modules_filter, pcapint_filter, )(__VA_ARGS__)
#define pcapint_filter_with_aux_data(...)                                                                          \
	LIBPCAP_MODULES_SEVENTH(__VA_ARGS__, libpcap_modules_filter_with_aux, pcapint_filter_with_aux_data, )      \
	(__VA_ARGS__)

#endif
