/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TPACKET_V2 ring: a slot of fixed size a packet, and a wake-up a packet. For captures in immediate mode. A slot
 * has room for a frame of the interface's size; the larger ones that offloading makes come through the socket as well.
 */
#include "modules/linux/linux.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

/* Slots are not larger than this where what does not fit can come through the socket. */
#define LARGEST_SLOT (16u << 10)
#define LARGEST_OFFLOADED 65536u
#define LONGEST_LINK_HEADER 64u
/* What a slot holds of a packet at least, for filters that are run here and look at headers. */
#define LEAST_PACKET 192u
/* Before a packet: frame header, address, alignment, headroom. */
#define SLOT_OVERHEAD (TPACKET2_HDRLEN + 2 * TPACKET_ALIGNMENT + COOKED_HEADROOM)
#define USUAL_BLOCK (256u << 10)
#define FEWEST_SLOTS 2

/*
 * Lets packets that are too large for their slot be queued whole, and gives the queue as much memory as the ring has.
 * Where that is not allowed (it takes CAP_NET_ADMIN), the queue would soon be full and the packets cut: false.
 */
static bool queue_large_packets(pcap_t *p, size_t bytes)
{
	int size = bytes > INT_MAX / 2 ? INT_MAX / 2 : (int)bytes, on = 1;
	return setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0 &&
	       setsockopt(p->fd, SOL_PACKET, PACKET_COPY_THRESH, &on, sizeof(on)) == 0;
}

static void shape(pcap_t *p, size_t bytes, struct tpacket_req3 *request)
{
	const struct pcap_linux *lc = p->priv;
	bool queued = queue_large_packets(p, bytes);
	u_int largest = lc->mtu + LONGEST_LINK_HEADER, limit = queued ? LARGEST_SLOT : UINT_MAX;

	if (!queued && largest < LARGEST_OFFLOADED + LONGEST_LINK_HEADER)
		largest = LARGEST_OFFLOADED + LONGEST_LINK_HEADER;
	u_int packet = (u_int)p->snapshot > LEAST_PACKET ? (u_int)p->snapshot : LEAST_PACKET;
	if (packet > largest)
		packet = largest;
	u_int slot = TPACKET_ALIGN(SLOT_OVERHEAD + packet);
	if (slot > limit)
		slot = limit;
	u_int block = USUAL_BLOCK;
	while (block < slot)
		block *= 2;
	while (block / 2 >= slot * FEWEST_SLOTS && block > 4096 && block > bytes)
		block /= 2;
	u_int blocks = bytes / block > 0 ? bytes / block : 1;
	*request = (struct tpacket_req3){
		.tp_block_size = block,
		.tp_block_nr = blocks,
		.tp_frame_size = slot,
		.tp_frame_nr = blocks * (block / slot),
	};
}

static void start(pcap_t *p, const struct tpacket_req3 *request)
{
	struct pcap_linux *lc = p->priv;
	lc->slot = 0;
	lc->slots = request->tp_frame_nr;
	lc->slot_size = request->tp_frame_size;
	lc->block_size = request->tp_block_size;
	lc->slots_in_block = request->tp_block_size / request->tp_frame_size;
	lc->least_offset = TPACKET2_HDRLEN + (lc->cooked ? COOKED_HEADROOM : RAW_HEADROOM);
}

static struct tpacket2_hdr *slot_header(const struct pcap_linux *lc, u_int slot)
{
	return (struct tpacket2_hdr *)(lc->map + (size_t)(slot / lc->slots_in_block) * lc->block_size +
				       (size_t)(slot % lc->slots_in_block) * lc->slot_size);
}

static u_int next_slot(const struct pcap_linux *lc, u_int slot)
{
	return slot + 1 == lc->slots ? 0 : slot + 1;
}

static u_int status_of(const struct pcap_linux *lc, u_int slot)
{
	return __atomic_load_n(&slot_header(lc, slot)->tp_status, __ATOMIC_ACQUIRE);
}

