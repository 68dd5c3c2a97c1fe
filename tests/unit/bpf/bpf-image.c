/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bpf_image() and bpf_dump(): texts that people and programs know, byte for byte; also as the system's libpcap writes
 * them, for every opcode.
 */
#include "bpf-test.h"

#include <pthread.h>
#include <unistd.h>

static void check_image(u_short code, u_char jt, u_char jf, bpf_u_int32 k, int n, const char *text)
{
	const struct bpf_insn insn = {code, jt, jf, k};
	assert_string_equal(bpf_image(&insn, n), text);
}

static void test_forms(void **state _U_)
{
	check_image(0x28, 0, 0, 12, 0, "(000) ldh      [12]");
	check_image(0x20, 0, 0, 0xfffff000, 1, "(001) ld       [proto]");
	check_image(0x30, 0, 0, 0xfffff030, 1, "(001) ldb      [vlanp]");
	check_image(0x20, 0, 0, 0xfffff002, 1, "(001) ld       [-4094]");
	check_image(0x50, 0, 0, 14, 2, "(002) ldb      [x + 14]");
	check_image(0xb1, 0, 0, 14, 3, "(003) ldxb     4*([14]&0xf)");
	check_image(0x80, 0, 0, 0, 4, "(004) ld       #pktlen");
	check_image(0x01, 0, 0, 0xbeef, 5, "(005) ldx      #0xbeef");
	check_image(0x61, 0, 0, 15, 6, "(006) ldx      M[15]");
	check_image(0x04, 0, 0, 0xffffffff, 7, "(007) add      #-1");
	check_image(0x54, 0, 0, 0xf0, 8, "(008) and      #0xf0");
	check_image(0x0c, 0, 0, 0, 9, "(009) add      x");
	check_image(0x15, 0, 9, 0x800, 12, "(012) jeq      #0x800           jt 13\tjf 22");
	check_image(0x1d, 1, 2, 0, 13, "(013) jeq      x                jt 15\tjf 16");
	check_image(0x05, 0, 0, 100, 999, "(999) ja       1100");
	check_image(0x05, 0, 0, (bpf_u_int32)-20, 1000, "(1000) ja       981");
	check_image(0x06, 0, 0, 262144, 14, "(014) ret      #262144");
	check_image(0x16, 0, 0, 0, 15, "(015) ret      ");
	check_image(0x07, 0, 0, 0, 16, "(016) tax      ");
	check_image(0x0e, 0, 0, 0, 17, "(017) unimp    0xe");
	check_image(0xffff, 0, 0, 7, 18, "(018) unimp    0xffff");
	check_image(0x55, 1, 2, 7, 18, "(018) unimp    0x55             jt 20\tjf 21");
}

static void test_same_as_peer(void **state _U_)
{
	static const bpf_u_int32 edges[] = {0, 1, 9, 15, 16, 4660, 0x7fffffff, 0x80000000, 0xfff00000, 0xffffffff};
	static const int numbers[] = {0, 9, 99, 1000, 123456, -1, -100};
	const struct peer *peer = peer_or_skip();

	for (u_int code = 0; code <= UINT16_MAX; code++) {
		struct bpf_insn insn = {(u_short)code, 3, 255, 0x1234};
		assert_string_equal(bpf_image(&insn, 5), peer->image(&insn, 5));
		for (size_t i = 0; code < BPF_OPCODES && i < LENGTH(edges) + 80; i++) {
			insn.k = i < LENGTH(edges) ? edges[i] : 0xfffff000 + (bpf_u_int32)(i - LENGTH(edges)) - 4;
			for (size_t j = 0; j < LENGTH(numbers); j++)
				assert_string_equal(bpf_image(&insn, numbers[j]), peer->image(&insn, numbers[j]));
		}
	}
}

static void *other_thread(void *argument _U_)
{
	const struct bpf_insn insn = BPF_STMT(BPF_RET | BPF_K, 2);
	bpf_image(&insn, 2);
	return NULL;
}

static void test_image_is_the_threads_own(void **state _U_)
{
	const struct bpf_insn insn = BPF_STMT(BPF_RET | BPF_K, 1);
	const char *image = bpf_image(&insn, 1);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_string_equal(image, "(001) ret      #1");
}

/* What a bpf_dump() writes to standard output. */
static void dump_to(char *text, size_t size, void (*dump)(const struct bpf_program *, int),
	const struct bpf_program *program, int option)
{
	FILE *file = tmpfile();
	int saved;

	assert_non_null(file);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	dump(program, option);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static struct bpf_insn dumped[] = {BPF_STMT(0x28, 12), BPF_JUMP(0x15, 0x800, 0, 1), BPF_STMT(0x06, 0xffffffff),
	BPF_STMT(0x06, 0), BPF_JUMP(0xffff, 0xffffffff, 255, 255)};

static void test_dump(void **state _U_)
{
	const struct bpf_program program = {LENGTH(dumped), dumped};
	char text[2000];

	dump_to(text, sizeof(text), bpf_dump, &program, 1);
	assert_string_equal(text, "(000) ldh      [12]\n"
				  "(001) jeq      #0x800           jt 2\tjf 3\n"
				  "(002) ret      #-1\n"
				  "(003) ret      #0\n"
				  "(004) unimp    0xffff\n");
	dump_to(text, sizeof(text), bpf_dump, &program, 2);
	assert_string_equal(text, "{ 0x28, 0, 0, 0x0000000c },\n"
				  "{ 0x15, 0, 1, 0x00000800 },\n"
				  "{ 0x6, 0, 0, 0xffffffff },\n"
				  "{ 0x6, 0, 0, 0x00000000 },\n"
				  "{ 0xffff, 255, 255, 0xffffffff },\n");
	dump_to(text, sizeof(text), bpf_dump, &program, 3);
	assert_string_equal(text, "5\n"
				  "40 0 0 12\n"
				  "21 0 1 2048\n"
				  "6 0 0 4294967295\n"
				  "6 0 0 0\n"
				  "65535 255 255 4294967295\n");
}

static void test_dump_same_as_peer(void **state _U_)
{
	const struct peer *peer = peer_or_skip();
	struct bpf_insn insns[200];
	uint64_t random = 5;

	for (int i = 0; i < 200; i++) {
		const struct bpf_program program = {random_below(&random, LENGTH(insns) + 1), insns};
		char ours[16000], theirs[16000];

		random_program(&random, insns, LENGTH(insns), 0);
		dump_to(ours, sizeof(ours), bpf_dump, &program, i % 7 - 1);
		dump_to(theirs, sizeof(theirs), peer->dump, &program, i % 7 - 1);
		assert_string_equal(ours, theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_same_as_peer),
		cmocka_unit_test(test_image_is_the_threads_own),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_dump_same_as_peer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
