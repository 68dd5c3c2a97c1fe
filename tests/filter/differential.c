/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks what differential.h says. */
#include "differential.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/program.h"
#include "filter/filter.h"

static void print_packet(FILE *out, const struct packet *packet)
{
	fprintf(out, "\n    %u bytes of %u: ", packet->length, packet->wire_length);
	for (uint32_t i = 0; i < packet->length; i++)
		fprintf(out, "%02x", packet->data[i]);
}

static bool __attribute__((format(printf, 5, 6))) fault(const struct differential *d, int linktype,
	const char *text, const struct packet *packet, const char *format, ...)
{
	const char *name = pcap_datalink_val_to_name(linktype);
	va_list arguments;

	if (d->faults == NULL)
		return false;
	fprintf(d->faults, "%s: %s\n    ", name != NULL ? name : "?", text);
	va_start(arguments, format);
	vfprintf(d->faults, format, arguments);
	va_end(arguments);
	if (packet != NULL)
		print_packet(d->faults, packet);
	fprintf(d->faults, "\n");
	return false;
}

/* What "expression rejects all packets" stands for. */
static struct bpf_insn reject[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

static const struct bpf_program *program_of(const struct compiled *compiled, struct bpf_program *none)
{
	*none = (struct bpf_program){.bf_len = 1, .bf_insns = reject};
	return compiled->valid ? &compiled->program : none;
}

/* Whether the peer without its optimizer agrees with this verdict, so that it is the optimizer which is wrong. */
static bool peer_errs(
	struct differential *d, int linktype, const char *text, const struct packet *packet, uint32_t verdict)
{
	struct compiled plain = compile_expression(d->peer, linktype, text, false);
	bool agrees =
		plain.valid &&
		run_counted(&plain.program, packet->data, packet->length, packet->wire_length).verdict == verdict;
	free_compiled(d->peer, &plain);
	d->tally.peer_errors += agrees;
	return agrees;
}

/* Both programs on all packets: where neither reads beyond the end, they agree. */
static bool same_verdicts(struct differential *d, int linktype, const char *text, const struct compiled *a,
	const struct compiled *b, bool is_peer, struct outcome *sums)
{
	struct bpf_program none;

	for (size_t i = 0; i < d->packet_count; i++) {
		const struct packet *packet = &d->packets[i];
		struct outcome first =
			run_counted(program_of(a, &none), packet->data, packet->length, packet->wire_length);
		struct outcome second =
			run_counted(program_of(b, &none), packet->data, packet->length, packet->wire_length);
		sums[0].steps += first.steps;
		sums[1].steps += second.steps;
		sums[0].verdict += first.verdict != 0;
		if (first.endless)
			return fault(d, linktype, text, packet, "it does not end");
		if (first.beyond || second.beyond)
			d->tally.beyond += first.verdict != second.verdict;
		else if (first.verdict != second.verdict &&
			 !(is_peer && peer_errs(d, linktype, text, packet, first.verdict)))
			return fault(d, linktype, text, packet, "%s: %u and %u",
				is_peer ? "ours and the peer's" : "optimized and unoptimized", first.verdict,
				second.verdict);
		d->tally.verdicts++;
	}
	return true;
}

static bool same_program(const struct compiled *a, const struct compiled *b)
{
	return a->valid == b->valid &&
	       (!a->valid || (a->program.bf_len == b->program.bf_len &&
				     memcmp(a->program.bf_insns, b->program.bf_insns,
					     a->program.bf_len * sizeof(struct bpf_insn)) == 0));
}

/* The tree's text compiles to the same program. */
static bool check_printed(struct differential *d, int linktype, const char *text, const struct compiled *ours)
{
	struct filter filter = {.input.text = text};
	bool good = true;

	arena_init(&filter.arena, FILTER_MEMORY);
	if (filter_parse(&filter) && filter.tree != NULL) {
		char *printed = filter_tree_text(filter.tree);
		struct compiled again = compile_expression(&our_library, linktype, printed, true);
		if (!same_program(ours, &again))
			good = fault(d, linktype, text, NULL, "printed as %s: another program, or: %s", printed,
				again.error);
		free_compiled(&our_library, &again);
		free(printed);
	}
	arena_free(&filter.arena);
	return good;
}

static bool check_valid(struct differential *d, int linktype, const char *text, const struct compiled *compiled)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";

	if (!compiled->valid || pcapint_validate_filter(compiled->program.bf_insns, compiled->program.bf_len,
					BPF_TARGET_USERLAND, errbuf) == 0)
		return true;
	return fault(d, linktype, text, NULL, "not valid: %s", errbuf);
}

