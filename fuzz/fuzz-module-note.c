/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the reading of a module's file before it is loaded. An input is the file. What is taken for a module has texts
 * of the right form and ends within the file.
 */
#include "fuzz.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <elf.h>
#include <link.h>
#include <pcap-module.h>

#include "../tests/lib/random-numbers.h"
#include "core/modules.h"

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("module", MFD_CLOEXEC);
	char why[PCAP_ERRBUF_SIZE] = "";
	struct module_note note;

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	bool good = pcapint_read_module_note(fd, &note, why);
	close(fd);
	must(good == (why[0] == '\0'));
	must(memchr(why, '\0', sizeof(why)) != NULL && memchr(note.name, '\0', sizeof(note.name)) != NULL &&
		memchr(note.prefixes, '\0', sizeof(note.prefixes)) != NULL &&
		memchr(note.description, '\0', sizeof(note.description)) != NULL);
	if (!good)
		return 0;
	must(note.name[0] != '\0' && note.prefixes[0] != '\0' && note.abi_version >> 16 == PCAP_MODULE_ABI_MAJOR);
	for (const char *at = note.prefixes; *at != '\0'; at++)
		must(islower((u_char)*at) || isdigit((u_char)*at) || *at == '-' || *at == '_' ||
			(*at == ' ' && islower((u_char)at[-1])));
	must(memmem(data, size, note.name, strlen(note.name) + 1) != NULL);
	must(memmem(data, size, note.prefixes, strlen(note.prefixes) + 1) != NULL);
	return 0;
}

/* A note; its size. */
static size_t make_note(uint64_t *state, uint8_t *data)
{
	static const char *const texts[] = {
		"can\0can vcan\0CAN buses", "a\0a\0", "x\0y 9z\0\x1b[1m", "\0\0", "usb\0usbmon \0USB", "n"};
	static const size_t sizes[] = {23, 5, 12, 3, 16, 1};
	uint32_t choice = random_below(state, 6), version = PCAP_MODULE_ABI_VERSION;
	ElfW(Nhdr) header = {.n_namesz = 5, .n_descsz = (uint32_t)(4 + sizes[choice]), .n_type = PCAP_MODULE_NOTE};

	switch (random_below(state, 16)) {
	case 0:
		header.n_descsz = random_number(state);
		break;
	case 1:
		header.n_namesz = random_below(state, 64);
		break;
	case 2:
		version = random_number(state);
		break;
	}
	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header), "Weir\0\0\0", 8);
	memcpy(data + sizeof(header) + 8, &version, sizeof(version));
	memcpy(data + sizeof(header) + 12, texts[choice], sizes[choice]);
	return (sizeof(header) + 12 + sizes[choice] + 3) / 4 * 4;
}

/* Our own header, some segments, and notes in one or more of them. */
size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	ElfW(Ehdr) header = __ehdr_start;
	uint32_t count = 1 + random_below(state, 6);
	size_t at = sizeof(header) + count * sizeof(ElfW(Phdr));

	memset(data, 0, FUZZ_INPUT_SIZE);
	header.e_type = ET_DYN;
	header.e_phoff = sizeof(header);
	header.e_phnum = (uint16_t)count;
	memcpy(data, &header, sizeof(header));
	for (uint32_t i = 0; i < count; i++) {
		ElfW(Phdr) segment = {.p_type = random_below(state, 3) == 0 ? PT_LOAD : PT_NOTE, .p_align = 4};
		segment.p_offset = at;
		for (uint32_t notes = random_below(state, 3); notes > 0; notes--)
			at += make_note(state, data + at);
		segment.p_filesz = at - segment.p_offset;
		if (random_below(state, 16) == 0)
			segment.p_filesz = random_number(state);
		if (random_below(state, 16) == 0)
			segment.p_align = 8;
		memcpy(data + sizeof(header) + i * sizeof(segment), &segment, sizeof(segment));
	}
	return random_below(state, 8) == 0 ? random_below(state, (uint32_t)at) : at;
}
