/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of `weir capture`: waits for the devices, takes their packets to the sink, and ends as was asked.
 */
#ifndef WEIR_CAPTURE_LOOP_H
#define WEIR_CAPTURE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "sink.h"
#include "source.h"
#include "status.h"

struct capture_loop {
	struct source *sources;
	size_t source_count;
	struct sink *sink;
	const struct capture_settings *settings;
	struct status status;
	uint64_t packets; /* captured, from all devices */
	uint64_t bytes;   /* of them, on the wire */
	uint64_t begin;   /* on the monotonic clock */
	uint64_t end;
	uint64_t deadline; /* 0: none */
	uint64_t next_file_flush;
	struct timeval stopped; /* when the end came, as packets' times are given; tv_sec is 0 before it */
	bool failed;            /* a device failed */
};

/* Captures until a signal, the count, the time, an output error, or the failure of the last device. */
void capture(struct capture_loop *loop);

#endif
