/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of real interfaces of many kinds, and of a thousand, held against that of the system's libpcap; and what
 * pcap_lookupnet() says of them.
 */
#include "core/core.h"
#include "modules/linux/list.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "live.h"

/* A device that is no network interface. */
static int list_gadget(pcap_if_list_t *list, char *errbuf)
{
	return pcapint_add_dev(list, "gadget0", 0, NULL, errbuf) != NULL ? 0 : PCAP_ERROR;
}

static const struct pcap_module module_gadget = {
	PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "gadget", "a test", "gadget", list_gadget, NULL, NULL};
static const struct pcap_module module_linux = {PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "linux",
	"network interfaces", NULL, pcap_linux_findalldevs, NULL, NULL};

const struct pcap_module *const pcapint_modules[] = {&module_gadget, &module_linux, NULL};

/* The system's libpcap; its functions are NULL where it is not installed. */
static struct {
	int (*findalldevs)(pcap_if_t **, char *);
	void (*freealldevs)(pcap_if_t *);
} peer;

static void find_peer(void)
{
	void *library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	const char *(*version)(void);

	if (library == NULL)
		return;
	*(void **)&version = dlsym(library, "pcap_lib_version");
	if (version == NULL || strstr(version(), "Weir") != NULL)
		return;
	*(void **)&peer.findalldevs = dlsym(library, "pcap_findalldevs");
	*(void **)&peer.freealldevs = dlsym(library, "pcap_freealldevs");
}

static pcap_if_t *list_devices(void)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;

	if (pcap_findalldevs(&devices, errbuf) < 0)
		fail_msg("pcap_findalldevs: %s", errbuf);
	assert_string_equal(errbuf, "");
	return devices;
}

static const pcap_if_t *find(const pcap_if_t *devices, const char *name)
{
	while (devices != NULL && strcmp(devices->name, name) != 0)
		devices = devices->next;
	if (devices == NULL)
		fail_msg("%s is not listed", name);
	return devices;
}

/* The first device, from this one on, that both libraries have: a network interface, or "any". */
static const pcap_if_t *skip_others(const pcap_if_t *device)
{
	while (device != NULL && strcmp(device->name, "any") != 0 && if_nametoindex(device->name) == 0)
		device = device->next;
	return device;
}

static size_t size_of(const struct sockaddr *addr)
{
	switch (addr->sa_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	default: /* AF_PACKET, with an Ethernet address */
		return 18;
	}
}

static bool is_same(const struct sockaddr *ours, const struct sockaddr *theirs)
{
	if (ours == NULL || theirs == NULL)
		return ours == theirs;
	return ours->sa_family == theirs->sa_family && memcmp(ours, theirs, size_of(ours)) == 0;
}

/*
 * One difference is known: the peer takes an address's other end for its broadcast address where the interface could
 * broadcast, and so its own address where no broadcast address was set. Here the one is dstaddr, the other not there.
 */
static bool is_same_broadcast(const pcap_addr_t *ours, const pcap_addr_t *theirs)
{
	if (ours->broadaddr == NULL && theirs->broadaddr != NULL)
		return theirs->dstaddr == NULL &&
		       is_same(ours->dstaddr != NULL ? ours->dstaddr : ours->addr, theirs->broadaddr);
	return is_same(ours->broadaddr, theirs->broadaddr) && is_same(ours->dstaddr, theirs->dstaddr);
}

/* What is not the same about a device: NULL if nothing is. */
static const char *find_device_difference(const pcap_if_t *ours, const pcap_if_t *theirs)
{
	const pcap_addr_t *a = ours->addresses, *b = theirs->addresses;

	if (strcmp(ours->name, theirs->name) != 0)
		return "name, or place in the order";
	if (ours->flags != theirs->flags)
		return "flags";
	for (; a != NULL && b != NULL; a = a->next, b = b->next) {
		if (!is_same(a->addr, b->addr))
			return "address";
		if (!is_same(a->netmask, b->netmask))
			return "netmask";
		if (!is_same_broadcast(a, b))
			return "broadcast address or other end";
	}
	return a != NULL || b != NULL ? "number of addresses" : NULL;
}

/* Same names in the same order, same flags, same addresses: then true, and how many they were. */
static bool is_same_list(const pcap_if_t *ours, const pcap_if_t *theirs, int *count, char *difference, size_t size)
{
	const pcap_if_t *a = skip_others(ours), *b = skip_others(theirs);

	for (*count = 0; a != NULL && b != NULL; ++*count) {
		const char *what = find_device_difference(a, b);

		if (what != NULL) {
			snprintf(difference, size,
				"%s of %s (flags 0x%x) is not that of the peer's %s (flags 0x%x)", what, a->name,
				a->flags, b->name, b->flags);
			return false;
		}
		a = skip_others(a->next);
		b = skip_others(b->next);
	}
	if (a == NULL && b == NULL)
		return true;
	snprintf(difference, size, "only %s lists %s", a != NULL ? "this library" : "the peer",
		a != NULL ? a->name : b->name);
	return false;
}

