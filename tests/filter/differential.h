/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold for any filter expression: optimizing does not change what its program says of a packet, the program
 * is valid, the printed tree compiles to the same program, and libpcap's program says the same, but for the differences
 * that are meant (differences.c).
 */
#ifndef FILTER_DIFFERENTIAL_H
#define FILTER_DIFFERENTIAL_H

#include <stdio.h>

#include "filter/tree.h"

#include "libraries.h"
#include "machine.h"

/* Programs that cost more than the peer's: longer ones, and such as ran more instructions on the packets together. */
struct dearer {
	const char *reason; /* NULL: there is none that we know */
	unsigned long longer;
	unsigned long slower;
};

#define MOST_REASONS 48

struct tally {
	unsigned long expressions;
	unsigned long compiled;     /* by us */
	unsigned long peer_refused; /* of those, by the peer */
	unsigned long compared;     /* with the peer's program */
	unsigned long allowed;      /* not compared: they may differ on purpose */
	unsigned long intended;     /* of the allowed, on some packet they do */
	unsigned long verdicts;     /* compared */
	unsigned long matches;      /* packets that ours took */
	unsigned long beyond;       /* not compared: one of the two read beyond the end */
	unsigned long
		peer_errors; /* not compared: the peer's unoptimized program agrees with ours, its optimized one does not */
	struct dearer dearer[MOST_REASONS]; /* the first without a reason */
	unsigned long long length, peer_length;
	unsigned long long steps, peer_steps;
};

struct differential {
	const struct library *peer; /* NULL: none */
	FILE *faults;               /* a line for each */
	FILE *meant;                /* the same for differences that are meant; NULL: not wanted */
	FILE *lengths;              /* a line for each expression that both compile; NULL: not wanted */
	const struct packet *packets;
	size_t packet_count;
	struct tally tally;
};

/* Whether all holds for the expression. */
bool check_filter(struct differential *d, int linktype, const char *text);
/* Whether "and", "or" and "not" of two expressions say of each packet what the two say of it. */
bool check_composition(struct differential *d, int linktype, const char *first, const char *second);
void print_tally(const struct tally *tally, FILE *out);

/* Why the peer may see it in another way, or take what ours refuses; NULL: it may not (differences.c). */
const char *intended_difference(int linktype, const char *text, bool refused);
/* Why our program may cost more; NULL: it may not (differences.c). */
const char *intended_cost(int linktype, const char *text);
/* Whether a part of the expression may change what the parts after it mean. */
bool moves_layout(int linktype, const char *text);

#endif
