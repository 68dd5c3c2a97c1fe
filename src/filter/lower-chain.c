/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one loop of the language: "protochain" follows the headers of an IP packet until it meets the protocol it looks
 * for, or a header that it can't pass. The jump back makes the program one that no kernel takes.
 */
#include "filter/lower.h"

#include <netinet/in.h>

/* Where the type of the next header stands in an IP header, and where an IPv6 header ends (RFC 791, RFC 8200). */
#define IPV4_PROTOCOL 9
#define IPV6_NEXT_HEADER 6
#define IPV6_HEADER_SIZE 40

/* An extension header begins with the next one's type; its length stands in its second byte. */
struct extension {
	uint8_t type;
	bool ipv6_only;
};

/* Lengths in units of 8 bytes, the first not counted (RFC 8200 4.2; a fragment header's second byte is 0). */
static const struct extension extensions[] = {
	{IPPROTO_HOPOPTS, true},
	{IPPROTO_ROUTING, true},
	{IPPROTO_FRAGMENT, true},
	{IPPROTO_DSTOPTS, true},
};

/* X = the offset of what follows the IP header, A = its type. */
static void start(struct code *code, const struct block *block)
{
	const struct value *index = block->value;
	uint32_t k = block->k, type = block->ipv6 ? IPV6_NEXT_HEADER : IPV4_PROTOCOL;

	if (index == NULL && block->ipv6) {
		code_emit(code, BPF_LDX | BPF_W | BPF_IMM, k + IPV6_HEADER_SIZE);
		code_emit(code, BPF_LD | BPF_B | BPF_ABS, k + type);
	} else if (index == NULL) {
		code_emit(code, BPF_LDX | BPF_B | BPF_MSH, k);
		if (k != 0) {
			code_emit(code, BPF_MISC | BPF_TXA, 0);
			code_emit(code, BPF_ALU | BPF_ADD | BPF_K, k);
			code_emit(code, BPF_MISC | BPF_TAX, 0);
		}
		code_emit(code, BPF_LD | BPF_B | BPF_ABS, k + type);
	} else {
		code_load_x(code, index);
		code_emit(code, BPF_LD | BPF_B | BPF_IND, k + type);
		code_emit(code, BPF_ST, SCRATCH_CHAIN);
		if (block->ipv6) {
			code_emit(code, BPF_MISC | BPF_TXA, 0);
			k += IPV6_HEADER_SIZE;
		} else {
			code_emit(code, BPF_LD | BPF_B | BPF_IND, k);
			code_emit(code, BPF_ALU | BPF_AND | BPF_K, 0xf);
			code_emit(code, BPF_ALU | BPF_LSH | BPF_K, 2);
			code_emit(code, BPF_ALU | BPF_ADD | BPF_X, 0);
		}
		code_emit(code, BPF_ALU | BPF_ADD | BPF_K, k);
		code_emit(code, BPF_MISC | BPF_TAX, 0);
		code_emit(code, BPF_LD | BPF_W | BPF_MEM, SCRATCH_CHAIN);
	}
}

/* X on to the next header and A its type: the length is (second byte + extra) << shift. */
static void step(struct code *code, uint32_t extra, uint32_t shift, uint32_t loop)
{
	code_emit(code, BPF_LD | BPF_B | BPF_IND, 0);
	code_emit(code, BPF_ST, SCRATCH_CHAIN);
	code_emit(code, BPF_LD | BPF_B | BPF_IND, 1);
	code_emit(code, BPF_ALU | BPF_ADD | BPF_K, extra);
	code_emit(code, BPF_ALU | BPF_LSH | BPF_K, shift);
	code_emit(code, BPF_ALU | BPF_ADD | BPF_X, 0);
	code_emit(code, BPF_MISC | BPF_TAX, 0);
	code_emit(code, BPF_LD | BPF_W | BPF_MEM, SCRATCH_CHAIN);
	code_emit(code, BPF_JMP | BPF_JA, loop - (code->current->count + 1));
}

/* Instructions of step(). */
#define STEP 9

void lower_chain(struct code *code, const struct block *block)
{
	uint32_t tests = block->ipv6 ? sizeof(extensions) / sizeof(extensions[0]) : 0;

	start(code, block);
	uint32_t loop = code->current->count;
	/* Found: out, past the tests, the test for AH, and both steps. */
	uint32_t steps = STEP + (block->ipv6 ? STEP : 0);
	code_jump(code, BPF_JMP | BPF_JEQ | BPF_K, block->protocol, tests + 1 + steps, 0);
	for (uint32_t i = 0; i < tests; i++)
		code_jump(code, BPF_JMP | BPF_JEQ | BPF_K, extensions[i].type, tests - 1 - i + 1 + STEP, 0);
	/* An authentication header's length is in units of 4 bytes, less 2 (RFC 4302 2.2). */
	code_jump(code, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_AH, 0, steps);
	step(code, 2, 2, loop);
	if (block->ipv6)
		step(code, 1, 3, loop);
	code->machine = (struct machine){0};
}