/*
 * How many devices there are. A link goes up, and an address becomes usable, some time after the command that asked for
 * it, and so maybe between the two listings: a difference has to last.
 */
static int compare_with_peer(void)
{
	enum { ATTEMPTS = 40, PAUSE_US = 100000 };
	char errbuf[PCAP_ERRBUF_SIZE], difference[256] = "";
	bool same = false;
	int count = 0;

	if (peer.findalldevs == NULL) {
		print_message("no libpcap.so.0.8 of the system to compare with\n");
		skip();
	}
	for (int attempt = 0; attempt < ATTEMPTS && !same; attempt++) {
		pcap_if_t *ours = list_devices(), *theirs;

		assert_int_equal(peer.findalldevs(&theirs, errbuf), 0);
		same = is_same_list(ours, theirs, &count, difference, sizeof(difference));
		pcap_freealldevs(ours);
		peer.freealldevs(theirs);
		if (!same)
			usleep(PAUSE_US);
	}
	if (!same)
		fail_msg("%s", difference);
	return count;
}

/* Kinds of interface that a kernel may lack; those it has are compared. */
static void interfaces_of_many_kinds(void **state _U_)
{
	static const char *const kinds[] = {"dummy", "bridge", "bond", "ifb", "vcan", "nlmon", "wireguard",
		"vrf table 10", "vxlan id 5 dstport 4789", "macvlan link weir0", "vlan link weir0 id 5",
		"gre local 10.77.0.1 remote 10.77.0.2", "sit local 10.77.0.1 remote 10.77.0.2",
		"ipip local 10.77.0.1 remote 10.77.0.2", "vti local 10.77.0.1 remote 10.77.0.2 key 5",
		"geneve id 7 "
		"remote 10.77.0.2",
		"netdevsim", "team"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *link = strstr(kinds[i], " link weir0");

		/* One that is up and one that is down; "link" is said before the type. */
		for (const char *end = "ud"; *end != '\0'; end++)
			live_run("ip link add %s name k%zu%c type %.*s%s 2>/dev/null || true",
				link != NULL ? "link weir0" : "", i, *end,
				link != NULL ? (int)(link - kinds[i]) : (int)strlen(kinds[i]), kinds[i],
				link != NULL ? link + strlen(" link weir0") : "");
		live_run("ip link set k%zuu up 2>/dev/null || true", i);
	}
	live_run("ip tuntap add k-tun mode tun 2>/dev/null && ip link set k-tun up && "
		 "ip addr add 10.8.0.1 peer 10.8.0.2/30 dev k-tun && ip addr add 10.8.1.1/24 dev k-tun || true");
	live_run("ip tuntap add k-tap mode tap 2>/dev/null || true");
	assert_true(compare_with_peer() >= 4);
	live_run("ip link set weir1 down"); /* no link for weir0 */
	compare_with_peer();
	live_run("ip link set lo down");
	compare_with_peer();
	live_run("ip link set lo up; ip link set weir1 up");
	compare_with_peer();
}

static void addresses_of_an_interface(void **state _U_)
{
	pcap_if_t *devices;
	const pcap_addr_t *address;
	int count = 0;

	live_run("ip addr add 10.78.0.1/24 broadcast 10.78.0.255 dev weir1");
	live_run("ip addr add 10.78.0.2/24 dev weir1 label weir1:1");
	live_run("ip addr add 10.79.0.1 peer 10.79.0.2 dev weir1");
	live_run("ip -6 addr add 2001:db8::1/64 dev weir1 nodad");
	live_run("ip -6 addr add 2001:db8::5 peer 2001:db8::6/64 dev weir1 nodad");
	compare_with_peer();
	devices = list_devices();
	for (address = find(devices, "weir1")->addresses; address != NULL; address = address->next) {
		const struct sockaddr_in *dst = (const struct sockaddr_in *)address->dstaddr;

		if (dst != NULL && dst->sin_family == AF_INET)
			assert_int_equal(dst->sin_addr.s_addr, inet_addr("10.79.0.2"));
		count++;
	}
	assert_true(count >= 6); /* hardware, three of IPv4, two of IPv6, and a link-local one in time */
	pcap_freealldevs(devices);
}

