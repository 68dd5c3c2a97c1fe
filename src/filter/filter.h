/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the compiler share: the input of a compilation, its error, and the way from text to program.
 */
#ifndef WEIR_FILTER_FILTER_H
#define WEIR_FILTER_FILTER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <pcap.h>
#include <pcap/weir.h>

#include "filter/arena.h"
#include "filter/ir.h"
#include "filter/tree.h"

/* A compilation that needs more memory than this is refused; one of 5,000 hosts needs less than a fifth of it. */
#define FILTER_MEMORY ((size_t)256 * 1024 * 1024)

/* What can be asked of a compilation; all of it is known before it starts. */
struct filter_input {
	const char *text;
	int linktype;
	uint32_t snaplen;
	uint32_t netmask; /* network byte order, or PCAP_NETMASK_UNKNOWN */
	bool optimize;
	bool live; /* a Linux capture, whose kernel tells VLAN tags, interfaces and directions beside the packet */
	bool offline; /* a savefile: header fields in host byte order may be in either */
	bool swapped; /* it is of the other byte order */
};

struct filter {
	struct filter_input input;
	struct arena arena;
	/* The first error, if any: where it is, and what it is, in one line of printable text. */
	bool failed;
	struct span error_span;
	char error[256];
	struct node *tree; /* NULL: the empty expression */
	struct ir ir;
};

/* Remembers the first error; always returns NULL, so that a failing function can return what this returns. */
void *filter_error(struct filter *filter, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What is asked for by those who compile for a handle; options may be NULL (compile.c). */
struct filter_input filter_input_for(
	pcap_t *p, const char *expression, const struct pcap_compile_options *options, size_t options_size);
/* Text to graph, optimized if that is asked for; false after an error. The arena is ready. */
bool filter_compile(struct filter *filter);

/* The error with its place and, as far as there is room, a caret under an excerpt of the text; for lack of memory too. */
void filter_error_text(const struct filter *filter, char *buffer, size_t size);

/* Text to tree (parse.c); false after an error. */
bool filter_parse(struct filter *filter);
/* The tree as an expression that parses to the same tree (tree-print.c), malloc'ed; and as an indented outline. */
char *filter_tree_text(const struct node *tree);
void filter_tree_dump(const struct node *tree, FILE *out);
/* Tree to graph (generate.c); false after an error. */
bool filter_generate(struct filter *filter);

#endif
