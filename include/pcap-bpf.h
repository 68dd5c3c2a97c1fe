/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The old name of the classic BPF header; see pcap/bpf.h.
 */
#include <pcap/bpf.h>
