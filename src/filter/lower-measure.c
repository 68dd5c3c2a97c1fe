/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a graph costs as a program: for passes that try something and keep it if that made the program better.
 */
#include <pcap.h>

#include "filter/lower.h"

/*
 * The instructions run on a packet if each test is as likely to go either way. Jumps go forward; the one back, of
 * "protochain", counts for nothing.
 */
static double instructions_run(const struct bpf_program *program, struct arena *scratch)
{
	double *likely = arena_alloc(scratch, program->bf_len * sizeof(*likely));
	double sum = 0;

	if (likely == NULL)
		return 0;
	likely[0] = 1;
	for (uint32_t i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];
		sum += likely[i];
		if (BPF_CLASS(insn->code) == BPF_RET)
			continue;
		if (BPF_CLASS(insn->code) != BPF_JMP) {
			likely[i + 1] += likely[i];
		} else if (BPF_OP(insn->code) == BPF_JA) {
			if (insn->k < program->bf_len - i - 1)
				likely[i + 1 + insn->k] += likely[i];
		} else {
			likely[i + 1 + insn->jt] += likely[i] / 2;
			likely[i + 1 + insn->jf] += likely[i] / 2;
		}
	}
	return sum;
}

void program_cost(const struct bpf_program *program, struct arena *scratch, struct cost *cost)
{
	*cost = (struct cost){program->bf_len, instructions_run(program, scratch)};
}

/* No kernel takes a longer program (linux/bpf_common.h, BPF_MAXINSNS): none is made shorter by trying. */
#define MOST_LENGTH 4096

static bool measure(struct ir *ir, struct cost *cost)
{
	struct scratch_mark mark = ir_scratch_mark(ir);
	struct bpf_program program;
	const char *refusal;
	bool done = lower_graph(ir, 1, false, &program, &refusal) == 0;

	if (done)
		program_cost(&program, ir->scratch, cost);
	ir_scratch_release(ir, &mark);
	return done && !ir_failed(ir);
}

bool ir_measure(struct ir *ir, struct cost *cost)
{
	if (ir->measured != ir->root && !measure(ir, &ir->cost))
		ir->cost.length = UINT32_MAX;
	ir->measured = ir->root;
	*cost = ir->cost;
	return cost->length <= MOST_LENGTH && !ir_failed(ir);
}

uint32_t ir_longest(struct ir *ir)
{
	struct block *root = ir->root;
	struct cost cost;

	if (ir->first != NULL) {
		ir->root = ir->first;
		ir->first = NULL;
		ir->longest = measure(ir, &cost) ? cost.length : 0;
		ir->root = root;
	}
	return ir->longest;
}

bool ir_try(struct ir *ir, struct block *root, struct cost *cost, better_function *better)
{
	struct block *before = ir->root;
	struct scratch_mark mark = ir_scratch_mark(ir);
	struct cost with;

	if (root == NULL)
		return false;
	ir->root = root;
	bool kept = pass_ranges(ir) >= 0 && pass_order(ir) >= 0 && measure(ir, &with) && better(ir, &with, cost);
	if (kept) {
		ir->measured = ir->root;
		*cost = ir->cost = with;
	} else {
		ir->root = before;
	}
	ir_scratch_release(ir, &mark);
	return kept;
}
