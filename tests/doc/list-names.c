/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists the names that the library knows, a line each, for the test that holds the manual's tables against them.
 */
#include <stdio.h>

#include <pcap/pcap.h>

#define VALUES 1024

int main(void)
{
	for (int value = 0; value < VALUES; value++)
		if (pcap_datalink_val_to_name(value) != NULL)
			printf("link type\t%d\t%s\t%s\n", value, pcap_datalink_val_to_name(value),
				pcap_datalink_val_to_description(value));
	for (int value = 0; value < VALUES; value++)
		if (pcap_tstamp_type_val_to_name(value) != NULL)
			printf("time stamp type\t%s\n", pcap_tstamp_type_val_to_name(value));
	return 0;
}
