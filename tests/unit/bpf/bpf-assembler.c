/* SPDX-License-Identifier: BSD-3-Clause */
/* The assembler: it reads what bpf_image() writes, and what people write; and it says where an error is. */
#include "bpf-test.h"

static void check_instruction(const char *text, u_short code, bpf_u_int32 k)
{
	struct bpf_program program = assemble(text);

	assert_int_equal(program.bf_len, 1);
	assert_int_equal(program.bf_insns[0].code, code);
	assert_int_equal(program.bf_insns[0].k, k);
	pcap_freecode(&program);
}

static void test_instructions(void **state _U_)
{
	check_instruction("ldh [12]", BPF_LD | BPF_H | BPF_ABS, 12);
	check_instruction("\t ldh\t[ 0xC ]\r\n", BPF_LD | BPF_H | BPF_ABS, 12);
	check_instruction("ldb [-1]", BPF_LD | BPF_B | BPF_ABS, 0xffffffff);
	check_instruction("ld [proto]", BPF_LD | BPF_W | BPF_ABS, 0xfffff000);
	check_instruction("ld [ vlan_tpid ]", BPF_LD | BPF_W | BPF_ABS, 0xfffff03c);
	check_instruction("ld [x+2]", BPF_LD | BPF_W | BPF_IND, 2);
	check_instruction("ldxb 4 * ( [14] & 0xf )", BPF_LDX | BPF_B | BPF_MSH, 14);
	check_instruction("ldx #pktlen", BPF_LDX | BPF_W | BPF_LEN, 0);
	check_instruction("ldx M[3]", BPF_LDX | BPF_MEM, 3);
	check_instruction("ld #4294967295", BPF_LD | BPF_IMM, 0xffffffff);
	check_instruction("ld #-2147483648", BPF_LD | BPF_IMM, 0x80000000);
	check_instruction("and #0xF0 ; the high half", BPF_ALU | BPF_AND | BPF_K, 0xf0);
	check_instruction("add x;", BPF_ALU | BPF_ADD | BPF_X, 0);
	check_instruction("(0) ret", BPF_RET | BPF_A, 0);
	check_instruction("; nothing\n\nx: ret #1\n", BPF_RET | BPF_K, 1);
	check_instruction("unimp 0xffff", 0xffff, 0);
}

/* Each opcode, number and operand comes back from its image. */
static void test_image_comes_back(void **state _U_)
{
	static const bpf_u_int32 edges[] = {
		0, 1, 15, 255, 256, 0x7fffffff, 0x80000000, 0xfffff000, 0xfffff034, 0xffffffff};
	enum { LINES = 300, MIDDLE = 20 };
	char text[LINES * 64];

	for (u_int code = 0; code <= UINT16_MAX; code++) {
		const struct bpf_opcode *opcode = pcapint_bpf_opcode(code);
		for (size_t i = 0; i < (opcode != NULL ? LENGTH(edges) : 1); i++) {
			struct bpf_insn insns[LINES];
			for (size_t line = 0; line < LINES; line++)
				insns[line] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_A, 0);
			struct bpf_insn *insn = &insns[MIDDLE];
			insn->code = (u_short)code;
			if (opcode != NULL && !opcode->without_image && opcode->operand != BPF_OPERAND_NONE &&
				opcode->operand != BPF_OPERAND_X && opcode->operand != BPF_OPERAND_WIRE_LENGTH)
				insn->k = edges[i];
			if (pcapint_bpf_branches(code)) {
				insn->jt = (u_char)(255 - i);
				insn->jf = (u_char)i;
			}
			size_t used = 0;
			u_int lines = opcode != NULL ? LINES : MIDDLE + 1;
			for (u_int line = 0; line < lines; line++)
				used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n",
					bpf_image(&insns[line], (int)line));
			struct bpf_program program = assemble(text);
			assert_int_equal(program.bf_len, lines);
			assert_memory_equal(program.bf_insns, insns, lines * sizeof(insns[0]));
			pcap_freecode(&program);
		}
	}
}

static void test_random_programs_come_back(void **state _U_)
{
	struct bpf_insn insns[400];
	char text[LENGTH(insns) * 64];
	uint64_t random = 6;

	for (int i = 0; i < 500; i++) {
		u_int len = 1 + random_below(&random, LENGTH(insns));
		size_t used = 0;
		random_program(&random, insns, len, 0);
		for (u_int line = 0; line < len; line++)
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, "%s\n", bpf_image(&insns[line], (int)line));
		struct bpf_program program = assemble(text);
		assert_int_equal(program.bf_len, len);
		for (u_int line = 0; line < len; line++) {
			char image[100];
			snprintf(image, sizeof(image), "%s", bpf_image(&insns[line], (int)line));
			assert_int_equal(program.bf_insns[line].code, insns[line].code);
			assert_string_equal(bpf_image(&program.bf_insns[line], (int)line), image);
		}
		pcap_freecode(&program);
	}
}

