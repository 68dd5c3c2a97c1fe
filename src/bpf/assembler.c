/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The assembler: a program from text. For tests and tools that take programs by hand. What bpf_image() writes is
 * taken as it is; beside that, a line may be empty, have labels ("again:") that stand for instruction numbers, and
 * end in a comment that begins with ';'. The number in parentheses may be left out, and so may one of jt and jf,
 * which is then the next instruction. Nothing is validated but that it can be encoded.
 */
#include "bpf/program.h"

#include "bpf/opcodes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of the text. */
struct word {
	const char *start;
	size_t length;
};

struct label {
	struct word name;
	u_int number; /* of the instruction that it stands for */
};

struct assembler {
	const char *at;  /* what is left of the line */
	const char *end; /* of the line, without its comment */
	u_int line;
	struct label *labels;
	u_int label_count;
	struct bpf_insn *insns;
	u_int count;  /* instructions so far */
	char *errbuf; /* PCAP_ERRBUF_SIZE */
};

/* What stands in for an operand in the text, how it is written, and what it can mean. */
struct operand_pattern {
	const char *pattern; /* %: a number, $: the name of an ancillary load, @: an instruction */
	u_int operands;      /* a bit for each enum bpf_operand */
};

#define OPERAND(name) (1u << BPF_OPERAND_##name)

/* In the order in which they are tried. */
static const struct operand_pattern operand_patterns[] = {
	{"#pktlen", OPERAND(WIRE_LENGTH)},
	{"#%", OPERAND(HEX) | OPERAND(DECIMAL) | OPERAND(DIVISOR) | OPERAND(SHIFT)},
	{"[x+%]", OPERAND(INDIRECT)},
	{"[%]", OPERAND(PACKET)},
	{"[$]", OPERAND(PACKET)},
	{"4*([%]&0xf)", OPERAND(HEADER_LENGTH)},
	{"M[%]", OPERAND(SCRATCH)},
	{"x", OPERAND(X)},
	{"@", OPERAND(TARGET)},
};

static int PCAP_PRINTFLIKE(2, 3) fail(struct assembler *as, const char *format, ...)
{
	va_list ap;
	int used = snprintf(as->errbuf, PCAP_ERRBUF_SIZE, "line %u: ", as->line);

	va_start(ap, format);
	vsnprintf(as->errbuf + used, PCAP_ERRBUF_SIZE - used, format, ap);
	va_end(ap);
	return PCAP_ERROR;
}

/* For "%.*s": as much of a word as an error shows. */
static int shown(struct word word)
{
	return word.length > 40 ? 40 : (int)word.length;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static void skip_blanks(struct assembler *as)
{
	while (as->at < as->end && is_blank(*as->at))
		as->at++;
}

/* What an error points at: the line from here to the next blank. */
static struct word rest_of_word(const struct assembler *as)
{
	const char *end = as->at;

	while (end < as->end && !is_blank(*end))
		end++;
	return (struct word){as->at, end - as->at};
}

/* Letters, digits and underscores, not beginning with a digit; empty if there are none. */
static struct word read_name(struct assembler *as)
{
	const char *start = as->at;

	if (as->at < as->end && !is_digit(*as->at))
		while (as->at < as->end && is_word_char(*as->at))
			as->at++;
	return (struct word){start, as->at - start};
}

static bool equals(struct word word, const char *text)
{
	return strlen(text) == word.length && memcmp(word.start, text, word.length) == 0;
}

/* Takes the word if it comes next. */
static bool accept_name(struct assembler *as, const char *name)
{
	const char *before = as->at;

	skip_blanks(as);
	if (equals(read_name(as), name))
		return true;
	as->at = before;
	return false;
}

static int digit_value(char c, int base)
{
	int value = is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : base;
	return value < base ? value : -1;
}

/* A number of 32 bits, with or without sign, decimal or hexadecimal. */
static bool read_number(struct assembler *as, int64_t *number)
{
	const char *at = as->at;
	bool negative = at < as->end && *at == '-';
	int base = 10;
	int64_t value = 0;

	at += negative;
	if (as->end - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x') {
		base = 16;
		at += 2;
	}
	if (at == as->end || digit_value(*at, base) < 0)
		return false;
	for (; at < as->end && digit_value(*at, base) >= 0; at++) {
		value = value * base + digit_value(*at, base);
		if (value > UINT32_MAX)
			return false;
	}
	if (negative && value > -(int64_t)INT32_MIN)
		return false;
	*number = negative ? -value : value;
	as->at = at;
	return true;
}

static bool read_ancillary(struct assembler *as, int64_t *k)
{
	struct word name = read_name(as);
	const struct bpf_ancillary *ancillary = pcapint_bpf_ancillary_by_name(name.start, name.length);

	if (ancillary == NULL)
		return false;
	*k = ancillary->k;
	return true;
}

/* An instruction, by number or by label. */
static bool read_target(struct assembler *as, int64_t *number)
{
	if (read_number(as, number))
		return true;
	struct word name = read_name(as);
	for (u_int i = 0; i < as->label_count; i++) {
		const struct label *label = &as->labels[i];
		if (label->name.length == name.length && memcmp(label->name.start, name.start, name.length) == 0) {
			*number = label->number;
			return true;
		}
	}
	return false;
}

/* Blanks may stand anywhere but inside a word. */
static bool match(struct assembler *as, const char *pattern, int64_t *value)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		if (p == pattern || !is_word_char(p[-1]) || !is_word_char(*p))
			skip_blanks(as);
		bool matched;
		if (*p == '%')
			matched = read_number(as, value);
		else if (*p == '$')
			matched = read_ancillary(as, value);
		else if (*p == '@')
			matched = read_target(as, value);
		else
			matched = as->at < as->end && *as->at++ == *p;
		if (!matched)
			return false;
	}
	return as->at == as->end || !is_word_char(*as->at) || !is_word_char(as->at[-1]);
}

