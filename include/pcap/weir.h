/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this library offers beyond libpcap's API: all of it, in one place. A program that wants to run on either tests
 * for PCAP_WEIR. Structures that can grow are passed with their size; members that the caller's version lacks are
 * left out, members that the library's version lacks are set to 0.
 */
#ifndef lib_pcap_weir_h
#define lib_pcap_weir_h

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pcap/pcap.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PCAP_WEIR 1

/* ---- Statistics that do not wrap, and that tell "none" from "not known" ---- */

#define PCAP_STATS64_RECV 0x1
#define PCAP_STATS64_DROP 0x2
#define PCAP_STATS64_IFDROP 0x4

struct pcap_stats64 {
	uint64_t available; /* PCAP_STATS64_: which of the counts the device tells */
	uint64_t recv;      /* packets that passed the filter, lost ones included */
	uint64_t drop;      /* packets lost because the buffer was full */
	uint64_t ifdrop;    /* packets lost by the interface */
};

/* Counts since activation. 0 or PCAP_ERROR; size is sizeof(struct pcap_stats64) as the caller knows it. */
PCAP_API int pcap_get_stats64(pcap_t *p, struct pcap_stats64 *stats, size_t size);

/* ---- What a device tells of a packet beside its bytes ---- */

/* As epb_flags of the pcapng format has them. */
#define PCAP_PACKET_DIRECTION 0x3 /* mask; 0: not known */
#define PCAP_PACKET_INBOUND 0x1
#define PCAP_PACKET_OUTBOUND 0x2
#define PCAP_PACKET_RECEPTION 0x1c /* mask; 0: not known */
#define PCAP_PACKET_UNICAST 0x04
#define PCAP_PACKET_MULTICAST 0x08
#define PCAP_PACKET_BROADCAST 0x0c
#define PCAP_PACKET_PROMISCUOUS 0x10 /* to someone else */

struct pcap_packet_info {
	uint32_t flags;     /* PCAP_PACKET_ */
	uint32_t interface; /* the system's number of the interface that it passed; 0: not known */
};

/*
 * In a callback: of the packet that it was called with. 1; or 0, with all 0, if the device tells nothing. size is
 * sizeof(struct pcap_packet_info).
 */
PCAP_API int pcap_get_packet_info(pcap_t *p, struct pcap_packet_info *info, size_t size);

/* ---- Native code for filters ---- */

/*
 * Where the library itself filters, as on savefiles, it turns the filter into native code once some hundred packets
 * have shown that this pays; where the system refuses that, and with WEIR_NATIVE_FILTER=off in the environment, the
 * filter is interpreted.
 */
#define PCAP_NATIVE_FILTER_AUTO 0 /* the default */
#define PCAP_NATIVE_FILTER_OFF 1  /* never */
#define PCAP_NATIVE_FILTER_NOW 2  /* at once, when a filter is set */

/* Chooses for the handle's filter, the one it has and those to come. 0, or PCAP_ERROR if there is no such mode. */
PCAP_API int pcap_set_native_filter(pcap_t *p, int mode);

/* 1 if the handle's filter is run as native code now, else 0. */
PCAP_API int pcap_is_filter_native(pcap_t *p);

/*
 * The native code of a program, to be looked at: as many of its bytes as fit into code. How many it has; 0 where there
 * is no native code for it.
 */
PCAP_API size_t pcap_get_native_code(const struct bpf_program *program, u_char *code, size_t size);

/* ---- Reading savefiles as precisely as they were written ---- */

/*
 * For pcap_open_offline_with_tstamp_precision() and its pcap_fopen_ twin: the precision that the file itself has;
 * pcap_get_tstamp_precision() then tells which. So a file that is written from the handle loses nothing.
 */
#define PCAP_TSTAMP_PRECISION_OF_FILE 0x100

/* ---- Many packets in one call ---- */

struct pcap_batch_packet {
	struct pcap_pkthdr header;
	const u_char *data; /* header.caplen bytes */
};

/*
 * Fills packets with the next ones, up to count; their data last until the next call for the handle. size is
 * sizeof(struct pcap_batch_packet). How many there are: of a savefile those at hand, in place, at least one. 0: the
 * time-out of a live capture; PCAP_ERROR; PCAP_ERROR_BREAK: the end of a savefile, or pcap_breakloop().
 */
PCAP_API int pcap_next_batch(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count);

/* ---- What was read of a savefile ---- */

struct pcap_file_stats {
	uint64_t packets;     /* read so far, those that the filter refused and those passed over included */
	uint64_t passed_over; /* packets of a pcapng file's interfaces that have other link types than the handle */
	uint64_t cut;         /* packets that were cut to pcap_snapshot(), since their interface has a longer one */
};

/* Counts since the file was opened. 0 or PCAP_ERROR; size is sizeof(struct pcap_file_stats). */
PCAP_API int pcap_get_file_stats(pcap_t *p, struct pcap_file_stats *stats, size_t size);

/* ---- Writing savefiles with errors that the caller sees ---- */

/* pcap_dump(), but it returns 0, or PCAP_ERROR with errbuf filled (disk full, broken pipe, …). */
PCAP_API int pcap_dump_packet(
	pcap_dumper_t *dumper, const struct pcap_pkthdr *header, const u_char *data, char *errbuf);

/* pcap_dump_close(), but it returns 0, or PCAP_ERROR with errbuf filled if what was left could not be written. */
PCAP_API int pcap_dump_finish(pcap_dumper_t *dumper, char *errbuf);

