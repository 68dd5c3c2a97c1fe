/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a capture on any device has to do, tried on one: listing, opening, capture with and without a filter, ends
 * by count and by pcap_breakloop(), non-blocking mode, statistics, closing. For the scripts of the device classes.
 *
 * usage: exercise DEVICE LINK_TYPE FILTER PACKETS TRAFFIC [TEST | OFFSET SIZE]
 *
 * TRAFFIC is a shell command, after which at least PACKETS packets are captured on the device. FILTER passes some
 * of them and refuses others. With TEST, only tests in whose name that stands are run. At OFFSET a packet has SIZE
 * bytes that differ from one capture to the other. With EXERCISE_MONITOR in the environment, in monitor mode.
 * Prints "ok - ..." or "not ok - ..." a test.
 */
#include <pcap/pcap.h>

#include <dirent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 20 /* seconds until a packet that has not come is missing */
#define PACKETS_MAX 4096
#define BUFFERING_MS 20

struct packet {
	struct pcap_pkthdr header;
	u_char *data;
};

struct packets {
	unsigned count;
	unsigned break_after; /* 0: never */
	pcap_t *handle;       /* whose loop is broken then */
	struct packet all[PACKETS_MAX];
};

static struct {
	const char *device;
	const char *link_type;
	const char *filter;
	unsigned packets;
	const char *traffic;
	unsigned own_offset, own_size;
} settings;

/* ---- Reporting ---- */

static bool test_failed;

/* The test that runs has failed, for the first reason that is told. */
static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *format, ...)
{
	va_list ap;

	test_failed = true;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

#define EXPECT(condition)                                                                                          \
	do {                                                                                                       \
		if (!(condition))                                                                                  \
			fail("line %d: %s", __LINE__, #condition);                                                 \
	} while (0)

/* ---- Capturing ---- */

static void make_traffic(void)
{
	if (system(settings.traffic) == -1)
		fail("the command for traffic can't be run");
}

static void forget(struct packets *packets)
{
	for (unsigned i = 0; i < packets->count && i < PACKETS_MAX; i++)
		free(packets->all[i].data);
	memset(packets, 0, sizeof(*packets));
}

static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct packets *packets = (struct packets *)user;

	if (packets->count < PACKETS_MAX) {
		struct packet *packet = &packets->all[packets->count];
		packet->header = *header;
		packet->data = malloc(header->caplen > 0 ? header->caplen : 1);
		if (packet->data == NULL)
			abort();
		memcpy(packet->data, data, header->caplen);
	}
	packets->count++;
	if (packets->break_after > 0 && packets->count >= packets->break_after)
		pcap_breakloop(packets->handle);
}

/* A handle, or NULL and the test has failed. */
static pcap_t *create_handle(void)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(settings.device, errbuf);

	if (p == NULL)
		fail("pcap_create: %s", errbuf);
	else if (getenv("EXERCISE_MONITOR") != NULL)
		pcap_set_rfmon(p, 1);
	return p;
}

/* An active handle, or NULL and the test has failed. */
static pcap_t *open_device(void)
{
	pcap_t *p = create_handle();

	if (p == NULL)
		return NULL;
	pcap_set_timeout(p, BUFFERING_MS);
	int status = pcap_activate(p);
	if (status == 0)
		return p;
	fail("pcap_activate: %d (%s)", status, pcap_geterr(p));
	if (status > 0)
		return p;
	pcap_close(p);
	return NULL;
}

static bool compile(pcap_t *p, struct bpf_program *program)
{
	if (pcap_compile(p, program, settings.filter, 1, PCAP_NETMASK_UNKNOWN) == 0)
		return true;
	fail("pcap_compile: %s", pcap_geterr(p));
	return false;
}

/* Reads until there are count packets, or for long none has come. */
static void read_until(pcap_t *p, struct packets *packets, unsigned count)
{
	time_t until = time(NULL) + PATIENCE;

	while (packets->count < count && time(NULL) < until) {
		int n = pcap_dispatch(p, -1, keep, (u_char *)packets);
		if (n > 0)
			until = time(NULL) + PATIENCE;
		if (n < 0) {
			fail("pcap_dispatch: %d (%s)", n, pcap_geterr(p));
			return;
		}
	}
	if (packets->count < count)
		fail("%u packets have come, not %u", packets->count, count);
}

/* What is still to come after the last that is known of. */
static void read_rest(pcap_t *p, struct packets *packets)
{
	for (int quiet = 0; quiet < 10;) {
		int n = pcap_dispatch(p, -1, keep, (u_char *)packets);
		if (n < 0) {
			fail("pcap_dispatch: %d (%s)", n, pcap_geterr(p));
			return;
		}
		quiet = n == 0 ? quiet + 1 : 0;
	}
}

