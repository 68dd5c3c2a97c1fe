/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet-capture API: open a device or a savefile, filter, read, inject, write savefiles. Names, values and
 * layouts are libpcap's and do not change; each call has a page in section 3PCAP of the manual. A handle is used
 * by one thread at a time, except that pcap_breakloop() may be called from any thread and any signal handler;
 * different handles are independent of each other.
 */
#ifndef lib_pcap_pcap_h
#define lib_pcap_pcap_h

#include <pcap/funcattrs.h>
#include <pcap/pcap-inttypes.h>

#include <sys/types.h>
#include <sys/time.h>

#include <pcap/socket.h>

#ifndef PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/bpf.h>
#endif

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the savefile format that is written. */
#define PCAP_VERSION_MAJOR 2
#define PCAP_VERSION_MINOR 4

/* Bytes in every error buffer that is passed to this API. */
#define PCAP_ERRBUF_SIZE 256

/* Where the system's own BPF header was read before this one and is too old to have them. */
#if BPF_RELEASE - 0 < 199406
typedef int bpf_int32;
typedef u_int bpf_u_int32;
#endif

typedef struct pcap pcap_t;
typedef struct pcap_dumper pcap_dumper_t;
typedef struct pcap_if pcap_if_t;
typedef struct pcap_addr pcap_addr_t;

/* The first 24 bytes of a savefile, in the byte order of the host that wrote it. */
struct pcap_file_header {
	bpf_u_int32 magic;
	u_short version_major;
	u_short version_minor;
	bpf_int32 thiszone;  /* 0 */
	bpf_u_int32 sigfigs; /* 0 */
	bpf_u_int32 snaplen;
	bpf_u_int32 linktype; /* LINKTYPE_ value in the low 16 bits, then the LT_ fields */
};

/* The frame check sequence's length in the linktype field: whether it is told, and how many 16-bit words. */
#define LT_FCS_LENGTH_PRESENT(x) ((x)&0x04000000)
#define LT_FCS_LENGTH(x) (((x)&0xF0000000) >> 28)
#define LT_FCS_DATALINK_EXT(x) ((((x)&0xF) << 28) | 0x04000000)

typedef enum { PCAP_D_INOUT = 0, PCAP_D_IN, PCAP_D_OUT } pcap_direction_t;

/* What is told of each packet. With nanosecond precision ts.tv_usec holds nanoseconds. */
struct pcap_pkthdr {
	struct timeval ts;
	bpf_u_int32 caplen; /* bytes that are there */
	bpf_u_int32 len;    /* bytes there were on the wire */
};

struct pcap_stat {
	u_int ps_recv;   /* packets that passed the filter */
	u_int ps_drop;   /* packets lost because the buffer was full */
	u_int ps_ifdrop; /* packets lost by the interface; 0 also where that is not known */
};

/* A device in the list that pcap_findalldevs() makes. */
struct pcap_if {
	struct pcap_if *next;
	char *name;
	char *description; /* or NULL */
	struct pcap_addr *addresses;
	bpf_u_int32 flags; /* PCAP_IF_ */
};

#define PCAP_IF_LOOPBACK 0x00000001
#define PCAP_IF_UP 0x00000002
#define PCAP_IF_RUNNING 0x00000004
#define PCAP_IF_WIRELESS 0x00000008 /* of any kind, not only Wi-Fi */
#define PCAP_IF_CONNECTION_STATUS 0x00000030
#define PCAP_IF_CONNECTION_STATUS_UNKNOWN 0x00000000
#define PCAP_IF_CONNECTION_STATUS_CONNECTED 0x00000010
#define PCAP_IF_CONNECTION_STATUS_DISCONNECTED 0x00000020
#define PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE 0x00000030

/* An address of a device; each member but next may be NULL. */
struct pcap_addr {
	struct pcap_addr *next;
	struct sockaddr *addr;
	struct sockaddr *netmask;
	struct sockaddr *broadaddr;
	struct sockaddr *dstaddr;
};

/* Called for each packet; header and data are valid until it returns. */
typedef void (*pcap_handler)(u_char *user, const struct pcap_pkthdr *header, const u_char *data);

