/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Collects the writer's bytes into large steps, and does what is to be done to files at once, or has another thread do
 * it in the same order.
 */
#include "savefile/output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "savefile/savefile.h"

/* ---- Doing ---- */

static bool do_task(struct output *output, const struct output_task *task)
{
	switch (task->what) {
	case OUTPUT_OPEN:
		return pcapint_output_file_open(&output->file, (char *)task->bytes, &task->start);
	case OUTPUT_WRITE:
		return pcapint_output_file_write(&output->file, task->bytes, task->size);
	case OUTPUT_FLUSH:
		return pcapint_output_file_flush(&output->file);
	case OUTPUT_FINISH:
		return pcapint_output_file_finish(&output->file);
	case OUTPUT_REMOVE:
		return pcapint_output_file_remove(&output->file, (char *)task->bytes);
	}
	return true;
}

/* The next task of the other thread, when there is one; NULL: there is none left, and none to come. */
static struct output_task *take_task(struct output *output)
{
	struct output_task *task;

	pthread_mutex_lock(&output->mutex);
	while (output->first == NULL && !output->ending)
		pthread_cond_wait(&output->changed, &output->mutex);
	task = output->first;
	if (task != NULL) {
		output->first = task->next;
		if (output->first == NULL)
			output->last = &output->first;
		output->busy = true;
	}
	pthread_mutex_unlock(&output->mutex);
	return task;
}

/* The other thread. */
static void *do_tasks(void *argument)
{
	struct output *output = argument;
	struct output_task *task;

	while ((task = take_task(output)) != NULL) {
		bool good = do_task(output, task);

		pthread_mutex_lock(&output->mutex);
		output->busy = false;
		output->queued -= task->size;
		output->failed = output->failed || !good;
		pthread_cond_broadcast(&output->changed);
		pthread_mutex_unlock(&output->mutex);
		free(task->bytes);
		free(task);
	}
	return NULL;
}

/* Waits for room in the queue, and puts the task there. Takes over its bytes. */
static int enqueue(struct output *output, const struct output_task *task)
{
	struct output_task *copy = malloc(sizeof(*copy));

	if (copy == NULL) {
		free(task->bytes);
		output->failed = true;
		return PCAP_ERROR;
	}
	*copy = *task;
	copy->next = NULL;
	pthread_mutex_lock(&output->mutex);
	while (output->queued > 0 && output->queued + copy->size > output->queue_size && !output->failed)
		pthread_cond_wait(&output->changed, &output->mutex);
	output->queued += copy->size;
	*output->last = copy;
	output->last = &copy->next;
	pthread_cond_broadcast(&output->changed);
	pthread_mutex_unlock(&output->mutex);
	return output->failed ? PCAP_ERROR : 0;
}

/* Does it now, or later. The task's bytes stay the caller's. */
static int give_task(struct output *output, struct output_task *task)
{
	if (!output->background) {
		output->failed = output->failed || !do_task(output, task);
		return output->failed ? PCAP_ERROR : 0;
	}
	if (task->bytes != NULL) {
		size_t size = task->what == OUTPUT_WRITE ? task->size : strlen((char *)task->bytes) + 1;
		u_char *copy = malloc(size);

		if (copy == NULL) {
			output->failed = true;
			return PCAP_ERROR;
		}
		task->bytes = memcpy(copy, task->bytes, size);
	}
	return enqueue(output, task);
}

/* ---- The life of an output ---- */

/* Signals are the program's: its threads take them. */
static int start_thread(struct output *output)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&output->thread, NULL, do_tasks, output);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int pcapint_output_init(struct output *output, size_t queue_size, bool sync, char *errbuf)
{
	int error = 0;

	memset(output, 0, sizeof(*output));
	output->file.fd = -1;
	output->file.sync = sync;
	output->last = &output->first;
	output->queue_size = queue_size;
	pthread_mutex_init(&output->mutex, NULL);
	pthread_cond_init(&output->changed, NULL);
	if (!pcapint_output_grow(output, OUTPUT_STEP + OUTPUT_ALIGNMENT)) {
		error = errno;
	} else if (queue_size > 0) {
		error = start_thread(output);
		output->background = error == 0;
	}
	if (error == 0)
		return 0;
	pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, error, "can't make a writer");
	pcapint_output_free(output);
	return PCAP_ERROR;
}

void pcapint_output_free(struct output *output)
{
	if (output->background) {
		pthread_mutex_lock(&output->mutex);
		output->ending = true;
		pthread_cond_broadcast(&output->changed);
		pthread_mutex_unlock(&output->mutex);
		pthread_join(output->thread, NULL);
	}
	if (output->file.fd >= 0)
		close(output->file.fd);
	if (output->file.encoder != NULL)
		output->file.compression->codec->end_encoding(output->file.encoder);
	pthread_mutex_destroy(&output->mutex);
	pthread_cond_destroy(&output->changed);
	free(output->file.partial);
	free(output->file.path);
	free(output->buffer);
	output->buffer = NULL;
}

bool pcapint_output_grow(struct output *output, size_t size)
{
	size_t capacity = (output->used + size + OUTPUT_ALIGNMENT) / OUTPUT_ALIGNMENT * OUTPUT_ALIGNMENT;
	u_char *buffer = aligned_alloc(OUTPUT_ALIGNMENT, capacity);

	if (buffer == NULL)
		return false;
	if (output->used > 0)
		memcpy(buffer, output->buffer, output->used);
	free(output->buffer);
	output->buffer = buffer;
	output->capacity = capacity;
	return true;
}

int pcapint_output_open(struct output *output, const char *path, const struct output_start *start)
{
	return give_task(
		output, &(struct output_task){.what = OUTPUT_OPEN, .start = *start, .bytes = (u_char *)path});
}

/* Hands on what is a multiple of a page, and keeps the rest. */
int pcapint_output_step(struct output *output)
{
	size_t size = output->used / OUTPUT_ALIGNMENT * OUTPUT_ALIGNMENT;
	int status = give_task(
		output, &(struct output_task){.what = OUTPUT_WRITE, .size = size, .bytes = output->buffer});

	output->used -= size;
	memmove(output->buffer, output->buffer + size, output->used);
	return status;
}

/* All that is there, wherever that ends. */
static int push(struct output *output)
{
	size_t size = output->used;

	output->used = 0;
	if (size == 0)
		return output->failed ? PCAP_ERROR : 0;
	return give_task(
		output, &(struct output_task){.what = OUTPUT_WRITE, .size = size, .bytes = output->buffer});
}

int pcapint_output_wait(struct output *output)
{
	if (output->background) {
		pthread_mutex_lock(&output->mutex);
		while (output->first != NULL || output->busy)
			pthread_cond_wait(&output->changed, &output->mutex);
		pthread_mutex_unlock(&output->mutex);
	}
	return output->failed ? PCAP_ERROR : 0;
}

int pcapint_output_flush(struct output *output)
{
	push(output);
	if (output->file.compression != NULL)
		give_task(output, &(struct output_task){.what = OUTPUT_FLUSH});
	return output->failed ? PCAP_ERROR : 0;
}

int pcapint_output_finish(struct output *output)
{
	push(output);
	return give_task(output, &(struct output_task){.what = OUTPUT_FINISH});
}

int pcapint_output_remove(struct output *output, const char *path)
{
	return give_task(output, &(struct output_task){.what = OUTPUT_REMOVE, .bytes = (u_char *)path});
}

const char *pcapint_output_error(const struct output *output)
{
	return output->file.error[0] != '\0' ? output->file.error : "no memory for what is to be written";
}
