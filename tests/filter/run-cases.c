/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs case files: expressions, and what they say of packets. Lines that begin with ';' are comments. A case is
 *
 *   == name
 *   -- bytes NAME       hexadecimal digits follow, which "$NAME" stands for from here to the file's end
 *   -- linktype NAME    as pcap_datalink_name_to_val() has it, until the next; EN10MB at first
 *   -- packet           in hexadecimal; white space does not count
 *   -- wirelen N        if it is not the number of bytes in the packet
 *   -- accepted by      expressions, one a line, that take the packet, by the optimized program and by the other
 *   -- rejected by      expressions that do not
 *
 * or has one expression:
 *
 *   -- filter TEXT
 *   -- error TEXT       the message's first line; lines that follow are the next ones of the message. No packets then
 *   -- packet
 *   -- match            what is said of the packet
 *   -- no match
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

#include "libraries.h"

#define LONGEST 4096
#define MOST_NAMES 100

struct text {
	char name[40];
	char digits[LONGEST];
};

struct runner {
	const char *path;
	unsigned line;
	char name[200]; /* of the case */
	int linktype;
	struct compiled programs[2]; /* unoptimized, optimized */
	bool has_filter;
	struct text names[MOST_NAMES];
	unsigned name_count;
	char *digits;        /* to which lines are added, or NULL */
	const char *verdict; /* on the packet, of expressions in the lines: "match" or "no match"; or NULL */
	const char *message; /* whose next lines are in the lines, or NULL */
	char packet[LONGEST];
	bool has_packet;
	bool unused; /* nothing is said of the packet yet */
	u_int wire_length;
	unsigned checks;
	unsigned failures;
};

static void __attribute__((noreturn)) give_up(const struct runner *r, const char *why)
{
	fprintf(stderr, "%s:%u: %s\n", r->path, r->line, why);
	exit(1);
}

static void fail_check(struct runner *r, const char *why)
{
	r->failures++;
	printf("# %s:%u: %s: %s\n", r->path, r->line, r->name, why);
}

static void forget_filter(struct runner *r)
{
	if (r->has_filter) {
		free_compiled(&our_library, &r->programs[0]);
		free_compiled(&our_library, &r->programs[1]);
	}
	r->has_filter = false;
}

static void end_case(struct runner *r)
{
	if (r->unused)
		give_up(r, "nothing is said of the packet before");
	forget_filter(r);
	r->linktype = DLT_EN10MB;
	r->has_packet = false;
}

static void add_digits(struct runner *r, const char *line)
{
	size_t used = strlen(r->digits);

	while (*line != '\0') {
		if (*line == '$') {
			size_t length = strcspn(++line, " \t$");
			unsigned i = 0;
			while (i < r->name_count &&
				(strncmp(r->names[i].name, line, length) != 0 || r->names[i].name[length] != '\0'))
				i++;
			if (i == r->name_count)
				give_up(r, "no such bytes");
			used += (size_t)snprintf(r->digits + used, LONGEST - used, "%s", r->names[i].digits);
			line += length;
		} else if (isxdigit((unsigned char)*line) && used + 1 < LONGEST) {
			r->digits[used++] = *line++;
			r->digits[used] = '\0';
		} else if (isspace((unsigned char)*line)) {
			line++;
		} else {
			give_up(r, "bytes are hexadecimal digits and $NAME");
		}
	}
}

static void check_packet(struct runner *r, bool match)
{
	struct pcap_pkthdr header = {.caplen = (bpf_u_int32)strlen(r->packet) / 2};
	/* As large as it is, so that a sanitizer sees what is read beyond. */
	u_char *data = malloc(header.caplen != 0 ? header.caplen : 1);

	if (!r->has_packet || !r->has_filter || data == NULL || strlen(r->packet) % 2 != 0)
		give_up(r, "a filter and a packet of whole bytes come first");
	for (bpf_u_int32 i = 0; i < header.caplen; i++) {
		char digits[3] = {r->packet[2 * i], r->packet[2 * i + 1]};
		data[i] = (u_char)strtoul(digits, NULL, 16);
	}
	header.len = r->wire_length != 0 ? r->wire_length : header.caplen;
	for (int i = 0; i < 2; i++) {
		bool matched =
			r->programs[i].valid && pcap_offline_filter(&r->programs[i].program, &header, data) != 0;
		if (!r->programs[i].valid && !r->programs[i].rejects_all)
			fail_check(r, r->programs[i].error);
		else if (matched != match)
			fail_check(r, i == 0 ? "another verdict" : "another verdict, optimized");
	}
	free(data);
	r->checks++;
	r->unused = false;
}

/* A savefile without packets, in the order of this host: what a filter means of those is all that packets tell. */
static pcap_t *open_savefile(const struct runner *r)
{
	uint32_t header[] = {
		0xa1b2c3d4, 2 | 4 << 16, 0, 0, SNAPLEN, (uint32_t)pcapint_dlt_to_linktype(r->linktype)};
	char errbuf[PCAP_ERRBUF_SIZE];

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		header[1] = 2 << 16 | 4;
	FILE *file = fmemopen(header, sizeof(header), "r");
	pcap_t *p = file != NULL ? pcap_fopen_offline(file, errbuf) : NULL;
	if (p == NULL)
		give_up(r, errbuf);
	return p;
}

