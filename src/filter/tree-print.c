/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tree as an expression with nothing left out, which parses to the same tree again, and as an outline. For `weir
 * filter`, and for tests of the parser.
 */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <pcap/bpf.h>

#include "filter/scan.h"

static const char *comparison_text(enum comparison comparison)
{
	static const char *const texts[] = {
		[CMP_EQ] = "=",
		[CMP_NE] = "!=",
		[CMP_GT] = ">",
		[CMP_GE] = ">=",
		[CMP_LT] = "<",
		[CMP_LE] = "<=",
		[CMP_AND] = "&",
		[CMP_OR] = "|",
	};
	return texts[comparison];
}

const char *pcapint_operation_text(uint16_t op)
{
	static const struct {
		uint16_t op;
		const char *text;
	} rows[] = {
		{BPF_ADD, "+"},
		{BPF_SUB, "-"},
		{BPF_MUL, "*"},
		{BPF_DIV, "/"},
		{BPF_MOD, "%"},
		{BPF_AND, "&"},
		{BPF_OR, "|"},
		{BPF_XOR, "^"},
		{BPF_LSH, "<<"},
		{BPF_RSH, ">>"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].op == op)
			return rows[i].text;
	return "?";
}

/* The keyword of a word, whatever class it is of; they have no values in common. */
static const char *word_text(enum word word)
{
	static const enum keyword_class classes[] = {KEYWORD_CAST, KEYWORD_ALONE, KEYWORD_VALUE, KEYWORD_MAY_VALUE,
		KEYWORD_BYTE, KEYWORD_LLC, KEYWORD_WLAN_DIR, KEYWORD_PF_NAME, KEYWORD_PF_REASON, KEYWORD_PF_ACTION};
	const char *text = "";

	for (size_t i = 0; *text == '\0' && i < sizeof(classes) / sizeof(classes[0]); i++)
		text = filter_keyword_text(classes[i], word);
	return text;
}

static void print_arith(const struct arith *arith, FILE *out);

/* In parentheses where it is an operation, so that no rank of operators matters. */
static void print_operand(const struct arith *arith, FILE *out)
{
	bool simple = arith->kind != ARITH_BINARY && arith->kind != ARITH_NEGATE;

	fputs(simple ? "" : "(", out);
	print_arith(arith, out);
	fputs(simple ? "" : ")", out);
}

static void print_arith(const struct arith *arith, FILE *out)
{
	switch (arith->kind) {
	case ARITH_NUMBER:
		fprintf(out, "%u", arith->number);
		break;
	case ARITH_LEN:
		fputs("len", out);
		break;
	case ARITH_LOAD:
		fprintf(out, "%s[", filter_keyword_text(KEYWORD_PROTOCOL, arith->protocol));
		print_arith(arith->left, out);
		if (arith->size != 1)
			fprintf(out, ":%d", arith->size);
		fputs("]", out);
		break;
	case ARITH_NEGATE:
		fputs("-", out);
		print_operand(arith->left, out);
		break;
	case ARITH_BINARY:
		print_operand(arith->left, out);
		fprintf(out, " %s ", pcapint_operation_text(arith->op));
		print_operand(arith->right, out);
		break;
	}
}

static void print_qualifiers(const struct qualifiers *qualifiers, FILE *out)
{
	static const char *const directions[] = {
		[DIR_SRC_OR_DST] = "src or dst ",
		[DIR_SRC_AND_DST] = "src and dst ",
	};

	if (qualifiers->protocol != PROTO_NONE)
		fprintf(out, "%s ", filter_keyword_text(KEYWORD_PROTOCOL, qualifiers->protocol));
	if (qualifiers->direction == DIR_SRC_OR_DST || qualifiers->direction == DIR_SRC_AND_DST)
		fputs(directions[qualifiers->direction], out);
	else if (qualifiers->direction != DIR_DEFAULT)
		fprintf(out, "%s ", filter_keyword_text(KEYWORD_DIRECTION, qualifiers->direction));
	if (qualifiers->type != TYPE_DEFAULT)
		fprintf(out, "%s ", filter_keyword_text(KEYWORD_TYPE, qualifiers->type));
}

static void print_ipv4(uint32_t address, int parts, FILE *out)
{
	for (int i = 0; i < parts; i++)
		fprintf(out, "%s%u", i > 0 ? "." : "", address >> (24 - 8 * i) & 0xff);
}

/* A backslash makes a name of everything that would be something else. */
static void print_name(const char *name, FILE *out)
{
	fprintf(out, "%s%s", filter_is_name(name) ? "" : "\\", name);
}

