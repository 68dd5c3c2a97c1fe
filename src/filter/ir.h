/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The form between the tree and classic BPF: values that are pure functions of the packet, each made once, and an
 * acyclic graph of blocks that test a value and go on to one of two others. Since values never change (static single
 * assignment), two equal values are one pointer, and what a test has told stays true further down.
 */
#ifndef WEIR_FILTER_IR_H
#define WEIR_FILTER_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pcap/bpf.h>

#include "filter/arena.h"

enum value_kind {
	VALUE_CONST,     /* k */
	VALUE_LEN,       /* the packet's length on the wire */
	VALUE_LOAD,      /* size bytes of the packet at left + k (left NULL: at k), big-endian */
	VALUE_MSH,       /* 4 * (packet[k] & 0xf) */
	VALUE_ANCILLARY, /* what the kernel tells beside the packet: SKF_AD_OFF + k */
	VALUE_ALU,       /* left op right, of 32 bits, unsigned */
	VALUE_SELECT,    /* left where "tested op k" holds, otherwise right: a length that depends on flags */
	/*
	 * Where the chain of IP headers from left + k on ended, which has a protocol: the offset of its header, or 0 if
	 * that is in another fragment. Only blocks behind the "yes" of a BLOCK_CHAIN that names this value can use it.
	 */
	VALUE_CHAIN_END,
};

/* Which IP headers a chain can have. */
enum ip_version {
	IP_EITHER,
	IP_4,
	IP_6,
};

#define VALUE_MOST_COST 1000000

/* What a test asks of its value and operand, all unsigned; the other comparisons swap yes and no. */
enum test_op {
	TEST_EQ = BPF_JEQ,
	TEST_GT = BPF_JGT,
	TEST_GE = BPF_JGE,
	TEST_SET = BPF_JSET, /* value & operand is not 0 */
};

/* Immutable; made by the ir_…() functions below, which fold constants and return the value that is there already. */
struct value {
	enum value_kind kind;
	uint8_t size;      /* of a load: 1, 2, 4; of VALUE_CHAIN_END: enum ip_version */
	bool behind_chain; /* one of these, or made of one */
	/* Of VALUE_ALU: BPF_ADD … BPF_XOR; BPF_NEG has right NULL. Of VALUE_SELECT: enum test_op. Of a chain: protocol. */
	uint16_t op;
	uint32_t k;
	const struct value *left;
	const struct value *right;
	const struct value *tested;
	uint32_t number; /* in the order of making: operands have lower ones */
	/* What follows from its own form. Noted, since a value can have the same part many times. */
	uint32_t largest; /* that it can be */
	uint32_t bits;    /* that can be set in it */
	uint32_t cost;    /* instructions that bring it into a register from nothing; or VALUE_MOST_COST */
	uint32_t
		reach; /* how far into the packet it reads, if it reads at fixed places alone; otherwise UINT32_MAX */
	bool indexed; /* something in it is read at a place that is computed */
	const struct value *next_in_bucket;
};

enum block_kind {
	BLOCK_TEST,
	BLOCK_ACCEPT,
	BLOCK_REJECT,
	BLOCK_CHAIN, /* protochain: true if the chain of IP headers at "value + k" holds protocol "protocol" */
};

struct block {
	enum block_kind kind;
	enum test_op op;
	const struct value *value;
	const struct value *operand;
	struct block *yes;
	struct block *no;
	/* Of BLOCK_CHAIN: the network header at value + k (value NULL: at k), IPv6 or IPv4, and what is looked for. */
	uint32_t k;
	bool ipv6;
	uint8_t protocol;
	const struct value *end; /* the VALUE_CHAIN_END that "yes" tells; NULL if nobody asks for it */
	uint32_t number;
	struct block *next_in_bucket;
	struct block *made_before;
};

/* What a graph costs as a program: its instructions, and those run on a packet, about. */
struct cost {
	uint32_t length;
	double run;
};

