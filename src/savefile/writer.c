/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes pcapng and pcap files, one or a row of them, and says at once when that fails: the writing half of
 * pcap/pcapng.h.
 */
#include "savefile/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_QUEUE_SIZE (64 * 1024 * 1024)
#define NANOSECONDS 1000000000

/* ---- Errors ---- */

/* From then on nothing is written. PCAP_ERROR. */
static int fail(pcap_writer_t *writer)
{
	if (!writer->failed && writer->output.failed)
		snprintf(writer->errbuf, sizeof(writer->errbuf), "%s", pcapint_output_error(&writer->output));
	writer->failed = true;
	return PCAP_ERROR;
}

static int fail_for_memory(pcap_writer_t *writer)
{
	snprintf(writer->errbuf, sizeof(writer->errbuf), "no memory for what is to be written");
	writer->failed = true;
	return PCAP_ERROR;
}

const char *pcap_writer_error(const pcap_writer_t *writer)
{
	return writer->errbuf;
}

/* ---- Files ---- */

static bool nanoseconds_wanted(const pcap_writer_t *writer)
{
	return writer->options.precision == PCAP_TSTAMP_PRECISION_NANO;
}

/* Keeps the name, and removes the file that the ring has no place for any more. */
static int remember_name(pcap_writer_t *writer, char *name)
{
	char **place = &writer->names[(writer->stats.files - 1) % writer->options.max_files];
	int status = *place != NULL ? pcapint_output_remove(&writer->output, *place) : 0;

	free(*place);
	*place = name;
	return status;
}

/* Opens the next file, and begins it with what is known of the section. */
static int begin_file(pcap_writer_t *writer, int64_t seconds)
{
	struct output_start start = {writer->options.append, writer->options.atomic};
	char *name = pcapint_writer_name(writer->pattern, writer->rotates, ++writer->stats.files, seconds);
	u_char *to;
	int status;

	if (name == NULL)
		return fail_for_memory(writer);
	writer->started = true;
	writer->file_bytes = writer->head_size;
	writer->file_packets = 0;
	status = pcapint_output_open(&writer->output, name, &start);
	if (status == 0 && writer->names != NULL)
		status = remember_name(writer, name);
	else
		free(name);
	if (status < 0)
		return fail(writer);
	writer->stats.bytes += writer->head_size;
	to = output_reserve(&writer->output, writer->head_size);
	if (to == NULL)
		return fail_for_memory(writer);
	if (writer->head_size > 0)
		memcpy(to, writer->head, writer->head_size);
	return output_commit(&writer->output, writer->head_size) < 0 ? fail(writer) : 0;
}

static bool is_full(const pcap_writer_t *writer, size_t size, uint64_t time)
{
	const struct pcap_writer_options *limits = &writer->options;

	if (writer->file_packets == 0)
		return false;
	return (limits->max_packets != 0 && writer->file_packets >= limits->max_packets) ||
	       (limits->max_bytes != 0 && writer->file_bytes + size > limits->max_bytes) ||
	       (limits->max_nanoseconds != 0 && (int64_t)(time - writer->file_start) >= 0 &&
		       time - writer->file_start >= limits->max_nanoseconds);
}

/* Before a packet of that size and time: the file that it goes to. */
static int prepare_file(pcap_writer_t *writer, size_t size, int64_t seconds, uint32_t nanoseconds)
{
	uint64_t time = (uint64_t)seconds * NANOSECONDS + nanoseconds;

	if (writer->rotates && writer->started && is_full(writer, size, time)) {
		if (pcapint_output_finish(&writer->output) < 0)
			return fail(writer);
		writer->started = false;
	}
	if (!writer->started && begin_file(writer, seconds) < 0)
		return PCAP_ERROR;
	if (writer->file_packets++ == 0)
		writer->file_start = time;
	writer->stats.packets++;
	return 0;
}

