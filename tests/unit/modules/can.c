/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CAN module on a stand-in for the kernel: frames of all kinds, damaged ones, what filters become, what is
 * sent, errors before and during a capture.
 */
#include "can-socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <pcap-int.h>

pcap_t *pcap_can_create(const char *device, char *errbuf);

#define PACKETS_MAX 16
#define PACKET_SIZE 2100

static struct packet {
	struct pcap_pkthdr header;
	struct pcap_packet_info info;
	u_char data[PACKET_SIZE];
} packets[PACKETS_MAX];
static int packet_count;

static void keep(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct packet *packet = &packets[packet_count++];

	assert_true(packet_count <= PACKETS_MAX && header->caplen <= PACKET_SIZE);
	packet->header = *header;
	memcpy(packet->data, data, header->caplen);
	assert_int_equal(pcap_get_packet_info((pcap_t *)user, &packet->info, sizeof(packet->info)), 1);
}

static int set_up(void **state _U_)
{
	can_reset();
	packet_count = 0;
	memset(packets, 0, sizeof(packets));
	return 0;
}

static pcap_t *create(void)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create("can0", errbuf);

	assert_non_null(p);
	assert_string_equal(pcap_module_name(p), "can");
	assert_int_equal(pcap_set_timeout(p, 10), 0);
	return p;
}

static pcap_t *open_bus(void)
{
	pcap_t *p = create();

	assert_int_equal(pcap_activate(p), 0);
	return p;
}

static int read_all(pcap_t *p)
{
	return pcap_dispatch(p, -1, keep, (u_char *)p);
}

static void add_classic(canid_t id, unsigned length)
{
	struct can_frame frame = {.can_id = id, .len = (uint8_t)length, .data = {1, 2, 3, 4, 5, 6, 7, 8}};

	can_add(&frame, sizeof(frame));
}

static void filter(pcap_t *p, const char *expression)
{
	struct bpf_program program;

	assert_int_equal(pcap_compile(p, &program, expression, 1, PCAP_NETMASK_UNKNOWN), 0);
	assert_int_equal(pcap_setfilter(p, &program), 0);
	pcap_freecode(&program);
}

/* ---- Frames ---- */

static void asks_for_every_kind_of_frame(void **state _U_)
{
	can_socket.knows_xl = true;
	pcap_t *p = open_bus();

	assert_int_equal(pcap_datalink(p), DLT_CAN_SOCKETCAN);
	assert_int_equal(can_socket.bound_to, 7);
	assert_true(can_socket.wants_fd && can_socket.wants_xl);
	/* CAN_RAW_XL_VCID_TX_PASS, CAN_RAW_XL_VCID_RX_FILTER */
	assert_int_equal(can_socket.vcid_flags, 0x06);
	assert_int_equal(can_socket.error_classes, CAN_ERR_MASK);
	pcap_close(p);
}

