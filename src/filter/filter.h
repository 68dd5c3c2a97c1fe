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

#include "filter/arena.h"
#include "filter/ir.h"
#include "filter/tree.h"

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