/* Room in the file at hand. Where names hang on the time of the first packet, the file is opened with that. */
static u_char *reserve(pcap_writer_t *writer, size_t size)
{
	u_char *to = output_reserve(&writer->output, size);

	if (to == NULL)
		fail_for_memory(writer);
	writer->file_bytes += size;
	writer->stats.bytes += size;
	return to;
}

/* What every file of this section begins with. A file that is open gets it at once. */
static int add_to_head(pcap_writer_t *writer, const u_char *bytes, size_t size)
{
	if (size > writer->head_capacity - writer->head_size) {
		size_t capacity = (writer->head_size + size) * 2;
		u_char *head = realloc(writer->head, capacity);

		if (head == NULL)
			return fail_for_memory(writer);
		writer->head = head;
		writer->head_capacity = capacity;
	}
	memcpy(writer->head + writer->head_size, bytes, size);
	writer->head_size += size;
	if (writer->started) {
		u_char *to = reserve(writer, size);

		if (to == NULL)
			return PCAP_ERROR;
		memcpy(to, bytes, size);
		return output_commit(&writer->output, size) < 0 ? fail(writer) : 0;
	}
	return 0;
}

/* ---- Sections and interfaces ---- */

static int add_block_to_head(pcap_writer_t *writer, const struct pcapng_block *block)
{
	size_t size = pcapint_ng_block_size(block, writer->errbuf);
	u_char *bytes;
	int status;

	if (size == 0)
		return PCAP_ERROR;
	bytes = malloc(size);
	if (bytes == NULL)
		return fail_for_memory(writer);
	pcapint_ng_put_block(block, size, bytes);
	status = add_to_head(writer, bytes, size);
	free(bytes);
	return status;
}

/* Sections other than the first go where the file is; what comes later begins with the last of them. */
static int begin_section(pcap_writer_t *writer, const struct pcapng_block *block)
{
	writer->head_size = 0;
	writer->interface_count = 0;
	return add_block_to_head(writer, block);
}

static int begin_own_section(pcap_writer_t *writer)
{
	struct pcapng_option options[2];
	struct pcapng_block block = {.type = PCAPNG_SECTION, .options = options};
	char os[200];
	struct utsname system;

	if (uname(&system) == 0) {
		snprintf(os, sizeof(os), "%.60s %.120s", system.sysname, system.release);
		options[block.option_count++] = (struct pcapng_option){PCAPNG_SHB_OS, (uint16_t)strlen(os), os};
	}
	if (writer->options.application != NULL)
		options[block.option_count++] = (struct pcapng_option){PCAPNG_SHB_USERAPPL,
			(uint16_t)strnlen(writer->options.application, UINT16_MAX), writer->options.application};
	return begin_section(writer, &block);
}

static int put_pcap_header(pcap_writer_t *writer, const struct pcapng_block *block)
{
	struct pcap_file_header header = {
		.magic = nanoseconds_wanted(writer) ? CLASSIC_MAGIC_NANO : CLASSIC_MAGIC_MICRO,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = block->snaplen != 0 ? block->snaplen : MAXIMUM_SNAPLEN,
		.linktype = block->linktype,
	};

	if (writer->head_size == 0)
		return add_to_head(writer, (u_char *)&header, sizeof(header));
	memcpy(&header, writer->head, sizeof(header));
	if (header.linktype == block->linktype && block->snaplen <= header.snaplen)
		return 0;
	if (header.linktype == block->linktype)
		snprintf(writer->errbuf, sizeof(writer->errbuf),
			"the snapshot length of the pcap file is %u: an interface with %u can't be added",
			header.snaplen, block->snaplen);
	else
		snprintf(writer->errbuf, sizeof(writer->errbuf),
			"a pcap file has one link-layer type, and its is %u: an interface with %u can't be added",
			header.linktype, block->linktype);
	return PCAP_ERROR;
}

