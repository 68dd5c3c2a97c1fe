/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The graph as text, and in the language of Graphviz. For `weir filter`, and for whoever works on the compiler.
 */
#include "filter/ir-private.h"
#include "filter/tree.h"

/* Where it goes, and which values have been told already. */
struct dump {
	FILE *out;
	const char *line_end; /* of a definition */
	bool *told;           /* by value number */
};

static const char *test_text(enum test_op op)
{
	switch (op) {
	case TEST_EQ:
		return "=";
	case TEST_GT:
		return ">";
	case TEST_GE:
		return ">=";
	default:
		return "has";
	}
}

/* A value is told by its name where it is used; a number is itself. */
static void put_operand(struct dump *dump, const struct value *value)
{
	if (value->kind == VALUE_CONST)
		fprintf(dump->out, value->k < 10 ? "%u" : "%#x", value->k);
	else
		fprintf(dump->out, "v%u", value->number);
}

static void put_index(struct dump *dump, const struct value *base, uint32_t k)
{
	if (base != NULL) {
		put_operand(dump, base);
		fputs(" + ", dump->out);
	}
	fprintf(dump->out, "%u", k);
}

static const char *chain_text(enum ip_version version)
{
	return version == IP_4 ? "ip" : version == IP_6 ? "ip6" : "ip or ip6";
}

static void put_definition(struct dump *dump, const struct value *value)
{
	FILE *out = dump->out;

	fprintf(out, "v%u := ", value->number);
	switch (value->kind) {
	case VALUE_LEN:
		fputs("length", out);
		break;
	case VALUE_LOAD:
		fprintf(out, "%s[", value->size == 1 ? "byte" : value->size == 2 ? "half" : "word");
		put_index(dump, value->left, value->k);
		fputs("]", out);
		break;
	case VALUE_MSH:
		fprintf(out, "4 * (byte[%u] & 0xf)", value->k);
		break;
	case VALUE_ANCILLARY:
		fprintf(out, "ancillary[%u]", value->k);
		break;
	case VALUE_CHAIN_END:
		fprintf(out, "end of %s chain at ", chain_text((enum ip_version)value->size));
		put_index(dump, value->left, value->k);
		fprintf(out, " of protocol %u", value->op);
		break;
	case VALUE_SELECT:
		put_operand(dump, value->tested);
		fprintf(out, " %s %#x ? ", test_text((enum test_op)value->op), value->k);
		put_operand(dump, value->left);
		fputs(" : ", out);
		put_operand(dump, value->right);
		break;
	default:
		if (value->right == NULL)
			fputs("-", out);
		put_operand(dump, value->left);
		if (value->right != NULL) {
			fprintf(out, " %s ", pcapint_operation_text(value->op));
			put_operand(dump, value->right);
		}
		break;
	}
	fputs(dump->line_end, out);
}

/* The definitions that a value needs and that have not been told, then its own. */
static void define(struct dump *dump, const struct value *value)
{
	if (value == NULL || value->kind == VALUE_CONST || dump->told[value->number])
		return;
	dump->told[value->number] = true;
	define(dump, value->tested);
	define(dump, value->left);
	define(dump, value->right);
	put_definition(dump, value);
}

static void put_test(struct dump *dump, const struct block *block)
{
	if (block->kind == BLOCK_CHAIN) {
		fprintf(dump->out, "%s chain at ", block->ipv6 ? "ip6" : "ip");
		put_index(dump, block->value, block->k);
		fprintf(dump->out, " has protocol %u", block->protocol);
		return;
	}
	put_operand(dump, block->value);
	fprintf(dump->out, " %s ", test_text(block->op));
	put_operand(dump, block->operand);
}

static void put_target(FILE *out, const struct block *block)
{
	if (block->kind == BLOCK_ACCEPT)
		fputs("accept", out);
	else if (block->kind == BLOCK_REJECT)
		fputs("reject", out);
	else
		fprintf(out, "b%u", block->number);
}

/* The blocks in order, or NULL without memory; the dump is ready for their values. */
static struct block **start(struct dump *dump, struct ir *ir, size_t *count)
{
	dump->told = arena_alloc(ir->arena, ir->value_count + 1);
	return dump->told != NULL ? ir_order(ir, count) : NULL;
}

void ir_dump(const struct ir *ir, FILE *out)
{
	struct ir copy = *ir;
	struct dump dump = {.out = out, .line_end = "\n"};
	size_t count;
	struct block **order = start(&dump, &copy, &count);

	for (size_t i = 0; order != NULL && i < count; i++) {
		const struct block *block = order[i];
		if (block->yes == NULL) {
			if (block == ir->root)
				fprintf(out, "%s\n", block->kind == BLOCK_ACCEPT ? "accept" : "reject");
			continue;
		}
		define(&dump, block->value);
		define(&dump, block->operand);
		fprintf(out, "b%u: if ", block->number);
		put_test(&dump, block);
		fputs(" then ", out);
		put_target(out, block->yes);
		fputs(" else ", out);
		put_target(out, block->no);
		fputs("\n", out);
	}
}

static void put_edge(FILE *out, const struct block *from, const struct block *to, const char *style)
{
	fprintf(out, "  b%u -> ", from->number);
	put_target(out, to);
	fprintf(out, " [%s];\n", style);
}

void ir_dump_dot(const struct ir *ir, FILE *out)
{
	struct ir copy = *ir;
	struct dump dump = {.out = out, .line_end = "\\l"};
	size_t count;
	struct block **order = start(&dump, &copy, &count);

	fputs("digraph filter {\n  node [shape=box, fontname=monospace];\n", out);
	for (size_t i = 0; order != NULL && i < count; i++) {
		const struct block *block = order[i];
		if (block->yes == NULL) {
			fprintf(out, "  %s [shape=oval];\n", block->kind == BLOCK_ACCEPT ? "accept" : "reject");
			continue;
		}
		fprintf(out, "  b%u [label=\"", block->number);
		define(&dump, block->value);
		define(&dump, block->operand);
		put_test(&dump, block);
		fputs("\\l\"];\n", out);
		put_edge(out, block, block->yes, "label=yes");
		put_edge(out, block, block->no, "label=no, style=dashed");
	}
	fputs("}\n", out);
}