static bool same(const struct packet *a, const struct packet *b)
{
	unsigned size = a->header.caplen, own_end = settings.own_offset + settings.own_size;

	if (size != b->header.caplen || a->header.len != b->header.len)
		return false;
	if (size < own_end)
		return memcmp(a->data, b->data, size) == 0;
	return memcmp(a->data, b->data, settings.own_offset) == 0 &&
	       memcmp(a->data + own_end, b->data + own_end, size - own_end) == 0;
}

static unsigned open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	while (folder != NULL && readdir(folder) != NULL)
		count++;
	if (folder != NULL)
		closedir(folder);
	return count;
}

/* ---- The tests ---- */

static void is_listed(void)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *devices = NULL;
	unsigned count = 0;

	EXPECT(pcap_findalldevs(&devices, errbuf) == 0);
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		count += strcmp(device->name, settings.device) == 0;
	pcap_freealldevs(devices);
	if (count != 1)
		fail("it is in the list %u times", count);
}

static void opens_with_its_link_type(void)
{
	pcap_t *p = open_device();

	if (p == NULL)
		return;
	const char *name = pcap_datalink_val_to_name(pcap_datalink(p));
	if (name == NULL || strcmp(name, settings.link_type) != 0)
		fail("the link type is %s", name != NULL ? name : "one without a name");
	pcap_close(p);
}

static void delivers_packets(void)
{
	static struct packets packets;
	pcap_t *p = open_device();
	struct timespec now;

	if (p == NULL)
		return;
	make_traffic();
	read_until(p, &packets, settings.packets);
	clock_gettime(CLOCK_REALTIME, &now);
	for (unsigned i = 0; i < packets.count && i < PACKETS_MAX; i++) {
		const struct pcap_pkthdr *header = &packets.all[i].header;
		EXPECT(header->caplen > 0 && header->caplen <= header->len);
		EXPECT(header->ts.tv_sec <= now.tv_sec && header->ts.tv_sec > now.tv_sec - 600);
		EXPECT(header->ts.tv_usec >= 0 && header->ts.tv_usec < 1000000);
	}
	forget(&packets);
	pcap_close(p);
}

/* Two handles see the same traffic, one of them through the filter. */
static void filters_what_it_delivers(void)
{
	static struct packets every, filtered;
	struct bpf_program program;
	pcap_t *p = open_device(), *with_filter = open_device();
	unsigned passed = 0;

	if (p != NULL && with_filter != NULL && compile(with_filter, &program)) {
		EXPECT(pcap_setfilter(with_filter, &program) == 0);
		/* What opening the second has made the first see. */
		read_rest(p, &every);
		read_rest(with_filter, &filtered);
		forget(&every);
		forget(&filtered);
		make_traffic();
		read_until(p, &every, settings.packets);
		read_rest(p, &every);
		read_rest(with_filter, &filtered);
		for (unsigned i = 0; i < every.count && i < PACKETS_MAX; i++) {
			if (pcap_offline_filter(&program, &every.all[i].header, every.all[i].data) == 0)
				continue;
			if (passed < filtered.count && !same(&every.all[i], &filtered.all[passed]))
				fail("packet %u, the %uth that passes, is another one", i, passed);
			passed++;
		}
		if (passed != filtered.count)
			fail("the filter passes %u of %u; %u have come", passed, every.count, filtered.count);
		EXPECT(passed > 0 && passed < every.count);
		pcap_freecode(&program);
	}
	forget(&every);
	forget(&filtered);
	if (p != NULL)
		pcap_close(p);
	if (with_filter != NULL)
		pcap_close(with_filter);
}

static void truncates_to_the_snapshot_length(void)
{
	static struct packets packets;
	pcap_t *p = create_handle();

	if (p == NULL)
		return;
	pcap_set_timeout(p, BUFFERING_MS);
	pcap_set_snaplen(p, 10);
	if (pcap_activate(p) == 0) {
		make_traffic();
		read_until(p, &packets, settings.packets);
		for (unsigned i = 0; i < packets.count && i < PACKETS_MAX; i++)
			EXPECT(packets.all[i].header.caplen <= 10);
	} else {
		fail("pcap_activate: %s", pcap_geterr(p));
	}
	forget(&packets);
	pcap_close(p);
}

/* What is left over comes with the next call. */
static void ends_by_count(void)
{
	static struct packets packets;
	pcap_t *p = open_device();

	if (p == NULL)
		return;
	make_traffic();
	EXPECT(pcap_loop(p, 2, keep, (u_char *)&packets) == 0);
	EXPECT(packets.count == 2);
	EXPECT(pcap_loop(p, 1, keep, (u_char *)&packets) == 0);
	EXPECT(packets.count == 3);
	read_until(p, &packets, settings.packets);
	forget(&packets);
	pcap_close(p);
}

static void ends_by_breakloop_in_the_callback(void)
{
	static struct packets packets;
	pcap_t *p = open_device();

	if (p == NULL)
		return;
	packets.handle = p;
	packets.break_after = 2;
	make_traffic();
	EXPECT(pcap_loop(p, -1, keep, (u_char *)&packets) == PCAP_ERROR_BREAK);
	EXPECT(packets.count == 2);
	packets.break_after = 0;
	read_until(p, &packets, settings.packets);
	forget(&packets);
	pcap_close(p);
}

