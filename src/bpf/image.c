/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The disassembler: programs as text, in the forms that tcpdump -d, -dd and -ddd have made known. For people who look
 * at a filter, and for programs that take one from such text.
 */
#include "bpf/opcodes.h"

#include <stdio.h>

#define OPERAND_SIZE 64

/* The number of the instruction that lies distance after the one that follows number n; it wraps, as k does. */
static int target(int n, bpf_u_int32 distance)
{
	return (int)((bpf_u_int32)n + 1 + distance);
}

static void format_operand(char *text, const struct bpf_insn *insn, enum bpf_operand operand, int n)
{
	const struct bpf_ancillary *ancillary;
	int k = (int)insn->k;

	switch (operand) {
	case BPF_OPERAND_NONE:
		text[0] = '\0';
		break;
	case BPF_OPERAND_X:
		snprintf(text, OPERAND_SIZE, "x");
		break;
	case BPF_OPERAND_HEX:
		snprintf(text, OPERAND_SIZE, "#0x%x", insn->k);
		break;
	case BPF_OPERAND_DECIMAL:
	case BPF_OPERAND_DIVISOR:
	case BPF_OPERAND_SHIFT:
		snprintf(text, OPERAND_SIZE, "#%d", k);
		break;
	case BPF_OPERAND_PACKET:
		ancillary = pcapint_bpf_ancillary(insn->k);
		if (ancillary != NULL)
			snprintf(text, OPERAND_SIZE, "[%s]", ancillary->name);
		else
			snprintf(text, OPERAND_SIZE, "[%d]", k);
		break;
	case BPF_OPERAND_INDIRECT:
		snprintf(text, OPERAND_SIZE, "[x + %d]", k);
		break;
	case BPF_OPERAND_HEADER_LENGTH:
		snprintf(text, OPERAND_SIZE, "4*([%d]&0xf)", k);
		break;
	case BPF_OPERAND_SCRATCH:
		snprintf(text, OPERAND_SIZE, "M[%d]", k);
		break;
	case BPF_OPERAND_WIRE_LENGTH:
		snprintf(text, OPERAND_SIZE, "#pktlen");
		break;
	case BPF_OPERAND_TARGET:
		snprintf(text, OPERAND_SIZE, "%d", target(n, insn->k));
		break;
	}
}

char *bpf_image(const struct bpf_insn *insn, int n)
{
	static _Thread_local char image[160];
	char operand[OPERAND_SIZE];
	const char *mnemonic = "unimp";
	const struct bpf_opcode *opcode = pcapint_bpf_opcode(insn->code);

	if (opcode != NULL && !opcode->without_image) {
		mnemonic = opcode->mnemonic;
		format_operand(operand, insn, opcode->operand, n);
	} else {
		snprintf(operand, sizeof(operand), "0x%x", insn->code);
	}
	if (pcapint_bpf_branches(insn->code))
		snprintf(image, sizeof(image), "(%03d) %-8s %-16s jt %d\tjf %d", n, mnemonic, operand,
			target(n, insn->jt), target(n, insn->jf));
	else
		snprintf(image, sizeof(image), "(%03d) %-8s %s", n, mnemonic, operand);
	return image;
}

void bpf_dump(const struct bpf_program *program, int option)
{
	if (option > 2)
		printf("%u\n", program->bf_len);
	for (u_int i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		if (option > 2)
			printf("%u %u %u %u\n", insn->code, insn->jt, insn->jf, insn->k);
		else if (option == 2)
			printf("{ 0x%x, %u, %u, 0x%08x },\n", insn->code, insn->jt, insn->jf, insn->k);
		else
			puts(bpf_image(insn, (int)i));
	}
}
