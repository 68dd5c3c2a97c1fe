/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on a module's list of devices.
 */
#include "module/check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

#include "text.h"

#define LONGEST_NAME 128
#define MOST_LIMITS 40
#define KNOWN_FLAGS (PCAP_IF_LOOPBACK | PCAP_IF_UP | PCAP_IF_RUNNING | PCAP_IF_WIRELESS | PCAP_IF_CONNECTION_STATUS)

/* The devices, or NULL where there are none; a failure with a text ends the check. */
static pcap_if_t *list_devices(struct trial *t)
{
	char *errbuf = guarded_errbuf(t);
	pcap_if_t *devices;

	step(t, "listing devices");
	if (pcap_list_module_devices(t->subject->module, &devices, errbuf) != 0) {
		const char *text = check_text(t, "L1", errbuf, "listing devices");
		if (strstr(text, "does not say why") != NULL)
			broken(t, "listing devices failed without an error text");
		left_out(t, "the devices can't be listed: %s", text);
	}
	step(t, "after listing devices");
	return devices;
}

/* The names for the command, too, which goes on with them. */
static void lists(struct trial *t)
{
	pcap_if_t *devices = list_devices(t);
	char *at = t->result->devices, *end = at + CHECK_DEVICES_SIZE - 1;
	unsigned count = 0;

	for (const pcap_if_t *device = devices; device != NULL; device = device->next) {
		size_t size = device->name != NULL ? strlen(device->name) + 1 : 0;
		if (size <= 1)
			broken(t, "a device is listed without a name");
		count++;
		if (size > (size_t)(end - at))
			continue;
		memcpy(at, device->name, size);
		at += size;
	}
	*at = '\0';
	pcap_freealldevs(devices);
	remark(t, count == 1 ? "%u device" : "%u devices", count);
}

/* The name begins with one of the module's prefixes, and a letter does not follow. */
static bool has_prefix(const char *name, const char *prefixes)
{
	for (const char *at = prefixes; *at != '\0'; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		if (strncmp(name, at, length) == 0 && !isalpha((unsigned char)name[length]))
			return true;
		at += length;
	}
	return false;
}

/* What must be lower-case letters and digits: all before the first sign that separates. */
static void check_name(struct trial *t, const char *name)
{
	size_t plain = strcspn(name, ":+,");

	if (strlen(name) > LONGEST_NAME)
		broken(t, "a device's name has %zu characters", strlen(name));
	for (size_t i = 0; name[i] != '\0'; i++) {
		unsigned char c = (unsigned char)name[i];
		bool good = i < plain ? islower(c) || isdigit(c) || strchr("-_.@", c) != NULL : isgraph(c);
		if (!good)
			broken(t, "the device \"%s\" has the character 0x%02x in its name", name, c);
	}
	if (!has_prefix(name, t->subject->prefixes))
		broken(t,
			"the device \"%s\" begins with none of the module's prefixes (%s), so that it can't be "
			"opened",
			name, t->subject->prefixes);
}

static void names_are_good(struct trial *t)
{
	pcap_if_t *devices = list_devices(t);

	if (devices == NULL)
		left_out(t, "it lists no device");
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		check_name(t, device->name);
	pcap_freealldevs(devices);
}

static void check_description(struct trial *t, const pcap_if_t *device)
{
	const uint8_t *at = (const uint8_t *)device->description;
	size_t left = strlen(device->description), size;
	uint32_t character;

	if (left == 0)
		broken(t, "%s: its description is empty: give NULL", device->name);
	for (; left > 0; at += size, left -= size) {
		size = utf8_size(at, left, &character);
		if (size == 0 || character < ' ' || character == 0x7f)
			broken(t, "%s: its description has the byte 0x%02x, which can't be shown", device->name,
				*at);
	}
}

static void descriptions_and_flags_are_good(struct trial *t)
{
	pcap_if_t *devices = list_devices(t);

	if (devices == NULL)
		left_out(t, "it lists no device");
	for (const pcap_if_t *device = devices; device != NULL; device = device->next) {
		if (device->description != NULL)
			check_description(t, device);
		if ((device->flags & ~KNOWN_FLAGS) != 0)
			broken(t, "%s: its flags have bits that do not exist: 0x%x", device->name,
				device->flags & ~KNOWN_FLAGS);
		for (const pcap_if_t *other = device->next; other != NULL; other = other->next)
			if (strcmp(device->name, other->name) == 0)
				broken(t, "%s: it is listed twice", device->name);
	}
	pcap_freealldevs(devices);
}

static bool same_names(const pcap_if_t *a, const pcap_if_t *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		if (strcmp(a->name, b->name) != 0)
			return false;
	return a == NULL && b == NULL;
}

