/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A value that is one of two: a jump inside the block's straight code. For lengths that depend on a flag, as those of
 * radio headers do.
 */
#include "filter/lower.h"

#include <pcap.h>

void lower_select(struct code *code, const struct value *value)
{
	struct block_code *block = code->current;

	code_load_a(code, value->tested);
	uint32_t test = block->count;
	code_jump(code, BPF_JMP | value->op | BPF_K, value->k, 0, 0);
	struct machine otherwise = code->machine;
	code_load_a(code, value->left);
	uint32_t leave = block->count;
	code_emit(code, BPF_JMP | BPF_JA, 0);
	struct machine chosen = code->machine;
	code->machine = otherwise;
	code_load_a(code, value->right);
	if (ir_failed(code->ir))
		return;
	uint32_t second = leave + 1;
	block->insns[leave].k = block->count - second;
	/* Both ways have A; there is nothing to pass over where the second has nothing to do. */
	if (block->count == second)
		block->count = --second;
	if (second - test - 1 > UINT8_MAX)
		code->too_deep = true;
	block->insns[test].jf = second - test - 1;
	code_meet(code, &code->machine, &chosen);
}
