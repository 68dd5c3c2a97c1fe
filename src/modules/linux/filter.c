/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filtering in the kernel: turning a program for packets as users see them into one for packets as the kernel sees
 * them, and changing to another without letting through what the former one passed. For pcap_setfilter().
 *
 * The kernel runs a filter before it puts a packet into the ring, on the packet without cooked header and VLAN tag.
 * What it can't run, is run here on each packet.
 */
#include "modules/linux/linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ANCILLARY(what) (SKF_AD_OFF + (what))
#define LOAD_ANCILLARY(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (bpf_u_int32)ANCILLARY(what))

/*
 * How long a packet may take from the filter to the ring, with much to spare: it is in the hands of a processor that
 * does nothing else meanwhile.
 */
#define SWITCH_NS 1000000000LL

/* ---- The kernel's program ---- */

/* Only what goes out. */
static const struct bpf_insn outgoing_only[] = {
	LOAD_ANCILLARY(SKF_AD_PKTTYPE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_LD | BPF_IMM, 0),
};

/* Not what comes back as received anyway; see wrong_direction() in deliver.c. */
static const struct bpf_insn no_echoes[] = {
	LOAD_ANCILLARY(SKF_AD_PKTTYPE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 4),
	LOAD_ANCILLARY(SKF_AD_HATYPE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_CAN, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_LD | BPF_IMM, 0),
};

#define LONGEST_PROLOGUE (sizeof(no_echoes) / sizeof(no_echoes[0]))
#define EPILOGUE 3

/* What the program for the filter begins with, as A and X are 0 where it begins; the number of instructions. */
static u_int put_prologue(const pcap_t *p, struct bpf_insn *at)
{
	const struct pcap_linux *lc = p->priv;

	if (p->direction == PCAP_D_OUT) {
		memcpy(at, outgoing_only, sizeof(outgoing_only));
		return sizeof(outgoing_only) / sizeof(outgoing_only[0]);
	}
	if (p->direction == PCAP_D_INOUT && lc->ifindex == 0) {
		memcpy(at, no_echoes, sizeof(no_echoes));
		return sizeof(no_echoes) / sizeof(no_echoes[0]);
	}
	return 0;
}

/* A load from the cooked header becomes one of the same from beside the packet. */
static bool move_header_load(const struct cooked_header *header, struct bpf_insn *insn)
{
	u_int size = BPF_SIZE(insn->code) == BPF_W ? 4 : BPF_SIZE(insn->code) == BPF_H ? 2 : 1;

	for (size_t i = 0; header->fields[i].size != 0; i++)
		if (insn->k == header->fields[i].offset && size == header->fields[i].size) {
			*insn = (struct bpf_insn)LOAD_ANCILLARY(header->fields[i].ancillary);
			return true;
		}
	return false;
}

/* Makes an instruction fit packets that lack their cooked header; false if that is not possible. */
static bool move_load(const struct cooked_header *header, struct bpf_insn *insn)
{
	if (BPF_CLASS(insn->code) != BPF_LD && BPF_CLASS(insn->code) != BPF_LDX)
		return true;
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		/* Beyond that are no offsets into the packet. */
		if (insn->k >= (bpf_u_int32)SKF_LL_OFF)
			return insn->k >= (bpf_u_int32)SKF_AD_OFF;
		if (insn->k < header->size)
			return move_header_load(header, insn);
		insn->k -= header->size;
		return true;
	case BPF_IND:
	case BPF_MSH:
		if (insn->k < header->size)
			return false;
		insn->k -= header->size;
		return true;
	case BPF_LEN:
		return false;
	default:
		return true;
	}
}

/*
 * Rewrites the program in place, with up to EPILOGUE instructions behind it; how many there are then, or 0 if it is
 * not possible. What the program returns tells the kernel how much of the packet to keep; how much users get is told
 * by the snapshot length alone. So all that is not 0 becomes length.
 */
