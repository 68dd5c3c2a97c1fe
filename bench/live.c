/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Live capture on a veth pair: this library and the system's libpcap by turns, in one run. What is lost and what
 * processor time it takes with frames as fast as one process sends them, the time from send to callback in immediate
 * mode, and the time to open and close. Runs in a network of its own (tests/live/netns.sh).
 *
 * usage: bench-live LIBRARY [OTHER-LIBRARY [ROUNDS [FRAMES]]]
 */
#include "bench.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS 100
#define BATCH 64
#define MAX_SAMPLES 2000
#define TIMEOUT_MS 100
/* A type that nothing answers (IEEE's local experimental Ethernet type). */
#define ETHERTYPE 0x88b5

static const char *send_interface, *capture_interface;

/* ---- Sending, in a process of its own ---- */

static int open_sender(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(send_interface), .sll_protocol = 0};

	if (fd == -1 || bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1) {
		perror("sender");
		exit(1);
	}
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return fd;
}

static void make_frame(unsigned char *frame, size_t size)
{
	memset(frame, 0, size);
	memset(frame, 0xff, ETH_ALEN);
	frame[6] = 2;
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
}

static void send_frames(size_t size, long count)
{
	static unsigned char frame[2000];
	struct mmsghdr messages[BATCH] = {0};
	struct iovec data = {frame, size};
	int fd = open_sender();

	make_frame(frame, size);
	for (int i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &data;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (count > 0) {
		int sent = sendmmsg(fd, messages, count < BATCH ? (unsigned)count : BATCH, 0);
		if (sent > 0)
			count -= sent;
	}
	_exit(0);
}

/* One frame a millisecond, each with the time at which it was sent. */
static void send_clocks(int count)
{
	unsigned char frame[64];
	int fd = open_sender();

	make_frame(frame, sizeof(frame));
	usleep(100000);
	for (int i = 0; i < count; i++) {
		struct timespec pause = {0, 1000000};
		double now = bench_seconds();
		memcpy(frame + 16, &now, sizeof(now));
		if (send(fd, frame, sizeof(frame), 0) == -1)
			perror("send");
		nanosleep(&pause, NULL);
	}
	_exit(0);
}

/* ---- Capturing ---- */

static pcap_t *open_capture(const struct bench_library *library, bool immediate)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = library->pcap_create(capture_interface, errbuf);

	if (p == NULL) {
		fprintf(stderr, "%s: %s\n", library->path, errbuf);
		exit(1);
	}
	library->pcap_set_snaplen(p, 262144);
	library->pcap_set_timeout(p, TIMEOUT_MS);
	library->pcap_set_immediate_mode(p, immediate);
	if (library->pcap_activate(p) < 0) {
		fprintf(stderr, "%s: %s\n", library->path, library->pcap_geterr(p));
		exit(1);
	}
	return p;
}

static void count_frame(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	long *count = (long *)user;
	if (header->caplen >= 14 && data[12] == ETHERTYPE >> 8 && data[13] == (ETHERTYPE & 0xff))
		++*count;
}

static double processor_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct throughput {
	double rate[MAX_ROUNDS];      /* frames a second that were captured */
	double processor[MAX_ROUNDS]; /* seconds of this process a million captured frames */
	double lost[MAX_ROUNDS];      /* percent */
};

static void capture_frames(
	const struct bench_library *library, size_t size, long frames, struct throughput *result, int round)
{
	long captured = 0;
	int idle = 0;
	struct pcap_stat stats = {0};
	pcap_t *p = open_capture(library, false);
	double processor = processor_seconds(), start = bench_seconds(), end = start;
	pid_t sender = fork();

	if (sender == 0)
		send_frames(size, frames);
	/*
	 * Until the sender is gone and two buffering time-outs bring nothing. Waits by poll(): libpcap's own wait goes on
	 * past the time-out until there is a packet.
	 */
	char errbuf[PCAP_ERRBUF_SIZE];
	bool sending = true;
	library->pcap_setnonblock(p, 1, errbuf);
	while ((sending || idle < 2) && (sending || captured < frames)) {
		struct pollfd fd = {.fd = library->pcap_get_selectable_fd(p), .events = POLLIN};
		long before = captured;
		poll(&fd, 1, TIMEOUT_MS);
		if (library->pcap_dispatch(p, -1, count_frame, (u_char *)&captured) < 0) {
			fprintf(stderr, "%s: %s\n", library->path, library->pcap_geterr(p));
			exit(1);
		}
		if (captured != before)
			end = bench_seconds();
		if (sending)
			sending = waitpid(sender, NULL, captured == frames ? 0 : WNOHANG) != sender;
		else if (captured == before)
			idle++;
	}
	library->pcap_stats(p, &stats);
	result->processor[round] = (processor_seconds() - processor) * 1e6 / (double)captured;
	result->rate[round] = (double)captured / (end - start);
	result->lost[round] = 100.0 * (double)(frames - captured) / (double)frames;
	library->pcap_close(p);
}

