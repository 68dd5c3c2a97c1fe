/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The conformance suite for capture modules, `weir module check`: what its parts share. A check is a row of a table; it
 * runs in a process of its own, so that a module that crashes, hangs or exits ends that check only.
 */
#ifndef WEIR_MODULE_CHECK_H
#define WEIR_MODULE_CHECK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#include <pcap-int.h>

#include "json.h"
#include "options.h"

enum outcome { CHECK_PASSED, CHECK_BROKEN, CHECK_LEFT_OUT, OUTCOME_COUNT };

struct check_settings {
	struct option_list devices;
	struct option_list rules;
	const char *traffic;
	bool inject;
	bool strict;
	bool list;
	bool json;
	uint64_t wait;      /* ns, for packets */
	uint64_t limit;     /* ns, for one check */
	uint64_t leak_time; /* ns, for each round of looking for leaks */
};

/* What is checked. */
struct check_subject {
	const char *file;     /* of the module; NULL: it is built in */
	const char *module;   /* its name */
	const char *prefixes; /* as pcap_get_module() tells them, or NULL */
	const char *device;   /* NULL while the file or the listing is checked */
	bool listened;        /* it could be read from when it was first opened, */
	bool has_packets;     /* and packets came */
};

#define CHECK_DEVICES_SIZE 65536

/* What a check comes to; in memory that the check's process shares with the command's. */
struct check_result {
	volatile bool finished; /* the check has come to its end, and the module has not ended the process before */
	volatile enum outcome outcome;
	bool hung;       /* it had to be ended */
	char rule[8];    /* of which it is said, where that is another than the check's */
	char text[1024]; /* what was wrong, or why it was left out, or what there is to remark */
	char step[128];  /* what the check is at, for when it does not come back */
	/* What the first checks find out for those that follow. */
	bool opened;                      /* the device could be activated */
	bool listened;                    /* and it was read from for as long as it takes */
	unsigned packets;                 /* that came then */
	char devices[CHECK_DEVICES_SIZE]; /* names, a NUL behind each, and one more at the end */
};

/* A check that runs, as its routine sees it. */
struct trial {
	const struct check_settings *settings;
	const struct check_subject *subject;
	struct check_result *result;
};

enum { CHECK_NEEDS_PACKETS = 1, CHECK_NEEDS_PREFIXES = 2 };

struct check_row {
	const char *rule; /* of the module contract */
	const char *name; /* what has to hold */
	void (*run)(struct trial *t);
	unsigned needs; /* CHECK_NEEDS_ */
};

/* The tables, each ended by a row without a rule, by what they need: a file, a module, a device, one that opens. */
extern const struct check_row shape_checks[];
extern const struct check_row listing_checks[];
extern const struct check_row create_checks[];
extern const struct check_row opening_check[]; /* the one that must pass before those that follow */
extern const struct check_row activate_checks[];
extern const struct check_row read_checks[];
extern const struct check_row break_checks[];
extern const struct check_row signal_checks[];
extern const struct check_row filter_checks[];
extern const struct check_row operation_checks[];
extern const struct check_row thread_checks[];
extern const struct check_row leak_checks[];

/* ---- Running a check (check-run.c) ---- */

/* Memory for results that processes share; NULL if there is none. */
struct check_result *new_check_result(void);
/* Runs it; what it came to is in result, too. */
enum outcome run_check(const struct check_row *row, struct trial *t);

/* To be called first. */
void adopt_orphans(void);
/* Starts the command that makes traffic; it is started again whenever it ends, by run_check(). */
void start_traffic(const char *command);
/* Sends packets through the device for as long as it is checked. */
void start_injecting(const char *device);
void stop_injecting(void);
void stop_traffic(void);

/* ---- The report (check-report.c) ---- */

#define MOST_RULES 64

/* How many checks of a rule came to what. */
struct rule_count {
	char rule[8];
	unsigned outcomes[OUTCOME_COUNT];
};

struct check_report {
	bool json;
	struct json *out; /* where json is set */
	struct rule_count rules[MOST_RULES];
	unsigned rule_count;
	unsigned total[OUTCOME_COUNT];
};

/* What is checked from here on: a module, or a device of it. */
void report_subject(struct check_report *report, const struct check_subject *subject);
/* What a check came to. */
void report_check(struct check_report *report, const struct check_subject *subject, const struct check_row *row,
	const struct check_result *result);
/* The table of rules, and the counts. */
void report_end(const struct check_report *report);

/* ---- What checks say (check-say.c) ---- */

/* The rule is broken, and how: ends the check. The other says so of another rule than the check's. */
noreturn void broken(struct trial *t, const char *format, ...) PCAP_PRINTFLIKE(2, 3);
noreturn void broken_rule(struct trial *t, const char *rule, const char *format, ...) PCAP_PRINTFLIKE(3, 4);
/* It can't be checked here, and why: ends the check. */
noreturn void left_out(struct trial *t, const char *format, ...) PCAP_PRINTFLIKE(2, 3);
/* Something to tell of a check that goes on. */
void remark(struct trial *t, const char *format, ...) PCAP_PRINTFLIKE(2, 3);
/* What the check does next; told if it does not come back from there. */
void step(struct trial *t, const char *format, ...) PCAP_PRINTFLIKE(2, 3);
/* A text that a failed call left: there, with an end, printable; otherwise the rule is broken. Returns the text. */
const char *check_text(struct trial *t, const char *rule, const char *text, const char *call);