static void *break_soon(void *handle)
{
	usleep(200000);
	pcap_breakloop(handle);
	return NULL;
}

static void ends_by_breakloop_from_a_thread(void)
{
	static struct packets packets;
	pcap_t *p = create_handle();
	pthread_t thread;

	if (p == NULL)
		return;
	/* Without a time-out: nothing but the break ends the wait. */
	pcap_set_timeout(p, 0);
	if (pcap_activate(p) == 0 && pthread_create(&thread, NULL, break_soon, p) == 0) {
		EXPECT(pcap_loop(p, -1, keep, (u_char *)&packets) == PCAP_ERROR_BREAK);
		pthread_join(thread, NULL);
	} else {
		fail("pcap_activate: %s", pcap_geterr(p));
	}
	forget(&packets);
	pcap_close(p);
}

static void does_not_block_in_nonblocking_mode(void)
{
	static struct packets packets;
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = open_device();

	if (p == NULL)
		return;
	EXPECT(pcap_setnonblock(p, 1, errbuf) == 0);
	EXPECT(pcap_getnonblock(p, errbuf) == 1);
	/* One that waits would wait forever: the device may be silent. */
	EXPECT(pcap_dispatch(p, -1, keep, (u_char *)&packets) >= 0);
	make_traffic();
	int fd = pcap_get_selectable_fd(p);
	while (fd >= 0 && packets.count < settings.packets) {
		const struct timeval *least = pcap_get_required_select_timeout(p);
		struct timeval patience = least != NULL ? *least : (struct timeval){.tv_sec = PATIENCE};
		fd_set set;

		FD_ZERO(&set);
		FD_SET(fd, &set);
		int ready = select(fd + 1, &set, NULL, NULL, &patience);
		if (ready < 0 || (ready == 0 && least == NULL)) {
			fail("select() says %d after %u packets", ready, packets.count);
			break;
		}
		if (pcap_dispatch(p, -1, keep, (u_char *)&packets) < 0) {
			fail("pcap_dispatch: %s", pcap_geterr(p));
			break;
		}
	}
	EXPECT(fd >= 0);
	forget(&packets);
	pcap_close(p);
}

static void counts(void)
{
	static struct packets packets;
	struct pcap_stat stats;
	pcap_t *p = open_device();

	if (p == NULL)
		return;
	EXPECT(pcap_stats(p, &stats) == 0);
	EXPECT(stats.ps_drop == 0);
	make_traffic();
	read_until(p, &packets, settings.packets);
	EXPECT(pcap_stats(p, &stats) == 0);
	if (stats.ps_recv < packets.count || stats.ps_drop != 0)
		fail("%u packets have come, and it tells of %u received, %u dropped", packets.count, stats.ps_recv,
			stats.ps_drop);
	forget(&packets);
	pcap_close(p);
}

static void leaves_nothing_open(void)
{
	unsigned before = open_descriptors();

	for (int i = 0; i < 10; i++) {
		pcap_t *p = open_device();
		if (p == NULL)
			return;
		pcap_close(p);
	}
	EXPECT(open_descriptors() == before);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{"is listed once", is_listed},
	{"opens with its link type", opens_with_its_link_type},
	{"delivers packets", delivers_packets},
	{"filters what it delivers", filters_what_it_delivers},
	{"truncates to the snapshot length", truncates_to_the_snapshot_length},
	{"ends by count, and loses nothing by that", ends_by_count},
	{"ends by pcap_breakloop() in the callback", ends_by_breakloop_in_the_callback},
	{"ends by pcap_breakloop() from a thread", ends_by_breakloop_from_a_thread},
	{"does not block in non-blocking mode", does_not_block_in_nonblocking_mode},
	{"counts what it delivers", counts},
	{"leaves nothing open when closed", leaves_nothing_open},
};

int main(int argc, char **argv)
{
	if (argc < 6 || argc > 8) {
		fprintf(stderr, "usage: exercise DEVICE LINK_TYPE FILTER PACKETS TRAFFIC [TEST | OFFSET SIZE]\n");
		return 2;
	}
	settings.device = argv[1];
	settings.link_type = argv[2];
	settings.filter = argv[3];
	settings.packets = (unsigned)strtoul(argv[4], NULL, 10);
	settings.traffic = argv[5];
	if (argc == 8) {
		settings.own_offset = (unsigned)strtoul(argv[6], NULL, 10);
		settings.own_size = (unsigned)strtoul(argv[7], NULL, 10);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (argc == 7 && strstr(tests[i].name, argv[6]) == NULL)
			continue;
		test_failed = false;
		tests[i].run();
		printf("%s - %s %s\n", test_failed ? "not ok" : "ok", settings.device, tests[i].name);
	}
	return 0;
}
