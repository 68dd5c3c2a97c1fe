/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listing devices in a process that may not use netlink, as some sandboxes have it (systemd's RestrictAddressFamilies=,
 * for one): the same devices, in the same order and state.
 */
#include "core/core.h"
#include "modules/linux/list.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <cmocka.h>

#include "live.h"

static const struct pcap_module module_linux = {PCAP_MODULE_ABI_VERSION, sizeof(struct pcap_module), "linux",
	"network interfaces", NULL, pcap_linux_findalldevs, NULL, NULL};

const struct pcap_module *const pcapint_modules[] = {&module_linux, NULL};

/* From now on socket(AF_NETLINK, …) fails in this process. */
static void refuse_netlink(void)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(instructions) / sizeof(instructions[0]), instructions};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(77);
}

static const struct sockaddr_in *find_ipv4(const pcap_if_t *device)
{
	for (const pcap_addr_t *address = device->addresses; address != NULL; address = address->next)
		if (address->addr->sa_family == AF_INET)
			return (const struct sockaddr_in *)address->addr;
	return NULL;
}

/* Each device's name, flags and first IPv4 address, in a row. */
static void describe_devices(char *text, size_t size)
{
	pcap_if_t *devices;
	size_t used;

	if (pcap_findalldevs(&devices, text) < 0)
		return;
	used = snprintf(text, size, "%s", text[0] != '\0' ? "there is an error text; " : "");
	for (const pcap_if_t *device = devices; device != NULL && used < size; device = device->next) {
		const struct sockaddr_in *in = find_ipv4(device);

		used += snprintf(text + used, size - used, "%s 0x%x %08x; ", device->name, device->flags,
			in != NULL ? ntohl(in->sin_addr.s_addr) : 0);
	}
	pcap_freealldevs(devices);
}

static void devices_are_listed_without_netlink(void **state _U_)
{
	enum { SIZE = 65536, ATTEMPTS = 20, PAUSE_US = 100000 };
	char *here = malloc(SIZE);
	char *there = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;

	assert_ptr_not_equal(there, MAP_FAILED);
	live_run("ip addr add 10.78.0.1/24 broadcast 10.78.0.255 dev weir1; ip link add down0 type veth peer name "
		 "down1; "
		 "ip link set down1 up");
	/* Links take a moment to settle; a difference has to last. */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			refuse_netlink();
			describe_devices(there, SIZE);
			_exit(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
		}
		describe_devices(here, SIZE);
		assert_int_equal(waitpid(child, &status, 0), child);
		if (strcmp(here, there) == 0)
			break;
		usleep(PAUSE_US);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
	assert_non_null(strstr(here, "weir0 0x16 0a4d0001; "));
	assert_string_equal(here, there);
	free(here);
	munmap(there, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_are_listed_without_netlink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
