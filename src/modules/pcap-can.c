/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for CAN buses ("can0", "vcan0"), over the raw sockets of SocketCAN, which need no privilege: classic,
 * FD and XL frames, and error frames. What it relies on is in the kernel's Documentation/networking/can.rst.
 */
#include "datagram.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>

int pcap_can_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_can_create(const char *device, char *errbuf);

/*
 * DLT_CAN_SOCKETCAN: the kernel's structures, but for the identifier (in XL frames: VCID and priority) in network
 * byte order, and an XL frame's length and acceptance field in little-endian order.
 */
#define ID_SIZE 4
#define LENGTH_OFFSET 4 /* XL: the flags, with XL_FLAG, which is in no length of other frames */
#define FLAGS_OFFSET 5
#define HEADER_SIZE 8 /* of classic and FD frames, before the payload */
#define CLASSIC_SIZE 16
#define FD_SIZE 72
#define FD_PAYLOAD 64
#define FD_FLAG 0x04 /* CANFD_FDF */
#define XL_FLAG 0x80 /* CANXL_XLF */
#define XL_LENGTH_OFFSET 6
#define XL_ACCEPTANCE_OFFSET 8
#define XL_HEADER_SIZE 12
#define XL_PAYLOAD 2048

/* linux/can/raw.h and linux/if_ether.h, where they are older than the kernel. */
#define RAW_XL_FRAMES 7       /* CAN_RAW_XL_FRAMES, Linux 6.2 */
#define RAW_XL_VCID_OPTIONS 8 /* CAN_RAW_XL_VCID_OPTS, Linux 6.9 */
#define PROTOCOL_CAN 0x000c
#define PROTOCOL_CANFD 0x000d
#define PROTOCOL_CANXL 0x000e

#define FILTERS_MAX 64
/* An expression has so many ways to say yes that looking at all would take longer than it saves. */
#define STEPS_MAX 10000

struct pcap_can {
	struct datagram_capture capture;
};

/* ---- Frames ---- */

/* What kind a frame is, by its PROTOCOL_; 0 if its size is none of a frame's. */
static int kind_of_frame(const u_char *data, u_int size)
{
	uint16_t xl_length;

	if (size >= XL_HEADER_SIZE && (data[LENGTH_OFFSET] & XL_FLAG) != 0) {
		memcpy(&xl_length, data + XL_LENGTH_OFFSET, sizeof(xl_length));
		return xl_length <= size - XL_HEADER_SIZE ? PROTOCOL_CANXL : 0;
	}
	if (size == CLASSIC_SIZE && data[LENGTH_OFFSET] <= CAN_MAX_DLEN)
		return PROTOCOL_CAN;
	if (size == FD_SIZE && data[LENGTH_OFFSET] <= FD_PAYLOAD)
		return PROTOCOL_CANFD;
	return 0;
}

/* From the kernel's byte order to that of packets, and back: the same. */
static void swap_byte_order(u_char *frame, int kind)
{
	uint32_t id, acceptance;
	uint16_t length;

	memcpy(&id, frame, sizeof(id));
	id = htonl(id);
	memcpy(frame, &id, sizeof(id));
	if (kind != PROTOCOL_CANXL)
		return;
	memcpy(&length, frame + XL_LENGTH_OFFSET, sizeof(length));
	memcpy(&acceptance, frame + XL_ACCEPTANCE_OFFSET, sizeof(acceptance));
	length = htole16(length);
	acceptance = htole32(acceptance);
	memcpy(frame + XL_LENGTH_OFFSET, &length, sizeof(length));
	memcpy(frame + XL_ACCEPTANCE_OFFSET, &acceptance, sizeof(acceptance));
}

static bool can_convert(pcap_t *p, struct datagram *datagram)
{
	int kind = kind_of_frame(datagram->data, datagram->caplen);

	/* The kernel marks what was sent on this host, whether it was by way of a bus or not, by MSG_DONTROUTE. */
	if (kind == 0 || !pcapint_datagram_take_direction(p, datagram, (datagram->flags & MSG_DONTROUTE) != 0))
		return false;
	if (p->opt.protocol != 0 && p->opt.protocol != ETH_P_ALL && p->opt.protocol != kind)
		return false;
	swap_byte_order(datagram->data, kind);
	/* The flag by which readers tell FD from classic frames; not every kernel sets it. */
	if (kind == PROTOCOL_CANFD)
		datagram->data[FLAGS_OFFSET] |= FD_FLAG;
	return true;
}

static const struct datagram_source source = {
	.convert = can_convert,
	.explain = pcapint_datagram_explain_interface,
	.largest = XL_HEADER_SIZE + XL_PAYLOAD,
};

