# SPDX-License-Identifier: BSD-3-Clause
"""weir filter: programs in three forms, explanations, errors with their place, counting, native code, timing."""
import platform
import re
import shutil
import tempfile
from pathlib import Path

from packets import make_udp, write_pcap
from tap import Skip, check
from weir_command import ERROR, USAGE, holds, refused, same, weir

IP_PROGRAM = '''\
(000) ldh      [12]
(001) jeq      #0x800           jt 2\tjf 3
(002) ret      #262144
(003) ret      #0
'''


def programs_are_shown():
    same(weir('filter', 'ip').stdout, IP_PROGRAM, 'the program')
    same(weir('filter', '-d', 'ip').stdout, IP_PROGRAM, 'with -d')
    same(weir('filter', '-ddd', 'ip').stdout, '4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n', 'with -ddd')
    same(weir('filter', '-dd', '-s', '100').stdout, '{ 0x6, 0, 0, 0x00000064 },\n', 'the empty expression for C')
    same(weir('filter', '-s', '0').stdout, '(000) ret      #262144\n', 'all of a packet')


def words_are_joined():
    same(weir('filter', 'tcp', 'port', '80').stdout, weir('filter', 'tcp port 80').stdout, 'words and one argument')
    same(weir('filter', '--', 'len', '-4 > 60').stdout, weir('filter', 'len - 4 > 60').stdout, 'a word with -')


def expressions_are_explained():
    result = weir('filter', '--tree', '--expression', 'tcp dst port 80 or 443 and ip')
    same(result.stdout, '(tcp dst port 80 or tcp dst port 443) and ip\n'
                        'and\n  or\n    tcp dst port 80\n    tcp dst port 443\n  ip\n', 'the expression and its tree')
    holds(weir('filter', '--ir', 'ip').stdout, 'half[12]', '= 0x800 then accept else reject')
    holds(weir('filter', '--ir', '-d', 'ip').stdout, 'half[12]', IP_PROGRAM)
    same(weir('filter', '--explain', 'ip').stdout,
         '1. If the Ethernet type is IPv4 (0x800), accept; otherwise reject.\n', 'in words')
    holds(weir('filter', '--passes', 'ip and not arp').stdout, '; as generated', '; after ')
    holds(weir('filter', '--dot', 'ip').stdout, 'digraph filter {', 'label=yes')


def options_reach_the_compiler():
    refused('filter', 'ip broadcast', status=USAGE, says="network's mask")
    holds(weir('filter', '--netmask', '255.255.255.0', 'ip broadcast').stdout, '#0xff')
    refused('filter', '--netmask', '255.255.256.0', 'ip', status=USAGE, says='--netmask takes a mask')
    refused('filter', 'len < 5 and len > 9', status=USAGE, says='expression rejects all packets')
    holds(weir('filter', '-O', 'len < 5 and len > 9').stdout, 'ret')
    refused('filter', '-y', 'NONE', 'ip', status=USAGE, says="and not 'NONE'")


def errors_have_a_place():
    result = weir('filter', 'tcp prot 80', status=USAGE)
    same(result.stderr, 'weir: filter expression, column 5: unknown word "prot"; did you mean "port"?\n'
                        '  tcp prot 80\n      ^^^^\n', 'the error')
    for option in ('--tree', '--explain', '--ir', '--passes', '--dot', '--expression'):
        refused('filter', option, 'tcp and', status=USAGE, says='column 8: ')
    with tempfile.TemporaryDirectory(prefix='weir-filter-') as folder:
        file = Path(folder) / 'one.pcap'
        write_pcap(file, [make_udp(0)])
        holds(weir('read', file, 'tcp', 'prot', '80', status=USAGE).stderr, '\n      ^^^^\n')


