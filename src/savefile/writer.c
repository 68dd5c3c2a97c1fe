/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes pcapng and pcap files, one or a row of them, and says at once when that fails: the writing half of
 * pcap/pcapng.h.
 */
#include "savefile/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define DEFAULT_QUEUE_SIZE (64 * 1024 * 1024)

/* ---- Errors ---- */

int pcapint_writer_fail(pcap_writer_t *writer)
{
	if (!writer->failed && writer->output.failed)
		snprintf(writer->errbuf, sizeof(writer->errbuf), "%s", pcapint_output_error(&writer->output));
	writer->failed = true;
	return PCAP_ERROR;
}

int pcapint_writer_no_memory(pcap_writer_t *writer)
{
	snprintf(writer->errbuf, sizeof(writer->errbuf), "no memory for what is to be written");
	writer->failed = true;
	return PCAP_ERROR;
}

const char *pcap_writer_error(const pcap_writer_t *writer)
{
	return writer->errbuf;
}

/* ---- The life of a writer ---- */

static void free_writer(pcap_writer_t *writer)
{
	pcapint_output_free(&writer->output);
	for (uint32_t i = 0; writer->names != NULL && i < writer->options.max_files; i++)
		free(writer->names[i]);
	free(writer->names);
	free(writer->pattern);
	free(writer->head);
	free(writer->interfaces);
	free(writer);
}

/* NULL, or why there can be no such compression. */
static const char *choose_compression(pcap_writer_t *writer)
{
	int number = writer->options.compression;
	const struct compression *compression = number == PCAP_COMPRESSION_BY_NAME
							? pcapint_compression_by_name(writer->pattern)
							: pcapint_compression_by_number(number);

	if (compression == NULL)
		return number == PCAP_COMPRESSION_NONE || number == PCAP_COMPRESSION_BY_NAME
			       ? NULL
			       : "there is no such compression";
	if (compression->codec == NULL)
		return "this library was built without the one that compresses so";
	writer->output.file.compression = compression;
	writer->output.file.level = writer->options.compression_level;
	return NULL;
}

/* Whether the library that compresses is there: told now, and not with the first packet. 0 or PCAP_ERROR. */
static int check_compression(const pcap_writer_t *writer, char *errbuf)
{
	const struct compression *compression = writer->output.file.compression;
	char problem[CODEC_PROBLEM_SIZE];
	void *encoder;

	if (compression == NULL)
		return 0;
	encoder = compression->codec->start_encoding(writer->options.compression_level, problem);
	if (encoder == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.100s: can't compress with %s: %s", writer->pattern,
			compression->library, problem);
		return PCAP_ERROR;
	}
	compression->codec->end_encoding(encoder);
	return 0;
}

static int check_options(pcap_writer_t *writer, char *errbuf)
{
	const struct pcap_writer_options *options = &writer->options;
	const char *fault = choose_compression(writer);

	writer->rotates = options->max_bytes != 0 || options->max_packets != 0 || options->max_nanoseconds != 0;
	if (fault != NULL)
		; /* it is told below */
	else if (options->format != PCAP_FORMAT_PCAPNG && options->format != PCAP_FORMAT_PCAP)
		fault = "there is no such format";
	else if (options->precision != PCAP_TSTAMP_PRECISION_MICRO &&
		 options->precision != PCAP_TSTAMP_PRECISION_NANO)
		fault = "there is no such time stamp precision";
	else if (writer->rotates && strcmp(writer->pattern, "-") == 0)
		fault = "standard output can't be split into files";
	else if (options->append && (writer->rotates || options->atomic))
		fault = "to append goes with one file only, which has its name";
	else if (options->max_files != 0 && !writer->rotates)
		fault = "a largest number of files goes with a limit that begins new ones";
	else if (options->append && writer->output.file.compression != NULL)
		fault = "compressed files can't be appended to";
	if (fault == NULL && check_compression(writer, errbuf) < 0)
		return PCAP_ERROR;
	if (fault == NULL)
		return options->append && strcmp(writer->pattern, "-") != 0
			       ? pcapint_writer_check_append(writer, errbuf)
			       : 0;
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.100s: %s", writer->pattern, fault);
	return PCAP_ERROR;
}

pcap_writer_t *pcap_writer_open(
	const char *path, const struct pcap_writer_options *options, size_t size, char *errbuf)
{
	pcap_writer_t *writer = calloc(1, sizeof(*writer));
	size_t queue_size = 0;

	if (writer == NULL) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't make a writer");
		return NULL;
	}
	if (options != NULL)
		memcpy(&writer->options, options, size < sizeof(writer->options) ? size : sizeof(writer->options));
	if (writer->options.background)
		queue_size = writer->options.queue_size != 0 ? writer->options.queue_size : DEFAULT_QUEUE_SIZE;
	if (pcapint_output_init(&writer->output, queue_size, writer->options.sync != PCAP_FSYNC_NEVER, errbuf) <
		0) {
		free(writer);
		return NULL;
	}
	writer->pattern = strdup(path);
	if (writer->options.max_files != 0)
		writer->names = calloc(writer->options.max_files, sizeof(*writer->names));
	if (writer->pattern == NULL || (writer->options.max_files != 0 && writer->names == NULL)) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't make a writer");
	} else if (check_options(writer, errbuf) == 0) {
		/* A file whose name needs no packet is opened now, so that a path that is wrong is told now. */
		if (writer->started || (writer->rotates && strchr(path, '%') != NULL) ||
			pcapint_writer_begin_file(writer, 0) == 0) {
			if (pcapint_output_wait(&writer->output) == 0)
				return writer;
			pcapint_writer_fail(writer);
		}
		memcpy(errbuf, writer->errbuf, PCAP_ERRBUF_SIZE);
	}
	free_writer(writer);
	return NULL;
}

int pcap_writer_flush(pcap_writer_t *writer)
{
	if (writer->failed)
		return PCAP_ERROR;
	return pcapint_output_flush(&writer->output) < 0 ? pcapint_writer_fail(writer) : 0;
}

void pcap_writer_get_stats(pcap_writer_t *writer, struct pcap_writer_stats *stats, size_t size)
{
	memset(stats, 0, size);
	memcpy(stats, &writer->stats, size < sizeof(writer->stats) ? size : sizeof(writer->stats));
}

int pcap_writer_close(pcap_writer_t *writer, char *errbuf)
{
	int status = writer->failed ? PCAP_ERROR : 0;

	/* A file with a section, if with nothing more, is a good file. */
	if (status == 0 && writer->options.format == PCAP_FORMAT_PCAPNG && writer->head_size == 0)
		status = pcapint_writer_begin_section(writer);
	if (status == 0 && !writer->started)
		status = pcapint_writer_begin_file(writer, time(NULL));
	if (status == 0)
		status = pcapint_writer_end_file(writer);
	if (status == 0 && pcapint_output_wait(&writer->output) < 0)
		status = pcapint_writer_fail(writer);
	if (status < 0)
		memcpy(errbuf, writer->errbuf, PCAP_ERRBUF_SIZE);
	free_writer(writer);
	return status;
}