static void has_classic_and_fd_frames_in_network_byte_order(void **state _U_)
{
	struct canfd_frame fd = {.can_id = 0x9f334455, .len = 12, .flags = CANFD_BRS, .data = {9}};
	static const u_char classic_packet[16] = {0, 0, 1, 0x23, 4, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	static const u_char fd_packet[72] = {0x9f, 0x33, 0x44, 0x55, 12, CANFD_BRS | CANFD_FDF, 0, 0, 9};
	pcap_t *p = open_bus();

	add_classic(0x123, 4);
	can_add(&fd, sizeof(fd));
	assert_int_equal(read_all(p), 2);
	assert_int_equal(packets[0].header.len, 16);
	assert_memory_equal(packets[0].data, classic_packet, 16);
	assert_int_equal(packets[1].header.caplen, 72);
	assert_memory_equal(packets[1].data, fd_packet, 72);
	pcap_close(p);
}

/* Priority and VCID in network byte order; payload length and acceptance field in little-endian order. */
static void has_xl_frames_as_the_link_type_wants_them(void **state _U_)
{
	struct canxl_frame xl = {
		.prio = 0x00420123, .flags = CANXL_XLF, .sdt = 5, .len = 4, .af = 0x11223344, .data = {1, 2, 3, 4}};
	static const u_char packet[16] = {0, 0x42, 1, 0x23, CANXL_XLF, 5, 4, 0, 0x44, 0x33, 0x22, 0x11, 1, 2, 3, 4};
	pcap_t *p = open_bus();

	/* As long as a classic frame; and the longest. */
	can_add(&xl, CANXL_HDR_SIZE + 4);
	xl.len = CANXL_MAX_DLEN;
	can_add(&xl, CANXL_MTU);
	assert_int_equal(read_all(p), 2);
	assert_int_equal(packets[0].header.len, 16);
	assert_memory_equal(packets[0].data, packet, 16);
	assert_int_equal(packets[1].header.caplen, 12 + 2048);
	assert_int_equal(packets[1].data[6] | packets[1].data[7] << 8, 2048);
	pcap_close(p);
}

static void leaves_out_what_is_no_frame(void **state _U_)
{
	u_char bytes[CANXL_MTU + 100] = {0, 0, 0, 0, 3};
	static const size_t sizes[] = {0, 1, 4, 8, 15, 17, 71, 73, sizeof(bytes)};
	pcap_t *p = open_bus();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		can_add(bytes, sizes[i]);
	add_classic(1, 9);
	bytes[4] = 65;
	can_add(bytes, 72);
	/* An XL frame that is longer than what is there. */
	bytes[4] = CANXL_XLF;
	memset(bytes + 6, 5, 2);
	can_add(bytes, 100);
	add_classic(0x7ff, 8);
	assert_int_equal(read_all(p), 1);
	assert_int_equal(packets[0].data[3], 0xff);
	pcap_close(p);
}

static void tells_directions_and_kinds_apart(void **state _U_)
{
	struct can_frame own = {.can_id = 5};
	struct canfd_frame fd = {.can_id = 6};
	static const pcap_direction_t directions[] = {PCAP_D_IN, PCAP_D_OUT, PCAP_D_INOUT};
	static const int counts[] = {1, 1, 2};

	for (int i = 0; i < 3; i++) {
		pcap_t *p = open_bus();
		assert_int_equal(pcap_setdirection(p, directions[i]), 0);
		add_classic(4, 1);
		can_add_own(&own, sizeof(own));
		packet_count = 0;
		assert_int_equal(read_all(p), counts[i]);
		const struct packet *last = &packets[counts[i] - 1];
		assert_int_equal(last->data[3], directions[i] == PCAP_D_IN ? 4 : 5);
		assert_int_equal(
			last->info.flags, directions[i] == PCAP_D_IN ? PCAP_PACKET_INBOUND : PCAP_PACKET_OUTBOUND);
		assert_int_equal(last->info.interface, 7);
		pcap_close(p);
		can_reset();
	}
	pcap_t *p = create();
	p->opt.protocol = 0x000d; /* ETH_P_CANFD */
	assert_int_equal(pcap_activate(p), 0);
	add_classic(4, 1);
	can_add(&fd, sizeof(fd));
	packet_count = 0;
	assert_int_equal(read_all(p), 1);
	assert_int_equal(packets[0].header.len, 72);
	pcap_close(p);
}

/* ---- Filters ---- */

static void gives_identifiers_to_the_kernel(void **state _U_)
{
	pcap_t *p = open_bus();

	filter(p, "link[0:4] & 0x1fffffff = 0x123");
	assert_int_equal(can_socket.filter_count, 1);
	assert_int_equal(can_socket.filters[0].can_id, 0x123);
	assert_int_equal(can_socket.filters[0].can_mask, 0x1fffffff);
	/* The rest is for the program; so is what the kernel would take for another question. */
	filter(p, "link[0:4] = 0xa0000123 and link[8] = 1");
	assert_int_equal(can_socket.filter_count, 1);
	assert_int_equal(can_socket.filters[0].can_id, 0x80000123);
	assert_int_equal(can_socket.filters[0].can_mask, 0xdfffffff);
	filter(p, "link[0:4] = 1 or link[0:4] = 2 or link[0:4] = 3");
	assert_int_equal(can_socket.filter_count, 3);
	pcap_close(p);
}

static void passes_all_where_the_kernel_cannot_tell(void **state _U_)
{
	static const char *const expressions[] = {
		"link[8] = 1", "link[0:4] > 0x100", "not link[0:4] = 1", "link[0:4] = 1 or link[8] = 1", ""};
	pcap_t *p = open_bus();

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		filter(p, "link[0:4] = 0x123");
		filter(p, expressions[i]);
		assert_int_equal(can_socket.filter_count, 1);
		assert_int_equal(can_socket.filters[0].can_mask, 0);
	}
	pcap_close(p);
}

