/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs without a handle: freed, and run on a packet by those who have a struct bpf_program. */
#include "bpf/native.h"
#include "bpf/program.h"

#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

/* For so many packets native code pays that is made for them alone. */
#define WORTH_NATIVE(len) (2048 + 4 * (size_t)(len))

void pcap_freecode(struct bpf_program *program)
{
	free(program->bf_insns);
	program->bf_insns = NULL;
	program->bf_len = 0;
}

/* Run unvalidated: it costs less than to validate at each packet, and the caller may have changed the program. */
int pcap_offline_filter(const struct bpf_program *program, const struct pcap_pkthdr *header, const u_char *data)
{
	if (program->bf_insns == NULL)
		return 0;
	return (int)pcapint_filter_unvalidated(
		program->bf_insns, program->bf_len, data, header->len, header->caplen, NULL);
}

size_t pcap_offline_filter_batch(const struct bpf_program *program, const struct pcap_pkthdr *headers,
	const u_char *const *data, size_t packets, int *results)
{
	const struct bpf_native *native = NULL;
	size_t accepted = 0;
	bool valid = pcapint_validate_filter(program->bf_insns, program->bf_len, BPF_TARGET_USERLAND, NULL) == 0;

	if (valid && packets >= WORTH_NATIVE(program->bf_len) && pcapint_native_is_allowed())
		native = pcapint_native_get(program->bf_insns, program->bf_len);
	for (size_t i = 0; i < packets; i++) {
		u_int caplen = headers[i].caplen > INT32_MAX ? INT32_MAX : headers[i].caplen, verdict = 0;
		fetch_ahead(data, i, packets);
		if (native != NULL)
			verdict = native->run(data[i], caplen, headers[i].len, NULL);
		else if (valid)
			verdict = pcapint_filter_unvalidated(
				program->bf_insns, program->bf_len, data[i], headers[i].len, caplen, NULL);
		results[i] = (int)verdict;
		accepted += verdict != 0;
	}
	pcapint_native_put(native);
	return accepted;
}

size_t pcap_get_native_code(const struct bpf_program *program, u_char *code, size_t size)
{
	if (program->bf_insns == NULL || !pcapint_native_is_allowed() ||
		pcapint_validate_filter(program->bf_insns, program->bf_len, BPF_TARGET_USERLAND, NULL) != 0)
		return 0;
	const struct bpf_native *native = pcapint_native_get(program->bf_insns, program->bf_len);
	if (native == NULL)
		return 0;
	size_t all = native->size;
	if (size != 0)
		memcpy(code, (const void *)native->run, all < size ? all : size);
	pcapint_native_put(native);
	return all;
}
