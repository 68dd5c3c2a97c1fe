/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module by the file that it is in, for the commands of `weir module`.
 */
#ifndef WEIR_MODULE_FILE_H
#define WEIR_MODULE_FILE_H

#include <limits.h>
#include <stdbool.h>

#include <pcap/weir.h>

/* Whether an operand is a file's name and not a device's. */
bool is_module_file(const char *operand);

/*
 * Puts the file's folder before those that the library searches, by PCAP_MODULE_PATH; path is the file's, without links.
 * false, after it was said why, if there is no such file.
 */
bool search_folder_of(const char *file, char path[PATH_MAX]);

/*
 * Does the same, and tells what the library knows of the module. false, after it was said why, if the library would not
 * load it.
 */
bool use_module_file(const char *file, struct pcap_module_info *info);

#endif