/* Errors: below zero. */
#define PCAP_ERROR (-1)               /* see pcap_geterr() */
#define PCAP_ERROR_BREAK (-2)         /* ended by pcap_breakloop() */
#define PCAP_ERROR_NOT_ACTIVATED (-3) /* needs pcap_activate() first */
#define PCAP_ERROR_ACTIVATED (-4)     /* must come before pcap_activate() */
#define PCAP_ERROR_NO_SUCH_DEVICE (-5)
#define PCAP_ERROR_RFMON_NOTSUP (-6) /* the device has no monitor mode */
#define PCAP_ERROR_NOT_RFMON (-7)    /* works in monitor mode only */
#define PCAP_ERROR_PERM_DENIED (-8)
#define PCAP_ERROR_IFACE_NOT_UP (-9)
#define PCAP_ERROR_CANTSET_TSTAMP_TYPE (-10)
#define PCAP_ERROR_PROMISC_PERM_DENIED (-11)
#define PCAP_ERROR_TSTAMP_PRECISION_NOTSUP (-12)
#define PCAP_ERROR_CAPTURE_NOTSUP (-13) /* the device is known, capturing on it is not supported */

/* Warnings: above zero; the operation was done. */
#define PCAP_WARNING 1 /* see pcap_geterr() */
#define PCAP_WARNING_PROMISC_NOTSUP 2
#define PCAP_WARNING_TSTAMP_TYPE_NOTSUP 3

/* For pcap_compile() where the netmask is not known. */
#define PCAP_NETMASK_UNKNOWN 0xffffffff

/* Options of pcap_init(). */
#define PCAP_CHAR_ENC_LOCAL 0x00000000U /* strings are in the local encoding */
#define PCAP_CHAR_ENC_UTF_8 0x00000001U /* strings are in UTF-8 */
#define PCAP_MMAP_32BIT 0x00000002U     /* map packet buffers below 4 GiB */

/* ---- The library ---- */

/* 0 or PCAP_ERROR. Options of the whole process, before all other calls; pcap_lookupdev() fails afterwards. */
PCAP_AVAILABLE_1_10
PCAP_API int pcap_init(unsigned int options, char *errbuf);

/* "libpcap version 1...", then what this library is; constant. */
PCAP_AVAILABLE_0_8
PCAP_API const char *pcap_lib_version(void);

/* A text for a PCAP_ERROR_ or PCAP_WARNING_ value; an unknown one's is good until the thread's next call. */
PCAP_AVAILABLE_1_0
PCAP_API const char *pcap_statustostr(int status);

/* strerror(); the text is the calling thread's until its next call. */
PCAP_AVAILABLE_0_4
PCAP_API const char *pcap_strerror(int errnum);

/* ---- Devices ---- */

/* 0 or PCAP_ERROR. The list is the caller's, NULL if it is empty; errbuf is "", or what could not be listed. */
PCAP_AVAILABLE_0_7
PCAP_API int pcap_findalldevs(pcap_if_t **alldevs, char *errbuf);

PCAP_AVAILABLE_0_7
PCAP_API void pcap_freealldevs(pcap_if_t *alldevs);

/* The first device's name, the calling thread's until its next call; NULL if there is none. */
PCAP_AVAILABLE_0_4
PCAP_DEPRECATED("use 'pcap_findalldevs' and use the first device")
PCAP_API char *pcap_lookupdev(char *errbuf);

/* 0 or PCAP_ERROR. The device's IPv4 network and mask, network byte order; both 0 for "any". */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_lookupnet(const char *device, bpf_u_int32 *net, bpf_u_int32 *mask, char *errbuf);

/* ---- A live handle: create, set options, activate ---- */

/* A handle to be activated and closed, or NULL if there is no such device. A device of NULL means "any". */
PCAP_AVAILABLE_1_0
PCAP_API pcap_t *pcap_create(const char *device, char *errbuf);

/* The options: 0, or PCAP_ERROR_ACTIVATED after activation. */

/* Bytes of a packet to deliver at most; 0, negative or above 262144 becomes 262144, the default. */
PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_snaplen(pcap_t *p, int snaplen);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_promisc(pcap_t *p, int promisc);

/* 1 if the device has a monitor mode, 0 if not, or a PCAP_ERROR_ value. */
PCAP_AVAILABLE_1_0
PCAP_API int pcap_can_set_rfmon(pcap_t *p);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_rfmon(pcap_t *p, int rfmon);

/* How long packets are held back, and a read waits, at most (ms); 0, the default: no limit. */
PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_timeout(pcap_t *p, int timeout_ms);

