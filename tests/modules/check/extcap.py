#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""An extcap program (doc/modules/extcap.md) with one interface, which delivers numbered Ethernet frames for ever."""
import struct
import sys
import time

if '--extcap-interfaces' in sys.argv:
    print('extcap {version=1}\ninterface {value=numbers}{display=Numbered frames}')
elif '--capture' in sys.argv:
    with open(sys.argv[sys.argv.index('--fifo') + 1], 'wb', buffering=0) as fifo:
        fifo.write(struct.pack('=IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for number in range(1 << 32):
            frame = bytes.fromhex('020000000002 020000000001 88b5') + number.to_bytes(4, 'big') + bytes(42 + number % 2 * 38)
            now = time.time_ns()
            fifo.write(struct.pack('=IIII', now // 10**9, now % 10**9 // 1000, len(frame), len(frame)) + frame)
            time.sleep(0.002)
