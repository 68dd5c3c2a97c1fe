/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compares our filters with those of the system's libpcap at length, by hand: random expressions on random packets,
 * or on the packets of captures.
 *
 * usage: compare-filters [-n COUNT] [-s SEED] [-l LINKTYPE] [-L FILE] [-m FILE] [-f FILE] [-e EXPR] [CAPTURE | FOLDER...]
 *   -n COUNT     expressions for each link type
 *   -l LINKTYPE  only of this one
 *   -f FILE      the expressions in FILE (everyday.filters is one), one a line, and no random ones; -e EXPR: this one
 *   -m FILE      writes the differences that are meant to FILE, with their reasons
 *   -L FILE      writes the program lengths and the instructions run, ours and the peer's, to FILE
 */
#include <dirent.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "expressions.h"
#include "packets.h"

#define RANDOM_PACKETS 300
#define MOST_PACKETS 2000

struct options {
	unsigned count;
	uint64_t seed;
	int linktype;
	const char *file;
	const char *expression;
};

static unsigned faults;
static unsigned captures;
static unsigned long captured_packets;

static void check_file(struct differential *d, int linktype, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[4096];

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && line[0] != ';')
			faults += !check_filter(d, linktype, line);
	}
	fclose(file);
}

static void check_linktype(struct differential *d, int linktype, const struct options *options)
{
	uint64_t state = options->seed * 1000 + (uint64_t)linktype + 1;
	char first[512], second[512];

	if (options->expression != NULL)
		faults += !check_filter(d, linktype, options->expression);
	if (options->file != NULL)
		check_file(d, linktype, options->file);
	if (options->file != NULL || options->expression != NULL)
		return;
	for (unsigned i = 0; i < options->count; i++) {
		random_filter(&state, linktype, first, sizeof(first));
		faults += !check_filter(d, linktype, first);
		random_filter(&state, linktype, second, sizeof(second));
		faults += !check_composition(d, linktype, first, second);
	}
}

static void check_random(struct differential *d, int linktype, const struct options *options)
{
	static struct packet packets[RANDOM_PACKETS];
	uint64_t state = options->seed + 1;

	for (size_t i = 0; i < RANDOM_PACKETS; i++)
		random_packet(&state, linktype, &packets[i]);
	d->packets = packets;
	d->packet_count = RANDOM_PACKETS;
	check_linktype(d, linktype, options);
}

static void check_capture(struct differential *d, const char *path, const struct options *options)
{
	static struct packet packets[MOST_PACKETS];
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p = pcap_open_offline(path, errbuf);

	if (p == NULL) {
		fprintf(stderr, "%s\n", errbuf);
		return;
	}
	d->packets = packets;
	d->packet_count = 0;
	while (d->packet_count < MOST_PACKETS && pcap_next_ex(p, &header, &data) == 1) {
		struct packet *packet = &packets[d->packet_count++];
		packet->length = header->caplen < sizeof(packet->data) ? header->caplen : sizeof(packet->data);
		packet->wire_length = header->len;
		memcpy(packet->data, data, packet->length);
	}
	if (options->linktype < 0 || options->linktype == pcap_datalink(p)) {
		captures++;
		captured_packets += d->packet_count;
		check_linktype(d, pcap_datalink(p), options);
	}
	pcap_close(p);
}

/* A capture, or a folder of captures. */
static void check_path(struct differential *d, const char *path, const struct options *options)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0) {
		check_capture(d, path, options);
		return;
	}
	for (int i = 0; i < count; i++) {
		char *inside;
		if (asprintf(&inside, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		if (entries[i]->d_name[0] != '.')
			check_path(d, inside, options);
		free(inside);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	struct options options = {.count = 1000, .seed = 1, .linktype = -1};
	struct differential d = {.faults = stdout};
	const char *why;
	int option;

	while ((option = getopt(argc, argv, "n:s:l:L:m:f:e:")) != -1) {
		if (option == 'n')
			options.count = (unsigned)atoi(optarg);
		else if (option == 's')
			options.seed = strtoul(optarg, NULL, 0);
		else if (option == 'l')
			options.linktype = pcap_datalink_name_to_val(optarg);
		else if (option == 'L')
			d.lengths = fopen(optarg, "w");
		else if (option == 'm')
			d.meant = fopen(optarg, "w");
		else if (option == 'f')
			options.file = optarg;
		else if (option == 'e')
			options.expression = optarg;
		else
			return 1;
	}
	d.peer = peer_library(&why);
	if (d.peer == NULL)
		printf("no peer: %s\n", why);
	for (int i = optind; i < argc; i++)
		check_path(&d, argv[i], &options);
	for (size_t i = 0; optind == argc && i < packet_linktypes(); i++)
		if (options.linktype < 0 || options.linktype == packet_linktype(i))
			check_random(&d, packet_linktype(i), &options);
	if (captures > 0)
		printf("%u captures with %lu packets\n", captures, captured_packets);
	print_tally(&d.tally, stdout);
	if (d.lengths != NULL)
		fclose(d.lengths);
	if (d.meant != NULL)
		fclose(d.meant);
	return faults != 0;
}
