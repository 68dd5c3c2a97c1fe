/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the writer's bytes go: one file after another, in large steps, by another thread if that is wanted. For
 * src/savefile only.
 */
#ifndef WEIR_SAVEFILE_OUTPUT_H
#define WEIR_SAVEFILE_OUTPUT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "savefile/codec.h"

/* ---- A file (output-file.c): what is done to it, by whichever thread ---- */

struct output_file {
	int fd; /* -1: none is open */
	char *path;
	char *partial; /* the name that it has until it is finished, or NULL */
	bool sync;
	const struct compression *compression; /* NULL: none */
	int level;
	void *encoder;
	char error[PCAP_ERRBUF_SIZE]; /* what went wrong, once something has */
};

struct output_start {
	bool append;
	bool atomic;
};

/* Each is true, or false with error set. After a failure they do nothing, and are false. */
bool pcapint_output_file_open(struct output_file *file, const char *path, const struct output_start *start);
bool pcapint_output_file_write(struct output_file *file, const void *bytes, size_t size);
/* Hands on what an encoder has kept. */
bool pcapint_output_file_flush(struct output_file *file);
/* Ends the file, with all that belongs to that, and closes it. */
bool pcapint_output_file_finish(struct output_file *file);
/* Removes a file that is not wanted any more. */
bool pcapint_output_file_remove(struct output_file *file, const char *path);

/* ---- All of them (output.c) ---- */

/* A thing to do, for the other thread. */
struct output_task {
	struct output_task *next;
	enum { OUTPUT_OPEN, OUTPUT_WRITE, OUTPUT_FLUSH, OUTPUT_FINISH, OUTPUT_REMOVE } what;
	struct output_start start;
	size_t size;
	u_char *bytes; /* or a path */
};

struct output {
	struct output_file file;
	u_char *buffer; /* what is not handed on yet */
	size_t used;
	size_t capacity;
	/* The other thread. Below are its queue, and what guards it and file. */
	bool background;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct output_task *first, **last;
	size_t queued; /* bytes */
	size_t queue_size;
	bool busy;   /* a task is being done */
	bool ending; /* no other tasks will come */
	_Atomic bool failed;
};

/* 0, or PCAP_ERROR with errbuf filled. queue_size 0: this thread does the writing. */
int pcapint_output_init(struct output *output, size_t queue_size, bool sync, char *errbuf);
/* Ends all; what was not finished is left as it is. */
void pcapint_output_free(struct output *output);

/* Each is 0, or PCAP_ERROR; then pcapint_output_error() has what went wrong. */
int pcapint_output_open(struct output *output, const char *path, const struct output_start *start);
int pcapint_output_flush(struct output *output);
int pcapint_output_finish(struct output *output);
int pcapint_output_remove(struct output *output, const char *path);
/* Waits until all was done that was asked for. */
int pcapint_output_wait(struct output *output);
const char *pcapint_output_error(const struct output *output);

/* What is written in one step: large, and at offsets that are multiples of a page. */
#define OUTPUT_STEP (256 * 1024)
#define OUTPUT_ALIGNMENT 4096

/* Room for a larger piece, and for handing on what makes a step. */
bool pcapint_output_grow(struct output *output, size_t size);
int pcapint_output_step(struct output *output);

/* Where `size` bytes can be put, for output_commit() to take; NULL if there is no memory. */
static inline u_char *output_reserve(struct output *output, size_t size)
{
	if (__builtin_expect(size > output->capacity - output->used, 0) && !pcapint_output_grow(output, size))
		return NULL;
	return output->buffer + output->used;
}

static inline int output_commit(struct output *output, size_t size)
{
	output->used += size;
	if (__builtin_expect(output->used < OUTPUT_STEP, 1))
		return output->failed ? PCAP_ERROR : 0;
	return pcapint_output_step(output);
}

#endif
