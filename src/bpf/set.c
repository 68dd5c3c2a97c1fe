/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filter sets: programs that are asked together. What can be is combined into ops with one answer for all; the others,
 * such as programs with loops, are run one after the other. For intrusion detection, demultiplexers, and all who have
 * many filters for each packet.
 */
#include "bpf/native.h"
#include "bpf/opcodes.h"
#include "bpf/program.h"
#include "bpf/set-graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

/* A program that is run by itself. */
struct lone_program {
	uint32_t filter;
	struct bpf_program program;
	const struct bpf_native *native; /* or NULL */
};

struct pcap_filter_set {
	size_t count;
	size_t words;       /* of the answer; as many follow it */
	struct bpf_ops ops; /* of those that are combined */
	struct bpf_native native;
	bool is_native;
	struct lone_program *lone;
	size_t lone_count;
};

/* More than anyone has; so that sizes cannot overflow. */
#define MOST_FILTERS (1u << 24)

/* ---- Making a set ---- */

/* 0, or PCAP_ERROR with a text that begins with the program's number. */
static int check_program(const struct bpf_program *program, size_t number, char *errbuf)
{
	char why[PCAP_ERRBUF_SIZE];

	if (pcapint_validate_filter(program->bf_insns, program->bf_len, BPF_TARGET_USERLAND, why) == 0 &&
		pcapint_find_kernel_load(program->bf_insns, program->bf_len, 0, why) == 0)
		return 0;
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "filter %zu: %s", number, why);
	return PCAP_ERROR;
}

static int no_memory(char *errbuf)
{
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "no memory for a filter set");
	return PCAP_ERROR;
}

static int add_lone(
	pcap_filter_set_t *set, const struct bpf_program *program, uint32_t filter, bool native, char *errbuf)
{
	struct lone_program *lone = &set->lone[set->lone_count];
	size_t size = program->bf_len * sizeof(*program->bf_insns);

	*lone = (struct lone_program){.filter = filter, .program = {program->bf_len, malloc(size)}};
	if (lone->program.bf_insns == NULL)
		return no_memory(errbuf);
	memcpy(lone->program.bf_insns, program->bf_insns, size);
	lone->native = native ? pcapint_native_get(lone->program.bf_insns, lone->program.bf_len) : NULL;
	set->lone_count++;
	return 0;
}

/* The list of the filters whose nodes are not NOT_INTERNED. */
static uint32_t list_of(struct set_graph *graph, const uint32_t *nodes, size_t count)
{
	uint32_t list = NO_LIST;

	for (size_t i = count; i-- != 0 && !graph->failed;) {
		if (nodes[i] == NOT_INTERNED)
			continue;
		list = pcapint_intern(&graph->lists, &(struct set_cell){(uint32_t)i, nodes[i], 0, list});
		graph->failed |= list == NOT_INTERNED;
	}
	return list;
}

/*
 * Combines what can be combined, and leaves the nodes of what can't as NOT_INTERNED. What grows too large together is
 * not combined at all: then there are no ops.
 */
static int combine(pcap_filter_set_t *set, const struct bpf_program *programs, uint32_t *nodes)
{
	struct set_graph graph;

	pcapint_set_graph_init(&graph);
	for (size_t i = 0; i < set->count && !graph.failed; i++)
		nodes[i] = pcapint_set_decode(&graph, programs[i].bf_insns, programs[i].bf_len);
	uint32_t list = list_of(&graph, nodes, set->count);
	uint32_t block = graph.failed ? NOT_INTERNED : pcapint_set_combine(&graph, list);
	if (block == NOT_INTERNED ||
		pcapint_set_emit(&graph, block, (uint32_t)(set->words * sizeof(uint64_t)), &set->ops) != 0)
		for (size_t i = 0; i < set->count; i++)
			nodes[i] = NOT_INTERNED;
	bool failed = graph.failed;
	pcapint_set_graph_free(&graph);
	return failed ? PCAP_ERROR : 0;
}

/* Instead, as one piece of native code; where there is none, they are run one by one. */
static int concatenate(pcap_filter_set_t *set, const struct bpf_program *programs, uint32_t *nodes)
{
	bool *added = calloc(set->count + 1, sizeof(*added));
	int status = PCAP_ERROR;

	if (added != NULL &&
		pcapint_set_concatenate(programs, set->count, NATIVE_MOST_OPS, &set->ops, added) == 0) {
		status = 0;
		set->is_native = pcapint_native_make(&set->native, &set->ops);
		for (size_t i = 0; i < set->count && set->is_native; i++)
			nodes[i] = added[i] ? SET_ACCEPT : NOT_INTERNED;
		if (!set->is_native)
			pcapint_free_ops(&set->ops);
	}
	free(added);
	return status;
}

static int fill(pcap_filter_set_t *set, const struct bpf_program *programs, uint32_t flags, char *errbuf)
{
	bool native = !(flags & PCAP_FILTER_SET_INTERPRETED) && pcapint_native_is_allowed();
	uint32_t *nodes = malloc((set->count + 1) * sizeof(*nodes));
	int status = 0;

	set->lone = calloc(set->count + 1, sizeof(*set->lone));
	if (nodes == NULL || set->lone == NULL || combine(set, programs, nodes) != 0)
		status = no_memory(errbuf);
	if (status == 0 && native && set->ops.count == 0 && concatenate(set, programs, nodes) != 0)
		status = no_memory(errbuf);
	for (size_t i = 0; i < set->count && status == 0; i++)
		if (nodes[i] == NOT_INTERNED)
			status = add_lone(set, &programs[i], (uint32_t)i, native, errbuf);
	free(nodes);
	if (status == 0 && native && set->ops.count != 0 && !set->is_native)
		set->is_native = pcapint_native_make(&set->native, &set->ops);
	return status;
}

