/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads compressed files: what the byte source asks for where its bytes have to be decoded first. Memory is that of two
 * buffers and the decoder, however much a few bytes expand to.
 */
#include "savefile/savefile.h"

#include <errno.h>

/*
 * Captures do not shrink as much as this, and a file made to keep a program busy does: from so many bytes on, more than
 * so many for each compressed one are taken for an attack.
 */
#define EXPANSION_FREE (64 * 1024 * 1024)
#define EXPANSION_MAX 10000

static ssize_t problem(struct savefile_input *in, const char *text)
{
	snprintf(in->problem, sizeof(in->problem), "the %s data %s", in->compression->name, text);
	errno = EBADMSG;
	return -1;
}

static bool expands_too_much(const struct savefile_input *in, size_t made)
{
	uint64_t total = in->end_offset + made;

	return total > EXPANSION_FREE && total / EXPANSION_MAX > input_offset(in->compressed);
}

static ssize_t decode_some(struct savefile_input *in, u_char *to, size_t room, bool *at_end)
{
	struct savefile_input *from = in->compressed;
	struct codec_piece piece = {
		.in = input_data(from), .in_size = input_available(from), .out = to, .out_size = room};
	enum codec_status status = in->compression->codec->decode(in->decoder, &piece);
	char text[CODEC_PROBLEM_SIZE + 20];

	from->start += piece.taken;
	if (status == CODEC_DAMAGED) {
		in->damaged = true;
		snprintf(text, sizeof(text), "are damaged: %s", piece.problem);
		return problem(in, text);
	}
	if (expands_too_much(in, piece.made)) {
		in->damaged = true;
		return problem(in, "expand to more than 10000 times their size");
	}
	*at_end = piece.in_size == 0 && piece.made == 0;
	if (*at_end && status != CODEC_COMPLETE)
		return problem(in, "end too early"); /* until there are more */
	return (ssize_t)piece.made;
}

ssize_t pcapint_input_decode(
	struct savefile_input *in, u_char *to, size_t room, const volatile sig_atomic_t *break_loop)
{
	struct savefile_input *from = in->compressed;
	bool at_end = false;
	ssize_t made = 0;

	if (in->damaged) {
		errno = EBADMSG;
		return -1;
	}
	while (made == 0 && !at_end) {
		int status = input_available(from) > 0 ? 0 : pcapint_input_fill(from, 1, break_loop);

		if (status == PCAP_ERROR_BREAK)
			errno = EINTR;
		if (status < 0)
			return -1;
		made = decode_some(in, to, room, &at_end);
	}
	return made;
}

void pcapint_input_problem(const struct savefile_input *in, char *text, size_t size)
{
	if (errno == EBADMSG && in->problem[0] != '\0')
		snprintf(text, size, "%s", in->problem);
	else
		pcapint_fmt_errmsg_for_errno(text, size, errno, "can't read");
}
