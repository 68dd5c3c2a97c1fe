/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Printing a tree and parsing what was printed gives the same tree, over random expressions and rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/filter.h"
#include "random-expressions.h"

#define LIMIT (64 * 1024 * 1024)
#define EXPRESSIONS 20000

static bool parse(struct filter *filter, const char *text)
{
	*filter = (struct filter){.input.text = text};
	arena_init(&filter->arena, LIMIT);
	return filter_parse(filter);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The text of a number tells how it was written, not what it is. */
static bool same_id(const struct id *a, const struct id *b)
{
	return a->form == b->form && (a->form > ID_NAME || same_text(a->text, b->text)) &&
	       (a->form != ID_RANGE || same_text(a->text, b->text)) && a->number == b->number &&
	       a->ipv4 == b->ipv4 && a->parts == b->parts && memcmp(&a->ipv6, &b->ipv6, sizeof(a->ipv6)) == 0 &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && a->has_prefix == b->has_prefix &&
	       a->prefix == b->prefix && a->has_mask == b->has_mask && a->mask == b->mask &&
	       a->mask_parts == b->mask_parts;
}

static bool same_arith(const struct arith *a, const struct arith *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->kind == b->kind && a->depth == b->depth && a->number == b->number && a->protocol == b->protocol &&
	       a->size == b->size && a->op == b->op && same_arith(a->left, b->left) &&
	       same_arith(a->right, b->right);
}

static bool same_tree(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->operand_count != b->operand_count || a->depth != b->depth)
		return false;
	for (uint32_t i = 0; i < a->operand_count; i++)
		if (!same_tree(a->operands[i], b->operands[i]))
			return false;
	return a->qualifiers.protocol == b->qualifiers.protocol &&
	       a->qualifiers.direction == b->qualifiers.direction && a->qualifiers.type == b->qualifiers.type &&
	       same_id(&a->id, &b->id) && a->word == b->word && a->has_value == b->has_value &&
	       a->value == b->value && a->mask == b->mask && a->offset == b->offset &&
	       same_text(a->text, b->text) && a->field == b->field && a->comparison == b->comparison &&
	       same_arith(a->left, b->left) && same_arith(a->right, b->right);
}

/* Nested operands of the same kind are flat, and there are as many as the kind has. */
static bool well_formed(const struct node *node)
{
	if (node->kind != NODE_AND && node->kind != NODE_OR && node->kind != NODE_NOT)
		return node->operand_count == 0;
	if (node->kind == NODE_NOT ? node->operand_count != 1 : node->operand_count < 2)
		return false;
	for (uint32_t i = 0; i < node->operand_count; i++)
		if ((node->kind != NODE_NOT && node->operands[i]->kind == node->kind) ||
			!well_formed(node->operands[i]))
			return false;
	return true;
}

/* Whether text is an expression; if so, it must come back. */
static bool comes_back(const char *text)
{
	struct filter filter, again;
	bool valid = parse(&filter, text);

	if (valid && filter.tree != NULL) {
		char *printed = filter_tree_text(filter.tree);
		if (!well_formed(filter.tree))
			fail_msg("%s: not well formed", text);
		if (!parse(&again, printed))
			fail_msg("%s: printed as %s: %s", text, printed, again.error);
		if (!same_tree(filter.tree, again.tree))
			fail_msg("%s: printed as %s: another tree", text, printed);
		free(printed);
		arena_free(&again.arena);
	}
	arena_free(&filter.arena);
	return valid;
}

static void test_random_expressions(void **state)
{
	char text[400];
	uint64_t random = 1;
	unsigned valid = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		random_expression(&random, text, sizeof(text));
		valid += comes_back(text);
	}
	/* The generator would be of no use if most of what it makes were wrong. */
	if (valid < EXPRESSIONS * 9 / 10)
		fail_msg("only %u of %u expressions are valid", valid, EXPRESSIONS);
}

/* What the generator does not make. */
static const char *const rows[] = {
	"host \\host or \\and or \\10.1.2.3 or \\80 or \\a&&b or a_b or \\_b or 0x",
	"not not not not tcp and not not udp",
	"on \\on or on \\5 or rset \\x-",
	"portrange \\ftp-data or \\and-or",
	"ether host $0a or $ff",
	"net 0/0 or ::/0 or 1.2.3 mask 255.255.255 or 300",
	"- - -5 = -(-5) and -(-ip[0]) = -len",
	"type 4 subtype 0xf0 or type 0x0c subtype 0 or subtype qos-cf-ack-poll",
	"llc i or llc s or llc u or llc",
	"l1 or snp or es-is or is-is proto 31",
	"decnet host 0.5 or 5 or 1029",
	"vpi (1 or not (2 or > 3)) and sls != 15",
	"action synproxy-drop or action defer or reason 255",
	"1 % 2 % 3 ^ 4 + 5 = 6 << 7 >> 8",
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!comes_back(rows[i]))
			fail_msg("%s: an error", rows[i]);
}

static void test_outline(void **state)
{
	struct filter filter;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	assert_true(parse(&filter, "tcp port 80 or not (ip[8] = 5 and vlan 7)"));
	filter_tree_dump(filter.tree, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "or\n"
				  "  tcp port 80\n"
				  "  not\n"
				  "    and\n"
				  "      ip[8] = 5\n"
				  "      vlan 7\n");
	free(text);
	arena_free(&filter.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_expressions),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_outline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
