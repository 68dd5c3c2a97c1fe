/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of hosts, networks, ports and protocols, by databases that the test makes, by the system's, and as the
 * system's libpcap finds them; Ethernet types and LLC service access points.
 */
#include "private-etc.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <pcap-int.h>
#include <pcap/namedb.h>

static int port, port2, proto;

static int lookup_port(const char *name)
{
	port = port2 = proto = -77;
	return pcap_nametoport(name, &port, &proto);
}

static int lookup_range(const char *name)
{
	port = port2 = proto = -77;
	return pcap_nametoportrange(name, &port, &port2, &proto);
}

static const struct etc_file databases[] = {
	{"/etc/nsswitch.conf", "services: files\nprotocols: files\nnetworks: files\nhosts: files\nethers: files\n"},
	{"/etc/host.conf", "multi on\n"},
	{"/etc/services", "both 1000/tcp\nboth 1000/udp\n"
			  "only-tcp 1001/tcp tcp-alias\n"
			  "only-udp 1002/udp\n"
			  "differ 1003/tcp\ndiffer 1004/udp\n"
			  "only-sctp 1005/sctp\n"
			  "a-b-c 1006/tcp\na 1007/tcp\nb-c 1008/udp\n"
			  "top 65535/tcp\n7up 1009/tcp\n"},
	{"/etc/protocols", "weir 201 WEIR\nip 0 IP\n"},
	{"/etc/networks", "weirnet 10.32.0.0\n"},
	{"/etc/hosts", "192.0.2.1 weirhost\n192.0.2.2 weirhost\n2001:db8::1 weirhost6\n"},
	{NULL, NULL},
};

static const char *check_ports(void)
{
	EXPECT(lookup_port("both") == 1 && port == 1000 && proto == PROTO_UNDEF);
	EXPECT(lookup_port("only-tcp") == 1 && port == 1001 && proto == IPPROTO_TCP);
	EXPECT(lookup_port("tcp-alias") == 1 && port == 1001 && proto == IPPROTO_TCP);
	EXPECT(lookup_port("only-udp") == 1 && port == 1002 && proto == IPPROTO_UDP);
	EXPECT(lookup_port("differ") == 1 && port == 1003 && proto == IPPROTO_TCP);
	EXPECT(lookup_port("only-sctp") == 0 && port == -77 && proto == -77);
	EXPECT(lookup_port("top") == 1 && port == 65535);
	EXPECT(lookup_port("7up") == 1 && port == 1009);
	EXPECT(lookup_port("no-such-service") == 0 && port == -77 && proto == -77);
	return NULL;
}

static const char *check_port_ranges(void)
{
	EXPECT(lookup_range("both-only-tcp") == 1 && port == 1000 && port2 == 1001 && proto == PROTO_UNDEF);
	EXPECT(lookup_range("only-tcp-top") == 1 && port == 1001 && port2 == 65535 && proto == IPPROTO_TCP);
	EXPECT(lookup_range("only-udp-only-tcp") == 1 && port == 1002 && port2 == 1001 && proto == PROTO_UNDEF);
	EXPECT(lookup_range("only-udp-1500") == 1 && port == 1002 && port2 == 1500 && proto == PROTO_UNDEF);
	EXPECT(lookup_range("a-b-c") == 1 && port == 1007 && port2 == 1008);
	EXPECT(lookup_range("a-b-c-5") == 1 && port == 1006 && port2 == 5);
	EXPECT(lookup_range("only-tcp") == 0 && port == -77 && port2 == -77 && proto == -77);
	EXPECT(lookup_range("only-tcp-nothing") == 0 && port == -77 && port2 == -77);
	EXPECT(lookup_range("-only-tcp") == 0 && lookup_range("only-tcp-") == 0);
	return NULL;
}

static const char *check_protocols_and_networks(void)
{
	EXPECT(pcap_nametoproto("weir") == 201);
	EXPECT(pcap_nametoproto("WEIR") == 201);
	EXPECT(pcap_nametoproto("ip") == 0);
	EXPECT(pcap_nametoproto("tcp") == PROTO_UNDEF);
	EXPECT(pcap_nametonetaddr("weirnet") == 0x0a200000);
	EXPECT(pcap_nametonetaddr("nonet") == 0);
	return NULL;
}

