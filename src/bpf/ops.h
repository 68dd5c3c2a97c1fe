/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A validated program in the form that native code and filter sets are made from: an op an instruction, with the op
 * that comes after it written out, and what is known where it begins. For the emitters, which then need to look at no
 * more than one op at a time.
 */
#ifndef WEIR_BPF_OPS_H
#define WEIR_BPF_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap-int.h>

/* Codes that are not in pcapint_bpf_opcodes. Those of loads and tests are, but for jumps. */
enum {
	OP_GO = 0x100, /* nothing: goes on with "yes" */
	OP_BACK,       /* jumps back over k ops, to "yes"; to "no" if too many ops were jumped over already */
	OP_AUX_HALF,   /* A: the 16 bits at k in struct pcap_bpf_aux_data, 0 without one */
	OP_AUX_WORD,   /* A: the 32 bits there */
	OP_MATCH,      /* sets bit k of the result */
	OP_MATCH_UNLESS_DONE, /* the same, unless OP_DONE has been there */
	OP_DONE,              /* bit k is final */
	OP_CODES,
};

struct bpf_op {
	uint16_t code;
	uint32_t k;
	uint32_t yes; /* the op that comes next; after a test, where it holds */
	uint32_t no;  /* after a test, where it does not; where a load is not in the packet, or a divisor is 0 */
};

/* The registers and scratch words whose values matter, a bit each. */
#define LIVE_A (1u << BPF_MEMWORDS)
#define LIVE_X (1u << (BPF_MEMWORDS + 1))
#define LIVE_SCRATCH(word) (1u << (word))
#define LIVE_ALL (LIVE_A | LIVE_X | (LIVE_SCRATCH(BPF_MEMWORDS) - 1))

/* What holds whenever an op begins. */
struct bpf_facts {
	bool reached;
	uint8_t raw_a; /* what A gets, or is tested for, has so many bytes in the packet's order; 0: it is a number */
	uint32_t source; /* the op before, where there is but one way to come here */
	uint32_t live;   /* LIVE_: what some op from here on reads before it writes it */
	uint32_t extent; /* the packet has so many bytes */
	uint32_t
		wanted; /* a packet that has fewer bytes comes to a "ret #0" from here in any case; NO_EXTENT: all do */
	uint32_t x_extent; /* the packet has so many bytes after offset X, and X is below 2^31 */
	uint32_t a_max;    /* A is not larger */
	uint32_t x_max;
};

#define NO_SOURCE UINT32_MAX
#define NO_EXTENT UINT32_MAX

struct bpf_ops {
	struct bpf_op *ops;
	struct bpf_facts *facts; /* of each op; NULL before pcapint_find_facts() */
	uint32_t count;
	uint32_t room;
	bool has_loops;
	uint32_t done_offset; /* OP_DONE's bits are so many bytes after OP_MATCH's; a multiple of 8 */
};

/* The bytes that a load from the packet reads: 1, 2, 4; 0 if it is no such load. */
u_int pcapint_op_load_size(const struct bpf_op *op);
/* Whether it compares A, with k or X. */
static inline bool op_is_test(const struct bpf_op *op)
{
	return op->code < OP_GO && BPF_CLASS(op->code) == BPF_JMP;
}
/* Whether it goes to "no" for some packets. */
bool pcapint_op_can_fail(const struct bpf_op *op);
/* What it writes and reads, LIVE_. */
uint32_t pcapint_op_writes(const struct bpf_op *op);
uint32_t pcapint_op_reads(const struct bpf_op *op);

/* From a program that has been validated. The first op is where it begins. 0, or -1 without memory. */
int pcapint_decode_ops(struct bpf_ops *ops, const struct bpf_insn *program, u_int len);
/* Appends an op; its index, or UINT32_MAX without memory. */
uint32_t pcapint_append_op(struct bpf_ops *ops, struct bpf_op op);
/* Fills in facts. All jumps but OP_BACK are to later ops. 0, or -1 without memory. */
int pcapint_find_facts(struct bpf_ops *ops);
void pcapint_free_ops(struct bpf_ops *ops);

/*
 * How many bytes a load at a constant offset, one that is not inside, asks the packet to have: its own and those of all
 * that comes after it, where being short of either has the same end.
 */
uint32_t pcapint_op_extent(const struct bpf_ops *ops, uint32_t i);
/*
 * What takes k's place where A has so many bytes in the packet's order. As a number it is what k is as bytes; none that
 * A can have is equal to it, where none is equal to k.
 */
static inline uint32_t pcapint_as_in_packet(uint32_t k, u_int size)
{
	if (size == 4)
		return __builtin_bswap32(k);
	return k > UINT16_MAX ? k : __builtin_bswap16((uint16_t)k);
}

/* Whether a load need not look whether the packet is so long, as something before it has. */
bool pcapint_op_is_inside(const struct bpf_op *op, const struct bpf_facts *facts);
/* Whether X + k cannot wrap, nor reach the offsets that mean something else. */
bool pcapint_op_is_bounded(const struct bpf_op *op, const struct bpf_facts *facts);

/* Runs ops as an interpreter does: for filter sets, where there is no native code. matches: OP_MATCH's bits. */
u_int pcapint_run_ops(const struct bpf_ops *ops, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux, uint64_t *matches);

#endif
