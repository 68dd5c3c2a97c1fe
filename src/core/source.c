/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source strings, which name devices and savefiles alike, taken apart and put together. For programs that let their
 * users write one, and for pcap_open() and pcap_findalldevs_ex().
 *
 *	file://PATH                        a savefile, or a folder of them where there is a list to make
 *	rpcap://NAME, rpcap:///NAME, NAME  a device of this host
 *	rpcap://HOST[:PORT]/[NAME]         a device of another host; rpcaps:// the same over TLS
 *
 * HOST is a name, an IPv4 address, or an IPv6 address in brackets; PORT is a number or a service's name.
 */
#include "core/source.h"

#include <stdio.h>
#include <string.h>

#include "core/ascii.h"

static const struct {
	const char *prefix;
	bool is_file;
} schemes[] = {
	{PCAP_SRC_FILE_STRING, true},
	{PCAP_SRC_IF_STRING, false},
	{"rpcaps://", false},
};

static int fail(char *errbuf, const char *source, const char *why)
{
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "%.100s: %s", source, why);
	return PCAP_ERROR;
}

/* What is behind a prefix, in any case of its letters; NULL if the text has another. */
static const char *behind_prefix(const char *text, const char *prefix)
{
	for (; *prefix != '\0'; prefix++, text++) {
		if (ascii_lower(*text) != *prefix)
			return NULL;
	}
	return text;
}

static struct source_part part(const char *start, const char *end)
{
	return (struct source_part){start, (size_t)(end - start)};
}

static bool has(struct source_part text, char c)
{
	return memchr(text.start, c, text.length) != NULL;
}

/* :PORT, from its colon to end; nothing there is no port. */
static int parse_port(struct source *parsed, const char *start, const char *end, const char *source, char *errbuf)
{
	if (start == end)
		return 0;
	if (*start != ':')
		return fail(errbuf, source, "there is text between the ']' of the host and the '/'");
	parsed->port = part(start + 1, end);
	if (parsed->port.length == 0)
		return fail(errbuf, source, "there is no port behind the ':'");
	if (has(parsed->port, ':'))
		return fail(errbuf, source, "an IPv6 address needs brackets: rpcap://[ADDRESS]:PORT/DEVICE");
	return 0;
}

/* HOST[:PORT], from start to end. */
static int parse_host(struct source *parsed, const char *start, const char *end, const char *source, char *errbuf)
{
	const char *colon = memchr(start, ':', (size_t)(end - start));
	const char *host_end = colon != NULL ? colon : end;

	if (has(part(start, end), '@'))
		return fail(errbuf, source, "a user name goes into struct pcap_rmtauth, not before the host");
	if (*start == '[') {
		const char *bracket = memchr(start, ']', (size_t)(end - start));
		if (bracket == NULL)
			return fail(errbuf, source, "there is no ']' behind the host's '['");
		parsed->host = part(start + 1, bracket);
		host_end = bracket + 1;
	} else {
		parsed->host = part(start, host_end);
	}
	if (parsed->host.length == 0)
		return fail(errbuf, source, "there is no host before the port");
	if (has(parsed->host, '[') || has(part(parsed->host.start + parsed->host.length, end), '[') ||
		has(part(host_end, end), ']') || (*start != '[' && has(parsed->host, ']')))
		return fail(errbuf, source, "'[' and ']' belong around the host's address only");
	return parse_port(parsed, host_end, end, source, errbuf);
}

static int parse_device(struct source *parsed, const char *rest, const char *source, char *errbuf)
{
	const char *slash = strchr(rest, '/');
	const char *end = rest + strlen(rest);

	parsed->name = part(slash != NULL ? slash + 1 : rest, end);
	if (slash == NULL || slash == rest)
		return 0;
	parsed->type = PCAP_SRC_IFREMOTE;
	return parse_host(parsed, rest, slash, source, errbuf);
}

