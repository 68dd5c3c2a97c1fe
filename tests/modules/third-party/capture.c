/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures through modules that know the library by its installed headers alone, as any program would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap.h>
#include <pcap/weir.h>

#define TICKER_PACKET_SIZE 64

struct tally {
	int count;
	u_char instance;
	u_char odd; /* the packets whose second byte is 1 */
};

static pcap_t *open_device(const char *device)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		fail_msg("pcap_create: %s", errbuf);
	if (pcap_activate(p) != 0)
		fail_msg("pcap_activate: %s", pcap_geterr(p));
	return p;
}

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct tally *tally = (struct tally *)user;

	assert_int_equal(header->len, TICKER_PACKET_SIZE);
	tally->count++;
	tally->instance = data[0];
	tally->odd += data[1];
}

static void listed_devices_are_there(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices, *device;
	int found = 0;

	(void)state;
	assert_int_equal(pcap_findalldevs(&devices, errbuf), 0);
	for (device = devices; device != NULL; device = device->next)
		if (strncmp(device->name, "ticker", 6) == 0) {
			assert_string_equal(device->description,
				device->name[6] == '0' ? "Ticking clock number 0" : "Ticking clock number 1");
			found++;
		}
	assert_int_equal(found, 2);
	pcap_freealldevs(devices);
}

static void polled_device_captures(void **state)
{
	struct tally tally = {0};
	struct pcap_stat stat;
	pcap_t *p = open_device("ticker1");

	(void)state;
	assert_string_equal(pcap_module_name(p), "ticker");
	assert_int_equal(pcap_datalink(p), DLT_USER0);
	assert_int_equal(pcap_get_selectable_fd(p), -1);
	assert_non_null(pcap_get_required_select_timeout(p));
	assert_int_equal(pcap_loop(p, 5, count_packet, (u_char *)&tally), 0);
	assert_int_equal(tally.count, 5);
	assert_int_equal(tally.instance, 1);
	assert_int_equal(pcap_stats(p, &stat), 0);
	assert_int_equal(stat.ps_recv, 5);
	pcap_close(p);
}

static void polled_device_filters_in_userland(void **state)
{
	struct bpf_insn second_byte_is_1[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 65535),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct bpf_program program = {4, second_byte_is_1};
	struct tally tally = {0};
	pcap_t *p = open_device("ticker0");

	(void)state;
	assert_int_equal(pcap_setfilter(p, &program), 0);
	assert_int_equal(pcap_loop(p, 6, count_packet, (u_char *)&tally), 0);
	assert_int_equal(tally.count, 6);
	assert_int_equal(tally.odd, 6);
	pcap_close(p);
}

static void what_a_module_lacks_is_refused(void **state)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = open_device("ticker0");

	(void)state;
	assert_int_equal(pcap_inject(p, "", 1), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "Packet injection is not supported by ticker devices");
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR);
	assert_int_equal(pcap_set_datalink(p, DLT_USER0), 0);
	assert_int_equal(pcap_set_datalink(p, DLT_EN10MB), PCAP_ERROR);
	pcap_close(p);
	assert_null(pcap_create("ticker2", errbuf));
	assert_non_null(strstr(errbuf, "ticker2"));
}

static void failed_activation_can_be_retried(void **state)
{
	const char *path = getenv("DGRAM_SOCKET");
	char errbuf[PCAP_ERRBUF_SIZE];
	char *copy;
	pcap_t *p = pcap_create("dgram", errbuf);

	(void)state;
	assert_non_null(p);
	assert_non_null(path);
	copy = strdup(path);
	unsetenv("DGRAM_SOCKET");
	assert_int_equal(pcap_activate(p), PCAP_ERROR_NO_SUCH_DEVICE);
	setenv("DGRAM_SOCKET", "/no/such/folder/socket", 1);
	assert_int_equal(pcap_activate(p), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "/no/such/folder/socket"));
	setenv("DGRAM_SOCKET", copy, 1);
	assert_int_equal(pcap_activate(p), 0);
	pcap_close(p);
	free(copy);
}

static void descriptor_device_sends_and_captures(void **state)
{
	static const u_char frame[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, 7};
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	int i;
	pcap_t *p = open_device("dgram");

	(void)state;
	assert_string_equal(pcap_module_name(p), "dgram");
	assert_true(pcap_get_selectable_fd(p) >= 0);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_next_ex(p, &header, &data), 0);
	assert_int_equal(pcap_setnonblock(p, 0, errbuf), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(pcap_inject(p, frame, sizeof(frame) - (size_t)i), sizeof(frame) - (size_t)i);
	for (i = 0; i < 3; i++) {
		assert_int_equal(pcap_next_ex(p, &header, &data), 1);
		assert_int_equal(header->len, sizeof(frame) - (size_t)i);
		assert_memory_equal(data, frame, header->caplen);
	}
	pcap_breakloop(p);
	assert_int_equal(pcap_next_ex(p, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(p);
}

static void link_types_are_those_of_the_module(void **state)
{
	int *types;
	pcap_t *p = open_device("dgram");

	(void)state;
	assert_int_equal(pcap_list_datalinks(p, &types), 2);
	assert_int_equal(types[0], DLT_EN10MB);
	assert_int_equal(types[1], DLT_DOCSIS);
	pcap_free_datalinks(types);
	assert_int_equal(pcap_set_datalink(p, DLT_DOCSIS), 0);
	assert_int_equal(pcap_datalink(p), DLT_DOCSIS);
	assert_int_equal(pcap_set_datalink(p, DLT_RAW), PCAP_ERROR);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_devices_are_there),
		cmocka_unit_test(polled_device_captures),
		cmocka_unit_test(polled_device_filters_in_userland),
		cmocka_unit_test(what_a_module_lacks_is_refused),
		cmocka_unit_test(failed_activation_can_be_retried),
		cmocka_unit_test(descriptor_device_sends_and_captures),
		cmocka_unit_test(link_types_are_those_of_the_module),
	};

	return cmocka_run_group_tests_name("third-party modules", tests, NULL, NULL);
}