/* PCAP_TSTAMP_; also PCAP_WARNING_TSTAMP_TYPE_NOTSUP, with the type left as it was. */
PCAP_AVAILABLE_1_2
PCAP_API int pcap_set_tstamp_type(pcap_t *p, int type);

/* Whether packets are not held back at all. */
PCAP_AVAILABLE_1_5
PCAP_API int pcap_set_immediate_mode(pcap_t *p, int immediate);

/* Of the buffer in which packets wait; 0 or less: the device's default. */
PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_buffer_size(pcap_t *p, int bytes);

/* PCAP_TSTAMP_PRECISION_; also PCAP_ERROR_TSTAMP_PRECISION_NOTSUP. */
PCAP_AVAILABLE_1_5
PCAP_API int pcap_set_tstamp_precision(pcap_t *p, int precision);

/* PCAP_TSTAMP_PRECISION_ of the handle, at any time. */
PCAP_AVAILABLE_1_5
PCAP_API int pcap_get_tstamp_precision(pcap_t *p);

#ifdef __linux__
/* An Ethernet type, host byte order; 0, the default, for all. */
PCAP_AVAILABLE_1_9
PCAP_API int pcap_set_protocol_linux(pcap_t *p, int protocol);
#endif

/* 0, a PCAP_WARNING_, or a PCAP_ERROR_, after which it can be tried again; pcap_geterr() has the text. */
PCAP_AVAILABLE_1_0
PCAP_API int pcap_activate(pcap_t *p);

/* An activated handle, or NULL; errbuf may hold a warning if it was "" before. */
PCAP_AVAILABLE_0_4
PCAP_API pcap_t *pcap_open_live(const char *device, int snaplen, int promisc, int timeout_ms, char *errbuf);

/* Ends the capture, closes the savefile; frees all that belongs to the handle. NULL is allowed. */
PCAP_AVAILABLE_0_4
PCAP_API void pcap_close(pcap_t *p);

/* ---- Time stamps ---- */

#define PCAP_TSTAMP_HOST 0                 /* by the host, nothing more is known */
#define PCAP_TSTAMP_HOST_LOWPREC 1         /* by the host, coarse and cheap */
#define PCAP_TSTAMP_HOST_HIPREC 2          /* by the host, precise */
#define PCAP_TSTAMP_ADAPTER 3              /* by the device, on the host's clock */
#define PCAP_TSTAMP_ADAPTER_UNSYNCED 4     /* by the device, on its own clock */
#define PCAP_TSTAMP_HOST_HIPREC_UNSYNCED 5 /* by the host, precise, on a clock of its own */

#define PCAP_TSTAMP_PRECISION_MICRO 0
#define PCAP_TSTAMP_PRECISION_NANO 1

/* How many there are, or PCAP_ERROR; the list is the caller's. */
PCAP_AVAILABLE_1_2
PCAP_API int pcap_list_tstamp_types(pcap_t *p, int **types);

PCAP_AVAILABLE_1_2
PCAP_API void pcap_free_tstamp_types(int *types);

/* PCAP_TSTAMP_, or PCAP_ERROR if there is no such name; case does not matter. */
PCAP_AVAILABLE_1_2
PCAP_API int pcap_tstamp_type_name_to_val(const char *name);

/* Constant strings, or NULL if there is no such type. */
PCAP_AVAILABLE_1_2
PCAP_API const char *pcap_tstamp_type_val_to_name(int type);

PCAP_AVAILABLE_1_2
PCAP_API const char *pcap_tstamp_type_val_to_description(int type);

/* ---- Handles without a device ---- */

/* For pcap_compile() and pcap_dump_open(); linktype is a DLT_. NULL if there is no memory. */
PCAP_AVAILABLE_0_6
PCAP_API pcap_t *pcap_open_dead(int linktype, int snaplen);

PCAP_AVAILABLE_1_5
PCAP_API pcap_t *pcap_open_dead_with_tstamp_precision(int linktype, int snaplen, u_int precision);

/* A handle for a savefile ("-": standard input), or NULL; the path's file is closed with the handle. */
PCAP_AVAILABLE_0_4
PCAP_API pcap_t *pcap_open_offline(const char *path, char *errbuf);

