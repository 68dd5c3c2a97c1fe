/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of classic BPF's opcodes and of the kernel's ancillary loads. Opcodes: McCanne and Jacobson's paper,
 * linux/bpf_common.h and linux/filter.h. Mnemonics and operands: as tcpdump -d shows them.
 */
#include "bpf/opcodes.h"

#include <string.h>

const struct bpf_opcode pcapint_bpf_opcodes[BPF_OPCODES] = {
	[BPF_LD | BPF_IMM] = {"ld", BPF_OPERAND_HEX},
	[BPF_LD | BPF_W | BPF_ABS] = {"ld", BPF_OPERAND_PACKET},
	[BPF_LD | BPF_H | BPF_ABS] = {"ldh", BPF_OPERAND_PACKET},
	[BPF_LD | BPF_B | BPF_ABS] = {"ldb", BPF_OPERAND_PACKET},
	[BPF_LD | BPF_W | BPF_IND] = {"ld", BPF_OPERAND_INDIRECT},
	[BPF_LD | BPF_H | BPF_IND] = {"ldh", BPF_OPERAND_INDIRECT},
	[BPF_LD | BPF_B | BPF_IND] = {"ldb", BPF_OPERAND_INDIRECT},
	[BPF_LD | BPF_MEM] = {"ld", BPF_OPERAND_SCRATCH},
	[BPF_LD | BPF_W | BPF_LEN] = {"ld", BPF_OPERAND_WIRE_LENGTH},

	[BPF_LDX | BPF_IMM] = {"ldx", BPF_OPERAND_HEX},
	[BPF_LDX | BPF_MEM] = {"ldx", BPF_OPERAND_SCRATCH},
	[BPF_LDX | BPF_W | BPF_LEN] = {"ldx", BPF_OPERAND_WIRE_LENGTH, .without_image = true},
	[BPF_LDX | BPF_B | BPF_MSH] = {"ldxb", BPF_OPERAND_HEADER_LENGTH},

	[BPF_ST] = {"st", BPF_OPERAND_SCRATCH},
	[BPF_STX] = {"stx", BPF_OPERAND_SCRATCH},

	[BPF_ALU | BPF_ADD | BPF_K] = {"add", BPF_OPERAND_DECIMAL},
	[BPF_ALU | BPF_SUB | BPF_K] = {"sub", BPF_OPERAND_DECIMAL},
	[BPF_ALU | BPF_MUL | BPF_K] = {"mul", BPF_OPERAND_DECIMAL},
	[BPF_ALU | BPF_DIV | BPF_K] = {"div", BPF_OPERAND_DIVISOR},
	[BPF_ALU | BPF_MOD | BPF_K] = {"mod", BPF_OPERAND_DIVISOR},
	[BPF_ALU | BPF_AND | BPF_K] = {"and", BPF_OPERAND_HEX},
	[BPF_ALU | BPF_OR | BPF_K] = {"or", BPF_OPERAND_HEX},
	[BPF_ALU | BPF_XOR | BPF_K] = {"xor", BPF_OPERAND_HEX},
	[BPF_ALU | BPF_LSH | BPF_K] = {"lsh", BPF_OPERAND_SHIFT},
	[BPF_ALU | BPF_RSH | BPF_K] = {"rsh", BPF_OPERAND_SHIFT},
	[BPF_ALU | BPF_NEG] = {"neg", BPF_OPERAND_NONE},
	[BPF_ALU | BPF_ADD | BPF_X] = {"add", BPF_OPERAND_X},
	[BPF_ALU | BPF_SUB | BPF_X] = {"sub", BPF_OPERAND_X},
	[BPF_ALU | BPF_MUL | BPF_X] = {"mul", BPF_OPERAND_X},
	[BPF_ALU | BPF_DIV | BPF_X] = {"div", BPF_OPERAND_X},
	[BPF_ALU | BPF_MOD | BPF_X] = {"mod", BPF_OPERAND_X},
	[BPF_ALU | BPF_AND | BPF_X] = {"and", BPF_OPERAND_X},
	[BPF_ALU | BPF_OR | BPF_X] = {"or", BPF_OPERAND_X},
	[BPF_ALU | BPF_XOR | BPF_X] = {"xor", BPF_OPERAND_X},
	[BPF_ALU | BPF_LSH | BPF_X] = {"lsh", BPF_OPERAND_X},
	[BPF_ALU | BPF_RSH | BPF_X] = {"rsh", BPF_OPERAND_X},

	[BPF_JMP | BPF_JA] = {"ja", BPF_OPERAND_TARGET},
	[BPF_JMP | BPF_JEQ | BPF_K] = {"jeq", BPF_OPERAND_HEX},
	[BPF_JMP | BPF_JGT | BPF_K] = {"jgt", BPF_OPERAND_HEX},
	[BPF_JMP | BPF_JGE | BPF_K] = {"jge", BPF_OPERAND_HEX},
	[BPF_JMP | BPF_JSET | BPF_K] = {"jset", BPF_OPERAND_HEX},
	[BPF_JMP | BPF_JEQ | BPF_X] = {"jeq", BPF_OPERAND_X},
	[BPF_JMP | BPF_JGT | BPF_X] = {"jgt", BPF_OPERAND_X},
	[BPF_JMP | BPF_JGE | BPF_X] = {"jge", BPF_OPERAND_X},
	[BPF_JMP | BPF_JSET | BPF_X] = {"jset", BPF_OPERAND_X},

	[BPF_RET | BPF_K] = {"ret", BPF_OPERAND_DECIMAL},
	[BPF_RET | BPF_A] = {"ret", BPF_OPERAND_NONE},

	[BPF_MISC | BPF_TAX] = {"tax", BPF_OPERAND_NONE},
	[BPF_MISC | BPF_TXA] = {"txa", BPF_OPERAND_NONE},
};

