/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classic BPF once more, written for tests: it tells how many instructions a packet took, and whether a load beyond
 * the packet's end was what refused it.
 */
#ifndef FILTER_MACHINE_H
#define FILTER_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap.h>

struct packet {
	uint32_t length; /* bytes that are there */
	uint32_t wire_length;
	uint8_t data[2048];
};

struct outcome {
	uint32_t verdict;
	uint32_t steps;
	bool beyond;  /* the verdict is 0 because of a load beyond the end, or of a division by zero */
	bool endless; /* it was still running when it was stopped: beyond is set, too */
};

struct outcome run_counted(
	const struct bpf_program *program, const uint8_t *data, uint32_t length, uint32_t wire_length);

#endif
