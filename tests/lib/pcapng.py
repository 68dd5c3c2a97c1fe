# SPDX-License-Identifier: BSD-3-Clause
"""pcapng files, made and taken apart without the library under test. Little-endian."""
import struct
from collections import namedtuple

SECTION, INTERFACE, OBSOLETE, SIMPLE, NAMES, STATISTICS, ENHANCED = 0x0a0d0d0a, 1, 2, 3, 4, 5, 6
JOURNAL, SECRETS, CUSTOM, CUSTOM_NO_COPY = 9, 10, 0xbad, 0x40000bad

Block = namedtuple('Block', 'kind body')
Packet = namedtuple('Packet', 'interface time length data options')


def block(kind, body):
    size = 12 + len(body)
    return struct.pack('<II', kind, size) + body + struct.pack('<I', size)


def padded(data):
    return data + bytes(-len(data) % 4)


def option(code, value):
    return struct.pack('<HH', code, len(value)) + padded(value)


def options(*pairs):
    return b''.join(option(code, value) for code, value in pairs) + option(0, b'') if pairs else b''


def section(*pairs):
    return block(SECTION, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1) + options(*pairs))


def interface(*pairs, linktype=1, snaplen=262144):
    return block(INTERFACE, struct.pack('<HHI', linktype, 0, snaplen) + options(*pairs))


def packet(number, time, frame, *pairs, length=None):
    head = struct.pack('<IIIII', number, time >> 32, time & 0xffffffff, len(frame), length or len(frame))
    return block(ENHANCED, head + padded(frame) + options(*pairs))


def statistics(number, time, *pairs):
    return block(STATISTICS, struct.pack('<III', number, time >> 32, time & 0xffffffff) + options(*pairs))


def blocks_of(path):
    """All blocks; the file must be whole."""
    with open(path, 'rb') as file:
        data = file.read()
    found, offset = [], 0
    while offset < len(data):
        kind, size = struct.unpack_from('<II', data, offset)
        if size < 12 or size % 4 or offset + size > len(data):
            raise ValueError(f'{path}: no whole block at offset {offset}')
        if struct.unpack_from('<I', data, offset + size - 4)[0] != size:
            raise ValueError(f'{path}: the lengths of the block at offset {offset} differ')
        found.append(Block(kind, data[offset + 8:offset + size - 4]))
        offset += size
    return found


def options_of(body):
    """(code, value) pairs."""
    found, offset = [], 0
    while offset + 4 <= len(body):
        code, size = struct.unpack_from('<HH', body, offset)
        if code == 0:
            break
        found.append((code, body[offset + 4:offset + 4 + size]))
        offset += 4 + size + -size % 4
    return found


# What comes before the options.
HEADS = {SECTION: 16, INTERFACE: 8, STATISTICS: 12}


def block_options(one):
    return options_of(one.body[HEADS[one.kind]:])


def packets_of(path):
    """The enhanced packets."""
    found = []
    for kind, body in blocks_of(path):
        if kind == ENHANCED:
            number, high, low, caplen, length = struct.unpack_from('<IIIII', body)
            end = 20 + caplen + -caplen % 4
            found.append(Packet(number, high << 32 | low, length, body[20:20 + caplen], options_of(body[end:])))
    return found


def frames_of(path):
    return [one.data for one in packets_of(path)]
