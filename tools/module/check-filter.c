/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on filters: programs of every kind, those that are not valid, and filters that are
 * set while packets wait.
 */
#include "module/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define ENOUGH 24
#define LONG_PROGRAM 5000
#define SNAPSHOT 16
#define GATHERING_MS 300

static void set_program(struct trial *t, pcap_t *p, const struct bpf_insn *insns, unsigned count, const char *what)
{
	struct bpf_program program = {count, (struct bpf_insn *)insns};

	step(t, "pcap_setfilter() with a program that %s", what);
	if (pcap_setfilter(p, &program) != 0)
		broken(t, "a program that %s is refused: %s", what,
			check_text(t, "F3", pcap_geterr(p), "pcap_setfilter()"));
}

static const struct bpf_insn accept_all[] = {BPF_STMT(BPF_RET | BPF_K, MAXIMUM_SNAPLEN)};
static const struct bpf_insn refuse_all[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

static void set_accept(struct trial *t, pcap_t *p)
{
	set_program(t, p, accept_all, 1, "accepts all");
}

static void set_refuse(struct trial *t, pcap_t *p)
{
	set_program(t, p, refuse_all, 1, "refuses all");
}

/* Reads for a while; how many came. */
static unsigned read_a_while(struct gathering *g, unsigned ms)
{
	uint64_t until = monotonic_nanoseconds() + ms * 1000000ULL;
	unsigned before = g->callbacks;

	while (monotonic_nanoseconds() < until)
		if (dispatch(g, -1) == 0)
			wait_some(g->p, 20);
	return g->callbacks - before;
}

static pcap_t *open_to_filter(struct trial *t, struct gathering *g)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});

	start_gathering(g, t, p, ENOUGH);
	return p;
}

static void refuses_and_accepts(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_to_filter(t, &g);

	set_accept(t, p);
	gather_or_leave(&g, -1, 3);
	set_refuse(t, p);
	unsigned passed = read_a_while(&g, GATHERING_MS);
	if (passed > 0)
		broken(t, "with a filter that refuses all, %u packets are delivered", passed);
	set_accept(t, p);
	if (!gather(&g, -1, g.callbacks + 3))
		broken(t, "after a filter that refuses all, one that accepts all lets none pass");
	pcap_close(p);
}

static void filters_by_length(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_to_filter(t, &g);

	gather_or_leave(&g, -1, ENOUGH);
	u_int shorter = g.shorter, longer = g.longer, middle = shorter + (longer - shorter) / 2;
	const struct bpf_insn above[] = {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, middle, 0, 1), BPF_STMT(BPF_RET | BPF_K, MAXIMUM_SNAPLEN),
		BPF_STMT(BPF_RET | BPF_K, 0)};

	/* Packets of one length: all of them are above what is below, and none above themselves. */
	set_program(t, p, above, 4, "compares the length");
	start_gathering(&g, t, p, 0);
	read_a_while(&g, GATHERING_MS);
	if (g.callbacks > 0 && g.shorter <= middle)
		broken(t, "a filter for packets of more than %u bytes lets one of %u pass", middle, g.shorter);
	if (g.callbacks == 0 && shorter < longer)
		gather_or_leave(&g, -1, 1);
	pcap_close(p);
}

/* What was at hand before the filter came does not get past it. */
static void no_old_packet_passes(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_to_filter(t, &g);

	gather_or_leave(&g, -1, 1);
	for (int round = 0; round < 3; round++) {
		sleep_ms(GATHERING_MS);
		set_refuse(t, p);
		unsigned passed = read_a_while(&g, GATHERING_MS);
		if (passed > 0)
			broken(t,
				"%u packets that were there before a filter which refuses all are delivered after "
				"it",
				passed);
		set_accept(t, p);
		gather_or_leave(&g, -1, g.callbacks + 1);
	}
	pcap_close(p);
}

/* A read that has left packets over, because of its count. */
static void no_left_over_packet_passes(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_to_filter(t, &g);

	for (int round = 0; round < 5; round++) {
		sleep_ms(GATHERING_MS / 3);
		gather_or_leave(&g, 1, g.callbacks + 1);
		set_refuse(t, p);
		unsigned passed = read_a_while(&g, 50);
		if (passed > 0)
			broken(t,
				"%u packets that a read had left over are delivered after a filter which refuses "
				"all",
				passed);
		set_accept(t, p);
	}
	pcap_close(p);
}

/* ---- Programs ---- */

/* A program for what all devices do alike, with what it returns as its last instruction. */
static void try_program(struct trial *t, struct bpf_insn *insns, unsigned count, const char *what)
{
	struct gathering g;
	pcap_t *p = open_to_filter(t, &g);

	insns[count - 1].k = MAXIMUM_SNAPLEN;
	set_program(t, p, insns, count, what);
	if (!gather(&g, -1, 3))
		broken(t, "a program that %s and accepts lets no packet pass", what);
	insns[count - 1].k = 0;
	set_program(t, p, insns, count, what);
	unsigned passed = read_a_while(&g, GATHERING_MS);
	if (passed > 0)
		broken(t, "a program that %s and refuses lets %u packets pass", what, passed);
	pcap_close(p);
}

