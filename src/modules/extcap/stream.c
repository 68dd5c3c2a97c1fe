/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packets that an extcap program writes: a savefile that comes through a FIFO, read by a thread with the library's
 * own reader, so that any savefile is good and nothing in it can hurt; handed over through a buffer. When the buffer is
 * full the thread waits, and then the program: nothing is lost.
 */
#include "extcap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_BUFFER_SIZE (2 * 1024 * 1024)
#define READ_SIZE (64 * 1024)

struct packet {
	struct packet *next;
	struct pcap_pkthdr header;
	u_char data[];
};

struct extcap_stream {
	pthread_t thread;
	int fifo_fd;
	int event_fd; /* can be read when there is something to see */
	int stop_fd;  /* can be read when the thread is to stop */
	u_int precision;
	size_t limit; /* bytes of packets that may wait */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t room;
	pcap_t *file; /* NULL until its header was read */
	bool stop, ended;
	int linktype;
	char error[PCAP_ERRBUF_SIZE];
	struct packet *first, **behind;
	size_t waiting; /* bytes */

	struct packet *handed_out; /* the reading side's */
};

/* ---- The thread ---- */

/* There is something to see. */
static void tell(struct extcap_stream *stream)
{
	uint64_t one = 1;
	ssize_t written _U_ = write(stream->event_fd, &one, sizeof(one));
}

/* Waits until there is room; false if the capture ends meanwhile, or there is no memory. */
static bool put_packet(struct extcap_stream *stream, const struct pcap_pkthdr *header, const u_char *data)
{
	size_t size = sizeof(struct packet) + header->caplen;
	struct packet *packet = malloc(size);
	bool go_on;

	if (packet == NULL)
		return false;
	packet->next = NULL;
	packet->header = *header;
	memcpy(packet->data, data, header->caplen);
	pthread_mutex_lock(&stream->lock);
	while (!stream->stop && stream->waiting > 0 && stream->waiting + size > stream->limit)
		pthread_cond_wait(&stream->room, &stream->lock);
	go_on = !stream->stop;
	if (go_on) {
		if (stream->first == NULL)
			tell(stream);
		*stream->behind = packet;
		stream->behind = &packet->next;
		stream->waiting += size;
	} else {
		free(packet);
	}
	pthread_mutex_unlock(&stream->lock);
	return go_on;
}

/* The FIFO as a stream that ends when the thread is to stop, whoever holds the FIFO open. */
static ssize_t read_fifo(void *cookie, char *buffer, size_t size)
{
	struct extcap_stream *stream = cookie;
	struct pollfd fds[2] = {
		{.fd = stream->fifo_fd, .events = POLLIN}, {.fd = stream->stop_fd, .events = POLLIN}};

	for (;;) {
		if (poll(fds, 2, -1) == -1 && errno != EINTR)
			return -1;
		if (fds[1].revents != 0)
			return 0;
		ssize_t count = read(stream->fifo_fd, buffer, size);
		if (count >= 0 || (errno != EAGAIN && errno != EINTR))
			return count;
	}
}

