/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of classic BPF share, but for random programs: packets at the end of memory, programs from text,
 * and the system's libpcap.
 */
#include "bpf-test.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARDED_SIZE (1u << 20)

const u_char *guarded(const void *bytes, size_t len)
{
	static u_char *memory;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	assert_true(len <= GUARDED_SIZE);
	if (memory == NULL) {
		/* No access before and after; the pages between can be read and written. */
		u_char *all = mmap(NULL, GUARDED_SIZE + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(all, MAP_FAILED);
		assert_int_equal(mprotect(all + page, GUARDED_SIZE, PROT_READ | PROT_WRITE), 0);
		memory = all + page;
	}
	u_char *copy = memory + GUARDED_SIZE - len;
	if (len != 0)
		memcpy(copy, bytes, len);
	return copy;
}

struct bpf_program assemble(const char *text)
{
	struct bpf_program program;
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	if (pcapint_bpf_assemble(text, &program, errbuf) != 0)
		fail_msg("%s\n%s", errbuf, text);
	return program;
}

u_int run_text(const char *text, const void *packet, u_int len)
{
	struct bpf_program program = assemble(text);
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	if (pcapint_validate_filter(program.bf_insns, program.bf_len, BPF_TARGET_USERLAND, errbuf) != 0)
		fail_msg("%s\n%s", errbuf, text);
	u_int verdict = bpf_filter(program.bf_insns, guarded(packet, len), len, len);
	pcap_freecode(&program);
	return verdict;
}

const struct peer *peer_or_skip(void)
{
	static struct peer peer;

	if (peer.filter == NULL) {
		void *library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
		const char *(*version)(void) =
			library != NULL ? (const char *(*)(void))dlsym(library, "pcap_lib_version") : NULL;
		if (version == NULL || strstr(version(), "Weir") != NULL) {
			print_message("# the system has no libpcap.so.0.8 to compare with\n");
			skip();
		}
		*(void **)&peer.validate = dlsym(library, "bpf_validate");
		*(void **)&peer.image = dlsym(library, "bpf_image");
		*(void **)&peer.dump = dlsym(library, "bpf_dump");
		*(void **)&peer.offline_filter = dlsym(library, "pcap_offline_filter");
		*(void **)&peer.filter = dlsym(library, "bpf_filter");
	}
	return &peer;
}
