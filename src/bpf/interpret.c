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

/* The length of a program that ends by itself, since it was validated. */
#define VALIDATED SIZE_MAX

/* Written out, not as a loop: so compilers make it one instruction or two. */
static inline uint32_t load(const u_char *bytes, u_int size)
{
	switch (size) {
	case 1:
		return bytes[0];
	case 2:
		return (uint32_t)bytes[0] << 8 | bytes[1];
	default:
		return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	}
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
static inline bool jump(size_t *at, int32_t k, uint64_t *back_left)
{
	if (k < 0) {
		uint64_t distance = (uint64_t) - (int64_t)k;
		if (distance > *back_left)
			return false;
		*back_left -= distance;
	}
	*at += (size_t)k;
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
 * Goes on with the next instruction. A copy of this in each case lets the processor foresee what comes after what; gcc
 * has to be kept from making them one again, which costs a sixth of the speed.
 */
#if defined(__clang__)
#define KEEP_COPIES
#else
#define KEEP_COPIES __attribute__((optimize("no-crossjumping")))
#endif

#define NEXT()                                                                                                     \
	do {                                                                                                       \
		insn = &program[at++];                                                                             \
		goto *cases[(u_char)insn->code];                                                                   \
	} while (0)

#define NEXT_AFTER_JUMP()                                                                                          \
	do {                                                                                                       \
		if (at >= len)                                                                                     \
			return 0;                                                                                  \
		NEXT();                                                                                            \
	} while (0)

#define BRANCH(condition)                                                                                          \
	do {                                                                                                       \
		if (condition) {                                                                                   \
			at += insn->jt;                                                                            \
			NEXT_AFTER_JUMP();                                                                         \
		}                                                                                                  \
		at += insn->jf;                                                                                    \
		NEXT_AFTER_JUMP();                                                                                 \
	} while (0)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

/*
 * A case an opcode, which is why it is long. An opcode is told by the 8 bits that are in use. One that is not legal, a
 * scratch word that is not there and a division by 0 reject the packet, and so does running off the end: nothing is
 * left for the validator to rule out but, where len is not known, that last; where it is known, only jumps are looked
 * at, so the last instruction must be one after which nothing follows.
 */
static KEEP_COPIES u_int run(const struct bpf_insn *program, size_t len, const u_char *packet, u_int wirelen,
	u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	static const void *const cases[BPF_OPCODES] = {
		[0 ... BPF_OPCODES - 1] = &&illegal,
		[BPF_LD | BPF_W | BPF_ABS] = &&ld_w_abs,
		[BPF_LD | BPF_H | BPF_ABS] = &&ld_h_abs,
		[BPF_LD | BPF_B | BPF_ABS] = &&ld_b_abs,
		[BPF_LD | BPF_W | BPF_IND] = &&ld_w_ind,
		[BPF_LD | BPF_H | BPF_IND] = &&ld_h_ind,
		[BPF_LD | BPF_B | BPF_IND] = &&ld_b_ind,
		[BPF_LDX | BPF_B | BPF_MSH] = &&ldx_b_msh,
		[BPF_LD | BPF_IMM] = &&ld_imm,
		[BPF_LDX | BPF_IMM] = &&ldx_imm,
		[BPF_LD | BPF_W | BPF_LEN] = &&ld_w_len,
		[BPF_LDX | BPF_W | BPF_LEN] = &&ldx_w_len,
		[BPF_LD | BPF_MEM] = &&ld_mem,
		[BPF_LDX | BPF_MEM] = &&ldx_mem,
		[BPF_ST] = &&st,
		[BPF_STX] = &&stx,
		[BPF_JMP | BPF_JA] = &&jmp_ja,
		[BPF_JMP | BPF_JEQ | BPF_K] = &&jmp_jeq_k,
		[BPF_JMP | BPF_JGT | BPF_K] = &&jmp_jgt_k,
		[BPF_JMP | BPF_JGE | BPF_K] = &&jmp_jge_k,
		[BPF_JMP | BPF_JSET | BPF_K] = &&jmp_jset_k,
		[BPF_JMP | BPF_JEQ | BPF_X] = &&jmp_jeq_x,
		[BPF_JMP | BPF_JGT | BPF_X] = &&jmp_jgt_x,
		[BPF_JMP | BPF_JGE | BPF_X] = &&jmp_jge_x,
		[BPF_JMP | BPF_JSET | BPF_X] = &&jmp_jset_x,
		[BPF_ALU | BPF_ADD | BPF_K] = &&alu_add_k,
		[BPF_ALU | BPF_SUB | BPF_K] = &&alu_sub_k,
		[BPF_ALU | BPF_MUL | BPF_K] = &&alu_mul_k,
		[BPF_ALU | BPF_DIV | BPF_K] = &&alu_div_k,
		[BPF_ALU | BPF_MOD | BPF_K] = &&alu_mod_k,
		[BPF_ALU | BPF_AND | BPF_K] = &&alu_and_k,
		[BPF_ALU | BPF_OR | BPF_K] = &&alu_or_k,
		[BPF_ALU | BPF_XOR | BPF_K] = &&alu_xor_k,
		[BPF_ALU | BPF_LSH | BPF_K] = &&alu_lsh_k,
		[BPF_ALU | BPF_RSH | BPF_K] = &&alu_rsh_k,
		[BPF_ALU | BPF_ADD | BPF_X] = &&alu_add_x,
		[BPF_ALU | BPF_SUB | BPF_X] = &&alu_sub_x,
		[BPF_ALU | BPF_MUL | BPF_X] = &&alu_mul_x,
		[BPF_ALU | BPF_DIV | BPF_X] = &&alu_div_x,
		[BPF_ALU | BPF_MOD | BPF_X] = &&alu_mod_x,
		[BPF_ALU | BPF_AND | BPF_X] = &&alu_and_x,
		[BPF_ALU | BPF_OR | BPF_X] = &&alu_or_x,
		[BPF_ALU | BPF_XOR | BPF_X] = &&alu_xor_x,
		[BPF_ALU | BPF_LSH | BPF_X] = &&alu_lsh_x,
		[BPF_ALU | BPF_RSH | BPF_X] = &&alu_rsh_x,
		[BPF_ALU | BPF_NEG] = &&alu_neg,
		[BPF_MISC | BPF_TAX] = &&misc_tax,
		[BPF_MISC | BPF_TXA] = &&misc_txa,
		[BPF_RET | BPF_K] = &&ret_k,
		[BPF_RET | BPF_A] = &&ret_a,
	};
	const struct bpf_insn *insn;
	size_t at = 0;
	uint32_t scratch[BPF_MEMWORDS] = {0};
	uint32_t a = 0, x = 0;

	/* Larger offsets have another meaning. */
	if (buflen > INT32_MAX)
		buflen = INT32_MAX;
	uint64_t back_left = BPF_BACK_AT_LEAST + (uint64_t)buflen * BPF_BACK_PER_BYTE;
	NEXT();

ld_w_abs:
	if (!load_absolute(insn->k, 4, packet, buflen, aux, x, &a))
		return 0;
	NEXT();
ld_h_abs:
	if (!load_absolute(insn->k, 2, packet, buflen, aux, x, &a))
		return 0;
	NEXT();
ld_b_abs:
	if (!load_absolute(insn->k, 1, packet, buflen, aux, x, &a))
		return 0;
	NEXT();
ld_w_ind:
	if (!load_indirect(x + insn->k, 4, packet, buflen, &a))
		return 0;
	NEXT();
ld_h_ind:
	if (!load_indirect(x + insn->k, 2, packet, buflen, &a))
		return 0;
	NEXT();
ld_b_ind:
	if (!load_indirect(x + insn->k, 1, packet, buflen, &a))
		return 0;
	NEXT();
ldx_b_msh:
	if (!load_indirect(insn->k, 1, packet, buflen, &x))
		return 0;
	x = (x & 0xf) * 4;
	NEXT();
ld_imm:
	a = insn->k;
	NEXT();
ldx_imm:
	x = insn->k;
	NEXT();
ld_w_len:
	a = wirelen;
	NEXT();
ldx_w_len:
	x = wirelen;
	NEXT();
ld_mem:
	if (insn->k >= BPF_MEMWORDS)
		return 0;
	a = scratch[insn->k];
	NEXT();
ldx_mem:
	if (insn->k >= BPF_MEMWORDS)
		return 0;
	x = scratch[insn->k];
	NEXT();
st:
	if (insn->k >= BPF_MEMWORDS)
		return 0;
	scratch[insn->k] = a;
	NEXT();
stx:
	if (insn->k >= BPF_MEMWORDS)
		return 0;
	scratch[insn->k] = x;
	NEXT();
jmp_ja:
	if (!jump(&at, (int32_t)insn->k, &back_left))
		return 0;
	NEXT_AFTER_JUMP();
jmp_jeq_k:
	BRANCH(a == insn->k);
jmp_jgt_k:
	BRANCH(a > insn->k);
jmp_jge_k:
	BRANCH(a >= insn->k);
jmp_jset_k:
	BRANCH(a & insn->k);
jmp_jeq_x:
	BRANCH(a == x);
jmp_jgt_x:
	BRANCH(a > x);
jmp_jge_x:
	BRANCH(a >= x);
jmp_jset_x:
	BRANCH(a & x);
alu_add_k:
	a += insn->k;
	NEXT();
alu_sub_k:
	a -= insn->k;
	NEXT();
alu_mul_k:
	a *= insn->k;
	NEXT();
alu_div_k:
	if (insn->k == 0)
		return 0;
	a /= insn->k;
	NEXT();
alu_mod_k:
	if (insn->k == 0)
		return 0;
	a %= insn->k;
	NEXT();
alu_and_k:
	a &= insn->k;
	NEXT();
alu_or_k:
	a |= insn->k;
	NEXT();
alu_xor_k:
	a ^= insn->k;
	NEXT();
alu_lsh_k:
	a <<= insn->k & 31;
	NEXT();
alu_rsh_k:
	a >>= insn->k & 31;
	NEXT();
alu_add_x:
	a += x;
	NEXT();
alu_sub_x:
	a -= x;
	NEXT();
alu_mul_x:
	a *= x;
	NEXT();
alu_div_x:
	if (x == 0)
		return 0;
	a /= x;
	NEXT();
alu_mod_x:
	if (x == 0)
		return 0;
	a %= x;
	NEXT();
alu_and_x:
	a &= x;
	NEXT();
alu_or_x:
	a |= x;
	NEXT();
alu_xor_x:
	a ^= x;
	NEXT();
alu_lsh_x:
	a <<= x & 31;
	NEXT();
alu_rsh_x:
	a >>= x & 31;
	NEXT();
alu_neg:
	a = -a;
	NEXT();
misc_tax:
	x = a;
	NEXT();
misc_txa:
	a = x;
	NEXT();
ret_k:
	return insn->k;
ret_a:
	return a;
illegal:
	return 0;
}

#pragma GCC diagnostic pop
#undef NEXT
#undef NEXT_AFTER_JUMP
#undef BRANCH

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
	/* So it can't run off the end but by a jump, which is looked at. */
	if (len == 0 ||
		(BPF_CLASS(program[len - 1].code) != BPF_RET && BPF_CLASS(program[len - 1].code) != BPF_JMP))
		return 0;
	return run(program, len, packet, wirelen, buflen, aux);
}