/* ---- Filters: errors that name the place, and how an expression is understood ---- */

#define PCAP_COMPILE_UNOPTIMIZED 0x1 /* the program as the expression's parts make it, no shorter */
#define PCAP_COMPILE_NETMASK 0x2     /* netmask is known */

struct pcap_compile_options {
	uint32_t flags;      /* PCAP_COMPILE_ */
	bpf_u_int32 netmask; /* of the local IPv4 network, in network byte order */
};

struct pcap_compile_error {
	size_t offset;     /* of what is wrong, in bytes from the expression's start */
	size_t length;     /* in bytes; 0: something is missing there */
	char message[256]; /* what is wrong, in one line */
	char text[1024];   /* that with its place, and a part of the expression with a caret under what is wrong */
};

/*
 * pcap_compile() with options (NULL: the defaults) and, if it fails, details of the error (NULL: not wanted). The sizes
 * are those of the structures as the caller knows them.
 */
PCAP_API int pcap_compile_ex(pcap_t *p, struct bpf_program *program, const char *expression,
	const struct pcap_compile_options *options, size_t options_size, struct pcap_compile_error *error,
	size_t error_size);

/* What pcap_explain_filter() can show. */
enum {
	PCAP_EXPLAIN_EXPRESSION, /* the expression, with nothing left out */
	PCAP_EXPLAIN_TREE,       /* how its parts belong together, a line each */
	PCAP_EXPLAIN_WORDS,      /* what it tests, in order and in words */
	PCAP_EXPLAIN_GRAPH,      /* the tests that it comes to, and where they lead */
	PCAP_EXPLAIN_PASSES,     /* these before the optimizer, and after each of its passes that found something */
	PCAP_EXPLAIN_DOT,        /* the graph for Graphviz */
};

/* Shows how an expression is understood or compiled, for people; options as above. 0 or PCAP_ERROR_. */
PCAP_API int pcap_explain_filter(pcap_t *p, const char *expression, const struct pcap_compile_options *options,
	size_t options_size, int what, FILE *out);

/* ---- Many filters at once, many packets at once ---- */

/*
 * Filters that are asked together: one pass over a packet tells which of them accept it. What they have in common is
 * done once. A set does not change; any number of threads may use it.
 */
typedef struct pcap_filter_set pcap_filter_set_t;

/* The 64-bit words that the answer for a packet takes: a bit a filter, the first is bit 0 of word 0; and as many more. */
#define PCAP_FILTER_SET_WORDS(count) (((count) + 63) / 64 * 2)

#define PCAP_FILTER_SET_INTERPRETED 0x1 /* no native code */

/* Of programs, which are copied; flags are PCAP_FILTER_SET_. NULL with errbuf filled. */
PCAP_API pcap_filter_set_t *pcap_filter_set_create(
	const struct bpf_program *programs, size_t count, uint32_t flags, char *errbuf);

/*
 * Of expressions, which are compiled for packets in memory of the handle's link-layer type; options as of
 * pcap_compile_ex(). NULL; then pcap_geterr() has the text, and it begins with the expression's number, from 1.
 */
PCAP_API pcap_filter_set_t *pcap_filter_set_compile(pcap_t *p, const char *const *expressions, size_t count,
	const struct pcap_compile_options *options, size_t options_size, uint32_t flags);

PCAP_API void pcap_filter_set_free(pcap_filter_set_t *set);

/* How many filters it has. */
PCAP_API size_t pcap_filter_set_count(const pcap_filter_set_t *set);

/*
 * Asks all filters about a packet; matches has PCAP_FILTER_SET_WORDS() words, of which the first half is the answer.
 * How many filters accept it.
 */
PCAP_API size_t pcap_filter_set_match(
	const pcap_filter_set_t *set, const struct pcap_pkthdr *header, const u_char *data, uint64_t *matches);

/* The same for many packets, with PCAP_FILTER_SET_WORDS() words for each. How many packets some filter accepts. */
PCAP_API size_t pcap_filter_set_match_batch(const pcap_filter_set_t *set, const struct pcap_pkthdr *headers,
	const u_char *const *data, size_t packets, uint64_t *matches);

/*
 * pcap_offline_filter() for many packets: what the program returns for each, into results. How many packets it accepts;
 * none if the program is not valid.
 */
PCAP_API size_t pcap_offline_filter_batch(const struct bpf_program *program, const struct pcap_pkthdr *headers,
	const u_char *const *data, size_t packets, int *results);

/* ---- Modules ---- */

struct pcap_module_info {
	const char *name;
	const char *description;
	const char *prefixes; /* device-name prefixes with a blank between two, or NULL */
	const char *file;     /* the file that it is in, or NULL if it is built in */
	const char *problem;  /* why it is not used, as far as that is known without loading it, or NULL */
};

/* The index'th module, from 0, in the order that they are asked. 1, or 0 if there are not so many. */
PCAP_API int pcap_get_module(size_t index, struct pcap_module_info *info, size_t size);

/* The devices of one module, which is loaded for it, to be freed by pcap_freealldevs(). 0 or PCAP_ERROR. */
PCAP_API int pcap_list_module_devices(const char *name, pcap_if_t **devices, char *errbuf);

/* The name of the module that serves a handle, or NULL for a savefile or a dead handle. */
PCAP_API const char *pcap_module_name(pcap_t *p);

#ifdef __cplusplus
}
#endif

#endif
