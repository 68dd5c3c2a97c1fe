/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Bluetooth modules on a stand-in for HCI sockets: headers, directions, time stamps, what is too long or too short,
 * an adapter that goes away, refusals, statistics, names.
 */
#include "hci-sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <errno.h>

#include <pcap-int.h>

pcap_t *pcap_bt_create(const char *device, char *errbuf);
pcap_t *pcap_bt_monitor_create(const char *device, char *errbuf);

#define PACKETS_MAX 16

static struct {
	struct pcap_pkthdr header;
	u_char data[64];
	uint32_t flags;
} packets[PACKETS_MAX];
static int packet_count;

/* user: NULL, or the handle. */
static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct pcap_packet_info info = {0};

	assert_true(packet_count < PACKETS_MAX);
	if (user != NULL)
		pcap_get_packet_info((pcap_t *)user, &info, sizeof(info));
	packets[packet_count].flags = info.flags;
	packets[packet_count].header = *header;
	memcpy(packets[packet_count++].data, data, header->caplen < 64 ? header->caplen : 64);
}

static int reset(void **state _U_)
{
	hci_reset();
	packet_count = 0;
	return 0;
}

static pcap_t *create_device(const char *device)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(device, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	pcap_set_timeout(p, 10);
	return p;
}

static pcap_t *open_device(const char *device)
{
	pcap_t *p = create_device(device);
	int status = pcap_activate(p);

	if (status != 0)
		fail_msg("%d: %s", status, pcap_geterr(p));
	return p;
}

#define ADD(data, incoming, time) hci_add(data, sizeof(data) - 1, incoming, time)

static void Packets_of_an_adapter_have_their_direction_and_time(void **state _U_)
{
	pcap_t *p = open_device("bluetooth3");

	assert_int_equal(hci_sockets.adapter, 3);
	assert_int_equal(hci_sockets.channel, 0);
	assert_int_equal(pcap_datalink(p), DLT_BLUETOOTH_HCI_H4_WITH_PHDR);
	ADD("\x01\x01\x10\x00", false, HCI_TIME_64);
	ADD("\x04\x0e\x04\x01\x01\x10\x00", true, HCI_TIME_32);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)p), 2);
	assert_int_equal(packets[0].flags, PCAP_PACKET_OUTBOUND);
	assert_int_equal(packets[1].flags, PCAP_PACKET_INBOUND);
	assert_int_equal(packets[0].header.len, 8);
	assert_int_equal(packets[0].header.caplen, 8);
	assert_memory_equal(packets[0].data, "\0\0\0\0\x01\x01\x10\x00", 8);
	assert_int_equal(packets[1].header.len, 11);
	assert_memory_equal(packets[1].data, "\0\0\0\1\x04\x0e\x04\x01\x01\x10\x00", 11);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(packets[i].header.ts.tv_sec, HCI_SECONDS);
		assert_int_equal(packets[i].header.ts.tv_usec, HCI_NANOSECONDS / 1000);
	}
	pcap_close(p);
}

static void A_message_without_time_has_the_time_it_was_read(void **state _U_)
{
	pcap_t *p = open_device("bluetooth3");
	time_t before = time(NULL);

	ADD("\x01\x01\x10\x00", false, HCI_NO_TIME);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	assert_true(packets[0].header.ts.tv_sec >= before);
	pcap_close(p);
}

static void A_direction_can_be_chosen(void **state _U_)
{
	static const int expected[] = {3, 1, 2};
	pcap_t *p = open_device("bluetooth3");

	for (int direction = PCAP_D_INOUT; direction <= PCAP_D_OUT; direction++) {
		packet_count = 0;
		assert_int_equal(pcap_setdirection(p, direction), 0);
		ADD("\x01out", false, HCI_TIME_64);
		ADD("\x04in", true, HCI_TIME_64);
		ADD("\x02out", false, HCI_TIME_64);
		assert_int_equal(pcap_dispatch(p, -1, keep, NULL), expected[direction]);
		if (direction != PCAP_D_INOUT)
			assert_int_equal(packets[0].data[4], direction == PCAP_D_IN ? 4 : 1);
	}
	pcap_close(p);
}

