/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the netfilter module call of each other: messages of nfnetlink (linux/netfilter/nfnetlink*.h), and
 * the verdicts on queued packets.
 */
#ifndef WEIR_NETFILTER_H
#define WEIR_NETFILTER_H

#include <pcap-int.h>

#include <stdbool.h>
#include <sys/types.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#define GROUPS_MAX 32 /* in one device's name; as many as libpcap takes */

/* nlmsg_seq of what we send, and so of the kernel's answers to it. */
enum { SEQUENCE_CONFIG = 1, SEQUENCE_VERDICT, SEQUENCE_VERDICT_OF_HELPER };

/* A log group or a queue. */
struct group {
	uint16_t number;
	bool numbered; /* next_number is known */
	uint32_t next_number;
};

/* A process that keeps the privilege to give verdicts when the program has given it up. */
struct verdict_helper {
	pid_t pid;
	pid_t owner; /* the process that made it */
	int fd;      /* takes a struct verdict a message; -1 if there is none */
};

struct pcap_netfilter {
	bool queue; /* NFQUEUE, not NFLOG */
	int group_count;
	struct group groups[GROUPS_MAX];
	uint64_t dropped;
	struct verdict_helper helper;
	bool use_helper;
};

/* ---- messages.c ---- */

/* What is told of a packet. */
struct netfilter_packet {
	struct group *group;
	uint32_t id;        /* of a queued packet */
	const u_char *data; /* nfgenmsg and attributes */
	u_int size;
	const u_char *payload; /* the packet itself; NULL if it was not copied */
	u_int payload_size;
	u_int payload_length; /* on the wire */
	uint64_t sec, usec;   /* when it came; 0 if the kernel did not say */
};

/* Asks the kernel for the packets of a group: 0, or a negative errno value. */
int pcapint_netfilter_bind(pcap_t *p, struct group *group);
/*
 * Reads a message that describes a packet; false if it is damaged. What the kernel numbered for us is taken out of it,
 * and gaps are counted as drops. Writes to the message's buffer.
 */
bool pcapint_netfilter_parse(pcap_t *p, struct nlmsghdr *message, struct netfilter_packet *packet);
/*
 * Takes the next message out of bp and cc, after receiving if there is none left: 1, 0 if there is none now, PCAP_ERROR.
 */
int pcapint_netfilter_next(pcap_t *p, struct nlmsghdr **message);
/* Whether a message describes a packet. */
bool pcapint_netfilter_is_packet(const pcap_t *p, const struct nlmsghdr *message);

/* ---- verdict.c ---- */

/* 0, or PCAP_WARNING with a text: verdicts end with the program's privilege. */
int pcapint_netfilter_start_helper(pcap_t *p);
void pcapint_netfilter_stop_helper(struct verdict_helper *helper);
/* Lets a queued packet go on its way; 0 or PCAP_ERROR. */
int pcapint_netfilter_accept(pcap_t *p, uint16_t queue, uint32_t id);
/* What the kernel says to a verdict; 0, or PCAP_ERROR if no verdict can be given any more. */
int pcapint_netfilter_answered(pcap_t *p, const struct nlmsghdr *answer);

#endif
