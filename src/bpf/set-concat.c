/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts programs one after the other: where one ends, it notes whether it accepts, and the next begins. For filter sets
 * whose graphs together would be too large: what the programs know of a packet's length is shared at least, and there
 * is one piece of code, not as many as programs.
 */
#include "bpf/set-graph.h"

#include "bpf/program.h"

/* The most that a program becomes: its ops, zeros before it, and a note after it. */
#define MOST_OPS_OF(program) ((uint64_t)(program)->bf_len + 1 + BPF_MEMWORDS + 2 + 1)

/* What is appended goes on with the op after it, until something else is known. */
static bool append(struct bpf_ops *ops, u_int code, uint32_t k)
{
	struct bpf_op op = {(uint16_t)code, k, ops->count + 1, ops->count + 1};
	return pcapint_append_op(ops, op) != UINT32_MAX;
}

/* The registers and words that the program finds at 0 before it writes them. */
static bool append_zeros(struct bpf_ops *ops, uint32_t live)
{
	bool appended = true;

	if (live & (LIVE_A | (LIVE_A - 1)))
		appended = append(ops, BPF_LD | BPF_IMM, 0);
	if (live & LIVE_X)
		appended = appended && append(ops, BPF_LDX | BPF_IMM, 0);
	for (uint32_t word = 0; word < BPF_MEMWORDS; word++)
		if (live & LIVE_SCRATCH(word))
			appended = appended && append(ops, BPF_ST, word);
	return appended;
}

/* The program's ops; its returns become a place to accept at and one to reject at, which are what comes after it. */
static bool append_program(struct bpf_ops *ops, const struct bpf_ops *program, uint32_t filter)
{
	uint32_t start = ops->count, accept = start + program->count, reject = accept + 1;

	for (uint32_t i = 0; i < program->count; i++) {
		struct bpf_op op = program->ops[i];
		if (op.code < OP_GO && BPF_CLASS(op.code) == BPF_RET) {
			op.yes = BPF_RVAL(op.code) == BPF_K && op.k != 0 ? accept : reject;
			op.no = accept;
			op.code = BPF_RVAL(op.code) == BPF_K ? OP_GO : BPF_JMP | BPF_JEQ | BPF_K;
			op.k = 0;
		} else {
			op.yes += start;
			op.no += start;
		}
		if (pcapint_append_op(ops, op) == UINT32_MAX)
			return false;
	}
	return append(ops, OP_MATCH, filter);
}

/* From the last op on, so that where an OP_GO leads is known. */
static void skip_nothings(struct bpf_ops *ops)
{
	for (uint32_t i = ops->count; i-- != 0;) {
		struct bpf_op *op = &ops->ops[i];
		if (ops->ops[op->yes].code == OP_GO)
			op->yes = ops->ops[op->yes].yes;
		if (ops->ops[op->no].code == OP_GO)
			op->no = ops->ops[op->no].yes;
	}
}

static int add_program(struct bpf_ops *ops, const struct bpf_program *program, uint32_t filter, bool *added)
{
	struct bpf_ops own = {0};
	int status = -1;

	*added = false;
	if (pcapint_decode_ops(&own, program->bf_insns, program->bf_len) == 0 && own.has_loops) {
		status = 0;
	} else if (own.ops != NULL && pcapint_find_facts(&own) == 0 && append_zeros(ops, own.facts[0].live) &&
		   append_program(ops, &own, filter)) {
		*added = true;
		status = 0;
	}
	pcapint_free_ops(&own);
	return status;
}

int pcapint_set_concatenate(
	const struct bpf_program *programs, size_t count, uint32_t most, struct bpf_ops *ops, bool *added)
{
	int status = 0;

	*ops = (struct bpf_ops){0};
	for (size_t i = 0; i < count && status == 0; i++) {
		added[i] = false;
		if (ops->count + MOST_OPS_OF(&programs[i]) < most)
			status = add_program(ops, &programs[i], (uint32_t)i, &added[i]);
	}
	if (status == 0 && append(ops, BPF_RET | BPF_K, 0)) {
		ops->ops[ops->count - 1].yes = ops->ops[ops->count - 1].no = ops->count - 1;
		skip_nothings(ops);
		return 0;
	}
	pcapint_free_ops(ops);
	return -1;
}
