#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""weir module check: it finds what is wrong with each of many faulty modules, and blames the right rule; it finds
nothing wrong with good ones; and it tells what it could not check."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE_ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(SOURCE_ROOT / 'tests/lib'))
import tap
from tap import Skip, check, run, try_run
from tree import Tree

NULL_ROW = 'PCAP_MODULE(null, "a packet generator", "null", pcap_null_findalldevs, pcap_null_create)'

# Of pcap-faulty.c: the fault, the rule that it breaks, what is said of it.
FAULTS = {
    'PRINTS_WHEN_LOADED': ('M3', 'it printed "here I am"'),
    'STARTS_A_THREAD_WHEN_LOADED': ('M3', 'starts a thread'),
    'LIST_LEAKS': ('L1', 'memory leaks'),
    'LIST_CHANGES': ('L1', 'a second listing has other devices'),
    'LIST_NEEDS_DESCRIPTORS': ('L1', 'SIGSEGV (at: listing devices where no more than'),
    'LISTS_BAD_NAME': ('M2', 'has the character 0x20'),
    'LISTS_WITHOUT_PREFIX': ('M2', "none of the module's prefixes"),
    'LISTS_BAD_FLAGS': ('L2', 'bits that do not exist: 0x1000'),
    'LISTS_BAD_DESCRIPTION': ('L2', 'the byte 0x0a'),
    'LISTS_WHAT_IT_REFUSES': ('C2', 'faulty2 is listed, and pcap_create() fails'),
    'CREATES_ANYTHING': ('C2', 'makes a handle, and there is no such device'),
    'LONG_CREATE_ERROR': ('C2', 'crashed with SIGSEGV'),
    'SETS_NO_ACTIVATE': ('C4', 'no activate_op'),
    'OFFERS_NO_TIME_STAMP': ('A7', '777 is offered'),
    'ACTIVATE_EXITS': ('A1', 'ended the program with exit status 3 (at: pcap_activate'),
    'ACTIVATE_FAILS_SILENTLY': ('A3', 'without an error text'),
    'KEEPS_ODD_SNAPSHOT': ('A2', 'a snapshot length of 0 becomes 0'),
    'TAKES_MONITOR_MODE': ('A1', 'can be activated in monitor mode'),
    'REFUSES_MONITOR_MODE_BADLY': ('A3', 'PCAP_ERROR_RFMON_NOTSUP'),
    'UNREGISTERED_LINK_TYPE': ('M4', '9998'),
    'NO_DESCRIPTOR': ('A5', 'neither a selectable_fd nor'),
    'SILENT_DESCRIPTOR': ('A5', 'does not tell'),
    'LEAKS_DESCRIPTOR_ON_FAILURE': ('A6', 'leaves 1 open (anon_inode:[timerfd])'),
    'LEAKS_MEMORY_ON_FAILURE': ('A6', 'memory leaks'),
    'IGNORES_SIGPIPE': ('R8', 'what the program does on signal 13'),
    'WAITS_IN_NONBLOCK': ('R2', 'did not come back'),
    'DENIES_NONBLOCK': ('N1', 'pcap_getnonblock() says'),
    'WAITS_FOR_EVER': ('R2', 'did not come back'),
    'DOES_NOT_WAIT': ('R2', 'come back at once'),
    'IGNORES_COUNT': ('R3', 'was asked for'),
    'LOSES_LEFT_OVER': ('R3', 'a packet was lost'),
    'DELIVERS_LEFT_OVER_TWICE': ('R3', 'was delivered 2 times'),
    'RETURNS_OTHER_COUNT': ('R6', 'the callback was called'),
    'COUNTS_FILTERED': ('R6', 'the callback was called 0 times'),
    'READ_FAILS_SILENTLY': ('R6', 'without an error text'),
    'IGNORES_EARLY_BREAK': ('R1', 'not PCAP_ERROR_BREAK'),
    'KEEPS_EARLY_BREAK': ('R1', 'still set'),
    'IGNORES_BREAK': ('R4', 'a read delivers'),
    'FORGETS_BREAK': ('R4', 'the break is forgotten'),
    'LOSES_PACKET_ON_BREAK': ('R4', 'a packet was lost'),
    'REPEATS_PACKET_ON_BREAK': ('R4', 'was delivered 2 times'),
    'BREAK_DOES_NOT_WAKE': ('R8', 'does not end a read'),
    'SIGNAL_ENDS_LOOP': ('R8', 'and nobody had broken it'),
    'DELIVERS_MORE_THAN_SNAPSHOT': ('R7', 'and the snapshot length is 1'),
    'CAPLEN_ABOVE_LEN': ('R7', 'more bytes captured'),
    'OTHER_PRECISION': ('A1', 'tv_usec is'),
    'ONESHOT_IN_PLACE': ('O1', 'not the one that was delivered'),
    'IGNORES_FILTER': ('F1', 'refuses all'),
    'FILTER_SEES_SNAPSHOT': ('R7', 'it sees the snapshot'),
    'OLD_PACKETS_PASS': ('F2', 'there before a filter'),
    'REFUSES_MOD': ('F2', "the card can't compute MOD"),
    'REFUSES_LONG_PROGRAM': ('F2', 'the card takes 4096 instructions'),
    'TAKES_BAD_PROGRAM': ('F3', 'is taken'),
    'CRASHES_IN_FILTER': ('F3', 'crashed with SIGABRT (at: pcap_setfilter'),
    'REFUSES_INOUT': ('S1', 'asks for nothing'),
    'LISTS_LINK_TYPE_THAT_IT_REFUSES': ('D1', 'can\'t be set'),
    'STATISTICS_ARE_GARBAGE': ('T1', 'packets were delivered, and pcap_stats() counts'),
    'STATISTICS_GO_BACK': ('T1', 'go backwards'),
    'STATISTICS_ARE_SHARED': ('T1', 'a handle that was just opened counts'),
    'INJECTS_LESS': ('I1', 'returned 59'),
    'INJECT_FAILS_SILENTLY': ('I1', 'without an error text'),
    'SHARES_NONBLOCK': ('C3', 'non-blocking mode of one handle'),
    'LEAKS_MEMORY': ('K1', 'memory leaks'),
    'LEAKS_DESCRIPTOR': ('K1', 'descriptors leak'),
    'LEAKS_THREAD': ('K1', 'threads are left'),
}

