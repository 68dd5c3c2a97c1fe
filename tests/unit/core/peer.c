/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same calls on our library and on the system's libpcap, where that is installed: what they return must be the
 * same, for handles that are not activated, dead, and open on a savefile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <unistd.h>

#include <pcap-int.h>

/* The calls that are compared; each is the same function of two libraries. */
#define CALLS(X)                                                                                                   \
	X(pcap_open_dead)                                                                                          \
	X(pcap_open_offline)                                                                                       \
	X(pcap_close)                                                                                              \
	X(pcap_create) X(pcap_dispatch) X(pcap_loop) X(pcap_next_ex) X(pcap_stats) X(pcap_inject) X(               \
		pcap_sendpacket) X(pcap_setfilter) X(pcap_setdirection) X(pcap_getnonblock) X(pcap_setnonblock)    \
		X(pcap_datalink) X(pcap_datalink_ext) X(pcap_list_datalinks) X(pcap_set_datalink) X(pcap_snapshot) \
			X(pcap_is_swapped) X(pcap_major_version) X(pcap_minor_version) X(pcap_bufsize) X(          \
				pcap_fileno) X(pcap_get_selectable_fd) X(pcap_set_snaplen) X(pcap_set_promisc)     \
				X(pcap_can_set_rfmon) X(pcap_set_rfmon) X(pcap_set_timeout)                        \
					X(pcap_set_immediate_mode) X(pcap_set_buffer_size) X(pcap_set_tstamp_type) \
						X(pcap_set_tstamp_precision) X(pcap_get_tstamp_precision)          \
							X(pcap_list_tstamp_types) X(pcap_compile) X(pcap_freecode) \
								X(pcap_activate) X(pcap_geterr)

struct library {
#define MEMBER(name) __typeof__(&name) name;
	CALLS(MEMBER)
#undef MEMBER
};

static struct library ours = {
#define MEMBER(name) .name = name,
	CALLS(MEMBER)
#undef MEMBER
};

static struct library theirs;

static bool load_peer(void)
{
	void *peer = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	const char *(*version)(void) = peer != NULL ? (const char *(*)(void))dlsym(peer, "pcap_lib_version") : NULL;
	if (version == NULL || strstr(version(), "Weir") != NULL)
		return false;
#define MEMBER(name)                                                                                               \
	theirs.name = (__typeof__(theirs.name))dlsym(peer, #name);                                                 \
	assert_non_null(theirs.name);
	CALLS(MEMBER)
#undef MEMBER
	return true;
}

static char errbuf[PCAP_ERRBUF_SIZE];

static void count(u_char *user, const struct pcap_pkthdr *header _U_, const u_char *data _U_)
{
	++*(int *)user;
}

#define MAX_RESULTS 64

struct results {
	int n;
	const char *what[MAX_RESULTS];
	int value[MAX_RESULTS];
};

static void note(struct results *results, const char *what, int value)
{
	results->what[results->n] = what;
	results->value[results->n++] = value;
}

#define NOTE(expression) note(results, #expression, expression)

/* Everything that a handle can be asked, in an order in which nothing depends on what failed before. */
static void ask(const struct library *l, pcap_t *p, struct results *results)
{
	int packets = 0, *list = NULL;
	struct pcap_stat stats;
	struct pcap_pkthdr *header;
	const u_char *data;
	struct bpf_insn accept = BPF_STMT(BPF_RET | BPF_K, 100);
	struct bpf_program program = {1, &accept};

	NOTE(l->pcap_datalink(p));
	NOTE(l->pcap_datalink_ext(p));
	NOTE(l->pcap_snapshot(p));
	NOTE(l->pcap_is_swapped(p));
	NOTE(l->pcap_major_version(p));
	NOTE(l->pcap_minor_version(p));
	NOTE(l->pcap_get_tstamp_precision(p));
	NOTE(l->pcap_list_datalinks(p, &list));
	free(list);
	NOTE(l->pcap_set_datalink(p, DLT_EN10MB));
	NOTE(l->pcap_set_datalink(p, DLT_FDDI));
	NOTE(l->pcap_setdirection(p, PCAP_D_IN));
	NOTE(l->pcap_getnonblock(p, errbuf));
	NOTE(l->pcap_stats(p, &stats));
	NOTE(l->pcap_inject(p, "x", 1));
	NOTE(l->pcap_sendpacket(p, (const u_char *)"x", 1));
	NOTE(l->pcap_setfilter(p, &program));
	NOTE(l->pcap_dispatch(p, 1, count, (u_char *)&packets));
	NOTE(l->pcap_next_ex(p, &header, &data));
	NOTE(l->pcap_loop(p, -1, count, (u_char *)&packets));
	NOTE(l->pcap_dispatch(p, -1, count, (u_char *)&packets));
	NOTE(l->pcap_next_ex(p, &header, &data));
	NOTE(packets);
	NOTE(l->pcap_set_snaplen(p, 100));
	NOTE(l->pcap_set_promisc(p, 1));
	NOTE(l->pcap_set_rfmon(p, 0));
	NOTE(l->pcap_set_timeout(p, 100));
	NOTE(l->pcap_set_immediate_mode(p, 1));
	NOTE(l->pcap_set_buffer_size(p, 100000));
	NOTE(l->pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_MICRO));
	NOTE(l->pcap_set_tstamp_type(p, PCAP_TSTAMP_HOST));
}