static void release(struct pcap_linux *lc)
{
	u_int slot = lc->slot;

	lc->held = false;
	lc->slot = next_slot(lc, slot);
	__atomic_store_n(&slot_header(lc, slot)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

/*
 * Reads the next of the queued packets, which is the one whose slot was too small; they are queued in the order of
 * their slots. False if it is not there. The socket's own errors, which recv() would tell, are noted for the read.
 */
static bool receive_whole(pcap_t *p, struct frame *frame)
{
	struct pcap_linux *lc = p->priv;
	ssize_t size;

	bool room = pcapint_linux_make_copy_room(lc, frame->len < MAXIMUM_SNAPLEN ? frame->len : MAXIMUM_SNAPLEN);
	for (int tries = 0; tries < 2; tries++) {
		size = recv(p->fd, room ? lc->copy + COOKED_HEADROOM : NULL, room ? lc->copy_size : 0,
			MSG_DONTWAIT | (room ? 0 : MSG_TRUNC));
		if (size >= 0 || errno == EAGAIN)
			break;
		pcapint_linux_note_socket_error(p, errno);
	}
	if (!room || size < (ssize_t)frame->caplen)
		return false;
	frame->data = lc->copy + COOKED_HEADROOM;
	frame->caplen = size;
	return true;
}

/* Points frame at the packet in a slot; false if it can't be there. */
static bool take_frame(pcap_t *p, struct tpacket2_hdr *header, u_int status, struct frame *frame)
{
	struct pcap_linux *lc = p->priv;
	u_int mac = header->tp_mac, caplen = header->tp_snaplen;

	*frame = (struct frame){
		.data = (u_char *)header + mac,
		.caplen = caplen,
		.len = header->tp_len,
		.sec = header->tp_sec,
		.nsec = header->tp_nsec,
		.status = status,
		.vlan_tci = header->tp_vlan_tci,
		.vlan_tpid = header->tp_vlan_tpid,
		.from = (const struct sockaddr_ll *)((const u_char *)header + TPACKET_ALIGN(sizeof(*header))),
	};
	if (mac < lc->least_offset || mac > lc->slot_size || caplen > lc->slot_size - mac || caplen > frame->len ||
		frame->len > INT32_MAX)
		return false;
	if (status & TP_STATUS_COPY)
		receive_whole(p, frame);
	return true;
}

/* As in the other ring: the descriptor is not to look readable because of a packet that was handed out. */
static void outlive_slot(struct pcap_linux *lc, struct frame *frame)
{
	if (lc->copy != NULL && frame->data == lc->copy + COOKED_HEADROOM)
		return;
	if (status_of(lc, next_slot(lc, lc->slot)) & TP_STATUS_USER ||
		!pcapint_linux_make_copy_room(lc, frame->caplen)) {
		lc->held = true;
		return;
	}
	memcpy(lc->copy + COOKED_HEADROOM, frame->data, frame->caplen);
	frame->data = lc->copy + COOKED_HEADROOM;
}

static int deliver_frame(pcap_t *p, struct frame *frame, pcap_handler callback, u_char *user)
{
	struct pcap_linux *lc = p->priv;

	if (lc->careful || frame->status & TP_STATUS_VLAN_VALID)
		return pcapint_linux_deliver(p, frame, callback, user);
	struct pcap_pkthdr header = {
		.ts = pcapint_linux_time(p, frame->sec, frame->nsec),
		.caplen = frame->caplen < (u_int)p->snapshot ? frame->caplen : (u_int)p->snapshot,
		.len = frame->len,
	};
	pcapint_linux_keep_from(lc, frame->from);
	callback(user, &header, frame->data);
	return 1;
}

static int deliver(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_linux *lc = p->priv;
	int limit = PACKET_COUNT_IS_UNLIMITED(cnt) ? INT_MAX : cnt, delivered = 0;

	for (u_int slots = 0; slots < lc->slots && delivered < limit && !p->break_loop; slots++) {
		u_int slot = lc->slot, status = status_of(lc, slot);
		struct frame frame;
		if (!(status & TP_STATUS_USER))
			break;
		lc->uncounted++;
		pcapint_linux_keep_counting(p);
		if (!take_frame(p, slot_header(lc, slot), status, &frame)) {
			lc->trouble = TROUBLE_DAMAGED;
			release(lc);
			continue;
		}
		if (limit == 1)
			outlive_slot(lc, &frame);
		int passed = deliver_frame(p, &frame, callback, user);
		delivered += passed;
		/* The callback may have read from the handle itself. */
		if (lc->slot == slot && (!lc->held || passed == 0))
			release(lc);
	}
	return delivered;
}

static u_int unread(struct pcap_linux *lc)
{
	u_int packets = 0, slot = lc->held ? next_slot(lc, lc->slot) : lc->slot;

	for (; packets < lc->slots && status_of(lc, slot) & TP_STATUS_USER; slot = next_slot(lc, slot))
		packets++;
	return packets;
}

const struct ring_type pcapint_linux_ring_v2 = {
	.version = TPACKET_V2,
	.shape = shape,
	.start = start,
	.deliver = deliver,
	.release = release,
	.unread = unread,
};