static void test_labels(void **state _U_)
{
	struct bpf_program program = assemble("start: again: ldh [12]\n"
					      "jeq #0x800 jt good\n"
					      "jeq #0x806 jf good\n"
					      "jgt x jf 5 jt good\n"
					      "ja start\n"
					      "ja end\n"
					      "good:\n"
					      "; a comment\n"
					      "ret #1\n"
					      "end: ret #0");
	static const struct bpf_insn expected[] = {BPF_STMT(0x28, 12), BPF_JUMP(0x15, 0x800, 4, 0),
		BPF_JUMP(0x15, 0x806, 0, 3), BPF_JUMP(0x2d, 0, 2, 1), BPF_STMT(0x05, (bpf_u_int32)-5),
		BPF_STMT(0x05, 1), BPF_STMT(0x06, 1), BPF_STMT(0x06, 0)};

	assert_int_equal(program.bf_len, LENGTH(expected));
	assert_memory_equal(program.bf_insns, expected, sizeof(expected));
	pcap_freecode(&program);
}

static void check_error(const char *text, const char *error)
{
	struct bpf_program program = {7, NULL};
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	assert_int_equal(pcapint_bpf_assemble(text, &program, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, error);
	assert_int_equal(program.bf_len, 0);
	assert_null(program.bf_insns);
}

static void test_errors(void **state _U_)
{
	char text[2000] = "jeq #1 jt far\n";

	check_error("", "line 0: the text ends, and there was no instruction");
	check_error("; only this\n\n", "line 2: the text ends, and there was no instruction");
	check_error("ret #1\nldq [0]\n", "line 2: no such instruction: 'ldq'");
	check_error("ret #1\n\nldh M[0]\n", "line 3: 'ldh' has no operand of this kind");
	check_error("ldx [3]", "line 1: 'ldx' has no operand of this kind");
	check_error("tax 5", "line 1: 'tax' has no operand of this kind");
	check_error("add", "line 1: 'add' has no operand of this kind");
	check_error("ret #4294967296", "line 1: neither an operand nor a label: '#4294967296'");
	check_error("ret #-2147483649", "line 1: neither an operand nor a label: '#-2147483649'");
	check_error("ld #0x", "line 1: neither an operand nor a label: '#0x'");
	check_error("ld #1x", "line 1: neither an operand nor a label: '#1x'");
	check_error("ld [12", "line 1: neither an operand nor a label: '[12'");
	check_error("ld [prot]", "line 1: neither an operand nor a label: '[prot]'");
	check_error("ldx M[1]]", "line 1: not expected here: ']'");
	check_error("ret #1 #2", "line 1: not expected here: '#2'");
	check_error("ja nowhere", "line 1: neither an operand nor a label: 'nowhere'");
	check_error("jeq #1 jt nowhere", "line 1: neither a label nor a number: 'nowhere'");
	check_error("jeq #1", "line 1: a conditional jump needs jt, jf or both");
	check_error("ret #1 jt 1", "line 1: only a conditional jump has jt and jf");
	check_error("ret #1\njeq #1 jt 0", "line 2: jt and jf can't go back: to 0 from 1");
	check_error("ret #1\njeq #1 jf 1", "line 2: jt and jf can't go back: to 1 from 1");
	check_error("jeq #1 jf 257", "line 1: jt and jf reach 255 instructions ahead: to 257 from 0 is too far");
	check_error("a: ret #1\na: ret #2", "line 2: there is a label 'a' already");
	check_error("(000) ret #1\n(002) ret #2",
		"line 2: this is instruction 1, which is not the number in parentheses");
	check_error("unimp 65536", "line 1: unimp needs an opcode: a number from 0 to 0xffff");
	check_error("#1", "line 1: no instruction: '#1'");
	check_error("1: ret", "line 1: no instruction: '1:'");
	for (int i = 0; i < 256; i++)
		strcat(text, "tax\n");
	strcat(text, "far: ret #0");
	check_error(text, "line 1: jt and jf reach 255 instructions ahead: to 257 from 0 is too far");
}

static void test_long_words_fit_the_error(void **state _U_)
{
	struct bpf_program program;
	char text[5000];
	char errbuf[PCAP_ERRBUF_SIZE];

	memset(text, 'z', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pcapint_bpf_assemble(text, &program, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "line 1: no such instruction: 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'");
}

/* Text of any kind is assembled or refused, within its bounds. */
static void test_random_text(void **state _U_)
{
	static const char *const pieces[] = {"ld", "ldx", "ldxb", "jeq", "ja", "ret", "tax", "unimp", " ", " ", " ",
		"\n", "#", "[", "]", "x", "+", "-", "M", "4*(", "&0xf)", "0x", "7", "99", ":", ";", "(", ")", "a",
		"jt", "jf", "proto", "\t", "\r"};
	uint64_t random = 7;

	for (int i = 0; i < 100000; i++) {
		char text[200] = "";
		char errbuf[PCAP_ERRBUF_SIZE] = "";
		struct bpf_program program;

		for (u_int n = random_below(&random, 20); n != 0; n--)
			strcat(text, pieces[random_below(&random, LENGTH(pieces))]);
		size_t size = strlen(text) + 1;
		if (pcapint_bpf_assemble((const char *)guarded(text, size), &program, errbuf) == 0)
			assert_true(program.bf_len != 0);
		else
			assert_true(strncmp(errbuf, "line ", 5) == 0);
		pcap_freecode(&program);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_image_comes_back),
		cmocka_unit_test(test_random_programs_come_back),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_long_words_fit_the_error),
		cmocka_unit_test(test_random_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
