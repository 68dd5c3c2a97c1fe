/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens savefiles for reading: the stream, the format that its first bytes tell, the handle. The formats are rows of
 * one table.
 */
#include "savefile/savefile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct savefile_format formats[] = {
	{"pcap", pcapint_classic_matches, pcapint_classic_open},
	{"pcapng", pcapint_ng_matches, pcapint_ng_open},
};

void pcapint_shorten_name(char short_name[SAVEFILE_NAME_SIZE], const char *name)
{
	size_t length = strlen(name);
	size_t size = SAVEFILE_NAME_SIZE;

	if (length < size) {
		memcpy(short_name, name, length + 1);
		return;
	}
	name += length - (size - sizeof("..."));
	while (((u_char)*name & 0xc0) == 0x80) /* not from the middle of an UTF-8 character */
		name++;
	snprintf(short_name, size, "...%s", name);
}

int pcapint_need_file_header(pcap_t *p, size_t size, char *errbuf)
{
	struct pcap_savefile *sf = p->priv;
	char problem[100];
	size_t available;

	if (pcapint_input_fill(&sf->input, size, &p->break_loop) < 0) {
		pcapint_input_problem(&sf->input, problem, sizeof(problem));
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: %s", sf->name, problem);
		return PCAP_ERROR;
	}
	available = input_available(&sf->input);
	if (available >= size)
		return 0;
	if (available == 0)
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: the file is empty", sf->name);
	else
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%s: the file ends in the middle of the file header: after %zu bytes", sf->name, available);
	return PCAP_ERROR;
}

static int start_decompression(struct pcap_savefile *sf, const struct compression *compression, char *errbuf)
{
	char problem[PCAP_ERRBUF_SIZE];

	if (compression->codec != NULL) {
		if (pcapint_input_decompress(&sf->input, compression, problem) == 0)
			return 0;
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: the file is compressed with %s, which needs %s: %s",
			sf->name, compression->name, compression->library, problem);
		return PCAP_ERROR;
	}
	snprintf(errbuf, PCAP_ERRBUF_SIZE,
		"%s: the file is compressed with %s, and this library was built without %s", sf->name,
		compression->name, compression->library);
	return PCAP_ERROR;
}

static int open_by_format(pcap_t *p, u_int precision, char *errbuf)
{
	struct pcap_savefile *sf = p->priv;
	const struct compression *compression;
	const u_char *first;

	if (pcapint_need_file_header(p, SAVEFILE_MAGIC_SIZE, errbuf) < 0)
		return PCAP_ERROR;
	compression = pcapint_compression_by_magic(input_data(&sf->input));
	if (compression != NULL && (start_decompression(sf, compression, errbuf) < 0 ||
					   pcapint_need_file_header(p, SAVEFILE_MAGIC_SIZE, errbuf) < 0))
		return PCAP_ERROR;
	first = input_data(&sf->input);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].matches(first))
			return formats[i].open(p, precision, errbuf);
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: not a capture file (the first bytes are %02x %02x %02x %02x)",
		sf->name, first[0], first[1], first[2], first[3]);
	return PCAP_ERROR;
}

static void breakloop(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;

	pcapint_breakloop_common(p);
	pcapint_input_wake(&sf->input);
}

static void cleanup(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;

	if (p->core->rfile == stdin)
		pcapint_savefile_leave_position(sf);
	else if (p->core->rfile != NULL)
		fclose(p->core->rfile);
	pcapint_input_free(&sf->input);
	pcapint_ng_free(&sf->ng);
	p->core->rfile = NULL;
	pcapint_cleanup_live_common(p);
}

