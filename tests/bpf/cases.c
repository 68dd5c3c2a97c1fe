/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads case files (cases.h) for the runner. */
#include "cases.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/opcodes.h"

struct reader {
	const char *path;
	u_int line;
	struct bpf_case **cases;
	u_int *count;
	char **text; /* of the section that lines are added to, or NULL */
	char *hex;   /* of the packet that comes next */
	struct bpf_check check;
	bool has_wirelen;
	u_int started; /* the index of the file's first case */
};

static void __attribute__((noreturn)) give_up(const struct reader *reader, const char *why)
{
	fprintf(stderr, "%s:%u: %s\n", reader->path, reader->line, why);
	exit(1);
}

static void *checked(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static struct bpf_case *last_case(struct reader *reader)
{
	if (*reader->count == reader->started)
		give_up(reader, "there is no case yet: \"== name\" comes first");
	return &(*reader->cases)[*reader->count - 1];
}

static void append(char **text, const char *line)
{
	size_t used = *text != NULL ? strlen(*text) : 0;
	*text = checked(realloc(*text, used + strlen(line) + 1));
	strcpy(*text + used, line);
}

static u_int read_u_int(struct reader *reader, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);
	if (end == text || *end != '\0' || value > UINT32_MAX)
		give_up(reader, "a number is expected here");
	return (u_int)value;
}

static void read_aux(struct reader *reader, char *text)
{
	char *blank = strchr(text, ' ');
	const struct bpf_ancillary *row = blank != NULL ? pcapint_bpf_ancillary_by_name(text, blank - text) : NULL;

	if (row == NULL || row->size == 0)
		give_up(reader, "no such member of struct pcap_bpf_aux_data");
	u_int value = read_u_int(reader, blank + 1);
	uint16_t half = (uint16_t)value;
	memcpy((char *)&reader->check.aux + row->offset, row->size == 2 ? (void *)&half : &value, row->size);
	reader->check.has_aux = true;
}

static void read_packet(struct reader *reader)
{
	const char *hex = reader->hex;
	struct bpf_check *check = &reader->check;

	check->packet = checked(malloc(strlen(hex) / 2 + 1));
	while (hex += strspn(hex, " \t\n"), *hex != '\0') {
		char digits[3] = {hex[0], hex[1]};
		if (!isxdigit((u_char)hex[0]) || !isxdigit((u_char)hex[1]))
			give_up(reader, "a packet is pairs of hexadecimal digits");
		check->packet[check->buflen++] = (u_char)strtoul(digits, NULL, 16);
		hex += 2;
	}
	if (!reader->has_wirelen)
		check->wirelen = check->buflen;
}

/* A verdict ends what is told of a packet. */
static void finish_check(struct reader *reader, u_int verdict)
{
	struct bpf_case *last = last_case(reader);

	if (reader->hex == NULL)
		give_up(reader, "a verdict on what? there is no packet");
	read_packet(reader);
	reader->check.verdict = verdict;
	last->checks = checked(realloc(last->checks, (last->check_count + 1) * sizeof(*last->checks)));
	last->checks[last->check_count++] = reader->check;
	reader->check = (struct bpf_check){0};
	reader->has_wirelen = false;
	free(reader->hex);
	reader->hex = NULL;
}

static void start_case(struct reader *reader, const char *name)
{
	const char *file = strrchr(reader->path, '/');
	char where[300];

	if (reader->hex != NULL)
		give_up(reader, "the packet before this case has no verdict");
	*reader->cases = checked(realloc(*reader->cases, (*reader->count + 1) * sizeof(**reader->cases)));
	(*reader->cases)[(*reader->count)++] = (struct bpf_case){0};
	snprintf(where, sizeof(where), "%s:%u: %s", file != NULL ? file + 1 : reader->path, reader->line, name);
	append(&last_case(reader)->name, where);
	reader->text = NULL;
}

/* The text after the words, or NULL if the line does not begin with them. */
static char *after(char *line, const char *words)
{
	size_t length = strlen(words);
	if (strncmp(line, words, length) != 0 || (line[length] != '\0' && line[length] != ' '))
		return NULL;
	return line + length + (line[length] == ' ');
}

static void start_section(struct reader *reader, char *line)
{
	struct bpf_case *last = last_case(reader);
	char *rest;

	reader->text = NULL;
	if (after(line, "program") != NULL) {
		reader->text = &last->program;
	} else if ((rest = after(line, "invalid in kernel")) != NULL) {
		append(&last->invalid_in_kernel, rest);
	} else if ((rest = after(line, "invalid")) != NULL) {
		append(&last->invalid, rest);
	} else if (after(line, "packet") != NULL) {
		append(&reader->hex, "");
		reader->text = &reader->hex;
	} else if ((rest = after(line, "wirelen")) != NULL) {
		reader->check.wirelen = read_u_int(reader, rest);
		reader->has_wirelen = true;
	} else if ((rest = after(line, "aux")) != NULL) {
		read_aux(reader, rest);
	} else if ((rest = after(line, "verdict")) != NULL) {
		finish_check(reader, read_u_int(reader, rest));
	} else {
		give_up(reader, "no such section");
	}
}

static void read_line(struct reader *reader, char *line)
{
	char *rest;

	if (line[0] == ';' || line[strspn(line, " \t")] == '\0')
		return;
	if ((rest = after(line, "==")) != NULL) {
		start_case(reader, rest);
	} else if ((rest = after(line, "--")) != NULL) {
		start_section(reader, rest);
	} else if (reader->text != NULL) {
		append(reader->text, line);
		append(reader->text, "\n");
	} else {
		give_up(reader, "this line is in no section");
	}
}

void read_cases(const char *path, struct bpf_case **cases, u_int *count)
{
	struct reader reader = {.path = path, .cases = cases, .count = count, .started = *count};
	FILE *file = fopen(path, "r");
	char line[1000];

	if (file == NULL)
		give_up(&reader, "can't be opened");
	while (fgets(line, sizeof(line), file) != NULL) {
		reader.line++;
		line[strcspn(line, "\r\n")] = '\0';
		read_line(&reader, line);
	}
	if (reader.hex != NULL)
		give_up(&reader, "the last packet has no verdict");
	if (*count == reader.started)
		give_up(&reader, "there is no case in this file");
	fclose(file);
}

void free_cases(struct bpf_case *cases, u_int count)
{
	for (u_int i = 0; i < count; i++) {
		for (u_int j = 0; j < cases[i].check_count; j++)
			free(cases[i].checks[j].packet);
		free(cases[i].checks);
		free(cases[i].name);
		free(cases[i].program);
		free(cases[i].invalid);
		free(cases[i].invalid_in_kernel);
	}
	free(cases);
}
