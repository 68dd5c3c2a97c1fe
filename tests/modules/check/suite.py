# SPDX-License-Identifier: BSD-3-Clause
"""Running weir module check, on modules that are compiled for it and on devices, for the tests of the folder."""
import json
import os
import pathlib
import re
import shlex
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE_ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(SOURCE_ROOT / 'tests/lib'))
from tap import check, run, try_run

BUILD = pathlib.Path(os.environ['WEIR_BUILD'])
WEIR = BUILD / 'tools/weir'


def environment(**more):
    """With the modules that were built as files. What AddressSanitizer keeps of memory that was freed looks like a leak."""
    sanitizer = os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=0:thread_local_quarantine_size_kb=0'
    return dict(os.environ, PCAP_MODULE_PATH=str(BUILD / 'src/modules/loadable'), ASAN_OPTIONS=sanitizer, **more)


class Modules:
    """Builds modules in folders of their own, which nobody else may write to."""

    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.base.chmod(0o755)
        self.cc = shlex.split(os.environ['WEIR_CC'])
        if os.environ['WEIR_SANITIZE'] != 'none':
            self.cc.append(f"-fsanitize={os.environ['WEIR_SANITIZE']}")
        self.count = 0

    def build(self, name, *sources_and_options):
        self.count += 1
        folder = self.base / f'modules-{self.count}'
        folder.mkdir(mode=0o755)
        file = folder / f'pcap-{name}.so'
        run([*self.cc, '-Wall', '-Werror', '-D_GNU_SOURCE', '-shared', '-fPIC', '-pthread', '-Wl,-Bsymbolic',
             f'-I{SOURCE_ROOT}/include', '-o', file, *sources_and_options, f'-L{BUILD}', '-lpcap'])
        return file

    def faulty(self, fault, *options):
        return self.build('faulty', '-fvisibility=hidden', f'-DFAULT={fault}', *options, HERE / 'pcap-faulty.c')

    def bad(self, macro):
        return self.build('bad', '-DNAME="bad"', macro, HERE.parent / 'loader/pcap-bad.c')

    def null(self):
        row = self.base / 'null-module.c'
        row.write_text('#include <pcap-module.h>\n'
                       'PCAP_MODULE(null, "a packet generator", "null", pcap_null_findalldevs, pcap_null_create)\n')
        return self.build('null', SOURCE_ROOT / 'src/modules/pcap-null.c', row)


def told(rows):
    return '\n'.join(f"{row['rule']} {row['outcome']}: {row['check']}: {row.get('text', '')}" for row in rows)


def run_check(*words, env=None, timeout=300):
    """The exit status, and the rows that are printed."""
    result = try_run([WEIR, 'module', 'check', '--json', *words], timeout, env=env or environment())
    check(result.stdout.startswith('['), f'status {result.returncode}\n{result.stdout}{result.stderr}')
    return result.returncode, json.loads(result.stdout)


def is_blamed(file, rule, text, *words):
    """The rule is broken where only its checks run, and it is said how."""
    status, rows = run_check('--rule', rule, *words, file)
    broken = [row for row in rows if row['outcome'] == 'broken']
    check(any(row['rule'] == rule and text in row['text'] for row in broken),
          f'not blamed: {rule} {text}\n{told(rows)}')
    check(status == 1, f'status {status}')


def is_green(*words, reasons=(), env=None):
    """Nothing is broken, and no check was left out for another reason than those that are expected."""
    status, rows = run_check('--leak-time', '0.3', '--limit', '60', *words, env=env)
    wrong = [row for row in rows if row['outcome'] == 'broken' or
             row['outcome'] == 'not checked' and not any(re.search(reason, row['text']) for reason in reasons)]
    check(not wrong, told(wrong))
    check(status == 0, f'status {status}')
    return rows
