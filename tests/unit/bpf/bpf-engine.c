/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What runs a handle's filter: when native code takes over from the interpreter, who shares it, where it lies, and
 * what happens where there can be none.
 */
#include "bpf-test.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/core.h"

static struct bpf_insn first_byte_is_even[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0), BPF_STMT(BPF_RET | BPF_K, 100),
	BPF_STMT(BPF_RET | BPF_K, 0)};
static struct bpf_insn first_byte_is_odd[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), BPF_STMT(BPF_RET | BPF_K, 100),
	BPF_STMT(BPF_RET | BPF_K, 0)};

#define PROGRAM(insns)                                                                                             \
	&(struct bpf_program)                                                                                      \
	{                                                                                                          \
		LENGTH(insns), insns                                                                               \
	}

static pcap_t *open_handle(struct bpf_program *program, int mode)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	assert_non_null(p);
	assert_int_equal(pcap_set_native_filter(p, mode), 0);
	assert_int_equal(install_bpf_program(p, program), 0);
	return p;
}

static u_int filter_byte(pcap_t *p, u_char byte)
{
	return pcapint_filter_packet(p, guarded(&byte, 1), 1, 1, NULL);
}

static void skip_without_native(void)
{
	if (!pcapint_has_native) {
		print_message("skipped: there is no native code for this processor\n");
		skip();
	}
}

/* Until a packet comes that finds native code; how many did not. */
static u_int packets_until_native(pcap_t *p)
{
	u_int packets = 0;

	while (!pcap_is_filter_native(p)) {
		assert_int_equal(filter_byte(p, (u_char)packets), packets % 2 == 0 ? 100 : 0);
		assert_true(++packets < 100000);
	}
	return packets;
}

static void test_native_code_comes_with_packets(void **state _U_)
{
	skip_without_native();
	pcap_t *p = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_AUTO);

	assert_in_range(packets_until_native(p), 100, 5000);
	assert_int_equal(filter_byte(p, 6), 100);
	assert_int_equal(filter_byte(p, 7), 0);
	assert_int_equal(pcapint_filter_packet(p, guarded("", 0), 60, 0, NULL), 0);
	/* The next filter starts anew, and is the one that is run. */
	assert_int_equal(install_bpf_program(p, PROGRAM(first_byte_is_odd)), 0);
	assert_false(pcap_is_filter_native(p));
	assert_int_equal(filter_byte(p, 6), 0);
	/* A filter that is refused leaves the other as it was. */
	assert_int_equal(pcap_set_native_filter(p, PCAP_NATIVE_FILTER_NOW), 0);
	assert_int_equal(install_bpf_program(p, &(struct bpf_program){1, first_byte_is_even}), PCAP_ERROR);
	assert_true(pcap_is_filter_native(p));
	assert_int_equal(filter_byte(p, 7), 100);
	pcap_close(p);
}

static void test_modes(void **state _U_)
{
	skip_without_native();
	pcap_t *p = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_NOW);

	assert_int_equal(pcap_is_filter_native(p), 1);
	assert_int_equal(pcap_set_native_filter(p, 7), PCAP_ERROR);
	assert_string_equal(
		pcap_geterr(p), "pcap_set_native_filter: no such mode: 7 (PCAP_NATIVE_FILTER_OFF, _AUTO or _NOW)");
	assert_int_equal(pcap_is_filter_native(p), 1);
	assert_int_equal(pcap_set_native_filter(p, PCAP_NATIVE_FILTER_OFF), 0);
	assert_int_equal(pcap_is_filter_native(p), 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(filter_byte(p, 2), 100);
	assert_int_equal(pcap_is_filter_native(p), 0);
	assert_int_equal(pcap_set_native_filter(p, PCAP_NATIVE_FILTER_AUTO), 0);
	assert_true(packets_until_native(p) > 0);
	pcap_close(p);
}

static void test_the_environment_turns_it_off(void **state _U_)
{
	setenv("WEIR_NATIVE_FILTER", "off", 1);
	pcap_t *p = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_NOW);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(filter_byte(p, 2), 100);
	assert_int_equal(pcap_is_filter_native(p), 0);
	unsetenv("WEIR_NATIVE_FILTER");
	pcap_close(p);
}

static void test_a_handle_without_a_filter(void **state _U_)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	assert_int_equal(pcap_set_native_filter(p, PCAP_NATIVE_FILTER_NOW), 0);
	assert_int_equal(pcap_is_filter_native(p), 0);
	assert_int_not_equal(filter_byte(p, 1), 0);
	pcap_close(p);
}