int pcapint_parse_source(const char *source, struct source *parsed, char *errbuf)
{
	const char *rest = NULL;
	size_t scheme = 0;

	for (; scheme < sizeof(schemes) / sizeof(schemes[0]) && rest == NULL; scheme++)
		rest = behind_prefix(source, schemes[scheme].prefix);
	*parsed = (struct source){.type = PCAP_SRC_IFLOCAL, .host = {"", 0}, .port = {"", 0}};
	if (rest == NULL) {
		parsed->name = part(source, source + strlen(source));
	} else if (schemes[scheme - 1].is_file) {
		parsed->type = PCAP_SRC_FILE;
		parsed->name = part(rest, rest + strlen(rest));
		if (parsed->name.length == 0)
			return fail(errbuf, source, "there is no path behind file://");
	} else if (parse_device(parsed, rest, source, errbuf) != 0) {
		return PCAP_ERROR;
	}
	if (parsed->host.length >= PCAP_BUF_SIZE || parsed->port.length >= PCAP_BUF_SIZE ||
		parsed->name.length >= PCAP_BUF_SIZE)
		return fail(errbuf, source, "a part of the source is longer than 1,023 bytes");
	return 0;
}

static void copy_part(char *buffer, struct source_part text)
{
	if (buffer == NULL)
		return;
	memcpy(buffer, text.start, text.length);
	buffer[text.length] = '\0';
}

int pcap_parsesrcstr(const char *source, int *type, char *host, char *port, char *name, char *errbuf)
{
	const struct source_part empty = {"", 0};
	struct source parsed;

	if (pcapint_parse_source(source != NULL ? source : "", &parsed, errbuf) != 0) {
		copy_part(host, empty);
		copy_part(port, empty);
		copy_part(name, empty);
		return PCAP_ERROR;
	}
	if (type != NULL)
		*type = parsed.type;
	copy_part(host, parsed.host);
	copy_part(port, parsed.port);
	copy_part(name, parsed.name);
	return 0;
}

/* Checks what was put together: that it is all there, and can be taken apart. Leaves nothing behind if not. */
static int finish_source(char *source, int length, char *errbuf)
{
	struct source parsed;
	int status = length < PCAP_BUF_SIZE ? pcapint_parse_source(source, &parsed, errbuf)
					    : fail(errbuf, source, "the source is longer than 1,023 bytes");

	if (status != 0)
		source[0] = '\0';
	return status;
}

static int create_remote(char *source, const char *host, const char *port, const char *name, char *errbuf)
{
	bool bracketed = host[0] == '[';
	bool ipv6 = !bracketed && strchr(host, ':') != NULL;
	bool has_port = port[0] != '\0';

	if (host[0] == '\0')
		return fail(errbuf, "rpcap://", "a source on another host needs the host's name or address");
	if (strpbrk(host, "/@") != NULL || strpbrk(host + bracketed, "[") != NULL)
		return fail(errbuf, host, "this is no host name and no address");
	if (!bracketed && strchr(host, ']') != NULL)
		return fail(errbuf, host, "there is no '[' before the ']'");
	if (strpbrk(port, ":/@[]") != NULL)
		return fail(errbuf, port, "this is no port number and no service name");
	int length = snprintf(source, PCAP_BUF_SIZE, PCAP_SRC_IF_STRING "%s%s%s%s%s/%s", ipv6 ? "[" : "", host,
		ipv6 ? "]" : "", has_port ? ":" : "", port, name);
	return finish_source(source, length, errbuf);
}

int pcap_createsrcstr(char *source, int type, const char *host, const char *port, const char *name, char *errbuf)
{
	const char *slash;

	name = name != NULL ? name : "";
	source[0] = '\0';
	switch (type) {
	case PCAP_SRC_FILE:
		return finish_source(
			source, snprintf(source, PCAP_BUF_SIZE, PCAP_SRC_FILE_STRING "%s", name), errbuf);
	case PCAP_SRC_IFLOCAL:
		/* Without a '/' of its own in front, a name with one would read as a host. */
		slash = strchr(name, '/') != NULL ? "/" : "";
		return finish_source(
			source, snprintf(source, PCAP_BUF_SIZE, PCAP_SRC_IF_STRING "%s%s", slash, name), errbuf);
	case PCAP_SRC_IFREMOTE:
		return create_remote(source, host != NULL ? host : "", port != NULL ? port : "", name, errbuf);
	default:
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"pcap_createsrcstr: no such type of source: %d (PCAP_SRC_FILE, PCAP_SRC_IFLOCAL or "
			"PCAP_SRC_IFREMOTE)",
			type);
		return PCAP_ERROR;
	}
}
