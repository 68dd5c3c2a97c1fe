/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that all at once open devices of modules in files, list all devices, and ask what modules there are. Each must
 * find what there is. Prints "all well" at the end.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap.h>
#include <pcap/weir.h>

#define THREADS 12
#define ROUNDS 20

static pthread_barrier_t barrier;
static const char *modules[THREADS / 3]; /* the ticker's descriptor, as each thread that opens sees its name */

static void fail(const char *what, const char *error)
{
	printf("%s: %s\n", what, error);
	exit(1);
}

static void open_devices(size_t number)
{
	static const char *const names[] = {"ticker0", "null0"};
	char error[PCAP_ERRBUF_SIZE] = "";

	for (int i = 0; i < 2; i++) {
		pcap_t *p = pcap_create(names[i], error);
		if (p == NULL || pcap_activate(p) < 0)
			fail(names[i], p != NULL ? pcap_geterr(p) : error);
		if (i == 0)
			modules[number] = pcap_module_name(p);
		pcap_close(p);
	}
	if (pcap_create("ticklish0", error) != NULL || strstr(error, "no such device") == NULL)
		fail("ticklish0", error);
}

static void list_devices(void)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *devices;
	int found = 0;

	if (pcap_findalldevs(&devices, error) < 0)
		fail("pcap_findalldevs", error);
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		found += strcmp(device->name, "ticker0") == 0 || strcmp(device->name, "null0") == 0;
	pcap_freealldevs(devices);
	if (found != 2)
		fail("pcap_findalldevs", "ticker0 or null0 is not listed");
}

static void ask_for_modules(void)
{
	struct pcap_module_info info;
	int found = 0;

	for (size_t i = 0; pcap_get_module(i, &info, sizeof(info)) == 1; i++)
		found += strcmp(info.name, "ticker") == 0 || strcmp(info.name, "null") == 0;
	if (found != 2)
		fail("pcap_get_module", "ticker or null is not there");
}

static void *run(void *argument)
{
	size_t number = (size_t)argument;

	pthread_barrier_wait(&barrier);
	for (int round = 0; round < ROUNDS; round++)
		if (number % 3 == 0)
			open_devices(number / 3);
		else if (number % 3 == 1)
			list_devices();
		else
			ask_for_modules();
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
			fail("pthread_create", "no thread");
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* However many threads loaded it, one descriptor is kept. */
	for (size_t i = 1; i < THREADS / 3; i++)
		if (modules[i] != modules[0])
			fail("ticker", "it was loaded twice");
	printf("all well\n");
	return 0;
}
