/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TPACKET_V3 ring: blocks of packets of any length, each handed over when it is full or the buffering time-out
 * ends. For all captures but those in immediate mode. Nothing that the kernel writes is trusted to be in bounds.
 */
#include "modules/linux/linux.h"

#include <limits.h>
#include <string.h>

/* A size that the processor's second-level cache holds. */
#define USUAL_BLOCK (256u << 10)
#define FEWEST_BLOCKS 2
/* Blocks are made smaller than the usual, if packets fit, rather than to have fewer than so many. */
#define ENOUGH_BLOCKS 8
/* What a block holds beside a lone packet: its own header, the packet's, alignment, headroom. */
#define BLOCK_OVERHEAD 512u
/* The largest packet that segmentation offload puts together, as a rule (GRO_LEGACY_MAX_SIZE). */
#define LARGEST_OFFLOADED 65536u
#define LONGEST_LINK_HEADER 64u
/* Kernels before 6.18 keep the time-out in 16 bits. */
#define LONGEST_TIMEOUT UINT16_MAX

/* Frames follow each other at multiples of that (V3_ALIGNMENT in the kernel's net/packet/af_packet.c). */
#define FRAME_ALIGNMENT 8

static u_int power_of_two_from(u_int least, u_int start)
{
	while (start < least)
		start *= 2;
	return start;
}

static void shape(pcap_t *p, size_t bytes, struct tpacket_req3 *request)
{
	const struct pcap_linux *lc = p->priv;
	u_int largest = (lc->mtu > LARGEST_OFFLOADED ? lc->mtu : LARGEST_OFFLOADED) + LONGEST_LINK_HEADER;
	u_int snapshot = p->snapshot;
	u_int least = power_of_two_from((snapshot < largest ? snapshot : largest) + BLOCK_OVERHEAD, 4096);
	u_int block = power_of_two_from(snapshot + BLOCK_OVERHEAD, USUAL_BLOCK);

	while (block / 2 >= least && (size_t)block * ENOUGH_BLOCKS > bytes)
		block /= 2;
	size_t blocks = bytes / block;
	*request = (struct tpacket_req3){
		.tp_block_size = block,
		.tp_block_nr = blocks > FEWEST_BLOCKS ? blocks : FEWEST_BLOCKS,
		/* Means nothing here, but has to be consistent. */
		.tp_frame_size = block,
		.tp_frame_nr = blocks > FEWEST_BLOCKS ? blocks : FEWEST_BLOCKS,
		/* 0: the kernel chooses, by the speed of the link. */
		.tp_retire_blk_tov = p->opt.timeout <= 0                ? 0
				     : p->opt.timeout > LONGEST_TIMEOUT ? LONGEST_TIMEOUT
									: p->opt.timeout,
	};
}

static void start(pcap_t *p, const struct tpacket_req3 *request)
{
	struct pcap_linux *lc = p->priv;
	lc->slot = 0;
	lc->slots = request->tp_block_nr;
	lc->slot_size = request->tp_block_size;
	lc->least_offset = TPACKET3_HDRLEN + (lc->cooked ? COOKED_HEADROOM : RAW_HEADROOM);
}

static struct tpacket_hdr_v1 *slot_header(const struct pcap_linux *lc, u_int slot)
{
	return &((struct tpacket_block_desc *)(lc->map + (size_t)slot * lc->slot_size))->hdr.bh1;
}

