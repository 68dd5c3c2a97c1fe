/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the blocks of pcapng files byte by byte: for the tests of this folder.
 */
#ifndef WEIR_TEST_BLOCKS_H
#define WEIR_TEST_BLOCKS_H

#include <pcap/pcapng.h>

#include "files.h"

/* Begins a block, which put_16() and its like then fill; the offset at which it begins. */
size_t begin_block(struct file *file, uint32_t type);
/* Ends it, and sets its length at both ends. */
void end_block(struct file *file, size_t begin);
/* An option, with what it takes to fill 4 bytes. */
void put_option(struct file *file, uint16_t code, const void *value, uint16_t length);

/* Whole blocks without options, as they are most of the time. */
void put_section(struct file *file);
void put_interface(struct file *file, uint16_t linktype, uint32_t snaplen);
void put_interface_with_resolution(struct file *file, uint8_t tsresol, int64_t tsoffset);
void put_enhanced(
	struct file *file, uint32_t interface, uint64_t timestamp, uint32_t caplen, uint32_t len, int seed);

#endif