PCAP_AVAILABLE_1_5
PCAP_API pcap_t *pcap_open_offline_with_tstamp_precision(const char *path, u_int precision, char *errbuf);

/* The same of a stream, which is the handle's, and closed with it, unless NULL is returned. */
PCAP_AVAILABLE_0_9
PCAP_API pcap_t *pcap_fopen_offline(FILE *fp, char *errbuf);

PCAP_AVAILABLE_1_5
PCAP_API pcap_t *pcap_fopen_offline_with_tstamp_precision(FILE *fp, u_int precision, char *errbuf);

/* ---- Reading ---- */

/* Reads until cnt packets (0, -1: no limit), the file's end, pcap_breakloop() or an error. 0 or PCAP_ERROR_. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_loop(pcap_t *p, int cnt, pcap_handler callback, u_char *user);

/* Reads what is at hand, cnt packets at most; waits for the time-out at most. How many, or PCAP_ERROR_. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_dispatch(pcap_t *p, int cnt, pcap_handler callback, u_char *user);

/* pcap_next_ex() that can't tell an error from the end. NULL, or data that is good until the next read. */
PCAP_AVAILABLE_0_4
PCAP_API const u_char *pcap_next(pcap_t *p, struct pcap_pkthdr *header);

/* 1; 0: none before the time-out; PCAP_ERROR_BREAK: the file's end, or pcap_breakloop(); or PCAP_ERROR. */
PCAP_AVAILABLE_0_8
PCAP_API int pcap_next_ex(pcap_t *p, struct pcap_pkthdr **header, const u_char **data);

/* Ends the read under way, or the next; wakes one that waits. From any thread, callback or signal handler. */
PCAP_AVAILABLE_0_8
PCAP_API void pcap_breakloop(pcap_t *p);

/* 1 if reads do not wait, 0 if they do, or PCAP_ERROR_ with errbuf filled. */
PCAP_AVAILABLE_0_7
PCAP_API int pcap_getnonblock(pcap_t *p, char *errbuf);

/* 0 or PCAP_ERROR with errbuf filled. Before activation too. */
PCAP_AVAILABLE_0_7
PCAP_API int pcap_setnonblock(pcap_t *p, int nonblock, char *errbuf);

/* For select(), poll(), epoll; the handle's, not to be closed. -1: none. */
PCAP_AVAILABLE_0_8
PCAP_API int pcap_get_selectable_fd(pcap_t *p);

/* NULL, or how long to wait for the descriptor at most; the handle's. It can change: ask before each wait. */
PCAP_AVAILABLE_1_9
PCAP_API const struct timeval *pcap_get_required_select_timeout(pcap_t *p);

/* 0, PCAP_ERROR_NOT_ACTIVATED or PCAP_ERROR. Since activation; live captures only. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_stats(pcap_t *p, struct pcap_stat *stats);

/* ---- Filtering ---- */

/* 0 or PCAP_ERROR_; the program is the caller's, for pcap_freecode(). netmask: network byte order. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_compile(
	pcap_t *p, struct bpf_program *program, const char *expression, int optimize, bpf_u_int32 netmask);

PCAP_AVAILABLE_0_5
PCAP_DEPRECATED("use pcap_open_dead(), pcap_compile() and pcap_close()")
PCAP_API int pcap_compile_nopcap(int snaplen, int linktype, struct bpf_program *program, const char *expression,
	int optimize, bpf_u_int32 netmask);

/* Frees the instructions and empties the program. */
PCAP_AVAILABLE_0_6
PCAP_API void pcap_freecode(struct bpf_program *program);

/* 0 or PCAP_ERROR_; the program is copied. Nothing that it refuses is delivered afterwards. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_setfilter(pcap_t *p, struct bpf_program *program);

/* 0 if the program refuses the packet. Thread-safe. */
PCAP_AVAILABLE_1_0
PCAP_API int pcap_offline_filter(
	const struct bpf_program *program, const struct pcap_pkthdr *header, const u_char *data);

/* 0 or PCAP_ERROR_. After activation; not every device can. */
PCAP_AVAILABLE_0_9
PCAP_API int pcap_setdirection(pcap_t *p, pcap_direction_t direction);

/* ---- Sending ---- */

/* Bytes sent, or PCAP_ERROR_; data begins with the link-layer header. */
PCAP_AVAILABLE_0_9
PCAP_API int pcap_inject(pcap_t *p, const void *data, size_t size);

