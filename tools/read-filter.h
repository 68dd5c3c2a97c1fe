/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which packets of savefiles are wanted: by number, by time, by a filter expression that is compiled for each link type.
 */
#ifndef WEIR_READ_FILTER_H
#define WEIR_READ_FILTER_H

#include "read-input.h"

/* What was asked for. */
struct selection {
	uint64_t first_packet; /* by their numbers in all that is read, from 1; 0: there is no limit */
	uint64_t last_packet;
	struct moment from; /* this included */
	struct moment to;   /* this not */
};

struct packet_filter;

struct packet_filters {
	const char *expression; /* NULL: there is none */
	struct packet_filter *first;
	bool wrong; /* it can't be compiled for a link type, and for none before; it was said why */
	bool good;  /* it was compiled for one */
};

/* Whether a packet is one that the selection wants; number is its own. */
bool selection_takes(struct selection *selection, uint64_t number, const struct instant *time);
/* Whether no other packet can be wanted. */
bool selection_ends(const struct selection *selection, uint64_t number);
/* Whether it leaves anything out. */
bool selects(const struct selection *selection);

/*
 * Whether the packet at hand matches. An expression that has no meaning for an interface's link type matches none of its
 * packets, and that is said once.
 */
bool filter_takes(struct packet_filters *filters, struct input *input, struct input_interface *interface);
/* Makes the filter for an interface. False if the expression is wrong. */
bool filter_prepare(struct packet_filters *filters, struct input_interface *interface);
void filters_free(struct packet_filters *filters);

#endif
