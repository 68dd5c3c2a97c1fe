#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A document that builds something as it goes, as files: for the test that follows it, and for a reader who wants the
files as they are at some place. What the words behind ``` say:

    LANGUAGE FILE   the file, or what changes in it, see File.change(); a package of pkg-config's may follow
    bash            commands, run in the folder of the files
    text            after commands, what they print; see expected() in follow.py

usage: steps.py DOCUMENT HEADING FOLDER    writes the files as they are where the section that HEADING begins ends"""
import pathlib
import re
import sys

# What a top-level part of a C file defines; its name decides which part of the file it takes the place of.
KINDS = {
    'include': re.compile(r'^#include\s+(?P<name>[<"]\S+[>"])', re.MULTILINE),
    'define': re.compile(r'^#define\s+(?P<name>\w+)', re.MULTILINE),
    'type': re.compile(r'^(?:static )?(?:const )?(?P<name>(?:struct|enum) \w+) \{', re.MULTILINE),
    'data': re.compile(r'^static (?:const )?[\w ]+?\*?(?P<name>\w+)(?:\[\w*\])+ = ', re.MULTILINE),
    'prototype': re.compile(r'^(?!static\b)[\w ]+[ *](?P<name>\w+)\([^{]*\);$', re.MULTILINE),
    'row': re.compile(r'^(?P<name>PCAP_MODULE\w*)\(.*\)$', re.MULTILINE),
    'routine': re.compile(r'^[\w ]+[ *](?P<name>\w+)\([^;{]*\)\n\{$', re.MULTILINE),
}
# Those that stand together without blank lines.
TOGETHER = ('include', 'define', 'prototype')
GONE = re.compile(r'<!-- gone from (\S+): (.*?) -->')


def split(code):
    """The top-level parts of a C file, in order: each with the comment above it; preprocessor lines one by one."""
    parts, lines, inside = [], [], False
    for line in code.splitlines():
        if not line and not inside:
            # A comment with a blank line below it stands by itself.
            if lines:
                parts.append('\n'.join(lines))
                lines = []
            continue
        lines.append(line)
        if line.startswith('{') or line.endswith('{') and not line.startswith((' ', '\t')):
            inside = True
        comment = line.startswith(('/*', ' *'))
        ends = line.startswith('}') if inside else line.startswith('#') and not line.endswith('\\') or \
            (line.endswith(';') or line.startswith('PCAP_MODULE')) and not comment
        if ends:
            parts.append('\n'.join(lines))
            lines, inside = [], False
    if lines:
        raise ValueError('a part without an end:\n' + '\n'.join(lines))
    return parts


def name_of(part):
    """What a part defines. A prototype and its routine are two things."""
    if part.startswith('/*') and part.endswith('*/'):
        return 'comment', part
    for kind, pattern in KINDS.items():
        found = pattern.search(part)
        if found:
            return kind, found['name']
    raise ValueError(f'what does this define?\n{part}')


class File:
    """A file of the document. A C file is changed part by part."""

    def __init__(self, text):
        self.text = text
        self.parts = None

    def change(self, code):
        """What the code defines takes the place of what has the same name. What is new goes above what follows it in
        the code and is there already, or at the end; an #include or a #define goes to the others."""
        self.parts = self.parts or split(self.text)
        waiting = []
        for part in split(code):
            names = [name_of(other) for other in self.parts]
            kind, name = name_of(part)
            if (kind, name) in names:
                at = names.index((kind, name))
                self.parts[at:at + 1] = [*waiting, part]
                waiting = []
            elif kind in ('include', 'define'):
                self.parts.insert(self.place_among(names, kind, name), part)
            else:
                waiting.append(part)
        self.parts += waiting
        self.put_together()

    @staticmethod
    def place_among(names, kind, name):
        """#include lines are sorted, the module's header has a group of its own; a #define is the last of them."""
        same = [at for at, (other, _) in enumerate(names) if other == kind]
        if kind == 'include':
            return next((at for at in same if names[at][1].startswith('<pcap') or names[at][1] > name), same[-1] + 1)
        return same[-1] + 1 if same else max(at for at, (other, _) in enumerate(names) if other == 'include') + 1

    def remove(self, names):
        self.parts = self.parts or split(self.text)
        for name in names:
            found = [part for part in self.parts if name_of(part)[1] == name]
            if not found:
                raise ValueError(f'{name} is not there, so it cannot go')
            self.parts = [part for part in self.parts if part not in found]
        self.put_together()

    def put_together(self):
        text, before = '', None
        for part in self.parts:
            kind, name = name_of(part)
            group = (kind, kind == 'include' and name.startswith('<pcap')) if kind in TOGETHER else None
            text += ('' if not text or (group and group == before) else '\n') + part + '\n'
            before = group
        self.text = text


class Document:
    """Reads a document and goes through it; what it defines is in files."""

    def __init__(self, path):
        self.events = list(self.read(pathlib.Path(path).read_text()))
        self.files = {}

    @staticmethod
    def read(text):
        """('heading', TEXT), ('gone', FILE, NAMES) and ('block', WORDS, CODE, LINE) in order."""
        lines = text.splitlines()
        at = 0
        while at < len(lines):
            line, number = lines[at], at + 1
            at += 1
            gone = GONE.fullmatch(line)
            if gone:
                yield 'gone', gone[1], gone[2].split(', ')
            elif re.match(r'#+ ', line):
                yield 'heading', line.lstrip('# ')
            elif line.lstrip().startswith('```'):
                if not line.startswith('```'):
                    raise ValueError(f'line {number}: a block that is indented')
                end = lines.index('```', at)
                yield 'block', line[3:].split(), '\n'.join(lines[at:end]) + '\n', number
                at = end + 1

    def define(self, name, code):
        """Takes a block with a file's name."""
        if name not in self.files:
            self.files[name] = File(code)
        elif name.endswith('.c'):
            self.files[name].change(code)
        else:
            raise ValueError(f'{name} is there twice')

    def gone(self, name, names):
        self.files[name].remove(names)


def main():
    path, heading, folder = sys.argv[1:]
    document = Document(path)
    inside = False
    for event in document.events:
        if event[0] == 'heading' and inside:
            break
        if event[0] == 'heading':
            inside = heading in event[1]
        elif event[0] == 'gone':
            document.gone(event[1], event[2])
        elif event[0] == 'block' and len(event[1]) >= 2:
            document.define(event[1][1], event[2])
    if not inside:
        sys.exit(f'{path} has no heading with "{heading}" in it')
    for name, file in document.files.items():
        pathlib.Path(folder, name).write_text(file.text)
        pathlib.Path(folder, name).chmod(0o755 if file.text.startswith('#!') else 0o644)


if __name__ == '__main__':
    main()
