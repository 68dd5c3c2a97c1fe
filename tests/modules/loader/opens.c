/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens devices, for the tests of the loader, and prints for each its module's name and how many packets it gave, or
 * the error. The first line tells whether the system counts this program as one with raised privileges.
 *
 * usage: opens DEVICE...
 *        opens --wait DEVICE    waits for a line on standard input before it reads
 *        opens --list           lists all devices, and prints the error buffer
 */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include <pcap.h>
#include <pcap/weir.h>

static void open_and_read(const char *device, int wait)
{
	char error[PCAP_ERRBUF_SIZE] = "", line[16];
	struct pcap_pkthdr *header;
	const u_char *data;
	int packets = 0, status;
	pcap_t *p = pcap_create(device, error);

	if (p == NULL) {
		printf("%s\n", error);
		return;
	}
	status = pcap_activate(p);
	if (status < 0) {
		printf("%s\n", pcap_geterr(p));
		pcap_close(p);
		return;
	}
	if (wait) {
		printf("open\n");
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL)
			printf("no line\n");
	}
	while (packets < 3 && (status = pcap_next_ex(p, &header, &data)) >= 0)
		packets += status;
	printf("%s: module %s, %d packets\n", device, pcap_module_name(p), packets);
	pcap_close(p);
}

static void list_all(void)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *devices;

	if (pcap_findalldevs(&devices, error) < 0)
		devices = NULL;
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		printf("device %s\n", device->name);
	printf("error: %s\n", error);
	pcap_freealldevs(devices);
}

int main(int argc, char **argv)
{
	printf("raised privileges: %s\n", getauxval(AT_SECURE) != 0 ? "yes" : "no");
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		list_all();
	else if (argc == 3 && strcmp(argv[1], "--wait") == 0)
		open_and_read(argv[2], 1);
	else
		for (int i = 1; i < argc; i++)
			open_and_read(argv[i], 0);
	return 0;
}
