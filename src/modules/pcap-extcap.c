/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs as capture devices: any program that speaks Wireshark's extcap protocol, by its own name (extcap:randpktdump)
 * or by that of an interface it offers (extcap:randpkt), with the program's options behind a "?"
 * (extcap:randpkt?count=100&type=dns). A program that crashes or misbehaves hurts its own capture only.
 */
#include "extcap/extcap.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int pcap_extcap_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_extcap_create(const char *device, char *errbuf);

#define PREFIX "extcap:"
#define HEADER_MILLISECONDS 30000 /* for the file's header: a program may have to log in somewhere first */

struct pcap_extcap {
	char program[PATH_MAX];
	char interface[EXTCAP_NAME_MAX];
	char folder[32]; /* of the FIFO */
	char fifo[48];
	char *arguments[EXTCAP_ARGUMENTS_MAX];
	int argument_count;
	struct extcap_process process;
	struct extcap_stream *stream;
};

/* A device's name in messages: without the options behind it, among which a password may be. */
static int shown(const char *device)
{
	size_t length = strcspn(device, "?");

	return length < 60 ? (int)length : 60;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* ---- Which program and interface ---- */

struct search {
	const char *name;
	struct pcap_extcap *found;
};

static int is_program(const char *path, void *context)
{
	struct search *search = context;

	if (strcmp(base_name(path), search->name) != 0)
		return 0;
	snprintf(search->found->program, sizeof(search->found->program), "%s", path);
	return 1;
}

/* What a program says its interfaces are, to be freed. */
static char *ask_interfaces(const char *path)
{
	char *const arguments[] = {(char *)path, (char *)"--extcap-interfaces", NULL};

	return pcapint_extcap_ask(arguments);
}

static int has_interface(const char *path, void *context)
{
	struct search *search = context;
	char *answer = ask_interfaces(path), value[EXTCAP_NAME_MAX];
	const char *text = answer, *sentence;
	int found = 0;

	while (text != NULL && found == 0 && (sentence = pcapint_extcap_next(&text, "interface")) != NULL)
		found = pcapint_extcap_parameter(sentence, "value", value, sizeof(value)) &&
			strcmp(value, search->name) == 0;
	if (found) {
		snprintf(search->found->program, sizeof(search->found->program), "%s", path);
		snprintf(search->found->interface, sizeof(search->found->interface), "%s", value);
	}
	free(answer);
	return found;
}

/* The one interface of a program that was named itself; PCAP_ERROR with a text where there is none, or several. */
static int only_interface(struct pcap_extcap *extcap, const char *device, char *errbuf)
{
	char *answer = ask_interfaces(extcap->program), value[EXTCAP_NAME_MAX], others[100] = "";
	const char *text = answer, *sentence;
	int count = 0;

	if (answer == NULL) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.*s: can't ask the program for its interfaces", shown(device), device);
		return PCAP_ERROR;
	}
	while ((sentence = pcapint_extcap_next(&text, "interface")) != NULL)
		if (pcapint_extcap_parameter(sentence, "value", value, sizeof(value))) {
			size_t length = strlen(others);
			snprintf(others + length, sizeof(others) - length, "%s%s", count > 0 ? ", " : "", value);
			if (count++ == 0)
				snprintf(extcap->interface, sizeof(extcap->interface), "%s", value);
		}
	free(answer);
	if (count == 1)
		return 0;
	if (count == 0)
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.*s: the program has no interface now", shown(device), device);
	else
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.*s: the program has several interfaces: name one (extcap:%s)",
			shown(device), device, others);
	return PCAP_ERROR;
}

static int find_interface(const char *device, struct pcap_extcap *extcap, char *errbuf)
{
	char name[EXTCAP_NAME_MAX];
	struct search search = {name, extcap};
	size_t length = strcspn(device + strlen(PREFIX), "?");

	if (length > 0 && length < sizeof(name)) {
		memcpy(name, device + strlen(PREFIX), length);
		name[length] = '\0';
		if (pcapint_extcap_each(true, is_program, &search) != 0)
			return only_interface(extcap, device, errbuf);
		if (pcapint_extcap_each(true, has_interface, &search) != 0)
			return 0;
	}
	snprintf(errbuf, PCAP_ERRBUF_SIZE,
		"%.*s: no such device (after \"extcap:\" comes the name of an extcap program, or of an interface "
		"of one; "
		"programs are looked for in PCAP_EXTCAP_PATH and where Wireshark has them)",
		shown(device), device);
	return PCAP_ERROR;
}

/* ---- The program's arguments ---- */

