#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Receives numbered UDP packets on an interface; prints "ready", then the number of each, until it has so many.

usage: receiver.py INTERFACE COUNT
"""
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
from packets import HEADERS, NEAR_MAC, sequence_of

ETH_P_IP = 0x0800
PATIENCE = 30  # seconds


def main(interface, count):
    receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    receiver.bind((interface, ETH_P_IP))
    receiver.settimeout(PATIENCE)
    print('ready', flush=True)
    left = int(count)
    while left > 0:
        frame = receiver.recv(65536)
        if len(frame) > HEADERS and frame[6:12] == NEAR_MAC:
            print(sequence_of(frame))
            left -= 1


if __name__ == '__main__':
    main(*sys.argv[1:])