static void lists_the_same_again(struct trial *t)
{
	/* Devices come and go; not between every two lists. */
	for (int tries = 0; tries < 5; tries++) {
		pcap_if_t *first = list_devices(t), *second = list_devices(t);
		bool same = same_names(first, second);
		pcap_freealldevs(first);
		pcap_freealldevs(second);
		if (same)
			return;
	}
	broken(t, "a second listing has other devices than the first, or in another order");
}

static void lists_without_descriptors(struct trial *t)
{
	char *errbuf = guarded_errbuf(t);
	pcap_if_t *devices;

	pcap_freealldevs(list_devices(t));
	int free_fd = fill_descriptors(t);
	for (int more = 0; more < MOST_LIMITS; more++) {
		struct resources before, after;
		unlimit_descriptors();
		count_resources(&before);
		limit_descriptors(free_fd + more);
		step(t, "listing devices where no more than %d descriptors can be had", more);
		int status = pcap_list_module_devices(t->subject->module, &devices, errbuf);
		unlimit_descriptors();
		if (status == 0)
			pcap_freealldevs(devices);
		else if (strstr(check_text(t, "L1", errbuf, "listing devices"), "does not say why") != NULL)
			broken(t, "without descriptors, listing devices failed without an error text");
		count_resources(&after);
		if (after.descriptors > before.descriptors)
			broken(t, "where no more than %d descriptors can be had, listing devices leaves one open",
				more);
	}
	pcap_freealldevs(list_devices(t));
}

static void all_can_be_created(struct trial *t)
{
	pcap_if_t *devices = list_devices(t);

	if (devices == NULL)
		left_out(t, "it lists no device");
	for (const pcap_if_t *device = devices; device != NULL; device = device->next) {
		char *errbuf = guarded_errbuf(t);
		step(t, "pcap_create(\"%s\")", device->name);
		pcap_t *p = pcap_create(device->name, errbuf);
		if (p == NULL)
			broken(t, "%s is listed, and pcap_create() fails: %s", device->name,
				check_text(t, "C3", errbuf, "pcap_create()"));
		const char *module = pcap_module_name(p);
		/* One that takes what names the system has lists what others serve before it is asked. */
		if (t->subject->prefixes != NULL && (module == NULL || strcmp(module, t->subject->module) != 0))
			broken(t, "%s is listed, but it is the module %s that serves it", device->name,
				module != NULL ? module : "of nobody");
		pcap_close(p);
	}
	pcap_freealldevs(devices);
}

/* Names that begin as the module's devices do, and that no device can have. */
static void refuses_other_names(struct trial *t)
{
	static const char *const endings[] = {"~no-such-device~", "%s%s%s%n%n", "999999999999999999999", "-1", " "};
	char name[512], *errbuf = guarded_errbuf(t);
	size_t length = strcspn(t->subject->prefixes, " ");

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(name, sizeof(name), "%.*s%s", (int)length, t->subject->prefixes, endings[i]);
		step(t, "pcap_create(\"%s\")", name);
		pcap_t *p = pcap_create(name, errbuf);
		if (p != NULL)
			broken(t, "pcap_create(\"%s\") makes a handle, and there is no such device", name);
		check_text(t, "C2", errbuf, "pcap_create()");
	}
	snprintf(name, sizeof(name), "%.*s%0*d", (int)length, t->subject->prefixes, 480, 0);
	step(t, "pcap_create() with a name of %zu characters", strlen(name));
	if (pcap_create(name, errbuf) != NULL)
		broken(t, "pcap_create() makes a handle for a name of %zu characters", strlen(name));
	check_text(t, "C2", errbuf, "pcap_create()");
}

static void list_round(struct trial *t)
{
	pcap_freealldevs(list_devices(t));
}

static void listing_leaks_nothing(struct trial *t)
{
	check_leaks(t, list_round);
}

const struct check_row listing_checks[] = {
	{"L1", "devices are listed, or an error says why not", lists, 0},
	{"L1", "a second listing gives the same", lists_the_same_again, 0},
	{"L1", "listing works, or says why not, where descriptors run out", lists_without_descriptors, 0},
	{"L1", "listing leaks nothing", listing_leaks_nothing, 0},
	{"L2", "descriptions can be shown, flags exist, no device is there twice", descriptions_and_flags_are_good,
		0},
	{"M2", "names are short, of letters and digits, and begin with a prefix", names_are_good,
		CHECK_NEEDS_PREFIXES},
	{"C2", "each device that is listed can be created", all_can_be_created, 0},
	{"C2", "names of no device are refused, with a text", refuses_other_names, CHECK_NEEDS_PREFIXES},
	{0},
};
