/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends packets on a device by pcap_inject(). For the scripts of the device classes.
 *
 * usage: inject DEVICE PACKET...     each in hexadecimal digits
 */
#include <pcap/pcap.h>

#include <stdio.h>
#include <string.h>

#define LONGEST 4096

static int inject(pcap_t *p, const char *digits)
{
	unsigned char packet[LONGEST];
	size_t size = strlen(digits) / 2;
	unsigned value;

	for (size_t i = 0; i < size && i < LONGEST; i++) {
		if (sscanf(digits + 2 * i, "%2x", &value) != 1)
			return -1;
		packet[i] = (unsigned char)value;
	}
	return pcap_inject(p, packet, size) == (int)size ? 0 : -1;
}

int main(int argc, char **argv)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = argc > 1 ? pcap_open_live(argv[1], 65536, 0, 10, errbuf) : NULL;
	int status = 0;

	if (p == NULL) {
		fprintf(stderr, "inject: %s\n", errbuf);
		return 1;
	}
	for (int i = 2; i < argc && status == 0; i++) {
		status = inject(p, argv[i]);
		if (status != 0)
			fprintf(stderr, "inject: %s: %s\n", argv[i], pcap_geterr(p));
	}
	pcap_close(p);
	return status == 0 ? 0 : 1;
}
