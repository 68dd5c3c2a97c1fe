# SPDX-License-Identifier: BSD-3-Clause
"""Frames and capture files, made and read without the library under test."""
import struct
from collections import namedtuple

ETHERNET = 1  # LINKTYPE_ values
LINUX_SLL2 = 276

NEAR_MAC = bytes.fromhex('020000000001')  # weir0
FAR_MAC = bytes.fromhex('020000000002')  # weir1
NEAR_ADDRESS = bytes([10, 77, 0, 1])
FAR_ADDRESS = bytes([10, 77, 0, 2])
NO_ONES_ADDRESS = bytes([10, 77, 0, 9])
UDP_PORT = 7777
HEADERS = 14 + 20 + 8

Packet = namedtuple('Packet', 'seconds fraction length data')
CaptureFile = namedtuple('CaptureFile', 'linktype nanoseconds snaplen packets')


def checksum(data):
    """RFC 1071."""
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def make_udp(sequence, length=100, outgoing=False):
    """A frame of a numbered UDP packet, to an address that nobody has; from the far end, or the near."""
    here, there, source = (FAR_MAC, NEAR_MAC, FAR_ADDRESS)
    if outgoing:
        here, there, source = (NEAR_MAC, FAR_MAC, NEAR_ADDRESS)
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, length - 14, 0, 0, 64, 17, 0, source, NO_ONES_ADDRESS)
    ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
    udp = struct.pack('>HHHH', UDP_PORT, UDP_PORT, length - 34, 0)
    payload = struct.pack('>I', sequence)
    return there + here + b'\x08\x00' + ip + udp + payload.ljust(length - HEADERS, b'\0')


def sequence_of(frame):
    """The number of such a frame."""
    return struct.unpack_from('>I', frame, HEADERS)[0]


def write_pcap(path, frames, linktype=ETHERNET):
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, linktype))
        for number, frame in enumerate(frames):
            file.write(struct.pack('<IIII', 1000000000 + number, 250000, len(frame), len(frame)) + frame)


def read_pcap(path):
    with open(path, 'rb') as file:
        data = file.read()
    magic = struct.unpack_from('<I', data)[0]
    if magic not in (0xa1b2c3d4, 0xa1b23c4d):
        raise ValueError(f'{path}: no pcap file: it begins with {data[:4].hex()}')
    snaplen, linktype = struct.unpack_from('<II', data, 16)
    packets, offset = [], 24
    while offset < len(data):
        seconds, fraction, caplen, length = struct.unpack_from('<IIII', data, offset)
        offset += 16
        if offset + caplen > len(data):
            raise ValueError(f'{path}: the last packet is cut off')
        packets.append(Packet(seconds, fraction, length, data[offset:offset + caplen]))
        offset += caplen
    return CaptureFile(linktype, magic == 0xa1b23c4d, snaplen, packets)


def read_pcapng(path):
    """The packets of the enhanced packet blocks, and the link type of the first interface."""
    with open(path, 'rb') as file:
        data = file.read()
    linktype, packets, offset = None, [], 0
    while offset < len(data):
        kind, size = struct.unpack_from('<II', data, offset)
        if kind == 1 and linktype is None:
            linktype = struct.unpack_from('<H', data, offset + 8)[0]
        elif kind == 6:
            _, high, low, caplen, length = struct.unpack_from('<IIIII', data, offset + 8)
            body = data[offset + 28:offset + 28 + caplen]
            packets.append(Packet((high << 32 | low) // 1000000, (high << 32 | low) % 1000000, length, body))
        offset += size
    return CaptureFile(linktype, False, None, packets)