static u_int rewrite(struct bpf_insn *insns, u_int count, const struct cooked_header *header, u_int length)
{
	static const struct bpf_insn reject_if_0[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	bool returns_register = false;

	for (u_int i = 0; i < count; i++) {
		struct bpf_insn *insn = &insns[i];
		if (BPF_CLASS(insn->code) == BPF_RET && BPF_RVAL(insn->code) == BPF_K && insn->k != 0) {
			insn->k = length;
		} else if (BPF_CLASS(insn->code) == BPF_RET && BPF_RVAL(insn->code) == BPF_A) {
			*insn = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, count - i - 1);
			returns_register = true;
		} else if (header != NULL && !move_load(header, insn)) {
			return 0;
		}
	}
	if (!returns_register)
		return count;
	memcpy(insns + count, reject_if_0, sizeof(reject_if_0));
	insns[count + 2] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, length);
	return count + EPILOGUE;
}

/* 0, or -1 with errno set. */
static int attach(pcap_t *p, const struct bpf_insn *insns, u_int count)
{
	int ignored = 0;

	if (count == 1 && insns[0].code == (BPF_RET | BPF_K) && insns[0].k >= MAXIMUM_SNAPLEN) {
		int status = setsockopt(p->fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof(ignored));
		return status == -1 && errno == ENOENT ? 0 : status;
	}
	if (count > BPF_MAXINSNS) {
		errno = EINVAL;
		return -1;
	}
	/* struct bpf_insn and the kernel's struct sock_filter are the same. */
	struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)insns};
	return setsockopt(p->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int tell_attach_error(pcap_t *p)
{
	if (errno == EPERM)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the filter can't be changed, since the socket's filter is locked (SO_LOCK_FILTER)",
			p->opt.device);
	else
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't set the kernel's filter", p->opt.device);
	return PCAP_ERROR;
}

/* How much of a packet the kernel is to keep. */
static u_int kept_length(const pcap_t *p)
{
	const struct pcap_linux *lc = p->priv;
	u_int header_size = lc->header != NULL ? lc->header->size : 0;

	/* Until a change is over, the filter here has to see all that it asks for. */
	if (lc->switching)
		return INT32_MAX;
	return (u_int)p->snapshot > header_size ? p->snapshot - header_size : 1;
}

/* Has the kernel filter: 1, 0 if it can't, or PCAP_ERROR. */
static int attach_program(pcap_t *p)
{
	/* Where there is no filter, one instruction stands for it. */
	static const struct bpf_insn pass_all = BPF_STMT(BPF_RET | BPF_K, 1);
	const struct pcap_linux *lc = p->priv;
	const struct bpf_insn *filter = p->fcode.bf_len > 0 ? p->fcode.bf_insns : &pass_all;
	u_int count = p->fcode.bf_len > 0 ? p->fcode.bf_len : 1;
	struct bpf_insn *insns = malloc((LONGEST_PROLOGUE + count + EPILOGUE) * sizeof(*insns));
	int status = 0;

	if (insns == NULL)
		return 0;
	u_int prologue = put_prologue(p, insns);
	memcpy(insns + prologue, filter, count * sizeof(*insns));
	count = rewrite(insns + prologue, count, lc->header, kept_length(p));
	if (count > 0) {
		status = attach(p, insns, prologue + count) == 0;
		/* What the kernel has no room for or does not know, is filtered here. */
		if (status == 0 && errno != EINVAL && errno != ENOMEM && errno != E2BIG && errno != EOPNOTSUPP)
			status = tell_attach_error(p);
	}
	free(insns);
	return status;
}

/* Has the kernel pass all of each packet, for the filter here to see. */
static int attach_pass_all(pcap_t *p)
{
	struct bpf_insn insns[LONGEST_PROLOGUE + 1];
	u_int prologue = put_prologue(p, insns);

	insns[prologue] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, INT32_MAX);
	return attach(p, insns, prologue + 1) == 0 ? 0 : tell_attach_error(p);
}

/* Whether only the kernel knows something that the program asks for. */
static bool needs_kernel(const struct bpf_program *program)
{
	for (u_int i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];
		if (BPF_CLASS(insn->code) != BPF_LD || BPF_MODE(insn->code) != BPF_ABS ||
			insn->k < (bpf_u_int32)SKF_LL_OFF)
			continue;
		switch (insn->k - (bpf_u_int32)SKF_AD_OFF) {
		case SKF_AD_PROTOCOL:
		case SKF_AD_PKTTYPE:
		case SKF_AD_IFINDEX:
		case SKF_AD_HATYPE:
		case SKF_AD_ALU_XOR_X:
		case SKF_AD_VLAN_TAG:
		case SKF_AD_VLAN_TAG_PRESENT:
		case SKF_AD_VLAN_TPID:
			break;
		default:
			return true;
		}
	}
	return false;
}

