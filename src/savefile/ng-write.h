/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts pcapng blocks together (ng-write.c). For src/savefile only.
 */
#ifndef WEIR_SAVEFILE_NG_WRITE_H
#define WEIR_SAVEFILE_NG_WRITE_H

#include "savefile/ng.h"

/* The size of a block; 0, with why in errbuf, if there can be none such. */
size_t pcapint_ng_block_size(const struct pcapng_block *block, char *errbuf);
/* Puts it at `to`, in this host's byte order. */
void pcapint_ng_put_block(const struct pcapng_block *block, size_t size, u_char *to);

#endif
