/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program as someone else would write it, in C and in C++: it writes a savefile, named on the command line, or finds it
 * there, reads it back, filters, and prints the library's version.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap.h>

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static void write_packet(const char *file, const u_char *packet, bpf_u_int32 length)
{
	struct pcap_pkthdr header;
	pcap_t *handle = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper;

	if (handle == NULL)
		fail("pcap_open_dead", "NULL");
	dumper = pcap_dump_open(handle, file);
	if (dumper == NULL)
		fail("pcap_dump_open", pcap_geterr(handle));
	memset(&header, 0, sizeof(header));
	header.ts.tv_sec = 1;
	header.caplen = header.len = length;
	pcap_dump((u_char *)dumper, &header, packet);
	pcap_dump_close(dumper);
	pcap_close(handle);
}

static void read_packet(const char *file, const u_char *packet, bpf_u_int32 length)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct bpf_program filter;
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *handle = pcap_open_offline(file, errbuf);

	if (handle == NULL)
		fail("pcap_open_offline", errbuf);
	if (pcap_compile(handle, &filter, "", 1, PCAP_NETMASK_UNKNOWN) != 0)
		fail("pcap_compile", pcap_geterr(handle));
	if (pcap_setfilter(handle, &filter) != 0)
		fail("pcap_setfilter", pcap_geterr(handle));
	pcap_freecode(&filter);
	if (pcap_next_ex(handle, &header, &data) != 1)
		fail("pcap_next_ex", pcap_geterr(handle));
	if (header->caplen != length || memcmp(data, packet, length) != 0)
		fail("pcap_next_ex", "not the packet that was written");
	if (pcap_next_ex(handle, &header, &data) != PCAP_ERROR_BREAK)
		fail("pcap_next_ex", "more than one packet");
	pcap_close(handle);
}

int main(int argc, char **argv)
{
	static const u_char packet[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

	if (argc != 2 && (argc != 3 || strcmp(argv[1], "--read") != 0))
		fail("usage", "program [--read] FILE");
	if (argc == 2)
		write_packet(argv[1], packet, sizeof(packet));
	read_packet(argv[argc - 1], packet, sizeof(packet));
	puts(pcap_lib_version());
	return 0;
}