static const char *check_hosts(void)
{
	bpf_u_int32 **list = pcap_nametoaddr("weirhost");
	struct addrinfo *addresses = pcap_nametoaddrinfo("weirhost6");

	EXPECT(list != NULL && list[0] != NULL && list[1] != NULL && list[2] == NULL);
	EXPECT((*list[0] ^ *list[1]) == 3 && (*list[0] | *list[1]) == 0xc0000203);
	EXPECT(addresses != NULL && addresses->ai_family == AF_INET6 && addresses->ai_next == NULL);
	freeaddrinfo(addresses);
	EXPECT(pcap_nametoaddr("weirhost6") == NULL);
	EXPECT(pcap_nametoaddrinfo("nohost") == NULL);
	return NULL;
}

static void test_ports_of_known_services(void **state _U_)
{
	run_with_etc(databases, check_ports);
}

static void test_port_ranges_of_known_services(void **state _U_)
{
	run_with_etc(databases, check_port_ranges);
}

static void test_known_protocols_and_networks(void **state _U_)
{
	run_with_etc(databases, check_protocols_and_networks);
}

static void test_known_hosts(void **state _U_)
{
	run_with_etc(databases, check_hosts);
}

/* A host with more addresses than pcap_nametoaddr() has room for, and an entry too long for the first try. */
static const char *check_large_entries(void)
{
	size_t count = 0;
	bpf_u_int32 **list = pcap_nametoaddr("many");

	EXPECT(list != NULL);
	while (list[count] != NULL)
		count++;
	EXPECT(count == 64);
	EXPECT(lookup_port("large") == 1 && port == 1234 && proto == IPPROTO_TCP);
	EXPECT(lookup_port("alias-2999") == 1 && port == 1234);
	return NULL;
}

static void test_large_entries(void **state _U_)
{
	static char hosts[8192], services[65536];
	const struct etc_file files[] = {
		databases[0], databases[1], {"/etc/hosts", hosts}, {"/etc/services", services}, {NULL, NULL}};
	size_t length = 0;

	for (int i = 1; i <= 100; i++)
		length += (size_t)snprintf(hosts + length, sizeof(hosts) - length, "192.0.2.%d many\n", i);
	length = (size_t)snprintf(services, sizeof(services), "large 1234/tcp");
	for (int i = 0; i < 3000; i++)
		length += (size_t)snprintf(services + length, sizeof(services) - length, " alias-%d", i);
	snprintf(services + length, sizeof(services) - length, "\n");
	run_with_etc(files, check_large_entries);
}

static void test_port_numbers(void **state _U_)
{
	const char *bad[] = {"", "65536", "99999999999", "18446744073709551617", "-1", "+5", " 80", "80 ", "0x50",
		"8o", "80.0", "\xd9\xa1", "-", "1e3"};

	for (int number = 0; number <= 65535; number += 257) {
		char text[16];
		snprintf(text, sizeof(text), "%d", number);
		assert_int_equal(lookup_port(text), 1);
		assert_int_equal(port, number);
		assert_int_equal(proto, PROTO_UNDEF);
	}
	assert_int_equal(lookup_port("00080"), 1);
	assert_int_equal(port, 80);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(lookup_port(bad[i]), 0);
		assert_int_equal(port, -77);
		assert_int_equal(proto, -77);
	}
}

static void test_port_number_ranges(void **state _U_)
{
	const char *bad[] = {"", "-", "--", "80", "1-", "-1", "1--2", "1-2-3", "1-65536", "65536-1", "1 - 5",
		"1-+5", "0x1-2", "1-99999999999"};

	assert_int_equal(lookup_range("0-65535"), 1);
	assert_int_equal(port, 0);
	assert_int_equal(port2, 65535);
	assert_int_equal(proto, PROTO_UNDEF);
	assert_int_equal(lookup_range("5-1"), 1);
	assert_int_equal(port, 5);
	assert_int_equal(port2, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(lookup_range(bad[i]), 0);
		assert_int_equal(port, -77);
		assert_int_equal(port2, -77);
		assert_int_equal(proto, -77);
	}
}

/* -1 if the system has no such service. */
static int system_port(const char *name, const char *protocol)
{
	const struct servent *entry = getservbyname(name, protocol);

	return entry != NULL ? ntohs((uint16_t)entry->s_port) : -1;
}