static bool comes_jt_or_jf(struct assembler *as)
{
	const char *before = as->at;
	bool comes = accept_name(as, "jt") || accept_name(as, "jf");

	as->at = before;
	return comes;
}

/* The operands that the text can be, a bit each, and the number in it. */
static int read_operand(struct assembler *as, u_int *operands, int64_t *value)
{
	skip_blanks(as);
	const char *start = as->at;

	*operands = OPERAND(NONE);
	*value = 0;
	if (as->at == as->end || comes_jt_or_jf(as))
		return 0;
	for (size_t i = 0; i < sizeof(operand_patterns) / sizeof(operand_patterns[0]); i++) {
		*operands = operand_patterns[i].operands;
		if (match(as, operand_patterns[i].pattern, value))
			return 0;
		as->at = start;
	}
	struct word word = rest_of_word(as);
	return fail(as, "neither an operand nor a label: '%.*s'", shown(word), word.start);
}

static int read_branch(struct assembler *as, u_char *distance)
{
	int64_t target;

	skip_blanks(as);
	struct word word = rest_of_word(as);
	if (!read_target(as, &target))
		return fail(as, "neither a label nor a number: '%.*s'", shown(word), word.start);
	int64_t ahead = target - as->count - 1;
	if (ahead < 0)
		return fail(as, "jt and jf can't go back: to %" PRId64 " from %u", target, as->count);
	if (ahead > UINT8_MAX)
		return fail(as, "jt and jf reach 255 instructions ahead: to %" PRId64 " from %u is too far", target,
			as->count);
	*distance = (u_char)ahead;
	return 0;
}

static int read_branches(struct assembler *as, struct bpf_insn *insn)
{
	bool any = false;

	for (;;) {
		u_char *distance = accept_name(as, "jt") ? &insn->jt : accept_name(as, "jf") ? &insn->jf : NULL;
		if (distance == NULL)
			break;
		if (!pcapint_bpf_branches(insn->code))
			return fail(as, "only a conditional jump has jt and jf");
		if (read_branch(as, distance) != 0)
			return PCAP_ERROR;
		any = true;
	}
	if (pcapint_bpf_branches(insn->code) && !any)
		return fail(as, "a conditional jump needs jt, jf or both");
	return 0;
}

/* The opcode by its mnemonic and what its operand can be. */
static int find_opcode(struct assembler *as, struct word mnemonic, u_int operands, u_short *code)
{
	bool known = false;

	for (u_int i = 0; i < BPF_OPCODES; i++) {
		const struct bpf_opcode *opcode = pcapint_bpf_opcode(i);
		if (opcode == NULL || !equals(mnemonic, opcode->mnemonic))
			continue;
		known = true;
		if (operands & 1u << opcode->operand) {
			*code = (u_short)i;
			return 0;
		}
	}
	return fail(as, known ? "'%.*s' has no operand of this kind" : "no such instruction: '%.*s'",
		shown(mnemonic), mnemonic.start);
}

