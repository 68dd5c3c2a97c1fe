/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs case files (cases.h): each program through the assembler, the validator, the disassembler and back, and, with
 * each packet, through every engine that runs programs.
 */
#include "../unit/bpf/bpf-test.h"

#include "bpf/native.h"

#include <pcap/weir.h>

#include "cases.h"

typedef u_int (*run_packet_t)(const struct bpf_program *program, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux);

static u_int run_validated(const struct bpf_program *program, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux)
{
	return pcapint_filter_with_aux_data(program->bf_insns, packet, wirelen, buflen, aux);
}

static u_int run_unvalidated(const struct bpf_program *program, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux)
{
	return pcapint_filter_unvalidated(program->bf_insns, program->bf_len, packet, wirelen, buflen, aux);
}

static u_int run_as_ops(const struct bpf_program *program, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux)
{
	struct bpf_ops ops;

	assert_int_equal(pcapint_decode_ops(&ops, program->bf_insns, program->bf_len), 0);
	u_int verdict = pcapint_run_ops(&ops, packet, wirelen, buflen, aux, NULL);
	pcapint_free_ops(&ops);
	return verdict;
}

static u_int run_natively(const struct bpf_program *program, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux)
{
	if (!pcapint_has_native)
		return run_validated(program, packet, wirelen, buflen, aux);
	const struct bpf_native *native = pcapint_native_get(program->bf_insns, program->bf_len);
	assert_non_null(native);
	u_int verdict = native->run(packet, buflen, wirelen, aux);
	pcapint_native_put(native);
	return verdict;
}

/* The same, twice in a filter set, which tells only whether it accepts: then what the interpreter says has to do. */
static u_int run_in_set(const struct bpf_program *program, const u_char *packet, u_int wirelen, u_int buflen,
	const struct pcap_bpf_aux_data *aux)
{
	const struct bpf_program programs[] = {*program, *program};
	struct pcap_pkthdr header = {.caplen = buflen, .len = wirelen};
	uint64_t matches[PCAP_FILTER_SET_WORDS(2)];
	char errbuf[PCAP_ERRBUF_SIZE];
	u_int verdict = run_validated(program, packet, wirelen, buflen, aux);

	if (aux != NULL || pcapint_find_kernel_load(program->bf_insns, program->bf_len, 0, NULL) != 0)
		return verdict;
	pcap_filter_set_t *set = pcap_filter_set_create(programs, 2, 0, errbuf);
	assert_non_null(set);
	assert_int_equal(pcap_filter_set_match(set, &header, packet, matches), verdict != 0 ? 2 : 0);
	pcap_filter_set_free(set);
	return verdict;
}

/* Everything that can run a valid program on a packet. */
static const struct {
	const char *name;
	run_packet_t run;
} engines[] = {
	{"interpreter", run_validated},
	{"interpreter for unvalidated programs", run_unvalidated},
	{"ops", run_as_ops},
	{"native code", run_natively},
	{"filter set", run_in_set},
};

static void check_comes_back(const struct bpf_program *program)
{
	size_t size = (size_t)program->bf_len * 128, used = 0;
	char *text = malloc(size);

	assert_non_null(text);
	for (u_int i = 0; i < program->bf_len; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%s\n", bpf_image(&program->bf_insns[i], (int)i));
	struct bpf_program again = assemble(text);
	assert_int_equal(again.bf_len, program->bf_len);
	assert_memory_equal(again.bf_insns, program->bf_insns, program->bf_len * sizeof(struct bpf_insn));
	pcap_freecode(&again);
	free(text);
}

static void check_validity(const struct bpf_program *program, enum bpf_target target, const char *error)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "valid";
	int status = pcapint_validate_filter(program->bf_insns, program->bf_len, target, errbuf);

	assert_string_equal(errbuf, error != NULL ? error : "valid");
	assert_int_equal(status, error != NULL ? PCAP_ERROR : 0);
	if (target == BPF_TARGET_USERLAND)
		assert_int_equal(bpf_validate(program->bf_insns, (int)program->bf_len), error == NULL);
}

static void run_case(void **state)
{
	const struct bpf_case *bpf_case = *state;

	assert_non_null(bpf_case->program);
	assert_true((bpf_case->check_count != 0) != (bpf_case->invalid != NULL));
	struct bpf_program program = assemble(bpf_case->program);
	check_comes_back(&program);
	check_validity(&program, BPF_TARGET_USERLAND, bpf_case->invalid);
	if (bpf_case->invalid == NULL || bpf_case->invalid_in_kernel != NULL)
		check_validity(&program, BPF_TARGET_KERNEL, bpf_case->invalid_in_kernel);
	for (u_int i = 0; i < bpf_case->check_count; i++) {
		const struct bpf_check *check = &bpf_case->checks[i];
		const u_char *packet = guarded(check->packet, check->buflen);
		for (size_t j = 0; j < LENGTH(engines); j++) {
			u_int verdict = engines[j].run(&program, packet, check->wirelen, check->buflen,
				check->has_aux ? &check->aux : NULL);
			if (verdict != check->verdict)
				fail_msg("%s, packet %u: 0x%x, not 0x%x", engines[j].name, i + 1, verdict,
					check->verdict);
		}
	}
	pcap_freecode(&program);
}

int main(int argc, char **argv)
{
	struct bpf_case *cases = NULL;
	u_int count = 0;

	for (int i = 1; i < argc; i++)
		read_cases(argv[i], &cases, &count);
	struct CMUnitTest *tests = calloc(count + 1, sizeof(*tests));
	if (tests == NULL)
		return 1;
	for (u_int i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){cases[i].name, run_case, NULL, NULL, &cases[i]};
	int failed = _cmocka_run_group_tests("cases", tests, count, NULL, NULL);
	free(tests);
	free_cases(cases, count);
	return count == 0 || failed != 0;
}
