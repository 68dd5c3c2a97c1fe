#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests native code for 64-bit ARM on a processor of another kind: builds the engine with a cross compiler, and runs
the case files and the fuzzer under qemu's user-mode emulation.

usage: arm64.py SOURCE CASE-FILE..."""
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import tap
from tap import Skip, check, run

ENGINE = ['interpret', 'native', 'native-arm64', 'opcodes', 'ops', 'ops-facts', 'ops-run', 'program', 'validate']
FUZZER = ['fuzz/fuzz-native.c', 'fuzz/random.c', 'tests/lib/random-numbers.c', 'tests/unit/bpf/plausible-programs.c',
          'tests/unit/bpf/random-programs.c']
CASES = ['tests/bpf/native-cases.c', 'tests/bpf/cases.c', 'src/bpf/assembler.c']
RANDOM_INPUTS = 20000


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

    def run(self, name, sources, *arguments):
        compiler = find(['aarch64-linux-gnu-gcc'], 'gcc-aarch64-linux-gnu')
        emulator = find(['qemu-aarch64', 'qemu-aarch64-static'], 'qemu-user')
        program = self.folder / name
        paths = [self.source / 'src' / 'bpf' / f'{part}.c' for part in ENGINE]
        paths += [self.source / path for path in sources]
        if 'stdio.h: No such' in tap.try_run([compiler, '-E', '-include', 'stdio.h', '-x', 'c', '/dev/null']).stderr:
            raise Skip('there is no C library to cross-compile with (package libc6-dev-arm64-cross)')
        run([compiler, '-O1', '-Wall', '-Werror', '-Wno-sign-compare', '-D_GNU_SOURCE', '-pthread', '-static',
             f'-I{self.source / "include"}', f'-I{self.source / "src"}', '-o', program, *paths])
        return run([emulator, program, *arguments], timeout=240)

    def case_files(self):
        output = self.run('cases', CASES, *self.cases)
        check(output.strip().endswith(', 0 judged wrong'), output)

    def fuzzer(self):
        output = self.run('fuzz', FUZZER, '--random', RANDOM_INPUTS)
        check(f'{RANDOM_INPUTS} inputs' in output, output)


def main():
    with tempfile.TemporaryDirectory() as folder:
        emulated = Emulated(pathlib.Path(sys.argv[1]), sys.argv[2:], folder)
        return tap.main([
            ('case files on an emulated ARM processor', emulated.case_files),
            ('random programs on an emulated ARM processor', emulated.fuzzer),
        ])


if __name__ == '__main__':
    sys.exit(main())
