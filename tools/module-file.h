/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module by the file that it is in, for the commands of `weir module`.
 */
#ifndef WEIR_MODULE_FILE_H
#define WEIR_MODULE_FILE_H

#include <stdbool.h>

#include <pcap/weir.h>

/* Whether an operand is a file's name and not a device's. */
bool is_module_file(const char *operand);

/*
 * Has the library find the module in that file, before all others: its folder is put into PCAP_MODULE_PATH. false, after
 * it was said why, if the library does not take it for a module that it would load.
 */
bool use_module_file(const char *file, struct pcap_module_info *info);

#endif
