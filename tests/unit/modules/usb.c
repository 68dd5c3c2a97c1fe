/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The USB module on a stand-in for the kernel: packets of all transfer types and their lengths, what is given back to
 * the kernel and when, damaged events, a bus that goes away, refusals, names.
 */
#include "usb-device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include <pcap-int.h>

#include "../../lib/random-numbers.h"

pcap_t *pcap_usb_create(const char *device, char *errbuf);

#define HEADER_SIZE 64
#define PACKETS_MAX 600

struct packet {
	struct pcap_pkthdr header;
	pcap_usb_header_mmapped usb;
	u_char first; /* byte of the data */
};

static struct packet packets[PACKETS_MAX];
static int packet_count;
static volatile unsigned bytes_read;

static void keep(u_char *user _U_, const struct pcap_pkthdr *header, const u_char *data)
{
	struct packet *packet = &packets[packet_count++];

	assert_true(packet_count <= PACKETS_MAX);
	packet->header = *header;
	if (header->caplen >= HEADER_SIZE)
		memcpy(&packet->usb, data, HEADER_SIZE);
	packet->first = header->caplen > HEADER_SIZE ? data[HEADER_SIZE] : 0;
	/* All of it can be read. */
	for (u_int i = 0; i < header->caplen; i++)
		bytes_read += data[i];
}

/* ---- Events ---- */

/* Of a transfer: submission or completion, type, endpoint with direction, length, and how much of that is there. */
static pcap_usb_header_mmapped make_event(char event, int type, int endpoint, uint32_t length, uint32_t captured)
{
	static uint64_t id;

	return (pcap_usb_header_mmapped){.id = ++id,
		.event_type = event,
		.transfer_type = type,
		.endpoint_number = endpoint,
		.device_address = 3,
		.bus_id = 7,
		.setup_flag = '-',
		.data_flag = captured == 0 ? (event == URB_SUBMIT ? '<' : '>') : 0,
		.ts_sec = 1700000000,
		.ts_usec = 123456,
		.urb_len = length,
		.data_len = captured};
}

static void add_event(char event, int type, int endpoint, uint32_t length, uint32_t captured)
{
	pcap_usb_header_mmapped header = make_event(event, type, endpoint, length, captured);
	u_char data[4096];

	memset(data, 0xa5, sizeof(data));
	usb_device_add(&header, data, captured);
}

static void add_filler(uint32_t size)
{
	pcap_usb_header_mmapped header = {.event_type = '@', .data_len = size};
	static const u_char nothing[4096];

	usb_device_add(&header, nothing, size);
}

/* ---- Handles ---- */

static pcap_t *create_device(void)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(USB_DEVICE_NAME, errbuf);

	if (p == NULL)
		fail_msg("%s", errbuf);
	packet_count = 0;
	memset(packets, 0, sizeof(packets));
	return p;
}

static pcap_t *open_device(void)
{
	pcap_t *p = create_device();

	pcap_set_timeout(p, 10);
	int status = pcap_activate(p);
	if (status != 0)
		fail_msg("%d: %s", status, pcap_geterr(p));
	return p;
}

static int reset(void **state _U_)
{
	usb_device_reset();
	return 0;
}

/* ---- What is delivered ---- */