/* The stand-in filters nothing: what comes past the kernel's filter is still looked at. */
static void filters_what_was_there_before_the_filter(void **state _U_)
{
	pcap_t *p = open_bus();

	add_classic(0x123, 1);
	add_classic(0x124, 1);
	filter(p, "link[0:4] = 0x124");
	assert_int_equal(read_all(p), 1);
	assert_int_equal(packets[0].data[3], 0x24);
	pcap_close(p);
}

/* ---- Sending ---- */

static void sends_what_it_would_have_captured(void **state _U_)
{
	struct canfd_frame fd = {.can_id = 0x9f334455, .len = 12, .flags = CANFD_FDF | CANFD_BRS, .data = {9}},
			   got_fd;
	struct canxl_frame xl = {.prio = 0x123, .flags = CANXL_XLF, .sdt = 5, .len = 4, .af = 0x11223344}, got_xl;
	pcap_t *p = open_bus();

	can_add(&fd, sizeof(fd));
	can_add(&xl, CANXL_HDR_SIZE + 4);
	assert_int_equal(read_all(p), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pcap_inject(p, packets[i].data, packets[i].header.caplen), packets[i].header.caplen);
	assert_int_equal(can_take(&got_fd, sizeof(got_fd)), sizeof(fd));
	assert_memory_equal(&got_fd, &fd, sizeof(fd));
	assert_int_equal(can_take(&got_xl, sizeof(got_xl)), CANXL_HDR_SIZE + 4);
	assert_memory_equal(&got_xl, &xl, CANXL_HDR_SIZE + 4);
	pcap_close(p);
}

static void fills_up_what_is_short_and_refuses_what_is_wrong(void **state _U_)
{
	static const u_char request[8] = {0x40, 0, 0, 1, 8}, no_payload[8] = {0, 0, 0, 1, 3},
			    too_long[16] = {0, 0, 0, 1, 9};
	static const u_char xl[13] = {0, 0, 0, 1, CANXL_XLF, 0, 2};
	struct can_frame got;
	pcap_t *p = open_bus();

	/* A remote request has a length, and no payload. */
	assert_int_equal(pcap_inject(p, request, sizeof(request)), sizeof(request));
	assert_int_equal(can_take(&got, sizeof(got)), sizeof(got));
	assert_int_equal(got.can_id, CAN_RTR_FLAG | 1);
	assert_int_equal(got.len, 8);
	assert_int_equal(pcap_inject(p, no_payload, sizeof(no_payload)), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "can0: these 8 bytes are no CAN frame"));
	assert_int_equal(pcap_inject(p, no_payload, 7), PCAP_ERROR);
	assert_int_equal(pcap_inject(p, too_long, sizeof(too_long)), PCAP_ERROR);
	assert_int_equal(pcap_inject(p, xl, sizeof(xl)), PCAP_ERROR);
	assert_int_equal(can_take(&got, sizeof(got)), 0);
	pcap_close(p);
}