/* Makes a handle for a stream; on failure the stream stays the caller's. */
static pcap_t *open_stream(FILE *stream, const char *name, u_int precision, bool whole, char *errbuf)
{
	struct pcap_savefile *sf;
	pcap_t *p;

	if (precision != PCAP_TSTAMP_PRECISION_MICRO && precision != PCAP_TSTAMP_PRECISION_NANO &&
		precision != PCAP_TSTAMP_PRECISION_OF_FILE) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "there is no time stamp precision %u", precision);
		return NULL;
	}
	p = pcapint_new_handle(errbuf, sizeof(struct pcap_savefile));
	if (p == NULL)
		return NULL;
	sf = p->priv;
	pcapint_shorten_name(sf->name, name);
	sf->whole = whole;
	p->core->kind = PCAP_KIND_OFFLINE;
	p->core->activated = true;
	p->core->savefile = sf;
	p->fd = -1;
	p->selectable_fd = fileno(stream);
	p->setfilter_op = install_bpf_program;
	p->breakloop_op = breakloop;
	p->oneshot_callback = pcapint_oneshot_in_place;
	p->cleanup_op = cleanup;
	if (pcapint_input_init(&sf->input, stream, errbuf) < 0 || open_by_format(p, precision, errbuf) < 0) {
		cleanup(p);
		pcapint_free_handle(p);
		return NULL;
	}
	p->core->rfile = stream;
	return p;
}

static pcap_t *open_path(const char *path, u_int precision, bool whole, char *errbuf)
{
	char name[SAVEFILE_NAME_SIZE];
	FILE *stream;
	pcap_t *p;

	if (path == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "no savefile was named");
		return NULL;
	}
	if (strcmp(path, "-") == 0)
		return open_stream(stdin, "standard input", precision, whole, errbuf);
	stream = fopen(path, "rbe");
	if (stream == NULL) {
		int error = errno;

		pcapint_shorten_name(name, path);
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, error, "%s", name);
		return NULL;
	}
	p = open_stream(stream, path, precision, whole, errbuf);
	if (p == NULL)
		fclose(stream);
	return p;
}

pcap_t *pcap_open_offline_with_tstamp_precision(const char *path, u_int precision, char *errbuf)
{
	return open_path(path, precision, false, errbuf);
}

pcap_t *pcapint_open_whole(const char *path, char *errbuf)
{
	return open_path(path, PCAP_TSTAMP_PRECISION_NANO, true, errbuf);
}

/* The packets of a longer file are not looked at: that would take too long. */
#define CHECKED_SIZE (1024ull * 1024 * 1024)

static void pass_over(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	(void)user;
	(void)header;
	(void)data;
}

int pcapint_check_whole(const char *path, char *errbuf)
{
	struct stat status;
	int result;
	pcap_t *p;

	if (stat(path, &status) < 0 || (uint64_t)status.st_size > CHECKED_SIZE)
		return 0;
	p = open_path(path, PCAP_TSTAMP_PRECISION_OF_FILE, false, errbuf);
	if (p == NULL)
		return PCAP_ERROR;
	result = pcap_loop(p, -1, pass_over, NULL);
	if (result < 0)
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "can't append to a file that is damaged: %s", p->errbuf);
	pcap_close(p);
	return result;
}

pcap_t *pcap_open_offline(const char *path, char *errbuf)
{
	return pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
}

pcap_t *pcap_fopen_offline_with_tstamp_precision(FILE *stream, u_int precision, char *errbuf)
{
	if (stream == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "no stream was given to read from");
		return NULL;
	}
	return open_stream(stream, "the stream", precision, false, errbuf);
}

pcap_t *pcap_fopen_offline(FILE *stream, char *errbuf)
{
	return pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_MICRO, errbuf);
}

int pcap_get_file_stats(pcap_t *p, struct pcap_file_stats *stats, size_t size)
{
	const struct pcap_savefile *sf = p->core->savefile;
	struct pcap_file_stats counts;

	if (sf == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "pcap_get_file_stats: this handle is not of a savefile");
		return PCAP_ERROR;
	}
	counts = (struct pcap_file_stats){sf->packets, sf->ng.passed_over, sf->ng.cut};
	memset(stats, 0, size);
	memcpy(stats, &counts, size < sizeof(counts) ? size : sizeof(counts));
	return 0;
}
