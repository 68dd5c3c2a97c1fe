/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same files before others' eyes: the system's libpcap, tcpdump and capinfos, where they are installed. What they
 * read of a file has to be what is read here, and what they write has to be read here as they wrote it.
 */
#include "files.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char errbuf[PCAP_ERRBUF_SIZE];

/* ---- The system's libpcap ---- */

struct library {
	__typeof__(&pcap_open_offline_with_tstamp_precision) open;
	__typeof__(&pcap_dispatch) dispatch;
	__typeof__(&pcap_datalink) datalink;
	__typeof__(&pcap_datalink_ext) datalink_ext;
	__typeof__(&pcap_snapshot) snapshot;
	__typeof__(&pcap_is_swapped) is_swapped;
	__typeof__(&pcap_close) close;
};

static const struct library ours = {pcap_open_offline_with_tstamp_precision, pcap_dispatch, pcap_datalink,
	pcap_datalink_ext, pcap_snapshot, pcap_is_swapped, pcap_close};

static bool load_peer(struct library *peer)
{
	void *handle = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	const char *(*version)(void) = NULL;

	if (handle != NULL)
		*(void **)&version = dlsym(handle, "pcap_lib_version");
	if (version == NULL || strstr(version(), "Weir") != NULL)
		return false;
	*(void **)&peer->open = dlsym(handle, "pcap_open_offline_with_tstamp_precision");
	*(void **)&peer->dispatch = dlsym(handle, "pcap_dispatch");
	*(void **)&peer->datalink = dlsym(handle, "pcap_datalink");
	*(void **)&peer->datalink_ext = dlsym(handle, "pcap_datalink_ext");
	*(void **)&peer->snapshot = dlsym(handle, "pcap_snapshot");
	*(void **)&peer->is_swapped = dlsym(handle, "pcap_is_swapped");
	*(void **)&peer->close = dlsym(handle, "pcap_close");
	return peer->open != NULL;
}

/* What a library makes of a file. */
struct reading {
	bool opened;
	int datalink, datalink_ext, snapshot, is_swapped;
	int packets;
	bool failed;
	uint64_t sum; /* of all that was delivered */
	long second;  /* fractions in it */
};

static void add_to_sum(uint64_t *sum, const void *data, size_t size)
{
	const u_char *bytes = data;

	for (size_t i = 0; i < size; i++)
		*sum = (*sum ^ bytes[i]) * 0x100000001b3; /* FNV-1a */
}

static void sum_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct reading *reading = (struct reading *)user;
	uint32_t numbers[] = {
		(uint32_t)header->ts.tv_sec, (uint32_t)header->ts.tv_usec, header->caplen, header->len};

	/* In libpcap 1.10 times after 2038 are negative, and so are fractions that are far too large. */
	if (header->ts.tv_usec < 0 || header->ts.tv_usec >= reading->second)
		numbers[1] = 0;
	reading->packets++;
	add_to_sum(&reading->sum, numbers, sizeof(numbers));
	add_to_sum(&reading->sum, data, header->caplen);
}

static struct reading read_with(const struct library *library, const char *path, u_int precision)
{
	struct reading reading;
	pcap_t *p = library->open(path, precision, errbuf);

	memset(&reading, 0, sizeof(reading));
	reading.opened = p != NULL;
	reading.second = precision == PCAP_TSTAMP_PRECISION_NANO ? 1000000000 : 1000000;
	if (p == NULL)
		return reading;
	reading.datalink = library->datalink(p);
	reading.datalink_ext = library->datalink_ext(p);
	reading.snapshot = library->snapshot(p);
	reading.is_swapped = library->is_swapped(p);
	reading.failed = library->dispatch(p, -1, sum_packet, (u_char *)&reading) < 0;
	library->close(p);
	return reading;
}

static unsigned int random_number(void)
{
	static uint32_t seed = 1;

	seed ^= seed << 13;
	seed ^= seed >> 17;
	return seed ^= seed << 5;
}

static void change_some_bits(struct file *file)
{
	for (unsigned int i = 0; i <= random_number() % 3; i++)
		file->bytes[random_number() % file->size] ^= (u_char)(1 << random_number() % 8);
	if (random_number() % 4 == 0)
		file->size = random_number() % (file->size + 1);
}

/* Reserved bits of the link type are an error here, and not in libpcap 1.10. */
static bool has_reserved_bits(const struct file *file, bool swapped)
{
	return file->size >= 24 &&
	       ((file->bytes[swapped ? 21 : 22] != 0) || (file->bytes[swapped ? 20 : 23] & 3) != 0);
}

