# SPDX-License-Identifier: BSD-3-Clause
"""tcpdump, on our library."""
import os
import pwd
import re
import struct

from packets import ETHERNET, LINUX_SLL2, make_udp, read_pcap, sequence_of, write_pcap
from stock import NEAR, Row, Traffic, must_be_consecutive, must_find
from tap import check, Skip

# Debian's tcpdump drops root's privileges unless told to stay root; in a user namespace there is no one else to be.
TCPDUMP = ['tcpdump', '-Z', 'root']
UDP_LINE = r'10\.77\.0\.2\.7777 > 10\.77\.0\.9\.7777: UDP, length 58'


def version(bench):
    must_find(bench.run(['tcpdump', '--version']), r'^libpcap version 1\.\d+\.\d+ \(Weir ')


def devices(bench):
    must_find(bench.run(['tcpdump', '-D']), rf'^\d+\.{NEAR} \[Up, Running', r'^\d+\.any ', r'^\d+\.lo \[.*Loopback')


def link_types(bench):
    must_find(bench.run(['tcpdump', '-L', '-i', NEAR]), r'EN10MB \(Ethernet\)')
    must_find(bench.run(['tcpdump', '-L', '-i', 'any']), r'LINUX_SLL ', r'LINUX_SLL2 ')


def stamp_types(bench):
    must_find(bench.run(['tcpdump', '-J', '-i', NEAR]), r'^  host \(Host\)')


def capture_to_file(bench):
    path = bench.file('capture.pcap')
    with Traffic():
        printed = bench.run([*TCPDUMP, '-i', NEAR, '-c', '50', '-w', path])
    must_find(printed, r'^50 packets captured', r'packets received by filter', r'^0 packets dropped by kernel')
    capture = read_pcap(path)
    check(capture.linktype == ETHERNET, f'link type {capture.linktype}')
    must_be_consecutive([sequence_of(packet.data) for packet in capture.packets], 50)
    for packet in capture.packets:
        expected = make_udp(sequence_of(packet.data))
        check(packet.data == expected, f'not what was sent: {packet.data.hex()}')


def read_file(bench):
    path = bench.file('read.pcap')
    write_pcap(path, [make_udp(number, 100 + number) for number in range(20)])
    printed = bench.run([*TCPDUMP, '-r', path, '-n', '-e', '-tt'])
    lines = re.findall(r'^(10000000\d\d)\.250000 02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype IPv4 \(0x0800\), '
                       r'length (\d+): 10\.77\.0\.2\.7777 > 10\.77\.0\.9\.7777: UDP, length (\d+)$',
                       printed, re.MULTILINE)
    expected = [(str(1000000000 + n), str(100 + n), str(58 + n)) for n in range(20)]
    check(lines == expected, printed)


def copy_file(bench):
    source, copy = bench.file('source.pcap'), bench.file('copy.pcap')
    write_pcap(source, [make_udp(number, 60 + number * 7) for number in range(200)])
    bench.run([*TCPDUMP, '-r', source, '-w', copy])
    check(source.read_bytes() == copy.read_bytes(), 'the copy differs from the file')


def print_packets(bench):
    with Traffic():
        printed = bench.run([*TCPDUMP, '-i', NEAR, '-c', '5', '-n', '-e'])
    lines = re.findall(rf'^[\d:.]+ 02:00:00:00:00:02 > 02:00:00:00:00:01, .* length 100: {UDP_LINE}$', printed,
                       re.MULTILINE)
    check(len(lines) == 5, printed)


def any_device(bench):
    path = bench.file('any.pcap')
    with Traffic():
        printed = bench.run([*TCPDUMP, '-i', 'any', '-c', '5', '-n'])
        bench.run([*TCPDUMP, '-i', 'any', '-c', '5', '-w', path])
    lines = re.findall(rf'^[\d:.]+ {NEAR} +In +IP {UDP_LINE}$', printed, re.MULTILINE)
    check(len(lines) == 5, printed)
    capture = read_pcap(path)
    check(capture.linktype == LINUX_SLL2, f'link type {capture.linktype}')
    for packet in capture.packets:
        protocol, _, _, hardware, kind, length, address = struct.unpack('>HHIHBB8s', packet.data[:20])
        check((protocol, hardware, kind, length) == (0x0800, 1, 0, 6), packet.data.hex())
        check(address == make_udp(0)[6:12] + b'\0\0', packet.data.hex())


def direction(bench):
    with Traffic(direction='in'), Traffic(direction='out'):
        incoming = bench.run([*TCPDUMP, '-i', NEAR, '-c', '20', '-n', '-Q', 'in'])
        outgoing = bench.run([*TCPDUMP, '-i', NEAR, '-c', '20', '-n', '-Q', 'out'])
    check(len(re.findall('IP 10.77.0.2.7777 >', incoming)) == 20, incoming)
    check(len(re.findall('IP 10.77.0.1.7777 >', outgoing)) == 20, outgoing)


