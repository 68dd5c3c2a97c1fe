/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls that compile: what options do, what is told of an error, and what is shown of an expression.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pcap/weir.h>

static pcap_t *p;

static int open_handle(void **state)
{
	(void)state;
	p = pcap_open_dead(DLT_EN10MB, 65535);
	return p != NULL ? 0 : -1;
}

static int close_handle(void **state)
{
	(void)state;
	pcap_close(p);
	return 0;
}

static void test_error_place(void **state)
{
	struct pcap_compile_error error;
	struct bpf_program program = {.bf_len = 1};

	(void)state;
	memset(&error, 'x', sizeof(error));
	assert_int_equal(pcap_compile_ex(p, &program, "tcp prot 80", NULL, 0, &error, sizeof(error)), PCAP_ERROR);
	assert_int_equal(program.bf_len, 0);
	assert_null(program.bf_insns);
	assert_int_equal(error.offset, 4);
	assert_int_equal(error.length, 4);
	assert_string_equal(error.message, "unknown word \"prot\"; did you mean \"port\"?");
	assert_string_equal(error.text,
		"filter expression, column 5: unknown word \"prot\"; did you mean \"port\"?\n"
		"  tcp prot 80\n"
		"      ^^^^");
	assert_string_equal(pcap_geterr(p), error.text);
	/* No details wanted. */
	assert_int_equal(pcap_compile_ex(p, &program, "tcp prot 80", NULL, 0, NULL, 0), PCAP_ERROR);
}

/* A structure from before or after this library's. */
static void test_error_sizes(void **state)
{
	struct bpf_program program;
	struct {
		struct pcap_compile_error error;
		char more[16];
	} larger;
	size_t offset = 77;

	(void)state;
	assert_int_equal(pcap_compile_ex(p, &program, "tcp and", NULL, 0, (struct pcap_compile_error *)&offset,
				 sizeof(offset)),
		PCAP_ERROR);
	assert_int_equal(offset, 7);
	memset(&larger, 'x', sizeof(larger));
	assert_int_equal(
		pcap_compile_ex(p, &program, "tcp and", NULL, 0, &larger.error, sizeof(larger)), PCAP_ERROR);
	for (size_t i = 0; i < sizeof(larger.more); i++)
		assert_int_equal(larger.more[i], 0);
}

static void test_error_of_all(void **state)
{
	struct pcap_compile_error error;
	struct bpf_program program;
	struct pcap_compile_options unoptimized = {.flags = PCAP_COMPILE_UNOPTIMIZED};

	(void)state;
	assert_int_equal(
		pcap_compile_ex(p, &program, "len < 5 and len > 9", NULL, 0, &error, sizeof(error)), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "expression rejects all packets");
	assert_string_equal(error.message, "expression rejects all packets");
	assert_string_equal(error.text, "expression rejects all packets");
	assert_int_equal(error.offset, 0);
	assert_int_equal(error.length, 19);
	assert_int_equal(pcap_compile_ex(p, &program, "len < 5 and len > 9", &unoptimized, sizeof(unoptimized),
				 &error, sizeof(error)),
		0);
	pcap_freecode(&program);
}

/* The netmask counts only where the flag says that it is known. */
static void test_netmask(void **state)
{
	struct bpf_program program;
	struct pcap_compile_options options = {.netmask = 0xff};

	(void)state;
	assert_int_equal(pcap_compile_ex(p, &program, "ip broadcast", NULL, 0, NULL, 0), PCAP_ERROR);
	assert_int_equal(
		pcap_compile_ex(p, &program, "ip broadcast", &options, sizeof(options), NULL, 0), PCAP_ERROR);
	options.flags = PCAP_COMPILE_NETMASK;
	assert_int_equal(pcap_compile_ex(p, &program, "ip broadcast", &options, sizeof(options), NULL, 0), 0);
	pcap_freecode(&program);
	/* A program that was built when there were no such options. */
	assert_int_equal(pcap_compile_ex(p, &program, "ip broadcast", &options, 4, NULL, 0), 0);
	pcap_freecode(&program);
	assert_int_equal(pcap_compile(p, &program, "ip broadcast", 1, 0xff), 0);
	pcap_freecode(&program);
	assert_int_equal(pcap_compile(p, &program, "ip broadcast", 1, PCAP_NETMASK_UNKNOWN), PCAP_ERROR);
}

