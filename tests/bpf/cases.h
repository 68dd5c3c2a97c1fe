/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A case file: programs, and what becomes of packets in them. Lines that begin with ';' are comments. A case is
 *
 *   == name
 *   -- program                   in the assembler's text
 *   -- invalid TEXT              instead of packets: the validator's error
 *   -- invalid in kernel TEXT    beside packets: its error where the kernel is to run the program
 *   -- packet                    in hexadecimal; white space does not count
 *   -- wirelen N                 if it is not the number of bytes in the packet
 *   -- aux NAME N                a member of struct pcap_bpf_aux_data, by the name of the load
 *   -- verdict N                 what the program returns for the packet; another packet may follow
 */
#ifndef BPF_CASES_H
#define BPF_CASES_H

#include <stdbool.h>

#include <pcap-int.h>

/* What a program makes of a packet. */
struct bpf_check {
	u_char *packet;
	u_int buflen;
	u_int wirelen;
	bool has_aux;
	struct pcap_bpf_aux_data aux;
	u_int verdict;
};

struct bpf_case {
	char *name; /* with the file and the line before it */
	char *program;
	char *invalid;           /* or NULL */
	char *invalid_in_kernel; /* or NULL */
	struct bpf_check *checks;
	u_int check_count;
};

/* Appends a file's cases to a malloc'ed array. A file that is not in order ends the program with a message. */
void read_cases(const char *path, struct bpf_case **cases, u_int *count);
void free_cases(struct bpf_case *cases, u_int count);

#endif