def packets_are_counted():
    with tempfile.TemporaryDirectory(prefix='weir-filter-') as folder:
        file, cut = Path(folder) / 'three.pcap', Path(folder) / 'cut.pcap'
        write_pcap(file, [make_udp(0, 100), make_udp(1, 200), make_udp(2, 300)])
        cut.write_bytes(file.read_bytes()[:-1])
        for expression, count in (('', 3), ('udp', 3), ('tcp', 0), ('greater 150', 2)):
            same(weir('filter', '--count', file, expression).stdout, f'{count} of 3 packets match\n', expression)
        same(weir('filter', '--count', '-', 'udp', input=file.read_bytes(), text=False).stdout,
             b'3 of 3 packets match\n', 'from a pipe')
        result = weir('filter', '--count', cut, 'udp', status=ERROR)
        same(result.stdout, '2 of 2 packets match\n', 'what is good of a cut file')
        holds(result.stderr, 'cut.pcap')
        refused('filter', '--count', Path(folder) / 'none', status=ERROR, says='none')
        refused('filter', '--count', file, '-d', 'udp', status=USAGE, says='--count counts')
        refused('filter', '--count', file, 'tcp and', status=USAGE, says='column 8')


def native_code_is_shown():
    machine = platform.machine()
    if machine not in ('x86_64', 'aarch64'):
        raise Skip(f'there is no native code for {machine}')
    if shutil.which('objdump'):
        lines = weir('filter', '--native', 'ip').stdout.splitlines()
        check(len(lines) > 4 and all(re.match(r' *[0-9a-f]+:\t', line) for line in lines), f'instructions: {lines}')
        holds('\n'.join(lines), 'ret')
    with tempfile.TemporaryDirectory(prefix='weir-filter-') as nothing:
        shown = weir('filter', '--native', 'ip', environment={'PATH': nothing}).stdout
        check(re.fullmatch(r'( *[0-9a-f]+:( [0-9a-f]{2}){1,16}\n)+', shown), f'bytes: {shown}')
    holds(weir('filter', '-d', '--native', 'ip').stdout, IP_PROGRAM)
    refused('filter', '--native', 'ip', status=ERROR, says='no native code', environment={'WEIR_NATIVE_FILTER': 'off'})


def filters_are_timed():
    with tempfile.TemporaryDirectory(prefix='weir-filter-') as folder:
        file, empty, cut = (Path(folder) / name for name in ('three.pcap', 'empty.pcap', 'cut.pcap'))
        write_pcap(file, [make_udp(0, 100), make_udp(1, 200), make_udp(2, 300)])
        write_pcap(empty, [])
        cut.write_bytes(file.read_bytes()[:-1])
        shown = weir('filter', '--bench', file, 'greater 150').stdout
        row = r' +\d+\.\d\d ns a packet \(\d+\.\d\d to \d+\.\d\d\)\n'
        native = rf'native{row}' if platform.machine() in ('x86_64', 'aarch64') else 'native       not here\n'
        check(re.fullmatch(rf'3 packets, 2 match; 4 instructions.*\ninterpreted{row}{native}', shown), shown)
        shown = weir('filter', '--bench', file, 'udp', environment={'WEIR_NATIVE_FILTER': 'off'}).stdout
        check(re.search(rf'^interpreted{row}native       not here\n$', shown, re.MULTILINE), shown)
        refused('filter', '--bench', empty, 'udp', status=ERROR, says='there are no packets in it')
        refused('filter', '--bench', cut, 'udp', status=ERROR, says='cut.pcap')
        refused('filter', '--bench', file, '--native', 'udp', status=USAGE, says='--bench goes by')
        refused('filter', '--bench', file, '--count', file, 'udp', status=USAGE, says='--count counts')
        refused('filter', '--bench', file, 'tcp and', status=USAGE, says='column 8')


CASES = [
    ('filter programs are shown in three forms', programs_are_shown),
    ('a filter can be one argument or several', words_are_joined),
    ('filter expressions are explained', expressions_are_explained),
    ('options reach the filter compiler', options_reach_the_compiler),
    ('errors in filters have a place', errors_have_a_place),
    ('packets that match a filter are counted', packets_are_counted),
    ('native code of filters is shown', native_code_is_shown),
    ('filters are timed on a savefile', filters_are_timed),
]