/* The file, and what its header says; NULL with a text in error. */
static pcap_t *open_file(struct extcap_stream *stream, char *error)
{
	FILE *file = fopencookie(stream, "rb", (cookie_io_functions_t){.read = read_fifo});
	pcap_t *p = NULL;

	if (file != NULL) {
		setvbuf(file, NULL, _IOFBF, READ_SIZE);
		p = pcap_fopen_offline_with_tstamp_precision(file, stream->precision, error);
	} else {
		snprintf(error, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
	}
	pthread_mutex_lock(&stream->lock);
	stream->file = p;
	stream->linktype = p != NULL ? pcap_datalink(p) : EXTCAP_NO_LINKTYPE_EVER;
	memcpy(stream->error, error, sizeof(stream->error));
	tell(stream);
	pthread_mutex_unlock(&stream->lock);
	if (p == NULL && file != NULL)
		fclose(file);
	return p;
}

static void *read_file(void *argument)
{
	struct extcap_stream *stream = argument;
	struct pcap_pkthdr *header;
	const u_char *data;
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = open_file(stream, error);
	int status = PCAP_ERROR;

	while (p != NULL && (status = pcap_next_ex(p, &header, &data)) == 1)
		if (!put_packet(stream, header, data))
			break;
	if (p != NULL && status == PCAP_ERROR)
		snprintf(error, sizeof(error), "%s", pcap_geterr(p));
	pthread_mutex_lock(&stream->lock);
	stream->ended = true;
	snprintf(stream->error, sizeof(stream->error), "%s", error);
	tell(stream);
	pthread_mutex_unlock(&stream->lock);
	return NULL;
}

/* ---- The reading side ---- */

static void free_stream(struct extcap_stream *stream)
{
	struct packet *next;

	for (struct packet *packet = stream->first; packet != NULL; packet = next) {
		next = packet->next;
		free(packet);
	}
	free(stream->handed_out);
	if (stream->file != NULL)
		pcap_close(stream->file);
	if (stream->fifo_fd != -1)
		close(stream->fifo_fd);
	if (stream->event_fd != -1)
		close(stream->event_fd);
	if (stream->stop_fd != -1)
		close(stream->stop_fd);
	pthread_cond_destroy(&stream->room);
	pthread_mutex_destroy(&stream->lock);
	free(stream);
}

static struct extcap_stream *new_stream(pcap_t *p, const char *fifo)
{
	struct extcap_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return NULL;
	pthread_mutex_init(&stream->lock, NULL);
	pthread_cond_init(&stream->room, NULL);
	stream->behind = &stream->first;
	stream->linktype = EXTCAP_NO_LINKTYPE_YET;
	stream->precision = p->opt.tstamp_precision;
	stream->limit = p->opt.buffer_size > 0 ? p->opt.buffer_size : DEFAULT_BUFFER_SIZE;
	stream->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	stream->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* Not blocking, or the open would wait for the program to open its end. */
	stream->fifo_fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return stream;
}

struct extcap_stream *pcapint_extcap_open_stream(pcap_t *p, const char *fifo)
{
	struct extcap_stream *stream = new_stream(p, fifo);
	sigset_t all, before;
	int error = errno;

	if (stream == NULL)
		return NULL;
	if (stream->event_fd != -1 && stream->stop_fd != -1 && stream->fifo_fd != -1) {
		/* The program's signals are not for this thread. */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		error = pthread_create(&stream->thread, NULL, read_file, stream);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (error == 0)
			return stream;
	}
	free_stream(stream);
	errno = error;
	return NULL;
}

int pcapint_extcap_stream_fd(const struct extcap_stream *stream)
{
	return stream->event_fd;
}

int pcapint_extcap_stream_linktype(struct extcap_stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	int linktype = stream->linktype;
	pthread_mutex_unlock(&stream->lock);
	return linktype;
}

void pcapint_extcap_stream_error(struct extcap_stream *stream, char *error)
{
	pthread_mutex_lock(&stream->lock);
	memcpy(error, stream->error, sizeof(stream->error));
	pthread_mutex_unlock(&stream->lock);
}

int pcapint_extcap_stream_next(struct extcap_stream *stream, struct pcap_pkthdr *header, const u_char **data)
{
	uint64_t told;
	bool ended;

	free(stream->handed_out);
	pthread_mutex_lock(&stream->lock);
	struct packet *packet = stream->handed_out = stream->first;
	ended = stream->ended;
	if (packet != NULL) {
		stream->first = packet->next;
		if (stream->first == NULL)
			stream->behind = &stream->first;
		stream->waiting -= sizeof(*packet) + packet->header.caplen;
		pthread_cond_signal(&stream->room);
	} else if (!ended) {
		/* The end stays to be seen. */
		ssize_t drained _U_ = read(stream->event_fd, &told, sizeof(told));
	}
	pthread_mutex_unlock(&stream->lock);
	if (packet == NULL)
		return ended ? -1 : 0;
	*header = packet->header;
	*data = packet->data;
	return 1;
}

void pcapint_extcap_close_stream(struct extcap_stream *stream)
{
	uint64_t one = 1;

	pthread_mutex_lock(&stream->lock);
	stream->stop = true;
	pthread_cond_signal(&stream->room);
	pthread_mutex_unlock(&stream->lock);
	ssize_t written _U_ = write(stream->stop_fd, &one, sizeof(one));
	pthread_join(stream->thread, NULL);
	free_stream(stream);
}
