/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The graph as text and for Graphviz, and who is told of the passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "filter/ir.h"

#define LIMIT (1024 * 1024)

/* One after the other, so that the numbers are the same whatever compiler orders arguments. */
static void make(struct ir *ir, struct arena *arena)
{
	arena_init(arena, LIMIT);
	assert_true(ir_init(ir, arena));
	const struct value *header = ir_msh(ir, 14);
	const struct value *word = ir_load(ir, 4, header, 20);
	const struct value *sum = ir_alu(ir, BPF_SUB, word, header);
	const struct value *type = ir_load(ir, 2, NULL, 12);
	struct block *inner = ir_test(ir, TEST_GT, sum, ir_const(ir, 0x45), ir->accept, ir->reject);
	struct block *chain = ir_chain(ir, NULL, 14, true, 6, NULL, ir->accept, inner);
	ir->root = ir_test(ir, TEST_EQ, type, ir_const(ir, 0x800), inner, chain);
}

static char *dumped(const struct ir *ir, void (*dump)(const struct ir *ir, FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	dump(ir, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_text(void **state)
{
	struct arena arena;
	struct ir ir;

	(void)state;
	make(&ir, &arena);
	char *text = dumped(&ir, ir_dump);
	assert_string_equal(text, "v3 := half[12]\n"
				  "b4: if v3 = 0x800 then b2 else b3\n"
				  "b3: if ip6 chain at 14 has protocol 6 then accept else b2\n"
				  "v0 := 4 * (byte[14] & 0xf)\n"
				  "v1 := word[v0 + 20]\n"
				  "v2 := v1 - v0\n"
				  "b2: if v2 > 0x45 then accept else reject\n");
	free(text);
	ir.root = ir.reject;
	text = dumped(&ir, ir_dump);
	assert_string_equal(text, "reject\n");
	free(text);
	arena_free(&arena);
}

static void test_end_of_chain(void **state)
{
	struct arena arena;
	struct ir ir;

	(void)state;
	arena_init(&arena, LIMIT);
	assert_true(ir_init(&ir, &arena));
	const struct value *end = ir_chain_end(&ir, NULL, 14, IP_6, 6);
	const struct value *port = ir_load(&ir, 2, end, 0);
	struct block *test = ir_test(&ir, TEST_EQ, port, ir_const(&ir, 80), ir.accept, ir.reject);
	ir.root = ir_chain(&ir, NULL, 14, true, 6, end, test, ir.reject);
	char *text = dumped(&ir, ir_dump);
	assert_string_equal(text, "b3: if ip6 chain at 14 has protocol 6 then b2 else reject\n"
				  "v0 := end of ip6 chain at 14 of protocol 6\n"
				  "v1 := half[v0 + 0]\n"
				  "b2: if v1 = 0x50 then accept else reject\n");
	free(text);
	arena_free(&arena);
}

static void test_dot(void **state)
{
	struct arena arena;
	struct ir ir;

	(void)state;
	make(&ir, &arena);
	const struct value *length = ir_len(&ir);
	ir.root = ir_test(&ir, TEST_SET, length, ir_const(&ir, 4), ir.accept, ir.reject);
	char *text = dumped(&ir, ir_dump_dot);
	assert_string_equal(text, "digraph filter {\n"
				  "  node [shape=box, fontname=monospace];\n"
				  "  b5 [label=\"v6 := length\\lv6 has 4\\l\"];\n"
				  "  b5 -> accept [label=yes];\n"
				  "  b5 -> reject [label=no, style=dashed];\n"
				  "  accept [shape=oval];\n"
				  "  reject [shape=oval];\n"
				  "}\n");
	free(text);
	arena_free(&arena);
}

static void count_pass(const struct ir *ir, const char *pass, void *context)
{
	unsigned *count = context;

	assert_non_null(ir->root);
	assert_non_null(pass);
	(*count)++;
}

/* A test below itself is found by a pass, which is told of once; then there is nothing to do. */
static void test_watch(void **state)
{
	struct arena arena;
	struct ir ir;
	unsigned count = 0;

	(void)state;
	arena_init(&arena, LIMIT);
	assert_true(ir_init(&ir, &arena));
	const struct value *type = ir_load(&ir, 2, NULL, 12);
	struct block *again = ir_test(&ir, TEST_EQ, type, ir_const(&ir, 5), ir.accept, ir.reject);
	struct block *between = ir_test(&ir, TEST_GT, ir_len(&ir), ir_const(&ir, 60), again, ir.reject);
	ir.root = ir_test(&ir, TEST_EQ, type, ir_const(&ir, 5), between, ir.reject);
	ir.watch = count_pass;
	ir.watch_context = &count;
	assert_int_equal(ir_optimize(&ir), 0);
	assert_int_equal(count, 1);
	assert_int_equal(ir_optimize(&ir), 0);
	assert_int_equal(count, 1);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_end_of_chain),
		cmocka_unit_test(test_dot),
		cmocka_unit_test(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