static void print_id(const struct id *id, FILE *out)
{
	char text[INET6_ADDRSTRLEN];

	switch (id->form) {
	case ID_NAME:
	case ID_RANGE:
		print_name(id->text, out);
		break;
	case ID_NUMBER:
		fprintf(out, "%u", id->number);
		break;
	case ID_IPV4:
		print_ipv4(id->ipv4, id->parts, out);
		break;
	case ID_IPV6:
		fputs(inet_ntop(AF_INET6, &id->ipv6, text, sizeof(text)), out);
		break;
	case ID_MAC:
		for (int i = 0; i < 6; i++)
			fprintf(out, "%s%02x", i > 0 ? ":" : "", id->mac[i]);
		break;
	case ID_ARCNET:
		fprintf(out, "$%02x", id->number);
		break;
	case ID_DECNET:
		fprintf(out, "%u.%u", id->number >> 10, id->number & 0x3ff);
		break;
	}
	if (id->has_prefix)
		fprintf(out, "/%u", id->prefix);
	if (id->has_mask) {
		fputs(" mask ", out);
		print_ipv4(id->mask, id->mask_parts, out);
	}
}

static void print_wlan_type(const struct node *node, FILE *out)
{
	const struct named_value *type = filter_named_value(filter_wlan_types, node->value, node->word);
	const struct named_value *subtype = filter_named_value(filter_wlan_subtypes, node->value, node->word);

	if (type != NULL && node->mask == type->mask)
		fprintf(out, "type %s", type->text);
	else if (subtype != NULL && node->mask == subtype->mask)
		fprintf(out, "subtype %s", subtype->text);
	else
		fprintf(out, "type %#x subtype %#x", node->value & ~0xf0u, node->value & 0xf0);
}

static void print_llc(const struct node *node, FILE *out)
{
	const struct named_value *kind = filter_named_value(filter_llc_kinds, node->value, node->word);
	fprintf(out, "llc%s%s", kind != NULL ? " " : "", kind != NULL ? kind->text : "");
}

static void print_word(const struct node *node, FILE *out)
{
	const struct named_value *row;

	print_qualifiers(&node->qualifiers, out);
	switch (node->word) {
	case WORD_LLC:
	case WORD_LLC_I:
	case WORD_LLC_S:
	case WORD_LLC_U:
	case WORD_LLC_S_KIND:
	case WORD_LLC_U_KIND:
		print_llc(node, out);
		break;
	case WORD_WLAN_TYPE:
		print_wlan_type(node, out);
		break;
	case WORD_PF_IFNAME:
	case WORD_PF_RULESET:
		fprintf(out, "%s ", word_text(node->word));
		print_name(node->text, out);
		break;
	case WORD_PF_ACTION:
		row = filter_named_value(filter_pf_actions, node->value, node->word);
		fprintf(out, "%s %s", word_text(node->word), row->text);
		break;
	case WORD_ATM_FIELD:
	case WORD_MTP3_FIELD:
		fprintf(out, "%s %s %u", filter_keyword_text(KEYWORD_FIELD, node->field),
			comparison_text(node->comparison), node->value);
		break;
	case WORD_BYTE:
		fprintf(out, "byte %u %s %u", node->offset, comparison_text(node->comparison), node->value);
		break;
	default:
		fputs(word_text(node->word), out);
		if (node->has_value)
			fprintf(out, " %u", node->value);
		break;
	}
}

static void print_primitive(const struct node *node, FILE *out)
{
	switch (node->kind) {
	case NODE_ID:
		print_qualifiers(&node->qualifiers, out);
		print_id(&node->id, out);
		break;
	case NODE_PROTOCOL:
		fputs(filter_keyword_text(KEYWORD_PROTOCOL, node->qualifiers.protocol), out);
		break;
	case NODE_WORD:
		print_word(node, out);
		break;
	default:
		print_arith(node->left, out);
		fprintf(out, " %s ", comparison_text(node->comparison));
		print_arith(node->right, out);
		break;
	}
}

static void print_node(const struct node *node, FILE *out)
{
	if (node->kind == NODE_NOT)
		fputs("not ", out);
	else if (node->kind != NODE_AND && node->kind != NODE_OR) {
		print_primitive(node, out);
		return;
	}
	for (uint32_t i = 0; i < node->operand_count; i++) {
		const struct node *operand = node->operands[i];
		bool group = operand->kind == NODE_AND || operand->kind == NODE_OR;
		fputs(i == 0 ? "" : node->kind == NODE_AND ? " and " : " or ", out);
		fputs(group ? "(" : "", out);
		print_node(operand, out);
		fputs(group ? ")" : "", out);
	}
}

char *filter_tree_text(const struct node *tree)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	if (tree != NULL)
		print_node(tree, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void dump_node(const struct node *node, int level, FILE *out)
{
	static const char *const joints[] = {[NODE_AND] = "and", [NODE_OR] = "or", [NODE_NOT] = "not"};

	fprintf(out, "%*s", 2 * level, "");
	if (node->kind != NODE_AND && node->kind != NODE_OR && node->kind != NODE_NOT) {
		print_primitive(node, out);
		fputs("\n", out);
		return;
	}
	fprintf(out, "%s\n", joints[node->kind]);
	for (uint32_t i = 0; i < node->operand_count; i++)
		dump_node(node->operands[i], level + 1, out);
}

void filter_tree_dump(const struct node *tree, FILE *out)
{
	if (tree == NULL)
		fputs("(every packet)\n", out);
	else
		dump_node(tree, 0, out);
}
