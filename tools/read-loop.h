/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of `weir read`: takes the blocks of one file, or of several in the order of time, to where they go.
 */
#ifndef WEIR_READ_LOOP_H
#define WEIR_READ_LOOP_H

#include "progress.h"
#include "read-filter.h"
#include "read-follow.h"
#include "read-output.h"

/* What a `weir read` command line says. */
struct read_settings {
	struct output_settings output;
	struct selection selection;
	uint64_t count; /* 0: all */
	int precision;  /* NOT_KNOWN: as the file has it */
	bool json;
	bool merge;
	bool follow;
	bool repair;
};

struct reading {
	const struct read_settings *settings;
	struct selection selection;
	struct input *inputs;
	size_t input_count;
	struct packet_filters filters;
	struct sink print;      /* where packets are shown */
	struct read_output out; /* where they are written; its settings are NULL: they are not */
	struct follower follower;
	struct progress progress;
	bool flush_each;         /* more can be long in coming, and what is there is wanted now */
	uint64_t number;         /* packets read */
	uint64_t taken;          /* and shown or written */
	struct input *current;   /* where the last packet came from, which goes on while it is not later than: */
	struct instant next_one; /* the earliest packet of the others */
	bool others;             /* there is such a packet */
};

/* Reads until the end, a signal, the count, an output error, or an error of the filter expression. */
void read_all(struct reading *reading);

#endif