/* Where libpcap 1.10 answers otherwise than its manual, we answer as the manual says. */
static bool manual_differs(const char *what, int mine, int peers)
{
	return mine == PCAP_ERROR_NOT_ACTIVATED &&
	       ((strncmp(what, "l->pcap_set_datalink", 20) == 0 && peers == PCAP_ERROR) ||
		       (strncmp(what, "l->pcap_sendpacket", 18) == 0 && peers == 0));
}

static void compare(const struct results *mine, const struct results *peers)
{
	int differences = 0;
	assert_int_equal(mine->n, peers->n);
	for (int i = 0; i < mine->n; i++) {
		if (mine->value[i] == peers->value[i] ||
			manual_differs(mine->what[i], mine->value[i], peers->value[i]))
			continue;
		print_error("%s: ours %d, theirs %d\n", mine->what[i], mine->value[i], peers->value[i]);
		differences++;
	}
	assert_int_equal(differences, 0);
}

static void A_dead_handle_answers_the_same(void **state _U_)
{
	struct results mine = {0}, peers = {0};
	if (!load_peer())
		skip();
	pcap_t *p = ours.pcap_open_dead(DLT_EN10MB, 1000);
	ask(&ours, p, &mine);
	ours.pcap_close(p);
	p = theirs.pcap_open_dead(DLT_EN10MB, 1000);
	ask(&theirs, p, &peers);
	theirs.pcap_close(p);
	compare(&mine, &peers);
}

static void A_handle_before_activation_answers_the_same(void **state _U_)
{
	struct results mine = {0}, peers = {0};
	if (!load_peer())
		skip();
	pcap_t *p = ours.pcap_create("lo", errbuf);
	if (p == NULL)
		skip(); /* no capture module for interfaces on this system */
	ask(&ours, p, &mine);
	ours.pcap_close(p);
	p = theirs.pcap_create("lo", errbuf);
	ask(&theirs, p, &peers);
	theirs.pcap_close(p);
	compare(&mine, &peers);
}

static void make_savefile(char *path)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 2000);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	pcap_dumper_t *dumper = pcap_dump_open(dead, path);
	assert_non_null(dumper);
	for (int i = 0; i < 10; i++) {
		u_char data[60] = {0};
		struct pcap_pkthdr header = {.ts = {i, i}, .caplen = sizeof(data), .len = sizeof(data)};
		pcap_dump((u_char *)dumper, &header, data);
	}
	pcap_dump_close(dumper);
	pcap_close(dead);
}

static void A_savefile_answers_the_same(void **state _U_)
{
	char path[] = "/tmp/weir-peer-XXXXXX";
	struct results mine = {0}, peers = {0};
	if (!load_peer())
		skip();
	make_savefile(path);
	pcap_t *p = ours.pcap_open_offline(path, errbuf);
	assert_non_null(p);
	ask(&ours, p, &mine);
	note(&mine, "pcap_fileno", ours.pcap_fileno(p));
	note(&mine, "pcap_get_selectable_fd", ours.pcap_get_selectable_fd(p) >= 0);
	ours.pcap_close(p);
	p = theirs.pcap_open_offline(path, errbuf);
	assert_non_null(p);
	ask(&theirs, p, &peers);
	/* Not asked of dead handles: libpcap says 0 there, where its manual says -1. */
	struct results *results = &peers;
	NOTE(theirs.pcap_fileno(p));
	NOTE(theirs.pcap_get_selectable_fd(p) >= 0);
	theirs.pcap_close(p);
	unlink(path);
	compare(&mine, &peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A_dead_handle_answers_the_same),
		cmocka_unit_test(A_handle_before_activation_answers_the_same),
		cmocka_unit_test(A_savefile_answers_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
