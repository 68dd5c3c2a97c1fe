/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads what a module's file tells of itself, without loading it: an ELF note. The file can be anything; what is read
 * is bounded, and nothing in it is believed before it was checked. For the search for modules.
 */
#include "core/core.h"
#include "core/modules.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pcap-module.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Real modules have about ten segments, and notes of some hundred bytes. */
#define MOST_SEGMENTS 128
#define LARGEST_NOTES 65536

/* The linker's: the header of the file that this code is in. It tells what a module's must be like. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static bool fail(char *why, const char *text)
{
	snprintf(why, PCAP_ERRBUF_SIZE, "%s", text);
	return false;
}

static bool read_at(int fd, uint64_t offset, void *data, size_t size, char *why)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = offset > INT64_MAX - size
				    ? 0
				    : pread(fd, (char *)data + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			pcapint_fmt_errmsg_for_errno(why, PCAP_ERRBUF_SIZE, errno, "can't be read");
			return false;
		}
		if (n == 0)
			return fail(why, "damaged: the file ends too early");
		done += (size_t)n;
	}
	return true;
}

static bool check_header(const ElfW(Ehdr) * header, char *why)
{
	const ElfW(Ehdr) *ours = &__ehdr_start;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return fail(why, "not a shared library (no ELF file)");
	if (memcmp(header->e_ident, ours->e_ident, EI_OSABI) != 0 || header->e_machine != ours->e_machine)
		return fail(why, "made for another kind of machine");
	if (header->e_type != ET_DYN)
		return fail(why, "not a shared library: link it with -shared");
	if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 || header->e_phnum > MOST_SEGMENTS)
		return fail(why, "damaged: it has no table of segments that could be right");
	return true;
}

static bool is_prefix_list(const char *prefixes)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz",
			  allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

	do {
		size_t length = strspn(prefixes, allowed);
		if (length == 0 || strchr(letters, prefixes[length - 1]) == NULL)
			return false;
		prefixes += length;
	} while (*prefixes++ == ' ');
	return prefixes[-1] == '\0';
}

static bool is_name(const char *name)
{
	return *name != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Takes a text that ends in a 0 byte out of a note. */
static bool take_text(const char **at, const char *end, char *text, size_t size)
{
	size_t length = strnlen(*at, (size_t)(end - *at));

	if (length == (size_t)(end - *at) || length >= size)
		return false;
	memcpy(text, *at, length + 1);
	*at += length + 1;
	return true;
}

static bool read_description(const char *at, size_t size, struct module_note *note, char *why)
{
	const char *end = at + size;

	if (size < sizeof(note->abi_version))
		return fail(why, "damaged: its note is too short");
	memcpy(&note->abi_version, at, sizeof(note->abi_version));
	at += sizeof(note->abi_version);
	if (!take_text(&at, end, note->name, sizeof(note->name)) ||
		!take_text(&at, end, note->prefixes, sizeof(note->prefixes)) ||
		!take_text(&at, end, note->description, sizeof(note->description)))
		return fail(why, "damaged: a text in its note is too long or has no end");
	if (!is_name(note->name))
		return fail(why, "its name is not of lower-case letters, digits and _");
	if (!is_prefix_list(note->prefixes))
		return fail(why,
			"its prefixes are not of lower-case letters, digits, - and _ with a letter last, and a "
			"blank between two");
	return true;
}

/* Whether the note stands in a segment of notes; found tells, and the return value is that of reading it. */
static bool search_notes(
	const char *notes, size_t size, size_t alignment, struct module_note *note, bool *found, char *why)
{
	ElfW(Nhdr) header;

	while (size >= sizeof(header)) {
		memcpy(&header, notes, sizeof(header));
		/* In 64 bits sums of 32-bit sizes can't overflow. */
		uint64_t owner_end = sizeof(header) + (uint64_t)header.n_namesz;
		uint64_t text_at = (owner_end + alignment - 1) / alignment * alignment;
		uint64_t text_end = text_at + header.n_descsz;
		if (text_end > size)
			return true;
		if (header.n_type == PCAP_MODULE_NOTE && header.n_namesz == sizeof(PCAP_MODULE_NOTE_OWNER) &&
			memcmp(notes + sizeof(header), PCAP_MODULE_NOTE_OWNER, sizeof(PCAP_MODULE_NOTE_OWNER)) ==
				0) {
			*found = true;
			return read_description(notes + text_at, header.n_descsz, note, why);
		}
		uint64_t next = (text_end + alignment - 1) / alignment * alignment;
		if (next > size)
			return true;
		notes += next;
		size -= (size_t)next;
	}
	return true;
}

bool pcapint_read_module_note(int fd, struct module_note *note, char *why)
{
	ElfW(Ehdr) header;
	ElfW(Phdr) segments[MOST_SEGMENTS];
	bool found = false;

	memset(note, 0, sizeof(*note));
	if (!read_at(fd, 0, &header, sizeof(header), why) || !check_header(&header, why) ||
		!read_at(fd, header.e_phoff, segments, header.e_phnum * sizeof(segments[0]), why))
		return false;
	for (size_t i = 0; i < header.e_phnum && !found; i++) {
		char notes[LARGEST_NOTES];
		if (segments[i].p_type != PT_NOTE || segments[i].p_filesz > sizeof(notes))
			continue;
		/* elf(5): 4, but 8 where the segment says so. */
		if (!read_at(fd, segments[i].p_offset, notes, segments[i].p_filesz, why) ||
			!search_notes(
				notes, segments[i].p_filesz, segments[i].p_align == 8 ? 8 : 4, note, &found, why))
			return false;
	}
	if (!found)
		return fail(why, "not a capture module: it has no note of one (see pcap-module(7))");
	if (note->abi_version >> 16 != PCAP_MODULE_ABI_MAJOR || note->abi_version > PCAP_MODULE_ABI_VERSION) {
		snprintf(why, PCAP_ERRBUF_SIZE,
			"made for version %u.%u of the module interface; this library has %d.%d",
			note->abi_version >> 16, note->abi_version & 0xffff, PCAP_MODULE_ABI_MAJOR,
			PCAP_MODULE_ABI_MINOR);
		return false;
	}
	return true;
}