/* What its time stamps are, for names, limits, and pcap files. */
static int remember_interface(pcap_writer_t *writer, const struct pcapng_block *block)
{
	const struct pcapng_option *tsresol = pcapng_find_option(block, PCAPNG_IF_TSRESOL);
	const struct pcapng_option *tsoffset = pcapng_find_option(block, PCAPNG_IF_TSOFFSET);
	struct ng_interface *interface;

	if (writer->interface_count == writer->interface_capacity) {
		size_t capacity = writer->interface_capacity * 2 + 4;

		interface = realloc(writer->interfaces, capacity * sizeof(*interface));
		if (interface == NULL)
			return fail_for_memory(writer);
		writer->interfaces = interface;
		writer->interface_capacity = capacity;
	}
	interface = &writer->interfaces[writer->interface_count++];
	*interface = (struct ng_interface){.tsresol = 6, .snaplen = block->snaplen};
	if (tsresol != NULL && tsresol->length == 1)
		interface->tsresol = *(const uint8_t *)tsresol->value;
	if (tsoffset != NULL && tsoffset->length == 8)
		interface->offset = (int64_t)pcapng_option_number(block, tsoffset);
	pcapint_ng_set_time(interface, PCAP_TSTAMP_PRECISION_NANO);
	return 0;
}

static int add_interface(pcap_writer_t *writer, const struct pcapng_block *block)
{
	int status = writer->options.format == PCAP_FORMAT_PCAP ? put_pcap_header(writer, block)
								: add_block_to_head(writer, block);

	return status < 0 ? status : remember_interface(writer, block);
}

int pcap_writer_add_interface(pcap_writer_t *writer, pcap_t *p, const char *name)
{
	int linktype = pcapint_dlt_to_linktype(p->linktype);
	uint8_t tsresol = nanoseconds_wanted(writer) ? 9 : 6;
	struct pcapng_option options[2] = {{PCAPNG_IF_TSRESOL, 1, &tsresol}};
	struct pcapng_block block = {.type = PCAPNG_INTERFACE,
		.linktype = (uint16_t)linktype,
		.snaplen = (uint32_t)p->snapshot,
		.options = options,
		.option_count = 1};

	if (!p->core->activated || linktype < 0 || linktype > UINT16_MAX) {
		snprintf(writer->errbuf, sizeof(writer->errbuf),
			"packets of link-layer type %d can't be written to savefiles", p->linktype);
		return PCAP_ERROR;
	}
	if (name != NULL)
		options[block.option_count++] =
			(struct pcapng_option){PCAPNG_IF_NAME, (uint16_t)strnlen(name, UINT16_MAX), name};
	if (pcap_writer_block(writer, &block, sizeof(block)) < 0)
		return PCAP_ERROR;
	return (int)writer->interface_count - 1;
}

/* ---- Packets ---- */

static int check_interface(pcap_writer_t *writer, uint32_t interface)
{
	if (interface < writer->interface_count)
		return 0;
	snprintf(writer->errbuf, sizeof(writer->errbuf),
		"a packet of interface %u can't be written: the section has %zu interfaces so far", interface,
		writer->interface_count);
	return PCAP_ERROR;
}

static int put_pcap_packet(pcap_writer_t *writer, int64_t seconds, uint32_t nanoseconds, uint32_t caplen,
	uint32_t len, const u_char *data)
{
	struct classic_packet_header record = {
		(uint32_t)seconds, nanoseconds_wanted(writer) ? nanoseconds : nanoseconds / 1000, caplen, len};
	size_t size = sizeof(record) + caplen;
	u_char *to;

	if (prepare_file(writer, size, seconds, nanoseconds) < 0)
		return PCAP_ERROR;
	to = reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	memcpy(to, &record, sizeof(record));
	if (caplen > 0)
		memcpy(to + sizeof(record), data, caplen);
	return output_commit(&writer->output, size) < 0 ? fail(writer) : 0;
}

