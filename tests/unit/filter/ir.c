/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The intermediate form against its meaning: random graphs over random packets, evaluated directly, unoptimized and
 * optimized, must agree; and what is known to fold must fold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pcap-int.h>

#include "filter/ir-private.h"

#define PACKET_SIZE 256

static uint64_t seed;

static uint32_t random_number(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed >> 33;
}

static uint32_t below(uint32_t n)
{
	return random_number() % n;
}

static u_char packet[PACKET_SIZE];

/* ---- What the graph means ---- */

static uint32_t bytes(uint32_t at, int size)
{
	uint32_t value = 0;
	assert_true(at + size <= PACKET_SIZE);
	while (size-- > 0)
		value = value << 8 | packet[at++];
	return value;
}

static uint32_t evaluate(const struct value *v)
{
	switch (v->kind) {
	case VALUE_CONST:
		return v->k;
	case VALUE_LEN:
		return PACKET_SIZE;
	case VALUE_LOAD:
		return bytes((v->left != NULL ? evaluate(v->left) : 0) + v->k, v->size);
	case VALUE_MSH:
		return 4 * (packet[v->k] & 0xf);
	case VALUE_ALU:
		return ir_compute(v->op, evaluate(v->left), v->right != NULL ? evaluate(v->right) : 0);
	case VALUE_SELECT:
		return evaluate(ir_outcome(v->op, evaluate(v->tested), v->k) ? v->left : v->right);
	default:
		return 0;
	}
}

static bool accepts(const struct block *b)
{
	while (b->kind == BLOCK_TEST)
		b = ir_outcome(b->op, evaluate(b->value), evaluate(b->operand)) ? b->yes : b->no;
	return b->kind == BLOCK_ACCEPT;
}

/* ---- Random graphs ---- */

static const struct value *random_index(struct ir *ir)
{
	switch (below(4)) {
	case 0:
		return below(4) ? NULL
				: ir_select(ir, TEST_SET, ir_load(ir, 1, NULL, below(4)), 1 << below(8),
					  ir_msh(ir, below(8)), ir_const(ir, below(20)));
	case 1:
		return ir_msh(ir, below(8));
	case 2:
		return ir_alu(ir, BPF_AND, ir_load(ir, 1, NULL, below(8)), ir_const(ir, 63));
	default:
		return ir_add(ir,
			ir_alu(ir, BPF_RSH, ir_load(ir, 1, ir_msh(ir, below(3)), below(8)), ir_const(ir, 2)),
			below(5));
	}
}

static const enum test_op test_ops[] = {TEST_EQ, TEST_GT, TEST_GE, TEST_SET};

static const struct value *random_value(struct ir *ir, int depth)
{
	static const uint16_t operations[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH, BPF_MOD, BPF_NEG};
	if (depth == 0 || below(3) == 0) {
		switch (below(6)) {
		case 0:
			return ir_const(ir, below(4) == 0 ? random_number() : below(10));
		case 1:
			return ir_len(ir);
		case 2:
			return ir_msh(ir, below(8));
		default:
			return ir_load(ir, 1 << below(3), random_index(ir), below(12));
		}
	}
	if (below(6) == 0)
		return ir_select(ir, test_ops[below(4)], random_value(ir, depth - 1), below(20),
			random_value(ir, depth - 1), random_value(ir, depth - 1));
	uint16_t op = operations[below(sizeof(operations) / sizeof(operations[0]))];
	const struct value *right = below(2) ? random_value(ir, depth - 1) : ir_const(ir, 1 + below(40));
	/* The filter machine ends at a division by 0, and the validator refuses some constants. */
	if (op == BPF_DIV || op == BPF_MOD)
		right = ir_const(ir, 1 + below(9));
	if (op == BPF_LSH || op == BPF_RSH)
		right = ir_const(ir, below(32));
	return ir_alu(ir, op, random_value(ir, depth - 1), op == BPF_NEG ? NULL : right);
}

/* Blocks are made from the end, each leading to some that are there already. */
static struct block *random_graph(struct ir *ir, int size)
{
	struct block *blocks[300] = {ir->accept, ir->reject};
	const struct value *values[6];
	int count = 2;
	for (int i = 0; i < 6; i++)
		values[i] = random_value(ir, 3);
	while (count < size) {
		const struct value *operand =
			below(5) == 0 ? random_value(ir, 2) : ir_const(ir, below(3) ? below(20) : random_number());
		int window = count < 6 ? count : 6;
		blocks[count] = ir_test(ir, test_ops[below(4)], values[below(6)], operand,
			blocks[count - 1 - below(window)], blocks[count - 1 - below(window)]);
		assert_non_null(blocks[count]);
		count++;
	}
	return blocks[count - 1];
}

static void new_packet(void)
{
	for (size_t i = 0; i < PACKET_SIZE; i++)
		packet[i] = below(3) ? below(20) : random_number();
}

static void compare(struct ir *ir, struct block *meaning, bool unoptimized)
{
	struct bpf_program program;
	char errbuf[PCAP_ERRBUF_SIZE];
	uint64_t before = seed;

	assert_null(ir_verify(ir));
	assert_int_equal(ir_lower(ir, 1000, &program, errbuf), 0);
	assert_true(bpf_validate(program.bf_insns, program.bf_len));
	for (int i = 0; i < 40; i++) {
		new_packet();
		assert_int_equal(accepts(ir->root), accepts(meaning));
		u_int verdict = bpf_filter(program.bf_insns, packet, PACKET_SIZE, PACKET_SIZE);
		if ((verdict != 0) != accepts(meaning)) {
			print_error(
				"seed %llu, %s\n", (unsigned long long)before, unoptimized ? "plain" : "optimized");
			bpf_dump(&program, 1);
			fail();
		}
	}
	pcap_freecode(&program);
}