static void check_transfers(void)
{
	pcap_usb_header_mmapped setup = make_event(URB_SUBMIT, URB_CONTROL, 0x80, 18, 0);
	pcap_t *p = open_device();

	setup.setup_flag = 0;
	memcpy(&setup.s.setup, "\x80\x06\x00\x01\x00\x00\x12\x00", 8);
	usb_device_add(&setup, NULL, 0);
	add_event(URB_COMPLETE, URB_CONTROL, 0x80, 18, 18);
	add_filler(640);
	add_event(URB_SUBMIT, URB_BULK, 2, 31, 31);
	/* Cut by the kernel. */
	add_event(URB_COMPLETE, URB_BULK, 0x81, 100000, 2000);
	add_event(URB_COMPLETE, URB_INTERRUPT, 0x83, 8, 8);
	add_event(URB_ERROR, URB_INTERRUPT, 0x83, 0, 0);
	assert_int_equal(pcap_datalink(p), DLT_USB_LINUX_MMAPPED);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 6);

	static const struct {
		u_int caplen, len;
	} expected[] = {{64, 64}, {82, 82}, {95, 95}, {2064, 100064}, {72, 72}, {64, 64}};
	for (int i = 0; i < 6; i++) {
		assert_int_equal(packets[i].header.caplen, expected[i].caplen);
		assert_int_equal(packets[i].header.len, expected[i].len);
		assert_int_equal(packets[i].header.ts.tv_sec, 1700000000);
		assert_int_equal(packets[i].header.ts.tv_usec, 123456);
	}
	assert_memory_equal(&packets[0].usb, &setup, HEADER_SIZE);
	assert_int_equal(packets[1].first, 0xa5);
	/* Nothing is at hand any more, and the kernel has all of it back, fillers too. */
	assert_int_equal(usb_device.given_back, 7);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 0);
	assert_int_equal(usb_device.given_back, 7);
	pcap_close(p);
}

static void All_types_of_transfers_are_delivered_with_their_lengths(void **state _U_)
{
	check_transfers();
}

static void Without_a_map_events_are_copied(void **state _U_)
{
	usb_device.no_map = true;
	check_transfers();
}

/* Three parts in a buffer of 96 bytes: 32 bytes, nothing, and 20 bytes from 64 on. */
static const usb_isodesc parts[] = {{.len = 32}, {.offset = 32}, {.offset = 64, .len = 20}};

static void add_isochronous(char event, int endpoint, uint32_t length, uint32_t captured, char data_flag)
{
	pcap_usb_header_mmapped header =
		make_event(event, URB_ISOCHRONOUS, endpoint, length, sizeof(parts) + captured);
	u_char data[sizeof(parts) + 96] = {0};

	header.data_flag = data_flag;
	header.ndesc = header.s.iso.numdesc = 3;
	memcpy(data, parts, sizeof(parts));
	usb_device_add(&header, data, sizeof(parts) + captured);
}

static void Isochronous_transfers_have_descriptors_and_gaps(void **state _U_)
{
	pcap_t *p = open_device();

	add_isochronous(URB_SUBMIT, 0x81, 96, 0, '<');
	/* 52 bytes were received; they reach to 84. */
	add_isochronous(URB_COMPLETE, 0x81, 52, 84, 0);
	add_isochronous(URB_COMPLETE, 0x81, 52, 40, 0);
	add_isochronous(URB_SUBMIT, 0x02, 96, 96, 0);
	add_isochronous(URB_COMPLETE, 0x02, 96, 0, '>');
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 5);
	static const u_int lengths[] = {0, 84, 84, 96, 0}, captured[] = {0, 84, 40, 96, 0};
	for (int i = 0; i < 5; i++) {
		assert_int_equal(packets[i].header.len, HEADER_SIZE + sizeof(parts) + lengths[i]);
		assert_int_equal(packets[i].header.caplen, HEADER_SIZE + sizeof(parts) + captured[i]);
	}
	pcap_close(p);
}

static void Descriptors_that_do_not_fit_are_not_read(void **state _U_)
{
	pcap_usb_header_mmapped header = make_event(URB_COMPLETE, URB_ISOCHRONOUS, 0x81, 52, 40);
	pcap_t *p = open_device();

	header.ndesc = UINT32_MAX;
	usb_device_add(&header, parts, 40);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	assert_int_equal(packets[0].header.caplen, HEADER_SIZE + 40);
	assert_int_equal(packets[0].header.len, HEADER_SIZE + 40);
	pcap_close(p);
}

