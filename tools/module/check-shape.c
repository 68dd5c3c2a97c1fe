/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on a module's file: its name, its note, its descriptor, what it exports. For `weir
 * module check FILE.so`.
 */
#include "module/check.h"

#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/weir.h>

#define DESCRIPTOR "pcap_module_descriptor"

/* Before any of its code runs: what the library says of the file. */
static void is_usable(struct trial *t)
{
	struct pcap_module_info info;

	for (size_t i = 0; pcap_get_module(i, &info, sizeof(info)) == 1; i++) {
		if (info.file == NULL || strcmp(info.file, t->subject->file) != 0)
			continue;
		if (info.problem != NULL)
			broken(t, "the library does not use the file: %s", info.problem);
		return;
	}
	broken(t, "the library does not find a module in the file: its name has to be pcap-NAME.so");
}

static void has_good_prefixes(struct trial *t)
{
	const char *prefixes = t->subject->prefixes;

	for (const char *at = prefixes; *at != '\0'; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		for (size_t i = 0; i < length; i++)
			if (!islower((unsigned char)at[i]) && !isdigit((unsigned char)at[i]) && at[i] != '-')
				broken(t,
					"the prefix \"%.*s\" has something else than lower-case letters and digits",
					(int)length, at);
		if (!islower((unsigned char)at[length - 1]))
			broken(t, "the prefix \"%.*s\" does not end in a letter", (int)length, at);
		at += length;
	}
}

/* The loaded file. */
static void *load(struct trial *t)
{
	step(t, "loading the file");
	void *file = dlopen(t->subject->file, RTLD_NOW | RTLD_LOCAL);

	if (file == NULL)
		broken_rule(t, "M3", "the file can't be loaded: %s", dlerror());
	step(t, "after loading the file");
	return file;
}

static void has_a_good_descriptor(struct trial *t)
{
	const struct pcap_module *module = dlsym(load(t), DESCRIPTOR);

	if (module == NULL)
		broken(t, "it does not export %s: a line with PCAP_MODULE() is missing", DESCRIPTOR);
	if (module->abi_version >> 16 != PCAP_MODULE_ABI_MAJOR)
		broken(t, "its descriptor has version %u.%u of the module interface; the library has %d.%d",
			module->abi_version >> 16, module->abi_version & 0xffff, PCAP_MODULE_ABI_MAJOR,
			PCAP_MODULE_ABI_MINOR);
	if (module->size < sizeof(struct pcap_module))
		broken(t, "its descriptor says that it has %u bytes; it must have %zu", module->size,
			sizeof(struct pcap_module));
	if (module->name == NULL || strcmp(module->name, t->subject->module) != 0)
		broken(t, "its descriptor has the name \"%s\", and its note \"%s\"",
			module->name != NULL ? module->name : "", t->subject->module);
	if (module->findalldevs == NULL)
		broken(t, "its descriptor lacks the routine that lists devices");
	if (module->create == NULL && module->create_is_ours == NULL)
		broken(t, "its descriptor lacks the routine that makes a handle");
}

/* ---- What it exports ---- */

/* What linkers, and compilers with names that are reserved to them, add of themselves. */
static bool is_added(const char *name)
{
	static const char *const names[] = {"_init", "_fini", "_edata", "_end", "_bss_end__"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "__", 2) == 0;
}

/* The descriptor, and the two routines that it names, may be visible. */
static bool may_be_visible(const char *name, void *file, const struct pcap_module *module)
{
	const void *address = dlsym(file, name);

	return strcmp(name, DESCRIPTOR) == 0 || is_added(name) || address == *(void *const *)&module->findalldevs ||
	       (module->create != NULL && address == *(void *const *)&module->create) ||
	       (module->create_is_ours != NULL && address == *(void *const *)&module->create_is_ours);
}

struct image {
	const char *bytes;
	size_t size;
};

/* size bytes of the file at offset; NULL if it is not that long. */
static const void *part(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset ? image->bytes + offset : NULL;
}

static void check_symbols(struct trial *t, const struct image *image, const ElfW(Shdr) * sections, unsigned count,
	const ElfW(Shdr) * table, void *file)
{
	const struct pcap_module *module = dlsym(file, DESCRIPTOR);
	const ElfW(Sym) *symbols = part(image, table->sh_offset, table->sh_size);
	const ElfW(Shdr) *strings = table->sh_link < count ? &sections[table->sh_link] : NULL;
	const char *names = strings != NULL ? part(image, strings->sh_offset, strings->sh_size) : NULL;

	if (module == NULL || symbols == NULL || names == NULL || strings->sh_size == 0 ||
		names[strings->sh_size - 1] != '\0')
		left_out(t, "the file's symbols can't be read");
	for (size_t i = 0; i < table->sh_size / sizeof(*symbols); i++) {
		const ElfW(Sym) *symbol = &symbols[i];
		if (symbol->st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ||
			symbol->st_name >= strings->sh_size)
			continue;
		const char *name = names + symbol->st_name;
		if (!may_be_visible(name, file, module))
			broken(t, "it exports \"%s\": make it static, or hidden (-fvisibility=hidden)", name);
	}
}

static void exports_nothing_else(struct trial *t)
{
	void *file = load(t);
	int fd = open(t->subject->file, O_RDONLY | O_CLOEXEC);
	struct stat status;
	struct image image = {0};

	if (fd >= 0 && fstat(fd, &status) == 0)
		image = (struct image){
			mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (size_t)status.st_size};
	if (image.bytes == NULL || image.bytes == MAP_FAILED)
		left_out(t, "the file can't be read");
	const ElfW(Ehdr) *header = part(&image, 0, sizeof(*header));
	const ElfW(Shdr) *sections =
		header != NULL ? part(&image, header->e_shoff, (uint64_t)header->e_shnum * sizeof(*sections))
			       : NULL;
	for (unsigned i = 0; sections != NULL && i < header->e_shnum; i++)
		if (sections[i].sh_type == SHT_DYNSYM)
			check_symbols(t, &image, sections, header->e_shnum, &sections[i], file);
}

/* A module that does nothing before it is called leaves the process as it was. */
static void loads_in_silence(struct trial *t)
{
	struct resources before, after;

	count_resources(&before);
	load(t);
	count_resources(&after);
	if (after.threads > before.threads || after.children > before.children)
		broken(t, "loading the file starts a thread or a process");
}

const struct check_row shape_checks[] = {
	{"M1", "the library can use the file", is_usable, 0},
	{"M2", "prefixes are lower-case letters and digits, and end in a letter", has_good_prefixes,
		CHECK_NEEDS_PREFIXES},
	{"M3", "the descriptor is there, and whole", has_a_good_descriptor, 0},
	{"M3", "nothing but the descriptor and its two routines is visible", exports_nothing_else, 0},
	{"M3", "loading it does nothing else", loads_in_silence, 0},
	{0},
};