static void test_the_systems_services(void **state _U_)
{
	char name[256];
	size_t count = 0;

	setservent(1);
	for (const struct servent *entry = getservent(); entry != NULL; entry = getservent(), count++) {
		snprintf(name, sizeof(name), "%s", entry->s_name);
		int tcp = system_port(name, "tcp");
		int udp = system_port(name, "udp");
		assert_int_equal(lookup_port(name), tcp >= 0 || udp >= 0);
		if (tcp < 0 && udp < 0)
			continue;
		assert_int_equal(port, tcp >= 0 ? tcp : udp);
		assert_int_equal(proto, tcp == udp ? PROTO_UNDEF : tcp >= 0 ? IPPROTO_TCP : IPPROTO_UDP);
	}
	endservent();
	if (count == 0)
		skip();
}

static void compare_ports(void *peer, const char *name)
{
	int their_port = -77, their_proto = -77;

	assert_int_equal(lookup_port(name), PEER(peer, pcap_nametoport)(name, &their_port, &their_proto));
	assert_int_equal(port, their_port);
	assert_int_equal(proto, their_proto);
}

static void test_ports_are_the_peers(void **state _U_)
{
	void *peer = load_peer();

	setservent(1);
	for (const struct servent *entry = getservent(); entry != NULL; entry = getservent())
		compare_ports(peer, entry->s_name);
	endservent();
	compare_ports(peer, "0");
	compare_ports(peer, "80");
	compare_ports(peer, "65535");
	compare_ports(peer, "no-such-service");
	dlclose(peer);
}

static void test_protocols_are_the_peers(void **state _U_)
{
	void *peer = load_peer();

	setprotoent(1);
	for (const struct protoent *entry = getprotoent(); entry != NULL; entry = getprotoent())
		assert_int_equal(pcap_nametoproto(entry->p_name), PEER(peer, pcap_nametoproto)(entry->p_name));
	endprotoent();
	assert_int_equal(pcap_nametoproto("6"), PEER(peer, pcap_nametoproto)("6"));
	assert_int_equal(pcap_nametoproto(""), PEER(peer, pcap_nametoproto)(""));
	dlclose(peer);
}

static void test_networks_are_the_peers(void **state _U_)
{
	void *peer = load_peer();

	setnetent(1);
	for (const struct netent *entry = getnetent(); entry != NULL; entry = getnetent())
		assert_int_equal(pcap_nametonetaddr(entry->n_name), PEER(peer, pcap_nametonetaddr)(entry->n_name));
	endnetent();
	dlclose(peer);
}

struct eproto {
	const char *s;
	u_short p;
};

PCAP_API const struct eproto eproto_db[];

static void test_ethernet_types(void **state _U_)
{
	size_t rows = 0;

	for (; eproto_db[rows].s != NULL; rows++)
		assert_int_equal(pcap_nametoeproto(eproto_db[rows].s), eproto_db[rows].p);
	assert_int_equal(rows, 12);
	assert_int_equal(pcap_nametoeproto("ip"), 0x0800);
	assert_int_equal(pcap_nametoeproto("ip6"), 0x86dd);
	assert_int_equal(pcap_nametoeproto("arp"), 0x0806);
	assert_int_equal(pcap_nametoeproto("rarp"), 0x8035);
	assert_int_equal(pcap_nametoeproto("IP"), PROTO_UNDEF);
	assert_int_equal(pcap_nametoeproto(""), PROTO_UNDEF);
	assert_int_equal(pcap_nametoeproto("ip "), PROTO_UNDEF);
}

static void test_llc_service_access_points(void **state _U_)
{
	assert_int_equal(pcap_nametollc("iso"), 0xfe);
	assert_int_equal(pcap_nametollc("stp"), 0x42);
	assert_int_equal(pcap_nametollc("ipx"), 0xe0);
	assert_int_equal(pcap_nametollc("netbeui"), 0xf0);
	assert_int_equal(pcap_nametollc("STP"), PROTO_UNDEF);
	assert_int_equal(pcap_nametollc("ip"), PROTO_UNDEF);
	assert_int_equal(pcap_nametollc(""), PROTO_UNDEF);
}

/* Row by row, since programs read the table and not only by the calls. */
static void test_tables_are_the_peers(void **state _U_)
{
	void *peer = load_peer();
	const struct eproto *theirs = dlsym(peer, "eproto_db");
	const char *saps[] = {"iso", "stp", "ipx", "netbeui", "snap", "ip", "global", "null"};

	assert_non_null(theirs);
	for (size_t row = 0;; row++) {
		assert_int_equal(eproto_db[row].s == NULL, theirs[row].s == NULL);
		if (theirs[row].s == NULL)
			break;
		assert_string_equal(eproto_db[row].s, theirs[row].s);
		assert_int_equal(eproto_db[row].p, theirs[row].p);
	}
	for (size_t i = 0; i < sizeof(saps) / sizeof(saps[0]); i++)
		assert_int_equal(pcap_nametollc(saps[i]), PEER(peer, pcap_nametollc)(saps[i]));
	dlclose(peer);
}