/* BPF_MOD and BPF_XOR, which an old kernel's filter lacks: (length % 7) ^ (length % 7) is 0. */
static void runs_mod_and_xor(struct trial *t)
{
	struct bpf_insn insns[] = {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 7),
		BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0)};

	/* The last is what it is all for; the one before is never reached. */
	try_program(t, insns, sizeof(insns) / sizeof(insns[0]), "computes with MOD and XOR");
}

static void runs_long_programs(struct trial *t)
{
	struct bpf_insn *insns = calloc(LONG_PROGRAM, sizeof(*insns));

	if (insns == NULL)
		left_out(t, "no memory");
	for (unsigned i = 0; i < LONG_PROGRAM - 1; i++)
		insns[i] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
	insns[LONG_PROGRAM - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
	try_program(t, insns, LONG_PROGRAM, "has 5,000 instructions");
	free(insns);
}

struct bad_program {
	const char *what;
	unsigned count;
	struct bpf_insn insns[2];
};

static const struct bad_program bad_programs[] = {
	{"has no instruction", 0, {BPF_STMT(BPF_RET | BPF_K, 0)}},
	{"does not return", 1, {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)}},
	{"jumps behind its end", 2, {BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0), BPF_STMT(BPF_RET | BPF_K, 0)}},
	{"has an opcode that does not exist", 2, {BPF_STMT(0xffff, 0), BPF_STMT(BPF_RET | BPF_K, 0)}},
	{"stores behind the scratch memory", 2, {BPF_STMT(BPF_ST, 16), BPF_STMT(BPF_RET | BPF_K, 0)}},
	{"divides by 0", 2, {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0)}},
};

static void refuses_bad_programs(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_to_filter(t, &g);

	for (size_t i = 0; i < sizeof(bad_programs) / sizeof(bad_programs[0]); i++) {
		const struct bad_program *row = &bad_programs[i];
		struct bpf_program program = {row->count, (struct bpf_insn *)row->insns};
		step(t, "pcap_setfilter() with a program that %s", row->what);
		p->errbuf[0] = '\0';
		int status = pcap_setfilter(p, &program);
		if (status == 0)
			broken(t, "a program that %s is taken", row->what);
		check_text(t, "F3", pcap_geterr(p), "pcap_setfilter()");
	}
	/* The handle goes on. */
	set_accept(t, p);
	dispatch(&g, 1);
	pcap_close(p);
}

/* Loads a byte that was captured, but lies behind the snapshot length: the filter sees it. */
static void filter_sees_what_was_captured(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_to_filter(t, &g);

	gather_or_leave(&g, -1, ENOUGH);
	pcap_close(p);
	u_int behind = g.longer - 1;
	for (unsigned i = 0; i < g.seen_max; i++)
		behind = g.seen[i].header.caplen >= SNAPSHOT + 2 && g.seen[i].header.caplen - 1 < behind
				 ? g.seen[i].header.caplen - 1
				 : behind;
	if (g.longer < SNAPSHOT + 2)
		left_out(t, "no packet has more than %d bytes", SNAPSHOT + 1);
	const struct bpf_insn loads[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, behind), BPF_STMT(BPF_RET | BPF_K, MAXIMUM_SNAPLEN)};
	p = open_handle(t, &(struct opening){.snaplen = SNAPSHOT, .timeout = 10, .nonblock = true});
	set_program(t, p, loads, 2, "loads a byte behind the snapshot length");
	start_gathering(&g, t, p, 0);
	if (!gather(&g, -1, 1))
		broken(t,
			"with a snapshot length of %d, a filter that loads byte %u lets no packet pass: it sees "
			"the snapshot, and "
			"not what was captured",
			SNAPSHOT, behind);
	pcap_close(p);
}

static void filtered_packets_are_not_counted(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 50, .nonblock = true});

	set_refuse(t, p);
	start_gathering(&g, t, p, 0);
	for (int i = 0; i < 5; i++) {
		sleep_ms(30);
		int n = dispatch(&g, 3);
		if (n > 0)
			broken(t, "with a filter that refuses all, a read returns %d", n);
		if (n == PCAP_ERROR_BREAK)
			broken(t, "with a filter that refuses all, a read returns PCAP_ERROR_BREAK");
	}
	pcap_close(p);
}

const struct check_row filter_checks[] = {
	{"F3", "programs that are not valid are refused, with a text", refuses_bad_programs, 0},
	{"R6", "packets that the filter refuses are not counted", filtered_packets_are_not_counted, 0},
	{"F1", "a filter accepts and refuses", refuses_and_accepts, CHECK_NEEDS_PACKETS},
	{"F1", "a filter by length passes those of that length", filters_by_length, CHECK_NEEDS_PACKETS},
	{"F2", "no packet from before a filter gets past it", no_old_packet_passes, CHECK_NEEDS_PACKETS},
	{"F2", "no packet that a read left over gets past a filter", no_left_over_packet_passes,
		CHECK_NEEDS_PACKETS},
	{"F2", "a program with MOD and XOR works", runs_mod_and_xor, CHECK_NEEDS_PACKETS},
	{"F2", "a program of 5,000 instructions works", runs_long_programs, CHECK_NEEDS_PACKETS},
	{"R7", "the filter sees what was captured, not the snapshot", filter_sees_what_was_captured,
		CHECK_NEEDS_PACKETS},
	{0},
};