/* ---- Sending ---- */

/*
 * Makes the kernel's frame of a packet of this link type, whose last bytes, beyond the payload, may be missing. Its
 * size, or 0 if it is none.
 */
static u_int make_frame(u_char *frame, const u_char *data, u_int size)
{
	bool is_xl = size >= XL_HEADER_SIZE && (data[LENGTH_OFFSET] & XL_FLAG) != 0;
	int kind = is_xl ? PROTOCOL_CANXL : PROTOCOL_CAN;
	u_int whole = CLASSIC_SIZE;

	if (size < HEADER_SIZE)
		return 0;
	if (is_xl) {
		whole = XL_HEADER_SIZE + data[XL_LENGTH_OFFSET] + (data[XL_LENGTH_OFFSET + 1] << 8);
		if (whole != size || whole == XL_HEADER_SIZE || whole > XL_HEADER_SIZE + XL_PAYLOAD)
			return 0;
	} else {
		bool is_fd = size > CLASSIC_SIZE || (data[FLAGS_OFFSET] & FD_FLAG) != 0;
		u_int payload = data[LENGTH_OFFSET];
		if (payload > (is_fd ? FD_PAYLOAD : CAN_MAX_DLEN) || size > (is_fd ? FD_SIZE : CLASSIC_SIZE))
			return 0;
		/* A remote request has a length, and no payload. */
		if (size < HEADER_SIZE + payload && (data[0] & 0x40) == 0)
			return 0;
		whole = is_fd ? FD_SIZE : CLASSIC_SIZE;
	}
	memset(frame, 0, whole);
	memcpy(frame, data, size);
	swap_byte_order(frame, kind);
	return whole;
}

static int can_inject(pcap_t *p, const void *data, int size)
{
	u_char frame[XL_HEADER_SIZE + XL_PAYLOAD];
	u_int whole = make_frame(frame, data, (u_int)size);

	if (whole == 0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: these %d bytes are no CAN frame: identifier (4 bytes, network byte order), length, "
			"flags, "
			"2 reserved bytes, payload",
			p->opt.device, size);
		return PCAP_ERROR;
	}
	if (write(p->fd, frame, whole) == (ssize_t)whole)
		return size;
	if (errno == EMSGSIZE || errno == EINVAL)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the interface does not take frames of this kind ('ip link set %.16s mtu 72' lets a "
			"virtual "
			"one take CAN FD)",
			p->opt.device, p->opt.device);
	else
		pcapint_datagram_fail(p, PCAP_ERROR, "send a frame");
	return PCAP_ERROR;
}

/* ---- Filtering ---- */

/*
 * The kernel's filters are of the form "identifier & mask is, or is not, value"; a frame that one of them passes is
 * delivered. They need not be exact, since the program runs on what they pass. So for each way through the program
 * that accepts there is one, of the bits that the tests on the way say are set or not.
 */
struct way {
	u_int at;    /* the next instruction */
	bool has_id; /* A is the identifier and a_mask */
	uint32_t a_mask;
	uint32_t mask; /* bits of the identifier that are known */
	uint32_t value;
};

struct search {
	const struct bpf_program *program;
	struct can_filter filters[FILTERS_MAX];
	u_int count;
	u_int steps;
};

static bool follow(struct search *search, struct way way);

/* A way that accepts. Bit 29 is not the identifier's in a filter, where it asks for the opposite. */
static bool add_filter(struct search *search, const struct way *way)
{
	uint32_t mask = way->mask & ~CAN_ERR_FLAG;

	if (mask == 0 || search->count == FILTERS_MAX)
		return false;
	search->filters[search->count++] = (struct can_filter){way->value & mask, mask};
	return true;
}

/* The way on where "identifier & a_mask" is k. Without it, nothing is learnt. */
static bool follow_equal(struct search *search, struct way way, uint32_t k, u_int offset)
{
	way.at += 1 + offset;
	if (way.has_id) {
		/* It can't be: nothing goes this way. */
		if ((k & ~way.a_mask) != 0 || ((way.value ^ k) & way.mask & way.a_mask) != 0)
			return true;
		way.mask |= way.a_mask;
		way.value |= k;
	}
	return follow(search, way);
}

static bool follow_unknown(struct search *search, struct way way, u_int offset)
{
	way.at += 1 + offset;
	return follow(search, way);
}

