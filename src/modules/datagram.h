/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture from a socket that gives each packet as a datagram: reading, time stamps, errors, statistics, closing.
 * For modules whose device is such a socket; like them it needs nothing but pcap-int.h.
 */
#ifndef WEIR_MODULES_DATAGRAM_H
#define WEIR_MODULES_DATAGRAM_H

#include <pcap-int.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

/* One that was received. */
struct datagram {
	u_char *data; /* headroom bytes before it can be written as well */
	u_int caplen;
	u_int len;
	struct timespec time;
	int flags;     /* MSG_ flags that recvmsg() tells */
	uint32_t info; /* for convert to set, or 0: PCAP_PACKET_ flags */
	const struct sockaddr_storage *from;
};

struct datagram_source {
	/*
	 * Makes the packet that users see of a datagram, in place: the members may change. False where the datagram
	 * is none, or one that was not asked for.
	 */
	bool (*convert)(pcap_t *p, struct datagram *datagram);
	/* What an error of the socket means to a user, into errbuf. True if the capture can go on after it. */
	bool (*explain)(pcap_t *p, int error);
	u_int headroom;
	u_int largest; /* the bytes of the largest datagram */
};

/* What a module's private data begins with. */
struct datagram_capture {
	const struct datagram_source *source;
	int error_fd;     /* an eventfd: there is an error to tell */
	int select_fd;    /* an epoll descriptor of the socket and error_fd */
	bool has_packets; /* the call of now has taken some */
	uint32_t info;    /* of the packet at hand: PCAP_PACKET_ flags */
	int ifindex;      /* of the interface, if it is one */
	int error;        /* of the socket, told when what came before it has been read; 0: none */
	uint64_t dropped;
	uint32_t drops_seen; /* the kernel's count, which wraps */
};

/*
 * For activate, in this order: begin, before anything is opened, so that all is cleaned up if it fails; then the
 * module opens p->fd; prepare, before the socket is bound; finish, when all is in place. 0 or a PCAP_ERROR_.
 */
void pcapint_datagram_begin(pcap_t *p, const struct datagram_source *source);
int pcapint_datagram_prepare(pcap_t *p);
void pcapint_datagram_finish(pcap_t *p);

/* Inject, for devices that nothing can be sent to. */
int pcapint_datagram_no_inject(pcap_t *p, const void *data, int size);

/* "can0: can't do this: reason", by errno; returns status. */
int pcapint_datagram_fail(pcap_t *p, int status, const char *what);

/* ---- Network interfaces ---- */

/* Whether the name is one of the prefix and a decimal number, written as short as can be. */
bool pcapint_datagram_is_instance(const char *name, const char *prefix);
/* Whether there is such an interface, of an ARPHRD_ type. */
bool pcapint_datagram_is_interface(const char *name, int type);
/*
 * For activate, between begin and finish: opens a packet socket of type SOCK_RAW or SOCK_DGRAM on the interface,
 * with prepare. 0 or a PCAP_ERROR_.
 */
int pcapint_datagram_open_interface(pcap_t *p, const char *interface, int type);
/* For a socket that is bound to an interface otherwise. 0 or a PCAP_ERROR_. */
int pcapint_datagram_bind(pcap_t *p, const char *interface, const struct sockaddr *address, socklen_t size);
/* The explain of such a source. */
bool pcapint_datagram_explain_interface(pcap_t *p, int error);
/*
 * Notes which way a packet went. Whether that is what was asked for; and the setdirection for it. The first is for
 * those of a packet socket.
 */
bool pcapint_datagram_take_packet_direction(const pcap_t *p, struct datagram *datagram);
bool pcapint_datagram_take_direction(const pcap_t *p, struct datagram *datagram, bool is_outgoing);
int pcapint_datagram_setdirection(pcap_t *p, pcap_direction_t direction);

#endif