/* Between passes. */
static void check_graph(const struct ir *ir, const char *pass, void *context _U_)
{
	const char *wrong = ir_verify(ir);
	if (wrong != NULL)
		print_error("after the pass \"%s\": %s\n", pass, wrong);
	assert_null(wrong);
}

static void Random_graphs_mean_the_same_in_every_form(void **state _U_)
{
	for (int round = 0; round < 3000; round++) {
		struct arena arena;
		struct ir ir;
		seed = round;
		arena_init(&arena, 1 << 26);
		assert_true(ir_init(&ir, &arena));
		struct block *meaning = ir.root = random_graph(&ir, 3 + below(round % 50 == 0 ? 290 : 40));
		compare(&ir, meaning, true);
		ir.watch = check_graph;
		assert_int_equal(ir_optimize(&ir), 0);
		compare(&ir, meaning, false);
		arena_free(&arena);
	}
}

/* So a test has one form, whatever it was made from, and passes leave alone what they do not change. */
static void A_block_made_anew_is_the_same(void **state _U_)
{
	for (int round = 0; round < 1000; round++) {
		struct arena arena;
		struct ir ir;
		size_t count;
		seed = round;
		arena_init(&arena, 1 << 26);
		assert_true(ir_init(&ir, &arena));
		ir.root = random_graph(&ir, 3 + below(40));
		struct block **order = ir_order(&ir, &count);
		for (size_t i = 0; i < count; i++)
			assert_ptr_equal(ir_rebuild(&ir, order[i], order[i]->yes, order[i]->no), order[i]);
		arena_free(&arena);
	}
}

static void A_search_finds_what_a_list_would(void **state _U_)
{
	for (int round = 0; round < 300; round++) {
		struct arena arena;
		struct ir ir;
		struct range ranges[200], copy[200];
		struct bpf_program program;
		char errbuf[PCAP_ERRBUF_SIZE];
		size_t count = 1 + below(200);

		seed = round;
		arena_init(&arena, 1 << 26);
		assert_true(ir_init(&ir, &arena));
		for (size_t i = 0; i < count; i++) {
			uint32_t low = below(8) == 0 ? random_number() : below(5000);
			ranges[i] = (struct range){low, below(3) == 0 ? low + below(50) : low};
			if (below(100) == 0)
				ranges[i] = (struct range){low, UINT32_MAX};
			if (ranges[i].high < low)
				ranges[i].high = low;
		}
		memcpy(copy, ranges, sizeof(copy));
		ir.root = ir_in_ranges(&ir, ir_load(&ir, 4, NULL, 0), ranges, count, ir.accept, ir.reject);
		assert_int_equal(ir_optimize(&ir), 0);
		assert_int_equal(ir_lower(&ir, 1, &program, errbuf), 0);
		for (int i = 0; i < 500; i++) {
			uint32_t wanted = below(4) ? copy[below(count)].low + below(3) - 1 : below(5100);
			u_char data[4] = {wanted >> 24, wanted >> 16, wanted >> 8, wanted};
			bool found = false;
			for (size_t j = 0; j < count && !found; j++)
				found = wanted >= copy[j].low && wanted <= copy[j].high;
			assert_int_equal(bpf_filter(program.bf_insns, data, 4, 4), found);
		}
		pcap_freecode(&program);
		arena_free(&arena);
	}
}

static void Thousands_of_values_cost_a_dozen_comparisons(void **state _U_)
{
	struct arena arena;
	struct ir ir;
	struct range *ranges = malloc(5000 * sizeof(*ranges));
	struct bpf_program program;
	char errbuf[PCAP_ERRBUF_SIZE];

	arena_init(&arena, 1 << 26);
	assert_true(ir_init(&ir, &arena));
	for (uint32_t i = 0; i < 5000; i++)
		ranges[i] = (struct range){i * 7919, i * 7919};
	ir.root = ir_in_ranges(&ir, ir_load(&ir, 4, NULL, 26), ranges, 5000, ir.accept, ir.reject);
	assert_int_equal(ir_lower(&ir, 1, &program, errbuf), 0);
	/* The longest way through, in tests: the graph is acyclic, so that a way is as long as its blocks are many. */
	uint32_t longest = 0, path = 0;
	for (struct block *b = ir.root; b->kind == BLOCK_TEST; b = b->no, path++)
		;
	longest = path;
	path = 0;
	for (struct block *b = ir.root; b->kind == BLOCK_TEST; b = b->op == TEST_GE ? b->yes : b->no, path++)
		;
	if (path > longest)
		longest = path;
	assert_true(longest <= 16);
	assert_true(program.bf_len < 2 * 5000);
	pcap_freecode(&program);
	arena_free(&arena);
	free(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(Random_graphs_mean_the_same_in_every_form),
		cmocka_unit_test(A_block_made_anew_is_the_same),
		cmocka_unit_test(A_search_finds_what_a_list_would),
		cmocka_unit_test(Thousands_of_values_cost_a_dozen_comparisons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
