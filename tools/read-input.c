/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The savefiles that `weir read` reads: block by block, with the interfaces of the section at hand.
 */
#include "read-input.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "print.h"
#include "read-resume.h"

/* The resolution where an interface tells none, in powers of 10. */
#define TSRESOL_DEFAULT 6

bool input_open(struct input *input, const char *path)
{
	*input = (struct input){.path = path, .name = strcmp(path, "-") == 0 ? "standard input" : path};
	input->reader = pcapng_open(path, input->damage);
	input->done = input->reader == NULL;
	return input->reader != NULL;
}

static void forget_interfaces(struct input *input)
{
	for (size_t i = 0; i < input->interface_count; i++) {
		free(input->interfaces[i].block);
		free(input->interfaces[i].name);
	}
	input->interface_count = 0;
}

void input_close(struct input *input)
{
	forget_interfaces(input);
	free(input->interfaces);
	pcapng_close(input->reader);
	input->interfaces = NULL;
	input->reader = NULL;
	resume_end(input);
}

/* The next block of the file, past what the stream of a file that is read on begins with again. */
static int next_block(struct input *input, const struct pcapng_block **block)
{
	int status;

	do {
		status = input->reader != NULL ? pcapng_next(input->reader, block) : 0;
	} while (status == 1 && input->skip > 0 && input->skip-- > 0);
	if (status == PCAP_ERROR)
		snprintf(input->damage, sizeof(input->damage), "%s", pcapng_error(input->reader));
	return status;
}

bool input_fetch(struct input *input)
{
	const struct pcapng_block *block;
	int status;

	if (input->block != NULL)
		return true;
	if (input->done)
		return false;
	do {
		status = next_block(input, &block);
	} while (status == PCAP_ERROR && input->resume != NULL && resume_behind(input));
	input->done = status == 0 || status == PCAP_ERROR;
	if (status != 1)
		return false;
	input->block = block;
	/* The two blocks that stand for the header of a pcap file have no length. */
	if (block->length > 0)
		input->end = block->offset + block->length + (uint64_t)input->shift;
	if (block->type == PCAPNG_SECTION)
		input->is_pcap = block->length == 0;
	if (block->type == PCAPNG_ENHANCED_PACKET || block->type == PCAPNG_OBSOLETE_PACKET)
		input->time = (struct instant){block->seconds, block->nanoseconds};
	return true;
}

void input_take(struct input *input)
{
	input->block = NULL;
}

/* ---- Sections and interfaces ---- */

void input_begin_section(struct input *input)
{
	forget_interfaces(input);
	input->swapped = input->block->swapped != 0;
	input->section = (struct extent){input->block->offset + (uint64_t)input->shift, input->block->length};
}

struct pcapng_block *input_copy_block(const struct pcapng_block *block)
{
	size_t size = sizeof(*block) + block->option_count * sizeof(*block->options);
	struct pcapng_option *options;
	struct pcapng_block *copy;
	char *value;

	for (size_t i = 0; i < block->option_count; i++)
		size += block->options[i].length;
	copy = malloc(size);
	if (copy == NULL)
		return NULL;
	*copy = *block;
	options = (struct pcapng_option *)(copy + 1);
	value = (char *)(options + block->option_count);
	for (size_t i = 0; i < block->option_count; i++) {
		options[i] = block->options[i];
		memcpy(value, block->options[i].value, options[i].length);
		options[i].value = value;
		value += options[i].length;
	}
	copy->options = options;
	return copy;
}

static bool grow(struct input *input)
{
	size_t capacity = input->interface_capacity * 2 + 4;
	struct input_interface *interfaces = realloc(input->interfaces, capacity * sizeof(*interfaces));

	if (interfaces == NULL)
		return false;
	input->interfaces = interfaces;
	input->interface_capacity = capacity;
	return true;
}

bool input_add_interface(struct input *input)
{
	const struct pcapng_option *name = pcapng_find_option(input->block, PCAPNG_IF_NAME);
	const struct pcapng_option *tsresol = pcapng_find_option(input->block, PCAPNG_IF_TSRESOL);
	const struct pcapng_option *tsoffset = pcapng_find_option(input->block, PCAPNG_IF_TSOFFSET);
	struct input_interface *interface;

	if (input->interface_count == input->interface_capacity && !grow(input))
		return false;
	interface = &input->interfaces[input->interface_count];
	*interface = (struct input_interface){
		.block = input_copy_block(input->block), .tsresol = TSRESOL_DEFAULT, .number = NO_NUMBER};
	if (interface->block == NULL)
		return false;
	interface->block->offset += (uint64_t)input->shift;
	if (name != NULL)
		interface->name = strndup(name->value, name->length);
	if (tsresol != NULL && tsresol->length == 1)
		interface->tsresol = *(const uint8_t *)tsresol->value;
	if (tsoffset != NULL)
		interface->tsoffset = (int64_t)pcapng_option_number(input->block, tsoffset);
	input->interface_count++;
	return true;
}

struct input_interface *input_interface(const struct input *input)
{
	/* The library has checked the number; that of simple packets is 0, and there is one. */
	return &input->interfaces[input->block->interface];
}

/* ---- The file itself ---- */

const char *input_compression(const char *path)
{
	/* RFC 1952, RFC 8878, the LZ4 frame format's description. */
	static const struct {
		const char *name;
		size_t size;
		uint8_t magic[4];
	} formats[] = {{"gzip", 2, {0x1f, 0x8b}}, {"zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}},
		{"lz4", 4, {0x04, 0x22, 0x4d, 0x18}}};
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	uint8_t first[4] = {0};
	struct stat status;
	ssize_t count = -1;

	/* What is read of a pipe is gone. */
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		count = pread(fd, first, sizeof(first), 0);
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; count > 0 && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (memcmp(first, formats[i].magic, formats[i].size) == 0)
			return formats[i].name;
	}
	return NULL;
}

uint64_t input_size(const char *path)
{
	struct stat status;

	if ((strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(path, &status)) < 0 ||
		!S_ISREG(status.st_mode) || input_compression(path) != NULL)
		return 0;
	return (uint64_t)status.st_size;
}
