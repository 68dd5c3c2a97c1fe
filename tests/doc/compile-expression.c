/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiles one filter expression and prints the program as numbers, or what is wrong: for the test that holds the
 * manual's examples against the library.
 */
#include <stdio.h>

#include <pcap/pcap.h>

int main(int argc, char **argv)
{
	struct bpf_program program;

	if (argc != 3) {
		fprintf(stderr, "usage: compile-expression DLT EXPRESSION\n");
		return 2;
	}
	pcap_t *handle = pcap_open_dead(pcap_datalink_name_to_val(argv[1]), 262144);
	if (handle == NULL)
		return 2;
	int status = pcap_compile(handle, &program, argv[2], 1, PCAP_NETMASK_UNKNOWN);
	if (status == 0) {
		bpf_dump(&program, 3);
		pcap_freecode(&program);
	} else {
		printf("%s\n", pcap_geterr(handle));
	}
	pcap_close(handle);
	return status == 0 ? 0 : 1;
}
