/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For live tests of a capture: opening a handle with options, and gathering what it delivers. Everything fails the
 * test when it cannot be done.
 */
#ifndef WEIR_TESTS_CAPTURE_H
#define WEIR_TESTS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

struct capture_options {
	const char *device; /* NULL: live_interface() */
	int snaplen;        /* 0: as pcap_create() leaves it */
	int timeout;
	int buffer_size;
	bool immediate;
	bool promiscuous;
	bool nonblock;
	bool nano;
	int protocol;
};

/* A handle with the options set, not yet activated; and one that is, without a warning. */
pcap_t *capture_create(const struct capture_options *options);
pcap_t *capture_open(const struct capture_options *options);

#define CAPTURE_KEEP 4096
#define CAPTURE_BYTES 128

/* The packets that were delivered, the first CAPTURE_KEEP of them with their first bytes. */
struct captured {
	unsigned count;
	struct {
		struct pcap_pkthdr header;
		uint8_t data[CAPTURE_BYTES];
	} packets[CAPTURE_KEEP];
};

/* A pcap_handler; user is a struct captured. */
void capture_keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data);
/* Dispatches until there are count packets in captured, or none have come for half a minute, which fails. */
void capture_until(pcap_t *p, struct captured *captured, unsigned count);
/* Dispatches until the frame that is sent now on an interface comes out: all that was sent before has. */
void capture_all(pcap_t *p, struct captured *captured, const char *interface);

/* Sends frames with the sequence numbers from first on. */
void capture_send(const char *interface, unsigned first, unsigned count, size_t length);
/* That the packets from index on have the sequence numbers from first on, count of them, of that length. */
void capture_check(const struct captured *captured, unsigned index, unsigned first, unsigned count, size_t length,
	size_t caplen);

/* Compiles nothing: a filter of raw instructions. */
void capture_filter(pcap_t *p, const struct bpf_insn *insns, unsigned count);

#endif
