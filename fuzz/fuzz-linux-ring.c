/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the readers of the rings that Linux shares with a capture. An input is a byte of options, and what is in the
 * ring: whatever it holds, nothing outside of it is touched, and the reader comes to an end.
 */
#include "fuzz.h"

#include "modules/linux/linux.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_arp.h>

#include "../tests/lib/random-numbers.h"

#define OPTION_V2 0x01
#define OPTION_LINK_TYPE 0x06
#define OPTION_ONE 0x08
#define OPTION_SHORT 0x10
#define OPTION_ANY 0x20

#define BLOCK_SIZE 1024
#define SLOT_SIZE 512
#define BLOCKS 3
#define RING_SIZE (BLOCKS * BLOCK_SIZE)

/* More than there can be, as frames are no nearer to each other than 8 bytes. */
#define MOST_PACKETS (RING_SIZE / 8)

struct reading {
	const struct pcap_linux *lc;
	size_t packets;
	int snapshot;
	unsigned sum;
};

static void deliver(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct reading *reading = (struct reading *)user;
	const struct pcap_linux *lc = reading->lc;

	must(header->caplen <= (u_int)reading->snapshot && header->caplen <= header->len);
	bool in_copy = lc->copy != NULL && data >= lc->copy &&
		       data + header->caplen <= lc->copy + COOKED_HEADROOM + lc->copy_size;
	must(in_copy || (data >= lc->map && data + header->caplen <= lc->map + RING_SIZE));
	for (u_int i = 0; i < header->caplen; i++)
		reading->sum += data[i];
	must(++reading->packets <= MOST_PACKETS);
}

static pcap_t *make_handle(uint8_t options)
{
	static const int link_types[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_CAN_SOCKETCAN};
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_linux);

	must(p != NULL);
	struct pcap_linux *lc = p->priv;
	const struct tpacket_req3 request = {
		.tp_block_size = BLOCK_SIZE,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = options & OPTION_V2 ? SLOT_SIZE : BLOCK_SIZE,
		.tp_frame_nr = options & OPTION_V2 ? RING_SIZE / SLOT_SIZE : BLOCKS,
	};
	p->opt.device = strdup("fuzz0");
	must(p->opt.device != NULL);
	p->linktype = link_types[(options & OPTION_LINK_TYPE) >> 1];
	p->snapshot = options & OPTION_SHORT ? 20 : MAXIMUM_SNAPLEN;
	lc->wake_fd = -1;
	lc->ifindex = options & OPTION_ANY ? 0 : 1;
	lc->hatype = p->linktype == DLT_CAN_SOCKETCAN ? ARPHRD_CAN : ARPHRD_ETHER;
	lc->header = pcapint_linux_cooked_header(p->linktype);
	lc->cooked = lc->header != NULL;
	lc->ring = options & OPTION_V2 ? &pcapint_linux_ring_v2 : &pcapint_linux_ring_v3;
	lc->map = calloc(1, RING_SIZE); /* a sanitizer sees what is touched beyond */
	must(lc->map != NULL);
	lc->ring->start(p, &request);
	pcapint_linux_update_careful(p);
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	pcap_t *p = make_handle(data[0]);
	struct pcap_linux *lc = p->priv;
	struct reading reading = {.lc = lc, .snapshot = p->snapshot};
	size_t before;

	memcpy(lc->map, data + 1, size - 1 < RING_SIZE ? size - 1 : RING_SIZE);
	do {
		before = reading.packets;
		lc->ring->unread(lc);
		int n = lc->ring->deliver(p, data[0] & OPTION_ONE ? 1 : -1, deliver, (u_char *)&reading);
		must(n >= 0 && (size_t)n == reading.packets - before);
		if (lc->held)
			lc->ring->release(lc);
	} while (reading.packets > before);
	free(lc->map);
	free(lc->copy);
	pcap_close(p);
	return 0;
}

/* A block of a few packets, as the kernel would make it. */
static void make_block(uint64_t *state, uint8_t *at)
{
	struct tpacket_block_desc block = {.version = 1};
	u_int offset = 48, count = 0, last = 0;

	while (offset + 112 + 64 < BLOCK_SIZE && count < 8) {
		struct tpacket3_hdr frame = {
			.tp_mac = 112 + random_below(state, 3), .tp_snaplen = random_below(state, 64)};
		struct sockaddr_ll from = {
			.sll_pkttype = random_below(state, 5), .sll_hatype = 1 + random_below(state, 2) * 771};
		frame.tp_len = frame.tp_snaplen + random_below(state, 3);
		frame.tp_status = TP_STATUS_USER | (random_below(state, 2) ? TP_STATUS_VLAN_VALID : 0);
		frame.tp_next_offset = (frame.tp_mac + frame.tp_snaplen + 7) / 8 * 8;
		memcpy(at + offset, &frame, sizeof(frame));
		memcpy(at + offset + TPACKET_ALIGN(sizeof(frame)), &from, sizeof(from));
		last = offset;
		offset += frame.tp_next_offset;
		count++;
	}
	memset(at + last, 0, sizeof(uint32_t));
	block.hdr.bh1 = (struct tpacket_hdr_v1){
		.block_status = TP_STATUS_USER, .num_pkts = count, .offset_to_first_pkt = 48, .blk_len = offset};
	memcpy(at, &block, sizeof(block));
}

static void make_slot(uint64_t *state, uint8_t *at)
{
	struct tpacket2_hdr frame = {
		.tp_status = TP_STATUS_USER, .tp_mac = 96, .tp_snaplen = random_below(state, 400)};
	struct sockaddr_ll from = {
		.sll_pkttype = random_below(state, 5), .sll_hatype = 1 + random_below(state, 2) * 771};

	frame.tp_status |= random_below(state, 2) ? TP_STATUS_VLAN_VALID : 0;
	frame.tp_status |= random_below(state, 8) ? 0 : TP_STATUS_COPY;
	frame.tp_len = frame.tp_snaplen + random_below(state, 3);
	memcpy(at, &frame, sizeof(frame));
	memcpy(at + TPACKET_ALIGN(sizeof(frame)), &from, sizeof(from));
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	uint8_t *ring = data + 1;

	memset(data, 0, 1 + RING_SIZE);
	data[0] = random_below(state, 64);
	for (size_t at = 0; at < RING_SIZE; at += data[0] & OPTION_V2 ? SLOT_SIZE : BLOCK_SIZE) {
		if (data[0] & OPTION_V2)
			make_slot(state, ring + at);
		else
			make_block(state, ring + at);
	}
	for (unsigned faults = random_below(state, 6); faults > 0; faults--) {
		/* Mostly in the headers. */
		uint32_t at = random_below(state, 2)
				      ? random_below(state, RING_SIZE)
				      : random_below(state, BLOCKS) * BLOCK_SIZE + random_below(state, 160);
		ring[at] = random_below(state, 3) ? random_below(state, 256) : random_below(state, 2) * 255;
	}
	return 1 + RING_SIZE;
}