static void compile(struct runner *r, const char *text)
{
	pcap_t *p = open_savefile(r);

	if (r->has_filter)
		give_up(r, "a case has one filter");
	for (int i = 0; i < 2; i++)
		r->programs[i] = compile_on(&our_library, p, text, i == 1);
	pcap_close(p);
	r->has_filter = true;
}

static void check_error(struct runner *r, const char *text)
{
	/* Only the optimizer finds that nothing can match. */
	const struct compiled *compiled = &r->programs[r->programs[0].valid];

	if (!r->has_filter)
		give_up(r, "a filter comes first");
	r->checks++;
	r->message = compiled->error + strcspn(compiled->error, "\n");
	if (compiled->valid)
		fail_check(r, "it compiles");
	else if (strcspn(compiled->error, "\n") != strlen(text) ||
		 strncmp(compiled->error, text, strlen(text)) != 0)
		fail_check(r, compiled->error);
	forget_filter(r);
}

static void check_message(struct runner *r, const char *line)
{
	size_t length;

	r->message += *r->message == '\n';
	length = strcspn(r->message, "\n");
	if (length != strlen(line) || strncmp(r->message, line, length) != 0)
		fail_check(r, r->message);
	r->message += length;
}

static void check_expression(struct runner *r, const char *line)
{
	char name[sizeof(r->name)];

	line += strspn(line, " \t");
	snprintf(name, sizeof(name), "%s", r->name);
	snprintf(r->name, sizeof(r->name), "%s", line);
	compile(r, line);
	check_packet(r, strcmp(r->verdict, "match") == 0);
	forget_filter(r);
	snprintf(r->name, sizeof(r->name), "%s", name);
}

/* The text after the word, or NULL if the line does not begin with it. */
static const char *after(const char *line, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(line, word, length) != 0 || (line[length] != '\0' && line[length] != ' '))
		return NULL;
	return line + length + (line[length] == ' ');
}

static void start_section(struct runner *r, const char *line)
{
	const char *rest;

	r->digits = NULL;
	r->verdict = NULL;
	r->message = NULL;
	if ((rest = after(line, "bytes")) != NULL) {
		struct text *text = &r->names[r->name_count++];
		if (r->name_count == MOST_NAMES)
			give_up(r, "too many names");
		snprintf(text->name, sizeof(text->name), "%s", rest);
		r->digits = text->digits;
	} else if ((rest = after(line, "linktype")) != NULL) {
		r->linktype = pcap_datalink_name_to_val(rest);
		if (r->linktype < 0)
			give_up(r, "no such link type");
	} else if ((rest = after(line, "filter")) != NULL) {
		compile(r, rest);
	} else if ((rest = after(line, "error")) != NULL) {
		check_error(r, rest);
	} else if (after(line, "packet") != NULL) {
		if (r->unused)
			give_up(r, "nothing is said of the packet before");
		r->has_packet = true;
		r->unused = true;
		r->packet[0] = '\0';
		r->wire_length = 0;
		r->digits = r->packet;
	} else if ((rest = after(line, "wirelen")) != NULL) {
		r->wire_length = (u_int)strtoul(rest, NULL, 10);
	} else if (strcmp(line, "accepted by") == 0) {
		r->verdict = "match";
	} else if (strcmp(line, "rejected by") == 0) {
		r->verdict = "no match";
	} else if (strcmp(line, "match") == 0 || strcmp(line, "no match") == 0) {
		check_packet(r, line[0] == 'm');
	} else {
		give_up(r, "no such section");
	}
}

static void read_line(struct runner *r, const char *line)
{
	const char *rest;

	if (line[0] == ';' || line[strspn(line, " \t")] == '\0')
		return;
	if ((rest = after(line, "==")) != NULL) {
		end_case(r);
		snprintf(r->name, sizeof(r->name), "%s", rest);
		r->digits = NULL;
		r->verdict = NULL;
		r->message = NULL;
	} else if ((rest = after(line, "--")) != NULL) {
		start_section(r, rest);
	} else if (r->digits != NULL) {
		add_digits(r, line);
	} else if (r->verdict != NULL) {
		check_expression(r, line);
	} else if (r->message != NULL) {
		check_message(r, line);
	} else {
		give_up(r, "this line is in no section");
	}
}

/* Whether all its cases hold. */
static bool run_file(const char *path)
{
	static struct runner runner;
	FILE *file = fopen(path, "r");
	char line[LONGEST];

	runner = (struct runner){.path = path, .linktype = DLT_EN10MB};
	if (file == NULL)
		give_up(&runner, "can't be opened");
	while (fgets(line, sizeof(line), file) != NULL) {
		runner.line++;
		line[strcspn(line, "\r\n")] = '\0';
		read_line(&runner, line);
	}
	end_case(&runner);
	fclose(file);
	if (runner.checks == 0)
		give_up(&runner, "there is nothing to check");
	return runner.failures == 0;
}

int main(int argc, char **argv)
{
	bool good = true;

	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		bool held = run_file(argv[i]);
		printf("%sok %d - %s\n", held ? "" : "not ", i, argv[i]);
		good &= held;
	}
	return !good;
}