/* A filter that is refused by us and not by the peer. */
static bool check_refused(struct differential *d, int linktype, const char *text, const struct compiled *ours)
{
	struct compiled peer = {0};
	bool good = true;

	if (d->peer == NULL)
		return true;
	peer = compile_expression(d->peer, linktype, text, true);
	if (peer.valid && intended_difference(linktype, text, true) == NULL)
		good = fault(d, linktype, text, NULL, "only the peer takes it: %s", ours->error);
	free_compiled(d->peer, &peer);
	return good;
}

static struct dearer *dearer_for(struct tally *tally, const char *reason)
{
	struct dearer *d = &tally->dearer[0];

	if (reason == NULL)
		return d;
	for (d++; d->reason != NULL && d->reason != reason && d < &tally->dearer[MOST_REASONS - 1]; d++)
		;
	d->reason = reason;
	return d;
}

static const char shared_code[] = "ours is the shorter program: what several ways need stands in it once, and some "
				  "of them test something again";

/* What both programs cost. Where they may differ in what they say, only that ours costs more is noted. */
static void count_costs(struct differential *d, int linktype, const char *text, const struct bpf_program *ours,
	const struct bpf_program *peer, const struct outcome *sums, const char *reason)
{
	bool longer = ours->bf_len > peer->bf_len, slower = sums[0].steps > sums[1].steps;

	if (reason == NULL) {
		d->tally.length += ours->bf_len;
		d->tally.peer_length += peer->bf_len;
		d->tally.steps += sums[0].steps;
		d->tally.peer_steps += sums[1].steps;
		d->tally.matches += sums[0].verdict;
	}
	if (longer || slower) {
		if (reason == NULL)
			reason = intended_cost(linktype, text);
		if (reason == NULL && ours->bf_len < peer->bf_len)
			reason = shared_code;
		struct dearer *dearer = dearer_for(&d->tally, reason);
		dearer->longer += longer;
		dearer->slower += slower;
	}
	if (d->lengths != NULL)
		fprintf(d->lengths, "%d\t%u\t%u\t%u\t%u\t%s\t%s\n", linktype, ours->bf_len, peer->bf_len,
			sums[0].steps, sums[1].steps, text, reason != NULL ? reason : "");
}

static bool check_peer(struct differential *d, int linktype, const char *text, const struct compiled *ours)
{
	struct outcome sums[2] = {{0}, {0}};
	struct compiled peer = compile_expression(d->peer, linktype, text, true);
	bool good = true;

	if (!peer.valid && !peer.rejects_all) {
		d->tally.peer_refused++;
		return true;
	}
	const char *reason = intended_difference(linktype, text, false);
	if (reason != NULL) {
		struct differential apart = {.peer = d->peer,
			.faults = d->meant,
			.packets = d->packets,
			.packet_count = d->packet_count};
		bool same = same_verdicts(&apart, linktype, text, ours, &peer, true, sums);
		if (!same && d->meant != NULL)
			fprintf(d->meant, "    meant: %s\n", reason);
		d->tally.intended += !same;
		d->tally.allowed++;
	} else {
		d->tally.compared++;
		good = same_verdicts(d, linktype, text, ours, &peer, true, sums);
	}
	if (good && sums[1].steps != 0 && ours->valid && peer.valid)
		count_costs(d, linktype, text, &ours->program, &peer.program, sums, reason);
	free_compiled(d->peer, &peer);
	return good;
}

