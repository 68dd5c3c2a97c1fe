#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the manual of the filter language against the compiler: its words and link-layer types are all described,
and the expressions shown compile. A comment before an example tells what it is:

.\\" filter DLT    every line is an expression that compiles for that link-layer type
.\\" names DLT     the same, but a name in it may be unknown to the system
.\\" same DLT      every line is an expression, and all become the same program
.\\" error DLT     the first line is an expression, and the others are what is said of it

usage: expressions.py SOURCE COMPILE-EXPRESSION"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import tap
from pages import Page, unescape
from tap import check, try_run

EXAMPLE = re.compile(r'^\.\\" (filter|names|same|error) (\w+)\n\.EX\n(.*?)^\.EE$', re.MULTILINE | re.DOTALL)
# Nothing but expressions and their errors is shown there.
LANGUAGE = 'pcap-filter.7'


class Examples:
    def __init__(self, source, compiler):
        self.compiler = compiler
        self.filter = source / 'src' / 'filter'
        self.words = set(re.findall(r'[\w-]+', Page(source / 'doc' / 'man' / 'man7' / LANGUAGE).plain_text()))
        self.pages = {path.name: path.read_text() for path in sorted((source / 'doc' / 'man').glob('man?/*.?*'))}
        self.found = [(page, *example) for page, text in self.pages.items() for example in EXAMPLE.findall(text)]

    def of_kind(self, *kinds):
        for page, kind, dlt, text in self.found:
            if kind in kinds:
                yield page, dlt, [unescape(line) for line in text.splitlines()]

    def compile(self, dlt, expression):
        result = try_run([self.compiler, dlt, expression])
        check(result.returncode in (0, 1) and not result.stderr,
              f'{expression}: exit status {result.returncode}\n{result.stderr}')
        return result.returncode == 0, result.stdout

    def program(self, page, dlt, expression):
        compiled, text = self.compile(dlt, expression)
        check(compiled, f'{page}, for {dlt}: {text}')
        return text

    def every_example_is_marked(self):
        text = self.pages[LANGUAGE]
        shown = len(re.findall(r'^\.EX$', text, re.MULTILINE))
        marked = len(EXAMPLE.findall(text))
        check(shown == marked, f'{LANGUAGE} has {shown} examples, of which {marked} say what they are')
        check(marked >= 40, f'only {marked} examples found')

    def in_source(self, file, pattern):
        found = set(re.findall(pattern, (self.filter / file).read_text()))
        check(len(found) >= 60, f'only {len(found)} found in {file}')
        return found

    def every_word_is_described(self):
        keywords = self.in_source('keywords.c', r'\{"([\w-]+)", KEYWORD_')
        check(keywords <= self.words, f'{LANGUAGE} does not have the keywords {sorted(keywords - self.words)}')
        values = self.in_source('named-values.c', r'\{"([\w-]+)", ')
        check(values <= self.words, f'{LANGUAGE} does not have the values {sorted(values - self.words)}')

    def every_link_type_is_described(self):
        types = self.in_source('linktype-rows.c', r'\bDLT_\w+')
        check(types <= self.words, f'{LANGUAGE} does not have the link-layer types {sorted(types - self.words)}')

    def expressions_compile(self):
        count = 0
        for page, dlt, lines in self.of_kind('filter'):
            for expression in lines:
                self.program(page, dlt, expression)
                count += 1
        check(count >= 70, f'only {count} expressions found')

    def names_are_all_that_is_missing(self):
        for page, dlt, lines in self.of_kind('names'):
            for expression in lines:
                compiled, text = self.compile(dlt, expression)
                check(compiled or re.search(r': unknown (?:host|network|port|protocol|Ethernet host) "', text),
                      f'{page}, for {dlt}: {text}')

    def same_programs_are_the_same(self):
        count = 0
        for page, dlt, lines in self.of_kind('same'):
            programs = {self.program(page, dlt, expression) for expression in lines}
            check(len(lines) > 1 and len(programs) == 1, f'{page}: these become different programs: {lines}')
            count += 1
        check(count >= 5, f'only {count} groups found')

    def errors_are_those_shown(self):
        count = 0
        for page, dlt, (expression, *message) in self.of_kind('error'):
            compiled, text = self.compile(dlt, expression)
            shown = '\n'.join(message) + '\n'
            check(not compiled and text == shown, f'{page} shows of "{expression}":\n{shown}but it is:\n{text}')
            count += 1
        check(count >= 4, f'only {count} errors found')


def main():
    examples = Examples(pathlib.Path(sys.argv[1]), sys.argv[2])
    return tap.main([
        ('every example of the language says what it is', examples.every_example_is_marked),
        ('every word of the language is described', examples.every_word_is_described),
        ('every link-layer type that can be filtered on is described', examples.every_link_type_is_described),
        ('expressions compile', examples.expressions_compile),
        ('expressions with names compile, or the name is unknown', examples.names_are_all_that_is_missing),
        ('expressions that are said to be the same are', examples.same_programs_are_the_same),
        ('errors are those that are shown', examples.errors_are_those_shown),
    ])


if __name__ == '__main__':
    sys.exit(main())