static void The_filter_sees_all_and_the_callback_the_snapshot_length(void **state _U_)
{
	struct bpf_insn last_byte[] = {
		{BPF_LD | BPF_B | BPF_ABS, 0, 0, HEADER_SIZE + 99}, {BPF_RET | BPF_A, 0, 0, 0}};
	struct bpf_program program = {2, last_byte};
	pcap_t *p = create_device();
	struct pcap_stat stats;

	pcap_set_snaplen(p, 70);
	pcap_set_timeout(p, 10);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	add_event(URB_COMPLETE, URB_BULK, 0x81, 99, 99);
	add_event(URB_COMPLETE, URB_BULK, 0x81, 100, 100);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	assert_int_equal(packets[0].header.caplen, 70);
	assert_int_equal(packets[0].header.len, 164);
	usb_device.dropped = 5;
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_recv, 1);
	assert_int_equal(stats.ps_drop, 5);
	/* The kernel tells what it lost since it was asked; the library, since activation. */
	usb_device.dropped = 2;
	assert_int_equal(pcap_stats(p, &stats), 0);
	assert_int_equal(stats.ps_drop, 7);
	pcap_close(p);
}

/* ---- The ring ---- */

static void What_is_left_over_comes_with_the_next_call(void **state _U_)
{
	pcap_t *p = open_device();
	struct pcap_pkthdr *header;
	const u_char *data;

	for (int i = 0; i < 300; i++)
		add_event(URB_COMPLETE, URB_INTERRUPT, 0x81, 1 + i % 64, 1 + i % 64);
	for (int i = 0; i < 300; i += 3) {
		assert_int_equal(pcap_dispatch(p, 2, keep, NULL), 2);
		assert_int_equal(pcap_next_ex(p, &header, &data), 1);
		keep(NULL, header, data);
	}
	for (int i = 0; i < 300; i++)
		assert_int_equal(packets[i].header.len, HEADER_SIZE + 1 + i % 64);
	assert_int_equal(pcap_dispatch(p, 1, keep, NULL), 0);
	assert_int_equal(usb_device.given_back, 300);
	pcap_close(p);
}

static void A_reader_of_one_at_a_time_does_not_keep_the_ring_full(void **state _U_)
{
	pcap_t *p = create_device();

	pcap_set_buffer_size(p, 16384);
	pcap_set_timeout(p, 10);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(pcap_bufsize(p), 16384);
	for (int i = 0; i < 12; i++)
		add_event(URB_COMPLETE, URB_BULK, 0x81, 1000, 1000);
	for (unsigned i = 1; i <= 12; i++) {
		assert_int_equal(pcap_dispatch(p, 1, keep, NULL), 1);
		/* Those of an eighth of the ring, 2048 bytes, and one more. */
		assert_true(usb_device.given_back + 3 >= i);
		assert_true(usb_device.given_back < i);
	}
	pcap_close(p);
}

static void A_ring_that_is_too_large_becomes_the_largest(void **state _U_)
{
	pcap_t *p = create_device();

	pcap_set_buffer_size(p, 8 << 20);
	assert_int_equal(pcap_activate(p), PCAP_WARNING);
	assert_string_equal(pcap_geterr(p),
		"usbmon7: the kernel gives no buffer of 8388608 bytes; it has 1228800 bytes, and may lose packets");
	pcap_close(p);
	usb_device.largest_ring = 64 << 20;
	p = create_device();
	pcap_set_buffer_size(p, 8 << 20);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(usb_device.ring_size, 8 << 20);
	pcap_close(p);
	p = create_device();
	pcap_set_buffer_size(p, 1);
	assert_int_equal(pcap_activate(p), 0);
	assert_int_equal(usb_device.ring_size, 8192);
	pcap_close(p);
}

/* ---- What goes wrong ---- */

