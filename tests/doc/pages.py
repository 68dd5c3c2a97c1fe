#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the manual against what it describes: a page for every call, prototypes and constants as in the headers,
tables as in the library, examples that compile, links and references that lead somewhere.

usage: pages.py SOURCE LIST-NAMES COMPILER..."""
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import tap
from tap import Skip, check, run

# Exported data: there is nothing to call, and no header declares it.
DATA = {'eproto_db', 'pcap_version'}
# Strings, environment variables, and macros with arguments.
NOT_CONSTANTS = {'PCAP_ETHERS_FILE', 'PCAP_MODULE_IS_OURS', 'PCAP_MODULE_PATH', 'PCAP_MODULE_NOTE_OWNER',
                 'PCAP_MODULE_NOTE_SECTION', 'PCAP_MODULE_SYMBOL'}
# The rules that modules keep, of which each has a place that others can point to.
RULES = ('m1 m2 m3 m4 l1 l2 l3 l4 l5 l6 c1 c2 c3 c4 a1 a2 a3 a4 a5 a6 a7 r1 r2 r3 r4 r5 r6 r7 r8 i1 f1 f2 f3 '
         's1 d1 n1 t1 b1 k1 o1').split()

# What the roff escapes in the pages stand for, in code.
ESCAPES = {r'\e': '\\', r'\-': '-', r'\&': '', r'\(aq': "'", r'\(ga': '`', r'\(dq': '"', r'\(ha': '^'}


def unescape(line):
    def replace(escape):
        check(escape[0] in ESCAPES, f'unexpected escape {escape[0]} in: {line}')
        return ESCAPES[escape[0]]
    return re.sub(r'\\(?:\(..|.)', replace, line)


def words_of(macro):
    """The arguments of a macro line; a quoted one may have blanks, and "" in it is a quote."""
    words = re.findall(r'"((?:[^"]|"")*)"|(\S+)', macro.split(None, 1)[1])
    return [quoted.replace('""', '"') or plain for quoted, plain in words]


class Page:
    def __init__(self, path):
        self.path = path
        self.name, self.section = path.name.rsplit('.', 1)
        self.lines = path.read_text().splitlines()
        self.link = self.lines[0].split()[1] if self.lines[0].startswith('.so ') else None

    def section_lines(self, title):
        """The lines below a section's heading."""
        heading = f'.SH {title}'
        if heading not in self.lines:
            return []
        rest = self.lines[self.lines.index(heading) + 1:]
        end = next((i for i, line in enumerate(rest) if line.startswith('.SH ')), len(rest))
        return rest[:end]

    def names(self):
        """What the page is about, as its NAME section says."""
        return unescape(self.section_lines('NAME')[0].split(r' \- ')[0]).split(', ')

    def synopsis(self):
        """The SYNOPSIS as C."""
        text = []
        for line in self.section_lines('SYNOPSIS'):
            if line.startswith('.BI '):
                text.append(''.join(words_of(line)))
            elif line.startswith('.B '):
                text.append(' '.join(words_of(line)))
        return unescape('\n'.join(text))

    def programs(self):
        """The examples that are whole programs."""
        found = re.findall(r'^\.EX\n(.*?)^\.EE$', '\n'.join(self.lines), re.MULTILINE | re.DOTALL)
        code = ('\n'.join(map(unescape, text.split('\n'))) for text in found)
        return [program for program in code if re.search(r'\bmain\(', program)]

    def plain_text(self):
        """All words, without fonts."""
        return re.sub(r'\\f.', '', '\n'.join(self.lines)).replace(r'\-', '-')

    def references(self):
        """(name, section) pairs that the page refers to."""
        text = '\n'.join(self.lines).replace(r'\-', '-')
        macros = re.findall(r'^\.(?:BR|IR) (\S+) \((\d\w*)\)', text, re.MULTILINE)
        return set(macros) | set(re.findall(r'\\fB([\w-]+)\\fP\((\d\w*)\)', text))


