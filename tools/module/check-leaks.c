/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite for what is left over: handles are made, used and closed by the thousand, and what the
 * process holds is counted.
 */
#include "module/check.h"

#include <stdio.h>
#include <stdlib.h>

static void create_round(struct trial *t)
{
	pcap_t *p = create_handle(t);

	step(t, "pcap_close() without pcap_activate()");
	pcap_close(p);
}

static void refused_round(struct trial *t)
{
	char name[512], errbuf[PCAP_ERRBUF_SIZE];

	snprintf(name, sizeof(name), "%s~no-such-device~", t->subject->device);
	step(t, "pcap_create(\"%s\")", name);
	pcap_close(pcap_create(name, errbuf));
}

static void open_round(struct trial *t)
{
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 100});

	step(t, "pcap_close()");
	pcap_close(p);
}

static void read_round(struct trial *t)
{
	struct gathering g;
	pcap_t *p = open_handle(t, &(struct opening){.timeout = 10, .nonblock = true});
	struct bpf_insn accept = BPF_STMT(BPF_RET | BPF_K, MAXIMUM_SNAPLEN);
	struct bpf_program program = {1, &accept};
	struct pcap_stat stats;

	start_gathering(&g, t, p, 0);
	step(t, "pcap_setfilter()");
	if (pcap_setfilter(p, &program) != 0)
		broken_rule(t, "F3", "a filter that accepts all is refused: %s",
			check_text(t, "F3", pcap_geterr(p), "pcap_setfilter()"));
	dispatch(&g, 1);
	pcap_stats(p, &stats);
	pcap_breakloop(p);
	pcap_setdirection(p, PCAP_D_IN);
	step(t, "pcap_close()");
	pcap_close(p);
}

static void create_leaks_nothing(struct trial *t)
{
	check_leaks(t, create_round);
}

static void refused_create_leaks_nothing(struct trial *t)
{
	check_leaks(t, refused_round);
}

static void open_leaks_nothing(struct trial *t)
{
	check_leaks(t, open_round);
}

static void use_leaks_nothing(struct trial *t)
{
	check_leaks(t, read_round);
}

const struct check_row leak_checks[] = {
	{"C3", "creating and closing leaks nothing", create_leaks_nothing, 0},
	{"C2", "refusing a name leaks nothing", refused_create_leaks_nothing, 0},
	{"K1", "opening and closing leaks nothing", open_leaks_nothing, 0},
	{"K1", "opening, reading, filtering and closing leaks nothing", use_leaks_nothing, 0},
	{0},
};
