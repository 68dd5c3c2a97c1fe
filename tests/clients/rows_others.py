# SPDX-License-Identifier: BSD-3-Clause
"""The programs that send as well as capture, and the Python bindings, on our library."""
import re
import socket
import subprocess
import sys

from packets import make_udp, read_pcap, sequence_of, write_pcap
from stock import AT_FAR_END, FAR, HERE, NEAR, PYTHON, Row, Traffic, must_be_consecutive, must_find
from tap import check


class Responder:
    """A far end with an open TCP port; it answers ARP and TCP by its kernel."""

    def __enter__(self):
        self.process = subprocess.Popen([*AT_FAR_END, sys.executable, HERE / 'responder.py'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        check(self.process.stdout.readline() == 'listening\n', 'nothing listens at the far end')
        return self

    def __exit__(self, *exception):
        self.process.communicate()


def nmap_version(bench):
    must_find(bench.run(['nmap', '--version']), r'libpcap-1\.\d+')


def nmap_ping(bench):
    printed = bench.run(['nmap', '--privileged', '-n', '-sn', '10.77.0.2', '10.77.0.3'])
    must_find(printed, r'^Nmap scan report for 10\.77\.0\.2$', r'^MAC Address: 02:00:00:00:00:02', r'\(1 host up\)')


def nmap_syn_scan(bench):
    with Responder():
        printed = bench.run(['nmap', '--privileged', '-n', '-sS', '-p', '8080,8081', '10.77.0.2'])
    must_find(printed, r'^8080/tcp open', r'^8081/tcp closed')


def tcpreplay(bench):
    """All of a savefile arrives at the other end of the wire, in order."""
    path = bench.file('replay.pcap')
    write_pcap(path, [make_udp(number, 60 + number, outgoing=True) for number in range(200)])
    receiver = subprocess.Popen([*AT_FAR_END, sys.executable, HERE / 'receiver.py', FAR, '200'],
                                stdout=subprocess.PIPE, text=True)
    check(receiver.stdout.readline() == 'ready\n', 'nothing receives at the far end')
    try:
        printed = bench.run(['tcpreplay', '-i', NEAR, '--topspeed', path])
        numbers, _ = receiver.communicate(timeout=60)
    finally:
        receiver.kill()
    must_find(printed, r'Successful packets: +200', r'Failed packets: +0')
    must_be_consecutive([int(line) for line in numbers.split()], 200)


def tcprewrite(bench):
    before, after = bench.file('before.pcap'), bench.file('after.pcap')
    write_pcap(before, [make_udp(number) for number in range(20)])
    bench.run(['tcprewrite', '--enet-dmac=02:aa:bb:cc:dd:ee', '-i', before, '-o', after])
    packets = read_pcap(after).packets
    must_be_consecutive([sequence_of(packet.data) for packet in packets], 20)
    check(all(packet.data[:6].hex() == '02aabbccddee' for packet in packets), 'the address is not the new one')


def arping(bench):
    printed = bench.run(['arping', '-c', '2', '-i', NEAR, '10.77.0.2'])
    must_find(printed, r'from 02:00:00:00:00:02 \(10\.77\.0\.2\)', r'^2 packets transmitted, 2 packets received')


def arp_scan(bench):
    printed = bench.run(['arp-scan', '-I', NEAR, '10.77.0.2', '10.77.0.3'])
    must_find(printed, r'^10\.77\.0\.2\s+02:00:00:00:00:02', r'\b1 responded$')


SCAPY = f'''
from scapy.config import conf
conf.use_pcap = True
from scapy.all import Ether, IP, UDP, Raw, get_if_list, sniff, sendp
assert "{NEAR}" in get_if_list()
'''


def scapy_sniff(bench):
    script = SCAPY + f'''
packets = sniff(iface="{NEAR}", count=20, timeout=50, lfilter=lambda p: IP in p and p[IP].src == "10.77.0.2")
print([int.from_bytes(bytes(p[UDP].payload)[:4], "big") for p in packets])
'''
    with Traffic():
        printed = bench.run([PYTHON, '-c', script])
    must_be_consecutive([int(word) for word in re.findall(r'\d+', printed.splitlines()[-1])], 20)


def scapy_send(bench):
    script = SCAPY + f'''
for number in range(20):
    sendp(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.77.0.1", dst="10.77.0.9")
          / UDP(sport=7777, dport=7777) / Raw(number.to_bytes(4, "big")), iface="{NEAR}", verbose=False)
'''
    receiver = subprocess.Popen([*AT_FAR_END, sys.executable, HERE / 'receiver.py', FAR, '20'],
                                stdout=subprocess.PIPE, text=True)
    check(receiver.stdout.readline() == 'ready\n', 'nothing receives at the far end')
    try:
        bench.run([PYTHON, '-c', script])
        numbers, _ = receiver.communicate(timeout=60)
    finally:
        receiver.kill()
    must_be_consecutive([int(line) for line in numbers.split()], 20)


def scapy_filter(bench):
    script = SCAPY + f'''
packets = sniff(iface="{NEAR}", count=20, timeout=50, filter="udp and src host 10.77.0.1")
print(len(packets), {{p[IP].src for p in packets}})
'''
    with Traffic(direction='in'), Traffic(direction='out'):
        must_find(bench.run([PYTHON, '-c', script]), r"^20 \{'10\.77\.0\.1'\}$")


def pcapy_capture(bench):
    path = bench.file('pcapy.pcap')
    script = f'''
import pcapy
assert "{NEAR}" in pcapy.findalldevs()
handle = pcapy.open_live("{NEAR}", 65535, 1, 100)
assert handle.datalink() == pcapy.DLT_EN10MB
assert handle.getnet() == "10.77.0.0" and handle.getmask() == "255.255.255.0"
dumper = handle.dump_open("{path}")
count = 0
while count < 20:
    header, data = handle.next()
    if header is not None:
        dumper.dump(header, data)
        count += 1
del dumper
print("received", handle.stats()[0])
'''
    with Traffic():
        printed = bench.run([PYTHON, '-c', script])
    check(int(re.search(r'received (\d+)', printed).group(1)) >= 20, printed)
    must_be_consecutive([sequence_of(packet.data) for packet in read_pcap(path).packets], 20)


def pcapy_read(bench):
    path = bench.file('pcapy-read.pcap')
    write_pcap(path, [make_udp(number, 60 + number) for number in range(20)])
    script = f'''
import pcapy
handle = pcapy.open_offline("{path}")
while True:
    header, data = handle.next()
    if header is None:
        break
    print(header.getts()[0] - 1000000000, header.getlen(), len(data))
'''
    expected = ''.join(f'{n} {60 + n} {60 + n}\n' for n in range(20))
    printed = bench.run([PYTHON, '-c', script])
    check(printed == expected, printed)


def pcapy_filter(bench):
    path = bench.file('pcapy-filter.pcap')
    write_pcap(path, [make_udp(number, outgoing=number % 4 == 0) for number in range(20)])
    script = f'''
import pcapy
handle = pcapy.open_offline("{path}")
handle.setfilter("src host 10.77.0.1")
count = 0
while handle.next()[0] is not None:
    count += 1
print("passed", count)
'''
    must_find(bench.run([PYTHON, '-c', script]), r'^passed 5$')


ROWS = [Row(*columns) for columns in (
    ('nmap --version names the library', 'nmap', None, nmap_version),
    ('nmap -sn finds a neighbour', 'nmap', 'arp and arp[18:4] = 0x02000000 and arp[22:2] = 0x0001', nmap_ping),
    ('nmap -sS tells open from closed', 'nmap',
     'dst host 10.77.0.1 and (icmp or icmp6 or ((tcp) and (src host 10.77.0.2)))', nmap_syn_scan),
    ('tcpreplay sends a savefile', 'tcpreplay', None, tcpreplay),
    ('tcprewrite changes a savefile', 'tcprewrite', None, tcprewrite),
    ('arping gets answers', 'arping', 'arp and arp[6:2] = 2', arping),
    ('arp-scan finds a neighbour', 'arp-scan', 'ether dst 02:00:00:00:00:01 and (arp or (ether[14:4]=0xaaaa0300))',
     arp_scan),
    ('scapy sniffs', 'python3-scapy', None, scapy_sniff),
    ('scapy sends', 'python3-scapy', None, scapy_send),
    ('scapy sniffs by a filter expression', 'python3-scapy', 'udp and src host 10.77.0.1', scapy_filter),
    ('pcapy captures and writes', 'python3-pcapy', None, pcapy_capture),
    ('pcapy reads a file', 'python3-pcapy', None, pcapy_read),
    ('pcapy reads by a filter expression', 'python3-pcapy', 'src host 10.77.0.1', pcapy_filter),
)]
