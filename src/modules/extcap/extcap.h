/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the extcap module call of each other: finding and running programs that speak Wireshark's extcap
 * protocol (doc/extcap.adoc of Wireshark, "Adding Capture Interfaces And Log Sources Using Extcap" in its Developer's
 * Guide), reading what they say, and taking over the packets that they write.
 */
#ifndef WEIR_EXTCAP_H
#define WEIR_EXTCAP_H

#include <pcap-int.h>

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define EXTCAP_NAME_MAX 128
#define EXTCAP_ARGUMENTS_MAX 64

/* ---- program.c ---- */

#define EXTCAP_WORDS_MAX 180 /* of its last words, so that they fit into errbuf */

struct extcap_process {
	pid_t pid;  /* and its process group; -1 if there is none */
	int leash;  /* capturing: when this is closed, by us or by the end of our process, it is ended; or -1 */
	int output; /* what it writes to its standard output (asking) or error (capturing), or -1 */
	/* Of the latter, the line that is being read, and the last one that says something. */
	char line[EXTCAP_WORDS_MAX];
	size_t line_length;
	char words[EXTCAP_WORDS_MAX];
};

/* Called with the path of each program; anything but 0 ends the search and is what pcapint_extcap_each() returns. */
typedef int (*extcap_visitor)(const char *path, void *context);
/* Visits the programs in the folders of PCAP_EXTCAP_PATH, and then in the fixed ones: 0, or what a visitor returned. */
int pcapint_extcap_each(bool fixed_too, extcap_visitor visitor, void *context);
/*
 * Runs a program that captures to a FIFO, with arguments, NULL last; 0 or a negative errno value. arguments[0] is the path.
 */
int pcapint_extcap_start(struct extcap_process *process, char *const arguments[], const char *fifo);
/* Runs it and returns what it writes, NUL-terminated, to be freed; NULL, with errno set, if it can't or takes too long. */
char *pcapint_extcap_ask(char *const arguments[]);
/*
 * Reads what it has written to its standard error, without waiting, and keeps the last line in words. A program that
 * nobody reads from would come to a halt.
 */
void pcapint_extcap_read_words(struct extcap_process *process);
/* True when it has ended; pcapint_extcap_stop() is still to be called. */
bool pcapint_extcap_has_ended(const struct extcap_process *process);
/* CLOCK_MONOTONIC. */
int64_t pcapint_extcap_milliseconds(void);
/* Ends a program and what it has started; waits for it. */
void pcapint_extcap_stop(struct extcap_process *process);

/* ---- sentences.c ---- */

/*
 * Finds the next sentence of a kind in a program's answer, as in "interface {value=randpkt}{display=Random}": where its
 * parameters begin; moves *text behind the line. NULL if there is none.
 */
const char *pcapint_extcap_next(const char **text, const char *kind);
/* A parameter of a sentence; false if it is not there or does not fit. */
bool pcapint_extcap_parameter(const char *sentence, const char *name, char *value, size_t size);

/* ---- stream.c ---- */

struct extcap_stream;

#define EXTCAP_NO_LINKTYPE_YET (-1)
#define EXTCAP_NO_LINKTYPE_EVER (-2)

/* Starts to read the FIFO in a thread; NULL with errno set. p's time stamp precision and buffer size hold. */
struct extcap_stream *pcapint_extcap_open_stream(pcap_t *p, const char *fifo);
/* Becomes readable when there is a packet, or the header, or the end. */
int pcapint_extcap_stream_fd(const struct extcap_stream *stream);
/* The DLT_ in the file's header, or one of the two above. */
int pcapint_extcap_stream_linktype(struct extcap_stream *stream);
/* Why the stream has ended; empty if that was the end of a good file. error has PCAP_ERRBUF_SIZE bytes. */
void pcapint_extcap_stream_error(struct extcap_stream *stream, char *error);
/* The next packet, which lasts until the next call: 1; 0 if there is none yet; -1 at the end. */
int pcapint_extcap_stream_next(struct extcap_stream *stream, struct pcap_pkthdr *header, const u_char **data);
/* Ends the thread whatever it waits for, and frees all. The FIFO's file must still be there. */
void pcapint_extcap_close_stream(struct extcap_stream *stream);

#endif
