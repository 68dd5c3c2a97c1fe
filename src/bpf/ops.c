/* SPDX-License-Identifier: BSD-3-Clause */
/* From a validated program to ops, what each op reads and writes, and running them without native code. */
#include "bpf/ops.h"

#include "bpf/opcodes.h"
#include "bpf/program.h"

#include <stdlib.h>
#include <string.h>

static bool loads_packet(uint16_t code)
{
	if (code >= OP_GO)
		return false;
	u_int mode = BPF_MODE(code);
	return (BPF_CLASS(code) == BPF_LD && (mode == BPF_ABS || mode == BPF_IND)) ||
	       code == (BPF_LDX | BPF_B | BPF_MSH);
}

u_int pcapint_op_load_size(const struct bpf_op *op)
{
	if (!loads_packet(op->code))
		return 0;
	return BPF_SIZE(op->code) == BPF_W ? 4 : BPF_SIZE(op->code) == BPF_H ? 2 : 1;
}

static bool divides_by_x(uint16_t code)
{
	return code == (BPF_ALU | BPF_DIV | BPF_X) || code == (BPF_ALU | BPF_MOD | BPF_X);
}

bool pcapint_op_can_fail(const struct bpf_op *op)
{
	return loads_packet(op->code) || divides_by_x(op->code);
}

uint32_t pcapint_op_writes(const struct bpf_op *op)
{
	if (op->code == OP_AUX_HALF || op->code == OP_AUX_WORD)
		return LIVE_A;
	if (op->code >= OP_GO)
		return 0;
	switch (BPF_CLASS(op->code)) {
	case BPF_LD:
	case BPF_ALU:
		return LIVE_A;
	case BPF_LDX:
		return LIVE_X;
	case BPF_ST:
	case BPF_STX:
		return LIVE_SCRATCH(op->k);
	case BPF_MISC:
		return BPF_MISCOP(op->code) == BPF_TAX ? LIVE_X : LIVE_A;
	default:
		return 0;
	}
}

uint32_t pcapint_op_reads(const struct bpf_op *op)
{
	if (op->code >= OP_GO)
		return 0;
	switch (BPF_CLASS(op->code)) {
	case BPF_LD:
	case BPF_LDX:
		return BPF_MODE(op->code) == BPF_IND   ? LIVE_X
		       : BPF_MODE(op->code) == BPF_MEM ? LIVE_SCRATCH(op->k)
						       : 0;
	case BPF_ST:
		return LIVE_A;
	case BPF_STX:
		return LIVE_X;
	case BPF_ALU:
	case BPF_JMP:
		return LIVE_A | (BPF_SRC(op->code) == BPF_X ? LIVE_X : 0);
	case BPF_RET:
		return BPF_RVAL(op->code) == BPF_A ? LIVE_A : 0;
	default:
		return BPF_MISCOP(op->code) == BPF_TAX ? LIVE_A : LIVE_X;
	}
}

uint32_t pcapint_append_op(struct bpf_ops *ops, struct bpf_op op)
{
	if (ops->count == ops->room) {
		uint32_t room = ops->room < 32 ? 64 : ops->room * 2;
		struct bpf_op *more = realloc(ops->ops, room * sizeof(*more));
		if (more == NULL)
			return UINT32_MAX;
		ops->ops = more;
		ops->room = room;
	}
	ops->ops[ops->count] = op;
	return ops->count++;
}

void pcapint_free_ops(struct bpf_ops *ops)
{
	free(ops->ops);
	free(ops->facts);
	*ops = (struct bpf_ops){0};
}

/* A load at a constant offset, for which the offset tells whether it is from the packet, from beside it, or neither. */
static struct bpf_op decode_load(struct bpf_op op, uint32_t reject)
{
	const struct bpf_ancillary *ancillary = BPF_CLASS(op.code) == BPF_LD ? pcapint_bpf_ancillary(op.k) : NULL;

	if (ancillary != NULL && op.k == BPF_ANCILLARY_XOR_X)
		return (struct bpf_op){BPF_ALU | BPF_XOR | BPF_X, 0, op.yes, reject};
	if (ancillary != NULL && ancillary->size == 0)
		return (struct bpf_op){BPF_LD | BPF_IMM, 0, op.yes, reject};
	if (ancillary != NULL)
		return (struct bpf_op){ancillary->size == sizeof(uint16_t) ? OP_AUX_HALF : OP_AUX_WORD,
			(uint32_t)ancillary->offset, op.yes, reject};
	if (op.k >= BPF_LINK_LAYER_OFFSET && op.k < BPF_NETWORK_OFFSET)
		op.k -= BPF_LINK_LAYER_OFFSET;
	if (op.k > INT32_MAX - 4) /* beyond any packet */
		return (struct bpf_op){OP_GO, 0, reject, reject};
	return op;
}

static struct bpf_op decode(const struct bpf_insn *insn, uint32_t i, uint32_t reject)
{
	struct bpf_op op = {insn->code, insn->k, i + 1, reject};

	if (loads_packet(op.code) && BPF_MODE(op.code) != BPF_IND)
		return decode_load(op, reject);
	if (op.code == (BPF_JMP | BPF_JA)) {
		bool back = (int32_t)insn->k < 0;
		return (struct bpf_op){back ? OP_BACK : OP_GO, back ? -insn->k : 0, i + 1 + insn->k, reject};
	}
	if (op_is_test(&op)) {
		op.yes = i + 1 + insn->jt;
		op.no = i + 1 + insn->jf;
	}
	return op;
}

int pcapint_decode_ops(struct bpf_ops *ops, const struct bpf_insn *program, u_int len)
{
	*ops = (struct bpf_ops){
		.ops = malloc((len + 1) * sizeof(struct bpf_op)), .count = len + 1, .room = len + 1};
	if (ops->ops == NULL)
		return -1;
	ops->ops[len] = (struct bpf_op){BPF_RET | BPF_K, 0, len, len};
	/* From the end, so that where an OP_GO leads is known when another op leads to it. */
	for (u_int i = len; i-- != 0;) {
		struct bpf_op *op = &ops->ops[i];
		*op = decode(&program[i], i, len);
		if (op->code == OP_BACK)
			ops->has_loops = true;
		else if (ops->ops[op->yes].code == OP_GO)
			op->yes = ops->ops[op->yes].yes;
		if (ops->ops[op->no].code == OP_GO)
			op->no = ops->ops[op->no].yes;
	}
	return 0;
}
