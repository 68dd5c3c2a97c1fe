/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs in the hands of users: what a handle keeps, pcap_freecode(), and pcap_offline_filter(). */
#include "bpf-test.h"

static struct bpf_insn even_first_byte[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0), BPF_STMT(BPF_RET | BPF_K, 100),
	BPF_STMT(BPF_RET | BPF_K, 0)};

static pcap_t *open_handle(void)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	assert_non_null(p);
	return p;
}

static void test_a_copy_is_kept(void **state _U_)
{
	pcap_t *p = open_handle();
	struct bpf_insn insns[LENGTH(even_first_byte)];
	struct bpf_program program = {LENGTH(insns), insns};

	memcpy(insns, even_first_byte, sizeof(insns));
	assert_int_equal(install_bpf_program(p, &program), 0);
	assert_ptr_not_equal(p->fcode.bf_insns, insns);
	memset(insns, 0xff, sizeof(insns));
	assert_int_equal(p->fcode.bf_len, LENGTH(insns));
	assert_memory_equal(p->fcode.bf_insns, even_first_byte, sizeof(even_first_byte));
	assert_int_equal(pcapint_filter(p->fcode.bf_insns, guarded("\x02", 1), 1, 1), 100);
	assert_int_equal(pcapint_filter(p->fcode.bf_insns, guarded("\x03", 1), 1, 1), 0);

	/* Another takes its place; also what the handle itself has. */
	struct bpf_insn all = BPF_STMT(BPF_RET | BPF_K, 9);
	program = (struct bpf_program){1, &all};
	assert_int_equal(pcapint_install_bpf_program(p, &program), 0);
	assert_int_equal(p->fcode.bf_len, 1);
	assert_int_equal(pcapint_install_bpf_program(p, &p->fcode), 0);
	assert_int_equal(p->fcode.bf_insns[0].k, 9);
	pcap_close(p);
}

static void test_a_bad_program_is_refused(void **state _U_)
{
	pcap_t *p = open_handle();
	struct bpf_program program = {LENGTH(even_first_byte), even_first_byte};

	assert_int_equal(install_bpf_program(p, &program), 0);
	program.bf_len = 3;
	assert_int_equal(install_bpf_program(p, &program), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "the filter program is not valid: "
					    "instruction 1: jump to 3 is past the end (3 instructions)");
	program.bf_len = 0;
	assert_int_equal(install_bpf_program(p, &program), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "the filter program is not valid: the program is empty");
	program = (struct bpf_program){3, NULL};
	assert_int_equal(install_bpf_program(p, &program), PCAP_ERROR);
	/* What was there before still filters. */
	assert_int_equal(p->fcode.bf_len, LENGTH(even_first_byte));
	pcap_close(p);
}

/* What only the kernel knows is refused where it does not filter, and taken where it may. */
static void test_loads_that_only_the_kernel_serves(void **state _U_)
{
	static const struct {
		const char *load, *error;
	} cases[] = {
		{"ldh [12]", NULL},
		{"ld [xor_x]", NULL},
		{"ldb [-2097152]", NULL},
		{"ld [cpu]", "instruction 1 loads [cpu], which only the kernel knows, and nothing is filtered "
			     "there: the "
			     "filter can't be used here"},
		{"ldb [vlanp]",
			"instruction 1 loads [vlanp], which only the kernel knows, and nothing is filtered there: "
			"the filter can't be used here"},
		{"ldh [-1048567]",
			"instruction 1 loads from 9 bytes after the network header, which only the kernel "
			"finds, and nothing is filtered there: the filter can't be used here"},
		{"ldxb 4*([-1048576]&0xf)", NULL},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[100];
		pcap_t *p = open_handle();
		snprintf(text, sizeof(text), "ldx #1\n%s\nret #1", cases[i].load);
		struct bpf_program program = assemble(text);
		assert_int_equal(install_bpf_program(p, &program), cases[i].error != NULL ? PCAP_ERROR : 0);
		if (cases[i].error != NULL)
			assert_string_equal(pcap_geterr(p), cases[i].error);
		assert_int_equal(p->fcode.bf_len, cases[i].error != NULL ? 0 : 3);
		assert_int_equal(pcapint_install_bpf_program_with_aux(p, &program), 0);
		assert_int_equal(p->fcode.bf_len, 3);
		pcap_freecode(&program);
		pcap_close(p);
	}
}

static void test_freecode(void **state _U_)
{
	struct bpf_program program = assemble("ret #1");

	pcap_freecode(&program);
	assert_null(program.bf_insns);
	assert_int_equal(program.bf_len, 0);
	pcap_freecode(&program);
}

static void test_offline_filter(void **state _U_)
{
	struct bpf_insn insns[LENGTH(even_first_byte)];
	struct bpf_program program = {LENGTH(insns), insns};
	struct pcap_pkthdr header = {.caplen = 1, .len = 60};
	const u_char *data = guarded("\x02", 1);

	memcpy(insns, even_first_byte, sizeof(insns));
	assert_int_equal(pcap_offline_filter(&program, &header, data), 100);
	header.caplen = 0;
	assert_int_equal(pcap_offline_filter(&program, &header, guarded("", 0)), 0);
	/* Changed between calls. */
	insns[0] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
	insns[2] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_A, 0);
	assert_int_equal(pcap_offline_filter(&program, &header, guarded("", 0)), 60);
	/* Spoilt between calls: out of the program, and an opcode that there is not. */
	insns[1].jf = 255;
	assert_int_equal(pcap_offline_filter(&program, &header, guarded("", 0)), 0);
	insns[1].jf = 0;
	assert_int_equal(pcap_offline_filter(&program, &header, guarded("", 0)), 60);
	insns[1].code = 0xfff8;
	assert_int_equal(pcap_offline_filter(&program, &header, guarded("", 0)), 0);
}

static void test_offline_filter_without_a_program(void **state _U_)
{
	const struct pcap_pkthdr header = {.caplen = 1, .len = 1};
	struct bpf_program program = {0, NULL};

	assert_int_equal(pcap_offline_filter(&program, &header, guarded("a", 1)), 0);
	program.bf_len = 5;
	assert_int_equal(pcap_offline_filter(&program, &header, guarded("a", 1)), 0);
	program = (struct bpf_program){0, even_first_byte};
	assert_int_equal(pcap_offline_filter(&program, &header, guarded("b", 1)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_is_kept),
		cmocka_unit_test(test_a_bad_program_is_refused),
		cmocka_unit_test(test_loads_that_only_the_kernel_serves),
		cmocka_unit_test(test_freecode),
		cmocka_unit_test(test_offline_filter),
		cmocka_unit_test(test_offline_filter_without_a_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