/* The longest message, a long expression with bytes that are not printable: all of it fits, and ends with carets. */
static void test_long_error(void **state)
{
	struct pcap_compile_error error;
	struct bpf_program program;
	char expression[2001];

	(void)state;
	memset(expression, ' ', sizeof(expression) - 1);
	expression[sizeof(expression) - 1] = '\0';
	memcpy(expression + 900, "tcp \xff\x80 and host", 15);
	assert_int_equal(pcap_compile_ex(p, &program, expression, NULL, 0, &error, sizeof(error)), PCAP_ERROR);
	assert_int_equal(error.offset, 904);
	assert_non_null(strstr(error.text, "tcp \\xff\\x80 and host"));
	assert_non_null(strstr(error.text, "^^^^"));
	assert_true(strlen(pcap_geterr(p)) < PCAP_ERRBUF_SIZE);
	assert_non_null(strstr(pcap_geterr(p), "tcp \\xff\\x80"));
	assert_non_null(strstr(pcap_geterr(p), "...\n"));
}

/* As long as a message can be: it still fits where programs copy it to. */
static void test_longest_error(void **state)
{
	struct bpf_program program;
	char expression[400] = "ip proto \\";

	(void)state;
	for (size_t length = strlen(expression); length < sizeof(expression) - 1; length++) {
		expression[length] = '\xff';
		assert_int_equal(pcap_compile(p, &program, expression, 1, PCAP_NETMASK_UNKNOWN), PCAP_ERROR);
		assert_true(strlen(pcap_geterr(p)) < PCAP_ERRBUF_SIZE);
	}
}

static char *explained(const char *expression, int what)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(pcap_explain_filter(p, expression, NULL, 0, what, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_explain(void **state)
{
	static const struct {
		int what;
		const char *begin;
		const char *within;
	} rows[] = {
		{PCAP_EXPLAIN_EXPRESSION, "tcp dst port 80 or tcp dst port 443\n", ""},
		{PCAP_EXPLAIN_TREE, "or\n  tcp dst port 80\n  tcp dst port 443\n", ""},
		{PCAP_EXPLAIN_WORDS, "1. If the Ethernet type is ", "the destination port is 80"},
		{PCAP_EXPLAIN_GRAPH, "v", ":= half[12]\n"},
		{PCAP_EXPLAIN_PASSES, "; as generated\nv", ":= half[12]\n"},
		{PCAP_EXPLAIN_DOT, "digraph filter {\n", "-> accept [label=yes]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = explained("tcp dst port 80 or 443", rows[i].what);
		assert_int_equal(strncmp(text, rows[i].begin, strlen(rows[i].begin)), 0);
		assert_non_null(strstr(text, rows[i].within));
		free(text);
	}
	assert_int_equal(pcap_explain_filter(p, "tcp", NULL, 0, 99, stderr), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "99"));
	assert_int_equal(pcap_explain_filter(p, "tcp and", NULL, 0, PCAP_EXPLAIN_TREE, stderr), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "column 8"));
}

/* Everything is an expression that accepts or an error; the empty one accepts all. */
static void test_empty(void **state)
{
	static const char *const texts[] = {"", " \n\t", NULL};
	struct bpf_program program;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(pcap_compile(p, &program, texts[i], 1, PCAP_NETMASK_UNKNOWN), 0);
		assert_int_equal(program.bf_len, 1);
		assert_int_equal(program.bf_insns[0].code, BPF_RET | BPF_K);
		assert_int_equal(program.bf_insns[0].k, 65535);
		pcap_freecode(&program);
	}
	char *text = explained("", PCAP_EXPLAIN_TREE);
	assert_string_equal(text, "(every packet)\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_error_place, open_handle, close_handle),
		cmocka_unit_test_setup_teardown(test_error_sizes, open_handle, close_handle),
		cmocka_unit_test_setup_teardown(test_error_of_all, open_handle, close_handle),
		cmocka_unit_test_setup_teardown(test_netmask, open_handle, close_handle),
		cmocka_unit_test_setup_teardown(test_long_error, open_handle, close_handle),
		cmocka_unit_test_setup_teardown(test_longest_error, open_handle, close_handle),
		cmocka_unit_test_setup_teardown(test_explain, open_handle, close_handle),
		cmocka_unit_test_setup_teardown(test_empty, open_handle, close_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
