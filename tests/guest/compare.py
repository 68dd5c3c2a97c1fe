#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares two savefiles of the same traffic: link type, and of each packet its lengths and its bytes, but for those
from OFFSET on, SIZE of them, which each capture has of its own. Time stamps are the capture's as well.

usage: compare.py FILE FILE [OFFSET SIZE]
"""
import struct
import sys

MAGIC = 0xa1b2c3d4


def read(path, offset, size):
    with open(path, 'rb') as file:
        header = file.read(24)
        magic, *_, link_type = struct.unpack('=IHHiIII', header)
        if magic != MAGIC:
            sys.exit(f'{path}: not a savefile in microseconds of this machine')
        packets = []
        while len(record := file.read(16)) == 16:
            _, _, caplen, length = struct.unpack('=IIII', record)
            data = file.read(caplen)
            packets.append((caplen, length, data[:offset] + data[offset + size:]))
    return link_type, packets


def main():
    offset, size = map(int, sys.argv[3:5] or (0, 0))
    (type_a, a), (type_b, b) = (read(path, offset, size) for path in sys.argv[1:3])
    if type_a != type_b:
        sys.exit(f'link types {type_a} and {type_b}')
    if len(a) != len(b) or not a:
        sys.exit(f'{len(a)} and {len(b)} packets')
    for number, (packet_a, packet_b) in enumerate(zip(a, b)):
        if packet_a != packet_b:
            sys.exit(f'packet {number}:\n{packet_a[:2]} {packet_a[2].hex()}\n{packet_b[:2]} {packet_b[2].hex()}')


if __name__ == '__main__':
    main()