static void Messages_of_the_monitor_get_the_registered_header(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *p = create_device("bluetooth-monitor");

	assert_int_equal(pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO), 0);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(hci_sockets.adapter, 0xffff);
	assert_int_equal(hci_sockets.channel, 2);
	assert_int_equal(pcap_datalink(p), DLT_BLUETOOTH_LINUX_MONITOR);
	/* Opcode 0x0102, adapter 0x0304, three bytes; then one of none. */
	ADD("\x02\x01\x04\x03\x03\x00\xaa\xbb\xcc", false, HCI_TIME_NS);
	ADD("\x08\x00\x00\x00\x00\x00", false, HCI_TIME_NS);
	/* A command and an event, which have a direction. */
	ADD("\x02\x00\x00\x00\x00\x00", false, HCI_TIME_NS);
	ADD("\x03\x00\x00\x00\x00\x00", false, HCI_TIME_NS);
	assert_int_equal(pcap_setnonblock(p, 1, errbuf), 0);
	assert_int_equal(pcap_dispatch(p, -1, keep, (u_char *)p), 4);
	assert_int_equal(packets[0].flags, 0);
	assert_int_equal(packets[2].flags, PCAP_PACKET_OUTBOUND);
	assert_int_equal(packets[3].flags, PCAP_PACKET_INBOUND);
	assert_int_equal(packets[0].header.len, 7);
	assert_memory_equal(packets[0].data, "\x03\x04\x01\x02\xaa\xbb\xcc", 7);
	assert_int_equal(packets[1].header.len, 4);
	assert_memory_equal(packets[1].data, "\0\0\0\x08", 4);
	assert_int_equal(packets[0].header.ts.tv_sec, HCI_SECONDS);
	assert_int_equal(packets[0].header.ts.tv_usec, HCI_NANOSECONDS);
	assert_int_equal(pcap_setdirection(p, PCAP_D_IN), PCAP_ERROR);
	pcap_close(p);
}

static void What_is_too_long_is_cut_and_too_short_an_error(void **state _U_)
{
	static u_char long_message[200000];
	pcap_t *p = open_device("bluetooth3");

	ADD("\x04in", true, HCI_TIME_64);
	hci_add(long_message, sizeof(long_message), true, HCI_TIME_64);
	hci_add(NULL, 0, true, HCI_TIME_64);
	ADD("\x04in", true, HCI_TIME_64);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 2);
	assert_int_equal(packets[1].header.len, sizeof(long_message) + 4);
	assert_in_range(packets[1].header.caplen, 65536, 70000);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "bluetooth3: the kernel gave a message of 0 bytes"));
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	pcap_close(p);

	hci_reset();
	p = open_device("bluetooth-monitor");
	ADD("\x02\x01\x04\x03\x00", false, HCI_TIME_NS);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "a message of 5 bytes"));
	pcap_close(p);
}

static void An_adapter_that_goes_is_told_after_what_came_before(void **state _U_)
{
	pcap_t *p = open_device("bluetooth3");

	ADD("\x04in", true, HCI_TIME_64);
	ADD("\x04in", true, HCI_TIME_64);
	hci_add_error(EPIPE);
	assert_int_equal(pcap_loop(p, -1, keep, NULL), PCAP_ERROR);
	assert_int_equal(packet_count, 2);
	assert_non_null(strstr(pcap_geterr(p), "bluetooth3: the Bluetooth adapter is gone"));
	/* Also who goes on does not wait for ever. */
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	pcap_close(p);
}

static void An_error_of_the_socket_is_told_and_the_capture_can_go_on(void **state _U_)
{
	pcap_t *p = open_device("bluetooth3");

	ADD("\x04in", true, HCI_TIME_64);
	hci_add_error(ENOMEM);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "bluetooth3: can't read from the HCI socket: Cannot allocate memory");
	hci_add_error(EINTR);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	pcap_close(p);
}

static void check_refusal(const char *device, int socket_error, int bind_error, int status, const char *text)
{
	pcap_t *p = create_device(device);

	hci_sockets.socket_error = socket_error;
	hci_sockets.bind_error = bind_error;
	assert_int_equal(pcap_activate(p), status);
	if (strstr(pcap_geterr(p), text) == NULL)
		fail_msg("%s", pcap_geterr(p));
	/* It can be tried again. */
	hci_sockets.socket_error = hci_sockets.bind_error = 0;
	assert_int_equal(pcap_activate(p), 0);
	pcap_close(p);
}