static void other_names_and_the_alias(void **state _U_)
{
	pcap_if_t *devices;

	live_run("ip link set weir0 alias 'to the lab'");
	live_run("ip link property add dev weir0 altname weir-also-known-as 2>/dev/null || true");
	devices = list_devices();
	assert_string_equal(find(devices, "weir0")->description, "to the lab");
	for (const pcap_if_t *device = devices; device != NULL; device = device->next) {
		assert_string_not_equal(device->name, "weir-also-known-as");
		assert_null(strchr(device->name, ':'));
	}
	pcap_freealldevs(devices);
}

static void a_thousand_interfaces(void **state _U_)
{
	pcap_if_t *devices;
	int count = 0;

	live_run(
		"i=0; while [ $i -lt 500 ]; do echo \"link add many$i type veth peer name ynam$i\"; "
		"echo \"link set many$i up\"; [ $((i %% 3)) = 0 ] || echo \"link set ynam$i up\"; "
		"echo \"addr add 10.100.$((i / 250)).$((i %% 250)) dev many$i\"; i=$((i + 1)); done | ip -batch -");
	devices = list_devices();
	for (const pcap_if_t *device = devices; device != NULL; device = device->next)
		count++;
	pcap_freealldevs(devices);
	assert_true(count >= 1000);
	assert_true(compare_with_peer() >= 1000);
	live_run("ip link del many1 && ip link del many499");
}

/* Whatever comes and goes meanwhile: each device once, and those that stay are always there. */
static void listing_while_interfaces_come_and_go(void **state _U_)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/sh", "sh", "-c",
			"i=0; while [ $i -lt 60 ]; do ip link add hop$i type veth peer name poh$i; "
			"ip link set hop$i up; [ $i -lt 3 ] || ip link del hop$((i - 3)); i=$((i + 1)); done",
			(char *)NULL);
		_exit(127);
	}
	assert_true(child > 0);
	while (waitpid(child, NULL, WNOHANG) == 0) {
		pcap_if_t *devices = list_devices();

		find(devices, "weir0");
		find(devices, "lo");
		find(devices, "any");
		for (const pcap_if_t *a = devices; a != NULL; a = a->next)
			if (strncmp(a->name, "hop", 3) == 0)
				for (const pcap_if_t *b = a->next; b != NULL; b = b->next)
					assert_string_not_equal(a->name, b->name);
		pcap_freealldevs(devices);
	}
}

static void assert_net(const char *device, const char *expected_net, const char *expected_mask)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	bpf_u_int32 net = 1, mask = 1;

	if (pcap_lookupnet(device, &net, &mask, errbuf) < 0)
		fail_msg("pcap_lookupnet: %s", errbuf);
	assert_int_equal(net, inet_addr(expected_net));
	assert_int_equal(mask, inet_addr(expected_mask));
}

static void lookupnet_knows_the_network(void **state _U_)
{
	assert_net("weir0", "10.77.0.0", "255.255.255.0");
	assert_net("lo", "127.0.0.0", "255.0.0.0");
	assert_net(NULL, "0.0.0.0", "0.0.0.0");
	assert_net("any", "0.0.0.0", "0.0.0.0");
	assert_net("gadget0", "0.0.0.0", "0.0.0.0");
}

static void lookupnet_says_why_not(void **state _U_)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	bpf_u_int32 net = 1, mask = 1;

	live_run("ip link add bare0 type veth peer name bare1");
	assert_int_equal(pcap_lookupnet("bare0", &net, &mask, errbuf), PCAP_ERROR);
	assert_string_equal(errbuf, "bare0: the interface has no IPv4 address");
	live_run("ip link del bare0");
	assert_int_equal(pcap_lookupnet("weri0", &net, &mask, errbuf), PCAP_ERROR);
	assert_non_null(strstr(errbuf, "weri0: no such device; did you mean weir0? (the devices are: "));
	assert_int_equal(pcap_lookupnet("a-name-longer-than-any", &net, &mask, errbuf), PCAP_ERROR);
	assert_non_null(strstr(errbuf, "a-name-longer-than-any: no such device (the devices are: "));
	assert_int_equal(pcap_lookupnet("", &net, &mask, errbuf), PCAP_ERROR);
	assert_non_null(strstr(errbuf, ": no such device"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookupnet_knows_the_network),
		cmocka_unit_test(lookupnet_says_why_not),
		cmocka_unit_test(other_names_and_the_alias),
		cmocka_unit_test(addresses_of_an_interface),
		cmocka_unit_test(interfaces_of_many_kinds),
		cmocka_unit_test(listing_while_interfaces_come_and_go),
		cmocka_unit_test(a_thousand_interfaces),
	};

	find_peer();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
