/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the conformance suite on handles that are not activated yet, and on the first activation.
 */
#include "module/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define PACKETS_TO_SEE 20

static void refuses_more_behind_its_name(struct trial *t)
{
	static const char *const endings[] = {"~no-such-device~", "%s%s%s%n%n", "\x01"};
	char name[512], *errbuf = guarded_errbuf(t);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		/* Behind a question mark come words for others, which the module does not understand. */
		snprintf(name, sizeof(name), "%.*s%s", (int)strcspn(t->subject->device, "?"), t->subject->device,
			endings[i]);
		step(t, "pcap_create(\"%s\")", name);
		if (pcap_create(name, errbuf) != NULL)
			broken(t, "pcap_create(\"%s\") makes a handle, and there is no such device", name);
		if (strnlen(errbuf, PCAP_ERRBUF_SIZE) == 0 || strnlen(errbuf, PCAP_ERRBUF_SIZE) == PCAP_ERRBUF_SIZE)
			broken(t, "pcap_create(\"%s\") failed without an error text", name);
	}
}

static void has_data_of_its_own(struct trial *t)
{
	pcap_t *first = create_handle(t), *second = create_handle(t);

	if (first == second || (first->priv != NULL && first->priv == second->priv))
		broken(t, "two handles share their private data");
	pcap_close(first);
	pcap_close(second);
}

static void sets_activate(struct trial *t)
{
	pcap_t *p = create_handle(t);

	if (p->activate_op == NULL)
		broken(t, "a handle has no activate_op: create has to set it");
	step(t, "pcap_can_set_rfmon()");
	int status = pcap_can_set_rfmon(p);
	if (status != 0 && status != 1 && status >= 0)
		broken(t, "pcap_can_set_rfmon() returned %d; it is 0, 1 or an error", status);
	if (status < 0)
		check_text(t, "C4", pcap_geterr(p), "pcap_can_set_rfmon()");
	pcap_close(p);
}

static void offers_good_time_stamps(struct trial *t)
{
	pcap_t *p = create_handle(t);
	int *types, count = pcap_list_tstamp_types(p, &types);

	if (count < 0)
		broken(t, "pcap_list_tstamp_types() failed: %s", check_text(t, "A7", pcap_geterr(p), "it"));
	for (int i = 0; i < count; i++) {
		if (pcap_tstamp_type_val_to_name(types[i]) == NULL)
			broken(t, "%d is offered as a time stamp type, and there is no such type", types[i]);
		if (pcap_set_tstamp_type(p, types[i]) != 0)
			broken(t, "the time stamp type %s is offered, and can't be set",
				pcap_tstamp_type_val_to_name(types[i]));
	}
	pcap_free_tstamp_types(types);
	for (int i = 0; i < p->tstamp_precision_count; i++)
		if (p->tstamp_precision_list[i] != PCAP_TSTAMP_PRECISION_MICRO &&
			p->tstamp_precision_list[i] != PCAP_TSTAMP_PRECISION_NANO)
			broken(t, "%u is offered as a precision of time stamps, and there is no such",
				p->tstamp_precision_list[i]);
	if (p->tstamp_precision_count > 0 && pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_MICRO) != 0)
		broken(t, "precisions are offered, and microseconds are not among them");
	pcap_close(p);
}

const struct check_row create_checks[] = {
	{"C2", "a name that goes on behind a device's is refused, with a text", refuses_more_behind_its_name, 0},
	{"C3", "each handle has private data of its own", has_data_of_its_own, 0},
	{"C4", "create sets activate_op, and monitor mode is answered", sets_activate, 0},
	{"A7", "types and precisions of time stamps that are offered can be set", offers_good_time_stamps, 0},
	{0},
};

/* ---- Opening ---- */

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct trial *t = (struct trial *)user;

	(void)header;
	(void)data;
	t->result->packets++;
}

/* What it finds, a status and packets, decides which checks can follow. */
static void opens(struct trial *t)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = create_handle(t);
	int n = 0;

	if (p->activate_op == NULL)
		broken_rule(t, "C4", "a handle has no activate_op: create has to set it");
	pcap_set_timeout(p, 100);
	step(t, "pcap_activate()");
	int status = activate_and_listen(p, text);
	if (status == PCAP_ERROR && text[0] == '\0')
		broken_rule(t, "A3", "pcap_activate() returned PCAP_ERROR without an error text");
	if (status < 0)
		left_out(t, "%s", check_text(t, "A3", pcap_geterr(p), "pcap_activate()"));
	if (p->read_op == NULL)
		broken_rule(t, "A4", "activate has not set read_op");
	t->result->opened = true;
	set_nonblock(t, p, 1);
	uint64_t until = wait_deadline(t);
	while (n >= 0 && t->result->packets < PACKETS_TO_SEE && monotonic_nanoseconds() < until) {
		step(t, "waiting for packets");
		n = pcap_dispatch(p, -1, count_packet, (u_char *)t);
		if (n == 0)
			wait_some(p, 20);
	}
	t->result->listened = n >= 0;
	step(t, "pcap_close()");
	pcap_close(p);
	remark(t, "%u packets came", t->result->packets);
}

const struct check_row opening_check[] = {
	{"A1", "the device can be opened", opens, 0},
	{0},
};