/* ---- Errors ---- */

static void tells_an_error_after_what_came_before_it(void **state _U_)
{
	pcap_t *p = open_bus();
	struct pollfd selectable = {.fd = pcap_get_selectable_fd(p), .events = POLLIN};

	add_classic(1, 1);
	add_classic(2, 1);
	can_socket.read_error = ENETDOWN;
	assert_int_equal(read_all(p), 2);
	/* select() and its like know that there is more. */
	assert_int_equal(poll(&selectable, 1, 0), 1);
	assert_int_equal(read_all(p), PCAP_ERROR);
	assert_string_equal(pcap_geterr(p), "can0: the interface went down");
	assert_int_equal(poll(&selectable, 1, 0), 0);
	assert_int_equal(read_all(p), 0);
	/* It goes on. */
	add_classic(3, 1);
	assert_int_equal(read_all(p), 1);
	can_socket.read_error = ENODEV;
	can_socket.is_gone = true;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read_all(p), PCAP_ERROR);
		assert_string_equal(pcap_geterr(p), "can0: the interface has disappeared");
	}
	pcap_close(p);
}

static void says_why_it_cannot_be_activated(void **state _U_)
{
	pcap_t *p = create();

	can_socket.socket_error = EPROTONOSUPPORT;
	assert_int_equal(pcap_activate(p), PCAP_ERROR);
	assert_non_null(strstr(pcap_geterr(p), "can0: the kernel has no raw CAN sockets"));
	can_socket.socket_error = 0;
	can_socket.bind_error = ENETDOWN;
	assert_int_equal(pcap_activate(p), PCAP_ERROR_IFACE_NOT_UP);
	assert_non_null(strstr(pcap_geterr(p), "can0: the interface is down"));
	can_socket.bind_error = 0;
	assert_int_equal(pcap_set_rfmon(p, 1), 0);
	assert_int_equal(pcap_activate(p), PCAP_ERROR_RFMON_NOTSUP);
	assert_int_equal(pcap_set_rfmon(p, 0), 0);
	/* The same handle. */
	assert_int_equal(pcap_activate(p), 0);
	add_classic(3, 1);
	assert_int_equal(read_all(p), 1);
	pcap_close(p);
}

static void takes_only_can_interfaces(void **state _U_)
{
	static const char *const names[] = {
		"can", "can00", "can01", "can-0", "can+0", "can0x", "can1", "can99999999999999999999", "scan0", ""};
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_null(pcap_can_create(names[i], errbuf));
		assert_string_equal(errbuf, "");
	}
	can_socket.is_ethernet = true;
	assert_null(pcap_can_create("can0", errbuf));
	assert_string_equal(errbuf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(asks_for_every_kind_of_frame, set_up),
		cmocka_unit_test_setup(has_classic_and_fd_frames_in_network_byte_order, set_up),
		cmocka_unit_test_setup(has_xl_frames_as_the_link_type_wants_them, set_up),
		cmocka_unit_test_setup(leaves_out_what_is_no_frame, set_up),
		cmocka_unit_test_setup(tells_directions_and_kinds_apart, set_up),
		cmocka_unit_test_setup(gives_identifiers_to_the_kernel, set_up),
		cmocka_unit_test_setup(passes_all_where_the_kernel_cannot_tell, set_up),
		cmocka_unit_test_setup(filters_what_was_there_before_the_filter, set_up),
		cmocka_unit_test_setup(sends_what_it_would_have_captured, set_up),
		cmocka_unit_test_setup(fills_up_what_is_short_and_refuses_what_is_wrong, set_up),
		cmocka_unit_test_setup(tells_an_error_after_what_came_before_it, set_up),
		cmocka_unit_test_setup(says_why_it_cannot_be_activated, set_up),
		cmocka_unit_test_setup(takes_only_can_interfaces, set_up),
	};

	return cmocka_run_group_tests_name("CAN module", tests, NULL, NULL);
}
