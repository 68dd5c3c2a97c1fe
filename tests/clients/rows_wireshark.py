# SPDX-License-Identifier: BSD-3-Clause
"""dumpcap and tshark, on our library."""
import re

from packets import ETHERNET, LINUX_SLL2, make_udp, read_pcap, read_pcapng, sequence_of
from stock import NEAR, Row, Traffic, must_be_consecutive, must_find
from tap import check, Skip


def numbers_of(capture):
    return [sequence_of(packet.data) for packet in capture.packets]


def without_address_sanitizer(bench):
    """With it, and whichever libpcap, a constructor of libp11-kit's unlocks the C library's locale once too often before
    main(); after any strerror_r() the destructor then waits for that lock for ever."""
    if 'address' in bench.tree.sanitizers:
        raise Skip("with AddressSanitizer, Wireshark's programs hang at their end, in libp11-kit")


def dumpcap(bench, *arguments):
    without_address_sanitizer(bench)
    return bench.run(['dumpcap', *arguments])


def tshark(bench, *arguments):
    without_address_sanitizer(bench)
    return bench.run(['tshark', *arguments])


def dumpcap_version(bench):
    printed = ' '.join(bench.run(['dumpcap', '--version']).split())
    must_find(printed, r'Running on .* with libpcap 1\.\d+\.\d+ \(Weir ')


def dumpcap_devices(bench):
    must_find(dumpcap(bench, '-D'), rf'^\d+\. {NEAR}$', r'^\d+\. any\b', r'^\d+\. lo \(Loopback\)$')
    must_find(dumpcap(bench, '-D', '-M'), rf'^\d+\. {NEAR}\t.*\t10\.77\.0\.1\tnetwork',
              r'^\d+\. lo\t.*\t127\.0\.0\.1\tloopback')


def dumpcap_link_types(bench):
    must_find(dumpcap(bench, '-L', '-i', NEAR), r'^  EN10MB \(Ethernet\)$')


def dumpcap_pcap(bench):
    path = bench.file('dumpcap.pcap')
    with Traffic():
        printed = dumpcap(bench, '-i', NEAR, '-c', '50', '-P', '-w', path)
    must_find(printed, r'Packets captured: 50', rf"on interface '{NEAR}'.*: \d+/0 ")
    capture = read_pcap(path)
    check(capture.linktype == ETHERNET, f'link type {capture.linktype}')
    must_be_consecutive(numbers_of(capture), 50)
    check(all(packet.data == make_udp(sequence_of(packet.data)) for packet in capture.packets), 'not what was sent')


def dumpcap_pcapng(bench):
    path = bench.file('dumpcap.pcapng')
    with Traffic():
        dumpcap(bench, '-i', NEAR, '-c', '50', '-s', '60', '-B', '8', '-w', path)
    capture = read_pcapng(path)
    must_be_consecutive(numbers_of(capture), 50)
    check(all((len(packet.data), packet.length) == (60, 100) for packet in capture.packets), 'wrong lengths')


def dumpcap_two_devices(bench):
    path = bench.file('two.pcapng')
    with Traffic(direction='in'):
        dumpcap(bench, '-i', 'lo', '-i', NEAR, '-c', '20', '-w', path)
    must_be_consecutive(numbers_of(read_pcapng(path)), 20)


def dumpcap_any(bench):
    path = bench.file('any.pcap')
    with Traffic():
        dumpcap(bench, '-i', 'any', '-y', 'LINUX_SLL2', '-c', '10', '-P', '-w', path)
    capture = read_pcap(path)
    check(capture.linktype == LINUX_SLL2, f'link type {capture.linktype}')
    check(all(packet.data[20:] == make_udp(sequence_of(packet.data[6:]))[14:] for packet in capture.packets),
          'not what was sent')


def tshark_decodes(bench):
    with Traffic():
        printed = tshark(bench, '-i', NEAR, '-c', '10', '-T', 'fields', '-E', 'separator=,', '-e', 'eth.src',
                         '-e', 'ip.src', '-e', 'udp.dstport', '-e', 'frame.len', '-e', 'data.data')
    lines = re.findall(r'^02:00:00:00:00:02,10\.77\.0\.2,7777,100,([0-9a-f]{116})$', printed, re.MULTILINE)
    must_be_consecutive([int(line[:8], 16) for line in lines], 10)


def tshark_devices(bench):
    must_find(tshark(bench, '-D'), rf'^\d+\. {NEAR}$', r'^\d+\. lo \(Loopback\)$')


def tshark_writes(bench):
    path = bench.file('tshark.pcapng')
    with Traffic():
        tshark(bench, '-i', NEAR, '-a', 'packets:25', '-w', path)
    must_be_consecutive(numbers_of(read_pcapng(path)), 25)


def tshark_filter(bench):
    with Traffic(direction='in'), Traffic(direction='out'):
        printed = tshark(bench, '-i', NEAR, '-c', '10', '-f', 'udp and src host 10.77.0.1', '-T', 'fields',
                         '-e', 'ip.src')
    check(len(re.findall(r'^10\.77\.0\.1$', printed, re.MULTILINE)) == 10 and '10.77.0.2' not in printed, printed)


ROWS = [Row(f'{program} {name}', program, expression, routine) for program, name, expression, routine in (
    ('dumpcap', '--version names the library', None, dumpcap_version),
    ('dumpcap', '-D lists the devices', None, dumpcap_devices),
    ('dumpcap', '-L lists the link types', None, dumpcap_link_types),
    ('dumpcap', '-P writes a pcap file', None, dumpcap_pcap),
    ('dumpcap', '-w writes a pcapng file', None, dumpcap_pcapng),
    ('dumpcap', 'captures on two devices at once', None, dumpcap_two_devices),
    ('dumpcap', '-i any -y chooses the link type', None, dumpcap_any),
    ('tshark', '-i decodes what comes', None, tshark_decodes),
    ('tshark', '-D lists the devices', None, tshark_devices),
    ('tshark', '-w writes what comes', None, tshark_writes),
    ('tshark', '-f captures by a filter expression', 'udp and src host 10.77.0.1', tshark_filter),
)]
