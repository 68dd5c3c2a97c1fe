/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making blocks: a test is brought into its simplest form, decided where it can be, and looked up among those that
 * are there, so that equal tests with equal ways on are one block.
 */
#include "filter/ir.h"

#include <stdlib.h>
#include <string.h>

#include "filter/ir-private.h"

static size_t hash_block(const struct block *b)
{
	size_t hash = b->kind * 31 + b->op;
	hash = hash * 0x9e3779b1 + (b->value != NULL ? b->value->number + 1 : 0);
	hash = hash * 0x9e3779b1 + (b->operand != NULL ? b->operand->number + 1 : 0);
	hash = hash * 0x9e3779b1 + b->yes->number;
	hash = hash * 0x9e3779b1 + b->no->number;
	hash = hash * 0x9e3779b1 + b->k * 2 + b->ipv6 + b->protocol * 7;
	return hash ^ hash >> 15;
}

static bool same_block(const struct block *a, const struct block *b)
{
	return a->kind == b->kind && a->op == b->op && a->value == b->value && a->operand == b->operand &&
	       a->yes == b->yes && a->no == b->no && a->k == b->k && a->ipv6 == b->ipv6 &&
	       a->protocol == b->protocol && a->end == b->end;
}

static void grow_blocks(struct ir *ir)
{
	size_t buckets = ir->block_buckets * 2;
	struct block **table = arena_alloc(ir->arena, buckets * sizeof(*table));
	if (table == NULL)
		return;
	for (size_t i = 0; i < ir->block_buckets; i++) {
		struct block *b = ir->block_table[i];
		while (b != NULL) {
			struct block *next = b->next_in_bucket;
			size_t bucket = hash_block(b) & (buckets - 1);
			b->next_in_bucket = table[bucket];
			table[bucket] = b;
			b = next;
		}
	}
	ir->block_table = table;
	ir->block_buckets = buckets;
}

static struct block *intern(struct ir *ir, const struct block *wanted)
{
	size_t bucket = hash_block(wanted) & (ir->block_buckets - 1);

	for (struct block *b = ir->block_table[bucket]; b != NULL; b = b->next_in_bucket)
		if (same_block(b, wanted))
			return b;
	struct block *b = arena_alloc(ir->arena, sizeof(*b));
	if (b == NULL)
		return NULL;
	*b = *wanted;
	b->number = ir->block_count++;
	b->made_before = ir->newest;
	ir->newest = b;
	b->next_in_bucket = ir->block_table[bucket];
	ir->block_table[bucket] = b;
	if (ir->block_count > ir->block_buckets)
		grow_blocks(ir);
	return b;
}

void ir_forget(struct ir *ir, uint32_t count)
{
	for (; ir->block_count > count; ir->block_count--, ir->newest = ir->newest->made_before) {
		struct block **at = &ir->block_table[hash_block(ir->newest) & (ir->block_buckets - 1)];
		while (*at != ir->newest)
			at = &(*at)->next_in_bucket;
		*at = ir->newest->next_in_bucket;
	}
}

bool ir_outcome(enum test_op op, uint32_t value, uint32_t operand)
{
	switch (op) {
	case TEST_EQ:
		return value == operand;
	case TEST_GT:
		return value > operand;
	case TEST_GE:
		return value >= operand;
	default:
		return (value & operand) != 0;
	}
}

/* Exchanges value and operand: c > x is not x >= c. Ways on are exchanged with them where the test turns round. */
static void swap_operands(struct block *test)
{
	const struct value *value = test->value;

	test->value = test->operand;
	test->operand = value;
	if (test->op == TEST_EQ || test->op == TEST_SET)
		return;
	test->op = test->op == TEST_GT ? TEST_GE : TEST_GT;
	struct block *yes = test->yes;
	test->yes = test->no;
	test->no = yes;
}

static void swap_ways(struct block *test)
{
	struct block *yes = test->yes;
	test->yes = test->no;
	test->no = yes;
}

/* The one way on that a test against a constant can take, or NULL if it can take both. */
static struct block *decided(const struct block *test, uint32_t k)
{
	uint32_t largest = test->value->largest, bits = test->value->bits;

	if (test->value->kind == VALUE_CONST)
		return ir_outcome(test->op, test->value->k, k) ? test->yes : test->no;
	switch (test->op) {
	case TEST_EQ:
		return k > largest || (k & ~bits) != 0 ? test->no : NULL;
	case TEST_GT:
		return k >= largest ? test->no : NULL;
	case TEST_GE:
		return k == 0 ? test->yes : k > largest ? test->no : NULL;
	default:
		return (k & bits) == 0 ? test->no : NULL;
	}
}

