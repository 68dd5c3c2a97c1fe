#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests native code for 64-bit ARM on a processor of another kind: builds the engine with a cross compiler, and runs
the case files and the fuzzers under qemu's user-mode emulation.

usage: arm64.py SOURCE CASE-FILE..."""
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import tap
from tap import Skip, check, run

ENGINE = ['interpret', 'native', 'native-arm64', 'opcodes', 'ops', 'ops-facts', 'ops-run', 'program', 'validate']
SETS = ['intern', 'set', 'set-combine', 'set-concat', 'set-decode', 'set-emit', 'set-ranges']
FUZZER = ['fuzz/random.c', 'tests/lib/random-numbers.c', 'tests/unit/bpf/plausible-programs.c',
          'tests/unit/bpf/random-programs.c']
CASES = ['tests/bpf/native-cases.c', 'tests/bpf/cases.c', 'src/bpf/assembler.c']
RANDOM_INPUTS = {'native': 20000, 'filter-set': 2000}


def find(names, package):
    for name in names:
        if shutil.which(name):
            return name
    raise Skip(f'{names[0]} is not installed (package {package})')


class Emulated:
    def __init__(self, source, cases, folder):
        self.source = source
        self.cases = cases
        self.folder = pathlib.Path(folder)

    def run(self, name, parts, sources, *arguments):
        compiler = find(['aarch64-linux-gnu-gcc'], 'gcc-aarch64-linux-gnu')
        emulator = find(['qemu-aarch64', 'qemu-aarch64-static'], 'qemu-user')
        program = self.folder / name
        paths = [self.source / 'src' / 'bpf' / f'{part}.c' for part in parts]
        paths += [self.source / path for path in sources]
        if 'stdio.h: No such' in tap.try_run([compiler, '-E', '-include', 'stdio.h', '-x', 'c', '/dev/null']).stderr:
            raise Skip('there is no C library to cross-compile with (package libc6-dev-arm64-cross)')
        # What of them needs the rest of the library is not used here, and left out.
        run([compiler, '-O1', '-Wall', '-Werror', '-Wno-sign-compare', '-Wno-format-truncation', '-D_GNU_SOURCE',
             '-pthread', '-static', '-ffunction-sections', '-Wl,--gc-sections', f'-I{self.source / "include"}',
             f'-I{self.source / "src"}', '-o', program, *paths], timeout=120)
        return run([emulator, program, *arguments], timeout=240)

    def case_files(self):
        output = self.run('cases', ENGINE, CASES, *self.cases)
        check(output.strip().endswith(', 0 judged wrong'), output)

    def fuzz(self, name, parts):
        inputs = RANDOM_INPUTS[name]
        output = self.run(name, parts, [f'fuzz/fuzz-{name}.c', *FUZZER], '--random', inputs)
        check(f'{inputs} inputs' in output, output)

    def programs(self):
        self.fuzz('native', ENGINE)

    def sets(self):
        self.fuzz('filter-set', ENGINE + SETS)


def main():
    with tempfile.TemporaryDirectory() as folder:
        emulated = Emulated(pathlib.Path(sys.argv[1]), sys.argv[2:], folder)
        return tap.main([
            ('case files on an emulated ARM processor', emulated.case_files),
            ('random programs on an emulated ARM processor', emulated.programs),
            ('random filter sets on an emulated ARM processor', emulated.sets),
        ])


if __name__ == '__main__':
    sys.exit(main())
