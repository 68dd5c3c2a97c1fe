/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interpreter. For every packet that is filtered in userland. Where a program can tell how it is run, it is run
 * as Linux runs it: offsets are counted modulo 2^32, shifts by a register modulo 32 (RFC 9669, 4.1), and a load from
 * outside the packet or a division by 0 rejects the packet. So a filter gives the same answer live and on a savefile.
 */
#include "bpf/program.h"

#include "bpf/opcodes.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A program that ends with itself, since it was validated. */
#define VALIDATED SIZE_MAX

/*
 * How often a program may jump back, beside once a captured byte. A loop that walks a packet takes at least a byte
 * each time; and a program that goes back without a loop does it less often than it has instructions.
 */
#define JUMPS_BACK BPF_MAXINSNS

static inline uint32_t load_word(const u_char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint32_t load_half(const u_char *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static inline uint32_t load(const u_char *bytes, u_int size)
{
	return size == 4 ? load_word(bytes) : size == 2 ? load_half(bytes) : bytes[0];
}

static inline bool is_inside(uint32_t offset, u_int size, u_int buflen)
{
	return (uint64_t)offset + size <= buflen;
}

static uint32_t ancillary_value(const struct bpf_ancillary *ancillary, const struct pcap_bpf_aux_data *aux)
{
	uint16_t half;
	uint32_t word;

	if (aux == NULL || ancillary->size == 0)
		return 0;
	const char *member = (const char *)aux + ancillary->offset;
	if (ancillary->size == sizeof(half)) {
		memcpy(&half, member, sizeof(half));
		return half;
	}
	memcpy(&word, member, sizeof(word));
	return word;
}

/*
 * A load that is not simply in the packet. The packet begins with its link-layer header, so that is where offsets
 * from BPF_LINK_LAYER_OFFSET are; where the network header is, nobody here knows. False rejects the packet.
 */
static __attribute__((noinline)) bool load_from_elsewhere(
	uint32_t offset, u_int size, const u_char *packet, u_int buflen, uint32_t *value)
{
	if (offset < BPF_LINK_LAYER_OFFSET || offset >= BPF_NETWORK_OFFSET)
		return false;
	offset -= BPF_LINK_LAYER_OFFSET;
	if (!is_inside(offset, size, buflen))
		return false;
	*value = load(packet + offset, size);
	return true;
}

/* The same for a constant offset, which may be an ancillary load's; it replaces A. */
static __attribute__((noinline)) bool load_beside_packet(uint32_t k, u_int size, const u_char *packet, u_int buflen,
	const struct pcap_bpf_aux_data *aux, uint32_t x, uint32_t *a)
{
	const struct bpf_ancillary *ancillary = pcapint_bpf_ancillary(k);

	if (ancillary == NULL)
		return load_from_elsewhere(k, size, packet, buflen, a);
	*a = k == BPF_ANCILLARY_XOR_X ? *a ^ x : ancillary_value(ancillary, aux);
	return true;
}

/* Jumps by k, which is negative for a jump back. False rejects the packet. */
static inline bool jump(size_t *at, uint32_t k, u_int *jumps_back)
{
	if ((int32_t)k < 0 && (*jumps_back)-- == 0)
		return false;
	*at += (size_t)(int32_t)k;
	return true;
}

static inline __attribute__((always_inline)) bool load_absolute(uint32_t k, u_int size, const u_char *packet,
	u_int buflen, const struct pcap_bpf_aux_data *aux, uint32_t x, uint32_t *a)
{
	if (is_inside(k, size, buflen)) {
		*a = load(packet + k, size);
		return true;
	}
	uint32_t value = *a; /* so that A itself can live in a register */
	if (!load_beside_packet(k, size, packet, buflen, aux, x, &value))
		return false;
	*a = value;
	return true;
}

static inline __attribute__((always_inline)) bool load_indirect(
	uint32_t offset, u_int size, const u_char *packet, u_int buflen, uint32_t *result)
{
	if (is_inside(offset, size, buflen)) {
		*result = load(packet + offset, size);
		return true;
	}
	uint32_t value;
	if (!load_from_elsewhere(offset, size, packet, buflen, &value))
		return false;
	*result = value;
	return true;
}

/*
 * A case an opcode, which is why it is long. An opcode, scratch word or divisor that is not legal rejects the packet,
 * so that only running off the end is left for the validator, or a known len, to rule out.
 */
static inline __attribute__((always_inline)) u_int run(const struct bpf_insn *program, size_t len,
	const u_char *packet, u_int wirelen, u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	uint32_t scratch[BPF_MEMWORDS] = {0};
	uint32_t a = 0, x = 0;
	u_int jumps_back = JUMPS_BACK;

	/* Larger offsets have another meaning. */
	if (buflen > INT32_MAX)
		buflen = INT32_MAX;
	jumps_back += buflen;
	for (size_t at = 0; len == VALIDATED || at < len;) {
		const struct bpf_insn *insn = &program[at++];
		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (!load_absolute(insn->k, 4, packet, buflen, aux, x, &a))
				return 0;
			break;
		case BPF_LD | BPF_H | BPF_ABS:
			if (!load_absolute(insn->k, 2, packet, buflen, aux, x, &a))
				return 0;
			break;
		case BPF_LD | BPF_B | BPF_ABS:
			if (!load_absolute(insn->k, 1, packet, buflen, aux, x, &a))
				return 0;
			break;
		case BPF_LD | BPF_W | BPF_IND:
			if (!load_indirect(x + insn->k, 4, packet, buflen, &a))
				return 0;
			break;
		case BPF_LD | BPF_H | BPF_IND:
			if (!load_indirect(x + insn->k, 2, packet, buflen, &a))
				return 0;
			break;
		case BPF_LD | BPF_B | BPF_IND:
			if (!load_indirect(x + insn->k, 1, packet, buflen, &a))
				return 0;
			break;
		case BPF_LDX | BPF_B | BPF_MSH:
			if (!load_indirect(insn->k, 1, packet, buflen, &x))
				return 0;
			x = (x & 0xf) * 4;
			break;
		case BPF_LD | BPF_IMM:
			a = insn->k;
			break;
		case BPF_LDX | BPF_IMM:
			x = insn->k;
			break;
		case BPF_LD | BPF_W | BPF_LEN:
			a = wirelen;
			break;
		case BPF_LDX | BPF_W | BPF_LEN:
			x = wirelen;
			break;
		case BPF_LD | BPF_MEM:
			if (insn->k >= BPF_MEMWORDS)
				return 0;
			a = scratch[insn->k];
			break;
		case BPF_LDX | BPF_MEM:
			if (insn->k >= BPF_MEMWORDS)
				return 0;
			x = scratch[insn->k];
			break;
		case BPF_ST:
			if (insn->k >= BPF_MEMWORDS)
				return 0;
			scratch[insn->k] = a;
			break;
		case BPF_STX:
			if (insn->k >= BPF_MEMWORDS)
				return 0;
			scratch[insn->k] = x;
			break;
		case BPF_JMP | BPF_JA:
			if (!jump(&at, insn->k, &jumps_back))
				return 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == insn->k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += a > insn->k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= insn->k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += a & insn->k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JEQ | BPF_X:
			at += a == x ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_X:
			at += a > x ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_X:
			at += a >= x ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_X:
			at += a & x ? insn->jt : insn->jf;
			break;
		case BPF_ALU | BPF_ADD | BPF_K:
			a += insn->k;
			break;
		case BPF_ALU | BPF_SUB | BPF_K:
			a -= insn->k;
			break;
		case BPF_ALU | BPF_MUL | BPF_K:
			a *= insn->k;
			break;
		case BPF_ALU | BPF_DIV | BPF_K:
			if (insn->k == 0)
				return 0;
			a /= insn->k;
			break;
		case BPF_ALU | BPF_MOD | BPF_K:
			if (insn->k == 0)
				return 0;
			a %= insn->k;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= insn->k;
			break;
		case BPF_ALU | BPF_OR | BPF_K:
			a |= insn->k;
			break;
		case BPF_ALU | BPF_XOR | BPF_K:
			a ^= insn->k;
			break;
		case BPF_ALU | BPF_LSH | BPF_K:
			a <<= insn->k & 31;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			a >>= insn->k & 31;
			break;
		case BPF_ALU | BPF_ADD | BPF_X:
			a += x;
			break;
		case BPF_ALU | BPF_SUB | BPF_X:
			a -= x;
			break;
		case BPF_ALU | BPF_MUL | BPF_X:
			a *= x;
			break;
		case BPF_ALU | BPF_DIV | BPF_X:
			if (x == 0)
				return 0;
			a /= x;
			break;
		case BPF_ALU | BPF_MOD | BPF_X:
			if (x == 0)
				return 0;
			a %= x;
			break;
		case BPF_ALU | BPF_AND | BPF_X:
			a &= x;
			break;
		case BPF_ALU | BPF_OR | BPF_X:
			a |= x;
			break;
		case BPF_ALU | BPF_XOR | BPF_X:
			a ^= x;
			break;
		case BPF_ALU | BPF_LSH | BPF_X:
			a <<= x & 31;
			break;
		case BPF_ALU | BPF_RSH | BPF_X:
			a >>= x & 31;
			break;
		case BPF_ALU | BPF_NEG:
			a = -a;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		case BPF_RET | BPF_K:
			return insn->k;
		case BPF_RET | BPF_A:
			return a;
		default:
			return 0;
		}
	}
	return 0;
}

u_int pcapint_filter_with_aux_data(const struct bpf_insn *program, const u_char *packet, u_int wirelen,
	u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	if (program == NULL)
		return UINT_MAX;
	return run(program, VALIDATED, packet, wirelen, buflen, aux);
}

u_int pcapint_filter(const struct bpf_insn *program, const u_char *packet, u_int wirelen, u_int buflen)
{
	return pcapint_filter_with_aux_data(program, packet, wirelen, buflen, NULL);
}

u_int bpf_filter(const struct bpf_insn *program, const u_char *packet, u_int wirelen, u_int buflen)
{
	return pcapint_filter_with_aux_data(program, packet, wirelen, buflen, NULL);
}

u_int pcapint_filter_unvalidated(const struct bpf_insn *program, u_int len, const u_char *packet, u_int wirelen,
	u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	return run(program, len, packet, wirelen, buflen, aux);
}
