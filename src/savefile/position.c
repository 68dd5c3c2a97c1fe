/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For programs that use the stream of an offline handle: many ask it how far reading has come, and some set it to read
 * a packet again. Reading goes past the stream, so that it is brought in step with it; a program that does not ask for
 * the stream does not pay for that.
 */
#include "savefile/savefile.h"

#include "compat/stdio.h"

struct delivery {
	const struct pcap_savefile *savefile;
	pcap_handler callback;
	u_char *user;
};

void pcapint_savefile_leave_position(const struct pcap_savefile *sf)
{
	if (sf->input.seekable)
		pcapint_stdio_seek(sf->input.file, (off_t)input_offset(&sf->input));
}

static void deliver(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	const struct delivery *delivery = (struct delivery *)user;

	pcapint_savefile_leave_position(delivery->savefile);
	delivery->callback(delivery->user, header, data);
}

/* A read_op: the format's own, a packet at a time, each from where the stream stands then. */
static int read_at_position(pcap_t *p, int count, pcap_handler callback, u_char *user)
{
	struct pcap_savefile *sf = p->priv;
	struct delivery delivery = {sf, callback, user};
	int delivered = 0, status;

	do {
		off_t position = ftello(sf->input.file);

		if (position >= 0 && (uint64_t)position != input_offset(&sf->input)) {
			pcapint_input_seek(&sf->input, (uint64_t)position);
			sf->ng.skip = 0;
		}
		status = sf->read_op(p, 1, deliver, (u_char *)&delivery);
		if (status > 0)
			delivered++;
	} while (status > 0 && delivered != count);
	pcapint_savefile_leave_position(sf);
	if (status == PCAP_ERROR_BREAK && delivered > 0) {
		p->break_loop = 1;
		return delivered;
	}
	return status < 0 ? status : delivered;
}

void pcapint_savefile_share_position(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;

	if (!sf->input.seekable || p->read_op == read_at_position)
		return;
	pcapint_savefile_leave_position(sf);
	sf->read_op = p->read_op;
	p->read_op = read_at_position;
	p->core->batch_op = NULL;
}