static void Damaged_events_are_told_after_what_came_before(void **state _U_)
{
	pcap_usb_header_mmapped long_event = make_event(URB_COMPLETE, URB_BULK, 0x81, 8, 8);
	pcap_t *p = open_device();

	add_event(URB_COMPLETE, URB_BULK, 0x81, 1, 1);
	usb_device_add_offset(UINT32_MAX - 63);
	add_event(URB_COMPLETE, URB_BULK, 0x81, 2, 2);
	long_event.data_len = UINT32_MAX;
	usb_device_add(&long_event, "12345678", 8);
	usb_device_add_offset(usb_device.ring_size - 63);
	add_event(URB_COMPLETE, URB_BULK, 0x81, 3, 3);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p),
		"usbmon7: the kernel's event at 4294967232 with 0 bytes of data does not lie "
		"in the buffer of 1228800 bytes");
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "with 4294967295 bytes of data does not lie in the buffer"));
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 0);
	assert_int_equal(packet_count, 3);
	assert_int_equal(usb_device.given_back, 6);
	pcap_close(p);
}

/* A number of bytes that is short, long, or not far from the end of the ring. */
static uint32_t random_size(uint64_t *state, uint32_t end)
{
	switch (random_below(state, 4)) {
	case 0:
		return random_below(state, 300);
	case 1:
		return random_number(state);
	default:
		return end + random_below(state, 9) - 4;
	}
}

static void Whatever_the_ring_has_each_event_is_delivered_or_told(void **state _U_)
{
	const uint32_t size = 8192;
	uint64_t random = 1;
	pcap_t *p = create_device();

	pcap_set_buffer_size(p, size);
	pcap_set_timeout(p, 10);
	assert_int_equal(pcap_activate(p), 0);
	for (int round = 0; round < 500; round++) {
		uint8_t *ring = usb_device_ring();
		uint32_t offset = random_below(&random, 4) == 0 ? random_size(&random, size - HEADER_SIZE)
								: random_below(&random, size - HEADER_SIZE);
		for (uint32_t i = 0; i < size; i++)
			ring[i] = random_number(&random);
		if (offset <= size - HEADER_SIZE) {
			pcap_usb_header_mmapped header;
			memcpy(&header, ring + offset, sizeof(header));
			header.event_type = "SCE"[random_below(&random, 3)];
			header.transfer_type = random_below(&random, 4);
			header.data_flag = random_below(&random, 2);
			header.data_len = random_size(&random, size - offset - HEADER_SIZE);
			header.ndesc = random_size(&random, header.data_len / sizeof(usb_isodesc));
			header.urb_len = random_size(&random, header.data_len);
			memcpy(ring + offset, &header, sizeof(header));
		}
		usb_device_add_offset(offset);
		packet_count = 0;
		int n = pcap_dispatch(p, -1, keep, NULL);
		assert_true(n == 1 || n == PCAP_ERROR);
		assert_int_equal(packet_count, n == 1);
		if (n == 1)
			assert_true(packets[0].header.caplen <= packets[0].header.len);
		assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 0);
		assert_int_equal(usb_device.given_back, round + 1);
	}
	pcap_close(p);
}

static void A_bus_that_goes_is_told_after_what_came_before(void **state _U_)
{
	pcap_t *p = open_device();

	add_event(URB_COMPLETE, URB_BULK, 0x81, 1, 1);
	add_event(URB_COMPLETE, URB_BULK, 0x81, 2, 2);
	usb_device.gone = true;
	assert_int_equal(pcap_loop(p, -1, keep, NULL), PCAP_ERROR);
	assert_int_equal(packet_count, 2);
	assert_string_equal(
		pcap_geterr(p), "usbmon7: the USB bus is gone: its controller or the driver was removed");
	/* Also who goes on does not wait for ever. */
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	pcap_close(p);
}

