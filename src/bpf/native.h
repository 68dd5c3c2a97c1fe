/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Native code for programs: making it, sharing it, freeing it; and what native.c and the emitter of the processor
 * (native-x86_64.c, native-arm64.c) are to each other.
 */
#ifndef WEIR_BPF_NATIVE_H
#define WEIR_BPF_NATIVE_H

#include "bpf/ops.h"

/*
 * A program as a function: what the interpreter returns for the packet. buflen is INT32_MAX at most. beside is a
 * struct pcap_bpf_aux_data or NULL; a filter set's writes its matches there.
 */
typedef u_int (*bpf_native_t)(const u_char *packet, size_t buflen, u_int wirelen, const void *beside);

struct bpf_native {
	bpf_native_t run;
	size_t size;  /* of the code, bytes */
	void *memory; /* where it lies, whole pages */
	size_t room;  /* of these */
};

/* Longer programs are left to the interpreter. */
#define NATIVE_MOST_OPS 65536

/* Whether this build has an emitter for this processor; and a byte that is, repeated, no instruction of it. */
extern const bool pcapint_has_native;
extern const uint8_t pcapint_native_trap;
/* Whether the environment allows native code: WEIR_NATIVE_FILTER=off does not. */
bool pcapint_native_is_allowed(void);

/*
 * Native code for a program that has been validated, shared with whoever has the same program. NULL where it can't be
 * made: no emitter, no memory, or a system that does not let new code be run.
 */
const struct bpf_native *pcapint_native_get(const struct bpf_insn *program, u_int len);
/* Gives it back; freed with the last who has it. NULL is nothing. */
void pcapint_native_put(const struct bpf_native *native);

/* The same for ops, not shared; pcapint_native_free() frees it. Finds the facts if they have not been found. */
bool pcapint_native_make(struct bpf_native *native, struct bpf_ops *ops);
void pcapint_native_free(struct bpf_native *native);

/*
 * ---- For emitters ----
 *
 * Code is emitted in passes. The first takes every jump for a long one; the second knows from it which can be short;
 * the third knows from that how far each goes.
 */
enum { PASS_LONG, PASS_SHORT, PASS_FINAL, PASSES };

struct emitter {
	const struct bpf_ops *ops;
	uint8_t *code;
	size_t used;
	size_t room;
	bool failed; /* no memory, or a jump too far */
	int pass;
	uint32_t *first; /* where each op's code began in the first pass, and where the last's ended */
	uint32_t *at;    /* and in the pass before this one */
	uint32_t zeroed; /* LIVE_: what is read before it is written, and so begins as 0 */
	bool uses_beside;
	bool uses_wire_length;
	int8_t place[BPF_MEMWORDS]; /* of scratch words; meaning is the emitter's */
	u_int stack;                /* bytes; likewise */
};

/* Appends bytes, the first lowest. */
void pcapint_emit_bytes(struct emitter *e, uint64_t bytes, u_int size);
/* The scratch words that are in use, the most used first; their number. */
u_int pcapint_scratch_in_use(const struct bpf_ops *ops, uint8_t words[BPF_MEMWORDS]);
/* Whether what is emitted after op i is op target. */
bool pcapint_is_next(const struct emitter *e, uint32_t i, uint32_t target);
/* Goes on with another op after op i. */
void pcapint_go_on(struct emitter *e, uint32_t i, uint32_t target);
/* Whether the op before, the only one that leads to op i, compared the same, so that the processor's flags tell. */
bool pcapint_is_compared(const struct bpf_ops *ops, uint32_t i);
/*
 * Whether what op i loads is wanted by nothing but the test after it, which is with a constant that has the value's
 * size, so that it can be tested where it lies in the packet.
 */
bool pcapint_is_tested_in_place(const struct bpf_ops *ops, uint32_t i);
/* Whether op i is such a test. */
bool pcapint_is_test_in_place(const struct bpf_ops *ops, uint32_t i);

/*
 * What an emitter offers: what comes before the first op; ops by code, without the jump to the next where an op has but
 * one; an unconditional jump from op i; a return.
 */
struct emit_row {
	void (*emit)(struct emitter *e, uint32_t i, int how); /* NULL: nothing is to be done */
	int how; /* the processor's part of the opcode, or whatever else emit asks for */
};

void pcapint_emit_start(struct emitter *e);
extern const struct emit_row pcapint_emit_rows[OP_CODES];
void pcapint_emit_jump(struct emitter *e, uint32_t i, uint32_t target);
void pcapint_emit_return(struct emitter *e, const struct bpf_op *op);

#endif