struct ir {
	struct arena *arena;
	struct arena *scratch; /* what a pass needs while it runs; the same as arena outside of passes */
	uint32_t value_count;
	uint32_t block_count;
	const struct value **values;      /* by number */
	const struct value **value_table; /* hash tables that grow */
	size_t value_buckets;
	struct block **block_table;
	size_t block_buckets;
	struct block *newest;
	struct block *accept;
	struct block *reject;
	struct block *root;
	struct block *first; /* the root before the passes, where it is yet to be measured; otherwise NULL */
	uint32_t longest;    /* the program may become so long where that makes it faster (see ir_longest()) */
	struct order {       /* of the graph with this root: its blocks, as ir_order() gives them */
		const struct block *root;
		struct block **blocks;
		size_t count;
	} order;
	struct block *tried;    /* the root of a graph in which the edges were tried in vain */
	double least;           /* of all that was tried there, what was best in being short and fast */
	struct block *measured; /* the root of the graph that costs this */
	struct cost cost;
	/* Told of the graph after each pass that has changed it; NULL: nobody is. */
	void (*watch)(const struct ir *ir, const char *pass, void *context);
	void *watch_context;
};

/* All return NULL when memory has run out (arena->failed is set then); NULL operands are passed through as failure. */
bool ir_init(struct ir *ir, struct arena *arena);
const struct value *ir_const(struct ir *ir, uint32_t k);
const struct value *ir_len(struct ir *ir);
const struct value *ir_load(struct ir *ir, int size, const struct value *index, uint32_t k);
/* A load through a constant in an index register: so that it is the same code as one through what that can hold else. */
const struct value *ir_load_behind(struct ir *ir, int size, uint32_t index, uint32_t k);
const struct value *ir_msh(struct ir *ir, uint32_t k);
const struct value *ir_ancillary(struct ir *ir, uint32_t k);
const struct value *ir_alu(struct ir *ir, uint16_t op, const struct value *left, const struct value *right);
/* Only what is chosen is computed. */
const struct value *ir_select(struct ir *ir, enum test_op op, const struct value *tested, uint32_t k,
	const struct value *left, const struct value *right);
/* The second returns NULL also if nobody has asked for that value before. */
const struct value *ir_chain_end(
	struct ir *ir, const struct value *index, uint32_t k, enum ip_version version, uint8_t protocol);
const struct value *ir_known_chain_end(
	const struct ir *ir, const struct value *index, uint32_t k, enum ip_version version, uint8_t protocol);
/* value + k, where either may be constant. */
const struct value *ir_add(struct ir *ir, const struct value *value, uint32_t k);

/* A test with two ways on; folded where the outcome is known, shared where the same block is there already. */
struct block *ir_test(struct ir *ir, enum test_op op, const struct value *value, const struct value *operand,
	struct block *yes, struct block *no);
struct block *ir_chain(struct ir *ir, const struct value *index, uint32_t k, bool ipv6, uint8_t protocol,
	const struct value *end, struct block *yes, struct block *no);

/* low to high, both included. */
struct range {
	uint32_t low;
	uint32_t high;
};

/* So many numbers are looked for one after the other, as they were given: a search would make the program longer. */
#define IR_FEW_NUMBERS 8

/* Whether value lies in one of the ranges (sorted and merged in place): a balanced search. */
struct block *ir_in_ranges(struct ir *ir, const struct value *value, struct range *ranges, size_t count,
	struct block *yes, struct block *no);

/* What to do where the value lies between low and high, both included. */
struct case_range {
	uint32_t low;
	uint32_t high;
	struct block *target;
};

/* A balanced search of value among cases that are sorted and do not overlap. */
struct block *ir_search(struct ir *ir, const struct value *value, const struct case_range *cases, size_t count,
	struct block *otherwise);

/* Runs the passes of the table in passes.c until none finds anything to do. 0, or -1 when memory has run out. */
int ir_optimize(struct ir *ir);
/* NULL if the graph is as it should be, otherwise what is wrong with it. */
const char *ir_verify(const struct ir *ir);
void ir_dump(const struct ir *ir, FILE *out);
void ir_dump_dot(const struct ir *ir, FILE *out);

/* Turns the graph into a program that returns snaplen for what it accepts; malloc'ed instructions. 0 or -1, with text. */
int ir_lower(struct ir *ir, uint32_t snaplen, struct bpf_program *program, char *errbuf);

#endif