def options(bench):
    path = bench.file('options.pcap')
    with Traffic():
        bench.run([*TCPDUMP, '-i', NEAR, '-c', '10', '-w', path, '-p', '-U', '-B', '8192', '-s', '50',
                   '--immediate-mode', '--time-stamp-precision', 'nano', '-j', 'host'])
    capture = read_pcap(path)
    check(capture.nanoseconds, 'no nanosecond file')
    check(any(packet.fraction % 1000 for packet in capture.packets), 'time stamps of whole microseconds')
    must_be_consecutive([sequence_of(packet.data) for packet in capture.packets], 10)
    check(all((len(packet.data), packet.length) == (50, 100) for packet in capture.packets), 'wrong lengths')


def interrupt(bench):
    path = bench.file('interrupted.pcap')
    with Traffic():
        printed = bench.run_until_interrupted([*TCPDUMP, '-i', NEAR, '-U', '-w', path], (path, 24 + 116 * 20))
    captured = int(re.search(r'^(\d+) packets? captured', printed, re.MULTILINE).group(1))
    packets = read_pcap(path).packets
    check(len(packets) == captured, f'{len(packets)} in the file, {captured} counted')
    must_be_consecutive([sequence_of(packet.data) for packet in packets], captured)


def rotate(bench):
    path = bench.file('rotate.pcap')
    with Traffic(length=1400, burst=20):
        bench.run([*TCPDUMP, '-i', NEAR, '-B', '65536', '-c', '2500', '-C', '1', '-W', '9', '-w', path])
    files = sorted(bench.folder.glob('rotate.pcap?'))
    check(len(files) == 4, f'the files are: {files}')
    numbers = [sequence_of(packet.data) for file in files for packet in read_pcap(file).packets]
    must_be_consecutive(numbers, 2500)


def drop_privileges(bench):
    user = pwd.getpwnam('nobody')
    with open('/proc/self/uid_map', encoding='ascii') as file:
        ranges = [tuple(map(int, line.split())) for line in file]
    if os.geteuid() != 0 or not any(first <= user.pw_uid < first + count for first, _, count in ranges):
        raise Skip('needs root; in a user namespace of one user there is no other to become')
    folder = bench.folder / 'nobody'
    folder.mkdir()
    os.chown(folder, user.pw_uid, user.pw_gid)
    path = folder / 'capture.pcap'
    with Traffic():
        printed = bench.run(['tcpdump', '-Z', 'nobody', '-i', NEAR, '-c', '20', '-w', path])
    must_find(printed, r'^20 packets captured')
    # tcpdump changes before it opens the file.
    check(path.stat().st_uid == user.pw_uid, f'the file belongs to user {path.stat().st_uid}')
    must_be_consecutive([sequence_of(packet.data) for packet in read_pcap(path).packets], 20)


def no_such_device(bench):
    must_find(bench.run([*TCPDUMP, '-i', 'nope0'], status=1), r'^tcpdump: nope0: .*[Nn]o such device')


def empty_filter(bench):
    must_find(bench.run([*TCPDUMP, '-i', NEAR, '-d']), r'^\(000\) ret +#262144$')


def filter_capture(bench):
    path = bench.file('filtered.pcap')
    with Traffic(direction='in'), Traffic(direction='out'):
        bench.run([*TCPDUMP, '-i', NEAR, '-c', '20', '-w', path, 'udp port 7777 and src host 10.77.0.1'])
    numbers = [sequence_of(packet.data) for packet in read_pcap(path).packets
               if packet.data == make_udp(sequence_of(packet.data), outgoing=True)]
    must_be_consecutive(numbers, 20)


def filter_file(bench):
    path = bench.file('unfiltered.pcap')
    write_pcap(path, [make_udp(number, outgoing=number % 2 == 1) for number in range(20)])
    printed = bench.run([*TCPDUMP, '-n', '-r', path, 'src host 10.77.0.1'])
    check(len(re.findall('IP 10.77.0.1.7777 >', printed)) == 10 and '10.77.0.2' not in printed, printed)


ROWS = [Row(f'tcpdump {name}', 'tcpdump', expression, routine) for name, expression, routine in (
    ('--version names the library', None, version),
    ('-D lists the devices', None, devices),
    ('-L lists the link types', None, link_types),
    ('-J lists the time stamp types', None, stamp_types),
    ('-w writes what was sent', None, capture_to_file),
    ('-r prints a file', None, read_file),
    ('-r -w copies a file', None, copy_file),
    ('prints packets as they come', None, print_packets),
    ('-i any captures on all interfaces', None, any_device),
    ('-Q takes one direction', None, direction),
    ('takes snapshot length, buffer size, nanoseconds and immediate mode', None, options),
    ('ends on SIGINT with all that it counted', None, interrupt),
    ('-C -W rotates files and loses nothing', None, rotate),
    ('-Z becomes another user', None, drop_privileges),
    ('says that a device is not there', None, no_such_device),
    ('-d shows the empty filter', None, empty_filter),
    ('captures by a filter expression', 'udp port 7777 and src host 10.77.0.1', filter_capture),
    ('reads by a filter expression', 'src host 10.77.0.1', filter_file),
)]
