/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap_explain_filter(): how an expression is understood, and what becomes of it on the way to a program. For `weir
 * filter`, and for programs that show it to their users.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/core.h"
#include "filter/explain.h"
#include "filter/filter.h"
#include "filter/generate.h"

static bool explain_expression(struct filter *filter, FILE *out)
{
	if (!filter_parse(filter))
		return false;
	char *text = filter_tree_text(filter->tree);
	if (text != NULL)
		fprintf(out, "%s\n", text);
	free(text);
	return text != NULL;
}

static bool explain_tree(struct filter *filter, FILE *out)
{
	if (!filter_parse(filter))
		return false;
	filter_tree_dump(filter->tree, out);
	return true;
}

static bool explain_graph(struct filter *filter, FILE *out)
{
	if (!filter_compile(filter))
		return false;
	ir_dump(&filter->ir, out);
	return true;
}

static bool explain_words(struct filter *filter, FILE *out)
{
	struct generator generator = {
		.filter = filter, .ir = &filter->ir, .linktype = linktype_of(filter->input.linktype)};

	if (!filter_compile(filter))
		return false;
	/* Its values are those that the generator made: equal ones are one. */
	const struct layout *first = first_layout(&generator);
	if (first == NULL)
		return false;
	explain_in_words(&filter->ir, first, out);
	return true;
}

static bool explain_dot(struct filter *filter, FILE *out)
{
	if (!filter_compile(filter))
		return false;
	ir_dump_dot(&filter->ir, out);
	return true;
}

static void show_pass(const struct ir *ir, const char *pass, void *out)
{
	fprintf(out, "\n; after %s\n", pass);
	ir_dump(ir, out);
}

/* The optimizer may find that nothing can match; what it found on the way is shown all the same. */
static bool explain_passes(struct filter *filter, FILE *out)
{
	if (!ir_init(&filter->ir, &filter->arena) || !filter_parse(filter) || !filter_generate(filter))
		return false;
	fprintf(out, "; as generated\n");
	ir_dump(&filter->ir, out);
	filter->ir.watch = show_pass;
	filter->ir.watch_context = out;
	return !filter->input.optimize || ir_optimize(&filter->ir) == 0;
}

static const struct {
	int what;
	bool (*explain)(struct filter *filter, FILE *out);
} explanations[] = {
	{PCAP_EXPLAIN_EXPRESSION, explain_expression},
	{PCAP_EXPLAIN_TREE, explain_tree},
	{PCAP_EXPLAIN_WORDS, explain_words},
	{PCAP_EXPLAIN_GRAPH, explain_graph},
	{PCAP_EXPLAIN_PASSES, explain_passes},
	{PCAP_EXPLAIN_DOT, explain_dot},
};

static int explain(struct filter *filter, int what, FILE *out, char *errbuf)
{
	for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		if (explanations[i].what != what)
			continue;
		if (explanations[i].explain(filter, out))
			return 0;
		filter_error_text(filter, errbuf, PCAP_ERRBUF_SIZE);
		return PCAP_ERROR;
	}
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%d is nothing that pcap_explain_filter() can show", what);
	return PCAP_ERROR;
}

int pcap_explain_filter(pcap_t *p, const char *expression, const struct pcap_compile_options *options,
	size_t options_size, int what, FILE *out)
{
	if (!p->core->activated)
		return pcapint_not_activated(p, "pcap_explain_filter");
	struct filter filter = {.input = filter_input_for(p, expression, options, options_size)};
	arena_init(&filter.arena, FILTER_MEMORY);
	int status = explain(&filter, what, out, p->errbuf);
	arena_free(&filter.arena);
	return status;
}
