/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir filter`: the program that a filter expression becomes, how the expression is understood, how many packets of a
 * savefile match it, and how long that takes.
 */
#include <stdio.h>
#include <stdlib.h>

#include <pcap/weir.h>

#include "command.h"
#include "filter-speed.h"
#include "source.h"

#define MOST_BYTES 262144 /* of a packet, as far as savefiles go */
#define NOT_GIVEN (-1)

struct filter_settings {
	int linktype; /* or NOT_GIVEN */
	int snaplen;
	int dump; /* how often -d was given; 0: the program is not shown */
	struct pcap_compile_options options;
	const char *count; /* a savefile */
	const char *bench; /* a savefile */
	bool native;
	bool expression;
	bool tree;
	bool words;
	bool graph;
	bool passes;
	bool dot;
};

static bool parse_dump(void *field, const char *value, const char **wanted)
{
	(void)value;
	(void)wanted;
	++*(int *)field;
	return true;
}

static bool parse_unoptimized(void *field, const char *value, const char **wanted)
{
	(void)value;
	(void)wanted;
	((struct pcap_compile_options *)field)->flags |= PCAP_COMPILE_UNOPTIMIZED;
	return true;
}

static bool parse_netmask(void *field, const char *value, const char **wanted)
{
	struct pcap_compile_options *options = field;
	unsigned octets[4];
	char end;

	*wanted = "a mask, such as 255.255.255.0";
	if (sscanf(value, "%3u.%3u.%3u.%3u%c", &octets[0], &octets[1], &octets[2], &octets[3], &end) != 4)
		return false;
	for (int i = 0; i < 4; i++) {
		if (octets[i] > 255)
			return false;
		((uint8_t *)&options->netmask)[i] = (uint8_t)octets[i];
	}
	options->flags |= PCAP_COMPILE_NETMASK;
	return true;
}

#define FIELD(name) offsetof(struct filter_settings, name)

static const struct option_row filter_options[] = {
	{'y', "link-type", "DLT", "compile for packets of this link type; EN10MB if it is not given",
		option_linktype, FIELD(linktype)},
	{'s', "snaplen", "LEN", "let the program accept LEN bytes of a packet", option_snaplen, FIELD(snaplen)},
	{'O', "unoptimized", NULL, "compile without the optimizer", parse_unoptimized, FIELD(options)},
	{0, "netmask", "MASK", "of the local network, for \"ip broadcast\"", parse_netmask, FIELD(options)},
	{'d', "dump", NULL, "show the program; -dd: for C, -ddd: as numbers", parse_dump, FIELD(dump)},
	{0, "expression", NULL, "show the expression with nothing left out", option_flag, FIELD(expression)},
	{0, "tree", NULL, "show how the parts of the expression belong together", option_flag, FIELD(tree)},
	{0, "explain", NULL, "tell in words what is tested, in order", option_flag, FIELD(words)},
	{0, "ir", NULL, "show the tests that it comes to", option_flag, FIELD(graph)},
	{0, "passes", NULL, "show these before the optimizer, and after each of its passes", option_flag,
		FIELD(passes)},
	{0, "dot", NULL, "show them for Graphviz", option_flag, FIELD(dot)},
	{0, "native", NULL, "show the program as the processor's own code", option_flag, FIELD(native)},
	{0, "bench", "FILE",
		"time the program on a savefile's packets, interpreted and native; - is standard input",
		option_text, FIELD(bench)},
	{0, "count", "FILE", "count the packets of a savefile that match; - is standard input", option_text,
		FIELD(count)},
	{0},
};

static int compile(
	pcap_t *handle, const struct filter_settings *settings, const char *expression, struct bpf_program *program)
{
	struct pcap_compile_error error;

	if (pcap_compile_ex(handle, program, expression, &settings->options, sizeof(settings->options), &error,
		    sizeof(error)) == 0)
		return STATUS_OK;
	complain_lines(error.text);
	return STATUS_USAGE;
}

/* Everything that was asked for, but for the program. */
static int explain(pcap_t *handle, const struct filter_settings *settings, const char *expression)
{
	const struct {
		bool wanted;
		int what;
	} rows[] = {
		{settings->expression, PCAP_EXPLAIN_EXPRESSION},
		{settings->tree, PCAP_EXPLAIN_TREE},
		{settings->words, PCAP_EXPLAIN_WORDS},
		{settings->graph, PCAP_EXPLAIN_GRAPH},
		{settings->passes, PCAP_EXPLAIN_PASSES},
		{settings->dot, PCAP_EXPLAIN_DOT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].wanted)
			continue;
		if (pcap_explain_filter(handle, expression, &settings->options, sizeof(settings->options),
			    rows[i].what, stdout) < 0) {
			complain_lines(pcap_geterr(handle));
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

static bool explains(const struct filter_settings *settings)
{
	return settings->expression || settings->tree || settings->words || settings->graph || settings->passes ||
	       settings->dot;
}

static int show(const struct filter_settings *settings, const char *expression)
{
	pcap_t *handle = pcap_open_dead(settings->linktype, settings->snaplen);
	struct bpf_program program;

	if (handle == NULL) {
		complain("no memory");
		return STATUS_ERROR;
	}
	int status = explain(handle, settings, expression);
	bool dumps = settings->dump > 0 || !(explains(settings) || settings->native);
	if (status == STATUS_OK && (dumps || settings->native)) {
		status = compile(handle, settings, expression, &program);
		if (status == STATUS_OK) {
			if (dumps)
				bpf_dump(&program, settings->dump);
			if (settings->native)
				status = show_native_code(&program);
			pcap_freecode(&program);
		}
	}
	pcap_close(handle);
	return status;
}

struct count {
	struct bpf_program program;
	uint64_t all;
	uint64_t matching;
};

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct count *count = (struct count *)user;

	count->all++;
	count->matching += pcap_offline_filter(&count->program, header, bytes) != 0;
}

/* What is good of a damaged file is counted. */
static int count_packets(pcap_t *handle, const char *path, const struct bpf_program *program)
{
	struct count count = {.program = *program};
	int status = STATUS_OK;

	if (pcap_loop(handle, -1, count_packet, (u_char *)&count) < 0) {
		complain_of(path, pcap_geterr(handle));
		status = STATUS_ERROR;
	}
	printf("%llu of %llu packets match\n", (unsigned long long)count.matching, (unsigned long long)count.all);
	return status;
}

static int run_on_file(const struct filter_settings *settings, const char *path, const char *expression)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *handle = pcap_open_offline(path, error);
	struct bpf_program program;

	if (handle == NULL) {
		complain_of(path, error);
		return STATUS_ERROR;
	}
	int status = compile(handle, settings, expression, &program);
	if (status == STATUS_OK) {
		status = settings->count != NULL ? count_packets(handle, path, &program)
						 : time_filter(handle, path, &program);
		pcap_freecode(&program);
	}
	pcap_close(handle);
	return status;
}

static int run_filter(const struct command *command, int argc, char **argv)
{
	struct filter_settings settings = {.linktype = NOT_GIVEN};
	int first = options_parse(command, argc, argv, &settings);

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	const char *file = settings.count != NULL ? settings.count : settings.bench;
	bool shows = settings.linktype != NOT_GIVEN || settings.dump > 0 || settings.native || explains(&settings);
	if (file != NULL && (shows || (settings.count != NULL && settings.bench != NULL)))
		return wrong_usage(command,
			settings.count != NULL
				? "--count counts by the file's own link type, and shows nothing else"
				: "--bench goes by the file's own link type, and shows nothing else",
			NULL);
	if (settings.linktype == NOT_GIVEN)
		settings.linktype = DLT_EN10MB;
	if (settings.snaplen == 0)
		settings.snaplen = MOST_BYTES;
	char *words = join_words(argc - first, argv + first);
	const char *expression = words != NULL ? words : "";
	int status = file != NULL ? run_on_file(&settings, file, expression) : show(&settings, expression);
	free(words);
	return finish_stdout(status);
}

const struct command filter_command = {
	.name = "filter",
	.help = "Show the program that a filter expression becomes, or what it matches.",
	.synopsis =
		"[-y DLT] [-s LEN] [-O] [-d | -dd | -ddd] [--explain] [--tree] [--ir] [--native] [--count FILE | "
		"--bench FILE] [EXPRESSION]",
	.options = filter_options,
	.run = run_filter,
};
