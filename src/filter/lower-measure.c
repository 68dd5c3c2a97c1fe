/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a graph costs as a program: for passes that try something and keep it if that made the program better.
 */
#include <stdlib.h>

#include <pcap.h>

#include "filter/ir-private.h"

/*
 * The instructions run on a packet if each test is as likely to go either way. Jumps go forward; the one back, of
 * "protochain", counts for nothing.
 */
static double instructions_run(const struct bpf_program *program, struct arena *arena)
{
	double *likely = arena_alloc(arena, program->bf_len * sizeof(*likely));
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

void program_cost(const struct bpf_program *program, struct arena *arena, struct cost *cost)
{
	*cost = (struct cost){program->bf_len, instructions_run(program, arena)};
}

bool ir_measure(const struct ir *ir, struct cost *cost)
{
	struct ir copy = *ir;
	struct arena scratch;
	struct bpf_program program;
	char errbuf[PCAP_ERRBUF_SIZE];

	arena_init(&scratch, ir->arena->limit);
	copy.arena = copy.scratch = &scratch;
	copy.trying = true;
	bool done = ir_lower(&copy, 1, &program, errbuf) == 0;
	if (done) {
		program_cost(&program, &scratch, cost);
		free(program.bf_insns);
	}
	done &= !scratch.failed;
	arena_free(&scratch);
	return done;
}

bool ir_try(struct ir *ir, struct block *root, struct cost *cost, better_function *better)
{
	struct block *before = ir->root;
	struct arena scratch, *outer = ir->scratch;
	struct cost with;

	if (root == NULL)
		return false;
	arena_init(&scratch, ir->arena->limit);
	ir->scratch = &scratch;
	ir->root = root;
	bool kept = pass_ranges(ir) >= 0 && pass_order(ir) >= 0 && ir_measure(ir, &with) && better(ir, &with, cost);
	if (kept)
		*cost = with;
	else
		ir->root = before;
	ir->scratch = outer;
	arena_free(&scratch);
	return kept;
}
