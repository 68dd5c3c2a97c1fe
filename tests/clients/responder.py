#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What nmap finds at the far end: TCP port 8080, open. Prints a line when it is, ends with its input."""
import socket
import sys

listener = socket.create_server(('10.77.0.2', 8080))
print('listening', flush=True)
sys.stdin.read()
listener.close()