static void Why_a_device_cannot_be_opened_is_told(void **state _U_)
{
	static const char *const devices[] = {"bluetooth3", "bluetooth-monitor"};

	for (int i = 0; i < 2; i++) {
		check_refusal(devices[i], EAFNOSUPPORT, 0, PCAP_ERROR_NO_SUCH_DEVICE, "modprobe bluetooth");
		check_refusal(devices[i], EPERM, 0, PCAP_ERROR_PERM_DENIED, "CAP_NET_RAW");
		check_refusal(devices[i], EMFILE, 0, PCAP_ERROR, "can't open an HCI socket: Too many open files");
		check_refusal(devices[i], 0, EPERM, PCAP_ERROR_PERM_DENIED, "CAP_NET_RAW");
		check_refusal(devices[i], 0, EINVAL, PCAP_ERROR, "can't bind the HCI socket: Invalid argument");
	}
	check_refusal("bluetooth3", 0, ENODEV, PCAP_ERROR_NO_SUCH_DEVICE, "there is no such Bluetooth adapter");
}

static void That_the_kernel_gives_a_part_only_is_a_warning(void **state _U_)
{
	pcap_t *p = create_device("bluetooth3");

	hci_sockets.unprivileged = true;
	assert_int_equal(pcap_activate(p), PCAP_WARNING);
	assert_non_null(strstr(pcap_geterr(p), "bluetooth3: without the capability CAP_NET_RAW"));
	ADD("\x04in", true, HCI_TIME_64);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	pcap_close(p);
}

static void Statistics_count_from_activation_on(void **state _U_)
{
	struct pcap_stat stats;

	hci_sockets.driver_errors = 5;
	pcap_t *p = create_device("bluetooth3");
	pcap_set_buffer_size(p, 12345);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(hci_sockets.buffer_size, 12345);
	hci_sockets.driver_errors = 7;
	hci_sockets.lost = 3;
	ADD("\x04in", true, HCI_TIME_64);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, 1);
	assert_int_equal(stats.ps_drop, 3);
	assert_int_equal(stats.ps_ifdrop, 2);
	pcap_close(p);
}

static void Sending_and_monitor_mode_are_refused(void **state _U_)
{
	static const char *const devices[] = {"bluetooth3", "bluetooth-monitor"};

	for (int i = 0; i < 2; i++) {
		pcap_t *p = open_device(devices[i]);
		assert_int_equal(pcap_inject(p, "data", 4), PCAP_ERROR);
		assert_non_null(strstr(pcap_geterr(p), "packets can't be sent"));
		pcap_close(p);
		p = create_device(devices[i]);
		assert_int_equal(pcap_set_rfmon(p, 1), 0);
		assert_int_equal(pcap_activate(p), PCAP_ERROR_RFMON_NOTSUP);
		pcap_close(p);
	}
}

static void Names_are_the_kernels_own(void **state _U_)
{
	static const char *const others[] = {"bluetooth", "bluetooth03", "bluetooth-3", "bluetooth+3",
		"bluetooth3 ", "bluetooth 3", "bluetooth3x", "bluetooth65535", "bluetooth99999999999",
		"bluetooth4294967299", "bluetooth-monitor0", "bluetooth-", "Bluetooth3", ""};
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_null(pcap_bt_create(others[i], errbuf));
		assert_null(pcap_bt_monitor_create(others[i], errbuf));
		/* Another module may have it. */
		assert_string_equal(errbuf, "");
	}
	assert_null(pcap_bt_create("bluetooth65534", errbuf));
	assert_string_equal(errbuf, "bluetooth65534: there is no such Bluetooth adapter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(Packets_of_an_adapter_have_their_direction_and_time, reset),
		cmocka_unit_test_setup(A_message_without_time_has_the_time_it_was_read, reset),
		cmocka_unit_test_setup(A_direction_can_be_chosen, reset),
		cmocka_unit_test_setup(Messages_of_the_monitor_get_the_registered_header, reset),
		cmocka_unit_test_setup(What_is_too_long_is_cut_and_too_short_an_error, reset),
		cmocka_unit_test_setup(An_adapter_that_goes_is_told_after_what_came_before, reset),
		cmocka_unit_test_setup(An_error_of_the_socket_is_told_and_the_capture_can_go_on, reset),
		cmocka_unit_test_setup(Why_a_device_cannot_be_opened_is_told, reset),
		cmocka_unit_test_setup(That_the_kernel_gives_a_part_only_is_a_warning, reset),
		cmocka_unit_test_setup(Statistics_count_from_activation_on, reset),
		cmocka_unit_test_setup(Sending_and_monitor_mode_are_refused, reset),
		cmocka_unit_test_setup(Names_are_the_kernels_own, reset),
	};
	return cmocka_run_group_tests_name("the Bluetooth modules", tests, NULL, NULL);
}
