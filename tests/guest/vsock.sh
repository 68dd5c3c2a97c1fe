# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# Virtual-machine sockets: a connection of the guest with itself.
has_module vsock
need 'vsock' ip python3
load 'vsock' vsockmon vsock_loopback
ip link add vsockmon0 type vsockmon
ip link set vsockmon0 up

cat >talk.py <<'END'
import socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 1234))
listener.listen()
caller = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
caller.connect((1, 1234))
answerer, _ = listener.accept()
caller.sendall(b'x' * 300)
answerer.recv(1000)
caller.close()
answerer.close()
END
traffic="python3 -I -S $PWD/talk.py"

belongs_to vsockmon0 vsock
exercise vsockmon0 VSOCK 'greater 300' 4 "$traffic"
cat >talk-on.py <<'END'
import socket
import time
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 1235))
listener.listen()
caller = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
caller.connect((1, 1235))
answerer, _ = listener.accept()
while True:
    caller.sendall(b'x' * 300)
    answerer.recv(1000)
    time.sleep(0.01)
END
conforms vsockmon0 "python3 -I -S $PWD/talk-on.py"
same_in_tcpdump 'tcpdump shows the same on both libraries' vsockmon0 4 "$traffic"
refused 'a right is needed' vsockmon0 'vsockmon0: no permission to capture (CAP_NET_RAW' unprivileged
for device in vsockmon vsockmon00 vsockmon-1 vsockmon1; do
  refused "$device is no device" "$device" 'no such device'
done
ip link set vsockmon0 down
refused 'an interface that is down says so' vsockmon0 'vsockmon0: the interface is down'
ip link set vsockmon0 up
lost 'an interface that disappears says so' vsockmon0 0 '' 'ip link del vsockmon0' \
  'vsockmon0: the interface has disappeared'
