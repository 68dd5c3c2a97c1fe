/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The validator: whether a program ends, stays within itself and its scratch memory, and divides and shifts by what
 * it can. For programs from outside, before they are kept or run. The rules are the kernel's (bpf_check_classic() in
 * its net/core/filter.c), less those that userland has no need of.
 */
#include "bpf/program.h"

#include "bpf/opcodes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int PCAP_PRINTFLIKE(2, 3) complain(char *errbuf, const char *format, ...)
{
	va_list ap;

	if (errbuf == NULL)
		return PCAP_ERROR;
	va_start(ap, format);
	vsnprintf(errbuf, PCAP_ERRBUF_SIZE, format, ap);
	va_end(ap);
	return PCAP_ERROR;
}

static int check_target(u_int i, int64_t target, u_int len, char *errbuf)
{
	if (target < 0)
		return complain(
			errbuf, "instruction %u: jump to %" PRId64 " is before the first instruction", i, target);
	if (target >= len)
		return complain(errbuf, "instruction %u: jump to %" PRId64 " is past the end (%u instruction%s)", i,
			target, len, len == 1 ? "" : "s");
	return 0;
}

/*
 * A ja may go back in userland, where protochain's loops need it (the interpreter bounds them); the kernel has no
 * loops. Its k is then a negative number.
 */
static int check_ja(u_int i, bpf_u_int32 k, u_int len, enum bpf_target target, char *errbuf)
{
	int64_t to = (int64_t)i + 1 + (int32_t)k;

	if (target == BPF_TARGET_KERNEL && (int32_t)k < 0)
		return complain(
			errbuf, "instruction %u: jump to %" PRId64 " goes back; the kernel has no loops", i, to);
	return check_target(i, to, len, errbuf);
}

static int check_operand(const struct bpf_insn *insn, u_int i, enum bpf_operand operand, u_int len,
	enum bpf_target target, char *errbuf)
{
	switch (operand) {
	case BPF_OPERAND_DIVISOR:
		if (insn->k == 0)
			return complain(errbuf, "instruction %u: division by 0", i);
		return 0;
	case BPF_OPERAND_SHIFT:
		if (insn->k > 31)
			return complain(errbuf, "instruction %u: shift by %u (0 to 31 are possible)", i, insn->k);
		return 0;
	case BPF_OPERAND_SCRATCH:
		if (insn->k >= BPF_MEMWORDS)
			return complain(errbuf, "instruction %u: no scratch word M[%u] (there are M[0] to M[%d])",
				i, insn->k, BPF_MEMWORDS - 1);
		return 0;
	case BPF_OPERAND_PACKET:
		/* In userland such an offset is outside any packet, as others are. */
		if (target == BPF_TARGET_KERNEL && insn->k >= BPF_ANCILLARY_OFFSET &&
			pcapint_bpf_ancillary(insn->k) == NULL)
			return complain(errbuf, "instruction %u: the kernel has no ancillary load at %d", i,
				(int)(insn->k - BPF_ANCILLARY_OFFSET));
		return 0;
	case BPF_OPERAND_TARGET:
		return check_ja(i, insn->k, len, target, errbuf);
	default:
		return 0;
	}
}

/*
 * The kernel refuses a program that may read a scratch word before it is written. As it does, this goes through the
 * program once, in order, and also takes the instruction after a ret as reached from there.
 */
static int check_scratch_is_written(const struct bpf_insn *program, u_int len, char *errbuf)
{
	uint16_t written_at[BPF_MAXINSNS]; /* a bit a word: written on every path that jumps here */
	uint16_t written = 0;

	memset(written_at, 0xff, sizeof(written_at));
	for (u_int i = 0; i < len; i++) {
		const struct bpf_insn *insn = &program[i];
		written &= written_at[i];
		switch (insn->code) {
		case BPF_ST:
		case BPF_STX:
			written |= 1 << insn->k;
			break;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			if (!(written & 1 << insn->k))
				return complain(errbuf,
					"instruction %u: M[%u] may be read before it is written, which the kernel "
					"refuses",
					i, insn->k);
			break;
		case BPF_JMP | BPF_JA:
			written_at[i + 1 + insn->k] &= written;
			written = UINT16_MAX;
			break;
		default:
			if (!pcapint_bpf_branches(insn->code))
				break;
			written_at[i + 1 + insn->jt] &= written;
			written_at[i + 1 + insn->jf] &= written;
			written = UINT16_MAX;
		}
	}
	return 0;
}

int pcapint_validate_filter(const struct bpf_insn *program, u_int len, enum bpf_target target, char *errbuf)
{
	if (program == NULL || len == 0)
		return complain(errbuf, "the program is empty");
	if (target == BPF_TARGET_KERNEL && len > BPF_MAXINSNS)
		return complain(
			errbuf, "the program has %u instructions; the kernel takes at most %d", len, BPF_MAXINSNS);
	for (u_int i = 0; i < len; i++) {
		const struct bpf_insn *insn = &program[i];
		const struct bpf_opcode *opcode = pcapint_bpf_opcode(insn->code);

		if (opcode == NULL)
			return complain(errbuf, "instruction %u: no such opcode: 0x%x", i, insn->code);
		if (check_operand(insn, i, opcode->operand, len, target, errbuf) != 0)
			return PCAP_ERROR;
		if (pcapint_bpf_branches(insn->code) &&
			(check_target(i, (int64_t)i + 1 + insn->jt, len, errbuf) != 0 ||
				check_target(i, (int64_t)i + 1 + insn->jf, len, errbuf) != 0))
			return PCAP_ERROR;
	}
	if (BPF_CLASS(program[len - 1].code) != BPF_RET)
		return complain(errbuf, "instruction %u: the last one is not a ret", len - 1);
	return target == BPF_TARGET_KERNEL ? check_scratch_is_written(program, len, errbuf) : 0;
}

int pcapint_find_kernel_load(const struct bpf_insn *program, u_int len, uint32_t served, char *errbuf)
{
	served |= BPF_ANCILLARY_BIT(BPF_ANCILLARY_XOR_X); /* which is arithmetic */
	for (u_int i = 0; i < len; i++) {
		const struct bpf_insn *insn = &program[i];
		const struct bpf_opcode *opcode = pcapint_bpf_opcode(insn->code);

		if (opcode == NULL || opcode->operand != BPF_OPERAND_PACKET)
			continue;
		const struct bpf_ancillary *ancillary = pcapint_bpf_ancillary(insn->k);
		if (ancillary != NULL && !(served & BPF_ANCILLARY_BIT(insn->k)))
			return complain(errbuf, "instruction %u loads [%s], which only the kernel knows", i,
				ancillary->name);
		if (ancillary == NULL && insn->k >= BPF_NETWORK_OFFSET)
			return complain(errbuf,
				"instruction %u loads from %d bytes after the network header, which only the "
				"kernel "
				"finds",
				i, (int)(insn->k - BPF_NETWORK_OFFSET));
	}
	return 0;
}

int bpf_validate(const struct bpf_insn *program, int len)
{
	return len > 0 && pcapint_validate_filter(program, (u_int)len, BPF_TARGET_USERLAND, NULL) == 0;
}
