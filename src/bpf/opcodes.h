/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What classic BPF consists of: its opcodes and the kernel's ancillary loads, a row each. For the validator, the
 * disassembler and the assembler, which know no opcode but from here.
 */
#ifndef WEIR_BPF_OPCODES_H
#define WEIR_BPF_OPCODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap-int.h>

/* How an operand is written, and what k may be. */
enum bpf_operand {
	BPF_OPERAND_NONE,
	BPF_OPERAND_X,             /* x */
	BPF_OPERAND_HEX,           /* #0x800 */
	BPF_OPERAND_DECIMAL,       /* #-1 */
	BPF_OPERAND_DIVISOR,       /* #10, not 0 */
	BPF_OPERAND_SHIFT,         /* #31, not more */
	BPF_OPERAND_PACKET,        /* [12], or an ancillary load's name: [proto] */
	BPF_OPERAND_INDIRECT,      /* [x + 14] */
	BPF_OPERAND_HEADER_LENGTH, /* 4*([14]&0xf) */
	BPF_OPERAND_SCRATCH,       /* M[3] */
	BPF_OPERAND_WIRE_LENGTH,   /* #pktlen */
	BPF_OPERAND_TARGET,        /* 7, the number of an instruction */
};

/* The instructions that have more than an operand: "jt 3 jf 5". */
static inline bool pcapint_bpf_branches(u_int code)
{
	return BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_JA;
}

struct bpf_opcode {
	const char *mnemonic; /* NULL: no such opcode */
	enum bpf_operand operand;
	bool without_image; /* legal, but bpf_image() shows it as unknown, as users' tools expect */
};

/* By code, of which only 8 bits are in use. There is none that the kernel takes and userland does not. */
#define BPF_OPCODES 256
extern const struct bpf_opcode pcapint_bpf_opcodes[BPF_OPCODES];

/* The row of a legal opcode, or NULL. */
static inline const struct bpf_opcode *pcapint_bpf_opcode(u_int code)
{
	if (code >= BPF_OPCODES || pcapint_bpf_opcodes[code].mnemonic == NULL)
		return NULL;
	return &pcapint_bpf_opcodes[code];
}

/*
 * Offsets from 2^31 are not in the packet, but with a meaning of their own (linux/filter.h): from SKF_AD_OFF what is
 * known beside the packet, from SKF_NET_OFF the network header on, from SKF_LL_OFF the link-layer header on.
 */
#define BPF_ANCILLARY_OFFSET 0xfffff000u  /* SKF_AD_OFF */
#define BPF_NETWORK_OFFSET 0xfff00000u    /* SKF_NET_OFF */
#define BPF_LINK_LAYER_OFFSET 0xffe00000u /* SKF_LL_OFF */

/* SKF_AD_ALU_XOR_X, which is no load: A ^= X. */
#define BPF_ANCILLARY_XOR_X (BPF_ANCILLARY_OFFSET + 40)

/* An ancillary load: k of a load from the packet, of any size. */
struct bpf_ancillary {
	bpf_u_int32 k;
	const char *name;
	size_t offset; /* of the member in struct pcap_bpf_aux_data that has the value */
	size_t size;   /* its size; 0: only the kernel knows the value, and in userland it is 0 */
};

/* The row of an ancillary load, or NULL; by k, and by name of length bytes. */
const struct bpf_ancillary *pcapint_bpf_ancillary(bpf_u_int32 k);
const struct bpf_ancillary *pcapint_bpf_ancillary_by_name(const char *name, size_t length);

#endif
