#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Installs the library into a temporary folder and uses it as others would: every way to find it, to compile with
its headers and to link with it."""
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import tap
from tap import check, run, Skip
from tree import Tree

SOURCE = pathlib.Path(__file__).resolve().parent
PROGRAM = SOURCE / 'program.c'
STRICT = ['-Wall', '-Wextra', '-pedantic', '-Werror']


def need(program):
    if not shutil.which(program):
        raise Skip(f'{program} is not installed')


class Installed:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.tree = Tree(self.folder / 'root')
        self.pkg_config_env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=str(self.tree.root),
                                   PKG_CONFIG_LIBDIR=str(self.tree.libdir / 'pkgconfig'))

    def output(self, command, **options):
        return run(command, **options).split()

    def build(self, flags, name, compiler=None):
        """Compiles and links the program, source first, as everyone does."""
        program = self.folder / name
        run([*(compiler or self.tree.cc), *STRICT, PROGRAM, '-o', program, *flags])
        return program

    def run_program(self, program, shared):
        """The program works, with this library: through libpcap.so.1, or with no libpcap to load at all."""
        environment = dict(os.environ)
        if shared:
            environment['LD_LIBRARY_PATH'] = str(self.tree.libdir)
        dynamic = run(['readelf', '-d', program])
        check(('[libpcap.so.1]' in dynamic) == shared, f'wrong libraries in {program}:\n{dynamic}')
        printed = run([program, self.folder / 'packets.pcap'], env=environment)
        check(re.match(r'libpcap version 1\.\d+\.\d+ \(Weir ', printed), f'not this library: {printed}')
        # What decompresses is loaded, or linked with the archive.
        compressed = self.folder / 'packets.pcap.gz'
        compressed.write_bytes(gzip.compress((self.folder / 'packets.pcap').read_bytes()))
        result = tap.try_run([program, '--read', compressed], env=environment)
        check(result.returncode == 0 or 'built without zlib' in result.stderr, result.stderr)

    def files(self):
        tree = self.tree
        for path in ('libpcap.so', 'libpcap.so.1', 'libpcap.so.0.8', 'libpcap.a', 'pkgconfig/libpcap.pc', 'pkgconfig/libpcap-modules.pc',
                     'cmake/pcap/pcap-config.cmake', 'cmake/libpcap/libpcap-config.cmake'):
            check((tree.libdir / path).exists(), f'{path} is not installed')
        real = {(tree.libdir / name).resolve() for name in ('libpcap.so', 'libpcap.so.1', 'libpcap.so.0.8')}
        check(len(real) == 1, f'the names stand for different files: {real}')
        for path in [tree.bindir / 'pcap-config', tree.includedir / 'pcap.h', tree.includedir / 'pcap/pcap.h',
                     tree.includedir / 'pcap-int.h', tree.includedir / 'libpcap-modules/pcap-int.h']:
            check(path.exists(), f'{path} is not installed')
        needed = set(re.findall(r'NEEDED.*\[(.*)\]', run(['readelf', '-d', tree.libdir / 'libpcap.so.1'])))
        if not tree.is_sanitized():
            extra = {name for name in needed if not re.match(r'(libc|libpthread|ld-linux.*)\.so', name)}
            check(not extra, f'the library needs more than it should: {extra}')

    def symbols_of(self, *command):
        """The defined global names that nm lists."""
        return set(re.findall(r' [TDRBW] (\S+?)(?:@.*)?$', run(command), re.MULTILINE))

    def archive_is_complete(self):
        shared = self.symbols_of('nm', '-D', '--defined-only', self.tree.libdir / 'libpcap.so.1')
        static = self.symbols_of('nm', '-g', '--defined-only', self.tree.libdir / 'libpcap.a')
        check(len(shared) > 80, f'only {len(shared)} exported symbols')
        check(shared <= static, f'not in libpcap.a: {sorted(shared - static)}')
        libraries = self.output([self.tree.bindir / 'pcap-config', '--static', '--additional-libs'])
        program = self.build([f'-I{self.tree.includedir}', self.tree.libdir / 'libpcap.a', *libraries], 'archive')
        self.run_program(program, shared=False)

    def pkg_config(self):
        need('pkg-config')
        run(['pkg-config', '--print-errors', '--exists', 'libpcap >= 1.9'], env=self.pkg_config_env)
        flags = self.output(['pkg-config', '--cflags', '--libs', 'libpcap'], env=self.pkg_config_env)
        self.run_program(self.build(flags, 'by-pkg-config'), shared=True)

    def need_static(self):
        if self.tree.is_sanitized():
            raise Skip('a sanitized program cannot be linked with -static')

    def pkg_config_static(self):
        need('pkg-config')
        self.need_static()
        flags = self.output(['pkg-config', '--static', '--cflags', '--libs', 'libpcap'], env=self.pkg_config_env)
        self.run_program(self.build(['-static', *flags], 'by-pkg-config-static'), shared=False)

    def pcap_config(self):
        script = self.tree.bindir / 'pcap-config'
        version = run([script, '--version']).strip()
        check(re.fullmatch(r'1\.\d+\.\d+', version), f'pcap-config --version: {version}')
        flags = self.output([script, '--cflags', '--libs'])
        self.run_program(self.build(flags, 'by-pcap-config'), shared=True)

    def pcap_config_static(self):
        script = self.tree.bindir / 'pcap-config'
        all_libs = self.output([script, '--static', '--libs'])
        additional = self.output([script, '--static', '--additional-libs'])
        check(all_libs[-len(additional):] == additional, f'{additional} is not at the end of {all_libs}')
        check(tap.try_run([script, '--bogus']).returncode == 1, 'pcap-config takes an option that it does not know')
        self.need_static()
        flags = [*self.output([script, '--cflags']), *all_libs]
        self.run_program(self.build(['-static', *flags], 'by-pcap-config-static'), shared=False)

    def cmake(self):
        need('cmake')
        for package, targets in (('PCAP', {'PCAP::PCAP': True, 'PCAP::PCAP_STATIC': False}),
                                 ('pcap', {'PCAP::PCAP': True}), ('LibPCAP', {'libpcap::libpcap': True})):
            for target, shared in targets.items():
                self.cmake_target(package, target, shared)

    def cmake_target(self, package, target, shared):
        folder = self.folder / f'cmake-{package}-{target.replace(":", "-")}'
        folder.mkdir()
        (folder / 'CMakeLists.txt').write_text(
            f'cmake_minimum_required(VERSION 3.13)\nproject(user C)\n'
            f'find_package({package} 1.9 CONFIG REQUIRED)\n'
            f'add_executable(program {PROGRAM})\ntarget_link_libraries(program PRIVATE {target})\n')
        flags = ' '.join(self.tree.cc[1:])
        run(['cmake', '-G', 'Ninja', '-S', folder, '-B', folder / 'build', f'-DCMAKE_C_COMPILER={self.tree.cc[0]}',
             f'-DCMAKE_C_FLAGS={flags}', f'-DCMAKE_PREFIX_PATH={self.tree.prefix}'])
        run(['cmake', '--build', folder / 'build'])
        self.run_program(folder / 'build/program', shared)

    def cpp_program(self):
        need('c++')
        sanitizers = [flag for flag in self.tree.cc if flag.startswith('-fsanitize')]
        compiler = ['c++', '-x', 'c++', '-std=c++11', '-D_DEFAULT_SOURCE', *sanitizers]
        flags = [f'-I{self.tree.includedir}', f'-L{self.tree.libdir}', '-lpcap']
        self.run_program(self.build(flags, 'in-c++', compiler), shared=True)

    def each_header(self, language):
        """Every public header compiles with nothing before it, and twice."""
        include = self.tree.includedir
        headers = sorted(path.relative_to(include) for path in include.rglob('*.h'))
        check(len(headers) > 15, f'only {headers}')
        for header in headers:
            text = f'#include <{header}>\n#include <{header}>\nint main(void) {{ return 0; }}\n'
            result = subprocess.run([*language, *STRICT, '-D_DEFAULT_SOURCE', f'-I{include}', '-fsyntax-only', '-'],
                                    input=text, capture_output=True, text=True, check=False)
            check(result.returncode == 0, f'{header}:\n{result.stderr}')

    def headers_in_c(self):
        self.each_header([*self.tree.cc, '-x', 'c', '-std=c99'])

    def headers_in_cpp(self):
        need('c++')
        self.each_header(['c++', '-x', 'c++', '-std=c++11'])


def main():
    with tempfile.TemporaryDirectory(prefix='weir-install-') as folder:
        installed = Installed(folder)
        return tap.main([
            ('the files are there, and need no other library', installed.files),
            ('libpcap.a holds all of the library', installed.archive_is_complete),
            ('a program finds it by pkg-config', installed.pkg_config),
            ('a static program finds it by pkg-config --static', installed.pkg_config_static),
            ('a program finds it by pcap-config', installed.pcap_config),
            ('a static program finds it by pcap-config --static', installed.pcap_config_static),
            ('programs find it by CMake, shared and static', installed.cmake),
            ('a C++ program compiles and links', installed.cpp_program),
            ('every header compiles alone as C99', installed.headers_in_c),
            ('every header compiles alone as C++11', installed.headers_in_cpp),
        ])


if __name__ == '__main__':
    sys.exit(main())
