/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listing devices while memory runs out: every allocation in turn fails, and what comes of it is a listing or an error,
 * with nothing lost. The linker puts the functions here in the place of malloc() and its kin.
 */
#include "core/core.h"
#include "modules/linux/list.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* How many allocations are left that succeed before one fails. */
static long allocations_left;

static int may_allocate(void)
{
	return allocations_left-- != 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return may_allocate() ? __real_reallocarray(old, count, size) : NULL;
}

char *__wrap_strdup(const char *text)
{
	return may_allocate() ? __real_strdup(text) : NULL;
}

/* More devices than the list has buckets at first, so that those are enlarged too. */
static int list_many(pcap_if_list_t *list, char *errbuf)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};

	for (int i = 0; i < 70; i++) {
		char name[16];
		pcap_if_t *device;

		snprintf(name, sizeof(name), "many%d", i);
		device = pcapint_add_dev(list, name, 0, i % 2 == 0 ? "a description" : NULL, errbuf);
		if (device == NULL || pcapint_add_addr_to_dev(device, (struct sockaddr *)&addr, sizeof(addr), NULL,
					      0, NULL, 0, NULL, 0, errbuf) < 0)
			return PCAP_ERROR;
	}
	return 0;
}

static int usable(const char *name _U_)
{
	return 1;
}

static int list_interfaces(pcap_if_list_t *list, char *errbuf)
{
	return pcapint_findalldevs_interfaces(list, errbuf, usable, NULL);
}

static const struct pcap_module modules[] = {
	{PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "many", "", "many", list_many, NULL, NULL},
	{PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "portable", "", NULL, list_interfaces, NULL, NULL},
	{PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "linux", "", NULL, pcap_linux_findalldevs, NULL,
		NULL},
};
const struct pcap_module *const pcapint_modules[] = {&modules[0], &modules[1], &modules[2], NULL};

static int count_devices(const pcap_if_t *devices)
{
	int count = 0;

	for (; devices != NULL; devices = devices->next)
		count++;
	return count;
}

static void every_allocation_fails_once(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;
	int failures = 0, errors = 0;
	int all;

	allocations_left = -1;
	assert_int_equal(pcap_findalldevs(&devices, errbuf), 0);
	assert_string_equal(errbuf, "");
	all = count_devices(devices);
	assert_true(all >= 71); /* "any" among them */
	pcap_freealldevs(devices);

	for (long n = 0; allocations_left <= 0; n++) {
		int result;

		allocations_left = n;
		result = pcap_findalldevs(&devices, errbuf);
		if (allocations_left >= 0)
			allocations_left = 1; /* none has failed: this was the last round */
		else
			allocations_left = 0;
		failures += result == 0 && errbuf[0] != '\0';
		errors += result == PCAP_ERROR;
		if (result == 0 && errbuf[0] == '\0')
			assert_int_equal(count_devices(devices), all);
		else if (strstr(errbuf, "memory") == NULL)
			fail_msg("allocation %ld: result %d, %s", n, result, errbuf);
		if (result == PCAP_ERROR)
			assert_null(devices);
		pcap_freealldevs(devices);
	}
	/* The list itself, without which there is nothing; then each device's name, description and address. */
	assert_int_equal(errors, 2);
	assert_true(failures >= 3 * 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