struct latencies {
	int count;
	double us[MAX_SAMPLES];
};

static void take_latency(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct latencies *latencies = (struct latencies *)user;
	double sent;
	if (header->caplen < 24 || data[12] != ETHERTYPE >> 8 || latencies->count == MAX_SAMPLES)
		return;
	memcpy(&sent, data + 16, sizeof(sent));
	latencies->us[latencies->count++] = (bench_seconds() - sent) * 1e6;
}

static void measure_latency(const struct bench_library *library, int samples, double *p50, double *p99)
{
	static struct latencies latencies;
	pcap_t *p = open_capture(library, true);
	pid_t sender = fork();

	if (sender == 0)
		send_clocks(samples);
	latencies.count = 0;
	while (latencies.count < samples && library->pcap_dispatch(p, -1, take_latency, (u_char *)&latencies) >= 0)
		;
	waitpid(sender, NULL, 0);
	library->pcap_close(p);
	*p50 = bench_median(latencies.us, latencies.count);
	*p99 = latencies.us[latencies.count * 99 / 100];
}

/* ---- The rounds ---- */

static struct bench_library libraries[2];
static const char *const names[2] = {"this library", "other library"};

static void print_ratio(const char *what, const double *first, const double *second, int rounds)
{
	double ratios[MAX_ROUNDS];
	for (int i = 0; i < rounds; i++)
		ratios[i] = second[i] / first[i];
	bench_row(what, ratios, rounds, "other / this");
}

static void bench_throughput(size_t size, long frames, int rounds)
{
	static struct throughput results[2];
	double sum = 0;

	printf("%zu-byte frames, %ld a round, default settings\n", size, frames);
	for (int i = 0; i < rounds; i++)
		for (int turn = 0; turn < 2; turn++)
			capture_frames(&libraries[(i + turn) % 2], size, frames, &results[(i + turn) % 2], i);
	print_ratio("processor time a frame", results[0].processor, results[1].processor, rounds);
	for (int l = 0; l < 2; l++) {
		printf(" %s\n", names[l]);
		sum = 0;
		for (int i = 0; i < rounds; i++)
			sum += results[l].lost[i];
		bench_row("frames captured", results[l].rate, rounds, "a second");
		bench_row("processor time", results[l].processor, rounds, "s a million");
		bench_row("lost", results[l].lost, rounds, "%");
		printf("  %-34s %.3f %%\n", "lost in all rounds", sum / rounds);
	}
}

static void bench_latency(int rounds)
{
	static double p50[2][MAX_ROUNDS], p99[2][MAX_ROUNDS];

	printf("immediate mode, from send to callback\n");
	for (int i = 0; i < rounds; i++)
		for (int turn = 0; turn < 2; turn++) {
			int l = (i + turn) % 2;
			measure_latency(&libraries[l], 500, &p50[l][i], &p99[l][i]);
		}
	print_ratio("median", p50[0], p50[1], rounds);
	for (int l = 0; l < 2; l++) {
		printf(" %s\n", names[l]);
		bench_row("median", p50[l], rounds, "us");
		bench_row("99 of 100 are below", p99[l], rounds, "us");
	}
}

static void bench_open_close(int rounds)
{
	static double ms[2][MAX_ROUNDS];

	printf("create, activate, close\n");
	for (int i = 0; i < rounds; i++)
		for (int turn = 0; turn < 2; turn++) {
			int l = (i + turn) % 2;
			double start = bench_seconds();
			for (int n = 0; n < 10; n++)
				libraries[l].pcap_close(open_capture(&libraries[l], false));
			ms[l][i] = (bench_seconds() - start) * 100;
		}
	print_ratio("time", ms[0], ms[1], rounds);
	for (int l = 0; l < 2; l++)
		bench_row(names[l], ms[l], rounds, "ms");
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[3]) : 5;
	long frames = argc > 4 ? atol(argv[4]) : 1000000;

	send_interface = getenv("WEIR_PEER_IF");
	capture_interface = getenv("WEIR_IF");
	if (argc < 2 || rounds < 1 || rounds > MAX_ROUNDS || frames < 1 || send_interface == NULL ||
		capture_interface == NULL) {
		fprintf(stderr,
			"usage: tests/live/netns.sh bench-live LIBRARY [OTHER-LIBRARY [ROUNDS [FRAMES]]]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	bench_load(&libraries[0], argv[1]);
	bench_load(&libraries[1], argc > 2 ? argv[2] : "libpcap.so.0.8");
	bench_throughput(64, frames, rounds);
	bench_throughput(1500, frames, rounds);
	bench_latency(rounds);
	bench_open_close(rounds);
	return 0;
}