/* pcap_inject() that returns 0. */
PCAP_AVAILABLE_0_8
PCAP_API int pcap_sendpacket(pcap_t *p, const u_char *data, int size);

/* ---- What a handle is ---- */

/* What the last error on the handle was; good until the next, or pcap_close(). */
PCAP_AVAILABLE_0_4
PCAP_API char *pcap_geterr(pcap_t *p);

/* Prints it on stderr. */
PCAP_AVAILABLE_0_4
PCAP_API void pcap_perror(pcap_t *p, const char *prefix);

/* The DLT_ that packets of the handle begin with, or PCAP_ERROR_NOT_ACTIVATED. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_datalink(pcap_t *p);

/* For LT_FCS_LENGTH_PRESENT() and LT_FCS_LENGTH(); 0: not known. */
PCAP_AVAILABLE_1_0
PCAP_API int pcap_datalink_ext(pcap_t *p);

/* How many there are to choose from, or PCAP_ERROR_; the list is the caller's. */
PCAP_AVAILABLE_0_8
PCAP_API int pcap_list_datalinks(pcap_t *p, int **datalinks);

/* 0 or PCAP_ERROR_. Before packets are read and filters compiled. */
PCAP_AVAILABLE_0_8
PCAP_API int pcap_set_datalink(pcap_t *p, int datalink);

PCAP_AVAILABLE_0_8
PCAP_API void pcap_free_datalinks(int *datalinks);

/* DLT_ of a name without "DLT_", or PCAP_ERROR; case does not matter. */
PCAP_AVAILABLE_0_8
PCAP_API int pcap_datalink_name_to_val(const char *name);

/* Constant strings, or NULL if there is no such type. */
PCAP_AVAILABLE_0_8
PCAP_API const char *pcap_datalink_val_to_name(int datalink);

PCAP_AVAILABLE_0_8
PCAP_API const char *pcap_datalink_val_to_description(int datalink);

/* Never NULL: "DLT n", the calling thread's until its next call, for an unknown type. */
PCAP_AVAILABLE_1_10
PCAP_API const char *pcap_datalink_val_to_description_or_dlt(int datalink);

/* Bytes of a packet at most, or PCAP_ERROR_NOT_ACTIVATED. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_snapshot(pcap_t *p);

/* Of a savefile: whether its byte order is the other one, and its version. Or PCAP_ERROR_NOT_ACTIVATED. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_is_swapped(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_major_version(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_minor_version(pcap_t *p);

/* Bytes of the module's read buffer, 0 if it has none. */
PCAP_AVAILABLE_1_9
PCAP_API int pcap_bufsize(pcap_t *p);

/* The stream of a savefile, NULL for other handles; the handle's, not to be closed. */
PCAP_AVAILABLE_0_4
PCAP_API FILE *pcap_file(pcap_t *p);

/* The descriptor of a live capture, or -1; not to be closed. */
PCAP_AVAILABLE_0_4
PCAP_API int pcap_fileno(pcap_t *p);

/* ---- Writing savefiles ---- */

/* A dumper for a new savefile ("-": standard output), or NULL and pcap_geterr(p). */
PCAP_AVAILABLE_0_4
PCAP_API pcap_dumper_t *pcap_dump_open(pcap_t *p, const char *path);

/* The same on a stream, which is the dumper's, unless NULL is returned. */
PCAP_AVAILABLE_0_9
PCAP_API pcap_dumper_t *pcap_dump_fopen(pcap_t *p, FILE *fp);

/* The same at the end of a file that fits the handle. */
PCAP_AVAILABLE_1_7
PCAP_API pcap_dumper_t *pcap_dump_open_append(pcap_t *p, const char *path);

/* The dumper's stream, not to be closed. */
PCAP_AVAILABLE_0_8
PCAP_API FILE *pcap_dump_file(pcap_dumper_t *dumper);

/* Bytes of the file so far, or -1. */
PCAP_AVAILABLE_0_9
PCAP_API long pcap_dump_ftell(pcap_dumper_t *dumper);

PCAP_AVAILABLE_1_9
PCAP_API int64_t pcap_dump_ftell64(pcap_dumper_t *dumper);

/* 0, or PCAP_ERROR if this or an earlier write failed. */
PCAP_AVAILABLE_0_8
PCAP_API int pcap_dump_flush(pcap_dumper_t *dumper);