/* Whether the kernel has handed a block over; what is in it is read after this. */
static bool is_ours(const struct pcap_linux *lc, u_int slot)
{
	return __atomic_load_n(&slot_header(lc, slot)->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

static void release(struct pcap_linux *lc)
{
	struct tpacket_block_desc *block = (struct tpacket_block_desc *)lc->block;

	pcapint_linux_forget_from(lc);
	lc->held = false;
	lc->block = NULL;
	lc->frames_left = 0;
	if (++lc->slot == lc->slots)
		lc->slot = 0;
	/* For unread(): where all blocks were full, the kernel does not begin one before the next packet. */
	block->hdr.bh1.num_pkts = 0;
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

/* The rest of a block that is not as it should be is left out, and the read tells so when it has nothing else. */
static void give_up_block(struct pcap_linux *lc)
{
	lc->trouble = TROUBLE_DAMAGED;
	release(lc);
}

/* Whether a frame's header is within the block. */
static bool has_room_for_frame(const struct pcap_linux *lc, size_t offset)
{
	return offset <= lc->slot_size - TPACKET3_HDRLEN && offset % FRAME_ALIGNMENT == 0;
}

/* Takes the next block, if it has been handed over: false if not. */
static bool open_block(struct pcap_linux *lc)
{
	if (!is_ours(lc, lc->slot))
		return false;
	const struct tpacket_hdr_v1 *header = slot_header(lc, lc->slot);
	u_int first = header->offset_to_first_pkt;
	lc->block = lc->map + (size_t)lc->slot * lc->slot_size;
	lc->frames_left = header->num_pkts;
	lc->frame = lc->block + first;
	if (lc->frames_left == 0)
		release(lc);
	else if (!has_room_for_frame(lc, first))
		give_up_block(lc);
	return true;
}

/* Moves on to the next frame of the block; false if there is none although there should be. */
static bool advance(struct pcap_linux *lc, const struct tpacket3_hdr *frame)
{
	if (--lc->frames_left == 0)
		return true;
	u_int step = frame->tp_next_offset;
	size_t next = (size_t)(lc->frame - lc->block) + step;
	if (step == 0 || !has_room_for_frame(lc, next))
		return false;
	lc->frame += step;
	__builtin_prefetch(lc->frame);
	__builtin_prefetch(lc->frame + 64);
	return true;
}

static bool is_sound(const struct pcap_linux *lc, const struct tpacket3_hdr *frame)
{
	u_int mac = frame->tp_mac, caplen = frame->tp_snaplen;
	size_t room = lc->block + lc->slot_size - (const u_char *)frame;
	return mac >= lc->least_offset && mac <= room && caplen <= room - mac && caplen <= frame->tp_len &&
	       frame->tp_len <= INT32_MAX;
}

/*
 * pcap_next()'s packet has to last until the next read, and a block that is kept for that makes the descriptor look
 * readable. So where nothing follows the packet, it is copied, and the block given back at once.
 */
static u_char *outlive_block(struct pcap_linux *lc, u_char *data, u_int caplen)
{
	if (is_ours(lc, lc->slot + 1 == lc->slots ? 0 : lc->slot + 1) ||
		!pcapint_linux_make_copy_room(lc, caplen)) {
		lc->held = true;
		return data;
	}
	memcpy(lc->copy + COOKED_HEADROOM, data, caplen);
	return lc->copy + COOKED_HEADROOM;
}

static const struct sockaddr_ll *sender(const struct tpacket3_hdr *header)
{
	return (const struct sockaddr_ll *)((const u_char *)header + TPACKET_ALIGN(sizeof(*header)));
}

static int deliver_with_care(
	pcap_t *p, const struct tpacket3_hdr *header, u_char *data, pcap_handler callback, u_char *user)
{
	struct frame frame = {
		.data = data,
		.caplen = header->tp_snaplen,
		.len = header->tp_len,
		.sec = header->tp_sec,
		.nsec = header->tp_nsec,
		.status = header->tp_status,
		.vlan_tci = header->hv1.tp_vlan_tci,
		.vlan_tpid = header->hv1.tp_vlan_tpid,
		.rxhash = header->hv1.tp_rxhash,
		.from = sender(header),
	};
	return pcapint_linux_deliver(p, &frame, callback, user);
}

/* Delivers from the open block until it ends, limit is reached or the loop is broken; one packet at a time may stay. */
static int deliver_block(pcap_t *p, int limit, bool one_shot, pcap_handler callback, u_char *user)
{
	struct pcap_linux *lc = p->priv;
	const u_char *block = lc->block;
	int delivered = 0;

	while (delivered < limit && !p->break_loop) {
		struct tpacket3_hdr *frame = (struct tpacket3_hdr *)lc->frame;
		if (!is_sound(lc, frame) || !advance(lc, frame)) {
			give_up_block(lc);
			return delivered;
		}
		u_char *data = (u_char *)frame + frame->tp_mac;
		if (one_shot && lc->frames_left == 0)
			data = outlive_block(lc, data, frame->tp_snaplen);
		lc->uncounted++;
		if (__builtin_expect(lc->careful || frame->tp_status & TP_STATUS_VLAN_VALID, 0)) {
			delivered += deliver_with_care(p, frame, data, callback, user);
		} else {
			struct pcap_pkthdr header = {
				.ts = pcapint_linux_time(p, frame->tp_sec, frame->tp_nsec),
				.caplen = frame->tp_snaplen,
				.len = frame->tp_len,
			};
			if (header.caplen > (u_int)p->snapshot)
				header.caplen = p->snapshot;
			lc->from = sender(frame);
			if (one_shot)
				pcapint_linux_keep_from(lc, sender(frame));
			callback(user, &header, data);
			delivered++;
		}
		/* The callback may have read from the handle itself. */
		if (lc->block != block)
			break;
		if (lc->frames_left == 0) {
			/* Nobody has a packet that was not delivered. */
			if (!lc->held || delivered == 0)
				release(lc);
			break;
		}
	}
	return delivered;
}

/* No more than the ring holds, so that a call ends even where packets come as fast as they are delivered. */
static int deliver(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_linux *lc = p->priv;
	int limit = PACKET_COUNT_IS_UNLIMITED(cnt) ? INT_MAX : cnt, delivered = 0;

	for (u_int blocks = 0; blocks <= lc->slots && delivered < limit && !p->break_loop && !lc->held; blocks++) {
		if (lc->frames_left == 0 && !open_block(lc))
			break;
		pcapint_linux_keep_counting(p);
		if (lc->frames_left > 0)
			delivered += deliver_block(p, limit - delivered, limit == 1, callback, user);
	}
	return delivered;
}

/* Those of blocks that have been handed over, and of the one that the kernel fills. */
static u_int unread(struct pcap_linux *lc)
{
	u_int packets = lc->frames_left, slot = lc->slot, blocks = 0;

	if (lc->block != NULL)
		slot = (slot + 1) % lc->slots, blocks++;
	for (; blocks < lc->slots; blocks++, slot = (slot + 1) % lc->slots) {
		packets += __atomic_load_n(&slot_header(lc, slot)->num_pkts, __ATOMIC_RELAXED);
		if (!is_ours(lc, slot))
			break;
	}
	return packets;
}

const struct ring_type pcapint_linux_ring_v3 = {
	.version = TPACKET_V3,
	.shape = shape,
	.start = start,
	.deliver = deliver,
	.release = release,
	.unread = unread,
};