bool check_filter(struct differential *d, int linktype, const char *text)
{
	struct compiled ours = compile_expression(&our_library, linktype, text, true);
	struct compiled plain = compile_expression(&our_library, linktype, text, false);
	struct outcome sums[2] = {{0}, {0}};
	bool good = true;

	d->tally.expressions++;
	if (!plain.valid) {
		if (ours.valid)
			good = fault(d, linktype, text, NULL, "only optimized, it compiles: %s", plain.error);
		else
			good = check_refused(d, linktype, text, &plain);
	} else if (!ours.valid && !ours.rejects_all) {
		good = fault(d, linktype, text, NULL, "only unoptimized, it compiles: %s", ours.error);
	} else {
		d->tally.compiled++;
		good = check_valid(d, linktype, text, &ours) && check_valid(d, linktype, text, &plain) &&
		       check_printed(d, linktype, text, &ours) &&
		       same_verdicts(d, linktype, text, &ours, &plain, false, sums) &&
		       (d->peer == NULL || check_peer(d, linktype, text, &ours));
	}
	free_compiled(&our_library, &ours);
	free_compiled(&our_library, &plain);
	return good;
}

enum {
	FIRST,
	SECOND,
	BOTH,
	EITHER,
	NOT_FIRST,
	COMPOSITIONS,
};

static bool compose(struct differential *d, int linktype, char *const *texts, const struct compiled *compiled,
	const struct packet *packet, bool and_is_plain)
{
	bool verdicts[COMPOSITIONS];
	struct bpf_program none;

	for (int i = 0; i < COMPOSITIONS; i++) {
		struct outcome outcome = run_counted(
			program_of(&compiled[i], &none), packet->data, packet->length, packet->wire_length);
		if (outcome.beyond)
			return true;
		verdicts[i] = outcome.verdict != 0;
	}
	if (verdicts[EITHER] != (verdicts[FIRST] || verdicts[SECOND]))
		return fault(d, linktype, texts[EITHER], packet, "%d or %d gives %d", verdicts[FIRST],
			verdicts[SECOND], verdicts[EITHER]);
	if (and_is_plain && verdicts[BOTH] != (verdicts[FIRST] && verdicts[SECOND]))
		return fault(d, linktype, texts[BOTH], packet, "%d and %d gives %d", verdicts[FIRST],
			verdicts[SECOND], verdicts[BOTH]);
	if (verdicts[NOT_FIRST] == verdicts[FIRST])
		return fault(d, linktype, texts[NOT_FIRST], packet, "not %d gives the same", verdicts[FIRST]);
	return true;
}

bool check_composition(struct differential *d, int linktype, const char *first, const char *second)
{
	static const char *const formats[COMPOSITIONS] = {
		"%s", "%.0s%s", "(%s) and (%s)", "(%s) or (%s)", "not (%s)"};
	struct compiled compiled[COMPOSITIONS];
	char *texts[COMPOSITIONS];
	bool good = true, all = true;

	for (int i = 0; i < COMPOSITIONS; i++) {
		if (asprintf(&texts[i], formats[i], first, second) < 0)
			abort();
		compiled[i] = compile_expression(&our_library, linktype, texts[i], true);
		all &= compiled[i].valid || compiled[i].rejects_all;
	}
	for (size_t i = 0; i < d->packet_count && all && good; i++)
		good = compose(d, linktype, texts, compiled, &d->packets[i], !moves_layout(linktype, first));
	for (int i = 0; i < COMPOSITIONS; i++) {
		free_compiled(&our_library, &compiled[i]);
		free(texts[i]);
	}
	return good;
}

void print_tally(const struct tally *tally, FILE *out)
{
	fprintf(out,
		"%lu expressions, %lu compile, of which the peer refuses %lu; of %lu that may differ %lu do; %lu "
		"verdicts, %lu unlike only beyond the end, %lu where the peer's optimizer errs, %lu "
		"matches\n",
		tally->expressions, tally->compiled, tally->peer_refused, tally->allowed, tally->intended,
		tally->verdicts, tally->beyond, tally->peer_errors, tally->matches);
	if (tally->peer_length == 0)
		return;
	fprintf(out, "program length: %.3f of the peer's, instructions run: %.3f\n",
		(double)tally->length / (double)tally->peer_length,
		(double)tally->steps / (double)tally->peer_steps);
	for (const struct dearer *d = tally->dearer; d == tally->dearer || d->reason != NULL; d++)
		fprintf(out, "longer in %lu, more instructions run in %lu: %s\n", d->longer, d->slower,
			d->reason != NULL ? d->reason : "without a reason that we know");
}
