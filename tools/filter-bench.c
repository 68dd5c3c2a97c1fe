/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir filter --bench`: what a filter costs a packet, interpreted and as native code. Both run on the same packets in
 * turns, so that whatever else the machine does meets both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "filter-speed.h"
#include "source.h"

/* Of a file's packets as many are taken as fit into so many bytes. */
#define MOST_BYTES (64u << 20)

/* A short file's are taken more than once, until there are so many: enough for native code to be made for them. */
#define LEAST_PACKETS(program) (65536 + 8 * (size_t)(program)->bf_len)

#define ROUNDS 11
#define LEAST_SECONDS 0.01 /* of a round */

struct packets {
	u_char *bytes;
	size_t used;
	struct pcap_pkthdr *headers;
	size_t *offsets;
	const u_char **data; /* by offsets, once the bytes stay where they are */
	size_t count;
	size_t room;
	bool failed; /* no memory */
};

static bool grow(struct packets *packets, size_t room)
{
	struct pcap_pkthdr *headers = realloc(packets->headers, room * sizeof(*headers));
	packets->headers = headers != NULL ? headers : packets->headers;
	size_t *offsets = realloc(packets->offsets, room * sizeof(*offsets));
	packets->offsets = offsets != NULL ? offsets : packets->offsets;
	packets->failed = headers == NULL || offsets == NULL;
	packets->room = packets->failed ? packets->room : room;
	return !packets->failed;
}

static bool add_packet(struct packets *packets, const struct pcap_pkthdr *header, const u_char *data)
{
	if (packets->used + header->caplen > MOST_BYTES ||
		(packets->count == packets->room && !grow(packets, packets->room * 2 + 1024)))
		return false;
	memcpy(packets->bytes + packets->used, data, header->caplen);
	packets->headers[packets->count] = *header;
	packets->offsets[packets->count++] = packets->used;
	packets->used += header->caplen;
	return true;
}

/* The file's packets. false: it was said why not. */
static bool take_packets(pcap_t *handle, const char *path, struct packets *packets)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int status = 0;

	packets->bytes = malloc(MOST_BYTES);
	packets->failed = packets->bytes == NULL;
	while (!packets->failed && (status = pcap_next_ex(handle, &header, &data)) == 1)
		if (!add_packet(packets, header, data))
			break;
	if (status == PCAP_ERROR)
		complain_of(path, pcap_geterr(handle));
	else if (packets->failed)
		complain("no memory");
	else if (packets->count == 0)
		complain_of(path, "there are no packets in it");
	return status != PCAP_ERROR && !packets->failed && packets->count != 0;
}

static bool repeat_packets(struct packets *packets, size_t least)
{
	size_t own = packets->count, all = own < least ? least : own;

	packets->data = malloc(all * sizeof(*packets->data));
	if (packets->data == NULL || (all > packets->room && !grow(packets, all))) {
		complain("no memory");
		return false;
	}
	for (size_t i = 0; i < all; i++) {
		packets->headers[i] = packets->headers[i % own];
		packets->data[i] = packets->bytes + packets->offsets[i % own];
	}
	packets->count = all;
	return true;
}

static double cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct way {
	bool native;
	int *verdicts;
	unsigned repeat;
	double ns[ROUNDS];
};

static double run(const struct packets *packets, const struct bpf_program *program, const struct way *way)
{
	/* The library asks for it with each call, and this process has one thread. */
	setenv("WEIR_NATIVE_FILTER", way->native ? "on" : "off", 1);
	double start = cpu_seconds();
	for (unsigned i = 0; i < way->repeat; i++)
		pcap_offline_filter_batch(program, packets->headers, packets->data, packets->count, way->verdicts);
	return cpu_seconds() - start;
}

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;
	return (first > second) - (first < second);
}

static void show(const char *name, struct way *way)
{
	qsort(way->ns, ROUNDS, sizeof(way->ns[0]), compare);
	printf("%-12s %8.2f ns a packet (%.2f to %.2f)\n", name, way->ns[ROUNDS / 2], way->ns[0],
		way->ns[ROUNDS - 1]);
}

/* The ways in turns; the last is native if there is native code. */
static void measure(const struct packets *packets, const struct bpf_program *program, struct way *ways, int count)
{
	for (int i = 0; i < count; i++) {
		ways[i].repeat = 1;
		double seconds = run(packets, program, &ways[i]);
		ways[i].repeat += seconds < LEAST_SECONDS ? (unsigned)(LEAST_SECONDS / (seconds + 1e-5)) : 0;
	}
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < count; i++)
			ways[i].ns[round] =
				run(packets, program, &ways[i]) * 1e9 / ways[i].repeat / (double)packets->count;
}

static int report(const struct packets *packets, size_t own, const struct bpf_program *program, struct way ways[2])
{
	size_t matching = 0, code = pcap_get_native_code(program, NULL, 0);

	measure(packets, program, ways, code != 0 ? 2 : 1);
	for (size_t i = 0; i < own; i++)
		matching += ways[0].verdicts[i] != 0;
	printf("%zu packets, %zu match; %u instructions", own, matching, program->bf_len);
	if (code != 0)
		printf(", %zu bytes of native code", code);
	printf("\n");
	show("interpreted", &ways[0]);
	if (code == 0) {
		printf("native       not here\n");
		return STATUS_OK;
	}
	show("native", &ways[1]);
	if (memcmp(ways[0].verdicts, ways[1].verdicts, packets->count * sizeof(int)) == 0)
		return STATUS_OK;
	complain("native code does not give what the interpreter gives: this is a fault of the library");
	return STATUS_ERROR;
}

int time_filter(pcap_t *handle, const char *path, const struct bpf_program *program)
{
	struct packets packets = {0};
	struct way ways[2] = {{.native = false}, {.native = true}};
	int status = STATUS_ERROR;

	if (take_packets(handle, path, &packets)) {
		size_t own = packets.count;
		if (repeat_packets(&packets, LEAST_PACKETS(program))) {
			ways[0].verdicts = calloc(packets.count, sizeof(int));
			ways[1].verdicts = calloc(packets.count, sizeof(int));
			if (ways[0].verdicts != NULL && ways[1].verdicts != NULL)
				status = report(&packets, own, program, ways);
			else
				complain("no memory");
		}
	}
	free(ways[0].verdicts);
	free(ways[1].verdicts);
	free(packets.bytes);
	free(packets.headers);
	free(packets.offsets);
	free(packets.data);
	return status;
}
