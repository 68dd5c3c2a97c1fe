/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `weir module check` prints: a line a check, more where a rule is broken, and at the end a table of the rules.
 */
#include "module/check.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* Where a rule is explained, with an anchor for each. */
#define DOCUMENT "writing-a-module.md"

static const char *const outcome_names[OUTCOME_COUNT] = {"passed", "BROKEN", "not checked"};
static const char *const outcome_words[OUTCOME_COUNT] = {"passed", "broken", "not checked"};

void report_subject(struct check_report *report, const struct check_subject *subject)
{
	if (report->json)
		return;
	if (subject->device != NULL)
		printf("\ndevice %s\n", subject->device);
	else
		printf("module %s%s%s\n", subject->module, subject->file != NULL ? " in " : "",
			subject->file != NULL ? subject->file : "");
	fflush(stdout);
}

static void count(struct check_report *report, const char *rule, enum outcome outcome)
{
	unsigned i = 0;

	report->total[outcome]++;
	while (i < report->rule_count && strcmp(report->rules[i].rule, rule) != 0)
		i++;
	if (i == MOST_RULES)
		return;
	if (i == report->rule_count) {
		snprintf(report->rules[i].rule, sizeof(report->rules[i].rule), "%s", rule);
		report->rule_count++;
	}
	report->rules[i].outcomes[outcome]++;
}

static void print_json(struct check_report *report, const struct check_subject *subject, const char *rule,
	const struct check_row *row, const struct check_result *result)
{
	struct json *json = report->out;

	json_open_object(json, NULL);
	json_string(json, "module", subject->module);
	if (subject->device != NULL)
		json_string(json, "device", subject->device);
	json_string(json, "rule", rule);
	json_string(json, "check", row->name);
	json_string(json, "outcome", outcome_words[result->outcome]);
	if (result->text[0] != '\0')
		json_string(json, "text", result->text);
	json_close_object(json);
}

/* What comes from modules is made safe for a terminal. */
static void print_line(const char *rule, const struct check_row *row, const struct check_result *result)
{
	char shown[4 * sizeof(result->text) + 1];
	struct text text = text_in(shown, sizeof(shown));

	text_escaped(&text, result->text, strlen(result->text));
	text_finish(&text);
	printf("  %-3s %-11s  %s", rule, outcome_names[result->outcome], row->name);
	if (result->outcome == CHECK_BROKEN)
		printf("\n                   %s\n                   see rule %s in " DOCUMENT, shown, rule);
	else if (shown[0] != '\0')
		printf(result->outcome == CHECK_PASSED ? " (%s)" : ": %s", shown);
	putchar('\n');
	fflush(stdout);
}

void report_check(struct check_report *report, const struct check_subject *subject, const struct check_row *row,
	const struct check_result *result)
{
	const char *rule = row->rule;

	/* The check of one rule may find that another is broken. */
	if (result->rule[0] != '\0')
		rule = result->rule;
	if (report->json)
		print_json(report, subject, rule, row, result);
	else
		print_line(rule, row, result);
	count(report, rule, result->outcome);
}

void report_end(const struct check_report *report)
{
	if (report->json)
		return;
	printf("\nrule  passed  broken  not checked\n");
	for (unsigned i = 0; i < report->rule_count; i++) {
		const struct rule_count *row = &report->rules[i];
		printf("%-4s  %6u  %6u  %11u\n", row->rule, row->outcomes[CHECK_PASSED],
			row->outcomes[CHECK_BROKEN], row->outcomes[CHECK_LEFT_OUT]);
	}
	printf("\n%u checks: %u passed, %u broken, %u not checked\n",
		report->total[CHECK_PASSED] + report->total[CHECK_BROKEN] + report->total[CHECK_LEFT_OUT],
		report->total[CHECK_PASSED], report->total[CHECK_BROKEN], report->total[CHECK_LEFT_OUT]);
}