static int put_enhanced(
	pcap_writer_t *writer, uint32_t interface, const struct pcap_pkthdr *header, const u_char *data)
{
	bool nano = nanoseconds_wanted(writer);
	uint64_t timestamp = (uint64_t)header->ts.tv_sec * (nano ? NANOSECONDS : NANOSECONDS / 1000) +
			     (uint64_t)header->ts.tv_usec;
	uint32_t padded = ng_padded(header->caplen), size = NG_ENHANCED_DATA + padded + NG_BLOCK_TRAILER_SIZE;
	uint32_t head[] = {PCAPNG_ENHANCED_PACKET, size, interface, (uint32_t)(timestamp >> 32),
		(uint32_t)timestamp, header->caplen, header->len};
	u_char *to;

	if (prepare_file(writer, size, header->ts.tv_sec, (uint32_t)header->ts.tv_usec * (nano ? 1 : 1000)) < 0)
		return PCAP_ERROR;
	to = reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	memcpy(to, head, sizeof(head));
	to += sizeof(head);
	memset(to + padded - 4 * (padded > 0), 0, 4 * (padded > 0));
	if (header->caplen > 0)
		memcpy(to, data, header->caplen);
	memcpy(to + padded, &size, sizeof(size));
	return output_commit(&writer->output, size) < 0 ? fail(writer) : 0;
}

int pcap_writer_packet(pcap_writer_t *writer, int interface, const struct pcap_pkthdr *header, const u_char *data)
{
	if (writer->failed)
		return PCAP_ERROR;
	if (check_interface(writer, (uint32_t)interface) < 0)
		return PCAP_ERROR;
	if (header->caplen > pcapint_max_snaplen_for_dlt(DLT_DBUS)) {
		snprintf(writer->errbuf, sizeof(writer->errbuf), "a packet of %u bytes can't be written",
			header->caplen);
		return PCAP_ERROR;
	}
	if (writer->options.format == PCAP_FORMAT_PCAP)
		return put_pcap_packet(writer, header->ts.tv_sec,
			(uint32_t)header->ts.tv_usec * (nanoseconds_wanted(writer) ? 1 : 1000), header->caplen,
			header->len, data);
	return put_enhanced(writer, (uint32_t)interface, header, data);
}

/* ---- Any block ---- */

static int add_packet_block(pcap_writer_t *writer, const struct pcapng_block *block)
{
	bool simple = block->type == PCAPNG_SIMPLE_PACKET;
	struct timeval ts = {0, 0};
	size_t size;
	u_char *to;

	if (check_interface(writer, simple ? 0 : block->interface) < 0)
		return PCAP_ERROR;
	if (!simple)
		ng_convert_time(&writer->interfaces[block->interface], block->timestamp, &ts);
	size = pcapint_ng_block_size(block, writer->errbuf);
	if (size == 0)
		return PCAP_ERROR;
	if (writer->options.format == PCAP_FORMAT_PCAP)
		return put_pcap_packet(
			writer, ts.tv_sec, (uint32_t)ts.tv_usec, block->caplen, block->len, block->data);
	if (prepare_file(writer, size, ts.tv_sec, (uint32_t)ts.tv_usec) < 0)
		return PCAP_ERROR;
	to = reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	pcapint_ng_put_block(block, size, to);
	return output_commit(&writer->output, size) < 0 ? fail(writer) : 0;
}

static int add_other_block(pcap_writer_t *writer, const struct pcapng_block *block)
{
	size_t size = pcapint_ng_block_size(block, writer->errbuf);
	u_char *to;

	if (size == 0)
		return PCAP_ERROR;
	if (block->type == PCAPNG_INTERFACE_STATISTICS && check_interface(writer, block->interface) < 0)
		return PCAP_ERROR;
	if (!writer->started && begin_file(writer, time(NULL)) < 0)
		return PCAP_ERROR;
	to = reserve(writer, size);
	if (to == NULL)
		return PCAP_ERROR;
	pcapint_ng_put_block(block, size, to);
	return output_commit(&writer->output, size) < 0 ? fail(writer) : 0;
}

