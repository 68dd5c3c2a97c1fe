#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Says what a run of `meson test` came to: each skipped test and why, each failed one and the end of its output,
and last one line with the counts. A program that prints TAP counts with the tests inside it, any other as one.

usage: tests/summary.py BUILD/meson-logs/testlog.json
"""
import json
import re
import sys

TAP_PLAN = re.compile(r'^1\.\.(\d+)\s*(?:#\s*skip\S*\s*(.*))?$', re.IGNORECASE)
TAP_RESULT = re.compile(r'^(not )?ok\b\s*\d*\s*-?\s*([^#]*)(?:#\s*(skip|todo)\S*\s*(.*))?$', re.IGNORECASE)
GOOD = ('OK', 'EXPECTEDFAIL')
TAIL_LINES = 40


def read_tap(program, output):
    """The (verdict, name, reason) of each test in the output of a program, and how many it planned, or None."""
    results, planned, comment = [], None, ''
    for line in output.splitlines():
        plan = TAP_PLAN.match(line)
        result = TAP_RESULT.match(line)
        if plan:
            planned = int(plan.group(1))
            if planned == 0:
                results.append(('skipped', program, plan.group(2) or 'it has no tests here'))
        elif result:
            name = result.group(2).strip()
            verdict = 'failed' if result.group(1) else 'passed'
            reason = ''
            if result.group(3):
                verdict = 'skipped'
                # cmocka puts the name where TAP has the reason; the test prints the reason in a line before.
                name, reason = (name, result.group(4)) if name else (result.group(4), comment)
            results.append((verdict, f'{program}: {name}', reason.strip() or 'no reason given'))
            comment = ''
        elif line.strip():
            comment = line.lstrip('# ').removeprefix('skipped: ')
    return results, planned


def results_of(test):
    """The results of one test program."""
    output = test.get('stdout') or ''
    program = test['name'].removeprefix('weir:')
    results, planned = read_tap(program, output)
    good = test['result'] in GOOD
    if planned is None:
        if good:
            return [('passed', program, '')]
        if test['result'] == 'SKIP':
            lines = output.strip().splitlines()
            return [('skipped', program, lines[-1].removeprefix('skipped: ') if lines else 'no reason given')]
        return [('failed', program, f"{test['result'].lower()}, exit status {test['returncode']}")]
    count = sum(1 for verdict, _, _ in results if verdict != 'skipped')
    if planned > len(results):
        results.append(('failed', program, f'it ended after {len(results)} of {planned} tests'))
    elif not good and test['result'] != 'SKIP' and not any(verdict == 'failed' for verdict, _, _ in results):
        results.append(('failed', program, f"{test['result'].lower()}, exit status {test['returncode']}"))
    elif good and not count and not results:
        results.append(('failed', program, 'it planned tests and ran none'))
    return results


def tail_of(test):
    text = (test.get('stdout') or '') + (test.get('stderr') or '')
    lines = text.rstrip().splitlines()[-TAIL_LINES:]
    return ''.join(f'    {line}\n' for line in lines)


def main(log):
    counts = {'passed': 0, 'failed': 0, 'skipped': 0}
    skipped, failed = [], []
    try:
        with open(log, encoding='utf-8') as file:
            tests = [json.loads(line) for line in file if line.strip()]
    except OSError as error:
        print(f'no test results: {error}')
        tests = []
    for test in sorted(tests, key=lambda test: test['name']):
        broken = []
        for verdict, name, reason in results_of(test):
            counts[verdict] += 1
            if verdict == 'skipped':
                skipped.append(f'skipped: {name}: {reason}')
            elif verdict == 'failed':
                broken.append(f'failed: {name}' + (f': {reason}' if reason != 'no reason given' else ''))
        if broken:
            failed.append('\n'.join(broken) + '\n' + tail_of(test))
    print()
    for text in skipped + failed:
        print(text)
    print('{passed} passed, {failed} failed, {skipped} skipped'.format(**counts))
    return 1 if counts['failed'] or not counts['passed'] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