static void An_error_of_the_kernel_is_told_and_the_capture_can_go_on(void **state _U_)
{
	pcap_t *p = open_device();

	add_event(URB_COMPLETE, URB_BULK, 0x81, 1, 1);
	usb_device.fetch_error = EFAULT;
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "usbmon7: can't read from the kernel's usbmon: Bad address");
	assert_int_equal(pcap_dispatch(p, -1, keep, NULL), 1);
	pcap_close(p);
}

static void check_refusal(int error, int status, const char *text)
{
	usb_device.open_error = error;
	pcap_t *p = create_device();
	assert_int_equal(pcap_activate(p), status);
	assert_non_null(strstr(pcap_geterr(p), text));
	/* It can be tried again. */
	usb_device.open_error = 0;
	assert_int_equal(pcap_activate(p), 0);
	pcap_close(p);
}

static void Why_the_device_cannot_be_opened_is_told(void **state _U_)
{
	check_refusal(EACCES, PCAP_ERROR_PERM_DENIED, "usbmon7: no permission to read /dev/usbmon7");
	check_refusal(ENOENT, PCAP_ERROR_NO_SUCH_DEVICE, "usbmon7: ");
	check_refusal(EMFILE, PCAP_ERROR, "usbmon7: can't open /dev/usbmon7: Too many open files");
}

static void Sending_and_monitor_mode_are_refused(void **state _U_)
{
	pcap_t *p = open_device();

	assert_int_equal(pcap_inject(p, "data", 4), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "usbmon7: packets can't be sent on a USB bus: usbmon only watches it");
	pcap_close(p);
	p = create_device();
	assert_int_equal(pcap_set_rfmon(p, 1), 0);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_RFMON_NOTSUP);
	pcap_close(p);
}

static void Names_are_the_kernels_own(void **state _U_)
{
	static const char *const others[] = {"usbmon", "usbmon07", "usbmon-7", "usbmon+7", "usbmon 7", "usbmon7 ",
		"usbmon7x", "usbmon7:1", "usbmon99999999999", "usbmon4294967303", "xusbmon7", "USBMON7", ""};
	char errbuf[PCAP_ERRBUF_SIZE];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		errbuf[0] = '\0';
		assert_null(pcap_usb_create(others[i], errbuf));
		/* Another module may have it. */
		assert_string_equal(errbuf, "");
	}
	assert_null(pcap_usb_create("usbmon4294967295", errbuf));
	assert_string_not_equal(errbuf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(All_types_of_transfers_are_delivered_with_their_lengths, reset),
		cmocka_unit_test_setup(Without_a_map_events_are_copied, reset),
		cmocka_unit_test_setup(Isochronous_transfers_have_descriptors_and_gaps, reset),
		cmocka_unit_test_setup(Descriptors_that_do_not_fit_are_not_read, reset),
		cmocka_unit_test_setup(The_filter_sees_all_and_the_callback_the_snapshot_length, reset),
		cmocka_unit_test_setup(What_is_left_over_comes_with_the_next_call, reset),
		cmocka_unit_test_setup(A_reader_of_one_at_a_time_does_not_keep_the_ring_full, reset),
		cmocka_unit_test_setup(A_ring_that_is_too_large_becomes_the_largest, reset),
		cmocka_unit_test_setup(Damaged_events_are_told_after_what_came_before, reset),
		cmocka_unit_test_setup(Whatever_the_ring_has_each_event_is_delivered_or_told, reset),
		cmocka_unit_test_setup(A_bus_that_goes_is_told_after_what_came_before, reset),
		cmocka_unit_test_setup(An_error_of_the_kernel_is_told_and_the_capture_can_go_on, reset),
		cmocka_unit_test_setup(Why_the_device_cannot_be_opened_is_told, reset),
		cmocka_unit_test_setup(Sending_and_monitor_mode_are_refused, reset),
		cmocka_unit_test_setup(Names_are_the_kernels_own, reset),
	};
	return cmocka_run_group_tests_name("the USB module", tests, NULL, NULL);
}