static bool add_argument(struct pcap_extcap *extcap, const char *text)
{
	if (extcap->argument_count == EXTCAP_ARGUMENTS_MAX - 1)
		return false;
	extcap->arguments[extcap->argument_count] = strdup(text);
	return extcap->arguments[extcap->argument_count++] != NULL;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Resolves %XX in place; what is no such escape stays. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
		if (*text == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0 &&
			(text[1] != '0' || text[2] != '0')) {
			*to++ = (char)(hex_digit(text[1]) << 4 | hex_digit(text[2]));
			text += 2;
		} else {
			*to++ = *text;
		}
	*to = '\0';
}

/* "name=value" is --name value, "name" alone --name. */
static bool add_option(struct pcap_extcap *extcap, const char *text, size_t length)
{
	char option[1024];
	bool fits = snprintf(option, sizeof(option), "--%.*s", (int)length, text) < (int)sizeof(option);
	char *value = strchr(option, '=');

	if (!fits || length == 0)
		return false;
	if (value != NULL)
		*value++ = '\0';
	unescape(option);
	if (value != NULL)
		unescape(value);
	return add_argument(extcap, option) && (value == NULL || add_argument(extcap, value));
}

static int make_arguments(pcap_t *p)
{
	struct pcap_extcap *extcap = p->priv;
	const char *options = strchr(p->opt.device, '?');
	bool fits = add_argument(extcap, extcap->program) && add_argument(extcap, "--capture") &&
		    add_argument(extcap, "--extcap-interface") && add_argument(extcap, extcap->interface) &&
		    add_argument(extcap, "--fifo") && add_argument(extcap, extcap->fifo);

	for (const char *at = options; fits && at != NULL && at[1] != '\0';) {
		size_t length = strcspn(++at, "&");
		fits = add_option(extcap, at, length);
		at = at[length] == '&' ? at + length : NULL;
	}
	if (fits)
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.*s: can't read the options behind \"?\" (they are name=value, with \"&\" between them, at most "
		"%d)",
		shown(p->opt.device), p->opt.device, EXTCAP_ARGUMENTS_MAX / 2 - 4);
	return PCAP_ERROR;
}

/* ---- Operations ---- */

/* Why no more packets come, in the program's own words if it has said any. */
static int tell_end(pcap_t *p)
{
	struct pcap_extcap *extcap = p->priv;
	const char *device = p->opt.device, *program = base_name(extcap->program);
	char error[PCAP_ERRBUF_SIZE];

	pcapint_extcap_read_words(&extcap->process);
	pcapint_extcap_stream_error(extcap->stream, error);
	if (error[0] != '\0' && extcap->process.words[0] == '\0')
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.*s: %s wrote no good savefile: %.100s", shown(device),
			device, program, error);
	else
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.*s: %s has ended%s%s", shown(device), device, program,
			extcap->process.words[0] != '\0' ? ": " : "", extcap->process.words);
	return PCAP_ERROR;
}

static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pcap_extcap *extcap = p->priv;
	int status = pcapint_extcap_stream_next(extcap->stream, header, data);

	if (status == 0)
		pcapint_extcap_read_words(&extcap->process);
	return status >= 0 ? status : tell_end(p);
}

static int extcap_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

static int extcap_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.*s: packets can't be sent through an extcap program",
		shown(p->opt.device), p->opt.device);
	return PCAP_ERROR;
}

static int extcap_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	stats->available = PCAP_STATS64_RECV;
	stats->recv = pcapint_messages_delivered(p);
	return 0;
}

static void extcap_cleanup(pcap_t *p)
{
	struct pcap_extcap *extcap = p->priv;

	/* The program first, so that it does not find its FIFO gone; the FIFO's file last. */
	pcapint_extcap_stop(&extcap->process);
	if (extcap->stream != NULL)
		pcapint_extcap_close_stream(extcap->stream);
	extcap->stream = NULL;
	if (extcap->fifo[0] != '\0')
		unlink(extcap->fifo);
	if (extcap->folder[0] != '\0')
		rmdir(extcap->folder);
	extcap->fifo[0] = extcap->folder[0] = '\0';
	while (extcap->argument_count > 0)
		free(extcap->arguments[--extcap->argument_count]);
	memset(extcap->arguments, 0, sizeof(extcap->arguments));
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

static int fail(pcap_t *p, int error, const char *what)
{
	pcapint_fmt_errmsg_for_errno(
		p->errbuf, PCAP_ERRBUF_SIZE, error, "%.*s: %s", shown(p->opt.device), p->opt.device, what);
	return PCAP_ERROR;
}

/* In a folder that nobody else can look into. */
static int make_fifo(pcap_t *p)
{
	struct pcap_extcap *extcap = p->priv;

	strcpy(extcap->folder, "/tmp/pcap-extcap-XXXXXX");
	if (mkdtemp(extcap->folder) == NULL) {
		extcap->folder[0] = '\0';
		return fail(p, errno, "can't make a folder in /tmp");
	}
	snprintf(extcap->fifo, sizeof(extcap->fifo), "%s/fifo", extcap->folder);
	if (mkfifo(extcap->fifo, 0600) == -1) {
		extcap->fifo[0] = '\0';
		return fail(p, errno, "can't make a FIFO in /tmp");
	}
	extcap->stream = pcapint_extcap_open_stream(p, extcap->fifo);
	return extcap->stream != NULL ? 0 : fail(p, errno, "can't read the FIFO");
}

/* The handle's descriptor: readable when the stream has something to tell, or the program has said something. */
static int make_descriptor(pcap_t *p)
{
	struct pcap_extcap *extcap = p->priv;
	struct epoll_event readable = {.events = EPOLLIN};

	p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd != -1 &&
		epoll_ctl(p->fd, EPOLL_CTL_ADD, pcapint_extcap_stream_fd(extcap->stream), &readable) == 0 &&
		epoll_ctl(p->fd, EPOLL_CTL_ADD, extcap->process.output, &readable) == 0)
		return 0;
	return fail(p, errno, "can't make a descriptor to wait on");
}

