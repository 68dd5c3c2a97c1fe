/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the live tests of a capture share: a handle, the packets it delivers, and what they should be.
 */
#include <pcap/pcap.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture.h"
#include "live.h"

#define PATIENCE 30 /* seconds */
#define LAST_SEQUENCE 0x7fffffffu

pcap_t *capture_create(const struct capture_options *options)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(options->device != NULL ? options->device : live_interface(), errbuf);

	if (p == NULL)
		fail_msg("pcap_create: %s", errbuf);
	if (options->snaplen != 0)
		assert_int_equal(pcap_set_snaplen(p, options->snaplen), 0);
	assert_int_equal(pcap_set_timeout(p, options->timeout), 0);
	if (options->buffer_size != 0)
		assert_int_equal(pcap_set_buffer_size(p, options->buffer_size), 0);
	assert_int_equal(pcap_set_immediate_mode(p, options->immediate), 0);
	assert_int_equal(pcap_set_promisc(p, options->promiscuous), 0);
	assert_int_equal(pcap_setnonblock(p, options->nonblock, errbuf), 0);
	if (options->nano)
		assert_int_equal(pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO), 0);
	assert_int_equal(pcap_set_protocol_linux(p, options->protocol), 0);
	return p;
}

pcap_t *capture_open(const struct capture_options *options)
{
	pcap_t *p = capture_create(options);
	int status = pcap_activate(p);

	if (status != 0)
		fail_msg("pcap_activate: %d: %s", status, pcap_geterr(p));
	return p;
}

void capture_keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct captured *captured = (struct captured *)user;

	if (captured->count < CAPTURE_KEEP) {
		captured->packets[captured->count].header = *header;
		memcpy(captured->packets[captured->count].data, data,
			header->caplen < CAPTURE_BYTES ? header->caplen : CAPTURE_BYTES);
	}
	captured->count++;
}

static void dispatch(pcap_t *p, struct captured *captured)
{
	if (pcap_dispatch(p, -1, capture_keep, (u_char *)captured) < 0)
		fail_msg("pcap_dispatch: %s", pcap_geterr(p));
}

void capture_until(pcap_t *p, struct captured *captured, unsigned count)
{
	time_t until = time(NULL) + PATIENCE;
	unsigned before;

	while (captured->count < count) {
		before = captured->count;
		dispatch(p, captured);
		if (captured->count > before)
			until = time(NULL) + PATIENCE;
		else if (time(NULL) > until)
			fail_msg("%u packets have come, not %u", captured->count, count);
	}
}

void capture_all(pcap_t *p, struct captured *captured, const char *interface)
{
	time_t until = time(NULL) + PATIENCE;
	unsigned seen = captured->count;

	capture_send(interface, LAST_SEQUENCE, 1, LIVE_UDP_MIN);
	for (;;) {
		dispatch(p, captured);
		for (; seen < captured->count; seen++) {
			assert_in_range(captured->count, 1, CAPTURE_KEEP);
			if (live_udp_sequence(captured->packets[seen].data,
				    captured->packets[seen].header.caplen) == LAST_SEQUENCE) {
				assert_int_equal(seen + 1, captured->count);
				captured->count--;
				return;
			}
		}
		if (time(NULL) > until)
			fail_msg("the last frame has not come");
	}
}

void capture_send(const char *interface, unsigned first, unsigned count, size_t length)
{
	int sender = live_open_sender(interface);
	static uint8_t frame[65535 + 14];
	unsigned i;

	for (i = 0; i < count; i++) {
		live_make_udp(frame, length, first + i);
		live_send(sender, frame, length);
	}
	close(sender);
}

void capture_check(const struct captured *captured, unsigned index, unsigned first, unsigned count, size_t length,
	size_t caplen)
{
	unsigned i;

	assert_in_range(captured->count, index + count, CAPTURE_KEEP);
	for (i = 0; i < count; i++) {
		assert_int_equal(captured->packets[index + i].header.len, length);
		assert_int_equal(captured->packets[index + i].header.caplen, caplen);
		if (caplen >= LIVE_UDP_MIN)
			assert_int_equal(live_udp_sequence(captured->packets[index + i].data, caplen), first + i);
	}
}

void capture_filter(pcap_t *p, const struct bpf_insn *insns, unsigned count)
{
	struct bpf_program program = {count, (struct bpf_insn *)insns};

	if (pcap_setfilter(p, &program) != 0)
		fail_msg("pcap_setfilter: %s", pcap_geterr(p));
}
