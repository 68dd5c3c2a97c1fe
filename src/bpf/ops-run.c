/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs ops where there is no native code for them. For filter sets, and as a check on what native code is made from. */
#include "bpf/ops.h"

#include "bpf/opcodes.h"
#include "bpf/program.h"

#include <string.h>

struct machine {
	const u_char *packet;
	u_int buflen;
	u_int wirelen;
	const struct pcap_bpf_aux_data *aux;
	uint64_t *matches;
	uint32_t a, x;
	uint32_t scratch[BPF_MEMWORDS];
	uint64_t back_left;
};

static bool load(const struct machine *machine, uint32_t offset, u_int size, uint32_t *value)
{
	const u_char *bytes = machine->packet + offset;

	if (offset >= BPF_LINK_LAYER_OFFSET && offset < BPF_NETWORK_OFFSET)
		bytes = machine->packet + (offset -= BPF_LINK_LAYER_OFFSET);
	if ((uint64_t)offset + size > machine->buflen)
		return false;
	*value = 0;
	for (u_int i = 0; i < size; i++)
		*value = *value << 8 | bytes[i];
	return true;
}

static uint32_t load_aux(const struct machine *machine, const struct bpf_op *op)
{
	uint16_t half;
	uint32_t word;

	if (machine->aux == NULL)
		return 0;
	if (op->code == OP_AUX_WORD) {
		memcpy(&word, (const char *)machine->aux + op->k, sizeof(word));
		return word;
	}
	memcpy(&half, (const char *)machine->aux + op->k, sizeof(half));
	return half;
}

static bool run_load(struct machine *machine, const struct bpf_op *op)
{
	uint32_t value = op->k;

	switch (BPF_MODE(op->code)) {
	case BPF_ABS:
		if (!load(machine, op->k, pcapint_op_load_size(op), &value))
			return false;
		break;
	case BPF_IND:
		if (!load(machine, machine->x + op->k, pcapint_op_load_size(op), &value))
			return false;
		break;
	case BPF_MSH:
		if (!load(machine, op->k, 1, &value))
			return false;
		value = (value & 0xf) * 4;
		break;
	case BPF_MEM:
		value = machine->scratch[op->k];
		break;
	case BPF_LEN:
		value = machine->wirelen;
		break;
	}
	*(BPF_CLASS(op->code) == BPF_LD ? &machine->a : &machine->x) = value;
	return true;
}

static bool run_alu(struct machine *machine, const struct bpf_op *op)
{
	uint32_t operand = BPF_SRC(op->code) == BPF_X ? machine->x : op->k, *a = &machine->a;
	u_int operation = BPF_OP(op->code);

	if ((operation == BPF_DIV || operation == BPF_MOD) && operand == 0)
		return false;
	switch (operation) {
	case BPF_ADD:
		*a += operand;
		break;
	case BPF_SUB:
		*a -= operand;
		break;
	case BPF_MUL:
		*a *= operand;
		break;
	case BPF_DIV:
		*a /= operand;
		break;
	case BPF_MOD:
		*a %= operand;
		break;
	case BPF_AND:
		*a &= operand;
		break;
	case BPF_OR:
		*a |= operand;
		break;
	case BPF_XOR:
		*a ^= operand;
		break;
	case BPF_LSH:
		*a <<= operand & 31;
		break;
	case BPF_RSH:
		*a >>= operand & 31;
		break;
	case BPF_NEG:
		*a = -*a;
		break;
	}
	return true;
}

static bool holds(const struct machine *machine, const struct bpf_op *op)
{
	uint32_t operand = BPF_SRC(op->code) == BPF_X ? machine->x : op->k;

	switch (BPF_OP(op->code)) {
	case BPF_JEQ:
		return machine->a == operand;
	case BPF_JGT:
		return machine->a > operand;
	case BPF_JGE:
		return machine->a >= operand;
	default:
		return (machine->a & operand) != 0;
	}
}

/* What is not in pcapint_bpf_opcodes; false goes to "no". */
static bool run_private(struct machine *machine, const struct bpf_op *op, uint32_t done_offset)
{
	uint64_t bit = 1ull << op->k % 64, *matches, *done;

	switch (op->code) {
	case OP_BACK:
		if (machine->back_left < op->k)
			return false;
		machine->back_left -= op->k;
		return true;
	case OP_AUX_HALF:
	case OP_AUX_WORD:
		machine->a = load_aux(machine, op);
		return true;
	case OP_MATCH:
	case OP_MATCH_UNLESS_DONE:
	case OP_DONE:
		matches = &machine->matches[op->k / 64];
		done = matches + done_offset / sizeof(*done);
		if (op->code == OP_DONE)
			*done |= bit;
		else if (op->code == OP_MATCH || !(*done & bit))
			*matches |= bit;
		return true;
	default:
		return true;
	}
}

/* False goes to "no". */
static bool run_op(struct machine *machine, const struct bpf_op *op)
{
	switch (BPF_CLASS(op->code)) {
	case BPF_LD:
	case BPF_LDX:
		return run_load(machine, op);
	case BPF_ST:
		machine->scratch[op->k] = machine->a;
		return true;
	case BPF_STX:
		machine->scratch[op->k] = machine->x;
		return true;
	case BPF_ALU:
		return run_alu(machine, op);
	case BPF_JMP:
		return holds(machine, op);
	default:
		if (BPF_MISCOP(op->code) == BPF_TAX)
			machine->x = machine->a;
		else
			machine->a = machine->x;
		return true;
	}
}

u_int pcapint_run_ops(const struct bpf_ops *ops, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux, uint64_t *matches)
{
	struct machine machine = {.packet = packet,
		.buflen = buflen > INT32_MAX ? INT32_MAX : buflen,
		.wirelen = wirelen,
		.aux = aux,
		.matches = matches};
	const struct bpf_op *op = ops->ops;

	machine.back_left = BPF_BACK_AT_LEAST + (uint64_t)machine.buflen * BPF_BACK_PER_BYTE;
	while (op->code >= OP_GO || BPF_CLASS(op->code) != BPF_RET) {
		bool ok = op->code >= OP_GO ? run_private(&machine, op, ops->done_offset) : run_op(&machine, op);
		op = &ops->ops[ok ? op->yes : op->no];
	}
	return BPF_RVAL(op->code) == BPF_A ? machine.a : op->k;
}