#define SERVED(skf_ad, name, member)                                                                               \
	{                                                                                                          \
		BPF_ANCILLARY_OFFSET + skf_ad, name, offsetof(struct pcap_bpf_aux_data, member),                   \
			sizeof(((struct pcap_bpf_aux_data *)NULL)->member)                                         \
	}
#define KERNEL_ONLY(skf_ad, name)                                                                                  \
	{                                                                                                          \
		BPF_ANCILLARY_OFFSET + skf_ad, name, 0, 0                                                          \
	}

/*
 * linux/filter.h's SKF_AD_. What the kernel alone tells: nla and nlan search netlink messages, whose layout is the
 * kernel's own; poff is where its flow dissector finds the payload, and 0 where it finds none; random is random.
 */
static const struct bpf_ancillary ancillary_loads[] = {
	SERVED(0, "proto", protocol),
	SERVED(4, "type", pkt_type),
	SERVED(8, "ifidx", ifindex),
	KERNEL_ONLY(12, "nla"),
	KERNEL_ONLY(16, "nlan"),
	SERVED(20, "mark", mark),
	SERVED(24, "queue", queue),
	SERVED(28, "hatype", hatype),
	SERVED(32, "rxhash", rxhash),
	SERVED(36, "cpu", cpu),
	{BPF_ANCILLARY_XOR_X, "xor_x", 0, 0},
	SERVED(44, "vlan_tci", vlan_tag),
	SERVED(48, "vlanp", vlan_tag_present),
	KERNEL_ONLY(52, "poff"),
	KERNEL_ONLY(56, "random"),
	SERVED(60, "vlan_tpid", vlan_proto),
};

#define ANCILLARY_LOADS (sizeof(ancillary_loads) / sizeof(ancillary_loads[0]))

const struct bpf_ancillary *pcapint_bpf_ancillary(bpf_u_int32 k)
{
	/* A row every 4 bytes, none left out. */
	bpf_u_int32 row = (k - BPF_ANCILLARY_OFFSET) / 4;

	if (k < BPF_ANCILLARY_OFFSET || k % 4 != 0 || row >= ANCILLARY_LOADS)
		return NULL;
	return &ancillary_loads[row];
}

const struct bpf_ancillary *pcapint_bpf_ancillary_by_name(const char *name, size_t length)
{
	for (size_t i = 0; i < ANCILLARY_LOADS; i++)
		if (strlen(ancillary_loads[i].name) == length && memcmp(ancillary_loads[i].name, name, length) == 0)
			return &ancillary_loads[i];
	return NULL;
}
