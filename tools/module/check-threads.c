/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on several handles: in several threads at once, and side by side on one device.
 */
#include "module/check.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

#define THREADS 4
#define WORK_NANOSECONDS NANOSECONDS_PER_SECOND

struct worker {
	struct trial *t;
	bool lists;
	unsigned rounds;
	unsigned refused; /* activations; the device may serve one handle only */
};

static void ignore_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	(void)user;
	(void)header;
	(void)data;
}

static void work_once(struct worker *worker)
{
	struct trial *t = worker->t;
	struct bpf_insn accept = BPF_STMT(BPF_RET | BPF_K, MAXIMUM_SNAPLEN);
	struct bpf_program program = {1, &accept};
	struct pcap_stat stats;
	pcap_t *p = create_handle(t);

	pcap_set_timeout(p, 10);
	if (pcap_activate(p) < 0) {
		check_text(t, "A3", pcap_geterr(p), "pcap_activate()");
		worker->refused++;
	} else {
		char errbuf[PCAP_ERRBUF_SIZE];
		pcap_setnonblock(p, 1, errbuf);
		if (pcap_setfilter(p, &program) != 0)
			broken_rule(t, "F3", "in one of several threads, a filter that accepts all is refused: %s",
				check_text(t, "F3", pcap_geterr(p), "pcap_setfilter()"));
		if (pcap_dispatch(p, 5, ignore_packet, NULL) < 0)
			broken_rule(t, "R6", "in one of several threads, reading failed: %s",
				check_text(t, "R6", pcap_geterr(p), "pcap_dispatch()"));
		pcap_stats(p, &stats);
	}
	pcap_close(p);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	uint64_t until = monotonic_nanoseconds() + WORK_NANOSECONDS;
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *devices;

	while (monotonic_nanoseconds() < until) {
		if (!worker->lists)
			work_once(worker);
		else if (pcap_list_module_devices(worker->t->subject->module, &devices, errbuf) == 0)
			pcap_freealldevs(devices);
		worker->rounds++;
	}
	return NULL;
}

static void threads_work_side_by_side(struct trial *t)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	unsigned rounds = 0, refused = 0;

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.t = t, .lists = i == 0};
		if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
			left_out(t, "no thread can be made");
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		rounds += workers[i].rounds;
		refused += workers[i].refused;
	}
	step(t, "pcap_activate() after threads");
	pcap_close(open_handle(t, &(struct opening){.timeout = 10}));
	remark(t, "%u rounds, %u of them refused", rounds, refused);
}

static void states_are_their_own(struct trial *t)
{
	char *errbuf = guarded_errbuf(t);
	pcap_t *first = open_handle(t, &(struct opening){.timeout = 10}),
	       *second = open_second(t, &(struct opening){.timeout = 10});

	set_nonblock(t, first, 1);
	if (pcap_getnonblock(second, errbuf) != 0)
		broken(t, "non-blocking mode of one handle is that of another");
	pcap_breakloop(first);
	if (second->break_loop)
		broken(t, "pcap_breakloop() on one handle breaks another");
	if (first->selectable_fd >= 0 && first->selectable_fd == second->selectable_fd)
		broken(t, "two handles have the same descriptor");
	step(t, "pcap_close() of the first of two handles");
	pcap_close(first);
	set_nonblock(t, second, 1);
	struct gathering g;
	start_gathering(&g, t, second, 0);
	if (dispatch(&g, 1) < 0)
		broken(t, "after another handle was closed, a read returns PCAP_ERROR_BREAK");
	pcap_close(second);
}

static void filters_are_their_own(struct trial *t)
{
	struct gathering g2;
	struct bpf_insn refuse = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program program = {1, &refuse};
	pcap_t *first = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true}),
	       *second = open_second(t, &(struct opening){.timeout = 10});

	set_nonblock(t, second, 1);
	start_gathering(&g2, t, second, 0);
	gather_or_leave(&g2, -1, 3);
	if (pcap_setfilter(first, &program) != 0)
		left_out(t, "no filter can be set: %s", pcap_geterr(first));
	if (!gather(&g2, -1, g2.callbacks + 5))
		broken(t, "a filter of one handle filters another's packets");
	pcap_close(first);
	if (!gather(&g2, -1, g2.callbacks + 3))
		broken(t, "after a handle is closed, no packet comes to another");
	pcap_close(second);
}

const struct check_row thread_checks[] = {
	{"C3", "two handles on a device have states of their own", states_are_their_own, 0},
	{"C3", "two handles on a device have filters of their own", filters_are_their_own, CHECK_NEEDS_PACKETS},
	{"C3", "handles in several threads work side by side", threads_work_side_by_side, 0},
	{0},
};
