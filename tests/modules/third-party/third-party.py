#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Adds other people's modules to the library the way they would: each compiled with nothing but the installed
headers, a line a module in a copy of the module table, linked. Then runs capture.c, which captures through them."""
import os
import pathlib
import shlex
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE_ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(SOURCE_ROOT / 'tests/lib'))
from tap import run
from tree import Tree

MODULES = {
    'pcap-ticker.c':
        'PCAP_MODULE_IS_OURS(ticker, "ticking clocks", "ticker", ticker_findalldevs, ticker_create)',
    'pcap-dgram.c':
        'PCAP_MODULE(dgram, "Ethernet frames in datagrams", "dgram", dgram_findalldevs, dgram_create)',
}
WARNINGS = ['-Wall', '-Wextra', '-Werror', '-D_DEFAULT_SOURCE']


def compile_module(tree, folder, source):
    output = folder / f'{source}.o'
    run([*tree.cc, *WARNINGS, '-fPIC', f'-I{tree.includedir}', '-c', HERE / source, '-o', output])
    return output


def compile_table(tree, folder):
    """The files of the core that are in no archive; the registry has a copy of the table in which our lines come first."""
    table = (pathlib.Path(os.environ['WEIR_BUILD']) / 'src/modules/modules.def').read_text().splitlines()
    first = next((number for number, line in enumerate(table) if line.startswith('PCAP_MODULE')), len(table))
    copy = folder / 'modules.def'
    copy.write_text('\n'.join([*table[:first], *MODULES.values(), *table[first:]]) + '\n')
    return [compile_part(tree, folder, 'core/registry', f'-DPCAP_MODULES_DEF="{copy}"'),
            compile_part(tree, folder, 'core/modules-load'), compile_part(tree, folder, 'savefile/codec-load')]


def compile_part(tree, folder, name, *options):
    output = folder / f'{pathlib.Path(name).name}.o'
    run([*tree.cc, '-D_GNU_SOURCE', *os.environ['WEIR_C_ARGS'].splitlines(), *options,
         f'-I{SOURCE_ROOT}/src', f'-I{SOURCE_ROOT}/include', '-fPIC', '-fvisibility=hidden',
         '-c', SOURCE_ROOT / f'src/{name}.c', '-o', output])
    return output


def link_library(tree, folder, objects):
    library = folder / 'libpcap.so.1'
    run([*tree.cc, '-shared', '-Wl,-soname,libpcap.so.1', f'-Wl,--version-script={SOURCE_ROOT}/libpcap.map',
         *objects, '-Wl,--whole-archive', pathlib.Path(os.environ['WEIR_BUILD']) / 'libweir-objects.a',
         '-Wl,--no-whole-archive', *shlex.split(os.environ['WEIR_STATIC_LIBS']), '-o', library])
    return library


def main():
    with tempfile.TemporaryDirectory(prefix='weir-module-') as name:
        folder = pathlib.Path(name)
        tree = Tree(folder / 'root')
        objects = [compile_module(tree, folder, source) for source in MODULES]
        library = link_library(tree, folder, [*objects, *compile_table(tree, folder)])
        program = folder / 'capture'
        run([*tree.cc, *WARNINGS, f'-I{tree.includedir}', HERE / 'capture.c', library, '-lcmocka', '-o', program])
        environment = dict(os.environ, LD_LIBRARY_PATH=str(folder), DGRAM_SOCKET=str(folder / 'socket'))
        os.chdir(folder)
        sys.stdout.flush()
        return os.spawnve(os.P_WAIT, str(program), [str(program)], environment)


if __name__ == '__main__':
    status = main()
    sys.exit(status if status >= 0 else 128 - status)
