# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# IEEE 802.15.4: radios of the kernel's simulation, one of which shows all frames with their check sequence.
need 'wpan' iwpan ip python3
load 'wpan' mac802154_hwsim ieee802154_6lowpan
iwpan dev wpan0 set pan_id 0xbeef
ip link add link wpan0 name lowpan0 type lowpan
ip link set wpan0 up
ip link set lowpan0 up
iwpan dev wpan1 del
iwpan phy phy1 interface add monitor0 type monitor
ip link set monitor0 up
wait_for sh -c 'ip -6 addr show dev lowpan0 | grep -v tentative | grep -q fe80'
# The solicitations of a new interface.
sleep 5

traffic="bash -c 'for i in 1 2 3 4; do echo \$i >/dev/udp/ff02::1%lowpan0/9; done; echo 01234567890123456789 \
  >/dev/udp/ff02::1%lowpan0/9'"

exercise wpan0 IEEE802_15_4_NOFCS 'greater 45' 5 "$traffic" packets
exercise monitor0 IEEE802_15_4 'greater 45' 5 "$traffic"
conforms monitor0 "$traffic"
same_in_tcpdump 'tcpdump shows the same on both libraries' wpan0 5 "$traffic"

timeout 20 "$WEIR_BUILD/tools/weir" capture -i monitor0 -c 5 -w monitored.pcap 2>messages &
wait_for grep -q monitor0 messages
eval "$traffic"
wait
cat >check.py <<'END'
# The last two bytes of each frame are the CRC of the others: ITU-T, the lowest bit first (IEEE Std 802.15.4, 7.2.10).
import struct
data, at, frames = open('monitored.pcap', 'rb').read(), 24, 0
while at < len(data):
    size, = struct.unpack_from('<I', data, at + 8)
    frame, crc = data[at + 16:at + 16 + size], 0
    for byte in frame[:-2]:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    assert struct.unpack('<H', frame[-2:]) == (crc,), frame.hex()
    at, frames = at + 16 + size, frames + 1
assert frames == 5, frames
END
check 'a monitor shows the check sequence' python3 -I -S check.py