int pcap_writer_block(pcap_writer_t *writer, const struct pcapng_block *given, size_t size)
{
	struct pcapng_block block = {0};
	bool pcap = writer->options.format == PCAP_FORMAT_PCAP;

	if (writer->failed)
		return PCAP_ERROR;
	memcpy(&block, given, size < sizeof(block) ? size : sizeof(block));
	if (block.type == PCAPNG_SECTION) {
		writer->interface_count = 0;
		return pcap ? 0 : begin_section(writer, &block);
	}
	if (!pcap && writer->head_size == 0 && begin_own_section(writer) < 0)
		return PCAP_ERROR;
	if (block.type == PCAPNG_INTERFACE)
		return add_interface(writer, &block);
	if (ng_is_packet(block.type))
		return add_packet_block(writer, &block);
	if (pcap)
		return 0;
	/* Every file of a row can be decrypted. */
	if (block.type == PCAPNG_DECRYPTION_SECRETS)
		return add_block_to_head(writer, &block);
	return add_other_block(writer, &block);
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

/* Whether a file is one that can be gone on with; 0 or PCAP_ERROR. Sets head where it is a pcap file. */
static int check_append(pcap_writer_t *writer, char *errbuf)
{
	int fd = open(writer->pattern, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool pcap = writer->options.format == PCAP_FORMAT_PCAP;
	struct pcap_file_header header = {0};
	uint32_t length = 0, again = 0;
	struct stat status;
	bool good = false;

	if (fd < 0)
		return errno == ENOENT ? 0
				       : (pcapint_fmt_errmsg_for_errno(
						  errbuf, PCAP_ERRBUF_SIZE, errno, "%s", writer->pattern),
						 PCAP_ERROR);
	if (fstat(fd, &status) == 0 && status.st_size == 0) {
		close(fd);
		return 0;
	}
	if (pread(fd, &header, sizeof(header), 0) == sizeof(header)) {
		good = header.magic == (nanoseconds_wanted(writer) ? CLASSIC_MAGIC_NANO : CLASSIC_MAGIC_MICRO);
		/* The last block's length is at its end, and at its beginning. */
		if (!pcap)
			good = header.magic == PCAPNG_SECTION && pread(fd, &length, 4, status.st_size - 4) == 4 &&
			       length <= status.st_size && pread(fd, &again, 4, status.st_size - length + 4) == 4 &&
			       again == length;
	}
	close(fd);
	if (!good) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.100s: can't append: this is no complete %s of this kind",
			writer->pattern, pcap ? "pcap file" : "pcapng file");
		return PCAP_ERROR;
	}
	if (pcap)
		writer->started = pcapint_output_open(&writer->output, writer->pattern,
					  &(struct output_start){.append = true}) == 0 &&
				  add_to_head(writer, (u_char *)&header, sizeof(header)) == 0;
	return 0;
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
	if (fault == NULL)
		return options->append && strcmp(writer->pattern, "-") != 0 ? check_append(writer, errbuf) : 0;
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
			begin_file(writer, 0) == 0) {
			if (pcapint_output_wait(&writer->output) == 0)
				return writer;
			fail(writer);
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
	return pcapint_output_flush(&writer->output) < 0 ? fail(writer) : 0;
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
		status = begin_own_section(writer);
	if (status == 0 && !writer->started)
		status = begin_file(writer, time(NULL));
	if (status == 0 && (pcapint_output_finish(&writer->output) < 0 || pcapint_output_wait(&writer->output) < 0))
		status = fail(writer);
	if (status < 0)
		memcpy(errbuf, writer->errbuf, PCAP_ERRBUF_SIZE);
	free_writer(writer);
	return status;
}
