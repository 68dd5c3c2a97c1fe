#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Modules in files: good ones are found, loaded and captured from; each bad one is told of, by what is wrong with it,
and harms no other; and no file is loaded that somebody else could have written."""
import base64
import json
import os
import pathlib
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE_ROOT = HERE.parent.parent.parent
THIRD_PARTY = HERE.parent / 'third-party'
sys.path.insert(0, str(SOURCE_ROOT / 'tests/lib'))
import tap
from tap import Skip, check, comment, run, try_run
from tree import Tree

WARNINGS = ['-Wall', '-Wextra', '-Werror', '-D_DEFAULT_SOURCE']
NULL_ROW = 'PCAP_MODULE(null, "a packet generator", "null", pcap_null_findalldevs, pcap_null_create)'
TICKER_ROW = 'PCAP_MODULE_IS_OURS(ticker, "ticking clocks", "ticker", ticker_findalldevs, ticker_create)'
DGRAM_ROW = 'PCAP_MODULE(dgram, "frames in datagrams", "dgram", dgram_findalldevs, dgram_create)'
OTHER_USER = 65534


def has(text, *parts):
    for part in parts:
        check(part in text, f'"{part}" is not in: {text}')


def has_not(text, part):
    check(part not in text, f'"{part}" is in: {text}')


class Loader:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.base.chmod(0o755)
        self.tree = Tree(self.base / 'root')
        self.count = 0
        self.header = (self.tree.includedir / 'pcap-int.h').read_text()
        self.good = self.folder()
        self.null = self.build_module('null', SOURCE_ROOT / 'src/modules/pcap-null.c', NULL_ROW, self.good)
        self.ticker = self.build_module('ticker', THIRD_PARTY / 'pcap-ticker.c', TICKER_ROW, self.good)
        self.opens = self.build_program('opens')

    def folder(self, mode=0o755):
        self.count += 1
        folder = self.base / f'modules-{self.count}'
        folder.mkdir()
        folder.chmod(mode)
        return folder

    def compile(self, *words, include=None):
        includes = [f'-I{folder}' for folder in (include, self.tree.includedir) if folder]
        run([*self.tree.cc, *WARNINGS, *includes, *words])

    def build_module(self, name, source, row, folder, **options):
        """As pcap-module(7) says: the source as it is, a file with the module's row, one line of a compiler."""
        row_file = self.base / f'{name}-module.c'
        row_file.write_text(f'#include <pcap-module.h>\n{row}\n')
        return self.link(folder / f'pcap-{name}.so', source, row_file, **options)

    def modules_of_the_first_version_work(self):
        """Compiled with the module interface as it was in version 1.0."""
        folder, include = self.folder(), self.base / 'include-1.0'
        include.mkdir()
        for name in ('pcap-int', 'pcap-module'):
            shutil.copy(SOURCE_ROOT / f'tests/abi/{name}-1.0.h', include / f'{name}.h')
        first = struct.pack('8sI', b'Weir', 0x10000)
        for name, row in (('ticker', TICKER_ROW), ('dgram', DGRAM_ROW)):
            module = self.build_module(name, THIRD_PARTY / f'pcap-{name}.c', row, folder, include=include)
            check(first in module.read_bytes(), f'{module} is not of version 1.0')
        self.are_captured_from(folder)

    def binaries_of_the_first_version_work(self):
        """Which were compiled then, and are not compiled again."""
        if platform.machine() != 'x86_64' or struct.calcsize('P') != 8 or platform.libc_ver()[0] != 'glibc':
            raise Skip('they are for x86-64 and the GNU C library')
        folder = self.folder()
        for name in ('ticker', 'dgram'):
            lines = (THIRD_PARTY / f'pcap-{name}-1.0-x86_64.so.base64').read_text().splitlines()
            image = base64.b64decode(''.join(line for line in lines if not line.startswith('#')), validate=True)
            check(struct.pack('8sI', b'Weir', 0x10000) in image, f'{name} is not of version 1.0')
            module = folder / f'pcap-{name}.so'
            module.write_bytes(image)
            module.chmod(0o644)
        self.are_captured_from(folder)

    def unchanged_modules_are_captured_from(self):
        folder = self.folder()
        for name, row in (('ticker', TICKER_ROW), ('dgram', DGRAM_ROW)):
            self.build_module(name, THIRD_PARTY / f'pcap-{name}.c', row, folder)
        self.are_captured_from(folder)

    def are_captured_from(self, folder):
        """By the program that captures from the same modules when they are built in."""
        program = self.base / 'capture'
        self.compile(THIRD_PARTY / 'capture.c', '-o', program, f'-L{self.tree.libdir}', '-lpcap', '-lcmocka')
        environment = dict(self.environment(folder), DGRAM_SOCKET=str(folder / 'socket'), CMOCKA_MESSAGE_OUTPUT='STDOUT')
        has(run([program], env=environment, cwd=folder), 'PASSED', '7 test(s)')

    def link(self, file, *words, library=('-lpcap',), include=None):
        self.compile('-shared', '-fPIC', '-Wl,-Bsymbolic', '-o', file, *words, f'-L{self.tree.libdir}', *library,
                     include=include)
        file.chmod(0o644)
        return file

    def bad_module(self, name, folder, *faults, file=None, **options):
        return self.link(folder / (file or f'pcap-{name}.so'), HERE / 'pcap-bad.c', f'-DNAME="{name}"', *faults, **options)

    def build_program(self, name, *options, libraries=None):
        program = self.base / name
        self.compile('-std=gnu11', HERE / f'{name}.c', '-o', program, *options,
                     *(libraries or [f'-L{self.tree.libdir}', f'-Wl,-rpath,{self.tree.libdir}', '-lpcap']), '-pthread')
        return program

    def environment(self, *folders):
        return dict(self.tree.environment(), PCAP_MODULE_PATH=':'.join(map(str, folders)), LC_ALL='C')

    def run(self, command, *folders, **options):
        return run(command, env=self.environment(*folders), **options)

    def try_run(self, command, *folders):
        result = try_run(command, env=self.environment(*folders))
        return result.stdout + result.stderr

    def modules(self, *folders):
        """What `weir modules` tells of those in files, by file."""
        result = subprocess.run([self.tree.bindir / 'weir', 'modules', '--json'], env=self.environment(*folders),
                                capture_output=True, text=True, timeout=120, check=True)
        return {module['file']: module for module in json.loads(result.stdout) if 'file' in module}

    def problem(self, file, *folders):
        modules = self.modules(*folders)
        check(str(file) in modules, f'{file} is not listed: {modules}')
        return modules[str(file)].get('problem', '')

    def is_refused(self, file, why, *folders):
        """weir modules tells why, and the good modules are not touched by it."""
        folders = folders or (file.parent, self.good)
        has(self.problem(file, *folders), why)
        self.good_ones_work(*folders)

    def good_ones_work(self, *folders):
        has(self.run([self.opens, 'null0', 'ticker0'], *folders), 'null0: module null, 3 packets',
            'ticker0: module ticker, 3 packets')

    # Finding and loading

    def modules_are_found_and_captured_from(self):
        modules = self.modules(self.good)
        check(list(modules) == [str(self.null), str(self.ticker)], modules)
        check(not any('problem' in module for module in modules.values()), modules)
        check(modules[str(self.ticker)]['prefixes'] == ['ticker'], modules)
        self.good_ones_work(self.good)
        listed = self.run([self.opens, '--list'], self.good)
        has(listed, 'device null0\n', 'device null1\n', 'device ticker1\n')
        has(self.run([self.opens, 'ticker0'], self.base), 'ticker0: no such device')

    def stock_tcpdump_captures(self):
        if not shutil.which('tcpdump'):
            raise Skip('tcpdump is not installed')
        printed = self.run(['tcpdump', '-c', '3', '-i', 'ticker0'], self.good)
        has(printed, 'listening on ticker0', '3 packets captured')
        has(self.run(['tcpdump', '-D'], self.good), 'ticker0', 'null1')

    def only_what_is_asked_for_is_loaded(self):
        """Neither another device nor a name that is none loads a module."""
        folder = self.folder()
        self.bad_module('noisy', folder)
        trace = self.base / 'trace'
        for device, loaded in (('null0', {'null'}), ('lo', set()), ('nothing0', set()), ('nullity', set()),
                               ('noisy0', {'noisy'})):
            environment = dict(self.environment(self.good, folder), LD_DEBUG='files', LD_DEBUG_OUTPUT=str(trace))
            try_run([self.opens, device], env=environment) if device != 'lo' else try_run(
                [self.tree.bindir / 'weir', 'filter', '-i', 'lo', 'ip'], env=environment)
            text = ''.join(path.read_text(errors='replace') for path in self.base.glob('trace.*'))
            for path in self.base.glob('trace.*'):
                path.unlink()
            check(text, 'the dynamic loader traces nothing')
            found = {name for name in ('null', 'ticker', 'noisy') if f'pcap-{name}.so' in text}
            check(found == loaded, f'{device}: loaded {found}, not {loaded}')

    def file_is_kept_while_it_is_open(self):
        """A module goes on, its device opens again, after the file was deleted; later programs do not see it."""
        folder = self.folder()
        copy = folder / 'pcap-ticker.so'
        shutil.copy(self.ticker, copy)
        process = subprocess.Popen([self.opens, '--wait', 'ticker0'], env=self.environment(folder), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(process.stdout.readline().startswith('raised'), 'no first line')
        check(process.stdout.readline() == 'open\n', 'not open')
        copy.unlink()
        printed, _ = process.communicate('go on\n', timeout=60)
        has(printed, 'ticker0: module ticker, 3 packets')
        has(self.run([self.opens, 'ticker0'], folder), 'no such device')

    def threads_load_at_once(self):
        threads = self.build_program('threads')
        for _ in range(5):
            has(self.run([threads], self.good), 'all well')

    def static_program_is_told(self):
        if self.tree.is_sanitized():
            raise Skip('sanitizers do not go into static programs')
        libraries = [self.tree.libdir / 'libpcap.a', *os.environ['WEIR_STATIC_LIBS'].split()]
        program = self.base / 'opens-archive'
        self.compile(HERE / 'opens.c', '-o', program, *libraries)
        has(self.run([program, 'null0'], self.good), 'libpcap.a', "can't load modules")
        has(self.run([program, '--list'], self.good), 'libpcap.a')

    # Bad modules

    def bad_versions_are_refused(self):
        major, minor = (int(re.search(rf'PCAP_MODULE_ABI_{part} (\d+)', self.header).group(1)) for part in ('MAJOR', 'MINOR'))
        ours = f'{major}.{minor}'
        for version, text in ((major << 16 | minor + 1, f'{major}.{minor + 1}'), (major + 1 << 16, f'{major + 1}.0'), (1, '0.1')):
            folder = self.folder()
            file = self.bad_module('bad', folder, f'-DNOTE_VERSION={version}')
            self.is_refused(file, f'made for version {text} of the module interface; this library has {ours}')
            has(self.run([self.opens, 'bad0'], folder), f'bad0: the module pcap-bad.so can\'t be used: made for version {text}')
            has(self.run([self.opens, '--list'], folder, self.good), 'device null0', f'made for version {text}')
        file = self.bad_module('bad', self.folder(), '-DDESCRIPTOR_VERSION=0x20000')
        self.is_refused(file, 'its descriptor has version 2.0')
        file = self.bad_module('bad', self.folder(), '-DCREATE=create_for_later')
        has(self.run([self.opens, 'bad0'], file.parent), 'compiled for version 2')

    def descriptors_of_other_sizes(self):
        for size, good in (('0', False), ('8', False), ('55', False), ('56', True), ('200', False), ('(56+64)', True)):
            file = self.bad_module('bad', self.folder(), f'-DDESCRIPTOR_SIZE={size}')
            problem = self.problem(file, file.parent)
            if size == '200':
                continue  # larger than it is: a lie that does no harm, since no more is read than is known
            check((problem == '') == good, f'{size}: {problem}')
            check(good or 'bytes; it must have' in problem, problem)
        if struct.calcsize('P') != 8:
            raise Skip('the sizes are those of 64 bits')

    def missing_routines_are_told(self):
        self.is_refused(self.bad_module('bad', self.folder(), '-DLIST=NULL'), 'lacks a routine: one that lists devices')
        self.is_refused(self.bad_module('bad', self.folder(), '-DCREATE=NULL'), 'lacks a routine: one that makes a handle')
        self.is_refused(self.bad_module('bad', self.folder(), '-DDESCRIPTOR=another_name'), 'has no pcap_module_descriptor')

    def missing_symbol_is_told(self):
        file = self.bad_module('bad', self.folder(), '-DMISSING', '-DLIST=list_calls_missing')
        self.is_refused(file, 'undefined symbol: no_library_has_this')
        has(self.run([self.opens, 'bad0'], file.parent), "bad0: the module pcap-bad.so can't be used", 'no_library_has_this')

    def missing_library_is_told(self):
        gone = self.base / 'libgone.so'
        (self.base / 'gone.c').write_text('int gone;\n')
        self.compile('-shared', '-fPIC', '-o', gone, self.base / 'gone.c')
        file = self.bad_module('bad', self.folder(), library=('-lpcap', '-Wl,--no-as-needed', f'-L{self.base}', '-lgone'))
        gone.unlink()
        self.is_refused(file, 'libgone.so: cannot open shared object file')

    def descriptor_must_agree_with_the_note(self):
        self.is_refused(self.bad_module('bad', self.folder(), '-DDESCRIPTOR_NAME="good"'), 'another name')
        self.is_refused(self.bad_module('bad', self.folder(), '-DDESCRIPTOR_NAME=NULL'), 'another name')
        self.is_refused(self.bad_module('bad', self.folder(), file='pcap-other.so'),
                        'the file of a module bad has to be called pcap-bad.so')

    def bad_names_are_refused(self):
        for prefixes in ('', 'bad ', ' bad', 'bad  two', 'bad1', 'Bad', 'b/d', 'a' * 300):
            file = self.bad_module('bad', self.folder(), f'-DPREFIXES="{prefixes}"')
            problem = self.problem(file, file.parent)
            check('prefixes' in problem or 'too long' in problem, f'"{prefixes}": {problem}')

    def crash_hang_and_silence_in_list(self):
        """A module that is loaded is a part of the program; weir modules tries it out in another."""
        for routine, text in (('crashes', 'crashes'), ('exits', 'ends the program'), ('hangs', 'does not come back'),
                              ('fails_silently', 'does not say why')):
            folder = self.folder()
            file = self.bad_module('bad', folder, f'-DLIST=list_{routine}')
            modules = self.modules(folder, self.good)
            has(modules[str(file)].get('problem', ''), text)
            check('problem' not in modules[str(self.null)], modules)
            self.good_ones_work(folder, self.good)
        file = self.bad_module('bad', self.folder(), '-DLIST=list_prints')
        check(self.problem(file, file.parent) == '', 'a module that prints')

    def silence_of_list_hides_nobody(self):
        file = self.bad_module('bad', self.folder(), '-DLIST=list_fails_silently')
        has(self.run([self.opens, '--list'], file.parent, self.good), 'device null0', 'device ticker0',
            "error: bad: can't list its devices, and does not say why")

    def module_that_refuses_is_heard(self):
        file = self.bad_module('bad', self.folder(), '-DCREATE=create_fails')
        has(self.run([self.opens, 'bad0'], file.parent), 'bad0: the test says no')

    def clashes_are_told(self):
        first, second = self.folder(), self.folder()
        winner = self.bad_module('bad', first, '-DCREATE=create_fails')
        self.is_refused(self.bad_module('bad', second), f'{winner} has its name and comes first', first, second, self.good)
        other = self.bad_module('also', second, '-DPREFIXES="also bad"')
        self.is_refused(other, f'{winner} has one of its prefixes and comes first', first, second, self.good)
        has(self.run([self.opens, 'bad0'], first, second), 'the test says no')
        longer = self.bad_module('longer', second, '-DPREFIXES="bad-longer"')
        check(self.problem(longer, first, second) == '', 'a prefix that begins as another one is its own')
        has(self.run([self.opens, 'bad0'], second, first), 'no such device')  # also comes before bad
        has(self.run([self.opens, '--list'], first, second, self.good), 'error: \n')

    def clash_with_a_built_in_module_is_told(self):
        result = run([self.tree.bindir / 'weir', 'modules', '--json'], env=self.environment())
        prefixes = [prefix for module in json.loads(result) if 'file' not in module for prefix in module['prefixes']]
        folder = self.folder()
        self.is_refused(self.bad_module('linux', folder), 'the built-in module linux has its name')
        if not prefixes:
            raise Skip('no built-in module has a prefix')
        self.is_refused(self.bad_module('bad', folder, f'-DPREFIXES="x {prefixes[0]}"'), 'the built-in module')

    def another_libpcap_is_noticed(self):
        """A module that brings its own library is told apart, and not mixed up with this one."""
        names = re.findall(r'^ +(pcapint_\w+);', (SOURCE_ROOT / 'libpcap.map').read_text(), re.MULTILINE)
        source = self.base / 'other.c'
        source.write_text(''.join(f'void {name}(void);\nvoid {name}(void) {{}}\n' for name in names))
        library = self.base / 'libother.so'
        self.compile('-shared', '-fPIC', '-fno-builtin', '-o', library, source)
        file = self.bad_module('bad', self.folder(), library=(f'-L{self.base}', f'-Wl,-rpath,{self.base}', '-lother'))
        self.is_refused(file, 'linked with another libpcap')

    def files_that_are_no_modules(self):
        folder = self.folder()
        image = bytearray(self.null.read_bytes())
        machine = bytearray(image)
        machine[18:20] = b'\x00\x00' if machine[18] else b'\x01\x01'
        wide = bytearray(image)
        wide[4] ^= 3
        files = {
            'pcap-text.so': (b'#!/bin/sh\n' * 20, 'no ELF file'),
            'pcap-empty.so': (b'', 'ends too early'),
            'pcap-machine.so': (machine, 'another kind of machine'),
            'pcap-wide.so': (wide, 'another kind of machine'),
            'pcap-short.so': (image[:80], 'ends too early'),
            'pcap-program.so': (self.opens.read_bytes(), None),
            'pcap-library.so': (next(self.tree.libdir.glob('libpcap.so.1.*')).read_bytes(), 'no note of one'),
        }
        for name, (content, _) in files.items():
            (folder / name).write_bytes(content)
        os.mkfifo(folder / 'pcap-fifo.so')
        (folder / 'pcap-folder.so').mkdir()
        (folder / 'notes.txt').write_text('not looked at')
        (folder / 'pcap-.so').write_text('neither')
        modules = self.modules(folder, self.good)
        for name, (_, text) in files.items():
            has(modules[str(folder / name)]['problem'], text or ' ')
        has(modules[str(folder / 'pcap-fifo.so')]['problem'], 'not a file')
        has(modules[str(folder / 'pcap-folder.so')]['problem'], 'not a file')
        check(len(modules) == len(files) + 4, modules)
        self.good_ones_work(folder, self.good)

    def truncated_files(self):
        """A module of any length is refused, or is whole enough for the dynamic loader to say no."""
        image = self.null.read_bytes()
        folder = self.folder()
        for size in (1, 63, 64, 65, 200, 500, 700, 1000, 4096, len(image) // 2, len(image) - 1):
            (folder / 'pcap-null.so').write_bytes(image[:size])
            has(self.run([self.opens, 'ticker0'], folder, self.good), 'ticker0: module ticker')
        (folder / 'pcap-null.so').write_bytes(image[:4096])
        check(self.problem(folder / 'pcap-null.so', folder) != '', 'half a module is no module')

    # Whom to trust

    def unsafe_files_are_refused(self):
        for mode in (0o664, 0o646, 0o666):
            file = self.bad_module('bad', self.folder())
            file.chmod(mode)
            self.is_refused(file, 'others may write to pcap-bad.so: chmod go-w')
            has(self.run([self.opens, 'bad0'], file.parent), "bad0: the module pcap-bad.so can't be used: others may write")

    def unsafe_folders_are_refused(self):
        for mode, text in ((0o775, 'others may write to'), (0o757, 'others may write to'), (0o777, 'others may write to'),
                           (0o1777, 'is a folder for everybody')):
            folder = self.folder(mode)
            self.bad_module('bad', folder)
            has(self.problem(folder, folder, self.good), text)
            has(self.run([self.opens, 'bad0'], folder), 'no such device')
            self.good_ones_work(folder, self.good)

    def unsafe_folders_on_the_way_are_refused(self):
        for mode, good in ((0o777, False), (0o770, False), (0o1777, True), (0o711, True)):
            above = self.folder()
            folder = above / 'below'
            folder.mkdir()
            file = self.bad_module('bad', folder)
            above.chmod(mode)
            if good:
                check(self.problem(file, folder) == '', oct(mode))
            else:
                has(self.problem(folder, folder), f'others may write to {above}: chmod go-w {above}')

    def links(self):
        """A link to a file is no module; a link to a folder is as good as who made it and where it leads."""
        folder = self.folder()
        (folder / 'pcap-null.so').symlink_to(self.null)
        self.is_refused(folder / 'pcap-null.so', 'a symbolic link', folder, self.good)
        way = self.base / 'way'
        way.symlink_to(self.good)
        self.good_ones_work(way)
        (self.base / 'relative').symlink_to(self.good.name)
        self.good_ones_work(self.base / 'relative' / '..' / 'way')
        for name in ('round', 'dangling'):
            (self.base / name).symlink_to(self.base / ('round' if name == 'round' else 'nothing'))
        has(self.problem(self.base / 'round', self.base / 'round'), 'Too many levels')
        has(self.problem(self.base / 'dangling', self.base / 'dangling'), 'No such file')
        unsafe = self.folder(0o777)
        (self.base / 'to-unsafe').symlink_to(unsafe)
        has(self.problem(self.base / 'to-unsafe', self.base / 'to-unsafe'), f'others may write to {unsafe}')

    def other_peoples_files_are_refused(self):
        if os.geteuid() != 0:
            raise Skip('only root can give files to another user')
        file = self.bad_module('bad', self.folder())
        os.chown(file, OTHER_USER, OTHER_USER)
        self.is_refused(file, f'belongs to user {OTHER_USER}')
        folder = self.folder()
        self.bad_module('bad', folder)
        os.chown(folder, OTHER_USER, OTHER_USER)
        has(self.problem(folder, folder), f'belongs to user {OTHER_USER}')
        link = self.base / 'their-link'
        link.symlink_to(self.good)
        os.lchown(link, OTHER_USER, OTHER_USER)
        has(self.problem(link, link), f'{link} belongs to user {OTHER_USER}')
        above = self.folder()
        (above / 'below').mkdir()
        self.bad_module('bad', above / 'below')
        os.chown(above, OTHER_USER, OTHER_USER)
        has(self.problem(above / 'below', above / 'below'), f'{above} belongs to user {OTHER_USER}')

    def paths_that_are_none(self):
        relative = os.path.relpath(self.good)
        has(self.problem(relative, relative), 'not a full path')
        has(self.problem('/no/such/folder', '/no/such/folder'), 'No such file')
        has(self.problem(self.null, self.null), 'Not a directory')
        long_path = '/' + 'x' * 5000
        check(self.problem(long_path, long_path) != '', 'a path without end')
        check(self.modules('', '', '') == self.modules(), 'empty paths')

    def give_privileges(self, program):
        """Makes a program set-group-ID, so that the system counts it as one with raised privileges."""
        groups = [group for group in (os.getgroups() if os.geteuid() else [1]) if group != os.getegid()]
        try:
            os.chown(program, -1, groups[0])
        except (IndexError, OSError) as error:
            raise Skip('there is no other group to set') from error
        program.chmod(0o2755)

    def run_privileged(self, program, *words, **variables):
        environment = dict(os.environ, **variables)
        result = try_run([program, *words], env=environment)
        printed = result.stdout + result.stderr
        if 'privileges: no' in printed:
            raise Skip('set-group-ID counts for nothing here')
        has(printed, 'privileges: yes')
        return printed

    def raised_privileges_ignore_the_variable(self):
        program = self.base / 'opens-set-id'
        shutil.copy(self.opens, program)
        has(self.run([program, 'null0'], self.good), 'privileges: no', 'module null')
        self.give_privileges(program)
        has(self.run_privileged(program, 'null0', PCAP_MODULE_PATH=str(self.good)), 'null0: no such device')

    def library_with_fixed_folder(self, folder):
        """The library, linked as if it had been built with another folder of modules; the folder that it is in."""
        library = self.folder()
        arguments = [word for word in os.environ['WEIR_C_ARGS'].splitlines() if 'PCAP_MODULE_DIR' not in word]
        objects = []
        for name in ('core/modules-find', 'core/modules-load', 'core/registry', 'savefile/codec-load'):
            objects.append(library / f'{pathlib.Path(name).name}.o')
            run([*self.tree.cc, '-D_GNU_SOURCE', *arguments, f'-DPCAP_MODULE_DIR="{folder}"', f'-I{SOURCE_ROOT}/src',
                 f'-I{SOURCE_ROOT}/include', f'-I{os.environ["WEIR_BUILD"]}/src', '-fPIC', '-fvisibility=hidden', '-c',
                 SOURCE_ROOT / f'src/{name}.c', '-o', objects[-1]])
        run([*self.tree.cc, '-shared', '-Wl,-soname,libpcap.so.1', '-Wl,-Bsymbolic-functions',
             f'-Wl,--version-script={SOURCE_ROOT}/libpcap.map', '-Wl,--allow-multiple-definition', *objects,
             '-Wl,--whole-archive', pathlib.Path(os.environ['WEIR_BUILD']) / 'libweir-objects.a', '-Wl,--no-whole-archive',
             *os.environ['WEIR_STATIC_LIBS'].split(), '-o', library / 'libpcap.so.1'])
        (library / 'libpcap.so').symlink_to('libpcap.so.1')
        return library

    def program_with_library(self, name, library):
        program = self.base / name
        self.compile(HERE / 'opens.c', '-o', program, f'-L{library}', f'-Wl,-rpath,{library}', '-lpcap')
        return program

    def fixed_folder(self):
        folder = self.folder()
        shutil.copy(self.null, folder)
        library = self.library_with_fixed_folder(folder)
        program = self.program_with_library('opens-fixed', library)
        environment = dict(self.environment(), LD_LIBRARY_PATH=str(library))
        has(run([program, 'null0'], env=environment), 'null0: module null, 3 packets')
        environment['PCAP_MODULE_PATH'] = str(self.good)
        has(run([program, 'ticker0', 'null0'], env=environment), 'ticker0: module ticker', 'null0: module null')
        folder.chmod(0o777)
        environment['PCAP_MODULE_PATH'] = ''
        has(run([program, 'null0'], env=environment), 'null0: no such device')
        folder.rename(self.base / 'away')
        has(run([program, '--list'], env=environment), 'error: \n')  # not everybody has modules

    def raised_privileges_trust_root_alone(self):
        if os.geteuid() != 0:
            raise Skip('only root can give files to another user')
        folder = self.folder()
        module = folder / 'pcap-null.so'
        shutil.copy(self.null, module)
        library = self.library_with_fixed_folder(folder)
        program = self.program_with_library('opens-fixed-set-id', library)
        self.give_privileges(program)
        has(self.run_privileged(program, 'null0'), 'null0: module null')
        os.chown(library / 'libpcap.so.1', OTHER_USER, OTHER_USER)
        os.chown(module, OTHER_USER, OTHER_USER)
        has(self.run_privileged(program, 'null0'), f'belongs to user {OTHER_USER}')
        # Without them, whose library it is may bring modules as well.
        program.chmod(0o755)
        has(run([program, 'null0'], env=dict(os.environ, LD_LIBRARY_PATH=str(library))), 'null0: module null')


def main():
    with tempfile.TemporaryDirectory(prefix='weir-loader-') as name:
        loader = Loader(name)
        cases = [
            ('modules in files are found and captured from', loader.modules_are_found_and_captured_from),
            ('modules whose source is unchanged are captured from', loader.unchanged_modules_are_captured_from),
            ('modules of the first version are captured from', loader.modules_of_the_first_version_work),
            ('binaries of the first version are captured from', loader.binaries_of_the_first_version_work),
            ('stock tcpdump captures from a module in a file', loader.stock_tcpdump_captures),
            ('a module is loaded when a device of its own is asked for', loader.only_what_is_asked_for_is_loaded),
            ('a module goes on when its file is gone', loader.file_is_kept_while_it_is_open),
            ('threads load modules at once', loader.threads_load_at_once),
            ('a program with libpcap.a is told that it loads none', loader.static_program_is_told),
            ('another version of the interface', loader.bad_versions_are_refused),
            ('a descriptor of another size', loader.descriptors_of_other_sizes),
            ('a missing routine', loader.missing_routines_are_told),
            ('a missing symbol', loader.missing_symbol_is_told),
            ('a missing library', loader.missing_library_is_told),
            ('a descriptor that is not the note\'s', loader.descriptor_must_agree_with_the_note),
            ('prefixes that are none', loader.bad_names_are_refused),
            ('crash, hang and silence while listing', loader.crash_hang_and_silence_in_list),
            ('silence while listing hides nobody\'s devices', loader.silence_of_list_hides_nobody),
            ('a module that refuses a device', loader.module_that_refuses_is_heard),
            ('two modules with a name or a prefix', loader.clashes_are_told),
            ('a module with the name or a prefix of a built-in one', loader.clash_with_a_built_in_module_is_told),
            ('a module of another libpcap', loader.another_libpcap_is_noticed),
            ('files that are no modules', loader.files_that_are_no_modules),
            ('truncated files', loader.truncated_files),
            ('files that others may write to', loader.unsafe_files_are_refused),
            ('folders that others may write to', loader.unsafe_folders_are_refused),
            ('folders on the way that others may write to', loader.unsafe_folders_on_the_way_are_refused),
            ('symbolic links', loader.links),
            ('files and folders of another user', loader.other_peoples_files_are_refused),
            ('paths that are none', loader.paths_that_are_none),
            ('raised privileges ignore the variable', loader.raised_privileges_ignore_the_variable),
            ('the folder that was fixed by the build', loader.fixed_folder),
            ('raised privileges trust root alone', loader.raised_privileges_trust_root_alone),
        ]
        return tap.main(cases)


if __name__ == '__main__':
    sys.exit(main())
