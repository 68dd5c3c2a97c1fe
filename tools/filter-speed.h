/* SPDX-License-Identifier: BSD-3-Clause */
/* How fast a filter is, and its native code: `weir filter --bench` and `--native`. */
#ifndef WEIR_FILTER_SPEED_H
#define WEIR_FILTER_SPEED_H

#include <pcap/weir.h>

/* Times the program on the packets of a savefile, which has been opened from path. The exit status. */
int time_filter(pcap_t *handle, const char *path, const struct bpf_program *program);
/* Shows the program's native code, disassembled if the system has a disassembler. The exit status. */
int show_native_code(const struct bpf_program *program);

#endif
