/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Linux network interface's capture: its state, and what the files of this folder call of each other. How it works
 * is in the kernel's Documentation/networking/packet_mmap.rst and packet(7).
 */
#ifndef WEIR_LINUX_H
#define WEIR_LINUX_H

#include <pcap-int.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Before the system's headers, which leave out what they had already. */
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <pcap/sll.h>
#include <pcap/vlan.h>

/* A link-layer header that the kernel does not give. */
struct cooked_header {
	int dlt;
	u_int size;
	u_int protocol_offset; /* where the protocol stands in it, 2 bytes */
	void (*write)(u_char *header, const struct sockaddr_ll *from);
	/* Members that the kernel's filter can load: which SKF_AD_. A size of 0 ends them. */
	struct {
		uint8_t offset;
		uint8_t size;
		uint8_t ancillary;
	} fields[5];
};

/*
 * The room that is kept free before each packet, so that a cooked header and a VLAN tag can be put there in place;
 * no more than a tag for the others.
 */
#define COOKED_HEADROOM (SLL2_HDR_LEN + VLAN_TAG_LEN)
#define RAW_HEADROOM VLAN_TAG_LEN

/* An error that a read tells once what was captured before it has been delivered. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_DOWN,         /* the interface went down; told once */
	TROUBLE_GONE,         /* the interface is no more; told from then on */
	TROUBLE_TYPE_CHANGED, /* the interface came back with another link-layer type; told from then on */
	TROUBLE_DAMAGED,      /* the ring holds what it can't; told once */
};

struct pcap_linux {
	/* Where reading goes on in the ring, whose slots are blocks of packets (TPACKET_V3) or packets (V2). */
	const struct ring_type *ring;
	u_char *map;
	u_int slot; /* the number of the slot to read from */
	u_int slots;
	u_int slot_size;
	u_char *block;     /* V3: the slot's block, once it is ours and not given back yet */
	u_char *frame;     /* V3: the next packet in it */
	u_int frames_left; /* V3: the packets left in it */
	bool held; /* the last packet of the slot was handed out, and the slot is given back with the next read */
	bool careful;       /* a packet needs a second look: see pcapint_linux_deliver() */
	bool cooked;        /* the socket gives packets without their link-layer header */
	u_int least_offset; /* a packet's least distance from the start of its frame: frame header, then headroom */

	const struct sockaddr_ll *from; /* of the packet that was handed out last; NULL once that is given back */
	struct sockaddr_ll from_copy;   /* what that points to where it has to last */

	size_t map_size;
	u_int slots_in_block; /* V2: the kernel puts no frame across two blocks */
	u_int block_size;     /* V2 */
	u_char *copy;         /* a packet that is not in the ring, after COOKED_HEADROOM bytes */
	size_t copy_size;     /* the room after the headroom */
	int wake_fd;          /* an eventfd, for pcap_breakloop() */
	int ifindex;          /* 0: all interfaces */
	u_int hatype;         /* ARPHRD_ */
	u_int mtu;
	const struct cooked_header *header; /* NULL if there is none to make */
	enum trouble trouble;
	bool check_hatype; /* the interface was down: it may have come back as one of another type */

	/* Monitor mode: the interface that was made for it is ifindex. */
	pid_t monitor_owner;     /* the process that made it; 0: none was made */
	int monitor_fd;          /* the netlink socket that it belongs to */
	uint16_t monitor_family; /* the number of nl80211 */

	/* Filtering. */
	bool filter_in_userland;
	bool switching;       /* packets that an earlier filter let pass may still come out of the ring */
	int64_t switch_until; /* CLOCK_MONOTONIC, ns: none is on its way into the ring any more */
	bool switch_counted;  /* that time has come, and switch_left is how many packets to look at */
	u_int switch_left;
	u_int skip; /* packets to drop unseen */

	/* Statistics. */
	uint64_t received;
	uint64_t dropped;
	uint64_t rejected; /* in userland, of received */
	uint64_t told;     /* the largest count of received packets that was told */
	uint64_t ifdrop_before;
	bool ifdrop_known;
	u_int uncounted; /* packets read since the kernel's 32-bit counters were */
};

/* A packet as the kernel gives it, before anything is put before it. */
struct frame {
	u_char *data;
	u_int caplen;
	u_int len;
	u_int sec;
	u_int nsec;
	u_int status; /* TP_STATUS_ */
	uint16_t vlan_tci;
	uint16_t vlan_tpid;
	u_int rxhash;
	const struct sockaddr_ll *from;
};

/* The two kinds of ring. */
struct ring_type {
	int version;
	/* The geometry of a ring of about so many bytes, for interface and snapshot length. */
	void (*shape)(pcap_t *p, size_t bytes, struct tpacket_req3 *request);
	/* What shape chose, into the handle. */
	void (*start)(pcap_t *p, const struct tpacket_req3 *request);
	/* Delivers what is at hand; how many, or 0. */
	int (*deliver)(pcap_t *p, int cnt, pcap_handler callback, u_char *user);
	/* Gives back what is held. */
	void (*release)(struct pcap_linux *lc);
	/* How many packets are in the ring that have not been read. */
	u_int (*unread)(struct pcap_linux *lc);
};

extern const struct ring_type pcapint_linux_ring_v2, pcapint_linux_ring_v3;

/* ---- ring.c ---- */