/* "unimp 0x81": an opcode by number, as bpf_image() shows those it has no name for. */
static int read_raw_code(struct assembler *as, u_short *code)
{
	int64_t number;

	skip_blanks(as);
	if (!read_number(as, &number) || number < 0 || number > UINT16_MAX)
		return fail(as, "unimp needs an opcode: a number from 0 to 0xffff");
	*code = (u_short)number;
	return 0;
}

static int read_named_code(struct assembler *as, struct word mnemonic, struct bpf_insn *insn)
{
	u_int operands;
	int64_t value;

	if (read_operand(as, &operands, &value) != 0 || find_opcode(as, mnemonic, operands, &insn->code) != 0)
		return PCAP_ERROR;
	if (insn->code == (BPF_JMP | BPF_JA))
		value -= (int64_t)as->count + 1;
	insn->k = (bpf_u_int32)value;
	return 0;
}

static int read_instruction(struct assembler *as)
{
	struct bpf_insn insn = {0};
	int64_t number;

	if (*as->at == '(') {
		if (!match(as, "(%)", &number) || number != as->count)
			return fail(
				as, "this is instruction %u, which is not the number in parentheses", as->count);
		skip_blanks(as);
	}
	struct word word = rest_of_word(as);
	struct word mnemonic = read_name(as);
	if (mnemonic.length == 0)
		return fail(as, "no instruction: '%.*s'", shown(word), word.start);
	int status =
		equals(mnemonic, "unimp") ? read_raw_code(as, &insn.code) : read_named_code(as, mnemonic, &insn);
	if (status != 0 || read_branches(as, &insn) != 0)
		return PCAP_ERROR;
	skip_blanks(as);
	word = rest_of_word(as);
	if (word.length != 0)
		return fail(as, "not expected here: '%.*s'", shown(word), word.start);
	as->insns[as->count++] = insn;
	return 0;
}

/* Takes a label; false, and nothing taken, if none comes. */
static bool read_label(struct assembler *as, struct word *name)
{
	const char *before = as->at;

	skip_blanks(as);
	*name = read_name(as);
	if (name->length != 0 && as->at < as->end && *as->at == ':') {
		as->at++;
		return true;
	}
	as->at = before;
	return false;
}

static int note_label(struct assembler *as, struct word name)
{
	for (u_int i = 0; i < as->label_count; i++)
		if (as->labels[i].name.length == name.length &&
			memcmp(as->labels[i].name.start, name.start, name.length) == 0)
			return fail(as, "there is a label '%.*s' already", shown(name), name.start);
	struct label *labels = realloc(as->labels, (as->label_count + 1) * sizeof(*labels));
	if (labels == NULL)
		return fail(as, "no memory for a label");
	as->labels = labels;
	labels[as->label_count++] = (struct label){name, as->count};
	return 0;
}

/* Goes through the text, once to note labels and count instructions, and once more, with insns, to encode them. */
static int read_lines(struct assembler *as, const char *text)
{
	as->count = 0;
	as->line = 0;
	for (const char *next = text; *next != '\0';) {
		struct word name;
		as->at = next;
		as->end = next + strcspn(next, ";\n");
		next += strcspn(next, "\n");
		next += *next == '\n';
		as->line++;
		while (read_label(as, &name))
			if (as->insns == NULL && note_label(as, name) != 0)
				return PCAP_ERROR;
		skip_blanks(as);
		if (as->at == as->end)
			continue;
		if (as->insns == NULL)
			as->count++;
		else if (read_instruction(as) != 0)
			return PCAP_ERROR;
	}
	return 0;
}

int pcapint_bpf_assemble(const char *text, struct bpf_program *program, char *errbuf)
{
	struct assembler as = {.errbuf = errbuf};

	*program = (struct bpf_program){0};
	int status = read_lines(&as, text);
	if (status == 0 && as.count == 0)
		status = fail(&as, "the text ends, and there was no instruction");
	if (status == 0) {
		as.insns = calloc(as.count, sizeof(*as.insns));
		status = as.insns == NULL ? fail(&as, "no memory for %u instructions", as.count)
					  : read_lines(&as, text);
	}
	free(as.labels);
	if (status != 0) {
		free(as.insns);
		return status;
	}
	program->bf_len = as.count;
	program->bf_insns = as.insns;
	return 0;
}
