/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes savefiles. A dumper is the standard I/O stream itself, since programs cast the one to the other; so there is
 * nothing of ours behind it, and whether it has failed is what the stream says.
 */
#include "savefile/savefile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compat/stdio.h"

/* ---- Opening ---- */

/* The file header for a handle's packets. 0, or PCAP_ERROR with the handle's errbuf filled. */
static int make_file_header(pcap_t *p, const char *name, struct pcap_file_header *header)
{
	int linktype;

	if (!p->core->activated) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: the capture has not been activated, so its link-layer type is not known yet", name);
		return PCAP_ERROR;
	}
	linktype = pcapint_dlt_to_linktype(p->linktype);
	if (linktype < 0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: packets of link-layer type %d can't be written to savefiles", name, p->linktype);
		return PCAP_ERROR;
	}
	*header = (struct pcap_file_header){
		.magic = p->opt.tstamp_precision == PCAP_TSTAMP_PRECISION_NANO ? CLASSIC_MAGIC_NANO
									       : CLASSIC_MAGIC_MICRO,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = (uint32_t)p->snapshot,
		.linktype = (uint32_t)linktype | ((uint32_t)p->linktype_ext & LINKTYPE_FIELD_EXT),
	};
	return 0;
}

/* errno's text in the handle's errbuf; NULL. */
static pcap_dumper_t *open_error(pcap_t *p, const char *name, const char *what)
{
	pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s%s", name, what);
	return NULL;
}

/* Writes the file header; the stream as a dumper, or NULL. */
static pcap_dumper_t *start_dump(pcap_t *p, const struct pcap_file_header *header, FILE *stream, const char *name)
{
	if (fwrite(header, sizeof(*header), 1, stream) != 1)
		return open_error(p, name, ": can't write the file header");
	return (pcap_dumper_t *)stream;
}

/* A pipe's reader or a terminal's does not wait for more than it always did; a file is written in larger steps. */
static void set_buffer(FILE *stream)
{
	struct stat status;

	if (fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode))
		pcapint_stdio_enlarge_buffer(stream);
}

static bool is_standard_output(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* What messages call a path; NULL, with the handle's errbuf filled, if there is none. */
static const char *name_of(pcap_t *p, const char *path, char name[SAVEFILE_NAME_SIZE])
{
	if (path == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "no savefile was named");
		return NULL;
	}
	pcapint_shorten_name(name, is_standard_output(path) ? "standard output" : path);
	return name;
}

pcap_dumper_t *pcap_dump_open(pcap_t *p, const char *path)
{
	struct pcap_file_header header;
	char name[SAVEFILE_NAME_SIZE];
	pcap_dumper_t *dumper;
	FILE *stream;

	if (name_of(p, path, name) == NULL || make_file_header(p, name, &header) < 0)
		return NULL;
	if (is_standard_output(path))
		return start_dump(p, &header, stdout, name);
	stream = fopen(path, "wbe");
	if (stream == NULL)
		return open_error(p, name, "");
	set_buffer(stream);
	dumper = start_dump(p, &header, stream, name);
	if (dumper == NULL)
		fclose(stream);
	return dumper;
}

pcap_dumper_t *pcap_dump_fopen(pcap_t *p, FILE *stream)
{
	static const char name[] = "the stream";
	struct pcap_file_header header;

	if (stream == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "no stream was given to write to");
		return NULL;
	}
	return make_file_header(p, name, &header) < 0 ? NULL : start_dump(p, &header, stream, name);
}

/* ---- Opening to append ---- */

/* Whether a file goes on where a handle's packets can be added; PCAP_ERROR with the handle's errbuf filled if not. */
static int check_same(
	pcap_t *p, const char *name, const struct pcap_file_header *file, const struct pcap_file_header *ours)
{
	static const char *const fractions[] = {"microseconds", "nanoseconds"};
	bool nano = ours->magic == CLASSIC_MAGIC_NANO;

	if (file->magic == bswap_32(CLASSIC_MAGIC_MICRO) || file->magic == bswap_32(CLASSIC_MAGIC_NANO))
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: can't append: the file is in the other byte order than this host's", name);
	else if (file->magic != CLASSIC_MAGIC_MICRO && file->magic != CLASSIC_MAGIC_NANO)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: can't append: the file is not a pcap file", name);
	else if (file->version_major != ours->version_major || file->version_minor != ours->version_minor)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: can't append: the file has version %u.%u, not %u.%u",
			name, file->version_major, file->version_minor, ours->version_major, ours->version_minor);
	else if (file->magic != ours->magic)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: can't append: the time stamps in the file are in %s, the new ones in %s", name,
			fractions[!nano], fractions[nano]);
	else if (file->linktype != ours->linktype)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: can't append: the link-layer type field of the file is 0x%x, the new one 0x%x", name,
			file->linktype, ours->linktype);
	else if (file->snaplen != ours->snaplen)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: can't append: the snapshot length of the file is %u, the new one %u", name,
			file->snaplen, ours->snaplen);
	else
		return 0;
	return PCAP_ERROR;
}