/* The ring, mapped; 0, PCAP_WARNING with a text if it is smaller than asked for, or PCAP_ERROR. */
int pcapint_linux_open_ring(pcap_t *p);
int pcapint_linux_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user);
/* CLOCK_MONOTONIC, ns. */
int64_t pcapint_linux_now(void);
/* Makes room for a packet of size bytes in copy. */
bool pcapint_linux_make_copy_room(struct pcap_linux *lc, size_t size);

/* ---- deliver.c ---- */

/*
 * Delivers a packet that needs a second look: 1, or 0 if direction or filter say no. A packet needs one if careful is
 * set or it has a VLAN tag.
 */
int pcapint_linux_deliver(pcap_t *p, struct frame *frame, pcap_handler callback, u_char *user);
/* What the kernel tells of the packet that was handed out last. */
int pcapint_linux_packet_info(pcap_t *p, struct pcap_packet_info *info);
/* Sets careful by the rest of the state. */
void pcapint_linux_update_careful(pcap_t *p);

/* Has from last longer than the packet's slot. */
static inline void pcapint_linux_keep_from(struct pcap_linux *lc, const struct sockaddr_ll *from)
{
	lc->from_copy = *from;
	lc->from = &lc->from_copy;
}

/* The slot is given back. */
static inline void pcapint_linux_forget_from(struct pcap_linux *lc)
{
	if (lc->from != &lc->from_copy)
		lc->from = NULL;
}

static inline struct timeval pcapint_linux_time(const pcap_t *p, u_int sec, u_int nsec)
{
	bool nano = p->opt.tstamp_precision == PCAP_TSTAMP_PRECISION_NANO;
	return (struct timeval){.tv_sec = sec, .tv_usec = nano ? nsec : nsec / 1000};
}

/* ---- cooked.c ---- */

/* How the header of a DLT_ is made; NULL if the kernel's is used. */
const struct cooked_header *pcapint_linux_cooked_header(int dlt);

/* ---- arphrd.c ---- */

/* What captures on interfaces of an ARPHRD_ type look like. */
struct linux_link_type {
	u_int hatype;
	bool cooked; /* the kernel is asked for packets without their link-layer header */
	int dlts[3]; /* the first is what a capture begins with; 0 at the end */
};

/* NULL if it is not known. */
const struct linux_link_type *pcapint_linux_link_type(u_int hatype);
/* The type of an Ethernet interface whose frames have a switch's tag of that format; NULL if it is not known. */
const struct linux_link_type *pcapint_linux_switch_type(const char *tagging);

/* ---- socket.c ---- */

/* Looks up ifindex, hatype and mtu; 0 or a PCAP_ERROR_. */
int pcapint_linux_look_up(pcap_t *p);
/* hatype and mtu of the interface that was made for monitor mode, whose ifindex is known. */
int pcapint_linux_look_up_monitor(pcap_t *p);
int pcapint_linux_open_socket(pcap_t *p);
/* Starts the capture. */
int pcapint_linux_bind(pcap_t *p);
int pcapint_linux_set_promiscuous(pcap_t *p);
/* Notes the error that the socket has to tell, if it has one; 0 or PCAP_ERROR. */
int pcapint_linux_note_socket_error(pcap_t *p, int error);
/* PCAP_ERROR, and errbuf tells of the trouble. */
int pcapint_linux_tell_trouble(pcap_t *p);

/* ---- monitor.c ---- */

int pcapint_linux_can_set_rfmon(pcap_t *p);
/* Where it was asked for, makes an interface in monitor mode, and it is the one to capture on; 0 or a PCAP_ERROR_. */
int pcapint_linux_enter_monitor(pcap_t *p);
void pcapint_linux_leave_monitor(pcap_t *p);

/* ---- filter.c ---- */

int pcapint_linux_setfilter(pcap_t *p, struct bpf_program *program);
/* Gives the kernel a program for the filter, the direction and the snapshot length as they are; 0 or PCAP_ERROR. */
int pcapint_linux_attach_filter(pcap_t *p);
/* What the filter, run here, says to a packet with its cooked header in front of it. */
bool pcapint_linux_passes_filter(pcap_t *p, const struct frame *frame, const struct sockaddr_ll *from);
/* Looks whether the change to the present filter is over. */
void pcapint_linux_continue_switch(pcap_t *p);

/* ---- tstamp.c ---- */

/* Fills the lists of time stamp types and precisions; 0 or PCAP_ERROR with errbuf filled. */
int pcapint_linux_list_tstamps(pcap_t *p, const char *device, char *errbuf);
/* Switches to the time stamps that were asked for; 0, a PCAP_WARNING_ or a PCAP_ERROR_. */
int pcapint_linux_set_tstamps(pcap_t *p);

/* ---- stats.c ---- */

void pcapint_linux_start_stats(pcap_t *p);
/* Adds the kernel's counters, which it resets, to ours; 0 or PCAP_ERROR. */
int pcapint_linux_read_counters(pcap_t *p);
/* Reads them before they can wrap. */
static inline void pcapint_linux_keep_counting(pcap_t *p)
{
	if (((struct pcap_linux *)p->priv)->uncounted >= 1u << 30)
		pcapint_linux_read_counters(p);
}
int pcapint_linux_stats(pcap_t *p, struct pcap_stat *stats);
int pcapint_linux_stats64(pcap_t *p, struct pcap_stats64 *stats);

#endif
