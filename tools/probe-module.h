/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trying a module out in a process of its own, so that one that crashes or hangs harms nobody.
 */
#ifndef WEIR_PROBE_MODULE_H
#define WEIR_PROBE_MODULE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a module can be loaded and lists its devices; if not, why. */
bool probe_module(const char *name, char *why, size_t size);

#endif