pcap_filter_set_t *pcap_filter_set_create(
	const struct bpf_program *programs, size_t count, uint32_t flags, char *errbuf)
{
	if (count > MOST_FILTERS) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "a filter set has at most %u filters, not %zu", MOST_FILTERS,
			count);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		if (check_program(&programs[i], i + 1, errbuf) != 0)
			return NULL;
	pcap_filter_set_t *set = calloc(1, sizeof(*set));
	if (set == NULL) {
		no_memory(errbuf);
		return NULL;
	}
	set->count = count;
	set->words = (count + 63) / 64;
	if (fill(set, programs, flags, errbuf) != 0) {
		pcap_filter_set_free(set);
		return NULL;
	}
	return set;
}

/* Compiles into programs, which are zeroed; 0 or PCAP_ERROR. */
static int compile_all(pcap_t *p, const char *const *expressions, size_t count,
	const struct pcap_compile_options *options, size_t options_size, struct bpf_program *programs, char *errbuf)
{
	/* Packets in memory have in them what a live capture's filter asks of the kernel. */
	pcap_t *memory = pcap_open_dead(pcap_datalink(p), pcap_snapshot(p));
	int status = 0;

	if (memory == NULL)
		return no_memory(errbuf);
	for (size_t i = 0; i < count && status == 0; i++) {
		status = pcap_compile_ex(memory, &programs[i], expressions[i], options, options_size, NULL, 0);
		if (status != 0)
			snprintf(errbuf, PCAP_ERRBUF_SIZE, "filter %zu: %s", i + 1, pcap_geterr(memory));
	}
	pcap_close(memory);
	return status;
}

pcap_filter_set_t *pcap_filter_set_compile(pcap_t *p, const char *const *expressions, size_t count,
	const struct pcap_compile_options *options, size_t options_size, uint32_t flags)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_filter_set_t *set = NULL;

	if (pcap_datalink(p) < 0) {
		snprintf(p->errbuf, sizeof(p->errbuf),
			"pcap_filter_set_compile: the capture has not been activated: call pcap_activate() first");
		return NULL;
	}
	struct bpf_program *programs = count <= MOST_FILTERS ? calloc(count + 1, sizeof(*programs)) : NULL;
	if (programs == NULL)
		no_memory(errbuf);
	else if (compile_all(p, expressions, count, options, options_size, programs, errbuf) == 0)
		set = pcap_filter_set_create(programs, count, flags, errbuf);
	for (size_t i = 0; i < count && programs != NULL; i++)
		pcap_freecode(&programs[i]);
	free(programs);
	if (set == NULL)
		snprintf(p->errbuf, sizeof(p->errbuf), "%s", errbuf);
	return set;
}

void pcap_filter_set_free(pcap_filter_set_t *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->lone_count; i++) {
		pcapint_native_put(set->lone[i].native);
		pcap_freecode(&set->lone[i].program);
	}
	free(set->lone);
	if (set->is_native)
		pcapint_native_free(&set->native);
	pcapint_free_ops(&set->ops);
	free(set);
}

size_t pcap_filter_set_count(const pcap_filter_set_t *set)
{
	return set->count;
}

/* ---- Asking it ---- */

static u_int run_lone(const struct lone_program *lone, const u_char *data, u_int wirelen, u_int buflen)
{
	if (lone->native != NULL)
		return lone->native->run(data, buflen, wirelen, NULL);
	return pcapint_filter(lone->program.bf_insns, data, wirelen, buflen);
}

size_t pcap_filter_set_match(
	const pcap_filter_set_t *set, const struct pcap_pkthdr *header, const u_char *data, uint64_t *matches)
{
	u_int buflen = header->caplen > INT32_MAX ? INT32_MAX : header->caplen;
	size_t accepting = 0;

	memset(matches, 0, 2 * set->words * sizeof(*matches));
	if (set->is_native)
		set->native.run(data, buflen, header->len, matches);
	else if (set->ops.count != 0)
		pcapint_run_ops(&set->ops, data, header->len, buflen, NULL, matches);
	for (size_t i = 0; i < set->lone_count; i++) {
		const struct lone_program *lone = &set->lone[i];
		if (run_lone(lone, data, header->len, buflen) != 0)
			matches[lone->filter / 64] |= 1ull << lone->filter % 64;
	}
	for (size_t i = 0; i < set->words; i++)
		if (matches[i] != 0) /* it mostly is, and to count bits may be a call */
			accepting += (size_t)__builtin_popcountll(matches[i]);
	return accepting;
}

size_t pcap_filter_set_match_batch(const pcap_filter_set_t *set, const struct pcap_pkthdr *headers,
	const u_char *const *data, size_t packets, uint64_t *matches)
{
	size_t accepted = 0;

	for (size_t i = 0; i < packets; i++) {
		fetch_ahead(data, i, packets);
		accepted += pcap_filter_set_match(set, &headers[i], data[i], matches) != 0;
		matches += 2 * set->words;
	}
	return accepted;
}
