/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the contract tests tell the scripted module to do, and what it saw. The module is written the way other
 * people's are: by the HOWTO, with nothing but pcap-int.h.
 */
#ifndef WEIR_TEST_SCRIPTED_H
#define WEIR_TEST_SCRIPTED_H

#include <pcap-int.h>

struct scripted {
	/* What to do. */
	int list_status;         /* of the module that fails to list: 0 or PCAP_ERROR */
	const char *create_text; /* not NULL: create fails with it */
	int activate_status;
	const char *activate_text;
	int bare; /* activate sets read_op and linktype, and leaves every other op NULL */
	int dlts_at_create;
	int simple_breaks; /* read ends at a break as the HOWTO's simpler form has it */
	int datalink_status;
	int cleans_up_itself;   /* activate does, when it fails */
	int nonblock_at_create; /* create sets setnonblock_op */
	int nonblock_status;
	int packets; /* that read delivers before it has no more */
	/* What was seen. */
	int create_calls;
	int activate_calls;
	int cleanup_calls;
	int datalink_calls;
	int nonblock_calls;
	int nonblock;        /* asked for last */
	struct pcap_opt opt; /* at activate; device is not kept */
	int snapshot;
	int read_cnt; /* the last one */
	void *privs[2];
};

extern struct scripted scripted;

#endif