class Manual:
    def __init__(self, source, list_names, compiler):
        self.source = source
        self.list_names = list_names
        self.compiler = compiler
        self.man = source / 'doc' / 'man'
        paths = sorted(path for section in '1357' for path in (self.man / f'man{section}').iterdir())
        every = [Page(path) for path in paths if path.name != 'meson.build']
        self.pages = [page for page in every if not page.link]
        self.links = [page for page in every if page.link]
        self.files = {f'{page.name}.{page.section}' for page in every}

    def compile(self, code, name, options=()):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / f'{name}.c'
            path.write_text(code)
            run([*self.compiler, '-fsyntax-only', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', *options,
                 f'-I{self.source / "include"}', path])

    def exported(self):
        symbols = re.findall(r'^\s+(\w+);$', (self.source / 'libpcap.map').read_text(), re.MULTILINE)
        check(len(symbols) > 80, f'only {len(symbols)} names in libpcap.map')
        # What modules call has no page of its own.
        return {name for name in symbols if not name.startswith('pcapint_')} - DATA

    def every_call_has_a_page(self):
        missing = {name for name in self.exported() if f'{name}.3pcap' not in self.files}
        check(not missing, f'no page, and no link to one, for: {sorted(missing)}')
        stale = {page.name for page in [*self.pages, *self.links] if page.section == '3pcap'}
        stale -= self.exported() | {'pcap'}
        check(not stale, f'pages for calls that there are not: {sorted(stale)}')

    def links_lead_to_pages(self):
        of_names = {}
        for page in self.pages:
            check(page.names()[0] == page.name, f'{page.path.name} is about {page.names()[0]} first')
            for name in page.names()[1:]:
                of_names[f'{name}.{page.section}'] = f'{page.path.parent.name}/{page.path.name}'
        for link in self.links:
            check((self.man / link.link).is_file(), f'{link.path.name} leads to {link.link}, which is not there')
        of_links = {link.path.name: link.link for link in self.links}
        check(of_names == of_links, f'names of pages and links differ: {of_names.items() ^ of_links.items()}')

    def references_lead_to_pages(self):
        for page in self.pages:
            for name, section in page.references():
                ours = section == '3PCAP' or name.startswith('pcap-')
                check(not ours or f'{name}.{section.lower()}' in self.files,
                      f'{page.path.name} refers to {name}({section}), which is not there')

    def pages_are_installed(self):
        for folder in self.man.glob('man[1357]'):
            listed = set(re.findall(r"'(\S+\.\d\w*)'", (folder / 'meson.build').read_text()))
            there = {path.name for path in folder.iterdir()} - {'meson.build'}
            check(listed == there, f'{folder.name}: in meson.build or in the folder only: {sorted(listed ^ there)}')

    def overview_is_complete(self):
        overview = next(page for page in self.pages if page.name == 'pcap')
        missing = self.exported() - {name for name, _ in overview.references()}
        check(not missing, f'pcap.3pcap does not name: {sorted(missing)}')

    def pages_lint(self):
        if not shutil.which('mandoc'):
            raise Skip('mandoc is not installed')
        run(['mandoc', '-T', 'lint', '-W', 'warning', *(page.path for page in self.pages)], cwd=self.man)

    def prototypes_are_those_of_the_headers(self):
        for page in self.pages:
            if page.section != '3pcap' and page.name != 'pcap-int':
                continue
            synopsis = page.synopsis()
            if page.name == 'pcap-int':
                declared = set(re.findall(r'(\w+)\(', synopsis))
                missing = self.for_modules() - declared
                check(not missing, f'{page.path.name}: without a prototype: {sorted(missing)}')
            elif page.name != 'pcap':
                declared = set(re.findall(r'(\w+)\(', synopsis))
                check(declared >= set(page.names()), f'{page.path.name}: names without a prototype')
            self.compile(f'{synopsis}\n', page.name)

    def for_modules(self):
        """The routines that are exported for modules."""
        return set(re.findall(r'^\s+(pcapint_\w+);$', (self.source / 'libpcap.map').read_text(), re.MULTILINE))

    def module_header(self):
        """The header of modules, without comments."""
        return re.sub(r'/\*.*?\*/', '', (self.source / 'include/pcap-int.h').read_text(), flags=re.DOTALL)

    def module_interface(self):
        """Each routine, macro, type, and member of a structure that modules have."""
        header = self.module_header()
        names = self.for_modules()
        header_of_files = (self.source / 'include/pcap-module.h').read_text()
        macros = re.findall(r'^ *#define (\w+)', header + header_of_files, re.MULTILINE)
        names |= {name for name in macros if name == '_U_' or not name.startswith('lib_') and not name.endswith('_')}
        names |= set(re.findall(r'^typedef .*\(\*(\w+)\)\(', header, re.MULTILINE)) - set(self.operation_types())
        for members in self.structures().values():
            names |= members
        types = {name.split()[-1] for name in self.structures()} - {'pcap', 'pcap_opt'}
        return names | types | {'pcap_if_list_t'}

    def operation_types(self):
        """Types that only a member has, which is described."""
        return re.findall(r'^\t(\w+_t) \w+;[ \t]*$', self.module_header(), re.MULTILINE)

    def structures(self):
        """The names of each structure's members."""
        found = {}
        for name, body in re.findall(r'^(struct \w+) \{\n(.*?)^\};', self.module_header(), re.MULTILINE | re.DOTALL):
            found[name] = set(re.findall(r'(\w+)(?:\[[^]]*\])?;', body))
        check(len(found['struct pcap']) > 35, f'only {len(found["struct pcap"])} members of struct pcap')
        return found

    def module_interface_is_described(self):
        page = next(page for page in self.pages if page.name == 'pcap-int')
        rows = re.findall(r'^\.(?:TP|TQ)\n\.B (.*)$', '\n'.join(page.lines), re.MULTILINE)
        described = {re.sub(r'\(.*', '', unescape(row)).split()[-1] for row in rows}
        names = self.module_interface()
        check(names <= described, f'pcap-int.7 has no row for: {sorted(names - described)}')
        check(described <= names, f'pcap-int.7 has rows for what is not there: {sorted(described - names)}')

    def howto_is_complete(self):
        howto = (self.source / 'doc/modules/writing-a-module.md').read_text()
        structures = self.structures()
        names = self.for_modules() | structures['struct pcap'] | structures['struct pcap_opt']
        missing = {name for name in names - {'core'} if not re.search(rf'\b{name}\b', howto)}
        check(not missing, f'writing-a-module.md does not tell of: {sorted(missing)}')
        anchors = re.findall(r'^<a id="(\w+)"></a>\*\*(\w+)\.\*\* ', howto, re.MULTILINE)
        check([anchor for anchor, _ in anchors] == RULES, f'the rules of writing-a-module.md are {anchors}')
        check(all(rule == anchor.upper() for anchor, rule in anchors), f'a rule has the name of another: {anchors}')

    def names_of_libpcap_are_told(self):
        page = (self.source / 'doc/modules/from-libpcap.md').read_text()
        header = (self.source / 'include/libpcap-modules/pcap-int.h').read_text()
        names = set(re.findall(r'^#define (\w+)', header, re.MULTILINE))
        names = {name for name in names if not name.lower().startswith('libpcap_modules')}
        check(len(names) > 15, f'only {len(names)} names in libpcap-modules/pcap-int.h')
        missing = {name for name in names if not re.search(rf'\b{name}\b', page)}
        check(not missing, f'from-libpcap.md does not tell of: {sorted(missing)}')

    def documents_lead_somewhere(self):
        """Links in what is written for those who work with the source."""
        count = 0
        for path in [*self.source.glob('*.md'), *self.source.glob('doc/**/*.md')]:
            for target, anchor in re.findall(r'\]\(([^)#:]*)(?:#([^)]*))?\)', path.read_text()):
                other = path.parent / target if target else path
                check(other.exists(), f'{path.name} has a link to {target}, which is not there')
                if anchor:
                    text = other.read_text()
                    headings = re.findall(r'^#+ (.*)$', text, re.MULTILINE)
                    slugs = {re.sub(r'[^\w -]', '', heading).lower().replace(' ', '-') for heading in headings}
                    check(anchor in slugs or f'<a id="{anchor}">' in text, f'{path.name}: no {target}#{anchor}')
                count += 1
        check(count > 5, f'only {count} links found')

    def constants_are_those_of_the_headers(self):
        used = {}
        for page in self.pages:
            text = page.plain_text().replace(page.name.upper(), '', 1)  # the title
            for name in re.findall(r'\b(?:PCAP|PCAPNG|DLT|RPCAP)_\w*[A-Z0-9]\b(?!\()', text):
                if name not in NOT_CONSTANTS:
                    used.setdefault(name, page.path.name)
        check(len(used) > 60, f'only {len(used)} constants found')
        rows = ''.join(f'\t(long long){name}, /* {page} */\n' for name, page in sorted(used.items()))
        headers = ''.join(f'#include <{name}>\n' for name in ('pcap/weir.h', 'pcap/pcapng.h', 'pcap-module.h'))
        self.compile(f'{headers}const long long values[] = {{\n{rows}}};\n', 'constants')

    def examples_compile(self):
        count = 0
        for page in self.pages:
            for number, program in enumerate(page.programs(), 1):
                self.compile(program, f'{page.name}-example-{number}', ['-std=gnu11', '-pedantic'])
                count += 1
        check(count >= 15, f'only {count} examples found')

    def tables_are_those_of_the_library(self):
        library = run([self.list_names])
        page = next(page for page in self.pages if page.name == 'pcap-linktype')
        table = re.sub(r'\n {20,}', ' ', page.plain_text())
        rows = re.findall(r'^ *(\d+)  (\w+) +(\S.*)$', table, re.MULTILINE)
        expected = re.findall(r'^link type\t(\d+)\t(\w+)\t(.*)$', library, re.MULTILINE)
        check(len(expected) > 200, f'the library has only {len(expected)} link-layer types')
        check(rows == expected, f'pcap-linktype.7 differs from the library: {sorted(set(rows) ^ set(expected))}')
        page = next(page for page in self.pages if page.name == 'pcap-tstamp')
        names = set(re.findall(r'^PCAP_TSTAMP_\w+, (\w+)$', page.plain_text(), re.MULTILINE))
        expected = set(re.findall(r'^time stamp type\t(\w+)$', library, re.MULTILINE))
        check(names == expected, f'pcap-tstamp.7 differs from the library: {sorted(names ^ expected)}')


def main():
    manual = Manual(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    return tap.main([
        ('every exported call has a page', manual.every_call_has_a_page),
        ('links lead to pages, one for each name', manual.links_lead_to_pages),
        ('references lead to pages', manual.references_lead_to_pages),
        ('every page is installed', manual.pages_are_installed),
        ('pcap(3PCAP) names every call', manual.overview_is_complete),
        ('mandoc finds no fault in a page', manual.pages_lint),
        ('prototypes are those of the headers', manual.prototypes_are_those_of_the_headers),
        ('the module interface is described', manual.module_interface_is_described),
        ('the HOWTO of modules is complete', manual.howto_is_complete),
        ('names for modules from libpcap are told', manual.names_of_libpcap_are_told),
        ('links in documents lead somewhere', manual.documents_lead_somewhere),
        ('constants are those of the headers', manual.constants_are_those_of_the_headers),
        ('tables are those of the library', manual.tables_are_those_of_the_library),
        ('examples compile', manual.examples_compile),
    ])


if __name__ == '__main__':
    sys.exit(main())
