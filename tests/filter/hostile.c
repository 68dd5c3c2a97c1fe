/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A megabyte of one thing after the other, and of bytes at random, as a filter: an error or a program, and no more
 * memory than a compilation may take. That it takes no more than moments, the test's own time-out tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/random-numbers.h"
#include "libraries.h"

#define SIZE (1024 * 1024)

static const char *const units[] = {
	"(",
	")",
	"not ",
	"!",
	"a or ",
	"tcp or ",
	"tcp and ",
	"1",
	"ether[",
	"-",
	"5+",
	"ip[0]=1 or ",
	"host 10.0.0.1 or ",
	"\\",
	"a",
	"vlan and ",
	"vlan or ",
	"mpls and ",
	"geneve and ",
	"vxlan and ",
	"pppoes and vlan or ",
	"net ::/0 or ",
	"port 1 or ",
	"portrange 1-2 and ",
	"protochain 6 or ",
	"tcp port 1 and not ",
	"not (",
	"1 + (",
	"len / 0 = ",
	"ip[ip[",
	"a.b.",
	"10.",
	":",
	"1:",
	"\"",
	"\xff",
	"\n",
};

static void compile(const char *text)
{
	struct compiled compiled = compile_expression(&our_library, DLT_EN10MB, text, true);

	if (compiled.valid)
		assert_true(bpf_validate(compiled.program.bf_insns, (int)compiled.program.bf_len));
	else
		assert_true(compiled.error[0] != '\0');
	free_compiled(&our_library, &compiled);
}

/* The unit again and again, and after that with an end that may make it whole. */
static void compile_repeated(char *text, const char *unit, size_t size)
{
	size_t length = strlen(unit), used = 0;

	for (; used + length <= size; used += length)
		memcpy(text + used, unit, length);
	text[used] = '\0';
	compile(text);
	strcpy(text + used, "tcp");
	compile(text);
}

static void test_repeated(void **state)
{
	char *text = malloc(SIZE + 64);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		/* Few of them, too: what is left out for large filters is done then. */
		for (size_t count = 1; count < 100; count += 1 + count / 8)
			compile_repeated(text, units[i], count * strlen(units[i]));
		compile_repeated(text, units[i], SIZE);
	}
	free(text);
}

/* Some of them make something whose cost grows with their count long before it is too much to be compiled. */
static void test_few(void **state)
{
	static const int counts[] = {2, 3, 5, 8, 10, 15, 20, 30, 50, 100};
	char text[4000];

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		for (size_t j = 0; j < sizeof(counts) / sizeof(counts[0]); j++) {
			text[0] = '\0';
			for (int n = 0; n < counts[j]; n++)
				strcat(text, units[i]);
			strcat(text, "tcp");
			compile(text);
		}
}

static void test_random_bytes(void **state)
{
	char text[200];
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t length = random_below(&random, sizeof(text));
		for (size_t j = 0; j < length; j++)
			text[j] = (char)(random_below(&random, 8) == 0 ? random_number(&random)
								       : 32 + random_below(&random, 95));
		text[length] = '\0';
		compile(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
