/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module with a fault, for the tests of the loader: macros from the compiler's command line say which. NAME and
 * PREFIXES are its own; without more it is a good one that has a device, and opens none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap-module.h>

#ifndef PREFIXES
#define PREFIXES NAME
#endif
#ifndef NOTE_VERSION
#define NOTE_VERSION PCAP_MODULE_ABI_VERSION
#endif
#ifndef DESCRIPTOR_VERSION
#define DESCRIPTOR_VERSION NOTE_VERSION
#endif
#ifndef DESCRIPTOR_SIZE
#define DESCRIPTOR_SIZE sizeof(DESCRIPTOR)
#endif
#ifndef DESCRIPTOR_NAME
#define DESCRIPTOR_NAME NAME
#endif
#ifndef DESCRIPTOR
#define DESCRIPTOR pcap_module_descriptor
#endif
#ifndef LIST
#define LIST list_one
#endif
#ifndef CREATE
#define CREATE create_nothing
#endif

int list_one(pcap_if_list_t *list, char *errbuf);
int list_fails_silently(pcap_if_list_t *list, char *errbuf);
int list_crashes(pcap_if_list_t *list, char *errbuf);
int list_exits(pcap_if_list_t *list, char *errbuf);
int list_hangs(pcap_if_list_t *list, char *errbuf);
int list_prints(pcap_if_list_t *list, char *errbuf);
int list_calls_missing(pcap_if_list_t *list, char *errbuf);
pcap_t *create_nothing(const char *device, char *errbuf);
pcap_t *create_fails(const char *device, char *errbuf);
pcap_t *create_for_later(const char *device, char *errbuf);

int list_one(pcap_if_list_t *list, char *errbuf)
{
	return pcapint_add_dev(list, NAME "0", PCAP_IF_UP, "of a test", errbuf) != NULL ? 0 : PCAP_ERROR;
}

int list_fails_silently(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	return PCAP_ERROR;
}

int list_crashes(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	abort();
}

int list_exits(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	_exit(7);
}

int list_hangs(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	for (;;)
		pause();
}

int list_prints(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	printf("what a module should not print\n");
	fflush(stdout);
	return 0;
}

#ifdef MISSING
void no_library_has_this(void);

int list_calls_missing(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	no_library_has_this();
	return 0;
}
#endif

pcap_t *create_nothing(const char *device _U_, char *errbuf _U_)
{
	return NULL;
}

pcap_t *create_fails(const char *device, char *errbuf)
{
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: the test says no", device);
	return NULL;
}

/* As a module would that was compiled with a later header. */
pcap_t *create_for_later(const char *device _U_, char *errbuf)
{
	return pcapint_create_common(errbuf, 1, PCAP_MODULE_ABI_VERSION + 0x10000);
}

static const struct {
	uint32_t owner_size, text_size, type;
	char owner[8];
	uint32_t abi_version;
	char text[(sizeof(NAME "\0" PREFIXES "\0for a test") + 3) / 4 * 4];
} note __attribute__((used, aligned(4), section(PCAP_MODULE_NOTE_SECTION))) = {
	sizeof(PCAP_MODULE_NOTE_OWNER),
	sizeof(note.abi_version) + sizeof(note.text),
	PCAP_MODULE_NOTE,
	PCAP_MODULE_NOTE_OWNER,
	NOTE_VERSION,
	NAME "\0" PREFIXES "\0for a test",
};

/* The descriptor, and after it what a later version may add. */
extern const struct {
	struct pcap_module module;
	const char *later[8];
} DESCRIPTOR;
__typeof__(DESCRIPTOR) DESCRIPTOR = {
	{
		DESCRIPTOR_VERSION,
		DESCRIPTOR_SIZE,
		DESCRIPTOR_NAME,
		"for a test",
		PREFIXES,
		LIST,
		CREATE,
		NULL,
	},
	{"later"},
};
