# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# CAN buses: classic, FD and error frames on a virtual one, which echoes what is sent to all who listen.
has_module can
need 'CAN' cansend candump canplayer ip
load 'CAN' vcan can-raw
ip link add vcan0 type vcan
ip link set vcan0 mtu 72 up

# With and without payload, extended, a remote request, an error frame; FD with and without a second bit rate.
cat >classic <<'END'
(0.000000) vcan0 123#DEADBEEF
(0.000000) vcan0 7FF#
(0.000000) vcan0 1F334455#1122334455667788
(0.000000) vcan0 123#R
(0.000000) vcan0 20000004#0008000000000000
END
cat >fd <<'END'
(0.000000) vcan0 123##1112233445566778899AABBCC
(0.000000) vcan0 124##0AA
END
cat classic fd >all
traffic='canplayer -t -I all'
id='link[0:4] & 0x1fffffff'

belongs_to vcan0 can
exercise vcan0 CAN_SOCKETCAN "$id = 0x123" 7 "$traffic"
exercise vcan0 CAN_SOCKETCAN "$id >= 0x124 and link[4] > 0" 7 "$traffic" filters
conforms vcan0 "$traffic"
same_in_tcpdump 'tcpdump shows the same on both libraries' vcan0 5 'canplayer -t -I classic'

# FD frames have the flag that says so; older versions of libpcap leave it out.
timeout 20 "$WEIR_BUILD/tools/weir" capture -i vcan0 -c 2 -w fd.pcap 2>fd.messages &
wait_for grep -q vcan0 fd.messages
canplayer -t -I fd
wait
ours tcpdump -r fd.pcap -t -x 2>/dev/null | grep 0x0000 | cut -c1-49 | sort -u | tee fd.headers
check 'FD frames are marked' [ "$(grep -Ec '0000 012[34] 0[c1]0[45] 0000 (1122|aa00)' fd.headers)" -eq 2 ]

# What the kernel is told to leave out: it lists the filters that sockets have set.
weir capture -i vcan0 "$id = 0x123 or $id = 0x456" >/dev/null 2>&1 &
filtering_id=$!
wait_for grep -q 'vcan0 .*123' /proc/net/can/rcvlist_fil
cat /proc/net/can/rcvlist_fil
check 'a filter of identifiers becomes filters of the kernel' \
  [ "$(grep -Ec 'vcan0 +0*(123|456) +1fffffff' /proc/net/can/rcvlist_fil)" -eq 2 ]
kill $filtering_id
wait $filtering_id

# What is sent comes out of other sockets; identifiers are in network byte order, as in captures.
candump -L -n 3 vcan0 >sent &
candump_id=$!
wait_for grep -q 'vcan0 .*raw' /proc/net/can/rcvlist_all
"$WEIR_BUILD/tests/guest/inject" vcan0 00000123040000001122334400000000 89abcdef0100000055 0000012303050000aabbcc
wait $candump_id
cut -d' ' -f3 sent
check 'frames can be sent' [ "$(cut -d' ' -f3 sent | tr '\n' ' ')" = '123#11223344 09ABCDEF#55 123##5AABBCC ' ]
for bytes in 00 000001230900000011223344556677 000001230400000011 00000123418000001122; do
  check "what is no frame is not sent: $bytes" \
    sh -c '"$WEIR_BUILD/tests/guest/inject" vcan0 "$0" 2>&1 | grep -q "vcan0: these .* bytes are no CAN frame"' $bytes
done
ip link add vcan1 type vcan
ip link set vcan1 mtu 16 up
check 'an interface for classic frames takes no FD frame' \
  sh -c '"$WEIR_BUILD/tests/guest/inject" vcan1 0000012303050000aabbcc 2>&1 | grep -q "vcan1: the interface does not take"'

check 'a capture needs no privilege' sh -c "
  setpriv --reuid 65534 --clear-groups --bounding-set=-all timeout 20 $WEIR_BUILD/tools/weir capture -i vcan0 -c 1 >got &
  sleep 1; cansend vcan0 123#; wait; [ -s got ]"
ip link set vcan1 down
refused 'an interface that is down says so' vcan1 "vcan1: the interface is down ('ip link set vcan1 up' brings it up)"
for device in vcan vcan00 vcan+0 vcan-1 vcan0x vcan2 vcan99999999999999999999 can0; do
  refused "$device is no device" "$device" 'no such device'
done
ip link set vcan1 up
lost 'an interface that goes down says so, after what came before' vcan1 2 'cansend vcan1 123#; cansend vcan1 124#' \
  'ip link set vcan1 down' 'vcan1: the interface went down'
ip link set vcan1 up
lost 'an interface that disappears says so, after what came before' vcan1 2 'cansend vcan1 123#; cansend vcan1 124#' \
  'ip link del vcan1' 'vcan1: the interface has disappeared'
lost 'a driver that is unloaded takes its interfaces away' vcan0 1 'cansend vcan0 123#' \
  'rmmod vcan' 'vcan0: the interface has disappeared'