/* Writes what is left, and closes; see pcap_dump_finish() in pcap/weir.h. */
PCAP_AVAILABLE_0_4
PCAP_API void pcap_dump_close(pcap_dumper_t *dumper);

/* Writes a packet; a pcap_handler whose user is the dumper. See pcap_dump_packet() in pcap/weir.h. */
PCAP_AVAILABLE_0_4
PCAP_API void pcap_dump(u_char *dumper, const struct pcap_pkthdr *header, const u_char *data);

/* ---- Sources by URL, and remote capture ---- */

/* Bytes in the string buffers of pcap_createsrcstr() and pcap_parsesrcstr(). */
#define PCAP_BUF_SIZE 1024

/* Kinds of source. */
#define PCAP_SRC_FILE 2
#define PCAP_SRC_IFLOCAL 3
#define PCAP_SRC_IFREMOTE 4

#define PCAP_SRC_FILE_STRING "file://"
#define PCAP_SRC_IF_STRING "rpcap://"

/* Flags of pcap_open(). */
#define PCAP_OPENFLAG_PROMISCUOUS 0x00000001
#define PCAP_OPENFLAG_DATATX_UDP 0x00000002
#define PCAP_OPENFLAG_NOCAPTURE_RPCAP 0x00000004
#define PCAP_OPENFLAG_NOCAPTURE_LOCAL 0x00000008
#define PCAP_OPENFLAG_MAX_RESPONSIVENESS 0x00000010

#define RPCAP_RMTAUTH_NULL 0 /* no authentication */
#define RPCAP_RMTAUTH_PWD 1  /* user name and password */

struct pcap_rmtauth {
	int type; /* RPCAP_RMTAUTH_ */
	char *username;
	char *password;
};

/* An activated handle for "file://...", "rpcap://..." or a device (NULL: the first), or NULL. */
PCAP_AVAILABLE_1_9
PCAP_API pcap_t *pcap_open(
	const char *source, int snaplen, int flags, int timeout_ms, struct pcap_rmtauth *auth, char *errbuf);

/* 0 or PCAP_ERROR; source has room for PCAP_BUF_SIZE bytes. */
PCAP_AVAILABLE_1_9
PCAP_API int pcap_createsrcstr(
	char *source, int type, const char *host, const char *port, const char *name, char *errbuf);

/* 0 or PCAP_ERROR; host, port and name have room for PCAP_BUF_SIZE bytes, or are NULL. */
PCAP_AVAILABLE_1_9
PCAP_API int pcap_parsesrcstr(const char *source, int *type, char *host, char *port, char *name, char *errbuf);

/* pcap_findalldevs() with source strings for names: of "rpcap://" or of the savefiles in "file://FOLDER". */
PCAP_AVAILABLE_1_9
PCAP_API int pcap_findalldevs_ex(const char *source, struct pcap_rmtauth *auth, pcap_if_t **alldevs, char *errbuf);

/* Sampling methods. */
#define PCAP_SAMP_NOSAMP 0
#define PCAP_SAMP_1_EVERY_N 1
#define PCAP_SAMP_FIRST_AFTER_N_MS 2

struct pcap_samp {
	int method; /* PCAP_SAMP_ */
	int value;  /* the N of the method */
};

/* The handle's own, to be changed in place. */
PCAP_AVAILABLE_1_9
PCAP_API struct pcap_samp *pcap_setsampling(pcap_t *p);

/* Bytes in the host list of pcap_remoteact_list(). */
#define RPCAP_HOSTLIST_SIZE 1024

/* Connections from hosts that capture: there are none in this version. INVALID_SOCKET, 0, PCAP_ERROR. */
PCAP_AVAILABLE_1_9
PCAP_API SOCKET pcap_remoteact_accept(const char *address, const char *port, const char *hostlist,
	char *connectinghost, struct pcap_rmtauth *auth, char *errbuf);

PCAP_AVAILABLE_1_10
PCAP_API SOCKET pcap_remoteact_accept_ex(const char *address, const char *port, const char *hostlist,
	char *connectinghost, struct pcap_rmtauth *auth, int uses_ssl, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_remoteact_list(char *hostlist, char separator, int size, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_remoteact_close(const char *host, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API void pcap_remoteact_cleanup(void);

#ifdef __cplusplus
}
#endif

#endif
