#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Builds examples of the manual that capture, and runs them on the loopback interface of a network of their own.

usage: netns.sh examples-live.py SOURCE LIBRARY COMPILER..."""
import pathlib
import socket
import sys
import tempfile
import threading

from examples import Examples  # which finds the folder of what tests share
import tap
from tap import check


class Sender(threading.Thread):
    """Sends datagrams to this host until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopped = threading.Event()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not self.stopped.wait(0.0005):
                try:
                    sender.sendto(b'x' * 100, ('127.0.0.1', 7777))
                except ConnectionRefusedError:
                    pass


class Captures(Examples):
    def run_while_sending(self, page, *arguments):
        sender = Sender()
        sender.start()
        try:
            return self.run(page, *arguments)
        finally:
            sender.stopped.set()
            sender.join()

    def packets_of(self, path):
        """How many packets are in a file, as an example of the manual tells."""
        return self.run('pcap_next_batch', path).split(' ')[0]

    def directions(self):
        # On the loopback interface each packet is seen once, when it comes in.
        output = self.run_while_sending('pcap_get_packet_info', 'lo')
        check(output == '100 in, 0 out\n', output)

    def writer(self):
        self.run_while_sending('pcap_writer_open', 'lo', self.folder / 'row.pcapng')
        check(self.packets_of(self.folder / 'row_00001.pcapng') == '1000', 'not 1000 packets')

    def device(self):
        path = self.folder / 'device.pcapng'
        self.run_while_sending('pcap_writer_add_device', 'lo', path)
        check(self.packets_of(path) == '1000', 'not 1000 packets')
        check(b'an example' in path.read_bytes(), 'no comment')


def main():
    with tempfile.TemporaryDirectory() as folder:
        examples = Captures(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:], folder)
        return tap.main([
            ('pcap_get_packet_info(3PCAP)', examples.directions),
            ('pcap_writer_open(3PCAP)', examples.writer),
            ('pcap_writer_add_device(3PCAP)', examples.device),
        ])


if __name__ == '__main__':
    sys.exit(main())