/* The file's header says what the link-layer type is; nothing before it does. */
static int wait_for_header(pcap_t *p)
{
	struct pcap_extcap *extcap = p->priv;
	int64_t until = pcapint_extcap_milliseconds() + HEADER_MILLISECONDS;
	struct pollfd ready = {.fd = p->fd, .events = POLLIN};
	bool ended = false;
	int linktype;

	while ((linktype = pcapint_extcap_stream_linktype(extcap->stream)) == EXTCAP_NO_LINKTYPE_YET) {
		if (ended)
			return tell_end(p);
		if (pcapint_extcap_milliseconds() >= until) {
			snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
				"%.*s: %s has not begun to write packets after %d seconds", shown(p->opt.device),
				p->opt.device, base_name(extcap->program), HEADER_MILLISECONDS / 1000);
			return PCAP_ERROR;
		}
		poll(&ready, 1, 50);
		pcapint_extcap_read_words(&extcap->process);
		/* Once more after its end: what it wrote before may be on its way. */
		ended = pcapint_extcap_has_ended(&extcap->process);
		if (ended)
			poll(&ready, 1, 200);
	}
	if (linktype == EXTCAP_NO_LINKTYPE_EVER)
		return tell_end(p);
	p->linktype = linktype;
	return 0;
}

static int extcap_activate(pcap_t *p)
{
	struct pcap_extcap *extcap = p->priv;
	int error;

	p->cleanup_op = extcap_cleanup;
	extcap->process = (struct extcap_process){.pid = -1, .leash = -1, .output = -1};
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	if (make_fifo(p) < 0 || make_arguments(p) < 0 || pcapint_make_wakeable(p) < 0)
		return PCAP_ERROR;
	error = pcapint_extcap_start(&extcap->process, extcap->arguments, extcap->fifo);
	if (error < 0)
		return fail(p, -error, "can't start the program");
	if (make_descriptor(p) < 0 || wait_for_header(p) < 0)
		return PCAP_ERROR;
	p->selectable_fd = p->fd;
	p->read_op = extcap_read;
	p->inject_op = extcap_inject;
	p->setfilter_op = install_bpf_program;
	p->stats64_op = extcap_stats64;
	return 0;
}

/* ---- The two routines that the library calls ---- */

struct listing {
	pcap_if_list_t *list;
	char *errbuf;
};

static int list_program(const char *path, void *context)
{
	struct listing *listing = context;
	char name[PATH_MAX + sizeof(PREFIX)], description[PATH_MAX + 32];

	snprintf(name, sizeof(name), PREFIX "%s", base_name(path));
	snprintf(description, sizeof(description), "Extcap program %s", path);
	return pcapint_add_dev(listing->list, name, PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE, description,
		       listing->errbuf) == NULL;
}

/*
 * The programs in the folders that PCAP_EXTCAP_PATH names: whoever sets it wants to see them; in other lists of capture
 * devices, those of Wireshark's packages would only be in the way. None is run for it.
 */
int pcap_extcap_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	struct listing listing = {list, errbuf};

	return pcapint_extcap_each(false, list_program, &listing) == 0 ? 0 : PCAP_ERROR;
}

pcap_t *pcap_extcap_create(const char *device, char *errbuf)
{
	struct pcap_extcap found = {.process = {.pid = -1, .leash = -1, .output = -1}};

	if (strncmp(device, PREFIX, strlen(PREFIX)) != 0)
		return NULL;
	if (find_interface(device, &found, errbuf) < 0)
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_extcap);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	*(struct pcap_extcap *)p->priv = found;
	p->activate_op = extcap_activate;
	return p;
}