static void system_libpcap_reads_the_same(void **state)
{
	static const u_char linktypes[] = {1, 113, 117, 189, 220, 239};
	int opened = 0, failed = 0;
	struct library peer;
	char path[128];

	(void)state;
	if (!load_peer(&peer)) {
		print_message("there is no other libpcap here to compare with\n");
		skip();
	}
	for (int round = 0; round < 3000; round++) {
		struct reading our_reading, their_reading;
		u_int precision = random_number() % 2;
		bool swapped = random_number() % 2;
		struct file file;

		make_file(&file, swapped, random_number() % 2 ? MAGIC_MICRO : MAGIC_NANO, 8);
		if (round < 600)
			file.bytes[swapped ? 23 : 20] = linktypes[random_number() % sizeof(linktypes)];
		else
			change_some_bits(&file);
		save(&file, temporary_path(path, "peer.pcap"));
		our_reading = read_with(&ours, path, precision);
		their_reading = read_with(&peer, path, precision);
		if (memcmp(&our_reading, &their_reading, sizeof(our_reading)) != 0 &&
			!has_reserved_bits(&file, swapped))
			fail_msg("round %d: opened %d/%d, %d/%d packets, failed %d/%d, link type %d/%d", round,
				our_reading.opened, their_reading.opened, our_reading.packets,
				their_reading.packets, our_reading.failed, their_reading.failed,
				our_reading.datalink, their_reading.datalink);
		opened += our_reading.opened;
		failed += our_reading.failed;
		file_clear(&file);
	}
	assert_true(opened > 1000 && failed > 500);
}

/* ---- Programs ---- */

static void need_program(const char *name)
{
	char command[100];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	if (system(command) == 0)
		return;
	print_message("%s is not installed\n", name);
	skip();
}

static void run(const char *format, ...)
{
	char command[600];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void assert_reads_made_packets(const char *path, int count, u_int precision, long unit)
{
	struct packets packets = {0, NULL};
	pcap_t *p = pcap_open_offline_with_tstamp_precision(path, precision, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	assert_int_equal(pcap_loop(p, -1, keep_packet, (u_char *)&packets), 0);
	assert_made_packets(&packets, count, unit);
	packets_clear(&packets);
	pcap_close(p);
}

/* tcpdump reads each kind of file and writes it as it does; that holds the same packets. */
static void tcpdump_writes_what_is_read_here(void **state)
{
	char from[128], to[128];

	(void)state;
	need_program("tcpdump");
	temporary_path(from, "from.pcap");
	temporary_path(to, "to.pcap");
	for (int i = 0; i < 4; i++) {
		struct file file;
		bool nano = i / 2;

		make_file(&file, i % 2, nano ? MAGIC_NANO : MAGIC_MICRO, 1000);
		save(&file, from);
		run("tcpdump -r - -w - --time-stamp-precision=%s <%s >%s 2>/dev/null", nano ? "nano" : "micro",
			from, to);
		assert_reads_made_packets(to, 1000, PCAP_TSTAMP_PRECISION_OF_FILE, 1);
		assert_reads_made_packets(to, 1000, PCAP_TSTAMP_PRECISION_NANO, nano ? 1 : 1000);
		file_clear(&file);
	}
}

static void write_made_packets(const char *path, int count, u_int precision)
{
	pcap_t *p = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, precision);
	pcap_dumper_t *dumper = pcap_dump_open(p, path);

	assert_non_null(dumper);
	for (int i = 0; i < count; i++) {
		struct file packet = {.swapped = false};
		struct pcap_pkthdr header = {
			{1000 + i, i}, (bpf_u_int32)nth_length(i), (bpf_u_int32)nth_length(i) + 4};

		put_data(&packet, nth_length(i), i);
		assert_int_equal(pcap_dump_packet(dumper, &header, packet.bytes, errbuf), 0);
		file_clear(&packet);
	}
	assert_int_equal(pcap_dump_finish(dumper, errbuf), 0);
	pcap_close(p);
}

/* What is written here tcpdump reads, and copies to the byte. */
static void tcpdump_reads_what_is_written_here(void **state)
{
	char from[128], to[128];

	(void)state;
	need_program("tcpdump");
	temporary_path(from, "from.pcap");
	temporary_path(to, "to.pcap");
	write_made_packets(from, 1000, PCAP_TSTAMP_PRECISION_MICRO);
	run("tcpdump -r - -w - <%s >%s 2>/dev/null", from, to);
	run("cmp %s %s", from, to);
	write_made_packets(from, 1000, PCAP_TSTAMP_PRECISION_NANO);
	run("tcpdump -r - -w - --time-stamp-precision=nano <%s >%s 2>/dev/null", from, to);
	run("cmp %s %s", from, to);
}

static void capinfos_counts_what_is_written_here(void **state)
{
	char path[128];

	(void)state;
	need_program("capinfos");
	temporary_path(path, "from.pcap");
	write_made_packets(path, 1234, PCAP_TSTAMP_PRECISION_NANO);
	run("capinfos -c -M %s 2>/dev/null | grep -q 'packets: *1234$'", path);
	run("capinfos -t %s 2>/dev/null | grep -q 'nanosecond.*pcap'", path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_libpcap_reads_the_same),
		cmocka_unit_test(tcpdump_writes_what_is_read_here),
		cmocka_unit_test(tcpdump_reads_what_is_written_here),
		cmocka_unit_test(capinfos_counts_what_is_written_here),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
