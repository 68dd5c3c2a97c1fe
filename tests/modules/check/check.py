#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""weir module check: it finds what is wrong with each of many faulty modules, and blames the right rule; it finds
nothing wrong with good ones; and it tells what it could not check."""
import sys
import tempfile

from suite import WEIR, Modules, is_blamed
import tap
from tap import check, try_run

# Of pcap-faulty.c: the fault, the rule that it breaks, what is said of it.
FAULTS = {
    'PRINTS_WHEN_LOADED': ('M3', 'it printed "here I am"'),
    'STARTS_A_THREAD_WHEN_LOADED': ('M3', 'starts a thread'),
    'LIST_LEAKS': ('L1', 'memory leaks'),
    'LIST_CHANGES': ('L1', 'a second listing has other devices'),
    'LIST_NEEDS_DESCRIPTORS': ('L1', '(at: listing devices where no more than'),
    'LISTS_BAD_NAME': ('M2', 'has the character 0x20'),
    'LISTS_WITHOUT_PREFIX': ('M2', "none of the module's prefixes"),
    'LISTS_BAD_FLAGS': ('L2', 'bits that do not exist: 0x1000'),
    'LISTS_BAD_DESCRIPTION': ('L2', 'the byte 0x0a'),
    'LISTS_WHAT_IT_REFUSES': ('C2', 'faulty2 is listed, and pcap_create() fails'),
    'CREATES_ANYTHING': ('C2', 'makes a handle, and there is no such device'),
    'LONG_CREATE_ERROR': ('C2', '(at: pcap_create("faulty'),
    'SETS_NO_ACTIVATE': ('C4', 'no activate_op'),
    'OFFERS_NO_TIME_STAMP': ('A7', '777 is offered'),
    'ACTIVATE_EXITS': ('A1', 'ended the program with exit status 3 (at: pcap_activate'),
    'ACTIVATE_FAILS_SILENTLY': ('A3', 'without an error text'),
    'SETS_NO_READ': ('A4', 'has not set read_op'),
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
    'BREAK_SETS_NO_FLAG': ('B1', 'does not set break_loop'),
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


# Whose device is to be silent.
QUIET = {'DOES_NOT_WAIT', 'WAITS_IN_NONBLOCK', 'WAITS_FOR_EVER', 'BREAK_DOES_NOT_WAKE', 'SIGNAL_ENDS_LOOP'}


class Cases:
    def __init__(self, base):
        self.modules = Modules(base)

    def fault(self, fault, rule, text):
        words = ['--limit', '8' if rule == 'R8' else '3', '--wait', '0.7', '--leak-time', '0.3']
        if rule[0] not in 'ML':
            words += ['--device', 'faulty0', '--inject']
        options = ['-DPERIOD_US=3600000000LL'] if fault in QUIET else []
        is_blamed(self.modules.faulty(fault, *options), rule, text, *words)

    def bad(self, macro, rule, text):
        is_blamed(self.modules.bad(macro), rule, text, '--limit', '3')

    def text(self):
        """What people see: a line a check, the place in the document, the table, the counts."""
        file = self.modules.faulty('KEEPS_ODD_SNAPSHOT')
        result = self.run('--rule', 'A2', '--device', 'faulty0', file)
        for part in (f'module faulty in {file}', 'device faulty0', '  A2  BROKEN       a snapshot length of 0',
                     'a snapshot length of 0 becomes 0', 'see rule A2 in writing-a-module',
                     'rule  passed  broken  not checked', 'A2         0       1            0',
                     '2 checks: 1 passed, 1 broken, 0 not checked'):
            check(part in result.stdout, f'"{part}" is not in:\n{result.stdout}')
        check(result.returncode == 1, result.returncode)

    @staticmethod
    def run(*words):
        return try_run([WEIR, 'module', 'check', *words])

    def statuses(self):
        quiet = self.modules.faulty('NO_FAULT', '-DPERIOD_US=3600000000LL')
        for words, status, text in ((['--rule', 'R3', '--wait', '0.2', quiet], 0, 'no packet came'),
                                    (['--rule', 'R3', '--wait', '0.2', '--strict', quiet], 1, 'no packet came'),
                                    ([], 2, 'it takes one operand'),
                                    ([quiet, quiet], 2, 'it takes one operand'),
                                    (['--rule', 'A2', '--device', 'nowhere0', quiet], 1, 'pcap_create() failed'),
                                    (['nowhere0'], 3, 'no such device'),
                                    ([quiet.parent / 'pcap-nothing.so'], 3, 'No such file or directory')):
            result = self.run(*words)
            told = f'{words}: {result.returncode}\n{result.stdout}{result.stderr}'
            check(result.returncode == status and text in result.stdout + result.stderr, told)

    def every_rule_has_a_check(self):
        """All of the module interface's but what no program can see of a module: R5 and L3 to L6."""
        rules = {line.split()[0] for line in self.run('--list').stdout.splitlines()}
        wanted = 'M1 M2 M3 M4 L1 L2 C2 C3 C4 A1 A2 A3 A4 A5 A6 A7 R1 R2 R3 R4 R6 R7 R8 I1 F1 F2 F3 S1 D1 N1 T1 B1 K1 O1'
        check(rules == set(wanted.split()), f'{rules ^ set(wanted.split())}')


def main():
    with tempfile.TemporaryDirectory() as base:
        cases = Cases(base)
        rows = [(f'{fault}: {rule}', lambda f=fault, r=rule, t=text: cases.fault(f, r, t))
                for fault, (rule, text) in FAULTS.items()]
        rows += [(f'{macro}: {rule}', lambda m=macro, r=rule, t=text: cases.bad(m, r, t)) for macro, rule, text in BAD]
        rows += [(name, getattr(cases, name)) for name in ('text', 'statuses', 'every_rule_has_a_check')]
        only = sys.argv[1:]
        return tap.main([row for row in rows if not only or any(word in row[0] for word in only)])


if __name__ == '__main__':
    sys.exit(main())