static void test_numeric_hosts(void **state _U_)
{
	bpf_u_int32 **list = pcap_nametoaddr("192.0.2.5");
	struct addrinfo *addresses = pcap_nametoaddrinfo("2001:db8::5");
	struct sockaddr_in6 ip6;

	assert_non_null(list);
	assert_int_equal(*list[0], 0xc0000205);
	assert_null(list[1]);
	assert_non_null(addresses);
	assert_int_equal(addresses->ai_family, AF_INET6);
	assert_null(addresses->ai_next);
	memcpy(&ip6, addresses->ai_addr, sizeof(ip6));
	assert_int_equal(ip6.sin6_addr.s6_addr[15], 5);
	freeaddrinfo(addresses);
}

static void *addresses_in_thread(void *result)
{
	*(bpf_u_int32 ***)result = pcap_nametoaddr("192.0.2.6");
	return NULL;
}

static void test_addresses_are_the_threads_own(void **state _U_)
{
	bpf_u_int32 **mine = pcap_nametoaddr("192.0.2.5");
	bpf_u_int32 **others = NULL;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, addresses_in_thread, &others), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_non_null(others);
	assert_ptr_not_equal(mine, others);
	assert_int_equal(*mine[0], 0xc0000205);
}

/* Names are not asked of the system's databases where that could take long: the lookups stay few. */
static void test_hostile_port_names(void **state _U_)
{
	const char *seeds[] = {"http", "1-2", "ftp-data-80", "65535", "0-65535", "a-b-c-d"};
	uint64_t random = 2;
	char text[64];

	for (int round = 0; round < 3000; round++) {
		const char *seed = seeds[random_below(&random, sizeof(seeds) / sizeof(seeds[0]))];
		size_t length = strlen(seed);
		memcpy(text, seed, length);
		length = mutate(&random, text, length, sizeof(text), "0123456789-- ax\xff\n");
		char *copy = exact_copy(text, length);
		if (lookup_port(copy))
			assert_in_range(port, 0, 65535);
		if (lookup_range(copy)) {
			assert_in_range(port, 0, 65535);
			assert_in_range(port2, 0, 65535);
		}
		free(copy);
	}
}

static void test_very_long_names(void **state _U_)
{
	const size_t length = 1024 * 1024;
	char *text = malloc(length + 1);

	assert_non_null(text);
	memset(text, '-', length);
	text[length] = '\0';
	assert_int_equal(lookup_range(text), 0);
	assert_int_equal(lookup_port(text), 0);
	memset(text, '9', length);
	assert_int_equal(lookup_port(text), 0);
	memset(text, '0', length - 1);
	assert_int_equal(lookup_port(text), 1);
	assert_int_equal(port, 9);
	memset(text, 'x', length);
	assert_int_equal(lookup_port(text), 0);
	assert_int_equal(pcap_nametoproto(text), PROTO_UNDEF);
	assert_int_equal(pcap_nametoeproto(text), PROTO_UNDEF);
	assert_int_equal(pcap_nametollc(text), PROTO_UNDEF);
	free(text);
}

int main(void)
{
	/* Those with an /etc of their own come first, before the C library has read the system's configuration. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports_of_known_services),
		cmocka_unit_test(test_port_ranges_of_known_services),
		cmocka_unit_test(test_known_protocols_and_networks),
		cmocka_unit_test(test_known_hosts),
		cmocka_unit_test(test_large_entries),
		cmocka_unit_test(test_port_numbers),
		cmocka_unit_test(test_port_number_ranges),
		cmocka_unit_test(test_the_systems_services),
		cmocka_unit_test(test_ports_are_the_peers),
		cmocka_unit_test(test_protocols_are_the_peers),
		cmocka_unit_test(test_networks_are_the_peers),
		cmocka_unit_test(test_ethernet_types),
		cmocka_unit_test(test_llc_service_access_points),
		cmocka_unit_test(test_tables_are_the_peers),
		cmocka_unit_test(test_numeric_hosts),
		cmocka_unit_test(test_addresses_are_the_threads_own),
		cmocka_unit_test(test_hostile_port_names),
		cmocka_unit_test(test_very_long_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