# Of ../loader/pcap-bad.c: macros, the rule, what is said.
BAD = [
    ('-DNOTE_VERSION=0x20000', 'M1', 'made for version 2.0'),
    ('-DPREFIXES="sample"', 'M1', 'the built-in module sample'),
    ('-DDESCRIPTOR_VERSION=0x20000', 'M3', 'has version 2.0'),
    ('-DDESCRIPTOR_SIZE=8', 'M3', 'says that it has 8 bytes'),
    ('-DDESCRIPTOR_NAME="good"', 'M3', 'has the name "good"'),
    ('-DDESCRIPTOR=another_name', 'M3', 'does not export pcap_module_descriptor'),
    ('-DLIST=NULL', 'M3', 'lacks the routine that lists devices'),
    ('-DCREATE=NULL', 'M3', 'lacks the routine that makes a handle'),
    ('-DNO_FAULT', 'M3', 'it exports "'),
    ('-DLIST=list_crashes', 'L1', 'crashed with SIGABRT (at: listing devices)'),
    ('-DLIST=list_hangs', 'L1', 'did not come back within 3 s (at: listing devices)'),
    ('-DLIST=list_exits', 'L1', 'ended the program with exit status 7'),
    ('-DLIST=list_prints', 'L1', 'it printed "what a module should not print"'),
    ('-DLIST=list_fails_silently', 'L1', 'without an error text'),
    ('-DCREATE=create_nothing', 'C2', 'bad0 is listed, and pcap_create() fails'),
]


class Suite:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.base.chmod(0o755)
        self.tree = Tree(self.base / 'root')
        self.weir = self.tree.bindir / 'weir'
        self.count = 0

    def build(self, name, *sources_and_options):
        self.count += 1
        folder = self.base / f'modules-{self.count}'
        folder.mkdir(mode=0o755)
        file = folder / f'pcap-{name}.so'
        run([*self.tree.cc, '-Wall', '-Werror', '-D_GNU_SOURCE', '-shared', '-fPIC', '-pthread', '-Wl,-Bsymbolic',
             f'-I{self.tree.includedir}', '-o', file, *sources_and_options, f'-L{self.tree.libdir}', '-lpcap'])
        return file

    def faulty(self, fault, *options):
        return self.build('faulty', '-fvisibility=hidden', f'-DFAULT={fault}', *options, HERE / 'pcap-faulty.c')

    def try_check(self, *words, timeout=300, **options):
        return try_run([self.weir, 'module', 'check', *words], timeout, **options)

    def rows(self, *words, status=(0, 1)):
        result = self.try_check('--json', *words)
        check(result.returncode in status, f'status {result.returncode}\n{result.stdout}{result.stderr}')
        return json.loads(result.stdout)

    def is_blamed(self, file, rule, text, *words):
        """The rule is broken, and nothing else is where only its checks run; the exit status says so."""
        rows = self.rows('--rule', rule, '--limit', '8' if rule == 'R8' else '3', '--wait', '0.7', *words, file)
        broken = [row for row in rows if row['outcome'] == 'broken']
        told = '\n'.join(f"{row['rule']} {row['check']}: {row.get('text', '')}" for row in broken)
        check(any(row['rule'] == rule and text in row['text'] for row in broken), f'not blamed: {rule} {text}\n{told}')

    def fault_is_found(self, fault, rule, text):
        words = ['--device', 'faulty0', '--inject'] if rule[0] not in 'ML' else []
        options = ['-DPERIOD_US=3600000000LL'] if fault in QUIET else []
        self.is_blamed(self.faulty(fault, *options), rule, text, *words)

    def bad_is_found(self, macro, rule, text):
        self.is_blamed(self.build('bad', '-DNAME="bad"', macro, HERE.parent / 'loader/pcap-bad.c'), rule, text)

    def green(self, *words, left_out=()):
        """Nothing is broken, and of the checks that were left out all are expected."""
        result = self.try_check('--json', *words)
        check(result.returncode == 0, f'status {result.returncode}\n{result.stdout}{result.stderr}')
        rows = json.loads(result.stdout)
        missing = [row for row in rows if row['outcome'] == 'not checked' and not row['check'] in left_out]
        check(not missing, '\n'.join(f"{row['rule']} {row['check']}: {row['text']}" for row in missing))
        return rows


# Devices that are to be silent.
QUIET = {'DOES_NOT_WAIT', 'WAITS_IN_NONBLOCK', 'WAITS_FOR_EVER', 'BREAK_DOES_NOT_WAKE', 'SIGNAL_ENDS_LOOP'}


def main():
    with tempfile.TemporaryDirectory() as base:
        suite = Suite(base)
        cases = [(f'{fault}: {rule}', lambda f=fault, r=rule, t=text: suite.fault_is_found(f, r, t))
                 for fault, (rule, text) in FAULTS.items()]
        cases += [(f'{macro}: {rule}', lambda m=macro, r=rule, t=text: suite.bad_is_found(m, r, t))
                  for macro, rule, text in BAD]
        only = sys.argv[1:]
        return tap.main([case for case in cases if not only or any(word in case[0] for word in only)])


if __name__ == '__main__':
    sys.exit(main())