/* 1: the file's header fits; 0: the file is empty; PCAP_ERROR with the handle's errbuf filled. */
static int check_file(pcap_t *p, const char *name, int fd, const struct pcap_file_header *ours)
{
	struct pcap_file_header header;
	struct stat status;
	ssize_t count;

	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: can't append: this is not a regular file", name);
		return PCAP_ERROR;
	}
	count = pread(fd, &header, sizeof(header), 0);
	if (count < 0) {
		open_error(p, name, ": can't read");
		return PCAP_ERROR;
	}
	if (count == 0)
		return 0;
	if (count < (ssize_t)sizeof(header)) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: can't append: the file ends in the middle of the file header", name);
		return PCAP_ERROR;
	}
	return check_same(p, name, &header, ours) < 0 ? PCAP_ERROR : 1;
}

pcap_dumper_t *pcap_dump_open_append(pcap_t *p, const char *path)
{
	struct pcap_file_header header;
	char name[SAVEFILE_NAME_SIZE];
	pcap_dumper_t *dumper = NULL;
	int fd, status;
	FILE *stream;

	if (name_of(p, path, name) == NULL || make_file_header(p, name, &header) < 0)
		return NULL;
	if (is_standard_output(path))
		return start_dump(p, &header, stdout, name);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (fd < 0)
		return open_error(p, name, "");
	status = check_file(p, name, fd, &header);
	if (status > 0 && pcapint_check_whole(path, p->errbuf) < 0)
		status = PCAP_ERROR;
	stream = status < 0 ? NULL : fdopen(fd, "ab");
	if (stream == NULL) {
		if (status >= 0)
			open_error(p, name, "");
		close(fd);
		return NULL;
	}
	set_buffer(stream);
	if (status == 0)
		dumper = start_dump(p, &header, stream, name);
	else if (fseeko(stream, 0, SEEK_END) == 0) /* so that pcap_dump_ftell() tells the truth at once */
		dumper = (pcap_dumper_t *)stream;
	else
		open_error(p, name, ": can't find the end");
	if (dumper == NULL)
		fclose(stream);
	return dumper;
}

/* ---- Packets ---- */

static inline bool write_packet(FILE *stream, const struct pcap_pkthdr *header, const u_char *data)
{
	struct classic_packet_header record = {
		(uint32_t)header->ts.tv_sec, (uint32_t)header->ts.tv_usec, header->caplen, header->len};

	/* After a failure nothing more may follow: it would be read as the rest of the packet that was cut. */
	_Static_assert(sizeof(record) == PCAPINT_STDIO_HEADER_SIZE, "the header of a packet");
	return !ferror_unlocked(stream) && pcapint_stdio_write_packet(stream, &record, data, header->caplen);
}

void pcap_dump(u_char *dumper, const struct pcap_pkthdr *header, const u_char *data)
{
	write_packet((FILE *)dumper, header, data);
}

/* errbuf for a write that failed now, with errno, or at an earlier call, whose errno is gone. PCAP_ERROR. */
static int write_error(char *errbuf, bool earlier)
{
	if (earlier)
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"an earlier write to the savefile failed, and the packets from there on are missing");
	else
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't write to the savefile");
	return PCAP_ERROR;
}

int pcap_dump_packet(pcap_dumper_t *dumper, const struct pcap_pkthdr *header, const u_char *data, char *errbuf)
{
	FILE *stream = (FILE *)dumper;
	bool earlier = ferror(stream) != 0;

	return write_packet(stream, header, data) ? 0 : write_error(errbuf, earlier);
}

/* ---- The stream, flushing, closing ---- */

FILE *pcap_dump_file(pcap_dumper_t *dumper)
{
	return (FILE *)dumper;
}

long pcap_dump_ftell(pcap_dumper_t *dumper)
{
	return ftell((FILE *)dumper);
}

int64_t pcap_dump_ftell64(pcap_dumper_t *dumper)
{
	return ftello((FILE *)dumper);
}

int pcap_dump_flush(pcap_dumper_t *dumper)
{
	FILE *stream = (FILE *)dumper;

	return fflush(stream) != 0 || ferror(stream) ? PCAP_ERROR : 0;
}

void pcap_dump_close(pcap_dumper_t *dumper)
{
	fclose((FILE *)dumper);
}

int pcap_dump_finish(pcap_dumper_t *dumper, char *errbuf)
{
	FILE *stream = (FILE *)dumper;
	bool earlier = ferror(stream) != 0;

	if (fclose(stream) == 0 && !earlier)
		return 0;
	return write_error(errbuf, earlier);
}