/* ---- Handles (check-handle.c) ---- */

/* What is asked of a handle before it is activated; 0 leaves the default, but for timeout (ms). */
struct opening {
	int snaplen;
	int timeout;
	bool nonblock;
	bool immediate;
	bool nanoseconds;
};

/* The thread's error buffer, emptied: of PCAP_ERRBUF_SIZE bytes, and no byte more that can be written. */
char *guarded_errbuf(struct trial *t);
pcap_t *create_handle(struct trial *t);
/* An activated handle; the check ends if there is none. */
pcap_t *open_handle(struct trial *t, const struct opening *opening);
/* A second handle on the device; the check is left out if it serves one only. */
pcap_t *open_second(struct trial *t, const struct opening *opening);
/* Activates, and leaves in text what the module itself has put into errbuf. */
int activate_and_listen(pcap_t *p, char text[PCAP_ERRBUF_SIZE]);
void set_nonblock(struct trial *t, pcap_t *p, int nonblock);

uint64_t wait_deadline(const struct trial *t);
void sleep_ms(unsigned ms);

#define SEEN_BYTES 128

struct seen {
	struct pcap_pkthdr header;
	u_char bytes[SEEN_BYTES]; /* the first of them */
};

/* Packets that are read. */
struct gathering {
	struct trial *t;
	pcap_t *p;
	unsigned callbacks;   /* altogether */
	unsigned in_call;     /* in the last call */
	unsigned break_at;    /* breaks the loop at this packet of a call; 0: never */
	unsigned break_after; /* breaks it when there are so many altogether, once; 0: never */
	unsigned breaks;      /* how often it did so */
	struct seen *seen;    /* the first seen_max of them; NULL: they are not kept */
	unsigned seen_max;
	u_int shorter, longer;      /* the smallest and the largest length on the wire */
	volatile unsigned checksum; /* of all bytes, so that all are read */
};

void start_gathering(struct gathering *g, struct trial *t, pcap_t *p, unsigned keep);
/* A callback that gathers: a pcap_handler for a struct gathering. */
void gather_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data);
/* pcap_dispatch(), and what holds of every call: counts, and an error's text. An error ends the check. */
int dispatch(struct gathering *g, int cnt);
/* Reads until there are so many, in non-blocking mode; false if they do not come in time. */
bool gather(struct gathering *g, int cnt, unsigned wanted);
/* The same, but the check is left out if they don't come. */
void gather_or_leave(struct gathering *g, int cnt, unsigned wanted);
/* Waits until the device says that there is something to read, or some milliseconds are over. */
void wait_some(pcap_t *p, unsigned ms);
/* The same for 20 ms; false when that time is over. */
bool wait_until(pcap_t *p, uint64_t deadline);
/* Whether its selectable descriptor can be read in that time. */
bool fd_becomes_readable(pcap_t *p, unsigned ms);
/* Reads until nothing is left at hand; false if there is always more. */
bool drain(struct gathering *g);
/* By how much pcap_stats() counts more than was delivered, when nothing is at hand; or that there always is something. */
#define ALWAYS_MORE LLONG_MAX
long long count_missing(struct gathering *g);

/* ---- Packets that are numbered (check-numbers.c) ---- */

/* Where packets have a number that grows by one from each to the next. */
struct numbering {
	unsigned offset, size;
	bool little_endian;
};

/* A handle that is read as the check wants it, and one that is read plainly beside it. */
struct numbered {
	struct gathering read, reference;
	struct numbering numbering;
};

/* Opens both; the check is left out if packets have no numbers. */
void open_numbered(struct trial *t, struct numbered *numbered);
/* Ends the check if the one handle has lost a packet that the other has, or has one more often; closes both. */
void check_numbered(struct trial *t, struct numbered *numbered);

/* ---- Resources (check-resources.c) ---- */

struct resources {
	unsigned descriptors;
	unsigned threads;
	unsigned children;
	uint64_t allocated; /* bytes from malloc() */
	uint64_t mapped;    /* bytes of address space */
};

void count_resources(struct resources *resources);
/* The names of the descriptors from `from` on that stand open, for people. */
void name_descriptors(int from, char *text, size_t size);
/* The lowest descriptor above which all are free, once gaps below are filled. */
int fill_descriptors(struct trial *t);
/* No descriptor from limit on can be had; or all that could be. */
void limit_descriptors(int limit);
void unlimit_descriptors(void);

/* Runs round many times; it is broken if descriptors, memory, threads or processes are left. */
void check_leaks(struct trial *t, void (*round)(struct trial *t));

#endif
