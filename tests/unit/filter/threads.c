/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many threads compile at the same time, each with its own handle: every program is the one that a single thread makes.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pcap/pcap.h>

#include "random-expressions.h"

#define THREADS 8
#define EXPRESSIONS 400

struct results {
	struct bpf_program programs[EXPRESSIONS];
	char errors[EXPRESSIONS][PCAP_ERRBUF_SIZE];
};

/* Errors are part of it; no assertions, which only the main thread may make. */
static void *compile_all(void *argument)
{
	struct results *results = argument;
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	uint64_t random = 9;
	char expression[200];

	for (size_t i = 0; i < EXPRESSIONS && p != NULL; i++) {
		random_expression(&random, expression, sizeof(expression));
		if (pcap_compile(p, &results->programs[i], expression, 1, 0xffffff) != 0)
			strcpy(results->errors[i], pcap_geterr(p));
	}
	if (p != NULL)
		pcap_close(p);
	return NULL;
}

static void test_threads(void **state)
{
	struct results *results = calloc(THREADS + 1, sizeof(*results));
	struct results *alone = &results[THREADS];
	pthread_t threads[THREADS];
	size_t compiled = 0;

	(void)state;
	assert_non_null(results);
	compile_all(alone);
	for (size_t t = 0; t < THREADS; t++)
		assert_int_equal(pthread_create(&threads[t], NULL, compile_all, &results[t]), 0);
	for (size_t t = 0; t < THREADS; t++)
		assert_int_equal(pthread_join(threads[t], NULL), 0);
	for (size_t i = 0; i < EXPRESSIONS; i++) {
		u_int length = alone->programs[i].bf_len;
		compiled += length > 0;
		for (size_t t = 0; t <= THREADS; t++) {
			assert_int_equal(results[t].programs[i].bf_len, length);
			assert_string_equal(results[t].errors[i], alone->errors[i]);
			if (t == THREADS || length == 0)
				continue;
			assert_memory_equal(results[t].programs[i].bf_insns, alone->programs[i].bf_insns,
				length * sizeof(struct bpf_insn));
			pcap_freecode(&results[t].programs[i]);
		}
		pcap_freecode(&alone->programs[i]);
	}
	assert_true(compiled > EXPRESSIONS / 2);
	free(results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
