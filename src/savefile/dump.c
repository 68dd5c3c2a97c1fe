/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes savefiles. A dumper is the standard I/O stream itself, since programs cast the one to the other; so there is
 * nothing of ours behind it, and whether it has failed is what the stream says.
 */
#include "savefile/savefile.h"

#include <errno.h>
#include <string.h>

/* ---- Opening ---- */

/* The link-type field for a handle's packets, or -1 with the handle's errbuf filled. */
static int64_t linktype_field(pcap_t *p, const char *name)
{
	int linktype;

	if (!p->core->activated) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%s: the handle is not activated yet, so its link type is not known", name);
		return -1;
	}
	linktype = pcapint_dlt_to_linktype(p->linktype);
	if (linktype < 0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: link-layer type %d can't be written to savefiles", name,
			p->linktype);
		return -1;
	}
	return (int64_t)((uint32_t)linktype | ((uint32_t)p->linktype_ext & LINKTYPE_FIELD_EXT));
}

static void make_file_header(struct pcap_file_header *header, pcap_t *p, uint32_t linktype)
{
	*header = (struct pcap_file_header){
		.magic = p->opt.tstamp_precision == PCAP_TSTAMP_PRECISION_NANO ? CLASSIC_MAGIC_NANO
									       : CLASSIC_MAGIC_MICRO,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = (uint32_t)p->snapshot,
		.linktype = linktype,
	};
}

/* Writes the file header; the stream as a dumper, or NULL. */
static pcap_dumper_t *start_dump(pcap_t *p, uint32_t linktype, FILE *stream, const char *name)
{
	struct pcap_file_header header;

	make_file_header(&header, p, linktype);
	if (fwrite(&header, sizeof(header), 1, stream) != 1) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s: can't write the file header", name);
		return NULL;
	}
	return (pcap_dumper_t *)stream;
}

pcap_dumper_t *pcap_dump_open(pcap_t *p, const char *path)
{
	char name[SAVEFILE_NAME_SIZE];
	pcap_dumper_t *dumper;
	int64_t linktype;
	FILE *stream;

	if (path == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "no savefile was named");
		return NULL;
	}
	pcapint_shorten_name(name, strcmp(path, "-") == 0 ? "standard output" : path);
	linktype = linktype_field(p, name);
	if (linktype < 0)
		return NULL;
	if (strcmp(path, "-") == 0)
		return start_dump(p, (uint32_t)linktype, stdout, name);
	stream = fopen(path, "wbe");
	if (stream == NULL) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s", name);
		return NULL;
	}
	dumper = start_dump(p, (uint32_t)linktype, stream, name);
	if (dumper == NULL)
		fclose(stream);
	return dumper;
}

pcap_dumper_t *pcap_dump_fopen(pcap_t *p, FILE *stream)
{
	int64_t linktype = linktype_field(p, "the stream");

	return linktype < 0 ? NULL : start_dump(p, (uint32_t)linktype, stream, "the stream");
}

/* ---- Packets ---- */

static bool write_packet(FILE *stream, const struct pcap_pkthdr *header, const u_char *data)
{
	struct classic_packet_header record = {
		(uint32_t)header->ts.tv_sec, (uint32_t)header->ts.tv_usec, header->caplen, header->len};

	/* After a failure nothing more may follow: it would be read as the rest of the packet that was cut. */
	if (ferror(stream))
		return false;
	return fwrite(&record, sizeof(record), 1, stream) == 1 &&
	       (header->caplen == 0 || fwrite(data, header->caplen, 1, stream) == 1);
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
			"an earlier write to the savefile failed; the packets after it are missing");
	else
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "can't write to the savefile");
	return PCAP_ERROR;
}

int pcap_dump_packet(pcap_dumper_t *dumper, const struct pcap_pkthdr *header, const u_char *data, char *errbuf)
{
	bool earlier = ferror((FILE *)dumper) != 0;

	return write_packet((FILE *)dumper, header, data) ? 0 : write_error(errbuf, earlier);
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
	bool earlier = ferror((FILE *)dumper) != 0;

	if (fclose((FILE *)dumper) == 0 && !earlier)
		return 0;
	return write_error(errbuf, earlier);
}