/* Takes an operation off the value where the constant can be changed instead; true if it did. */
static bool peel(struct ir *ir, struct block *test)
{
	const struct value *v = test->value;
	uint32_t k = test->operand->k;

	if (v->kind != VALUE_ALU || v->right == NULL || v->right->kind != VALUE_CONST)
		return false;
	uint32_t c = v->right->k;
	if (test->op == TEST_EQ && (v->op == BPF_ADD || v->op == BPF_XOR)) {
		test->value = v->left;
		test->operand = ir_const(ir, v->op == BPF_ADD ? k - c : k ^ c);
		return true;
	}
	/* x & m is 0 if no bit of m is set; with one bit in m, x & m is m if it is. */
	if (test->op == TEST_EQ && v->op == BPF_AND && (k == 0 || (k == c && (c & (c - 1)) == 0))) {
		test->op = TEST_SET;
		test->value = v->left;
		test->operand = v->right;
		if (k == 0)
			swap_ways(test);
		return true;
	}
	/* x >> c compares with k as x does with k << c. */
	if (v->op == BPF_RSH && k < UINT32_MAX >> c &&
		(test->op == TEST_GT || test->op == TEST_GE || (test->op == TEST_EQ && k == 0))) {
		if (test->op != TEST_GE)
			k++;
		if (test->op == TEST_EQ)
			swap_ways(test);
		test->op = TEST_GE;
		test->value = v->left;
		test->operand = ir_const(ir, k << c);
		return true;
	}
	if (test->op == TEST_SET && v->op == BPF_AND) {
		test->value = v->left;
		test->operand = ir_const(ir, k & c);
		return true;
	}
	return false;
}

/* Turns a test that tells no more than whether the value is 0, or the largest, into that; true if it did. */
static bool simplify(struct ir *ir, struct block *test)
{
	uint32_t k = test->operand->k;
	/* All the bits it can have. */
	bool any_bit = test->op == TEST_SET && (test->value->bits & ~k) == 0;

	if (any_bit || (test->op == TEST_GT && k == 0) || (test->op == TEST_GE && k == 1)) {
		test->operand = ir_const(ir, 0);
		swap_ways(test);
	} else if (test->op != TEST_GE || k != test->value->largest) {
		return false;
	}
	test->op = TEST_EQ;
	return true;
}

/* Brings a test against a constant into the one form that all its equivalents have. */
static void normalize(struct ir *ir, struct block *test)
{
	while (test->operand != NULL && (peel(ir, test) || simplify(ir, test)))
		;
}

struct block *ir_test(struct ir *ir, enum test_op op, const struct value *value, const struct value *operand,
	struct block *yes, struct block *no)
{
	if (value == NULL || operand == NULL || yes == NULL || no == NULL)
		return NULL;
	if (yes == no)
		return yes;
	struct block test = {
		.kind = BLOCK_TEST, .op = op, .value = value, .operand = operand, .yes = yes, .no = no};
	if (value->kind == VALUE_CONST && operand->kind != VALUE_CONST)
		swap_operands(&test);
	else if ((op == TEST_EQ || op == TEST_SET) && operand->kind != VALUE_CONST &&
		 value->number < operand->number)
		swap_operands(&test);
	if (test.operand->kind == VALUE_CONST) {
		normalize(ir, &test);
		if (test.operand == NULL)
			return NULL;
		struct block *way = decided(&test, test.operand->k);
		if (way != NULL)
			return way;
	} else if (test.value == test.operand && test.op != TEST_SET) {
		return test.op == TEST_GT ? test.no : test.yes;
	}
	return intern(ir, &test);
}

struct block *ir_chain(struct ir *ir, const struct value *index, uint32_t k, bool ipv6, uint8_t protocol,
	const struct value *end, struct block *yes, struct block *no)
{
	struct block chain = {
		.kind = BLOCK_CHAIN, .value = index, .k = k, .ipv6 = ipv6, .protocol = protocol, .end = end};

	if (yes == NULL || no == NULL)
		return NULL;
	if (yes == no)
		return yes;
	chain.yes = yes;
	chain.no = no;
	return intern(ir, &chain);
}

struct block *ir_rebuild(struct ir *ir, struct block *block, struct block *yes, struct block *no)
{
	if (block->kind == BLOCK_CHAIN)
		return ir_chain(ir, block->value, block->k, block->ipv6, block->protocol, block->end, yes, no);
	if (block->kind != BLOCK_TEST)
		return block;
	return ir_test(ir, block->op, block->value, block->operand, yes, no);
}
