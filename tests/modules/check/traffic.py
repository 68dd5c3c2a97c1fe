#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packets with numbers, until it is ended: UDP datagrams to an address, to a socket of its own where that is here.

usage: traffic.py ADDRESS"""
import socket
import sys
import time

address = (sys.argv[1], 9999)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.setblocking(False)
receiver.bind(('', 9999))
for number in range(1 << 32):
    sender.sendto(number.to_bytes(4, 'big') + bytes(20 + number % 2 * 40), address)
    try:
        receiver.recv(2000)
    except BlockingIOError:
        pass
    time.sleep(0.002)