/* Takes a way to where it divides, and both ways from there. False if the search is given up. */
static bool follow(struct search *search, struct way way)
{
	for (; way.at < search->program->bf_len; way.at++) {
		const struct bpf_insn *insn = &search->program->bf_insns[way.at];

		if (search->steps++ > STEPS_MAX)
			return false;
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k == 0) {
			way.has_id = true;
			way.a_mask = UINT32_MAX;
		} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
			way.a_mask &= insn->k;
		} else if (insn->code == (BPF_JMP | BPF_JA)) {
			way.at += insn->k;
		} else if (insn->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
			return follow_equal(search, way, insn->k, insn->jt) &&
			       follow_unknown(search, way, insn->jf);
		} else if (BPF_CLASS(insn->code) == BPF_JMP) {
			return follow_unknown(search, way, insn->jt) && follow_unknown(search, way, insn->jf);
		} else if (BPF_CLASS(insn->code) == BPF_RET) {
			bool rejects = BPF_RVAL(insn->code) == BPF_K && insn->k == 0;
			return rejects || add_filter(search, &way);
		} else if (BPF_CLASS(insn->code) == BPF_LD || BPF_CLASS(insn->code) == BPF_ALU ||
			   insn->code == (BPF_MISC | BPF_TXA)) {
			way.has_id = false; /* A is something else */
		}
	}
	return false;
}

/* What the kernel can leave out beforehand; everything passes where that can't be said, or where it says no. */
static void set_kernel_filters(pcap_t *p)
{
	static const struct can_filter all;
	struct search search = {.program = &p->fcode};
	bool found = follow(&search, (struct way){0});

	if (!found || setsockopt(p->fd, SOL_CAN_RAW, CAN_RAW_FILTER, search.filters,
			      search.count * sizeof(search.filters[0])) == -1)
		setsockopt(p->fd, SOL_CAN_RAW, CAN_RAW_FILTER, &all, sizeof(all));
}

static int can_setfilter(pcap_t *p, struct bpf_program *program)
{
	int status = install_bpf_program(p, program);

	if (status == 0)
		set_kernel_filters(p);
	return status;
}

/* ---- Activating ---- */

static int open_socket(pcap_t *p)
{
	p->fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);
	if (p->fd != -1)
		return 0;
	if (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the kernel has no raw CAN sockets (CONFIG_CAN_RAW; as root: 'modprobe can-raw')",
			p->opt.device);
		return PCAP_ERROR;
	}
	return pcapint_datagram_fail(p, PCAP_ERROR, "open a CAN socket");
}

/* Frames of all kinds. Kernels that know less are asked for no more than they have. */
static int ask_for_frames(pcap_t *p)
{
	/* struct can_raw_vcid_options: CAN_RAW_XL_VCID_TX_PASS, and a filter whose mask passes all. */
	static const uint8_t every_vcid[] = {0x02 | 0x04, 0, 0, 0};
	const can_err_mask_t errors = CAN_ERR_MASK;
	const int on = 1;

	setsockopt(p->fd, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &on, sizeof(on));
	if (setsockopt(p->fd, SOL_CAN_RAW, RAW_XL_FRAMES, &on, sizeof(on)) == 0)
		setsockopt(p->fd, SOL_CAN_RAW, RAW_XL_VCID_OPTIONS, every_vcid, sizeof(every_vcid));
	if (setsockopt(p->fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof(errors)) == -1)
		return pcapint_datagram_fail(p, PCAP_ERROR, "ask for error frames");
	return 0;
}

static int bind_socket(pcap_t *p)
{
	struct datagram_capture *dc = p->priv;
	struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(p->opt.device)};

	/* 0 would be all interfaces. */
	if (address.can_ifindex == 0)
		address.can_ifindex = -1;
	dc->ifindex = address.can_ifindex;
	return pcapint_datagram_bind(p, p->opt.device, (struct sockaddr *)&address, sizeof(address));
}

static int can_activate(pcap_t *p)
{
	static int (*const steps[])(pcap_t *) = {
		open_socket, pcapint_datagram_prepare, ask_for_frames, bind_socket};

	pcapint_datagram_begin(p, &source);
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int status = steps[i](p);
		if (status < 0)
			return status;
	}
	p->linktype = DLT_CAN_SOCKETCAN;
	p->inject_op = can_inject;
	p->setfilter_op = can_setfilter;
	p->setdirection_op = pcapint_datagram_setdirection;
	pcapint_datagram_finish(p);
	return 0;
}

/* ---- The two routines that the library calls ---- */

/* They are network interfaces, and listed as such. */
int pcap_can_findalldevs(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	return 0;
}

pcap_t *pcap_can_create(const char *device, char *errbuf)
{
	if ((!pcapint_datagram_is_instance(device, "can") && !pcapint_datagram_is_instance(device, "vcan")) ||
		!pcapint_datagram_is_interface(device, ARPHRD_CAN))
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_can);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	p->activate_op = can_activate;
	return p;
}
