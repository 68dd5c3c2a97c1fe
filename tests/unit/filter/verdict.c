/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiling an expression in every way and running it over a packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict.h"

#define PADDED 256

static bool compile(struct filter_input input, bool optimize, struct bpf_program *program, char *error)
{
	struct filter filter = {.input = input};

	filter.input.optimize = optimize;
	filter.input.snaplen = 65535;
	arena_init(&filter.arena, (size_t)1 << 28);
	bool done = filter_compile(&filter);
	if (done) {
		const char *wrong = ir_verify(&filter.ir);
		if (wrong != NULL)
			fail_msg("%s: the graph has %s", input.text, wrong);
		done = ir_lower(&filter.ir, filter.input.snaplen, program, error) == 0;
	} else {
		filter_error_text(&filter, error, PCAP_ERRBUF_SIZE);
	}
	arena_free(&filter.arena);
	if (done && !bpf_validate(program->bf_insns, (int)program->bf_len))
		fail_msg("%s: the program is not valid", input.text);
	return done;
}

struct bpf_program compile_for(struct filter_input input)
{
	char error[PCAP_ERRBUF_SIZE];
	struct bpf_program program;

	if (!compile(input, true, &program, error))
		fail_msg("%s", error);
	return program;
}

const char *error_of(struct filter_input input)
{
	static char error[PCAP_ERRBUF_SIZE];
	struct bpf_program program;

	if (compile(input, true, &program, error))
		fail_msg("%s: compiles, and should not", input.text);
	return error;
}

unsigned packet_bytes(const char *hexadecimal, u_char *bytes)
{
	unsigned count = 0, digits = 0;

	for (; *hexadecimal != '\0'; hexadecimal++) {
		unsigned digit;
		if (*hexadecimal == ' ')
			continue;
		assert_int_equal(sscanf((char[2]){*hexadecimal, '\0'}, "%x", &digit), 1);
		assert_true(count < PACKET_MAX);
		bytes[count] = digits % 2 == 0 ? digit << 4 : bytes[count] | digit;
		count += digits++ % 2;
	}
	assert_int_equal(digits % 2, 0);
	return count;
}

static bool verdict(struct filter_input input, const char *hexadecimal, const struct pcap_bpf_aux_data *aux)
{
	u_char bytes[PACKET_MAX] = {0};
	unsigned length = packet_bytes(hexadecimal, bytes);
	struct bpf_program program[2];
	char error[PCAP_ERRBUF_SIZE];
	bool accepted[2];

	if (length < PADDED)
		length = PADDED;
	for (int optimize = 0; optimize < 2; optimize++) {
		accepted[optimize] = false;
		if (!compile(input, optimize, &program[optimize], error)) {
			/* The optimizer's way to say no. */
			if (optimize && strstr(error, "rejects all packets") != NULL)
				continue;
			fail_msg("%s", error);
		}
		accepted[optimize] =
			pcapint_filter_with_aux_data(program[optimize].bf_insns, bytes, length, length, aux) != 0;
		pcap_freecode(&program[optimize]);
	}
	if (accepted[0] != accepted[1])
		fail_msg("%s: optimized it says %d to %s", input.text, accepted[1], hexadecimal);
	return accepted[1];
}

bool matches_live(
	int linktype, const char *expression, const char *hexadecimal, const struct pcap_bpf_aux_data *aux)
{
	return verdict(
		(struct filter_input){.text = expression, .linktype = linktype, .live = true}, hexadecimal, aux);
}