/* A module may put back what it had, or run what it made itself: that is what counts. */
static void test_another_program_in_fcode(void **state _U_)
{
	pcap_t *p = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_NOW);
	struct bpf_program kept = p->fcode, other = {LENGTH(first_byte_is_odd), first_byte_is_odd};

	p->fcode = other;
	assert_int_equal(filter_byte(p, 3), 100);
	assert_int_equal(pcap_is_filter_native(p), 0);
	p->fcode = (struct bpf_program){0, NULL};
	assert_int_not_equal(filter_byte(p, 3), 0);
	p->fcode = kept;
	assert_int_equal(filter_byte(p, 3), 0);
	assert_int_equal(pcap_is_filter_native(p), pcapint_has_native);
	pcap_close(p);
}

/* The flags of the mapping that has an address, as in /proc/self/maps; NULL if there is none. */
static const char *mapping_of(const void *address)
{
	static char flags[5];
	char line[500];
	unsigned long from, to;
	FILE *maps = fopen("/proc/self/maps", "r");

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx %4s", &from, &to, flags) == 3 && (unsigned long)address >= from &&
			(unsigned long)address < to) {
			fclose(maps);
			return flags;
		}
	fclose(maps);
	return NULL;
}

static void test_handles_with_the_same_program_share(void **state _U_)
{
	skip_without_native();
	pcap_t *first = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_NOW);
	pcap_t *second = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_NOW);
	pcap_t *other = open_handle(PROGRAM(first_byte_is_odd), PCAP_NATIVE_FILTER_NOW);
	const void *code = (const void *)first->core->engine.run;

	assert_ptr_equal(code, (const void *)second->core->engine.run);
	assert_ptr_not_equal(code, (const void *)other->core->engine.run);
	assert_string_equal(mapping_of(code), "r-xp");
	pcap_close(first);
	assert_int_equal(filter_byte(second, 4), 100);
	assert_string_equal(mapping_of(code), "r-xp");
	assert_int_equal(install_bpf_program(second, PROGRAM(first_byte_is_odd)), 0);
	assert_ptr_equal((const void *)second->core->engine.run, (const void *)other->core->engine.run);
	assert_null(mapping_of(code));
	pcap_close(other);
	assert_int_equal(filter_byte(second, 4), 0);
	pcap_close(second);
}

static void test_native_code_can_be_looked_at(void **state _U_)
{
	struct bpf_program wrong = {1, first_byte_is_even}, none = {0, NULL};
	u_char code[4096], part[4];

	skip_without_native();
	pcap_t *p = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_NOW);
	size_t size = pcap_get_native_code(&p->fcode, code, sizeof(code));
	assert_in_range(size, 10, 200);
	assert_memory_equal(code, (const void *)p->core->engine.run, size);
	part[3] = ~code[3];
	assert_int_equal(pcap_get_native_code(&p->fcode, part, 3), size);
	assert_memory_equal(part, code, 3);
	assert_int_not_equal(part[3], code[3]);
	assert_int_equal(pcap_get_native_code(&p->fcode, NULL, 0), size);
	assert_int_equal(pcap_get_native_code(&wrong, code, sizeof(code)), 0);
	assert_int_equal(pcap_get_native_code(&none, code, sizeof(code)), 0);
	pcap_close(p);
}

/* What is run is a copy. */
static void test_the_program_may_change_afterwards(void **state _U_)
{
	for (int mode = PCAP_NATIVE_FILTER_AUTO; mode <= PCAP_NATIVE_FILTER_NOW; mode++) {
		struct bpf_insn insns[LENGTH(first_byte_is_even)];
		memcpy(insns, first_byte_is_even, sizeof(insns));
		pcap_t *p = open_handle(PROGRAM(insns), mode);
		for (u_int i = 0; i < 3000; i++) {
			assert_int_equal(filter_byte(p, (u_char)i), i % 2 == 0 ? 100 : 0);
			insns[i % LENGTH(insns)].code += (u_short)(i * 7 + 1);
			insns[i % LENGTH(insns)].k ^= 0x80000000 >> i % 32;
			insns[i % LENGTH(insns)].jt += (u_char)i;
		}
		pcap_close(p);
	}
}