int pcapint_linux_attach_filter(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	int in_kernel = attach_program(p);

	if (in_kernel == 0 && needs_kernel(&p->fcode)) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.32s: the filter asks what only the kernel knows of a packet, and the kernel can't run "
			"it",
			p->opt.device);
		return PCAP_ERROR;
	}
	if (in_kernel < 0 || (in_kernel == 0 && attach_pass_all(p) < 0))
		return PCAP_ERROR;
	lc->filter_in_userland = in_kernel == 0;
	pcapint_linux_update_careful(p);
	return 0;
}

/* ---- Changing to another filter ---- */

static bool passes_everything(const struct bpf_program *program)
{
	return program->bf_insns[0].code == (BPF_RET | BPF_K) && program->bf_insns[0].k != 0;
}

/* Waits until no processor is with a packet that it began with before; membarrier(2) does that too, if the kernel can. */
static void wait_for_processors(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
		return;
	struct timespec some_time = {.tv_nsec = 50000000};
	nanosleep(&some_time, NULL);
}

/*
 * After a change the ring holds packets that the former filter let pass, and some more may be on their way there. They
 * are filtered here, until the last of them has been read: what was in the ring when all were in it. Those that can't
 * be filtered here are left out unseen.
 */
static void begin_switch(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;

	lc->switching = lc->switching && !lc->filter_in_userland;
	lc->switch_counted = false;
	lc->switch_left = lc->skip = 0;
	if (lc->switching) {
		lc->switch_until = pcapint_linux_now() + SWITCH_NS;
	} else if (!lc->filter_in_userland && needs_kernel(&p->fcode)) {
		wait_for_processors();
		lc->skip = lc->ring->unread(lc);
	}
	pcapint_linux_update_careful(p);
}

void pcapint_linux_continue_switch(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;

	if (!lc->switch_counted && pcapint_linux_now() >= lc->switch_until) {
		lc->switch_counted = true;
		lc->switch_left = lc->ring->unread(lc);
	}
	if (lc->switch_counted && lc->switch_left == 0) {
		lc->switching = false;
		pcapint_linux_update_careful(p);
		/* The same program, but it cuts packets to the snapshot length; if it can't, they are cut here. */
		if (p->snapshot < MAXIMUM_SNAPLEN)
			pcapint_linux_attach_filter(p);
	}
}

int pcapint_linux_setfilter(pcap_t *p, struct bpf_program *program)
{
	struct pcap_linux *lc = p->priv;
	struct bpf_program former = p->fcode;
	bool was_switching = lc->switching;

	p->fcode = (struct bpf_program){0};
	if (pcapint_install_bpf_program_with_aux(p, program) < 0) {
		p->fcode = former;
		return PCAP_ERROR;
	}
	lc->switching = !passes_everything(&p->fcode) && !needs_kernel(&p->fcode);
	if (pcapint_linux_attach_filter(p) < 0) {
		pcap_freecode(&p->fcode);
		p->fcode = former;
		lc->switching = was_switching;
		return PCAP_ERROR;
	}
	pcap_freecode(&former);
	begin_switch(p);
	return 0;
}

/* ---- Filtering here ---- */

bool pcapint_linux_passes_filter(pcap_t *p, const struct frame *frame, const struct sockaddr_ll *from)
{
	bool tagged = frame->status & TP_STATUS_VLAN_VALID;
	struct pcap_bpf_aux_data aux = {
		.vlan_tag_present = tagged,
		.vlan_tag = tagged ? frame->vlan_tci : 0,
		.vlan_proto = tagged ? frame->vlan_tpid : 0,
		.protocol = ntohs(from->sll_protocol),
		.pkt_type = from->sll_pkttype,
		.ifindex = from->sll_ifindex,
		.hatype = from->sll_hatype,
		.rxhash = frame->rxhash,
	};
	return pcapint_filter_packet(p, frame->data, frame->len, frame->caplen, &aux) != 0;
}
