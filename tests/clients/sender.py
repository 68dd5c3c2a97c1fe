#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends numbered UDP packets on an interface, some every two milliseconds, until it is ended or a minute is over.

usage: sender.py INTERFACE FRAME-LENGTH FRAMES-AT-ONCE in|out
"""
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
from packets import make_udp


def main(interface, length, burst, direction):
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind((interface, 0))
    end = time.monotonic() + 60
    sequence = 0
    while time.monotonic() < end:
        for _ in range(int(burst)):
            sender.send(make_udp(sequence, int(length), direction == 'out'))
            sequence += 1
        time.sleep(0.002)


if __name__ == '__main__':
    main(*sys.argv[1:])