/* Between calls, and into anything: pcap_offline_filter() and its batches look at each instruction anew. */
static void test_a_program_that_changes_between_calls(void **state _U_)
{
	struct bpf_insn insns[LENGTH(first_byte_is_even)];
	struct bpf_program program = {LENGTH(insns), insns};
	struct pcap_pkthdr header = {.caplen = 1, .len = 1};
	const u_char *data = guarded("", 1);
	uint64_t random = 5;
	int batch;

	memcpy(insns, first_byte_is_even, sizeof(insns));
	for (int i = 0; i < 200000; i++) {
		((u_char *)insns)[random_below(&random, sizeof(insns))] = (u_char)random_number(&random);
		bool valid = bpf_validate(insns, LENGTH(insns));
		int alone = pcap_offline_filter(&program, &header, data);
		size_t accepted = pcap_offline_filter_batch(&program, &header, &data, 1, &batch);
		assert_int_equal(accepted, batch != 0);
		assert_int_equal(batch, valid ? alone : 0);
		if (i % 16 == 0)
			memcpy(insns, first_byte_is_even, sizeof(insns));
	}
}

#define THREADS 4

static void *open_and_close(void *argument)
{
	uint64_t random = (uint64_t)(uintptr_t)argument;

	for (int i = 0; i < 300; i++) {
		struct bpf_program *program =
			random_below(&random, 2) ? PROGRAM(first_byte_is_even) : PROGRAM(first_byte_is_odd);
		u_char even = program->bf_insns == first_byte_is_even;
		pcap_t *p = pcap_open_dead(DLT_EN10MB, 100);
		if (p == NULL || pcap_set_native_filter(p, PCAP_NATIVE_FILTER_NOW) != 0 ||
			install_bpf_program(p, program) != 0 || pcapint_filter_packet(p, &even, 1, 1, NULL) != 0)
			return argument;
		pcap_close(p);
	}
	return NULL;
}

static void test_threads_share(void **state _U_)
{
	pthread_t threads[THREADS];
	void *result;

	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
}

/* Has the kernel refuse executable memory from now on, as a hardened system does. 0, or -1 if that can't be had. */
static int refuse_executable_memory(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
		/* The lower half of the third argument. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {LENGTH(insns), insns};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

enum { WORKS, CANNOT_REFUSE, IS_NATIVE, IS_WRONG };

/* In a process of its own. */
static int filter_without_executable_memory(void)
{
	if (refuse_executable_memory() != 0)
		return CANNOT_REFUSE;
	pcap_t *p = open_handle(PROGRAM(first_byte_is_even), PCAP_NATIVE_FILTER_NOW);
	if (pcap_is_filter_native(p))
		return IS_NATIVE;
	pcap_set_native_filter(p, PCAP_NATIVE_FILTER_AUTO);
	for (int i = 0; i < 5000; i++)
		if (filter_byte(p, (u_char)i) != (i % 2 == 0 ? 100 : 0))
			return IS_WRONG;
	return pcap_is_filter_native(p) ? IS_NATIVE : WORKS;
}

static void test_executable_memory_is_refused(void **state _U_)
{
	int status;
	pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child == 0)
		_exit(filter_without_executable_memory());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT_REFUSE) {
		print_message("skipped: no seccomp filter can be set here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), WORKS);
}

/* From a program too long for native code to one of an instruction. */
static void test_lengths(void **state _U_)
{
	u_int lengths[] = {1, 2, 1000, 60000, 70000, 200000};

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		struct bpf_insn *insns = calloc(lengths[i], sizeof(*insns));
		assert_non_null(insns);
		for (u_int j = 0; j + 1 < lengths[i]; j++)
			insns[j] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, j);
		insns[lengths[i] - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_A, 0);
		pcap_t *p = open_handle(&(struct bpf_program){lengths[i], insns}, PCAP_NATIVE_FILTER_NOW);
		uint64_t sum = (uint64_t)(lengths[i] - 1) * (lengths[i] - 2) / 2;
		assert_int_equal(filter_byte(p, 0), (uint32_t)sum);
		assert_int_equal(pcap_is_filter_native(p), pcapint_has_native && lengths[i] < 65536);
		pcap_close(p);
		free(insns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_native_code_comes_with_packets),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_the_environment_turns_it_off),
		cmocka_unit_test(test_a_handle_without_a_filter),
		cmocka_unit_test(test_another_program_in_fcode),
		cmocka_unit_test(test_handles_with_the_same_program_share),
		cmocka_unit_test(test_native_code_can_be_looked_at),
		cmocka_unit_test(test_the_program_may_change_afterwards),
		cmocka_unit_test(test_a_program_that_changes_between_calls),
		cmocka_unit_test(test_threads_share),
		cmocka_unit_test(test_executable_memory_is_refused),
		cmocka_unit_test(test_lengths),
	};
	unsetenv("WEIR_NATIVE_FILTER");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
